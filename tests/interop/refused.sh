#!/usr/bin/env bash
# Nobody listens: weir says what telnet says and exits with 1; a client on Linux sees ECONNREFUSED from weir,
# also for a second connection to a weir that serves just one.
. "$(dirname "$0")/lib.sh"
enter "$@"
. "$here/lib_matrix.sh"

by_linux() {
    local code=0
    "${weir[@]}" "$linux" 4 </dev/null >"$work/out" 2>"$work/err" || code=$?
    expect_code "$code" 1 "weir to a closed port"
    expect_text "$work/err" "Trying $linux...
weir: Unable to connect to remote host: Connection refused"
    expect_text "$work/out" ""
}

by_weir() {
    local server first
    fresh
    "${weir[@]}" -l 2000 </dev/null >"$work/out" 2>"$work/err" &
    server=$!
    wait_for_text Listening "$work/err"
    peer connect "$at_weir" 2001 expect=ECONNREFUSED >"$work/peer" || fail "Linux to a closed port of weir"
    peer connect "$at_weir" 2000 "wait=$work/second" recv >"$work/first" &
    first=$!
    wait_for_text "Connection from" "$work/err"
    peer connect "$at_weir" 2000 expect=ECONNREFUSED >"$work/peer" || fail "a second connection to weir nc -l"
    touch "$work/second"
    wait $first || fail "the first connection"
    wait $server || fail "weir nc -l: $(cat "$work/err")"
    rm "$work/second"
}

one() {
    by_linux
    by_weir
    say "$kind IPv$family: refused both ways"
}
on_each_link one
