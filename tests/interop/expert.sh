#!/usr/bin/env bash
# What tshark thinks of clean runs, captured by tcpdump on the interface and by weir itself: no error, nothing
# malformed, no retransmission, no reordering, no lost or unseen segment; and in weir's own captures, where all
# checksums are complete, none that is wrong.
. "$(dirname "$0")/lib.sh"
enter "$@"
. "$here/lib_transfer.sh"

bad='_ws.malformed || _ws.expert.severity == error || tcp.analysis.retransmission
    || tcp.analysis.fast_retransmission || tcp.analysis.spurious_retransmission || tcp.analysis.rto
    || tcp.analysis.out_of_order || tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment
    || tcp.analysis.duplicate_ack || tcp.analysis.reused_ports'

# Headers only: tcpdump's ring has room for many short packets, and nothing can be lost.
start_capture() { # INTERFACE FILE
    tcpdump -i "$1" -w "$2" -s 128 -B 65536 --immediate-mode -U -Z "$(id -un)" tcp 2>"$2.log" &
    capture=$!
    wait_for_text "listening on" "$2.log"
}

is_settled() { # FILE: it does not grow any more
    local size
    size=$(stat -c %s "$1")
    sleep 0.1
    [ "$(stat -c %s "$1")" -eq "$size" ]
}
stop_capture() { # FILE
    wait_for 20 is_settled "$1"
    kill -INT "$capture"
    wait "$capture"
    grep -q "^0 packets dropped by kernel" "$1.log" || skip "tcpdump could not keep up: $(tail -1 "$1.log")"
}

ask_tshark() { # FILE OPTION...
    local file=$1 found connections
    shift
    set -- "$@" -d tcp.port==1-65535,data # random bytes look like many a protocol
    connections=$(tshark -n -r "$file" "$@" -Y "tcp.flags.syn == 1 && tcp.flags.ack == 1" 2>/dev/null | wc -l)
    [ "$connections" -eq 8 ] || fail "$file: $connections connections instead of 8"
    found=$(tshark -n -r "$file" "$@" -Y "${bad//$'\n'/ }" 2>/dev/null)
    [ -z "$found" ] || fail "$(basename "$file"): tshark complains:
$(head -20 <<<"$found")"
    say "$(basename "$file"): nothing to complain about in $(capinfos -rTcM "$file" | cut -f2) packets"
}

# Linux sends a tail loss probe after some 4 ms without an ACK. On a machine that is busy with captures and
# checksums that tells of the machine; whoever is late by 200 ms is still found out.
setting ipv4/tcp_early_retrans 0 || skip "the tail loss probe cannot be switched off"

number=0
captured() { # KIND OFFLOAD: all eight ways on one interface
    local kind=$1 offload=$2 family role direction count=0
    number=$((number + 1))
    make_interface "$kind" "$kind$number" "$number"
    local file="$work/$kind-offload-$offload"
    start_capture "$kind$number" "$file.linux.pcap"
    for family in 4 6; do
        for role in client server; do
            for direction in send receive; do
                count=$((count + 1))
                transfer "$number" "$kind" "$family" "$offload" "$role" "$direction" "$work/file" "$sum" \
                    -w "$file.weir.$count.pcapng" >"$work/log" || exit 1
            done
        done
    done
    stop_capture "$file.linux.pcap"
    mergecap -F pcapng -w "$file.weir.pcapng" "$file".weir.[0-9]*.pcapng
    ask_tshark "$file.linux.pcap"
    ask_tshark "$file.weir.pcapng" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE
    rm "$file".*
}

need tshark tcpdump mergecap capinfos
make_file "$work/file" 4M
sum=$(sum_of "$work/file")
for offload in on off; do
    captured tun $offload
    captured tap $offload
done
