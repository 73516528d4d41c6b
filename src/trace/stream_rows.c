/* stream_rows.c - rows of a stream, by the same rules as rows.c: silences, states, segments, arrivals. */
#include <stdlib.h>

#include "trace/stream_private.h"

static int64_t relative(const struct stream *s, int64_t ns)
{
    return ns - (int64_t)s->ladder->info.origin;
}

static void happened(struct stream *s, int64_t ns)
{
    s->last_ns = s->happened ? MAX(s->last_ns, ns) : ns;
    s->happened = true;
}

static bool silence(const struct stream *s, int64_t until, enum ladder_cause cause,
                    struct ladder_row *row)
{
    int64_t idle = until - s->last_ns;

    *row = (struct ladder_row){.kind = LADDER_ROW_IDLE, .idle_ns = idle, .cause = cause};
    return s->happened && rows_are_idle(idle, s->ladder->info.rtt_ns);
}

/* The changes that the ladder shows: the last one of each side, and those of this row. */
static void show_changes(struct stream *s, const struct ladder_change *change, size_t count)
{
    struct ladder *l = s->ladder;

    l->change_count = 0;
    for (size_t i = 0; i < count + 2; i++) {
        const struct ladder_change *from = i < 2 ? &s->last_change[i] : &change[i - 2];
        if (i < 2 && !s->changed[i]) {
            continue;
        }
        struct ladder_change *to = ladder_append((void **)&l->changes, &l->change_count,
                                                 &l->change_room, sizeof(*l->changes));
        if (to != NULL) {
            *to = *from;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (change[i].from != WEIR_TCP_TIME_WAIT) { /* who waited there is what words ask for */
            s->last_change[change[i].side] = change[i];
            s->last_change[change[i].side].segment = 0;
            s->changed[change[i].side] = true;
        }
    }
}

/* ---- States without a segment --------------------------------------------------------------------------- */

static enum ladder_cause cause_of(const struct stream *s, const struct told_state *told)
{
    for (size_t i = 0; i < s->cause_count; i++) {
        if (s->causes[i].time == told->time && s->causes[i].side == told->side) {
            return (enum ladder_cause)s->causes[i].cause;
        }
    }
    return told->from == WEIR_TCP_TIME_WAIT ? LADDER_CAUSE_TIME_WAIT : LADDER_CAUSE_NONE;
}

static void tell_state(struct stream *s, const struct told_state *told)
{
    struct ladder_row idle, row = {.kind = LADDER_ROW_STATE,
                                   .side = (enum trace_side)told->side,
                                   .state = told->to,
                                   .cause = cause_of(s, told),
                                   .time = {relative(s, (int64_t)told->time), LADDER_MEASURED}};
    bool silent = silence(s, (int64_t)told->time, row.cause, &idle);
    struct ladder_change change = {
        .time = row.time, .side = row.side, .from = told->from, .to = told->to};

    show_changes(s, &change, 1);
    stream_tell(
        s, &(struct stream_event){.kind = STREAM_ROW, .row = &row, .idle = silent ? &idle : NULL});
    happened(s, (int64_t)told->time);
}

void stream_tell_states(struct stream *s, int64_t before)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->told_count; i++) {
        const struct told_state told = s->told[i];
        if ((int64_t)told.time < before) {
            tell_state(s, &told);
        } else {
            s->told[kept++] = told;
        }
    }
    s->told_count = kept;
}

/* ---- Segments ------------------------------------------------------------------------------------------- */

/* The last segment in line that changes the receiver's state before this one arrives there. */
static struct pending *comes_behind(const struct stream *s, const struct pending *p)
{
    int receiver = 1 - p->s.wire.side;
    struct pending *last = NULL;

    if (p->s.state_arrived == LADDER_STATE_SAME || !ladder_arrives(&p->s) ||
        s->owed_count == OWED_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < s->rows.count; i++) {
        struct pending *other = line_of_at(&s->rows, i)->p;
        bool sender = other->s.wire.side == receiver;
        uint8_t state = sender ? other->s.state_sent : other->s.state_arrived;
        int64_t ns = sender ? other->s.sent.ns : other->s.arrived.ns;
        if (other->judged && other->fed[receiver] && state != LADDER_STATE_SAME &&
            ns < p->s.arrived.ns) {
            last = other;
        }
    }
    return last;
}

static int by_arrival(const void *a, const void *b)
{
    const struct pending *x = *(struct pending *const *)a, *y = *(struct pending *const *)b;

    if (x->s.arrived.ns != y->s.arrived.ns) {
        return x->s.arrived.ns < y->s.arrived.ns ? -1 : 1;
    }
    return x->s.number < y->s.number ? -1 : 1;
}

/* The arrivals that are due once this segment has left, in order of time. */
static size_t due_arrivals(struct stream *s, struct pending *p, struct pending **due)
{
    size_t n = 0, kept = 0;

    for (size_t i = 0; i < s->owed_count; i++) {
        if (s->owed[i]->behind == p) {
            due[n++] = s->owed[i];
        } else {
            s->owed[kept++] = s->owed[i];
        }
    }
    s->owed_count = kept;
    if (p->behind == NULL) {
        due[n++] = p;
    }
    qsort(due, n, sizeof(*due), by_arrival);
    return n;
}

/* From the judge's numbers and absolute times to those of rows. */
static void finish_segment(struct stream *s, struct pending *p)
{
    p->s.number = ++s->number;
    stream_judge_number(s, p);
    for (uint32_t i = 0; i < p->changes; i++) {
        p->change[i].segment = p->s.number;
        p->change[i].time.ns = relative(s, p->change[i].time.ns);
    }
}

/* The times that rows have count from the first segment; those that wait are absolute. */
static void shift(struct stream *s, struct pending *p, int64_t sign)
{
    p->s.sent.ns += sign * (int64_t)s->ladder->info.origin;
    p->s.arrived.ns += sign * (int64_t)s->ladder->info.origin;
}

static void tell_segment(struct stream *s, struct pending *p, bool split)
{
    struct ladder_row idle;
    struct ladder_row row = {.kind = LADDER_ROW_SEGMENT, .split = split, .segment = &p->s};
    bool told = s->setup.told[0] || s->setup.told[1]; /* a stack says why; else the segments may */
    bool silent =
        silence(s, p->s.sent.ns,
                told ? p->s.cause : idle_cause(&s->watch, &p->s, p->s.sent.ns - s->last_ns), &idle);

    idle_note(&s->watch, &p->s);
    happened(s, p->s.sent.ns);
    if (!split && ladder_arrives(&p->s)) {
        happened(s, p->s.arrived.ns);
    }
    show_changes(s, p->change, p->changes);
    shift(s, p, -1);
    stream_tell(
        s, &(struct stream_event){.kind = STREAM_ROW, .row = &row, .idle = silent ? &idle : NULL});
    shift(s, p, 1);
}

static void tell_arrival(struct stream *s, struct pending *p)
{
    struct ladder_row row = {.kind = LADDER_ROW_ARRIVAL, .segment = &p->s};

    happened(s, p->s.arrived.ns);
    show_changes(s, NULL, 0);
    shift(s, p, -1);
    stream_tell(s, &(struct stream_event){.kind = STREAM_ROW, .row = &row});
    shift(s, p, 1);
}

static void tell_lessons(struct stream *s, struct pending *p)
{
    for (struct kept_lesson *k = p->lessons; k != NULL; k = k->next) {
        stream_tell(s, &(struct stream_event){.kind = STREAM_LESSON, .lesson = &k->lesson});
        stream_find_lesson(s, &k->lesson);
    }
}

void stream_tell_rows(struct stream *s, struct pending *p)
{
    struct pending *due[OWED_MAX + 1];

    stream_apply_causes(s, p);
    stream_match_told(s, p);
    stream_tell_states(s, p->s.sent.ns);
    finish_segment(s, p);
    p->behind = comes_behind(s, p);
    if (p->behind != NULL) {
        s->owed[s->owed_count++] = p;
    }
    size_t n = due_arrivals(s, p, due);
    bool split = n == 0 || due[0] != p;
    bool owed = p->behind != NULL;
    tell_segment(s, p, split);
    for (size_t i = 0; i < n; i++) {
        if (split || i > 0) {
            tell_arrival(s, due[i]);
        }
    }
    stream_find_segment(s, p);
    tell_lessons(s, p);
    for (size_t i = 0; i < n; i++) {
        if (due[i] != p) {
            stream_release(s, due[i]);
        }
    }
    if (!owed) {
        stream_release(s, p);
    }
}
