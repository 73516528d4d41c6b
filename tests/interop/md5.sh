#!/usr/bin/env bash
# TCP-MD5 (RFC 2385) with the Linux kernel, both roles, directions and families: the kernel checks weir's MACs and weir
# the kernel's; no segment goes without one. Another key, or none, gets no connection, and both ends count it.
. "$(dirname "$0")/lib.sh"
enter "$@"
. "$here/lib_transfer.sh"

printf 'correct horse\n' >"$work/key"
printf 'battery staple\n' >"$work/other"
python3 - <<'PY' || skip "this kernel has no TCP_MD5SIG"
import errno, socket, struct, sys
try:
    address = struct.pack("=HH4s120x", socket.AF_INET, 0, bytes([127, 0, 0, 1]))
    socket.socket().setsockopt(socket.IPPROTO_TCP, 14, address + struct.pack("=BBHi80s", 0, 0, 1, 0, b"x"))
except OSError as e:
    sys.exit(e.errno == errno.ENOPROTOOPT)
PY

counter() { # NAME: of TcpExt
    awk -v name="$1" '$1 == "TcpExt:" { if (!at) { for (i = 2; i <= NF; i++) if ($i == name) at = i } else print $at }' \
        /proc/net/netstat
}

make_file "$work/file" 3M
sum=$(sum_of "$work/file")
number=0
PEER_OPTIONS=(--md5-key "$work/key")
one() { # FAMILY OFFLOAD ROLE DIRECTION
    number=$((number + 1))
    make_interface tun "tun$number" $number
    transfer $number tun "$1" "$2" "$3" "$4" "$work/file" "$sum" --md5-key "$work/key" -w "$work/w$number.pcapng"
    python3 "$here/check_md5.py" "$work/w$number.pcapng" 10 || fail "$*: the capture"
}
each_way one
[ "$(counter TCPMD5Failure)$(counter TCPMD5NotFound)$(counter TCPMD5Unexpected)" = 000 ] ||
    fail "the kernel did not like a MAC"

# refused_by_linux FAMILY OPTION...: weir connects with the wrong key or none
refused_by_linux() {
    local family=$1 before after name=$2
    shift 2
    fresh
    before=$(counter "$name")
    peer listen "$(linux_address "$family" 1)" 4000 --ready "$work/ready" --timeout 4 --md5-key "$work/key" \
        "expect=timed out" >"$work/peer" 2>&1 &
    wait_for_file "$work/ready"
    weir_at tun 1
    "${weir[@]}" --timeout 3s "$@" "$(linux_address "$family" 1)" 4000 </dev/null >"$work/out" 2>"$work/err"
    expect_code $? 1 "a connection with $*"
    wait $! || fail "Linux took a connection with $*: $(cat "$work/peer")"
    rm "$work/ready"
    after=$(counter "$name")
    [ "$after" -gt "$before" ] || fail "Linux did not count $name"
    say "IPv$family: refused by Linux, $name $((after - before))"
}

# refused_by_weir FAMILY DROP OPTION...: Linux connects
refused_by_weir() {
    local family=$1 drop=$2 weir_pid
    shift 2
    fresh
    weir_at tun 1
    "${weir[@]:2}" --md5-key "$work/key" -l 4001 </dev/null >"$work/out" 2>"$work/err" &
    weir_pid=$!
    wait_for_text Listening "$work/err"
    peer connect "$(weir_address "$family" 1)" 4001 --timeout 3 "$@" "expect=timed out" >"$work/peer" 2>&1 ||
        fail "a connection with $* to weir: $(cat "$work/peer")"
    kill -TERM $weir_pid
    wait $weir_pid
    grep -q "^Dropped: $drop [1-9]" "$work/err" || fail "weir did not count $drop: $(cat "$work/err")"
    [ -s "$work/out" ] && fail "weir received something"
    say "IPv$family: refused by weir, $(grep Dropped "$work/err")"
}

for family in 4 6; do
    refused_by_linux $family TCPMD5Failure --md5-key "$work/other"
    refused_by_linux $family TCPMD5NotFound
    refused_by_weir $family auth-mac --md5-key "$work/other"
    refused_by_weir $family auth-missing
done
