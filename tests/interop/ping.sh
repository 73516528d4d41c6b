#!/usr/bin/env bash
# weir answers ping, also when request and answer are fragments.
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
need ping
on_each_link one
exit 0
