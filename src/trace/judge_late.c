/*
 * judge_late.c - what is below the highest number and passes this tap for the first time, or after a later
 * copy: overtaken on its way, or lost before this tap and sent again (rule 5 at a receiver or in the middle)?
 *
 * A sender stamps what it sends: a segment whose timestamp or IP ID is older than that of the one which
 * opened the hole left before it. Without either there is only time: what comes sooner than an answer could
 * have travelled was not sent again.
 */
#include "trace/judge_private.h"

/* Timestamps often count milliseconds: what was sent within one cannot be told apart by them. */
#define TS_BLUR_US 2000

/* An IP ID is believed only when the IDs of this side have been seen to count. */
#define ID_ORDER_MIN 3

enum age { AGE_UNKNOWN = 0, AGE_OLDER, AGE_NEWER };

uint32_t judge_path_us(const struct taking *t)
{
    return (uint32_t)MIN((uint64_t)t->own->min_rtt_us + t->peer->min_rtt_us, INT32_MAX);
}

/* Was this sent before or after `other`, which belongs to the same side? */
static enum age compare_age(const struct taking *t, const struct sent *other, enum evidence *by)
{
    const struct trace_segment *w = t->wire;
    bool both = has_ts(w) && (other->flags & SENT_HAS_TS) != 0;
    bool ids = t->own->id_order >= ID_ORDER_MIN && w->ip_id != 0 && other->ip_id != 0 &&
               w->ip_id != other->ip_id;

    *by = EVIDENCE_TIMESTAMP;
    if (both && w->options.ts_val != other->ts_val) {
        return seq_before(w->options.ts_val, other->ts_val) ? AGE_OLDER : AGE_NEWER;
    }
    if (ids) {
        *by = EVIDENCE_IP_ID;
        return (int16_t)(w->ip_id - other->ip_id) < 0 ? AGE_OLDER : AGE_NEWER;
    }
    if (both && judge_path_us(t) >= TS_BLUR_US) {
        return AGE_OLDER; /* in one breath: nothing was sent again so soon */
    }
    return AGE_UNKNOWN;
}

static enum age guess_age(const struct taking *t, const struct sent *hole)
{
    weir_time path = (weir_time)judge_path_us(t) * (WEIR_MS / 1000);
    weir_time gap = since(t->wire->time, hole->time);

    if (path == 0) {
        return AGE_UNKNOWN;
    }
    return gap < path / 2 ? AGE_OLDER : gap >= path - path / 8 ? AGE_NEWER : AGE_UNKNOWN;
}

static void tell_lost_before(const struct taking *t, const struct sent *hole)
{
    if (tap_at_sender(t->judge, t->wire->side)) {
        return; /* it left, and only the capture missed it */
    }
    judge_learn(t, &(struct lesson){.kind = LESSON_LOST,
                                    .evidence = EVIDENCE_NEVER_SEEN,
                                    .side = t->wire->side,
                                    .by = t->out->number,
                                    .start = seq_wire(max_u64(hole->start, t->start)),
                                    .end = seq_wire(min_u64(sent_end(hole), t->end)),
                                    .time = t->wire->time});
}

void judge_fill(const struct taking *t, const struct sent *hole)
{
    enum evidence by;
    enum age age = compare_age(t, hole, &by);

    if (age == AGE_UNKNOWN) {
        by = EVIDENCE_TIME;
        age = guess_age(t, hole);
    }
    if (age == AGE_UNKNOWN && tap_at_sender(t->judge, t->wire->side)) {
        by = EVIDENCE_NONE;
        age = AGE_NEWER;
    }
    switch (age) {
    case AGE_OLDER:
        t->out->class = LADDER_REORDERED;
        t->out->evidence = by;
        break;
    case AGE_NEWER:
        judge_why_again(t, hole);
        t->out->class = LADDER_RETX;
        t->out->count = 1;
        t->out->evidence = by;
        tell_lost_before(t, hole);
        break;
    case AGE_UNKNOWN: t->out->class = LADDER_LATE; break;
    }
}

/* A copy of it passed before: is this the older one, that was overtaken by it? Then that was needless. */
bool judge_overtaken(const struct taking *t, const struct sent *before)
{
    enum evidence by;
    bool one_of_two = before->start == t->start && sent_end(before) == t->end;

    if (tap_at_sender(t->judge, t->wire->side) || !one_of_two || before->copies > 0) {
        return false;
    }
    if (compare_age(t, before, &by) != AGE_OLDER) {
        return false;
    }
    if (by == EVIDENCE_TIMESTAMP && t->wire->options.ts_val == before->ts_val) {
        return false;
    }
    t->out->class = LADDER_REORDERED;
    t->out->evidence = by;
    judge_learn(t, &(struct lesson){.kind = LESSON_SPURIOUS,
                                    .evidence = by,
                                    .side = t->wire->side,
                                    .number = before->last,
                                    .by = t->out->number,
                                    .start = t->wire->seq,
                                    .end = seq_wire(t->end),
                                    .time = t->wire->time});
    return true;
}

/* Do the IP IDs of this side count? Judged by neighbours in the stream. */
void judge_note_id(const struct taking *t)
{
    const struct last_segment *last = &t->own->last;
    uint16_t id = t->wire->ip_id;

    if (!t->own->last_known || id == 0 || last->ip_id == 0) {
        return;
    }
    uint16_t step = (uint16_t)(id - last->ip_id);
    int8_t *order = &t->own->id_order;
    if (step > 0 && step <= 64) {
        *order = (int8_t)MIN(*order + 1, 16);
    } else {
        *order = (int8_t)MAX(*order - 2, -16);
    }
}
