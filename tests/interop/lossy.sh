#!/usr/bin/env bash
# 4 MB over links with 1 % loss, 20 ms each way and reordering: TUN and TAP in all ways at the same time, since
# each of them mostly waits. The trouble is weir's own, the same in every run.
. "$(dirname "$0")/lib.sh"
enter "$@"
. "$here/lib_transfer.sh"

make_file "$work/file" 4M
sum=$(sum_of "$work/file")
number=0
processes=()
one() {
    number=$((number + 1))
    make_interface "$kind" "$kind$number" "$number"
    transfer "$number" "$kind" "$@" "$work/file" "$sum" --loss 1% --delay 20ms --reorder 1% --seed "$number" &
    processes+=($!)
}
for kind in tun tap; do
    each_way one
done
bad=0
for process in "${processes[@]}"; do
    wait "$process" || bad=$((bad + 1))
done
[ "$bad" -eq 0 ] || fail "$bad of ${#processes[@]} transfers"
