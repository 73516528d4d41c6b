#!/usr/bin/env bash
# weir nc --ladder draws the conversation while it goes on: the same segments, each once, as weir ladder draws
# afterwards from the capture of -w; and what was lost on purpose is drawn as lost.
. "$(dirname "$0")/lib.sh"
enter "$@"
. "$here/lib_matrix.sh"

# The labels, from a ladder in ASCII.
labels() { sed -n 's/^.\{22\}|\( *\)\([0-9][0-9]* [^|]*[^| ]\) *|.*$/\2/p' "$1"; }
# Without what only the future shows.
known() { sed 's/  *\(needless\|lost?\)//' | tr -s ' '; }
drawing=(--ladder --ascii --width 100)

# converse PEER_STEP... -- OPTION...: weir sends the file, the ladder is in $work/live
converse() {
    local steps=()
    while [ "$1" != -- ]; do
        steps+=("$1")
        shift
    done
    shift
    rm -f "$work/ready"
    peer listen "$linux" 7000 --ready "$work/ready" "${steps[@]}" >"$work/peer" &
    wait_for_file "$work/ready"
    "${weir[@]}" "${drawing[@]}" "$@" "$linux" 7000 <"$work/file" >"$work/out" 2>"$work/live" || fail "$(cat "$work/live")"
    wait $! || fail "peer: $(cat "$work/peer")"
}

one() {
    converse recv text=answer -- -w "$work/w.pcapng"
    "$WEIR" ladder --all --ascii --width 100 "$work/w.pcapng" >"$work/later" || fail "weir ladder"
    diff <(labels "$work/live" | known) <(labels "$work/later" | known) || fail "$kind IPv$family: not what the capture shows"
    [ "$(labels "$work/live" | wc -l)" -gt 20 ] || fail "$kind IPv$family: too short: $(cat "$work/live")"
    for state in SYN-SENT ESTABLISHED FIN-WAIT-1 TIME-WAIT; do
        grep -q "$state" "$work/live" || fail "$kind IPv$family: no $state"
    done
    converse recv -- --drop-out 6 --delay 20ms
    [ "$(grep -c " lost " "$work/live")" -eq 1 ] || fail "$kind IPv$family: $(cat "$work/live")"
    labels "$work/live" | grep -q "rtx#" || fail "$kind IPv$family: no retransmission: $(cat "$work/live")"
    say "$kind IPv$family: $(labels "$work/later" | wc -l) segments drawn while they passed"
}
make_file "$work/file" 40000
on_each_link one
