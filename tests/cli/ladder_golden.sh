#!/usr/bin/env bash
# Compares what `weir ladder` draws with tests/golden/*.txt, and the captures with what is known of them.
#
# usage: WEIR=path/of/weir WEIR_SOURCE=top/of/source ladder_golden.sh
# UPDATE=1 writes the golden files anew: look at the difference before you keep them.
set -uo pipefail
export LC_ALL=C.UTF-8 NO_COLOR= COLUMNS=
unset LANG LC_MESSAGES

data=$WEIR_SOURCE/tests/data
golden=$WEIR_SOURCE/tests/golden
failed=0
compared=0

compare() { # compare NAME CAPTURE OPTION...
    local name=$1 capture=$2 actual
    shift 2
    actual=$("$WEIR" ladder "$@" "$data/$capture.pcap" && echo .)
    actual=${actual%.}
    compared=$((compared + 1))
    if [ "${UPDATE:-}" = 1 ]; then
        printf '%s' "$actual" >"$golden/$name.txt"
    elif ! diff -u "$golden/$name.txt" <(printf '%s' "$actual"); then
        echo "FAILED: weir ladder $* tests/data/$capture.pcap"
        failed=$((failed + 1))
    fi
}

expect() { # expect WHAT EXPECTED ACTUAL
    if [ "$2" != "$3" ]; then
        echo "FAILED: $1: expected \"$2\", got \"$3\""
        failed=$((failed + 1))
    fi
}
json() { "$WEIR" ladder --json "$data/$1.pcap"; }
count() { # count CAPTURE PATTERN
    json "$1" | grep -c "$2"
}

# ---- drawings --------------------------------------------------------------------------------------
compare seed_60 seed_exact.client --width=60
for width in 72 80 120 200; do
    for lang in en zh; do
        for style in braille box ascii; do
            compare "seed_${width}_${lang}_$style" seed_exact.client "--width=$width" "--lang=$lang" "--style=$style"
        done
    done
done
compare seed_80_scan seed_exact.client --width=80 --style=scan
compare seed_80_zh_ambiguous seed_exact.client --width=80 --lang=zh --ambiguous=2
compare seed_80_compact seed_exact.client --width=80 --compact
compare fastrx_80 tun_fastrx.client --width=80
compare fastrx_80_ascii tun_fastrx.client --width=80 --ascii
compare fastrx_120 tun_fastrx.client --width=120
compare fastrx_120_zh tun_fastrx.client --width=120 --lang=zh
compare fastrx_200 tun_fastrx.client --width=200
compare fastrx_72_compact tun_fastrx.client --width=72 --compact --frame
compare fastrx_80_only tun_fastrx.client --width=80 --only=findings
compare fastrx_80_range tun_fastrx.client --width=80 --from=14 --until=20
compare rto_80 tun_rto.client --width=80
# both ends' captures: the sample of the specification, flights measured, losses proven
for pair in seed_exact tun_rto tun_halfclose; do
    compare "${pair}_merged_120" $pair.client --width=120 "$data/$pair.server.pcap"
    expect "$pair, given the other way round" "$("$WEIR" ladder "$data/$pair.client.pcap" "$data/$pair.server.pcap")" \
        "$("$WEIR" ladder "$data/$pair.server.pcap" "$data/$pair.client.pcap")"
done
compare seed_merged_120_zh seed_exact.client --width=120 --lang=zh "$data/seed_exact.server.pcap"
expect "losses that two captures prove" 13 "$("$WEIR" ladder --json "$data"/tun_rto.{client,server}.pcap | grep -c '"e":"loss"')"
compare rto_120_only tun_rto.client --width=120 --only=findings
compare seed_120_color seed_exact.client --width=120 --color=always
compare seed_server_80 seed_exact.server --width=80
compare seed_server_120 seed_exact.server --width=120
compare seed_json seed_exact.client --json
compare lo_basic_120 lo_basic --width=120
compare lo_basic_80_rel lo_basic --width=80 --seq=rel
compare lo_basic_60_raw lo_basic --width=60 --seq=raw
compare lo_refused_120_zh lo_refused --width=120 --lang=zh
compare lo_rstunread_80 lo_rstunread --width=80
compare lo_nagle_100 lo_nagle
compare tun_halfclose_120 tun_halfclose.client --width=120
compare tun_keepalive_120 tun_keepalive.client --width=120
compare tun_keepalive_120_zh tun_keepalive.client --width=120 --lang=zh
compare tun_urg_120_verbose tun_urg.client --width=120 -v
compare tun_zerowin_120 tun_zerowin.client --width=120
compare tun_rto_120 tun_rto.client --width=120
compare tun_rto_120_zh tun_rto.client --width=120 --lang=zh
compare tun_rto_server_80 tun_rto.server --width=80
compare tun_rto_json tun_rto.client --json

# ---- what a link type must not change ----------------------------------------------------------------
expect "Ethernet and raw IP" "$("$WEIR" ladder "$data/seed_exact.client.pcap")" \
    "$("$WEIR" ladder "$data/seed_exact.client.eth.pcap")"
expect "rows of tun_fastrx with --all --compact" 79 \
    "$("$WEIR" ladder --all --compact --width=100 "$data/tun_fastrx.client.pcap" | sed -n "4,/^$/p" | grep -c .)"
expect "standard input" "$("$WEIR" ladder "$data/seed_exact.client.pcap")" \
    "$("$WEIR" ladder - <"$data/seed_exact.client.pcap")"

# ---- what is known of the captures -------------------------------------------------------------------
expect "segments of seed_exact" 10 "$(count seed_exact.client '"e":"segment"')"
expect "segments of lo_basic" 11 "$(count lo_basic '"e":"segment"')"
expect "piggybacked ACKs of seed_exact" 1 "$(count seed_exact.client '"piggyback":true')"
expect "piggybacked ACKs of lo_basic" 0 "$(count lo_basic '"piggyback":true')"
expect "end of lo_refused" 1 "$(count lo_refused '"how":"refused"')"
expect "end of lo_rstunread" 1 "$(count lo_rstunread '"how":"rst"')"
expect "FINs of lo_rstunread" 0 "$(count lo_rstunread '"class":"fin"')"
expect "keep-alives" 3 "$(count tun_keepalive.client '"class":"keepalive"')"
expect "duplicate ACKs of tun_keepalive" 0 "$(count tun_keepalive.client dup_ack)"
expect "zero-window probes" 3 "$(count tun_zerowin.client zero_window_probe)"
expect "duplicate ACKs of tun_zerowin" 0 "$(count tun_zerowin.client dup_ack)"
expect "retransmissions of tun_rto" 13 "$(count tun_rto.client '"class":"retx')"
expect "retransmissions of tun_fastrx" 1 "$(count tun_fastrx.client '"class":"retx')"
expect "duplicate ACKs of tun_fastrx" 15 "$(count tun_fastrx.client '"class":"dup_ack"')"
expect "data while the client is in FIN-WAIT-2" 3 \
    "$(json tun_halfclose.client | sed -n '/"new":"FIN-WAIT-2"/,/"new":"TIME-WAIT"/p' | grep -c '"class":"data"')"
expect "states of the client, seed_exact" "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT" \
    "$(json seed_exact.client | sed -n 's/.*"side":"client".*"new":"\([^"]*\)".*/\1/p' | paste -sd ' ')"
expect "states of the server, seed_exact" "SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED" \
    "$(json seed_exact.client | sed -n 's/.*"side":"server".*"new":"\([^"]*\)".*/\1/p' | paste -sd ' ')"
for capture in "$data"/*.client.pcap; do # both ends tell the same states
    other=${capture%.client.pcap}.server.pcap
    [ -f "$other" ] || continue
    for side in client server; do
        expect "states of the $side at both ends of ${capture##*/}" \
            "$("$WEIR" ladder --json "$capture" | sed -n "s/.*\"side\":\"$side\".*\"new\":\"\([^\"]*\)\".*/\1/p" | paste -sd ' ')" \
            "$("$WEIR" ladder --json "$other" | sed -n "s/.*\"side\":\"$side\".*\"new\":\"\([^\"]*\)\".*/\1/p" | paste -sd ' ')"
    done
done

echo "ladder_golden: $compared drawings, $failed failures"
[ "$failed" -eq 0 ]
