/* test_judge_retx.c - what is sent again: why, what it repaired, and whether it was needed (rules 4 to 6). */
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

/* Three segments, 40 ms of round trip, seen at the client. */
#define OPEN_SACK                                                                \
    {0, '>', "S", .seq = 1000, .mss = 1000, .sack_ok = true},                    \
        {40, '<', "SA", .seq = 8000, .ack = 1001, .mss = 1000, .sack_ok = true}, \
    {                                                                            \
        40, '>', "A", .seq = 1001, .ack = 8001                                   \
    }
#define OPEN_PLAIN                                                                      \
    {0, '>', "S", .seq = 1000, .mss = 1000}, {40, '<', "SA", .seq = 8000, .ack = 1001}, \
    {                                                                                   \
        40, '>', "A", .seq = 1001, .ack = 8001                                          \
    }

static struct seen data(double ms, uint32_t seq, uint32_t length)
{
    return (struct seen){ms, '>', "A", .seq = seq, .length = length, .ack = 8001};
}

static struct seen ack(double ms, uint32_t number)
{
    return (struct seen){ms, '<', "A", .seq = 8001, .ack = number};
}

static struct seen sack(double ms, uint32_t number, uint32_t start, uint32_t end)
{
    return (struct seen){ms, '<', "A", .seq = 8001, .ack = number, .sack = {start, end}};
}

static void expect_lost(uint32_t number, uint32_t by)
{
    const struct lesson *lesson = judge_kit_find(&run, LESSON_LOST, number);

    assert_non_null(lesson);
    assert_int_equal(lesson->by, by);
    assert_false(lesson->proven);
}

/* ---- Why ------------------------------------------------------------------------------------------------- */

static void three_segments_sacked_above_make_it_fast(void **state)
{
    const struct seen steps[] = {
        OPEN_SACK,
        data(41, 1001, 1000),
        data(41, 2001, 1000),
        data(41, 3001, 1000),
        data(41, 4001, 1000),
        data(41, 5001, 1000),
        ack(81, 2001),
        sack(81.1, 2001, 3001, 4001),
        sack(81.2, 2001, 3001, 5001),
        sack(81.3, 2001, 3001, 6001),
        data(81.31, 2001, 1000),
        ack(121.3, 6001),
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    CLASS(13, LADDER_RETX);
    assert_int_equal(run.said[13].first, 5);
    assert_int_equal(run.said[13].cause, LADDER_CAUSE_FAST);
    assert_int_equal(run.said[13].evidence, EVIDENCE_SACK);
    expect_lost(5, 13);
    assert_null(judge_kit_find(&run, LESSON_LOST, 4));
    assert_null(judge_kit_find(&run, LESSON_SPURIOUS, 13));
    assert_int_equal(run.said[8].flight, 5000);
    assert_int_equal(run.said[9].rtt_us, 40000);
    assert_int_equal(run.said[9].rto_us, 40000 + 200000);
}

static void a_little_sacked_above_makes_it_rack(void **state)
{
    const struct seen steps[] = {
        OPEN_SACK,     data(41, 1001, 1000),         data(41, 2001, 1000), data(41, 3001, 1000),
        ack(81, 2001), sack(81.1, 2001, 3001, 4001), data(92, 2001, 1000), ack(132, 4001),
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    assert_int_equal(run.said[9].cause, LADDER_CAUSE_RACK);
    assert_int_equal(run.said[9].evidence, EVIDENCE_SACK);
    expect_lost(5, 9);
}

static void three_duplicate_acks_make_it_fast(void **state)
{
    const struct seen steps[] = {
        OPEN_PLAIN,
        data(41, 1001, 1000),
        data(41, 2001, 1000),
        data(41, 3001, 1000),
        data(41, 4001, 1000),
        data(41, 5001, 1000),
        ack(81, 2001),
        ack(81, 2001),
        ack(81, 2001),
        ack(81, 2001),
        data(81, 2001, 1000),
        ack(121, 4001), /* a partial one: 4001 was lost as well (RFC 6582) */
        data(121, 4001, 1000),
        ack(161, 6001),
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    assert_int_equal(run.said[12].count, 3);
    assert_int_equal(run.said[13].cause, LADDER_CAUSE_FAST);
    assert_int_equal(run.said[13].evidence, EVIDENCE_DUP_ACKS);
    assert_int_equal(run.said[15].cause, LADDER_CAUSE_FAST);
    expect_lost(5, 13);
    expect_lost(7, 15);
}

static void silence_is_a_timeout_and_the_next_one_its_double(void **state)
{
    const struct seen steps[] = {
        OPEN_PLAIN,
        data(41, 1001, 1000),
        data(41, 2001, 1000),
        data(290, 1001, 1000),
        data(780, 1001, 1000),
        ack(820, 2001),
        data(820, 2001, 1000),
        ack(860, 3001),
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    for (uint32_t n = 6; n <= 7; n++) {
        CLASS(n, LADDER_RETX);
        assert_int_equal(run.said[n].cause, LADDER_CAUSE_RTO);
        assert_int_equal(run.said[n].evidence, EVIDENCE_SILENCE);
        assert_int_equal(run.said[n].count, n - 5);
        assert_true(run.said[n].facts & LADDER_FACT_BY_TIMER);
    }
    assert_int_equal(run.said[9].cause, LADDER_CAUSE_RTO); /* follows it, by no timer of its own */
    assert_false(run.said[9].facts & LADDER_FACT_BY_TIMER);
    expect_lost(4, 7);
    expect_lost(5, 9);
}

static void tail_loss_probes_new_and_old(void **state)
{
    const struct seen news[] = {
        OPEN_SACK,
        data(41, 1001, 1000),
        data(41, 2001, 1000),
        ack(81, 2001),
        data(81, 3001, 1000),
        data(81, 4001, 1000),
        data(163, 5001, 1000),
    };
    const struct seen old[] = {
        OPEN_SACK,     data(41, 1001, 1000),  data(41, 2001, 1000),
        ack(81, 1001), data(130, 2001, 1000), sack(170, 1001, 2001, 3001),
    };
    /* RFC 8985 7.2: alone in flight it waits as long as a timeout, and cannot be told from one. */
    const struct seen single[] = {
        OPEN_SACK,
        data(41, 1001, 1000),
        data(285, 1001, 1000),
        data(530, 1001, 1000),
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, news);
    CLASS(9, LADDER_DATA);
    assert_true(run.said[9].facts & LADDER_FACT_NEW_DATA_PROBE);
    assert_int_equal(run.said[9].cause, LADDER_CAUSE_TLP);
    TAKE(LADDER_AT_CLIENT, old);
    CLASS(7, LADDER_RETX);
    assert_int_equal(run.said[7].cause, LADDER_CAUSE_TLP);
    TAKE(LADDER_AT_CLIENT, single);
    assert_int_equal(run.said[5].cause, LADDER_CAUSE_RTO);
    assert_int_equal(run.said[6].cause, LADDER_CAUSE_RTO);
}

/* An application that pauses is no probe: its data was acknowledged, or the pause is another one. */
static void pauses_are_no_probes(void **state)
{
    const struct seen steps[] = {
        OPEN_SACK,
        data(41, 1001, 100),
        data(41, 1101, 100),
        ack(81, 1201),
        data(163, 1201, 100),
        data(164, 1301, 100),
        data(400, 1401, 100),
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    assert_int_equal(run.said[7].cause, LADDER_CAUSE_NONE);
    assert_int_equal(run.said[8].cause, LADDER_CAUSE_NONE);
    assert_int_equal(run.said[9].cause, LADDER_CAUSE_NONE);
    assert_int_equal(run.lessons, 0);
}

/* ---- What became of it ----------------------------------------------------------------------------------- */

static void eifel_shows_a_needless_timeout(void **state)
{
    static const struct seen steps[] = {
        {0, '>', "S", .seq = 1000, .ts = 1000},
        {40, '<', "SA", .seq = 8000, .ack = 1001, .ts = 500, .ecr = 1000},
        {40, '>', "A", .seq = 1001, .ack = 8001, .ts = 1040, .ecr = 500},
        {41, '>', "A", .seq = 1001, .length = 1000, .ack = 8001, .ts = 1041, .ecr = 500},
        {300, '>', "A", .seq = 1001, .length = 1000, .ack = 8001, .ts = 1300, .ecr = 500},
        {700, '<', "A", .seq = 8001, .ack = 2001, .ts = 1200, .ecr = 1041},
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    CLASS(5, LADDER_RETX);
    const struct lesson *lesson = judge_kit_find(&run, LESSON_SPURIOUS, 5);
    assert_non_null(lesson);
    assert_int_equal(lesson->evidence, EVIDENCE_EIFEL);
    assert_int_equal(lesson->by, 6);
    assert_non_null(judge_kit_find(&run, LESSON_ARRIVED, 4));
    assert_null(judge_kit_find(&run, LESSON_LOST, 4));
}

static void an_echo_of_the_retransmission_proves_nothing_needless(void **state)
{
    static const struct seen steps[] = {
        {0, '>', "S", .seq = 1000, .ts = 1000},
        {40, '<', "SA", .seq = 8000, .ack = 1001, .ts = 500, .ecr = 1000},
        {41, '>', "A", .seq = 1001, .length = 1000, .ack = 8001, .ts = 1041, .ecr = 500},
        {300, '>', "A", .seq = 1001, .length = 1000, .ack = 8001, .ts = 1300, .ecr = 500},
        {340, '<', "A", .seq = 8001, .ack = 2001, .ts = 840, .ecr = 1300},
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    assert_null(judge_kit_find(&run, LESSON_SPURIOUS, 4));
    expect_lost(3, 4);
}

static void a_dsack_or_haste_shows_it_too(void **state)
{
    const struct seen dsack[] = {
        OPEN_SACK,      data(41, 1001, 1000),        data(300, 1001, 1000),
        ack(345, 2001), sack(346, 2001, 1001, 2001),
    };
    const struct seen early[] = {
        OPEN_SACK,
        data(41, 1001, 1000),
        data(300, 1001, 1000),
        ack(310, 2001),
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, dsack);
    assert_true(run.said[7].facts & LADDER_FACT_DSACK);
    assert_int_equal(judge_kit_find(&run, LESSON_SPURIOUS, 5)->evidence, EVIDENCE_DSACK);
    assert_non_null(judge_kit_find(&run, LESSON_ARRIVED, 4)); /* takes the loss back */
    TAKE(LADDER_AT_CLIENT, early);
    assert_int_equal(judge_kit_find(&run, LESSON_SPURIOUS, 5)->evidence, EVIDENCE_EARLY_ACK);
}

/* A D-SACK for what was sent once: the network made a copy behind the tap. */
static void a_dsack_without_a_retransmission_accuses_nobody(void **state)
{
    const struct seen steps[] = {
        OPEN_SACK,
        data(41, 1001, 1000),
        ack(81, 2001),
        sack(82, 2001, 1001, 2001),
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    assert_int_equal(run.lessons, 0);
}

static void one_may_repeat_several_and_parts(void **state)
{
    const struct seen steps[] = {
        OPEN_SACK,           data(41, 1001, 100),  data(41, 1101, 100),
        data(41, 1201, 100), data(300, 1001, 250), ack(340, 1251),
        data(341, 1251, 50), ack(381, 1301),
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    CLASS(7, LADDER_RETX);
    assert_int_equal(run.said[7].first, 4);
    expect_lost(4, 7);
    expect_lost(5, 7);
    const struct lesson *part = judge_kit_find(&run, LESSON_LOST, 6);
    assert_non_null(part);
    assert_int_equal(part->end - part->start, 50);
    assert_int_equal(run.said[9].first, 6);
}

/* Captured before the card cut it: one segment of four, of which one quarter was lost. */
static void a_part_of_a_super_segment_may_be_lost(void **state)
{
    const struct seen steps[] = {
        OPEN_SACK,
        data(41, 1001, 4000),
        ack(81, 2001),
        sack(81, 2001, 3001, 4001),
        sack(81, 2001, 3001, 5001),
        data(92, 2001, 1000),
        ack(132, 5001),
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    assert_true(run.said[4].facts & LADDER_FACT_SUPER);
    CLASS(8, LADDER_RETX);
    assert_int_equal(run.said[8].first, 4);
    const struct lesson *lesson = judge_kit_find(&run, LESSON_LOST, 4);
    assert_non_null(lesson);
    assert_int_equal(lesson->start, 2001);
    assert_int_equal(lesson->end, 3001);
}

static void a_violator_of_the_mss_is_no_super_segment(void **state)
{
    const struct seen steps[] = {OPEN_SACK, data(41, 1001, 1400)};

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    assert_false(run.said[4].facts & LADDER_FACT_SUPER);
}

static void fins_are_sent_again_as_well(void **state)
{
    const struct seen steps[] = {
        OPEN_PLAIN,
        {41, '>', "FA", .seq = 1001, .ack = 8001},
        {290, '>', "FA", .seq = 1001, .ack = 8001},
        ack(330, 1002),
        {340, '<', "FA", .seq = 8001, .ack = 1002},
        {340, '>', "A", .seq = 1002, .ack = 8002},
        {560, '<', "FA", .seq = 8001, .ack = 1002},
        {560, '>', "A", .seq = 1002, .ack = 8002},
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    CLASS(4, LADDER_FIN);
    CLASS(5, LADDER_RETX);
    assert_int_equal(run.said[5].first, 4);
    assert_true(run.said[8].facts & LADDER_FACT_LAST_ACK);
    CLASS(9, LADDER_RETX);
    assert_int_equal(run.said[9].first, 7); /* known although the conversation is at rest */
    CLASS(10, LADDER_ACK);
}

/* Without SACK one ACK for several that were sent again does not say which had been lost. */
static void what_cannot_be_told_apart_is_not_called_lost(void **state)
{
    const struct seen steps[] = {
        OPEN_PLAIN,    data(41, 1001, 100),  data(42, 1101, 100), data(43, 1201, 100),
        ack(83, 1001), data(300, 1001, 300), ack(340, 1301),
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    CLASS(7, LADDER_DUP_ACK);
    expect_lost(4, 8);
    assert_null(judge_kit_find(&run, LESSON_LOST, 6));
}

static void numbers_wrap(void **state)
{
    struct seen steps[] = {
        OPEN_SACK,
        data(41, 1001, 1000),
        data(41, 2001, 1000),
        data(41, 3001, 1000),
        data(41, 4001, 1000),
        data(41, 5001, 1000),
        ack(81, 2001),
        sack(81.1, 2001, 3001, 4001),
        sack(81.2, 2001, 3001, 5001),
        sack(81.3, 2001, 3001, 6001),
        data(81.31, 2001, 1000),
        ack(121.3, 6001),
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        uint32_t shift = 0u - 3500; /* 2501 becomes 0xffff... and the rest lies beyond 2^32 */
        bool right = steps[i].direction == '>';
        *(right ? &steps[i].seq : &steps[i].ack) += shift;
        for (size_t k = 0; k < 2 && steps[i].sack[1] != 0; k++) {
            steps[i].sack[k] += shift;
        }
    }
    TAKE(LADDER_AT_CLIENT, steps);
    assert_int_equal(run.said[13].cause, LADDER_CAUSE_FAST);
    expect_lost(5, 13);
}

static void time_may_run_backwards(void **state)
{
    const struct seen steps[] = {
        OPEN_SACK,
        data(41, 1001, 1000),
        ack(30, 2001),
        data(20, 2001, 1000),
        data(10, 2001, 1000),
        ack(5, 3001),
    };

    (void)state;
    TAKE(LADDER_AT_CLIENT, steps);
    CLASS(7, LADDER_RETX);
    assert_int_equal(run.said[7].cause, LADDER_CAUSE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_segments_sacked_above_make_it_fast),
        cmocka_unit_test(a_little_sacked_above_makes_it_rack),
        cmocka_unit_test(three_duplicate_acks_make_it_fast),
        cmocka_unit_test(silence_is_a_timeout_and_the_next_one_its_double),
        cmocka_unit_test(tail_loss_probes_new_and_old),
        cmocka_unit_test(pauses_are_no_probes),
        cmocka_unit_test(eifel_shows_a_needless_timeout),
        cmocka_unit_test(an_echo_of_the_retransmission_proves_nothing_needless),
        cmocka_unit_test(a_dsack_or_haste_shows_it_too),
        cmocka_unit_test(a_dsack_without_a_retransmission_accuses_nobody),
        cmocka_unit_test(one_may_repeat_several_and_parts),
        cmocka_unit_test(a_part_of_a_super_segment_may_be_lost),
        cmocka_unit_test(a_violator_of_the_mss_is_no_super_segment),
        cmocka_unit_test(fins_are_sent_again_as_well),
        cmocka_unit_test(what_cannot_be_told_apart_is_not_called_lost),
        cmocka_unit_test(numbers_wrap),
        cmocka_unit_test(time_may_run_backwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
