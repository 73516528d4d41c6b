/*
 * judge_data.c - segments that occupy numbers: new, the same again, or filling a hole; and those that only
 * pretend to, to provoke an answer (rules 3 to 5).
 */
#include <stdlib.h>

#include "trace/judge_private.h"

/* Payload of the largest frame in use, when nobody has said what is too large. */
#define UNKNOWN_FULL_MAX 9216

/* ---- Probes --------------------------------------------------------------------------------------------- */

/* Is the other side's window 0, as far as the sender can know yet? */
static bool window_closed(const struct taking *t)
{
    const struct stream *peer = t->peer;

    if (peer->window_seen && peer->last_window == 0) {
        return true;
    }
    weir_time path = (weir_time)judge_path_us(t) * (WEIR_MS / 1000);
    return peer->opened_time != 0 && !tap_at_sender(t->judge, t->wire->side) &&
           since(t->wire->time, peer->opened_time) < path;
}

/* Rule 3: one byte or none, at a number that was sent and acknowledged already; or one byte beyond a
 * window of 0. */
bool judge_probe(const struct taking *t)
{
    uint16_t not_probe = WEIR_TCP_SYN | WEIR_TCP_FIN | WEIR_TCP_RST;
    struct stream *own = t->own, *peer = t->peer;

    if (t->wire->length > 1 || (t->wire->flags & not_probe) != 0 || !own->started ||
        !peer->ack_seen) {
        return false;
    }
    if (own->ack_seen && seq_before(t->wire->ack, own->last_ack)) {
        return false; /* an old ACK, overtaken by what was sent after it */
    }
    seq_pos acked = seq_widen(own->snd_max, peer->last_ack);
    bool closed = window_closed(t);
    bool old = t->start + 1 == own->snd_max && acked >= own->snd_max;
    bool beyond = closed && t->wire->length == 1 && t->start >= acked && t->start <= own->snd_max;
    if (!old && !beyond) {
        return false;
    }
    t->out->class = closed ? LADDER_ZERO_WINDOW_PROBE : LADDER_KEEPALIVE;
    t->out->cause = closed ? LADDER_CAUSE_ZERO_WINDOW : LADDER_CAUSE_KEEPALIVE;
    t->out->count = (uint16_t)++own->probes;
    peer->owes_probe_answer = true;
    return true;
}

/* ---- New numbers ---------------------------------------------------------------------------------------- */

/* Has the receiver room for it, as far as it has said so? */
static bool in_window(const struct taking *t, seq_pos end)
{
    const struct stream *own = t->own, *peer = t->peer;
    bool scaled = own->wscale_offered && peer->wscale_offered;
    uint32_t window = (uint32_t)peer->last_window << (scaled ? MIN(peer->wscale, 14) : 0);

    return t->wire->checksum != TRACE_SUM_BAD && peer->ack_seen && peer->window_seen &&
           end <= seq_widen(own->snd_max, peer->last_ack) + window;
}

static struct sent made_of(const struct taking *t, seq_pos start, seq_pos end, uint32_t number)
{
    const struct trace_segment *w = t->wire;
    unsigned ts = has_ts(w) ? SENT_HAS_TS : 0;
    unsigned syn = (w->flags & WEIR_TCP_SYN) != 0 ? SENT_SYN : 0;
    unsigned room = in_window(t, end) ? SENT_IN_WINDOW : 0;

    return (struct sent){.start = start,
                         .time = w->time,
                         .length = (uint32_t)(end - start),
                         .number = number,
                         .last = t->out->number,
                         .ts_val = w->options.ts_val,
                         .ip_id = w->ip_id,
                         .evidence = (uint8_t)t->out->evidence,
                         .flags = (uint8_t)(ts | syn | room)};
}

static int append(const struct taking *t, seq_pos start, seq_pos end, uint32_t number)
{
    struct sent sent = made_of(t, start, end, number);

    return flight_append(&t->own->flight, &sent) == NULL ? WEIR_ENOBUFS : WEIR_OK;
}

int judge_open_hole(const struct taking *t, seq_pos start)
{
    if (!t->own->started || start <= t->own->snd_max) {
        return WEIR_OK;
    }
    t->out->facts |= LADDER_FACT_HOLE;
    t->own->hole_bytes += (uint32_t)(start - t->own->snd_max);
    return append(t, t->own->snd_max, start, 0);
}

/* Payload among `fresh` numbers: a FIN that is new takes one. */
static void count_bytes(const struct taking *t, uint64_t fresh, bool end_is_new)
{
    bool fin = (t->wire->flags & WEIR_TCP_FIN) != 0 && end_is_new;

    t->own->bytes += fresh - (fin && fresh > 0 ? 1 : 0);
}

/* Larger than a wire segment can be: captured before the network card cut it, or after one merged it.
 * One that is only a little too large may as well be a violation, unless others were whole multiples. */
static void note_size(const struct taking *t)
{
    uint32_t full = judge_full_size(t), length = t->wire->length;

    if (full == 0 ? length <= UNKNOWN_FULL_MAX : length <= full) {
        return;
    }
    if (full == 0 || t->own->super_seen || length % full == 0 || length > 2 * full) {
        t->own->super_seen = true;
        t->out->facts |= LADDER_FACT_SUPER;
    }
}

static int new_numbers(const struct taking *t)
{
    int result = judge_open_hole(t, t->start);

    t->out->class = (t->wire->flags & WEIR_TCP_FIN) != 0 ? LADDER_FIN : LADDER_DATA;
    if (!judge_skipped(t)) {
        judge_why_new(t);
    }
    count_bytes(t, t->end - t->start, true);
    return result != WEIR_OK ? result : append(t, t->start, t->end, t->out->number);
}

/* ---- Numbers below the highest ---------------------------------------------------------------------------- */

/* What a segment meets that does not begin with new numbers. */
struct overlap {
    uint64_t fresh; /* numbers that pass this tap for the first time */
    uint64_t had;   /* ... that their receiver has shown to have had before */
    bool unacked;   /* ... and not by acknowledging them: they passed its own tap */
    bool end_is_new;
};

static void touch(const struct taking *t, struct sent *s, struct overlap *o)
{
    struct sent now = made_of(t, s->start, sent_end(s), t->out->number);
    bool acked = (s->flags & SENT_SACKED) != 0 || sent_end(s) <= t->own->snd_una;
    bool took = tap_at_receiver(t->judge, t->wire->side) && (s->flags & SENT_IN_WINDOW) != 0;
    bool had = acked || took;

    now.flags |= s->flags & SENT_SACKED;
    if (s->number == 0) {
        t->own->hole_bytes -= sent_end(s) > t->own->snd_una ? s->length : 0;
        o->fresh += s->length;
        o->end_is_new = o->end_is_new || sent_end(s) == t->end;
        now.flags |= t->out->class == LADDER_LATE ? SENT_UNDECIDED : 0;
        *s = now;
        return;
    }
    if ((s->flags & SENT_UNDECIDED) != 0 && tap_at_receiver(t->judge, t->wire->side)) {
        judge_decide(t, s);
    }
    if (had) {
        o->had += s->length;
        o->unacked = o->unacked || !acked;
        now.flags |= SENT_TOLD_NEEDLESS;
    } else {
        judge_repeated(t, s);
    }
    now.number = s->number;
    now.previous = s->last;
    now.copies = (uint16_t)MIN(s->copies + 1, UINT16_MAX);
    now.dsacks = s->dsacks;
    *s = now;
}

/* Enters it into what was sent before. */
static int cover(const struct taking *t, struct overlap *o)
{
    struct flight *f = &t->own->flight;
    seq_pos at = t->start;

    for (uint32_t i = flight_find(f, at); at < t->end && i < f->count; i++) {
        if (flight_at(f, i)->start >= t->end) {
            break;
        }
        if (flight_at(f, i)->start < at && flight_cut(f, i, at)) {
            i++;
        }
        if (sent_end(flight_at(f, i)) > t->end) {
            (void)flight_cut(f, i, t->end);
        }
        touch(t, flight_at(f, i), o);
        at = sent_end(flight_at(f, i));
    }
    if (t->end <= t->own->snd_max) {
        return WEIR_OK;
    }
    seq_pos start = max_u64(t->start, t->own->snd_max);
    o->fresh += t->end - start;
    o->end_is_new = true;
    return append(t, start, t->end, t->out->number);
}

static void needless_at_once(const struct taking *t, enum evidence evidence)
{
    t->out->facts |= LADDER_FACT_SPURIOUS;
    t->out->evidence = evidence;
    judge_learn(t, &(struct lesson){.kind = LESSON_SPURIOUS,
                                    .evidence = evidence,
                                    .side = (enum trace_side)t->wire->side,
                                    .number = t->out->number,
                                    .by = t->out->number,
                                    .start = t->wire->seq,
                                    .end = seq_wire(t->end),
                                    .time = t->wire->time});
}

/* Sent before this capture began, or longer ago than is remembered. */
static void judge_unknown(const struct taking *t)
{
    const struct last_segment *last = &t->own->last;
    bool acked = t->peer->ack_seen && t->end <= t->own->snd_una;

    if (t->own->last_known && last->seq == t->wire->seq && last->length == t->wire->length &&
        ((last->flags ^ t->wire->flags) & WEIR_TCP_FIN) == 0) {
        t->out->first = last->number;
        t->out->count = 1;
    }
    bool again = t->out->first != 0 || acked || tap_at_sender(t->judge, t->wire->side);
    t->out->class = again ? LADDER_RETX : LADDER_LATE;
    if (acked) {
        needless_at_once(t, EVIDENCE_ACKED);
    }
}

static void judge_seen(const struct taking *t, const struct sent *before)
{
    if (judge_overtaken(t, before)) {
        return;
    }
    t->out->class = LADDER_RETX;
    t->out->first = before->number;
    t->out->count = (uint16_t)MIN(before->copies + 1, UINT16_MAX);
    judge_why_again(t, before);
}

static int old_numbers(const struct taking *t)
{
    const struct flight *f = &t->own->flight;
    struct overlap o = {.fresh = 0};
    uint32_t i = flight_find(f, t->start);

    if (i == f->count || flight_at(f, i)->start > t->start) {
        judge_unknown(t);
    } else {
        struct sent before = *flight_at(f, i);
        (before.number == 0 ? judge_fill : judge_seen)(t, &before);
    }
    int result = cover(t, &o);
    count_bytes(t, o.fresh, o.end_is_new);
    if (t->out->class == LADDER_RETX && o.had >= t->end - t->start) {
        needless_at_once(t, o.unacked ? EVIDENCE_SEEN : EVIDENCE_ACKED);
    }
    return result;
}

/* The SYN's own number (and data with it), for the first time or again. */
int judge_syn_numbers(const struct taking *t)
{
    struct overlap o = {.fresh = 0};
    int result =
        t->start >= t->own->snd_max ? append(t, t->start, t->end, t->out->number) : cover(t, &o);

    if (t->out->class == LADDER_SYN_RETX && o.had >= t->end - t->start) {
        t->out->facts |= LADDER_FACT_SPURIOUS;
        t->out->evidence = EVIDENCE_ACKED;
    }
    t->own->sent_time = t->wire->time;
    t->own->snd_max = max_u64(t->own->snd_max, t->end);
    return result;
}

int judge_numbers(const struct taking *t)
{
    struct stream *own = t->own;

    own->probes = 0;
    note_size(t);
    int result = t->start >= own->snd_max ? new_numbers(t) : old_numbers(t);
    own->sent_time = t->wire->time;
    return result;
}
