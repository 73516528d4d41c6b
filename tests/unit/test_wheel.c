/* test_wheel.c - the timing wheel: the promises of its header one by one, and a naive model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base_kit.h"
#include "wheel_model.h"

#define TICK WM_TICK
#define N 1000u
#define DAY (86400 * WEIR_S)

struct fixture {
    struct wheel wheel;
    struct wheel_entry links[N + 1];
    uint64_t lookups;
};

static struct wheel_entry *entry_of(void *ctx, uint32_t index)
{
    struct fixture *f = ctx;
    assert_in_range(index, 1, N);
    f->lookups++;
    return &f->links[index];
}

static struct wheel *start(struct fixture *f, weir_time now)
{
    memset(f, 0, sizeof(*f));
    wheel_init(&f->wheel, entry_of, f, now);
    return &f->wheel;
}

static void test_empty(void **state)
{
    (void)state;
    struct fixture f;
    struct wheel *w = start(&f, 5);
    assert_true(wheel_next(w) == WEIR_NEVER);
    assert_int_equal(wheel_take(w), 0);
    wheel_remove(w, 3);
    wheel_advance(w, WEIR_NEVER);
    assert_true(wheel_next(w) == WEIR_NEVER);
    assert_int_equal(wheel_take(w), 0);
}

static void test_rounds_up_to_a_tick(void **state)
{
    (void)state;
    struct fixture f;
    for (weir_time begin = 0; begin < 3 * TICK; begin += 1111) {
        for (weir_time after = 1; after < 3 * TICK; after += 777) {
            struct wheel *w = start(&f, begin);
            weir_time deadline = begin + after;
            weir_time fires = (deadline + TICK - 1) / TICK * TICK;
            wheel_set(w, 1, deadline);
            assert_true(wheel_contains(&f.links[1]));
            assert_true(wheel_next(w) == fires); /* so near, it is exact */
            wheel_advance(w, fires - 1);
            assert_int_equal(wheel_take(w), 0);
            wheel_advance(w, fires);
            assert_true(wheel_next(w) == 0);
            assert_int_equal(wheel_take(w), 1);
            assert_false(wheel_contains(&f.links[1]));
            assert_int_equal(wheel_take(w), 0);
        }
    }
}

static void test_past_deadlines_fire_at_once(void **state)
{
    (void)state;
    struct fixture f;
    const weir_time now = 10 * DAY + 3 * TICK + 100; /* inside of a tick */
    struct wheel *w = start(&f, now);
    wheel_set(w, 1, now);
    wheel_set(w, 2, now - 1);
    wheel_set(w, 3, 0);
    wheel_set(w, 1, 0); /* due already: does not lose its place */
    assert_true(wheel_next(w) == 0);
    assert_int_equal(wheel_take(w), 1);
    assert_int_equal(wheel_take(w), 2);
    assert_int_equal(wheel_take(w), 3);
    wheel_set(w, 4, now + 1);
    assert_int_equal(wheel_take(w), 0);

    w = start(&f, 0); /* also when time begins at 0 */
    wheel_set(w, 1, 0);
    assert_int_equal(wheel_take(w), 1);
}

static void test_moves_only_nearer(void **state)
{
    (void)state;
    struct fixture f;
    struct wheel *w = start(&f, 0);
    wheel_set(w, 1, 100 * TICK);
    wheel_set(w, 2, 100 * TICK);
    wheel_set(w, 1, 200 * TICK); /* later: stays */
    wheel_set(w, 1, 100 * TICK); /* equal: keeps its place in the order */
    wheel_set(w, 1, WEIR_NEVER);
    wheel_advance(w, 100 * TICK);
    assert_int_equal(wheel_take(w), 1);
    assert_int_equal(wheel_take(w), 2);

    wheel_set(w, 3, 5000 * TICK);
    wheel_set(w, 3, 103 * TICK); /* nearer: moves across levels */
    assert_true(wheel_next(w) <= 103 * TICK);
    wheel_advance(w, 103 * TICK);
    assert_int_equal(wheel_take(w), 3);
    wheel_advance(w, 6000 * TICK);
    assert_int_equal(wheel_take(w), 0); /* and is nowhere else */
    assert_int_equal(w->count, 0);
}

static void test_same_tick_keeps_order_through_cascades(void **state)
{
    (void)state;
    static const weir_time whens[] = {DAY / 50, DAY, 6 * DAY, 7 * DAY, 40 * DAY};
    for (size_t k = 0; k < sizeof(whens) / sizeof(whens[0]); k++) {
        struct fixture f;
        weir_time when = whens[k] / TICK * TICK;
        struct wheel *w = start(&f, 12345);
        /* Inserted at all distances from the deadline, so at all levels. */
        for (uint32_t i = 1; i <= N; i++) {
            wheel_set(w, i, when - i % 7);
            wheel_advance(w, when - when / (i + 1) - TICK);
        }
        assert_int_equal(wheel_take(w), 0);
        wheel_advance(w, when);
        for (uint32_t i = 1; i <= N; i++)
            assert_int_equal(wheel_take(w), i);
        assert_int_equal(wheel_take(w), 0);
    }
}

static void test_remove(void **state)
{
    (void)state;
    struct fixture f;
    struct wheel *w = start(&f, 0);
    for (uint32_t i = 1; i <= 5; i++)
        wheel_set(w, i, 70 * TICK);
    wheel_remove(w, 1); /* head, middle, tail */
    wheel_remove(w, 3);
    wheel_remove(w, 5);
    wheel_remove(w, 5);
    assert_int_equal(w->count, 2);
    wheel_advance(w, 70 * TICK);
    wheel_remove(w, 2); /* fired, not yet taken */
    assert_int_equal(wheel_take(w), 4);
    assert_int_equal(wheel_take(w), 0);
    wheel_set(w, 1, 900 * TICK);
    wheel_remove(w, 1);
    assert_true(wheel_next(w) == WEIR_NEVER);
}

/* Sleeping until wheel_next again and again reaches each deadline on time, in few steps. */
static void test_following_wheel_next_is_on_time(void **state)
{
    (void)state;
    struct fixture f;
    for (uint32_t bits = 0; bits < 63; bits++) {
        weir_time now = 999999999, deadline = now + ((weir_time)1 << bits) + 17;
        struct wheel *w = start(&f, now);
        wheel_set(w, 7, deadline);
        uint32_t steps = 0;
        while (wheel_next(w) != 0) {
            assert_true(wheel_next(w) > now); /* progress */
            now = wheel_next(w);
            wheel_advance(w, now);
            steps++;
        }
        assert_true(now >= deadline && now < deadline + TICK);
        /* six levels, and one step for each 6.5 days beyond */
        assert_true(steps <= 7 + (deadline >> (WHEEL_TICK_SHIFT + 36)));
    }
}

/* Years at once, with few entries: in a moment, and in the right order. */
static void test_large_jumps_cost_little(void **state)
{
    (void)state;
    struct fixture f;
    struct wheel *w = start(&f, 3);
    for (uint32_t i = 1; i <= 100; i++)
        wheel_set(w, i, (101 - i) * DAY / 16);
    f.lookups = 0;
    wheel_advance(w, 30 * DAY);
    assert_in_range(f.lookups, 100, 100 * 6 * 4); /* a cascade for each level at most */
    for (uint32_t i = 100; i >= 1; i--)
        assert_int_equal(wheel_take(w), i);
    wheel_advance(w, 300 * 365 * DAY);
    wheel_set(w, 1, 300 * 365 * DAY + 5);
    wheel_advance(w, 300 * 365 * DAY + TICK);
    assert_int_equal(wheel_take(w), 1);
}

static void test_insert_and_remove_are_constant_time(void **state)
{
    (void)state;
    struct fixture f;
    struct wheel *w = start(&f, 0);
    for (uint32_t i = 1; i <= N; i++)
        wheel_set(w, i, 50 * TICK);
    f.lookups = 0;
    wheel_remove(w, N / 2);
    wheel_set(w, N / 2, 50 * TICK);
    assert_in_range(f.lookups, 1, 10);
}

static void test_end_of_time(void **state)
{
    (void)state;
    struct fixture f;
    weir_time last_tick = WEIR_NEVER / TICK * TICK;
    struct wheel *w = start(&f, last_tick - 5 * TICK);
    wheel_set(w, 1, last_tick);
    wheel_set(w, 2, last_tick + 1); /* rounds up to beyond the end: never */
    wheel_set(w, 3, WEIR_NEVER);
    assert_int_equal(w->count, 1);
    assert_true(wheel_next(w) <= last_tick && wheel_next(w) != 0);
    wheel_advance(w, WEIR_NEVER);
    assert_int_equal(wheel_take(w), 1);
    assert_int_equal(wheel_take(w), 0);
}

static void test_time_does_not_go_back(void **state)
{
    (void)state;
    struct fixture f;
    struct wheel *w = start(&f, 0);
    wheel_set(w, 1, 500 * TICK);
    wheel_advance(w, 400 * TICK);
    wheel_advance(w, 100 * TICK);
    wheel_set(w, 2, 300 * TICK);
    assert_int_equal(wheel_take(w), 2);
    wheel_advance(w, 500 * TICK);
    assert_int_equal(wheel_take(w), 1);
}

static void set_zero(void *argument)
{
    wheel_set(argument, 0, 5);
}

static void test_index_zero_asserts(void **state)
{
    (void)state;
    struct fixture f;
    assert_true(dies(set_zero, start(&f, 0)));
}

static void test_against_model(void **state)
{
    (void)state;
    static uint8_t script[2 + 3 * 1500];
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct rng r;
        rng_seed(&r, seed);
        for (size_t i = 0; i < sizeof(script); i++)
            script[i] = (uint8_t)rng_next(&r);
        /* Steps of up to 2^bits ns, another bound for each seed: a few large ones end the time. */
        for (size_t i = 3; i < sizeof(script); i += 3)
            script[i] = (uint8_t)(script[i] % (10 + seed % 40));
        const char *wrong = wheel_model_run(script, sizeof(script));
        if (wrong != NULL)
            fail_msg("seed %u: %s", (unsigned)seed, wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_rounds_up_to_a_tick),
        cmocka_unit_test(test_past_deadlines_fire_at_once),
        cmocka_unit_test(test_moves_only_nearer),
        cmocka_unit_test(test_same_tick_keeps_order_through_cascades),
        cmocka_unit_test(test_remove),
        cmocka_unit_test(test_following_wheel_next_is_on_time),
        cmocka_unit_test(test_large_jumps_cost_little),
        cmocka_unit_test(test_insert_and_remove_are_constant_time),
        cmocka_unit_test(test_end_of_time),
        cmocka_unit_test(test_time_does_not_go_back),
        cmocka_unit_test(test_index_zero_asserts),
        cmocka_unit_test(test_against_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
