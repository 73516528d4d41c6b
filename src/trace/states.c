/*
 * states.c - the states of both sides, put to the segments that caused them.
 *
 * A side whose own records were told is not guessed at: each change is put to the segment which that side
 * sent or received at that very time. For the other case state.h is fed with everything the side sends
 * and receives, in the order of that side's clock.
 */
#include <stdlib.h>

#include "trace/ladder_private.h"
#include "trace/state.h"

/* One side's view of one segment. */
struct half {
    int64_t ns;
    uint32_t index;
    bool arrival;
};

static int by_time(const void *a, const void *b)
{
    const struct half *x = a, *y = b;

    if (x->ns != y->ns) {
        return x->ns < y->ns ? -1 : 1;
    }
    return x->index < y->index ? -1 : 1;
}

static size_t collect_halves(const struct ladder *l, enum trace_side side, struct half *half)
{
    size_t n = 0;

    for (size_t i = 0; i < l->segment_count; i++) {
        const struct ladder_segment *s = &l->segments[i];
        bool arrival = s->wire.side != side;
        if (arrival && (!ladder_arrives(s) || (s->facts & LADDER_FACT_CORRUPTED) != 0)) {
            continue;
        }
        half[n++] = (struct half){arrival ? s->arrived.ns : s->sent.ns, (uint32_t)i, arrival};
    }
    qsort(half, n, sizeof(*half), by_time);
    return n;
}

static int add_change(struct ladder *l, const struct ladder_change *change)
{
    struct ladder_change *c =
        ladder_append((void **)&l->changes, &l->change_count, &l->change_room, sizeof(*l->changes));
    if (c == NULL) {
        return WEIR_ENOBUFS;
    }
    *c = *change;
    return WEIR_OK;
}

static void put_to_segment(struct ladder *l, const struct half *half, uint8_t state)
{
    struct ladder_segment *s = &l->segments[half->index];

    *(half->arrival ? &s->state_arrived : &s->state_sent) = state;
}

/* ---- Inferred ------------------------------------------------------------------------------------------- */

/* Before its first segment: who sends a bare SYN was closed, who answers one was listening; who answers
 * one only with RST was closed too. Everything else is not known. */
static uint8_t infer_initial(const struct ladder *l, enum trace_side side)
{
    bool refuses = false, syn_before = false;

    for (size_t i = 0; i < l->segment_count; i++) {
        const struct ladder_segment *s = &l->segments[i];
        bool syn = (s->wire.flags & WEIR_TCP_SYN) != 0;
        bool ack = (s->wire.flags & WEIR_TCP_ACK) != 0;
        if (s->wire.side != side) {
            syn_before = syn_before || (syn && !ack);
        } else if ((s->wire.flags & WEIR_TCP_RST) != 0) {
            refuses = refuses || (s->facts & LADDER_FACT_REFUSED) != 0;
        } else if (syn) {
            return !ack ? WEIR_TCP_CLOSED : syn_before ? WEIR_TCP_LISTEN : LADDER_STATE_UNKNOWN;
        } else {
            return LADDER_STATE_UNKNOWN;
        }
    }
    return refuses ? WEIR_TCP_CLOSED : LADDER_STATE_UNKNOWN;
}

static enum ladder_known half_known(const struct ladder *l, const struct half *half)
{
    const struct ladder_segment *s = &l->segments[half->index];

    return half->arrival ? s->arrived.known : s->sent.known;
}

static int infer_side(struct ladder *l, enum trace_side side, const struct half *half, size_t n)
{
    struct ladder_side_info *info = &l->info.side[side];
    struct machine m;

    if (!l->initial_told[side]) {
        info->initial_state = infer_initial(l, side);
    }
    if (info->segments == 0) {
        return WEIR_OK; /* it was never heard of: nothing can be said */
    }
    machine_init(&m, info->initial_state);
    for (size_t i = 0; i < l->segment_count; i++) {
        if (l->segments[i].wire.side != side) {
            machine_foresees(&m, &l->segments[i].wire);
        }
    }
    for (size_t i = 0; i < n; i++) {
        const struct ladder_segment *s = &l->segments[half[i].index];
        (half[i].arrival ? machine_receives : machine_sends)(&m, &s->wire);
        for (uint32_t k = 0; k < m.steps; k++) {
            struct ladder_change change = {.time = {half[i].ns, half_known(l, &half[i])},
                                           .side = side,
                                           .from = m.step[k].from,
                                           .to = m.step[k].to,
                                           .segment = s->number};
            int result = add_change(l, &change);
            if (result != WEIR_OK) {
                return result;
            }
            put_to_segment(l, &half[i], change.to);
        }
    }
    return WEIR_OK;
}

/* ---- Told ----------------------------------------------------------------------------------------------- */

int states_explain(const struct told_state *told, bool arrives, const struct trace_segment *s)
{
    bool arrival = true;
    uint16_t flag = WEIR_TCP_ACK;

    switch (told->to) {
    case WEIR_TCP_SYN_SENT:
        arrival = false;
        flag = WEIR_TCP_SYN;
        break;
    case WEIR_TCP_FIN_WAIT_1:
    case WEIR_TCP_LAST_ACK:
        arrival = false;
        flag = WEIR_TCP_FIN;
        break;
    case WEIR_TCP_SYN_RECEIVED: flag = WEIR_TCP_SYN; break;
    case WEIR_TCP_CLOSE_WAIT:
    case WEIR_TCP_CLOSING: flag = WEIR_TCP_FIN; break;
    case WEIR_TCP_TIME_WAIT:
        flag = told->from == WEIR_TCP_CLOSING ? WEIR_TCP_ACK : WEIR_TCP_FIN;
        break;
    case WEIR_TCP_CLOSED:
        arrival = arrives;
        flag = told->from == WEIR_TCP_LAST_ACK ? WEIR_TCP_ACK : WEIR_TCP_RST;
        break;
    default: break;
    }
    /* Sending explains only its own kind: an ACK that leaves does not end TIME-WAIT. */
    if ((s->flags & flag) != 0) {
        return arrival == arrives ? 3 : 1;
    }
    return arrives && arrival && told->from != WEIR_TCP_TIME_WAIT ? 2 : 0;
}

static const struct half *find_cause(const struct ladder *l, const struct told_state *told,
                                     int64_t ns, const struct half *half, size_t n)
{
    const struct half *best = NULL;
    int best_score = 0;
    bool awaits_ack = told->to == WEIR_TCP_FIN_WAIT_2 || told->from == WEIR_TCP_LAST_ACK ||
                      told->from == WEIR_TCP_CLOSING;

    for (size_t i = 0; i < n; i++) {
        if (half[i].ns != ns) {
            continue;
        }
        const struct ladder_segment *s = &l->segments[half[i].index];
        int score = states_explain(told, half[i].arrival, &s->wire) * 2;
        /* Of several of one instant it is the one that acknowledges the FIN. */
        score += awaits_ack && half[i].arrival && (s->facts & LADDER_FACT_ACKS_FIN) != 0;
        if (score > best_score) {
            best = &half[i];
            best_score = score;
        }
    }
    return best;
}

static int tell_side(struct ladder *l, enum trace_side side, const struct half *half, size_t n)
{
    bool first = !l->initial_told[side];

    for (size_t i = 0; i < l->told_count; i++) {
        struct told_state *told = &l->told[i];
        if (told->side != side) {
            continue;
        }
        if (first) {
            l->info.side[side].initial_state = told->from;
            first = false;
        }
        int64_t ns = (int64_t)(told->time - l->info.origin);
        const struct half *cause = find_cause(l, told, ns, half, n);
        if (cause != NULL) {
            told->segment = l->segments[cause->index].number;
            put_to_segment(l, cause, told->to);
        }
        struct ladder_change change = {.time = {ns, LADDER_MEASURED},
                                       .side = side,
                                       .from = told->from,
                                       .to = told->to,
                                       .segment = told->segment};
        int result = add_change(l, &change);
        if (result != WEIR_OK) {
            return result;
        }
    }
    return WEIR_OK;
}

static bool was_told(const struct ladder *l, enum trace_side side)
{
    for (size_t i = 0; i < l->told_count; i++) {
        if (l->told[i].side == side) {
            return true;
        }
    }
    return false;
}

int states_fill(struct ladder *l)
{
    struct half *half = malloc((l->segment_count + 1) * sizeof(*half));
    int result = WEIR_OK;

    if (half == NULL) {
        return WEIR_ENOBUFS;
    }
    for (int i = 0; i < 2 && result == WEIR_OK; i++) {
        enum trace_side side = (enum trace_side)i;
        size_t n = collect_halves(l, side, half);
        result = was_told(l, side) ? tell_side(l, side, half, n) : infer_side(l, side, half, n);
    }
    free(half);
    return result;
}
