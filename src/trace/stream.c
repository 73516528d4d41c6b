/*
 * stream.c - segments in, rows out: what waits for what.
 *
 * Reading order: stream_advance; then stream_judge.c, stream_time.c (the far side's clock), stream_state.c,
 * stream_rows.c, stream_find.c.
 */
#include "trace/stream.h"

#include <stdlib.h>

#include "trace/stream_private.h"

/* ---- Begin and end -------------------------------------------------------------------------------------- */

struct stream *stream_new(const struct stream_setup *setup)
{
    struct stream *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        return NULL;
    }
    s->setup = *setup;
    s->flight = INT64_MAX;
    s->far_latest = INT64_MIN;
    s->ladder = ladder_new(setup->vantage);
    if (setup->vantage == LADDER_AT_BOTH) {
        s->rows_told = calloc(NUMBERS_MAX, sizeof(*s->rows_told));
    }
    if (s->ladder == NULL || (setup->vantage == LADDER_AT_BOTH && s->rows_told == NULL)) {
        stream_del(s);
        return NULL;
    }
    ladder_set_number(s->ladder, setup->number);
    return s;
}

void stream_release(struct stream *s, struct pending *p)
{
    while (p->lessons != NULL) {
        struct kept_lesson *next = p->lessons->next;
        free(p->lessons);
        p->lessons = next;
    }
    p->behind = s->spare;
    s->spare = p;
}

void stream_del(struct stream *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < s->rows.count; i++) {
        stream_release(s, line_of_at(&s->rows, i)->p);
    }
    for (size_t i = 0; i < s->owed_count; i++) {
        stream_release(s, s->owed[i]);
    }
    while (s->spare != NULL) {
        struct pending *next = s->spare->behind;
        free(s->spare);
        s->spare = next;
    }
    free(s->rows.at);
    free(s->judging[0].at);
    free(s->judging[1].at);
    free(s->clock[0].at);
    free(s->clock[1].at);
    free(s->told);
    free(s->causes);
    free(s->rows_told);
    judge_del(s->judge[0]);
    judge_del(s->judge[1]);
    finder_del(s->finder);
    ladder_del(s->ladder);
    free(s);
}

void stream_tell(struct stream *s, const struct stream_event *event)
{
    struct stream_event complete = *event;

    complete.ladder = s->ladder;
    s->setup.tell(s->setup.ctx, &complete);
}

/* ---- In ------------------------------------------------------------------------------------------------- */

static struct pending *new_pending(struct stream *s, const struct trace_segment *wire)
{
    struct pending *p = s->spare;

    if (s->failed) {
        return NULL;
    }
    if (p != NULL) {
        s->spare = p->behind;
    } else {
        p = malloc(sizeof(*p));
    }
    if (p != NULL) {
        *p = (struct pending){.s = {.wire = *wire,
                                    .state_sent = LADDER_STATE_SAME,
                                    .state_arrived = LADDER_STATE_SAME},
                              .floor = INT64_MIN};
        p->last_lesson = &p->lessons;
        p->s.wire.side ^= s->client;
        s->first = s->rows.count == 0 && !s->begun ? wire->time : s->first;
        s->latest = max_u64(s->latest, wire->time);
    }
    return p;
}

static int take(struct stream *s, struct pending *p)
{
    if (p == NULL || !line_of_put(&s->rows, p->key, p)) {
        free(p);
        return WEIR_ENOBUFS;
    }
    stream_judge_later(s, p);
    if (s->rows.count > STREAM_PENDING_MAX) {
        stream_advance(s, 0);
    }
    return WEIR_OK;
}

int stream_take(struct stream *s, const struct trace_segment *wire)
{
    struct pending *p = new_pending(s, wire);

    if (p != NULL) {
        p->key = (int64_t)wire->time;
        p->s.sent = p->s.arrived = (struct ladder_time){p->key, LADDER_UNKNOWN};
    }
    return take(s, p);
}

int stream_take_both(struct stream *s, const struct trace_segment *wire, weir_time arrived,
                     uint32_t facts)
{
    struct pending *p = new_pending(s, wire);
    int64_t sent = (int64_t)wire->time;
    bool lost = arrived == LADDER_NEVER;

    if (p != NULL) {
        p->s.facts = facts;
        p->s.sent = (struct ladder_time){sent, LADDER_MEASURED};
        p->s.arrived = (struct ladder_time){lost ? sent : (int64_t)arrived,
                                            lost ? LADDER_LOST : LADDER_MEASURED};
        bool server = p->s.wire.side == LADDER_SERVER;
        if (server && !lost) {
            s->flight = MIN(s->flight, p->s.arrived.ns - sent);
        }
        int64_t flight = s->flight == INT64_MAX ? 0 : s->flight;
        p->key = !server ? sent : lost ? sent + flight : p->s.arrived.ns;
    }
    return take(s, p);
}

static bool same_segment(const struct trace_segment *a, const struct trace_segment *b)
{
    return a->seq == b->seq && a->ack == b->ack && a->length == b->length && a->flags == b->flags &&
           a->window == b->window && a->ip_id == b->ip_id;
}

void stream_arrived(struct stream *s, const struct trace_segment *wire, weir_time expected,
                    weir_time arrived)
{
    uint8_t side = wire->side ^ s->client;

    for (size_t i = 0; i < s->rows.count; i++) {
        struct pending *p = line_of_at(&s->rows, i)->p;
        if (p->s.wire.side != side || p->s.arrived.known != LADDER_MEASURED ||
            p->s.arrived.ns > (int64_t)expected || p->floor != INT64_MIN ||
            !same_segment(&p->s.wire, wire)) {
            continue;
        }
        p->floor = p->s.arrived.ns = (int64_t)arrived; /* it has arrived for good */
        stream_judge_moved(s, p);
        if (side == LADDER_SERVER) {
            p->key = p->s.arrived.ns;
            line_of_move(&s->rows, p, p->key);
        }
        return;
    }
}

/* ---- The beginning -------------------------------------------------------------------------------------- */

static bool may_begin(const struct stream *s, weir_time now, weir_time *when)
{
    struct vantage_clues clues = {.stage = 0};

    if (s->rows.count == 0) {
        *when = WEIR_NEVER;
        return false;
    }
    for (size_t i = 0; i < s->rows.count && clues.stage < 3; i++) {
        vantage_look(&clues, &line_of_at(&s->rows, i)->p->s.wire);
    }
    bool handshake = (line_of_at(&s->rows, 0)->p->s.wire.flags & WEIR_TCP_SYN) != 0;
    weir_time wait = handshake && !clues.complete ? STREAM_BEGIN_WAIT : s->setup.reorder;
    *when = s->first + max_u64(wait, s->setup.reorder);
    return now >= *when || s->rows.count > STREAM_PENDING_MAX;
}

static void begin_info(struct stream *s)
{
    struct ladder_info *info = &s->ladder->info;
    bool guessed = false;
    uint8_t client = s->setup.client != NULL ? s->setup.client(s->setup.ctx, &guessed) : 0;

    s->client = client;
    ladder_set_ends(s->ladder, &s->setup.end[client], &s->setup.end[1 - client], guessed);
    for (size_t i = 0; i < s->rows.count; i++) {
        struct pending *p = line_of_at(&s->rows, i)->p;
        p->s.wire.side ^= client;
        vantage_look(&s->clues, &p->s.wire);
        info->handshake = info->handshake || (p->s.wire.flags & WEIR_TCP_SYN) != 0;
    }
    if (!s->setup.vantage_known) {
        enum vantage_basis basis;
        info->vantage = vantage_of(&s->clues, &basis);
    } else if (client == 1 && s->setup.vantage != LADDER_AT_BOTH) {
        info->vantage = s->setup.vantage == LADDER_AT_CLIENT   ? LADDER_AT_SERVER
                        : s->setup.vantage == LADDER_AT_SERVER ? LADDER_AT_CLIENT
                                                               : LADDER_AT_UNKNOWN;
    }
    s->clues = (struct vantage_clues){.stage = 0};
    info->reference = info->vantage == LADDER_AT_SERVER ? LADDER_SERVER : LADDER_CLIENT;
    info->origin = (weir_time)line_of_at(&s->rows, 0)->p->key;
}

/* Said once, and then never changed. */
void stream_learn_numbers(struct stream *s, const struct trace_segment *wire)
{
    uint16_t flags = wire->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_RST);
    struct ladder_side_info *own = &s->ladder->info.side[wire->side];
    struct ladder_side_info *peer = &s->ladder->info.side[1 - wire->side];

    if ((flags & WEIR_TCP_RST) != 0) {
        return;
    }
    if (!own->numbered) {
        bool syn = (flags & WEIR_TCP_SYN) != 0;
        own->isn = syn ? wire->seq : wire->seq - 1;
        own->isn_known = syn;
        own->numbered = true;
    }
    if (!peer->numbered && (flags & WEIR_TCP_ACK) != 0) {
        peer->isn = wire->ack - 1;
        peer->isn_known = (flags & WEIR_TCP_SYN) != 0;
        peer->numbered = true;
    }
}

static void begin(struct stream *s)
{
    begin_info(s);
    for (size_t i = 0; i < s->rows.count; i++) {
        stream_learn_numbers(s, &line_of_at(&s->rows, i)->p->s.wire);
    }
    s->begun = stream_judge_begin(s);
    s->failed = !s->begun;
    if (s->failed) {
        return;
    }
    stream_find_begin(s);
    stream_first_states(s);
    for (size_t i = 0; i < s->rows.count; i++) {
        stream_learn_rtt(s, line_of_at(&s->rows, i)->p);
    }
    stream_tell(s, &(struct stream_event){.kind = STREAM_BEGIN});
}

/* ---- Settling ------------------------------------------------------------------------------------------- */

/* Until when has this side's clock to be complete for the row? In the tap's time. */
static int64_t needed_until(const struct stream *s, const struct pending *p)
{
    int64_t needed = p->key;

    for (int side = 0; side < 2; side++) {
        int64_t ns;
        if (pending_time(p, side, &ns)) {
            bool far = stream_estimates(s) && side != (int)s->ladder->info.reference;
            needed = MAX(needed, ns + (far ? s->ladder->info.rtt_ns / 2 : 0));
        }
    }
    return needed;
}

static void settle(struct stream *s, struct pending *p)
{
    for (int side = 0; side < 2; side++) {
        stream_feed(s, p, side);
    }
    line_of_pop(&s->rows);
    stream_tell_rows(s, p);
}

weir_time stream_advance(struct stream *s, weir_time now)
{
    weir_time when = WEIR_NEVER;

    if (!s->begun && !s->ended && (s->failed || !may_begin(s, now, &when))) {
        return when;
    }
    if (!s->begun && !s->failed && s->rows.count > 0) {
        begin(s);
    }
    if (!s->begun) {
        return WEIR_NEVER; /* nothing there, or no memory */
    }
    int64_t known = s->ended                 ? INT64_MAX
                    : now > s->setup.reorder ? (int64_t)(now - s->setup.reorder)
                                             : -1;
    while (s->rows.count > 0) {
        struct pending *p = line_of_at(&s->rows, 0)->p;
        bool forced = s->rows.count > STREAM_PENDING_MAX;
        stream_judge(s, known, forced ? p : NULL);
        if (!p->judged || p->in_line[0] || p->in_line[1]) {
            int64_t last = MAX(p->s.sent.ns, p->s.arrived.ns);
            return (weir_time)(p->judged ? last : p->s.sent.ns) + s->setup.reorder;
        }
        int64_t needed = needed_until(s, p);
        if (!forced && needed > known) {
            return (weir_time)needed + s->setup.reorder;
        }
        settle(s, p);
    }
    return WEIR_NEVER;
}

void stream_end(struct stream *s)
{
    if (s->ended) {
        return;
    }
    s->ended = true;
    stream_advance(s, WEIR_NEVER);
    if (s->begun) {
        stream_judge_end(s);
        stream_tell_states(s, INT64_MAX);
        stream_find_end(s);
        stream_tell(s, &(struct stream_event){.kind = STREAM_END});
    }
}

/* ---- Out ------------------------------------------------------------------------------------------------ */

const struct ladder *stream_ladder(const struct stream *s)
{
    return s->ladder;
}

void stream_set_number(struct stream *s, uint32_t number)
{
    ladder_set_number(s->ladder, number);
}

bool stream_begun(const struct stream *s)
{
    return s->begun;
}

bool stream_over(const struct stream *s)
{
    return s->over || s->reset;
}

size_t stream_waiting(const struct stream *s)
{
    return s->rows.count + s->owed_count;
}

weir_time stream_latest(const struct stream *s)
{
    return s->latest;
}
