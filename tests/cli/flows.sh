#!/usr/bin/env bash
# weir flows: its list, its order, its JSON against the schema, what it says about bad input.
#
# usage: WEIR=path/of/weir WEIR_SOURCE=top/of/source flows.sh
set -uo pipefail
export LC_ALL=C.UTF-8
unset LANG LC_MESSAGES

data=$WEIR_SOURCE/tests/data
good=$data/seed_exact.client.pcap
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0

fail() {
    echo "FAILED: $1"
    failed=$((failed + 1))
}

expect() { # expect CODE LINE ARGUMENT...: standard error is exactly this line
    local code=$1 line=$2 actual error
    shift 2
    "$WEIR" "$@" >out 2>error </dev/null
    actual=$?
    error=$(cat error)
    [ "$actual" -eq "$code" ] || fail "weir $*: exit code $actual, not $code"
    [ "$error" = "$line" ] || fail "weir $*: \"$error\", not \"$line\""
}

# All captures of tests/data as one (all are pcap of link type RAW or Ethernet, so through pcapng).
python3 "$WEIR_SOURCE/tests/cli/join_captures.py" all.pcapng "$data"/*.pcap || fail "join_captures.py"

: >empty
head -c 300 "$good" >cut
expect 64 "weir: no file given: weir flows" flows
expect 64 "weir: more than one file: $good" flows "$good" "$good"
expect 64 "weir: bad value for --sort: badness" flows --sort=badness "$good"
expect 64 "weir: bad value for --top: 0" flows --top=0 "$good"
expect 64 "weir: bad filter (unknown port 'eighty'): port eighty" flows "$good" 'port eighty'
expect 65 "weir: no TCP passes the filter (port 80) in 10 packets: $good" flows "$good" 'port 80'
expect 65 "weir: empty file: empty" flows empty
expect 69 "weir: no such file: missing" flows missing
expect 65 "weir: the capture is cut short: cut, packet 5 (offset 276)" flows cut
grep -q '192.168.0.200:8000' out || fail "what came before the cut is not listed"
expect 65 "weir: the capture is cut short: cut, packet 5 (offset 276)" flows --json cut
grep -q '"damage":"the capture is cut short: cut, packet 5 (offset 276)"' out || fail "damage is not in the JSON"
expect 0 "" flows --help

# One line per conversation, worst first, none wider than asked for.
for width in 80 120; do
    for lang in en zh; do
        "$WEIR" flows --width=$width --lang=$lang all.pcapng >list || fail "exit code of the list"
        python3 - list $width <<'PY' || fail "a line is wider than $width ($lang)"
import sys, unicodedata
lines = open(sys.argv[1], encoding="utf-8").read().splitlines()
wide = lambda s: sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in s)
assert all(wide(line) <= int(sys.argv[2]) for line in lines), max(lines, key=wide)
assert not any("\033" in line for line in lines)
PY
    done
done
[ "$(tail -n +2 list | wc -l)" -eq "$("$WEIR" flows --json all.pcapng | grep -c '"e":"flow"')" ] || fail "count"
"$WEIR" flows --top=3 all.pcapng | tail -n +2 | grep -qvE 'rst|refu|fin|open|time' && fail "no end"
[ "$("$WEIR" flows --top=3 all.pcapng | wc -l)" -eq 4 ] || fail "--top"
"$WEIR" flows --sort=start all.pcapng | awk 'NR > 1 && $1 != NR - 1 {exit 1}' || fail "--sort=start"
"$WEIR" flows --sort=duration --json all.pcapng | python3 -c '
import json, sys
d = [e["duration"] for e in map(json.loads, sys.stdin) if e["e"] == "flow"]
assert d == sorted(d, reverse=True)' || fail "--sort=duration"
"$WEIR" flows --json all.pcapng | python3 "$WEIR_SOURCE/tests/cli/check_flows.py" "$WEIR_SOURCE/docs/flows.schema.json" ||
    fail "the JSON does not follow docs/flows.schema.json"

# The same from a file, from a pipe, compressed.
"$WEIR" flows all.pcapng >file
"$WEIR" flows - <all.pcapng | cmp -s - file || fail "standard input"
gzip -c all.pcapng | "$WEIR" flows - | cmp -s - file || fail "gzip"

# What the segments of a known capture must give.
expect 0 "" flows --json "$data/tun_rto.client.pcap"
grep -q '"how":"fin".*"bytes":\[20000,12\].*"retx":\[13,0\]' out || fail "tun_rto.client: $(cat out)"
expect 0 "" flows --json "$data/tun_fastrx.client.pcap"
grep -q '"bytes":\[60000,12\].*"retx":\[1,0\]' out || fail "tun_fastrx.client: $(cat out)"
expect 0 "" flows --json "$data/tun_zerowin.client.pcap"
grep -q '"retx":\[0,0\].*"zero_windows":1' out || fail "tun_zerowin.client: $(cat out)"
expect 0 "" flows --json "$data/lo_refused.pcap"
grep -q '"how":"refused"' out || fail "lo_refused: $(cat out)"

echo "flows: $failed failures"
[ "$failed" -eq 0 ]
