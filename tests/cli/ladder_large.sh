#!/usr/bin/env bash
# weir ladder of a file too large to be kept: what is drawn while it is read, and in further passes.
#
# usage: WEIR=path/of/weir WEIR_SOURCE=top/of/source ladder_large.sh
set -uo pipefail
export LC_ALL=C.UTF-8
unset LANG LC_MESSAGES

data=$WEIR_SOURCE/tests/data
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0

fail() {
    echo "FAILED: $1"
    failed=$((failed + 1))
}

# Ten segments, then 25 000 of 1460 bytes with ACKs, then ten again from another port: 38 MB.
python3 - "$data/seed_exact.client.pcap" <<'PY' || fail "making the file"
import struct
import sys

seed = open(sys.argv[1], "rb").read()
order = "<" if seed[0] in (0xD4, 0x4D) else ">"
out = open("large.pcap", "wb")
out.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))


def summed(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF ^ ((total & 0xFFFF) + (total >> 16))


def put(time, packet):
    out.write(struct.pack("<4I", time // 1000000, time % 1000000, len(packet), len(packet)) + packet)


def ten(start, port):
    at, first = 24, None
    while at < len(seed):
        s, us, size, _ = struct.unpack(order + "4I", seed[at : at + 16])
        packet = bytearray(seed[at + 16 : at + 16 + size])
        for where in (20, 22):
            if packet[where : where + 2] == struct.pack(">H", 40000):
                packet[where : where + 2] = struct.pack(">H", port)
        first = s * 1000000 + us if first is None else first
        put(start + s * 1000000 + us - first, bytes(packet))
        at += 16 + size


def bulk(time, down, seq, ack, flags, length):
    ends = (0x0A000001, 0x0A000002) if down else (0x0A000002, 0x0A000001)
    ports = (80, 50000) if down else (50000, 80)
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, 40 + length, 1 + time % 65535, 0x4000, 64, 6, 0, *ends)
    ip = ip[:10] + struct.pack(">H", summed(ip)) + ip[12:]
    tcp = struct.pack(">HHIIBBHHH", *ports, seq, ack, 0x50, flags, 60000, 0, 0)
    put(time, ip + tcp + bytes(length))


start = 1700000000 * 1000000
ten(start, 40000)
now = start + 2000000
bulk(now, False, 1000, 0, 2, 0)
bulk(now + 100, True, 5000, 1001, 18, 0)
bulk(now + 30000, False, 1001, 5001, 16, 0)
for i in range(25000):
    now += 200
    bulk(now + 40000, True, 5001 + i * 1460, 1001, 16, 1460)
    if i % 2 == 1:
        bulk(now + 40050, False, 1001, 5001 + (i + 1) * 1460, 16, 0)
ten(now + 60000000, 41000)
PY

"$WEIR" ladder --width=80 large.pcap >all 2>error || fail "exit code: $(cat error)"
[ ! -s error ] || fail "standard error: $(cat error)"
[ "$(grep -c '10 ACK\|10 ACK' all)" -ge 2 ] || fail "the ten segments are not drawn twice"
grep -q '^connection 2 of 3: 10.0.0.2:50000 -> 10.0.0.1:80, 37503 segments, starts at 2.000000 s' all || fail "the second conversation's title"
grep -q '^connection 3 of 3: .*:41000' all || fail "the third conversation's title"
grep -q '⟫ 24999 seg' all || fail "the bulk is not folded"
[ "$(wc -l <all)" -lt 400 ] || fail "$(wc -l <all) lines: not short"

# The first conversation is drawn as from a small file.
"$WEIR" ladder --width=80 "$data/seed_exact.client.pcap" | grep '│' >seed
head -n "$(grep -n '^connection 2' all | cut -d: -f1)" all | grep '│' | cmp -s - seed || fail "another drawing"

"$WEIR" ladder --width=80 --conn=3 large.pcap >third || fail "--conn=3"
grep -q '41000' third || fail "--conn=3 is not the third"
"$WEIR" ladder --conn=4 large.pcap >out 2>error
[ $? -eq 64 ] && [ "$(cat error)" = "weir: no such connection (there are 3): --conn 4" ] || fail "--conn=4: $(cat error)"
"$WEIR" ladder --width=80 large.pcap 'port 41000' >third || fail "a filter"
[ "$(grep -c '⟫' third)" -eq 0 ] || fail "the filter lets the bulk through"

head -c 36000000 large.pcap >cut.pcap
"$WEIR" ladder --width=80 cut.pcap >out 2>error
[ $? -eq 65 ] || fail "a cut file: exit code"
grep -q '^weir: the capture is cut short: cut.pcap, packet' error || fail "a cut file: $(cat error)"
grep -q '⟫' out || fail "what came before the cut is not drawn"

echo "ladder_large: $failed failures"
[ "$failed" -eq 0 ]
