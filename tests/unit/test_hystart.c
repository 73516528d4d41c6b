/* test_hystart.c - HyStart++ (RFC 9406) by its own rules: rounds, thresholds, conservative slow start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tcp/cc.h"
#include "tcp/conn.h"
#include "tcp/cwv.h"
#include "tcp/hystart.h"

#define MSS 1000

struct sender {
    struct tcp_conn c;
    struct tcp_flight flight;
};

static void begin(struct sender *s)
{
    *s = (struct sender){.c = {.mss_base = MSS, .snd_una = 1000, .snd_nxt = 1000}};
    s->c.flight = &s->flight;
    cc_newreno.init(&s->c, 0);
    s->c.snd_nxt += s->c.cwnd;
}

/* A round of `acks` ACKs, each for an equal share of what is out, with that round-trip time. */
static void round_of(struct sender *s, uint32_t acks, weir_time rtt)
{
    uint32_t share = (uint32_t)(s->c.snd_nxt - s->c.snd_una) / acks;
    seq_pos end = s->c.snd_nxt;

    for (uint32_t i = 1; i <= acks; i++) {
        struct ack_info info = {.rtt = rtt, .was_cwnd_limited = true};

        info.acked = (uint32_t)(i == acks ? end - s->c.snd_una : share);
        info.delivered = info.acked;
        s->c.snd_una += info.acked;
        cc_newreno.on_ack(&s->c, &info, 0);
        s->c.snd_nxt = s->c.snd_una + s->c.cwnd;
    }
}

static void steady_delay_doubles_the_window(void **state)
{
    struct sender s;

    (void)state;
    begin(&s);
    round_of(&s, 10, 100 * WEIR_MS);
    round_of(&s, 10, 100 * WEIR_MS);
    round_of(&s, 10, 103 * WEIR_MS);
    assert_int_equal(s.c.cwnd, 80 * MSS);
    assert_int_equal(cc_newreno.phase(&s.c), WEIR_REASON_SLOW_START);
}

/* 4.2: RttThresh = max(4 ms, min(lastRoundMinRTT / 8, 16 ms)); below it nothing happens. */
static void threshold_is_an_eighth_between_4_and_16_ms(void **state)
{
    static const struct {
        weir_time base, grown;
        bool conservative;
    } cases[] = {
        {8 * WEIR_MS, 11900 * WEIR_US, false},    {8 * WEIR_MS, 12 * WEIR_MS, true},
        {80 * WEIR_MS, 89900 * WEIR_US, false},   {80 * WEIR_MS, 90 * WEIR_MS, true},
        {400 * WEIR_MS, 415900 * WEIR_US, false}, {400 * WEIR_MS, 416 * WEIR_MS, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sender s;

        begin(&s);
        round_of(&s, 10, cases[i].base);
        round_of(&s, 10, cases[i].base);
        round_of(&s, 10, cases[i].grown);
        assert_int_equal(hystart_conservative(&s.c), cases[i].conservative);
    }
}

/* Eight samples a round are needed. */
static void few_samples_say_nothing(void **state)
{
    struct sender s;

    (void)state;
    begin(&s);
    round_of(&s, 10, 50 * WEIR_MS);
    round_of(&s, 7, 90 * WEIR_MS);
    assert_false(hystart_conservative(&s.c));
}

/* CSS: a quarter of the growth, five rounds, then congestion avoidance where it stands. */
static void conservative_slow_start_ends_it(void **state)
{
    struct sender s;
    uint32_t before;

    (void)state;
    begin(&s);
    round_of(&s, 10, 50 * WEIR_MS);
    round_of(&s, 10, 60 * WEIR_MS);
    assert_true(hystart_conservative(&s.c));
    assert_int_equal(cc_newreno.phase(&s.c), WEIR_REASON_HYSTART);
    before = s.c.cwnd;
    round_of(&s, 10, 60 * WEIR_MS);
    assert_in_range(s.c.cwnd, before + before / 4 - MSS, before + before / 4 + MSS);
    for (int i = 0; i < 3; i++) {
        assert_true(s.c.ssthresh == UINT32_MAX);
        round_of(&s, 10, 60 * WEIR_MS);
    }
    before = s.c.cwnd;
    round_of(&s, 10, 60 * WEIR_MS);
    assert_int_equal(s.c.ssthresh, before);
    assert_int_equal(cc_newreno.phase(&s.c), WEIR_REASON_CONGESTION_AVOIDANCE);
    assert_in_range(s.c.cwnd, before, before + MSS);
}

/* The delay falls below what made it conservative: it was jitter, slow start goes on. */
static void jitter_is_forgiven(void **state)
{
    struct sender s;
    uint32_t before;

    (void)state;
    begin(&s);
    round_of(&s, 10, 50 * WEIR_MS);
    round_of(&s, 10, 60 * WEIR_MS);
    assert_true(hystart_conservative(&s.c));
    round_of(&s, 10, 52 * WEIR_MS);
    assert_false(hystart_conservative(&s.c));
    before = s.c.cwnd;
    round_of(&s, 10, 52 * WEIR_MS);
    assert_int_equal(s.c.cwnd, before * 2);
}

/* ACKs of a round whose path takes 40 ms, one every `gap`; returns how many came before slow start was over, 0: it is not. */
static uint32_t train(struct sender *s, weir_time from, weir_time gap)
{
    seq_pos end = s->c.snd_nxt;

    s->c.min_rtt_us = 40000;
    for (uint32_t n = 1; s->c.snd_una < end; n++) {
        struct ack_info info = {.acked = MSS, .delivered = MSS, .was_cwnd_limited = true};

        s->c.snd_una += MSS;
        cc_newreno.on_ack(&s->c, &info, from + (n - 1) * gap);
        s->c.snd_nxt = s->c.snd_una + s->c.cwnd;
        if (s->c.ssthresh != UINT32_MAX) {
            return n;
        }
    }
    return 0;
}

/* RFC 9438 4.10, HyStart's ACK train: closely following ACKs for more than half a round trip end slow start where it stands.
 * More than 2 ms between two of them, and they say nothing; each round begins anew. */
static void ack_train_ends_slow_start(void **state)
{
    struct sender s;

    (void)state;
    begin(&s);
    assert_int_equal(train(&s, WEIR_S, WEIR_MS), 0); /* 10 ms */
    assert_int_equal(train(&s, 2 * WEIR_S, WEIR_MS), 0);
    assert_int_equal(train(&s, 3 * WEIR_S, WEIR_MS), 22); /* the first one came at 0 ms */
    assert_int_equal(s.c.ssthresh, 61 * MSS);
    begin(&s);
    assert_int_equal(train(&s, WEIR_S, WEIR_MS), 0);
    assert_int_equal(train(&s, 2 * WEIR_S, 3 * WEIR_MS), 0);
    assert_int_equal(s.c.cwnd, 40 * MSS);
    begin(&s);
    assert_int_equal(train(&s, WEIR_S, 2 * WEIR_MS), 0);
    assert_int_equal(train(&s, 2 * WEIR_S, 2 * WEIR_MS), 12);
}

/* 4.3: only the initial slow start. */
static void later_slow_starts_are_plain(void **state)
{
    struct sender s;

    (void)state;
    begin(&s);
    s.c.ssthresh = 1000 * MSS;
    round_of(&s, 10, 50 * WEIR_MS);
    round_of(&s, 10, 90 * WEIR_MS);
    assert_false(hystart_conservative(&s.c));
    assert_int_equal(s.c.cwnd, 40 * MSS);
}

/* RFC 7661 4.2-4.4: a loss while pipeACK is below half of cwnd is measured by what was used. */
static void loss_in_an_unused_window(void **state)
{
    struct env env = {0};
    struct tcp t = {.env = &env};
    struct sender s;

    (void)state;
    begin(&s);
    s.c.cwnd = 100 * MSS;
    s.c.snd_nxt = s.c.snd_una + 10 * MSS;
    assert_int_equal(cwv_loss_window(&s.c), 100 * MSS); /* pipeACK is not defined yet */
    for (int i = 0; i < 3; i++) {
        cwv_on_ack(&t, &s.c);
        s.c.snd_una = s.c.snd_nxt;
        s.c.delivered += 10 * MSS;
        s.c.snd_nxt += 10 * MSS;
    }
    assert_int_equal(cwv_loss_window(&s.c), 10 * MSS);
    s.c.snd_nxt += 5 * MSS;
    assert_int_equal(cwv_loss_window(&s.c), 15 * MSS);
    assert_false(cwv_limited(&s.c));
    cwv_note(&s.c, true);
    assert_true(cwv_limited(&s.c));
    assert_int_equal(cwv_loss_window(&s.c), 100 * MSS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steady_delay_doubles_the_window),
        cmocka_unit_test(threshold_is_an_eighth_between_4_and_16_ms),
        cmocka_unit_test(few_samples_say_nothing),
        cmocka_unit_test(conservative_slow_start_ends_it),
        cmocka_unit_test(jitter_is_forgiven),
        cmocka_unit_test(ack_train_ends_slow_start),
        cmocka_unit_test(later_slow_starts_are_plain),
        cmocka_unit_test(loss_in_an_unused_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
