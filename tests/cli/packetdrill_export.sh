#!/usr/bin/env bash
# A conversation exported as a packetdrill script is run by weir drill: where the other side's stack behaves as
# ours does, it passes. All that is exported can at least be read.
set -uo pipefail
. "$(dirname "$0")/lib_golden.sh"

compare seed.pkt "$WEIR" ladder --to packetdrill "$data/seed_exact.client.pcap"
compare demo_half_close.pkt "$WEIR" demo half-close --to packetdrill

drill() { # drill NAME: the exit code of running its script
    "$WEIR" drill "$work/$1.pkt" >"$work/$1.log" 2>&1
    echo $?
}

# what their applications did besides writing and reading at once is not on the wire
declare -A hidden=([zero-window]="when it reads" [keep-alive]="that it asked for keep-alive")
for scene in $("$WEIR" demo --list | cut -d' ' -f1); do
    "$WEIR" demo "$scene" -o "$work/$scene.pkt"
    wanted=0
    [ -z "${hidden[$scene]:-}" ] || wanted=1
    expect "demo $scene, drilled" $wanted "$(drill "$scene")"
    [ "$wanted" = 1 ] || grep -v passed "$work/$scene.log" | head -6
done
for capture in "$data"/*.pcap; do
    name=$(basename "$capture" .pcap)
    "$WEIR" ladder -o "$work/$name.pkt" "$capture"
    code=$(drill "$name")
    case $name in
    seed_exact.client* | lo_* | tun_halfclose.client | tun_rstunread.client)
        expect "$name, drilled" 0 "$code" ;;
    *) expect "$name can be read" yes "$([ "$code" -le 1 ] && echo yes)" ;;
    esac
done
finish packetdrill_export
