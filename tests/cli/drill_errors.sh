#!/usr/bin/env bash
# What `weir drill` says of scripts that must not pass (tests/data/drill/*.pkt): each is run, and its verdict and
# message compared with tests/golden/drill-errors.txt; one also with its ladder. Then arguments and exit codes.
# UPDATE=1 writes the golden files anew: read the difference before committing it.
set -u
: "${WEIR:?path of the weir binary}" "${WEIR_SOURCE:?source directory}"
golden=$WEIR_SOURCE/tests/golden
unset LC_ALL LC_MESSAGES COLUMNS NO_COLOR
export LANG=C.UTF-8
failed=0
cd "$WEIR_SOURCE/tests/data/drill" || exit 1

compare() { # compare NAME TEXT
    if [ "${UPDATE:-}" ]; then
        printf '%s\n' "$2" >"$golden/$1.txt"
    elif ! diff -u "$golden/$1.txt" <(printf '%s\n' "$2"); then
        echo "FAIL: differs from tests/golden/$1.txt"
        failed=1
    fi
}

all=""
for script in *.pkt; do
    said=$("$WEIR" drill --strict --quiet --no-ladder "$script" 2>&1)
    all+="== exit $?"$'\n'"$said"$'\n'
done
compare drill-errors "$all"
compare drill-ladder "$("$WEIR" drill --strict --quiet --width=80 wrong-seq.pkt 2>&1 |
    sed 's/^ISN: server [0-9]*/ISN: server N/')"
compare drill-json "$("$WEIR" drill --json wrong-seq.pkt bad-syntax.pkt unknown-call.pkt ../../scripts/linger_zero.pkt 2>&1)"

expect() { # expect CODE LINE ARGUMENT...: standard error is exactly this line
    local code=$1 line=$2 actual error
    shift 2
    error=$("$WEIR" drill "$@" 2>&1 >/dev/null </dev/null)
    actual=$?
    [ "$actual" -eq "$code" ] || { echo "FAIL: weir drill $*: exit $actual, not $code"; failed=1; }
    [ "$error" = "$line" ] || { echo "FAIL: weir drill $*: \"$error\", not \"$line\""; failed=1; }
}
expect 64 "weir: no script given: weir drill"
expect 64 "weir: bad value for --ip-version: 5" --ip-version 5 x.pkt
expect 64 "weir: unknown option, or its value is missing: --nonsense" --nonsense
expect 64 "weir: bad value for --sysctl: net.ipv4.tcp_sack" --sysctl net.ipv4.tcp_sack x.pkt
expect 64 "weir: bad value for --sysctl: net.ipv4.nonsense=1" --sysctl net.ipv4.nonsense=1 x.pkt
expect 65 "weir: cannot read (No such file or directory): none.pkt" none.pkt
expect 71 "weir: cannot write /nowhere/w: No such file or directory" -w /nowhere/w wrong-seq.pkt
expect 1 "" wrong-seq.pkt ../../scripts/linger_zero.pkt
expect 65 "" wrong-seq.pkt bad-syntax.pkt
expect 69 "" unknown-call.pkt ../../scripts/linger_zero.pkt
expect 0 "" --quiet ../../scripts/sack_receiver.pkt
expect 1 "" --sysctl net.ipv4.tcp_sack=0 ../../scripts/sack_receiver.pkt
expect 0 "" --ignore-shell unknown-command.pkt
help=$("$WEIR" drill --help)
[[ $help == *"Exit codes"* ]] || { echo "FAIL: --help does not tell the exit codes"; failed=1; }

# every script of the project holds for IPv6, and for IPv6 sockets with IPv4 packets, unless it names a version
for version in 6 mapped; do
    said=$("$WEIR" drill --strict --quiet --no-ladder --ip-version $version ../../scripts/*.pkt) && code=0 || code=$?
    if [ $code -ne 0 ] && { [ $code -ne 69 ] || grep -v 'for another --ip_version$' <<<"$said" | head -n -1 | grep -q .; }; then
        echo "FAIL: scripts with --ip-version $version:"
        echo "$said"
        failed=1
    fi
done

# a capture has all packets
capture=$(mktemp)
"$WEIR" drill -q -w "$capture" ../../scripts/half_close.pkt >/dev/null && "$WEIR" ladder "$capture" | grep -q FIN ||
    { echo "FAIL: -w"; failed=1; }
rm -f "$capture"
exit $failed
