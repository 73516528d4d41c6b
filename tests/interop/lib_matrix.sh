# lib_matrix.sh - small conversations on every kind of link; sourced after lib.sh.

# on_each_link COMMAND: makes a TUN and a TAP interface and calls COMMAND for both and both families, with
#   $kind tun|tap, $family 4|6, $linux and $at_weir the two addresses, ${weir[@]} weir nc on that link
on_each_link() {
    local kind number=0 family linux at_weir
    for kind in tun tap; do
        number=$((number + 1))
        make_interface "$kind" "$kind$number" "$number"
        weir_at "$kind" "$number"
        for family in 4 6; do
            linux=$(linux_address "$family" "$number")
            at_weir=$(weir_address "$family" "$number")
            "$@"
        done
    done
}
