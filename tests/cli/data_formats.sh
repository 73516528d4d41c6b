#!/usr/bin/env bash
# qlog, qvis's qlog, CSV and xplot: golden files, and what their readers need to find in them.
set -uo pipefail
. "$(dirname "$0")/lib_golden.sh"

compare seed.sqlog "$WEIR" ladder --to qlog "$data/seed_exact.client.pcap"
compare demo_lost_segment.qlog "$WEIR" demo lost-segment --to qlog-qvis
compare tun_fastrx.xpl "$WEIR" ladder --to xplot "$data/tun_fastrx.client.pcap"
compare lo_nagle.csv "$WEIR" ladder --to csv "$data/lo_nagle.pcap"

for capture in "$data"/*.pcap; do
    for extension in sqlog qlog csv xpl; do
        "$WEIR" ladder -o "$work/$(basename "$capture").$extension" "$capture" ||
            { echo "FAILED: $extension of $capture"; failed=$((failed + 1)); }
    done
done
for scene in $("$WEIR" demo --list | cut -d' ' -f1); do
    "$WEIR" demo "$scene" -o "$work/$scene.sqlog" && "$WEIR" demo "$scene" -o "$work/$scene.qlog" ||
        failed=$((failed + 1))
done

# ---- qlog: RFC 7464 records, a header before each trace, events in order of time ------------------------
cat >"$work/qlog.py" <<'PY'
import json, sys
NAMES = {"tcp:segment_sent", "tcp:segment_received", "tcp:segment_lost", "tcp:state_updated",
         "recovery:metrics_updated"}
for path in sys.argv[1:]:
    text = open(path, encoding="utf-8").read()
    assert text[0] == "\x1e" and text[-1] == "\n", path
    traces = []
    for record in text.split("\x1e")[1:]:
        value = json.loads(record)
        if "trace" in value:
            assert value["file_schema"] == "urn:ietf:params:qlog:file:sequential"
            assert value["serialization_format"] == "application/qlog+json-seq"
            assert value["trace"]["event_schemas"] == ["urn:weir:params:qlog:events:tcp-1"]
            assert value["trace"]["common_fields"]["time_format"] == "relative_to_epoch"
            traces.append((value["trace"]["vantage_point"]["type"], []))
        else:
            assert set(value) == {"time", "name", "data"} and value["name"] in NAMES, record
            traces[-1][1].append(value)
    kinds = [kind for kind, _ in traces]
    assert kinds in (["client"], ["server"], ["network"], ["client", "server"]), (path, kinds)
    for _, events in traces:
        times = [e["time"] for e in events]
        assert times == sorted(times), path
    if len(traces) == 2:  # what one side sent and did not lose, the other one received
        numbers = [[{e["data"]["header"]["segment_number"] for e in events if e["name"] == "tcp:segment_" + w}
                    for w in ("sent", "received", "lost")] for _, events in traces]
        for a, b in ((0, 1), (1, 0)):
            assert numbers[a][0] - numbers[a][2] == numbers[b][1], path
PY
holds "qlog is well-formed" python3 "$work/qlog.py" "$work"/*.sqlog

# ---- qvis: the fields that its sequence and congestion views read -----------------------------------------
cat >"$work/qvis.py" <<'PY'
import json, sys
seen = set()
for path in sys.argv[1:]:
    log = json.load(open(path, encoding="utf-8"))
    assert log["qlog_version"] == "draft-02" and log["traces"], path
    for trace in log["traces"]:
        assert trace["vantage_point"]["type"] in ("client", "server", "network")
        assert trace["configuration"]["time_units"] == "ms"
        sent, received, last = set(), set(), 0
        for event in trace["events"]:
            assert event["time"] >= last, path
            last = event["time"]
            category, name = event["name"].split(":")
            data = event["data"]
            seen.add(event["name"])
            if name in ("packet_sent", "packet_received"):
                assert category == "transport"
                header = data["header"]
                assert header["packet_size"] > 0, "qvis leaves packets without a size out"
                (sent if name == "packet_sent" else received).add(header["packet_number"])
                for frame in data["frames"]:
                    assert frame["frame_type"] in ("ack", "stream")
                    for low, high in frame.get("acked_ranges", []):
                        other = received if name == "packet_sent" else sent
                        assert low <= high and set(range(low, high + 1)) <= other, (path, event)
            elif name == "packet_lost":
                assert data["packet_number"] in sent, (path, event)
                assert data["header"]["packet_number"] == data["packet_number"]
            elif name == "metrics_updated":
                assert set(data) <= {"smoothed_rtt", "latest_rtt", "bytes_in_flight", "congestion_window"}
assert {"transport:packet_sent", "transport:packet_received", "recovery:packet_lost",
        "recovery:metrics_updated"} <= seen, seen
PY
holds "qvis finds its fields" python3 "$work/qvis.py" "$work"/*.qlog

# ---- CSV: tcptrace's columns; the figures that mean the same are the same ----------------------------------
if command -v tcptrace >/dev/null; then
    cat >"$work/figures.py" <<'PY'
import csv, subprocess, sys
SAME = """total_packets resets_sent ack_pkts_sent pure_acks_sent sack_pkts_sent max_sack_blks/ack
unique_bytes_sent actual_data_pkts actual_data_bytes pushed_data_pkts SYN/FIN_pkts_sent req_1323_ws/ts
req_sack sacks_sent max_segm_size min_segm_size data_xmit_time""".split()
for path in sys.argv[1:]:
    theirs = subprocess.run(["tcptrace", "--csv", "-l", "-r", "-n", "-W", path], capture_output=True, text=True)
    lines = [line for line in theirs.stdout.splitlines() if line and line[0] != "#"]
    names = [name.strip() for name in lines[0].split(",")]
    ours = list(csv.reader(open(f"{sys.argv[0].rsplit('/', 1)[0]}/{path.rsplit('/', 1)[1]}.csv")))
    assert set(ours[0]) <= set(names), set(ours[0]) - set(names)
    for a, b in zip(lines[1:], ours[1:]):
        a = dict(zip(names, [value.strip() for value in a.split(",")]))
        b = dict(zip(ours[0], b))
        for name in SAME:
            for way in ("_a2b", "_b2a"):
                assert a[name + way] == b[name + way], (path, name + way, a[name + way], b[name + way])
PY
    holds "tcptrace says the same" python3 "$work/figures.py" "$data"/*.pcap
else
    skip "CSV against tcptrace" "not installed"
fi

# ---- xplot: commands that xplot knows, with as many arguments as it wants ------------------------------------
cat >"$work/xpl.py" <<'PY'
import re, sys
COLOURS = {"white", "green", "red", "blue", "yellow", "purple", "orange", "magenta", "pink"}
for path in sys.argv[1:]:
    lines = open(path).read().splitlines()
    assert lines[0] == "double unsigned" and lines[1] == "title" and lines[-1] == "go", path
    i = 7
    while i < len(lines) - 1:
        words = lines[i].split()
        if words[0] in COLOURS:
            assert len(words) == 1
        elif words[0] == "line":
            assert re.fullmatch(r"line [\d.]+ \d+ [\d.]+ \d+", lines[i]), lines[i]
        elif words[0] in ("atext", "btext"):
            assert len(words) == 3
            i += 1
        else:
            assert words[0] in ("darrow", "uarrow", "x", "dtick", "htick") and len(words) == 3, lines[i]
        i += 1
PY
holds "xplot's language" python3 "$work/xpl.py" "$work"/*.xpl
expect "retransmissions in tun_fastrx's graph" 1 "$(grep -c '^R$' "$golden/tun_fastrx.xpl")"
finish data_formats
