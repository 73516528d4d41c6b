#!/usr/bin/env bash
# tun.sh - bulk transfers between weir on a TUN interface with offloads and the kernel's TCP, and between the
# kernel and itself over a veth pair, in namespaces of its own; needs root. MTU 1500 and CUBIC everywhere.
#
# usage: tun.sh BUILD MEGABYTES RUNS      prints lines "ROW RUN CPU_SECONDS_PER_GB", rows taking turns
#
# What is counted is the CPU time of the two processes. The kernel's work of TUN, veth and TCP runs in the
# context of whoever sends, mostly in soft interrupts; a kernel built without IRQ_TIME_ACCOUNTING charges those
# to the process they interrupt, so that they are in. A kernel built with it leaves them out of all rows.
#
# Exit code 77: not possible here; the last line says why.
set -uo pipefail

build=${1:?usage: tun.sh BUILD MEGABYTES RUNS}
megabytes=${2:-4000}
runs=${3:-5}
space=weir-bench-$$
work=$(mktemp -d)

cleanup() {
    local part
    for part in tun left right; do
        ip netns pids "$space-$part" 2>/dev/null | xargs -r kill 2>/dev/null
        ip netns del "$space-$part" 2>/dev/null
    done
    rm -rf "$work"
}
trap cleanup EXIT

skip() {
    echo "skipped: $1"
    exit 77
}

set_up() {
    local part
    for part in tun left right; do
        ip netns add "$space-$part" 2>/dev/null || return 1
        ip -n "$space-$part" link set lo up
    done
    ip -n "$space-tun" tuntap add dev wb0 mode tun vnet_hdr &&
        ip -n "$space-tun" addr add 10.99.0.1/24 dev wb0 &&
        ip -n "$space-tun" link set wb0 mtu 1500 up &&
        ip -n "$space-left" link add wb1 type veth peer name wb2 netns "$space-right" &&
        ip -n "$space-left" addr add 10.98.0.1/24 dev wb1 &&
        ip -n "$space-left" link set wb1 mtu 1500 up &&
        ip -n "$space-right" addr add 10.98.0.2/24 dev wb2 &&
        ip -n "$space-right" link set wb2 mtu 1500 up
}

in_space() { # in_space PART PROGRAM ARGUMENT...
    local part=$1 program=$2
    shift 2
    ip netns exec "$space-$part" timeout 60 "$build/bench/$program" "$@"
}

measure() { # measure ROW RUN: adds up what both programs wrote into $work
    if [ "$failed" -ne 0 ]; then
        echo "tun.sh: a transfer of \"$1\" failed" >&2
        exit 1
    fi
    awk -v row="$1" -v run="$2" '/_seconds / {s += $2} /^gigabytes / {b = $2}
        END {printf "%s %d %.4f\n", row, run, s / b}' "$work/a" "$work/b"
}

transfer() { # transfer ROW RUN: its sink in the background, then its source
    local failed=0 sink
    case $1 in
    tun-receive) in_space tun bench_tun sink wb0 10.99.0.2/24 10.99.0.1 7 "$megabytes" >"$work/a" & ;;
    tun-send) in_space tun bench_kernel sink 10.99.0.1 7 "$megabytes" >"$work/a" & ;;
    veth) in_space left bench_kernel sink 10.98.0.1 7 "$megabytes" >"$work/a" & ;;
    esac
    sink=$!
    case $1 in
    tun-receive) in_space tun bench_kernel source 10.99.0.2 7 "$megabytes" >"$work/b" || failed=1 ;;
    tun-send) sleep 0.1 && in_space tun bench_tun source wb0 10.99.0.2/24 10.99.0.1 7 "$megabytes" >"$work/b" || failed=1 ;;
    veth) in_space right bench_kernel source 10.98.0.1 7 "$megabytes" >"$work/b" || failed=1 ;;
    esac
    wait "$sink" || failed=1
    measure "$1" "$2"
}

[ "$(id -u)" -eq 0 ] || skip "namespaces and TUN need root"
[ -c /dev/net/tun ] || skip "there is no /dev/net/tun"
set_up || skip "cannot make namespaces with a TUN interface and a veth pair"
for run in $(seq "$runs"); do
    transfer tun-receive "$run"
    transfer veth "$run"
    transfer tun-send "$run"
done
