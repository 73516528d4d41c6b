/*
 * stream.c - segments in, rows out: what waits for what.
 *
 * Reading order: stream_advance; then stream_time.c (the far side's clock), stream_state.c, stream_rows.c.
 */
#include "trace/stream.h"

#include <stdlib.h>
#include <string.h>

#include "trace/stream_private.h"

/* ---- Lines ---------------------------------------------------------------------------------------------- */

static bool make_room(struct line_of *line)
{
    if (line->head + line->count < line->room) {
        return true;
    }
    if (line->head > line->room / 2) {
        memmove(line->at, line->at + line->head, line->count * sizeof(*line->at));
        line->head = 0;
        return true;
    }
    size_t room = line->room == 0 ? 16 : line->room * 2;
    struct place *at = realloc(line->at, room * sizeof(*at));
    if (at == NULL) {
        return false;
    }
    line->at = at;
    line->room = room;
    return true;
}

bool line_of_put(struct line_of *line, int64_t ns, struct pending *p)
{
    if (!make_room(line)) {
        return false;
    }
    size_t i = line->count++;
    for (; i > 0 && line_of_at(line, i - 1)->ns > ns; i--) {
        *line_of_at(line, i) = *line_of_at(line, i - 1);
    }
    *line_of_at(line, i) = (struct place){ns, p};
    return true;
}

void line_of_pop(struct line_of *line)
{
    line->head++;
    line->count--;
    if (line->count == 0) {
        line->head = 0;
    }
}

void line_of_move(struct line_of *line, struct pending *p, int64_t ns)
{
    for (size_t i = 0; i < line->count; i++) {
        if (line_of_at(line, i)->p == p) {
            memmove(line_of_at(line, i), line_of_at(line, i) + 1,
                    (line->count - i - 1) * sizeof(*line->at));
            line->count--;
            line_of_put(line, ns, p); /* there is room for what was there */
            return;
        }
    }
}

/* ---- Begin and end -------------------------------------------------------------------------------------- */

static void keep_lesson(void *ctx, const struct lesson *lesson)
{
    struct stream *s = ctx;
    bool both = s->setup.vantage == LADDER_AT_BOTH; /* its fates are known, not learned */

    if (lesson->kind == LESSON_REPEATED || (both && lesson->kind != LESSON_SPURIOUS)) {
        return;
    }
    if (s->judged_now == NULL) {
        stream_tell(s, &(struct stream_event){.kind = STREAM_LESSON, .lesson = lesson});
        return;
    }
    struct kept_lesson *kept = malloc(sizeof(*kept));
    if (kept != NULL) {
        *kept = (struct kept_lesson){.lesson = *lesson};
        *s->judged_now->last_lesson = kept;
        s->judged_now->last_lesson = &kept->next;
    }
}

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
        s->numbers = calloc(NUMBERS_MAX, sizeof(*s->numbers));
    }
    if (s->ladder == NULL || (setup->vantage == LADDER_AT_BOTH && s->numbers == NULL)) {
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
    free(s->judging.at);
    free(s->clock[0].at);
    free(s->clock[1].at);
    free(s->told);
    free(s->causes);
    free(s->numbers);
    judge_del(s->judge);
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
        s->first = s->judging.count == 0 && !s->begun ? wire->time : s->first;
        s->latest = max_u64(s->latest, wire->time);
    }
    return p;
}

static int take(struct stream *s, struct pending *p, int64_t sent)
{
    if (p == NULL || !line_of_put(&s->judging, sent, p)) {
        free(p);
        return WEIR_ENOBUFS;
    }
    if (!line_of_put(&s->rows, p->key, p)) {
        for (size_t i = 0; i < s->judging.count; i++) {
            if (line_of_at(&s->judging, i)->p == p) {
                memmove(line_of_at(&s->judging, i), line_of_at(&s->judging, i) + 1,
                        (s->judging.count - i - 1) * sizeof(struct place));
                s->judging.count--;
                break;
            }
        }
        free(p);
        return WEIR_ENOBUFS;
    }
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
    return take(s, p, (int64_t)wire->time);
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
    return take(s, p, sent);
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
        if (p->judged) {
            line_of_move(&s->clock[1 - side], p, p->s.arrived.ns);
        }
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

/* Which numbers does this side's stream begin with? Said once, and then never changed. */
static void learn_numbers(struct stream *s, const struct trace_segment *wire)
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
        learn_numbers(s, &line_of_at(&s->rows, i)->p->s.wire);
    }
    struct judge_setup setup = {.vantage = s->ladder->info.vantage, .learn = keep_lesson, .ctx = s};
    s->judge = judge_new(&setup);
    stream_first_states(s);
    for (size_t i = 0; i < s->rows.count; i++) {
        stream_learn_rtt(s, line_of_at(&s->rows, i)->p);
    }
    s->begun = s->judge != NULL;
    if (s->begun) {
        stream_tell(s, &(struct stream_event){.kind = STREAM_BEGIN});
    }
}

/* ---- Judging -------------------------------------------------------------------------------------------- */

static void write_down(struct stream *s, struct pending *p, const struct judgement *j)
{
    struct ladder_segment *to = &p->s;

    to->class = j->class;
    to->facts |= j->facts;
    to->number = j->number; /* the judge's, until its row */
    to->count = j->count;
    to->first = j->first;
    to->acked_from = j->acked_from;
    to->window = j->window;
    to->cause = j->cause;
    to->evidence = (uint8_t)j->evidence;
    to->flight = j->flight;
    to->rtt_us = j->rtt_us;
    to->srtt_us = j->srtt_us;
    to->rto_us = j->rto_us;
    s->refused = s->refused || (j->facts & LADDER_FACT_REFUSED) != 0;
    s->over = s->over || (j->facts & LADDER_FACT_LAST_ACK) != 0;
    s->reset = s->reset || j->class == LADDER_RST;
}

static void note_info(struct stream *s, const struct trace_segment *wire)
{
    struct ladder_info *info = &s->ladder->info;
    enum trace_side side = (enum trace_side)wire->side;

    info->side[side].segments++;
    info->side[side].bytes = judge_bytes(s->judge, side);
    info->cut = info->cut || wire->cut;
    info->handshake = info->handshake || (wire->flags & WEIR_TCP_SYN) != 0;
    s->answered = s->answered || side == LADDER_SERVER || (wire->flags & WEIR_TCP_SYN) == 0;
    info->end = s->refused     ? LADDER_END_REFUSED
                : s->over      ? LADDER_END_FIN
                : s->reset     ? LADDER_END_RST
                : !s->answered ? LADDER_END_TIMEOUT
                               : LADDER_END_OPEN;
}

static void judge_next(struct stream *s)
{
    struct pending *p = line_of_at(&s->judging, 0)->p;
    struct judgement judgement;
    bool copy = (p->s.facts & LADDER_FACT_COPY) != 0;

    line_of_pop(&s->judging);
    p->judged = true;
    s->judged_now = p;
    learn_numbers(s, &p->s.wire);
    /* Without memory the judge knows less, and goes on. */
    (void)(copy ? judge_take_copy : judge_take)(s->judge, &p->s.wire, &judgement);
    s->judged_now = NULL;
    write_down(s, p, &judgement);
    note_info(s, &p->s.wire);
    stream_learn_rtt(s, p);
    stream_estimate(s, p);
    for (int side = 0; side < 2; side++) {
        int64_t ns;
        p->fed[side] = !pending_time(p, side, &ns) || !line_of_put(&s->clock[side], ns, p);
        if (p->s.wire.side != side && !s->setup.told[side ^ s->client]) {
            machine_foresees(&s->machine[side], &p->s.wire);
        }
    }
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

    if (!s->begun && !s->ended && !may_begin(s, now, &when)) {
        return when;
    }
    if (!s->begun && s->rows.count > 0) {
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
        while (s->judging.count > 0 &&
               (line_of_at(&s->judging, 0)->ns <= known || (forced && !p->judged))) {
            judge_next(s);
        }
        if (!p->judged) {
            return (weir_time)line_of_at(&s->judging, 0)->ns + s->setup.reorder;
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
        judge_end(s->judge);
        stream_tell_states(s, INT64_MAX);
        stream_tell(s, &(struct stream_event){.kind = STREAM_END});
    }
}

/* ---- Out ------------------------------------------------------------------------------------------------ */

const struct ladder *stream_ladder(const struct stream *s)
{
    return s->ladder;
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
