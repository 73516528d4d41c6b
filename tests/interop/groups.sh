#!/usr/bin/env bash
# A switch that snoops (a Linux bridge) learns by MLD which groups weir is in, and again by each of its queries.
. "$(dirname "$0")/lib.sh"
enter "$@"
need bridge

make_bridge() {
    make_interface tap tap1 1
    ip addr flush dev tap1
    ip link add br0 type bridge mcast_snooping 1 mcast_querier 1 mcast_query_interval 200 \
        mcast_query_response_interval 100 mcast_membership_interval 450 mcast_startup_query_count 1 2>/dev/null ||
        skip "there are no bridges here"
    ip link set tap1 master br0
    ip addr add 10.9.1.1/24 dev br0
    ip -6 addr add fe80::9/64 dev br0 nodad
    ip link set br0 up
}

known() { bridge mdb show dev br0 | grep -q "port tap1 grp ff02::1:ff00:2 "; }

make_bridge
weir_at tap 1
"${weir[@]}" -l 5000 </dev/null >/dev/null 2>"$work/err" &
server=$!
wait_for_text Listening "$work/err"
for _ in $(seq 50); do
    known && break
    sleep 0.1
done
known || fail "the report did not arrive: $(bridge mdb show dev br0)"
for _ in $(seq 14); do # three times the 4.5 s after which the bridge forgets; it asks every 2 s
    sleep 1
    known || fail "the queries were not answered: $(bridge mdb show dev br0)"
done
kill $server
wait $server
say "ff02::1:ff00:2 reported, and again after queries"
exit 0
