#!/usr/bin/env bash
# Mermaid, PlantUML and mscgen: golden texts, and what the real programs say to them. Mermaid's is there after
# npm ci --ignore-scripts --prefix tests/mermaid; without it, or without Chromium, that part is skipped.
set -uo pipefail
. "$(dirname "$0")/lib_golden.sh"

for format in mermaid.mmd plantuml.puml mscgen.msc; do
    to=${format%.*} extension=${format#*.}
    compare seed.$extension "$WEIR" ladder --to $to "$data/seed_exact.client.pcap"
    compare seed_zh.$extension "$WEIR" ladder --to $to --lang=zh "$data/seed_exact.client.pcap"
    compare tun_fastrx.$extension "$WEIR" ladder --to $to "$data/tun_fastrx.client.pcap"
    compare demo_fast_retransmit.$extension "$WEIR" demo fast-retransmit --to $to
    for capture in "$data"/*.pcap; do
        "$WEIR" ladder -o "$work/$(basename "$capture").$extension" "$capture"
    done
    for scene in $("$WEIR" demo --list | cut -d' ' -f1); do
        "$WEIR" demo "$scene" -o "$work/$scene.$extension"
    done
done
compare demo_slant.puml "$WEIR" demo lost-segment --to plantuml --plantuml-slant

# ---- Mermaid ---------------------------------------------------------------------------------------------
"$WEIR" ladder --all --to mermaid -v "$data/tun_zerowin.client.pcap" >"$work/long.mmd"
expect "'#' and ';' in Mermaid" 0 "$(cat "$work"/*.mmd | grep -c '[#;]')"
big=$work/big.pcap # the same data segment again and again, with times that go on
python3 - "$data/lo_nagle.pcap" "$big" <<'PY'
import struct, sys
data = open(sys.argv[1], "rb").read()
order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
at, packets = 24, []
while at < len(data):
    s, f, size, full = struct.unpack(order + "IIII", data[at:at + 16])
    packets.append((s, f, size, full, data[at + 16:at + 16 + size]))
    at += 16 + size
out = data[:24]
for s, f, size, full, bytes_ in packets[:10]:
    out += struct.pack(order + "IIII", s, f, size, full) + bytes_
s, f, size, full, bytes_ = packets[9]
for n in range(1500):
    out += struct.pack(order + "IIII", s + 1 + n, f, size, full) + bytes_
open(sys.argv[2], "wb").write(out)
PY
"$WEIR" ladder --all --to mermaid "$big" >"$work/big.mmd"
expect "Mermaid's limit" yes "$([ "$(wc -m <"$work/big.mmd")" -le 45000 ] && echo yes)"
holds "... and says what was folded" grep -q 'rows folded away here.*: [0-9]' "$work/big.mmd"

mermaid=$WEIR_SOURCE/tests/mermaid/node_modules/mermaid/dist/mermaid.min.js
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ ! -f "$mermaid" ]; then
    skip mermaid "npm ci --ignore-scripts --prefix tests/mermaid was not run"
elif [ -z "$browser" ]; then
    skip mermaid "no Chromium"
else
    python3 "$WEIR_SOURCE/tests/mermaid/page.py" "$mermaid" "$work"/*.mmd >"$work/page.html"
    timeout 120 "$browser" --headless=new --no-sandbox --disable-gpu --user-data-dir="$work/profile" \
        --host-resolver-rules="MAP * ~NOTFOUND" --allow-file-access-from-files \
        --virtual-time-budget=60000 --dump-dom "file://$work/page.html" 2>/dev/null |
        python3 -c 'import html, re, sys
print(html.unescape(re.search(r"<pre id=\"said\">(.*?)</pre>", sys.stdin.read(), re.S)[1]))' >"$work/drawn"
    expect "diagrams that Mermaid draws" "$(ls "$work"/*.mmd | wc -l)" "$(grep -c '^OK ' "$work/drawn")"
    grep '^FAILED' "$work/drawn"
    holds "Mermaid drew <mss 1460> as it is" grep -q '^  SYN, 1000(0), <mss 1460>$' "$work/drawn"
    holds "... and <mss 1024>" grep -q '^  SYN, 8000(0), ACK 1001, <mss 1024>$' "$work/drawn"
fi

# ---- PlantUML ----------------------------------------------------------------------------------------------
if command -v plantuml >/dev/null; then
    # one run for all of them: each start takes long. Slanted arrows are for later versions.
    holds "PlantUML reads all" plantuml -checkonly "$work"/*.puml
    expect "what it takes them for" SEQUENCE "$(plantuml -syntax <"$golden/seed.puml" 2>&1 | head -1)"
    printf '@startuml\nthis is no diagram\n@enduml\n' >"$work/bad.txt"
    expect "PlantUML can refuse" 1 "$(plantuml -checkonly "$work/bad.txt" >/dev/null 2>&1; [ $? -ne 0 ] && echo 1)"
    plantuml -tutxt -pipe <"$golden/seed.puml" >"$work/seed.utxt" 2>/dev/null
    holds "PlantUML drew <mss 1024>" grep -q '<mss 1024>' "$work/seed.utxt"
else
    skip plantuml "not installed"
fi

# ---- mscgen --------------------------------------------------------------------------------------------------
if command -v mscgen >/dev/null; then
    for file in "$work"/*.msc; do
        holds "mscgen reads ${file##*/}" mscgen -T svg -i "$file" -o "$work/drawn.svg"
    done
    mscgen -T svg -i "$golden/seed.msc" -o "$work/drawn.svg"
    holds "mscgen drew <mss 1024>" grep -q '&lt;mss 1024&gt;' "$work/drawn.svg"
else
    skip mscgen "not installed"
fi
finish diagram_golden
