/*
 * table.c - conversations going by. Reading order: table_put (batches), take (one segment), decide (who is who),
 * judge_one (what it is), then settle (what stays).
 */
#include "trace/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "trace/table_private.h"

/* Segments that wait for the decision, at most; without a handshake that is what has to do. */
#define WAITING_MAX 6

/* A conversation that is over is settled after so long a silence; what comes later is only counted. */
#define SETTLE_AFTER (10 * WEIR_S)
/* Any other is let rest. */
#define REST_AFTER (2 * WEIR_S)
/* So many are looked after with each batch. */
#define SWEEP 8

struct table *table_new(enum table_search search)
{
    struct table *t = calloc(1, sizeof(*t));

    if (t == NULL) {
        return NULL;
    }
    t->search = search;
    t->demux = demux_new(sizeof(struct entry));
    if (t->demux == NULL) {
        free(t);
        return NULL;
    }
    return t;
}

static struct entry *entry_at(const struct table *t, size_t index)
{
    return demux_payload(demux_at(t->demux, index));
}

void table_del(struct table *t)
{
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; i < demux_count(t->demux); i++) {
        struct entry *e = entry_at(t, i);
        judge_del(e->judge);
        finder_del(e->finder);
        free(e->waiting);
        free(e->told.finding);
    }
    demux_del(t->demux);
    free(t);
}

/* ---- One segment ------------------------------------------------------------------------------------------ */

static void learn(void *ctx, const struct lesson *lesson)
{
    struct entry *e = ctx;
    struct conversation *c = &e->told;

    if (e->finder != NULL) {
        finder_lesson(e->finder, lesson);
    }
    switch (lesson->kind) {
    case LESSON_LOST: c->lost[lesson->side]++; break;
    case LESSON_SPURIOUS: c->spurious[lesson->side]++; break;
    case LESSON_REORDERED: c->reordered++; break;
    case LESSON_RESENT:
        c->retx[lesson->side]++;
        c->lost[lesson->side]++;
        break;
    default: break;
    }
}

static void count_class(struct conversation *c, const struct trace_segment *s,
                        const struct judgement *j)
{
    unsigned side = s->side;

    switch (j->class) {
    case LADDER_RETX:
    case LADDER_SYN_RETX: c->retx[side]++; break;
    case LADDER_REORDERED:
        c->reordered++;
        c->bytes[side] += s->length;
        break;
    case LADDER_NET_DUPLICATE: c->duplicates++; break;
    case LADDER_DUP_ACK: c->dup_acks++; break;
    case LADDER_SYN:
    case LADDER_SYN_ACK:
    case LADDER_DATA:
    case LADDER_FIN:
    case LADDER_LATE: c->bytes[side] += s->length; break;
    default: break;
    }
}

static void note_judgement(struct entry *e, const struct trace_segment *s,
                           const struct judgement *j)
{
    struct conversation *c = &e->told;

    c->segments[s->side]++;
    c->zero_windows += (j->facts & LADDER_FACT_WINDOW_CLOSED) != 0;
    e->refused = e->refused || (j->facts & LADDER_FACT_REFUSED) != 0;
    e->over = e->over || (j->facts & LADDER_FACT_LAST_ACK) != 0;
    e->reset = e->reset || j->class == LADDER_RST;
    e->answered = e->answered || s->side == LADDER_SERVER || (s->flags & WEIR_TCP_SYN) == 0;
    c->handshake = c->handshake || (s->flags & WEIR_TCP_SYN) != 0;
    c->cut = c->cut || s->cut;
    if (j->rtt_us != 0) {
        c->min_rtt_us = c->min_rtt_us == 0 ? j->rtt_us : MIN(c->min_rtt_us, j->rtt_us);
    }
    c->srtt_us = j->srtt_us != 0 ? j->srtt_us : c->srtt_us;
    count_class(c, s, j);
}

static int judge_one(struct entry *e, struct trace_segment *s)
{
    struct judgement j;

    s->side ^= e->client;
    int result = judge_take(e->judge, s, &j);
    if (result == WEIR_OK) {
        note_judgement(e, s, &j);
        if (e->finder != NULL) {
            finder_take(e->finder, s, &j);
        }
    }
    return result;
}

/* ---- Who is who, and where the tap is ------------------------------------------------------------------------ */

static bool may_decide(const struct waiting *w)
{
    const struct trace_segment *last = &w->segment[w->count - 1];

    return w->clues.stage == 3 || w->count == WAITING_MAX ||
           (last->flags & (WEIR_TCP_RST | WEIR_TCP_FIN)) != 0;
}

/* Makes the judge and hands it what has waited. */
int table_decide(struct table *t, struct demux_entry *d, struct entry *e)
{
    struct waiting *w = e->waiting;
    struct vantage_clues clues = {.stage = 0};
    enum vantage_basis basis;
    int result = WEIR_OK;

    e->client = demux_client(d, &e->told.client_guessed);
    for (uint32_t i = 0; i < w->count; i++) {
        struct trace_segment s = w->segment[i];
        s.side ^= e->client;
        vantage_look(&clues, &s);
    }
    struct judge_setup setup = {.vantage = vantage_of(&clues, &basis), .learn = learn, .ctx = e};
    e->told.vantage = (uint8_t)setup.vantage;
    e->told.rtt_us = (uint32_t)MIN((clues.syn_gap + clues.ack_gap) / WEIR_US, UINT32_MAX);
    e->judge = judge_new(&setup);
    if (e->judge == NULL) {
        return WEIR_ENOBUFS;
    }
    if (t->search != TABLE_COUNT) {
        table_find_begin(d, e);
    }
    e->phase = PHASE_JUDGED;
    for (uint32_t i = 0; i < w->count && result == WEIR_OK; i++) {
        result = judge_one(e, &w->segment[i]);
    }
    free(w);
    e->waiting = NULL;
    return result;
}

/* A half-open conversation costs one segment, not WAITING_MAX of them. */
static struct waiting *make_room(struct waiting *w)
{
    uint32_t room = w == NULL ? 1 : WAITING_MAX;

    if (w != NULL && w->count < w->room) {
        return w;
    }
    struct waiting *grown = realloc(w, sizeof(*w) + room * sizeof(w->segment[0]));
    if (grown != NULL && w == NULL) {
        memset(grown, 0, sizeof(*grown));
    }
    if (grown != NULL) {
        grown->room = room;
    }
    return grown;
}

static int wait_or_decide(struct table *t, struct demux_entry *d, struct entry *e,
                          const struct trace_segment *s)
{
    bool guessed;
    struct waiting *w = make_room(e->waiting);

    if (w == NULL) {
        return WEIR_ENOBUFS;
    }
    e->waiting = w;
    w->segment[w->count++] = *s;
    struct trace_segment look = *s;
    look.side ^= demux_client(d, &guessed);
    vantage_look(&w->clues, &look);
    return may_decide(w) ? table_decide(t, d, e) : WEIR_OK;
}

/* ---- What is over -------------------------------------------------------------------------------------------- */

/* Its judge goes. What came of it is all in `told`. */
static int settle(struct table *t, struct demux_entry *d, struct entry *e)
{
    int result = WEIR_OK;

    if (e->phase == PHASE_WAITING && e->waiting != NULL) {
        result = table_decide(t, d, e);
    }
    if (e->phase == PHASE_JUDGED) {
        judge_end(e->judge);
        judge_del(e->judge);
        e->judge = NULL;
    }
    if (e->finder != NULL) {
        table_find_end(t, e);
    }
    e->phase = PHASE_SETTLED;
    struct conversation *c = &e->told;
    c->end = e->refused    ? LADDER_END_REFUSED
             : e->over     ? LADDER_END_FIN
             : e->reset    ? LADDER_END_RST
             : e->answered ? LADDER_END_OPEN
                           : LADDER_END_TIMEOUT;
    c->one_way = c->segments[0] + c->segments[1] > 1 &&
                 (c->segments[0] == 0 || c->segments[1] == 0) && c->end != LADDER_END_TIMEOUT;
    return result;
}

/* Settles who is over and silent, and lets rest who is only silent. */
static int look_after(struct table *t, struct demux_entry *d)
{
    struct entry *e = demux_payload(d);
    weir_time silent = t->now > e->told.last ? t->now - e->told.last : 0;

    if (e->phase != PHASE_JUDGED || silent < REST_AFTER) {
        return WEIR_OK;
    }
    if (silent >= SETTLE_AFTER && (e->over || e->reset || e->refused)) {
        return settle(t, d, e);
    }
    if (!e->rests) {
        judge_rest(e->judge);
        e->rests = true;
    }
    return WEIR_OK;
}

/* A few at a time, round and round. */
static int sweep(struct table *t)
{
    size_t count = demux_count(t->demux);
    int result = WEIR_OK;

    for (int i = 0; i < SWEEP && result == WEIR_OK; i++) {
        t->hand = t->hand + 1 < count ? t->hand + 1 : 0;
        result = look_after(t, demux_at(t->demux, t->hand));
    }
    return result;
}

/* ---- Batches ---------------------------------------------------------------------------------------------------- */

static int take(struct table *t, struct table_packet *p, const struct demux_key *key)
{
    uint8_t side = 0;
    struct trace_segment *s = &p->segment;
    bool opens = (s->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK)) == WEIR_TCP_SYN;
    struct demux_entry *older = UNLIKELY(opens) ? demux_peek(t->demux, key) : NULL;
    struct demux_entry *d = demux_take(t->demux, key, s, &side);
    int result;

    if (d == NULL) {
        return WEIR_ENOBUFS;
    }
    struct entry *e = demux_payload(d);
    if (UNLIKELY(!e->begun)) {
        e->begun = true;
        e->before = older == NULL ? NULL : demux_payload(older);
        e->told.start = s->time;
    }
    e->told.last = s->time;
    t->now = s->time;
    s->side = side;
    if (LIKELY(e->phase == PHASE_JUDGED)) {
        result = judge_one(e, s);
    } else if (e->phase == PHASE_WAITING) {
        result = wait_or_decide(t, d, e, s);
    } else {
        e->told.segments[side ^ e->client]++;
        result = WEIR_OK;
    }
    e->rests = false;
    return result;
}

int table_flush(struct table *t)
{
    int result = t->failure;

    for (uint32_t i = 0; i < t->batched; i++) {
        demux_key(&t->key[i], &t->batch[i].src, &t->batch[i].dst);
        demux_prefetch(t->demux, &t->key[i]);
    }
    for (uint32_t i = 0; i < t->batched; i++) {
        struct demux_entry *d = demux_peek(t->demux, &t->key[i]);
        if (d != NULL) {
            struct entry *e = demux_payload(d);
            PREFETCH(e->judge);
            PREFETCH((const char *)e->judge + 64);
            PREFETCH((const char *)e->judge + 128);
        }
    }
    for (uint32_t i = 0; i < t->batched && result == WEIR_OK; i++) {
        result = take(t, &t->batch[i], &t->key[i]);
    }
    if (t->batched == TABLE_BATCH && result == WEIR_OK) {
        result = sweep(t);
    }
    t->batched = 0;
    t->failure = result;
    return result;
}

struct table_packet *table_packet(struct table *t)
{
    return &t->batch[t->batched];
}

int table_put(struct table *t)
{
    return ++t->batched == TABLE_BATCH ? table_flush(t) : WEIR_OK;
}

int table_end(struct table *t)
{
    int result = table_flush(t);

    for (size_t i = 0; i < demux_count(t->demux) && result == WEIR_OK; i++) {
        struct demux_entry *d = demux_at(t->demux, i);
        struct entry *e = demux_payload(d);
        if (e->phase != PHASE_SETTLED) {
            result = settle(t, d, e);
        }
    }
    return result;
}

/* ---- Out -------------------------------------------------------------------------------------------------------- */

size_t table_count(const struct table *t)
{
    return demux_count(t->demux);
}

const struct conversation *table_conversation(const struct table *t, size_t index,
                                              struct weir_endpoint end[2])
{
    struct demux_entry *d = demux_at(t->demux, index);
    const struct entry *e = demux_payload(d);
    struct weir_endpoint by_demux[2];

    demux_endpoints(d, by_demux);
    end[LADDER_CLIENT] = by_demux[e->client];
    end[LADDER_SERVER] = by_demux[1 - e->client];
    return &e->told;
}
