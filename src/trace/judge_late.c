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

/* ... and a gap in them only when nothing else of that host has been seen to take any. */
#define ID_EXACT_MIN 6
#define SKIP_MAX 64
#define SKIP_MANY 3

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

/* What filled a hole without telling how is followed by another copy: it was the first one. */
void judge_decide(const struct taking *t, const struct sent *late)
{
    judge_learn(t, &(struct lesson){.kind = LESSON_REORDERED,
                                    .evidence = EVIDENCE_TIME,
                                    .side = (enum trace_side)t->wire->side,
                                    .number = late->number,
                                    .by = t->out->number,
                                    .start = seq_wire(late->start),
                                    .end = seq_wire(sent_end(late)),
                                    .time = t->wire->time});
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

/* ---- Sent before, and never seen ------------------------------------------------------------------------ */

/* How many IDs were used since the last segment of this side and have not been seen. */
static uint16_t skipped_ids(const struct taking *t)
{
    const struct stream *own = t->own;
    uint16_t gap = (uint16_t)(t->wire->ip_id - own->id_max - own->id_pieces);

    return t->wire->ip_id == 0 || own->id_max == 0 || gap > SKIP_MAX ? 0 : gap;
}

/* Could the missing ones have been pure ACKs? Not when there was nothing to acknowledge and no other window
 * to tell. */
static bool only_data_missing(const struct taking *t)
{
    const struct stream *own = t->own, *peer = t->peer;
    bool owed = peer->started && own->last_ack != seq_wire(peer->snd_max);

    return own->ack_seen && !owed && peer->sent_time <= own->last.time &&
           t->wire->ack == own->last_ack && t->wire->window == own->last_window;
}

/* Numbers that follow on from the last ones may have been sent before and lost before this tap: then the
 * first copy's ID is missing right before, and an answer or a timeout was waited for. */
bool judge_skipped(const struct taking *t)
{
    struct stream *own = t->own;
    uint16_t missing = skipped_ids(t);
    weir_time quiet = since(t->wire->time, own->last.time), timeout = judge_timeout(t);

    if (missing == 0 || own->id_exact < 1 || own->hole_bytes > 0 || !own->last_known ||
        t->start != own->snd_max || tap_at_sender(t->judge, t->wire->side)) {
        return false;
    }
    bool after_timeout = quiet >= timeout - timeout / 8 && quiet <= timeout * 2;
    bool after_answer = quiet >= (weir_time)judge_path_us(t) * (WEIR_MS / 1000);
    bool many = missing >= SKIP_MANY && quiet >= timeout - timeout / 8;
    bool certain = (own->id_exact >= ID_EXACT_MIN || many) && only_data_missing(t);
    if (!after_timeout && !(after_answer && certain)) {
        return false;
    }
    struct sent none = {.start = t->start, .length = (uint32_t)(t->end - t->start)};
    uint32_t full = judge_full_size(t);
    judge_why_again(t, &none);
    own->recover = t->end + (seq_pos)missing * (full == 0 ? t->wire->length : full);
    t->out->class = LADDER_RETX;
    t->out->count = 1;
    t->out->evidence = EVIDENCE_IP_ID;
    tell_lost_before(t, &none);
    return true;
}

/* ---- IP IDs --------------------------------------------------------------------------------------------- */

static void learn_exact(const struct taking *t)
{
    struct stream *own = t->own;
    uint32_t full = judge_full_size(t), length = t->wire->length;
    bool hole = (t->out->facts & LADDER_FACT_HOLE) != 0 || own->hole_bytes > 0;

    if (own->id_max != 0) {
        uint16_t gap = (uint16_t)(t->wire->ip_id - own->id_max - own->id_pieces);
        if (gap == 0) {
            own->id_exact = (int8_t)MIN(own->id_exact + 1, 16);
        } else if (!hole && t->out->class != LADDER_RETX) {
            own->id_exact = (int8_t)MAX(own->id_exact - 4, -16);
        }
        if ((int16_t)(t->wire->ip_id - own->id_max) < 0) {
            return; /* overtaken */
        }
    }
    uint32_t pieces = full == 0 || length <= full ? 1 : (length + full - 1) / full;
    bool countable = full != 0 || (t->out->facts & LADDER_FACT_SUPER) == 0;
    own->id_max = countable ? t->wire->ip_id : 0;
    own->id_pieces = (uint8_t)MIN(pieces, UINT8_MAX);
}

/* Do the IP IDs of this side count? Judged by neighbours in the stream. */
void judge_note_id(const struct taking *t)
{
    const struct last_segment *last = &t->own->last;
    uint16_t id = t->wire->ip_id;

    if (id == 0) {
        return;
    }
    learn_exact(t);
    if (!t->own->last_known || last->ip_id == 0) {
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
