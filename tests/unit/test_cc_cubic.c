/*
 * test_cc_cubic.c - CUBIC's window against RFC 9438's own formulas in floating point, and a transfer that
 * recovers with it.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tcp/ack.h"
#include "tcp/cc.h"
#include "tcp/conn.h"

#define MSS 1000

static void begin(struct tcp_conn *c, uint32_t segments)
{
    static struct tcp_flight flight;

    flight = (struct tcp_flight){0};
    *c = (struct tcp_conn){.mss_base = MSS, .srtt8_us = 100000 * 8, .flight = &flight};
    cc_cubic.init(c, 0);
    c->cwnd = segments * MSS;
    c->snd_una = 1000000;
    c->snd_nxt = c->snd_una + c->cwnd;
}

/* A loss now; then a window's worth of ACKs every 100 ms, in ten pieces each. */
static double window_after(struct tcp_conn *c, double seconds)
{
    weir_time now = WEIR_S;
    struct ack_info info = {.was_cwnd_limited = true};

    c->ssthresh = cc_cubic.on_loss(c, now);
    c->cwnd = c->ssthresh;
    for (weir_time end = now + (weir_time)(seconds * 1e9); now < end; now += 10 * WEIR_MS) {
        info.acked = info.delivered = c->cwnd / 10;
        cc_cubic.on_ack(c, &info, now);
    }
    return (double)c->cwnd / MSS;
}

static void loss_multiplies_by_beta(void **state)
{
    struct tcp_conn c;

    (void)state;
    begin(&c, 100);
    assert_int_equal(cc_cubic.on_loss(&c, WEIR_S), 70 * MSS);
    begin(&c, 2);
    assert_int_equal(cc_cubic.on_loss(&c, WEIR_S), 2 * MSS); /* never below two segments */
}

static void window_follows_the_cubic_function(void **state)
{
    static const double at[] = {1, 3, 6, 8, 10, 12, 15, 20};
    const double w_max = 1000, k = cbrt(w_max * 0.3 / 0.4);

    (void)state;
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        struct tcp_conn c;
        double expected = 0.4 * pow(at[i] - k, 3) + w_max, got;

        begin(&c, 1000);
        got = window_after(&c, at[i]);
        /* the window chases a target one round trip ahead: a few percent of freedom */
        if (got < expected * 0.97 || got > expected * 1.03) {
            fail_msg("after %.0f s: %.1f segments, W_cubic says %.1f", at[i], got, expected);
        }
    }
}

static void small_windows_are_friendly_to_reno(void **state)
{
    struct tcp_conn c;
    double got;

    (void)state;
    begin(&c, 20); /* at 100 ms W_cubic is slower here than Reno with alpha = 9/17 */
    got = window_after(&c, 3);
    assert_true(got > 14 + 30 * 9.0 / 17 * 0.8);
}

static void fast_convergence_lowers_the_next_plateau(void **state)
{
    struct tcp_conn c;

    (void)state;
    begin(&c, 100);
    (void)cc_cubic.on_loss(&c, WEIR_S);
    c.cwnd = 80 * MSS; /* lost again below the old maximum: another flow wants room */
    (void)cc_cubic.on_loss(&c, 2 * WEIR_S);
    assert_int_equal(c.cc_state.cubic.w_max >> 10, 68);
}

/* RFC 9438 4.8: no way back to the plateau after a timeout. 5 s after it W_cubic would be at 990 of 1000 segments had it
 * been a fast retransmission; from K = 0 it is at 700 + 0.4 * 5^3. */
static void a_timeout_forgets_the_plateau(void **state)
{
    struct tcp_conn c;

    (void)state;
    begin(&c, 1000);
    (void)cc_cubic.on_loss(&c, WEIR_S);
    cc_cubic.on_rto(&c, WEIR_S);
    c.cwnd = c.ssthresh = 700 * MSS; /* slow start is over */
    for (weir_time now = WEIR_S; now < 6 * WEIR_S; now += 10 * WEIR_MS) {
        struct ack_info info = {
            .was_cwnd_limited = true, .acked = c.cwnd / 10, .delivered = c.cwnd / 10};

        cc_cubic.on_ack(&c, &info, now);
    }
    assert_in_range(c.cwnd, 735 * MSS, 765 * MSS);
}

/* As Linux: between two looks at the curve, 1/32 s apart, a window in the Reno-friendly region stays as it is. */
static void the_curve_is_looked_at_now_and_then(void **state)
{
    struct tcp_conn c;
    struct ack_info info = {.was_cwnd_limited = true, .acked = MSS, .delivered = MSS};

    (void)state;
    begin(&c, 10);
    c.ssthresh = cc_cubic.on_loss(&c, WEIR_S);
    cc_cubic.on_rto(&c, WEIR_S);
    c.cwnd = c.ssthresh;
    cc_cubic.on_ack(&c, &info, 2 * WEIR_S);
    uint32_t before = c.cwnd;
    for (int i = 1; i <= 5; i++) {
        cc_cubic.on_ack(&c, &info, 2 * WEIR_S + (weir_time)i * 5 * WEIR_MS);
    }
    assert_int_equal(c.cwnd, before);
    cc_cubic.on_ack(&c, &info, 2 * WEIR_S + 32 * WEIR_MS);
    assert_in_range(c.cwnd, before + 5 * MSS / 15, before + 7 * MSS / 12);
}

static void an_unused_window_does_not_grow(void **state)
{
    struct tcp_conn c;
    struct ack_info info = {.acked = MSS, .delivered = MSS};

    (void)state;
    begin(&c, 100);
    cc_cubic.on_ack(&c, &info, WEIR_S);
    assert_int_equal(c.cwnd, 100 * MSS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_multiplies_by_beta),
        cmocka_unit_test(window_follows_the_cubic_function),
        cmocka_unit_test(small_windows_are_friendly_to_reno),
        cmocka_unit_test(fast_convergence_lowers_the_next_plateau),
        cmocka_unit_test(a_timeout_forgets_the_plateau),
        cmocka_unit_test(the_curve_is_looked_at_now_and_then),
        cmocka_unit_test(an_unused_window_does_not_grow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
