/* test_ip_input.c - what a received frame must get past, and each reason why one is dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ip_kit.h"

#include "base/bytes.h"

static const uint8_t payload[24] = {0x12, 0x34, 0, 80, 1, 2, 3, 4};

/* A good IPv4 TCP packet; the tests change what they are about. */
static struct kit_upper tcp4(void)
{
    return (struct kit_upper){.src = "192.0.2.2",
                              .dst = "192.0.2.1",
                              .protocol = IP_PROTOCOL_TCP,
                              .data = payload,
                              .size = sizeof(payload)};
}

static struct kit_upper tcp6(void)
{
    return (struct kit_upper){.src = "2001:db8::2",
                              .dst = "2001:db8::1",
                              .protocol = IP_PROTOCOL_TCP,
                              .data = payload,
                              .size = sizeof(payload)};
}

static void expect_dropped(struct ip_kit *k, const struct kit_upper *u, enum weir_drop drop)
{
    assert_int_equal(kit_send(k, u), IP_DONE);
    kit_expect_drop(k, drop);
    kit_expect_silence(k);
}

static void expect_taken(struct ip_kit *k, const struct kit_upper *u)
{
    assert_int_equal(kit_send(k, u), IP_PACKET);
    kit_expect_no_drop(k);
    kit_packet_free(k);
}

static void test_plain(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    struct kit_upper u = tcp4();
    struct ip_addr src = kit_ip(u.src), dst = kit_ip(u.dst);
    u.tos = 3;
    u.hop_limit = 61;
    for (int i = 0; i < 3; i++) { /* the second time from the caches */
        assert_int_equal(kit_send(k, &u), IP_PACKET);
        assert_true(ip_addr_equal(&k->packet.src, &src) && ip_addr_equal(&k->packet.dst, &dst));
        assert_int_equal(k->packet.link, k->eth);
        assert_int_equal(k->packet.protocol, IP_PROTOCOL_TCP);
        assert_int_equal(k->packet.tos, 3);
        assert_int_equal(k->packet.ttl, 61);
        assert_int_equal(k->packet.ip_size, 20);
        assert_int_equal(k->packet.csum, WEIR_CSUM_NONE);
        assert_int_equal(k->packet.gso_size, 0);
        assert_false(k->packet.to_group);
        assert_int_equal(k->packet.buffer->size, sizeof(payload));
        assert_memory_equal(k->packet.buffer->data, payload, sizeof(payload));
        kit_packet_free(k);
    }
    u = tcp6();
    u.tos = 2;
    assert_int_equal(kit_send(k, &u), IP_PACKET);
    assert_int_equal(k->packet.tos, 2);
    assert_int_equal(k->packet.ip_size, 40);
    assert_memory_equal(k->packet.buffer->data, payload, sizeof(payload));
    kit_packet_free(k);
    u.bare = true;
    u.dst = "2001:db8:1::1";
    expect_taken(k, &u);
    kit_expect_silence(k);
    ip_kit_del(k);
}

static void test_padding_is_cut_off(void **state)
{
    (void)state;
    static struct kit_frame f;
    struct ip_kit *k = ip_kit_ready();
    struct kit_upper u = tcp4();
    kit_build(&f, &u);
    memset(f.bytes + f.size, 0xee, 30);
    f.size += 30;
    assert_int_equal(kit_feed_frame(k, &f), IP_PACKET);
    assert_int_equal(k->packet.buffer->size, sizeof(payload));
    kit_packet_free(k);
    u = tcp6();
    kit_build(&f, &u);
    f.size += 7;
    assert_int_equal(kit_feed_frame(k, &f), IP_PACKET);
    assert_int_equal(k->packet.buffer->size, sizeof(payload));
    kit_packet_free(k);
    ip_kit_del(k);
}

static void test_link_layer(void **state)
{
    (void)state;
    static struct kit_frame f;
    static const uint8_t other[6] = {2, 9, 9, 9, 9, 9};
    static const uint8_t group[6] = {1, 0, 0x5e, 1, 2, 3};
    struct ip_kit *k = ip_kit_ready();
    struct kit_upper u = tcp4();
    kit_feed(k, k->eth, "0123456789abc", 13, NULL);
    kit_expect_drop(k, WEIR_DROP_ETH_SHORT);
    u.to_mac = other;
    expect_dropped(k, &u, WEIR_DROP_ETH_NOT_US);
    u.to_mac = group;
    expect_dropped(k, &u, WEIR_DROP_ETH_NOT_US);
    u.to_mac = eth_broadcast; /* RFC 1122 3.3.6 */
    expect_dropped(k, &u, WEIR_DROP_IP_NOT_US);
    u.to_mac = NULL;
    kit_build(&f, &u);
    store_be16(f.bytes + 12, 0x8100);
    kit_feed_frame(k, &f);
    kit_expect_drop(k, WEIR_DROP_ETH_TYPE);
    assert_int_equal(ip_link_set_up(&k->ip, k->eth, false), WEIR_OK);
    expect_dropped(k, &u, WEIR_DROP_LINK_DOWN);
    assert_int_equal(ip_link_set_up(&k->ip, k->eth, true), WEIR_OK);
    expect_taken(k, &u);
    ip_kit_del(k);
}

/* One byte of a good IPv4 packet changed, and what that means. */
static void test_header4(void **state)
{
    (void)state;
    static const struct {
        uint8_t offset, value;
        bool fix;
        enum weir_drop drop;
    } cases[] = {
        {0, 0x65, true, WEIR_DROP_IP_VERSION},        {0, 0x44, false, WEIR_DROP_IP_HEADER_LENGTH},
        {0, 0x4f, false, WEIR_DROP_IP_HEADER_LENGTH}, {3, 200, true, WEIR_DROP_IP_TOTAL_LENGTH},
        {3, 19, true, WEIR_DROP_IP_TOTAL_LENGTH},     {10, 0x55, false, WEIR_DROP_IP_CHECKSUM},
        {19, 9, true, WEIR_DROP_IP_NOT_US},           {16, 127, true, WEIR_DROP_IP_NOT_US},
        {12, 127, true, WEIR_DROP_IP_SOURCE},         {12, 224, true, WEIR_DROP_IP_SOURCE},
        {15, 1, true, WEIR_DROP_IP_SOURCE},   /* our own */
        {15, 255, true, WEIR_DROP_IP_SOURCE}, /* the subnet's broadcast */
        {9, 99, true, WEIR_DROP_IP_PROTOCOL},
    };
    static struct kit_frame f;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ip_kit *k = ip_kit_ready();
        struct kit_upper u = tcp4();
        kit_build(&f, &u);
        f.bytes[f.ip_at + cases[i].offset] = cases[i].value;
        if (cases[i].fix) {
            kit_fix4(&f);
        }
        assert_int_equal(kit_feed_frame(k, &f), IP_DONE);
        kit_expect_drop(k, cases[i].drop);
        ip_kit_del(k);
    }
    struct ip_kit *k = ip_kit_ready();
    struct kit_upper u = tcp4();
    kit_build(&f, &u);
    f.size = f.ip_at + 19;
    kit_feed_frame(k, &f);
    kit_expect_drop(k, WEIR_DROP_IP_SHORT);
    u.src = "255.255.255.255";
    expect_dropped(k, &u, WEIR_DROP_IP_SOURCE);
    u.src = "0.0.0.0";
    expect_dropped(k, &u, WEIR_DROP_IP_SOURCE);
    ip_kit_del(k);
}

static void test_header6(void **state)
{
    (void)state;
    static struct kit_frame f;
    struct ip_kit *k = ip_kit_ready();
    struct kit_upper u = tcp6();
    kit_build(&f, &u);
    f.bytes[f.ip_at] = 0x40;
    kit_feed_frame(k, &f);
    kit_expect_drop(k, WEIR_DROP_IP_VERSION);
    kit_build(&f, &u);
    f.size = f.ip_at + 39;
    kit_feed_frame(k, &f);
    kit_expect_drop(k, WEIR_DROP_IP_SHORT);
    kit_build(&f, &u);
    f.bytes[f.ip_at + 5]++;
    kit_feed_frame(k, &f);
    kit_expect_drop(k, WEIR_DROP_IP_TOTAL_LENGTH);
    static const char *const sources[] = {"::1", "ff02::1", "2001:db8::1", "::"};
    for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
        u.src = sources[i];
        expect_dropped(k, &u, WEIR_DROP_IP_SOURCE);
    }
    u = tcp6();
    u.src = "fe80::2";
    u.dst = "2001:db8::9";
    expect_dropped(k, &u, WEIR_DROP_IP_NOT_US);
    u.dst = "::1";
    expect_dropped(k, &u, WEIR_DROP_IP_NOT_US);
    u.dst = "ff02::9";
    u.to_mac = kit_mac;
    expect_dropped(k, &u, WEIR_DROP_IP_NOT_US);
    u = tcp6();
    u.bare = true; /* our link-local address is another link's */
    u.src = "fe80::2";
    u.dst = "fe80::1";
    expect_dropped(k, &u, WEIR_DROP_IP_NOT_US);
    u.dst = "2001:db8::1"; /* while this one is taken everywhere */
    expect_taken(k, &u);
    ip_kit_del(k);
}

static void test_bare(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    kit_feed(k, k->tun, "", 0, NULL);
    kit_expect_drop(k, WEIR_DROP_IP_SHORT);
    kit_feed(k, k->tun, "\x10", 1, NULL);
    kit_expect_drop(k, WEIR_DROP_IP_VERSION);
    kit_feed(k, k->tun, "\x45", 1, NULL);
    kit_expect_drop(k, WEIR_DROP_IP_SHORT);
    ip_kit_del(k);
}

/* RFC 9293 MUST-50: options that TCP does not know are no reason to drop the packet. */
static void test_options4(void **state)
{
    (void)state;
    static const uint8_t options[][4] = {
        {1, 1, 1, 0},   /* NOPs */
        {148, 4, 0, 0}, /* router alert */
        {7, 0, 0, 0},   /* a length that makes no sense: ignored, too */
        {1, 1, 1, 68},  /* no length at all */
        {131, 3, 4, 0}, /* loose source route */
        {1, 137, 3, 4}, /* strict source route */
    };
    static struct kit_frame f;
    struct ip_kit *k = ip_kit_ready();
    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        struct kit_upper u = tcp4();
        kit_build(&f, &u);
        memmove(f.bytes + f.upper_at + 4, f.bytes + f.upper_at, sizeof(payload));
        memcpy(f.bytes + f.upper_at, options[i], 4);
        f.size += 4;
        f.bytes[f.ip_at] = 0x46;
        f.bytes[f.ip_at + 3] += 4;
        kit_fix4(&f);
        if (i < 4) {
            assert_int_equal(kit_feed_frame(k, &f), IP_PACKET);
            assert_int_equal(k->packet.ip_size, 24);
            assert_memory_equal(k->packet.buffer->data, payload, sizeof(payload));
            kit_packet_free(k);
        } else {
            assert_int_equal(kit_feed_frame(k, &f), IP_DONE);
            kit_expect_drop(k, WEIR_DROP_IP_OPTION);
        }
    }
    ip_kit_del(k);
}

static void test_groups(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    static const char *const groups4[] = {"255.255.255.255", "192.0.2.255", "224.0.0.1"};
    for (size_t i = 0; i < ARRAY_SIZE(groups4); i++) {
        struct kit_upper u = tcp4();
        u.dst = groups4[i];
        u.protocol = IP_PROTOCOL_UDP;
        u.to_mac = i < 2 ? eth_broadcast : NULL;
        assert_int_equal(kit_send(k, &u), IP_PACKET);
        assert_true(k->packet.to_group);
        kit_packet_free(k);
    }
    struct kit_upper u = tcp6();
    u.dst = "ff02::1";
    assert_int_equal(kit_send(k, &u), IP_PACKET);
    assert_true(k->packet.to_group);
    kit_packet_free(k);
    u.dst = "ff02::1:ff00:1"; /* solicited-node of ::1 */
    expect_taken(k, &u);
    u.dst = "ff02::1:ff00:2";
    expect_dropped(k, &u, WEIR_DROP_ETH_NOT_US);
    u.dst = "ff02::2";
    expect_dropped(k, &u, WEIR_DROP_ETH_NOT_US);
    u = tcp4();
    u.dst = "198.51.100.255"; /* another link's broadcast */
    u.to_mac = eth_broadcast;
    expect_dropped(k, &u, WEIR_DROP_IP_NOT_US);
    kit_expect_no_drop(k);
    ip_kit_del(k);
}

static void test_extension_headers(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    static struct kit_out out;
    struct kit_upper u = tcp6();
    struct ip6_header h;
    struct icmp_message m;
    uint8_t data[32] = {IP_PROTOCOL_TCP, 0, 1, 4, 0, 0, 0, 0};
    memcpy(data + 8, payload, sizeof(payload));
    u.protocol = 60; /* destination options: PadN */
    u.data = data;
    u.size = sizeof(data);
    u.bare = true;
    u.src = "2001:db8:1::2";
    u.dst = "2001:db8:1::1";
    assert_int_equal(kit_send(k, &u), IP_PACKET);
    assert_int_equal(k->packet.protocol, IP_PROTOCOL_TCP);
    assert_int_equal(k->packet.ip_size, 48);
    assert_memory_equal(k->packet.buffer->data, payload, sizeof(payload));
    kit_packet_free(k);

    data[2] = 0x9e; /* an unknown option that wants an answer */
    assert_int_equal(kit_send(k, &u), IP_DONE);
    kit_expect_drop(k, WEIR_DROP_IP6_EXTENSION);
    assert_true(kit_next(k, &out));
    assert_int_equal(ip6_parse(out.ip, out.ip_size, &h), WEIR_DROP_NONE);
    struct ip_addr src = ip_addr_from_v6(h.src), dst = ip_addr_from_v6(h.dst);
    assert_int_equal(icmp6_parse(out.ip + 40, h.payload_size, &src, &dst, &m), WEIR_DROP_NONE);
    assert_int_equal(m.type, ICMP6_PARAMETER_PROBLEM);
    assert_int_equal(m.code, 2);
    assert_int_equal(m.rest, 42);
    assert_int_equal(m.body_size, 40 + sizeof(data));

    u.dst = "2001:db8:1::9"; /* not for us: not answered */
    expect_dropped(k, &u, WEIR_DROP_IP6_EXTENSION);
    data[2] = 0x5e; /* drop silently */
    u.dst = "2001:db8:1::1";
    expect_dropped(k, &u, WEIR_DROP_IP6_EXTENSION);
    ip_kit_del(k);
}

static void test_loopback_link(void **state)
{
    (void)state;
    static struct kit_frame f;
    static const char *const good[][2] = {{"127.0.0.1", "127.0.0.1"},
                                          {"192.0.2.1", "127.9.9.9"},
                                          {"192.0.2.1", "192.0.2.1"},
                                          {"::1", "::1"},
                                          {"2001:db8::1", "fe80::1"}};
    static const char *const bad[][2] = {{"127.0.0.1", "192.0.2.9"}, {"::1", "ff02::1"}};
    struct ip_kit *k = ip_kit_ready();
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        struct kit_upper u = tcp4();
        u.bare = true;
        u.src = good[i][0];
        u.dst = good[i][1];
        kit_build(&f, &u);
        assert_int_equal(kit_feed(k, IP_LINK_LOOPBACK, f.bytes, f.size, NULL), IP_PACKET);
        assert_int_equal(k->packet.link, IP_LINK_LOOPBACK);
        kit_packet_free(k);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct kit_upper u = tcp4();
        u.bare = true;
        u.src = bad[i][0];
        u.dst = bad[i][1];
        kit_build(&f, &u);
        assert_int_equal(kit_feed(k, IP_LINK_LOOPBACK, f.bytes, f.size, NULL), IP_DONE);
        kit_expect_drop(k, WEIR_DROP_IP_NOT_US);
    }
    ip_kit_del(k);
}

static void test_accept_any(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    struct kit_upper u = tcp4();
    u.bare = true;
    u.src = "198.51.100.7";
    u.dst = "203.0.113.9";
    expect_dropped(k, &u, WEIR_DROP_IP_NOT_US);
    k->ip.links[k->tun].config.accept_any = true;
    expect_taken(k, &u);
    assert_false(k->packet.to_group);
    u.dst = "239.1.2.3";
    assert_int_equal(kit_send(k, &u), IP_PACKET);
    assert_true(k->packet.to_group);
    kit_packet_free(k);
    u.dst = "127.0.0.1";
    expect_dropped(k, &u, WEIR_DROP_IP_NOT_US);
    u.dst = "203.0.113.9";
    u.src = "198.51.100.1"; /* ours */
    expect_dropped(k, &u, WEIR_DROP_IP_SOURCE);
    struct ip_addr a = kit_ip("203.0.113.9");
    assert_true(ip_address_accepts(&k->ip, k->tun, &a));
    assert_false(ip_address_accepts(&k->ip, k->eth, &a));
    assert_null(ip_address_find(&k->ip, &a));
    ip_kit_del(k);
}

static void test_offload(void **state)
{
    (void)state;
    static struct kit_frame f;
    static uint8_t data[4000];
    struct ip_kit *k = ip_kit_ready();
    struct kit_upper u = tcp4();
    data[12] = 0x50; /* a TCP header of 20 bytes */
    data[13] = WEIR_TCP_ACK;
    u.data = data;
    u.size = sizeof(data);
    kit_build(&f, &u);
    struct weir_offload offload = {.csum = WEIR_CSUM_PARTIAL,
                                   .gso_type = WEIR_GSO_TCP4,
                                   .gso_size = 1400,
                                   .csum_start = 34,
                                   .csum_offset = 16};
    assert_int_equal(kit_feed(k, k->eth, f.bytes, f.size, &offload), IP_PACKET);
    assert_int_equal(k->packet.csum, WEIR_CSUM_PARTIAL);
    assert_int_equal(k->packet.gso_size, 1400);
    kit_packet_free(k);
    store_be16(f.bytes + f.ip_at + 2, 0); /* a total length that says nothing */
    kit_fix4(&f);
    assert_int_equal(kit_feed(k, k->eth, f.bytes, f.size, &offload), IP_PACKET);
    assert_int_equal(k->packet.buffer->size, sizeof(data));
    kit_packet_free(k);
    offload.csum_start = 5000;
    assert_int_equal(kit_feed(k, k->eth, f.bytes, f.size, &offload), IP_DONE);
    kit_expect_drop(k, WEIR_DROP_OFFLOAD);
    offload = (struct weir_offload){.csum = WEIR_CSUM_VALID};
    kit_build(&f, &u);
    assert_int_equal(kit_feed(k, k->eth, f.bytes, f.size, &offload), IP_PACKET);
    assert_int_equal(k->packet.csum, WEIR_CSUM_VALID);
    kit_packet_free(k);
    ip_kit_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_padding_is_cut_off),
        cmocka_unit_test(test_link_layer),
        cmocka_unit_test(test_header4),
        cmocka_unit_test(test_header6),
        cmocka_unit_test(test_bare),
        cmocka_unit_test(test_options4),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_extension_headers),
        cmocka_unit_test(test_loopback_link),
        cmocka_unit_test(test_accept_any),
        cmocka_unit_test(test_offload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
