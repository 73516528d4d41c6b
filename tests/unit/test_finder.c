/*
 * test_finder.c - findings about opening, acknowledging, windows and closing: where each must be found, and
 * the near miss where it must not. Losses, single segments and conformance: test_finder_loss.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/finder_kit.h"

static struct find_kit opened(void)
{
    struct find_kit x = find_kit(LADDER_AT_CLIENT);

    find_kit_open(&x);
    return x;
}

/* ---- Opening --------------------------------------------------------------------------------------------- */

static void refused(void **state)
{
    struct find_kit x = find_kit(LADDER_AT_CLIENT);

    (void)state;
    find_kit_send(&x, 0, '>', "S", 1000, 0, 0);
    find_kit_send(&x, 40, '<', "RA", 0, 0, 1001);
    assert_int_equal(find_kit_finding(&x, FINDING_REFUSED)->value[0], 80);
    assert_int_equal(find_kit_finding(&x, FINDING_REFUSED)->severity, FINDING_ERROR);
    find_kit_expect(&x, FINDING_REFUSED, 1);
}

/* RFC 1122 3.2.2.1: the filter that says so is the reason, not the RST beside it. */
static void filtered_and_not_refused(void **state)
{
    struct find_kit x = find_kit(LADDER_AT_CLIENT), y = find_kit(LADDER_AT_CLIENT);
    struct trace_segment syn = find_kit_wire(&x, 0, '>', "S", 1000, 0, 0);

    (void)state;
    find_kit_feed(&x, &syn);
    finder_icmp(x.finder, syn.time + 40 * WEIR_MS, LADDER_CLIENT, FINDER_ICMP_PROHIBITED, 0);
    find_kit_send(&x, 50, '<', "RA", 0, 0, 1001);
    assert_null(find_kit_finding(&x, FINDING_REFUSED));
    find_kit_expect(&x, FINDING_FILTERED, 1);

    find_kit_open(&y); /* a soft error of an established connection (RFC 1122 4.2.3.9) */
    finder_icmp(y.finder, syn.time + 90 * WEIR_MS, LADDER_CLIENT, FINDER_ICMP_UNREACHABLE, 0);
    find_kit_expect(&y, FINDING_FILTERED, 0);
}

static void unanswered_syns(void **state)
{
    struct find_kit x = find_kit(LADDER_AT_CLIENT), y = find_kit(LADDER_AT_CLIENT);

    (void)state;
    find_kit_send(&x, 0, '>', "S", 1000, 0, 0);
    find_kit_send(&x, 1000, '>', "S", 1000, 0, 0);
    find_kit_send(&x, 3000, '>', "S", 1000, 0, 0);
    assert_int_equal(find_kit_finding(&x, FINDING_SYN_TIMEOUT)->value[0], 3);
    assert_int_equal(find_kit_finding(&x, FINDING_SYN_TIMEOUT)->cost_ns, 3 * WEIR_S);
    assert_null(find_kit_finding(&x, FINDING_SYN_RETX));
    find_kit_expect(&x, FINDING_SYN_TIMEOUT, 1);

    find_kit_send(&y, 0, '>', "S", 1000, 0, 0); /* perhaps only the end of the capture */
    find_kit_expect(&y, FINDING_SYN_TIMEOUT, 0);
}

static void a_syn_again(void **state)
{
    struct find_kit x = find_kit(LADDER_AT_CLIENT), y = opened();

    (void)state;
    find_kit_send(&x, 0, '>', "S", 1000, 0, 0);
    find_kit_send(&x, 1015, '>', "S", 1000, 0, 0);
    find_kit_send(&x, 1055, '<', "SA", 8000, 0, 1001);
    find_kit_send(&x, 1055.1, '>', "A", 1001, 0, 8001);
    assert_int_equal(find_kit_finding(&x, FINDING_SYN_RETX)->cost_ns, 1015 * WEIR_MS);
    assert_null(find_kit_finding(&x, FINDING_SYN_TIMEOUT));
    find_kit_expect(&x, FINDING_SYN_RETX, 1);
    find_kit_expect(&y, FINDING_SYN_RETX, 0);
}

static void both_open(void **state)
{
    struct find_kit x = find_kit(LADDER_AT_CLIENT), y = opened();

    (void)state;
    find_kit_send(&x, 0, '>', "S", 1000, 0, 0);
    find_kit_send(&x, 10, '<', "S", 8000, 0, 0);
    find_kit_send(&x, 10.1, '>', "SA", 1000, 0, 8001);
    find_kit_send(&x, 30, '<', "SA", 8000, 0, 1001);
    assert_null(find_kit_finding(&x, FINDING_SYN_RETX));
    find_kit_expect(&x, FINDING_SIMULTANEOUS_OPEN, 1);
    find_kit_expect(&y, FINDING_SIMULTANEOUS_OPEN, 0);
}

/* RFC 7413. */
static void fast_open(void **state)
{
    struct find_kit x = find_kit(LADDER_AT_CLIENT), y = opened();
    struct trace_segment syn = find_kit_wire(&x, 0, '>', "S", 1000, 30, 0);

    (void)state;
    syn.options.present |= WEIR_SEGMENT_FASTOPEN;
    syn.options.fastopen_size = 8;
    find_kit_feed(&x, &syn);
    assert_int_equal(find_kit_finding(&x, FINDING_TFO)->value[0], 30);
    find_kit_expect(&x, FINDING_TFO, 1);
    find_kit_expect(&y, FINDING_TFO, 0);
}

static struct find_kit opened_after(double silence_ms, uint32_t isn, uint32_t next)
{
    struct find_kit probe = find_kit(LADDER_AT_CLIENT);
    struct trace_segment syn = find_kit_wire(&probe, 0, '>', "S", 1000, 0, 0);
    struct finder_setup setup = {.vantage = LADDER_AT_CLIENT,
                                 .previous_end = syn.time - (weir_time)(silence_ms * 1e6),
                                 .previous_isn = isn,
                                 .previous_next = next};
    struct find_kit x = find_kit_finder_after(&setup);

    find_kit_finder_del(&probe);
    find_kit_open(&x);
    return x;
}

/* RFC 6191: in TIME-WAIT a new connection is fine when its numbers are above the old ones. */
static void ports_used_again(void **state)
{
    struct find_kit above = opened_after(2000, 100, 900), within = opened_after(2000, 500, 2000);
    struct find_kit late = opened_after(90000, 100, 900);

    (void)state;
    assert_null(find_kit_finding(&above, FINDING_ISN_REUSE));
    find_kit_expect(&above, FINDING_TIME_WAIT_REUSE, 1);
    assert_null(find_kit_finding(&within, FINDING_TIME_WAIT_REUSE));
    find_kit_expect(&within, FINDING_ISN_REUSE, 1);
    assert_null(find_kit_finding(&late, FINDING_ISN_REUSE));
    find_kit_expect(&late, FINDING_TIME_WAIT_REUSE, 0);
}

/* ---- Acknowledging --------------------------------------------------------------------------------------- */

/* RFC 9293 3.7.4 with 3.8.6.3: a small segment waits for the delayed ACK of a small one. */
static void nagle_and_delayed_acks(void **state)
{
    struct find_kit x = opened(), y = opened();

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        double at = 100 + i * 300;
        find_kit_send(&x, at, '>', "PA", 1001 + i * 20, 10, 8001 + i * 5);
        find_kit_send(&x, at + 80, '<', "A", 8001 + i * 5, 0, 1011 + i * 20);
        find_kit_send(&x, at + 80.1, '>', "PA", 1011 + i * 20, 10, 8001 + i * 5);
        find_kit_send(&x, at + 120.2, '<', "PA", 8001 + i * 5, 5, 1021 + i * 20);
    }
    const struct finding *f = find_kit_finding(&x, FINDING_NAGLE_DELACK);
    assert_int_equal(f->cost_ns, 3 * 40 * WEIR_MS);
    assert_int_equal(f->confidence, 95);
    assert_int_equal(f->segments[0], 4);
    assert_int_equal(f->frames[2], 106);
    assert_null(find_kit_finding(&x, FINDING_DELAYED_ACK));
    struct account account;
    finder_account(x.finder, &account);
    assert_int_equal(account.part_ns[ACCOUNT_DELAYED_ACK], 3 * 40 * WEIR_MS);
    find_kit_expect(&x, FINDING_NAGLE_DELACK, 3);

    /* The application had nothing to send before: only a delayed ACK. */
    find_kit_send(&y, 100, '>', "PA", 1001, 10, 8001);
    find_kit_send(&y, 180, '<', "A", 8001, 0, 1011);
    find_kit_send(&y, 300, '>', "PA", 1011, 10, 8001);
    find_kit_send(&y, 340, '<', "PA", 8001, 5, 1021);
    assert_int_equal(find_kit_finding(&y, FINDING_DELAYED_ACK)->value[0], 40 * WEIR_MS);
    assert_int_equal(find_kit_finding(&y, FINDING_DELAYED_ACK)->cost_ns, 0);
    find_kit_expect(&y, FINDING_NAGLE_DELACK, 0);
}

static void an_ack_in_time_is_not_delayed(void **state)
{
    struct find_kit x = opened();

    (void)state;
    find_kit_send(&x, 100, '>', "PA", 1001, 10, 8001);
    find_kit_send(&x, 160, '<', "A", 8001, 0, 1011);
    find_kit_expect(&x, FINDING_DELAYED_ACK, 0);
}

static void an_ack_just_before_data(void **state)
{
    struct find_kit x = find_kit(LADDER_AT_SERVER), y = find_kit(LADDER_AT_SERVER);
    struct find_kit *both[] = {&x, &y};

    (void)state;
    for (int i = 0; i < 2; i++) {
        find_kit_open(both[i]);
        find_kit_send(both[i], 100, '>', "PA", 1001, 20, 8001);
        find_kit_send(both[i], 100.1, '<', "A", 8001, 0, 1021);
        find_kit_send(both[i], i == 0 ? 100.3 : 130, '<', "PA", 8001, 10, 1021);
    }
    find_kit_expect(&x, FINDING_NO_PIGGYBACK, 1);
    find_kit_expect(&y, FINDING_NO_PIGGYBACK, 0); /* the answer was not there yet */
}

/* RFC 9293 3.10.7.4: an ACK for something not yet sent; the other side's next number proves it. */
static void acks_for_what_was_never_sent(void **state)
{
    struct find_kit x = opened(), y = opened();

    (void)state;
    find_kit_send(&x, 100, '>', "PA", 1001, 10, 8001);
    find_kit_send(&x, 140, '<', "A", 8001, 0, 5001);
    find_kit_send(&x, 140.1, '>', "A", 1011, 0, 8001);
    assert_int_equal(find_kit_finding(&x, FINDING_ACK_UNSENT)->value[0], 3990);
    find_kit_expect(&x, FINDING_ACK_UNSENT, 1);

    find_kit_send(&y, 100, '>', "PA", 1001, 10, 8001); /* the capture has missed 1011 to 5000 */
    find_kit_send(&y, 140, '<', "A", 8001, 0, 5001);
    find_kit_send(&y, 140.1, '>', "A", 5001, 0, 8001);
    find_kit_expect(&y, FINDING_ACK_UNSENT, 0);
}

static void old_acks(void **state)
{
    struct find_kit x = opened(), y = opened();

    (void)state;
    find_kit_send(&x, 100, '>', "A", 1001, 10, 8001);
    find_kit_send(&x, 101, '>', "A", 1011, 10, 8001);
    find_kit_send(&x, 140, '<', "A", 8001, 0, 1021);
    find_kit_send(&x, 141, '<', "A", 8001, 0, 1011);
    find_kit_expect(&x, FINDING_ACK_OLD, 1);

    find_kit_send(&y, 100, '>', "A", 1001, 10, 8001);
    find_kit_send(&y, 140, '<', "A", 8001, 0, 1011);
    find_kit_send(&y, 141, '<', "A", 8001, 0, 1011);
    find_kit_expect(&y, FINDING_ACK_OLD, 0);
}

/* RFC 5961. */
static void challenges(void **state)
{
    struct find_kit x = opened();

    (void)state;
    find_kit_judged(&x, find_kit_wire(&x, 100, '<', "A", 8001, 0, 1001),
                    (struct judgement){.class = LADDER_CHALLENGE_ACK});
    find_kit_expect(&x, FINDING_CHALLENGE_ACK, 1);
}

/* ---- Windows --------------------------------------------------------------------------------------------- */

static void a_closed_window(void **state)
{
    struct find_kit x = opened(), y = opened();

    (void)state;
    find_kit_send(&x, 100, '>', "A", 1001, 1000, 8001);
    x.window = 0;
    find_kit_send(&x, 140, '<', "A", 8001, 0, 2001);
    find_kit_send(&x, 400, '>', "A", 2000, 0, 8001);
    find_kit_send(&x, 440, '<', "A", 8001, 0, 2001);
    x.window = 60000;
    find_kit_send(&x, 1140, '<', "A", 8001, 0, 2001);
    assert_int_equal(find_kit_finding(&x, FINDING_ZERO_WINDOW)->cost_ns, WEIR_S);
    assert_int_equal(find_kit_finding(&x, FINDING_ZERO_WINDOW)->value[1], 1);
    assert_int_equal(find_kit_finding(&x, FINDING_ZERO_WINDOW)->side, LADDER_SERVER);
    assert_null(find_kit_finding(&x, FINDING_KEEPALIVE));
    find_kit_expect(&x, FINDING_ZERO_WINDOW, 1);

    find_kit_send(&y, 100, '>', "FA", 1001, 1000, 8001); /* there is nothing left to receive */
    y.window = 0;
    find_kit_send(&y, 140, '<', "A", 8001, 0, 2002);
    find_kit_send(&y, 900, '<', "FA", 8001, 0, 2002);
    find_kit_expect(&y, FINDING_ZERO_WINDOW, 0);
}

/* RFC 9293 3.8.6.2.2: a buffer of 2000 bytes is filled and then offered in steps. */
static void silly_windows(void **state)
{
    static const struct {
        uint32_t step, found;
    } cases[] = {{100, 5}, {1460, 0}};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct find_kit x = find_kit(LADDER_AT_CLIENT);
        find_kit_send(&x, 0, '>', "S", 1000, 0, 0);
        x.window = 2000;
        find_kit_send(&x, 40, '<', "SA", 8000, 0, 1001);
        find_kit_send(&x, 40.1, '>', "A", 1001, 0, 8001);
        find_kit_send(&x, 100, '>', "A", 1001, 2000, 8001);
        for (uint32_t i = 0; i < 6; i++) {
            x.window = (uint16_t)(i * cases[k].step);
            find_kit_send(&x, 140 + i * 10, '<', "A", 8001, 0, 3001);
        }
        find_kit_expect(&x, FINDING_SWS, cases[k].found);
    }
}

/* RFC 9293 3.8.6: a window should not shrink; what is sent beyond it is an error. */
static void edges(void **state)
{
    struct find_kit x = opened(), y = opened(), z = opened();

    (void)state;
    find_kit_send(&x, 100, '>', "A", 1001, 1000, 8001);
    x.window = 20000;
    find_kit_send(&x, 140, '<', "A", 8001, 0, 2001);
    find_kit_expect(&x, FINDING_WINDOW_SHRUNK, 1);

    find_kit_send(&y, 100, '>', "A", 1001, 1000,
                  8001); /* the application has not read: the edge stays */
    y.window = 59000;
    find_kit_send(&y, 140, '<', "A", 8001, 0, 2001);
    find_kit_expect(&y, FINDING_WINDOW_SHRUNK, 0);

    find_kit_send(&z, 100, '>', "A", 1001, 60000, 8001); /* fills it to the last byte */
    assert_null(find_kit_finding(&z, FINDING_WINDOW_VIOLATION));
    z.list = NULL;
    find_kit_send(&z, 101, '>', "A", 61001, 300, 8001);
    z.list = finder_list(z.finder, &z.count);
    assert_int_equal(find_kit_finding(&z, FINDING_WINDOW_VIOLATION)->value[0], 300);
    find_kit_expect(&z, FINDING_WINDOW_VIOLATION, 1);
}

/* Twenty segments, each answered after a round trip, sent as `gap_ms` after the answer and `burst` at once. */
static struct find_kit transfer(uint16_t window, uint32_t burst, double gap_ms)
{
    struct find_kit x = find_kit(LADDER_AT_CLIENT);
    uint32_t seq = 1001;
    double at = 100;

    find_kit_send(&x, 0, '>', "S", 1000, 0, 0);
    x.window = window;
    find_kit_send(&x, 40, '<', "SA", 8000, 0, 1001);
    find_kit_send(&x, 40.05, '>', "A", 1001, 0, 8001);
    for (int round = 0; round < 20; round++, at += 40 + gap_ms) {
        for (uint32_t i = 0; i < burst; i++, seq += 1460) {
            find_kit_send(&x, at + i * 0.01, '>', "A", seq, 1460, 8001);
        }
        find_kit_send(&x, at + 40, '<', "A", 8001, 0, seq);
    }
    return x;
}

static void limits(void **state)
{
    struct find_kit window = transfer(4380, 3, 0.1), cwnd = transfer(60000, 3, 0.1);
    struct find_kit app = transfer(60000, 1, 100);

    (void)state;
    assert_in_range(find_kit_finding(&window, FINDING_WINDOW_LIMITED)->value[0], 95, 100);
    assert_null(find_kit_finding(&window, FINDING_CWND_LIMITED));
    find_kit_expect(&window, FINDING_WINDOW_LIMITED, 1);
    assert_null(find_kit_finding(&cwnd, FINDING_WINDOW_LIMITED));
    find_kit_expect(&cwnd, FINDING_APP_LIMITED, 0);
    assert_null(find_kit_finding(&app, FINDING_WINDOW_LIMITED));
    assert_null(find_kit_finding(&app, FINDING_CWND_LIMITED));
    find_kit_expect(&app, FINDING_APP_LIMITED, 1);
}

static void congestion_window(void **state)
{
    struct find_kit x = find_kit(LADDER_AT_CLIENT);
    uint32_t sent = 1001, acked = 1001;

    (void)state;
    find_kit_open(&x);
    for (int i = 0; i < 4; i++, sent += 1460) {
        find_kit_send(&x, 100 + i * 0.01, '>', "A", sent, 1460, 8001);
    }
    for (int i = 0; i < 60; i++, sent += 1460) { /* each ACK lets one more out; four in flight */
        acked += 1460;
        find_kit_send(&x, 140 + i * 10, '<', "A", 8001, 0, acked);
        find_kit_send(&x, 140.05 + i * 10, '>', "A", sent, 1460, 8001);
    }
    assert_null(find_kit_finding(&x, FINDING_APP_LIMITED));
    find_kit_expect(&x, FINDING_CWND_LIMITED, 1);
}

/* ---- Closing --------------------------------------------------------------------------------------------- */

static void three_and_four_segments(void **state)
{
    struct find_kit x = opened(), y = opened();

    (void)state;
    find_kit_send(&x, 100, '>', "FA", 1001, 0, 8001);
    find_kit_send(&x, 140, '<', "FA", 8001, 0, 1002);
    find_kit_send(&x, 140.1, '>', "A", 1002, 0, 8002);
    assert_null(find_kit_finding(&x, FINDING_SIMULTANEOUS_CLOSE));
    find_kit_expect(&x, FINDING_THREE_SEG_CLOSE, 1);

    find_kit_send(&y, 100, '>', "FA", 1001, 0, 8001);
    find_kit_send(&y, 140, '<', "A", 8001, 0, 1002);
    find_kit_send(&y, 141, '<', "FA", 8001, 0, 1002);
    find_kit_send(&y, 141.1, '>', "A", 1002, 0, 8002);
    assert_null(find_kit_finding(&y, FINDING_SIMULTANEOUS_CLOSE));
    find_kit_expect(&y, FINDING_THREE_SEG_CLOSE, 0);
}

static void both_close(void **state)
{
    struct find_kit x = opened();

    (void)state;
    find_kit_send(&x, 100, '>', "FA", 1001, 0, 8001);
    find_kit_send(&x, 120, '<', "FA", 8001, 0, 1001);
    find_kit_send(&x, 120.1, '>', "A", 1002, 0, 8002);
    find_kit_send(&x, 140, '<', "A", 8002, 0, 1002);
    assert_null(find_kit_finding(&x, FINDING_THREE_SEG_CLOSE));
    find_kit_expect(&x, FINDING_SIMULTANEOUS_CLOSE, 1);
}

static void half_closed(void **state)
{
    struct find_kit x = opened(), y = opened();

    (void)state;
    find_kit_send(&x, 100, '>', "FA", 1001, 0, 8001);
    find_kit_send(&x, 140, '<', "A", 8001, 0, 1002);
    find_kit_send(&x, 740, '<', "A", 8001, 50, 1002);
    assert_int_equal(find_kit_finding(&x, FINDING_HALF_CLOSE)->value[0], 640 * WEIR_MS);
    find_kit_expect(&x, FINDING_HALF_CLOSE, 1);

    find_kit_send(&y, 100, '>', "FA", 1001, 0, 8001); /* had left before the FIN arrived */
    find_kit_send(&y, 110, '<', "A", 8001, 50, 1001);
    find_kit_expect(&y, FINDING_HALF_CLOSE, 0);
}

/* RFC 9293 3.6.1, 3.10.7: who sends which RST. */
static void resets(void **state)
{
    struct find_kit x = opened(), y = opened();

    (void)state;
    find_kit_send(&x, 100, '>', "A", 1001, 1000, 8001);
    find_kit_send(&x, 140, '<', "A", 8001, 0, 2001);
    find_kit_send(&x, 300, '<', "RA", 8001, 0, 2001);
    assert_null(find_kit_finding(&x, FINDING_RST_LATE_DATA));
    assert_null(find_kit_finding(&x, FINDING_RST_SUSPECT));
    find_kit_expect(&x, FINDING_RST_UNREAD_OR_ABORT, 1);

    find_kit_send(&y, 100, '<', "FA", 8001, 0, 1001);
    find_kit_send(&y, 100.1, '>', "A", 1001, 0, 8002);
    find_kit_send(&y, 200, '>', "A", 1001, 500, 8002);
    find_kit_send(&y, 240, '<', "R", 8002, 0, 0);
    assert_null(find_kit_finding(&y, FINDING_RST_UNREAD_OR_ABORT));
    assert_int_equal(find_kit_finding(&y, FINDING_RST_LATE_DATA)->value[0], 500);
    find_kit_expect(&y, FINDING_RST_LATE_DATA, 1);
}

static void forged_resets(void **state)
{
    struct find_kit x = opened(), y = opened();

    (void)state;
    find_kit_send(&x, 100, '>', "A", 1001, 1000, 8001);
    find_kit_send(&x, 140, '<', "A", 8001, 0, 2001);
    struct trace_segment rst = find_kit_wire(&x, 300, '<', "RA", 8001, 0, 2001);
    rst.ttl = 240;
    find_kit_feed(&x, &rst);
    assert_null(find_kit_finding(&x, FINDING_RST_UNREAD_OR_ABORT));
    find_kit_expect(&x, FINDING_RST_SUSPECT, 1);

    find_kit_send(&y, 100, '<', "RA", 8001, 0, 1001); /* and the server goes on */
    find_kit_send(&y, 160, '<', "A", 8001, 700, 1001);
    assert_null(find_kit_finding(&y, FINDING_RST_UNREAD_OR_ABORT));
    find_kit_expect(&y, FINDING_RST_SUSPECT, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused),
        cmocka_unit_test(filtered_and_not_refused),
        cmocka_unit_test(unanswered_syns),
        cmocka_unit_test(a_syn_again),
        cmocka_unit_test(both_open),
        cmocka_unit_test(fast_open),
        cmocka_unit_test(ports_used_again),
        cmocka_unit_test(nagle_and_delayed_acks),
        cmocka_unit_test(an_ack_in_time_is_not_delayed),
        cmocka_unit_test(an_ack_just_before_data),
        cmocka_unit_test(acks_for_what_was_never_sent),
        cmocka_unit_test(old_acks),
        cmocka_unit_test(challenges),
        cmocka_unit_test(a_closed_window),
        cmocka_unit_test(silly_windows),
        cmocka_unit_test(edges),
        cmocka_unit_test(limits),
        cmocka_unit_test(congestion_window),
        cmocka_unit_test(three_and_four_segments),
        cmocka_unit_test(both_close),
        cmocka_unit_test(half_closed),
        cmocka_unit_test(resets),
        cmocka_unit_test(forged_resets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
