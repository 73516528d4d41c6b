/* quickack.c - see quickack.h. */
#include "tcp/quickack.h"

#include "tcp/rtt.h"

#define ATO_MIN_MS 40u
#define ATO_MAX_MS 200u
#define QUICK_MAX 16u
#define OPTIONS_MAX 40u /* what a segment may be smaller or larger by without being another size */

static bool adaptive(const struct tcp_conn *c)
{
    return c->settings->o.quickack == WEIR_QUICKACK_ADAPTIVE;
}

static uint32_t now_ms(const struct tcp *t)
{
    return (uint32_t)(t->env->now / WEIR_MS);
}

static void more_quick(struct tcp_conn *c)
{
    uint64_t window = c->rcv_adv > c->rcv_nxt ? c->rcv_adv - c->rcv_nxt : 0;
    uint64_t segments = window / (2u * max_u32(c->rcv_mss, 1));
    uint32_t quick = segments ? (uint32_t)min_u64(segments, QUICK_MAX) : 2;

    c->quick = (uint8_t)max_u32(c->quick, quick);
}

void quickack_enter(struct tcp_conn *c)
{
    if (adaptive(c)) {
        more_quick(c);
        c->ack_flags &= (uint8_t)~QUICKACK_INTERACTIVE;
        c->ato_ms = ATO_MIN_MS;
    }
}

/* The largest segment seen is the full-sized one. */
static void measure(struct tcp_conn *c, uint32_t segment)
{
    if (segment >= c->rcv_mss) {
        if (segment > c->rcv_mss + OPTIONS_MAX) {
            c->ack_flags |=
                QUICKACK_SMALL; /* what was full-sized so far may have been a small one */
        }
        c->rcv_mss = (uint16_t)min_u32(segment, UINT16_MAX);
    } else {
        c->ack_flags |= c->ack_flags & QUICKACK_SMALL ? QUICKACK_SMALL2 : QUICKACK_SMALL;
    }
}

/* The time an ACK waits follows the gaps between segments; a gap longer than the RTO means that the peer
 * starts slowly again. */
static void adapt(struct tcp *t, struct tcp_conn *c)
{
    uint32_t now = now_ms(t), gap = now - c->data_in_ms;

    if (c->ato_ms == 0) {
        more_quick(c);
        c->ato_ms = ATO_MIN_MS;
    } else if (gap <= ATO_MIN_MS / 2) {
        c->ato_ms = (uint8_t)(c->ato_ms / 2 + ATO_MIN_MS / 2);
    } else if (gap < c->ato_ms) {
        c->ato_ms = (uint8_t)min_u32(c->ato_ms / 2 + gap, ATO_MAX_MS);
    } else if (gap > rtt_rto(c) / WEIR_MS) {
        more_quick(c);
    }
    c->data_in_ms = now;
}

/* No longer than a round trip: the sender would be idle for the rest. */
static weir_time delay(const struct tcp_conn *c)
{
    weir_time wait = c->settings->o.delayed_ack_time;

    if (c->ato_ms > ATO_MIN_MS) {
        weir_time most = ATO_MAX_MS * WEIR_MS;

        if (c->srtt8_us) {
            most = min_u64(most, max_u64(rtt_srtt(c), ATO_MIN_MS * WEIR_MS));
        }
        wait = max_u64(wait, min_u64(c->ato_ms * WEIR_MS, most));
    }
    return wait;
}

static void later(struct tcp *t, struct tcp_conn *c)
{
    weir_time wait = delay(c), at = t->env->now + wait;

    if (c->delack_at != WEIR_NEVER && c->delack_at <= t->env->now + wait / 4) {
        c->ack_now = 1;
    } else {
        c->delack_at = min_u64(c->delack_at, at);
    }
}

static void arrived_adaptive(struct tcp *t, struct tcp_conn *c, bool filled_hole)
{
    bool quick = c->quick && !(c->ack_flags & QUICKACK_INTERACTIVE);

    /* MUST-58, SHLD-18: no more than one full-sized segment waits */
    if (filled_hole || quick || c->rcv_nxt - c->rcv_acked > c->rcv_mss ||
        !c->settings->o.delayed_ack) {
        c->ack_now = 1;
    } else if (!c->ack_now) {
        later(t, c);
    }
}

/* At least every second full-sized segment at once, the rest a little later. A second segment of any size
 * is acknowledged at once too: a sender with two in flight counts on it (RFC 8985 7.2 allows for a delayed
 * ACK only when there is one) and would send the last one again as a probe. */
static void arrived_plain(struct tcp *t, struct tcp_conn *c, const struct seg_in *in,
                          bool filled_hole)
{
    if (!c->settings->o.delayed_ack || filled_hole || in->segments > 1 ||
        c->delack_at != WEIR_NEVER) {
        c->ack_now = 1;
    } else {
        c->delack_at = t->env->now + c->settings->o.delayed_ack_time;
    }
}

void quickack_arrived(struct tcp *t, struct tcp_conn *c, const struct seg_in *in, bool filled_hole)
{
    uint32_t segment = in->segments > 1 ? in->size / in->segments + 1 : in->size;

    measure(c, segment);
    adapt(t, c);
    if (adaptive(c)) {
        arrived_adaptive(t, c, filled_hole);
    } else {
        arrived_plain(t, c, in, filled_hole);
    }
}

void quickack_sent(struct tcp_conn *c)
{
    if (c->quick && (c->ack_now || c->acks_owed || c->delack_at != WEIR_NEVER)) {
        c->quick--;
        if (c->quick == 0) {
            c->ato_ms = ATO_MIN_MS;
        }
    }
    c->ack_flags &= (uint8_t) ~(QUICKACK_SMALL | QUICKACK_SMALL2);
}

/* An answer within the time that an ACK would have waited: the next one will come as quickly. */
void quickack_data_sent(struct tcp *t, struct tcp_conn *c)
{
    if (now_ms(t) - c->data_in_ms < c->ato_ms) {
        c->ack_flags |= QUICKACK_INTERACTIVE;
    }
}

void quickack_answers_syn_ack(struct tcp *t, struct tcp_conn *c)
{
    quickack_enter(c);
    c->data_in_ms = now_ms(t);
}

/* An ACK had to go alone: there is no answer to ride on, or it takes longer. */
void quickack_timer(struct tcp_conn *c)
{
    if (c->ack_flags & QUICKACK_INTERACTIVE) {
        c->ack_flags &= (uint8_t)~QUICKACK_INTERACTIVE;
        c->ato_ms = ATO_MIN_MS;
    } else {
        c->ato_ms = (uint8_t)min_u32(c->ato_ms * 2u, ATO_MAX_MS);
    }
}

void quickack_read(struct tcp_conn *c)
{
    bool ended = (c->ack_flags & QUICKACK_SMALL2) ||
                 (c->ack_flags & (QUICKACK_SMALL | QUICKACK_INTERACTIVE)) == QUICKACK_SMALL;

    if (c->delack_at != WEIR_NEVER && adaptive(c) && ended && c->recvq_bytes == 0) {
        c->ack_now = 1;
    }
}

void quickack_set(struct tcp_conn *c, uint64_t value)
{
    if (value == 0) {
        c->ack_flags |= QUICKACK_INTERACTIVE;
        return;
    }
    c->ack_flags &= (uint8_t)~QUICKACK_INTERACTIVE;
    if (c->delack_at != WEIR_NEVER) {
        c->ack_now = 1;
    }
    if (!(value & 1)) { /* this once */
        c->ack_flags |= QUICKACK_INTERACTIVE;
    }
}
