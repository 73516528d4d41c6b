/* test_siphash.c - the published vectors: key 00 01 .. 0f, message 00 01 .. of each length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/siphash.h"

/* SipHash-2-4, 64-bit output, as bytes in the order of the reference implementation (little-endian). */
static const uint8_t vectors[16][8] = {
    {0x31, 0x0e, 0x0e, 0xdd, 0x47, 0xdb, 0x6f, 0x72},
    {0xfd, 0x67, 0xdc, 0x93, 0xc5, 0x39, 0xf8, 0x74},
    {0x5a, 0x4f, 0xa9, 0xd9, 0x09, 0x80, 0x6c, 0x0d},
    {0x2d, 0x7e, 0xfb, 0xd7, 0x96, 0x66, 0x67, 0x85},
    {0xb7, 0x87, 0x71, 0x27, 0xe0, 0x94, 0x27, 0xcf},
    {0x8d, 0xa6, 0x99, 0xcd, 0x64, 0x55, 0x76, 0x18},
    {0xce, 0xe3, 0xfe, 0x58, 0x6e, 0x46, 0xc9, 0xcb},
    {0x37, 0xd1, 0x01, 0x8b, 0xf5, 0x00, 0x02, 0xab},
    {0x62, 0x24, 0x93, 0x9a, 0x79, 0xf5, 0xf5, 0x93},
    {0xb0, 0xe4, 0xa9, 0x0b, 0xdf, 0x82, 0x00, 0x9e},
    {0xf3, 0xb9, 0xdd, 0x94, 0xc5, 0xbb, 0x5d, 0x7a},
    {0xa7, 0xad, 0x6b, 0x22, 0x46, 0x2f, 0xb3, 0xf4},
    {0xfb, 0xe5, 0x0e, 0x86, 0xbc, 0x8f, 0x1e, 0x75},
    {0x90, 0x3d, 0x84, 0xc0, 0x27, 0x56, 0xea, 0x14},
    {0xee, 0xf2, 0x7a, 0x8e, 0x90, 0xca, 0x23, 0xf7},
    {0xe5, 0x45, 0xbe, 0x49, 0x61, 0xca, 0x29, 0xa1},
};

static void test_published_vectors(void **state)
{
    (void)state;
    uint8_t key[16], message[16], out[8];
    for (unsigned i = 0; i < 16; i++)
        key[i] = message[i] = (uint8_t)i;
    for (unsigned size = 0; size < 16; size++) {
        uint64_t hash = siphash(key, message, size);
        for (unsigned i = 0; i < 8; i++)
            out[i] = (uint8_t)(hash >> 8 * i);
        assert_memory_equal(out, vectors[size], 8);
    }
    assert_true(siphash(key, NULL, 0) == siphash(key, message, 0));
}

static void test_alignment_does_not_matter(void **state)
{
    (void)state;
    uint8_t key[16] = {7}, at[80];
    for (unsigned offset = 0; offset < 8; offset++) {
        for (unsigned i = 0; i < 64; i++)
            at[offset + i] = (uint8_t)(i * 31);
        static uint64_t first;
        uint64_t hash = siphash(key, at + offset, 61);
        if (offset == 0)
            first = hash;
        assert_true(hash == first);
    }
}

static void test_every_bit_of_key_message_and_length_counts(void **state)
{
    (void)state;
    uint8_t key[16] = {0}, message[32] = {0};
    uint64_t plain = siphash(key, message, 21);
    for (unsigned bit = 0; bit < 128; bit++) {
        key[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(siphash(key, message, 21) != plain);
        key[bit / 8] = 0;
    }
    for (unsigned bit = 0; bit < 32 * 8; bit++) {
        message[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(siphash(key, message, 21) != plain, bit < 21 * 8);
        message[bit / 8] = 0;
    }
    for (unsigned size = 0; size < 32; size++)
        assert_int_equal(siphash(key, message, size) != plain, size != 21);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_vectors),
        cmocka_unit_test(test_alignment_does_not_matter),
        cmocka_unit_test(test_every_bit_of_key_message_and_length_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
