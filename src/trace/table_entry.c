/*
 * table_entry.c - one conversation of a table: waiting, live, packed, settled.
 *
 * Reading order: entry_take, decide (who is who), judge_one (what it is), then entry_rest and entry_settle
 * (what stays).
 */
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "trace/finder_private.h"
#include "trace/judge_private.h"
#include "trace/pack.h"
#include "trace/table_private.h"

_Static_assert(PACK_ROOM(sizeof(struct live)) + PACK_ROOM(sizeof(struct judge)) +
                       PACK_ROOM(sizeof(struct finder)) <=
                   SLAB_BLOCK_MAX,
               "a packed conversation is one block");
#define PACKED_MAX                                                      \
    (PACK_ROOM(sizeof(struct live)) + PACK_ROOM(sizeof(struct judge)) + \
     PACK_ROOM(sizeof(struct finder)))

/* ---- One segment ------------------------------------------------------------------------------------------ */

static void learn(void *ctx, const struct lesson *lesson)
{
    struct live *live = ((struct entry *)ctx)->u.live;
    struct conversation *c = &live->told;

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
    if (live->finder != NULL) {
        finder_lesson(live->finder, lesson);
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

static void note_judgement(struct live *live, const struct trace_segment *s,
                           const struct judgement *j)
{
    struct conversation *c = &live->told;

    c->segments[s->side]++;
    c->zero_windows += (j->facts & LADDER_FACT_WINDOW_CLOSED) != 0;
    live->refused = live->refused || (j->facts & LADDER_FACT_REFUSED) != 0;
    live->over = live->over || (j->facts & LADDER_FACT_LAST_ACK) != 0;
    live->reset = live->reset || j->class == LADDER_RST;
    live->answered = live->answered || s->side == LADDER_SERVER || (s->flags & WEIR_TCP_SYN) == 0;
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
    struct live *live = e->u.live;
    struct judgement j;

    s->side ^= e->client;
    int result = judge_take(live->judge, s, &j);
    if (result == WEIR_OK) {
        note_judgement(live, s, &j);
        if (live->finder != NULL) {
            finder_take(live->finder, s, &j);
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

/* A connection that was closed properly, and whose numbers are known, had these ports before: they are in
 * TIME-WAIT. */
static void look_back(const struct table *table, const struct demux_entry *d,
                      struct finder_setup *setup)
{
    const struct demux_entry *before = table_previous(table, d);
    const struct entry *e = before == NULL ? NULL : (const void *)(before + 1);
    struct rest rest = {.over = false};

    if (e != NULL && e->phase == PHASE_SETTLED) {
        entry_told(e, &rest);
    } else if (e != NULL && e->phase == PHASE_LIVE && e->u.live->finder != NULL) {
        rest.over = e->u.live->over;
        finder_numbers(e->u.live->finder, LADDER_CLIENT, &rest.client_isn, &rest.client_next);
    }
    if (rest.over) {
        setup->previous_end = e->last;
        setup->previous_isn = rest.client_isn;
        setup->previous_next = rest.client_next;
    }
}

static struct live *new_live(const struct table *table, struct demux_entry *d, struct entry *e,
                             const struct vantage_clues *clues)
{
    struct live *live = calloc(1, sizeof(*live));
    struct weir_endpoint end[2];
    enum vantage_basis basis;

    if (live == NULL) {
        return NULL;
    }
    demux_endpoints(d, end);
    struct judge_setup judge = {.vantage = vantage_of(clues, &basis), .learn = learn, .ctx = e};
    struct finder_setup finder = {.vantage = judge.vantage, .port = end[1 - e->client].port};
    look_back(table, d, &finder);
    live->judge = judge_new(&judge);
    live->finder = table_searches(table) == TABLE_COUNT ? NULL : finder_new(&finder);
    live->told.vantage = (uint8_t)judge.vantage;
    live->told.basis = (uint8_t)basis;
    live->told.rtt_us = (uint32_t)MIN((clues->syn_gap + clues->ack_gap) / WEIR_US, UINT32_MAX);
    if (live->judge == NULL) {
        finder_del(live->finder);
        free(live);
        return NULL;
    }
    return live;
}

/* It becomes live, and is handed what has waited. */
static int decide(const struct table *table, struct demux_entry *d)
{
    struct entry *e = entry_of(d);
    struct waiting *w = e->u.waiting;
    struct vantage_clues clues = {.stage = 0};
    bool guessed;
    int result = WEIR_OK;

    e->client = demux_client(d, &guessed);
    for (uint32_t i = 0; i < w->count; i++) {
        struct trace_segment s = w->segment[i];
        s.side ^= e->client;
        vantage_look(&clues, &s);
    }
    struct live *live = new_live(table, d, e, &clues);
    if (live == NULL) {
        return WEIR_ENOBUFS;
    }
    live->told.client_guessed = guessed;
    live->told.start = w->segment[0].time;
    e->u.live = live;
    e->phase = PHASE_LIVE;
    for (uint32_t i = 0; i < w->count && result == WEIR_OK; i++) {
        result = judge_one(e, &w->segment[i]);
    }
    free(w);
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

static int wait_or_decide(const struct table *table, struct demux_entry *d,
                          const struct trace_segment *s)
{
    struct entry *e = entry_of(d);
    struct waiting *w = make_room(e->u.waiting);
    bool guessed;

    if (w == NULL) {
        return WEIR_ENOBUFS;
    }
    e->u.waiting = w;
    w->segment[w->count++] = *s;
    struct trace_segment look = *s;
    look.side ^= demux_client(d, &guessed);
    vantage_look(&w->clues, &look);
    return may_decide(w) ? decide(table, d) : WEIR_OK;
}

/* ---- At rest ---------------------------------------------------------------------------------------------- */

/* A copy of just the bytes that are used becomes the entry's. False: no memory. */
static bool keep(const struct table *table, struct entry *e, const uint8_t *bytes, size_t size)
{
    uint8_t *kept = slab_take(table_slab(table), size);

    if (kept == NULL) {
        return false;
    }
    memcpy(kept, bytes, size);
    e->u.packed = kept;
    e->packed_size = (uint16_t)size;
    return true;
}

/* Without memory it stays as it is. */
static void pack_live(const struct table *table, struct entry *e)
{
    struct live *live = e->u.live;
    uint8_t bytes[PACKED_MAX];

    judge_rest(live->judge);
    size_t size = pack(bytes, live, sizeof(*live), e->last);
    size += pack(bytes + size, live->judge, sizeof(struct judge), e->last);
    if (live->finder != NULL) {
        size += pack(bytes + size, live->finder, sizeof(struct finder), e->last);
    }
    if (keep(table, e, bytes, size)) {
        /* Only the shells: what they point to stays, and so do the pointers to it. */
        free(live->judge);
        free(live->finder);
        free(live);
        e->phase = PHASE_PACKED;
    }
}

static int unpack_live(const struct table *table, struct entry *e)
{
    struct live *live = malloc(sizeof(*live));
    struct judge *judge = malloc(sizeof(*judge));
    struct finder *finder = malloc(sizeof(*finder)); /* perhaps for nothing */

    if (live == NULL || judge == NULL || finder == NULL) {
        free(live);
        free(judge);
        free(finder);
        return WEIR_ENOBUFS;
    }
    size_t at = unpack(live, sizeof(*live), e->u.packed, e->last);
    at += unpack(judge, sizeof(*judge), e->u.packed + at, e->last);
    live->judge = judge;
    if (live->finder != NULL) {
        unpack(finder, sizeof(*finder), e->u.packed + at, e->last);
        live->finder = finder;
    } else {
        free(finder);
    }
    slab_give(table_slab(table), e->u.packed, e->packed_size);
    e->u.live = live;
    e->phase = PHASE_LIVE;
    return WEIR_OK;
}

/* ---- What is over -------------------------------------------------------------------------------------------- */

static int take_findings(struct live *live)
{
    size_t count;
    const struct finding *found = finder_list(live->finder, &count);
    struct conversation *c = &live->told;

    if (count == 0) {
        return WEIR_OK;
    }
    c->finding = malloc(count * sizeof(*c->finding));
    if (c->finding == NULL) {
        return WEIR_ENOBUFS;
    }
    c->findings = (uint16_t)MIN(count, UINT16_MAX);
    for (size_t i = 0; i < c->findings; i++) {
        c->finding[i] = (struct conversation_finding){.id = (uint8_t)found[i].id,
                                                      .severity = (uint8_t)found[i].severity,
                                                      .confidence = found[i].confidence,
                                                      .side = (uint8_t)found[i].side,
                                                      .occurrences = found[i].occurrences,
                                                      .cost_ns = found[i].cost_ns};
    }
    return WEIR_OK;
}

static void conclude(struct live *live)
{
    struct conversation *c = &live->told;

    c->end = live->refused    ? LADDER_END_REFUSED
             : live->over     ? LADDER_END_FIN
             : live->reset    ? LADDER_END_RST
             : live->answered ? LADDER_END_OPEN
                              : LADDER_END_TIMEOUT;
    c->one_way = c->segments[0] + c->segments[1] > 1 &&
                 (c->segments[0] == 0 || c->segments[1] == 0) && c->end != LADDER_END_TIMEOUT;
}

/* Its finder is at its end: what it found stays in short, and as it is for those who explain. */
static int end_finder(const struct table *table, struct entry *e, struct rest *rest)
{
    struct live *live = e->u.live;

    finder_end(live->finder);
    finder_numbers(live->finder, LADDER_CLIENT, &rest->client_isn, &rest->client_next);
    int result = take_findings(live);
    if (table_searches(table) == TABLE_EXPLAIN) {
        finder_rest(live->finder);
        e->finder = live->finder;
    } else {
        finder_del(live->finder);
    }
    live->finder = NULL;
    return result;
}

static int keep_rest(const struct table *table, struct entry *e, const struct rest *rest)
{
    uint8_t bytes[PACK_ROOM(sizeof(*rest))];

    if (!keep(table, e, bytes, pack(bytes, rest, sizeof(*rest), e->last))) {
        return WEIR_ENOBUFS;
    }
    e->phase = PHASE_SETTLED;
    return WEIR_OK;
}

int entry_settle(const struct table *table, struct demux_entry *d)
{
    struct entry *e = entry_of(d);
    struct rest rest = {.over = false};
    int result = e->phase == PHASE_WAITING  ? decide(table, d)
                 : e->phase == PHASE_PACKED ? unpack_live(table, e)
                                            : WEIR_OK;
    if (result != WEIR_OK || e->phase == PHASE_SETTLED) {
        return result;
    }
    struct live *live = e->u.live;
    judge_end(live->judge);
    if (live->finder != NULL) {
        result = end_finder(table, e, &rest);
    }
    conclude(live);
    live->told.last = e->last;
    rest.told = live->told;
    rest.over = live->over;
    if (result == WEIR_OK) {
        result = keep_rest(table, e, &rest);
    }
    if (result == WEIR_OK) {
        judge_del(live->judge);
        free(live);
    }
    return result;
}

void entry_told(const struct entry *e, struct rest *rest)
{
    unpack(rest, sizeof(*rest), e->u.packed, e->last);
}

int entry_rest(const struct table *table, struct demux_entry *d, bool long_silent)
{
    struct entry *e = entry_of(d);
    const struct live *live = e->u.live;

    if (live->over || live->reset || live->refused) {
        return entry_settle(table, d);
    }
    if (long_silent) {
        pack_live(table, e);
    }
    return WEIR_OK;
}

/* It was settled, and speaks again: counted, and that is all. */
static int count_late(const struct table *table, struct entry *e, const struct trace_segment *s)
{
    struct rest rest;

    entry_told(e, &rest);
    rest.told.segments[s->side ^ e->client]++;
    rest.told.last = e->last = s->time;
    slab_give(table_slab(table), e->u.packed, e->packed_size);
    return keep_rest(table, e, &rest); /* never without memory: there is what was given back */
}

int entry_icmp(const struct table *table, struct demux_entry *d, unsigned from,
               const struct trace_icmp *icmp)
{
    struct entry *e = entry_of(d);
    int result = e->phase == PHASE_WAITING && e->u.waiting != NULL ? decide(table, d)
                 : e->phase == PHASE_PACKED                        ? unpack_live(table, e)
                                                                   : WEIR_OK;

    if (result == WEIR_OK && e->phase == PHASE_LIVE && e->u.live->finder != NULL) {
        enum trace_side side = (enum trace_side)(from ^ e->client);
        finder_icmp(e->u.live->finder, icmp->time, side, icmp->what, icmp->mtu);
    }
    return result;
}

int entry_take(const struct table *table, struct demux_entry *d, struct trace_segment *s)
{
    struct entry *e = entry_of(d);
    int result = WEIR_OK;

    if (UNLIKELY(e->phase == PHASE_SETTLED)) {
        return count_late(table, e, s);
    }
    if (UNLIKELY(e->phase == PHASE_PACKED)) {
        result = unpack_live(table, e);
    }
    if (result == WEIR_OK) {
        e->last = s->time;
        result = LIKELY(e->phase == PHASE_LIVE) ? judge_one(e, s) : wait_or_decide(table, d, s);
    }
    return result;
}

void entry_free(const struct table *table, struct entry *e)
{
    struct rest rest;

    finder_del(e->finder);
    switch (e->phase) {
    case PHASE_WAITING: free(e->u.waiting); return;
    case PHASE_SETTLED:
        entry_told(e, &rest);
        free(rest.told.finding);
        return;
    case PHASE_PACKED:
        if (unpack_live(table, e) != WEIR_OK) {
            return; /* no memory to free it with */
        }
        break;
    default: break;
    }
    judge_del(e->u.live->judge);
    finder_del(e->u.live->finder);
    free(e->u.live);
}
