#!/usr/bin/env bash
# Every scene of weir demo at 80 columns, some also in Chinese, in ASCII, wide and narrow, against
# tests/golden/demo-*. UPDATE=1 writes the golden files anew: read the difference before committing it.
set -u
: "${WEIR:?path of the weir binary}" "${WEIR_SOURCE:?source directory}"
golden=$WEIR_SOURCE/tests/golden
unset LC_ALL LC_MESSAGES COLUMNS NO_COLOR
export LANG=C.UTF-8
failed=0 count=0

check() { # name, arguments...
    local name=$1 actual
    shift
    count=$((count + 1))
    actual=$("$WEIR" demo "$@" 2>&1) || { echo "FAIL: weir demo $*: exit $?"; failed=1; }
    if [ "${UPDATE:-}" ]; then
        printf '%s\n' "$actual" >"$golden/demo-$name.txt"
    elif ! diff -u "$golden/demo-$name.txt" <(printf '%s\n' "$actual"); then
        echo "FAIL: weir demo $* differs from tests/golden/demo-$name.txt"
        failed=1
    fi
}

scenes=$("$WEIR" demo --list | cut -d' ' -f1)
[ "$(wc -w <<<"$scenes")" -eq 13 ] || { echo "FAIL: there should be 13 scenes: $scenes"; failed=1; }
for scene in $scenes; do
    check "$scene" "$scene" --width=80
done
check article-zh --lang=zh --width=80
check article-ascii --ascii --width=80
check article-120 --width=120
check article-120-zh --lang=zh --width=120
check article-60 --width=60
check article-json --json
check fast-retransmit-internals fast-retransmit --internals --width=80
check fast-retransmit-internals-120-zh fast-retransmit --internals --width=120 --lang=zh
check lost-segment-internals-120 lost-segment --internals --width=120
check lost-segment-internals-json lost-segment --internals --json
check lost-ack-internals lost-ack --internals --width=80 --ascii
check list --list
check list-zh --list --lang=zh

# --lang zh works with no locale at all, and says the same
env -u LANG "$WEIR" demo --lang=zh --width=80 --ascii >/dev/null || failed=1
[ "$(env -u LANG "$WEIR" demo --list --lang=zh)" = "$("$WEIR" demo --list --lang=zh)" ] ||
    { echo "FAIL: --lang=zh depends on the locale"; failed=1; }
# without a UTF-8 locale the drawing is ASCII
LANG=C "$WEIR" demo --width=80 | LC_ALL=C grep -q '[^ -~]' && { echo "FAIL: not ASCII with LANG=C"; failed=1; }

echo "$count golden comparisons"
exit $failed
