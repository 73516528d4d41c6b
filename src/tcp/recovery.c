/*
 * recovery.c - see recovery.h.
 *
 * With SACK the scoreboard says what is lost. Without it, duplicate ACKs stand for segments that have left
 * (reno_sacked), the first three mean that the oldest is lost, and in recovery a partial ACK means that
 * the next one is (RFC 6582). What is to be sent again is then just what is marked lost, as far as cwnd
 * allows: output.c does not know why.
 */
#include "tcp/recovery.h"

#include "tcp/cc.h"
#include "tcp/ecn.h"
#include "tcp/emit.h"
#include "tcp/flight.h"
#include "tcp/scoreboard.h"
#include "tcp/trace.h"

static void enter(struct tcp *t, struct tcp_conn *c)
{
    uint32_t before = c->cwnd;

    c->ssthresh = c->cc->on_loss(c, t->env->now);
    if (!c->cc->own_recovery) {
        c->cwnd = c->ssthresh;
    }
    c->recovery = TCP_RECOVERY;
    c->flight->recover = c->snd_nxt;
    c->fast_retransmit_count++;
    if (c->ecn) {
        ecn_reduced(t, c);
    }
    trace_cwnd(t, c, before, WEIR_REASON_RECOVERY_ENTER);
}

static void leave(struct tcp *t, struct tcp_conn *c)
{
    uint32_t before = c->cwnd;
    uint32_t flight = scoreboard_in_flight(c);

    if (c->recovery == TCP_RECOVERY && !c->cc->own_recovery) {
        /* RFC 6582 3.2 step 3 (1): no burst when little is in flight */
        c->cwnd = min_u32(c->ssthresh, max_u32(flight, c->mss_base) + c->mss_base);
    }
    c->recovery = TCP_OPEN;
    c->flight->dup_acks = 0;
    c->flight->reno_sacked = 0;
    trace_cwnd(t, c, before, WEIR_REASON_RECOVERY_EXIT);
}

/* Bytes that duplicate ACKs vouch for never exceed what is outstanding and not lost. */
static void set_reno_sacked(struct tcp_conn *c)
{
    struct tcp_flight *f = c->flight;
    uint32_t total = scoreboard_total(c);
    uint32_t most = total > f->lost_bytes ? total - f->lost_bytes : 0;

    f->reno_sacked = min_u32((uint32_t)f->dup_acks * c->mss_base, most);
}

/* The first MSS of the oldest record is what the peer misses. */
static void mark_oldest(struct tcp *t, struct tcp_conn *c, enum weir_reason reason)
{
    scoreboard_mark_oldest(t, c, emit_payload_max(c), reason);
}

static void on_duplicate(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_flight *f = c->flight;

    if (f->dup_acks < UINT16_MAX) {
        f->dup_acks++;
    }
    if (c->sack) {
        return;
    }
    set_reno_sacked(c);
    /* RFC 6582: not for duplicates of what an earlier recovery or timeout already covers */
    if (c->recovery == TCP_OPEN && f->dup_acks >= TCP_DUP_THRESHOLD && c->snd_una >= f->recover &&
        f->tx_head) {
        enter(t, c);
        mark_oldest(t, c, WEIR_REASON_DUP_ACKS);
        set_reno_sacked(c);
    }
}

static void on_progress_reno(struct tcp *t, struct tcp_conn *c, const struct ack_info *info)
{
    struct tcp_flight *f = c->flight;
    uint32_t segments = info->acked / max_u32(c->mss_base, 1);

    if (c->recovery == TCP_OPEN) {
        f->dup_acks = 0;
    } else {
        /* a partial ACK: what it covers is no longer vouched for by duplicates */
        f->dup_acks = (uint16_t)(f->dup_acks > segments ? f->dup_acks - segments : 0);
        if (c->recovery == TCP_RECOVERY && c->snd_una < f->recover) {
            mark_oldest(t, c, WEIR_REASON_PARTIAL_ACK);
        }
    }
    set_reno_sacked(c);
}

static void detect_by_sack(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_flight *f = c->flight;
    uint32_t lost_before =
        f->lost_bytes; /* by the device or a smaller MTU: no sign of congestion */

    scoreboard_mark_by_sack(t, c);
    /* RFC 6675 5 (1): DupThresh duplicate ACKs do as well, for small segments */
    if (c->recovery == TCP_OPEN && f->lost_bytes == 0 && f->dup_acks >= TCP_DUP_THRESHOLD &&
        f->sacked_bytes > 0 && c->snd_una >= f->recover) {
        mark_oldest(t, c, WEIR_REASON_DUP_ACKS);
    }
    if (f->lost_bytes > lost_before && c->recovery == TCP_OPEN) {
        enter(t, c);
    }
}

void recovery_on_ack(struct tcp *t, struct tcp_conn *c, const struct ack_info *info)
{
    struct tcp_flight *f = c->flight;

    if (f == &tcp_flight_none) {
        return;
    }
    if (info->duplicate) {
        on_duplicate(t, c);
    } else if (info->acked) {
        if (c->sack) {
            f->dup_acks = 0;
        } else {
            on_progress_reno(t, c, info);
        }
    }
    if (c->sack && f->sacked_bytes) {
        detect_by_sack(t, c);
    }
    if (c->recovery != TCP_OPEN && c->snd_una >= f->recover) {
        leave(t, c);
    } else if (info->acked && c->recovery != TCP_RECOVERY && !info->ece) {
        cc_on_ack(t, c, info);
    }
    cc_on_delivered(t, c, info);
}

void recovery_on_rto(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_flight *f = c->flight;
    uint32_t before = c->cwnd;

    if (c->recovery != TCP_LOSS || c->snd_una >= f->recover) {
        /* RFC 5681 (4): once per loss event, not for each backoff */
        c->ssthresh = c->cc->on_loss(c, t->env->now);
    }
    c->recovery = TCP_LOSS;
    f->recover = c->snd_nxt;
    if (c->ecn) {
        ecn_reduced(t, c);
    }
    f->dup_acks = 0;
    f->reno_sacked = 0;
    if (f->tx_head && (tx_at(t, f->tx_head)->flags & TX_SACKED)) {
        scoreboard_forget_sack(t, c); /* the oldest was SACKed and yet not acknowledged: reneging */
    }
    scoreboard_mark_all(t, c, WEIR_REASON_RTO);
    if (c->cc->on_rto) {
        c->cc->on_rto(c, t->env->now);
    }
    c->cwnd = c->mss_base;
    trace_cwnd(t, c, before, WEIR_REASON_RTO);
}
