#!/usr/bin/env bash
# weir gets its addresses from dnsmasq: IPv4 by DHCP, IPv6 by router advertisements; and gives the lease back.
. "$(dirname "$0")/lib.sh"
enter "$@"
need dnsmasq nc

serve() { # OPTION...: dnsmasq on t1, without DNS
    dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --interface=t1 --bind-dynamic --user=root \
        --pid-file= --log-facility="$work/log" --log-dhcp --dhcp-leasefile="$work/leases" --dhcp-authoritative "$@" &
    server=$!
}

# talk OPTION PATTERN: weir listens on the address that it got; Linux connects to it.
talk() {
    local client address
    fresh
    timeout 60 "$WEIR" nc --dev tap:t1 "$1" -l 5000 </dev/null >"$work/out" 2>"$work/err" &
    client=$!
    wait_for 30 grep -q "^Address $2" "$work/err"
    address=$(sed -n "s|^Address \($2[^/]*\)/.*|\1|p" "$work/err")
    echo hello | timeout 20 nc -N -w 10 "$address" 5000 || fail "cannot talk to $address: $(cat "$work/err")"
    wait $client || fail "exit code $? of weir: $(cat "$work/err")"
    expect_text "$work/out" hello
    say "$1: $address"
}

make_interface tap t1 1
setting ipv6/conf/all/forwarding 1
serve --dhcp-range=10.9.1.100,10.9.1.150,255.255.255.0,2m --dhcp-option=option:mtu,1400 \
    --dhcp-option=121,0.0.0.0/0,10.9.1.1 --enable-ra --dhcp-range=fd09:1::,ra-only,64,10m
talk --dhcp 10.9.1.1
grep -q "^Address 10.9.1.1[0-9]*/24 by 10.9.1.1" "$work/err" || fail "which server? $(cat "$work/err")"
for word in DHCPDISCOVER DHCPOFFER DHCPREQUEST DHCPACK DHCPRELEASE; do
    wait_for_text $word "$work/log"
done
[ ! -s "$work/leases" ] || ! grep -q 10.9.1. "$work/leases" || fail "the lease is still there: $(cat "$work/leases")"
talk --slaac fd09:1:
kill $server
wait $server
exit 0
