#!/usr/bin/env bash
# Each direction is closed on its own: whoever has closed still receives all that the other one says later.
. "$(dirname "$0")/lib.sh"
enter "$@"
. "$here/lib_matrix.sh"

weir_first() { # the answer is given only after the end of the question was seen
    rm -f "$work/ready"
    peer listen "$linux" 3000 --ready "$work/ready" "recv=$work/question" text=answer >"$work/peer" &
    wait_for_file "$work/ready"
    printf question | "${weir[@]}" "$linux" 3000 >"$work/out" 2>"$work/err" || fail "weir: $(cat "$work/err")"
    wait $! || fail "peer: $(cat "$work/peer")"
    expect_text "$work/question" question
    expect_text "$work/out" answer
    expect_text "$work/err" "Trying $linux...
Connected to $linux."
}

in_fin_wait_2() { [ -n "$(ss -Htn state fin-wait-2 dport = :3001)" ]; }

linux_first() {
    local server client
    rm -f "$work/fifo"
    mkfifo "$work/fifo"
    fresh
    "${weir[@]}" -l 3001 <"$work/fifo" >"$work/out" 2>"$work/err" &
    server=$!
    exec 9>"$work/fifo"
    wait_for_text Listening "$work/err"
    peer connect "$at_weir" 3001 text=question shut "recv=$work/answer" >"$work/peer" 9>&- &
    client=$!
    wait_for 20 in_fin_wait_2 # weir has acknowledged the FIN
    wait_for_text question "$work/out"
    printf answer >&9
    exec 9>&-
    wait $client || fail "peer: $(cat "$work/peer")"
    wait $server || fail "weir: $(cat "$work/err")"
    expect_text "$work/answer" answer
    expect_text "$work/out" question
}

one() {
    weir_first
    linux_first
    say "$kind IPv$family: half-close both ways"
}
need ss mkfifo
on_each_link one
