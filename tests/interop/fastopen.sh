#!/usr/bin/env bash
# TCP Fast Open with the Linux kernel, both roles: the first connection gets a cookie, the SYNs of those that follow
# carry their request. Both ends must say that it was used, and the interface must have seen it.
. "$(dirname "$0")/lib.sh"
enter "$@"

program=$WEIR_BUILD/examples/fast_open
[ -x "$program" ] || skip "the examples are not built"
setting ipv4/tcp_fastopen 3 || skip "this kernel has no TCP Fast Open"
linux() { timeout 60 python3 "$here/fastopen.py" "$@"; }
number=0

begin() { # a new interface, watched
    number=$((number + 1))
    fresh
    make_interface tun "tun$number" $number
    at_linux=$(linux_address "$1" $number) at_weir=$(weir_address "$1" $number)
    addresses=10.9.$number.2/24,fd09:$number::2/64
    rm -f "$work/syns" "$work/ready" "$work/linux"
    linux watch "tun$number" "$work/syns" &
    watcher=$!
    wait_for_file "$work/syns"
}

# end BYTES WHOSE: of the SYNs that came from there, the first asks for a cookie, the others have one and the bytes
end() {
    local expected i
    sleep 0.1
    kill $watcher
    wait $watcher 2>/dev/null
    expected="$2 0 0"
    for i in 2 3; do expected+=$'\n'"$2 $1 8"; done
    expect_text "$work/syns" "$expected"
}

weir_asks() { # FAMILY
    begin "$1"
    linux serve "$at_linux" 7 3 "$work/ready" >"$work/linux" &
    local server=$!
    wait_for_file "$work/ready"
    timeout 60 "$program" "tun$number" "$addresses" connect "$at_linux" 7 3 >"$work/out" || fail "weir's client: $?"
    wait $server || fail "Linux's server: $?"
    expect_text "$work/linux" $'not used\nused\nused'
    [ "$(grep -c '1000 bytes in the SYN: used; 1000 bytes came back' "$work/out")" = 2 ] || fail "weir says: $(cat "$work/out")"
    end 1000 "$at_weir"
    say "IPv$1: weir asks Linux, $(tail -1 "$work/out")"
}

linux_asks() { # FAMILY
    begin "$1"
    timeout 60 "$program" "tun$number" "$addresses" listen 7 >"$work/out" 2>"$work/err" &
    local server=$!
    wait_for_text listening "$work/err"
    linux ask "$at_weir" 7 3 >"$work/linux" || fail "Linux's client: $?"
    expect_text "$work/linux" $'not used\nused\nused'
    [ "$(grep -c 'data in the SYN: used' "$work/out")" = 2 ] || fail "weir says: $(cat "$work/out")"
    kill $server
    wait $server 2>/dev/null
    end 1024 "$at_linux"
    say "IPv$1: Linux asks weir, $(tail -1 "$work/out")"
}

for family in 4 6; do
    weir_asks $family
    linux_asks $family
done
