#!/usr/bin/env bash
# 4 MB over a TUN link with 1 % loss, 20 ms each way and reordering: all ways at the same time, since each
# of them mostly waits. The trouble is weir's own, the same numbers in every run.
. "$(dirname "$0")/lib.sh"
enter "$@"
. "$here/lib_transfer.sh"

make_file "$work/file" 4M
sum=$(sum_of "$work/file")
number=0
processes=()
one() {
    number=$((number + 1))
    make_interface tun "tun$number" "$number"
    transfer "$number" tun "$@" "$work/file" "$sum" --loss 1% --delay 20ms --reorder 1% --seed "$number" &
    processes+=($!)
}
each_way one
bad=0
for process in "${processes[@]}"; do
    wait "$process" || bad=$((bad + 1))
done
[ "$bad" -eq 0 ] || fail "$bad of ${#processes[@]} transfers"
