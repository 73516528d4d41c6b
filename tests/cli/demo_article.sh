#!/usr/bin/env bash
# The article's conversation: exactly its ten segments with its states, the same (but for numbers and times)
# with other ISNs and ten times the delay, the same from the capture that -w writes, and the same as real
# Linux's in tests/data/seed_exact.client.pcap.
set -u
: "${WEIR:?path of the weir binary}" "${WEIR_SOURCE:?source directory}"
export LANG=C.UTF-8
unset LC_ALL LC_MESSAGES
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

fail() {
    echo "FAIL: $*"
    failed=1
}

# The labels in order, from a ladder at 80 columns in ASCII.
labels() {
    sed -n 's/^.\{22\}|\( *\)\([0-9][0-9]* [^|]*[^| ]\) *|.*$/\2/p'
}

cat >"$dir/article" <<'END'
1 SYN, 1000(0), <mss 1460>
2 SYN, 8000(0), ACK 1001, <mss 1024>
3 ACK 8001
4 1001(20), ACK 8001
5 8001(10), ACK 1021
6 ACK 8011
7 FIN, 1021(0), ACK 8011
8 ACK 1022
9 FIN, 8011(0), ACK 1022
10 ACK 8012
END

"$WEIR" demo --ascii --width=80 -w "$dir/a.pcapng" >"$dir/ladder" || fail "weir demo"
labels <"$dir/ladder" | diff -u "$dir/article" - || fail "not the article's ten segments"

# states, on the row where their cause is sent or arrives
cat >"$dir/states" <<'END'
client SYN-SENT
server SYN-RCVD
client ESTABLISHED
server ESTABLISHED
client FIN-WAIT-1
server CLOSE-WAIT
client FIN-WAIT-2
server LAST-ACK
client TIME-WAIT
server CLOSED
END
sed -n -e '/|/{s/^.\{10\}\([A-Z][A-Z0-9-]*\) *|.*/client \1/p;s/^.\{22\}|.*| \([A-Z][A-Z0-9-]*\)$/server \1/p}' "$dir/ladder" |
    grep -v -e 'client CLOSED' -e 'server LISTEN' | diff -u "$dir/states" - || fail "states"

# other ISNs, ten times the delay: the same picture but for numbers and times
for isn in 0,0 4294967290,4294967295 123456789,987654321; do
    "$WEIR" demo --ascii --width=80 --isn=$isn --delay=200ms | labels >"$dir/other"
    [ "$(wc -l <"$dir/other")" -eq 10 ] || fail "--isn=$isn --delay=200ms: $(wc -l <"$dir/other") segments"
    # numbers relative to the ISN must be the article's
    python3 - "$isn" "$dir/other" "$dir/article" <<'END' || fail "--isn=$isn: other numbers"
import re, sys
c, s = (int(x) for x in sys.argv[1].split(","))
def relative(line, c, s):
    n, rest = re.sub(r", <.*", "", line.strip()).split(" ", 1)  # options are elided when numbers are long
    sender = c if int(n) in (1, 3, 4, 6, 7, 10) else s
    other = s if sender == c else c
    rest = re.sub(r"(\d+)\(", lambda m: "%d(" % ((int(m[1]) - sender) % 2**32), rest)
    return re.sub(r"ACK (\d+)", lambda m: "ACK %d" % ((int(m[1]) - other) % 2**32), rest)
mine = [relative(l, c, s) for l in open(sys.argv[2])]
article = [relative(l, 1000, 8000) for l in open(sys.argv[3])]
sys.exit(mine != article)
END
done

# from the capture it wrote, and from real Linux: the same ten lines
"$WEIR" ladder --ascii --width=80 "$dir/a.pcapng" | labels | diff -u "$dir/article" - ||
    fail "weir ladder on the capture of -w"
"$WEIR" ladder --ascii --width=80 "$WEIR_SOURCE/tests/data/seed_exact.client.pcap" | labels |
    diff -u "$dir/article" - || fail "weir ladder on seed_exact.client.pcap"

exit $failed
