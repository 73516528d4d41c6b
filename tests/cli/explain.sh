#!/usr/bin/env bash
# weir explain: what it says of the captures, its exit codes, its JSON, and what it says about bad input. And
# every capture made for a finding: weir explain and weir ladder say what they must and not what they must not.
#
# usage: WEIR=path/of/weir WEIR_SOURCE=top/of/source explain.sh
# UPDATE=1 writes the golden files anew: look at the difference before you keep them.
set -uo pipefail
. "$(dirname "$0")/lib_golden.sh"

# ---- texts -----------------------------------------------------------------------------------------
for capture in lo_nagle lo_refused lo_rstunread tun_zerowin.client tun_rto.client tun_keepalive.client; do
    compare "explain_$capture.txt" "$WEIR" explain --width=100 "$data/$capture.pcap"
done
compare explain_lo_nagle_zh.txt "$WEIR" explain --width=80 --lang=zh "$data/lo_nagle.pcap"
compare explain_filtered_60.txt "$WEIR" explain --width=60 "$data/findings/filtered.pcap"
compare explain_lo_nagle_json.txt "$WEIR" explain --json "$data/lo_nagle.pcap"
compare explain_reuse.txt "$WEIR" explain --width=100 "$data/findings/time_wait_reuse.pcap"

# ---- exit codes ------------------------------------------------------------------------------------
code() { # code EXPECTED, ARGUMENT...
    local expected=$1
    shift
    "$WEIR" explain "$@" >"$work/said" 2>"$work/why"
    expect "exit code of weir explain $*" "$expected" $?
}
code 0 "$data/lo_refused.pcap"
code 2 --fail-on=error "$data/lo_refused.pcap"
code 2 --fail-on=warn "$data/lo_refused.pcap"
code 2 --fail-on=refused "$data/lo_refused.pcap"
code 0 --fail-on=error "$data/lo_nagle.pcap"
code 1 --fail-on=warn "$data/lo_nagle.pcap"
code 1 --fail-on=error,NAGLE_DELACK "$data/lo_nagle.pcap"
code 0 --fail-on=ZERO_WINDOW,RTO "$data/lo_nagle.pcap"
code 0 --fail-on=warn "$data/seed_exact.client.pcap"
code 1 --fail-on=info "$data/seed_exact.client.pcap"
code 0 --help

refuse() { # refuse CODE LINE, ARGUMENT...
    local expected=$1 line=$2
    shift 2
    code "$expected" "$@"
    expect "the line about weir explain $*" "$line" "$(cat "$work/why")"
}
good=$data/lo_nagle.pcap
refuse 64 "weir: no file given: weir explain"
refuse 64 "weir: bad value for --conn: 0" --conn=0 "$good"
refuse 64 "weir: bad value for --top: x" --top=x "$good"
refuse 64 "weir: no such connection (there are 1): --conn 2" --conn=2 "$good"
refuse 64 "weir: bad value for --fail-on: NAGLE" --fail-on=warn,NAGLE "$good"
refuse 64 "weir: bad value for --fail-on: " --fail-on= "$good"
refuse 69 "weir: no such file: $work/missing" "$work/missing"
refuse 65 "weir: no TCP passes the filter (port 1) in 37 packets: $good" "$good" 'port 1'

# ---- worst first, and a choice of them ----------------------------------------------------------------
reuse=$data/findings/time_wait_reuse.pcap
expect "one connection by number" 2 "$("$WEIR" explain --conn=2 --json "$reuse" | sed -n 's/.*"e":"end","conn":\([0-9]*\).*/\1/p')"
expect "the worst one only" 1 "$("$WEIR" explain --top=1 --json "$reuse" | grep -c '"e":"end"')"

# ---- packets that the capturing system dropped are said first: an interface statistics block with 7 -------
python3 - "$data/lo_refused.pcap" "$work/drops.pcapng" <<'PY'
import struct, sys
pcap, out = open(sys.argv[1], "rb").read(), open(sys.argv[2], "wb")
def block(kind, body):
    body += bytes(-len(body) % 4)
    out.write(struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12))
block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
block(1, struct.pack("<HHI", struct.unpack("<I", pcap[20:24])[0], 0, 65535))
at = 24
while at < len(pcap):
    seconds, us, size, original = struct.unpack("<IIII", pcap[at:at + 16])
    time = seconds * 1000000 + us
    block(6, struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, size, original) + pcap[at + 16:at + 16 + size])
    at += 16 + size
block(5, struct.pack("<IIIHHQHH", 0, 0, 0, 5, 8, 7, 0, 0))
PY
expect "drops are said first" "note: The capturing system dropped 7 packets: what is missing here may have been sent." \
    "$("$WEIR" explain --width=100 "$work/drops.pcapng" | head -1)"

# ---- the JSON is as its schema says ---------------------------------------------------------------------
if python3 -c 'import jsonschema' 2>/dev/null; then
    for capture in "$data"/*.pcap "$data"/findings/*.pcap; do
        "$WEIR" explain --json "$capture"
    done >"$work/events"
    holds "the JSON is as docs/explain.schema.json says" python3 -c '
import json, sys
import jsonschema
check = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))
for line in open(sys.argv[2], encoding="utf-8"):
    assert check.is_valid(json.loads(line)), line
' "$WEIR_SOURCE/docs/explain.schema.json" "$work/events"
fi

# ---- the account sums to the duration -------------------------------------------------------------------
for capture in "$data"/*.pcap "$data"/findings/*.pcap; do
    "$WEIR" explain --json "$capture" | python3 -c '
import json, sys
for line in sys.stdin:
    event = json.loads(line)
    if event["e"] == "account":
        parts = sum(value for key, value in event.items() if key not in ("v", "e", "conn", "total"))
        assert abs(parts - event["total"]) < 1e-7, event
' || expect "the account of $capture" good bad
    compared=$((compared + 1))
done

# ---- must fire, must stay silent --------------------------------------------------------------------------
# A name with + is two captures of one conversation.
while IFS=$'\t' read -r name must silent; do
    case $name in '#'* | '') continue ;; esac
    files=() verbs="ladder explain"
    for part in ${name//+/ }; do
        files+=("$data/findings/$part.pcap")
    done
    [ ${#files[@]} -eq 1 ] || verbs=ladder
    for verb in $verbs; do
        "$WEIR" "$verb" --json "${files[@]}" | sed -n 's/.*"e":"finding".*"id":"\([A-Z_]*\)".*/\1/p' | sort -u >"$work/found"
        missing=$(tr ',' '\n' <<<"${must#-}" | grep . | sort | comm -23 - "$work/found" | paste -sd,)
        wrong=$(tr ',' '\n' <<<"${silent#-}" | grep . | sort | comm -12 - "$work/found" | paste -sd,)
        expect "weir $verb $name: not found" "" "$missing"
        expect "weir $verb $name: found wrongly" "" "$wrong"
    done
done <"$data/findings/expected.tsv"

# ---- real Linux keeps to the RFCs, and a network card's segments are not too large -------------------------
for capture in "$data"/tun_*.pcap "$data"/seed_*.pcap "$data"/lo_*.pcap; do
    expect "conformance of ${capture##*/}" "" "$("$WEIR" explain --json "$capture" |
        grep -oE '"id":"(CONFORM_[A-Z_]*|MSS_EXCEEDED|WINDOW_[VS][A-Z_]*|ACK_UNSENT|PAWS_DROP|RST_SUSPECT)"')"
done

finish explain
