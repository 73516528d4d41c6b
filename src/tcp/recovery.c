/*
 * recovery.c - see recovery.h.
 *
 * With SACK, RACK says what is lost (rack.c). Without it, duplicate ACKs stand for segments that have left
 * (reno_sacked), the first three mean that the oldest is lost, and in recovery a partial ACK means that
 * the next one is (RFC 6582). What is to be sent again is then just what is marked lost, as far as cwnd
 * allows: output.c does not know why.
 */
#include "tcp/recovery.h"

#include "tcp/cc.h"
#include "tcp/cold.h"
#include "tcp/ecn.h"
#include "tcp/emit.h"
#include "tcp/flight.h"
#include "tcp/frto.h"
#include "tcp/mtuprobe.h"
#include "tcp/prr.h"
#include "tcp/rack.h"
#include "tcp/scoreboard.h"
#include "tcp/tlp.h"
#include "tcp/trace.h"
#include "tcp/undo.h"

static bool reducing(const struct tcp_conn *c)
{
    return c->recovery == TCP_RECOVERY || c->recovery == TCP_CWR;
}

static void enter(struct tcp *t, struct tcp_conn *c, const struct ack_info *info)
{
    uint32_t before = c->cwnd;

    if (c->recovery == TCP_CWR) {
        undo_forget(t, c); /* the mark was real, whatever comes of the loss */
    } else {
        undo_begin(t, c);
        c->ssthresh = c->cc->on_loss(c, t->env->now);
        prr_begin(t, c, info);
    }
    c->recovery = TCP_RECOVERY;
    c->flight->recover = c->snd_nxt;
    c->flight->tlp_end = 0;
    c->flight->tlp_due = false;
    c->flight->frto = TCP_FRTO_OFF;
    COLD_COUNT(t, c, fast_retransmit_count, 1);
    if (c->ecn) {
        ecn_reduced(t, c);
    }
    prr_on_ack(t, c, info->delivered, false);
    trace_cwnd(t, c, before, WEIR_REASON_RECOVERY_ENTER);
}

void recovery_enter_cwr(struct tcp *t, struct tcp_conn *c, const struct ack_info *info)
{
    uint32_t before = c->cwnd;

    undo_forget(t, c);
    if (c->recovery == TCP_CWR) {
        c->cwnd = c->ssthresh; /* the last one is over with this ACK */
    }
    c->ssthresh =
        c->cc->on_ecn ? c->cc->on_ecn(c, info, t->env->now) : c->cc->on_loss(c, t->env->now);
    if (scoreboard_total(c) == 0) {
        c->recovery = TCP_OPEN; /* nothing is out that ACKs could pay for */
        c->cwnd = min_u32(c->cwnd, c->ssthresh);
    } else {
        prr_begin(t, c, info);
        c->recovery = TCP_CWR;
        c->flight->recover = c->snd_nxt;
    }
    trace_cwnd(t, c, before, WEIR_REASON_ECN);
}

/* Everything that was out when it began has been acknowledged. */
static void leave(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_cold *cold = cold_of(t, c);
    uint32_t before = c->cwnd;

    if (reducing(c) && !c->cc->own_recovery) {
        c->cwnd = c->ssthresh; /* RFC 9937: also when PRR could not bring it there */
    }
    if (c->recovery != TCP_CWR) {
        rack_recovered(c);
    }
    if (cold) {
        cold->recovered = c->flight->recover;
    }
    c->recovery = TCP_OPEN;
    c->flight->frto = TCP_FRTO_OFF;
    c->flight->dup_acks = 0;
    c->flight->reno_sacked = 0;
    trace_cwnd(t, c, before, WEIR_REASON_RECOVERY_EXIT);
}

/* ---- Without SACK --------------------------------------------------------------------------------------- */

/* Bytes that duplicate ACKs vouch for never exceed what is outstanding and not lost. */
static void set_reno_sacked(struct tcp_conn *c)
{
    struct tcp_flight *f = c->flight;
    uint32_t total = scoreboard_total(c);
    uint32_t most = total > f->lost_bytes ? total - f->lost_bytes : 0;

    f->reno_sacked = (uint32_t)min_u64((uint64_t)f->dup_acks * c->mss_base, most);
}

/* The first MSS of the oldest record is what the peer misses. */
static void mark_oldest(struct tcp *t, struct tcp_conn *c, enum weir_reason reason)
{
    scoreboard_mark_oldest(t, c, emit_payload_max(c), reason);
}

/* Duplicates that say nothing about the oldest segment: those of what left before it, when it left late
 * because the device had dropped it. */
static uint32_t expected_duplicates(const struct tcp *t, const struct tcp_conn *c)
{
    const struct tx_record *head = tx_at(t, c->flight->tx_head);
    uint32_t segments = 0;

    if (!(head->flags & TX_UNSENT)) {
        return 0;
    }
    if (head->flags & TX_LOST) {
        return UINT16_MAX; /* it waits to be sent: that is why it is missing */
    }
    for (uint32_t i = head->time_prev; i; i = tx_at(t, i)->time_prev) {
        segments += scoreboard_segments(tx_at(t, i));
    }
    return segments;
}

/* RFC 6582 3.2: three duplicates, and not of what an earlier recovery or timeout already covers. */
static bool reno_lost(const struct tcp *t, const struct tcp_conn *c)
{
    const struct tcp_flight *f = c->flight;
    const struct tcp_cold *cold = cold_of(t, c);

    return !c->sack && f->tx_head && f->dup_acks >= TCP_DUP_THRESHOLD && c->snd_una > f->recover &&
           !(cold && c->snd_una <= cold->recovered) &&
           f->dup_acks >= TCP_DUP_THRESHOLD + expected_duplicates(t, c);
}

/* Counts duplicates; what the ACK delivers is what it covers beyond what they vouched for. */
static void count_reno(struct tcp_conn *c, struct ack_info *info)
{
    struct tcp_flight *f = c->flight;
    uint32_t segments = info->acked / max_u32(c->mss_base, 1), before = f->reno_sacked;

    if (info->duplicate) {
        f->dup_acks = (uint16_t)min_u32(f->dup_acks + 1u, UINT16_MAX);
    } else if (!info->acked) {
        return;
    } else if (c->recovery == TCP_OPEN) {
        f->dup_acks = 0;
    } else {
        /* a partial ACK: one segment filled the hole, the rest is no longer vouched for by duplicates */
        segments -= segments > 0;
        f->dup_acks = (uint16_t)(f->dup_acks > segments ? f->dup_acks - segments : 0);
    }
    set_reno_sacked(c);
    if (info->duplicate) {
        info->delivered = f->reno_sacked - min_u32(before, f->reno_sacked);
    } else {
        uint64_t now = (uint64_t)info->acked + f->reno_sacked;

        info->delivered =
            now > before ? (uint32_t)(now - before) : min_u32(info->acked, c->mss_base);
    }
}

/* Without SACK, when duplicates say that the oldest is lost: was it a probe of the path's MTU, and only that? */
static bool probe_too_big(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_flight *f = c->flight;
    uint32_t before = f->rate.lost;

    if (LIKELY(!c->mtu_probing) || !mtuprobe_is_oldest(t, c)) {
        return false;
    }
    scoreboard_mark(t, c, f->tx_head, WEIR_REASON_DUP_ACKS);
    set_reno_sacked(c);
    return f->rate.lost == before;
}

/* ---- States --------------------------------------------------------------------------------------------- */

/* Marks what is lost, and enters recovery when that is news. */
static void detect(struct tcp *t, struct tcp_conn *c, struct ack_info *info)
{
    struct tcp_flight *f = c->flight;
    struct tcp_cold *cold;
    bool lost = false;

    if (c->sack) {
        uint32_t before = f->rate.lost;

        if (f->sacked_bytes || c->recovery != TCP_OPEN || f->early == TCP_EARLY_REORDER) {
            rack_detect(t, c, info);
        }
        lost = f->rate.lost != before;
    } else if (c->recovery == TCP_OPEN || c->recovery == TCP_CWR) {
        lost = reno_lost(t, c) && !probe_too_big(t, c);
    }
    if (info->lost_again && (cold = cold_of(t, c)) != NULL) {
        cold->lost_again++;
    }
    if (!lost || c->recovery == TCP_RECOVERY || (c->recovery == TCP_LOSS && !info->lost_again)) {
        return;
    }
    if (!c->sack) {
        mark_oldest(t, c, WEIR_REASON_DUP_ACKS);
        set_reno_sacked(c);
    }
    enter(t, c, info);
}

/* In TCP_RECOVERY or TCP_CWR. True: it is over. */
static bool in_reduction(struct tcp *t, struct tcp_conn *c, struct ack_info *info)
{
    bool ended = c->snd_una >= c->flight->recover;
    enum weir_reason reason = info->acked ? undo_reason(t, c, info, ended) : WEIR_REASON_NONE;

    if (reason == WEIR_REASON_NONE && undo_by_dsack(t, c)) {
        reason = WEIR_REASON_DSACK;
    }
    if (c->recovery == TCP_RECOVERY && reason != WEIR_REASON_NONE) {
        if (reason == WEIR_REASON_EIFEL && !info->is_reordered) {
            rack_note_reordering(c, info->una_before);
        }
        undo_now(t, c, reason);
        return true;
    }
    if (ended) {
        leave(t, c);
        return true;
    }
    if (!c->sack && info->acked && c->recovery == TCP_RECOVERY) {
        mark_oldest(t, c, WEIR_REASON_PARTIAL_ACK);
        set_reno_sacked(c);
    }
    return false;
}

/* In TCP_LOSS. True: it was a mistake. An ACK that ends it lets slow start go on. */
static bool in_loss(struct tcp *t, struct tcp_conn *c, struct ack_info *info)
{
    bool ended = c->snd_una >= c->flight->recover;
    enum weir_reason reason = info->acked ? undo_reason(t, c, info, ended) : WEIR_REASON_NONE;

    if (reason == WEIR_REASON_NONE && frto_on_ack(c, info)) {
        reason = WEIR_REASON_FRTO;
    }
    if (reason != WEIR_REASON_NONE) {
        undo_now(t, c, reason);
        return true;
    }
    if (ended) {
        leave(t, c);
    }
    return false;
}

/* A probe that repaired a loss counts as one (RFC 8985 7.4): the reduction is over as soon as it begins. */
static void reduce_for_probe(struct tcp *t, struct tcp_conn *c)
{
    uint32_t before = c->cwnd;

    undo_forget(t, c);
    c->ssthresh = c->cc->on_loss(c, t->env->now);
    if (!c->cc->own_recovery) {
        c->cwnd = c->ssthresh;
    }
    trace_cwnd(t, c, before, WEIR_REASON_TLP);
}

/* What is undone, over or found by an ACK. True: the states of recovery have had their say about cwnd. */
static bool run_states(struct tcp *t, struct tcp_conn *c, struct ack_info *info)
{
    bool was_reducing = reducing(c), over = false;

    switch (c->recovery) {
    case TCP_LOSS: over = in_loss(t, c, info); break;
    case TCP_RECOVERY:
    case TCP_CWR: over = in_reduction(t, c, info); break;
    default:
        if (info->dsack && undo_by_dsack(t, c)) {
            undo_now(t, c, WEIR_REASON_DSACK);
        }
        break;
    }
    detect(t, c, info);
    return over || (!was_reducing && reducing(c));
}

void recovery_on_ack(struct tcp *t, struct tcp_conn *c, struct ack_info *info)
{
    struct tcp_flight *f = c->flight;
    uint32_t lost = f->rate.lost, before = c->cwnd;
    bool settled;

    if (f == &tcp_flight_none) {
        recovery_on_idle_ack(t, c, info);
        return;
    }
    if (c->sack) {
        rack_on_ack(t, c, info);
    } else {
        count_reno(c, info);
    }
    if (tlp_on_ack(t, c, info) && c->recovery == TCP_OPEN) {
        reduce_for_probe(t, c);
    }
    settled = run_states(t, c, info);
    info->lost = f->rate.lost - lost;
    if (!settled && reducing(c)) {
        prr_on_ack(t, c, info->delivered, info->acked && !info->lost);
        if (c->cwnd != before) {
            trace_cwnd(t, c, before, WEIR_REASON_RECOVERY);
        }
    } else if (!settled && info->acked && !info->ece) {
        cc_on_ack(t, c, info);
    }
    cc_on_delivered(t, c, info);
}

void recovery_on_idle_ack(struct tcp *t, struct tcp_conn *c, struct ack_info *info)
{
    if (c->flight != &tcp_flight_none && tlp_on_ack(t, c, info)) {
        reduce_for_probe(t, c);
    }
    if (info->dsack && c->recovery == TCP_OPEN && undo_by_dsack(t, c)) {
        undo_now(t, c, WEIR_REASON_DSACK);
    }
}

/* ---- Timers --------------------------------------------------------------------------------------------- */

/* RFC 5681 (4) and Linux: once for a window of data; again when an ACK has moved since. */
static bool first_of_window(const struct tcp_conn *c)
{
    return c->recovery == TCP_OPEN || c->snd_una >= c->flight->recover ||
           (c->recovery == TCP_LOSS && c->backoff <= 1);
}

void recovery_on_rto(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_flight *f = c->flight;
    enum tcp_recovery state = (enum tcp_recovery)c->recovery;
    uint32_t before = c->cwnd;

    if (first_of_window(c)) {
        undo_begin(t, c);
        c->ssthresh = c->cc->on_loss(c, t->env->now);
    }
    frto_begin(c, state, c->backoff > 1);
    c->recovery = TCP_LOSS;
    f->recover = c->snd_nxt;
    if (c->ecn) {
        ecn_reduced(t, c);
    }
    f->dup_acks = 0;
    f->reno_sacked = 0;
    f->tlp_end = 0;
    f->tlp_due = false;
    f->early = TCP_EARLY_NONE;
    f->early_at = 0;
    if (f->tx_head && (tx_at(t, f->tx_head)->flags & TX_SACKED)) {
        /* the oldest was SACKed and yet not acknowledged: reneging */
        scoreboard_forget_sack(t, c);
        f->frto = TCP_FRTO_OFF;
        scoreboard_mark_all(t, c, WEIR_REASON_RTO);
    } else if (c->sack) {
        scoreboard_mark_overdue(t, c, WEIR_REASON_RTO);
    } else {
        scoreboard_mark_all(t, c, WEIR_REASON_RTO);
    }
    if (c->cc->on_rto) {
        c->cc->on_rto(c, t->env->now);
    }
    c->cwnd = scoreboard_in_flight(c) + c->mss_base;
    trace_cwnd(t, c, before, WEIR_REASON_RTO);
}

/* What is late by now is lost; there is no ACK to pay for sending it, so one segment goes (RFC 9937). */
static void on_reorder_timer(struct tcp *t, struct tcp_conn *c)
{
    struct ack_info info = {.una_before = c->snd_una, .delivered = c->mss_base};

    trace_timer(t, c->id, WEIR_TIMER_REORDER, 1, 0);
    detect(t, c, &info);
}

void recovery_on_early(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_flight *f = c->flight;
    uint8_t kind = f->early;

    f->early = TCP_EARLY_NONE;
    f->early_at = 0;
    if (kind == TCP_EARLY_REORDER) {
        on_reorder_timer(t, c);
    } else {
        tlp_fire(t, c);
    }
}
