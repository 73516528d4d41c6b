#!/usr/bin/env bash
# The manual pages and completions are what the tool says of itself today (make manpages writes them), and shells and
# man can read them.
set -u
: "${WEIR:?path of the weir binary}" "${WEIR_SOURCE:?source directory}"
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$WEIR_SOURCE/tools/manpages" "$WEIR" "$work" || exit 1
for file in $(cd "$work" && find . -type f | sort); do
    if ! diff -u "$WEIR_SOURCE/$file" "$work/$file"; then
        echo "FAIL: $file is not what make manpages writes today"
        failed=1
    fi
done
for verb in $("$WEIR" --help | awk '/^  [a-z]/ {print $1}'); do
    grep -q '^\.SH EXAMPLES' "$WEIR_SOURCE/docs/man/weir-$verb.1" || { echo "FAIL: weir-$verb(1) has no example"; failed=1; }
done
bash -n "$WEIR_SOURCE/completions/weir.bash" || failed=1
words=$(bash -c 'source "$1"; COMP_WORDS=(weir ladder --lang = z); COMP_CWORD=4; _weir; echo "${COMPREPLY[*]}"' - \
    "$WEIR_SOURCE/completions/weir.bash" 2>/dev/null)
[ "$words" = zh ] || { echo "FAIL: weir ladder --lang=z completes to \"$words\", not zh"; failed=1; }
exit $failed
