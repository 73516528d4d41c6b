/* test_ip_route.c - which way a packet goes, and from which of our addresses (RFC 6724). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ip_kit.h"

static int route(struct ip_kit *k, const char *to, uint8_t prefix, const char *gateway,
                 uint32_t link, uint32_t metric)
{
    struct ip_addr destination = kit_ip(to), hop;
    if (gateway != NULL) {
        hop = kit_ip(gateway);
    }
    int error =
        ip_route_add(&k->ip, &destination, prefix, gateway != NULL ? &hop : NULL, link, metric);
    ip_check(&k->ip);
    return error;
}

static int unroute(struct ip_kit *k, const char *to, uint8_t prefix, const char *gateway,
                   uint32_t link)
{
    struct ip_addr destination = kit_ip(to), hop;
    if (gateway != NULL) {
        hop = kit_ip(gateway);
    }
    return ip_route_del(&k->ip, &destination, prefix, gateway != NULL ? &hop : NULL, link);
}

/* Expects this link and next hop (NULL: none is needed) and source. */
static void expect_path(struct ip_kit *k, const char *to, uint32_t link, const char *hop,
                        const char *source)
{
    struct ip_addr dst = kit_ip(to), chosen = {{0}};
    struct ip_path path;
    assert_int_equal(ip_path_find(&k->ip, &dst, NULL, WEIR_ANY_LINK, &path, &chosen), WEIR_OK);
    ip_check(&k->ip);
    assert_int_equal(path.generation, k->ip.generation);
    assert_int_equal(path.link, link);
    if (hop == NULL) {
        assert_int_equal(path.neighbor, 0);
    } else {
        struct ip_addr expected = kit_ip(hop);
        assert_int_not_equal(path.neighbor, 0);
        assert_true(ip_addr_equal(&ip_neighbor_at(&k->ip, path.neighbor)->ip, &expected));
        assert_int_equal(ip_neighbor_at(&k->ip, path.neighbor)->link, link);
    }
    struct ip_addr expected = kit_ip(source);
    assert_true(ip_addr_equal(&chosen, &expected));
}

static int path_error(struct ip_kit *k, const char *to, const char *from, uint32_t link)
{
    struct ip_addr dst = kit_ip(to), src = {{0}}, chosen;
    struct ip_path path;
    if (from != NULL) {
        src = kit_ip(from);
    }
    return ip_path_find(&k->ip, &dst, &src, link, &path, &chosen);
}

static void test_longest_prefix(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    assert_int_equal(path_error(k, "203.0.113.5", NULL, WEIR_ANY_LINK), WEIR_ENETUNREACH);
    assert_int_equal(route(k, "0.0.0.0", 0, "192.0.2.254", k->eth, 0), WEIR_OK);
    assert_int_equal(route(k, "203.0.113.0", 24, NULL, k->tun, 0), WEIR_OK);
    assert_int_equal(route(k, "203.0.113.128", 25, "192.0.2.253", k->eth, 9), WEIR_OK);
    expect_path(k, "8.8.8.8", k->eth, "192.0.2.254", "192.0.2.1");
    expect_path(k, "203.0.113.5", k->tun, NULL, "198.51.100.1");
    expect_path(k, "203.0.113.129", k->eth, "192.0.2.253", "192.0.2.1");
    expect_path(k, "192.0.2.77", k->eth, "192.0.2.77", "192.0.2.1");
    assert_int_equal(unroute(k, "203.0.113.129", 25, "192.0.2.253", k->eth), WEIR_OK);
    expect_path(k, "203.0.113.129", k->tun, NULL, "198.51.100.1");
    assert_int_equal(unroute(k, "203.0.113.128", 25, "192.0.2.253", k->eth), WEIR_ENOENT);
    /* a default route of one family is none of the other */
    assert_int_equal(path_error(k, "2001:db8:9::1", NULL, WEIR_ANY_LINK), WEIR_ENETUNREACH);
    ip_kit_del(k);
}

static void test_metric(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    assert_int_equal(route(k, "0.0.0.0", 0, "192.0.2.254", k->eth, 20), WEIR_OK);
    assert_int_equal(route(k, "0.0.0.0", 0, NULL, k->tun, 10), WEIR_OK);
    assert_int_equal(route(k, "0.0.0.0", 0, "192.0.2.253", k->eth, 10), WEIR_OK);
    assert_int_equal(route(k, "0.0.0.0", 0, NULL, k->tun, 10), WEIR_EEXIST);
    expect_path(k, "8.8.8.8", k->tun, NULL, "198.51.100.1");
    assert_int_equal(ip_link_set_up(&k->ip, k->tun, false), WEIR_OK);
    expect_path(k, "8.8.8.8", k->eth, "192.0.2.253", "192.0.2.1");
    assert_int_equal(ip_link_set_up(&k->ip, k->tun, true), WEIR_OK);
    expect_path(k, "8.8.8.8", k->tun, NULL, "198.51.100.1");
    assert_int_equal(route(k, "1.0.0.0", 40, NULL, k->tun, 10), WEIR_EINVAL);
    assert_int_equal(route(k, "1.0.0.0", 8, "fe80::1", k->tun, 10), WEIR_EINVAL);
    assert_int_equal(route(k, "1.0.0.0", 8, NULL, 5, 10), WEIR_ENOENT);
    ip_kit_del(k);
}

static void test_many_routes(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    char text[32];
    uint32_t before = k->ip.route_count;
    for (uint32_t i = before; i < IP_ROUTES_MAX; i++) {
        struct ip_addr net;
        snprintf(text, sizeof(text), "10.%u.%u.0", (unsigned)(i / 256), (unsigned)(i % 256));
        net = kit_ip(text);
        assert_int_equal(ip_route_add(&k->ip, &net, (uint8_t)(24 + i % 3), NULL, k->tun, i),
                         WEIR_OK);
    }
    ip_check(&k->ip);
    assert_int_equal(route(k, "11.0.0.0", 8, NULL, k->tun, 0), WEIR_ENOBUFS);
    expect_path(k, "10.1.4.1", k->tun, NULL, "198.51.100.1");
    ip_kit_del(k);
}

static void test_loopback_paths(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    expect_path(k, "192.0.2.1", IP_LINK_LOOPBACK, NULL, "192.0.2.1");
    expect_path(k, "2001:db8:1::1", IP_LINK_LOOPBACK, NULL, "2001:db8:1::1");
    expect_path(k, "fe80::1", IP_LINK_LOOPBACK, NULL, "fe80::1");
    expect_path(k, "127.0.0.1", IP_LINK_LOOPBACK, NULL, "127.0.0.1");
    expect_path(k, "127.3.2.1", IP_LINK_LOOPBACK, NULL, "127.0.0.1");
    expect_path(k, "::1", IP_LINK_LOOPBACK, NULL, "::1");
    assert_int_equal(path_error(k, "8.8.8.8", "127.0.0.1", WEIR_ANY_LINK), WEIR_ENETUNREACH);
    assert_int_equal(path_error(k, "192.0.2.2", "127.0.0.1", WEIR_ANY_LINK), WEIR_EADDRNOTAVAIL);
    assert_int_equal(path_error(k, "0.0.0.0", NULL, WEIR_ANY_LINK), WEIR_ENETUNREACH);
    struct ip_addr dst = kit_ip("::1");
    struct ip_path path;
    assert_int_equal(ip_path_find(&k->ip, &dst, &dst, WEIR_ANY_LINK, &path, NULL), WEIR_OK);
    assert_int_equal(path.mtu, 65535);
    assert_int_equal(ip_header_size(&k->ip, &path, &dst), 40);
    ip_kit_del(k);
}

static void test_scope(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    struct ip_addr a = kit_ip("fe80::7"), dst = kit_ip("fe80::9"), chosen;
    struct ip_path path;
    assert_int_equal(ip_address_add(&k->ip, k->tun, &a, 64), WEIR_OK);
    assert_int_equal(ip_path_find(&k->ip, &dst, NULL, k->tun, &path, &chosen), WEIR_OK);
    assert_int_equal(path.link, k->tun);
    assert_true(ip_addr_equal(&chosen, &a));
    assert_int_equal(ip_path_find(&k->ip, &dst, NULL, k->eth, &path, &chosen), WEIR_OK);
    assert_int_equal(path.link, k->eth);
    struct ip_addr first = kit_ip("fe80::1");
    assert_true(ip_addr_equal(&chosen, &first));
    /* our own address of the other link is somebody else's here */
    assert_int_equal(ip_path_find(&k->ip, &a, NULL, k->eth, &path, &chosen), WEIR_OK);
    assert_int_equal(path.link, k->eth);
    assert_int_equal(ip_path_find(&k->ip, &a, NULL, k->tun, &path, &chosen), WEIR_OK);
    assert_int_equal(path.link, IP_LINK_LOOPBACK);
    ip_kit_del(k);
}

static void test_groups(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    uint8_t header[64];
    expect_path(k, "192.0.2.255", k->eth, NULL, "192.0.2.1");
    expect_path(k, "255.255.255.255", k->eth, NULL, "192.0.2.1");
    expect_path(k, "224.0.0.251", k->eth, NULL, "192.0.2.1");
    expect_path(k, "ff02::fb", k->eth, NULL, "fe80::1");
    struct ip_send send = {.src = kit_ip("192.0.2.1"), .protocol = 17, .ttl = 1};
    struct ip_path path;
    static const struct {
        const char *dst;
        uint8_t mac[6];
    } cases[] = {
        {"192.0.2.255", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
        {"224.128.0.251", {0x01, 0, 0x5e, 0, 0, 0xfb}},
        {"ff02::fb", {0x33, 0x33, 0, 0, 0, 0xfb}},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        send.dst = kit_ip(cases[i].dst);
        assert_int_equal(ip_path_find(&k->ip, &send.dst, NULL, k->eth, &path, NULL), WEIR_OK);
        ip_header_build(&k->ip, &path, &send, header);
        assert_memory_equal(header, cases[i].mac, 6);
    }
    ip_kit_del(k);
}

static void test_source_selection(void **state)
{
    (void)state;
    static const struct {
        const char *dst, *src;
    } cases[] = {
        {"2001:db8:2::1", "2001:db8:2::7"}, /* rule 8: longest match */
        {"2001:db8::55", "2001:db8::1"},
        {"2600::1", "2001:db8::1"}, /* nothing to choose by: the first */
        {"fd00::1", "fd00::7"},     /* rule 6: label */
        {"fe80::5", "fe80::1"},     /* rule 2: scope */
        {"ff02::1:3", "fe80::1"},
        {"ff0e::1:3", "2001:db8::1"},
        {"10.9.9.9", "10.0.0.7"},
        {"203.0.113.1", "192.0.2.1"},
    };
    struct ip_kit *k = ip_kit_ready();
    static const char *const more[] = {"2001:db8:2::7", "fd00::7", "10.0.0.7", "169.254.3.4"};
    for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
        struct ip_addr a = kit_ip(more[i]);
        assert_int_equal(ip_address_add(&k->ip, k->eth, &a, i < 2 ? 64 : 16), WEIR_OK);
    }
    assert_int_equal(route(k, "::", 0, "fe80::99", k->eth, 0), WEIR_OK);
    assert_int_equal(route(k, "0.0.0.0", 0, "192.0.2.99", k->eth, 0), WEIR_OK);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ip_addr dst = kit_ip(cases[i].dst), expected = kit_ip(cases[i].src), chosen;
        struct ip_path path;
        assert_int_equal(ip_path_find(&k->ip, &dst, NULL, WEIR_ANY_LINK, &path, &chosen), WEIR_OK);
        if (!ip_addr_equal(&chosen, &expected)) {
            fail_msg("%s: wrong source", cases[i].dst);
        }
    }
    ip_kit_del(k);
}

static void test_outgoing_link(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    /* rule 5 beats rule 8 */
    assert_int_equal(route(k, "192.0.3.0", 24, NULL, k->tun, 0), WEIR_OK);
    expect_path(k, "192.0.3.1", k->tun, NULL, "198.51.100.1");
    /* a link without an address borrows one */
    struct weir_link_config c = {.size = sizeof(c), .medium = WEIR_MEDIUM_IP, .mtu = 1500};
    uint32_t bare = (uint32_t)ip_link_add(&k->ip, &c);
    assert_int_equal(route(k, "203.0.113.0", 24, NULL, bare, 0), WEIR_OK);
    expect_path(k, "203.0.113.1", bare, NULL, "192.0.2.1");
    /* asked for by name, a link without neighbours needs no route */
    assert_int_equal(path_error(k, "1.2.3.4", NULL, bare), WEIR_OK);
    assert_int_equal(path_error(k, "1.2.3.4", NULL, k->eth), WEIR_ENETUNREACH);
    /* tentative addresses are no sources */
    for (uint32_t i = 0; i < k->ip.address_count; i++) {
        k->ip.addresses[i].state = IP_ADDRESS_TENTATIVE;
        k->ip.addresses[i].dad_at = WEIR_NEVER;
    }
    assert_int_equal(path_error(k, "203.0.113.1", NULL, WEIR_ANY_LINK), WEIR_EADDRNOTAVAIL);
    assert_int_equal(path_error(k, "203.0.113.1", "192.0.2.1", WEIR_ANY_LINK), WEIR_OK);
    ip_kit_del(k);
}

static void test_small_mtu_carries_no_ip6(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    expect_path(k, "2001:db8:1::2", k->tun, NULL, "2001:db8:1::1");
    assert_int_equal(ip_link_set_mtu(&k->ip, k->tun, 1279), WEIR_OK);
    assert_int_equal(path_error(k, "2001:db8:1::2", NULL, WEIR_ANY_LINK), WEIR_ENETUNREACH);
    struct ip_addr dst = kit_ip("198.51.100.2"), chosen;
    struct ip_path path;
    assert_int_equal(ip_path_find(&k->ip, &dst, NULL, WEIR_ANY_LINK, &path, &chosen), WEIR_OK);
    assert_int_equal(path.mtu, 1279);
    ip_kit_del(k);
}

static void test_headers(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    uint8_t header[64];
    struct ip4_header h4;
    struct ip6_header h6;
    struct ip_path path;
    kit_meet(k);
    struct ip_send send = {.src = kit_ip("192.0.2.1"),
                           .dst = kit_ip("192.0.2.2"),
                           .protocol = 6,
                           .tos = 2,
                           .ttl = 63,
                           .dont_fragment = true,
                           .id = 0x1234,
                           .payload_size = 4};
    assert_int_equal(ip_path_find(&k->ip, &send.dst, &send.src, k->eth, &path, NULL), WEIR_OK);
    assert_int_equal(ip_path_ready(&k->ip, &path), IP_READY_OK);
    assert_int_equal(ip_header_size(&k->ip, &path, &send.dst), 34);
    ip_header_build(&k->ip, &path, &send, header);
    assert_memory_equal(header, kit_peer_mac, 6);
    assert_memory_equal(header + 6, kit_mac, 6);
    assert_int_equal(ip4_parse(header + 14, 24, false, &h4), WEIR_DROP_NONE);
    assert_true(h4.total_size == 24 && h4.id == 0x1234 && h4.dont_fragment && h4.ttl == 63);
    assert_true(h4.tos == 2 && h4.protocol == 6);

    send.src = kit_ip("2001:db8:1::1");
    send.dst = kit_ip("2001:db8:1::2");
    assert_int_equal(ip_path_find(&k->ip, &send.dst, &send.src, WEIR_ANY_LINK, &path, NULL),
                     WEIR_OK);
    assert_int_equal(ip_header_size(&k->ip, &path, &send.dst), 40);
    ip_header_build(&k->ip, &path, &send, header);
    assert_int_equal(ip6_parse(header, 44, &h6), WEIR_DROP_NONE);
    assert_true(h6.payload_size == 4 && h6.hop_limit == 63 && h6.tos == 2 && h6.protocol == 6);
    ip_kit_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_longest_prefix),
        cmocka_unit_test(test_metric),
        cmocka_unit_test(test_many_routes),
        cmocka_unit_test(test_loopback_paths),
        cmocka_unit_test(test_scope),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_source_selection),
        cmocka_unit_test(test_outgoing_link),
        cmocka_unit_test(test_small_mtu_carries_no_ip6),
        cmocka_unit_test(test_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
