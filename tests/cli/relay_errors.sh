#!/usr/bin/env bash
# What `weir relay` says when it cannot begin: exactly one line on standard error, and the exit code.
#
# usage: WEIR=path/of/weir relay_errors.sh
set -uo pipefail
export LC_ALL=C.UTF-8

failed=0
fail() {
    echo "FAILED: $1"
    failed=$((failed + 1))
}

expect() { # expect CODE LINE ARGUMENT...: standard error is exactly this line
    local code=$1 line=$2 actual error
    shift 2
    error=$("$WEIR" relay "$@" 2>&1 >/dev/null </dev/null)
    actual=$?
    [ "$actual" -eq "$code" ] || fail "weir relay $*: exit code $actual, not $code"
    [ "$error" = "$line" ] || fail "weir relay $*: \"$error\", not \"$line\""
}

expect 64 "weir: two interfaces are needed (--dev A --dev B): weir relay"
expect 64 "weir: two interfaces are needed (--dev A --dev B): weir relay" --dev tun:x
expect 64 "weir: more than two interfaces: tun:z" --dev tun:x --dev tun:y --dev tun:z
expect 64 "weir: a TUN and a TAP interface cannot be joined: tun:x and tap:y" --dev tun:x --dev tap:y
expect 64 "weir: neither tun:NAME nor tap:NAME: x" --dev x --dev tun:y
expect 64 "weir: bad value for --for: never" --dev tun:x --dev tun:y --for never
expect 64 "weir: bad value for --corrupt-in: lots" --dev tun:x --dev tun:y --corrupt-in lots
expect 64 "weir: bad value for --stall: 5" --dev tun:x --dev tun:y --stall 5
expect 64 "weir: bad value for --stall-in: 0:5ms" --dev tun:x --dev tun:y --stall-in 0:5ms
expect 64 "weir: bad value for --stall: 5:soon" --dev tun:x --dev tun:y --stall 5:soon
expect 64 "weir: bad value for --drop-larger: 0" --dev tun:x --dev tun:y --drop-larger 0
expect 64 "weir: bad value for --duplicate-nth: 5,4" --dev tun:x --dev tun:y --duplicate-nth 5,4
expect 64 "weir: bad value for --reorder-nth-out: x" --dev tun:x --dev tun:y --reorder-nth-out x
expect 64 "weir: bad value for --queue: 0" --dev tun:x --dev tun:y --queue 0
expect 64 "weir: unexpected argument: word" --dev tun:x --dev tun:y word
expect 64 "weir: unknown option, or its value is missing: --nonsense" --nonsense
"$WEIR" relay --help | grep "Exit codes" >/dev/null || fail "--help does not tell the exit codes"

if [ "${1:-}" != inside ] && unshare --net true 2>/dev/null && [ -c /dev/net/tun ]; then
    unshare --net bash "$0" inside || exit 1
elif [ "${1:-}" = inside ]; then
    for name in x y; do ip tuntap add dev $name mode tun && ip link set dev $name up || exit 1; done
    expect 71 "weir: cannot write (No such file or directory): /nowhere/log" --dev tun:x --dev tun:y --log /nowhere/log
    expect 71 "weir: cannot write /nowhere/w: No such file or directory" --dev tun:x --dev tun:y -w /nowhere/w
    expect 71 "weir: TUN interface x is in use: Device or resource busy" --dev tun:x --dev tun:x
    expect 0 "Relaying between tun:x and tun:y...
tun:x to tun:y: 0 packets, 0 lost, 0 dropped, 0 queue full, 0 duplicated, 0 reordered, 0 corrupted, 0 marked
tun:y to tun:x: 0 packets, 0 lost, 0 dropped, 0 queue full, 0 duplicated, 0 reordered, 0 corrupted, 0 marked" \
        --dev tun:x --dev tun:y --for 50ms --loss 100%
else
    echo "SKIP: errors about interfaces: no namespaces"
fi
[ "$failed" -eq 0 ]
