/*
 * cc_bbr.c - BBRv3 (draft-ietf-ccwg-bbr) as a congestion control: it sends at the bandwidth it measures, with about
 * what fits on the path in flight, and takes losses above 2 % as a sign that this was too much. See cc_bbr.h.
 *
 * It needs a block of memory; without it the connection uses CUBIC (cc.c). A mark of ECN counts as a loss does
 * outside of probing: the short-term bounds shrink once per round.
 */
#include "tcp/cc_bbr.h"

#include "base/rng.h"
#include "tcp/flight.h"
#include "tcp/rtt.h"
#include "tcp/scoreboard.h"

#define PACING_MARGIN_PERCENT 1
#define RTT_GUESS WEIR_MS
#define CWND_MAX (1u << 30)

static bool bbr_attach(struct tcp *t, struct tcp_conn *c)
{
    uint32_t index;
    struct bbr *b = pool_get(&t->bbrs, &index);

    if (!b) {
        return false;
    }
    b->index = index;
    b->random = (uint32_t)rng_next(&t->env->rng) | 1;
    c->cc_state.bbr.block = b;
    return true;
}

static void bbr_release(struct tcp *t, struct tcp_conn *c)
{
    if (bbr_of(c)) {
        pool_put(&t->bbrs, bbr_of(c)->index);
        c->cc_state.bbr.block = NULL;
    }
}

/* ---- Rate and window ------------------------------------------------------------------------------------- */

static void init_pacing_rate(struct tcp_conn *c)
{
    weir_time rtt = rtt_srtt(c) ? rtt_srtt(c) : RTT_GUESS;
    uint32_t window = max_u32(c->cwnd, cc_initial_window(c));

    bbr_of(c)->has_seen_rtt = rtt_srtt(c) != 0;
    bbr_of(c)->pacing_rate = rate_per_second(window, rtt) * BBR_STARTUP_PACING_GAIN / BBR_UNIT;
}

static void set_pacing_rate(struct tcp_conn *c, uint32_t gain)
{
    struct bbr *b = bbr_of(c);
    uint64_t rate = min_u64(b->bw, 100 * WEIR_S) * gain / BBR_UNIT;

    if (!b->has_seen_rtt && rtt_srtt(c)) {
        init_pacing_rate(c);
    }
    rate = rate * (100 - PACING_MARGIN_PERCENT) / 100;
    if (rate && (b->full_bw_reached || rate > b->pacing_rate)) {
        b->pacing_rate = rate;
    }
}

static void bound_cwnd_for_model(struct tcp_conn *c)
{
    const struct bbr *b = bbr_of(c);
    uint32_t cap = BBR_NO_BOUND;

    if (b->state == BBR_PROBE_RTT || b->state == BBR_PROBE_CRUISE) {
        cap = bbr_inflight_with_headroom(c);
    } else if (bbr_is_probe_bw(b)) {
        cap = b->inflight_longterm;
    }
    cap = max_u32(min_u32(cap, b->inflight_shortterm), bbr_min_pipe(c));
    c->cwnd = min_u32(c->cwnd, cap);
}

static void set_cwnd(struct tcp_conn *c, const struct rate_sample *s)
{
    const struct bbr *b = bbr_of(c);
    uint32_t most = bbr_bdp(c, b->bw, bbr_cwnd_gain(b)) + bbr_extra_acked(b);

    most = bbr_with_budget(c, most);
    if (b->full_bw_reached) {
        c->cwnd = min_u32(c->cwnd + s->newly_acked, most);
    } else if (c->cwnd < most || c->delivered < cc_initial_window(c)) {
        c->cwnd += s->newly_acked;
    }
    c->cwnd = min_u32(max_u32(c->cwnd, bbr_min_pipe(c)), CWND_MAX);
    if (b->state == BBR_PROBE_RTT) {
        c->cwnd = min_u32(c->cwnd, bbr_probe_rtt_cwnd(c));
    }
    bound_cwnd_for_model(c);
}

void bbr_save_cwnd(struct tcp_conn *c)
{
    struct bbr *b = bbr_of(c);

    if (c->recovery == TCP_OPEN && b->state != BBR_PROBE_RTT) {
        b->prior_cwnd = c->cwnd;
    } else {
        b->prior_cwnd = max_u32(b->prior_cwnd, c->cwnd);
    }
}

void bbr_restore_cwnd(struct tcp_conn *c)
{
    c->cwnd = max_u32(c->cwnd, bbr_of(c)->prior_cwnd);
}

/* ---- Losses ---------------------------------------------------------------------------------------------- */

static void save_state(struct tcp_conn *c)
{
    struct bbr *b = bbr_of(c);

    bbr_save_cwnd(c);
    b->undo_state = BBR_STATE_NONE;
    b->undo_bw_shortterm = b->bw_shortterm;
    b->undo_inflight_shortterm = b->inflight_shortterm;
    b->undo_inflight_longterm = b->inflight_longterm;
}

static void note_loss(struct tcp_conn *c)
{
    struct bbr *b = bbr_of(c);

    if (!b->loss_in_round) {
        b->loss_round_delivered = (uint32_t)c->delivered;
        save_state(c);
    }
    b->loss_in_round = true;
}

/* Of a record that is a burst of segments: how much could be in flight before losses crossed the threshold? */
static uint32_t inflight_at_loss(const struct tx_record *r, uint32_t lost)
{
    uint32_t before = r->tx_in_flight > r->size ? r->tx_in_flight - r->size : 0;
    uint32_t lost_before = lost > r->size ? lost - r->size : 0;
    uint64_t allowed = (uint64_t)before * BBR_LOSS_THRESH_PERCENT;
    uint64_t had = (uint64_t)lost_before * 100;

    return allowed > had ? before + (uint32_t)((allowed - had) / (100 - BBR_LOSS_THRESH_PERCENT))
                         : before;
}

static void bbr_on_lost(struct tcp_conn *c, const struct tx_record *r, weir_time now)
{
    uint32_t lost = c->flight->rate.lost - r->lost;

    note_loss(c);
    bbr_of(c)->lost_in_round += r->size;
    if (bbr_of(c)->bw_probe_samples && bbr_inflight_too_high(c, lost, r->tx_in_flight)) {
        bbr_handle_inflight_too_high(c, inflight_at_loss(r, lost), (r->flags & TX_APP_LIMITED) != 0,
                                     now);
    }
}

static uint32_t bbr_on_loss(struct tcp_conn *c, weir_time now)
{
    (void)now;
    return c->ssthresh; /* the window follows from the model */
}

static void bbr_on_feedback(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    (void)now;
    if (info->ece) {
        note_loss(c);
        bbr_of(c)->mark_in_round = true;
    }
}

static void bbr_on_rto(struct tcp_conn *c, weir_time now)
{
    struct bbr *b = bbr_of(c);

    (void)now;
    note_loss(c);
    if (!bbr_is_probing(b) && b->inflight_shortterm == BBR_NO_BOUND) {
        b->inflight_shortterm =
            max_u32(c->cwnd, b->prior_cwnd); /* before it falls to one segment */
    }
}

/* The losses were none: the bounds, and the state that was probing, are what they had been. */
static void bbr_undo(struct tcp_conn *c)
{
    struct bbr *b = bbr_of(c);

    bbr_restore_cwnd(c);
    b->loss_in_round = false;
    b->lost_in_round = 0;
    bbr_reset_full_bw(b);
    b->bw_shortterm = max_u64(b->bw_shortterm, b->undo_bw_shortterm);
    b->inflight_shortterm = max_u32(b->inflight_shortterm, b->undo_inflight_shortterm);
    b->inflight_longterm = max_u32(b->inflight_longterm, b->undo_inflight_longterm);
    if (b->undo_state == BBR_STARTUP && b->state != BBR_STARTUP) {
        b->full_bw_reached = false;
        if (b->state != BBR_PROBE_RTT) {
            bbr_enter_startup(b);
        }
    } else if (b->undo_state == BBR_PROBE_UP && b->state != BBR_PROBE_UP &&
               b->state != BBR_PROBE_RTT) {
        bbr_start_refill(c);
    }
    b->undo_state = BBR_STATE_NONE;
}

/* ---- The plug -------------------------------------------------------------------------------------------- */

static void bbr_init(struct tcp_conn *c, weir_time now)
{
    struct bbr *b = bbr_of(c);

    /* what the connection knows, and not SRTT: the queue of the algorithm before is in that */
    b->min_rtt_us = c->min_rtt_us ? c->min_rtt_us : UINT32_MAX;
    b->probe_rtt_min_us = UINT32_MAX;
    b->min_rtt_at = b->probe_rtt_min_at = b->extra_acked_since = b->cycle_at = now;
    b->inflight_longterm = BBR_NO_BOUND;
    b->undo_inflight_longterm = b->undo_inflight_shortterm = 0;
    b->probe_up_per_inc = UINT32_MAX;
    b->undo_state = BBR_STATE_NONE;
    b->next_round_delivered = b->loss_round_delivered = b->loss_round_from = (uint32_t)c->delivered;
    bbr_reset_congestion_signals(b);
    bbr_reset_shortterm(b);
    bbr_reset_full_bw(b);
    init_pacing_rate(c); /* by the window of the algorithm before, if there was one */
    bbr_enter_startup(b);
    c->cwnd = cc_initial_window(c);
    c->ssthresh = UINT32_MAX;
}

static void bbr_on_ack(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    (void)c;
    (void)info;
    (void)now; /* all of it is on_delivered's, in recovery too */
}

static void bbr_on_delivered(struct tcp_conn *c, const struct ack_info *info, weir_time now)
{
    if (!info->rate.any) {
        return;
    }
    bbr_model_update(c, info, now);
    bbr_state_update(c, info, now);
    bbr_model_min_rtt(c, info, now);
    bbr_check_probe_rtt(c, info, now);
    bbr_model_finish(c, info);
    set_pacing_rate(c, bbr_pacing_gain(bbr_of(c)));
    set_cwnd(c, &info->rate);
}

static void bbr_on_restart(struct tcp_conn *c, weir_time now)
{
    struct bbr *b = bbr_of(c);

    b->idle_restart = true;
    b->extra_acked_since = now;
    b->extra_acked_delivered = 0;
    if (bbr_is_probe_bw(b)) {
        set_pacing_rate(c, BBR_UNIT); /* no queue of ours is left: neither drain nor push */
    } else if (b->state == BBR_PROBE_RTT) {
        bbr_check_probe_rtt_done(c, now);
    }
}

static void bbr_on_idle(struct tcp_conn *c, weir_time idle)
{
    (void)c;
    (void)idle; /* pacing makes a burst of the old window impossible */
}

static uint64_t bbr_pacing_rate(const struct tcp_conn *c)
{
    return bbr_of(c) ? bbr_of(c)->pacing_rate : 0;
}

static enum weir_reason bbr_phase(const struct tcp_conn *c)
{
    return bbr_of(c) ? WEIR_REASON_BBR_STARTUP + (enum weir_reason)bbr_of(c)->state
                     : WEIR_REASON_BBR_STARTUP;
}

const struct cc_algorithm cc_bbr = {
    .name = "bbr",
    .init = bbr_init,
    .on_ack = bbr_on_ack,
    .on_loss = bbr_on_loss,
    .on_feedback = bbr_on_feedback,
    .undo = bbr_undo,
    .on_idle = bbr_on_idle,
    .attach = bbr_attach,
    .release = bbr_release,
    .on_lost = bbr_on_lost,
    .on_delivered = bbr_on_delivered,
    .on_rto = bbr_on_rto,
    .on_restart = bbr_on_restart,
    .pacing_rate = bbr_pacing_rate,
    .phase = bbr_phase,
    .own_recovery = true,
};
