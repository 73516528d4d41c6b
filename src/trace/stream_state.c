/*
 * stream_state.c - the states of both sides of a stream: inferred as the segments pass (state.h), or told by
 * a side's own stack and put to the segment that was sent or received at that time.
 */
#include "trace/stream_private.h"

/* ---- Inferred ------------------------------------------------------------------------------------------- */

/* As states.c does, from the segments that are here. */
static uint8_t infer_initial(const struct stream *s, int side)
{
    bool syn_before = false, refuses = false;

    for (size_t i = 0; i < s->rows.count; i++) {
        const struct trace_segment *wire = &line_of_at(&s->rows, i)->p->s.wire;
        bool syn = (wire->flags & WEIR_TCP_SYN) != 0, ack = (wire->flags & WEIR_TCP_ACK) != 0;
        if (wire->side != side) {
            syn_before = syn_before || (syn && !ack);
        } else if ((wire->flags & WEIR_TCP_RST) != 0) {
            refuses = refuses || (syn_before && ack);
        } else if (syn) {
            return !ack ? WEIR_TCP_CLOSED : syn_before ? WEIR_TCP_LISTEN : LADDER_STATE_UNKNOWN;
        } else {
            return LADDER_STATE_UNKNOWN;
        }
    }
    return refuses ? WEIR_TCP_CLOSED : LADDER_STATE_UNKNOWN;
}

static uint8_t told_initial(const struct stream *s, int side)
{
    for (size_t i = 0; i < s->told_count; i++) {
        if (s->told[i].side == side) {
            return s->told[i].from;
        }
    }
    return LADDER_STATE_UNKNOWN;
}

void stream_first_states(struct stream *s)
{
    for (int side = 0; side < 2; side++) {
        bool told = s->setup.told[side ^ s->client];
        uint8_t state = told ? told_initial(s, side) : infer_initial(s, side);
        s->ladder->info.side[side].initial_state = state;
        machine_init(&s->machine[side], state);
    }
}

static void add_change(struct pending *p, int side, uint8_t from, uint8_t to)
{
    bool arrival = p->s.wire.side != side;

    if (p->changes < CHANGES_MAX) {
        p->change[p->changes++] = (struct ladder_change){.time = arrival ? p->s.arrived : p->s.sent,
                                                         .side = (enum trace_side)side,
                                                         .from = from,
                                                         .to = to};
    }
    *(arrival ? &p->s.state_arrived : &p->s.state_sent) = to;
}

static void feed_one(struct stream *s, struct pending *p, int side)
{
    struct machine *m = &s->machine[side];
    bool arrival = p->s.wire.side != side;

    p->fed[side] = true;
    if (s->setup.told[side ^ s->client] || (arrival && (p->s.facts & LADDER_FACT_CORRUPTED) != 0)) {
        return;
    }
    (arrival ? machine_receives : machine_sends)(m, &p->s.wire);
    for (uint32_t i = 0; i < m->steps; i++) {
        add_change(p, side, m->step[i].from, m->step[i].to);
    }
}

void stream_feed(struct stream *s, struct pending *p, int side)
{
    struct line_of *line = &s->clock[side];

    while (!p->fed[side] && line->count > 0) {
        struct pending *next = line_of_at(line, 0)->p;
        line_of_pop(line);
        feed_one(s, next, side);
    }
}

/* ---- Told ----------------------------------------------------------------------------------------------- */

int stream_record(struct stream *s, uint8_t side, const struct weir_record *record)
{
    /* The ladder knows how to read records; what it took is moved over. */
    struct ladder *l = s->ladder;
    int result = ladder_add_record(l, (enum trace_side)(side ^ s->client), record);

    if (l->told_count > 0) {
        struct told_state *told =
            ladder_append((void **)&s->told, &s->told_count, &s->told_room, sizeof(*s->told));
        if (told == NULL) {
            result = WEIR_ENOBUFS;
        } else {
            *told = l->told[0];
        }
    }
    if (l->cause_count > 0) {
        struct told_cause *cause =
            ladder_append((void **)&s->causes, &s->cause_count, &s->cause_room, sizeof(*s->causes));
        if (cause == NULL) {
            result = WEIR_ENOBUFS;
        } else {
            *cause = l->causes[0];
        }
    }
    l->told_count = l->cause_count = 0;
    return result;
}

/* Does another segment that waits explain it better? */
static bool is_best(const struct stream *s, const struct told_state *told, const struct pending *p)
{
    int side = told->side, score = states_explain(told, p->s.wire.side != side, &p->s.wire);

    for (size_t i = 0; i < s->rows.count; i++) {
        const struct pending *other = line_of_at(&s->rows, i)->p;
        int64_t ns;
        if (other != p && pending_time(other, side, &ns) && ns == (int64_t)told->time &&
            states_explain(told, other->s.wire.side != side, &other->s.wire) > score) {
            return false;
        }
    }
    return score > 0;
}

static void match_told(struct stream *s, struct pending *p)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->told_count; i++) {
        const struct told_state told = s->told[i];
        int64_t ns;
        if (pending_time(p, told.side, &ns) && ns == (int64_t)told.time && is_best(s, &told, p)) {
            add_change(p, told.side, told.from, told.to);
        } else {
            s->told[kept++] = told;
        }
    }
    s->told_count = kept;
}

void stream_match_told(struct stream *s, struct pending *p)
{
    if (s->told_count > 0) { /* those behind it too: which arrival comes first depends on them */
        match_told(s, p);
        for (size_t i = 0; i < s->rows.count; i++) {
            match_told(s, line_of_at(&s->rows, i)->p);
        }
    }
}

void stream_apply_causes(struct stream *s, struct pending *p)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->cause_count; i++) {
        const struct told_cause told = s->causes[i];
        if (told.side == p->s.wire.side && (int64_t)told.time == p->s.sent.ns) {
            verdict_apply_cause(&p->s, (enum ladder_cause)told.cause);
        } else if ((int64_t)told.time + (int64_t)(2 * WEIR_S) > p->key) {
            s->causes[kept++] = told; /* a change of state may still ask for it */
        }
    }
    s->cause_count = kept;
}
