/*
 * buffer.h - reference-counted packet and payload buffers (struct weir_buffer of weir.h).
 *
 * Kinds: OWN (memory of the stack, from size classes with free lists), FOREIGN (wrapped by the device's
 * owner, goes back through the `returned` list) and BORROWED (given by weir_tcp_send_ref; when the last
 * reference goes it enters the `released` list, where the stack finds it to make an event).
 *
 * `charge` is what holding the buffer really costs: capacity of the whole memory plus the struct.
 * All payload copies of the stack go through buffer_copy_*: they are counted here.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/compiler.h"
#include "base/memory.h"
#include <string.h>

enum buffer_kind { BUFFER_OWN = 0, BUFFER_FOREIGN, BUFFER_BORROWED };

#define BUFFER_CLASSES 4 /* 256, 2048, 16384, 66560 bytes; larger ones are allocated singly */
#define BUFFER_LISTS (BUFFER_CLASSES + 2) /* and: larger ones (empty), bare structs */

struct buffers {
    struct memory *memory;
    const struct weir_ops *ops;
    struct weir_buffer *free_list[BUFFER_LISTS]; /* linked by next */
    uint32_t free_count[BUFFER_LISTS];
    uint32_t free_max[BUFFER_LISTS]; /* 1 MiB a list, or 1/16 of the budget if that is less */
    struct weir_buffer *returned_head,
        *returned_tail; /* FOREIGN, to be pulled by the device's owner */
    struct weir_buffer *released_head, *released_tail; /* BORROWED, to become events */
    uint32_t out;                                      /* buffers alive, lists above included */
    uint32_t foreign_out;                              /* FOREIGN and BORROWED not yet pulled */
    uint64_t copied_in, copied_out, copied_within;
};

void buffers_init(struct buffers *b, struct memory *memory, const struct weir_ops *ops);
/* Gives the free lists back to the allocator. All buffers must be freed before (ASSERT). */
void buffers_fini(struct buffers *b);
/* Gives cached free buffers back to the allocator. */
void buffers_trim(struct buffers *b);

/* One reference, size 0, data at the start, offload zero, capacity that of the class. NULL: no memory. When the allocator or budget
 * refuses, cached buffers of other classes are given back first and the allocation is tried again. */
struct weir_buffer *buffer_alloc(struct buffers *b, uint32_t capacity);
/* One reference to foreign bytes: data = memory, size = capacity = `size`. NULL as above. */
struct weir_buffer *buffer_wrap(struct buffers *b, enum buffer_kind kind, void *memory,
                                uint32_t size, uint64_t cookie);
static inline void buffer_ref(struct weir_buffer *buffer)
{
    ASSERT(buffer->references != 0 && buffer->references != UINT32_MAX);
    buffer->references++;
}
void buffer_last_unref(struct buffers *b, struct weir_buffer *buffer);
static inline void buffer_unref(struct buffers *b, struct weir_buffer *buffer) /* NULL is allowed */
{
    if (buffer != NULL) {
        ASSERT(buffer->references != 0);
        if (--buffer->references == 0) {
            buffer_last_unref(b, buffer);
        }
    }
}

/* Pulls from the lists; false when empty. The struct is freed. */
bool buffer_pull_returned(struct buffers *b, uint64_t *cookie);
/* aux32/position of a BORROWED buffer are the stack's (connection); they are handed out here. */
struct weir_buffer *buffer_pull_released(struct buffers *b); /* caller then calls buffer_dispose */
void buffer_dispose(struct buffers *b, struct weir_buffer *buffer);

/* The counted copies. */
static inline void buffer_copy(void *to, const void *from, size_t size)
{
    if (size != 0) { /* memcpy must not be given a null pointer, and an empty slice may hold one */
        memcpy(to, from, size);
    }
}
static inline void buffer_copy_in(struct buffers *b, void *to, const void *from, size_t size)
{
    buffer_copy(to, from, size);
    b->copied_in += size;
}
static inline void buffer_copy_out(struct buffers *b, void *to, const void *from, size_t size)
{
    buffer_copy(to, from, size);
    b->copied_out += size;
}
static inline void buffer_copy_within(struct buffers *b, void *to, const void *from, size_t size)
{
    buffer_copy(to, from, size);
    b->copied_within += size;
}

#endif
