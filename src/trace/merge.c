/*
 * merge.c - two captures of one conversation become the flights of one ladder.
 *
 * Reading order: merge_captures (the steps), emit (a segment that left), emit_parts (a super-segment),
 * emit_unsent (what arrived and was never seen leaving).
 */
#include "trace/merge.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "trace/merge_private.h"

/* A capture may begin or end in the middle of the other one by so much more than a flight. */
#define EDGE (10 * (int64_t)WEIR_MS)

/* Parts of a super-segment arrive within the least flight and this. */
#define PART_TIME_MAX (4 * (int64_t)WEIR_S)

struct merger {
    struct ladder *ladder;
    struct merge_report *report;
    struct merge_direction d[2]; /* by the side that sends */
    int64_t from[2], to[2];      /* when the capture at this side ran, by the client's clock */
};

static void free_directions(struct merge_direction d[2])
{
    for (int i = 0; i < 2; i++) {
        free(d[i].sent);
        free(d[i].received);
        free(d[i].loose);
        d[i] = (struct merge_direction){.sent = NULL};
    }
}

static size_t take_side(const struct merge_capture *c, enum trace_side side, struct merge_one *out)
{
    size_t n = 0;

    for (size_t i = 0; i < c->count; i++) {
        const struct trace_segment *s = &c->segments[i];
        if (s->side == side) {
            out[n++] =
                (struct merge_one){.segment = s, .time = (int64_t)s->time, .mate = MERGE_NONE};
        }
    }
    return n;
}

static bool fill_directions(struct merge_direction d[2], const struct merge_capture *client,
                            const struct merge_capture *server)
{
    for (int i = 0; i < 2; i++) {
        const struct merge_capture *near = i == LADDER_CLIENT ? client : server;
        const struct merge_capture *far = i == LADDER_CLIENT ? server : client;
        d[i] = (struct merge_direction){.sent = malloc((near->count + 1) * sizeof(*d[i].sent)),
                                        .received = malloc((far->count + 1) * sizeof(*d[i].sent)),
                                        .least = INT64_MAX};
        if (d[i].sent == NULL || d[i].received == NULL) {
            return false;
        }
        d[i].sent_count = take_side(near, (enum trace_side)i, d[i].sent);
        d[i].received_count = take_side(far, (enum trace_side)i, d[i].received);
    }
    return true;
}

/* ---- Super-segments -------------------------------------------------------------------------------------- */

/* Does some of `received` (not taken yet) begin at `seq`, and can it have come from `sent`? */
static bool part_fits(const struct merge_one *sent, const struct merge_one *received, uint32_t seq)
{
    const struct trace_segment *s = sent->segment, *r = received->segment;

    return received->mate == MERGE_NONE && received->taken < r->length &&
           r->seq + received->taken == seq && r->options.ts_val == s->options.ts_val;
}

/* Where to look for what `sent` may have become: not before the least flight, not after PART_TIME_MAX. */
static size_t first_loose(const struct merge_direction *d, const struct merge_one *sent)
{
    int64_t least = d->least == INT64_MAX ? 0 : d->least - d->least / 8;
    size_t low = 0, high = d->loose_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (d->received[d->loose[middle]].time < sent->time + least) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool too_late(const struct merge_direction *d, const struct merge_one *sent, size_t loose)
{
    int64_t least = d->least == INT64_MAX ? 0 : d->least;

    return d->received[d->loose[loose]].time > sent->time + least + PART_TIME_MAX;
}

/* The next part of a super-segment that arrived: index, or MERGE_NONE. */
static size_t find_part(const struct merge_direction *d, const struct merge_one *sent, uint32_t seq)
{
    for (size_t i = first_loose(d, sent); i < d->loose_count && !too_late(d, sent, i); i++) {
        if (part_fits(sent, &d->received[d->loose[i]], seq)) {
            return d->loose[i];
        }
    }
    return MERGE_NONE;
}

/* How many bytes from `seq` on were lost: up to the next one that arrived. */
static uint32_t lost_bytes(const struct merge_direction *d, const struct merge_one *sent,
                           uint32_t seq)
{
    const struct trace_segment *s = sent->segment;
    uint32_t until = s->seq + s->length - seq;

    for (size_t i = first_loose(d, sent); i < d->loose_count && !too_late(d, sent, i); i++) {
        const struct merge_one *r = &d->received[d->loose[i]];
        uint32_t gap = r->segment->seq + r->taken - seq;
        if (gap > 0 && gap < until && part_fits(sent, r, seq + gap)) {
            until = gap;
        }
    }
    return until;
}

/* Data that arrived and matches nothing as a whole. */
static bool list_loose(struct merge_direction *d)
{
    d->loose = malloc((d->received_count + 1) * sizeof(*d->loose));
    for (size_t i = 0; i < d->received_count && d->loose != NULL; i++) {
        if (d->received[i].mate == MERGE_NONE && d->received[i].segment->length > 0) {
            d->loose[d->loose_count++] = i;
        }
    }
    return d->loose != NULL;
}

/* ---- Flights --------------------------------------------------------------------------------------------- */

static int add(struct merger *m, const struct ladder_flight *flight)
{
    if (!flight->lost && flight->arrived < flight->sent) {
        m->report->negative++;
    }
    return ladder_add_flight(m->ladder, flight);
}

static struct ladder_flight flight_of(const struct merge_one *one)
{
    struct ladder_flight flight = {
        .wire = *one->segment, .sent = (weir_time)one->time, .arrived = (weir_time)one->time};

    flight.wire.time = flight.sent;
    return flight;
}

/* It has no counterpart: lost, unless the other capture was not running. */
static void not_received(struct merger *m, enum trace_side from, struct ladder_flight *flight)
{
    enum trace_side far = trace_other(from);
    int64_t least = m->d[from].least == INT64_MAX ? 0 : m->d[from].least;
    int64_t expected = (int64_t)flight->sent + least;

    if (expected < m->from[far] - EDGE || expected > m->to[far] + EDGE) {
        flight->arrived = (weir_time)expected;
        flight->arrival_estimated = true;
        m->report->outside++;
    } else {
        flight->lost = true;
        m->report->lost++;
    }
}

/* Bytes [seq, seq + length) of a super-segment; received at `part`, or not (MERGE_NONE). */
static int add_part(struct merger *m, enum trace_side from, const struct merge_one *sent,
                    uint32_t seq, uint32_t length, size_t part)
{
    struct merge_direction *d = &m->d[from];
    const struct trace_segment *s = sent->segment;
    struct ladder_flight flight = flight_of(sent);
    bool last = seq + length == s->seq + s->length;

    flight.wire.seq = seq;
    flight.wire.length = length;
    flight.wire.flags = last ? s->flags : s->flags & (uint16_t) ~(WEIR_TCP_FIN | WEIR_TCP_PSH);
    if (part == MERGE_NONE) {
        not_received(m, from, &flight);
    } else {
        flight.arrived = (weir_time)d->received[part].time;
        flight.wire.ip_id = d->received[part].segment->ip_id;
        d->received[part].taken += length;
    }
    return add(m, &flight);
}

static int emit_parts(struct merger *m, enum trace_side from, const struct merge_one *sent)
{
    struct merge_direction *d = &m->d[from];
    const struct trace_segment *s = sent->segment;
    uint32_t seq = s->seq, left = s->length;
    size_t first = find_part(d, sent, seq);
    int result = WEIR_OK;

    while (left > 0 && result == WEIR_OK) {
        size_t part = find_part(d, sent, seq);
        uint32_t length =
            part == MERGE_NONE
                ? lost_bytes(d, sent, seq)
                : MIN(left, d->received[part].segment->length - d->received[part].taken);
        result = add_part(m, from, sent, seq, length, part);
        seq += length;
        left -= length;
    }
    m->report->matched += first != MERGE_NONE;
    return result;
}

static int emit(struct merger *m, enum trace_side from, const struct merge_one *sent)
{
    const struct trace_segment *s = sent->segment;
    struct ladder_flight flight = flight_of(sent);

    if (sent->mate == MERGE_NONE && s->length > 0 && (s->flags & WEIR_TCP_SYN) == 0) {
        return emit_parts(m, from, sent);
    }
    if (sent->mate == MERGE_NONE) {
        not_received(m, from, &flight);
    } else {
        const struct merge_one *received = &m->d[from].received[sent->mate];
        flight.arrived = (weir_time)received->time;
        m->report->matched++;
    }
    return add(m, &flight);
}

/* Received, and the sender's capture does not have it: a copy, or a hole in that capture. */
static int emit_unsent(struct merger *m, enum trace_side from, const struct merge_one *received)
{
    struct merge_direction *d = &m->d[from];
    struct ladder_flight flight = flight_of(received);

    if (received->copy) {
        flight.sent = (weir_time)d->sent[received->mate].time;
        flight.duplicate = true;
        m->report->copies++;
        return add(m, &flight);
    }
    if (received->mate != MERGE_NONE || received->taken > 0) {
        return WEIR_OK;
    }
    flight.sent -= (weir_time)(d->least == INT64_MAX ? 0 : d->least);
    flight.sending_estimated = true;
    m->report->not_sent[from]++;
    return add(m, &flight);
}

static int emit_all(struct merger *m)
{
    int result = WEIR_OK;

    for (int side = 0; side < 2; side++) {
        const struct merge_direction *d = &m->d[side];
        for (size_t i = 0; i < d->sent_count && result == WEIR_OK; i++) {
            result = emit(m, (enum trace_side)side, &d->sent[i]);
        }
        for (size_t i = 0; i < d->received_count && result == WEIR_OK; i++) {
            result = emit_unsent(m, (enum trace_side)side, &d->received[i]);
        }
    }
    return result;
}

/* ---- The steps ------------------------------------------------------------------------------------------- */

static void note_run(struct merger *m, int side, const struct merge_one *one, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        m->from[side] = MIN(m->from[side], one[i].time);
        m->to[side] = MAX(m->to[side], one[i].time);
    }
}

static void note_runs(struct merger *m)
{
    for (int side = 0; side < 2; side++) {
        const struct merge_direction *own = &m->d[side], *other = &m->d[1 - side];
        m->from[side] = INT64_MAX;
        m->to[side] = INT64_MIN;
        note_run(m, side, own->sent, own->sent_count);
        note_run(m, side, other->received, other->received_count);
    }
}

static void note_mss(struct merge_report *report, const struct merge_direction *d, int side)
{
    for (size_t i = 0; i < d->sent_count; i++) {
        const struct trace_segment *s = d->sent[i].segment;
        if ((s->flags & WEIR_TCP_SYN) != 0 && d->sent[i].mate != MERGE_NONE) {
            report->mss[side][0] = s->options.mss;
            report->mss[side][1] = d->received[d->sent[i].mate].segment->options.mss;
            return;
        }
    }
}

/* Matches what is unmistakable and compares the clocks. */
static int compare(struct merge_direction d[2], const struct merge_capture *client,
                   const struct merge_capture *server, struct merge_report *report)
{
    if (!fill_directions(d, client, server)) {
        return WEIR_ENOBUFS;
    }
    int result = merge_match_unique(&d[0]);
    if (result == WEIR_OK) {
        result = merge_match_unique(&d[1]);
    }
    return result == WEIR_OK ? merge_clocks(d, report) : result;
}

int merge_captures(struct ladder *ladder, const struct merge_capture *client,
                   const struct merge_capture *server, struct merge_report *report)
{
    struct merger m = {.ladder = ladder, .report = report};

    *report = (struct merge_report){.matched = 0};
    int result = compare(m.d, client, server, report);
    if (result == WEIR_OK && report->bound < 0) { /* a round trip that takes less than no time */
        free_directions(m.d);
        *report = (struct merge_report){.swapped = true};
        result = compare(m.d, server, client, report);
        report->swapped = true;
    }
    for (int side = 0; side < 2 && result == WEIR_OK; side++) {
        result = merge_match_rest(&m.d[side]);
        if (result == WEIR_OK && !list_loose(&m.d[side])) {
            result = WEIR_ENOBUFS;
        }
        merge_least(&m.d[side]);
        note_mss(report, &m.d[side], side);
    }
    if (result == WEIR_OK) {
        note_runs(&m);
        result = emit_all(&m);
    }
    free_directions(m.d);
    return result;
}

bool merge_fits(const struct merge_capture *a, const struct merge_capture *b)
{
    for (int side = 0; side < 2; side++) {
        const struct trace_segment *syn[2] = {NULL, NULL};
        const struct merge_capture *captures[2] = {a, b};
        for (int k = 0; k < 2; k++) {
            for (size_t i = 0; i < captures[k]->count && syn[k] == NULL; i++) {
                const struct trace_segment *s = &captures[k]->segments[i];
                syn[k] = s->side == side && (s->flags & WEIR_TCP_SYN) != 0 ? s : NULL;
            }
        }
        if (syn[0] != NULL && syn[1] != NULL) {
            return syn[0]->seq == syn[1]->seq;
        }
    }
    struct merge_direction d[2] = {{.sent = NULL}, {.sent = NULL}};
    struct merge_report report = {.matched = 0};
    bool fits = compare(d, a, b, &report) == WEIR_OK;
    free_directions(d);
    return fits;
}
