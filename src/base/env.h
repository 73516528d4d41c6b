/*
 * env.h - what every part of one stack shares: the time, memory, buffers, randomness, counters and the
 * trace. Not a place for protocol state.
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include "base/buffer.h"
#include "base/compiler.h"
#include "base/rng.h"
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
int env_init(struct env *e, const struct weir_config *config, const struct weir_allocator *allocator);
void env_fini(struct env *e);

/* A record to fill in place: time, type, link and id are set. env_record_end makes it visible. With a
 * ring the record is written straight into it. */
struct weir_record *env_record_begin(struct env *e, enum weir_record_type type, uint32_t id,
                                     struct weir_record *scratch);
void env_record_end(struct env *e, const struct weir_record *record);

/* Counts and traces a dropped packet. */
void env_drop(struct env *e, enum weir_drop drop, uint32_t link, uint32_t id);

#endif
