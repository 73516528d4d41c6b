/*
 * internals.c - see internals.h. internals_add cuts the records of a side into notes, one for each segment in or
 * out and for each timer; internals_finish finds the segments in the ladder by time and numbers.
 */
#include "trace/internals.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "trace/ladder_private.h"

/* How a note began. */
enum begin { BEGIN_OTHER = 0, BEGIN_IN, BEGIN_OUT, BEGIN_TIMER };

struct lost_range {
    uint32_t seq, length;
    size_t note;
};

/* A note before its segment is found. */
struct pending {
    struct ladder_note note;
    weir_time time;
    enum begin begin;
    uint32_t seq, ack, length;
    uint16_t flags;
    size_t order;
};

struct internals {
    struct pending *pending;
    size_t count, room;
    struct lost_range *lost;
    size_t lost_count, lost_room;
    struct {
        bool open; /* `current` is being filled */
        size_t current;
    } side[2];
    struct ladder_note *notes; /* after internals_finish: in order of time */
    uint32_t *beside[2];       /* per segment number: 1 + index of the note beside it */
    size_t segments;
};

struct internals *internals_new(void)
{
    return calloc(1, sizeof(struct internals));
}

void internals_del(struct internals *in)
{
    if (in != NULL) {
        free(in->pending);
        free(in->lost);
        free(in->notes);
        free(in->beside[0]);
        free(in->beside[1]);
        free(in);
    }
}

/* ---- Records to notes ------------------------------------------------------------------------------------- */

static struct pending *begin_note(struct internals *in, enum trace_side side,
                                  const struct weir_record *r, enum begin begin)
{
    struct pending *p =
        ladder_append((void **)&in->pending, &in->count, &in->room, sizeof(*in->pending));

    if (p == NULL) {
        return NULL;
    }
    *p = (struct pending){
        .note = {.side = side}, .time = r->time, .begin = begin, .order = in->count};
    if (begin == BEGIN_IN || begin == BEGIN_OUT) {
        p->seq = r->u.segment.seq;
        p->ack = r->u.segment.ack;
        p->length = r->u.segment.length;
        p->flags = r->u.segment.flags;
    }
    in->side[side].open = true;
    in->side[side].current = in->count - 1;
    return p;
}

/* The note to which this record belongs: the one begun at the same time, or a new one. */
static struct pending *note_for(struct internals *in, enum trace_side side,
                                const struct weir_record *r)
{
    if (in->side[side].open && in->pending[in->side[side].current].time == r->time) {
        return &in->pending[in->side[side].current];
    }
    return begin_note(in, side, r, BEGIN_OTHER);
}

static void take_cwnd(struct ladder_note *n, const struct weir_record *r)
{
    bool first = (n->has & NOTE_CWND) == 0;
    uint16_t reason = r->u.cwnd.reason;

    n->cwnd_before = first ? r->u.cwnd.cwnd_before : n->cwnd_before;
    n->cwnd = r->u.cwnd.cwnd;
    n->ssthresh = r->u.cwnd.ssthresh;
    n->inflight = r->u.cwnd.inflight;
    n->cwnd_reason = reason;
    n->has |= NOTE_CWND;
    if (reason == WEIR_REASON_UNDO || reason == WEIR_REASON_FRTO || reason == WEIR_REASON_EIFEL ||
        reason == WEIR_REASON_DSACK) {
        n->has |= NOTE_UNDONE;
    }
}

static void take_rtt(struct ladder_note *n, const struct weir_record *r)
{
    n->sample_ns = r->u.rtt.sample;
    n->srtt_ns = r->u.rtt.srtt;
    n->rto_ns = r->u.rtt.rto;
    n->has |= NOTE_RTT;
}

static int take_lost(struct internals *in, struct pending *p, const struct weir_record *r)
{
    struct ladder_note *n = &p->note;
    struct lost_range *range =
        ladder_append((void **)&in->lost, &in->lost_count, &in->lost_room, sizeof(*in->lost));

    if (range == NULL) {
        return WEIR_ENOBUFS;
    }
    *range = (struct lost_range){
        .seq = r->u.range.seq, .length = r->u.range.length, .note = (size_t)(p - in->pending)};
    if ((n->has & NOTE_LOST) == 0) {
        n->lost_seq = r->u.range.seq;
        n->lost_reason = r->u.range.reason;
    }
    n->lost_bytes += r->u.range.length;
    n->has |= NOTE_LOST;
    return WEIR_OK;
}

static int take_timer(struct internals *in, enum trace_side side, const struct weir_record *r)
{
    struct pending *p = begin_note(in, side, r, BEGIN_TIMER);

    if (p == NULL) {
        return WEIR_ENOBUFS;
    }
    p->note.timer = r->u.timer.timer;
    p->note.fired = r->u.timer.count;
    p->note.next_ns = r->u.timer.next;
    p->note.has |= NOTE_TIMER;
    return WEIR_OK;
}

static int take_drop(struct internals *in, enum trace_side side, const struct weir_record *r)
{
    struct pending *p = begin_note(in, side, r, BEGIN_IN);

    if (p == NULL) {
        return WEIR_ENOBUFS;
    }
    p->seq = r->u.drop.seq;
    p->ack = r->u.drop.ack;
    p->length = r->u.drop.length;
    p->flags = r->u.drop.flags;
    p->note.drop = r->u.drop.drop;
    p->note.has |= NOTE_DROP;
    return WEIR_OK;
}

int internals_add(struct internals *in, enum trace_side side, const struct weir_record *r)
{
    struct pending *p = NULL;

    switch (r->type) {
    case WEIR_RECORD_SEGMENT_IN:
        return begin_note(in, side, r, BEGIN_IN) != NULL ? WEIR_OK : WEIR_ENOBUFS;
    case WEIR_RECORD_SEGMENT_OUT:
        return begin_note(in, side, r, BEGIN_OUT) != NULL ? WEIR_OK : WEIR_ENOBUFS;
    case WEIR_RECORD_TIMER: return take_timer(in, side, r);
    case WEIR_RECORD_DROP: return take_drop(in, side, r);
    case WEIR_RECORD_CWND:
    case WEIR_RECORD_RTT:
    case WEIR_RECORD_LOST:
    case WEIR_RECORD_LIMIT: break;
    default: return WEIR_OK;
    }
    p = note_for(in, side, r);
    if (p == NULL) {
        return WEIR_ENOBUFS;
    }
    switch (r->type) {
    case WEIR_RECORD_CWND: take_cwnd(&p->note, r); break;
    case WEIR_RECORD_RTT: take_rtt(&p->note, r); break;
    case WEIR_RECORD_LOST: return take_lost(in, p, r);
    default:
        p->note.limit_before =
            (p->note.has & NOTE_LIMIT) != 0 ? p->note.limit_before : r->u.limit.before;
        p->note.limit = r->u.limit.limit;
        p->note.has |= NOTE_LIMIT;
        break;
    }
    return WEIR_OK;
}

/* ---- Notes to segments -------------------------------------------------------------------------------------- */

/* Times of a side in order, to find its segments by time. */
struct moment {
    int64_t ns;
    uint32_t index;
    bool taken; /* a record told of it */
};

static int by_time(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;

    if (x->ns != y->ns) {
        return x->ns < y->ns ? -1 : 1;
    }
    return x->index < y->index ? -1 : 1;
}

/* When each segment left (`out`) or reached this side. */
static size_t list_moments(const struct ladder *l, enum trace_side side, bool out,
                           struct moment *moment)
{
    size_t n = 0;

    for (size_t i = 0; i < l->segment_count; i++) {
        const struct ladder_segment *s = &l->segments[i];
        const struct ladder_time *t = out ? &s->sent : &s->arrived;
        if ((s->wire.side == side) == out && t->known == LADDER_MEASURED) {
            moment[n++] = (struct moment){.ns = t->ns, .index = (uint32_t)i};
        }
    }
    qsort(moment, n, sizeof(*moment), by_time);
    return n;
}

static size_t first_at(const struct moment *moment, size_t n, int64_t ns)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (moment[middle].ns < ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Is this the segment, or the first part of the super-segment, of which the record told? */
static bool is_of(const struct ladder_segment *s, const struct pending *p)
{
    uint16_t mask = WEIR_TCP_SYN | WEIR_TCP_RST | WEIR_TCP_ACK;

    return s->wire.seq == p->seq && ((s->wire.flags ^ p->flags) & mask) == 0 &&
           ((s->wire.flags & WEIR_TCP_ACK) == 0 || s->wire.ack == p->ack) &&
           (s->wire.length == 0) == (p->length == 0);
}

/* Of several alike of one instant each record has its own. */
static uint32_t find_segment(const struct ladder *l, const struct pending *p, struct moment *moment,
                             size_t n)
{
    int64_t ns = (int64_t)(p->time - l->info.origin);

    for (size_t i = first_at(moment, n, ns); i < n && moment[i].ns == ns; i++) {
        const struct ladder_segment *s = &l->segments[moment[i].index];
        if (!moment[i].taken && is_of(s, p)) {
            moment[i].taken = true;
            return s->number;
        }
    }
    return 0;
}

/* A record of which only the time is known: what arrived, or left, just then. */
static uint32_t find_any(const struct ladder *l, const struct pending *p,
                         const struct moment *moment, size_t n)
{
    int64_t ns = (int64_t)(p->time - l->info.origin);
    size_t i = first_at(moment, n, ns);

    return i < n && moment[i].ns == ns ? l->segments[moment[i].index].number : 0;
}

static int find_segments(struct internals *in, const struct ladder *l)
{
    struct moment *moment = malloc((l->segment_count + 1) * sizeof(*moment));

    if (moment == NULL) {
        return WEIR_ENOBUFS;
    }
    for (int side = 0; side < 2; side++) {
        for (int out = 0; out < 2; out++) {
            size_t n = list_moments(l, (enum trace_side)side, out != 0, moment);
            enum begin begin = out != 0 ? BEGIN_OUT : BEGIN_IN;
            for (size_t i = 0; i < in->count; i++) {
                struct pending *p = &in->pending[i];
                if ((int)p->note.side != side || p->note.segment != 0) {
                    continue;
                }
                if (p->begin == begin) {
                    p->note.segment = find_segment(l, p, moment, n);
                } else if (p->begin == BEGIN_OTHER) {
                    p->note.segment = find_any(l, p, moment, n);
                }
            }
        }
    }
    free(moment);
    return WEIR_OK;
}

/* Which segments carried a range last? Backwards, until all of it was seen. */
static void name_lost(struct internals *in, const struct ladder *l, const struct lost_range *range)
{
    const struct pending *p = &in->pending[range->note];
    struct ladder_note *n = &in->pending[range->note].note;
    int64_t ns = (int64_t)(p->time - l->info.origin);
    uint32_t seen = 0;

    for (size_t i = l->segment_count; i-- > 0 && seen < range->length;) {
        const struct ladder_segment *s = &l->segments[i];
        uint32_t offset = s->wire.seq - range->seq; /* from the range's start to the segment's */
        bool overlaps =
            offset < range->length || range->seq - s->wire.seq < trace_segment_span(&s->wire);
        if (s->wire.side != n->side || s->sent.ns >= ns || !overlaps ||
            trace_segment_span(&s->wire) == 0) {
            continue;
        }
        seen += trace_segment_span(&s->wire);
        n->lost_first = n->lost == 0 ? s->number : MIN(n->lost_first, s->number);
        n->lost_last = MAX(n->lost_last, s->number);
        n->lost++;
    }
}

/* ---- Finishing ------------------------------------------------------------------------------------------------ */

static int by_note_time(const void *a, const void *b)
{
    const struct pending *x = a, *y = b;

    if (x->time != y->time) {
        return x->time < y->time ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

static void fill_segment(struct ladder_segment *s, const struct ladder_note *n)
{
    if ((n->has & NOTE_CWND) != 0) {
        s->cwnd = n->cwnd;
        s->ssthresh = n->ssthresh;
    }
    if ((n->has & NOTE_RTT) != 0) {
        s->srtt_us = (uint32_t)MIN(n->srtt_ns / WEIR_US, (uint64_t)UINT32_MAX);
        s->rto_us = (uint32_t)MIN(n->rto_ns / WEIR_US, (uint64_t)UINT32_MAX);
    }
}

static int place_notes(struct internals *in, struct ladder *l)
{
    size_t kept = 0;

    in->segments = l->segment_count;
    in->notes = malloc((in->count + 1) * sizeof(*in->notes));
    for (int side = 0; side < 2; side++) {
        in->beside[side] = calloc(l->segment_count + 1, sizeof(uint32_t));
        if (in->beside[side] == NULL) {
            return WEIR_ENOBUFS;
        }
    }
    if (in->notes == NULL) {
        return WEIR_ENOBUFS;
    }
    for (size_t i = 0; i < in->count; i++) {
        struct ladder_note *n = &in->pending[i].note;
        if (n->has == 0) {
            continue;
        }
        n->time =
            (struct ladder_time){(int64_t)(in->pending[i].time - l->info.origin), LADDER_MEASURED};
        in->notes[kept++] = *n;
        if (n->segment != 0) {
            fill_segment(&l->segments[n->segment - 1], n);
            in->beside[n->side][n->segment] = (uint32_t)kept;
        }
    }
    in->count = kept;
    return WEIR_OK;
}

int internals_finish(struct internals *in, struct ladder *l)
{
    int result = find_segments(in, l);

    for (size_t i = 0; i < in->lost_count && result == WEIR_OK; i++) {
        name_lost(in, l, &in->lost[i]);
    }
    if (result == WEIR_OK && in->count > 0) {
        qsort(in->pending, in->count, sizeof(*in->pending), by_note_time);
    }
    return result == WEIR_OK ? place_notes(in, l) : result;
}

void internals_tell(struct internals *in, weir_time until, weir_time origin,
                    void (*tell)(void *ctx, const struct ladder_note *note), void *ctx)
{
    size_t done = 0;

    for (; done < in->count; done++) {
        struct pending *p = &in->pending[done];
        if (p->time > until || (p->time == until && p->begin != BEGIN_TIMER)) {
            break;
        }
        p->note.time = (struct ladder_time){(int64_t)(p->time - origin), LADDER_MEASURED};
        if (note_is_row(&p->note) && (p->note.has & ~(uint32_t)(NOTE_RTT | NOTE_LIMIT)) != 0) {
            tell(ctx, &p->note);
        }
    }
    in->count -= done;
    memmove(in->pending, in->pending + done, in->count * sizeof(*in->pending));
    in->lost_count = 0;
    for (int side = 0; side < 2; side++) {
        in->side[side].open = in->side[side].open && in->side[side].current >= done;
        in->side[side].current -= in->side[side].open ? done : 0;
    }
}

/* ---- Out -------------------------------------------------------------------------------------------------------- */

const struct ladder_note *internals_notes(const struct internals *in, size_t *count)
{
    *count = in->notes != NULL ? in->count : 0;
    return in->notes;
}

bool note_is_row(const struct ladder_note *n)
{
    bool reduced = (n->has & NOTE_CWND) != 0 && n->cwnd < n->cwnd_before;

    return (n->has & (NOTE_TIMER | NOTE_LOST | NOTE_DROP | NOTE_UNDONE)) != 0 || reduced ||
           (n->segment == 0 && (n->has & (NOTE_CWND | NOTE_RTT)) != 0);
}

const struct ladder_note *internals_beside(const struct internals *in, uint32_t number,
                                           enum trace_side side)
{
    if (in->notes == NULL || number > in->segments || in->beside[side][number] == 0) {
        return NULL;
    }
    const struct ladder_note *n = &in->notes[in->beside[side][number] - 1];
    return note_is_row(n) ? NULL : n;
}
