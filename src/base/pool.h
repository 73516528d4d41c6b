/*
 * pool.h - objects of one size in slabs, named by 32-bit indexes that never move.
 *
 * Index 0 is never given out: it means none. A freed object's memory may be reused at once. Slabs hold
 * 2^slab_shift objects; empty slabs are kept until pool_fini.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/memory.h"

#define POOL_NONE 0u

struct pool {
    struct memory *memory;
    uint8_t **slabs;
    uint32_t slab_count, slab_capacity;
    uint32_t object_size; /* multiple of 8 */
    uint32_t slab_shift;
    uint32_t free_head; /* index of the first free object; its first 4 bytes name the next */
    uint32_t fresh;     /* next index never used */
    uint32_t used;      /* objects out */
};

/* `object_size` is rounded up to a multiple of 8. Allocates nothing. */
void pool_init(struct pool *p, struct memory *memory, uint32_t object_size, uint32_t slab_shift);
void pool_fini(struct pool *p);

/* A zeroed object and its index (> 0), or NULL. */
void *pool_get(struct pool *p, uint32_t *index);
void pool_put(struct pool *p, uint32_t index);

static inline void *pool_at(const struct pool *p, uint32_t index)
{
    return p->slabs[index >> p->slab_shift] +
           (size_t)(index & ((1u << p->slab_shift) - 1)) * p->object_size;
}

/* Iteration over everything allocated ever: indexes 1 .. pool_limit() - 1; the caller must be able to
 * tell a free object (for example by a generation or state field after the first 4 bytes). */
static inline uint32_t pool_limit(const struct pool *p)
{
    return p->fresh;
}

#endif
