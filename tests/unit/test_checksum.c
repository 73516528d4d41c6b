/* test_checksum.c - the Internet checksum: RFC 1071's example, every size and alignment, all variants. */
#include "wire_kit.h"

#include "base/bytes.h"
#include "host/simd.h"
#include "wire/ip4.h"

#include <stdlib.h>

#define SIZES 301
#define ALIGNMENTS 64
#define LARGE (1u << 20)

/* Variant 0 is the portable one, 1 what this processor has (the same when it has nothing). */
static struct weir_ops ops_of(int variant)
{
    struct weir_ops ops = {0};

    if (variant != 0) {
        simd_fill(&ops);
    }
    return ops;
}

static void test_rfc1071_example(void **state)
{
    static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    uint8_t field[2];

    (void)state;
    csum_store(field, csum_fold(csum_sum_portable(bytes, sizeof(bytes), 0)));
    assert_int_equal(load_be16(field), 0xddf2);
    csum_store(field, csum_finish(csum_sum_portable(bytes, sizeof(bytes), 0)));
    assert_int_equal(load_be16(field), 0x220d);
}

static void test_every_size_and_alignment(void **state)
{
    static uint8_t memory[SIZES + ALIGNMENTS], copy[SIZES + 2 * ALIGNMENTS];

    (void)state;
    fill_random(memory, sizeof(memory), 1);
    for (int variant = 0; variant < 2; variant++) {
        struct weir_ops ops = ops_of(variant);
        for (size_t at = 0; at < ALIGNMENTS; at++) {
            for (size_t size = 0; size < SIZES; size++) {
                const uint8_t *p = memory + at;
                uint16_t want = naive_sum(p, size, 0x1234);
                size_t to = (at * 7 + size) % ALIGNMENTS + 1;
                assert_int_equal(csum_fold(csum_sum(&ops, p, size, 0x1234)), want);
                memset(copy, 0xee, sizeof(copy));
                assert_int_equal(csum_fold(csum_copy(&ops, copy + to, p, size, 0x1234)), want);
                assert_memory_equal(copy + to, p, size);
                assert_int_equal(copy[to - 1], 0xee);
                assert_int_equal(copy[to + size], 0xee);
            }
        }
    }
}

static void test_large_sizes_do_not_lose_carries(void **state)
{
    static const size_t sizes[] = {65534, 65535, 65536, LARGE - 1, LARGE};
    uint8_t *ones = malloc(LARGE + 1), *random = malloc(LARGE + 1), *copy = malloc(LARGE);

    (void)state;
    memset(ones, 0xff, LARGE + 1);
    fill_random(random, LARGE + 1, 2);
    for (int variant = 0; variant < 2; variant++) {
        struct weir_ops ops = ops_of(variant);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            for (size_t at = 0; at < 2; at++) {
                const uint8_t *from[] = {ones + at, random + at};
                for (int k = 0; k < 2; k++) {
                    size_t size = sizes[i] - at;
                    uint16_t want = naive_sum(from[k], size, 0xffff);
                    assert_int_equal(csum_fold(csum_sum(&ops, from[k], size, 0xffff)), want);
                    assert_int_equal(csum_fold(csum_copy(&ops, copy, from[k], size, UINT64_MAX)),
                                     want);
                    assert_memory_equal(copy, from[k], size);
                }
            }
        }
    }
    free(ones);
    free(random);
    free(copy);
}

static void test_no_ops_at_all(void **state)
{
    static const uint8_t bytes[3] = {1, 2, 3};
    uint8_t copy[3];

    (void)state;
    assert_int_equal(csum_fold(csum_sum(NULL, bytes, 3, 0)), naive_sum(bytes, 3, 0));
    assert_int_equal(csum_fold(csum_copy(NULL, copy, bytes, 3, 0)), naive_sum(bytes, 3, 0));
    assert_memory_equal(copy, bytes, 3);
}

static void test_fold(void **state)
{
    (void)state;
    assert_int_equal(csum_fold(0), 0);
    assert_int_equal(csum_fold(0xffff), 0xffff);
    assert_int_equal(csum_fold(0x10000), 1);
    assert_int_equal(csum_fold(0x1ffff), 1);
    assert_int_equal(csum_fold(UINT64_MAX), 0xffff); /* a multiple of 2^16 - 1 that is not 0 */
    assert_int_equal(csum_fold(UINT64_C(0x0001000200030004)), 10);
    assert_int_equal(csum_fold(UINT64_C(0xffff00000000ffff)), 0xffff);
    assert_int_equal(csum_finish(0), 0xffff);
    assert_int_equal(csum_finish(0xffff), 0);
}

static void test_pieces_at_every_offset(void **state)
{
    uint8_t bytes[130];

    (void)state;
    fill_random(bytes, sizeof(bytes), 3);
    uint16_t want = naive_sum(bytes, sizeof(bytes), 0);
    for (size_t a = 0; a <= sizeof(bytes); a++) {
        for (size_t b = a; b <= sizeof(bytes); b++) {
            uint64_t sum = csum_add_at(0, csum_sum_portable(bytes, a, 0), 0);
            sum = csum_add_at(sum, csum_sum_portable(bytes + b, sizeof(bytes) - b, 0), b);
            sum = csum_add_at(sum, csum_sum_portable(bytes + a, b - a, 0), a);
            assert_int_equal(csum_fold(sum), want);
        }
    }
}

static void test_slices(void **state)
{
    uint8_t bytes[64];

    (void)state;
    fill_random(bytes, sizeof(bytes), 4);
    struct weir_slice slices[] = {{bytes, 3},      {bytes + 3, 0},   {bytes + 3, 10},
                                  {bytes + 13, 1}, {bytes + 14, 30}, {bytes + 44, 20}};
    for (size_t skip = 0; skip <= sizeof(bytes); skip++) {
        assert_int_equal(csum_fold(csum_slices(NULL, slices, 6, skip, 7)),
                         naive_sum(bytes + skip, sizeof(bytes) - skip, 7));
    }
    assert_int_equal(csum_slices(NULL, slices, 6, 1000, 7), 7);
    assert_int_equal(csum_slices(NULL, NULL, 0, 0, 7), 7);
}

static void test_pseudo_headers(void **state)
{
    static const uint8_t v4_bytes[12] = {192, 168, 0, 100, 192, 168, 0, 200, 0, 6, 0xff, 0xeb};
    uint8_t v6_bytes[40] = {0};

    (void)state;
    struct ip_addr a = v4(192, 168, 0, 100), b = v4(192, 168, 0, 200);
    assert_int_equal(csum_fold(csum_pseudo(&a, &b, IP_PROTOCOL_TCP, 0xffeb)),
                     naive_sum(v4_bytes, sizeof(v4_bytes), 0));

    fill_random(v6_bytes, 32, 5);
    store_be32(v6_bytes + 32, 0x12345);
    v6_bytes[39] = IP_PROTOCOL_ICMP6;
    a = ip_addr_from_v6(v6_bytes);
    b = ip_addr_from_v6(v6_bytes + 16);
    assert_int_equal(csum_fold(csum_pseudo(&a, &b, IP_PROTOCOL_ICMP6, 0x12345)),
                     naive_sum(v6_bytes, sizeof(v6_bytes), 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc1071_example),
        cmocka_unit_test(test_every_size_and_alignment),
        cmocka_unit_test(test_large_sizes_do_not_lose_carries),
        cmocka_unit_test(test_no_ops_at_all),
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_pieces_at_every_offset),
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_pseudo_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
