/* undo.c - see undo.h. */
#include "tcp/undo.h"

#include "tcp/cc.h"
#include "tcp/cold.h"
#include "tcp/flight.h"
#include "tcp/scoreboard.h"
#include "tcp/trace.h"

static uint32_t timestamp_of(const struct tcp_conn *c, weir_time time)
{
    uint32_t stamp = (uint32_t)(time / WEIR_MS) + c->ts_offset;

    return stamp ? stamp : 1; /* 0: none */
}

/* When the oldest repetition left that has not arrived: one of an earlier recovery, or a probe. Its echo is older than
 * what this recovery will send again, and yet no sign that that was needless. 0: none. */
static uint32_t oldest_repetition(const struct tcp *t, const struct tcp_conn *c)
{
    weir_time oldest = WEIR_NEVER;

    for (uint32_t i = c->flight->tx_head; i; i = tx_at(t, i)->next) {
        const struct tx_record *r = tx_at(t, i);

        if ((r->flags & (TX_RETRANSMITTED | TX_SACKED)) == TX_RETRANSMITTED) {
            oldest = min_u64(oldest, r->sent_at);
        }
    }
    return oldest == WEIR_NEVER ? 0 : timestamp_of(c, oldest);
}

void undo_begin(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_cold *cold = cold_ensure(t, c);

    if (!cold) {
        return;
    }
    cold->undo_marker = c->snd_una;
    cold->undo_cwnd = c->cwnd;
    cold->undo_ssthresh = c->ssthresh;
    cold->undo_resent = scoreboard_resent_segments(t, c); /* a probe: it may come back as D-SACK */
    cold->undo_any = cold->undo_resent != 0;
    cold->undo_stamp = oldest_repetition(t, c);
}

void undo_forget(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_cold *cold = cold_of(t, c);

    if (cold) {
        cold->undo_marker = 0;
    }
}

void undo_resent(struct tcp *t, struct tcp_conn *c, const struct tx_record *r)
{
    struct tcp_cold *cold = cold_of(t, c);

    if (!cold || !cold->undo_marker || c->recovery == TCP_OPEN) {
        return;
    }
    if (!cold->undo_stamp) {
        cold->undo_stamp = timestamp_of(c, t->env->now);
    }
    cold->undo_any = true;
    cold->undo_resent += scoreboard_segments(r);
}

void undo_on_dsack(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end,
                   struct ack_info *info)
{
    struct tcp_cold *cold = cold_of(t, c);
    uint32_t segments = (uint32_t)((end - start + c->mss_base - 1) / c->mss_base);

    if (end - start > c->max_snd_wnd || !cold || !cold->segments_retransmitted) {
        return; /* nonsense, or the network's own duplicate */
    }
    info->dsack = true;
    info->dsack_probe = c->flight->tlp_end == end && end - start <= c->mss_base;
    cold->dsacks_in++;
    if (cold->undo_marker && end > cold->undo_marker) {
        cold->undo_resent -= min_u32(segments, cold->undo_resent);
    }
}

bool undo_by_dsack(const struct tcp *t, const struct tcp_conn *c)
{
    const struct tcp_cold *cold = cold_of(t, c);

    return cold && cold->undo_marker && cold->undo_any && cold->undo_resent == 0;
}

enum weir_reason undo_reason(const struct tcp *t, const struct tcp_conn *c,
                             const struct ack_info *info, bool ended)
{
    const struct tcp_cold *cold = cold_of(t, c);

    if (!cold || !cold->undo_marker) {
        return WEIR_REASON_NONE;
    }
    if (cold->undo_any && cold->undo_resent == 0) {
        return WEIR_REASON_DSACK;
    }
    if (cold->undo_stamp && info->has_ts && info->ts_ecr &&
        (int32_t)(info->ts_ecr - cold->undo_stamp) < 0) {
        return WEIR_REASON_EIFEL;
    }
    return ended && !cold->undo_any ? WEIR_REASON_UNDO : WEIR_REASON_NONE;
}

void undo_now(struct tcp *t, struct tcp_conn *c, enum weir_reason reason)
{
    struct tcp_cold *cold = cold_of(t, c);
    uint32_t before = c->cwnd;

    if (c->flight != &tcp_flight_none) {
        scoreboard_unmark(t, c);
        c->flight->frto = TCP_FRTO_OFF;
        c->flight->dup_acks = 0;
        c->flight->reno_sacked = 0;
    }
    if (c->recovery == TCP_LOSS && cold) {
        cold->spurious_rtos++;
    }
    c->recovery = TCP_OPEN;
    if (cold && cold->undo_marker) {
        if (!c->cc->own_recovery) {
            c->cwnd = max_u32(c->cwnd, cold->undo_cwnd);
            c->ssthresh = max_u32(c->ssthresh, cold->undo_ssthresh);
        }
        cold->undo_marker = 0;
        cold->undone++;
        if (c->cc->undo) {
            c->cc->undo(c);
        }
    }
    trace_cwnd(t, c, before, reason);
}
