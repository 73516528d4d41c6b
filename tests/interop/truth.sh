#!/usr/bin/env bash
# The truth corpus can still be made: captures of the relay and of the kernels join its log, all sent again is seen.
set -u
: "${WEIR_SOURCE:?source directory}"
. "$(dirname "$0")/lib.sh"
need unshare ip python3 tcpdump nsenter
[ "$(id -u)" = 0 ] || skip "network namespaces of several kernels need root"
export PYTHONDONTWRITEBYTECODE=1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
truth=$WEIR_SOURCE/tests/truth
python3 "$truth/corpus.py" --out "$out" 12 38 58
code=$?
[ $code -ne 77 ] || exit 77
[ $code -eq 0 ] || fail "the corpus"
[ "$(find "$out" -name '*.pcap' | wc -l)" -eq 6 ] || fail "captures are missing"
printf 'retx_sent 100 100\n' >"$out/least.txt"
python3 "$truth/score.py" --tools weir --least "$out/least.txt" "$out" || fail "the score"
python3 "$truth/make_findings.py" --out "$out" opened gso mss_exceeded || fail "the findings"
