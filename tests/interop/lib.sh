# lib.sh - what the tests against Linux share; sourced, not run.
#
# Every test runs in namespaces of its own (network, processes, mounts), which are gone with everything in
# them as soon as the test ends, however it ends. In there Linux has one address on a TUN or TAP interface
# and weir, in a process beside it, the next one.
#
#   . "$(dirname "$0")/lib.sh"
#   enter "$@"                     from here on inside; exit code 77 if that cannot be had
#   make_interface tun t1 1        10.9.1.1/24 and fd09:1::1/64; weir gets .2 and ::2
#
# Environment: WEIR (the tool), WEIR_BUILD (the build directory). $work is a directory for files.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${WEIR_INTEROP_WORK:-}
WEIR=${WEIR:-weir}

say() { echo "$(basename "$0" .sh): $*"; }
skip() {
    echo "SKIP: $*"
    exit 77
}
fail() {
    say "FAILED: $*" >&2
    exit 1
}

# ---- Namespaces --------------------------------------------------------------------------------------------

need() {
    local tool
    for tool; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
}

enter() {
    [ -z "$work" ] || return 0
    need unshare ip python3 timeout sha256sum
    command -v "$WEIR" >/dev/null || skip "the tool is not built"
    [ -c /dev/net/tun ] || skip "there is no /dev/net/tun"
    local wall=(unshare --net --pid --fork --kill-child --mount-proc)
    if ! "${wall[@]}" true 2>/dev/null; then
        wall=(unshare --map-root-user --net --pid --fork --kill-child --mount-proc)
        "${wall[@]}" true 2>/dev/null || skip "namespaces are not allowed here (try as root)"
    fi
    "${wall[@]}" ip tuntap add dev weir0 mode tun 2>/dev/null || skip "no permission to make a TUN interface"
    local directory result
    directory=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$directory'" EXIT
    WEIR_INTEROP_WORK=$directory "${wall[@]}" bash "$0" "$@"
    result=$?
    exit "$result"
}

# setting NAME VALUE: of this namespace's network.
setting() { { echo "$2" >"/proc/sys/net/$1"; } 2>/dev/null; }

# The reference is CUBIC. Where only the first namespace may choose it, Reno.
choose_congestion_control() {
    local allowed
    for allowed in cubic reno; do
        setting ipv4/tcp_congestion_control $allowed && break
    done
    say "Linux uses $(cat /proc/sys/net/ipv4/tcp_congestion_control)"
}

setup() {
    ip link set lo up
    choose_congestion_control
    setting ipv4/tcp_no_metrics_save 1 # one run must not teach the next
}

# make_interface tun|tap NAME NUMBER. The queue holds a full receive window: a clean link loses nothing.
make_interface() {
    local kind=$1 name=$2 number=$3
    ip tuntap add dev "$name" mode "$kind"
    setting "ipv6/conf/$name/router_solicitations" 0
    ip link set "$name" txqueuelen 4000
    ip addr add "10.9.$number.1/24" dev "$name"
    ip -6 addr add "fd09:$number::1/64" dev "$name" nodad
    ip link set "$name" up
}

linux_address() { # 4|6 NUMBER
    if [ "$1" = 4 ]; then echo "10.9.$2.1"; else echo "fd09:$2::1"; fi
}
weir_address() {
    if [ "$1" = 4 ]; then echo "10.9.$2.2"; else echo "fd09:$2::2"; fi
}

# weir_at KIND NUMBER: puts the command for interface KIND+NUMBER into the array `weir`, with both addresses.
# "${weir[@]}" ... & makes $! its process (a function in the background would be a shell of its own).
weir_at() {
    weir=(timeout 120 "$WEIR" nc --dev "$1:$1$2" --addr "10.9.$2.2/24" --addr "fd09:$2::2/64" --no-dad)
}

peer() { timeout 120 python3 "$here/peer.py" "$@"; }

# ---- Waiting ------------------------------------------------------------------------------------------------

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || fail "waited in vain for: $*"
        sleep 0.01
    done
}
wait_for_file() { wait_for 20 test -e "$1"; }
# Before a program is started in the background: what an earlier one said must not be taken for its words.
fresh() { rm -f "$work/out" "$work/err" "$work/peer"; }
wait_for_text() { wait_for 20 grep -q "$1" "$2"; } # TEXT FILE

# ---- Files --------------------------------------------------------------------------------------------------

sum_of() { sha256sum <"$1" | cut -d' ' -f1; }
make_file() { head -c "$2" /dev/urandom >"$1"; } # NAME SIZE

expect_text() { # FILE TEXT: exactly that
    [ "$(cat "$1")" = "$2" ] || fail "expected \"$2\", got \"$(cat "$1")\""
}
expect_code() { # GOT WANTED WHAT
    [ "$1" -eq "$2" ] || fail "$3: exit code $1 instead of $2"
}

[ -z "$work" ] || setup
