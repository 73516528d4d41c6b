/* test_bytes.c - bytes.h, seq.h and the bit functions of compiler.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "base/seq.h"

static void test_big_endian(void **state)
{
    (void)state;
    static const uint8_t bytes[9] = {0, 0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8};
    uint8_t out[9] = {0};
    const uint8_t *p = bytes + 1; /* odd address */
    assert_int_equal(load_be16(p), 0x8192);
    assert_int_equal(load_be32(p), 0x8192a3b4);
    assert_true(load_be64(p) == 0x8192a3b4c5d6e7f8u);
    store_be16(out + 1, 0x8192);
    assert_memory_equal(out, bytes, 3);
    store_be32(out + 1, 0x8192a3b4);
    assert_memory_equal(out, bytes, 5);
    store_be64(out + 1, 0x8192a3b4c5d6e7f8u);
    assert_memory_equal(out, bytes, 9);
}

static void test_widening(void **state)
{
    (void)state;
    const uint64_t turn = (uint64_t)1 << 32;
    assert_true(seq_from_isn(0) == turn);
    assert_true(seq_widen(turn, 5) == turn + 5);
    assert_true(seq_widen(turn, UINT32_MAX) ==
                turn - 1); /* old segment, small ISN: not below zero */
    assert_true(seq_widen(2 * turn - 1, 0) == 2 * turn);
    assert_true(seq_widen(2 * turn, UINT32_MAX) == 2 * turn - 1);
    assert_true(seq_widen(5 * turn + 100, 0x80000063u) == 5 * turn + 0x80000063u);
    assert_true(seq_widen(5 * turn + 0x90000000u, 0x10000001u) == 5 * turn + 0x10000001u);
    for (uint64_t near = 3 * turn - 3; near < 3 * turn + 3; near++) {
        for (int64_t delta = -3; delta <= 3; delta++) {
            uint64_t position = near + (uint64_t)delta;
            assert_true(seq_widen(near, seq_wire(position)) == position);
        }
    }
}

static void test_bit_numbers(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 64; i++) {
        uint64_t bit = (uint64_t)1 << i;
        assert_int_equal(bit_lowest(bit), i);
        assert_int_equal(bit_highest(bit), i);
        assert_int_equal(bit_lowest(UINT64_MAX << i), i);
        assert_int_equal(bit_highest(UINT64_MAX >> (63 - i)), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_big_endian),
        cmocka_unit_test(test_widening),
        cmocka_unit_test(test_bit_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
