#!/usr/bin/env bash
# SVG: golden drawings, well-formed XML, and no text of a segment that could become markup.
set -uo pipefail
. "$(dirname "$0")/lib_golden.sh"

compare seed.svg "$WEIR" ladder --to svg "$data/seed_exact.client.pcap"
compare seed_zh.svg "$WEIR" ladder --to svg --lang=zh "$data/seed_exact.client.pcap"
compare lo_refused.svg "$WEIR" ladder --to svg "$data/lo_refused.pcap"
compare tun_fastrx.svg "$WEIR" ladder --to svg "$data/tun_fastrx.client.pcap"
compare demo_fast_retransmit.svg "$WEIR" demo fast-retransmit --to svg --scale=order
compare demo_lost_segment.svg "$WEIR" demo lost-segment --to svg --scale=time

compare tun_fastrx.plot.svg "$WEIR" ladder --to plot-svg "$data/tun_fastrx.client.pcap"
compare lo_nagle_zh.plot.svg "$WEIR" ladder -o - --to plot-svg --lang=zh "$data/lo_nagle.pcap"

# The article whose picture this tool draws had "SYN, 8000(0), ACK 1001, <mss 1024>" in it. A page took the
# end for a tag, and readers have seen "ACK1001, " ever since. Whoever parses our drawing must find the text
# whole, and no element that we did not write.
cat >"$work/check.py" <<'PY'
import sys, xml.etree.ElementTree as tree
NAMES = {"svg", "title", "desc", "style", "rect", "g", "path", "text", "circle"}
root = tree.parse(sys.argv[1]).getroot()
names = {e.tag.removeprefix("{http://www.w3.org/2000/svg}") for e in root.iter()}
assert names <= NAMES, names - NAMES
texts = ["".join(e.itertext()) for e in root.iter() if e.tag.endswith("text")]
titles = [e.text for e in root.iter() if e.tag.endswith("title")]
for wanted in sys.argv[2:]:
    assert wanted in texts, (wanted, texts)
    assert any(t.startswith(wanted) for t in titles), wanted
for e in root.iter():
    for key in e.attrib:
        assert key not in ("style", "fill", "stroke", "onclick", "href"), key
ids = [e.attrib["id"] for e in root.iter() if "id" in e.attrib]
assert len(ids) == len(set(ids)), "ids are not unique"
PY
for lang in en zh; do
    "$WEIR" ladder --lang=$lang -o "$work/x.svg" "$data/seed_exact.client.pcap"
    holds "<mss 1024> survives ($lang)" python3 "$work/check.py" "$work/x.svg" \
        "1 SYN, 1000(0), <mss 1460>" "2 SYN, 8000(0), ACK 1001, <mss 1024>"
done
for capture in "$data"/*.pcap; do
    "$WEIR" ladder -o "$work/x.svg" "$capture"
    holds "well-formed: ${capture##*/}" python3 "$work/check.py" "$work/x.svg"
    "$WEIR" ladder -o "$work/x.plot.svg" "$capture"
    holds "well-formed plots: ${capture##*/}" python3 "$work/check.py" "$work/x.plot.svg"
done
for scene in $("$WEIR" demo --list | cut -d' ' -f1); do
    "$WEIR" demo "$scene" -o "$work/x.svg"
    holds "well-formed: demo $scene" python3 "$work/check.py" "$work/x.svg"
done

# same-side departures are at least 15 px apart, and nothing that happened later stands higher
cat >"$work/apart.py" <<'PY'
import re, sys
last = {}
for line in open(sys.argv[1]):
    m = re.search(r'<path class="hit" d="M([\d.]+) ([\d.]+)L[\d.]+ ([\d.]+)', line)
    if m:
        x, y, end = float(m[1]), float(m[2]), float(m[3])
        assert y - last.get(x, -99) > 14.9, (x, y, last[x])
        assert end >= y, (y, end)
        last[x] = y
PY
for capture in tun_fastrx.client tun_zerowin.client lo_nagle; do
    "$WEIR" ladder --all -o "$work/x.svg" "$data/$capture.pcap"
    holds "labels apart: $capture" python3 "$work/apart.py" "$work/x.svg"
done

# more than 2000 segments are not drawn, and the drawing says so
python3 - "$data/lo_nagle.pcap" "$work/big.pcap" <<'PY'
import struct, sys
data, at, packets = open(sys.argv[1], "rb").read(), 24, []
while at < len(data):
    s, f, size, full = struct.unpack("<IIII", data[at:at + 16])
    packets.append((s, f, data[at + 16:at + 16 + size]))
    at += 16 + size
s, f, again = packets[9]
packets[10:] = [(s + n, f, again) for n in range(1, 2501)]
with open(sys.argv[2], "wb") as out:
    out.write(data[:24])
    for s, f, bytes_ in packets:
        out.write(struct.pack("<IIII", s, f, len(bytes_), len(bytes_)) + bytes_)
PY
"$WEIR" ladder --all -o "$work/big.svg" "$work/big.pcap"
expect "arrows of a long conversation" 2000 "$(grep -c 'class="hit"' "$work/big.svg")"
holds "... and what is missing" grep -q 'not drawn: 510 of 2510 segments, from number 2001 on' "$work/big.svg"

# a file of this format holds one connection, and the tool says so
cat "$data/lo_basic.pcap" >"$work/two.pcap"
tail -c +25 "$data/lo_refused.pcap" >>"$work/two.pcap"
"$WEIR" ladder --to svg "$work/two.pcap" >/dev/null 2>"$work/error"
expect "two connections in one drawing" 64 $?
holds "... says what to do" grep -q -e '--conn N' "$work/error"
expect "a format that there is not" 64 "$("$WEIR" ladder --to gif "$data/lo_basic.pcap" 2>/dev/null; echo $?)"
expect "an extension without a format" 64 "$("$WEIR" ladder -o "$work/x.gif" "$data/lo_basic.pcap" 2>/dev/null; echo $?)"
finish svg_golden
