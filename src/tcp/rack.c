/* rack.c - see rack.h. */
#include "tcp/rack.h"

#include "tcp/cold.h"
#include "tcp/rtt.h"
#include "tcp/scoreboard.h"

#define REORDERING_MAX 300
#define PERSIST 16 /* RFC 8985 6.2 step 4: recoveries without a D-SACK */

void rack_insert_after(struct tcp *t, struct tcp_flight *f, uint32_t after, uint32_t index)
{
    struct tx_record *r = tx_at(t, index);

    r->time_prev = after;
    r->time_next = after ? tx_at(t, after)->time_next : f->time_head;
    if (after) {
        tx_at(t, after)->time_next = index;
    } else {
        f->time_head = index;
    }
    if (r->time_next) {
        tx_at(t, r->time_next)->time_prev = index;
    } else {
        f->time_tail = index;
    }
}

/* What is sent again in the same instant as something behind it was sent later all the same: a nanosecond
 * keeps the order. */
void rack_append(struct tcp *t, struct tcp_flight *f, uint32_t index)
{
    struct tx_record *r = tx_at(t, index);

    if (f->time_tail) {
        bool again = (r->flags & TX_RETRANSMITTED) != 0;

        r->sent_at = max_u64(r->sent_at, tx_at(t, f->time_tail)->sent_at + again);
    }
    rack_insert_after(t, f, f->time_tail, index);
}

void rack_remove(struct tcp *t, struct tcp_flight *f, uint32_t index)
{
    struct tx_record *r = tx_at(t, index);

    if (r->time_prev) {
        tx_at(t, r->time_prev)->time_next = r->time_next;
    } else {
        f->time_head = r->time_next;
    }
    if (r->time_next) {
        tx_at(t, r->time_next)->time_prev = r->time_prev;
    } else {
        f->time_tail = r->time_prev;
    }
    r->time_next = r->time_prev = 0;
}

static bool sent_after(weir_time at, seq_pos end, weir_time other_at, seq_pos other_end)
{
    return at > other_at || (at == other_at && end > other_end);
}

static seq_pos end_of(const struct tx_record *r)
{
    return r->start + r->size;
}

void rack_restore(struct tcp *t, struct tcp_flight *f, uint32_t index)
{
    const struct tx_record *r = tx_at(t, index);
    uint32_t i = f->time_tail;

    while (i && sent_after(tx_at(t, i)->sent_at, end_of(tx_at(t, i)), r->sent_at, end_of(r))) {
        i = tx_at(t, i)->time_prev;
    }
    rack_insert_after(t, f, i, index);
}

/* Was it the original that arrived, and not the repetition that `r` remembers? (RFC 8985 6.2 step 2) */
static bool ambiguous(const struct tcp_conn *c, const struct tx_record *r, weir_time rtt,
                      const struct ack_info *info)
{
    uint32_t sent_ts = (uint32_t)(r->sent_at / WEIR_MS) + c->ts_offset;

    if (!(r->flags & TX_RETRANSMITTED)) {
        return false;
    }
    return rtt < (weir_time)c->min_rtt_us * WEIR_US ||
           (info->has_ts && (int32_t)(info->ts_ecr - sent_ts) < 0);
}

void rack_delivered(struct tcp *t, struct tcp_conn *c, const struct tx_record *r, seq_pos end,
                    struct ack_info *info)
{
    struct tcp_flight *f = c->flight;
    weir_time rtt = t->env->now - min_u64(r->sent_at, t->env->now);

    if (!(r->flags & TX_RETRANSMITTED)) {
        if (end <= f->recover) {
            info->original = true;
        }
        if (c->sack && r->start < f->fack && !(info->is_reordered && info->reordered < r->start)) {
            info->is_reordered = true;
            info->reordered = r->start;
        }
    } else if (ambiguous(c, r, rtt, info)) {
        return;
    }
    f->rack_rtt_us = (uint32_t)min_u64(rtt / WEIR_US, UINT32_MAX);
    if (sent_after(r->sent_at, end, f->rack_sent_at, f->rack_end)) {
        f->rack_sent_at = r->sent_at;
        f->rack_end = end;
    }
}

void rack_note_reordering(struct tcp_conn *c, seq_pos low)
{
    seq_pos high = max_u64(c->flight->fack, c->snd_una);
    uint64_t segments;

    if (low >= high) {
        return;
    }
    segments = (high - low + c->mss_base - 1) / c->mss_base;
    c->reordering = (uint16_t)max_u32(c->reordering, (uint32_t)min_u64(segments, REORDERING_MAX));
    if (c->reorder_seen < UINT32_MAX) {
        c->reorder_seen++;
    }
}

/* RFC 8985 6.2 step 4: the window grows by a step in each round trip that reports a duplicate. */
static void on_dsack(struct tcp *t, struct tcp_conn *c, const struct ack_info *info)
{
    struct tcp_cold *cold = cold_of(t, c);

    if (!cold) {
        return;
    }
    if (cold->dsack_round && c->snd_una >= cold->dsack_round) {
        cold->dsack_round = 0;
    }
    if (info->dsack && !info->dsack_probe && c->reorder_seen && !cold->dsack_round) {
        cold->dsack_round = c->snd_nxt;
        c->rack_steps = (uint8_t)min_u32(max_u32(c->rack_steps, 1) + 1u, UINT8_MAX);
        c->rack_persist = PERSIST;
    }
}

void rack_on_ack(struct tcp *t, struct tcp_conn *c, const struct ack_info *info)
{
    struct tcp_flight *f = c->flight;

    for (uint32_t i = info->sacked ? f->tx_tail : 0; i; i = tx_at(t, i)->prev) {
        if (tx_at(t, i)->flags & TX_SACKED) {
            f->fack = max_u64(f->fack, end_of(tx_at(t, i)));
            break;
        }
    }
    if (info->is_reordered) {
        rack_note_reordering(c, info->reordered);
    }
    on_dsack(t, c, info);
}

void rack_recovered(struct tcp_conn *c)
{
    if (c->rack_persist && --c->rack_persist == 0) {
        c->rack_steps = 0;
    }
}

static weir_time path_time(const struct tcp_conn *c)
{
    return (weir_time)c->flight->rack_rtt_us * WEIR_US;
}

static weir_time window(const struct tcp_conn *c)
{
    weir_time quarter = (weir_time)c->min_rtt_us * WEIR_US / 4;

    if (!c->reorder_seen && (c->recovery == TCP_RECOVERY || c->recovery == TCP_LOSS ||
                             c->flight->sacked_segments >= TCP_DUP_THRESHOLD)) {
        return 0;
    }
    return min_u64(quarter * max_u32(c->rack_steps, 1), rtt_srtt(c));
}

void rack_detect(struct tcp *t, struct tcp_conn *c, struct ack_info *info)
{
    struct tcp_flight *f = c->flight;
    weir_time now = t->env->now, allowed = path_time(c) + window(c), latest = 0;
    uint32_t i, next;

    for (i = f->time_head; i; i = next) {
        const struct tx_record *r = tx_at(t, i);

        if (!sent_after(f->rack_sent_at, f->rack_end, r->sent_at, end_of(r))) {
            break;
        }
        next = r->time_next;
        if (r->sent_at + allowed <= now) {
            info->lost_again |= (r->flags & TX_REPAIR) != 0;
            scoreboard_mark(
                t, c, i, r->flags & TX_REPAIR ? WEIR_REASON_LOST_RETRANSMISSION : WEIR_REASON_RACK);
        } else {
            latest = max_u64(latest, r->sent_at + allowed);
        }
    }
    if (latest) {
        f->early = TCP_EARLY_REORDER;
        f->early_at = latest;
    } else if (f->early == TCP_EARLY_REORDER) {
        f->early = TCP_EARLY_NONE;
        f->early_at = 0;
    }
}

bool rack_overdue(const struct tcp *t, const struct tcp_conn *c, const struct tx_record *r)
{
    return r->sent_at + path_time(c) <= t->env->now;
}
