/* memory.h - the caller's allocator under one byte budget. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <weir/weir.h>

struct memory {
    struct weir_allocator allocator;
    uint64_t budget; /* 0: unlimited */
    uint64_t used, used_max;
    /* Gives back what is only cached (buffer.c's free lists), before an allocation fails. May be NULL. */
    void (*reclaim)(void *ctx);
    void *reclaim_ctx;
};

void memory_init(struct memory *m, const struct weir_allocator *allocator, uint64_t budget);

/* NULL when the budget or the allocator says no. Not zeroed. `size` must not be 0. */
void *memory_alloc(struct memory *m, size_t size);
void *memory_alloc_zero(struct memory *m, size_t size);
void memory_free(struct memory *m, void *p, size_t size); /* p may be NULL */

#endif
