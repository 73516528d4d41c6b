/* ecn.c - see ecn.h: the receiver's echo, the sender's answer to it, and what each segment carries. */
#include "tcp/ecn.h"

#include "tcp/cc.h"
#include "tcp/cold.h"
#include "tcp/output.h"
#include "tcp/recovery.h"
#include "tcp/trace.h"

struct ecn_state *ecn_of(const struct tcp *t, const struct tcp_conn *c)
{
    struct tcp_cold *cold = cold_of(t, c);

    return cold ? &cold->ecn : NULL;
}

static bool is_dctcp(const struct tcp_conn *c)
{
    return c->cc == &cc_dctcp;
}

/* L4S marks by other rules, for those who can take it (RFC 9331 4.1). */
static uint8_t ect_of(const struct tcp_conn *c)
{
    return c->accecn && c->cc == &cc_prague ? ECN_ECT1 : ECN_ECT0;
}

/* ---- Receiving data --------------------------------------------------------------------------------------- */

/* RFC 8257 3.2: ECE is the mark of the segments that an ACK covers, so what came before a change is acknowledged
 * apart. More changes than can be kept: the latest ones count. */
static void echo_exactly(struct tcp_conn *c, struct ecn_state *n, bool ce)
{
    if (ce == n->echo) {
        return;
    }
    if (c->rcv_acked < c->rcv_nxt) {
        if (n->changes == ECN_CHANGES_MAX) {
            memmove(n->change, n->change + 1, (ECN_CHANGES_MAX - 1) * sizeof(n->change[0]));
            n->changes--;
        }
        n->change[n->changes++] = (struct ecn_change){c->rcv_nxt, n->echo};
    }
    n->echo = ce;
    c->ack_now = 1;
}

/* RFC 3168 6.1.3. Both ends of an echo are told at once: the sender's window may be very small. */
static void echo_until_cwr(struct tcp_conn *c, struct ecn_state *n, const struct tcp_segment *s)
{
    if (s->flags & WEIR_TCP_CWR) {
        n->echo = false;
        c->ack_now = 1;
    }
    if (s->ecn == ECN_CE && !n->echo) {
        n->echo = true;
        c->ack_now = 1;
    }
}

void ecn_segment_in(struct tcp *t, struct tcp_conn *c, const struct seg_in *in)
{
    struct ecn_state *n = ecn_of(t, c);
    bool ce = in->s->ecn == ECN_CE;

    if (in->s->flags & WEIR_TCP_SYN) {
        return;
    }
    if (c->accecn) {
        accecn_segment_in(c, n, in);
    } else if (in->size == 0) {
        return;
    } else if (is_dctcp(c)) {
        echo_exactly(c, n, ce);
    } else {
        echo_until_cwr(c, n, in->s);
    }
    if (ce) {
        n->ce_received += in->segments;
        n->ce_received_bytes += in->size;
    }
}

void ecn_duplicate_in(struct tcp *t, struct tcp_conn *c, const struct seg_in *in)
{
    if (c->accecn) { /* it counts packets; the echo of RFC 3168 is about new data */
        ecn_segment_in(t, c, in);
    }
}

/* ---- Receiving feedback ----------------------------------------------------------------------------------- */

void ecn_reduced(struct tcp *t, struct tcp_conn *c)
{
    struct ecn_state *n = ecn_of(t, c);

    n->window_end = c->snd_nxt;
    n->cwr_due = !c->accecn;
}

void ecn_respond(struct tcp *t, struct tcp_conn *c, const struct ack_info *info)
{
    ecn_reduced(t, c);
    if (!c->cc->own_recovery) { /* else on_feedback has told it */
        recovery_enter_cwr(t, c, info);
    }
}

void ecn_ack_in(struct tcp *t, struct tcp_conn *c, const struct seg_in *in, struct ack_info *info)
{
    struct ecn_state *n = ecn_of(t, c);
    uint32_t delivered = info->acked + info->sacked, mss = max_u32(c->mss_base, 1);

    if (c->accecn) {
        accecn_ack_in(c, n, in, info);
    } else if (in->s->flags & WEIR_TCP_ECE) {
        info->ece = true;
        info->ce_bytes = delivered;
        info->ce_segments = (delivered + mss - 1) / mss;
    }
    n->delivered_ce += info->ce_segments;
    n->delivered_ce_bytes += info->ce_bytes;
    if (n->ignore) {
        info->ece = false;
        return;
    }
    if (c->cc->on_feedback) {
        c->cc->on_feedback(c, info, t->env->now);
    }
    /* once a window; a loss in this window has reduced already (RFC 3168 6.1.2) */
    if (info->ece && (c->recovery == TCP_OPEN || c->recovery == TCP_CWR) &&
        in->ack > n->window_end) {
        ecn_respond(t, c, info);
    }
}

/* ---- Sending -------------------------------------------------------------------------------------------------- */

bool ecn_ack_due(const struct tcp *t, const struct tcp_conn *c)
{
    const struct ecn_state *n = ecn_of(t, c);

    return n->changes > 0 || n->handshake_due;
}

/* An ACK of what came before a change. The right edge of the window stays where it is. */
static void acknowledge_change(struct tcp_conn *c, struct ecn_state *n, struct tcp_segment *s)
{
    struct ecn_change first = n->change[0];
    uint64_t behind = (c->rcv_nxt - first.ack) >> c->rcv_wscale;

    n->changes--;
    memmove(n->change, n->change + 1, n->changes * sizeof(n->change[0]));
    s->ack = seq_wire(first.ack);
    s->window = (uint16_t)min_u64(s->window + behind, UINT16_MAX);
    s->flags |= first.ce ? WEIR_TCP_ECE : 0;
    c->ack_now = 1; /* what followed the change is still owed */
}

static void put_classic(struct tcp_conn *c, struct ecn_state *n, struct tcp_segment *s, bool data,
                        bool own)
{
    if (own && n->changes) {
        acknowledge_change(c, n, s);
        return;
    }
    if (n->echo) {
        s->flags |= WEIR_TCP_ECE;
    }
    if (data && n->cwr_due) {
        s->flags |= WEIR_TCP_CWR;
        n->cwr_due = false;
    }
}

static void put_accurate(struct tcp *t, struct ecn_state *n, struct tcp_segment *s, bool data,
                         bool own)
{
    if (own || (n->reflect && s->payload_size == 0 && !(s->flags & WEIR_TCP_FIN))) {
        /* RFC 9768 3.2.2.1: without SACK blocks */
        s->flags |= ecn_reflection(n->handshake_ect);
        s->options.present &= (uint16_t)~WEIR_SEGMENT_SACK;
        s->options.sack_count = 0;
        n->handshake_due = n->handshake_due && !own;
    } else {
        s->flags |= ecn_ace_flags(n->r.cep);
    }
    n->reflect = false;
    n->acked_cep = n->r.cep;
    accecn_option_sent(t, n, s, data);
}

void ecn_segment_out(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e, bool data, bool own)
{
    struct ecn_state *n = ecn_of(t, c);
    struct tcp_segment *s = &e->segment;

    if (s->flags & (WEIR_TCP_SYN | WEIR_TCP_RST)) {
        return;
    }
    data = data && e->payload_size;
    if (c->accecn) {
        put_accurate(t, n, s, data, own);
    } else {
        put_classic(c, n, s, data, own);
    }
    if ((data || c->accecn) && !n->no_ect) {
        s->ecn = ect_of(c);
    }
}

void ecn_info(const struct tcp *t, const struct tcp_conn *c, struct weir_tcp_info *i)
{
    const struct ecn_state *n = c->ecn ? ecn_of(t, c) : NULL;

    i->ecn = c->accecn ? WEIR_ECN_FEEDBACK_ACCURATE
             : c->ecn  ? WEIR_ECN_FEEDBACK_CLASSIC
                       : WEIR_ECN_FEEDBACK_NONE;
    if (!n) {
        return;
    }
    i->ecn_capable = !n->no_ect;
    i->delivered_ce = n->delivered_ce;
    i->delivered_ce_bytes = n->delivered_ce_bytes;
    i->ce_received = n->ce_received;
    i->ce_received_bytes = n->ce_received_bytes;
    if (c->accecn) {
        i->delivered_ect0_bytes = n->s.e0b - 1;
        i->delivered_ect1_bytes = n->s.e1b - 1;
        i->ect0_received_bytes = n->r.e0b - 1;
        i->ect1_received_bytes = n->r.e1b - 1;
    }
}
