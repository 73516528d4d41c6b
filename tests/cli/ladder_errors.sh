#!/usr/bin/env bash
# What `weir` says about bad input and bad arguments: exactly one line on standard error, and the exit code.
#
# usage: WEIR=path/of/weir WEIR_SOURCE=top/of/source ladder_errors.sh
set -uo pipefail
export LC_ALL=C.UTF-8
unset LANG LC_MESSAGES

good=$WEIR_SOURCE/tests/data/seed_exact.client.pcap
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
    [ "$code" -eq 0 ] || [ "$(wc -l <error)" -eq 1 ] || fail "weir $*: not one line"
}

: >empty
printf 'this is not a capture at all, only text\n' >garbage
head -c 20 "$good" >short_header
head -c 300 "$good" >cut
mkdir folder
cp "$good" locked && chmod 000 locked
# a capture of ARP only: header of an Ethernet pcap file and one packet
printf '\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\xff\xff\0\0\1\0\0\0' >no_tcp
printf '\0\0\0\0\0\0\0\0\x2a\0\0\0\x2a\0\0\0' >>no_tcp
printf '\xff\xff\xff\xff\xff\xff\2\0\0\0\0\1\x08\x06%28s' '' >>no_tcp
printf '\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x69\0\0\0' >wifi

expect 69 "weir: no such file: missing" ladder missing
expect 65 "weir: empty file: empty" ladder empty
expect 65 "weir: not a capture file: garbage" ladder garbage
expect 65 "weir: the capture ends within its file header: short_header" ladder short_header
expect 65 "weir: is a directory: folder" ladder folder
expect 65 "weir: no TCP in 1 packets: no_tcp" ladder no_tcp
expect 65 "weir: link type 105 (IEEE802_11) is not understood: wifi" ladder wifi
expect 65 "weir: the capture is cut short: cut, packet 5 (offset 276)" ladder cut
grep -q '4 1001(20), ACK 8001' out || fail "what came before the cut is not drawn"
[ "$(id -u)" -eq 0 ] || expect 77 "weir: no permission to read: locked" ladder locked

expect 64 "weir: no verb given: try weir --help"
expect 64 "weir: unknown verb: dance" dance
expect 64 "weir: unknown option: --dance" --dance
expect 64 "weir: no file given: weir ladder" ladder
expect 64 "weir: more than two files: $good" ladder "$good" "$good" "$good"
expect 64 "weir: --merge takes one file with two interfaces: $good" ladder --merge "$good" "$good"
expect 65 "weir: --merge needs two interfaces, this file has 1: $good" ladder --merge "$good"
expect 69 "weir: no such file: missing.pcap" ladder "$good" missing.pcap
expect 64 "weir: bad filter (unknown port 'eighty'): port eighty" ladder "$good" 'port eighty'
expect 64 "weir: more than one filter (put it into quotes): 80" ladder "$good" port 80
expect 65 "weir: no TCP passes the filter (port 80) in 10 packets: $good" ladder "$good" 'port 80'
expect 0 "" ladder "$good" 'port 8000 and host 192.168.0.100'
expect 0 "" ladder --filter='port 8000' "$good"
gzip -c "$good" >good.gz
expect 0 "" ladder good.gz
head -c 200 good.gz >cut.gz
expect 65 "weir: the compressed file ends too early: cut.gz, packet 4 (offset 200)" ladder cut.gz
"$WEIR" ladder "$good" >whole
gzip -c "$good" | "$WEIR" ladder - | cmp -s - whole || fail "a gzipped pipe is drawn differently"
expect 64 "weir: unknown option, or its value is missing: --dance" ladder --dance "$good"
expect 64 "weir: unknown option, or its value is missing: -Z" ladder -Z "$good"
expect 64 "weir: unknown option, or its value is missing: --width" ladder "$good" --width
expect 64 "weir: bad value for --width (56 to 400): 12" ladder --width=12 "$good"
expect 64 "weir: bad value for --width (56 to 400): wide" ladder --width=wide "$good"
expect 64 "weir: bad value for --lang: fr" ladder --lang=fr "$good"
expect 64 "weir: bad value for --seq: nice" ladder --seq=nice "$good"
expect 64 "weir: bad value for --color: red" ladder --color=red "$good"
expect 64 "weir: bad value for --conn: 0" ladder --conn=0 "$good"
expect 64 "weir: no such connection (there are 1): --conn 2" ladder --conn=2 "$good"
expect 64 'weir: bad value for --from: 0' ladder --from=0 "$good"
expect 64 'weir: bad value for --until: 3x' ladder --until=3x "$good"
expect 64 'weir: --until 3 is before --from 5' ladder --from=5 --until=3 "$good"
expect 64 'weir: bad value for --only: everything' ladder --only=everything "$good"
expect 64 'weir: bad value for --style: dots' ladder --style=dots "$good"
expect 64 'weir: bad value for --ambiguous: 3' ladder --ambiguous=3 "$good"
expect 64 'weir: bad value for --fail-on: never' ladder --fail-on=warn,never "$good"
[ ! -w /dev/full ] || {
    "$WEIR" ladder "$good" >/dev/full 2>error
    [ $? -eq 71 ] || fail "a full disk is not noticed"
}

expect 0 "" --help
expect 0 "" --version
expect 0 "" ladder --help
grep -q -- --seq out || fail "weir ladder --help does not tell of --seq"
expect 0 "" ladder --conn=1 "$good"

# ---- language and encoding come from the environment --------------------------------------------------
env -u LC_ALL LANG=zh_CN.UTF-8 "$WEIR" ladder --width=80 "$good" | grep -q '客户端' || fail "LANG=zh_CN.UTF-8"
env -u LC_ALL LANG=zh_CN.UTF-8 LC_MESSAGES=en_US.UTF-8 "$WEIR" ladder "$good" | grep -q client || fail "LC_MESSAGES"
env -u LC_ALL "$WEIR" ladder --lang=zh "$good" | grep -q '客户端' || fail "--lang=zh with no locale set"
LC_ALL=C "$WEIR" ladder "$good" | LC_ALL=C grep -q '[^ -~]' && fail "LC_ALL=C does not draw with ASCII"
LC_ALL=C.UTF-8 "$WEIR" ladder "$good" | grep -q '⠉' || fail "C.UTF-8 does not draw with braille"
NO_COLOR=1 "$WEIR" ladder --color=auto "$good" | grep -q $'\033' && fail "NO_COLOR"

# ---- a reader that goes away is no error to talk about --------------------------------------------------
("$WEIR" ladder "$good" 2>error || true) | head -n 1 >/dev/null
[ ! -s error ] || fail "noise when the reader goes away: $(cat error)"

# ---- both ends in one file, as the relay writes it --------------------------------------------------------
other=$WEIR_SOURCE/tests/data/seed_exact.server.pcap
python3 "$WEIR_SOURCE/tests/cli/join_captures.py" --together both.pcapng "$good" "$other" || fail "join_captures.py"
"$WEIR" ladder --merge both.pcapng | grep '│' >merged # without the findings, which name frames
"$WEIR" ladder "$good" "$other" | grep '│' | cmp -s - merged || fail "--merge is not as two files"
"$WEIR" ladder --merge --width=120 - <both.pcapng >merged
grep -q '0.020275' merged || fail "--merge of standard input"

# ---- every prefix of a capture: no crash, never more than one line ---------------------------------------
size=$(wc -c <"$good")
for ((n = 0; n < size; n += 13)); do
    head -c "$n" "$good" >prefix
    "$WEIR" ladder prefix >out 2>error
    code=$?
    [ $code -eq 65 ] || [ $code -eq 0 ] || fail "prefix of $n bytes: exit code $code"
    [ "$(wc -l <error)" -le 1 ] || fail "prefix of $n bytes: $(cat error)"
done

echo "ladder_errors: $failed failures"
[ "$failed" -eq 0 ]
