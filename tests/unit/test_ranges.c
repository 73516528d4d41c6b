/* test_ranges.c - interval sets: the cases one thinks of, and a naive model for the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "ranges_model.h"

#define assert_ranges(r, ...)                                                   \
    do {                                                                        \
        const struct range expected_[] = {__VA_ARGS__};                         \
        assert_int_equal((r)->count, sizeof(expected_) / sizeof(expected_[0])); \
        assert_memory_equal((r)->at, expected_, sizeof(expected_));             \
    } while (0)

static void test_add_merges_what_touches(void **state)
{
    (void)state;
    struct range storage[4];
    struct ranges r;
    uint32_t at;
    ranges_init(&r, storage, 4);
    assert_true(ranges_add(&r, 10, 20, &at));
    assert_true(ranges_add(&r, 40, 50, &at));
    assert_int_equal(at, 1);
    assert_true(ranges_add(&r, 0, 5, &at));
    assert_int_equal(at, 0);
    assert_ranges(&r, {0, 5}, {10, 20}, {40, 50});
    assert_true(ranges_add(&r, 20, 21, &at));  /* adjacent behind */
    assert_true(ranges_add(&r, 39, 40, NULL)); /* adjacent before */
    assert_int_equal(at, 1);
    assert_ranges(&r, {0, 5}, {10, 21}, {39, 50});
    assert_true(ranges_add(&r, 12, 18, &at)); /* inside: nothing new */
    assert_int_equal(at, 1);
    assert_ranges(&r, {0, 5}, {10, 21}, {39, 50});
    assert_true(ranges_add(&r, 3, 45, &at)); /* across all */
    assert_int_equal(at, 0);
    assert_ranges(&r, {0, 50});
}

static void test_full_set_refuses_and_still_merges(void **state)
{
    (void)state;
    struct range storage[3];
    struct ranges r;
    uint32_t at = 99;
    ranges_init(&r, storage, 2);
    storage[2] = (struct range){7, 7};
    assert_true(ranges_add(&r, 10, 20, NULL));
    assert_true(ranges_add(&r, 30, 40, NULL));
    assert_false(ranges_add(&r, 50, 60, &at));
    assert_false(ranges_add(&r, 22, 28, &at));
    assert_false(ranges_add(&r, 0, 9, &at));
    assert_int_equal(at, 99);
    assert_false(ranges_remove(&r, 12, 13)); /* a split needs a place */
    assert_ranges(&r, {10, 20}, {30, 40});
    assert_true(ranges_remove(&r, 10, 12));
    assert_true(ranges_add(&r, 20, 30, &at));
    assert_ranges(&r, {12, 40});
    assert_true(ranges_remove(&r, 20, 30));
    assert_ranges(&r, {12, 20}, {30, 40});
    assert_int_equal(storage[2].start, 7);
}

static void test_remove_and_trim(void **state)
{
    (void)state;
    struct range storage[4];
    struct ranges r;
    ranges_init(&r, storage, 4);
    assert_true(ranges_add(&r, 10, 20, NULL));
    assert_true(ranges_add(&r, 30, 40, NULL));
    assert_true(ranges_add(&r, 50, 60, NULL));
    assert_true(ranges_remove(&r, 20, 30)); /* a gap */
    assert_true(ranges_remove(&r, 15, 55)); /* across: both ends cut, the middle gone */
    assert_ranges(&r, {10, 15}, {55, 60});
    ranges_trim_below(&r, 10);
    assert_int_equal(ranges_bytes(&r), 10);
    ranges_trim_below(&r, 12);
    assert_ranges(&r, {12, 15}, {55, 60});
    ranges_trim_below(&r, 15);
    assert_ranges(&r, {55, 60});
    ranges_trim_below(&r, UINT64_MAX);
    assert_int_equal(r.count, 0);
    ranges_trim_below(&r, 5);
    assert_int_equal(ranges_bytes(&r), 0);
}

static void test_questions(void **state)
{
    (void)state;
    struct range storage[2];
    struct ranges r;
    ranges_init(&r, storage, 2);
    assert_int_equal(ranges_find(&r, 5), 0);
    assert_false(ranges_cover(&r, 5, 6));
    assert_true(ranges_cover(&r, 5, 5));
    assert_true(ranges_add(&r, 10, 20, NULL));
    assert_true(ranges_add(&r, 30, 40, NULL));
    assert_int_equal(ranges_find(&r, 9), 0);
    assert_int_equal(ranges_find(&r, 10), 0);
    assert_int_equal(ranges_find(&r, 19), 0);
    assert_int_equal(ranges_find(&r, 20), 1);
    assert_int_equal(ranges_find(&r, 39), 1);
    assert_int_equal(ranges_find(&r, 40), 2);
    assert_true(ranges_cover(&r, 10, 20));
    assert_false(ranges_cover(&r, 9, 20));
    assert_false(ranges_cover(&r, 10, 21));
    assert_false(ranges_cover(&r, 15, 35));
}

static void test_nothing_and_no_storage(void **state)
{
    (void)state;
    struct ranges r;
    uint32_t at = 99;
    ranges_init(&r, NULL, 0);
    assert_false(ranges_add(&r, 1, 2, NULL));
    assert_true(ranges_add(&r, 2, 2, &at));
    assert_int_equal(at, 0);
    assert_true(ranges_add(&r, 3, 2, NULL));
    assert_true(ranges_remove(&r, 1, 2));
    assert_true(ranges_remove(&r, 2, 1));
    ranges_trim_below(&r, 5);
    assert_int_equal(r.count, 0);
}

static void test_against_model(void **state)
{
    (void)state;
    static uint8_t script[1 + 3 * 2000];
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct rng r;
        rng_seed(&r, seed);
        for (size_t i = 0; i < sizeof(script); i++)
            script[i] = (uint8_t)rng_next(&r);
        const char *wrong = ranges_model_run(script, sizeof(script));
        if (wrong != NULL)
            fail_msg("seed %u: %s", (unsigned)seed, wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_merges_what_touches),
        cmocka_unit_test(test_full_set_refuses_and_still_merges),
        cmocka_unit_test(test_remove_and_trim),
        cmocka_unit_test(test_questions),
        cmocka_unit_test(test_nothing_and_no_storage),
        cmocka_unit_test(test_against_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
