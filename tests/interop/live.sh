#!/usr/bin/env bash
# weir live against the kernel: on a loopback, at a lossy link between two Linux hosts, and of a command; what it draws
# is what weir ladder draws afterwards from the packets that it wrote.
. "$(dirname "$0")/lib.sh"
enter "$@"

need nsenter

labels() { sed -n 's/^.*|  *\([0-9][0-9]* [A-Z0-9][^|]*[^| ]\) *|.*$/\1/p' "$1"; }
# Without what only the future shows.
known() { sed 's/  *\(needless\|lost?\)//' | tr -s ' '; }
listens() { [ "$(wc -l </proc/net/packet)" -gt 1 ]; } # a packet socket in this namespace

start_live() { # ARGUMENT...: what it draws is in $work/live
    rm -f "$work/live" "$work/live.err"
    timeout 60 "$WEIR" live --ascii --width 110 "$@" >"$work/live" 2>"$work/live.err" &
    live=$!
    wait_for 20 listens
}
stop_live() {
    kill -INT $live
    wait $live || fail "weir live: exit code $?: $(cat "$work/live.err")"
    live=
}
count_is() { [ "$(grep -c "$1" "$2")" -eq "$3" ]; } # TEXT FILE N

# talk PORT STEP...: a server at this port that says the steps, and a client that answers
serve() { # PORT STEP...
    rm -f "$work/ready.$1"
    peer listen 127.0.0.1 "$1" --ready "$work/ready.$1" "${@:2}" >"$work/peer.$1" 2>&1 &
    wait_for_file "$work/ready.$1"
}

two_on_loopback() {
    start_live -i lo -w "$work/w.pcapng" 'port 6001 or port 6002'
    serve 6001 recv text=answer
    serve 6002 recv text=other
    peer connect 127.0.0.1 6001 text=question shut recv >/dev/null || fail "client 1"
    peer connect 127.0.0.1 6002 text=question shut recv >/dev/null || fail "client 2"
    wait_for 20 count_is 'closed by both sides' "$work/live" 2
    stop_live
    for state in SYN-SENT ESTABLISHED FIN-WAIT-1 LAST-ACK TIME-WAIT; do
        grep -q "^\[1\].*$state" "$work/live" || fail "no $state: $(cat "$work/live")"
    done
    grep -q '^\[2\]  127.0.0.1:[0-9]* -> 127.0.0.1:6002$' "$work/live" || fail "no second conversation: $(cat "$work/live")"
    grep -q ' 2 connections; dropped by the kernel: 0' "$work/live.err" || fail "no sum: $(cat "$work/live.err")"
    for n in 1 2; do # each packet once, as in the file
        "$WEIR" ladder --ascii --width 106 --all --conn $n "$work/w.pcapng" >"$work/later" || fail "weir ladder"
        grep "^\[$n\]" "$work/live" >"$work/live.$n"
        diff <(labels "$work/live.$n" | known) <(labels "$work/later" | known) || fail "conversation $n: not what the file shows"
    done
    say "loopback: $(labels "$work/live" | wc -l) segments of two conversations, each once"
}

as_events() {
    start_live -i lo --json 'port 6003'
    serve 6003 recv text=answer
    peer connect 127.0.0.1 6003 text=question shut recv >/dev/null || fail "client"
    wait_for_text '"e":"end"' "$work/live"
    stop_live
    python3 - "$work/live" <<'PYTHON' || fail "events: $(cat "$work/live")"
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
kinds = [e["e"] for e in events]
assert kinds[0] == "connection" and kinds[-1] == "summary" and kinds[-2] == "end", kinds
segments = [e for e in events if e["e"] == "segment"]
assert [e["n"] for e in segments] == list(range(1, len(segments) + 1)), segments
assert events[-2]["how"] == "fin" and events[-2]["bytes"] == [8, 6], events[-2]
assert events[-1]["drops"] == 0
PYTHON
    as_the_schema_says "$work/live"
    say "events: $(wc -l <"$work/live") lines"
}

# Every event is as its schema says, if there is something to check that with.
as_the_schema_says() {
    python3 -c 'import jsonschema' 2>/dev/null || return 0
    python3 - "$here/../../docs" "$@" <<'PYTHON' || fail "not as the schema says"
import json, sys
import jsonschema
ladder, live = (jsonschema.Draft202012Validator(json.load(open(f"{sys.argv[1]}/{name}.schema.json"))) for name in ("ladder", "live"))
known = live.schema["properties"]["e"]["enum"]
for path in sys.argv[2:]:
    for line in open(path):
        event = json.loads(line)
        assert (live if event["e"] in known else ladder).is_valid(event), line
assert not live.is_valid({"v": 1, "e": "drops", "packets": -1, "total": 0})
PYTHON
}

too_many_rows() {
    make_file "$work/file" 3000000
    start_live -i lo --json --rate 20 'port 6004'
    serve 6004 recv
    peer connect 127.0.0.1 6004 "send=$work/file" shut recv >/dev/null || fail "client"
    wait_for_text '"e":"end"' "$work/live"
    stop_live
    python3 - "$work/live" <<'PYTHON' || fail "too many rows: $(cat "$work/live")"
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
drawn = sum(e["e"] == "segment" for e in events)
omitted = sum(e["segments"] for e in events if e["e"] == "omitted")
total = sum(e["segments"] for e in events if e["e"] == "end")
assert omitted > 0 and drawn + omitted == total, (drawn, omitted, total)
print(f"live: rate: {drawn} of {total} segments drawn")
PYTHON
    as_the_schema_says "$work/live"
}

# Stopped, with a small buffer: the kernel drops packets, and that is a row as soon as weir can know it.
too_slow() {
    start_live -i lo --buffer 64 --only findings 'port 6009'
    kill -STOP $live
    python3 - <<'PYTHON'
import socket
for _ in range(2000):
    with socket.socket() as s:
        s.connect_ex(("127.0.0.1", 6009))
PYTHON
    kill -CONT $live
    wait_for_text '^[0-9]* packets were dropped by the kernel: what follows has holes$' "$work/live"
    stop_live
    local dropped
    dropped=$(sed -n 's/.*dropped by the kernel: \([0-9]*\),.*/\1/p' "$work/live.err")
    [ "$dropped" -gt 0 ] || fail "the sum does not tell: $(cat "$work/live.err")"
    say "too slow: the kernel dropped $dropped packets, and it is told"
}

of_a_command() {
    serve 6005 recv text=answer
    serve 6006 recv text=foreign wait="$work/over"
    rm -f "$work/over"
    peer connect 127.0.0.1 6006 until-readable text=question shut recv >/dev/null 2>&1 &
    local foreign=$!
    # shellcheck disable=SC2016
    "$WEIR" live --ascii --width 110 -- bash -c 'echo before; python3 "$0" connect 127.0.0.1 6005 text=question shut recv >/dev/null; exit 5' \
        "$here/peer.py" >"$work/out" 2>"$work/live" </dev/null
    expect_code $? 5 "a command's code"
    expect_text "$work/out" before
    grep -q -- '-> 127.0.0.1:6005' "$work/live" || fail "its conversation is not there: $(cat "$work/live")"
    grep -q 6006 "$work/live" && fail "another program's conversation: $(cat "$work/live")"
    grep -q 'closed by both sides' "$work/live" || fail "no end: $(cat "$work/live")"
    kill $foreign 2>/dev/null
    : >"$work/over"
    say "command: its conversation, and only that"
}

# ---- A lossy link between two hosts -------------------------------------------------------------------------

is_apart() { [ "$(readlink /proc/$neighbor/ns/net)" != "$(readlink /proc/self/ns/net)" ]; }
there() { nsenter --target $neighbor --net "$@"; }
start_relay() { # TROUBLE...
    make_interface tun here0 1
    ip tuntap add dev there0 mode tun
    fresh
    timeout 120 "$WEIR" relay --dev tun:here0 --dev tun:there0 "$@" 2>"$work/err" &
    relay=$!
    wait_for_text Relaying "$work/err"
    unshare --net sleep 1000 &
    neighbor=$!
    wait_for 20 is_apart
    ip link set there0 netns $neighbor
    there ip link set there0 txqueuelen 4000 up
    there ip addr add 10.9.1.2/24 dev there0
}

losses() {
    start_relay --no-offload --delay 40ms --drop-out 25
    make_file "$work/file" 200000
    start_live -i here0 --width 125 --rate 0 -w "$work/w.pcapng" 'tcp port 6000'
    rm -f "$work/ready"
    there timeout 100 python3 "$here/peer.py" listen 10.9.1.2 6000 --ready "$work/ready" recv >"$work/peer" 2>&1 &
    wait_for_file "$work/ready"
    peer connect 10.9.1.2 6000 "send=$work/file" shut recv >"$work/own" 2>&1 || fail "sender: $(cat "$work/own")"
    wait_for_text 'closed by both sides' "$work/live"
    stop_live
    grep -q '\^ #[0-9]* was lost; #[0-9]* brought' "$work/live" || fail "no loss: $(cat "$work/live")"
    grep -q '! FAST_RETX: ' "$work/live" || grep -q '! RACK: ' "$work/live" || fail "no finding: $(cat "$work/live")"
    grep -q '~' "$work/live" || fail "the far side's clock is not estimated"
    # the lesson is behind the segment that repaired it, and names one that was sent before
    local lost by
    read -r lost by < <(sed -n 's/.*\^ #\([0-9]*\) was lost; #\([0-9]*\) brought.*/\1 \2/p' "$work/live" | head -1)
    [ "$lost" -lt "$by" ] || fail "#$by cannot have repaired #$lost"
    grep -q "|  *$by [^|]* rtx#$lost " "$work/live" || fail "#$by is not the retransmission of #$lost: $(cat "$work/live")"
    "$WEIR" ladder "$work/w.pcapng" >/dev/null || fail "the file of a lossy link"
    rm -f "$work/ready"
    start_live -i here0 --only findings 'tcp port 6000'
    peer connect 10.9.1.2 6000 shut recv >/dev/null 2>&1 # nobody listens
    wait_for_text 'refused: 2 segments' "$work/live"
    stop_live
    [ "$(wc -l <"$work/live")" -eq 2 ] || fail "on call: $(cat "$work/live")"
    kill -TERM $relay
    wait $relay || fail "weir relay: exit code $?"
    kill $neighbor
    wait $neighbor
    ip link del here0
    say "link: #$lost was lost and #$by repaired it"
}

losses_as_events() {
    start_relay --no-offload --delay 40ms --drop-out 25
    start_live -i here0 --json 'tcp port 6000'
    rm -f "$work/ready"
    there timeout 100 python3 "$here/peer.py" listen 10.9.1.2 6000 --ready "$work/ready" recv >"$work/peer" 2>&1 &
    wait_for_file "$work/ready"
    peer connect 10.9.1.2 6000 "send=$work/file" shut recv >"$work/own" 2>&1 || fail "sender: $(cat "$work/own")"
    wait_for_text '"e":"end"' "$work/live"
    stop_live
    grep -q '"e":"lesson".*"what":"lost"' "$work/live" || fail "no lesson: $(cat "$work/live")"
    as_the_schema_says "$work/live"
    kill -TERM $relay
    kill $neighbor
    wait
    say "link: $(grep -c '"e":"lesson"' "$work/live") lessons as events"
}

two_on_loopback
as_events
too_many_rows
too_slow
of_a_command
losses
losses_as_events
