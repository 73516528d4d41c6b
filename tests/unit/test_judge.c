/* test_judge.c - copies, SYNs, probes, duplicate and other ACKs: what a segment is, and what must not be said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/compiler.h"
#include "unit/judge_kit.h"

static struct judge_run run;

#define TAKE(vantage, steps) judge_kit_run(&run, vantage, steps, ARRAY_SIZE(steps))
#define CLASS(number, expected) assert_int_equal(run.said[number].class, expected)

/* ---- Rule 1 ---------------------------------------------------------------------------------------------- */

static void a_copy_is_found_behind_others(void **state)
{
    static const struct seen steps[] = {
        {0, '>', "A", .seq = 1, .length = 100, .ack = 1, .ip_id = 7},
        {1, '>', "A", .seq = 101, .length = 100, .ack = 1, .ip_id = 8},
        {2, '>', "A", .seq = 1, .length = 100, .ack = 1, .ip_id = 7},
        {3, '<', "A", .seq = 1, .ack = 201, .ip_id = 40},
        {4, '<', "A", .seq = 1, .ack = 201, .ip_id = 40},
    };

    (void)state;
    TAKE(LADDER_AT_SERVER, steps);
    CLASS(3, LADDER_NET_DUPLICATE);
    assert_int_equal(run.said[3].first, 1);
    CLASS(5, LADDER_NET_DUPLICATE);
    assert_int_equal(run.said[5].first, 4);
}

/* IP ID 0 says nothing, and two equal pure ACKs without an ID are two ACKs. */
static void without_an_id_only_timestamps_and_haste_make_a_copy(void **state)
{
    static const struct seen steps[] = {
        {0, '>', "A", .seq = 1, .length = 100, .ack = 1},
        {0.1, '>', "A", .seq = 1, .length = 100, .ack = 1},
        {1, '>', "A", .seq = 101, .length = 100, .ack = 1, .ts = 5, .ecr = 1},
        {1.1, '>', "A", .seq = 101, .length = 100, .ack = 1, .ts = 5, .ecr = 1},
        {9, '>', "A", .seq = 101, .length = 100, .ack = 1, .ts = 5, .ecr = 1},
        {10, '<', "A", .seq = 1, .ack = 101},
        {10.1, '<', "A", .seq = 1, .ack = 101},
    };

    (void)state;
    TAKE(LADDER_AT_SERVER, steps);
    CLASS(2, LADDER_RETX);
    CLASS(4, LADDER_NET_DUPLICATE);
    CLASS(5, LADDER_RETX);
    CLASS(7, LADDER_DUP_ACK);
}

static void an_old_id_used_again_is_no_copy(void **state)
{
    static const struct seen steps[] = {
        {0, '>', "A", .seq = 1, .length = 100, .ack = 1, .ip_id = 7},
        {900, '>', "A", .seq = 1, .length = 100, .ack = 1, .ip_id = 7},
    };

    (void)state;
    TAKE(LADDER_AT_SERVER, steps);
    CLASS(2, LADDER_RETX);
}

/* ---- Rule 2 ---------------------------------------------------------------------------------------------- */

static void syns_are_counted(void **state)
{
    static const struct seen steps[] = {
        {0, '>', "S", .seq = 1000, .ip_id = 1},      {1000, '>', "S", .seq = 1000, .ip_id = 2},
        {3000, '>', "S", .seq = 1000, .ip_id = 3},   {3040, '<', "SA", .seq = 8000, .ack = 1001},
        {4040, '<', "SA", .seq = 8000, .ack = 1001}, {4041, '>', "A", .seq = 1001, .ack = 8001},
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    CLASS(2, LADDER_SYN_RETX);
    CLASS(3, LADDER_SYN_RETX);
    assert_int_equal(run.said[3].first, 1);
    assert_int_equal(run.said[3].count, 2);
    assert_int_equal(run.said[3].cause, LADDER_CAUSE_RTO);
    CLASS(5, LADDER_SYN_RETX);
    assert_int_equal(run.said[5].first, 4);
    assert_true(run.said[6].facts & LADDER_FACT_HANDSHAKE_DONE);
    assert_null(judge_kit_find(&run, LESSON_LOST, 1)); /* or its answer was lost: not known */
}

/* Linux answers the other SYN, ACK with an ACK that has a D-SACK: nothing of all that came again. */
static void a_simultaneous_open_repeats_nothing(void **state)
{
    static const struct seen steps[] = {
        {0, '>', "S", .seq = 1000, .sack_ok = true},
        {10, '<', "S", .seq = 8000, .sack_ok = true},
        {10.1, '>', "SA", .seq = 1000, .ack = 8001, .sack_ok = true},
        {30, '<', "SA", .seq = 8000, .ack = 1001, .sack_ok = true},
        {30.1, '>', "A", .seq = 1001, .ack = 8001, .sack = {8000, 8001}},
        {50, '<', "A", .seq = 8001, .ack = 1001, .sack = {1000, 1001}},
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    CLASS(3, LADDER_SYN_ACK);
    CLASS(4, LADDER_SYN_ACK);
    assert_true(run.said[3].facts & LADDER_FACT_SIMULTANEOUS);
    assert_true(run.said[4].facts & LADDER_FACT_SIMULTANEOUS);
    CLASS(5, LADDER_ACK);
    CLASS(6, LADDER_ACK);
    assert_true(run.said[5].facts & LADDER_FACT_DSACK);
    assert_int_equal(run.lessons, 0);
}

/* ---- Rule 3 ---------------------------------------------------------------------------------------------- */

static void probes_and_their_answers(void **state)
{
    static const struct seen steps[] = {
        {0, '>', "A", .seq = 1, .length = 100, .ack = 1},
        {1, '<', "A", .seq = 1, .ack = 101, .window = SEEN_CLOSED},
        {200, '>', "A", .seq = 100, .ack = 1},
        {201, '<', "A", .seq = 1, .ack = 101, .window = SEEN_CLOSED},
        {600, '>', "A", .seq = 100, .ack = 1},
        {601, '<', "A", .seq = 1, .ack = 101, .window = SEEN_CLOSED},
        {900, '<', "A", .seq = 1, .ack = 101, .window = 500},
        {901, '>', "A", .seq = 101, .length = 10, .ack = 1},
        {902, '<', "A", .seq = 1, .ack = 111, .window = 500},
        {9000, '>', "A", .seq = 110, .ack = 1},
        {9001, '<', "A", .seq = 1, .ack = 111, .window = 500},
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    CLASS(3, LADDER_ZERO_WINDOW_PROBE);
    CLASS(5, LADDER_ZERO_WINDOW_PROBE);
    assert_int_equal(run.said[5].count, 2);
    CLASS(4, LADDER_ACK);
    CLASS(6, LADDER_ACK);
    assert_true(run.said[4].facts & LADDER_FACT_ANSWERS_PROBE);
    CLASS(7, LADDER_WINDOW_UPDATE);
    CLASS(10, LADDER_KEEPALIVE);
    assert_int_equal(run.said[10].count, 1);
    CLASS(11, LADDER_ACK);
}

/* At the receiver's tap the window opens before the sender can know. */
static void a_probe_may_cross_the_opening_of_the_window(void **state)
{
    static const struct seen steps[] = {
        {0, '>', "S", .seq = 0},
        {0.05, '<', "SA", .seq = 0, .ack = 1},
        {40, '>', "A", .seq = 1, .ack = 1},
        {41, '>', "A", .seq = 1, .length = 100, .ack = 1},
        {41.1, '<', "A", .seq = 1, .ack = 101, .window = SEEN_CLOSED},
        {300, '>', "A", .seq = 100, .ack = 1},
        {300.1, '<', "A", .seq = 1, .ack = 101, .window = SEEN_CLOSED},
        {700, '<', "A", .seq = 1, .ack = 101, .window = 500},
        {710, '>', "A", .seq = 100, .ack = 1},
        {710.1, '<', "A", .seq = 1, .ack = 101, .window = 500},
    };

    (void)state;
    TAKE(LADDER_AT_SERVER, steps);
    CLASS(9, LADDER_ZERO_WINDOW_PROBE);
    TAKE(LADDER_AT_CLIENT, steps);
    CLASS(9, LADDER_KEEPALIVE); /* here the sender has seen it */
}

/* ---- Rule 7 ---------------------------------------------------------------------------------------------- */

static void duplicate_acks_and_window_updates(void **state)
{
    static const struct seen steps[] = {
        {0, '>', "A", .seq = 1, .length = 100, .ack = 1},
        {0, '>', "A", .seq = 101, .length = 100, .ack = 1},
        {0, '>', "A", .seq = 201, .length = 100, .ack = 1},
        {10, '<', "A", .seq = 1, .ack = 101, .window = 500},
        {11, '<', "A", .seq = 1, .ack = 101, .window = 500},
        {12, '<', "A", .seq = 1, .ack = 101, .window = 600},
        {13, '<', "A", .seq = 1, .ack = 101, .window = 700, .sack = {201, 301}},
        {14, '<', "A", .seq = 1, .ack = 301, .window = 700},
        {15, '<', "A", .seq = 1, .ack = 301, .window = 700},
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    CLASS(4, LADDER_ACK);
    CLASS(5, LADDER_DUP_ACK);
    CLASS(6, LADDER_WINDOW_UPDATE);
    CLASS(7, LADDER_DUP_ACK); /* SACK makes it one, whatever the window does */
    assert_int_equal(run.said[7].count, 2);
    CLASS(9, LADDER_ACK); /* nothing is outstanding */
}

/* RFC 5961 3 and 4. */
static void suspicious_segments_are_challenged(void **state)
{
    static const struct seen steps[] = {
        {0, '>', "S", .seq = 999},
        {1, '<', "SA", .seq = 0, .ack = 1000},
        {2, '>', "A", .seq = 1000, .ack = 1},
        {3, '>', "A", .seq = 1000, .length = 100, .ack = 1},
        {4, '<', "A", .seq = 1, .ack = 1100},
        {10, '>', "R", .seq = 1200},
        {11, '<', "A", .seq = 1, .ack = 1100},
        {20, '>', "S", .seq = 77777},
        {21, '<', "A", .seq = 1, .ack = 1100},
        {22, '<', "A", .seq = 1, .ack = 1100},
    };

    (void)state;
    TAKE(LADDER_AT_SERVER, steps);
    CLASS(6, LADDER_RST);
    CLASS(7, LADDER_CHALLENGE_ACK);
    CLASS(9, LADDER_CHALLENGE_ACK);
    CLASS(10, LADDER_ACK); /* one answer each */
}

static void one_direction_proves_nothing(void **state)
{
    static const struct seen steps[] = {
        {0, '<', "A", .seq = 1, .ack = 101},
        {1, '<', "A", .seq = 1, .ack = 101},
        {2, '<', "A", .seq = 1, .ack = 101},
        {3, '<', "A", .seq = 1, .ack = 5000, .sack = {6000, 7000}},
    };
    static const struct seen data[] = {
        {0, '>', "A", .seq = 1, .length = 100, .ack = 1},
        {900, '>', "A", .seq = 1, .length = 100, .ack = 1},
    };

    (void)state;
    TAKE(LADDER_AT_UNKNOWN, steps);
    CLASS(2, LADDER_ACK);
    CLASS(3, LADDER_ACK);
    assert_int_equal(run.lessons, 0);
    TAKE(LADDER_AT_UNKNOWN, data);
    CLASS(2, LADDER_RETX);
    assert_int_equal(run.said[2].cause, LADDER_CAUSE_NONE);
    assert_null(judge_kit_find(&run, LESSON_LOST, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_found_behind_others),
        cmocka_unit_test(without_an_id_only_timestamps_and_haste_make_a_copy),
        cmocka_unit_test(an_old_id_used_again_is_no_copy),
        cmocka_unit_test(syns_are_counted),
        cmocka_unit_test(a_simultaneous_open_repeats_nothing),
        cmocka_unit_test(probes_and_their_answers),
        cmocka_unit_test(a_probe_may_cross_the_opening_of_the_window),
        cmocka_unit_test(duplicate_acks_and_window_updates),
        cmocka_unit_test(suspicious_segments_are_challenged),
        cmocka_unit_test(one_direction_proves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
