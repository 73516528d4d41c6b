/* test_tcp_timewait.c - what arrives in TIME-WAIT, while the handle is held and after it was given back: what makes it
 * longer, what is answered, and how often. */
#include "unit/tcp_kit.h"

static struct tk *start(bool modern, bool held)
{
    struct tk_setup s = modern ? tk_setup_modern() : tk_setup();
    struct tk *k = tk_new(&s);

    tk_passive(k);
    tk_to(k, WEIR_TCP_TIME_WAIT); /* both FINs: ours is 1, theirs is 1 */
    tk_flush(k);
    if (!held) {
        weir_tcp_close(k->stack, k->conn);
        tk_events(k);
        assert_int_equal(tk_stats(k).time_wait, 1);
    }
    return k;
}

static bool is_over(struct tk *k)
{
    struct weir_stats st = tk_stats(k);
    struct weir_tcp_info info = {.size = sizeof(info)};

    if (st.time_wait) {
        return false;
    }
    return weir_tcp_info(k->stack, k->conn, &info) != WEIR_OK || info.state == WEIR_TCP_CLOSED;
}

static void expect_left(struct tk *k, weir_time left)
{
    tk_advance(k, left - WEIR_S);
    assert_false(is_over(k));
    tk_advance(k, 2 * WEIR_S);
    assert_true(is_over(k));
    tk_del(k);
}

/* RFC 9293 3.10.7.4: their FIN again is answered, and 2 MSL begin anew, each time. */
static void test_fin_again(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct tk *k = start(i & 1, i & 2);
        for (int n = 0; n < 3; n++) {
            tk_advance(k, 40 * WEIR_S);
            tk_in(k, F | A, 1, 2, 0);
            tk_expect(k, A, 2, 2, 0);
            tk_expect_nothing(k);
        }
        expect_left(k, 60 * WEIR_S);
    }
}

/* Old data is answered and changes nothing; so is a FIN that PAWS says is of an earlier connection (RFC 7323 5). */
static void test_old_segments(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        bool modern = i & 1;
        struct tk *k = start(modern, i & 2);
        tk_advance(k, 40 * WEIR_S);
        struct tcp_segment s = tk_segment(k, modern ? F | A : A, 1, 2);
        if (modern) {
            s.options.ts_val -= 100000;
        } else {
            s.seq -= 100;
        }
        tk_inject(k, &s, modern ? 0 : 10);
        tk_expect(k, A, 2, 2, 0);
        if (modern) {
            assert_int_equal(tk_drops(k, WEIR_DROP_PAWS), 1);
        }
        expect_left(k, 20 * WEIR_S);
    }
}

/* Two ends that take each other's ACKs for bad ones do not go on for ever. */
static void test_answers_are_spaced(void **state)
{
    (void)state;
    for (int held = 0; held < 2; held++) {
        struct tk *k = start(false, held);
        for (int n = 0; n < 3; n++) {
            tk_in(k, A, 0, 2, 0);
            tk_expect(k, A, 2, 2, 0);
            for (int m = 0; m < 10; m++) {
                tk_in(k, A, 0, 2, 0);
            }
            tk_expect_nothing(k);
            tk_advance(k, WEIR_S);
        }
        tk_in(k, A, 2, 2, 0); /* as it should be: no answer */
        tk_expect_nothing(k);
        expect_left(k, 57 * WEIR_S);
    }
}

/* Held for a while first: 2 MSL in all. RFC 1337: an RST at the right place ends it or not, as configured. */
static void test_held_first(void **state)
{
    (void)state;
    struct tk *k = start(true, true);
    tk_advance(k, 30 * WEIR_S);
    weir_tcp_close(k->stack, k->conn);
    tk_events(k);
    expect_left(k, 30 * WEIR_S);
    for (int i = 0; i < 4; i++) {
        struct tk_setup s = tk_setup_modern();
        s.config.time_wait_ignore_rst = i & 1;
        k = tk_new(&s);
        tk_passive(k);
        tk_to(k, WEIR_TCP_TIME_WAIT);
        tk_flush(k);
        if (i & 2) {
            weir_tcp_close(k->stack, k->conn);
        }
        tk_in(k, R, 3, 0, 0); /* one beyond: never */
        tk_flush(k);
        assert_false(is_over(k));
        tk_in(k, R, 2, 0, 0);
        assert_int_equal(is_over(k), !(i & 1));
        tk_flush(k);
        tk_advance(k, 61 * WEIR_S);
        tk_del(k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fin_again),
        cmocka_unit_test(test_old_segments),
        cmocka_unit_test(test_answers_are_spaced),
        cmocka_unit_test(test_held_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
