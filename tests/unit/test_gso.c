/* test_gso.c - cutting super-segments: every wire segment is parsed and compared with what it came from. */
#include "gso_kit.h"

#include "host/simd.h"

static struct super super;
static uint8_t scratch[FRAME_MAX];

/* Cuts `super` as `count` slices and checks all segments, with whole or partial checksums. */
static void check_cut(const struct weir_slice *slices, uint32_t count, const struct weir_ops *ops,
                      bool complete)
{
    struct weir_slice payload[WEIR_SLICES_MAX - 1];
    struct gso_cut cut;
    uint32_t n, size, done = 0, index = 0;

    assert_true(gso_cut_begin(&cut, slices, count, super.r.link_size, super.r.gso_size));
    assert_int_equal(cut.header_size, super.header_size);
    assert_int_equal(cut.payload_size, super.r.payload_size);
    uint32_t expected = gso_cut_count(&cut);
    while (gso_cut_next(&cut, ops, complete, scratch, payload, &n, &size)) {
        uint32_t at = cut.header_size;
        assert_true(n < WEIR_SLICES_MAX);
        for (uint32_t i = 0; i < n; i++) {
            assert_true(payload[i].size > 0);
            memcpy(scratch + at, payload[i].data, payload[i].size);
            at += (uint32_t)payload[i].size;
        }
        assert_int_equal(at, cut.header_size + size);
        if (!complete) { /* as the device would */
            uint8_t *tcp = scratch + super.r.link_size + super.ip_size;
            uint64_t sum = csum_sum_portable(tcp, at - super.r.link_size - super.ip_size, 0);
            csum_store(tcp + 16, csum_finish(sum));
        }
        assert_int_equal(check_segment(&super, index, done, scratch, at), size);
        done += size;
        index++;
    }
    assert_int_equal(index, expected);
    assert_int_equal(done, super.r.payload_size);
    assert_false(gso_cut_next(&cut, ops, complete, scratch, payload, &n, &size));
}

static void check_recipe(const struct recipe *r)
{
    struct weir_ops ops;

    simd_fill(&ops);
    super_make(&super, r);
    const struct weir_slice flat = {super.bytes, super.size};
    check_cut(&flat, 1, NULL, true);
    check_cut(&flat, 1, NULL, false);

    /* Headers alone; payload in slices of odd sizes, an empty one among them. */
    struct weir_slice slices[WEIR_SLICES_MAX] = {{super.bytes, super.header_size}};
    uint32_t at = super.header_size, count = 1;
    while (count < WEIR_SLICES_MAX) {
        uint32_t size = count == WEIR_SLICES_MAX - 1 ? super.size - at
                        : count == 3                 ? 0
                                                     : 1 + count * 131;
        size = size < super.size - at ? size : super.size - at;
        slices[count] = (struct weir_slice){super.bytes + at, size};
        at += size;
        count++;
    }
    check_cut(slices, count, &ops, true);
    check_cut(slices, count, NULL, false);
}

static void test_sizes(void **state)
{
    static const uint32_t sizes[] = {0, 1, 2, 99, 100, 101, 199, 200, 1000, 4095, 20000, 65000};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (unsigned kind = 0; kind < 4; kind++) {
            struct recipe r = {.ip6 = (kind & 1) != 0,
                               .link_size = (kind & 2) != 0 ? 14 : 0,
                               .payload_size = sizes[i],
                               .gso_size = i < 9 ? 100 : 1448,
                               .seq = 1000,
                               .id = 5,
                               .flags = WEIR_TCP_ACK | WEIR_TCP_PSH};
            check_recipe(&r);
        }
    }
}

static void test_gso_sizes(void **state)
{
    static const uint16_t gso_sizes[] = {1, 2, 3, 7, 536, 1448, 1460, 8948, 29999, 30000, 65535};

    (void)state;
    for (size_t i = 0; i < sizeof(gso_sizes) / sizeof(gso_sizes[0]); i++) {
        struct recipe r = {
            .payload_size = i < 4 ? 500 : 30000, .gso_size = gso_sizes[i], .flags = WEIR_TCP_ACK};
        check_recipe(&r);
    }
}

static void test_flags(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags < 0x200; flags++) {
        if ((flags & (WEIR_TCP_SYN | WEIR_TCP_RST)) != 0) {
            continue;
        }
        struct recipe r = {.ip6 = (flags & 1) != 0,
                           .payload_size = 350,
                           .gso_size = 100,
                           .flags = (uint16_t)flags};
        for (r.urgent = 0; r.urgent < 400; r.urgent = (uint16_t)(r.urgent + 50)) {
            check_recipe(&r);
        }
    }
}

static void test_numbers_wrap(void **state)
{
    (void)state;
    struct recipe r = {.payload_size = 1000,
                       .gso_size = 100,
                       .seq = 0xffffff00,
                       .id = 0xfffc,
                       .flags = WEIR_TCP_ACK};
    check_recipe(&r);
    r.ip6 = true;
    check_recipe(&r);
}

static void test_length_field_of_zero(void **state)
{
    (void)state;
    struct recipe r = {
        .payload_size = 65400, .gso_size = 1448, .no_length = true, .flags = WEIR_TCP_ACK};
    check_recipe(&r);
    r.ip6 = true;
    check_recipe(&r);
}

static void test_padding_is_left_out(void **state)
{
    struct recipe r = {.link_size = 14, .payload_size = 1, .gso_size = 100, .flags = WEIR_TCP_ACK};

    (void)state;
    super_make(&super, &r);
    memset(super.bytes + super.size, 0x77, 5);
    const struct weir_slice flat = {super.bytes, super.size + 5};
    check_cut(&flat, 1, NULL, true);
}

static void test_syn_is_one_segment(void **state)
{
    struct recipe r = {.payload_size = 100, .gso_size = 100, .flags = WEIR_TCP_SYN};
    struct gso_cut cut;

    (void)state;
    check_recipe(&r);
    r.gso_size = 99;
    super_make(&super, &r);
    const struct weir_slice flat = {super.bytes, super.size};
    assert_false(gso_cut_begin(&cut, &flat, 1, 0, 99));
    super.bytes[33] = WEIR_TCP_RST | WEIR_TCP_ACK;
    assert_false(gso_cut_begin(&cut, &flat, 1, 0, 99));
    super.bytes[33] = WEIR_TCP_ACK;
    assert_true(gso_cut_begin(&cut, &flat, 1, 0, 99));
}

/* One byte of a good frame changed: is it still taken? */
static bool begins(bool ip6, size_t at, uint8_t value)
{
    struct recipe r = {.ip6 = ip6, .payload_size = 300, .gso_size = 100, .flags = WEIR_TCP_ACK};
    struct gso_cut cut;

    super_make(&super, &r);
    super.bytes[at] = value;
    const struct weir_slice flat = {super.bytes, super.size};
    return gso_cut_begin(&cut, &flat, 1, 0, 100);
}

static void test_headers_that_make_no_sense(void **state)
{
    (void)state;
    assert_true(begins(false, 1, 0));
    assert_false(begins(false, 0, 0x55)); /* version */
    assert_false(begins(false, 0, 0x44)); /* header length */
    assert_false(begins(false, 0, 0x4f)); /* TCP header elsewhere: its data offset makes no sense */
    assert_false(begins(false, 9, 17));   /* UDP */
    assert_false(begins(false, 6, 0x20)); /* more fragments */
    assert_false(begins(false, 7, 0x01)); /* fragment offset */
    assert_false(begins(false, 2, 0x02)); /* total length beyond the bytes */
    assert_false(begins(false, 32, 0x40)); /* data offset */
    assert_true(begins(true, 1, 0));
    assert_false(begins(true, 6, 17));
    assert_false(begins(true, 6, 44));   /* fragment header */
    assert_false(begins(true, 6, 0));    /* chain that leaves the slice, or no TCP behind it */
    assert_false(begins(true, 4, 0x02)); /* payload length beyond the bytes */
}

static void test_slices_that_make_no_sense(void **state)
{
    struct recipe r = {.payload_size = 300, .gso_size = 100, .flags = WEIR_TCP_ACK};
    struct weir_slice slices[WEIR_SLICES_MAX + 1];
    struct gso_cut cut;

    (void)state;
    super_make(&super, &r);
    for (size_t i = 0; i < super.header_size; i++) { /* headers not within the first slice */
        slices[0] = (struct weir_slice){super.bytes, i};
        slices[1] = (struct weir_slice){super.bytes + i, super.size - i};
        assert_false(gso_cut_begin(&cut, slices, 2, 0, 100));
    }
    assert_false(gso_cut_begin(&cut, slices, 0, 0, 100));
    slices[0] = (struct weir_slice){super.bytes, super.size};
    assert_false(gso_cut_begin(&cut, slices, 1, 0, 0));
    assert_false(gso_cut_begin(&cut, slices, 1, super.size, 100));
    assert_false(gso_cut_begin(&cut, slices, 1, UINT32_MAX, 100));

    slices[1] =
        (struct weir_slice){super.bytes, UINT32_MAX - super.size + 1}; /* more than 32 bits */
    assert_false(gso_cut_begin(&cut, slices, 2, 0, 100));
    slices[1].size = SIZE_MAX;
    assert_false(gso_cut_begin(&cut, slices, 2, 0, 100));

    /* More pieces of payload than the caller has room for. */
    slices[0].size = super.header_size + 1;
    for (uint32_t i = 1; i <= WEIR_SLICES_MAX; i++) {
        slices[i] = (struct weir_slice){super.bytes + super.header_size + i, 1};
    }
    slices[WEIR_SLICES_MAX - 1].size = 300;
    assert_false(gso_cut_begin(&cut, slices, WEIR_SLICES_MAX, 0, 100));
    slices[0].size--;
    assert_true(gso_cut_begin(&cut, slices, WEIR_SLICES_MAX, 0, 100));
    assert_false(gso_cut_begin(&cut, slices, WEIR_SLICES_MAX + 1, 0, 100));
}

static void test_segments_too_large_for_ip(void **state)
{
    struct recipe r = {.payload_size = 65535 - 52 + 1,
                       .gso_size = 65535,
                       .no_length = true,
                       .flags = WEIR_TCP_ACK};
    struct gso_cut cut;

    (void)state;
    super_make(&super, &r);
    const struct weir_slice flat = {super.bytes, super.size};
    assert_false(gso_cut_begin(&cut, &flat, 1, 0, 65535));
    assert_false(gso_cut_begin(&cut, &flat, 1, 0, 65484));
    assert_true(gso_cut_begin(&cut, &flat, 1, 0, 65483));
    r.payload_size--;
    check_recipe(&r);
}

static void test_ip6_extension_header(void **state)
{
    struct recipe r = {.ip6 = true, .payload_size = 300, .gso_size = 100, .flags = WEIR_TCP_ACK};
    struct weir_slice payload[WEIR_SLICES_MAX - 1];
    struct ip_addr src = super_address(true, 1), dst = super_address(true, 2);
    struct gso_cut cut;
    struct ip6_header h;
    uint32_t n, size, count = 0;

    (void)state;
    super_make(&super, &r);
    memmove(super.bytes + 48, super.bytes + 40, super.size - 40);
    unhex(super.bytes + 40, "06000502 00000100");
    super.bytes[6] = 0;
    super.size += 8;
    store_be16(super.bytes + 4, (uint16_t)(super.size - 40));
    const struct weir_slice flat = {super.bytes, super.size};
    assert_true(gso_cut_begin(&cut, &flat, 1, 0, 100));
    assert_int_equal(cut.ip_size, 48);
    while (gso_cut_next(&cut, NULL, true, scratch, payload, &n, &size)) {
        memcpy(scratch + cut.header_size, payload[0].data, payload[0].size);
        assert_int_equal(ip6_parse(scratch, cut.header_size + size, &h), WEIR_DROP_NONE);
        assert_int_equal(h.payload_size, 8 + 32 + 100);
        assert_int_equal(h.upper_offset, 48);
        assert_true(tcp_checksum_ok(NULL, scratch + 48, 132, &src, &dst));
        count++;
    }
    assert_int_equal(count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_gso_sizes),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_numbers_wrap),
        cmocka_unit_test(test_length_field_of_zero),
        cmocka_unit_test(test_padding_is_left_out),
        cmocka_unit_test(test_syn_is_one_segment),
        cmocka_unit_test(test_headers_that_make_no_sense),
        cmocka_unit_test(test_slices_that_make_no_sense),
        cmocka_unit_test(test_segments_too_large_for_ip),
        cmocka_unit_test(test_ip6_extension_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
