/* test_ip_neighbor.c - the life of a neighbour entry, by ARP and by NDP, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ip_kit.h"

static const uint8_t new_mac[6] = {0x02, 0, 0, 0, 0, 0x77};

static struct ip_path path_to(struct ip_kit *k, const char *to)
{
    struct ip_addr dst = kit_ip(to), chosen;
    struct ip_path path;
    assert_int_equal(ip_path_find(&k->ip, &dst, NULL, k->eth, &path, &chosen), WEIR_OK);
    ip_check(&k->ip);
    return path;
}

static struct ip_neighbor *entry(struct ip_kit *k, const struct ip_path *path)
{
    return ip_neighbor_at(&k->ip, path->neighbor);
}

static void expect_state(struct ip_kit *k, const struct ip_path *path, enum ip_neighbor_state state)
{
    assert_int_equal(entry(k, path)->state, state);
}

static void expect_event(struct ip_kit *k, const struct ip_path *path, bool usable)
{
    uint32_t neighbor;
    bool was_usable;
    assert_true(ip_neighbor_event(&k->ip, &neighbor, &was_usable));
    assert_int_equal(neighbor, path->neighbor);
    assert_int_equal(usable, was_usable);
    assert_false(ip_neighbor_event(&k->ip, &neighbor, &was_usable));
    ip_check(&k->ip);
}

static void expect_no_event(struct ip_kit *k)
{
    uint32_t neighbor;
    bool usable;
    assert_false(ip_neighbor_event(&k->ip, &neighbor, &usable));
}

/* The question for `target`, unicast or to everybody, in either protocol. */
static void expect_question(struct ip_kit *k, const char *target, bool unicast)
{
    struct ip_addr ip = kit_ip(target);
    if (ip_addr_is_v4(&ip)) {
        struct arp_packet a;
        struct eth_header eth;
        static const uint8_t own[4] = {192, 0, 2, 1};
        kit_take_arp(k, &a, &eth);
        assert_int_equal(a.operation, ARP_REQUEST);
        assert_memory_equal(a.target_ip, ip.b + 12, 4);
        assert_memory_equal(a.sender_ip, own, 4);
        assert_memory_equal(eth.dst, unicast ? kit_peer_mac : eth_broadcast, 6);
    } else {
        static struct kit_out out;
        struct ndp_message n;
        struct ip6_header h;
        kit_take_ndp(k, &n, &out, &h);
        assert_int_equal(n.type, ICMP6_NEIGHBOR_SOLICIT);
        assert_memory_equal(n.target, ip.b, 16);
        assert_true(n.has_mac);
        assert_memory_equal(n.mac, kit_mac, 6);
        assert_int_equal(eth_is_group(out.eth.dst), !unicast);
        assert_int_equal(h.dst[0] == 0xff, !unicast);
    }
    kit_expect_silence(k);
}

static void answer_question(struct ip_kit *k, const char *target)
{
    struct ip_addr ip = kit_ip(target);
    if (ip_addr_is_v4(&ip)) {
        KIT_ARP(k, ARP_REPLY, target, "192.0.2.1");
        return;
    }
    kit_ndp_send(k, &(struct kit_ndp){.type = ICMP6_NEIGHBOR_ADVERT,
                                      .src = target,
                                      .dst = "2001:db8::1",
                                      .target = target,
                                      .solicited = true,
                                      .override = true,
                                      .mac = kit_peer_mac});
}

static void whole_life(const char *peer)
{
    struct ip_kit *k = ip_kit_ready();
    struct ip_path path = path_to(k, peer);
    kit_expect_silence(k); /* a path alone asks nothing */
    kit_advance(k, 10 * WEIR_S);
    kit_expect_silence(k);
    assert_int_equal(ip_path_ready(&k->ip, &path), IP_READY_WAIT);
    assert_int_equal(ip_path_ready(&k->ip, &path), IP_READY_WAIT);
    expect_question(k, peer, false);
    expect_no_event(k);
    answer_question(k, peer);
    expect_event(k, &path, true);
    expect_state(k, &path, IP_NEIGHBOR_REACHABLE);
    assert_int_equal(ip_path_ready(&k->ip, &path), IP_READY_OK);
    assert_memory_equal(entry(k, &path)->mac, kit_peer_mac, 6);

    /* REACHABLE lasts 30 s from the latest confirmation */
    kit_advance(k, 20 * WEIR_S);
    ip_neighbor_confirm(&k->ip, path.neighbor);
    kit_advance(k, 20 * WEIR_S);
    expect_state(k, &path, IP_NEIGHBOR_REACHABLE);
    kit_advance(k, 10 * WEIR_S);
    expect_state(k, &path, IP_NEIGHBOR_STALE);
    assert_true(ip_deadline(&k->ip) == WEIR_NEVER);

    /* a use starts DELAY; progress of a connection ends it */
    assert_int_equal(ip_path_ready(&k->ip, &path), IP_READY_OK);
    expect_state(k, &path, IP_NEIGHBOR_DELAY);
    ip_neighbor_confirm(&k->ip, path.neighbor);
    expect_state(k, &path, IP_NEIGHBOR_REACHABLE);
    kit_advance(k, 30 * WEIR_S);
    expect_state(k, &path, IP_NEIGHBOR_STALE);
    assert_int_equal(ip_path_ready(&k->ip, &path), IP_READY_OK);
    kit_advance(k, 5 * WEIR_S);
    expect_state(k, &path, IP_NEIGHBOR_PROBE);
    expect_question(k, peer, true);
    assert_int_equal(ip_path_ready(&k->ip, &path), IP_READY_OK);
    answer_question(k, peer);
    expect_state(k, &path, IP_NEIGHBOR_REACHABLE);
    expect_no_event(k);

    /* nobody answers the probes: ask everybody at the next use */
    kit_advance(k, 30 * WEIR_S);
    (void)ip_path_ready(&k->ip, &path);
    kit_advance(k, 5 * WEIR_S);
    for (int i = 0; i < 3; i++) {
        expect_question(k, peer, true);
        kit_advance(k, WEIR_S);
    }
    expect_state(k, &path, IP_NEIGHBOR_INCOMPLETE);
    kit_expect_silence(k);
    assert_int_equal(ip_path_ready(&k->ip, &path), IP_READY_WAIT);
    expect_question(k, peer, false);
    ip_neighbor_confirm(&k->ip, path.neighbor); /* late; means nothing now */
    expect_state(k, &path, IP_NEIGHBOR_INCOMPLETE);
    assert_int_equal(path.generation, k->ip.generation);
    kit_expect_no_drop(k);
    ip_kit_del(k);
}

static void test_arp_life(void **state)
{
    (void)state;
    whole_life("192.0.2.2");
}

static void test_ndp_life(void **state)
{
    (void)state;
    whole_life("2001:db8::2");
}

static void failure(const char *peer)
{
    struct ip_kit *k = ip_kit_ready();
    struct ip_path path = path_to(k, peer);
    assert_int_equal(ip_path_ready(&k->ip, &path), IP_READY_WAIT);
    for (int i = 0; i < 3; i++) {
        expect_question(k, peer, false);
        expect_no_event(k);
        assert_true(ip_deadline(&k->ip) == k->env.now + WEIR_S);
        kit_advance(k, WEIR_S);
    }
    kit_expect_silence(k);
    expect_event(k, &path, false);
    assert_int_equal(ip_path_ready(&k->ip, &path), IP_READY_FAIL);
    kit_advance(k, 2 * WEIR_S);
    assert_int_equal(ip_path_ready(&k->ip, &path), IP_READY_FAIL);
    kit_advance(k, WEIR_S);
    assert_int_equal(ip_path_ready(&k->ip, &path), IP_READY_WAIT); /* another try */
    expect_question(k, peer, false);
    for (int i = 0; i < 3; i++) {
        kit_advance(k, WEIR_S);
    }
    kit_flush(k);
    expect_event(k, &path, false);
    answer_question(k, peer); /* late, but better than nothing */
    expect_event(k, &path, true);
    assert_int_equal(ip_path_ready(&k->ip, &path), IP_READY_OK);
    ip_kit_del(k);
}

static void test_failure(void **state)
{
    (void)state;
    failure("192.0.2.2");
    failure("2001:db8::2");
}

static void test_learns_from_requests(void **state)
{
    (void)state;
    struct arp_packet a;
    struct eth_header eth;
    struct ndp_message n;
    struct ip6_header h;
    static struct kit_out out;
    struct ip_kit *k = ip_kit_ready();
    KIT_ARP(k, ARP_REQUEST, "192.0.2.2", "192.0.2.1");
    kit_take_arp(k, &a, &eth);
    assert_int_equal(a.operation, ARP_REPLY);
    assert_memory_equal(eth.dst, kit_peer_mac, 6);
    assert_memory_equal(a.sender_mac, kit_mac, 6);
    assert_memory_equal(a.target_mac, kit_peer_mac, 6);
    struct ip_path path = path_to(k, "192.0.2.2");
    expect_state(k, &path, IP_NEIGHBOR_STALE);
    assert_int_equal(ip_path_ready(&k->ip, &path), IP_READY_OK);
    expect_no_event(k);

    kit_ndp_send(k, &(struct kit_ndp){.type = ICMP6_NEIGHBOR_SOLICIT,
                                      .src = "2001:db8::2",
                                      .dst = "ff02::1:ff00:1",
                                      .target = "2001:db8::1",
                                      .mac = kit_peer_mac});
    kit_take_ndp(k, &n, &out, &h);
    struct ip_addr target = kit_ip("2001:db8::1");
    assert_int_equal(n.type, ICMP6_NEIGHBOR_ADVERT);
    assert_memory_equal(n.target, target.b, 16);
    assert_true(n.solicited && n.override && n.has_mac && !n.router);
    assert_memory_equal(out.eth.dst, kit_peer_mac, 6);
    path = path_to(k, "2001:db8::2");
    expect_state(k, &path, IP_NEIGHBOR_DELAY); /* learned, and used for the answer */
    kit_expect_no_drop(k);
    ip_kit_del(k);
}

static void test_answer_waits_for_mac(void **state)
{
    (void)state;
    struct ndp_message n;
    struct ip6_header h;
    static struct kit_out out;
    struct ip_kit *k = ip_kit_ready();
    kit_ndp_send(k, &(struct kit_ndp){.type = ICMP6_NEIGHBOR_SOLICIT,
                                      .src = "2001:db8::2",
                                      .dst = "ff02::1:ff00:1",
                                      .target = "2001:db8::1"});
    expect_question(k, "2001:db8::2", false);
    assert_int_equal(k->ip.reply_count, 1);
    answer_question(k, "2001:db8::2");
    kit_take_ndp(k, &n, &out, &h);
    assert_int_equal(n.type, ICMP6_NEIGHBOR_ADVERT);
    assert_memory_equal(out.eth.dst, kit_peer_mac, 6);
    ip_kit_del(k);
}

static void test_arp_for_others(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    k->ip.links[k->eth].config.accept_any = true; /* changes nothing for ARP */
    KIT_ARP(k, ARP_REQUEST, "192.0.2.2", "192.0.2.9");
    kit_expect_drop(k, WEIR_DROP_IP_NOT_US);
    KIT_ARP(k, ARP_REQUEST, "192.0.2.2", "198.51.100.1"); /* our other link's */
    kit_expect_drop(k, WEIR_DROP_IP_NOT_US);
    kit_expect_silence(k);
    assert_int_equal(k->ip.neighbor_count, 0);
    KIT_ARP(k, ARP_REPLY, "192.0.2.2", "192.0.2.1"); /* nobody asked */
    assert_int_equal(k->ip.neighbor_count, 0);
    KIT_ARP(k, ARP_REQUEST, "0.0.0.0", "192.0.2.1"); /* a probe: answered, nothing learned */
    assert_int_equal(k->ip.neighbor_count, 0);
    struct arp_packet a;
    struct eth_header eth;
    kit_take_arp(k, &a, &eth);
    assert_int_equal(a.operation, ARP_REPLY);
    kit_expect_no_drop(k);
    ip_kit_del(k);
}

static void test_gratuitous_overrides(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    kit_meet(k);
    struct ip_path path = path_to(k, "192.0.2.2");
    kit_arp(k, ARP_REQUEST, new_mac, "192.0.2.2", "192.0.2.2");
    kit_expect_drop(k, WEIR_DROP_IP_NOT_US);
    assert_memory_equal(entry(k, &path)->mac, new_mac, 6);
    expect_state(k, &path, IP_NEIGHBOR_STALE);
    assert_int_equal(path.generation, k->ip.generation);
    ip_kit_del(k);
}

/* RFC 4861 7.2.5. */
static void test_override_flag(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    struct kit_ndp a = {.type = ICMP6_NEIGHBOR_ADVERT,
                        .src = "2001:db8::2",
                        .dst = "2001:db8::1",
                        .target = "2001:db8::2",
                        .solicited = true,
                        .mac = kit_peer_mac};
    struct ip_path path = path_to(k, "2001:db8::2");
    (void)ip_path_ready(&k->ip, &path);
    a.mac = NULL; /* does not help while INCOMPLETE */
    kit_ndp_send(k, &a);
    expect_state(k, &path, IP_NEIGHBOR_INCOMPLETE);
    a.mac = kit_peer_mac;
    kit_ndp_send(k, &a);
    expect_state(k, &path, IP_NEIGHBOR_REACHABLE);
    a.mac = new_mac; /* another MAC without override: only doubt */
    kit_ndp_send(k, &a);
    expect_state(k, &path, IP_NEIGHBOR_STALE);
    assert_memory_equal(entry(k, &path)->mac, kit_peer_mac, 6);
    a.mac = NULL;
    kit_ndp_send(k, &a);
    expect_state(k, &path, IP_NEIGHBOR_REACHABLE);
    a.mac = new_mac;
    a.override = true;
    a.solicited = false;
    kit_ndp_send(k, &a);
    expect_state(k, &path, IP_NEIGHBOR_STALE);
    assert_memory_equal(entry(k, &path)->mac, new_mac, 6);
    kit_expect_no_drop(k);
    ip_kit_del(k);
}

static void test_malformed_ndp(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    struct kit_ndp good = {.type = ICMP6_NEIGHBOR_SOLICIT,
                           .src = "2001:db8::2",
                           .dst = "2001:db8::1",
                           .target = "2001:db8::1",
                           .mac = kit_peer_mac};
    struct kit_ndp n = good;
    n.hop_limit = 254;
    kit_ndp_send(k, &n);
    kit_expect_drop(k, WEIR_DROP_NDP_HOP_LIMIT);
    n = good;
    n.src = "::"; /* DAD goes to the group, without a MAC */
    kit_ndp_send(k, &n);
    kit_expect_drop(k, WEIR_DROP_NDP_MALFORMED);
    n.dst = "ff02::1:ff00:1";
    kit_ndp_send(k, &n);
    kit_expect_drop(k, WEIR_DROP_NDP_MALFORMED);
    n = good;
    n.mac = eth_broadcast;
    kit_ndp_send(k, &n);
    kit_expect_drop(k, WEIR_DROP_NDP_MALFORMED);
    n = good;
    n.target = "ff02::1";
    kit_ndp_send(k, &n);
    kit_expect_drop(k, WEIR_DROP_NDP_MALFORMED);
    n = good;
    n.target = "2001:db8::7";
    kit_ndp_send(k, &n);
    kit_expect_drop(k, WEIR_DROP_IP_NOT_US);
    n = good;
    n.type = ICMP6_NEIGHBOR_ADVERT;
    n.dst = "ff02::1";
    n.target = "2001:db8::2";
    n.solicited = true;
    kit_ndp_send(k, &n);
    kit_expect_drop(k, WEIR_DROP_NDP_MALFORMED);
    kit_expect_silence(k);
    assert_int_equal(k->ip.neighbor_count, 0);
    ip_kit_del(k);
}

static void test_malformed_arp(void **state)
{
    (void)state;
    static const uint8_t zero[6];
    struct ip_kit *k = ip_kit_ready();
    kit_arp(k, 7, kit_peer_mac, "192.0.2.2", "192.0.2.1");
    kit_expect_drop(k, WEIR_DROP_ARP_MALFORMED);
    kit_arp(k, ARP_REQUEST, zero, "192.0.2.2", "192.0.2.1");
    kit_expect_drop(k, WEIR_DROP_ARP_MALFORMED);
    kit_arp(k, ARP_REQUEST, eth_broadcast, "192.0.2.2", "192.0.2.1");
    kit_expect_drop(k, WEIR_DROP_ARP_MALFORMED);
    KIT_ARP(k, ARP_REQUEST, "224.0.0.1", "192.0.2.1");
    kit_expect_drop(k, WEIR_DROP_ARP_MALFORMED);
    KIT_ARP(k, ARP_REQUEST, "255.255.255.255", "192.0.2.1");
    kit_expect_drop(k, WEIR_DROP_ARP_MALFORMED);
    kit_expect_silence(k);
    ip_kit_del(k);
}

static void test_bound(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready(); /* room for 8 */
    struct ip_path first = path_to(k, "192.0.2.100");
    entry(k, &first)->waiting_head = 1; /* somebody waits for it */
    char text[32];
    for (int i = 1; i < 8; i++) {
        kit_advance(k, WEIR_S);
        snprintf(text, sizeof(text), "192.0.2.%d", 100 + i);
        (void)path_to(k, text);
    }
    assert_int_equal(k->ip.neighbor_count, 8);
    uint32_t generation = k->ip.generation;
    (void)path_to(k, "192.0.2.120"); /* the oldest that nobody waits for goes: .101 */
    assert_int_equal(k->ip.neighbor_count, 8);
    assert_true(k->ip.generation != generation);
    generation = k->ip.generation;
    (void)path_to(k, "192.0.2.100");
    (void)path_to(k, "192.0.2.102");
    assert_true(k->ip.generation == generation);
    /* strangers that only ask us do not push out what is used, but each other */
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof(text), "192.0.2.%d", 150 + i);
        KIT_ARP(k, ARP_REQUEST, text, "192.0.2.1");
        kit_flush(k);
    }
    assert_true(k->ip.generation == generation);
    assert_int_equal(k->ip.neighbor_count, 8);
    /* all waited for: no room */
    for (uint32_t i = 1; i < pool_limit(&k->ip.neighbors); i++) {
        ip_neighbor_at(&k->ip, i)->waiting_head = 1;
    }
    struct ip_addr dst = kit_ip("192.0.2.200"), chosen;
    struct ip_path path;
    assert_int_equal(ip_path_find(&k->ip, &dst, NULL, k->eth, &path, &chosen), WEIR_ENOBUFS);
    ip_kit_del(k);
}

static void test_learned_goes_first(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    struct ip_path used = path_to(k, "192.0.2.100");
    kit_advance(k, WEIR_S);
    char text[32];
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof(text), "192.0.2.%d", 150 + i);
        KIT_ARP(k, ARP_REQUEST, text, "192.0.2.1");
        kit_flush(k);
    }
    assert_int_equal(k->ip.neighbor_count, 8);
    for (int i = 0; i < 7; i++) {
        snprintf(text, sizeof(text), "192.0.2.%d", 101 + i);
        (void)path_to(k, text);
    }
    expect_state(k, &used, IP_NEIGHBOR_INCOMPLETE);
    struct ip_addr ip = kit_ip("192.0.2.100");
    assert_true(ip_addr_equal(&entry(k, &used)->ip, &ip));
    ip_kit_del(k);
}

static void test_link_down(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    kit_meet(k);
    struct ip_path known = path_to(k, "192.0.2.2"), asked = path_to(k, "192.0.2.3");
    assert_int_equal(ip_path_ready(&k->ip, &asked), IP_READY_WAIT);
    assert_int_equal(ip_link_set_up(&k->ip, k->eth, false), WEIR_OK);
    kit_expect_drop(k, WEIR_DROP_LINK_DOWN); /* the question */
    expect_event(k, &asked, false);
    expect_state(k, &known, IP_NEIGHBOR_STALE);
    assert_true(known.generation != k->ip.generation);
    ip_kit_del(k);
}

static void test_no_source_no_solicitation(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_new();
    struct ip_addr net = kit_ip("2001:db8::"), src = kit_ip("2001:db8:7::7"),
                   dst = kit_ip("2001:db8::2");
    struct ip_path path;
    assert_int_equal(ip_route_add(&k->ip, &net, 64, NULL, k->eth, 0), WEIR_OK);
    assert_int_equal(ip_path_find(&k->ip, &dst, &src, WEIR_ANY_LINK, &path, NULL), WEIR_OK);
    assert_int_equal(ip_path_ready(&k->ip, &path), IP_READY_WAIT);
    kit_expect_silence(k);
    for (int i = 0; i < 3; i++) {
        kit_advance(k, WEIR_S);
    }
    expect_event(k, &path, false);
    ip_kit_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arp_life),
        cmocka_unit_test(test_ndp_life),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_learns_from_requests),
        cmocka_unit_test(test_answer_waits_for_mac),
        cmocka_unit_test(test_arp_for_others),
        cmocka_unit_test(test_gratuitous_overrides),
        cmocka_unit_test(test_override_flag),
        cmocka_unit_test(test_malformed_ndp),
        cmocka_unit_test(test_malformed_arp),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_learned_goes_first),
        cmocka_unit_test(test_link_down),
        cmocka_unit_test(test_no_source_no_solicitation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
