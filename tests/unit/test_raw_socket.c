/*
 * test_raw_socket.c - raw and ping handles of the core (raw.h): RFC 792, RFC 1122 3.2.2, RFC 3542 3, RFC 4443; and
 * what is sent to groups coming back (RFC 1112 7.1).
 */
#include "pair_kit.h"

#include "base/bytes.h"
#include "wire/checksum.h"
#include "wire/icmp.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire_kit.h"
#include <weir/raw.h>

static uint8_t bytes[70000], got[70000];
static struct weir_udp_meta meta;

static weir_handle raw(struct pair *p, int side, uint8_t family, uint32_t protocol)
{
    weir_handle h = 0;
    assert_int_equal(weir_raw_open(p->stack[side], family, protocol, 7, &h), WEIR_OK);
    return h;
}

static weir_handle ping(struct pair *p, int side, uint8_t family, uint16_t id)
{
    struct weir_endpoint at = {.port = id};
    weir_handle h = 0;
    assert_int_equal(weir_ping_open(p->stack[side], family, 9, &h), WEIR_OK);
    if (id) {
        assert_int_equal(weir_udp_bind(p->stack[side], h, &at), WEIR_OK);
    }
    return h;
}

static int64_t send_to(struct pair *p, weir_handle h, const char *to, uint32_t size)
{
    struct weir_endpoint at = pair_at(to, 0);
    int64_t done = weir_udp_send_to(p->stack[0], h, bytes, size, &at, NULL);
    pair_pump(p);
    return done;
}

static int64_t take(struct pair *p, int side, weir_handle h)
{
    memset(got, 0xee, sizeof(got));
    return weir_udp_recv_from(p->stack[side], h, got, sizeof(got), &meta);
}

/* Writes an echo request of `size` bytes into `bytes`. */
static void request(uint8_t type, uint32_t size)
{
    fill_random(bytes, size, 1);
    memset(bytes, 0, 8);
    bytes[0] = type;
    store_be16(bytes + 6, 0x0102);
}

/* ---- Ping ---------------------------------------------------------------------------------------------- */

static void an_echo_request_is_answered(void **state)
{
    static const struct {
        uint8_t family, type, reply;
        const char *peer, *self;
    } cases[] = {
        {4, ICMP4_ECHO, ICMP4_ECHO_REPLY, "10.0.0.2", "10.0.0.1"},
        {6, ICMP6_ECHO, ICMP6_ECHO_REPLY, "fd00::2", "fd00::1"},
        {4, ICMP4_ECHO, ICMP4_ECHO_REPLY, "127.0.0.1", "127.0.0.1"},
    };
    struct pair *p = pair_new(1500);
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        weir_handle h = ping(p, 0, cases[i].family, 0x1234);
        weir_handle other = ping(p, 0, cases[i].family, 0x1235);
        struct weir_ip self = pair_ip(cases[i].self), peer = pair_ip(cases[i].peer);
        for (uint32_t size = 8; size <= 4008; size += 4000) { /* also in fragments */
            request(cases[i].type, size);
            assert_int_equal(send_to(p, h, cases[i].peer, size), size);
            assert_int_equal(pair_events(p, 0, h, NULL), WEIR_EVENT_READABLE);
            assert_int_equal(take(p, 0, h), size);
            assert_int_equal(got[0], cases[i].reply);
            assert_int_equal(load_be16(got + 4), 0x1234);
            assert_memory_equal(got + 6, bytes + 6, size - 6);
            assert_true(weir_ip_equal(&meta.remote.ip, &peer));
            assert_true(weir_ip_equal(&meta.local.ip, &self));
            assert_int_equal(meta.remote.port, 0);
            assert_int_equal(meta.local.port, 0x1234);
            assert_int_equal(meta.ttl, 64);
            assert_int_equal(take(p, 0, h), WEIR_EAGAIN);
            assert_int_equal(take(p, 0, other), WEIR_EAGAIN);
        }
        assert_int_equal(weir_udp_close(p->stack[0], h), WEIR_OK);
        assert_int_equal(weir_udp_close(p->stack[0], other), WEIR_OK);
    }
    assert_int_equal(pair_drops(p, 0, WEIR_DROP_ICMP_TYPE), 0);
    request(ICMP4_ECHO, 8);
    pair_del(p);
}

/* Byte for byte: identifier and checksum are the stack's. */
static void the_request_on_the_wire(void **state)
{
    struct pair *p = pair_new(1500);
    weir_handle h = ping(p, 0, 4, 0x1234), h6 = ping(p, 0, 6, 0x1234);
    uint8_t expected[100];
    size_t size;
    (void)state;
    p->lose = true;
    size = unhex(bytes, "0800 ffff ffff 0007 6869");
    weir_udp_set(p->stack[0], h, WEIR_UDP_TTL, 3);
    weir_udp_set(p->stack[0], h, WEIR_UDP_TOS, 0x10);
    assert_int_equal(send_to(p, h, "10.0.0.2", (uint32_t)size), size);
    unhex(expected, "0800 7d5b 1234 0007 6869");
    assert_int_equal(p->last_size[0], 30);
    assert_int_equal(p->last[0][1], 0x10);
    assert_int_equal(p->last[0][8], 3);
    assert_memory_equal(p->last[0] + 20, expected, size);
    bytes[0] = ICMP6_ECHO;
    assert_int_equal(send_to(p, h6, "fd00::2", (uint32_t)size), size);
    unhex(expected, "8000 0b12 1234 0007 6869");
    assert_memory_equal(p->last[0] + 40, expected, size);
    pair_del(p);
}

static void only_requests_leave_only_replies_come(void **state)
{
    struct pair *p = pair_new(1500);
    weir_handle h = ping(p, 0, 4, 77), again = 0;
    struct weir_endpoint at = {.port = 77};
    uint8_t packet[64];
    uint64_t value;
    (void)state;
    assert_int_equal(weir_ping_open(p->stack[0], 5, 0, &again), WEIR_EINVAL);
    request(ICMP4_ECHO_REPLY, 20);
    assert_int_equal(send_to(p, h, "10.0.0.2", 20), WEIR_EINVAL);
    request(ICMP4_ECHO, 20);
    bytes[1] = 1;
    assert_int_equal(send_to(p, h, "10.0.0.2", 20), WEIR_EINVAL);
    bytes[1] = 0;
    assert_int_equal(send_to(p, h, "10.0.0.2", 7), WEIR_EINVAL);
    assert_int_equal(send_to(p, h, "fd00::2", 20), WEIR_EINVAL);
    assert_int_equal(weir_udp_send_to(p->stack[0], h, bytes, 20, NULL, NULL), WEIR_ENOTCONN);
    again = ping(p, 0, 4, 0);
    assert_int_equal(weir_udp_bind(p->stack[0], again, &at), WEIR_EADDRINUSE);
    assert_int_equal(weir_raw_set(p->stack[0], h, WEIR_RAW_HEADER_INCLUDED, 1), WEIR_ENOPROTOOPT);
    assert_int_equal(weir_raw_get(p->stack[0], h, WEIR_RAW_HEADER_INCLUDED, &value),
                     WEIR_ENOPROTOOPT);
    /* the same identifier on the peer: our request is no reply for it; a wrong checksum neither */
    weir_handle peer = ping(p, 1, 4, 77);
    assert_int_equal(send_to(p, h, "10.0.0.2", 20), 20);
    assert_int_equal(take(p, 1, peer), WEIR_EAGAIN);
    assert_int_equal(take(p, 0, h), 20);
    memcpy(packet, p->last[1], p->last_size[1]);
    packet[39] ^= 1;
    pair_give(p, 0, packet, 40);
    assert_int_equal(take(p, 0, h), WEIR_EAGAIN);
    assert_int_equal(pair_drops(p, 0, WEIR_DROP_ICMP_CHECKSUM), 1);
    pair_give(p, 0, p->last[1], p->last_size[1]);
    assert_int_equal(take(p, 0, h), 20);
    weir_udp_close(p->stack[0], h);
    pair_give(p, 0, p->last[1], p->last_size[1]); /* nobody waits for it any more */
    assert_int_equal(pair_drops(p, 0, WEIR_DROP_ICMP_TYPE), 1);
    pair_del(p);
}

static void errors_about_requests_are_told(void **state)
{
    struct pair *p = pair_new(1500);
    weir_handle h = ping(p, 0, 4, 77), other = ping(p, 0, 4, 78);
    weir_handle unknown = raw(p, 0, 4, 253);
    uint8_t error[100] = {0};
    struct icmp_message m = {.type = ICMP4_UNREACHABLE, .code = ICMP4_HOST};
    struct ip4_header ip = {.ttl = 60, .protocol = IP_PROTOCOL_ICMP, .total_size = 56};
    struct weir_endpoint to = pair_at("10.0.0.2", 0);
    int code = 0;
    (void)state;
    assert_int_equal(weir_udp_connect(p->stack[0], h, &to), WEIR_OK);
    p->lose = true;
    request(ICMP4_ECHO, 20);
    assert_int_equal(weir_udp_send_to(p->stack[0], h, bytes, 20, NULL, NULL), 20);
    pair_pump(p);
    memcpy(ip.src, (uint8_t[4]){10, 0, 0, 2}, 4);
    memcpy(ip.dst, (uint8_t[4]){10, 0, 0, 1}, 4);
    ip4_build(error, &ip);
    m.body = p->last[0];
    m.body_size = 28;
    icmp4_build(error + 20, &m);
    pair_give(p, 0, error, 56);
    assert_int_equal(pair_events(p, 0, h, &code), WEIR_EVENT_ERROR);
    assert_int_equal(code, WEIR_EHOSTUNREACH);
    assert_int_equal(pair_events(p, 0, other, NULL), 0);
    /* a protocol that the peer does not speak: RFC 1122 3.2.2.1 */
    p->lose = false;
    assert_int_equal(send_to(p, unknown, "10.0.0.2", 20), 20);
    assert_int_equal(pair_events(p, 0, unknown, &code), WEIR_EVENT_ERROR);
    assert_int_equal(code, WEIR_ENOPROTOOPT);
    weir_udp_close(p->stack[0], unknown);
    pair_give(p, 0, p->last[1], p->last_size[1]);
    assert_int_equal(pair_drops(p, 0, WEIR_DROP_ICMP_NO_CONNECTION), 1);
    pair_del(p);
}

/* ---- Raw ----------------------------------------------------------------------------------------------- */

static void packets_of_a_protocol_come_and_go(void **state)
{
    struct pair *p = pair_new(1500);
    weir_handle a = raw(p, 0, 4, 253), a6 = raw(p, 0, 6, 253);
    weir_handle b = raw(p, 1, 4, 253), b6 = raw(p, 1, 6, 253), twice = raw(p, 1, 4, 253);
    weir_handle icmp = raw(p, 1, 4, 1);
    struct weir_endpoint elsewhere = pair_at("10.0.0.9", 0), here = pair_at("10.0.0.2", 5);
    (void)state;
    fill_random(bytes, sizeof(bytes), 3);
    for (uint32_t size = 0; size <= 5000; size += 2500) {
        assert_int_equal(send_to(p, a, "10.0.0.2", size), size);
        assert_int_equal(take(p, 1, b), 20 + size); /* with its header */
        assert_int_equal(got[0], 0x45);
        assert_int_equal(got[9], 253);
        assert_int_equal(load_be16(got + 2), 20 + size);
        assert_memory_equal(got + 20, bytes, size);
        assert_int_equal(take(p, 1, twice), 20 + size);
        assert_int_equal(send_to(p, a6, "fd00::2", size), size);
        assert_int_equal(take(p, 1, b6), size); /* without */
        assert_memory_equal(got, bytes, size);
    }
    assert_int_equal(take(p, 1, icmp), WEIR_EAGAIN);
    assert_int_equal(p->frames[1], 0); /* nobody was told "protocol unreachable" */
    assert_int_equal(pair_drops(p, 1, WEIR_DROP_IP_PROTOCOL), 0);
    /* bound and connected */
    assert_int_equal(weir_udp_connect(p->stack[1], b, &elsewhere), WEIR_OK);
    assert_int_equal(weir_udp_bind(p->stack[1], twice, &here), WEIR_OK);
    assert_int_equal(weir_udp_bind(p->stack[1], twice, &here), WEIR_OK); /* again */
    assert_int_equal(weir_udp_bind(p->stack[1], twice, &elsewhere), WEIR_EADDRNOTAVAIL);
    assert_int_equal(send_to(p, a, "10.0.0.2", 5), 5);
    assert_int_equal(take(p, 1, b), WEIR_EAGAIN);
    assert_int_equal(take(p, 1, twice), 25);
    weir_udp_close(p->stack[1], b);
    weir_udp_close(p->stack[1], twice);
    assert_int_equal(send_to(p, a, "10.0.0.2", 5), 5);
    assert_int_equal(p->frames[1], 1);
    assert_int_equal(pair_drops(p, 1, WEIR_DROP_IP_PROTOCOL), 1);
    pair_del(p);
}

/* What the stack deals with itself is seen beside: echo, UDP; also by filters of ICMP types. */
static void a_copy_beside_the_stack(void **state)
{
    struct pair *p = pair_new(1500);
    weir_handle icmp = raw(p, 1, 4, IP_PROTOCOL_ICMP), icmp6 = raw(p, 1, 6, IP_PROTOCOL_ICMP6);
    weir_handle udp = raw(p, 1, 4, IP_PROTOCOL_UDP), real = pair_udp(p, 1, NULL, 53);
    weir_handle h = ping(p, 0, 4, 5), h6 = ping(p, 0, 6, 5), sender = pair_udp(p, 0, NULL, 0);
    struct weir_endpoint to = pair_at("10.0.0.2", 53);
    uint32_t blocked[8] = {1u << ICMP4_ECHO};
    (void)state;
    request(ICMP4_ECHO, 30);
    send_to(p, h, "10.0.0.2", 30);
    assert_int_equal(take(p, 1, icmp), 50);
    assert_int_equal(got[20], ICMP4_ECHO);
    assert_int_equal(take(p, 0, h), 30);
    assert_int_equal(weir_raw_filter(p->stack[1], icmp, blocked), WEIR_OK);
    send_to(p, h, "10.0.0.2", 30);
    assert_int_equal(take(p, 1, icmp), WEIR_EAGAIN);
    assert_int_equal(take(p, 0, h), 30);
    assert_int_equal(weir_raw_filter(p->stack[1], icmp, NULL), WEIR_OK);
    send_to(p, h, "10.0.0.2", 30);
    assert_int_equal(take(p, 1, icmp), 50);
    bytes[0] = ICMP6_ECHO;
    send_to(p, h6, "fd00::2", 30);
    assert_int_equal(take(p, 1, icmp6), 30);
    assert_int_equal(got[0], ICMP6_ECHO);
    /* a wrong checksum: nobody gets it, counted once */
    memcpy(bytes, p->last[0], p->last_size[0]);
    bytes[60] ^= 1;
    pair_give(p, 1, bytes, p->last_size[0]);
    assert_int_equal(take(p, 1, icmp6), WEIR_EAGAIN);
    assert_int_equal(pair_drops(p, 1, WEIR_DROP_ICMP_CHECKSUM), 1);
    assert_int_equal(weir_udp_send_to(p->stack[0], sender, bytes, 9, &to, NULL), 9);
    pair_pump(p);
    assert_int_equal(take(p, 1, udp), 37);
    assert_int_equal(take(p, 1, real), 9);
    assert_int_equal(weir_raw_filter(p->stack[1], udp, blocked), WEIR_ENOPROTOOPT);
    assert_int_equal(weir_raw_filter(p->stack[1], real, blocked), WEIR_ENOPROTOOPT);
    pair_del(p);
}

static void the_queue_is_bounded(void **state)
{
    struct pair *p = pair_new(1500);
    weir_handle a = raw(p, 0, 4, 253), b = raw(p, 1, 4, 253);
    struct weir_udp_info info = {.size = sizeof(info)};
    uint32_t received = 0;
    (void)state;
    weir_udp_set(p->stack[1], b, WEIR_UDP_RECEIVE_BUFFER, 5000);
    for (int i = 0; i < 20; i++) {
        send_to(p, a, "10.0.0.2", 500);
    }
    assert_int_equal(weir_udp_info(p->stack[1], b, &info), WEIR_OK);
    assert_int_equal(pair_drops(p, 1, WEIR_DROP_UDP_BUFFER), info.dropped);
    while (take(p, 1, b) == 520) {
        received++;
    }
    assert_in_range(received, 1, 10);
    assert_int_equal(received + info.dropped, 20);
    pair_del(p);
}

static void own_headers(void **state)
{
    struct pair *p = pair_new(1500);
    weir_handle h = raw(p, 0, 4, WEIR_RAW_PROTOCOL_RAW), b = raw(p, 1, 4, 253);
    weir_handle h6 = raw(p, 0, 6, 253), b6 = raw(p, 1, 6, 253);
    uint64_t value = 0;
    (void)state;
    assert_int_equal(weir_raw_get(p->stack[0], h, WEIR_RAW_HEADER_INCLUDED, &value), WEIR_OK);
    assert_int_equal(value, 1);
    /* zeros are filled in: length, identification, checksum, source; the rest is the caller's */
    memset(bytes, 0xaa, 100);
    unhex(bytes, "4500 ffff 0000 4000 09fd ffff 00000000 0a000002");
    assert_int_equal(send_to(p, h, "10.0.0.2", 50), 50);
    assert_int_equal(take(p, 1, b), 50);
    assert_int_equal(load_be16(got + 2), 50);
    assert_true(load_be16(got + 4) != 0);
    assert_int_equal(got[8], 9);
    assert_int_equal(load_be32(got + 12), 0x0a000001);
    assert_int_equal(csum_fold(csum_sum_portable(got, 20, 0)), 0xffff);
    unhex(bytes, "4500 0000 0077 4000 09fd 0000 0a000063 0a000002"); /* somebody else's address */
    assert_int_equal(send_to(p, h, "10.0.0.2", 20), 20);
    assert_int_equal(take(p, 1, b), 20);
    assert_int_equal(load_be16(got + 4), 0x77);
    assert_int_equal(load_be32(got + 12), 0x0a000063);
    assert_int_equal(send_to(p, h, "10.0.0.2", 19), WEIR_EINVAL);
    weir_udp_set(p->stack[0], h, WEIR_UDP_DONT_FRAGMENT, 1);
    assert_int_equal(send_to(p, h, "10.0.0.2", 1500), 1500); /* fits */
    assert_int_equal(take(p, 1, b), 1500);
    assert_int_equal(send_to(p, h, "10.0.0.2", 1501), WEIR_EMSGSIZE);
    bytes[0] = 0x65;
    assert_int_equal(send_to(p, h, "10.0.0.2", 40), WEIR_EINVAL);
    bytes[0] = 0x4f;
    assert_int_equal(send_to(p, h, "10.0.0.2", 40), WEIR_EINVAL);
    assert_int_equal(weir_raw_set(p->stack[0], h6, WEIR_RAW_HEADER_INCLUDED, 1), WEIR_OK);
    unhex(bytes, "60000000 0004 fd 07 fd000000000000000000000000000001"
                 "fd000000000000000000000000000002 01020304");
    assert_int_equal(send_to(p, h6, "fd00::2", 44), 44);
    assert_int_equal(take(p, 1, b6), 4);
    assert_int_equal(meta.ttl, 7);
    assert_int_equal(send_to(p, h6, "fd00::2", 45), WEIR_EINVAL);
    assert_int_equal(send_to(p, h6, "fd00::2", 39), WEIR_EINVAL);
    pair_del(p);
}

/* RFC 3542 3.1. */
static void checksums_of_other_protocols(void **state)
{
    struct pair *p = pair_new(1500);
    weir_handle a = raw(p, 0, 6, 253), b = raw(p, 1, 6, 253), none = raw(p, 1, 6, 253);
    weir_handle icmp6 = raw(p, 0, 6, IP_PROTOCOL_ICMP6), v4 = raw(p, 0, 4, 253);
    uint64_t value = 0;
    (void)state;
    assert_int_equal(weir_raw_get(p->stack[0], a, WEIR_RAW_CHECKSUM_OFFSET, &value), WEIR_OK);
    assert_true(value == WEIR_RAW_NO_CHECKSUM);
    assert_int_equal(weir_raw_set(p->stack[0], a, WEIR_RAW_CHECKSUM_OFFSET, 3), WEIR_EINVAL);
    assert_int_equal(weir_raw_set(p->stack[0], icmp6, WEIR_RAW_CHECKSUM_OFFSET, 4), WEIR_EINVAL);
    assert_int_equal(weir_raw_set(p->stack[0], v4, WEIR_RAW_CHECKSUM_OFFSET, 4), WEIR_ENOPROTOOPT);
    assert_int_equal(weir_raw_set(p->stack[1], b, WEIR_RAW_CHECKSUM_OFFSET, 4), WEIR_OK);
    unhex(bytes, "01020304 ffff 0708");
    assert_int_equal(send_to(p, a, "fd00::2", 8), 8); /* without: refused there */
    assert_int_equal(take(p, 1, b), WEIR_EAGAIN);
    assert_int_equal(take(p, 1, none), 8);
    assert_int_equal(pair_drops(p, 1, WEIR_DROP_RAW_CHECKSUM), 1);
    assert_int_equal(weir_raw_set(p->stack[0], a, WEIR_RAW_CHECKSUM_OFFSET, 4), WEIR_OK);
    assert_int_equal(send_to(p, a, "fd00::2", 8), 8);
    assert_int_equal(take(p, 1, b), 8);
    assert_int_equal(load_be16(got + 4), 0xf9e7);
    assert_int_equal(send_to(p, a, "fd00::2", 5), WEIR_EINVAL);
    /* of ICMPv6 the stack always does it */
    unhex(bytes, "8000 ffff 0001 0002");
    assert_int_equal(send_to(p, icmp6, "fd00::2", 8), 8);
    assert_int_equal(take(p, 0, icmp6), 8);
    assert_int_equal(got[0], ICMP6_ECHO_REPLY);
    pair_del(p);
}

/* ---- Groups -------------------------------------------------------------------------------------------- */

static void groups_reach_raw_handles_and_this_host(void **state)
{
    static const char *const groups[] = {"224.0.0.5", "ff02::5"};
    struct pair *p = pair_new(1500);
    struct weir_endpoint dns = pair_at("239.1.2.3", 53);
    weir_handle u = pair_udp(p, 0, NULL, 53);
    (void)state;
    fill_random(bytes, 40, 4);
    for (uint8_t i = 0; i < 2; i++) {
        weir_handle a = raw(p, 0, i ? 6 : 4, 89), b = raw(p, 1, i ? 6 : 4, 89);
        struct weir_ip group = pair_ip(groups[i]);
        uint32_t header = i ? 0 : 20;
        send_to(p, a, groups[i], 40);
        assert_int_equal(take(p, 1, b), WEIR_EAGAIN);
        assert_int_equal(weir_udp_join(p->stack[1], b, &group, 0), WEIR_OK);
        assert_int_equal(weir_udp_join(p->stack[0], a, &group, 0), WEIR_OK);
        send_to(p, a, groups[i], 40);
        assert_int_equal(take(p, 1, b), 40 + header);
        assert_true(meta.to_group && meta.ttl == 1);
        assert_int_equal(take(p, 0, a), 40 + header); /* its own, too */
        assert_true(meta.to_group);
        weir_udp_set(p->stack[0], a, WEIR_UDP_MULTICAST_LOOP, 0);
        send_to(p, a, groups[i], 40);
        assert_int_equal(take(p, 1, b), 40 + header);
        assert_int_equal(take(p, 0, a), WEIR_EAGAIN);
        assert_int_equal(weir_udp_leave(p->stack[1], b, &group, 0), WEIR_OK);
    }
    /* TTL 0 does not leave the host */
    assert_int_equal(weir_udp_join(p->stack[0], u, &dns.ip, 0), WEIR_OK);
    pair_pump(p);
    uint32_t frames = p->frames[0];
    weir_udp_set(p->stack[0], u, WEIR_UDP_MULTICAST_TTL, 0);
    assert_int_equal(weir_udp_send_to(p->stack[0], u, bytes, 40, &dns, NULL), 40);
    pair_pump(p);
    assert_int_equal(p->frames[0], frames);
    assert_int_equal(take(p, 0, u), 40);
    weir_udp_set(p->stack[0], u, WEIR_UDP_MULTICAST_TTL, 5);
    assert_int_equal(weir_udp_send_to(p->stack[0], u, bytes, 40, &dns, NULL), 40);
    pair_pump(p);
    assert_int_equal(take(p, 0, u), 40);
    assert_int_equal(p->frames[0], frames + 1);
    pair_del(p);
}

static void no_memory_is_survived(void **state)
{
    (void)state;
    for (uint32_t fail = 1; fail < 12; fail++) {
        struct pair *p = pair_new(1500);
        weir_handle h = 0, g = 0, peer = raw(p, 1, 4, 253);
        p->lose = true;
        p->heap[0].fail_at = p->heap[0].calls + fail;
        if (weir_raw_open(p->stack[0], 4, 253, 0, &h) == WEIR_OK) {
            (void)send_to(p, h, "10.0.0.2", 3000);
        }
        if (weir_ping_open(p->stack[0], 4, 0, &g) == WEIR_OK) {
            request(ICMP4_ECHO, 2000);
            (void)send_to(p, g, "127.0.0.1", 2000);
        }
        p->heap[0].fail_at = 0;
        pair_run(p, 100 * WEIR_S);
        (void)take(p, 1, peer);
        pair_del(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_echo_request_is_answered),
        cmocka_unit_test(the_request_on_the_wire),
        cmocka_unit_test(only_requests_leave_only_replies_come),
        cmocka_unit_test(errors_about_requests_are_told),
        cmocka_unit_test(packets_of_a_protocol_come_and_go),
        cmocka_unit_test(a_copy_beside_the_stack),
        cmocka_unit_test(the_queue_is_bounded),
        cmocka_unit_test(own_headers),
        cmocka_unit_test(checksums_of_other_protocols),
        cmocka_unit_test(groups_reach_raw_handles_and_this_host),
        cmocka_unit_test(no_memory_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
