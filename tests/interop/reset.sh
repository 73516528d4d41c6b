#!/usr/bin/env bash
# Connections that are torn down: SO_LINGER 0 and unread data on the side of Linux, an interrupted program and
# a closed output on weir's. Each time the other side is told: ECONNRESET.
. "$(dirname "$0")/lib.sh"
enter "$@"
. "$here/lib_matrix.sh"

linux_resets() { # STEP... of the peer
    local code=0 server client
    rm -f "$work/ready"
    peer listen "$linux" 4000 --ready "$work/ready" "$@" >"$work/peer" 2>&1 &
    server=$!
    wait_for_file "$work/ready"
    fresh
    "${weir[@]}" "$linux" 4000 <"$work/fifo" >"$work/out" 2>"$work/err" &
    client=$!
    exec 8>"$work/fifo"
    echo something >&8
    wait $client || code=$?
    exec 8>&-
    wait $server || fail "peer ($*): $(cat "$work/peer")"
    expect_code "$code" 1 "weir, reset by Linux ($*)"
    expect_text "$work/err" "Trying $linux...
Connected to $linux.
weir: Connection reset by peer: $linux port 4000"
}

weir_is_interrupted() {
    local server client code=0
    fresh
    "${weir[@]}" -l 4001 <"$work/fifo" >"$work/out" 2>"$work/err" &
    server=$!
    exec 8>"$work/fifo"
    wait_for_text Listening "$work/err"
    peer connect "$at_weir" 4001 text=hello expect=ECONNRESET recv >"$work/peer" 2>&1 8>&- &
    client=$!
    wait_for_text hello "$work/out"
    kill -TERM $server # timeout hands it on
    wait $client || fail "after SIGTERM to weir: $(cat "$work/peer")"
    wait $server || code=$?
    [ "$code" -gt 128 ] || fail "after SIGTERM: exit code $code"
    exec 8>&-
}

# Nobody reads weir's output any more, so what Linux sends cannot be delivered. A sender may be told by
# ECONNRESET or, when that has been told already, by EPIPE.
weir_output_closes() {
    fresh
    "${weir[@]}" -l 4002 </dev/null 2>"$work/err" | head -c 1 >"$work/out" &
    wait_for_text Listening "$work/err"
    peer connect "$at_weir" 4002 text=x expect=ECONNRESET "send=$work/file" >"$work/peer" 2>&1 ||
        grep -q EPIPE "$work/peer" || fail "after weir's output was closed: $(cat "$work/peer")"
    wait
    expect_text <(tail -1 "$work/err") "weir: cannot write (Broken pipe): standard output"
}

one() {
    linux_resets read=5 reset
    linux_resets until-readable # and then close: data is unread
    weir_is_interrupted
    weir_output_closes
    say "$kind IPv$family: resets both ways"
}
need mkfifo head
mkfifo "$work/fifo"
make_file "$work/file" 20M
on_each_link one
