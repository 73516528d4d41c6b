# lib_transfer.sh - one file through one connection, either way; sourced after lib.sh.

# transfer NUMBER KIND FAMILY OFFLOAD ROLE DIRECTION FILE SUM [WEIR_OPTION...]
#   KIND tun|tap, FAMILY 4|6, OFFLOAD on|off, ROLE client|server (weir's), DIRECTION send|receive (weir's)
# PEER_OPTIONS: an array for peer.py. Prints one line; fails if a byte, an exit code or the end of a direction is wrong.
PEER_OPTIONS=()
transfer() {
    local number=$1 kind=$2 family=$3 offload=$4 role=$5 direction=$6 file=$7 sum=$8
    shift 8
    local name="$kind IPv$family offload $offload, weir $role, weir ${direction}s"
    local port=$((2000 + RANDOM % 20000)) tag="$work/$number.$BASHPID" options=("$@")
    local weir steps=(recv) input=$file result=0 began got want_out want_peer
    want_out=$(sha256sum </dev/null | cut -d' ' -f1) want_peer="$(stat -c %s "$file") $sum"
    if [ "$direction" = receive ]; then
        steps=("send=$file" shut recv) input=/dev/null
        want_peer="0 $want_out" want_out=$sum
    fi
    [ "$offload" = on ] || options+=(--no-offload)
    rm -f "$tag".*
    weir_at "$kind" "$number"
    began=$(date +%s%N)
    if [ "$role" = client ]; then
        peer listen "$(linux_address "$family" "$number")" "$port" --ready "$tag.ready" "${PEER_OPTIONS[@]}" \
            "${steps[@]}" >"$tag.peer" 2>&1 &
        wait_for_file "$tag.ready"
        "${weir[@]}" "${options[@]}" "$(linux_address "$family" "$number")" "$port" \
            <"$input" 2>"$tag.err" | sha256sum >"$tag.out"
        result=${PIPESTATUS[0]}
        wait $! || result="peer: $?"
    else
        { "${weir[@]}" "${options[@]}" -l "$port" <"$input" 2>"$tag.err"; echo $? >"$tag.code"; } |
            sha256sum >"$tag.out" &
        wait_for_text Listening "$tag.err"
        peer connect "$(weir_address "$family" "$number")" "$port" "${PEER_OPTIONS[@]}" "${steps[@]}" >"$tag.peer" 2>&1 || result="peer: $?"
        wait $!
        [ "$result" != 0 ] || result=$(cat "$tag.code")
    fi
    got=$(date +%s%N)
    [ "$result" = 0 ] || fail "$name: exit code $result; weir: $(tail -1 "$tag.err") peer: $(cat "$tag.peer")"
    [ "$(cut -d' ' -f1 <"$tag.out")" = "$want_out" ] || fail "$name: what weir received is not what was sent"
    [ "$(head -1 "$tag.peer")" = "$want_peer" ] || fail "$name: what Linux received is not what was sent: $(cat "$tag.peer")"
    say "$name: $(((got - began) / 1000000)) ms in all"
}

# each_way COMMAND...: calls it with FAMILY OFFLOAD ROLE DIRECTION, all 16 combinations.
each_way() {
    local family offload role direction
    for family in 4 6; do
        for offload in on off; do
            for role in client server; do
                for direction in send receive; do
                    "$@" "$family" "$offload" "$role" "$direction"
                done
            done
        done
    done
}
