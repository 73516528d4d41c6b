#!/usr/bin/env bash
# weir answers ping, also when request and answer are fragments.
. "$(dirname "$0")/lib.sh"
enter "$@"
. "$here/lib_matrix.sh"

one() { # KIND NUMBER FAMILY
    local weir offload
    for offload in "" --no-offload; do
        # shellcheck disable=SC2086
        weir_nc "$1" "$2" $offload -l 5000 </dev/null >/dev/null 2>"$work/err" &
        weir=$!
        wait_for_text Listening "$work/err"
        for size in 56 4000; do
            ping "-$3" -n -c 5 -i 0.01 -w 10 -s "$size" "$(weir_address "$3" "$2")" >"$work/ping" ||
                fail "$1 IPv$3, $size bytes: $(cat "$work/ping")"
            grep -q " 5 received, 0% packet loss" "$work/ping" || fail "$1 IPv$3, $size bytes: $(cat "$work/ping")"
            grep -qE "wrong|duplicate|DUP" "$work/ping" && fail "$1 IPv$3, $size bytes: $(cat "$work/ping")"
        done
        kill $weir
        wait $weir
    done
    say "$1 IPv$3: $(tail -1 "$work/ping")"
}
need ping
on_each_link one
exit 0
