/* memory.c - the caller's allocator under one byte budget: every byte is counted, both ways. */
#include "base/memory.h"

#include <string.h>

#include "base/compiler.h"

void memory_init(struct memory *m, const struct weir_allocator *allocator, uint64_t budget)
{
    *m = (struct memory){.allocator = *allocator, .budget = budget};
}

static bool fits(const struct memory *m, size_t size)
{
    /* Written so that neither side can wrap, whatever `size` is. */
    uint64_t limit = m->budget != 0 ? m->budget : UINT64_MAX;
    return size <= limit && m->used <= limit - size;
}

static void *attempt(struct memory *m, size_t size)
{
    return fits(m, size) ? m->allocator.alloc(m->allocator.ctx, size) : NULL;
}

void *memory_alloc(struct memory *m, size_t size)
{
    ASSERT(size != 0);
    void *p = attempt(m, size);
    if (UNLIKELY(p == NULL) && m->reclaim != NULL) {
        m->reclaim(m->reclaim_ctx);
        p = attempt(m, size);
    }
    if (p == NULL) {
        return NULL;
    }
    m->used += size;
    m->used_max = max_u64(m->used_max, m->used);
    return p;
}

void *memory_alloc_zero(struct memory *m, size_t size)
{
    void *p = memory_alloc(m, size);
    if (p != NULL) {
        memset(p, 0, size);
    }
    return p;
}

void memory_free(struct memory *m, void *p, size_t size)
{
    if (p == NULL) {
        return;
    }
    ASSERT(size != 0 && m->used >= size);
    m->used -= size;
    m->allocator.free(m->allocator.ctx, p, size);
}
