/*
 * table.c - conversations going by: batches, and the sweep that looks after the silent ones. What happens to one
 * of them is in table_entry.c.
 */
#include "trace/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "trace/table_private.h"

#define BATCH 16

/* Who is silent for so long is packed, for half as long settled when the conversation is over ... */
#define REST_AFTER (2 * WEIR_S)
/* ... and sooner when many are going on at once. */
#define REST_AFTER_CROWDED (200 * WEIR_MS)
#define CROWD 16384
/* So many are looked after with each batch. */
#define SWEEP 8

struct table {
    struct demux *demux;
    struct slab *slab;
    struct table_packet batch[BATCH];
    struct demux_key key[BATCH];
    uint32_t batched;
    uint32_t *live; /* conversations going on */
    uint32_t live_count, live_room, hand;
    weir_time now;
    enum table_search search;
    int failure;
};

struct table *table_new(enum table_search search)
{
    struct table *t = calloc(1, sizeof(*t));

    if (t == NULL) {
        return NULL;
    }
    t->search = search;
    t->demux = demux_new(sizeof(struct entry));
    t->slab = calloc(1, sizeof(*t->slab));
    if (t->demux == NULL || t->slab == NULL) {
        demux_del(t->demux);
        free(t->slab);
        free(t);
        return NULL;
    }
    return t;
}

void table_del(struct table *t)
{
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; i < demux_count(t->demux); i++) {
        entry_free(t, entry_of(demux_at(t->demux, i)));
    }
    slab_free(t->slab);
    free(t->slab);
    free(t->live);
    demux_del(t->demux);
    free(t);
}

struct slab *table_slab(const struct table *t)
{
    return t->slab;
}

enum table_search table_searches(const struct table *t)
{
    return t->search;
}

const struct demux_entry *table_previous(const struct table *t, const struct demux_entry *d)
{
    return d->previous == DEMUX_NONE ? NULL : demux_at(t->demux, d->previous);
}

/* Those that are going on, for the sweep. Without memory it rests later. */
static void list_live(struct table *t, uint32_t index, struct entry *e)
{
    if (t->live_count == t->live_room) {
        uint32_t room = t->live_room == 0 ? 1024 : t->live_room * 2;
        uint32_t *live = realloc(t->live, room * sizeof(*live));
        if (live == NULL) {
            return;
        }
        t->live = live;
        t->live_room = room;
    }
    t->live[t->live_count++] = index;
    e->listed = true;
}

/* A few at a time, round and round. */
static int sweep(struct table *t)
{
    weir_time rest_after = t->live_count > CROWD ? REST_AFTER_CROWDED : REST_AFTER;
    int result = WEIR_OK;

    for (int i = 0; i < SWEEP && t->live_count > 0 && result == WEIR_OK; i++) {
        t->hand = t->hand < t->live_count ? t->hand : 0;
        struct demux_entry *d = demux_at(t->demux, t->live[t->hand]);
        struct entry *e = entry_of(d);
        if (e->phase == PHASE_LIVE && t->now >= e->last + rest_after / 2) {
            result = entry_rest(t, d, t->now >= e->last + rest_after);
        }
        if (e->phase == PHASE_LIVE) {
            t->hand++;
        } else {
            e->listed = false;
            t->live[t->hand] = t->live[--t->live_count];
        }
    }
    return result;
}

/* ---- Batches ---------------------------------------------------------------------------------------------------- */

static int take(struct table *t, struct table_packet *p, const struct demux_key *key)
{
    struct trace_segment *s = &p->segment;
    struct demux_entry *d = demux_take(t->demux, key, s, &s->side);

    if (d == NULL) {
        return WEIR_ENOBUFS;
    }
    t->now = s->time;
    int result = entry_take(t, d, s);
    struct entry *e = entry_of(d);
    if (UNLIKELY(e->phase == PHASE_LIVE && !e->listed)) {
        list_live(t, d->index, e);
    }
    return result;
}

static int take_batch(struct table *t)
{
    int result = t->failure;

    for (uint32_t i = 0; i < t->batched; i++) {
        demux_key(&t->key[i], &t->batch[i].src, &t->batch[i].dst);
        demux_prefetch(t->demux, &t->key[i]);
    }
    for (uint32_t i = 0; i < t->batched; i++) {
        struct demux_entry *d = demux_peek(t->demux, &t->key[i]);
        if (d != NULL) {
            PREFETCH(entry_of(d)->u.live);
        }
    }
    for (uint32_t i = 0; i < t->batched && result == WEIR_OK; i++) {
        result = take(t, &t->batch[i], &t->key[i]);
    }
    if (t->batched == BATCH && result == WEIR_OK) {
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
    return ++t->batched == BATCH ? take_batch(t) : WEIR_OK;
}

int table_icmp(struct table *t, const struct trace_icmp *icmp)
{
    struct demux_key key;
    int result = take_batch(t);

    demux_key(&key, &icmp->src, &icmp->dst);
    struct demux_entry *d = demux_peek(t->demux, &key);
    if (d == NULL || result != WEIR_OK) {
        return result;
    }
    return entry_icmp(t, d, key.swapped != ((d->flags & DEMUX_SWAPPED) != 0), icmp);
}

int table_end(struct table *t)
{
    int result = take_batch(t);

    for (size_t i = 0; i < demux_count(t->demux) && result == WEIR_OK; i++) {
        result = entry_settle(t, demux_at(t->demux, i));
    }
    return result;
}

/* ---- Out -------------------------------------------------------------------------------------------------------- */

size_t table_count(const struct table *t)
{
    return demux_count(t->demux);
}

void table_conversation(const struct table *t, size_t index, struct conversation *conversation,
                        struct weir_endpoint end[2])
{
    struct demux_entry *d = demux_at(t->demux, index);
    const struct entry *e = entry_of(d);
    struct weir_endpoint by_demux[2];

    demux_endpoints(d, by_demux);
    end[LADDER_CLIENT] = by_demux[e->client];
    end[LADDER_SERVER] = by_demux[1 - e->client];
    struct rest rest;
    entry_told(e, &rest);
    *conversation = rest.told;
}

const struct finding *table_findings(const struct table *t, size_t index, size_t *count,
                                     struct account *account, struct finder_totals *totals)
{
    const struct entry *e = entry_of(demux_at(t->demux, index));
    struct rest rest;

    *count = 0;
    if (e->finder == NULL) {
        return NULL;
    }
    entry_told(e, &rest);
    finder_account(e->finder, account);
    finder_totals(e->finder, totals);
    for (int side = 0; side < 2; side++) {
        totals->bytes[side] = rest.told.bytes[side];
    }
    return finder_list(e->finder, count);
}
