/*
 * chunksum.c - see chunksum.h.
 *
 * In a send queue's own buffer `aux` is the size of the chunks (0: no grid), `aux32` where the first one
 * begins, and `cookie` where the sums are, counted from `memory`. All three are 0 in a new buffer.
 */
#include "tcp/chunksum.h"

#include "wire/checksum.h"

#define SUMS_SIZE (CHUNKSUM_MAX * (uint32_t)sizeof(uint16_t))
#define WORTH_IT 8192u /* smaller buffers hold too few whole segments */

static uint16_t *sums_of(const struct weir_buffer *b)
{
    return (uint16_t *)(void *)(b->memory + b->cookie);
}

void chunksum_begin(struct weir_buffer *b, uint32_t first, uint32_t chunk)
{
    uint32_t room = b->capacity - SUMS_SIZE;

    if (b->capacity < WORTH_IT || chunk == 0 || chunk > UINT16_MAX || first + chunk > room) {
        return;
    }
    b->cookie = room;
    b->aux = (uint16_t)chunk;
    b->aux32 = first;
    b->capacity = first + (room - first) / chunk * chunk;
    memset(sums_of(b), 0, SUMS_SIZE);
}

/* A piece of chunk number `index` that begins `within` bytes behind its start. */
static inline void append_summed(struct tcp *t, struct weir_buffer *b, const uint8_t *from,
                                 uint32_t size, uint32_t index, uint32_t within)
{
    uint64_t sum = csum_copy(&t->env->config.ops, b->data + b->size, from, size, 0);
    uint16_t *at = sums_of(b) + index;

    *at = csum_fold(csum_add_at(*at, sum, within));
    b->size += size;
}

static void append_plain(struct weir_buffer *b, const uint8_t *from, uint32_t size)
{
    buffer_copy(b->data + b->size, from, size);
    b->size += size;
}

void chunksum_append(struct tcp *t, struct weir_buffer *b, const void *data, size_t size)
{
    const uint8_t *from = data, *end = from + size;
    uint32_t chunk = b->aux, index, within, part;

    t->env->buffers.copied_in += size;
    if (b->size < b->aux32 &&
        size != 0) { /* the end of a segment that begins in the buffer before */
        part = (uint32_t)min_u64(size, b->aux32 - b->size);
        append_plain(b, from, part);
        from += part;
    }
    if (chunk == 0 || from == end) {
        append_plain(b, from, (uint32_t)(end - from));
        return;
    }
    index = (b->size - b->aux32) / chunk;
    within = (b->size - b->aux32) % chunk;
    for (; from < end && index < CHUNKSUM_MAX; from += part, index++, within = 0) {
        part = (uint32_t)min_u64((uint64_t)(end - from), chunk - within);
        append_summed(t, b, from, part, index, within);
    }
    append_plain(b, from, (uint32_t)(end - from));
}

void chunksum_find(const struct weir_slice *slices, struct weir_buffer *const *buffers, uint32_t n,
                   uint32_t chunk, uint16_t sums[CHUNKSUM_MAX])
{
    uint32_t before = 0; /* bytes in the slices already looked at */

    memset(sums, 0, SUMS_SIZE);
    for (uint32_t i = 0; i < n; i++) {
        const struct weir_buffer *b = buffers[i];
        uint32_t size = (uint32_t)slices[i].size;
        uint32_t segment = (before + chunk - 1) / chunk; /* the first that begins in this slice */
        uint32_t skip = segment * chunk - before;
        uint32_t at = (uint32_t)((const uint8_t *)slices[i].data - b->data) + skip - b->aux32;

        before += size;
        if (b->kind != BUFFER_OWN || b->aux != chunk || size < skip + chunk || at % chunk != 0 ||
            at / chunk >= CHUNKSUM_MAX || segment >= CHUNKSUM_MAX) {
            continue;
        }
        uint32_t count =
            min_u32((size - skip) / chunk, CHUNKSUM_MAX - max_u32(at / chunk, segment));
        memcpy(sums + segment, sums_of(b) + at / chunk, count * sizeof(sums[0]));
    }
}
