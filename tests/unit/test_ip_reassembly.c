/* test_ip_reassembly.c - fragments in every order, with holes, overlaps, limits and timeouts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ip_kit.h"

#include "base/bytes.h"

static uint8_t data[65535 + 100];

struct piece {
    uint32_t offset, size;
    bool more;
};

static enum ip_verdict feed(struct ip_kit *k, bool v4, uint32_t id, struct piece p)
{
    struct kit_upper u = {.src = v4 ? "198.51.100.2" : "2001:db8:1::2",
                          .dst = v4 ? "198.51.100.1" : "2001:db8:1::1",
                          .protocol = IP_PROTOCOL_UDP,
                          .data = data + p.offset,
                          .size = p.size,
                          .id = id,
                          .offset = p.offset,
                          .fragment = true,
                          .more = p.more,
                          .bare = true};
    return kit_send(k, &u);
}

static void expect_whole(struct ip_kit *k, uint32_t size)
{
    assert_int_equal(k->packet.protocol, IP_PROTOCOL_UDP);
    assert_int_equal(k->packet.buffer->size, size);
    assert_memory_equal(k->packet.buffer->data, data, size);
    assert_int_equal(k->packet.csum, WEIR_CSUM_NONE);
    assert_int_equal(k->packet.link, k->tun);
    /* a whole header stands in front, for quoting */
    const uint8_t *header = k->packet.buffer->data - k->packet.ip_size;
    struct ip4_header h4;
    struct ip6_header h6;
    if (header[0] >> 4 == 4) {
        assert_int_equal(ip4_parse(header, k->packet.ip_size + size, false, &h4), WEIR_DROP_NONE);
        assert_false(h4.more_fragments);
        assert_int_equal(h4.fragment_offset, 0);
        assert_int_equal(h4.total_size, size + 20);
    } else {
        assert_int_equal(ip6_parse(header, k->packet.ip_size + size, &h6), WEIR_DROP_NONE);
        assert_false(h6.fragment);
        assert_int_equal(h6.payload_size, k->packet.ip_size - 40u + size);
    }
    kit_packet_free(k);
    kit_expect_silence(k);
}

static void fill(void)
{
    for (uint32_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 7 + i / 256);
    }
}

/* All orders of four pieces. */
static void test_orders(void **state)
{
    (void)state;
    static const struct piece pieces[4] = {
        {0, 600, true}, {600, 8, true}, {608, 800, true}, {1408, 13, false}};
    struct ip_kit *k = ip_kit_ready();
    uint32_t id = 0;
    fill();
    for (uint32_t order = 0; order < 256; order++) {
        uint32_t at[4] = {order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 & 3};
        if (((1u << at[0]) | (1u << at[1]) | (1u << at[2]) | (1u << at[3])) != 15) {
            continue;
        }
        for (int v4 = 0; v4 < 2; v4++) {
            id++;
            for (int i = 0; i < 3; i++) {
                assert_int_equal(feed(k, v4, id, pieces[at[i]]), IP_DONE);
            }
            assert_int_equal(feed(k, v4, id, pieces[at[3]]), IP_PACKET);
            expect_whole(k, 1421);
        }
    }
    assert_int_equal(id, 48);
    kit_expect_no_drop(k);
    ip_kit_del(k);
}

static void test_interleaved(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    fill();
    for (uint32_t id = 0; id < 20; id++) {
        assert_int_equal(feed(k, id & 1, id, (struct piece){0, 1000, true}), IP_DONE);
    }
    for (uint32_t id = 0; id < 20; id++) {
        assert_int_equal(feed(k, id & 1, id, (struct piece){1000, 100, false}), IP_PACKET);
        expect_whole(k, 1100);
    }
    kit_expect_no_drop(k);
    ip_kit_del(k);
}

static void test_keys(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    fill();
    struct kit_upper u = {.src = "198.51.100.2",
                          .dst = "198.51.100.1",
                          .protocol = IP_PROTOCOL_UDP,
                          .data = data,
                          .size = 8,
                          .id = 5,
                          .more = true,
                          .bare = true};
    assert_int_equal(kit_send(k, &u), IP_DONE);
    u.more = false;
    u.offset = 8;
    u.protocol = IP_PROTOCOL_TCP; /* another datagram in IPv4 */
    assert_int_equal(kit_send(k, &u), IP_DONE);
    u.protocol = IP_PROTOCOL_UDP;
    u.src = "198.51.100.3";
    assert_int_equal(kit_send(k, &u), IP_DONE);
    u.src = "198.51.100.2";
    u.id = 6;
    assert_int_equal(kit_send(k, &u), IP_DONE);
    u.id = 5;
    assert_int_equal(kit_send(k, &u), IP_PACKET);
    kit_packet_free(k);
    ip_kit_del(k);
}

static void test_largest(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    fill();
    for (int v4 = 0; v4 < 2; v4++) {
        uint32_t end = v4 ? 65515 : 65535, at = 0;
        for (; at + 1376 < end; at += 1376) {
            assert_int_equal(feed(k, v4, 1, (struct piece){at, 1376, true}), IP_DONE);
        }
        assert_int_equal(feed(k, v4, 1, (struct piece){at, end - at, false}), IP_PACKET);
        expect_whole(k, end);
    }
    kit_expect_no_drop(k);
    ip_kit_del(k);
}

static void test_malformed(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    static struct kit_out out;
    for (int v4 = 0; v4 < 2; v4++) {
        assert_int_equal(feed(k, v4, 1, (struct piece){0, 12, true}), IP_DONE);
        kit_expect_drop(k, WEIR_DROP_FRAGMENT_MALFORMED);
        assert_int_equal(kit_next(k, &out), !v4); /* IPv6 answers */
        if (!v4) {
            assert_int_equal(out.ip[40], ICMP6_PARAMETER_PROBLEM);
            assert_int_equal(load_be32(out.ip + 44), 4);
        }
        assert_int_equal(feed(k, v4, 1, (struct piece){8, 0, true}), IP_DONE);
        kit_expect_drop(k, WEIR_DROP_FRAGMENT_MALFORMED);
        assert_int_equal(feed(k, v4, 1, (struct piece){65528, 100, false}), IP_DONE);
        kit_expect_drop(k, WEIR_DROP_FRAGMENT_MALFORMED);
        assert_int_equal(kit_next(k, &out), !v4);
        if (!v4) {
            assert_int_equal(load_be32(out.ip + 44), 42);
        }
    }
    ip_kit_del(k);
}

/* The first pieces, then one that cannot be true; the rest of the datagram must be refused, too. */
static void overlap(const struct piece *pieces, uint32_t count, struct piece rest)
{
    for (int v4 = 0; v4 < 2; v4++) {
        struct ip_kit *k = ip_kit_ready();
        for (uint32_t i = 0; i < count; i++) {
            kit_expect_no_drop(k);
            assert_int_equal(feed(k, v4, 1, pieces[i]), IP_DONE);
        }
        kit_expect_drop(k, WEIR_DROP_FRAGMENT_OVERLAP);
        assert_int_equal(feed(k, v4, 1, rest), IP_DONE);
        kit_expect_drop(k, WEIR_DROP_FRAGMENT_OVERLAP);
        kit_advance(k, 60 * WEIR_S); /* over, and nobody is told */
        kit_expect_no_drop(k);
        kit_expect_silence(k);
        assert_int_equal(feed(k, v4, 1, rest), IP_DONE);
        kit_expect_no_drop(k);
        ip_kit_del(k);
    }
}

static void test_overlaps(void **state)
{
    (void)state;
    struct piece rest = {160, 8, true};
    overlap((struct piece[]){{0, 80, true}, {72, 80, true}}, 2, rest);
    overlap((struct piece[]){{72, 80, true}, {0, 80, true}}, 2, rest);
    overlap((struct piece[]){{0, 80, true}, {0, 88, true}}, 2, rest);
    overlap((struct piece[]){{0, 80, true}, {0, 72, true}}, 2, rest);
    overlap((struct piece[]){{0, 80, true}, {8, 8, true}}, 2, rest);
    overlap((struct piece[]){{8, 8, true}, {0, 80, true}}, 2, rest);
    overlap((struct piece[]){{80, 80, true}, {0, 40, true}, {40, 48, true}}, 3, rest);
    /* two ends, data behind the end, an end before data, an end that is none */
    overlap((struct piece[]){{80, 8, false}, {160, 8, false}}, 2, rest);
    overlap((struct piece[]){{80, 8, false}, {160, 8, true}}, 2, rest);
    overlap((struct piece[]){{160, 8, true}, {80, 8, false}}, 2, rest);
    overlap((struct piece[]){{80, 8, true}, {80, 8, false}}, 2, rest);
    overlap((struct piece[]){{80, 8, false}, {80, 8, true}}, 2, rest);
    overlap((struct piece[]){{80, 8, false}, {72, 16, true}}, 2, rest);
}

static void test_duplicates(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    fill();
    for (int v4 = 0; v4 < 2; v4++) {
        feed(k, v4, 1, (struct piece){80, 80, true});
        feed(k, v4, 1, (struct piece){160, 5, false});
        kit_expect_no_drop(k);
        feed(k, v4, 1, (struct piece){80, 80, true});
        kit_expect_drop(k, WEIR_DROP_DUPLICATE_DATA);
        feed(k, v4, 1, (struct piece){160, 5, false});
        kit_expect_drop(k, WEIR_DROP_DUPLICATE_DATA);
        assert_int_equal(feed(k, v4, 1, (struct piece){0, 80, true}), IP_PACKET);
        expect_whole(k, 165);
    }
    ip_kit_del(k);
}

static void expect_time_exceeded(struct ip_kit *k, bool v4, uint32_t quoted)
{
    static struct kit_out out;
    struct icmp_message m;
    assert_true(kit_next(k, &out));
    if (v4) {
        assert_int_equal(icmp4_parse(out.ip + 20, out.ip_size - 20, &m), WEIR_DROP_NONE);
        assert_int_equal(m.type, ICMP4_TIME_EXCEEDED);
    } else {
        struct ip6_header h;
        assert_int_equal(ip6_parse(out.ip, out.ip_size, &h), WEIR_DROP_NONE);
        struct ip_addr src = ip_addr_from_v6(h.src), dst = ip_addr_from_v6(h.dst);
        assert_int_equal(icmp6_parse(out.ip + 40, out.ip_size - 40, &src, &dst, &m),
                         WEIR_DROP_NONE);
        assert_int_equal(m.type, ICMP6_TIME_EXCEEDED);
    }
    assert_int_equal(m.code, 1);
    assert_int_equal(m.body_size, quoted);
}

static void test_timeout(void **state)
{
    (void)state;
    for (int v4 = 0; v4 < 2; v4++) {
        struct ip_kit *k = ip_kit_ready();
        weir_time limit = v4 ? 30 * WEIR_S : 60 * WEIR_S;
        feed(k, v4, 1, (struct piece){0, 80, true});
        feed(k, v4, 2, (struct piece){80, 80, true}); /* no first fragment: silence */
        assert_true(ip_deadline(&k->ip) == k->env.now + limit);
        kit_advance(k, limit - 1);
        kit_expect_no_drop(k);
        feed(k, v4, 1, (struct piece){80, 80, true}); /* does not prolong it */
        kit_advance(k, 1);
        kit_expect_drops(k, WEIR_DROP_FRAGMENT_TIMEOUT, 2);
        expect_time_exceeded(k, v4, v4 ? 100 : 128);
        kit_expect_silence(k);
        assert_true(ip_deadline(&k->ip) == WEIR_NEVER);
        assert_int_equal(k->env.buffers.out, 0);
        ip_kit_del(k);
    }
}

static void test_byte_limit(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    k->env.config.reassembly_bytes = 10 * 2048;
    for (uint32_t id = 0; id < 40; id++) {
        feed(k, id & 1, id, (struct piece){0, 1200, true});
        kit_advance(k, WEIR_MS);
    }
    assert_true(k->env.dropped[WEIR_DROP_FRAGMENT_LIMIT] >= 30); /* the oldest went */
    assert_int_equal(feed(k, true, 39, (struct piece){1200, 8, false}), IP_PACKET);
    kit_packet_free(k);
    /* one datagram that is more than all */
    for (uint32_t at = 0; at < 1200 * 20; at += 1200) {
        feed(k, true, 99, (struct piece){at, 1200, true});
    }
    k->env.config.reassembly_bytes = 0;
    feed(k, true, 100, (struct piece){0, 1200, true});
    k->env.config.reassembly_bytes = 20480; /* ip_check looks at it at the end */
    ip_kit_del(k);
}

static void test_queue_limit(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    for (uint32_t id = 0; id < 1000; id++) {
        feed(k, id & 1, id, (struct piece){8, 8, true});
    }
    kit_expect_drops(k, WEIR_DROP_FRAGMENT_LIMIT, 1000 - 64);
    assert_true(k->env.memory.used_max < 300 * 1024);
    ip_kit_del(k);
}

static void test_foreign_memory_is_copied(void **state)
{
    (void)state;
    static uint8_t chunk[2048];
    static struct kit_frame f;
    uint64_t cookie;
    struct ip_kit *k = ip_kit_ready();
    fill();
    struct kit_upper u = {.src = "198.51.100.2",
                          .dst = "198.51.100.1",
                          .protocol = IP_PROTOCOL_UDP,
                          .data = data,
                          .size = 1000,
                          .id = 5,
                          .more = true,
                          .bare = true};
    kit_build(&f, &u);
    memcpy(chunk, f.bytes, f.size);
    struct weir_buffer *b = buffer_wrap(&k->env.buffers, BUFFER_FOREIGN, chunk, sizeof(chunk), 77);
    b->size = f.size;
    assert_int_equal(ip_input(&k->ip, k->tun, b, &k->packet, &k->error), IP_DONE);
    assert_true(buffer_pull_returned(&k->env.buffers, &cookie)); /* at once */
    assert_int_equal(cookie, 77);
    memset(chunk, 0, sizeof(chunk));
    assert_int_equal(feed(k, true, 5, (struct piece){1000, 3, false}), IP_PACKET);
    expect_whole(k, 1003);
    ip_kit_del(k);
}

static void test_congestion_mark_survives(void **state)
{
    (void)state;
    for (int v4 = 0; v4 < 2; v4++) {
        struct ip_kit *k = ip_kit_ready();
        struct kit_upper u = {.src = v4 ? "198.51.100.2" : "2001:db8:1::2",
                              .dst = v4 ? "198.51.100.1" : "2001:db8:1::1",
                              .protocol = IP_PROTOCOL_UDP,
                              .data = data,
                              .size = 16,
                              .tos = 2,
                              .fragment = true,
                              .more = true,
                              .bare = true};
        assert_int_equal(kit_send(k, &u), IP_DONE);
        u.tos = 3;
        u.offset = 16;
        u.more = false;
        assert_int_equal(kit_send(k, &u), IP_PACKET);
        assert_int_equal(k->packet.tos, 3);
        kit_packet_free(k);
        ip_kit_del(k);
    }
}

/* RFC 6946, and a fragment header in a fragment. */
static void test_atomic_fragments(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    fill();
    feed(k, false, 7, (struct piece){8, 8, true}); /* the same identification: left alone */
    assert_int_equal(feed(k, false, 7, (struct piece){0, 100, false}), IP_PACKET);
    expect_whole(k, 100);
    assert_int_equal(feed(k, false, 7, (struct piece){0, 8, true}), IP_DONE);
    kit_expect_no_drop(k);

    uint8_t inner[16] = {IP_PROTOCOL_UDP, 0, 0, 0, 0, 0, 0, 9};
    struct kit_upper u = {.src = "2001:db8:1::2",
                          .dst = "2001:db8:1::1",
                          .protocol = 44,
                          .data = inner,
                          .size = sizeof(inner),
                          .id = 1,
                          .fragment = true,
                          .bare = true};
    assert_int_equal(kit_send(k, &u), IP_DONE);
    kit_expect_drop(k, WEIR_DROP_FRAGMENT_MALFORMED);
    ip_kit_del(k);
}

/* RFC 7112: all headers must be in the first fragment. */
static void test_chain_in_first_fragment(void **state)
{
    (void)state;
    static struct kit_out out;
    struct ip_kit *k = ip_kit_ready();
    uint8_t inner[16] = {IP_PROTOCOL_UDP, 1, 1, 12}; /* destination options of 16 bytes */
    struct kit_upper u = {.src = "2001:db8:1::2",
                          .dst = "2001:db8:1::1",
                          .protocol = 60,
                          .data = inner,
                          .size = 8,
                          .id = 1,
                          .fragment = true,
                          .more = true,
                          .bare = true};
    for (u.size = 8; u.size <= 16; u.size += 8) { /* cut off; nothing behind it */
        assert_int_equal(kit_send(k, &u), IP_DONE);
        kit_expect_drop(k, WEIR_DROP_FRAGMENT_MALFORMED);
        assert_true(kit_next(k, &out));
        assert_int_equal(out.ip[40], ICMP6_PARAMETER_PROBLEM);
        assert_int_equal(out.ip[41], 3);
    }
    ip_kit_del(k);
}

static void test_extension_before_fragment(void **state)
{
    (void)state;
    struct ip_kit *k = ip_kit_ready();
    uint8_t bytes[40] = {44, 0, 1, 4}; /* destination options, then the fragment header */
    fill();
    for (uint32_t i = 0; i < 2; i++) {
        bytes[8] = IP_PROTOCOL_UDP;
        store_be16(bytes + 10, (uint16_t)(i * 24 | (i == 0)));
        memcpy(bytes + 16, data + (size_t)i * 24, 24);
        struct kit_upper u = {.src = "2001:db8:1::2",
                              .dst = "2001:db8:1::1",
                              .protocol = 60,
                              .data = bytes,
                              .size = sizeof(bytes),
                              .bare = true};
        assert_int_equal(kit_send(k, &u), i == 0 ? IP_DONE : IP_PACKET);
    }
    assert_int_equal(k->packet.ip_size, 48);
    expect_whole(k, 48);
    ip_kit_del(k);
}

static void test_no_memory(void **state)
{
    (void)state;
    for (uint32_t fail = 1; fail < 5; fail++) {
        struct ip_kit *k = ip_kit_ready();
        buffers_trim(&k->env.buffers);
        k->heap.fail_at = k->heap.calls + 1 + fail; /* the received buffer comes first */
        feed(k, true, 1, (struct piece){0, 1200, true});
        k->heap.fail_at = 0;
        feed(k, true, 1, (struct piece){1200, 40, true});
        ip_kit_del(k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_interleaved),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_largest),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_overlaps),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_byte_limit),
        cmocka_unit_test(test_queue_limit),
        cmocka_unit_test(test_foreign_memory_is_copied),
        cmocka_unit_test(test_congestion_mark_survives),
        cmocka_unit_test(test_atomic_fragments),
        cmocka_unit_test(test_chain_in_first_fragment),
        cmocka_unit_test(test_extension_before_fragment),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
