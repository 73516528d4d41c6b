#!/usr/bin/env bash
# Nobody listens: weir says what telnet says and exits with 1; a client on Linux sees ECONNREFUSED from weir,
# also for a second connection to a weir that serves just one.
. "$(dirname "$0")/lib.sh"
enter "$@"
. "$here/lib_matrix.sh"

by_linux() { # KIND NUMBER FAMILY
    local address code=0
    address=$(linux_address "$3" "$2")
    weir_nc "$1" "$2" "$address" 4 </dev/null >"$work/out" 2>"$work/err" || code=$?
    expect_code "$code" 1 "weir to a closed port"
    expect_text "$work/err" "Trying $address...
weir: Unable to connect to remote host: Connection refused"
    expect_text "$work/out" ""
}

by_weir() {
    local address weir
    address=$(weir_address "$3" "$2")
    weir_nc "$1" "$2" -l 2000 </dev/null >"$work/out" 2>"$work/err" &
    weir=$!
    wait_for_text Listening "$work/err"
    peer connect "$address" 2001 expect=ECONNREFUSED || fail "Linux to a closed port of weir"
    peer connect "$address" 2000 "wait=$work/second" recv >"$work/first" &
    wait_for_text "Connection from" "$work/err"
    peer connect "$address" 2000 expect=ECONNREFUSED || fail "a second connection to weir nc -l"
    touch "$work/second"
    wait $! || fail "the first connection"
    wait $weir || fail "weir nc -l: $(cat "$work/err")"
    rm "$work/second"
}

one() {
    by_linux "$@"
    by_weir "$@"
    say "$1 IPv$3: refused both ways"
}
on_each_link one
