#!/usr/bin/env bash
# The pictures in the READMEs are what weir demo draws today.
set -u
: "${WEIR:?path of the weir binary}" "${WEIR_SOURCE:?source directory}"
export LANG=C.UTF-8
unset LC_ALL LC_MESSAGES
failed=0

check() { # file, language
    local shown drawn
    shown=$(sed -n '/<!-- demo:begin -->/,/<!-- demo:end -->/{/^<!--/d;/^```/d;p}' "$WEIR_SOURCE/$1")
    drawn=$("$WEIR" demo --width=80 --lang="$2" | sed '1,/^$/d' | sed '1,/^$/d')
    if [ "$shown" != "$drawn" ]; then
        diff <(echo "$shown") <(echo "$drawn")
        echo "FAIL: the picture in $1 is not what weir demo draws"
        failed=1
    fi
}
check README.md en
check README.zh-CN.md zh
exit $failed
