#!/usr/bin/env bash
# CUBIC and BBR, weir's and Linux's, over a link of 20 Mbit/s with 1 % loss: 4 MB each way, both roles, with and without
# large segments, compared by hash; Linux's socket is asked what is at work there. No times are judged: how fast they are is
# for `make goodput`.
. "$(dirname "$0")/lib.sh"
enter "$@"
. "$here/lib_transfer.sh"

make_file "$work/file" 4M
sum=$(sum_of "$work/file")
congestion=cubic
peer() { timeout 120 python3 "$here/peer.py" --congestion "$congestion" "$@"; }
# Only a privileged process may choose one that is not in Linux's list of allowed ones.
python3 -c "import socket; socket.socket().setsockopt(socket.IPPROTO_TCP, 13, b'bbr')" 2>/dev/null ||
    skip "Linux has no BBR here, or may not use it"

number=0
processes=()
for congestion in cubic bbr; do
    for family in 4 6; do
        offload=on
        [ "$family" = 4 ] || offload=off
        for role in client server; do
            for direction in send receive; do
                number=$((number + 1))
                make_interface tun "tun$number" "$number"
                transfer "$number" tun "$family" "$offload" "$role" "$direction" "$work/file" "$sum" --congestion "$congestion" \
                    --loss 1% --delay 10ms --rate 20mbit --queue 60 --seed "$number" &
                processes+=($!)
            done
        done
    done
done
bad=0
for process in "${processes[@]}"; do
    wait "$process" || bad=$((bad + 1))
done
[ "$bad" -eq 0 ] || fail "$bad of ${#processes[@]} transfers"
