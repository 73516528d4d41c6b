/* scoreboard.c - see scoreboard.h. */
#include "tcp/scoreboard.h"

#include "tcp/ack.h"
#include "tcp/flight.h"
#include "tcp/rate.h"
#include "tcp/trace.h"

uint32_t scoreboard_in_flight(const struct tcp_conn *c)
{
    const struct tcp_flight *f = c->flight;
    uint32_t gone = f->sacked_bytes + f->lost_bytes + f->reno_sacked;
    uint32_t total = scoreboard_total(c);

    return total > gone ? total - gone : 0;
}

static void link_after(struct tcp *t, struct tcp_flight *f, uint32_t after, uint32_t index)
{
    struct tx_record *r = tx_at(t, index);

    r->prev = after;
    r->next = after ? tx_at(t, after)->next : f->tx_head;
    if (after) {
        tx_at(t, after)->next = index;
    } else {
        f->tx_head = index;
    }
    if (r->next) {
        tx_at(t, r->next)->prev = index;
    } else {
        f->tx_tail = index;
    }
}

static void unlink_record(struct tcp *t, struct tcp_flight *f, uint32_t index)
{
    struct tx_record *r = tx_at(t, index);

    if (r->prev) {
        tx_at(t, r->prev)->next = r->next;
    } else {
        f->tx_head = r->next;
    }
    if (r->next) {
        tx_at(t, r->next)->prev = r->prev;
    } else {
        f->tx_tail = r->prev;
    }
    if (f->rtx_hint == index) {
        f->rtx_hint = r->next;
    }
    pool_put(&t->records, index);
}

bool scoreboard_sent(struct tcp *t, struct tcp_conn *c, uint32_t size, bool fin)
{
    uint32_t index;
    struct tx_record *r;

    if (!flight_ensure(t, c)) {
        return false;
    }
    r = pool_get(&t->records, &index);
    if (!r) {
        return false;
    }
    r->start = c->snd_nxt;
    r->size = size;
    r->flags = fin ? TX_FIN : 0;
    link_after(t, c->flight, c->flight->tx_tail, index);
    c->snd_nxt += size;
    rate_on_send(t, c, r);
    return true;
}

/* Cuts record `index` so that it ends at `at`; the rest becomes a new record behind it. */
static bool split(struct tcp *t, struct tcp_conn *c, uint32_t index, seq_pos at)
{
    uint32_t tail_index;
    struct tx_record *tail = pool_get(&t->records, &tail_index);
    struct tx_record *r = tx_at(t, index);

    if (!tail) {
        return false;
    }
    ASSERT(at > r->start && at < r->start + r->size);
    *tail = *r;
    tail->start = at;
    tail->size = (uint32_t)(r->start + r->size - at);
    r->size -= tail->size;
    r->flags &= (uint8_t)~TX_FIN;
    link_after(t, c->flight, index, tail_index);
    return true;
}

uint32_t scoreboard_next_lost(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_flight *f = c->flight;
    uint32_t i;

    if (f->lost_bytes == 0) {
        return 0;
    }
    for (i = f->rtx_hint ? f->rtx_hint : f->tx_head; i; i = tx_at(t, i)->next) {
        if (tx_at(t, i)->flags & TX_LOST) {
            f->rtx_hint = i;
            return tx_at(t, i)->frames_out ? 0 : i;
        }
    }
    return 0;
}

bool scoreboard_resent(struct tcp *t, struct tcp_conn *c, uint32_t index, uint32_t size)
{
    struct tx_record *r = tx_at(t, index);

    ASSERT(r->flags & TX_LOST);
    if (size < r->size && !split(t, c, index, r->start + size)) {
        return false;
    }
    r = tx_at(t, index);
    c->flight->lost_bytes -= r->size;
    r->flags &= (uint8_t) ~(TX_LOST | TX_UNSENT);
    r->flags |= TX_RETRANSMITTED;
    rate_on_send(t, c, r);
    return true;
}

/* A record (or its first part) reached the peer: what it says about time and flight. */
static void learn(const struct tx_record *r, struct ack_info *info)
{
    if (r->flags & TX_RETRANSMITTED) {
        info->retransmitted_acked = true;
    } else if (r->sent_at > info->first_sent_at) {
        info->first_sent_at = r->sent_at;
    }
}

void scoreboard_ack(struct tcp *t, struct tcp_conn *c, seq_pos ack, struct ack_info *info)
{
    struct tcp_flight *f = c->flight;
    uint32_t i, next;

    for (i = f->tx_head; i && tx_at(t, i)->start < ack; i = next) {
        struct tx_record *r = tx_at(t, i);
        uint32_t part = (uint32_t)min_u64(ack - r->start, r->size);
        bool whole = part == r->size;

        next = r->next;
        if (r->flags & TX_SACKED) {
            f->sacked_bytes -= part;
        } else {
            learn(r, info);
            c->delivered += part;
            rate_on_delivered(c, r, part, info);
        }
        if (r->flags & TX_LOST) {
            f->lost_bytes -= part;
        }
        if (whole) {
            info->fin_acked |= (r->flags & TX_FIN) != 0;
            unlink_record(t, f, i);
        } else {
            r->start = ack;
            r->size -= part;
        }
    }
}

static void sack_record(struct tcp_conn *c, struct tx_record *r, struct ack_info *info)
{
    struct tcp_flight *f = c->flight;

    if (r->flags & TX_LOST) {
        f->lost_bytes -= r->size;
        r->flags &= (uint8_t) ~(TX_LOST | TX_UNSENT);
    }
    learn(r, info);
    r->flags |= TX_SACKED;
    f->sacked_bytes += r->size;
    info->sacked += r->size;
    c->delivered += r->size;
    rate_on_delivered(c, r, r->size, info);
}

void scoreboard_sack(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end,
                     struct ack_info *info)
{
    uint32_t i = c->flight->tx_head;

    for (; i && tx_at(t, i)->start < end; i = tx_at(t, i)->next) {
        struct tx_record *r = tx_at(t, i);

        if (r->start + r->size <= start || (r->flags & TX_SACKED)) {
            continue;
        }
        /* A split that cannot allocate counts as not SACKed. */
        if (r->start < start) {
            if (!split(t, c, i, start)) {
                return;
            }
            continue; /* the second half is next */
        }
        if (r->start + r->size > end && !split(t, c, i, end)) {
            return;
        }
        sack_record(c, tx_at(t, i), info);
    }
}

void scoreboard_mark(struct tcp *t, struct tcp_conn *c, uint32_t index, enum weir_reason reason)
{
    struct tcp_flight *f = c->flight;
    struct tx_record *r = tx_at(t, index);

    if (r->flags & (TX_LOST | TX_SACKED)) {
        return;
    }
    r->flags |= TX_LOST;
    f->lost_bytes += r->size;
    if (f->rtx_hint && r->start < tx_at(t, f->rtx_hint)->start) {
        f->rtx_hint = index;
    }
    rate_on_lost(t, c, r, reason);
    trace_lost(t, c, r->start, r->size, reason);
}

void scoreboard_mark_oldest(struct tcp *t, struct tcp_conn *c, uint32_t size,
                            enum weir_reason reason)
{
    uint32_t head = c->flight->tx_head;

    if (!head || (tx_at(t, head)->flags & (TX_LOST | TX_SACKED))) {
        return;
    }
    if (tx_at(t, head)->size > size) {
        (void)split(t, c, head, tx_at(t, head)->start + size); /* no memory: all of it, then */
    }
    scoreboard_mark(t, c, head, reason);
}

void scoreboard_mark_all(struct tcp *t, struct tcp_conn *c, enum weir_reason reason)
{
    uint32_t i;

    c->flight->rtx_hint = 0;
    for (i = c->flight->tx_head; i; i = tx_at(t, i)->next) {
        scoreboard_mark(t, c, i, reason);
    }
}

void scoreboard_forget_sack(struct tcp *t, struct tcp_conn *c)
{
    for (uint32_t i = c->flight->tx_head; i; i = tx_at(t, i)->next) {
        tx_at(t, i)->flags &= (uint8_t)~TX_SACKED;
    }
    c->flight->sacked_bytes = 0;
}

/*
 * RFC 6675's IsLost by bytes: more than (DupThresh - 1) * MSS SACKed above. A record that was already sent
 * again is left to the RTO (lost retransmissions are RACK's business). Walking down from the tail, the
 * bytes SACKed above are simply counted.
 */
void scoreboard_mark_by_sack(struct tcp *t, struct tcp_conn *c)
{
    uint32_t above = 0, i;
    uint32_t threshold = (TCP_DUP_THRESHOLD - 1) * (uint32_t)c->mss_base;

    if (c->flight->sacked_bytes <= threshold) {
        return;
    }
    for (i = c->flight->tx_tail; i; i = tx_at(t, i)->prev) {
        struct tx_record *r = tx_at(t, i);

        if (r->flags & TX_SACKED) {
            above += r->size;
        } else if (above > threshold && !(r->flags & TX_RETRANSMITTED)) {
            scoreboard_mark(t, c, i, WEIR_REASON_SACK);
        }
    }
}

void scoreboard_frame_out(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end)
{
    uint32_t i = c->flight->tx_tail;

    for (; i && tx_at(t, i)->start + tx_at(t, i)->size > start; i = tx_at(t, i)->prev) {
        if (tx_at(t, i)->start < end && tx_at(t, i)->frames_out < UINT8_MAX) {
            tx_at(t, i)->frames_out++;
        }
    }
}

void scoreboard_frame_done(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end)
{
    uint32_t i = c->flight->tx_tail;

    for (; i && tx_at(t, i)->start + tx_at(t, i)->size > start; i = tx_at(t, i)->prev) {
        if (tx_at(t, i)->start < end && tx_at(t, i)->frames_out > 0) {
            tx_at(t, i)->frames_out--;
        }
    }
}

/* The device says it never sent it: it is to be sent again, without blaming congestion. */
void scoreboard_frame_dropped(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end)
{
    uint32_t i;

    for (i = c->flight->tx_head; i && tx_at(t, i)->start < end; i = tx_at(t, i)->next) {
        struct tx_record *r = tx_at(t, i);

        if (r->start + r->size <= start || (r->flags & (TX_LOST | TX_SACKED))) {
            continue;
        }
        if (r->start < start) {
            if (!split(t, c, i, start)) {
                return; /* the RTO will find it */
            }
            continue;
        }
        if (r->start + r->size > end && !split(t, c, i, end)) {
            return;
        }
        scoreboard_mark(t, c, i, WEIR_REASON_FRAME_DROPPED);
        tx_at(t, i)->flags |= TX_UNSENT;
    }
}

void scoreboard_clear(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_flight *f = c->flight;

    while (f->tx_head) {
        unlink_record(t, f, f->tx_head);
    }
    if (f != &tcp_flight_none) {
        f->sacked_bytes = f->lost_bytes = f->reno_sacked = 0;
    }
}

void scoreboard_check(const struct tcp *t, const struct tcp_conn *c)
{
    const struct tcp_flight *f = c->flight;
    seq_pos at = c->snd_una;
    uint32_t i, prev = 0, sacked = 0, lost = 0;

    for (i = f->tx_head; i; prev = i, i = tx_at(t, i)->next) {
        const struct tx_record *r = tx_at(t, i);

        ASSERT(r->prev == prev && r->start == at && r->size > 0 && r->count > 0);
        ASSERT(!((r->flags & TX_SACKED) && (r->flags & TX_LOST)));
        at += r->size;
        sacked += r->flags & TX_SACKED ? r->size : 0;
        lost += r->flags & TX_LOST ? r->size : 0;
    }
    ASSERT(f->tx_tail == prev);
    ASSERT(f->sacked_bytes == sacked && f->lost_bytes == lost);
    ASSERT(at == c->snd_nxt || (f->tx_head == 0 && c->state <= WEIR_TCP_SYN_RECEIVED));
}
