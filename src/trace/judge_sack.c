/*
 * judge_sack.c - SACK blocks: what has arrived above the left edge, and what arrived twice.
 *
 * Blocks repeat from ACK to ACK; only what is new in them is looked at, so each number is marked once.
 */
#include <stdlib.h>

#include "trace/judge_private.h"

/* Makes room for one more range. */
static bool make_room(struct busy *busy, enum trace_side side)
{
    struct ranges *r = &busy->sacked[side];

    if (r->count < r->capacity) {
        return true;
    }
    uint32_t room = r->capacity == 0 ? 8 : r->capacity * 2;
    struct range *at = room <= SACKED_MAX ? realloc(busy->room[side], room * sizeof(*at)) : NULL;
    if (at == NULL) {
        return false; /* what is not noted is not known: nothing wrong follows from it */
    }
    busy->room[side] = r->at = at;
    r->capacity = room;
    return true;
}

/* [start, end) is known to have arrived, since now. */
static void mark(const struct taking *t, const struct ranges *known, seq_pos start, seq_pos end)
{
    struct stream *data = t->peer;
    struct flight *f = &data->flight;

    for (uint32_t i = flight_find(f, start); i < f->count; i++) {
        struct sent *s = flight_at(f, i);
        if (s->start >= end) {
            break;
        }
        if ((s->flags & SENT_SACKED) != 0 || !ranges_cover(known, s->start, sent_end(s))) {
            continue;
        }
        s->flags |= SENT_SACKED;
        if (s->number == 0) {
            continue;
        }
        if (s->copies > 0) {
            (void)judge_fate(t, s, false, true);
        } else {
            data->rack_time = MAX(data->rack_time, s->time);
            if (data->recovery == RECOVERY_RTO && s->time < data->rto_time) {
                data->recovery = RECOVERY_NONE; /* late, not lost (RFC 5682 3.1) */
            }
        }
    }
}

static void take_block(const struct taking *t, seq_pos start, seq_pos end)
{
    enum trace_side side = trace_other(t->wire->side);
    struct busy *busy = t->judge->busy;
    struct ranges *known = &busy->sacked[side];

    for (seq_pos at = start; at < end;) {
        uint32_t i = ranges_find(known, at);
        bool inside = i < known->count && known->at[i].start <= at;
        if (inside) {
            at = known->at[i].end;
            continue;
        }
        seq_pos stop = i < known->count ? min_u64(end, known->at[i].start) : end;
        if (!make_room(busy, side) || !ranges_add(known, at, stop, NULL)) {
            return;
        }
        mark(t, known, at, stop);
        at = stop;
    }
}

static bool inside(const struct tcp_sack_block *a, const struct tcp_sack_block *b)
{
    return !seq_before(a->start, b->start) && !seq_before(b->end, a->end);
}

/* Does the first block tell of something that came twice? */
static bool is_dsack(const struct trace_segment *w)
{
    const struct tcp_sack_block *b = w->options.sack;

    if (w->options.sack_count == 0 || !seq_before(b[0].start, b[0].end)) {
        return false;
    }
    return !seq_before(w->ack, b[0].end) || (w->options.sack_count > 1 && inside(&b[0], &b[1]));
}

void judge_note_sack(const struct taking *t)
{
    struct stream *data = t->peer;
    const struct tcp_options *o = &t->wire->options;
    struct busy *busy = t->judge->busy;

    bool twice = is_dsack(t->wire);
    t->out->facts |= twice ? (uint32_t)LADDER_FACT_DSACK : 0;
    if (busy == NULL || !data->started) {
        return;
    }
    if (busy->sacked[trace_other(t->wire->side)].count > 0) {
        ranges_trim_below(&busy->sacked[trace_other(t->wire->side)], data->snd_una);
    }
    if (o->sack_count > 0) {
        t->own->sack_permitted = data->sack_permitted = true; /* also when the SYNs were not seen */
    }
    if (twice) {
        judge_dsack(t, seq_widen(data->snd_max, o->sack[0].start),
                    seq_widen(data->snd_max, o->sack[0].end));
    }
    for (uint8_t i = twice ? 1 : 0; i < o->sack_count && i < WEIR_SACK_BLOCKS_MAX; i++) {
        seq_pos start = seq_widen(data->snd_max, o->sack[i].start);
        seq_pos end = seq_widen(data->snd_max, o->sack[i].end);
        if (start < end && start >= data->snd_una && end <= data->snd_max) {
            take_block(t, start, end);
        }
    }
}
