/*
 * arena.c - a list of blocks, the newest first; each block is larger than the one before, up to a
 * limit.
 */
#include "drill/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK 4096
#define LARGEST_BLOCK (256u << 10)

struct block {
    struct block *next;
    alignas(max_align_t) unsigned char bytes[];
};

struct drill_arena {
    struct block *blocks;
    size_t used; /* of the newest block */
    size_t room; /* of the newest block */
};

struct drill_arena *drill_arena_new(void)
{
    return calloc(1, sizeof(struct drill_arena));
}

void drill_arena_del(struct drill_arena *arena)
{
    if (arena == NULL) {
        return;
    }
    while (arena->blocks != NULL) {
        struct block *next = arena->blocks->next;

        free(arena->blocks);
        arena->blocks = next;
    }
    free(arena);
}

static int grow(struct drill_arena *arena, size_t size)
{
    size_t room = arena->room == 0 ? FIRST_BLOCK : arena->room * 2;

    room = room > LARGEST_BLOCK ? LARGEST_BLOCK : room;
    room = room < size ? size : room;
    struct block *block = calloc(1, sizeof(*block) + room);
    if (block == NULL) {
        return -1;
    }
    block->next = arena->blocks;
    arena->blocks = block;
    arena->used = 0;
    arena->room = room;
    return 0;
}

void *drill_arena_get(struct drill_arena *arena, size_t size)
{
    size_t align = alignof(max_align_t);

    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size = (size + align - 1) / align * align;
    if (arena->room - arena->used < size && grow(arena, size) != 0) {
        return NULL;
    }
    void *piece = arena->blocks->bytes + arena->used;
    arena->used += size;
    return piece;
}

char *drill_arena_text(struct drill_arena *arena, const char *text, size_t size)
{
    char *copy = drill_arena_get(arena, size + 1);

    if (copy != NULL && size != 0) {
        memcpy(copy, text, size);
    }
    return copy;
}
