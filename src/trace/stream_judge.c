/*
 * stream_judge.c - what the segments of a stream are: one judge (judge.h) for a capture; two, a tap at either
 * side, where both ends are known, and each says what its own side sent (as verdict.c does it).
 */
#include <stdlib.h>

#include "trace/stream_private.h"

static bool both(const struct stream *s)
{
    return s->setup.vantage == LADDER_AT_BOTH;
}

static bool is_lost(const struct ladder_segment *s)
{
    return s->arrived.known == LADDER_LOST || (s->facts & LADDER_FACT_CORRUPTED) != 0;
}

static void keep_lesson(void *ctx, const struct lesson *lesson)
{
    struct stream *s = ctx;

    if (lesson->kind == LESSON_REPEATED) {
        return; /* the label says so */
    }
    if (s->judged_now == NULL) {
        stream_tell(s, &(struct stream_event){.kind = STREAM_LESSON, .lesson = lesson});
        stream_find_lesson(s, lesson);
        return;
    }
    struct kept_lesson *kept = malloc(sizeof(*kept));
    if (kept != NULL) {
        *kept = (struct kept_lesson){.lesson = *lesson};
        *s->judged_now->last_lesson = kept;
        s->judged_now->last_lesson = &kept->next;
    }
}

bool stream_judge_begin(struct stream *s)
{
    for (int i = 0; i < (both(s) ? 2 : 1); i++) {
        struct judge_setup setup = {.vantage = s->ladder->info.vantage};
        if (both(s)) { /* fates are known, not learned */
            setup.vantage = i == LADDER_CLIENT ? LADDER_AT_CLIENT : LADDER_AT_SERVER;
        } else {
            setup.learn = keep_lesson;
            setup.ctx = s;
        }
        s->judge[i] = judge_new(&setup);
        if (s->judge[i] == NULL) {
            return false;
        }
    }
    return true;
}

void stream_judge_end(struct stream *s)
{
    for (int i = 0; i < 2; i++) {
        if (s->judge[i] != NULL) {
            judge_end(s->judge[i]);
        }
    }
}

/* ---- Waiting -------------------------------------------------------------------------------------------- */

/* What a side does at the instant of an arrival is its answer. */
static int64_t place_at(const struct pending *p, int side)
{
    return p->s.wire.side == side ? p->s.sent.ns * 2 + 1 : p->s.arrived.ns * 2;
}

void stream_judge_later(struct stream *s, struct pending *p)
{
    if (!both(s)) {
        p->in_line[0] = line_of_put(&s->judging[0], p->s.sent.ns * 2 + 1, p);
        p->judged = !p->in_line[0];
        return;
    }
    for (int side = 0; side < 2; side++) {
        if (p->s.wire.side == side || !is_lost(&p->s)) {
            p->in_line[side] = line_of_put(&s->judging[side], place_at(p, side), p);
            p->judged = p->judged || (p->s.wire.side == side && !p->in_line[side]);
        }
    }
}

void stream_judge_moved(struct stream *s, struct pending *p)
{
    int receiver = 1 - p->s.wire.side;

    line_of_move(&s->judging[receiver], p, place_at(p, receiver));
    line_of_move(&s->clock[receiver], p, place_at(p, receiver));
}

/* ---- Judging -------------------------------------------------------------------------------------------- */

static void write_down(struct stream *s, struct pending *p, const struct judgement *j)
{
    struct ladder_segment *to = &p->s;

    to->class = j->class;
    to->facts |= j->facts;
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
    info->side[side].bytes = judge_bytes(s->judge[both(s) ? side : 0], side);
    info->cut = info->cut || wire->cut;
    info->handshake = info->handshake || (wire->flags & WEIR_TCP_SYN) != 0;
    s->answered = s->answered || side == LADDER_SERVER || (wire->flags & WEIR_TCP_SYN) == 0;
    info->end = s->refused     ? LADDER_END_REFUSED
                : s->over      ? LADDER_END_FIN
                : s->reset     ? LADDER_END_RST
                : !s->answered ? LADDER_END_TIMEOUT
                               : LADDER_END_OPEN;
}

/* It is known what it is: now its times, and its places in the lines of both clocks. */
static void judged(struct stream *s, struct pending *p, const struct judgement *judgement)
{
    p->judged = true;
    stream_learn_numbers(s, &p->s.wire);
    write_down(s, p, judgement);
    note_info(s, &p->s.wire);
    stream_learn_rtt(s, p);
    stream_estimate(s, p);
    for (int side = 0; side < 2; side++) {
        int64_t ns;
        bool there = pending_time(p, side, &ns);
        int64_t place = both(s) ? place_at(p, side) : ns * 2;
        p->fed[side] = !there || !line_of_put(&s->clock[side], place, p);
        if (p->s.wire.side != side && !s->setup.told[side ^ s->client]) {
            machine_foresees(&s->machine[side], &p->s.wire);
        }
    }
}

static void judge_next(struct stream *s, int tap)
{
    struct pending *p = line_of_at(&s->judging[tap], 0)->p;
    struct trace_segment wire = p->s.wire;
    struct judgement judgement;
    bool copy = (p->s.facts & LADDER_FACT_COPY) != 0, own = !both(s) || wire.side == tap;

    line_of_pop(&s->judging[tap]);
    p->in_line[tap] = false;
    s->judged_now = p;
    wire.time = (weir_time)(own ? p->s.sent.ns : p->s.arrived.ns);
    /* Without memory the judge knows less, and goes on. */
    (void)(copy ? judge_take_copy : judge_take)(s->judge[tap], &wire, &judgement);
    s->judged_now = NULL;
    p->judged_as[tap] = judgement.number;
    if (own) {
        judged(s, p, &judgement);
    }
}

void stream_judge(struct stream *s, int64_t known, const struct pending *forced)
{
    int64_t until = known > INT64_MAX / 2 ? INT64_MAX : known * 2 + 1;

    for (int tap = 0; tap < 2; tap++) {
        while (s->judging[tap].count > 0 && (line_of_at(&s->judging[tap], 0)->ns <= until ||
                                             (forced != NULL && forced->in_line[tap]))) {
            judge_next(s, tap);
        }
    }
}

/* ---- Numbers of rows ------------------------------------------------------------------------------------ */

static struct row_told *told_of(struct stream *s, uint32_t number)
{
    return &s->rows_told[number & (NUMBERS_MAX - 1)];
}

/* Does data of the same side that left later arrive earlier? */
static bool is_overtaken(const struct stream *s, const struct pending *p)
{
    if (p->s.class != LADDER_DATA || p->s.arrived.known != LADDER_MEASURED) {
        return false;
    }
    for (size_t i = 0; i < MIN(s->rows.count, (size_t)LOOK_MAX); i++) {
        const struct ladder_segment *other = &line_of_at(&s->rows, i)->p->s;
        if (other->wire.side == p->s.wire.side && other->arrived.known == LADDER_MEASURED &&
            other->sent.ns > p->s.sent.ns && other->arrived.ns < p->s.arrived.ns) {
            return true;
        }
    }
    return false;
}

/* Sent again although the first copy arrives. */
static void find_needless(struct stream *s, struct pending *p)
{
    if (p->s.class != LADDER_RETX || p->s.first == 0) {
        return;
    }
    const struct row_told *first = told_of(s, p->s.first);
    uint32_t offset = p->s.wire.seq - first->seq;
    p->s.facts &= ~(uint32_t)LADDER_FACT_SPURIOUS;
    if (first->arrives && offset + trace_segment_span(&p->s.wire) <= first->span) {
        p->s.facts |= LADDER_FACT_SPURIOUS;
        p->s.evidence = EVIDENCE_BOTH_ENDS;
    }
}

void stream_judge_number(struct stream *s, struct pending *p)
{
    uint8_t side = p->s.wire.side;

    if (!both(s)) {
        return; /* rows come in the judge's order */
    }
    for (int tap = 0; tap < 2; tap++) {
        if (p->judged_as[tap] != 0) {
            told_of(s, p->judged_as[tap])->row[tap] = p->s.number;
        }
    }
    struct row_told *own = told_of(s, p->s.number);
    own->seq = p->s.wire.seq;
    own->span = trace_segment_span(&p->s.wire);
    own->arrives = !is_lost(&p->s);
    p->s.first = p->s.first != 0 ? told_of(s, p->s.first)->row[side] : 0;
    if (is_overtaken(s, p)) {
        p->s.class = LADDER_REORDERED;
        p->s.evidence = EVIDENCE_BOTH_ENDS;
    }
    find_needless(s, p);
}
