#!/usr/bin/env bash
# What `weir live` says about wrong arguments, interfaces that are not there and commands that cannot be run: one line
# on standard error, and the exit code.
#
# usage: WEIR=path/of/weir live_errors.sh
set -uo pipefail
export LC_ALL=C.UTF-8
unset LANG LC_MESSAGES

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0

fail() {
    echo "FAILED: $1"
    failed=$((failed + 1))
}

expect() { # expect CODE LINE ARGUMENT...: standard error is exactly this line
    local code=$1 line=$2 actual error
    shift 2
    timeout 20 "$WEIR" "$@" >out 2>error </dev/null
    actual=$?
    error=$(cat error)
    [ "$actual" -eq "$code" ] || fail "weir $*: exit code $actual, not $code"
    [ "$error" = "$line" ] || fail "weir $*: \"$error\", not \"$line\""
}

expect 64 "weir: no interface and no command given: weir live" live
expect 64 "weir: no interface and no command given: weir live" live 'port 80'
expect 64 "weir: no command after --: weir live" live --
expect 64 "weir: more than one filter (put it into quotes): 80" live -i lo port 80
expect 64 "weir: bad value for --conn: 0" live -i lo --conn=0
expect 64 "weir: bad value for --only: errors" live -i lo --only=errors
expect 64 "weir: bad value for --rate: many" live -i lo --rate=many
expect 64 "weir: bad value for --count: 0" live -i lo --count=0
expect 64 "weir: bad value for --for: soon" live -i lo --for=soon
expect 64 "weir: bad value for --snaplen: 10" live -i lo --snaplen=10
expect 64 "weir: bad value for --buffer: 1" live -i lo --buffer=1
expect 64 "weir: unknown option, or its value is missing: --dance" live -i lo --dance
expect 0 "" live --help
grep -q -- '--only' out || fail "weir live --help does not tell of --only"

# ---- without permission ------------------------------------------------------------------------------------
if [ "$(id -u)" -ne 0 ]; then
    expect 77 "weir: no permission to capture (it takes root or CAP_NET_RAW): lo" live -i lo
elif setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all test -x "$WEIR" 2>/dev/null; then
    setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all "$WEIR" live -i lo >out 2>error
    [ $? -eq 77 ] || fail "no permission: another exit code"
    grep -qx "weir: no permission to capture (it takes root or CAP_NET_RAW): lo" error || fail "no permission: $(cat error)"
fi

# ---- with it, where it can be had --------------------------------------------------------------------------
if "$WEIR" live -i lo --for=10ms >out 2>error; then
    expect 69 "weir: no such interface: nonesuch0" live -i nonesuch0
    expect 64 "weir: bad filter (unknown port 'eighty'): port eighty" live -i lo 'port eighty'
    expect 71 "weir: cannot write (No such file or directory): no/such" live -i lo -o no/such
    expect 127 "weir: no such command: ./missing" live -- ./missing
    printf '#!/bin/sh\n' >plain
    expect 126 "weir: cannot run it (Permission denied): ./plain" live -- ./plain
    sum='0 connections; dropped by the kernel: 0, by the interface: 0'
    timeout 20 "$WEIR" live -i lo -- sh -c 'cat; echo said; exit 7' <<<asked >out 2>error
    [ $? -eq 7 ] || fail "the command's exit code is not weir's"
    [ "$(cat out)" = "$(printf 'asked\nsaid')" ] || fail "the command's output: $(cat out)"
    grep -q "$sum" error || fail "no sum: $(cat error)"
    timeout 20 "$WEIR" live -i lo -- sh -c 'kill -9 $$' 2>error
    [ $? -eq 137 ] || fail "a signal is not 128 and its number"
    timeout 20 "$WEIR" live -i lo -o drawn -- true 2>error || fail "-o FILE"
    [ -e drawn ] || fail "-o FILE makes no file"
else
    echo "no permission to capture: the rest is left out"
fi

echo "live_errors: $failed failures"
[ "$failed" -eq 0 ]
