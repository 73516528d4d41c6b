/*
 * rows.c - from segments and changes of state to rows, top to bottom.
 *
 * A segment is drawn whole, departure and arrival together, in the order of the reference side. Only
 * where that would show the states of a side in the wrong order (two SYNs or FINs that cross) the arrival
 * gets a row of its own further down, after what happened before it.
 */
#include <stdlib.h>

#include "base/compiler.h"
#include "trace/idle.h"
#include "trace/ladder_private.h"

/* Shorter silences are not worth a row. */
#define IDLE_MIN_NS (10 * (int64_t)WEIR_MS)

#define NOT_SPLIT SIZE_MAX

struct builder {
    struct ladder *l;
    int64_t last_ns; /* the latest thing that happened so far */
    bool begun;
    size_t told_at;  /* next change of state to look at */
    size_t *until;   /* per segment: after which segment its arrival comes, or NOT_SPLIT */
    size_t *changed; /* indexes of the segments that change a state */
    size_t changed_count;
    struct idle_watch watch;
};

static struct ladder_row *add_row(struct builder *b, enum ladder_row_kind kind)
{
    struct ladder *l = b->l;
    struct ladder_row *row =
        ladder_append((void **)&l->rows, &l->row_count, &l->row_room, sizeof(*l->rows));

    if (row != NULL) {
        *row = (struct ladder_row){.kind = kind};
    }
    return row;
}

/* ---- What must come later ------------------------------------------------------------------------------- */

/* Does segment `j` change the state of `side`, and when? */
static bool changes_side(const struct ladder_segment *s, enum trace_side side, int64_t *ns)
{
    bool sender = s->wire.side == side;

    *ns = sender ? s->sent.ns : s->arrived.ns;
    return (sender ? s->state_sent : s->state_arrived) != LADDER_STATE_SAME;
}

/* The last segment after `i` that changes the state of i's receiver before i arrives. */
static size_t comes_after(const struct builder *b, size_t i)
{
    const struct ladder_segment *s = &b->l->segments[i];
    size_t last = NOT_SPLIT;

    if (s->state_arrived == LADDER_STATE_SAME || !ladder_arrives(s)) {
        return NOT_SPLIT;
    }
    for (size_t k = 0; k < b->changed_count; k++) {
        int64_t ns;
        size_t j = b->changed[k];
        bool changes = changes_side(&b->l->segments[j], trace_other(s->wire.side), &ns);
        if (j > i && changes && ns < s->arrived.ns) {
            last = j;
        }
    }
    return last;
}

static void plan_splits(struct builder *b)
{
    for (size_t i = 0; i < b->l->segment_count; i++) {
        const struct ladder_segment *s = &b->l->segments[i];
        if (s->state_sent != LADDER_STATE_SAME || s->state_arrived != LADDER_STATE_SAME) {
            b->changed[b->changed_count++] = i;
        }
        b->until[i] = NOT_SPLIT;
    }
    for (size_t k = 0; k < b->changed_count; k++) {
        b->until[b->changed[k]] = comes_after(b, b->changed[k]);
    }
}

/* ---- Idle and lonely changes of state --------------------------------------------------------------------- */

bool rows_are_idle(int64_t idle, int64_t rtt)
{
    return idle >= IDLE_MIN_NS && idle >= rtt + rtt / 2;
}

static int add_idle(struct builder *b, int64_t until_ns, enum ladder_cause cause)
{
    int64_t idle = until_ns - b->last_ns;

    if (!b->begun || !rows_are_idle(idle, b->l->info.rtt_ns)) {
        return WEIR_OK;
    }
    struct ladder_row *row = add_row(b, LADDER_ROW_IDLE);
    if (row == NULL) {
        return WEIR_ENOBUFS;
    }
    row->idle_ns = idle;
    row->cause = cause;
    return WEIR_OK;
}

static void happened(struct builder *b, int64_t ns)
{
    b->last_ns = b->begun ? MAX(b->last_ns, ns) : ns;
    b->begun = true;
}

static enum ladder_cause told_cause_of(const struct ladder *l, const struct told_state *told)
{
    for (size_t i = 0; i < l->cause_count; i++) {
        if (l->causes[i].time == told->time && l->causes[i].side == told->side) {
            return l->causes[i].cause;
        }
    }
    return told->from == WEIR_TCP_TIME_WAIT ? LADDER_CAUSE_TIME_WAIT : LADDER_CAUSE_NONE;
}

/* Changes of state that no segment explains, up to (and not including) `before`. */
static int add_states(struct builder *b, int64_t before)
{
    struct ladder *l = b->l;

    for (; b->told_at < l->told_count; b->told_at++) {
        const struct told_state *told = &l->told[b->told_at];
        int64_t ns = (int64_t)(told->time - l->info.origin);
        if (ns >= before) {
            break;
        }
        if (told->segment != 0) {
            continue;
        }
        enum ladder_cause cause = told_cause_of(l, told);
        int result = add_idle(b, ns, cause);
        struct ladder_row *row = result == WEIR_OK ? add_row(b, LADDER_ROW_STATE) : NULL;
        if (row == NULL) {
            return WEIR_ENOBUFS;
        }
        row->side = (enum trace_side)told->side;
        row->state = told->to;
        row->cause = cause;
        row->time = (struct ladder_time){ns, LADDER_MEASURED};
        happened(b, ns);
    }
    return WEIR_OK;
}

/* ---- Segments ----------------------------------------------------------------------------------------------- */

static int add_arrival(struct builder *b, size_t i)
{
    struct ladder_row *row = add_row(b, LADDER_ROW_ARRIVAL);

    if (row == NULL) {
        return WEIR_ENOBUFS;
    }
    row->segment = &b->l->segments[i];
    happened(b, row->segment->arrived.ns);
    return WEIR_OK;
}

static int by_index_pointer_time(const void *a, const void *b)
{
    const struct ladder_segment *x = *(const struct ladder_segment *const *)a;
    const struct ladder_segment *y = *(const struct ladder_segment *const *)b;

    if (x->arrived.ns != y->arrived.ns) {
        return x->arrived.ns < y->arrived.ns ? -1 : 1;
    }
    return x->number < y->number ? -1 : 1;
}

#define ARRIVALS_MAX 16

/* The arrivals that are due once segment `i` has left, in order of time. */
static size_t due_arrivals(const struct builder *b, size_t i, const struct ladder_segment **due)
{
    size_t n = 0;

    for (size_t k = 0; k < b->changed_count && n < ARRIVALS_MAX - 1; k++) {
        if (b->until[b->changed[k]] == i) {
            due[n++] = &b->l->segments[b->changed[k]];
        }
    }
    if (b->until[i] == NOT_SPLIT) {
        due[n++] = &b->l->segments[i];
    }
    qsort(due, n, sizeof(*due), by_index_pointer_time);
    return n;
}

/* A stack's own records say why; where there are none, the segments may. */
static enum ladder_cause why_silent(const struct builder *b, const struct ladder_segment *s)
{
    return b->l->told_count > 0 ? s->cause : idle_cause(&b->watch, s, s->sent.ns - b->last_ns);
}

static int add_segment(struct builder *b, size_t i)
{
    const struct ladder_segment *s = &b->l->segments[i];
    const struct ladder_segment *due[ARRIVALS_MAX];

    int result = add_states(b, s->sent.ns);
    if (result == WEIR_OK) {
        result = add_idle(b, s->sent.ns, why_silent(b, s));
        idle_note(&b->watch, s);
    }
    struct ladder_row *row = result == WEIR_OK ? add_row(b, LADDER_ROW_SEGMENT) : NULL;
    if (row == NULL) {
        return WEIR_ENOBUFS;
    }
    size_t n = due_arrivals(b, i, due);
    row->segment = s;
    row->split = n == 0 || due[0] != s;
    happened(b, s->sent.ns);
    if (!row->split && ladder_arrives(s)) {
        happened(b, s->arrived.ns);
    }
    for (size_t k = row->split ? 0 : 1; k < n && result == WEIR_OK; k++) {
        result = add_arrival(b, due[k]->number - 1);
    }
    return result;
}

static int by_told_time(const void *a, const void *b)
{
    const struct told_state *x = a, *y = b;

    if (x->time != y->time) {
        return x->time < y->time ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

int rows_build(struct ladder *l)
{
    struct builder b = {.l = l};
    size_t room = (l->segment_count + 1) * sizeof(size_t);
    int result = WEIR_ENOBUFS;

    if (l->told_count > 0) {
        qsort(l->told, l->told_count, sizeof(*l->told), by_told_time);
    }
    b.until = malloc(room);
    b.changed = malloc(room);
    if (b.until != NULL && b.changed != NULL) {
        result = WEIR_OK;
        plan_splits(&b);
        for (size_t i = 0; i < l->segment_count && result == WEIR_OK; i++) {
            result = add_segment(&b, i);
        }
        if (result == WEIR_OK) {
            result = add_states(&b, INT64_MAX);
        }
    }
    free(b.until);
    free(b.changed);
    return result;
}
