/* test_ip4.c - the IPv4 header: bytes, value, the same bytes; every drop reason; patching. */
#include "wire_kit.h"

#include "base/bytes.h"
#include "wire/ip4.h"

/* A real SYN's IP header; the 24 bytes behind it do not matter here. */
static const uint8_t syn[44] = {0x45, 0x00, 0x00, 0x2c, 0xc8, 0x7d, 0x40, 0x00, 0x40, 0x06,
                                0xef, 0xd1, 0xc0, 0xa8, 0x00, 0x64, 0xc0, 0xa8, 0x00, 0xc8};

/* `syn` with byte `at` set to `value` and a right checksum again. */
static enum weir_drop parse_with(size_t at, uint8_t value, size_t size, bool super)
{
    uint8_t bytes[64] = {0};
    struct ip4_header h;

    memcpy(bytes, syn, sizeof(syn));
    bytes[at] = value;
    size_t header_size = (bytes[0] & 15u) * 4u;
    store_be16(bytes + 10, 0);
    csum_store(bytes + 10, csum_finish(csum_sum_portable(bytes, header_size, 0)));
    return ip4_parse(bytes, size, super, &h);
}

static void test_bytes_to_value_to_bytes(void **state)
{
    static const uint8_t src[4] = {192, 168, 0, 100}, dst[4] = {192, 168, 0, 200};
    struct ip4_header h;
    uint8_t out[IP4_HEADER_SIZE];

    (void)state;
    assert_int_equal(ip4_parse(syn, sizeof(syn), false, &h), WEIR_DROP_NONE);
    assert_int_equal(h.header_size, 20);
    assert_int_equal(h.tos, 0);
    assert_int_equal(h.ttl, 64);
    assert_int_equal(h.protocol, IP_PROTOCOL_TCP);
    assert_int_equal(h.total_size, 44);
    assert_int_equal(h.id, 0xc87d);
    assert_int_equal(h.fragment_offset, 0);
    assert_true(h.dont_fragment);
    assert_false(h.more_fragments);
    assert_memory_equal(h.src, src, 4);
    assert_memory_equal(h.dst, dst, 4);
    assert_int_equal(h.options_size, 0);
    ip4_build(out, &h);
    assert_memory_equal(out, syn, IP4_HEADER_SIZE);
}

static void test_fragment_fields(void **state)
{
    struct ip4_header h = {.total_size = 28,
                           .fragment_offset = 1448,
                           .more_fragments = true,
                           .ttl = 1,
                           .protocol = IP_PROTOCOL_UDP,
                           .tos = 0xb8};
    struct ip4_header again;
    uint8_t out[28] = {0};

    (void)state;
    ip4_build(out, &h);
    assert_int_equal(load_be16(out + 6), 0x2000 | 1448 / 8);
    assert_int_equal(ip4_parse(out, sizeof(out), false, &again), WEIR_DROP_NONE);
    assert_int_equal(again.fragment_offset, 1448);
    assert_true(again.more_fragments);
    assert_false(again.dont_fragment);
    assert_int_equal(again.tos, 0xb8);

    h.fragment_offset = 65528;
    ip4_build(out, &h);
    assert_int_equal(ip4_parse(out, sizeof(out), false, &again), WEIR_DROP_NONE);
    assert_int_equal(again.fragment_offset, 65528);
}

static void test_options_are_not_looked_into(void **state)
{
    /* Router alert, as a real datagram had it, then nonsense: an option of length 0. */
    uint8_t bytes[24] = {0x46, 0, 0, 24, 0,  1, 0, 0, 64,   17,   0, 0,
                         10,   9, 0, 1,  10, 9, 0, 2, 0x94, 0x04, 0, 0};
    struct ip4_header h;

    (void)state;
    for (int i = 0; i < 2; i++) {
        store_be16(bytes + 10, 0);
        csum_store(bytes + 10, csum_finish(csum_sum_portable(bytes, 24, 0)));
        assert_int_equal(ip4_parse(bytes, sizeof(bytes), false, &h), WEIR_DROP_NONE);
        assert_int_equal(h.header_size, 24);
        assert_int_equal(h.options_size, 4);
        assert_ptr_equal(h.options, bytes + 20);
        bytes[21] = 0;
    }
}

static void test_drops(void **state)
{
    struct ip4_header h;
    uint8_t bad[44];

    (void)state;
    for (size_t size = 0; size < IP4_HEADER_SIZE; size++) {
        assert_int_equal(ip4_parse(syn, size, false, &h), WEIR_DROP_IP_SHORT);
    }
    assert_int_equal(parse_with(0, 0x65, 44, false), WEIR_DROP_IP_VERSION);
    assert_int_equal(parse_with(0, 0x05, 44, false), WEIR_DROP_IP_VERSION);
    for (uint8_t words = 0; words < 5; words++) {
        assert_int_equal(parse_with(0, 0x40 | words, 44, false), WEIR_DROP_IP_HEADER_LENGTH);
    }
    assert_int_equal(parse_with(0, 0x4f, 59, false), WEIR_DROP_IP_HEADER_LENGTH);
    assert_int_equal(parse_with(3, 19, 44, false), WEIR_DROP_IP_TOTAL_LENGTH);
    assert_int_equal(parse_with(3, 45, 44, false), WEIR_DROP_IP_TOTAL_LENGTH);
    assert_int_equal(parse_with(2, 1, 44, false), WEIR_DROP_IP_TOTAL_LENGTH);
    assert_int_equal(parse_with(3, 0, 44, false), WEIR_DROP_IP_TOTAL_LENGTH);
    assert_int_equal(parse_with(0, 0x4f, 60, false), WEIR_DROP_IP_TOTAL_LENGTH); /* 44 < 60 */
    for (size_t bit = 0; bit < 160; bit++) {
        memcpy(bad, syn, sizeof(bad));
        bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(ip4_parse(bad, sizeof(bad), false, &h), WEIR_DROP_NONE);
    }
    memcpy(bad, syn, sizeof(bad));
    bad[8]--; /* TTL */
    assert_int_equal(ip4_parse(bad, sizeof(bad), false, &h), WEIR_DROP_IP_CHECKSUM);
}

static void test_lengths_that_are_fine(void **state)
{
    struct ip4_header h;
    uint8_t padded[60] = {0};

    (void)state;
    memcpy(padded, syn, sizeof(syn));
    assert_int_equal(ip4_parse(padded, sizeof(padded), false, &h), WEIR_DROP_NONE);
    assert_int_equal(h.total_size, 44);
    assert_int_equal(parse_with(3, 20, 44, false), WEIR_DROP_NONE);
}

static void test_super_segment_without_length(void **state)
{
    static uint8_t bytes[65536];
    struct ip4_header h = {.ttl = 64, .protocol = IP_PROTOCOL_TCP};

    (void)state;
    ip4_build(bytes, &h);
    assert_int_equal(ip4_parse(bytes, 65535, false, &h), WEIR_DROP_IP_TOTAL_LENGTH);
    assert_int_equal(ip4_parse(bytes, 65535, true, &h), WEIR_DROP_NONE);
    assert_int_equal(h.total_size, 65535);
    assert_int_equal(ip4_parse(bytes, 65536, true, &h), WEIR_DROP_IP_TOTAL_LENGTH);
}

static void test_patch_is_the_same_as_building(void **state)
{
    struct ip4_header h = {.ttl = 64, .protocol = IP_PROTOCOL_TCP, .dont_fragment = true};
    uint8_t patched[IP4_HEADER_SIZE], built[IP4_HEADER_SIZE];
    uint32_t seed = 1;

    (void)state;
    h.total_size = 20;
    ip4_build(patched, &h);
    for (int i = 0; i < 20000; i++) {
        seed = seed * 1664525u + 1013904223u;
        h.total_size = (uint16_t)(seed >> 16);
        seed = seed * 1664525u + 1013904223u;
        h.id = i % 7 == 0 ? 0xffff : (uint16_t)(seed >> 16);
        ip4_patch(patched, h.total_size, h.id);
        ip4_build(built, &h);
        assert_memory_equal(patched, built, IP4_HEADER_SIZE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_to_value_to_bytes),
        cmocka_unit_test(test_fragment_fields),
        cmocka_unit_test(test_options_are_not_looked_into),
        cmocka_unit_test(test_drops),
        cmocka_unit_test(test_lengths_that_are_fine),
        cmocka_unit_test(test_super_segment_without_length),
        cmocka_unit_test(test_patch_is_the_same_as_building),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
