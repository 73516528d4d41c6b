#!/usr/bin/env bash
# pcapng with what is known as comments, and --write-pcap: read back by ourselves and by tshark.
set -uo pipefail
. "$(dirname "$0")/lib_golden.sh"

bytes() { # bytes CAPTURE: what a packet is, without its link layer
    tshark -n -r "$1" -T fields -e frame.time_epoch -e ip.id -e tcp.seq_raw -e tcp.ack_raw -e tcp.len -e tcp.checksum 2>/dev/null
}

for capture in "$data"/*.pcap; do
    name=$(basename "$capture" .pcap)
    "$WEIR" ladder -o "$work/$name.pcapng" --write-pcap "$work/$name.pcap" "$capture" ||
        { echo "FAILED: $capture"; failed=$((failed + 1)); }
    expect "the same ladder from $name.pcapng" "$("$WEIR" ladder --all "$capture")" \
        "$("$WEIR" ladder --all "$work/$name.pcapng")"
    expect "the same ladder from --write-pcap, $name" "$("$WEIR" ladder --all "$capture")" \
        "$("$WEIR" ladder --all "$work/$name.pcap")"
done
"$WEIR" ladder --write-pcap "$work/beside.pcap" "$data/lo_basic.pcap" >"$work/drawing"
expect "--write-pcap is beside the drawing" "$("$WEIR" ladder "$data/lo_basic.pcap")" "$(cat "$work/drawing")"
expect "... and is the file" "$(cat "$work/lo_basic.pcap" | cksum)" "$(cksum <"$work/beside.pcap")"

# one of two connections
cat "$data/lo_basic.pcap" >"$work/two.cap"
tail -c +25 "$data/lo_refused.pcap" >>"$work/two.cap"
"$WEIR" ladder --conn 2 --write-pcap "$work/second.pcap" "$work/two.cap" >/dev/null
expect "packets of the second connection" "$("$WEIR" ladder --to csv "$data/lo_refused.pcap" | cut -d, -f2- )" \
    "$("$WEIR" ladder --to csv "$work/second.pcap" | cut -d, -f2-)"
"$WEIR" ladder --to pcapng "$work/two.cap" >"$work/both.pcapng"
expect "packets of both" 2 "$("$WEIR" ladder --json "$work/both.pcapng" | grep -c '"e":"end"')"

# what cannot be done is said
"$WEIR" ladder --to pcapng - <"$data/lo_basic.pcap" >/dev/null 2>"$work/error"
expect "packets from a pipe" 64 $?
"$WEIR" demo --to pcapng >/dev/null 2>"$work/error"
expect "packets of a demo" 64 $?
expect "one line" 1 "$(wc -l <"$work/error")"

if command -v tshark >/dev/null; then
    comments=$(tshark -n -r "$work/tun_fastrx.client.pcapng" -T fields -e frame.comment 2>/dev/null)
    expect "a comment for each packet" 79 "$(grep -c . <<<"$comments")"
    grep '^50 ' <<<"$comments" >"$work/fifty"
    holds "tshark shows the class" grep -q 'rtx#16.*: retx_fast, by sack' "$work/fifty"
    holds "... and the finding" grep -q 'FAST_RETX (warn): Segment 16 of the client was lost' "$work/fifty"
    "$WEIR" ladder --lang=zh --to pcapng "$data/tun_fastrx.client.pcap" >"$work/zh.pcapng"
    tshark -n -r "$work/zh.pcapng" -T fields -e frame.comment >"$work/zh" 2>/dev/null
    holds "... in Chinese" grep -q '重复 ACK' "$work/zh"
    for name in tun_fastrx.client lo_basic seed_exact.client; do
        expect "tshark: packets of $name.pcapng" "$(bytes "$data/$name.pcap")" "$(bytes "$work/$name.pcapng")"
        expect "tshark: packets of $name, --write-pcap" "$(bytes "$data/$name.pcap")" "$(bytes "$work/$name.pcap")"
    done
else
    skip tshark "not installed"
fi
finish packet_formats
