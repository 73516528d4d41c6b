# lib_matrix.sh - small conversations on every kind of link; sourced after lib.sh.

# on_each_link COMMAND: makes a TUN and a TAP interface (numbers 1 and 2) and calls COMMAND KIND NUMBER FAMILY
# for both and both families.
on_each_link() {
    local kind family
    make_interface tun tun1 1
    make_interface tap tap2 2
    for kind in tun tap; do
        for family in 4 6; do
            "$@" "$kind" "$([ "$kind" = tun ] && echo 1 || echo 2)" "$family"
        done
    done
}
