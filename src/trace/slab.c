/* slab.c - blocks cut from large chunks, and kept by size when they come back. */
#include "trace/slab.h"

#include <stdlib.h>

#define CHUNK_SIZE ((size_t)256 * 1024)

static size_t steps_of(size_t size)
{
    return (size + SLAB_STEP - 1) / SLAB_STEP;
}

void *slab_take(struct slab *slab, size_t size)
{
    size_t steps = steps_of(size);
    void *block = slab->free[steps];

    if (block != NULL) {
        slab->free[steps] = *(void **)block;
        return block;
    }
    if ((size_t)(slab->end - slab->at) < steps * SLAB_STEP) {
        void **chunk = malloc(CHUNK_SIZE);
        if (chunk == NULL) {
            return NULL;
        }
        *chunk = slab->chunks;
        slab->chunks = chunk;
        slab->at = (char *)chunk + SLAB_STEP;
        slab->end = (char *)chunk + CHUNK_SIZE;
    }
    block = slab->at;
    slab->at += steps * SLAB_STEP;
    return block;
}

void slab_give(struct slab *slab, void *block, size_t size)
{
    void **head = &slab->free[steps_of(size)];

    *(void **)block = *head;
    *head = block;
}

void slab_free(struct slab *slab)
{
    while (slab->chunks != NULL) {
        void *before = *(void **)slab->chunks;
        free(slab->chunks);
        slab->chunks = before;
    }
    *slab = (struct slab){.chunks = NULL};
}
