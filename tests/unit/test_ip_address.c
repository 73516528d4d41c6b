/* test_ip_address.c - addresses of links, duplicate address detection, announcements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ip_kit.h"

static int add(struct ip_kit *k, uint32_t link, const char *text, uint8_t prefix)
{
    struct ip_addr a = kit_ip(text);
    int error = ip_address_add(&k->ip, link, &a, prefix);
    ip_check(&k->ip);
    return error;
}

static int del(struct ip_kit *k, uint32_t link, const char *text)
{
    struct ip_addr a = kit_ip(text);
    int error = ip_address_del(&k->ip, link, &a);
    ip_check(&k->ip);
    return error;
}

static bool is_ours(struct ip_kit *k, const char *text)
{
    struct ip_addr a = kit_ip(text);
    return ip_address_find(&k->ip, &a) != NULL;
}

static bool has_path(struct ip_kit *k, const char *text)
{
    struct ip_addr a = kit_ip(text), chosen;
    struct ip_path path;
    return ip_path_find(&k->ip, &a, NULL, WEIR_ANY_LINK, &path, &chosen) == WEIR_OK;
}

static void test_add_and_remove(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_new();
    assert_int_equal(add(k, 9, "192.0.2.1", 24), WEIR_ENOENT);
    assert_int_equal(add(k, k->eth, "192.0.2.1", 33), WEIR_EINVAL);
    assert_int_equal(add(k, k->eth, "192.0.2.255", 24), WEIR_EINVAL);
    assert_int_equal(add(k, k->eth, "224.0.0.5", 24), WEIR_EINVAL);
    assert_int_equal(add(k, k->eth, "127.0.0.1", 8), WEIR_EINVAL);
    assert_int_equal(add(k, k->eth, "0.0.0.0", 8), WEIR_EINVAL);
    assert_int_equal(add(k, k->eth, "ff02::5", 64), WEIR_EINVAL);
    assert_int_equal(add(k, k->eth, "192.0.2.1", 24), WEIR_OK);
    assert_int_equal(add(k, k->eth, "192.0.2.1", 24), WEIR_EEXIST);
    assert_int_equal(add(k, k->tun, "192.0.2.1", 24), WEIR_EEXIST);
    assert_int_equal(add(k, k->eth, "192.0.2.3", 24), WEIR_OK);
    assert_int_equal(add(k, k->eth, "fe80::1", 64), WEIR_OK);
    assert_int_equal(add(k, k->tun, "fe80::1", 64), WEIR_OK); /* scoped */
    assert_true(is_ours(k, "192.0.2.1") && is_ours(k, "fe80::1") && is_ours(k, "127.0.0.1"));
    assert_true(is_ours(k, "::1") && !is_ours(k, "192.0.2.2"));
    assert_true(has_path(k, "192.0.2.9"));
    uint32_t generation = k->ip.generation;
    assert_int_equal(del(k, k->eth, "192.0.2.1"), WEIR_OK);
    assert_true(k->ip.generation != generation);
    assert_int_equal(del(k, k->eth, "192.0.2.1"), WEIR_ENOENT);
    assert_false(is_ours(k, "192.0.2.1"));
    assert_true(has_path(k, "192.0.2.9")); /* .3 keeps the subnet connected */
    assert_int_equal(del(k, k->eth, "192.0.2.3"), WEIR_OK);
    assert_false(has_path(k, "192.0.2.9"));
    ip_kit_del(k);
}

static void test_many(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_new();
    char text[32];
    for (int i = 0; i < IP_ADDRESSES_MAX; i++) {
        snprintf(text, sizeof(text), "10.0.%d.1", i);
        assert_int_equal(add(k, k->eth, text, 24), WEIR_OK);
    }
    assert_int_equal(add(k, k->eth, "10.1.0.1", 24), WEIR_ENOBUFS);
    assert_int_equal(del(k, k->eth, "10.0.7.1"), WEIR_OK);
    assert_int_equal(add(k, k->eth, "10.1.0.1", 24), WEIR_OK);
    assert_true(is_ours(k, "10.1.0.1") && is_ours(k, "10.0.63.1") && !is_ours(k, "10.0.7.1"));
    ip_kit_del(k);
}

static void test_removed_address_is_not_ours(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    struct kit_upper u = {.src = "192.0.2.2", .dst = "192.0.2.1", .protocol = IP_PROTOCOL_TCP};
    assert_int_equal(kit_send(k, &u), IP_PACKET); /* now it is the cached one */
    kit_packet_free(k);
    assert_int_equal(del(k, k->eth, "192.0.2.1"), WEIR_OK);
    assert_int_equal(kit_send(k, &u), IP_DONE);
    kit_expect_drop(k, WEIR_DROP_IP_NOT_US);
    ip_kit_del(k);
}

/* ---- IPv6: duplicate address detection ------------------------------------------------------------- */

static struct ip_kit *with_tentative(void)
{
    static struct kit_out out;
    struct ndp_message n;
    struct ip6_header h;
    struct ip_kit *k = ip_kit_new();
    k->ip.links[k->eth].config.no_dad = false;
    assert_int_equal(add(k, k->eth, "2001:db8::1", 64), WEIR_OK);
    assert_false(is_ours(k, "2001:db8::1"));
    assert_true(ip_deadline(&k->ip) <= k->env.now);
    kit_advance(k, 0);
    kit_take_ndp(k, &n, &out, &h);
    struct ip_addr target = kit_ip("2001:db8::1"), group = kit_ip("ff02::1:ff00:1");
    struct ip_addr nobody = {{0}};
    static const uint8_t mac[6] = {0x33, 0x33, 0xff, 0, 0, 1};
    assert_int_equal(n.type, ICMP6_NEIGHBOR_SOLICIT);
    assert_memory_equal(n.target, target.b, 16);
    assert_memory_equal(h.src, nobody.b, 16);
    assert_memory_equal(h.dst, group.b, 16);
    assert_memory_equal(out.eth.dst, mac, 6);
    assert_false(n.has_mac);
    kit_expect_silence(k);
    return k;
}

static void test_dad_succeeds(void **state)
{
    (void)state;
    struct ip_kit *k = with_tentative();
    kit_advance(k, 999 * WEIR_MS);
    assert_false(is_ours(k, "2001:db8::1"));
    uint32_t generation = k->ip.generation;
    assert_true(ip_deadline(&k->ip) == k->env.now + WEIR_MS);
    kit_advance(k, WEIR_MS);
    assert_true(is_ours(k, "2001:db8::1"));
    assert_true(k->ip.generation != generation);
    assert_true(ip_deadline(&k->ip) == WEIR_NEVER);
    kit_expect_silence(k);
    assert_int_equal(k->ip.duplicate_address, 0);
    ip_kit_del(k);
}

static void expect_duplicate(struct ip_kit *k)
{
    assert_int_equal(k->ip.duplicate_address, 1);
    kit_advance(k, 5 * WEIR_S);
    assert_false(is_ours(k, "2001:db8::1"));
    kit_expect_silence(k);
    ip_kit_del(k);
}

static void test_dad_answered(void **state)
{
    (void)state;
    struct ip_kit *k = with_tentative();
    kit_ndp_send(k, &(struct kit_ndp){.type = ICMP6_NEIGHBOR_ADVERT,
                                      .src = "2001:db8::1",
                                      .dst = "ff02::1",
                                      .target = "2001:db8::1",
                                      .override = true,
                                      .mac = kit_peer_mac});
    expect_duplicate(k);
}

static void test_dad_collides(void **state)
{
    (void)state;
    struct ip_kit *k = with_tentative();
    struct kit_ndp probe = {.type = ICMP6_NEIGHBOR_SOLICIT,
                            .src = "::",
                            .dst = "ff02::1:ff00:1",
                            .target = "2001:db8::1",
                            .from_mac = kit_mac};
    kit_ndp_send(k, &probe); /* our own, come back */
    assert_int_equal(k->ip.duplicate_address, 0);
    struct kit_ndp question = probe;
    question.src = "fe80::2"; /* not DAD: ignored while tentative */
    question.from_mac = NULL;
    kit_ndp_send(k, &question);
    assert_int_equal(k->ip.duplicate_address, 0);
    kit_expect_silence(k);
    probe.from_mac = NULL;
    kit_ndp_send(k, &probe);
    expect_duplicate(k);
}

static void test_two_duplicates(void **state)
{
    (void)state;
    struct ip_kit *k = with_tentative();
    assert_int_equal(add(k, k->eth, "2001:db8::2", 64), WEIR_OK);
    kit_advance(k, 0);
    kit_flush(k);
    struct kit_ndp a = {.type = ICMP6_NEIGHBOR_ADVERT,
                        .src = "fe80::9",
                        .dst = "ff02::1",
                        .target = "2001:db8::2",
                        .mac = kit_peer_mac};
    kit_ndp_send(k, &a);
    a.target = "2001:db8::1";
    kit_ndp_send(k, &a);
    assert_int_equal(k->ip.duplicate_address, 2);
    kit_advance(k, WEIR_S); /* not fetched yet */
    assert_int_equal(k->ip.duplicate_address, 2);
    k->ip.duplicate_address = 0;
    kit_advance(k, WEIR_S);
    assert_int_equal(k->ip.duplicate_address, 1);
    k->ip.duplicate_address = 0;
    kit_advance(k, WEIR_S);
    assert_int_equal(k->ip.duplicate_address, 0);
    assert_true(ip_deadline(&k->ip) == WEIR_NEVER);
    ip_kit_del(k);
}

static void test_defends_against_dad(void **state)
{
    (void)state;
    static struct kit_out out;
    struct ndp_message n;
    struct ip6_header h;
    struct ip_kit *k = ip_kit_ready();
    kit_ndp_send(k, &(struct kit_ndp){.type = ICMP6_NEIGHBOR_SOLICIT,
                                      .src = "::",
                                      .dst = "ff02::1:ff00:1",
                                      .target = "2001:db8::1"});
    kit_take_ndp(k, &n, &out, &h);
    struct ip_addr all = kit_ip("ff02::1");
    assert_int_equal(n.type, ICMP6_NEIGHBOR_ADVERT);
    assert_memory_equal(h.dst, all.b, 16);
    assert_true(n.override && !n.solicited && n.has_mac);
    assert_memory_equal(n.mac, kit_mac, 6);
    ip_kit_del(k);
}

/* ---- IPv4: announcements ------------------------------------------------------------------------------ */

static void expect_announcement(struct ip_kit *k)
{
    struct arp_packet a;
    struct eth_header eth;
    static const uint8_t own[4] = {192, 0, 2, 1};
    kit_take_arp(k, &a, &eth);
    assert_int_equal(a.operation, ARP_REQUEST);
    assert_memory_equal(eth.dst, eth_broadcast, 6);
    assert_memory_equal(a.sender_mac, kit_mac, 6);
    assert_memory_equal(a.sender_ip, own, 4);
    assert_memory_equal(a.target_ip, own, 4);
    kit_expect_silence(k);
}

static struct ip_kit *with_announced(void)
{
    struct ip_kit *k = ip_kit_new();
    k->ip.links[k->eth].config.no_dad = false;
    assert_int_equal(add(k, k->eth, "192.0.2.1", 24), WEIR_OK);
    assert_true(is_ours(k, "192.0.2.1")); /* at once */
    kit_advance(k, 0);
    expect_announcement(k);
    return k;
}

static void test_announces_twice(void **state)
{
    (void)state;
    struct ip_kit *k = with_announced();
    kit_advance(k, 2 * WEIR_S);
    expect_announcement(k);
    kit_advance(k, 2 * WEIR_S);
    kit_expect_silence(k);
    assert_true(ip_deadline(&k->ip) == WEIR_NEVER);
    /* in use: defended, at most once in ten seconds */
    KIT_ARP(k, ARP_REQUEST, "192.0.2.1", "192.0.2.1");
    kit_expect_drop(k, WEIR_DROP_IP_SOURCE);
    expect_announcement(k);
    KIT_ARP(k, ARP_REPLY, "192.0.2.1", "192.0.2.9");
    kit_expect_silence(k);
    kit_advance(k, 10 * WEIR_S);
    KIT_ARP(k, ARP_REPLY, "192.0.2.1", "192.0.2.9");
    expect_announcement(k);
    assert_true(is_ours(k, "192.0.2.1"));
    ip_kit_del(k);
}

static void test_conflict_while_announcing(void **state)
{
    (void)state;
    struct ip_kit *k = with_announced();
    kit_arp(k, ARP_REPLY, kit_mac, "192.0.2.1", "192.0.2.9"); /* our own, come back */
    assert_true(is_ours(k, "192.0.2.1"));
    KIT_ARP(k, ARP_REPLY, "192.0.2.1", "192.0.2.1");
    assert_false(is_ours(k, "192.0.2.1"));
    assert_int_equal(k->ip.duplicate_address, 1);
    kit_advance(k, 10 * WEIR_S);
    kit_expect_silence(k);
    assert_int_equal(del(k, k->eth, "192.0.2.1"), WEIR_OK);
    assert_int_equal(k->ip.duplicate_address, 0);
    ip_kit_del(k);
}

static void test_link_up_announces(void **state)
{
    (void)state;
    struct ip_kit *k = with_announced();
    kit_advance(k, 4 * WEIR_S);
    kit_flush(k);
    kit_advance(k, 4 * WEIR_S);
    assert_int_equal(add(k, k->eth, "2001:db8::1", 64), WEIR_OK);
    assert_int_equal(ip_link_set_up(&k->ip, k->eth, false), WEIR_OK);
    kit_advance(k, 4 * WEIR_S); /* nothing is proven on a link that is down */
    kit_expect_silence(k);
    assert_false(is_ours(k, "2001:db8::1"));
    assert_int_equal(ip_link_set_up(&k->ip, k->eth, true), WEIR_OK);
    assert_int_equal(ip_link_set_up(&k->ip, k->eth, true), WEIR_OK);
    kit_advance(k, 0);
    static struct kit_out out;
    assert_true(kit_next(k, &out));
    assert_int_equal(out.eth.type, ETH_TYPE_ARP);
    assert_true(kit_next(k, &out));
    assert_int_equal(out.eth.type, ETH_TYPE_IP6);
    kit_advance(k, WEIR_S);
    assert_true(is_ours(k, "2001:db8::1"));
    ip_kit_del(k);
}

static void test_links(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_new();
    struct weir_link_config c = {.size = sizeof(c), .medium = WEIR_MEDIUM_IP, .mtu = 67};
    assert_int_equal(ip_link_add(&k->ip, &c), WEIR_EINVAL);
    c.mtu = 65536;
    assert_int_equal(ip_link_add(&k->ip, &c), WEIR_EINVAL);
    c.mtu = 576;
    c.medium = 7;
    assert_int_equal(ip_link_add(&k->ip, &c), WEIR_EINVAL);
    c.medium = WEIR_MEDIUM_ETHERNET;
    c.mac[0] = 1;
    assert_int_equal(ip_link_add(&k->ip, &c), WEIR_EINVAL);
    c.mac[0] = 2;
    c.tx_gso = true;
    int link = ip_link_add(&k->ip, &c);
    assert_int_equal(link, 2);
    assert_true(k->ip.links[link].config.tx_csum);
    assert_int_equal(add(k, 2, "2001:db8::1", 64), WEIR_EINVAL); /* RFC 8200 5 */
    uint32_t generation = k->ip.generation;
    assert_int_equal(ip_link_set_mtu(&k->ip, 2, 60), WEIR_EINVAL);
    assert_int_equal(ip_link_set_mtu(&k->ip, 3, 1500), WEIR_ENOENT);
    assert_int_equal(ip_link_set_mtu(&k->ip, 2, 1500), WEIR_OK);
    assert_true(k->ip.generation != generation);
    assert_int_equal(add(k, 2, "2001:db8::1", 64), WEIR_OK);
    assert_int_equal(ip_link_set_offload(&k->ip, 2, false, false), WEIR_OK);
    assert_false(k->ip.links[link].config.tx_csum);
    assert_int_equal(ip_link_set_up(&k->ip, 3, true), WEIR_ENOENT);
    c.size = 1;
    assert_int_equal(ip_link_add(&k->ip, &c), WEIR_EINVAL);
    c.size = sizeof(c);
    for (int i = 3; i < IP_LINKS_MAX; i++) {
        assert_int_equal(ip_link_add(&k->ip, &c), i);
    }
    assert_int_equal(ip_link_add(&k->ip, &c), WEIR_ENOBUFS);
    ip_kit_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_and_remove),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_removed_address_is_not_ours),
        cmocka_unit_test(test_dad_succeeds),
        cmocka_unit_test(test_dad_answered),
        cmocka_unit_test(test_dad_collides),
        cmocka_unit_test(test_two_duplicates),
        cmocka_unit_test(test_defends_against_dad),
        cmocka_unit_test(test_announces_twice),
        cmocka_unit_test(test_conflict_while_announcing),
        cmocka_unit_test(test_link_up_announces),
        cmocka_unit_test(test_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
