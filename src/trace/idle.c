/* idle.c - see idle.h. */
#include "trace/idle.h"

/* RFC 9293 3.8.6.3: an ACK is delayed by less than 0.5 s; some more for the timers of the day. */
#define DELAYED_MIN_NS (20 * (int64_t)WEIR_MS)
#define DELAYED_MAX_NS (600 * (int64_t)WEIR_MS)

static bool before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static bool outstanding(const struct idle_watch *w, enum trace_side side)
{
    return w->dir[side].started && before(w->dir[side].acked, w->dir[side].end);
}

enum ladder_cause idle_cause(const struct idle_watch *w, const struct ladder_segment *s,
                             int64_t idle_ns)
{
    enum trace_side own = (enum trace_side)s->wire.side, peer = trace_other(own);
    bool acks = (s->facts & LADDER_FACT_ACKS_NEW) != 0;

    if (s->cause != LADDER_CAUSE_NONE) {
        return s->cause;
    }
    if (s->class == LADDER_ACK && acks && outstanding(w, peer) && idle_ns >= DELAYED_MIN_NS &&
        idle_ns <= DELAYED_MAX_NS) {
        return LADDER_CAUSE_DELAYED_ACK;
    }
    if (s->class == LADDER_DATA && w->data_seen && w->last_data == peer && !outstanding(w, own)) {
        return LADDER_CAUSE_APPLICATION;
    }
    return LADDER_CAUSE_NONE;
}

void idle_note(struct idle_watch *w, const struct ladder_segment *s)
{
    enum trace_side own = (enum trace_side)s->wire.side, peer = trace_other(own);
    uint32_t end = s->wire.seq + trace_segment_span(&s->wire);

    if ((s->wire.flags & WEIR_TCP_RST) != 0) {
        return;
    }
    if (!w->dir[own].started || before(w->dir[own].end, end)) {
        w->dir[own].acked = w->dir[own].started ? w->dir[own].acked : s->wire.seq;
        w->dir[own].end = end;
        w->dir[own].started = true;
    }
    if ((s->wire.flags & WEIR_TCP_ACK) != 0 && before(w->dir[peer].acked, s->wire.ack)) {
        w->dir[peer].acked = s->wire.ack;
    }
    if (s->wire.length > 1) {
        w->data_seen = true;
        w->last_data = own;
    }
}
