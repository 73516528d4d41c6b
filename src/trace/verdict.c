/*
 * verdict.c - the judge's words (judge.h) written into a ladder, and what only a ladder can know: which
 * timers fired, and what became of a segment whose two ends are both known.
 */
#include <stdlib.h>

#include "base/compiler.h"
#include "trace/judge.h"
#include "trace/ladder_private.h"

/* What one judge sees, in its order. */
struct court {
    struct ladder *l;
    struct ladder_segment **order;
    size_t count;
    int side; /* only what this side sent is judged here; -1: all of it */
};

static bool is_lost(const struct ladder_segment *s)
{
    return s->arrived.known == LADDER_LOST || (s->facts & LADDER_FACT_CORRUPTED) != 0;
}

/* ---- Lessons -------------------------------------------------------------------------------------------- */

static void learn_lost(const struct court *court, const struct lesson *lesson)
{
    struct ladder_segment *s = court->order[lesson->number - 1];

    if (s->repaired_by == 0 && lesson->by != 0) {
        s->repaired_by = court->order[lesson->by - 1]->number;
    }
    s->facts |= LADDER_FACT_MISSED; /* of a super-segment perhaps a part only */
    s->evidence = s->evidence == EVIDENCE_NONE ? (uint8_t)lesson->evidence : s->evidence;
}

/* With both ends known nothing about arrivals has to be inferred. */
static void learn_true(const struct court *court, const struct lesson *lesson)
{
    struct ladder_segment *s = court->order[lesson->number - 1];

    if (lesson->kind == LESSON_REPEATED && is_lost(s) && s->repaired_by == 0) {
        s->repaired_by = court->order[lesson->by - 1]->number;
    }
}

static void learn(void *ctx, const struct lesson *lesson)
{
    const struct court *court = ctx;

    if (lesson->number == 0 || (court->side >= 0 && court->side != (int)lesson->side)) {
        return;
    }
    if (court->side >= 0) {
        learn_true(court, lesson);
        return;
    }
    struct ladder_segment *s = court->order[lesson->number - 1];
    switch (lesson->kind) {
    case LESSON_REPEATED: s->facts |= LADDER_FACT_RESENT; break;
    case LESSON_LOST: learn_lost(court, lesson); break;
    case LESSON_SPURIOUS:
        s->facts |= LADDER_FACT_SPURIOUS;
        s->evidence = (uint8_t)lesson->evidence;
        break;
    case LESSON_ARRIVED:
        s->facts &= ~(uint32_t)(LADDER_FACT_MISSED | LADDER_FACT_RESENT);
        s->repaired_by = 0;
        break;
    case LESSON_REORDERED:
        s->class = LADDER_REORDERED;
        s->evidence = (uint8_t)lesson->evidence;
        break;
    case LESSON_RESENT:
        s->class = LADDER_RETX;
        s->evidence = (uint8_t)lesson->evidence;
        break;
    case LESSON_NOT_CAPTURED:
    case LESSON_COUNT: break;
    }
}

/* ---- Judging -------------------------------------------------------------------------------------------- */

static void write_down(struct ladder_segment *s, const struct judgement *j,
                       const struct court *court)
{
    s->class = j->class;
    s->facts |= j->facts;
    s->count = j->count;
    s->first = j->first == 0 ? 0 : court->order[j->first - 1]->number;
    s->acked_from = j->acked_from;
    s->window = j->window;
    s->cause = j->cause;
    s->evidence = (uint8_t)j->evidence;
    s->flight = j->flight;
    s->rtt_us = j->rtt_us;
    s->srtt_us = j->srtt_us;
    s->rto_us = j->rto_us;
}

/* When a segment passes the tap: at a side that is known, when it leaves or when it arrives there. */
static int64_t passes(const struct court *court, const struct ladder_segment *s)
{
    return court->side < 0 || s->wire.side == (uint8_t)court->side ? s->sent.ns : s->arrived.ns;
}

static int judge_in_order(const struct court *court, struct judge *judge)
{
    int result = WEIR_OK;

    for (size_t i = 0; i < court->count && result == WEIR_OK; i++) {
        struct ladder_segment *s = court->order[i];
        struct trace_segment wire = s->wire;
        struct judgement judgement;
        bool copy = (s->facts & LADDER_FACT_COPY) != 0;
        wire.time = court->l->info.origin + (weir_time)passes(court, s);
        result = (copy ? judge_take_copy : judge_take)(judge, &wire, &judgement);
        if (court->side < 0 || s->wire.side == (uint8_t)court->side) {
            write_down(s, &judgement, court);
        }
    }
    judge_end(judge);
    for (int side = 0; side < 2; side++) {
        if (court->side < 0 || court->side == side) {
            court->l->info.side[side].bytes = judge_bytes(judge, (enum trace_side)side);
        }
    }
    return result;
}

static int hold(struct court *court, enum ladder_vantage vantage)
{
    struct judge_setup setup = {.vantage = vantage, .learn = learn, .ctx = court};
    struct judge *judge = judge_new(&setup);
    int result = WEIR_ENOBUFS;

    if (judge != NULL) {
        result = judge_in_order(court, judge);
    }
    judge_del(judge);
    return result;
}

/* ---- Both ends known ------------------------------------------------------------------------------------ */

struct keyed {
    int64_t ns;
    struct ladder_segment *s;
    bool arrival;
};

static int by_time(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;

    if (x->ns != y->ns) {
        return x->ns < y->ns ? -1 : 1;
    }
    if (x->arrival != y->arrival) {
        return x->arrival ? -1
                          : 1; /* what a side does at the instant of an arrival is its answer */
    }
    return x->s->told < y->s->told ? -1 : x->s->told > y->s->told;
}

/* What a tap at this side would have seen. */
static void order_at(struct court *court, struct keyed *keyed)
{
    struct ladder *l = court->l;

    court->count = 0;
    for (size_t i = 0; i < l->segment_count; i++) {
        struct ladder_segment *s = &l->segments[i];
        bool arrival = s->wire.side != (uint8_t)court->side;
        if (!arrival || !is_lost(s)) {
            keyed[court->count++] = (struct keyed){passes(court, s), s, arrival};
        }
    }
    qsort(keyed, court->count, sizeof(*keyed), by_time);
    for (size_t i = 0; i < court->count; i++) {
        court->order[i] = keyed[i].s;
    }
}

/* Data that left earlier than something of the same side and arrived later. */
static void find_overtaken(const struct court *court)
{
    int64_t earliest = INT64_MAX;

    for (size_t i = court->count; i-- > 0;) {
        struct ladder_segment *s = court->order[i];
        if (s->wire.side != (uint8_t)court->side || s->arrived.known != LADDER_MEASURED) {
            continue;
        }
        if (s->arrived.ns > earliest && s->class == LADDER_DATA) {
            s->class = LADDER_REORDERED;
            s->evidence = EVIDENCE_BOTH_ENDS;
        }
        earliest = MIN(earliest, s->arrived.ns);
    }
}

/* Sent again although the first copy arrives. */
static void find_needless(struct ladder *l)
{
    for (size_t i = 0; i < l->segment_count; i++) {
        struct ladder_segment *s = &l->segments[i];
        if (s->class != LADDER_RETX || s->first == 0) {
            continue;
        }
        const struct ladder_segment *first = &l->segments[s->first - 1];
        uint32_t offset = s->wire.seq - first->wire.seq;
        bool within = offset + trace_segment_span(&s->wire) <= trace_segment_span(&first->wire);
        s->facts &= ~(uint32_t)LADDER_FACT_SPURIOUS;
        if (within && !is_lost(first)) {
            s->facts |= LADDER_FACT_SPURIOUS;
            s->evidence = EVIDENCE_BOTH_ENDS;
        }
    }
}

/* Who repaired it may have been lost as well: then it is who repaired that one. */
static void follow_repairs(struct ladder *l)
{
    for (size_t i = l->segment_count; i-- > 0;) {
        struct ladder_segment *s = &l->segments[i];
        if (s->repaired_by > s->number && is_lost(&l->segments[s->repaired_by - 1])) {
            s->repaired_by = l->segments[s->repaired_by - 1].repaired_by;
        }
    }
}

static int judge_both(struct court *court)
{
    struct keyed *keyed = malloc((court->l->segment_count + 1) * sizeof(*keyed));
    int result = keyed == NULL ? WEIR_ENOBUFS : WEIR_OK;

    for (int side = 0; side < 2 && result == WEIR_OK; side++) {
        court->side = side;
        order_at(court, keyed);
        result = hold(court, side == LADDER_CLIENT ? LADDER_AT_CLIENT : LADDER_AT_SERVER);
        find_overtaken(court);
    }
    free(keyed);
    find_needless(court->l);
    follow_repairs(court->l);
    return result;
}

int verdict_judge(struct ladder *l)
{
    struct court court = {.l = l, .count = l->segment_count, .side = -1};
    int result;

    court.order = malloc((l->segment_count + 1) * sizeof(struct ladder_segment *));
    if (court.order == NULL) {
        return WEIR_ENOBUFS;
    }
    for (size_t i = 0; i < l->segment_count; i++) {
        court.order[i] = &l->segments[i];
    }
    result = l->info.vantage == LADDER_AT_BOTH ? judge_both(&court) : hold(&court, l->info.vantage);
    free(court.order);
    return result;
}

/* ---- Causes that were told ------------------------------------------------------------------------------ */

void verdict_apply_cause(struct ladder_segment *s, enum ladder_cause cause)
{
    bool plain = s->class == LADDER_DATA || s->class == LADDER_ACK || s->class == LADDER_RETX;

    s->cause = cause;
    s->evidence = EVIDENCE_BOTH_ENDS;
    s->facts |= LADDER_FACT_BY_TIMER;
    if (plain && cause == LADDER_CAUSE_ZERO_WINDOW && (s->facts & LADDER_FACT_WINDOW_OPENED) == 0) {
        s->class = LADDER_ZERO_WINDOW_PROBE;
    } else if (plain && cause == LADDER_CAUSE_KEEPALIVE) {
        s->class = LADDER_KEEPALIVE;
    }
}

static int by_side_and_sent(const void *a, const void *b)
{
    const struct ladder_segment *x = *(const struct ladder_segment *const *)a;
    const struct ladder_segment *y = *(const struct ladder_segment *const *)b;

    if (x->wire.side != y->wire.side) {
        return x->wire.side < y->wire.side ? -1 : 1;
    }
    if (x->sent.ns != y->sent.ns) {
        return x->sent.ns < y->sent.ns ? -1 : 1;
    }
    return x->number < y->number ? -1 : x->number > y->number;
}

/* The first segment that this side sent at that time. */
static struct ladder_segment *find_sent_at(struct ladder_segment **order, size_t count,
                                           uint8_t side, int64_t ns)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct ladder_segment *s = order[middle];
        if (s->wire.side < side || (s->wire.side == side && s->sent.ns < ns)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < count && order[low]->wire.side == side && order[low]->sent.ns == ns;
    return found ? order[low] : NULL;
}

int verdict_causes(struct ladder *l)
{
    if (l->cause_count == 0) {
        return WEIR_OK;
    }
    struct ladder_segment **order =
        malloc((l->segment_count + 1) * sizeof(struct ladder_segment *));
    if (order == NULL) {
        return WEIR_ENOBUFS;
    }
    for (size_t i = 0; i < l->segment_count; i++) {
        order[i] = &l->segments[i];
    }
    qsort(order, l->segment_count, sizeof(struct ladder_segment *), by_side_and_sent);
    for (size_t i = 0; i < l->cause_count; i++) {
        const struct told_cause *told = &l->causes[i];
        struct ladder_segment *s = find_sent_at(order, l->segment_count, told->side,
                                                (int64_t)(told->time - l->info.origin));
        if (s != NULL) {
            verdict_apply_cause(s, (enum ladder_cause)told->cause);
        }
    }
    free(order);
    return WEIR_OK;
}
