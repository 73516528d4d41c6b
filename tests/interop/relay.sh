#!/usr/bin/env bash
# weir relay between two Linux kernels (a namespace each): data arrives whole over a bad link, and the log says
# what happened to every wire segment: checked against the captures of both sides and against itself.
. "$(dirname "$0")/lib.sh"
enter "$@"

need nsenter

# start_relay KIND ARGUMENT...: Linux at both ends, 10.9.1.1 and fd09:1::1 here, .2 and ::2 in a namespace next to it
start_relay() {
    local kind=$1
    shift
    make_interface "$kind" here0 1
    ip tuntap add dev there0 mode "$kind"
    fresh
    timeout 120 "$WEIR" relay --dev "$kind:here0" --dev "$kind:there0" --log "$work/log" -w "$work/w.pcapng" "$@" 2>"$work/err" &
    relay=$!
    wait_for_text Relaying "$work/err"
    unshare --net sleep 1000 &
    neighbor=$!
    wait_for 20 is_apart
    ip link set there0 netns $neighbor
    there ip link set there0 txqueuelen 4000 up
    there ip addr add 10.9.1.2/24 dev there0
    there ip -6 addr add fd09:1::2/64 dev there0 nodad
}
is_apart() { [ "$(readlink /proc/$neighbor/ns/net)" != "$(readlink /proc/self/ns/net)" ]; }
there() { nsenter --target $neighbor --net "$@"; }

stop_relay() {
    kill -TERM $relay
    wait $relay || fail "weir relay: exit code $?: $(cat "$work/err")"
    kill $neighbor
    wait $neighbor
    ip link del here0
}

move() { # ADDRESS: the file to there
    rm -f "$work/ready"
    there timeout 100 python3 "$here/peer.py" listen "$1" 6000 --ready "$work/ready" recv >"$work/peer" 2>&1 &
    wait_for_file "$work/ready"
    peer connect "$1" 6000 "send=$work/file" shut recv >"$work/own" 2>&1 || fail "sender: $(cat "$work/own")"
    wait $! || fail "receiver: $(cat "$work/peer")"
    [ "$(head -1 "$work/peer")" = "$(stat -c %s "$work/file") $sum" ] || fail "what arrived is not what was sent"
}

one() { # KIND OFFLOAD_OPTION TROUBLE...
    local kind=$1 name
    name="$1 $2"
    # shellcheck disable=SC2086
    start_relay $kind $2 "${@:3}"
    move 10.9.1.2
    move fd09:1::2
    stop_relay
    python3 "$here/check_relay_log.py" "$work/log" "$work/w.pcapng" "${@:3}" || fail "$name: the log"
    say "$name ${*:3}: $(grep "^$kind:here0 to" "$work/err")"
}

make_file "$work/file" 2M
sum=$(sum_of "$work/file")
for kind in tun tap; do
    one $kind ""
    one $kind --no-offload --loss 1% --delay 5ms --jitter 1ms --reorder 1% --duplicate 1% --corrupt 0.5%
    one $kind "" --rate 100mbit --queue 50 --delay 2ms --drop-out 5,20 --drop-in 7
    one $kind "" --delay 4ms --stall-out 30:250ms --reorder-nth-in 9 --duplicate-nth-out 12,31
done
