/* test_judge_tap.c - the same conversation from other taps: at the receiver and in the middle; and streams
 * that make no sense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <string.h>

#include "base/compiler.h"
#include "unit/judge_kit.h"

static struct judge_run run;

#define TAKE(vantage, steps) judge_kit_run(&run, vantage, steps, ARRAY_SIZE(steps))
#define CLASS(number, expected) assert_int_equal(run.said[number].class, expected)

/* 40 ms of round trip, seen at the server. */
#define OPEN                                                                             \
    {0, '>', "S", .seq = 1000, .mss = 1012, .ts = 100, .ip_id = 1},                      \
        {0.05, '<', "SA", .seq = 8000, .ack = 1001, .mss = 1012, .ts = 500, .ecr = 100}, \
    {                                                                                    \
        40, '>', "A", .seq = 1001, .ack = 8001, .ts = 140, .ecr = 500, .ip_id = 2        \
    }

static struct seen data(double ms, uint32_t seq, uint32_t ts, uint16_t ip_id)
{
    return (struct seen){ms,
                         '>',
                         "A",
                         .seq = seq,
                         .length = 1000,
                         .ack = 8001,
                         .ts = ts,
                         .ecr = ts == 0 ? 0 : 500,
                         .ip_id = ip_id};
}

static struct seen ack(double ms, uint32_t number)
{
    return (struct seen){ms, '<', "A", .seq = 8001, .ack = number};
}

static void a_newer_timestamp_means_sent_again(void **state)
{
    const struct seen steps[] = {
        OPEN,          data(41, 1001, 141, 3), data(41, 3001, 141, 5),
        ack(41, 2001), data(82, 2001, 182, 6), ack(82, 4001),
    };

    (void)state;
    for (int vantage = LADDER_AT_UNKNOWN; vantage <= LADDER_AT_SERVER; vantage += 2) {
        TAKE((enum ladder_vantage)vantage, steps);
        assert_true(run.said[5].facts & LADDER_FACT_HOLE);
        CLASS(7, LADDER_RETX);
        assert_int_equal(run.said[7].first, 0);
        assert_int_equal(run.said[7].evidence, EVIDENCE_TIMESTAMP);
        const struct lesson *lesson = judge_kit_find(&run, LESSON_LOST, 0);
        assert_non_null(lesson);
        assert_int_equal(lesson->evidence, EVIDENCE_NEVER_SEEN);
        assert_int_equal(lesson->start, 2001);
        assert_int_equal(lesson->by, 7);
    }
}

static void the_same_timestamp_means_overtaken(void **state)
{
    const struct seen steps[] = {
        OPEN,          data(41, 1001, 141, 0), data(41, 3001, 141, 0),
        ack(41, 2001), data(82, 2001, 141, 0), ack(82, 4001),
    };

    (void)state;
    TAKE(LADDER_AT_SERVER, steps);
    CLASS(7, LADDER_REORDERED);
    assert_int_equal(run.said[7].evidence, EVIDENCE_TIMESTAMP);
    assert_int_equal(run.lessons, 0);
}

static void ip_ids_tell_without_timestamps(void **state)
{
    for (uint16_t late = 7; late <= 9; late += 2) { /* before the opener's 8, or after it */
        const struct seen steps[] = {
            data(1, 1, 0, 3), data(2, 1001, 0, 4), data(3, 2001, 0, 5),    data(4, 3001, 0, 6),
            ack(5, 4001),     data(6, 5001, 0, 8), data(7, 4001, 0, late),
        };
        (void)state;
        TAKE(LADDER_AT_SERVER, steps);
        CLASS(7, late == 7 ? LADDER_REORDERED : LADDER_RETX);
        assert_int_equal(run.said[7].evidence, EVIDENCE_IP_ID);
    }
}

/* Random IDs are no evidence, and without a round trip neither is time. */
static void nothing_known_is_nothing_said(void **state)
{
    const struct seen steps[] = {
        data(1, 1, 0, 30000),  data(2, 1001, 0, 4),   data(3, 2001, 0, 50123),
        data(4, 3001, 0, 611), data(6, 5001, 0, 812), data(7, 4001, 0, 813),
    };

    (void)state;
    TAKE(LADDER_AT_SERVER, steps);
    CLASS(6, LADDER_LATE);
    assert_int_equal(run.said[6].evidence, EVIDENCE_NONE);
    assert_int_equal(run.lessons, 0);
}

/* The original comes after its retransmission: that one was needless. */
static void the_original_may_come_last(void **state)
{
    const struct seen steps[] = {
        OPEN,
        data(41, 1001, 141, 3),
        data(41, 3001, 141, 5),
        data(82, 2001, 182, 6),
        data(90, 2001, 141, 4),
    };

    (void)state;
    TAKE(LADDER_AT_SERVER, steps);
    CLASS(6, LADDER_RETX);
    CLASS(7, LADDER_REORDERED);
    assert_non_null(judge_kit_find(&run, LESSON_SPURIOUS, 6));
}

/* At the receiver's tap the first copy arrived, so it is not lost, whatever comes later. */
static void what_was_acknowledged_before_is_needless(void **state)
{
    const struct seen steps[] = {
        OPEN,           data(41, 1001, 141, 3),  ack(41, 2001),           data(300, 1001, 400, 4),
        ack(300, 2001), data(310, 2001, 410, 5), data(600, 2001, 700, 6), ack(640, 3001),
    };

    (void)state;
    TAKE(LADDER_AT_SERVER, steps);
    CLASS(6, LADDER_RETX);
    assert_int_equal(run.said[6].first, 4);
    assert_true(run.said[6].facts & LADDER_FACT_SPURIOUS);
    assert_int_equal(run.said[6].evidence, EVIDENCE_ACKED);
    CLASS(9, LADDER_RETX);
    assert_int_equal(run.said[9].evidence, EVIDENCE_SEEN); /* it passed the receiver's tap */
    assert_true(run.said[9].facts & LADDER_FACT_SPURIOUS);
    assert_null(judge_kit_find(&run, LESSON_LOST, 4));
    assert_null(judge_kit_find(&run, LESSON_LOST, 8));
}

/* Beyond the window its receiver may have refused it: then the second copy was needed. */
static void what_had_no_room_may_be_needed_again(void **state)
{
    struct seen steps[] = {
        OPEN,
        data(41, 1001, 141, 3),
        ack(41, 2001),
        data(42, 2001, 142, 4),
        data(43, 3001, 143, 5),
        data(300, 3001, 400, 6),
    };

    (void)state;
    steps[4].window = 1500; /* room for 2001 and a half of 3001 */
    TAKE(LADDER_AT_SERVER, steps);
    CLASS(8, LADDER_RETX);
    assert_false(run.said[8].facts & LADDER_FACT_SPURIOUS);
    steps[4].window = 2000;
    TAKE(LADDER_AT_SERVER, steps);
    assert_true(run.said[8].facts & LADDER_FACT_SPURIOUS);
}

/* A pure ACK that was overtaken by a FIN looks like a keep-alive, but acknowledges less than was before. */
static void an_overtaken_ack_is_no_keepalive(void **state)
{
    const struct seen steps[] = {
        OPEN,
        {50, '<', "A", .seq = 8001, .length = 500, .ack = 1001},
        {51, '<', "A", .seq = 8501, .length = 500, .ack = 1001},
        {90, '>', "FA", .seq = 1001, .ack = 9001},
        {90.1, '<', "A", .seq = 9001, .ack = 1002},
        {90.2, '>', "A", .seq = 1001, .ack = 8501},
    };

    (void)state;
    TAKE(LADDER_AT_SERVER, steps);
    CLASS(8, LADDER_ACK);
}

static void an_acknowledged_hole_was_not_captured(void **state)
{
    const struct seen steps[] = {
        OPEN,
        data(41, 1001, 141, 3),
        data(41, 3001, 141, 5),
        ack(81, 4001),
    };

    (void)state;
    TAKE(LADDER_AT_UNKNOWN, steps);
    assert_int_equal(run.lessons, 1);
    assert_int_equal(run.lesson[0].kind, LESSON_NOT_CAPTURED);
    assert_int_equal(run.lesson[0].start, 2001);
    assert_int_equal(run.lesson[0].end, 3001);
}

/* The only copy that passes is the second one; a missing IP ID tells, after the silence of a timeout. */
static void a_gap_in_the_ids_shows_what_never_passed(void **state)
{
    const struct seen steps[] = {
        OPEN,           data(41, 1001, 141, 3),    ack(41, 2001),  data(82, 2001, 182, 4),
        ack(82, 3001),  data(123, 3001, 223, 5),   ack(123, 4001), data(164, 4001, 264, 6),
        ack(164, 5001), data(205, 5001, 305, 7),   ack(205, 6001), data(246, 6001, 346, 8),
        ack(246, 7001), data(287, 7001, 387, 9),   ack(287, 8001), data(570, 8001, 670, 11),
        ack(570, 9001), data(900, 9001, 1000, 12),
    };

    (void)state;
    TAKE(LADDER_AT_SERVER, steps);
    CLASS(18, LADDER_RETX);
    assert_int_equal(run.said[18].evidence, EVIDENCE_IP_ID);
    CLASS(20, LADDER_DATA); /* no ID is missing here */
    TAKE(LADDER_AT_CLIENT, steps);
    CLASS(18, LADDER_DATA); /* at the sender a gap is the capture's */
}

/* A whole flight was lost before the tap: after the silence its first segment comes, and the rest follows. */
static void a_lost_flight_shows_as_many_missing_ids(void **state)
{
    const struct seen steps[] = {
        OPEN,           data(41, 1001, 141, 3),    ack(41, 2001),  data(900, 2001, 1000, 14),
        ack(900, 3001), data(940, 4001, 1040, 16), ack(940, 3001), data(980, 3001, 1080, 17),
    };

    (void)state;
    TAKE(LADDER_AT_SERVER, steps);
    CLASS(6, LADDER_RETX);
    assert_int_equal(run.said[6].cause, LADDER_CAUSE_RTO);
    assert_int_equal(run.said[6].evidence, EVIDENCE_IP_ID);
    CLASS(10, LADDER_RETX);
    assert_int_equal(run.said[10].cause, LADDER_CAUSE_RTO);
}

/* ---- Nonsense ---------------------------------------------------------------------------------------------- */

static uint32_t lehmer;

static uint32_t draw(uint32_t below)
{
    lehmer = (uint32_t)((uint64_t)lehmer * 48271 % 2147483647);
    return lehmer % below;
}

struct check {
    uint32_t taken;
};

static void check_lesson(void *ctx, const struct lesson *lesson)
{
    const struct check *check = ctx;

    assert_in_range(lesson->kind, 0, LESSON_COUNT - 1);
    assert_in_range(lesson->number, 0, check->taken);
    assert_in_range(lesson->by, 0, check->taken);
}

static void random_segments_break_nothing(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 60; seed++) {
        struct check check = {.taken = 0};
        struct judge_setup setup = {
            .vantage = (enum ladder_vantage)(seed % 4), .learn = check_lesson, .ctx = &check};
        struct judge *judge = judge_new(&setup);
        struct judgement said;
        lehmer = seed;
        for (uint32_t i = 0; i < 1500; i++) {
            uint32_t base = draw(50) == 0 ? draw(0x7fffffff) * 2 : draw(40) * 100;
            struct trace_segment w = {.time = draw(100000) * 10000,
                                      .seq = base - 2000,
                                      .ack = draw(40) * 100 - 2000,
                                      .length = draw(3) == 0 ? 0 : draw(8) * 50,
                                      .flags = draw(4) == 0 ? (uint16_t)draw(64) : WEIR_TCP_ACK,
                                      .window = (uint16_t)draw(3),
                                      .ip_id = (uint16_t)draw(200),
                                      .side = (uint8_t)draw(2)};
            w.options.present = (uint16_t)draw(64);
            w.options.ts_val = draw(1000);
            w.options.ts_ecr = draw(1000);
            w.options.sack_count = (uint8_t)draw(4);
            for (uint8_t k = 0; k < w.options.sack_count; k++) {
                w.options.sack[k].start = draw(40) * 100 - 2000;
                w.options.sack[k].end = w.options.sack[k].start + draw(1000);
            }
            check.taken++;
            assert_int_equal((draw(20) == 0 ? judge_take_copy : judge_take)(judge, &w, &said),
                             WEIR_OK);
            assert_int_equal(said.number, check.taken);
            assert_true(said.first < said.number);
            assert_in_range(said.class, 0, LADDER_CLASS_COUNT - 1);
            if (draw(100) == 0) {
                judge_rest(judge);
            }
        }
        judge_end(judge);
        judge_del(judge);
    }
}

/* Nobody ever acknowledges: what is remembered stays bounded. (tests/bench/bench_judge.c measures it.) */
static void a_flood_without_acks_is_forgotten(void **state)
{
    struct judge_setup setup = {.vantage = LADDER_AT_UNKNOWN};
    struct judge *judge = judge_new(&setup);
    struct judgement said;
    struct seen step = data(0, 1, 0, 0);

    (void)state;
    for (uint32_t i = 0; i < 200000; i++) {
        struct trace_segment wire = judge_kit_segment(&step);
        assert_int_equal(judge_take(judge, &wire, &said), WEIR_OK);
        step.seq += 1000;
    }
    assert_int_equal(judge_bytes(judge, LADDER_CLIENT), 200000000);
    step.seq = 1; /* too long ago to be known, and not claimed */
    struct trace_segment wire = judge_kit_segment(&step);
    assert_int_equal(judge_take(judge, &wire, &said), WEIR_OK);
    assert_int_equal(said.first, 0);
    judge_del(judge);
}

static void names_are_complete(void **state)
{
    (void)state;
    for (int i = 0; i < LESSON_COUNT; i++) {
        assert_non_null(lesson_name((enum lesson_kind)i));
    }
    for (int i = 0; i < EVIDENCE_COUNT; i++) {
        assert_non_null(evidence_name((enum evidence)i));
    }
    judge_del(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_newer_timestamp_means_sent_again),
        cmocka_unit_test(the_same_timestamp_means_overtaken),
        cmocka_unit_test(ip_ids_tell_without_timestamps),
        cmocka_unit_test(nothing_known_is_nothing_said),
        cmocka_unit_test(the_original_may_come_last),
        cmocka_unit_test(what_was_acknowledged_before_is_needless),
        cmocka_unit_test(what_had_no_room_may_be_needed_again),
        cmocka_unit_test(an_overtaken_ack_is_no_keepalive),
        cmocka_unit_test(an_acknowledged_hole_was_not_captured),
        cmocka_unit_test(a_gap_in_the_ids_shows_what_never_passed),
        cmocka_unit_test(a_lost_flight_shows_as_many_missing_ids),
        cmocka_unit_test(random_segments_break_nothing),
        cmocka_unit_test(a_flood_without_acks_is_forgotten),
        cmocka_unit_test(names_are_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
