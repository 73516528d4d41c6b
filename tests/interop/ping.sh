#!/usr/bin/env bash
# weir answers ping, also when request and answer are fragments; and pings Linux.
. "$(dirname "$0")/lib.sh"
enter "$@"
. "$here/lib_matrix.sh"

one() {
    local server offload size
    for offload in "" --no-offload; do
        fresh
        # shellcheck disable=SC2086
        "${weir[@]}" $offload -l 5000 </dev/null >/dev/null 2>"$work/err" &
        server=$!
        wait_for_text Listening "$work/err"
        for size in 56 4000; do
            ping "-$family" -n -c 5 -i 0.01 -w 10 -s "$size" "$at_weir" >"$work/ping" ||
                fail "$kind, $size bytes: $(cat "$work/ping")"
            grep -q " 5 received, 0% packet loss" "$work/ping" || fail "$kind, $size bytes: $(cat "$work/ping")"
            grep -qE "wrong|DUP" "$work/ping" && fail "$kind, $size bytes: $(cat "$work/ping")"
        done
        kill $server
        wait $server
    done
    say "$kind IPv$family: $(tail -1 "$work/ping")"
}
# The example, which uses raw.h.
from_weir() {
    local program=$WEIR_BUILD/examples/ping own
    if [ "$kind" = tap ] || [ ! -x "$program" ]; then
        return 0
    fi
    own=$at_weir/24
    [ "$family" = 4 ] || own=$at_weir/64
    timeout 30 "$program" tun1 "$own" "$linux" 5 >"$work/ping" 2>&1 ||
        fail "weir pings Linux, IPv$family: $(cat "$work/ping")"
    say "weir pings Linux, IPv$family: $(tail -1 "$work/ping")"
}

both() {
    one
    from_weir
}
need ping
on_each_link both
exit 0
