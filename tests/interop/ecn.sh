#!/usr/bin/env bash
# Explicit congestion notification with the Linux kernel, both roles and directions: RFC 3168 and, where the kernel
# has it, AccECN (RFC 9768). weir's impairment marks; the captures must show the marks answered, both ways.
. "$(dirname "$0")/lib.sh"
enter "$@"
. "$here/lib_transfer.sh"

make_file "$work/file" 2M
sum=$(sum_of "$work/file")
number=0

# one FAMILY OFFLOAD ROLE DIRECTION ECN LINUX: weir's --ecn and Linux's tcp_ecn
one() {
    number=$((number + 1))
    setting ipv4/tcp_ecn "$6" || fail "tcp_ecn $6"
    make_interface tun "tun$number" $number
    transfer $number tun "$1" "$2" "$3" "$4" "$work/file" "$sum" --ecn "$5" --mark 2% --rate 200mbit --delay 2ms \
        --seed $number -w "$work/w$number.pcapng"
    python3 "$here/check_ecn.py" "$work/w$number.pcapng" "$4" "$7" || fail "$*: the capture"
}

for family in 4 6; do
    for role in client server; do
        for direction in send receive; do
            one $family off $role $direction on 1 classic
        done
    done
done
one 4 on client send on 2 classic   # Linux only answers
one 4 on server receive passive 1 classic # weir only answers
one 4 off client send accurate 1 classic  # Linux has only the older one
if setting ipv4/tcp_ecn 3; then
    for family in 4 6; do
        for role in client server; do
            for direction in send receive; do
                one $family off $role $direction accurate 3 accurate
            done
        done
    done
    one 4 on client send accurate 3 accurate
    one 4 on client receive accurate 3 accurate
    one 4 off server receive on 3 classic
else
    say "this kernel has no AccECN"
fi
