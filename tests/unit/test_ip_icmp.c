/* test_ip_icmp.c - echo, errors that come in, errors that go out, and the ring of replies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ip_kit.h"

#include "base/bytes.h"

static uint8_t data[65536];
static struct kit_out out;

/* An ICMP message of either family in `data`; its packet. */
static struct kit_upper icmp(const char *src, const char *dst, const struct icmp_message *m)
{
    struct ip_addr from = kit_ip(src), to = kit_ip(dst);
    bool v4 = ip_addr_is_v4(&to);
    struct kit_upper u = {.src = src, .dst = dst, .data = data};
    u.protocol = v4 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMP6;
    u.size = (uint32_t)(v4 ? icmp4_build(data, m) : icmp6_build(data, m, &from, &to));
    u.bare = strchr(src, 'x') != NULL;
    return u;
}

/* Takes the next frame apart; the source and destination must be these. */
static struct icmp_message take(struct ip_kit *k, const char *src, const char *dst)
{
    struct ip_addr from = kit_ip(src), to = kit_ip(dst), a, b;
    struct icmp_message m;
    assert_true(kit_next(k, &out));
    if (ip_addr_is_v4(&to)) {
        struct ip4_header h;
        assert_int_equal(ip4_parse(out.ip, out.ip_size, false, &h), WEIR_DROP_NONE);
        assert_int_equal(h.total_size, out.ip_size);
        a = ip_addr_from_v4(h.src);
        b = ip_addr_from_v4(h.dst);
        assert_int_equal(icmp4_parse(out.ip + 20, out.ip_size - 20, &m), WEIR_DROP_NONE);
    } else {
        struct ip6_header h;
        assert_int_equal(ip6_parse(out.ip, out.ip_size, &h), WEIR_DROP_NONE);
        a = ip_addr_from_v6(h.src);
        b = ip_addr_from_v6(h.dst);
        assert_int_equal(icmp6_parse(out.ip + 40, out.ip_size - 40, &a, &b, &m), WEIR_DROP_NONE);
    }
    assert_true(ip_addr_equal(&a, &from) && ip_addr_equal(&b, &to));
    return m;
}

/* ---- Echo ----------------------------------------------------------------------------------------- */

static void fill(uint8_t *p, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        p[i] = (uint8_t)(i * 31 + i / 251);
    }
}

static void test_echo(void **state)
{
    (void)state;
    static uint8_t body[1200];
    static const struct {
        const char *src, *dst;
        bool tun;
    } cases[] = {
        {"192.0.2.2", "192.0.2.1", false},
        {"2001:db8::2", "2001:db8::1", false},
        {"198.51.100.2", "198.51.100.1", true},
        {"2001:db8:1::2", "2001:db8:1::1", true},
    };
    fill(body, sizeof(body));
    for (int small = 0; small < 2; small++) {
        struct ip_kit *k = ip_kit_ready();
        k->small_buffers = small;
        kit_meet(k);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
            struct ip_addr dst = kit_ip(cases[i].dst);
            bool v4 = ip_addr_is_v4(&dst);
            for (uint32_t size = 0; size <= sizeof(body); size += 300) {
                struct icmp_message m = {.type = v4 ? ICMP4_ECHO : ICMP6_ECHO,
                                         .rest = 0x12345678,
                                         .body = body,
                                         .body_size = size};
                struct kit_upper u = icmp(cases[i].src, cases[i].dst, &m);
                u.bare = cases[i].tun;
                assert_int_equal(kit_send(k, &u), IP_DONE);
                m = take(k, cases[i].dst, cases[i].src);
                assert_int_equal(m.type, v4 ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY);
                assert_int_equal(m.rest, 0x12345678);
                assert_int_equal(m.body_size, size);
                assert_memory_equal(m.body, body, size);
                assert_int_equal(out.link, cases[i].tun ? k->tun : k->eth);
                if (!cases[i].tun) {
                    assert_memory_equal(out.eth.dst, kit_peer_mac, 6);
                }
                kit_expect_silence(k);
            }
        }
        kit_expect_no_drop(k);
        ip_kit_del(k);
    }
}

/* A big ping over the wire in fragments, and its answer, fed to a stack again to be put together. */
static void big_echo(bool v4, uint32_t size)
{
    static uint8_t message[65536];
    struct ip_kit *k = ip_kit_ready();
    const char *src = v4 ? "198.51.100.2" : "2001:db8:1::2";
    const char *dst = v4 ? "198.51.100.1" : "2001:db8:1::1";
    struct ip_addr from = kit_ip(src), to = kit_ip(dst);
    struct icmp_message m = {.type = v4 ? ICMP4_ECHO : ICMP6_ECHO, .rest = 99, .body_size = size};
    fill(message + 8, size);
    m.body = message + 8;
    uint32_t whole =
        (uint32_t)(v4 ? icmp4_build(message, &m) : icmp6_build(message, &m, &from, &to));
    for (uint32_t at = 0; at < whole; at += 1352) {
        struct kit_upper u = {.src = src,
                              .dst = dst,
                              .protocol = v4 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMP6,
                              .data = message + at,
                              .size = min_u32(1352, whole - at),
                              .id = 1,
                              .offset = at,
                              .fragment = true,
                              .more = at + 1352 < whole,
                              .bare = true};
        assert_int_equal(kit_send(k, &u), IP_DONE);
    }
    kit_expect_no_drop(k);

    static uint8_t answer[65536];
    uint32_t got = 0;
    while (kit_next(k, &out)) {
        assert_true(out.ip_size <= 1400);
        struct ip4_header h4;
        struct ip6_header h6;
        uint32_t offset, header;
        if (v4) {
            assert_int_equal(ip4_parse(out.ip, out.ip_size, false, &h4), WEIR_DROP_NONE);
            offset = h4.fragment_offset;
            header = 20;
        } else {
            assert_int_equal(ip6_parse(out.ip, out.ip_size, &h6), WEIR_DROP_NONE);
            assert_true(h6.fragment && h6.protocol == IP_PROTOCOL_ICMP6);
            offset = h6.fragment_offset;
            header = 48;
        }
        assert_int_equal(offset, got); /* in order */
        assert_int_equal(v4 ? h4.more_fragments : h6.more_fragments,
                         got + out.ip_size - header < whole);
        memcpy(answer + got, out.ip + header, out.ip_size - header);
        got += out.ip_size - header;
    }
    assert_int_equal(got, whole);
    assert_int_equal(v4 ? icmp4_parse(answer, got, &m) : icmp6_parse(answer, got, &to, &from, &m),
                     WEIR_DROP_NONE);
    assert_int_equal(m.type, v4 ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY);
    assert_memory_equal(m.body, message + 8, size);
    kit_expect_no_drop(k);
    ip_kit_del(k);
}

static void test_big_echo(void **state)
{
    (void)state;
    big_echo(true, 4000);
    big_echo(false, 4000);
    big_echo(true, 65507);
    big_echo(false, 65507);
}

static void test_echo_refused(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    struct icmp_message m = {.type = ICMP4_ECHO, .body_size = 0};
    struct kit_upper u = icmp("192.0.2.2", "192.0.2.255", &m);
    u.to_mac = eth_broadcast;
    kit_send(k, &u);
    kit_expect_drop(k, WEIR_DROP_ICMP_TYPE);
    u = icmp("192.0.2.2", "192.0.2.1", &m);
    k->env.config.answer_echo = false;
    kit_send(k, &u);
    kit_expect_drop(k, WEIR_DROP_ICMP_TYPE);
    k->env.config.answer_echo = true;
    data[3] ^= 1;
    kit_send(k, &u);
    kit_expect_drop(k, WEIR_DROP_ICMP_CHECKSUM);
    u.size = 7;
    kit_send(k, &u);
    kit_expect_drop(k, WEIR_DROP_ICMP_SHORT);
    m.type = ICMP4_ECHO_REPLY;
    u = icmp("192.0.2.2", "192.0.2.1", &m);
    kit_send(k, &u);
    kit_expect_drop(k, WEIR_DROP_ICMP_TYPE);
    kit_expect_silence(k);
    ip_kit_del(k);
}

static void test_echo_to_all_nodes(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    kit_ndp_send(k, &(struct kit_ndp){.type = ICMP6_NEIGHBOR_SOLICIT,
                                      .src = "fe80::2",
                                      .dst = "fe80::1",
                                      .target = "fe80::1",
                                      .mac = kit_peer_mac});
    kit_flush(k);
    struct icmp_message m = {.type = ICMP6_ECHO, .rest = 5};
    struct kit_upper u = icmp("fe80::2", "ff02::1", &m);
    kit_send(k, &u);
    m = take(k, "fe80::1", "fe80::2");
    assert_int_equal(m.type, ICMP6_ECHO_REPLY);
    ip_kit_del(k);
}

static void test_loopback_echo(void **state)
{
    (void)state;
    static struct kit_frame f;
    struct ip_kit *k = ip_kit_ready();
    struct icmp_message m = {.type = ICMP4_ECHO, .rest = 5};
    struct kit_upper u = icmp("192.0.2.1", "127.0.0.1", &m);
    u.bare = true;
    kit_build(&f, &u);
    assert_int_equal(kit_feed(k, IP_LINK_LOOPBACK, f.bytes, f.size, NULL), IP_DONE);
    m = take(k, "127.0.0.1", "192.0.2.1");
    assert_int_equal(m.type, ICMP4_ECHO_REPLY);
    assert_int_equal(out.link, IP_LINK_LOOPBACK);
    assert_int_equal(kit_feed(k, IP_LINK_LOOPBACK, out.bytes, out.size, NULL), IP_DONE);
    kit_expect_drop(k, WEIR_DROP_ICMP_TYPE); /* nobody here asks */
    ip_kit_del(k);
}

/* ---- Errors in --------------------------------------------------------------------------------------- */

/* What a router quotes of a TCP segment of ours: ports 0x1234 -> 80, sequence number 0x01020304. */
static uint32_t quote(uint8_t *p, const char *src, const char *dst, uint8_t protocol)
{
    static struct kit_frame f;
    static const uint8_t upper[8] = {0x12, 0x34, 0, 80, 1, 2, 3, 4};
    struct kit_upper u = {
        .src = src, .dst = dst, .protocol = protocol, .data = upper, .size = 8, .bare = true};
    kit_build(&f, &u);
    memcpy(p, f.bytes, f.size);
    return f.size;
}

static enum ip_verdict error_in(struct ip_kit *k, bool v4, uint8_t type, uint8_t code,
                                uint32_t rest)
{
    uint8_t body[64];
    struct icmp_message m = {.type = type, .code = code, .rest = rest, .body = body};
    m.body_size = v4 ? quote(body, "192.0.2.1", "203.0.113.7", IP_PROTOCOL_TCP)
                     : quote(body, "2001:db8::1", "2001:db8:9::7", IP_PROTOCOL_TCP);
    if (rest >> 16 != 0) /* RFC 1191 7.1: the unused half is the size of what was too big */
        store_be16(body + 2, (uint16_t)(rest >> 16));
    struct kit_upper u =
        v4 ? icmp("192.0.2.254", "192.0.2.1", &m) : icmp("2001:db8::fe", "2001:db8::1", &m);
    return kit_send(k, &u);
}

static void test_errors_in(void **state)
{
    (void)state;
    static const struct {
        bool v4;
        uint8_t type, code;
        uint32_t rest;
        enum ip_error_kind kind;
        uint32_t mtu;
    } cases[] = {
        {true, 3, 0, 0, IP_ERROR_UNREACHABLE, 0},   {true, 3, 1, 0, IP_ERROR_UNREACHABLE, 0},
        {true, 3, 2, 0, IP_ERROR_HARD, 0},          {true, 3, 3, 0, IP_ERROR_HARD, 0},
        {true, 3, 4, 1400, IP_ERROR_TOO_BIG, 1400}, {true, 3, 4, 98304000, IP_ERROR_TOO_BIG, 1492},
        {true, 3, 4, 8, IP_ERROR_TOO_BIG, 68},      {true, 3, 5, 0, IP_ERROR_UNREACHABLE, 0},
        {true, 3, 13, 0, IP_ERROR_PROHIBITED, 0},   {true, 11, 0, 0, IP_ERROR_UNREACHABLE, 0},
        {true, 12, 0, 0, IP_ERROR_UNREACHABLE, 0},  {false, 1, 0, 0, IP_ERROR_UNREACHABLE, 0},
        {false, 1, 1, 0, IP_ERROR_PROHIBITED, 0},   {false, 1, 3, 0, IP_ERROR_UNREACHABLE, 0},
        {false, 1, 4, 0, IP_ERROR_HARD, 0},         {false, 2, 0, 1280, IP_ERROR_TOO_BIG, 1280},
        {false, 3, 0, 0, IP_ERROR_UNREACHABLE, 0},  {false, 4, 0, 0, IP_ERROR_UNREACHABLE, 0},
        {false, 4, 1, 0, IP_ERROR_HARD, 0},
    };
    struct ip_kit *k = ip_kit_ready();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        bool v4 = cases[i].v4;
        struct ip_addr src = kit_ip(v4 ? "192.0.2.1" : "2001:db8::1");
        struct ip_addr dst = kit_ip(v4 ? "203.0.113.7" : "2001:db8:9::7");
        assert_int_equal(error_in(k, v4, cases[i].type, cases[i].code, cases[i].rest), IP_ERROR);
        assert_int_equal(k->error.kind, cases[i].kind);
        assert_int_equal(k->error.mtu, cases[i].mtu);
        assert_int_equal(k->error.type, cases[i].type);
        assert_int_equal(k->error.code, cases[i].code);
        assert_true(ip_addr_equal(&k->error.src, &src) && ip_addr_equal(&k->error.dst, &dst));
        assert_int_equal(k->error.src_port, 0x1234);
        assert_int_equal(k->error.dst_port, 80);
        assert_int_equal(k->error.tcp_seq, 0x01020304);
        assert_int_equal(k->error.link, k->eth);
        assert_int_equal(k->error.protocol, IP_PROTOCOL_TCP);
    }
    kit_expect_no_drop(k);
    ip_kit_del(k);
}

static void test_errors_not_believed(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    uint8_t body[64];
    struct icmp_message m = {.type = 3, .code = 3, .body = body};
    error_in(k, true, ICMP4_SOURCE_QUENCH, 0, 0); /* RFC 9293 MUST-55 */
    kit_expect_drop(k, WEIR_DROP_ICMP_TYPE);
    error_in(k, true, ICMP4_REDIRECT, 0, 0);
    kit_expect_drop(k, WEIR_DROP_ICMP_TYPE);
    error_in(k, false, 2, 0, 1279); /* RFC 8201 4 */
    kit_expect_drop(k, WEIR_DROP_ICMP_QUOTE);
    error_in(k, false, ICMP6_ROUTER_ADVERT, 0, 0);
    kit_expect_drop(k, WEIR_DROP_ICMP_TYPE);
    m.body_size = quote(body, "192.0.2.77", "203.0.113.7", IP_PROTOCOL_TCP); /* not ours */
    struct kit_upper u = icmp("192.0.2.254", "192.0.2.1", &m);
    kit_send(k, &u);
    kit_expect_drop(k, WEIR_DROP_ICMP_QUOTE);
    m.body_size = quote(body, "192.0.2.1", "203.0.113.7", IP_PROTOCOL_TCP) - 1; /* cut off */
    u = icmp("192.0.2.254", "192.0.2.1", &m);
    kit_send(k, &u);
    kit_expect_drop(k, WEIR_DROP_ICMP_QUOTE);
    m.body_size = quote(body, "192.0.2.1", "203.0.113.7", IP_PROTOCOL_ICMP);
    u = icmp("192.0.2.254", "192.0.2.1", &m);
    kit_send(k, &u);
    kit_expect_drop(k, WEIR_DROP_ICMP_NO_CONNECTION);
    m.body_size = quote(body, "192.0.2.1", "203.0.113.7", IP_PROTOCOL_TCP);
    u = icmp("192.0.2.254", "224.0.0.1", &m);
    kit_send(k, &u);
    kit_expect_drop(k, WEIR_DROP_ICMP_TYPE);
    kit_expect_silence(k);
    ip_kit_del(k);
}

/* ---- Errors out ----------------------------------------------------------------------------------------- */

static void test_unknown_protocol(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    kit_meet(k);
    struct kit_upper u = {
        .src = "192.0.2.2", .dst = "192.0.2.1", .protocol = 99, .data = data, .size = 1400};
    kit_send(k, &u);
    kit_expect_drop(k, WEIR_DROP_IP_PROTOCOL);
    struct icmp_message m = take(k, "192.0.2.1", "192.0.2.2");
    assert_true(m.type == ICMP4_UNREACHABLE && m.code == ICMP4_PROTOCOL);
    assert_int_equal(out.ip_size, 576); /* RFC 1812 4.3.2.3 */
    assert_int_equal(m.body[9], 99);

    u.src = "2001:db8::2";
    u.dst = "2001:db8::1";
    kit_send(k, &u);
    kit_expect_drop(k, WEIR_DROP_IP_PROTOCOL);
    m = take(k, "2001:db8::1", "2001:db8::2");
    assert_true(m.type == ICMP6_PARAMETER_PROBLEM && m.code == 1 && m.rest == 6);
    assert_int_equal(out.ip_size, 1280);

    uint8_t extended[16] = {99, 0, 1, 4};
    u.protocol = 60;
    u.data = extended;
    u.size = sizeof(extended);
    kit_send(k, &u);
    m = take(k, "2001:db8::1", "2001:db8::2");
    assert_int_equal(m.rest, 40);
    u.protocol = 59; /* no next header: nothing to complain about */
    kit_send(k, &u);
    u.protocol = IP_PROTOCOL_ICMP; /* the other family's */
    kit_send(k, &u);
    (void)take(k, "2001:db8::1", "2001:db8::2");
    kit_expect_silence(k);
    kit_expect_drops(k, WEIR_DROP_IP_PROTOCOL, 3);
    ip_kit_del(k);
}

static void test_port_unreachable(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    kit_meet(k);
    struct kit_upper u = {.src = "192.0.2.2",
                          .dst = "192.0.2.1",
                          .protocol = IP_PROTOCOL_UDP,
                          .data = data,
                          .size = 20};
    assert_int_equal(kit_send(k, &u), IP_PACKET);
    ip_send_unreachable(&k->ip, &k->packet, IP_UNREACHABLE_PORT);
    ip_send_unreachable(&k->ip, &k->packet, IP_UNREACHABLE_PROHIBITED);
    kit_packet_free(k);
    struct icmp_message m = take(k, "192.0.2.1", "192.0.2.2");
    assert_true(m.type == 3 && m.code == 3 && m.body_size == 40);
    m = take(k, "192.0.2.1", "192.0.2.2");
    assert_true(m.type == 3 && m.code == 13);
    u.src = "2001:db8::2";
    u.dst = "2001:db8::1";
    assert_int_equal(kit_send(k, &u), IP_PACKET);
    ip_send_unreachable(&k->ip, &k->packet, IP_UNREACHABLE_PORT);
    ip_send_unreachable(&k->ip, &k->packet, IP_UNREACHABLE_PROHIBITED);
    kit_packet_free(k);
    m = take(k, "2001:db8::1", "2001:db8::2");
    assert_true(m.type == 1 && m.code == 4 && m.body_size == 60);
    m = take(k, "2001:db8::1", "2001:db8::2");
    assert_true(m.type == 1 && m.code == 1);
    u.src = "192.0.2.2";
    u.dst = "192.0.2.255"; /* never about a packet to everybody */
    u.to_mac = eth_broadcast;
    assert_int_equal(kit_send(k, &u), IP_PACKET);
    ip_send_unreachable(&k->ip, &k->packet, IP_UNREACHABLE_PORT);
    kit_packet_free(k);
    kit_expect_silence(k);
    kit_expect_no_drop(k);
    ip_kit_del(k);
}

static void test_rate_limit(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    struct kit_upper u = {
        .src = "198.51.100.2", .dst = "198.51.100.1", .protocol = 99, .bare = true};
    uint32_t sent = 0;
    for (int i = 0; i < 200; i++) {
        kit_send(k, &u);
        while (kit_next(k, &out)) {
            sent++;
        }
    }
    assert_true(sent >= 50 / 3 && sent <= 50);
    assert_int_equal(k->env.dropped[WEIR_DROP_ICMP_RATE], 200 - sent);
    kit_advance(k, WEIR_S);
    kit_send(k, &u);
    assert_true(kit_next(k, &out));
    ip_kit_del(k);
}

/* ---- The ring of replies ------------------------------------------------------------------------------------ */

static void ping(struct ip_kit *k, const char *src, const char *dst, bool bare)
{
    struct icmp_message m = {.type = ICMP4_ECHO};
    struct kit_upper u = icmp(src, dst, &m);
    u.bare = bare;
    kit_send(k, &u);
}

static void test_ring_is_bounded(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    for (int i = 0; i < 300; i++) {
        ping(k, "198.51.100.2", "198.51.100.1", true);
    }
    kit_expect_drops(k, WEIR_DROP_REPLY_RING, 300 - IP_REPLIES);
    int count = 0;
    while (kit_next(k, &out)) {
        count++;
    }
    assert_int_equal(count, IP_REPLIES);
    ip_kit_del(k);
}

static void test_unresolved_is_skipped(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    ping(k, "192.0.2.2", "192.0.2.1", false); /* MAC unknown */
    ping(k, "198.51.100.2", "198.51.100.1", true);
    ping(k, "192.0.2.3", "192.0.2.1", false);
    struct arp_packet a;
    struct eth_header eth;
    kit_take_arp(k, &a, &eth);
    (void)take(k, "198.51.100.1", "198.51.100.2");
    kit_take_arp(k, &a, &eth);
    kit_expect_silence(k);
    assert_int_equal(k->ip.reply_count, 2);
    KIT_ARP(k, ARP_REPLY, "192.0.2.3", "192.0.2.1");
    (void)take(k, "192.0.2.1", "192.0.2.3");
    kit_expect_silence(k);
    for (int i = 0; i < 3; i++) {
        kit_expect_no_drop(k);
        kit_advance(k, WEIR_S);
        kit_flush(k);
    }
    kit_expect_drop(k, WEIR_DROP_NO_NEIGHBOR);
    assert_int_equal(k->ip.reply_count, 0);
    ping(k, "192.0.2.2", "192.0.2.1", false); /* FAILED: at once */
    kit_expect_drop(k, WEIR_DROP_NO_NEIGHBOR);
    ip_kit_del(k);
}

static void test_no_route(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    ping(k, "203.0.113.7", "192.0.2.1", false);
    kit_expect_drop(k, WEIR_DROP_NO_ROUTE);
    /* in by one link, back by another */
    struct ip_addr net = kit_ip("203.0.113.0");
    assert_int_equal(ip_route_add(&k->ip, &net, 24, NULL, k->tun, 0), WEIR_OK);
    ping(k, "203.0.113.7", "192.0.2.1", false);
    (void)take(k, "192.0.2.1", "203.0.113.7");
    assert_int_equal(out.link, k->tun);
    kit_expect_no_drop(k);
    ip_kit_del(k);
}

static void test_reply_too_large(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    struct ip_send send = {.src = kit_ip("198.51.100.1"),
                           .dst = kit_ip("198.51.100.2"),
                           .protocol = IP_PROTOCOL_UDP,
                           .ttl = 64,
                           .dont_fragment = true};
    struct weir_buffer *b = ip_reply_buffer(&k->ip, 1381);
    memset(b->data, 0, 1381);
    b->size = send.payload_size = 1381;
    ip_reply_send(&k->ip, b, &send, WEIR_ANY_LINK);
    kit_expect_drop(k, WEIR_DROP_IP_TOTAL_LENGTH);
    b = ip_reply_buffer(&k->ip, 1380);
    memset(b->data, 0, 1380);
    b->size = send.payload_size = 1380;
    ip_reply_send(&k->ip, b, &send, WEIR_ANY_LINK);
    assert_true(kit_next(k, &out));
    assert_int_equal(out.size, 1400);
    kit_expect_no_drop(k);
    ip_kit_del(k);
}

static void test_no_memory(void **state)
{
    (void)state;
    for (uint32_t fail = 1; fail < 8; fail++) {
        struct ip_kit *k = ip_kit_ready();
        k->small_buffers = true;
        buffers_trim(&k->env.buffers);
        k->heap.fail_at = k->heap.calls + 1 + fail;
        ping(k, "192.0.2.2", "192.0.2.1", false);
        k->heap.fail_at = 0;
        kit_flush(k);
        ip_kit_del(k);
    }
    for (uint32_t fail = 1; fail < 4; fail++) {
        struct heap heap = {.fail_at = fail};
        struct weir_allocator allocator = heap_allocator(&heap);
        struct weir_config config = {.neighbors_max = 4, .ring_records = 4};
        struct env *env = malloc(sizeof(*env));
        struct ip *ip = malloc(sizeof(*ip));
        if (env_init(env, &config, &allocator) == WEIR_OK) {
            if (ip_init(ip, env) == WEIR_OK) {
                ip_fini(ip);
            }
            env_fini(env);
        }
        assert_int_equal(heap.blocks, 0);
        free(ip);
        free(env);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_big_echo),
        cmocka_unit_test(test_echo_refused),
        cmocka_unit_test(test_echo_to_all_nodes),
        cmocka_unit_test(test_loopback_echo),
        cmocka_unit_test(test_errors_in),
        cmocka_unit_test(test_errors_not_believed),
        cmocka_unit_test(test_unknown_protocol),
        cmocka_unit_test(test_port_unreachable),
        cmocka_unit_test(test_rate_limit),
        cmocka_unit_test(test_ring_is_bounded),
        cmocka_unit_test(test_unresolved_is_skipped),
        cmocka_unit_test(test_no_route),
        cmocka_unit_test(test_reply_too_large),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
