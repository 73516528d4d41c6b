#!/usr/bin/env bash
# Connections that are torn down: SO_LINGER 0 and unread data on the side of Linux, an interrupted program and
# a closed output on weir's. Each time the other side is told: ECONNRESET.
. "$(dirname "$0")/lib.sh"
enter "$@"
. "$here/lib_matrix.sh"

# linux_resets KIND NUMBER FAMILY STEP...: weir must report it and exit with 1.
linux_resets() {
    local kind=$1 number=$2 address code=0
    address=$(linux_address "$3" "$2")
    shift 3
    rm -f "$work/ready"
    peer listen "$address" 4000 --ready "$work/ready" "$@" >"$work/peer" 2>&1 &
    wait_for_file "$work/ready"
    weir_nc "$kind" "$number" "$address" 4000 <"$work/fifo" >"$work/out" 2>"$work/err" 8>&- &
    local weir=$!
    exec 8>"$work/fifo"
    echo something >&8
    wait $weir || code=$?
    exec 8>&-
    wait %1 2>/dev/null
    expect_code "$code" 1 "weir, reset by Linux ($*)"
    expect_text "$work/err" "Trying $address...
Connected to $address.
weir: Connection reset by peer: $address port 4000"
}

weir_is_interrupted() {
    local weir
    weir_nc "$1" "$2" -l 4001 <"$work/fifo" >"$work/out" 2>"$work/err" 8>&- &
    weir=$!
    exec 8>"$work/fifo"
    wait_for_text Listening "$work/err"
    peer connect "$(weir_address "$3" "$2")" 4001 text=hello expect=ECONNRESET recv >"$work/peer" 2>&1 &
    wait_for_text hello "$work/out"
    kill -TERM $weir # timeout hands it on
    wait $! || fail "after SIGTERM to weir: $(cat "$work/peer")"
    wait $weir && fail "weir ended well after SIGTERM"
    exec 8>&-
}

# Nobody reads weir's output any more, so what Linux sends cannot be delivered.
weir_output_closes() {
    local sender
    weir_nc "$1" "$2" -l 4002 </dev/null 2>"$work/err" | head -c 1 >"$work/out" &
    wait_for_text Listening "$work/err"
    peer connect "$(weir_address "$3" "$2")" 4002 expect=ECONNRESET "send=$work/file" >"$work/peer" 2>&1 ||
        peer_saw_reset || fail "after weir's output was closed: $(cat "$work/peer")"
    wait
    grep -q "cannot write" "$work/err" || fail "weir did not say that it cannot write: $(cat "$work/err")"
}
# Linux may tell a sender EPIPE when the RST was seen before.
peer_saw_reset() { grep -q "EPIPE" "$work/peer"; }

one() {
    linux_resets "$@" read=5 reset
    linux_resets "$@" until-readable # and then close: data is unread
    weir_is_interrupted "$@"
    weir_output_closes "$@"
    say "$1 IPv$3: resets both ways"
}
need mkfifo head
mkfifo "$work/fifo"
make_file "$work/file" 20M
on_each_link one
