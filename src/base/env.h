/*
 * env.h - what every part of one stack shares: the time, memory, buffers, randomness, counters and the
 * trace. Not a place for protocol state.
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include "base/buffer.h"
#include "base/compiler.h"
#include "base/rng.h"
#include <string.h>
#include <weir/trace.h>

struct env {
    weir_time now; /* of the latest weir_input or weir_output; never goes back */
    struct memory memory;
    struct buffers buffers;
    struct rng rng;
    struct weir_config config;
    struct weir_record *ring; /* config.ring_records of them, or NULL */
    uint64_t ring_count;      /* records ever written */
    uint64_t dropped[WEIR_DROP_COUNT];
};

/* Sets up everything, the ring included. WEIR_ENOBUFS. */
int env_init(struct env *e, const struct weir_config *config,
             const struct weir_allocator *allocator);
void env_fini(struct env *e);

/* A record to fill in place: time, type and id are set, the rest is zero. env_record_end makes it visible.
 * With a ring the record is written straight into it. */
static inline struct weir_record *env_record_begin(struct env *e, enum weir_record_type type,
                                                   uint32_t id, struct weir_record *scratch)
{
    struct weir_record *record = scratch;
    if (LIKELY(e->ring != NULL)) {
        record = &e->ring[e->ring_count & (e->config.ring_records - 1)];
    }
    /* in pieces, because gcc makes a slow `rep stos` of one memset of this size */
    memset(record, 0, 40);
    memset((uint8_t *)record + 40, 0, sizeof(*record) - 40);
    record->time = e->now;
    record->type = (uint8_t)type;
    record->id = id;
    return record;
}
static inline void env_record_end(struct env *e, const struct weir_record *record)
{
    e->ring_count++; /* counts without a ring too: one branch less */
    if (UNLIKELY(e->config.trace != NULL)) {
        e->config.trace(e->config.trace_ctx, record);
    }
}

/* Counts and traces a dropped packet. */
void env_drop(struct env *e, enum weir_drop drop, uint32_t link, uint32_t id);

#endif
