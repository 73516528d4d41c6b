/*
 * verdict.c - the judge's words (judge.h) written into a ladder, and what only a ladder can know: which
 * timers fired, and what became of a segment whose two ends are both known.
 */
#include <stdlib.h>

#include "base/compiler.h"
#include "trace/judge.h"
#include "trace/ladder_private.h"

struct court {
    struct ladder *l;
    struct ladder_segment **order; /* in the order in which the judge sees them */
    size_t count;
};

/* ---- Lessons -------------------------------------------------------------------------------------------- */

static void learn(void *ctx, const struct lesson *lesson)
{
    const struct court *court = ctx;

    if (lesson->number == 0) {
        return;
    }
    struct ladder_segment *s = court->order[lesson->number - 1];
    if (lesson->kind == LESSON_REPEATED) {
        s->facts |= LADDER_FACT_RESENT;
    }
}

/* ---- Judging -------------------------------------------------------------------------------------------- */

/* Order of sending, for the judgement of what is new. In a capture that is the order of the file. */
static int by_sent(const void *a, const void *b)
{
    const struct ladder_segment *x = *(const struct ladder_segment *const *)a;
    const struct ladder_segment *y = *(const struct ladder_segment *const *)b;

    if (x->sent.ns != y->sent.ns) {
        return x->sent.ns < y->sent.ns ? -1 : 1;
    }
    return x->number < y->number ? -1 : 1;
}

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

static int judge_in_order(const struct court *court, struct judge *judge)
{
    int result = WEIR_OK;

    for (size_t i = 0; i < court->count && result == WEIR_OK; i++) {
        struct ladder_segment *s = court->order[i];
        bool copy = (s->facts & LADDER_FACT_COPY) != 0;
        struct judgement judgement;
        result = (copy ? judge_take_copy : judge_take)(judge, &s->wire, &judgement);
        write_down(s, &judgement, court);
    }
    judge_end(judge);
    for (int side = 0; side < 2; side++) {
        court->l->info.side[side].bytes = judge_bytes(judge, (enum trace_side)side);
    }
    return result;
}

int verdict_judge(struct ladder *l)
{
    struct court court = {.l = l, .count = l->segment_count};
    struct judge_setup setup = {.vantage = l->info.vantage, .learn = learn, .ctx = &court};
    struct judge *judge = judge_new(&setup);
    int result = WEIR_ENOBUFS;

    court.order = malloc((l->segment_count + 1) * sizeof(struct ladder_segment *));
    if (judge != NULL && court.order != NULL) {
        for (size_t i = 0; i < l->segment_count; i++) {
            court.order[i] = &l->segments[i];
        }
        if (l->info.vantage == LADDER_AT_BOTH) {
            qsort(court.order, l->segment_count, sizeof(struct ladder_segment *), by_sent);
        }
        result = judge_in_order(&court, judge);
    }
    judge_del(judge);
    free(court.order);
    return result;
}

/* ---- Causes that were told ------------------------------------------------------------------------------ */

static void apply_cause(struct ladder_segment *s, enum ladder_cause cause)
{
    bool plain = s->class == LADDER_DATA || s->class == LADDER_ACK || s->class == LADDER_RETX;

    s->cause = cause;
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

    return x->wire.side != y->wire.side ? (x->wire.side < y->wire.side ? -1 : 1) : by_sent(a, b);
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

static int told_causes(struct ladder *l)
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
            apply_cause(s, (enum ladder_cause)told->cause);
        }
    }
    free(order);
    return WEIR_OK;
}

/* Data that left earlier than something of the same side and arrived later. */
static void find_overtaken(struct ladder *l)
{
    int64_t earliest[2] = {INT64_MAX, INT64_MAX};

    for (size_t i = l->segment_count; i-- > 0;) {
        struct ladder_segment *s = &l->segments[i];
        if (s->arrived.known != LADDER_MEASURED) {
            continue;
        }
        int64_t *least = &earliest[s->wire.side];
        if (s->arrived.ns > *least && s->class == LADDER_DATA) {
            s->class = LADDER_REORDERED;
        }
        *least = MIN(*least, s->arrived.ns);
    }
}

int verdict_causes(struct ladder *l)
{
    if (l->info.vantage == LADDER_AT_BOTH) {
        find_overtaken(l);
    }
    return told_causes(l);
}
