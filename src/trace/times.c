/*
 * times.c - when was it sent, when did it arrive?
 *
 * A virtual run tells both. A capture tells one of them: the near side's. For the far side half the
 * handshake's round trip is added or taken off, and then corrected where that would make an ACK leave
 * before what it acknowledges has arrived: then both get the middle of what was measured.
 */
#include <stdlib.h>

#include "base/compiler.h"
#include "trace/ladder_private.h"
#include "trace/vantage.h"

/* ---- Order and origin ----------------------------------------------------------------------------------- */

/* The shortest flight from server to client: where to put those that never arrived. */
static int64_t shortest_flight(const struct ladder *l)
{
    int64_t shortest = INT64_MAX;

    for (size_t i = 0; i < l->segment_count; i++) {
        const struct ladder_segment *s = &l->segments[i];
        if (s->wire.side == LADDER_SERVER && s->arrived.known == LADDER_MEASURED) {
            shortest = MIN(shortest, s->arrived.ns - s->sent.ns);
        }
    }
    return shortest == INT64_MAX ? 0 : shortest;
}

/* A sort key beside the segment, so that equal times keep the order in which they were told. */
struct keyed {
    int64_t ns;
    struct ladder_segment segment;
    size_t index;
};

static int by_reference(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;

    if (x->ns != y->ns) {
        return x->ns < y->ns ? -1 : 1;
    }
    return x->index < y->index ? -1 : 1;
}

/* The client is the reference: what it sends counts when it is sent, what it gets when it arrives. */
static int order_by_client(struct ladder *l)
{
    int64_t flight = shortest_flight(l);
    struct keyed *keyed = malloc((l->segment_count + 1) * sizeof(*keyed));

    if (keyed == NULL) {
        return WEIR_ENOBUFS;
    }
    for (size_t i = 0; i < l->segment_count; i++) {
        const struct ladder_segment *s = &l->segments[i];
        bool lost = s->arrived.known == LADDER_LOST;
        int64_t ns = s->wire.side == LADDER_CLIENT ? s->sent.ns
                     : lost                        ? s->sent.ns + flight
                                                   : s->arrived.ns;
        keyed[i] = (struct keyed){ns, *s, i};
    }
    qsort(keyed, l->segment_count, sizeof(*keyed), by_reference);
    for (size_t i = 0; i < l->segment_count; i++) {
        l->segments[i] = keyed[i].segment;
    }
    free(keyed);
    return WEIR_OK;
}

int times_order(struct ladder *l)
{
    if (l->info.vantage == LADDER_AT_BOTH) {
        int result = order_by_client(l);
        if (result != WEIR_OK) {
            return result;
        }
    }
    if (l->segment_count > 0) {
        const struct ladder_segment *first = &l->segments[0];
        bool by_client = first->wire.side == LADDER_CLIENT || first->arrived.known == LADDER_LOST;
        l->info.origin = (weir_time)(by_client ? first->sent.ns : first->arrived.ns);
    }
    for (size_t i = 0; i < l->segment_count; i++) {
        struct ladder_segment *s = &l->segments[i];
        s->number = (uint32_t)i + 1;
        s->sent.ns -= (int64_t)l->info.origin;
        s->arrived.ns -= (int64_t)l->info.origin;
    }
    return WEIR_OK;
}

/* ---- Estimates -------------------------------------------------------------------------------------------- */

static bool acks(const struct ladder_segment *answer, const struct ladder_segment *s)
{
    uint32_t end = s->wire.seq + trace_segment_span(&s->wire);

    return (answer->wire.flags & WEIR_TCP_ACK) != 0 && (int32_t)(answer->wire.ack - end) >= 0;
}

/* The round trip of a run of which both ends are known. */
static int64_t true_rtt(const struct ladder *l)
{
    const struct ladder_segment *syn = NULL;

    for (size_t i = 0; i < l->segment_count; i++) {
        const struct ladder_segment *s = &l->segments[i];
        bool is_syn = (s->wire.flags & WEIR_TCP_SYN) != 0;
        if (!is_syn || s->arrived.known != LADDER_MEASURED) {
            continue;
        }
        if (s->wire.side == LADDER_CLIENT) {
            syn = syn == NULL || s->class == LADDER_SYN_RETX ? s : syn;
        } else if (syn != NULL && acks(s, syn)) { /* not a SYN that only crosses it */
            return s->arrived.ns - syn->sent.ns;
        }
    }
    return 0;
}

static int64_t captured_rtt(const struct ladder *l)
{
    struct trace_segment *wire = malloc((l->segment_count + 1) * sizeof(*wire));
    int64_t rtt = 0;

    if (wire != NULL) { /* without memory there are no estimates, and nothing worse */
        for (size_t i = 0; i < l->segment_count; i++) {
            wire[i] = l->segments[i].wire;
        }
        rtt = (int64_t)vantage_rtt(wire, l->segment_count, l->info.vantage);
        free(wire);
    }
    return rtt;
}

static void estimate_one(struct ladder_segment *s, enum trace_side near, int64_t rtt)
{
    bool leaves = s->wire.side == near;
    enum ladder_known far = rtt > 0 ? LADDER_ESTIMATED : LADDER_UNKNOWN;

    (leaves ? &s->sent : &s->arrived)->known = LADDER_MEASURED;
    (leaves ? &s->arrived : &s->sent)->known = far;
    if (leaves) {
        s->arrived.ns += rtt / 2;
    } else {
        s->sent.ns -= rtt / 2;
    }
}

/* `answer` cannot have left before `s` arrived. */
static void arrive_first(struct ladder_segment *s, struct ladder_segment *answer)
{
    if (s->arrived.ns > answer->sent.ns) {
        s->arrived.ns = answer->sent.ns = s->sent.ns + (answer->arrived.ns - s->sent.ns) / 2;
    }
}

static bool is_probe(const struct ladder_segment *s)
{
    return s->class == LADDER_ZERO_WINDOW_PROBE || s->class == LADDER_KEEPALIVE;
}

/* The far side cannot acknowledge what it has not got. Each segment of the near side is acknowledged
 * once, so `oldest` only moves forward. */
static void order_far_side(struct ladder *l, enum trace_side near)
{
    struct ladder_segment *probe = NULL;
    size_t oldest = 0;
    int64_t latest = INT64_MIN;

    for (size_t i = 0; i < l->segment_count; i++) {
        struct ladder_segment *answer = &l->segments[i];
        if (answer->wire.side == near) {
            probe = is_probe(answer) ? answer : probe;
            continue;
        }
        for (; oldest < i; oldest++) {
            struct ladder_segment *s = &l->segments[oldest];
            if (s->wire.side != near || trace_segment_span(&s->wire) == 0) {
                continue;
            }
            if (!acks(answer, s)) {
                break;
            }
            arrive_first(s, answer);
        }
        if (probe != NULL && (answer->facts & LADDER_FACT_ANSWERS_PROBE) != 0) {
            arrive_first(probe, answer);
        }
        answer->sent.ns = MIN(MAX(answer->sent.ns, latest), answer->arrived.ns);
        latest = answer->sent.ns;
    }
}

static void estimate_far_side(struct ladder *l)
{
    enum trace_side near = l->info.reference;

    for (size_t i = 0; i < l->segment_count; i++) {
        estimate_one(&l->segments[i], near, l->info.rtt_ns);
    }
    if (l->info.rtt_ns > 0) {
        order_far_side(l, near);
    }
}

void times_estimate(struct ladder *l)
{
    switch (l->info.vantage) {
    case LADDER_AT_BOTH: l->info.rtt_ns = true_rtt(l); break;
    case LADDER_AT_CLIENT:
    case LADDER_AT_SERVER:
        l->info.rtt_ns = captured_rtt(l);
        estimate_far_side(l);
        break;
    default: break;
    }
    /* Sent again: only a tap at the receiver, or the truth, can say whether this copy arrived. */
    for (size_t i = 0; i < l->segment_count; i++) {
        struct ladder_segment *s = &l->segments[i];
        if (l->info.vantage == LADDER_AT_BOTH || s->arrived.known == LADDER_MEASURED) {
            s->facts &= ~(uint32_t)LADDER_FACT_RESENT;
        } else if ((s->facts & LADDER_FACT_RESENT) != 0) {
            s->arrived.known = LADDER_UNKNOWN;
        }
    }
}
