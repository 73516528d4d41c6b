/* recvq.c - see reassembly.h and recvq.h: the bytes that the application may read. */
#include "tcp/recvq.h"

/* Keep by reference? The payload fills at least half of the memory it would pin. (`aux32` of a received
 * buffer is the link's low-water mark: foreign memory below it is scarce and is copied out of.) */
static bool worth_keeping(const struct tcp_conn *c, const struct weir_buffer *b, uint32_t size)
{
    uint64_t limit = (uint64_t)c->rcv_limit * RECVQ_CHARGE_FACTOR;

    if (b->references != 1 || size < b->aux32) {
        return false;
    }
    /* over the limit nothing sparse is kept, so that real memory stays near what was announced */
    return (uint64_t)size * 2 >= b->charge &&
           (c->recvq_charge < limit || size + size / 4 >= b->charge);
}

/* The buffer itself, with nothing in it but the payload. */
static inline struct weir_buffer *keep(const uint8_t *data, uint32_t size,
                                       struct weir_buffer **buffer)
{
    struct weir_buffer *b = *buffer;

    *buffer = NULL;
    b->capacity -= (uint32_t)(data - b->data);
    b->data += data - b->data;
    b->size = size;
    return b;
}

static struct weir_buffer *copy_of(struct tcp *t, const uint8_t *data, uint32_t size)
{
    struct weir_buffer *b = buffer_alloc(&t->env->buffers, size);

    if (b) {
        buffer_copy_within(&t->env->buffers, b->data, data, size);
        b->size = size;
    }
    return b;
}

struct weir_buffer *recvq_hold(struct tcp *t, struct tcp_conn *c, const uint8_t *data,
                               uint32_t size, struct weir_buffer **buffer)
{
    if (*buffer && worth_keeping(c, *buffer, size)) {
        return keep(data, size, buffer);
    }
    return copy_of(t, data, size);
}

void recvq_push(struct tcp_conn *c, struct weir_buffer *b)
{
    b->next = NULL;
    if (c->recvq_tail) {
        c->recvq_tail->next = b;
    } else {
        c->recvq_head = b;
    }
    c->recvq_tail = b;
    c->recvq_bytes += b->size;
}

/* Small payloads are copied behind the last one when it is ours and has room: dense, and peeked bytes
 * never move. */
static NOINLINE bool append_to_tail(struct tcp *t, struct tcp_conn *c, const uint8_t *data,
                                    uint32_t size)
{
    struct weir_buffer *tail = c->recvq_tail;

    if (!tail || tail->kind != BUFFER_OWN || tail->references != 1 ||
        tail->capacity - tail->size < size) {
        return false;
    }
    buffer_copy_within(&t->env->buffers, tail->data + tail->size, data, size);
    tail->size += size;
    c->recvq_bytes += size;
    return true;
}

bool recvq_append(struct tcp *t, struct tcp_conn *c, const uint8_t *data, uint32_t size,
                  struct weir_buffer **buffer)
{
    struct weir_buffer *b;

    if (size == 0) {
        return true;
    }
    if (*buffer && worth_keeping(c, *buffer, size)) {
        b = keep(data, size, buffer);
    } else if (append_to_tail(t, c, data, size)) {
        c->rcv_nxt += size;
        return true;
    } else if (!(b = copy_of(t, data, size))) {
        return false;
    }
    c->recvq_charge += b->charge;
    recvq_push(c, b);
    c->rcv_nxt += size;
    return true;
}

uint32_t recvq_peek(const struct tcp_conn *c, struct weir_slice *slices, uint32_t n)
{
    uint32_t count = 0;

    for (const struct weir_buffer *b = c->recvq_head; b && count < n; b = b->next) {
        slices[count].data = b->data;
        slices[count].size = b->size;
        count++;
    }
    return count;
}

/* Bytes of the first buffer that were read: it goes when none is left. */
static inline void shorten_head(struct tcp *t, struct tcp_conn *c, struct weir_buffer *b,
                                uint32_t part)
{
    if (part < b->size) {
        b->data += part;
        b->size -= part;
        b->capacity -= part;
        return;
    }
    c->recvq_head = b->next;
    if (!c->recvq_head) {
        c->recvq_tail = NULL;
    }
    c->recvq_charge -= b->charge;
    buffer_unref(&t->env->buffers, b);
}

void recvq_consume(struct tcp *t, struct tcp_conn *c, uint32_t size)
{
    ASSERT(size <= c->recvq_bytes);
    c->recvq_bytes -= size;
    while (size > 0) {
        struct weir_buffer *b = c->recvq_head;
        uint32_t part = min_u32(b->size, size);

        size -= part;
        shorten_head(t, c, b, part);
    }
}

uint32_t recvq_read(struct tcp *t, struct tcp_conn *c, void *data, uint32_t size)
{
    uint32_t done = 0;

    size = min_u32(size, c->recvq_bytes);
    while (done < size) {
        struct weir_buffer *b = c->recvq_head;
        uint32_t part = min_u32(b->size, size - done);

        buffer_copy_out(&t->env->buffers, (uint8_t *)data + done, b->data, part);
        done += part;
        shorten_head(t, c, b, part);
    }
    c->recvq_bytes -= done;
    return done;
}

void recvq_clear(struct tcp *t, struct tcp_conn *c)
{
    recvq_consume(t, c, c->recvq_bytes);
}
