/*
 * classify.c - what a segment is. Reading order: classify_segment (the order of the questions), then the
 * answers above it: numbers sent before, acknowledgements and windows, probes.
 */
#include "trace/classify.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

/* A number this far from what was sent last is not part of the stream: damaged or forged. */
#define JUMP_MAX ((int64_t)1 << 30)

/* Two packets with equal IPv4 IDs within this time are one packet, copied by the network. */
#define COPY_TIME_MAX (200 * WEIR_MS)

#define WSCALE_MAX 14

void classify_init(struct classify *c)
{
    *c = (struct classify){.handshake_done = false};
}

void classify_free(struct classify *c)
{
    free(c->dir[0].sent);
    free(c->dir[1].sent);
}

/* ---- Numbers sent before ------------------------------------------------------------------------------ */

/* Index of the first range that ends after `position`. */
static uint32_t find_sent(const struct direction *d, seq_pos position)
{
    uint32_t low = 0, high = d->sent_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (d->sent[middle].end <= position) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static int insert_sent(struct direction *d, uint32_t at, const struct sent_range *range)
{
    if (d->sent_count == d->sent_room) {
        uint32_t room = d->sent_room == 0 ? 64 : d->sent_room * 2;
        struct sent_range *sent = realloc(d->sent, room * sizeof(*sent));
        if (sent == NULL) {
            return WEIR_ENOBUFS;
        }
        d->sent = sent;
        d->sent_room = room;
    }
    memmove(&d->sent[at + 1], &d->sent[at], (d->sent_count - at) * sizeof(*d->sent));
    d->sent[at] = *range;
    d->sent_count++;
    return WEIR_OK;
}

/* Enters [start, end) as carried by all[index]: what is new gets this number, what is not gets one more
 * copy. *first becomes the number of the segment that carried `start` first, or 0 when that is new. */
static int enter_sent(struct direction *d, struct ladder_segment *all, uint32_t index,
                      seq_pos start, seq_pos end, uint32_t *first, uint32_t *copies)
{
    *first = 0;
    uint32_t i = find_sent(d, start);
    for (seq_pos at = start; at < end; i++) {
        bool covered = i < d->sent_count && d->sent[i].start <= at;
        if (!covered) {
            seq_pos stop = i < d->sent_count ? min_u64(end, d->sent[i].start) : end;
            struct sent_range range = {at, stop, all[index].number, index, 0};
            int result = insert_sent(d, i, &range);
            if (result != WEIR_OK) {
                return result;
            }
            at = stop;
            continue;
        }
        struct sent_range *old = &d->sent[i];
        all[old->last].facts |= LADDER_FACT_RESENT;
        old->last = index;
        old->copies++;
        if (at == start) {
            *first = old->number;
            *copies = old->copies;
        }
        at = old->end;
    }
    return WEIR_OK;
}

/* Rule 1: one packet, seen twice. IP ID 0 says nothing: many stacks send it always. */
static bool same_packet(const struct ladder_segment *a, const struct ladder_segment *b)
{
    const struct trace_segment *x = &a->wire, *y = &b->wire;

    return x->ip_id != 0 && x->ip_id == y->ip_id && x->seq == y->seq && x->ack == y->ack &&
           x->length == y->length && x->flags == y->flags && x->window == y->window &&
           x->options.ts_val == y->options.ts_val && y->time - x->time < COPY_TIME_MAX;
}

static int judge_numbers(struct direction *d, struct ladder_segment *all, uint32_t index,
                         seq_pos start, seq_pos end)
{
    struct ladder_segment *s = &all[index];
    enum ladder_class fresh = (s->wire.flags & WEIR_TCP_FIN) != 0 ? LADDER_FIN : LADDER_DATA;
    uint32_t before = find_sent(d, start), first, copies = 0;

    if (before < d->sent_count && d->sent[before].start <= start &&
        same_packet(&all[d->sent[before].last], s)) {
        s->class = LADDER_NET_DUPLICATE;
        s->first = all[d->sent[before].last].number;
        return WEIR_OK;
    }
    int result = enter_sent(d, all, index, start, end, &first, &copies);
    if (first != 0) {
        s->class = LADDER_RETX;
        s->first = first;
        s->count = (uint16_t)MIN(copies, UINT16_MAX);
    } else {
        s->class = start < d->snd_max ? LADDER_LATE : fresh;
        d->bytes += s->wire.length;
    }
    return result;
}

/* The number of the segment of which `s` is a copy. */
static uint32_t copy_of(const struct direction *d, const struct ladder_segment *all,
                        const struct ladder_segment *s)
{
    if (trace_segment_span(&s->wire) > 0 && d->sent_count > 0) {
        seq_pos start = seq_widen(d->snd_max, s->wire.seq);
        uint32_t i = find_sent(d, start);
        if (i < d->sent_count && d->sent[i].start <= start) {
            return all[d->sent[i].last].number;
        }
    }
    return d->last_known ? all[d->last_index].number : 0;
}

/* ---- SYN and RST ---------------------------------------------------------------------------------------- */

static void judge_syn(struct direction *own, const struct direction *peer,
                      struct ladder_segment *all, uint32_t index)
{
    struct ladder_segment *s = &all[index];
    bool has_ack = (s->wire.flags & WEIR_TCP_ACK) != 0;

    s->class = has_ack ? LADDER_SYN_ACK : LADDER_SYN;
    if (own->syn_seen && own->isn == s->wire.seq) {
        if (has_ack && !own->syn_ack_seen && peer->syn_seen) {
            s->facts |= LADDER_FACT_SIMULTANEOUS; /* rule 2: not a retransmission */
        } else {
            s->class = LADDER_SYN_RETX;
            s->first = own->syn_number;
            s->count = (uint16_t)++own->syn_copies;
            if (own->last_known) {
                all[own->last_index].facts |= LADDER_FACT_RESENT;
            }
        }
    } else {
        own->syn_number = s->number;
        if (!has_ack && peer->syn_seen && !peer->syn_ack_seen) {
            s->facts |= LADDER_FACT_SIMULTANEOUS;
        }
    }
    own->syn_seen = true;
    own->syn_ack_seen = own->syn_ack_seen || has_ack;
    own->isn = s->wire.seq;
    own->shown_window = s->wire.window; /* what the first ACK's window is compared with */
    own->wscale_offered = (s->wire.options.present & WEIR_SEGMENT_WSCALE) != 0;
    own->wscale = MIN(s->wire.options.wscale, WSCALE_MAX);
}

static void judge_rst(const struct direction *own, const struct direction *peer,
                      struct ladder_segment *s)
{
    s->class = LADDER_RST;
    if (peer->syn_seen && !peer->syn_ack_seen && !own->syn_seen &&
        (s->wire.flags & WEIR_TCP_ACK) != 0 && s->wire.ack == peer->isn + 1) {
        s->facts |= LADDER_FACT_REFUSED;
    }
}

/* ---- Acknowledgements and windows --------------------------------------------------------------------- */

static bool before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static void note_ack(struct classify *c, struct direction *own, struct direction *peer,
                     struct ladder_segment *s)
{
    const struct trace_segment *wire = &s->wire;

    if (own->ack_seen && before(own->last_ack, wire->ack)) {
        s->facts |= LADDER_FACT_ACKS_NEW;
        s->acked_from = own->last_ack;
        if (wire->length > 0 || (wire->flags & WEIR_TCP_FIN) != 0) {
            s->facts |= LADDER_FACT_PIGGYBACK;
        }
        own->dup_acks = 0;
    }
    if (peer->fin_sent && !peer->fin_acked && before(seq_wire(peer->fin_position), wire->ack)) {
        s->facts |= LADDER_FACT_ACKS_FIN;
        peer->fin_acked = true;
        if (own->fin_acked) {
            s->facts |= LADDER_FACT_LAST_ACK;
        }
    }
    if (!c->handshake_done && (wire->flags & WEIR_TCP_SYN) == 0 && own->syn_seen &&
        peer->syn_ack_seen && wire->ack == peer->isn + 1) {
        c->handshake_done = true;
        s->facts |= LADDER_FACT_HANDSHAKE_DONE;
    }
    if (wire->length > 0 && peer->fin_sent && before(seq_wire(peer->fin_position), wire->ack)) {
        s->facts |= LADDER_FACT_HALF_CLOSE;
    }
    if (!own->ack_seen || before(own->last_ack, wire->ack)) {
        own->last_ack = wire->ack;
    }
    own->ack_seen = true;
}

static void note_window(struct direction *own, const struct direction *peer,
                        struct ladder_segment *s)
{
    bool scaled = own->wscale_offered && peer->wscale_offered;

    s->window = (uint32_t)s->wire.window << (scaled ? own->wscale : 0);
    if (s->window == 0) {
        s->facts |= LADDER_FACT_WINDOW_ZERO;
    }
    if (!own->window_seen && (scaled || own->shown_window == 0)) {
        own->shown_window = s->window; /* a scaled one cannot be compared with the SYN's */
    } else if (own->window_seen && own->last_window == 0 && s->window > 0) {
        s->facts |= LADDER_FACT_WINDOW_OPENED | LADDER_FACT_WINDOW_CHANGED;
    } else if (s->window == 0 && (own->last_window > 0 || !own->window_seen)) {
        s->facts |= LADDER_FACT_WINDOW_CLOSED | LADDER_FACT_WINDOW_CHANGED;
    } else {
        uint64_t difference = s->window > own->shown_window ? s->window - own->shown_window
                                                            : own->shown_window - s->window;
        if (difference * 10 > own->shown_window) {
            s->facts |= LADDER_FACT_WINDOW_CHANGED;
        }
    }
    if ((s->facts & LADDER_FACT_WINDOW_CHANGED) != 0) {
        own->shown_window = s->window;
    }
    own->last_window = s->wire.window;
    own->window_seen = true;
}

/* Rule 7. Called before this segment's own ACK and window are noted. */
static void judge_pure_ack(struct direction *own, const struct direction *peer,
                           struct ladder_segment *s)
{
    const struct trace_segment *wire = &s->wire;
    bool repeats = own->ack_seen && own->last_ack == wire->ack;
    bool same_window = !own->window_seen || own->last_window == wire->window;
    bool has_sack = (wire->options.present & WEIR_SEGMENT_SACK) != 0;

    s->class = LADDER_ACK;
    if (own->owes_probe_answer) {
        s->facts |= LADDER_FACT_ANSWERS_PROBE;
        own->owes_probe_answer = false;
        if (repeats && !same_window) {
            s->class = LADDER_WINDOW_UPDATE;
        }
    } else if (repeats && !same_window && !has_sack) {
        s->class = LADDER_WINDOW_UPDATE;
    } else if (repeats && peer->started && before(wire->ack, seq_wire(peer->snd_max))) {
        s->class = LADDER_DUP_ACK;
        s->count = (uint16_t)++own->dup_acks;
    }
}

/* Rule 3: one byte or none, at a number that was sent and acknowledged already; or one byte beyond a
 * window of 0. */
static bool judge_probe(struct direction *own, struct direction *peer, struct ladder_segment *s,
                        seq_pos start)
{
    uint16_t not_probe = WEIR_TCP_SYN | WEIR_TCP_FIN | WEIR_TCP_RST;

    if (s->wire.length > 1 || (s->wire.flags & not_probe) != 0 || !own->started ||
        !peer->ack_seen) {
        return false;
    }
    seq_pos acked = seq_widen(own->snd_max, peer->last_ack);
    bool closed = peer->window_seen && peer->last_window == 0;
    bool old = start + 1 == own->snd_max && acked >= own->snd_max;
    bool beyond = closed && s->wire.length == 1 && start >= acked && start <= own->snd_max;
    if (!old && !beyond) {
        return false;
    }
    s->class = closed ? LADDER_ZERO_WINDOW_PROBE : LADDER_KEEPALIVE;
    s->count = (uint16_t)++own->probes;
    peer->owes_probe_answer = true;
    return true;
}

/* ---- The order of the questions ------------------------------------------------------------------------ */

static void note_sent(struct direction *own, const struct ladder_segment *s, seq_pos start,
                      seq_pos end)
{
    if ((s->wire.flags & WEIR_TCP_FIN) != 0) {
        own->fin_sent = true;
        own->fin_position = end - 1;
    }
    own->snd_max = max_u64(own->snd_max, max_u64(start, end));
}

static int judge_stream(struct direction *own, struct direction *peer, struct ladder_segment *all,
                        uint32_t index, seq_pos start)
{
    struct ladder_segment *s = &all[index];
    seq_pos end = start + trace_segment_span(&s->wire);
    int result = WEIR_OK;

    if (judge_probe(own, peer, s, start)) {
        return WEIR_OK;
    }
    if (end > start) {
        own->probes = 0;
        result = judge_numbers(own, all, index, start, end);
    } else if ((s->wire.flags & WEIR_TCP_ACK) != 0) {
        judge_pure_ack(own, peer, s);
    } else {
        s->class = LADDER_DATA; /* neither ACK nor data: not TCP as we know it */
    }
    note_sent(own, s, start, end);
    return result;
}

int classify_segment(struct classify *c, struct ladder_segment *all, uint32_t index, bool duplicate)
{
    struct ladder_segment *s = &all[index];
    struct direction *own = &c->dir[s->wire.side];
    struct direction *peer = &c->dir[trace_other(s->wire.side)];
    int result = WEIR_OK;

    s->window = s->wire.window;
    if (duplicate || (own->last_known && trace_segment_span(&s->wire) == 0 &&
                      same_packet(&all[own->last_index], s))) {
        s->class = LADDER_NET_DUPLICATE;
        s->first = copy_of(own, all, s);
        return WEIR_OK;
    }
    if ((s->wire.flags & WEIR_TCP_RST) != 0) {
        judge_rst(own, peer, s);
    } else {
        seq_pos start =
            own->started ? seq_widen(own->snd_max, s->wire.seq) : seq_from_isn(s->wire.seq);
        if ((s->wire.flags & WEIR_TCP_SYN) != 0) {
            judge_syn(own, peer, all, index);
            start = seq_from_isn(s->wire.seq);
            own->snd_max = max_u64(own->snd_max, start + 1 + s->wire.length);
        } else if (own->started && llabs((int64_t)(start - own->snd_max)) > JUMP_MAX) {
            s->class = s->wire.length > 0 ? LADDER_DATA : LADDER_ACK;
        } else {
            own->snd_max = own->started ? own->snd_max : start;
            result = judge_stream(own, peer, all, index, start);
        }
        own->started = true;
        if ((s->wire.flags & WEIR_TCP_ACK) != 0) {
            note_ack(c, own, peer, s);
        }
        if ((s->wire.flags & WEIR_TCP_SYN) == 0) {
            note_window(own, peer, s);
        }
    }
    own->last_index = index;
    own->last_known = true;
    return result;
}
