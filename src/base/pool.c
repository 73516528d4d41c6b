/*
 * pool.c - objects of one size in slabs, named by 32-bit indexes that never move.
 *
 * A free object's first four bytes name the next free one; all its other bytes stay as they were, so
 * that an iteration can tell it from one in use. Index 0 costs one object of the first slab.
 */
#include "base/pool.h"

#include <string.h>

#include "base/compiler.h"

#define SLAB_CAPACITY_FIRST 8u

void pool_init(struct pool *p, struct memory *memory, uint32_t object_size, uint32_t slab_shift)
{
    ASSERT(object_size != 0 && object_size <= UINT32_MAX - 7 && slab_shift < 31);
    object_size = (object_size + 7u) & ~7u;
    ASSERT(object_size <= SIZE_MAX >> slab_shift);
    *p = (struct pool){
        .memory = memory,
        .object_size = object_size,
        .slab_shift = slab_shift,
        .fresh = 1,
    };
}

static size_t slab_size(const struct pool *p)
{
    return (size_t)p->object_size << p->slab_shift;
}

void pool_fini(struct pool *p)
{
    for (uint32_t i = 0; i < p->slab_count; i++) {
        memory_free(p->memory, p->slabs[i], slab_size(p));
    }
    memory_free(p->memory, p->slabs, p->slab_capacity * sizeof(p->slabs[0]));
    pool_init(p, p->memory, p->object_size, p->slab_shift);
}

/* Room for one more slab's address. The old table is given up only when the new one is there. */
static bool grow_table(struct pool *p)
{
    if (p->slab_count < p->slab_capacity) {
        return true;
    }
    uint32_t capacity = p->slab_capacity != 0 ? 2 * p->slab_capacity : SLAB_CAPACITY_FIRST;
    uint8_t **slabs = memory_alloc(p->memory, capacity * sizeof(slabs[0]));
    if (slabs == NULL) {
        return false;
    }
    if (p->slab_count != 0) {
        memcpy(slabs, p->slabs, p->slab_count * sizeof(slabs[0]));
    }
    memory_free(p->memory, p->slabs, p->slab_capacity * sizeof(slabs[0]));
    p->slabs = slabs;
    p->slab_capacity = capacity;
    return true;
}

static NOINLINE bool add_slab(struct pool *p)
{
    /* All indexes of a slab must be nameable, and pool_limit as well. */
    if (p->slab_count >= UINT32_MAX >> p->slab_shift || !grow_table(p)) {
        return false;
    }
    uint8_t *slab = memory_alloc(p->memory, slab_size(p));
    if (slab == NULL) {
        return false;
    }
    p->slabs[p->slab_count++] = slab;
    return true;
}

void *pool_get(struct pool *p, uint32_t *index)
{
    uint32_t i = p->free_head;
    uint8_t *object;
    if (LIKELY(i != POOL_NONE)) {
        object = pool_at(p, i);
        memcpy(&p->free_head, object, sizeof(p->free_head));
    } else {
        i = p->fresh;
        if (i >> p->slab_shift >= p->slab_count && !add_slab(p)) {
            return NULL;
        }
        object = pool_at(p, i);
        p->fresh++;
    }
    p->used++;
    *index = i;
    return memset(object, 0, p->object_size);
}

void pool_put(struct pool *p, uint32_t index)
{
    ASSERT(index != POOL_NONE && index < p->fresh && index != p->free_head && p->used != 0);
    memcpy(pool_at(p, index), &p->free_head, sizeof(p->free_head));
    p->free_head = index;
    p->used--;
}
