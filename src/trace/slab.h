/*
 * slab.h - memory for many small blocks that live long, apart from the heap: there they would lie between the short-lived
 * large ones and keep their room from being used again.
 */
#ifndef TRACE_SLAB_H
#define TRACE_SLAB_H

#include <stddef.h>
#include <stdint.h>

#define SLAB_STEP 16
#define SLAB_BLOCK_MAX 2048

/* All zero in the beginning. */
struct slab {
    void *free[SLAB_BLOCK_MAX / SLAB_STEP + 1]; /* by size in steps: blocks given back */
    char *at, *end;                             /* what is left of the newest chunk */
    void *chunks;                               /* all of them, each pointing to the one before */
};

/* `size`: 1 to SLAB_BLOCK_MAX. NULL: no memory. */
void *slab_take(struct slab *slab, size_t size);
/* With the same size. */
void slab_give(struct slab *slab, void *block, size_t size);
void slab_free(struct slab *slab);

#endif
