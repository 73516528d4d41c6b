/* emit.c - see output.h and emit.h: makes the segment that is due and books it. */
#include "tcp/emit.h"

#include "tcp/auth.h"
#include "tcp/burst.h"
#include "tcp/cc.h"
#include "tcp/cold.h"
#include "tcp/cwv.h"
#include "tcp/dsack.h"
#include "tcp/ecn.h"
#include "tcp/fastopen.h"
#include "tcp/flight.h"
#include "tcp/mtuprobe.h"
#include "tcp/pacer.h"
#include "tcp/push.h"
#include "tcp/quickack.h"
#include "tcp/reassembly.h"
#include "tcp/rtt.h"
#include "tcp/scoreboard.h"
#include "tcp/state.h"
#include "tcp/timeout.h"
#include "tcp/tlp.h"
#include "tcp/trace.h"
#include "tcp/urgent.h"
#include "tcp/uto.h"
#include "tcp/window.h"

#define TIMESTAMP_SPACE 12 /* nop nop TS */

uint16_t tcp_mss_base(const struct tcp_conn *c, uint32_t mtu)
{
    uint32_t headers = (tcp_is_v4(c) ? 20u : 40u) + TCP_HEADER_SIZE;
    uint32_t mss = min_u32(mtu - headers, c->peer_mss);

    if (c->settings->o.mss_clamp) {
        mss = min_u32(mss, c->settings->o.mss_clamp);
    }
    return (uint16_t)max_u32(mss, TIMESTAMP_SPACE + auth_option_size(c) + 8);
}

/* SACK blocks that a segment sent now would carry; data makes room for at most that many. */
static uint8_t sack_blocks(const struct tcp_conn *c, struct tcp_sack_block *blocks)
{
    uint8_t n = c->sack && c->reassembly ? reassembly_sack(c, blocks) : 0;
    uint32_t others = (c->timestamps ? TIMESTAMP_SPACE : 0) + auth_option_size(c);
    uint32_t fixed = others + 4 + 8; /* and some payload */

    if (UNLIKELY(c->mss_base < fixed + 8u * n)) { /* the smallest MTUs */
        n = c->mss_base > fixed ? (uint8_t)((c->mss_base - fixed) / 8) : 0;
    }
    return (uint8_t)min_u32(n, (TCP_OPTIONS_MAX - 4 - others) / 8);
}

uint32_t emit_payload_max(const struct tcp_conn *c)
{
    struct tcp_sack_block blocks[WEIR_SACK_BLOCKS_MAX];
    uint32_t options = (c->timestamps ? TIMESTAMP_SPACE : 0) + auth_option_size(c);

    if (UNLIKELY(c->reassembly && c->sack)) {
        uint8_t n = sack_blocks(c, blocks);

        options += n ? 4u + 8u * n : 0;
    }
    if (UNLIKELY(accecn_option_due(c))) {
        options = min_u32(options + ACCECN_OPTION_SPACE, TCP_OPTIONS_MAX);
    }
    options = UNLIKELY(c->uto_due) ? min_u32(options + UTO_OPTION_SPACE, TCP_OPTIONS_MAX) : options;
    return c->mss_base - options;
}

static uint32_t timestamp_now(const struct tcp *t, const struct tcp_conn *c)
{
    return (uint32_t)(t->env->now / WEIR_MS) + c->ts_offset;
}

/* What every segment of a synchronized connection carries. */
static void common(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e, seq_pos seq)
{
    struct tcp_segment *s = &e->segment;
    struct tcp_options *o = &s->options;

    s->src_port = c->local_port;
    s->dst_port = c->remote_port;
    s->seq = seq_wire(seq);
    s->ack = seq_wire(c->rcv_nxt);
    s->flags = WEIR_TCP_ACK;
    s->window = window_announce(c, false);
    s->urgent = 0;
    s->ecn = ECN_NOT_ECT;
    memset(o, 0, offsetof(struct tcp_options, sack));
    if (c->timestamps) {
        o->present |= WEIR_SEGMENT_TIMESTAMPS;
        o->ts_val = timestamp_now(t, c);
        o->ts_ecr = c->ts_recent;
    }
    if (UNLIKELY(c->sack && c->reassembly)) {
        o->sack_count = sack_blocks(c, o->sack);
        o->present |= o->sack_count ? WEIR_SEGMENT_SACK : 0;
    }
    if (UNLIKELY(c->urgent_out)) {
        urgent_put(t, c, s, seq);
    }
    if (UNLIKELY(accecn_option_due(c))) {
        accecn_put_option(ecn_of(t, c), o, auth_option_size(c));
    }
    if (UNLIKELY(c->auth)) {
        auth_prepare(t, c, o);
    }
    if (UNLIKELY(c->uto_due)) {
        uto_put(c, o);
    }
    e->payload_slices = 0;
    e->payload_size = 0;
    e->gso_size = 0;
    e->summed = false;
    e->start = e->end = 0;
}

/* The ACK field is out: what was owed in order is paid. Owed ones that stand alone count down one each. */
static void acknowledged(struct tcp_conn *c)
{
    quickack_sent(c);
    c->ack_now = 0;
    c->delack_at = WEIR_NEVER;
    c->rcv_acked = c->rcv_nxt;
}

static void emit_ack(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e, enum tcp_due due)
{
    common(t, c, e, c->snd_nxt);
    acknowledged(c);
    if (c->cold && due != TCP_DUE_ECN_ACK) {
        dsack_put(t, c, &e->segment.options);
        if (UNLIKELY(accecn_option_due(c))) { /* beside more blocks than before */
            accecn_put_option(ecn_of(t, c), &e->segment.options, auth_option_size(c));
        }
    }
    if (due == TCP_DUE_OWED_ACK) {
        c->acks_owed--;
    }
    if (due == TCP_DUE_CHALLENGE) {
        c->challenge_due = 0;
    }
}

/* Zero-window and keep-alive probes: one below what the peer has, so that it must answer; no data
 * (SHLD-12). */
static void emit_probe(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e, enum tcp_due due)
{
    common(t, c, e, c->snd_una - 1);
    if (due == TCP_DUE_PROBE) {
        c->probe_due = 0;
        c->probes = (uint8_t)min_u32(c->probes + 1u, UINT8_MAX);
        COLD_COUNT(t, c, probe_count, 1);
    } else {
        c->keepalive_due = 0;
    }
    acknowledged(c);
    c->ack_now =
        c->urgent_out; /* the probe is out of the window: one that is in it tells the mark */
}

static void emit_rst(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e)
{
    common(t, c, e, c->snd_nxt);
    e->segment.flags = WEIR_TCP_RST | WEIR_TCP_ACK;
    e->segment.urgent = 0;
    e->segment.options.present &= /* RFC 7323 3.2: a timestamp SHOULD be there */
        WEIR_SEGMENT_TIMESTAMPS | WEIR_SEGMENT_MD5 | WEIR_SEGMENT_AO;
    e->segment.options.sack_count = 0;
    e->segment.window = 0;
    c->rst_pending = 0;
}

static void emit_syn(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e,
                     const struct tcp_emit_limits *l, bool with_ack)
{
    struct tcp_segment *s = &e->segment;
    const struct weir_tcp_options *o = &c->settings->o;
    uint32_t mss = l->mtu - (tcp_is_v4(c) ? 20u : 40u) - TCP_HEADER_SIZE; /* MUST-67 */

    common(t, c, e, seq_from_isn(c->iss));
    s->window = window_announce(c, true);
    s->urgent = 0;
    s->flags = WEIR_TCP_SYN | (with_ack ? WEIR_TCP_ACK : 0);
    s->ack = with_ack ? s->ack : 0;
    s->options.present &= WEIR_SEGMENT_MD5 | WEIR_SEGMENT_AO;
    s->options.present |= WEIR_SEGMENT_MSS;
    s->options.mss = (uint16_t)(o->mss_clamp ? min_u32(mss, o->mss_clamp) : mss);
    s->options.sack_count = 0;
    if (with_ack ? c->timestamps : o->timestamps) {
        s->options.present |= WEIR_SEGMENT_TIMESTAMPS;
        s->options.ts_val = timestamp_now(t, c);
        s->options.ts_ecr = with_ack ? c->ts_recent : 0;
    }
    if (with_ack ? c->sack : o->sack) {
        s->options.present |= WEIR_SEGMENT_SACK_PERMITTED;
    }
    if (with_ack ? c->window_scaling : o->window_scaling) {
        c->rcv_wscale = window_scale_for(o);
        s->options.present |= WEIR_SEGMENT_WSCALE;
        s->options.wscale = c->rcv_wscale;
    }
    if (with_ack && UNLIKELY(c->ecn)) {
        ecn_crossed_syn_ack(t, c, s);
    }
    s->flags |= with_ack ? 0 : ecn_syn_flags(t, c);
    if (UNLIKELY(with_ack ? c->fastopen : o->fastopen)) {
        fastopen_on_syn(t, c, e, l->mtu, with_ack);
    }
    if (UNLIKELY(o->user_timeout_option)) {
        uto_put(c, &s->options);
    }
    c->syn_due = 0;
    c->rcv_mss = (uint16_t)min_u32(TCP_MSS_DEFAULT4, s->options.mss);
    if (c->backoff == 0) {
        c->last_send_at = t->env->now;
    }
    if (with_ack) {
        acknowledged(c);
    }
    timeout_on_send(t, c);
}

/* How large may the payload of one emission be, and how is it cut? */
static uint32_t super_payload(const struct tcp_conn *c, const struct tcp_emit_limits *l,
                              uint32_t per_segment)
{
    uint32_t headers = (tcp_is_v4(c) ? 20u : 40u) + TCP_HEADER_MAX;

    if (l->super_size <= l->mtu || UNLIKELY(c->auth)) {
        return per_segment;
    }
    return min_u32((l->super_size - headers) / per_segment * per_segment,
                   pacer_quantum(c, per_segment));
}

static void attach(struct tcp_conn *c, struct tcp_emit *e, const struct tcp_emit_limits *l,
                   seq_pos from, uint32_t size)
{
    uint32_t per_segment = emit_payload_max(c);
    uint32_t covered;

    e->payload_slices = sendq_slices(c, from, size, e->slices, e->buffers, &covered);
    if (covered < size &&
        covered > per_segment) { /* too many pieces: whole segments of what fits */
        uint32_t keep = covered - covered % per_segment, excess = covered - keep;

        while (excess && excess >= e->slices[e->payload_slices - 1].size) {
            excess -= (uint32_t)e->slices[--e->payload_slices].size;
        }
        if (excess) {
            e->slices[e->payload_slices - 1].size -= excess;
        }
        covered = keep;
    }
    e->payload_size = covered;
    e->gso_size = (uint16_t)(covered > per_segment ? per_segment : 0);
    e->segment.payload_size = covered;
    c->flight->sum_payload = l->sum_payload;
    e->summed = l->sum_payload;
    if (l->sum_payload) {
        chunksum_find(e->slices, e->buffers, e->payload_slices, per_segment, e->sums);
    }
}

/* The first bytes of record `index` again, as many as `room` allows and one segment at least. */
static bool emit_again(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e,
                       const struct tcp_emit_limits *l, uint32_t index, uint32_t room)
{
    uint32_t per = emit_payload_max(c), size;
    struct tx_record *r = tx_at(t, index);
    bool fin = (r->flags & TX_FIN) != 0, psh;
    seq_pos start = r->start;
    uint32_t bytes = r->size - fin;

    size = min_u32(min_u32(bytes, max_u32(room / per, 1) * per), super_payload(c, l, per));
    common(t, c, e, start);
    if (size) {
        attach(c, e, l, start, size);
        size = e->payload_size;
    }
    fin = fin && size == bytes;
    psh = size > per || ((r->flags & TX_PSH) && size == bytes);
    if (!scoreboard_resent(t, c, index, size + fin)) {
        return false;
    }
    if (fin) {
        e->segment.flags |= WEIR_TCP_FIN;
    }
    if (psh) {
        e->segment.flags |= WEIR_TCP_PSH;
    }
    e->start = start;
    e->end = start + size + fin;
    COLD_COUNT(t, c, bytes_retransmitted, size);
    COLD_COUNT(t, c, segments_retransmitted, e->gso_size ? (size + per - 1) / per : 1);
    acknowledged(c);
    timeout_on_send(t, c);
    return true;
}

/* A record stays as long as it was: what comes on top waits. */
static bool emit_again_plain(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e,
                             const struct tcp_emit_limits *l, uint32_t index, uint32_t room)
{
    uint8_t due = c->uto_due;
    bool done;

    c->uto_due = 0;
    done = emit_again(t, c, e, l, index, room);
    c->uto_due = due;
    return done;
}

static bool emit_retransmission(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e,
                                const struct tcp_emit_limits *l)
{
    uint32_t in_flight = scoreboard_in_flight(c);
    uint32_t room = c->cwnd > in_flight ? c->cwnd - in_flight : 0;
    uint32_t index = scoreboard_next_lost(t, c);
    seq_pos edge = c->snd_una + c->snd_wnd, start = tx_at(t, index)->start;

    /* SHLD-16: of a record only what a window that shrank still has room for, but one segment */
    room = (uint32_t)min_u64(room, edge > start ? edge - start : 0);
    return emit_again_plain(t, c, e, l, index, room);
}

/* RFC 9768 3.2.3.2.2: while no data with counters has arrived, perhaps they do not pass. */
static bool emit_without_counters(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e,
                                  const struct tcp_emit_limits *l)
{
    bool due = c->accecn_option, done;

    c->accecn_option = due && ecn_of(t, c)->option_passed;
    done = emit_retransmission(t, c, e, l);
    c->accecn_option = due;
    return done;
}

/* PSH on new data that ends at `end` (MUST-61): where a write ended and nothing follows, at the end of a
 * record, and where a long write has it (push.h). It goes with the bytes when they are sent again; what a
 * super-segment has at its end in any case does not. */
static bool push_here(struct tcp_conn *c, const struct tcp_emit *e, seq_pos end)
{
    struct tcp_flight *f = c->flight;
    bool push = push_passed(c, e->start, end);

    push |= end == c->snd_end && (seq_wire(end) == f->push_at || c->sws_override);
    if (!push && (f->send_flags & FLIGHT_RECORDS) && end < c->snd_end) {
        const struct weir_buffer *last = e->buffers[e->payload_slices - 1];

        push = (last->flags & SENDQ_RECORD_END) && last->position + last->size == end;
    }
    return push;
}

static void mark_new_data(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e, uint32_t per)
{
    seq_pos end = e->start + e->payload_size;
    bool push;

    if (e->payload_size % per) {
        c->flight->small_end = seq_wire(end);
    } else if ((int32_t)(c->flight->small_end - seq_wire(c->snd_una)) < 0) {
        c->flight->small_end = seq_wire(c->snd_una); /* never half the sequence space behind */
    }
    /* what is cut into several segments ends with one in any case, so that a receiver which joins them again
     * need not wait for more; single ones do not, for then the ACK may come later (as Linux) */
    push = push_here(c, e, end);
    e->segment.flags |= push || e->payload_size > per ? WEIR_TCP_PSH : 0;
    tx_at(t, c->flight->tx_tail)->flags |= push ? TX_PSH : 0;
    quickack_data_sent(t, c);
}

/* A probe keeps within its record too. */
static uint32_t probe_bytes(const struct tcp_conn *c, uint32_t probe)
{
    return c->flight->send_flags & FLIGHT_RECORDS ? min_u32(probe, sendq_to_record_end(c)) : probe;
}

/* `probe`: that many bytes whatever cwnd and Nagle say; 0: what they allow. */
static bool emit_data(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e,
                      const struct tcp_emit_limits *l, uint32_t probe)
{
    uint32_t per = emit_payload_max(c), size;
    enum weir_limit limit;
    bool fin;

    if (c->snd_una == c->snd_nxt && c->last_send_at && t->env->now - c->last_send_at > rtt_rto(c)) {
        uint32_t before = c->cwnd;

        c->cc->on_idle(c, t->env->now - c->last_send_at);
        if (c->cwnd != before) {
            trace_cwnd(t, c, before, WEIR_REASON_IDLE_RESTART);
        }
    }
    size = probe ? probe_bytes(c, probe)
                 : min_u32(output_new_bytes(c, per, &limit),
                           min_u32(super_payload(c, l, per), burst_bytes(c, per)));
    common(t, c, e, c->snd_nxt);
    if (size) {
        attach(c, e, l, c->snd_nxt, push_cut(c, size, per));
        size = e->payload_size;
    }
    fin = output_fin_due(c, size);
    e->start = c->snd_nxt;
    e->end = e->start + size + fin;
    if (!scoreboard_sent(t, c, size + fin, fin)) {
        return false;
    }
    c->fin_sent |= fin;
    e->segment.flags |= fin ? WEIR_TCP_FIN : 0;
    if (size) {
        mark_new_data(t, c, e, per);
    }
    c->sws_override = 0;
    c->last_send_at = t->env->now;
    acknowledged(c);
    timeout_on_send(t, c);
    return true;
}

static bool emit_tail_probe(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e,
                            const struct tcp_emit_limits *l)
{
    uint32_t size = tlp_new_bytes(c), index = 0;
    bool sent;

    c->flight->tlp_due = false; /* one attempt: the RTO is behind it */
    if (size) {
        sent = emit_data(t, c, e, l, size);
    } else {
        index = tlp_last_segment(t, c);
        sent = index && emit_again_plain(t, c, e, l, index, 0);
    }
    if (sent) {
        tlp_sent(t, c, size == 0);
    }
    return sent;
}

/* One segment of the size that is tried, or of less when the queue's pieces are too many. */
static bool emit_mtu_probe(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e,
                           const struct tcp_emit_limits *l)
{
    uint16_t mss = c->mss_base;
    uint32_t whole;
    bool sent;

    c->mss_base = mtuprobe_size(t, c);
    whole = emit_payload_max(c);
    sent = emit_data(t, c, e, l, whole);
    c->mss_base = mss;
    if (sent && e->payload_size == whole) {
        mtuprobe_sent(t, c, e->start, e->end);
    }
    return sent;
}

/* No memory for a record: try again in a little while instead of spinning. An ACK needs none: true when it
 * goes instead, so that the other direction does not starve. */
static bool back_off(struct tcp *t, struct tcp_conn *c, struct tcp_emit *e)
{
    bool ack = c->ack_now;

    t->env->dropped[WEIR_DROP_NO_MEMORY]++;
    if (ack) {
        emit_ack(t, c, e, TCP_DUE_ACK);
    }
    c->delack_at = min_u64(c->delack_at, t->env->now + TCP_MEMORY_RETRY);
    return ack;
}

static uint16_t notes_for(const struct tcp_conn *c, enum tcp_due due)
{
    switch (due) {
    case TCP_DUE_RETRANSMIT: return WEIR_NOTE_RETRANSMISSION;
    case TCP_DUE_TAIL_PROBE: return c->flight->tlp_repeats ? WEIR_NOTE_RETRANSMISSION : 0;
    case TCP_DUE_SYN:
    case TCP_DUE_SYN_ACK: return c->backoff ? WEIR_NOTE_RETRANSMISSION : 0;
    case TCP_DUE_PROBE: return WEIR_NOTE_ZERO_WINDOW_PROBE;
    case TCP_DUE_KEEPALIVE: return WEIR_NOTE_KEEPALIVE;
    case TCP_DUE_OWED_ACK: return WEIR_NOTE_DUPLICATE_ACK;
    case TCP_DUE_CHALLENGE: return WEIR_NOTE_CHALLENGE_ACK;
    case TCP_DUE_WINDOW: return WEIR_NOTE_WINDOW_UPDATE;
    case TCP_DUE_MTU_PROBE: return WEIR_NOTE_MTU_PROBE;
    default: return 0;
    }
}

static bool make(struct tcp *t, struct tcp_conn *c, const struct tcp_emit_limits *l,
                 struct tcp_emit *e, enum tcp_due due)
{
    switch (due) {
    case TCP_DUE_NOTHING: return false;
    case TCP_DUE_RST: emit_rst(t, c, e); return true;
    case TCP_DUE_SYN:
    case TCP_DUE_SYN_ACK: emit_syn(t, c, e, l, due == TCP_DUE_SYN_ACK); return true;
    case TCP_DUE_PROBE:
    case TCP_DUE_KEEPALIVE: emit_probe(t, c, e, due); return true;
    case TCP_DUE_RETRANSMIT: return emit_without_counters(t, c, e, l);
    case TCP_DUE_DATA: return emit_data(t, c, e, l, 0);
    case TCP_DUE_TAIL_PROBE: return emit_tail_probe(t, c, e, l);
    case TCP_DUE_MTU_PROBE: return emit_mtu_probe(t, c, e, l);
    default: emit_ack(t, c, e, due); return true;
    }
}

/* Wire segments. */
static void count_out(struct tcp_conn *c, const struct tcp_emit *e)
{
    if (e->payload_size == 0 || e->start == e->end) {
        c->other_segments_out++;
    } else {
        c->data_segments_out +=
            e->gso_size ? (e->payload_size + e->gso_size - 1u) / e->gso_size : 1u;
    }
}

bool tcp_output(struct tcp *t, struct tcp_conn *c, const struct tcp_emit_limits *l,
                struct tcp_emit *e)
{
    enum tcp_due due;
    struct tcp_emit_limits alone = {
        .mtu = l->mtu, .super_size = l->mtu, .sum_payload = l->sum_payload};
    uint16_t transmission = 1;
    uint32_t window;

    if (UNLIKELY(c->accecn)) {
        accecn_plan_option(t, c);
    }
    due = tcp_due(t, c);
    if (UNLIKELY(c->urgent_out) || UNLIKELY(c->uto_due) ||
        (UNLIKELY(c->accecn) && accecn_is_alone(t, c))) {
        l = &alone; /* devices cut super-segments without counting urgent pointers down */
    }
    e->segment.payload_size = 0;
    e->segment.payload = NULL;
    if (!make(t, c, l, e, due)) {
        if (due == TCP_DUE_NOTHING || !back_off(t, c, e)) {
            return false;
        }
        due = TCP_DUE_ACK;
    }
    if (due == TCP_DUE_RETRANSMIT || due == TCP_DUE_DATA || due == TCP_DUE_TAIL_PROBE ||
        due == TCP_DUE_MTU_PROBE) {
        pacer_sent(t, c, e->payload_size);
        cwv_note(c, scoreboard_in_flight(c) + emit_payload_max(c) > c->cwnd);
    }
    if (due == TCP_DUE_RETRANSMIT || (due == TCP_DUE_TAIL_PROBE && c->flight->tlp_repeats)) {
        transmission = 2;
    } else if (due == TCP_DUE_SYN || due == TCP_DUE_SYN_ACK) {
        transmission = (uint16_t)(1 + c->backoff);
    }
    if (UNLIKELY(c->ecn)) {
        bool data = due == TCP_DUE_DATA || due == TCP_DUE_MTU_PROBE ||
                    (due == TCP_DUE_TAIL_PROBE && !c->flight->tlp_repeats);

        ecn_segment_out(t, c, e, data, due == TCP_DUE_ECN_ACK);
    }
    if (UNLIKELY(e->segment.options.present & WEIR_SEGMENT_USER_TIMEOUT)) {
        c->uto_due = 0;
    }
    count_out(c, e);
    window = (uint32_t)e->segment.window << (e->segment.flags & WEIR_TCP_SYN ? 0 : c->rcv_wscale);
    trace_segment(t, WEIR_RECORD_SEGMENT_OUT, c->id, &e->segment, window, e->gso_size, transmission,
                  notes_for(c, due));
    return true;
}

void tcp_make_rst(const struct tcp_segment *in, struct tcp_segment *out)
{
    memset(out, 0, sizeof(*out));
    out->src_port = in->dst_port;
    out->dst_port = in->src_port;
    if (in->flags & WEIR_TCP_ACK) {
        out->seq = in->ack;
        out->flags = WEIR_TCP_RST;
    } else {
        out->ack = in->seq + in->payload_size + ((in->flags & WEIR_TCP_SYN) != 0) +
                   ((in->flags & WEIR_TCP_FIN) != 0);
        out->flags = WEIR_TCP_RST | WEIR_TCP_ACK;
    }
}
