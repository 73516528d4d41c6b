/* test_idle.c - why it was silent, as far as segments alone tell; and the tags of what came then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "render/label.h"
#include "trace/idle.h"
#include "unit/trace_kit.h"

/* The cause named by the first IDLE row of a capture at the client. */
static enum ladder_cause cause_of(const struct kit_step *steps, size_t n)
{
    struct ladder *l = kit_capture(steps, n, 'c');
    enum ladder_cause cause = LADDER_CAUSE_COUNT;
    size_t count;
    const struct ladder_row *rows = ladder_rows(l, &count);

    for (size_t i = 0; i < count && cause == LADDER_CAUSE_COUNT; i++) {
        cause = rows[i].kind == LADDER_ROW_IDLE ? rows[i].cause : cause;
    }
    ladder_del(l);
    return cause;
}

#define HANDSHAKE                                                                  \
    {0, 10, '>', "S", .seq = 1000}, {10, 20, '<', "SA", .seq = 8000, .ack = 1001}, \
    {                                                                              \
        20, 30, '>', "A", .seq = 1001, .ack = 8001                                 \
    }

static void a_late_lone_ack_is_a_delayed_one(void **state)
{
    static const struct kit_step steps[] = {
        HANDSHAKE,
        {21, 31, '>', "A", .seq = 1001, .length = 100, .ack = 8001},
        {71, 81, '<', "A", .seq = 8001, .ack = 1101},
    };
    static const struct kit_step too_late[] = {
        HANDSHAKE,
        {21, 31, '>', "A", .seq = 1001, .length = 100, .ack = 8001},
        {1071, 1081, '<', "A", .seq = 8001, .ack = 1101},
    };

    (void)state;
    assert_int_equal(cause_of(steps, ARRAY_SIZE(steps)), LADDER_CAUSE_DELAYED_ACK);
    assert_int_equal(cause_of(too_late, ARRAY_SIZE(too_late)), LADDER_CAUSE_NONE);
}

static void an_awaited_answer_was_late_in_the_application(void **state)
{
    static const struct kit_step steps[] = {
        HANDSHAKE,
        {21, 31, '>', "A", .seq = 1001, .length = 100, .ack = 8001},
        {31, 41, '<', "A", .seq = 8001, .ack = 1101},
        {231, 241, '<', "A", .seq = 8001, .length = 10, .ack = 1101},
    };

    (void)state;
    assert_int_equal(cause_of(steps, ARRAY_SIZE(steps)), LADDER_CAUSE_APPLICATION);
}

/* Nobody waited for anything: the first question, and one more from who spoke last. */
static void other_silences_have_no_cause(void **state)
{
    static const struct kit_step first[] = {
        HANDSHAKE,
        {221, 231, '>', "A", .seq = 1001, .length = 100, .ack = 8001},
    };
    static const struct kit_step again[] = {
        HANDSHAKE,
        {21, 31, '>', "A", .seq = 1001, .length = 100, .ack = 8001},
        {31, 41, '<', "A", .seq = 8001, .ack = 1101},
        {441, 451, '>', "A", .seq = 1101, .length = 100, .ack = 8001},
    };

    (void)state;
    assert_int_equal(cause_of(first, ARRAY_SIZE(first)), LADDER_CAUSE_NONE);
    assert_int_equal(cause_of(again, ARRAY_SIZE(again)), LADDER_CAUSE_NONE);
}

/* Sequence numbers wrap. */
static void the_wrap_changes_nothing(void **state)
{
    struct idle_watch watch = {.data_seen = false};
    struct ladder_segment data = {.class = LADDER_DATA}, answer = {.class = LADDER_ACK};

    (void)state;
    data.wire.seq = UINT32_MAX - 50;
    data.wire.length = 100;
    data.wire.flags = answer.wire.flags = WEIR_TCP_ACK;
    idle_note(&watch, &data);
    answer.wire.side = LADDER_SERVER;
    answer.wire.ack = 49;
    answer.facts = LADDER_FACT_ACKS_NEW;
    assert_int_equal(idle_cause(&watch, &answer, 40 * (int64_t)WEIR_MS), LADDER_CAUSE_DELAYED_ACK);
    idle_note(&watch, &answer);
    answer.class = LADDER_DATA;
    answer.wire.length = 10;
    assert_int_equal(idle_cause(&watch, &answer, (int64_t)WEIR_S), LADDER_CAUSE_APPLICATION);
}

static void tags_say_how_and_what_was_learned(void **state)
{
    static const struct {
        enum ladder_class class;
        enum ladder_cause cause;
        uint32_t facts;
        const char *tags;
    } cases[] = {
        {LADDER_RETX, LADDER_CAUSE_FAST, 0, "rtx#5  fast"},
        {LADDER_RETX, LADDER_CAUSE_RACK, 0, "rtx#5  RACK"},
        {LADDER_RETX, LADDER_CAUSE_TLP, 0, "rtx#5  TLP"},
        {LADDER_RETX, LADDER_CAUSE_RTO, LADDER_FACT_BY_TIMER, "rtx#5  RTO 2"},
        {LADDER_RETX, LADDER_CAUSE_RTO, 0, "rtx#5"}, /* follows one that a timer sent */
        {LADDER_RETX, LADDER_CAUSE_FAST, LADDER_FACT_SPURIOUS, "rtx#5  fast  needless"},
        {LADDER_DATA, LADDER_CAUSE_TLP, LADDER_FACT_NEW_DATA_PROBE, "TLP"},
        {LADDER_DATA, LADDER_CAUSE_NONE, LADDER_FACT_HOLE, "hole"},
        {LADDER_ACK, LADDER_CAUSE_NONE, LADDER_FACT_DSACK, "D-SACK"},
        {LADDER_CHALLENGE_ACK, LADDER_CAUSE_NONE, 0, "challenge"},
    };
    const struct numbering raw = {.offset = {0, 0}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ladder_segment s = {.number = 18,
                                   .class = cases[i].class,
                                   .cause = cases[i].cause,
                                   .facts = cases[i].facts,
                                   .first = 5,
                                   .count = 2};
        struct label label;
        label_make(&label, &s, &raw, false);
        assert_string_equal(label.tags, cases[i].tags);
    }
}

static void frames_stand_beside_numbers(void **state)
{
    const struct numbering with = {.frames = true};
    struct ladder_segment s = {.number = 4, .class = LADDER_ACK};
    struct label label;

    (void)state;
    s.wire.flags = WEIR_TCP_ACK;
    s.wire.ack = 1;
    s.wire.frame = 17;
    label_make(&label, &s, &with, false);
    assert_string_equal(label.head, "4 f17 ACK 1");
    s.wire.frame = 0; /* it never was in a capture */
    label_make(&label, &s, &with, false);
    assert_string_equal(label.head, "4 ACK 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_late_lone_ack_is_a_delayed_one),
        cmocka_unit_test(an_awaited_answer_was_late_in_the_application),
        cmocka_unit_test(other_silences_have_no_cause),
        cmocka_unit_test(the_wrap_changes_nothing),
        cmocka_unit_test(tags_say_how_and_what_was_learned),
        cmocka_unit_test(frames_stand_beside_numbers),
    };
    return cmocka_run_group_tests_name("idle", tests, NULL, NULL);
}
