/*
 * buffer.c - reference-counted packet and payload buffers.
 *
 * A buffer of the stack's own is one allocation, the struct first and its bytes behind it, so that taking
 * a cached one is a pop. Between the two stands the number of its free list, written once. The charge is
 * also the size of the allocation. Each size class keeps a bounded list of free buffers; what is beyond
 * the bound, and buffers larger than every class, go back to the allocator at once. Wrapped memory needs
 * only the struct: those have a list as well. Under AddressSanitizer the bytes of a cached buffer are
 * poisoned.
 */
#include "base/buffer.h"

#include <assert.h>
#include <string.h>

#include "base/compiler.h"

#define CLASS_0 256u
#define CLASS_1 2048u
#define CLASS_2 16384u
#define CLASS_3 66560u /* 64 KiB of IP packet, and room for the link and virtio-net headers */

#define CACHE_BYTES ((uint64_t)1 << 20)
#define CACHE_SHARE 16 /* of the budget, for each list */

#define LIST_LARGE BUFFER_CLASSES /* of which nothing is kept */
#define LIST_BARE (BUFFER_CLASSES + 1)

/* What is allocated: `buffer` is given out, the bytes follow, as aligned as the allocation is. */
struct block {
    struct weir_buffer buffer;
    uint32_t list;
};
#define HEAD ((uint32_t)((sizeof(struct block) + 15) & ~(size_t)15))

static const uint32_t list_payload[BUFFER_LISTS] = {CLASS_0, CLASS_1, CLASS_2, CLASS_3, 0, 0};
static_assert(BUFFER_CLASSES == 4 && BUFFER_LISTS == 6, "one payload size for each list");

/* Branches, because traffic that is dense enough to matter asks for one size again and again. */
static inline uint32_t list_of(uint32_t capacity)
{
    if (LIKELY(capacity <= CLASS_1)) {
        return capacity > CLASS_0;
    }
    return capacity <= CLASS_2 ? 2 : capacity <= CLASS_3 ? 3 : LIST_LARGE;
}

/* What is free here may be what an allocation of anybody needs. */
static void reclaim(void *ctx)
{
    buffers_trim(ctx);
}

void buffers_init(struct buffers *b, struct memory *memory, const struct weir_ops *ops)
{
    *b = (struct buffers){.memory = memory, .ops = ops};
    uint64_t bytes = CACHE_BYTES;
    if (memory->budget != 0) {
        bytes = min_u64(bytes, memory->budget / CACHE_SHARE);
    }
    for (uint32_t i = 0; i < BUFFER_LISTS; i++) {
        b->free_max[i] = (uint32_t)(bytes / (HEAD + list_payload[i]));
    }
    b->free_max[LIST_LARGE] = 0;
    memory->reclaim = reclaim;
    memory->reclaim_ctx = b;
}

void buffers_fini(struct buffers *b)
{
    ASSERT(b->out == 0 && b->foreign_out == 0);
    buffers_trim(b);
    b->memory->reclaim = NULL;
}

void buffers_trim(struct buffers *b)
{
    for (uint32_t i = 0; i < BUFFER_LISTS; i++) {
        struct weir_buffer *next = NULL;
        for (struct weir_buffer *p = b->free_list[i]; p != NULL; p = next) {
            next = p->next;
            MEMORY_UNPOISON((uint8_t *)p + HEAD, list_payload[i]);
            memory_free(b->memory, p, HEAD + list_payload[i]);
        }
        b->free_list[i] = NULL;
        b->free_count[i] = 0;
    }
}

static NOINLINE struct weir_buffer *allocate(struct buffers *b, uint32_t list, uint32_t payload)
{
    if (payload > UINT32_MAX - HEAD) {
        return NULL;
    }
    struct block *block = memory_alloc(b->memory, HEAD + payload);
    if (block == NULL) {
        return NULL;
    }
    block->list = list;
    return &block->buffer;
}

static inline struct weir_buffer *pop_free(struct buffers *b, uint32_t list)
{
    struct weir_buffer *buffer = b->free_list[list];
    if (UNLIKELY(buffer == NULL)) {
        return NULL;
    }
    b->free_list[list] = buffer->next;
    b->free_count[list]--;
    MEMORY_UNPOISON((uint8_t *)buffer + HEAD, list_payload[list]);
    return buffer;
}

/* `size` is that of the allocation. */
static inline void release(struct buffers *b, struct weir_buffer *buffer, uint32_t size)
{
    uint32_t list = ((struct block *)buffer)->list;
    b->out--;
    if (UNLIKELY(b->free_count[list] >= b->free_max[list])) {
        memory_free(b->memory, buffer, size);
        return;
    }
    MEMORY_POISON((uint8_t *)buffer + HEAD, size - HEAD);
    buffer->next = b->free_list[list];
    b->free_list[list] = buffer;
    b->free_count[list]++;
}

struct weir_buffer *buffer_alloc(struct buffers *b, uint32_t capacity)
{
    uint32_t list = list_of(capacity);
    if (LIKELY(list != LIST_LARGE)) {
        capacity = list_payload[list];
    }
    struct weir_buffer *buffer = pop_free(b, list);
    if (UNLIKELY(buffer == NULL)) {
        buffer = allocate(b, list, capacity);
        if (buffer == NULL) {
            return NULL;
        }
    }
    b->out++;
    uint8_t *bytes = (uint8_t *)buffer + HEAD;
    *buffer = (struct weir_buffer){
        .data = bytes,
        .capacity = capacity,
        .memory = bytes,
        .charge = HEAD + capacity,
        .references = 1,
        .kind = BUFFER_OWN,
    };
    return buffer;
}

struct weir_buffer *buffer_wrap(struct buffers *b, enum buffer_kind kind, void *memory,
                                uint32_t size, uint64_t cookie)
{
    ASSERT(kind != BUFFER_OWN);
    struct weir_buffer *buffer = pop_free(b, LIST_BARE);
    if (UNLIKELY(buffer == NULL)) {
        buffer = allocate(b, LIST_BARE, 0);
        if (buffer == NULL) {
            return NULL;
        }
    }
    b->out++;
    b->foreign_out++;
    *buffer = (struct weir_buffer){
        .data = memory,
        .size = size,
        .capacity = size,
        .cookie = cookie,
        .memory = memory,
        .charge = size <= UINT32_MAX - HEAD ? HEAD + size : UINT32_MAX,
        .references = 1,
        .kind = (uint8_t)kind,
    };
    return buffer;
}

static void append(struct weir_buffer **head, struct weir_buffer **tail, struct weir_buffer *buffer)
{
    buffer->next = NULL;
    if (*head == NULL) {
        *head = buffer;
    } else {
        (*tail)->next = buffer;
    }
    *tail = buffer;
}

static struct weir_buffer *pull(struct weir_buffer **head, struct weir_buffer **tail)
{
    struct weir_buffer *buffer = *head;
    if (buffer == NULL) {
        return NULL;
    }
    *head = buffer->next;
    if (*head == NULL) {
        *tail = NULL;
    }
    buffer->next = NULL;
    return buffer;
}

/* The last reference to memory that is not the stack's: its owner must hear of it. */
static NOINLINE void give_back(struct buffers *b, struct weir_buffer *buffer)
{
    if (buffer->kind == BUFFER_FOREIGN) {
        append(&b->returned_head, &b->returned_tail, buffer);
    } else {
        append(&b->released_head, &b->released_tail, buffer);
    }
}

void buffer_last_unref(struct buffers *b, struct weir_buffer *buffer)
{
    if (UNLIKELY(buffer->kind != BUFFER_OWN)) {
        give_back(b, buffer);
        return;
    }
    release(b, buffer, buffer->charge);
}

bool buffer_pull_returned(struct buffers *b, uint64_t *cookie)
{
    struct weir_buffer *buffer = pull(&b->returned_head, &b->returned_tail);
    if (buffer == NULL) {
        return false;
    }
    *cookie = buffer->cookie;
    b->foreign_out--;
    release(b, buffer, HEAD);
    return true;
}

struct weir_buffer *buffer_pull_released(struct buffers *b)
{
    struct weir_buffer *buffer = pull(&b->released_head, &b->released_tail);
    if (buffer != NULL) {
        b->foreign_out--;
    }
    return buffer;
}

void buffer_dispose(struct buffers *b, struct weir_buffer *buffer)
{
    ASSERT(buffer->kind == BUFFER_BORROWED && buffer->references == 0);
    release(b, buffer, HEAD);
}
