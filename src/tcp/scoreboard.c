/* scoreboard.c - see scoreboard.h. */
#include "tcp/scoreboard.h"

#include "tcp/ack.h"
#include "tcp/emit.h"
#include "tcp/flight.h"
#include "tcp/mtuprobe.h"
#include "tcp/prr.h"
#include "tcp/rack.h"
#include "tcp/rate.h"
#include "tcp/trace.h"
#include "tcp/undo.h"

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
    if (!(r->flags & (TX_LOST | TX_SACKED))) {
        rack_remove(t, f, index);
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
    r->segment = (uint16_t)emit_payload_max(c);
    link_after(t, c->flight, c->flight->tx_tail, index);
    c->snd_nxt += size;
    rate_on_send(t, c, r);
    rack_append(t, c->flight, index);
    prr_on_sent(t, c, size);
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
    r->flags &= (uint8_t) ~(TX_FIN | TX_PSH);
    link_after(t, c->flight, index, tail_index);
    if (!(r->flags & (TX_LOST | TX_SACKED))) {
        rack_insert_after(t, c->flight, index, tail_index);
    }
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
    struct tcp_flight *f = c->flight;
    struct tx_record *r = tx_at(t, index);
    bool unsent = (r->flags & TX_UNSENT) != 0;

    ASSERT(!(r->flags & TX_SACKED));
    if (size < r->size && !split(t, c, index, r->start + size)) {
        return false;
    }
    r = tx_at(t, index);
    if (r->flags & TX_LOST) {
        f->lost_bytes -= r->size;
        r->flags &= (uint8_t)~TX_LOST;
        r->flags |= unsent ? 0 : TX_REPAIR;
    } else {
        rack_remove(t, f, index);
    }
    if (UNLIKELY(c->mtu_probing)) {
        mtuprobe_on_resent(t, c, r);
    }
    r->flags |= TX_RETRANSMITTED;
    r->segment = (uint16_t)emit_payload_max(c);
    rate_on_send(t, c, r);
    rack_append(t, f, index);
    prr_on_sent(t, c, r->size);
    if (!unsent) {
        undo_resent(t, c, r);
    }
    return true;
}

/* A record (or its part up to `end`) reached the peer: what it says about time and flight. */
static void learn(struct tcp *t, struct tcp_conn *c, const struct tx_record *r, seq_pos end,
                  struct ack_info *info)
{
    rack_delivered(t, c, r, end, info);
    info->delivered += (uint32_t)(end - r->start);
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
            f->sacked_segments -= scoreboard_segments(r);
        } else {
            learn(t, c, r, r->start + part, info);
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
            f->sacked_segments += r->flags & TX_SACKED ? scoreboard_segments(r) : 0;
        }
    }
}

static void sack_record(struct tcp *t, struct tcp_conn *c, uint32_t index, struct ack_info *info)
{
    struct tcp_flight *f = c->flight;
    struct tx_record *r = tx_at(t, index);

    learn(t, c, r, r->start + r->size, info);
    if (r->flags & TX_LOST) {
        f->lost_bytes -= r->size;
        r->flags &= (uint8_t)~TX_LOST;
    } else {
        rack_remove(t, f, index);
    }
    r->flags &= (uint8_t)~TX_REPAIR;
    r->flags |= TX_SACKED;
    f->sacked_bytes += r->size;
    f->sacked_segments += scoreboard_segments(r);
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
        seq_pos last = r->start + r->size;

        if (last <= start || (r->flags & TX_SACKED)) {
            continue;
        }
        /* A split that cannot allocate counts as not SACKed. */
        if (r->start < start) {
            seq_pos at = r->start + (start - r->start + r->segment - 1) / r->segment * r->segment;

            if (at >= last) {
                continue;
            }
            if (!split(t, c, i, at)) {
                return;
            }
            continue; /* the second half is next */
        }
        if (last > end) {
            uint32_t whole = (uint32_t)(end - r->start) / r->segment * r->segment;

            if (whole == 0 || !split(t, c, i, r->start + whole)) {
                return;
            }
        }
        sack_record(t, c, i, info);
    }
}

void scoreboard_mark(struct tcp *t, struct tcp_conn *c, uint32_t index, enum weir_reason reason)
{
    struct tcp_flight *f = c->flight;
    struct tx_record *r = tx_at(t, index);

    if (r->flags & (TX_LOST | TX_SACKED)) {
        return;
    }
    if (UNLIKELY(c->mtu_probing)) {
        reason = mtuprobe_on_lost(t, c, r, reason);
    }
    rack_remove(t, f, index);
    r->flags &= (uint8_t) ~(TX_REPAIR | TX_UNSENT);
    r->flags |= TX_LOST | (reason == WEIR_REASON_MTU_PROBE ? TX_UNSENT : 0);
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

void scoreboard_mark_too_large(struct tcp *t, struct tcp_conn *c, uint32_t size,
                               enum weir_reason reason)
{
    for (uint32_t i = c->flight->tx_head; i; i = tx_at(t, i)->next) {
        struct tx_record *r = tx_at(t, i);

        if (min_u32(r->size - ((r->flags & TX_FIN) != 0), r->segment) > size &&
            !(r->flags & (TX_SACKED | TX_LOST))) {
            scoreboard_mark(t, c, i, reason);
            r->flags |= TX_UNSENT;
        }
    }
}

void scoreboard_mark_overdue(struct tcp *t, struct tcp_conn *c, enum weir_reason reason)
{
    uint32_t i;

    c->flight->rtx_hint = 0;
    for (i = c->flight->tx_head; i; i = tx_at(t, i)->next) {
        if (i == c->flight->tx_head || rack_overdue(t, c, tx_at(t, i))) {
            scoreboard_mark(t, c, i, reason);
        }
    }
}

/* Puts what is neither SACKed nor in flight back into flight. */
static void back_in_flight(struct tcp *t, struct tcp_conn *c, uint8_t flag)
{
    for (uint32_t i = c->flight->tx_head; i; i = tx_at(t, i)->next) {
        struct tx_record *r = tx_at(t, i);

        if (r->flags & flag) {
            r->flags &= (uint8_t)~flag;
            rack_restore(t, c->flight, i);
        }
    }
}

void scoreboard_forget_sack(struct tcp *t, struct tcp_conn *c)
{
    back_in_flight(t, c, TX_SACKED);
    c->flight->sacked_bytes = c->flight->sacked_segments = 0;
    c->flight->fack = 0;
}

void scoreboard_unmark(struct tcp *t, struct tcp_conn *c)
{
    back_in_flight(t, c, TX_LOST);
    c->flight->lost_bytes = 0;
    c->flight->rtx_hint = 0;
    for (uint32_t i = c->flight->tx_head; i; i = tx_at(t, i)->next) {
        tx_at(t, i)->flags &= (uint8_t)~TX_REPAIR;
    }
}

uint32_t scoreboard_cut_tail(struct tcp *t, struct tcp_conn *c, uint32_t before)
{
    uint32_t tail = c->flight->tx_tail;

    if (before && !split(t, c, tail, tx_at(t, tail)->start + before)) {
        return 0;
    }
    return c->flight->tx_tail;
}

uint32_t scoreboard_resent_segments(const struct tcp *t, const struct tcp_conn *c)
{
    uint32_t segments = 0;

    for (uint32_t i = c->flight->tx_head; i; i = tx_at(t, i)->next) {
        const struct tx_record *r = tx_at(t, i);

        if ((r->flags & (TX_RETRANSMITTED | TX_SACKED | TX_LOST | TX_UNSENT)) == TX_RETRANSMITTED) {
            segments += scoreboard_segments(r);
        }
    }
    return segments;
}

void scoreboard_count(const struct tcp *t, const struct tcp_conn *c, struct weir_tcp_info *info)
{
    for (uint32_t i = c->flight->tx_head; i; i = tx_at(t, i)->next) {
        const struct tx_record *r = tx_at(t, i);

        info->lost_segments += r->flags & (TX_LOST | TX_REPAIR) ? scoreboard_segments(r) : 0;
    }
    info->sacked_segments = c->flight->sacked_segments;
    info->repeated_segments = scoreboard_resent_segments(t, c);
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
        f->sacked_bytes = f->lost_bytes = f->reno_sacked = f->sacked_segments = 0;
    }
}

void scoreboard_check(const struct tcp *t, const struct tcp_conn *c)
{
    const struct tcp_flight *f = c->flight;
    /* Fast Open: data may follow a SYN,ACK that is not yet acknowledged and has no record */
    seq_pos at = c->snd_una + (c->state == WEIR_TCP_SYN_RECEIVED && f->tx_head ? 1 : 0);
    uint32_t i, prev = 0, sacked = 0, lost = 0, segments = 0, flying = 0;

    for (i = f->tx_head; i; prev = i, i = tx_at(t, i)->next) {
        const struct tx_record *r = tx_at(t, i);

        ASSERT(r->prev == prev && r->start == at && r->size > 0 && r->segment > 0);
        ASSERT(!((r->flags & TX_SACKED) && (r->flags & TX_LOST)));
        at += r->size;
        sacked += r->flags & TX_SACKED ? r->size : 0;
        segments += r->flags & TX_SACKED ? scoreboard_segments(r) : 0;
        lost += r->flags & TX_LOST ? r->size : 0;
        flying += !(r->flags & (TX_SACKED | TX_LOST));
    }
    ASSERT(f->tx_tail == prev);
    ASSERT(f->sacked_bytes == sacked && f->lost_bytes == lost && f->sacked_segments == segments);
    for (prev = 0, i = f->time_head; i; prev = i, i = tx_at(t, i)->time_next) {
        ASSERT(tx_at(t, i)->time_prev == prev && flying-- > 0);
        ASSERT(!prev || tx_at(t, prev)->sent_at <= tx_at(t, i)->sent_at);
    }
    ASSERT(flying == 0 && f->time_tail == prev);
    ASSERT(at == c->snd_nxt || (f->tx_head == 0 && c->state <= WEIR_TCP_SYN_RECEIVED));
}
