/* test_gso_wire.c - flat wire packets out of frames, offloads that lie, and merging back. */
#include "gso_kit.h"

static struct super super, second;
static uint8_t scratch[FRAME_MAX];

struct seen {
    uint32_t count, done;
    uint8_t last[FRAME_MAX];
    uint32_t last_size;
};

static void check_emitted(void *ctx, uint8_t *packet, uint32_t size)
{
    struct seen *seen = ctx;

    seen->done += check_segment(&super, seen->count, seen->done, packet, size);
    seen->count++;
}

static void keep_emitted(void *ctx, uint8_t *packet, uint32_t size)
{
    struct seen *seen = ctx;

    memcpy(seen->last, packet, size);
    seen->last_size = size;
    seen->count++;
}

static struct seen seen;

static bool to_wire(const struct weir_slice *slices, uint32_t count, struct weir_offload offload,
                    uint32_t link_size, void (*emit)(void *, uint8_t *, uint32_t))
{
    memset(&seen, 0, sizeof(seen));
    return gso_to_wire(NULL, slices, count, &offload, link_size, scratch, emit, &seen);
}

static void test_super_segment(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        struct recipe r = {.ip6 = (kind & 1) != 0,
                           .link_size = (kind & 2) != 0 ? 14 : 0,
                           .payload_size = 10001,
                           .gso_size = 1448,
                           .flags = WEIR_TCP_ACK | WEIR_TCP_PSH | WEIR_TCP_CWR};
        super_make(&super, &r);
        const struct weir_slice slices[] = {{super.bytes, super.header_size},
                                            {super.bytes + super.header_size, 333},
                                            {super.bytes + super.header_size + 333, 10001 - 333}};
        assert_true(to_wire(slices, 3, super_offload(&super), r.link_size, check_emitted));
        assert_int_equal(seen.count, 7);
        assert_int_equal(seen.done, 10001);
    }
}

static void test_partial_and_plain(void **state)
{
    struct recipe r = {.link_size = 14, .payload_size = 333, .flags = WEIR_TCP_ACK};

    (void)state;
    super_make(&super, &r);
    const struct weir_slice slices[] = {{super.bytes, super.header_size},
                                        {super.bytes + super.header_size, 333}};
    assert_true(to_wire(slices, 2, super_offload(&super), 14, check_emitted));
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.done, 333);

    struct weir_offload none = {0};
    assert_true(to_wire(slices, 2, none, 14, keep_emitted));
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.last_size, super.size);
    assert_memory_equal(seen.last, super.bytes, super.size);
}

static void test_udp_checksum_is_never_zero(void **state)
{
    uint8_t packet[28 + 2];

    (void)state;
    size_t size =
        unhex(packet, "4500001e 00000000 4011f2cd 0a000001 0a000002 00010002 000a0000 0000");
    struct ip_addr a = v4(10, 0, 0, 1), b = v4(10, 0, 0, 2);
    uint16_t pseudo = csum_fold(csum_pseudo(&a, &b, 17, 10));
    csum_store(packet + 26, pseudo);
    /* The payload that makes the sum 0xffff. */
    csum_store(packet + 28, csum_finish(csum_sum_portable(packet + 20, 8, 0)));
    const struct weir_slice slice = {packet, size};
    struct weir_offload offload = {.csum = WEIR_CSUM_PARTIAL, .csum_start = 20, .csum_offset = 6};
    assert_true(to_wire(&slice, 1, offload, 0, keep_emitted));
    assert_int_equal(load_be16(seen.last + 26), 0xffff);
}

static void test_frames_that_lie(void **state)
{
    struct recipe r = {.payload_size = 300, .gso_size = 100, .flags = WEIR_TCP_ACK};

    (void)state;
    super_make(&super, &r);
    const struct weir_slice slice = {super.bytes, super.size};
    struct weir_offload good = super_offload(&super), bad = good;
    assert_true(to_wire(&slice, 1, good, 0, check_emitted));
    bad.gso_type = WEIR_GSO_TCP6;
    assert_false(to_wire(&slice, 1, bad, 0, check_emitted));
    bad.gso_type = WEIR_GSO_NONE;
    assert_false(to_wire(&slice, 1, bad, 0, check_emitted));
    bad = good;
    bad.gso_size = 0;
    assert_false(to_wire(&slice, 1, bad, 0, check_emitted));
    assert_false(to_wire(&slice, 1, good, 15, check_emitted));

    struct weir_offload partial = {.csum = WEIR_CSUM_PARTIAL, .csum_start = 20, .csum_offset = 16};
    partial.csum_start = (uint16_t)(super.size - 17);
    assert_false(to_wire(&slice, 1, partial, 0, keep_emitted));
    partial.csum_start = (uint16_t)(super.size - 18);
    assert_true(to_wire(&slice, 1, partial, 0, keep_emitted));
    partial.csum_start = 65535;
    partial.csum_offset = 65535;
    assert_false(to_wire(&slice, 1, partial, 0, keep_emitted));
    partial.csum_start = 13; /* in the link header */
    assert_false(to_wire(&slice, 1, partial, 14, keep_emitted));

    struct weir_offload none = {0};
    const struct weir_slice large[] = {
        {super.bytes, 40000}, {super.bytes, 25535}, {super.bytes, 1}};
    assert_true(to_wire(large, 2, none, 0, keep_emitted));
    assert_false(to_wire(large, 3, none, 0, keep_emitted));
    const struct weir_slice huge = {super.bytes, SIZE_MAX};
    assert_false(to_wire(&huge, 1, none, 14, keep_emitted));
}

static bool offload_ok(struct weir_offload offload)
{
    return gso_offload_ok(super.bytes, super.size, super.r.link_size, &offload);
}

static void test_offload_ok(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        struct recipe r = {.ip6 = (kind & 1) != 0,
                           .link_size = (kind & 2) != 0 ? 14 : 0,
                           .payload_size = 300,
                           .gso_size = 100,
                           .flags = WEIR_TCP_ACK};
        super_make(&super, &r);
        struct weir_offload good = super_offload(&super), o;
        assert_true(offload_ok(good));
        assert_true(offload_ok((struct weir_offload){0}));
        assert_true(offload_ok((struct weir_offload){.csum = WEIR_CSUM_VALID}));
        o = good;
        o.csum = WEIR_CSUM_VALID;
        assert_true(offload_ok(o));
        o = good;
        o.csum = 3;
        assert_false(offload_ok(o));
        o = good;
        o.csum_start++;
        assert_false(offload_ok(o));
        o = good;
        o.csum_offset = 6;
        assert_false(offload_ok(o));
        o = good;
        o.gso_type = (uint8_t)(r.ip6 ? WEIR_GSO_TCP4 : WEIR_GSO_TCP6);
        assert_false(offload_ok(o));
        o.gso_type = 3;
        assert_false(offload_ok(o));
        o.gso_type = WEIR_GSO_NONE;
        assert_false(offload_ok(o));
        o.gso_size = 0;
        assert_true(offload_ok(o));
        o.gso_type = good.gso_type;
        assert_false(offload_ok(o));
        for (super.size = 0; super.size < super.header_size; super.size++) {
            assert_false(offload_ok(good));
        }
        assert_true(offload_ok((struct weir_offload){.csum = WEIR_CSUM_VALID}));
    }
}

static void test_offload_ok_of_udp(void **state)
{
    struct weir_offload o = {.csum = WEIR_CSUM_PARTIAL, .csum_start = 20, .csum_offset = 6};

    (void)state;
    memset(&super, 0, sizeof(super));
    super.size = (uint32_t)unhex(super.bytes,
                                 "4500001c 00000000 4011f2cf 0a000001 0a000002 00010002 00080000");
    assert_true(offload_ok(o));
    o.csum_offset = 16;
    assert_false(offload_ok(o));
    o.csum_offset = 6;
    super.size = 27;
    assert_false(offload_ok(o));
    super.size = 28;
    o.gso_type = WEIR_GSO_TCP4;
    o.gso_size = 8;
    assert_false(offload_ok(o));
    o.gso_type = WEIR_GSO_NONE;
    o.gso_size = 0;
    super.bytes[6] = 0x20; /* a fragment has no checksum of its own */
    assert_false(offload_ok(o));
    super.bytes[6] = 0;
    super.bytes[9] = 1;
    assert_false(offload_ok(o));
}

/* The packet that follows `super`, as the same sender would send it. */
static void make_pair(bool ip6, uint32_t link_size, uint32_t a_payload, uint32_t b_payload)
{
    struct recipe r = {.ip6 = ip6,
                       .link_size = link_size,
                       .payload_size = a_payload,
                       .seq = 0xfffffff0,
                       .id = 7,
                       .flags = WEIR_TCP_ACK};

    super_make(&super, &r);
    r.payload_size = b_payload;
    r.seq += a_payload;
    r.id++;
    super_make(&second, &r);
}

static bool can_merge(uint16_t gso_size)
{
    return gso_can_merge(super.bytes, super.size, gso_size, second.bytes, second.size,
                         super.r.link_size);
}

static void test_what_can_be_merged(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        bool ip6 = (kind & 1) != 0;
        uint32_t link_size = (kind & 2) != 0 ? 14 : 0;
        make_pair(ip6, link_size, 100, 100);
        assert_true(can_merge(0));
        assert_true(can_merge(100));
        assert_false(can_merge(50)); /* a is two segments, and b is too large */
        make_pair(ip6, link_size, 100, 99);
        assert_true(can_merge(0));
        second.bytes[second.header_size - 19] |= WEIR_TCP_PSH;
        assert_true(can_merge(0));
        make_pair(ip6, link_size, 100, 101);
        assert_false(can_merge(0));
        make_pair(ip6, link_size, 300, 100);
        assert_true(can_merge(100));
        make_pair(ip6, link_size, 299, 100); /* ends with a short segment */
        assert_false(can_merge(100));
        make_pair(ip6, link_size, 100, 0);
        assert_false(can_merge(0));
        make_pair(ip6, link_size, 0, 100);
        assert_false(can_merge(0));
    }
}

static void test_sum_is_bounded(void **state)
{
    (void)state;
    make_pair(false, 14, 60000, 5483); /* with 52 bytes of headers: 65535 */
    assert_true(can_merge(6000));
    make_pair(false, 14, 60000, 5484);
    assert_false(can_merge(6000));
}

static void test_a_merged_packet_needs_no_length(void **state)
{
    (void)state;
    make_pair(false, 0, 200, 100);
    store_be16(super.bytes + 2, 152); /* still that of its first packet */
    assert_true(can_merge(100));
    make_pair(false, 0, 100, 50);
    super.size++; /* padding behind a single packet, or behind b */
    assert_false(can_merge(0));
    make_pair(false, 0, 100, 50);
    second.size++;
    assert_false(can_merge(0));
}

/* Any byte of the headers that differs forbids merging, except those listed. */
static void check_each_byte(bool ip6, uint32_t link_size, const bool *allowed)
{
    make_pair(ip6, link_size, 100, 100);
    assert_true(can_merge(0));
    for (uint32_t i = 0; i < second.header_size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            second.bytes[i] ^= (uint8_t)(1u << bit);
            bool want = i >= link_size && allowed[i - link_size];
            bool flags = i == link_size + second.ip_size + 13;
            want = want || (flags && bit == 3); /* PSH */
            assert_int_equal(can_merge(0), want);
            second.bytes[i] ^= (uint8_t)(1u << bit);
        }
    }
    for (unsigned bit = 0; bit < 8; bit++) { /* a's flags */
        super.bytes[link_size + super.ip_size + 13] ^= (uint8_t)(1u << bit);
        assert_false(can_merge(0));
        super.bytes[link_size + super.ip_size + 13] ^= (uint8_t)(1u << bit);
    }
}

static void test_every_header_byte_counts(void **state)
{
    bool allowed4[52] = {
        [4] = true, [5] = true, [10] = true, [11] = true, [36] = true, [37] = true};
    bool allowed6[72] = {[56] = true, [57] = true};

    (void)state;
    check_each_byte(false, 0, allowed4);
    check_each_byte(false, 14, allowed4);
    check_each_byte(true, 0, allowed6);
    check_each_byte(true, 14, allowed6);
}

static void test_ids_count_without_df(void **state)
{
    (void)state;
    make_pair(false, 0, 100, 100);
    super.bytes[6] = second.bytes[6] = 0;
    assert_true(can_merge(0));
    second.bytes[5]++;
    assert_false(can_merge(0));
    make_pair(false, 0, 100, 50);
    super.bytes[6] = second.bytes[6] = 0;
    assert_false(can_merge(50));
    second.bytes[5]++; /* a is two segments */
    assert_true(can_merge(50));
}

static void test_fragments_and_others_are_not_merged(void **state)
{
    (void)state;
    make_pair(false, 0, 100, 100);
    super.bytes[6] = second.bytes[6] = 0x20;
    assert_false(can_merge(0));
    make_pair(false, 0, 100, 100);
    super.bytes[9] = second.bytes[9] = 17;
    assert_false(can_merge(0));
    make_pair(true, 0, 100, 100);
    super.bytes[6] = second.bytes[6] = 60; /* an extension header */
    assert_false(can_merge(0));
    for (uint32_t size = 0; size < second.size; size++) {
        make_pair(true, 14, 100, 100);
        assert_false(gso_can_merge(super.bytes, super.size, 0, second.bytes, size, 14));
        assert_false(gso_can_merge(super.bytes, size, 0, second.bytes, second.size, 14));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_super_segment),
        cmocka_unit_test(test_partial_and_plain),
        cmocka_unit_test(test_udp_checksum_is_never_zero),
        cmocka_unit_test(test_frames_that_lie),
        cmocka_unit_test(test_offload_ok),
        cmocka_unit_test(test_offload_ok_of_udp),
        cmocka_unit_test(test_what_can_be_merged),
        cmocka_unit_test(test_sum_is_bounded),
        cmocka_unit_test(test_a_merged_packet_needs_no_length),
        cmocka_unit_test(test_every_header_byte_counts),
        cmocka_unit_test(test_ids_count_without_df),
        cmocka_unit_test(test_fragments_and_others_are_not_merged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
