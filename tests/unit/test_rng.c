/* test_rng.c - the generator against its authors' algorithm, and its ranges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"

static void test_known_outputs(void **state)
{
    (void)state;
    static const uint64_t expected[] = {
        11520u,
        0u,
        1509978240u,
        1215971899390074240u,
        1216172134540287360u,
        607988272756665600u,
        16172922978634559625u,
        8476171486693032832u,
    };
    struct rng r = {.s = {1, 2, 3, 4}};
    for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_true(rng_next(&r) == expected[i]);
}

static void test_seed_is_splitmix64(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 1234567);
    assert_true(r.s[0] == 6457827717110365317u);
    assert_true(r.s[1] == 3203168211198807973u);
    assert_true(r.s[2] == 9817491932198370423u);
    assert_true(r.s[3] == 4593380528125082431u);
    rng_seed(&r, 0);
    assert_true((r.s[0] | r.s[1] | r.s[2] | r.s[3]) != 0);
}

static void test_below_stays_below_and_is_even(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 1);
    uint32_t hits[7] = {0};
    for (unsigned i = 0; i < 70000; i++) {
        uint64_t x = rng_below(&r, 7);
        assert_true(x < 7);
        hits[x]++;
    }
    for (unsigned i = 0; i < 7; i++)
        assert_in_range(hits[i], 9500, 10500); /* five standard deviations */
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(rng_below(&r, 1), 0);
}

/* With n = 3 * 2^62 a plain remainder gives the lowest quarter twice as often: half of all draws. */
static void test_below_has_no_modulo_bias(void **state)
{
    (void)state;
    const uint64_t n = (uint64_t)3 << 62;
    struct rng r;
    rng_seed(&r, 2);
    unsigned lowest_third = 0;
    for (unsigned i = 0; i < 30000; i++) {
        uint64_t x = rng_below(&r, n);
        assert_true(x < n);
        lowest_third += x < n / 3;
    }
    assert_in_range(lowest_third, 9500, 10500);
}

static void test_unit(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 3);
    double sum = 0, low = 1, high = 0;
    for (unsigned i = 0; i < 100000; i++) {
        double x = rng_unit(&r);
        assert_true(x >= 0 && x < 1);
        sum += x;
        low = x < low ? x : low;
        high = x > high ? x : high;
    }
    assert_true(sum > 49500 && sum < 50500);
    assert_true(low < 0.001 && high > 0.999);
    r = (struct rng){.s = {0, (uint64_t)-1, 0, 0}};
    assert_true(rng_unit(&r) < 1); /* large outputs do not round up to 1 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_outputs),
        cmocka_unit_test(test_seed_is_splitmix64),
        cmocka_unit_test(test_below_stays_below_and_is_even),
        cmocka_unit_test(test_below_has_no_modulo_bias),
        cmocka_unit_test(test_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
