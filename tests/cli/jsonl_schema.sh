#!/usr/bin/env bash
# JSON Lines against docs/ladder.schema.json: every event of every capture and scene, and that the schema can
# refuse; that what refers to segments refers to segments that there are.
set -uo pipefail
. "$(dirname "$0")/lib_golden.sh"
python3 -c 'import jsonschema' 2>/dev/null || { echo "SKIPPED: python3-jsonschema is not installed"; exit 77; }

for capture in "$data"/*.pcap; do
    "$WEIR" ladder -o "$work/$(basename "$capture").jsonl" "$capture" || failed=$((failed + 1))
done
for scene in $("$WEIR" demo --list | cut -d' ' -f1); do
    "$WEIR" demo "$scene" -o "$work/$scene.jsonl" || failed=$((failed + 1))
    "$WEIR" demo "$scene" --internals -o "$work/$scene.inside.jsonl" || failed=$((failed + 1))
done

"$WEIR" ladder -o "$work/merged.jsonl" "$data/tun_rto.client.pcap" "$data/tun_rto.server.pcap" || failed=$((failed + 1))

cat >"$work/check.py" <<'PY'
import json, sys
import jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
# each event against its own definition: the message of a failed oneOf says nothing
validators = {}
for kind in schema["properties"]["e"]["enum"]:
    part = dict(schema["$defs"][kind], **{"$defs": schema["$defs"]})
    validators[kind] = jsonschema.Draft202012Validator(part)
whole = jsonschema.Draft202012Validator(schema)
seen, events = set(), 0
for path in sys.argv[2:]:
    numbers, kinds = [], []
    for line in open(path, encoding="utf-8"):
        event = json.loads(line)
        for error in validators[event["e"]].iter_errors(event):
            sys.exit(f"{path}: {error.message}: {line}")
        events += 1
        kinds.append(event["e"])
        if event["e"] == "segment":
            assert event["n"] == len(numbers) + 1, line
            numbers.append(event["n"])
    assert whole.is_valid(event), line
    outside = [k for k, line in zip(kinds, open(path)) if k != "internal" and '"source":"stack"' not in line]
    assert outside[0] == "connection" and outside[-1] == "end", outside
    for line in open(path, encoding="utf-8"):
        event = json.loads(line)
        refers = event.get("acks", []) + event.get("segs", [])
        refers += [event[k] for k in ("first", "repaired_by", "n") if event.get(k) is not None]
        for n in refers:
            assert 0 <= n <= len(numbers), (path, line)
        if event["e"] == "segment":
            assert all(n <= event["n"] for n in event.get("acks", [])), line
    seen |= set(kinds)
assert seen == set(validators), seen
for bad in ({"v": 1, "e": "end", "conn": 1, "how": "rude", "segments": 1, "bytes": [0, 0]},
            {"v": 1, "e": "nothing", "conn": 1}, {"e": "end"}, dict(event, more=1)):
    assert not whole.is_valid(bad), bad
print(events)
PY
holds "all events are as the schema says" python3 "$work/check.py" "$WEIR_SOURCE/docs/ladder.schema.json" "$work"/*.jsonl
expect "--json is --to jsonl" "$("$WEIR" ladder --json "$data/lo_basic.pcap")" \
    "$("$WEIR" ladder --to jsonl "$data/lo_basic.pcap")"
expect "every retransmission of tun_fastrx names what it repairs" 1 \
    "$(grep -c '"e":"loss".*"repaired_by":50,"how":"retx_fast"' "$work/tun_fastrx.client.pcap.jsonl")"
finish jsonl_schema
