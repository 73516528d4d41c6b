/*
 * stream_time.c - the far side's clock, as times.c estimates it, with what is known so far: half the
 * handshake's round trip, and no answer before what it answers has arrived.
 */
#include "trace/stream_private.h"

static bool acks(const struct trace_segment *answer, const struct trace_segment *wire)
{
    uint32_t end = wire->seq + trace_segment_span(wire);

    return (answer->flags & WEIR_TCP_ACK) != 0 && (int32_t)(answer->ack - end) >= 0;
}

void stream_learn_rtt(struct stream *s, const struct pending *p)
{
    struct ladder_info *info = &s->ladder->info;
    const struct trace_segment *wire = &p->s.wire;
    bool syn = (wire->flags & WEIR_TCP_SYN) != 0;

    if (info->vantage == LADDER_AT_BOTH) {
        bool server = wire->side == LADDER_SERVER;
        if (info->rtt_ns > 0 || !syn || p->s.arrived.known != LADDER_MEASURED) {
            return;
        }
        if (!server) {
            s->syn_sent = p->s.sent.ns;
            s->syn_seen = true;
        } else if (s->syn_seen && (wire->flags & WEIR_TCP_ACK) != 0) {
            info->rtt_ns = p->s.arrived.ns - s->syn_sent;
        }
    } else if (s->clues.stage < 3) {
        vantage_look(&s->clues, wire);
        if (s->clues.complete && stream_estimates(s)) {
            bool client = info->vantage == LADDER_AT_CLIENT;
            info->rtt_ns = (int64_t)(client ? s->clues.syn_gap : s->clues.ack_gap);
        }
    }
}

/* The first answer that is already here; NULL: it takes at least a round trip, as it should. */
static struct pending *early_answer(struct stream *s, const struct pending *p)
{
    bool probe = p->s.class == LADDER_ZERO_WINDOW_PROBE || p->s.class == LADDER_KEEPALIVE;
    size_t looked = 0;

    if (trace_segment_span(&p->s.wire) == 0 && !probe) {
        return NULL;
    }
    for (size_t i = 0; i < s->judging[0].count && looked < LOOK_MAX; i++, looked++) {
        struct pending *answer = line_of_at(&s->judging[0], i)->p;
        if (answer->key >= p->key + s->ladder->info.rtt_ns) {
            return NULL;
        }
        if (answer->s.wire.side != p->s.wire.side &&
            (acks(&answer->s.wire, &p->s.wire) || (probe && answer->s.wire.length == 0))) {
            return answer;
        }
    }
    return NULL;
}

static void estimate_departing(struct stream *s, struct pending *p, int64_t rtt)
{
    p->s.sent.known = LADDER_MEASURED;
    p->s.arrived.known = rtt > 0 ? LADDER_ESTIMATED : LADDER_UNKNOWN;
    p->s.arrived.ns += rtt / 2;
    struct pending *answer = rtt > 0 ? early_answer(s, p) : NULL;
    if (answer != NULL) {
        int64_t leaves = MAX(answer->key - rtt / 2, answer->floor);
        if (p->s.arrived.ns > leaves) {
            p->s.arrived.ns = answer->floor = p->s.sent.ns + (answer->key - p->s.sent.ns) / 2;
        }
    }
}

static void estimate_arriving(struct stream *s, struct pending *p, int64_t rtt)
{
    p->s.arrived.known = LADDER_MEASURED;
    p->s.sent.known = rtt > 0 ? LADDER_ESTIMATED : LADDER_UNKNOWN;
    int64_t sent = p->floor != INT64_MIN ? p->floor : p->s.sent.ns - rtt / 2;
    if (rtt > 0) {
        sent = MIN(MAX(sent, s->far_latest), p->s.arrived.ns);
    }
    p->s.sent.ns = s->far_latest = sent;
}

void stream_estimate(struct stream *s, struct pending *p)
{
    int64_t rtt = s->ladder->info.rtt_ns;

    if (!stream_estimates(s)) {
        return;
    }
    if (p->s.wire.side == s->ladder->info.reference) {
        estimate_departing(s, p, rtt);
    } else {
        estimate_arriving(s, p, rtt);
    }
}
