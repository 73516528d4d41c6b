/* ack.c - see ack.h: the ACK and window fields, SACK blocks, round-trip samples. */
#include "tcp/ack.h"

#include "tcp/autotune.h"
#include "tcp/cwv.h"
#include "tcp/ecn.h"
#include "tcp/flight.h"
#include "tcp/input.h"
#include "tcp/mtuprobe.h"
#include "tcp/recovery.h"
#include "tcp/rtt.h"
#include "tcp/scoreboard.h"
#include "tcp/sendq.h"
#include "tcp/state.h"
#include "tcp/timeout.h"
#include "tcp/trace.h"
#include "tcp/undo.h"
#include "tcp/urgent.h"

/* RFC 5961 5.2: SND.UNA - MAX.SND.WND <= SEG.ACK <= SND.NXT, and nothing before the first byte. */
static bool acceptable(struct tcp *t, struct tcp_conn *c, const struct seg_in *in)
{
    if (in->ack <= c->snd_nxt && in->ack + c->max_snd_wnd >= c->snd_una &&
        in->ack >= tcp_first_data(c)) {
        return true;
    }
    trace_drop(t, c->id, WEIR_DROP_ACK_RANGE, in->s);
    input_owe_ack(t, c, true);
    return false;
}

/* RFC 9293 3.10.7.4: only from a segment that is not older than the one that set it last. */
static void update_window(struct tcp_conn *c, const struct seg_in *in, struct ack_info *info)
{
    uint32_t window = (uint32_t)in->s->window << c->snd_wscale;

    if (in->ack < c->snd_una) {
        return;
    }
    if ((int32_t)(in->s->seq - c->snd_wl1) > 0 ||
        (in->s->seq == c->snd_wl1 && (int32_t)(in->s->ack - c->snd_wl2) >= 0)) {
        info->window_changed = window != c->snd_wnd;
        c->snd_wnd = window;
        c->max_snd_wnd = max_u32(c->max_snd_wnd, window);
        c->snd_wl1 = in->s->seq;
        c->snd_wl2 = in->s->ack;
    }
}

/* RFC 2883 4: the first block is a D-SACK when the ACK or the second block covers it. */
static void find_dsack(struct tcp *t, struct tcp_conn *c, const struct seg_in *in,
                       struct ack_info *info)
{
    const struct tcp_options *o = &in->s->options;
    seq_pos start = seq_widen(c->snd_una, o->sack[0].start);
    seq_pos end = seq_widen(c->snd_una, o->sack[0].end);
    bool inside = o->sack_count > 1 && (int32_t)(o->sack[0].start - o->sack[1].start) >= 0 &&
                  (int32_t)(o->sack[1].end - o->sack[0].end) >= 0;

    if (start < end && end <= c->snd_nxt && (start < in->ack || inside)) {
        undo_on_dsack(t, c, start, end, info);
    }
}

static void apply_sack(struct tcp *t, struct tcp_conn *c, const struct seg_in *in,
                       struct ack_info *info)
{
    const struct tcp_options *o = &in->s->options;

    for (uint32_t i = 0; i < o->sack_count; i++) {
        seq_pos start = seq_widen(c->snd_una, o->sack[i].start);
        seq_pos end = seq_widen(c->snd_una, o->sack[i].end);

        /* a block below the ACK is a D-SACK, one beyond snd_nxt nonsense */
        if (start < end && start >= c->snd_una && start >= in->ack && end <= c->snd_nxt) {
            scoreboard_sack(t, c, start, end, info);
        }
    }
}

static void take_sample(struct tcp *t, struct tcp_conn *c, struct ack_info *info)
{
    weir_time now = t->env->now;

    if (info->first_sent_at && !info->retransmitted_acked) {
        info->rtt = max_u64(now - min_u64(info->first_sent_at, now), 1);
        rtt_sample(t, c, info->rtt);
    } else if (info->retransmitted_acked && info->has_ts && info->ts_ecr) {
        /* Karn: what was sent once but waited behind a hole measures the hole, not the path */
        uint32_t ms = (uint32_t)(now / WEIR_MS) + c->ts_offset - info->ts_ecr;

        if (ms < 60000) {
            rtt_sample(t, c, (weir_time)ms * WEIR_MS);
        }
    }
}

/* The cumulative ACK moved. */
static void advance(struct tcp *t, struct tcp_conn *c, const struct seg_in *in,
                    struct ack_info *info)
{
    info->acked = (uint32_t)(in->ack - c->snd_una);
    scoreboard_ack(t, c, in->ack, info);
    c->snd_una = in->ack;
    if (UNLIKELY(c->mtu_probing)) {
        mtuprobe_on_ack(t, c);
    }
    if (c->flight != &tcp_flight_none) {
        c->flight->delivered_at = t->env->now;
        c->flight->retransmit_since = 0;
        sendq_release(t, c);
    }
    if (UNLIKELY(c->urgent_out)) {
        urgent_acked(t, c);
    }
    c->probes = 0;
    c->r1_reported = 0;
    if (c->snd_una >= c->snd_end && info->acked > (info->fin_acked ? 1u : 0u)) {
        tcp_event(t, c, WEIR_EVENT_SENT_ALL);
    }
}

/* RFC 5681's definition; with SACK, new information in the blocks counts too (RFC 6675 2). */
static bool is_duplicate(const struct tcp_conn *c, const struct seg_in *in,
                         const struct ack_info *info)
{
    if (in->ack != info->una_before || c->snd_nxt == c->snd_una || in->size || in->fin) {
        return false;
    }
    if (c->sack) {
        return info->sacked > 0;
    }
    return !info->window_changed;
}

static void fin_acked(struct tcp *t, struct tcp_conn *c)
{
    switch (c->state) {
    case WEIR_TCP_FIN_WAIT_1:
        tcp_set_state(t, c, WEIR_TCP_FIN_WAIT_2, WEIR_REASON_FIN_ACKED);
        timeout_fin_wait_2(t, c);
        break;
    case WEIR_TCP_CLOSING: tcp_enter_time_wait(t, c, WEIR_REASON_FIN_ACKED); break;
    case WEIR_TCP_LAST_ACK: tcp_finish(t, c, 0, WEIR_REASON_FIN_ACKED); break;
    default: break;
    }
}

bool ack_handle(struct tcp *t, struct tcp_conn *c, const struct seg_in *in)
{
    struct ack_info info = {.una_before = c->snd_una};

    if (UNLIKELY(!acceptable(t, c, in))) {
        return false;
    }
    info.in_flight_before = scoreboard_in_flight(c);
    info.was_cwnd_limited = cwv_limited(c);
    info.has_ts = c->timestamps && (in->s->options.present & WEIR_SEGMENT_TIMESTAMPS);
    info.ts_ecr = in->s->options.ts_ecr;
    update_window(c, in, &info);
    if (c->sack && UNLIKELY(in->s->options.sack_count)) {
        find_dsack(t, c, in, &info);
    }
    if (c->snd_nxt != c->snd_una) {
        if (c->sack && in->s->options.sack_count) {
            apply_sack(t, c, in, &info);
        }
        if (in->ack > c->snd_una) {
            advance(t, c, in, &info);
        }
        info.duplicate = is_duplicate(c, in, &info);
        take_sample(t, c, &info);
        rate_finish(t, c, &info);
        cwv_on_ack(t, c);
    }
    if (UNLIKELY(c->ecn)) {
        ecn_ack_in(t, c, in, &info);
    }
    if (c->snd_nxt != info.una_before) {
        recovery_on_ack(t, c, &info);
    } else {
        info.duplicate = in->ack == c->snd_una && !in->size && !in->fin && !info.window_changed;
        recovery_on_idle_ack(t, c, &info);
    }
    timeout_on_ack(t, c, &info);
    if (UNLIKELY(c->flight->send_flags & FLIGHT_MORE)) {
        c->flight->send_flags &= (uint8_t)~FLIGHT_MORE;
    }
    if (c->write_blocked && sendq_writable(c, autotune_send_limit(t, c))) {
        c->write_blocked = 0;
        tcp_event(t, c, WEIR_EVENT_WRITABLE);
    }
    flight_release_if_idle(t, c);
    if (info.fin_acked) {
        fin_acked(t, c);
    }
    return c->state != WEIR_TCP_CLOSED;
}
