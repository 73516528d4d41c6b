/*
 * input.c - see input.h: SEGMENT ARRIVES for a connection.
 *
 * Reading order: tcp_input at the end; input_synchronized is RFC 9293 3.10.7.4's list, one call a step;
 * SYN-SENT is synsent.c; the text and the FIN are text.c; how often a bad segment is answered is challenge.c.
 */
#include "tcp/input.h"

#include "tcp/ack.h"
#include "tcp/challenge.h"
#include "tcp/dsack.h"
#include "tcp/ecn.h"
#include "tcp/fastopen.h"
#include "tcp/reassembly.h"
#include "tcp/state.h"
#include "tcp/synsent.h"
#include "tcp/tcp.h"
#include "tcp/text.h"
#include "tcp/timeout.h"
#include "tcp/trace.h"
#include "tcp/urgent.h"
#include "tcp/uto.h"
#include "tcp/window.h"

/* RFC 7323 5: a timestamp older than the last good one means an old duplicate. */
static bool paws_rejects(struct tcp *t, const struct tcp_conn *c, const struct tcp_segment *s)
{
    return (int32_t)(s->options.ts_val - c->ts_recent) < 0 &&
           t->env->now - c->ts_recent_at < TCP_PAWS_IDLE;
}

/* Of an acceptable segment whose ACK is acceptable too: who guesses a place in the window is not to say what
 * PAWS goes by (RFC 5961 5.2). */
static void remember_timestamp(struct tcp *t, struct tcp_conn *c, const struct seg_in *in)
{
    const struct tcp_options *o = &in->s->options;

    if ((o->present & WEIR_SEGMENT_TIMESTAMPS) && in->seq <= c->rcv_acked &&
        ((int32_t)(o->ts_val - c->ts_recent) >= 0 ||
         t->env->now - c->ts_recent_at >= TCP_PAWS_IDLE)) { /* worth nothing any more: 5.5 */
        c->ts_recent = o->ts_val;
        c->ts_recent_at = t->env->now;
    }
}

/* Bytes the segment takes in sequence space. */
static uint32_t length(const struct seg_in *in)
{
    return in->size + in->fin + ((in->s->flags & WEIR_TCP_SYN) != 0);
}

/* RFC 9293 3.4's four cases. An empty segment at the very right edge is accepted: it is what a peer sends
 * that has filled our window. */
static bool in_window(const struct tcp_conn *c, const struct seg_in *in)
{
    uint32_t size = length(in);

    if (size == 0) {
        return in->seq >= c->rcv_nxt && in->seq <= c->rcv_adv;
    }
    return in->seq < c->rcv_adv && in->seq + size > c->rcv_nxt;
}

/* A segment that carries data into a closed window at the right place: its ACK and RST count, its text
 * does not (RFC 9293 3.10.7.4). */
static bool zero_window_exception(const struct tcp_conn *c, struct seg_in *in)
{
    if (c->rcv_adv != c->rcv_nxt || in->seq != c->rcv_nxt) {
        return false;
    }
    in->size = 0;
    in->fin = false;
    return true;
}

/* A probe of a window that is closed: who waits for it to open needs each answer. */
static bool is_window_probe(const struct tcp_conn *c, const struct seg_in *in)
{
    return in->seq + 1 == c->rcv_nxt && c->rcv_adv == c->rcv_nxt;
}

static void refuse_sequence(struct tcp *t, struct tcp_conn *c, const struct seg_in *in,
                            enum weir_drop why)
{
    bool rst = (in->s->flags & WEIR_TCP_RST) != 0;

    trace_drop(t, c->id, rst ? WEIR_DROP_RST_WINDOW : why, in->s);
    if (rst) {
        return;
    }
    if (in->size && why == WEIR_DROP_SEQUENCE) { /* duplicates: each is answered (RFC 5681 4.2) */
        if (UNLIKELY(c->ecn) && in->seq + in->size <= c->rcv_nxt) {
            ecn_duplicate_in(t, c, in);
        }
        dsack_note(t, c, in->seq, min_u64(in->seq + in->size, c->rcv_nxt));
        c->acks_owed = (uint16_t)min_u32(c->acks_owed + in->segments, UINT16_MAX);
    } else if (in->size || is_window_probe(c, in) || challenge_spaced(t, c)) {
        /* two ends that take each other's ACKs for bad ones would answer for ever */
        input_owe_ack(t, c, false);
    }
    if (c->state == WEIR_TCP_TIME_WAIT && (in->s->flags & WEIR_TCP_FIN) && why != WEIR_DROP_PAWS) {
        c->rto_at = t->env->now + 2 * t->env->config.msl; /* their FIN again: RFC 9293 3.10.7.4 */
    }
}

/* What timestamps say about a segment; RSTs are exempt (RFC 7323 5.2). One that has none is judged by its
 * number alone: 3.2 would have it dropped, which breaks with peers and middleboxes that leave them out. */
static bool check_timestamp(struct tcp *t, struct tcp_conn *c, const struct seg_in *in)
{
    if ((in->s->flags & WEIR_TCP_RST) ||
        UNLIKELY(!(in->s->options.present & WEIR_SEGMENT_TIMESTAMPS))) {
        return true;
    }
    if (UNLIKELY(paws_rejects(t, c, in->s))) {
        refuse_sequence(t, c, in, WEIR_DROP_PAWS);
        return false;
    }
    return true;
}

/* A peer that lost the state of a connection after it had sent its FIN may name the FIN itself. */
static bool is_rst_at_fin(const struct tcp_conn *c, const struct seg_in *in)
{
    return (in->s->flags & WEIR_TCP_RST) && c->fin_received && in->seq + 1 == c->rcv_nxt &&
           c->state != WEIR_TCP_TIME_WAIT;
}

/* First: the sequence number. */
static bool check_sequence(struct tcp *t, struct tcp_conn *c, struct seg_in *in)
{
    if (c->timestamps && !check_timestamp(t, c, in)) {
        return false;
    }
    if (UNLIKELY(!in_window(c, in)) && !is_rst_at_fin(c, in)) {
        if (!zero_window_exception(c, in)) {
            refuse_sequence(t, c, in, WEIR_DROP_SEQUENCE);
            return false;
        }
        trace_drop(t, c->id, WEIR_DROP_RECEIVE_BUFFER, in->s);
        input_owe_ack(t, c, false);
    }
    return true;
}

/* The end of everything that was SACKed: where the peer is, though we miss something before it. */
static bool is_at_sacked_edge(const struct tcp_conn *c, seq_pos seq)
{
    const struct ranges *r = c->reassembly ? &c->reassembly->ranges : NULL;

    return c->sack && r && r->count && r->at[r->count - 1].end == seq;
}

/* Second: RST (RFC 5961 3). */
static void handle_rst(struct tcp *t, struct tcp_conn *c, const struct seg_in *in)
{
    if (in->seq != c->rcv_nxt && !is_at_sacked_edge(c, in->seq) && !is_rst_at_fin(c, in)) {
        trace_drop(t, c->id, WEIR_DROP_RST_SEQUENCE, in->s);
        input_owe_ack(t, c, true);
        return;
    }
    switch (c->state) {
    case WEIR_TCP_SYN_RECEIVED:
        tcp_finish(t, c, c->passive ? WEIR_ECONNRESET : WEIR_ECONNREFUSED, WEIR_REASON_RST_IN);
        break;
    case WEIR_TCP_TIME_WAIT:
        if (!t->env->config.time_wait_ignore_rst) {
            tcp_finish(t, c, 0, WEIR_REASON_RST_IN);
        }
        break;
    default: tcp_finish(t, c, WEIR_ECONNRESET, WEIR_REASON_RST_IN); break;
    }
}

void tcp_syn_refused(struct tcp *t, struct tcp_conn *c, const struct tcp_segment *s)
{
    trace_drop(t, c->id, WEIR_DROP_SYN_CHALLENGE, s);
    input_owe_ack(t, c, true);
}

/* Fourth: SYN. Never acceptable here (RFC 5961 4); in TIME-WAIT a newer one may open the next connection
 * (RFC 9293 3.6.1, RFC 6191). */
static enum tcp_verdict handle_syn(struct tcp *t, struct tcp_conn *c, const struct seg_in *in)
{
    if (c->state == WEIR_TCP_TIME_WAIT &&
        tcp_time_wait_newer(in->s, seq_wire(c->rcv_nxt), c->timestamps ? &c->ts_recent : NULL)) {
        return TCP_VERDICT_LISTEN;
    }
    if (c->accecn && !c->passive && (in->s->flags & WEIR_TCP_ACK) && in->s->seq == c->irs) {
        ecn_syn_again(t, c, in->s);
    }
    if (c->state == WEIR_TCP_SYN_RECEIVED && c->passive && in->s->seq == c->irs &&
        !(in->s->flags & WEIR_TCP_ACK)) {
        c->syn_due = 1; /* Fast Open: their SYN again, our SYN,ACK was lost */
        return TCP_VERDICT_DONE;
    }
    tcp_syn_refused(t, c, in->s);
    return TCP_VERDICT_DONE;
}

/* Fifth, for SYN-RECEIVED: the ACK of our SYN. */
static enum tcp_verdict complete_handshake(struct tcp *t, struct tcp_conn *c,
                                           const struct seg_in *in)
{
    if (in->ack <= c->snd_una || in->ack > c->snd_nxt) {
        trace_drop(t, c->id, WEIR_DROP_HALF_OPEN_ACK, in->s);
        return TCP_VERDICT_RST;
    }
    c->snd_wl1 = in->s->seq;
    c->snd_wl2 = in->s->ack;
    c->snd_wnd = (uint32_t)in->s->window << c->snd_wscale;
    c->max_snd_wnd = c->snd_wnd;
    c->snd_una =
        c->flight->tx_head ? c->snd_una + 1 : c->snd_nxt; /* Fast Open may have sent data */
    if (c->fastopen && c->passive) {
        fastopen_sample(t, c, &in->s->options);
    }
    tcp_established(t, c, WEIR_REASON_ACK_IN);
    if (c->ecn) {
        ecn_established(t, c, in);
    }
    return TCP_VERDICT_DONE;
}

static enum tcp_verdict input_synchronized(struct tcp *t, struct tcp_conn *c, struct seg_in *in)
{
    uint16_t flags = in->s->flags;

    if (UNLIKELY(c->simultaneous && c->state == WEIR_TCP_SYN_RECEIVED && (flags & WEIR_TCP_SYN))) {
        if (!synsent_crossing_syn_ack(t, c, in)) {
            return TCP_VERDICT_DONE;
        }
        flags &= (uint16_t)~WEIR_TCP_SYN;
    } else if (UNLIKELY((flags & (WEIR_TCP_SYN | WEIR_TCP_RST)) == WEIR_TCP_SYN)) {
        return handle_syn(t, c, in); /* RFC 5961 4.2: whatever its sequence number */
    }
    if (!check_sequence(t, c, in)) {
        return TCP_VERDICT_DONE;
    }
    if (UNLIKELY(flags & WEIR_TCP_RST)) {
        handle_rst(t, c, in);
        return TCP_VERDICT_DONE;
    }
    if (UNLIKELY(!(flags & WEIR_TCP_ACK))) {
        trace_drop(t, c->id, WEIR_DROP_NO_ACK, in->s);
        return TCP_VERDICT_DONE;
    }
    if (UNLIKELY(c->state == WEIR_TCP_SYN_RECEIVED)) {
        enum tcp_verdict verdict = complete_handshake(t, c, in);

        if (verdict != TCP_VERDICT_DONE) {
            return verdict;
        }
    }
    if (!ack_handle(t, c, in)) {
        return TCP_VERDICT_DONE;
    }
    if (c->timestamps) {
        remember_timestamp(t, c, in);
    }
    if (UNLIKELY(c->ecn)) {
        ecn_segment_in(t, c, in);
    }
    if (UNLIKELY(in->s->options.present & WEIR_SEGMENT_USER_TIMEOUT)) {
        uto_arrived(t, c, &in->s->options);
    }
    if (UNLIKELY(flags & WEIR_TCP_URG)) {
        urgent_arrived(t, c, in);
    }
    return text_handle(t, c, in);
}

/*
 * Header prediction: the next bytes in order on an established connection, and nothing else that is new.
 * Every step of input_synchronized would let such a segment pass and change nothing, but for what
 * input_predicted does. What is outstanding or armed on the sending side goes the long way.
 */
static inline bool is_predicted(const struct tcp_conn *c, const struct tcp_segment *s)
{
    const struct tcp_options *o = &s->options;

    return c->state == WEIR_TCP_ESTABLISHED && (s->flags & ~WEIR_TCP_PSH) == WEIR_TCP_ACK &&
           s->seq == seq_wire(c->rcv_nxt) && s->ack == seq_wire(c->snd_una) &&
           c->snd_nxt == c->snd_una && c->timer_mode == TCP_MODE_NONE && s->payload_size != 0 &&
           c->rcv_nxt + s->payload_size <= c->rcv_adv && !c->reassembly && !c->orphan &&
           (uint32_t)s->window << c->snd_wscale == c->snd_wnd &&
           o->present == (c->timestamps ? WEIR_SEGMENT_TIMESTAMPS : 0) &&
           (!c->timestamps || (int32_t)(o->ts_val - c->ts_recent) >= 0);
}

static void input_predicted(struct tcp *t, struct tcp_conn *c, struct seg_in *in)
{
    in->seq = c->rcv_nxt;
    if (c->timestamps) {
        remember_timestamp(t, c, in);
    }
    if ((int32_t)(in->s->seq - c->snd_wl1) >= 0) {
        c->snd_wl1 = in->s->seq;
        c->snd_wl2 = in->s->ack;
    }
    if (UNLIKELY(c->ecn)) {
        ecn_segment_in(t, c, in);
    }
    text_in_order(t, c, in);
}

enum tcp_verdict tcp_input(struct tcp *t, struct tcp_conn *c, const struct tcp_segment *s,
                           struct weir_buffer **buffer, uint16_t gso_size)
{
    struct seg_in in = {
        .s = s,
        .buffer = buffer,
        .data = s->payload,
        .size = s->payload_size,
        .fin = (s->flags & WEIR_TCP_FIN) != 0,
    };
    uint32_t window = (uint32_t)s->window << (s->flags & WEIR_TCP_SYN ? 0 : c->snd_wscale);

    if (UNLIKELY(c->state == WEIR_TCP_CLOSED)) {
        return TCP_VERDICT_RST;
    }
    in.segments = gso_size ? (s->payload_size + gso_size - 1) / gso_size : 1;
    trace_segment(t, WEIR_RECORD_SEGMENT_IN, c->id, s, window, gso_size, 0, 0);
    if (in.size) {
        c->data_segments_in += in.segments;
    } else {
        c->other_segments_in++;
    }
    c->last_received = t->env->now;
    if (c->keepalive_at != WEIR_NEVER) {
        c->probes = 0;
        timeout_keepalive(t, c);
    }
    tcp_touch(t, c);
    if (LIKELY(is_predicted(c, s))) {
        input_predicted(t, c, &in);
        return TCP_VERDICT_DONE;
    }
    if (c->state == WEIR_TCP_SYN_SENT) {
        return synsent_input(t, c, &in);
    }
    in.seq = seq_widen(c->rcv_nxt, s->seq);
    in.ack = seq_widen(c->snd_una, s->ack);
    return input_synchronized(t, c, &in);
}
