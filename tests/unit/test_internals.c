/* test_internals.c - a stack's records become notes, put to the segments that caused them or told as they come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "trace/internals.h"
#include "unit/trace_kit.h"

static void add(struct internals *in, double ms, enum weir_record_type type,
                const struct weir_record *values)
{
    struct weir_record r = *values;

    r.time = kit_ms(ms);
    r.type = (uint8_t)type;
    assert_int_equal(internals_add(in, LADDER_CLIENT, &r), WEIR_OK);
}

static struct weir_record timer(enum weir_timer which, weir_time next)
{
    struct weir_record r = {.type = 0};

    r.u.timer.timer = (uint8_t)which;
    r.u.timer.count = 1;
    r.u.timer.next = next;
    return r;
}

static struct weir_record window(uint32_t before, uint32_t after, enum weir_reason reason)
{
    struct weir_record r = {.type = 0};

    r.u.cwnd.cwnd_before = before;
    r.u.cwnd.cwnd = after;
    r.u.cwnd.ssthresh = after;
    r.u.cwnd.reason = (uint16_t)reason;
    return r;
}

static struct weir_record lost(uint32_t seq, uint32_t length)
{
    struct weir_record r = {.type = 0};

    r.u.range.seq = seq;
    r.u.range.length = length;
    r.u.range.reason = WEIR_REASON_RTO;
    return r;
}

static struct weir_record segment(uint32_t seq, uint32_t length, uint32_t ack)
{
    struct weir_record r = {.type = 0};

    r.u.segment.seq = seq;
    r.u.segment.length = length;
    r.u.segment.ack = ack;
    r.u.segment.flags = WEIR_TCP_ACK;
    return r;
}

/* Two segments, a timeout that marks both lost, the first one again, its ACK. */
static const struct kit_step steps[] = {
    {0, LOST, '>', "A", .seq = 1001, .length = 100, .ack = 8001},
    {1, LOST, '>', "A", .seq = 1101, .length = 100, .ack = 8001},
    {201, 211, '>', "A", .seq = 1001, .length = 100, .ack = 8001},
    {211, 221, '<', "A", .seq = 8001, .ack = 1101},
};

static void tell_all(struct internals *in)
{
    struct weir_record out = segment(1001, 100, 8001), in_ack = segment(8001, 0, 1101);
    struct weir_record rto = timer(WEIR_TIMER_RTO, 400 * WEIR_MS);
    struct weir_record cut = window(14600, 1460, WEIR_REASON_RTO);
    struct weir_record grown = window(1460, 1560, WEIR_REASON_SLOW_START);
    struct weir_record first = lost(1001, 100), second = lost(1101, 100);

    add(in, 201, WEIR_RECORD_TIMER, &rto);
    add(in, 201, WEIR_RECORD_CWND, &cut);
    add(in, 201, WEIR_RECORD_LOST, &first);
    add(in, 201, WEIR_RECORD_LOST, &second);
    add(in, 201, WEIR_RECORD_SEGMENT_OUT, &out);
    add(in, 221, WEIR_RECORD_SEGMENT_IN, &in_ack);
    add(in, 221, WEIR_RECORD_CWND, &grown);
}

static void notes_find_their_segments(void **state)
{
    struct ladder *l = kit_run(steps, ARRAY_SIZE(steps));
    struct internals *in = internals_new();
    size_t count;

    (void)state;
    tell_all(in);
    assert_int_equal(ladder_finish(l), WEIR_OK);
    assert_int_equal(internals_finish(in, l), WEIR_OK);
    const struct ladder_note *n = internals_notes(in, &count);
    assert_int_equal(count, 2);
    assert_true(note_is_row(&n[0]));
    assert_int_equal(n[0].has, NOTE_TIMER | NOTE_CWND | NOTE_LOST);
    assert_int_equal(n[0].time.ns, (int64_t)(201 * WEIR_MS));
    assert_int_equal(n[0].cwnd_before, 14600);
    assert_int_equal(n[0].lost, 2);
    assert_int_equal(n[0].lost_first, 1);
    assert_int_equal(n[0].lost_last, 2);
    assert_false(note_is_row(&n[1]));
    assert_int_equal(n[1].segment, 4);
    assert_ptr_equal(internals_beside(in, 4, LADDER_CLIENT), &n[1]);
    assert_null(internals_beside(in, 4, LADDER_SERVER));
    assert_null(internals_beside(in, 1, LADDER_CLIENT));
    assert_int_equal(ladder_segments(l, &count)[3].cwnd, 1560); /* also for the plots */
    internals_del(in);
    ladder_del(l);
}

struct heard {
    uint32_t notes, has;
};

static void hear(void *ctx, const struct ladder_note *note)
{
    struct heard *heard = ctx;

    heard->notes++;
    heard->has |= note->has;
}

static void a_stream_is_told_each_note_once(void **state)
{
    struct internals *in = internals_new();
    struct heard heard = {.notes = 0};

    (void)state;
    tell_all(in);
    internals_tell(in, kit_ms(200), 0, hear, &heard);
    assert_int_equal(heard.notes, 0);
    internals_tell(in, kit_ms(201), 0, hear, &heard); /* the timer, before the segment it sends */
    assert_int_equal(heard.notes, 1);
    assert_int_equal(heard.has, NOTE_TIMER | NOTE_CWND | NOTE_LOST);
    internals_tell(in, kit_ms(221), 0, hear, &heard); /* what an ACK does comes behind it */
    assert_int_equal(heard.notes, 1);
    struct weir_record more = window(1560, 1660, WEIR_REASON_SLOW_START);
    add(in, 221, WEIR_RECORD_CWND, &more); /* still the same note */
    internals_tell(in, WEIR_NEVER, 0, hear, &heard);
    assert_int_equal(heard.notes, 2);
    internals_tell(in, WEIR_NEVER, 0, hear, &heard);
    assert_int_equal(heard.notes, 2);
    internals_del(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_find_their_segments),
        cmocka_unit_test(a_stream_is_told_each_note_once),
    };
    return cmocka_run_group_tests_name("internals", tests, NULL, NULL);
}
