/* allocator.c - malloc as a struct weir_allocator. */
#include "host/allocator.h"

#include <stdlib.h>

static void *allocate(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

static void release(void *ctx, void *memory, size_t size)
{
    (void)ctx;
    (void)size;
    free(memory);
}

const struct weir_allocator host_allocator = {.alloc = allocate, .free = release};
