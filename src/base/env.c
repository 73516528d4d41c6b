/*
 * env.c - what every part of one stack shares, and the flight recorder.
 *
 * A record is written straight into its slot of the ring; without a sink nothing is copied and nobody is
 * called. Records are zeroed first, so that equal runs give equal bytes whatever the ring's size.
 */
#include "base/env.h"
#include "base/siphash.h"
#include <string.h>

int env_init(struct env *e, const struct weir_config *config,
             const struct weir_allocator *allocator)
{
    memset(e, 0, sizeof(*e));
    e->config = *config;
    memory_init(&e->memory, allocator, config->memory_budget);
    buffers_init(&e->buffers, &e->memory, &e->config.ops);
    /* The generator is seeded from the secret through the PRF: what it puts out tells nothing about it. */
    static const char label[] = "weir rng";
    rng_seed(&e->rng, siphash(config->secret, label, sizeof(label) - 1) ^
                          siphash(config->secret + 16, label, sizeof(label) - 1));
    ASSERT((config->ring_records & (config->ring_records - 1)) == 0);
    if (config->ring_records == 0) {
        return WEIR_OK;
    }
    e->ring = memory_alloc_zero(&e->memory, config->ring_records * sizeof(*e->ring));
    if (e->ring == NULL) {
        buffers_fini(&e->buffers);
        return WEIR_ENOBUFS;
    }
    return WEIR_OK;
}

void env_fini(struct env *e)
{
    memory_free(&e->memory, e->ring, e->config.ring_records * sizeof(*e->ring));
    e->ring = NULL;
    buffers_fini(&e->buffers);
}

void env_drop(struct env *e, enum weir_drop drop, uint32_t link, uint32_t id)
{
    struct weir_record scratch;
    e->dropped[drop]++;
    struct weir_record *record = env_record_begin(e, WEIR_RECORD_DROP, id, &scratch);
    record->link = (uint16_t)link;
    record->u.drop.drop = (uint16_t)drop;
    env_record_end(e, record);
}
