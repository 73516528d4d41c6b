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

# end BYTES WHOSE: what the interface saw of the four connections. The first SYN asks for a cookie; the later ones have
# it and the bytes. Linux brings up a new interface's queue a moment after weir has attached, and the answer to the first
# SYN can be lost in it: then that SYN is sent again without the option (RFC 7413 4.1.1), and the next connection asks.
end() {
    local expected="$2 0 0" uses="not used" i left=3
    sleep 0.1
    kill $watcher
    wait $watcher 2>/dev/null
    if grep -q ' -$' "$work/syns"; then
        expected+=$'\n'"$2 0 -"$'\n'"$2 0 0" uses+=$'\nnot used' left=2
    fi
    for ((i = 0; i < left; i++)); do
        expected+=$'\n'"$2 $1 8"
        uses+=$'\nused'
    done
    expect_text "$work/syns" "$expected"
    expect_text "$work/linux" "$uses"
    grep -Eo '(not )?used' "$work/out" >"$work/weir"
    expect_text "$work/weir" "$uses"
}

weir_asks() { # FAMILY
    begin "$1"
    linux serve "$at_linux" 7 4 "$work/ready" >"$work/linux" &
    local server=$!
    wait_for_file "$work/ready"
    timeout 60 "$program" "tun$number" "$addresses" connect "$at_linux" 7 4 >"$work/out" || fail "weir's client: $?"
    wait $server || fail "Linux's server: $?"
    [ "$(grep -c '; 1000 bytes came back' "$work/out")" = 4 ] || fail "weir says: $(cat "$work/out")"
    end 1000 "$at_weir"
    say "IPv$1: weir asks Linux, $(tail -1 "$work/out")"
}

linux_asks() { # FAMILY
    begin "$1"
    timeout 60 "$program" "tun$number" "$addresses" listen 7 >"$work/out" 2>"$work/err" &
    local server=$!
    wait_for_text listening "$work/err"
    linux ask "$at_weir" 7 4 >"$work/linux" || fail "Linux's client: $?"
    kill $server
    wait $server 2>/dev/null
    end 1024 "$at_linux"
    say "IPv$1: Linux asks weir, $(tail -1 "$work/out")"
}

for family in 4 6; do
    weir_asks $family
    linux_asks $family
done
