#!/usr/bin/env bash
# What `weir nc` says when it cannot begin: exactly one line on standard error, and the exit code.
#
# usage: WEIR=path/of/weir nc_errors.sh
# What needs a network namespace is left out where there can be none; the exit code is 77 then.
set -uo pipefail
export LC_ALL=C.UTF-8

failed=0
fail() {
    echo "FAILED: $1"
    failed=$((failed + 1))
}

# expect CODE LINE ARGUMENT...: standard error is exactly this line; before it may stand what $prefix says
prefix=()
expect() {
    local code=$1 line=$2 actual error
    shift 2
    error=$("${prefix[@]}" "$WEIR" nc "$@" 2>&1 >/dev/null </dev/null)
    actual=$?
    [ "$actual" -eq "$code" ] || fail "weir nc $*: exit code $actual, not $code"
    [ "$error" = "$line" ] || fail "weir nc $*: \"$error\", not \"$line\""
}

good=(--dev tun:weirx --addr 10.0.0.2/24)

wrong_usage() {
    expect 64 "weir: no HOST and PORT given: weir nc"
    expect 64 "weir: no HOST and PORT given: weir nc" "${good[@]}" 10.0.0.1
    expect 64 "weir: no HOST and PORT given: weir nc" "${good[@]}" -l
    expect 64 "weir: more than HOST and PORT: 3" "${good[@]}" 1 2 3
    expect 64 "weir: no interface given (--dev tun:NAME or tap:NAME): weir nc" --addr 10.0.0.2/24 10.0.0.1 80
    expect 64 "weir: no address of our own given (--addr ADDR/PREFIX): weir nc" --dev tun:weirx 10.0.0.1 80
    expect 64 "weir: not a numeric address (names are not looked up): example.com" "${good[@]}" example.com 80
    expect 64 "weir: not a numeric address (names are not looked up): 10.0.0.256" "${good[@]}" 10.0.0.256 80
    for port in 0 65536 http -1x 80x ""; do
        expect 64 "weir: bad port number: $port" "${good[@]}" -- 10.0.0.1 "$port"
    done
    expect 64 "weir: neither tun:NAME nor tap:NAME: weirx" --dev weirx --addr 10.0.0.2/24 10.0.0.1 80
    expect 64 "weir: neither tun:NAME nor tap:NAME: tun:" --dev tun: --addr 10.0.0.2/24 10.0.0.1 80
    expect 64 "weir: interface name 'a-name-that-is-too-long' is longer than 15 bytes" \
        --dev tun:a-name-that-is-too-long --addr 10.0.0.2/24 10.0.0.1 80
    expect 64 "weir: 'a/b' is no interface name" --dev tun:a/b --addr 10.0.0.2/24 10.0.0.1 80
    for address in 10.0.0/24 10.0.0.2/33 10.0.0.2/x fd00::/129 "" /24; do
        expect 64 "weir: bad address (ADDR/PREFIX, such as 10.0.0.2/24): $address" --dev tun:weirx --addr "$address" 1 2
    done
    expect 64 "weir: bad gateway address: 10.0.0" "${good[@]}" --gateway 10.0.0 10.0.0.1 80
    expect 64 "weir: bad value for --mtu (68 to 65535): 67" "${good[@]}" --mtu 67 10.0.0.1 80
    expect 64 "weir: bad value for --timeout: soon" "${good[@]}" --timeout soon 10.0.0.1 80
    expect 64 "weir: unknown option, or its value is missing: --nonsense" --nonsense
    expect 64 "weir: unknown option, or its value is missing: --addr" --addr
}

wrong_trouble() {
    expect 64 "weir: bad value for --loss: 101%" "${good[@]}" --loss 101% 10.0.0.1 80
    expect 64 "weir: bad value for --loss-out: -1" "${good[@]}" --loss-out -1 10.0.0.1 80
    expect 64 "weir: bad value for --delay: 5 minutes" "${good[@]}" --delay "5 minutes" 10.0.0.1 80
    expect 64 "weir: bad value for --rate-in: fast" "${good[@]}" --rate-in fast 10.0.0.1 80
    expect 64 "weir: bad value for --drop: 3,2" "${good[@]}" --drop 3,2 10.0.0.1 80
    expect 64 "weir: bad value for --drop: 0" "${good[@]}" --drop 0 10.0.0.1 80
    expect 64 "weir: bad value for --seed: x" "${good[@]}" --seed x 10.0.0.1 80
}

# ---- With interfaces, in namespaces of our own -----------------------------------------------------------

inside() {
    local nobody=65534 server
    ip tuntap add dev weirx mode tun && ip tuntap add dev weiry mode tap
    ip link set weirx up && ip link set weiry up
    expect 71 "weir: cannot write /nowhere/file: No such file or directory" "${good[@]}" -w /nowhere/file 10.0.0.1 80
    expect 64 "weir: more than the interface's MTU of 1500: --mtu 9000" "${good[@]}" --mtu 9000 10.0.0.1 80
    expect 64 "weir: weiry is no TUN interface, or made with other flags: Invalid argument" \
        --dev tun:weiry --addr 10.0.0.2/24 10.0.0.1 80
    expect 64 "weir: lo is no TUN interface, or made with other flags: Invalid argument" \
        --dev tun:lo --addr 10.0.0.2/24 10.0.0.1 80
    expect 1 "Trying 192.0.2.1...
weir: Unable to connect to remote host: Network is unreachable" "${good[@]}" 192.0.2.1 80
    expect 1 "Trying 10.0.0.9...
weir: Unable to connect to remote host: Connection timed out" "${good[@]}" --timeout 200ms 10.0.0.9 80
    expect 1 "weir: Unable to listen: Cannot assign requested address" "${good[@]}" -l 10.0.0.7 80
    "$WEIR" nc "${good[@]}" -l 80 </dev/null >/dev/null 2>"$dir/err" &
    server=$!
    until grep -q Listening "$dir/err"; do sleep 0.01; done
    expect 71 "weir: TUN interface weirx is in use: Device or resource busy" "${good[@]}" 10.0.0.1 80
    kill $server
    wait $server
    if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null && setpriv --reuid=$nobody "$WEIR" --version >/dev/null 2>&1; then
        chmod 666 /dev/net/tun
        prefix=(setpriv --reuid=$nobody --regid=$nobody --clear-groups --inh-caps=-all)
        ip tuntap add dev weirz mode tun user root # without an owner it would be for everybody
        expect 77 "weir: no permission to use TUN interface weirz (needs CAP_NET_ADMIN or its owner): Operation not permitted" \
            --dev tun:weirz --addr 10.0.0.2/24 10.0.0.1 80
        chmod 600 /dev/net/tun
        expect 77 "weir: cannot open /dev/net/tun: Permission denied" "${good[@]}" 10.0.0.1 80
        prefix=()
    fi
    rm /dev/net/tun
    expect 69 "weir: /dev/net/tun is missing (is the kernel's tun module there?): No such file or directory" \
        "${good[@]}" 10.0.0.1 80
}

if [ "${1:-}" = inside ]; then
    dir=$2
    # a /dev/net/tun of our own, so that taking it away disturbs nobody
    mount -t tmpfs none /dev/net && mknod /dev/net/tun c 10 200 || exit 77
    inside
    exit $((failed > 0))
fi

wrong_usage
wrong_trouble
"$WEIR" nc --help | grep "Exit codes" >/dev/null || fail "--help does not tell the exit codes"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
result=0
if command -v unshare >/dev/null && unshare --net --mount --pid --fork --kill-child true 2>/dev/null; then
    unshare --net --mount --pid --fork --kill-child --mount-proc bash "$0" inside "$dir" || result=$?
else
    result=77
fi
[ "$result" -ne 77 ] || echo "SKIP: errors about interfaces: no namespaces, or no device nodes in them"
[ "$result" -eq 0 ] || [ "$result" -eq 77 ] || failed=$((failed + 1))
[ "$failed" -eq 0 ] || exit 1
exit "$result"
