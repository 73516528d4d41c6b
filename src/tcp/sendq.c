/* sendq.c - see sendq.h. */
#include "tcp/sendq.h"

#include "tcp/chunksum.h"
#include "tcp/emit.h"
#include "tcp/flight.h"

/* Bookkeeping may exceed the application's limit by this factor before bytes are refused: many tiny
 * borrowed buffers cost more than their bytes. */
#define SENDQ_CHARGE_FACTOR 2

size_t sendq_room(const struct tcp_conn *c)
{
    uint64_t limit = c->settings->o.send_buffer;
    uint64_t queued = c->snd_end - max_u64(c->snd_una, tcp_first_data(c));

    if (c->snd_una > c->snd_end) {
        queued = 0;
    }
    if (queued >= limit || c->flight->sendq_charge >= limit * SENDQ_CHARGE_FACTOR) {
        return 0;
    }
    return (size_t)(limit - queued);
}

static void push(struct tcp_conn *c, struct weir_buffer *b)
{
    struct tcp_flight *f = c->flight;

    b->position = c->snd_end;
    b->next = NULL;
    if (f->sendq_tail) {
        f->sendq_tail->next = b;
    } else {
        f->sendq_head = b;
    }
    f->sendq_tail = b;
    f->sendq_charge += b->charge;
}

/* Small sends get small buffers; once there is a backlog, large ones, so that a super-segment is made of
 * few slices. */
static uint32_t buffer_size_for(const struct tcp_conn *c, size_t size)
{
    uint64_t queued = c->snd_end - c->snd_una;
    uint64_t want = max_u64(size, queued);

    return want > 32768 ? 65536 : want > 2048 ? 16384 : want > 256 ? 2048 : 256;
}

/* Where the segment ends that begins before a buffer that would be appended now, if all are full ones. */
static uint32_t first_boundary(const struct tcp_conn *c, uint32_t chunk)
{
    uint32_t beyond = (uint32_t)((c->snd_end - c->snd_nxt) % chunk);

    return beyond ? chunk - beyond : 0;
}

static struct weir_buffer *new_tail(struct tcp *t, struct tcp_conn *c, size_t size)
{
    struct weir_buffer *b = buffer_alloc(&t->env->buffers, buffer_size_for(c, size));

    if (b) {
        if (c->flight->sum_payload) {
            uint32_t chunk = emit_payload_max(c);

            chunksum_begin(b, first_boundary(c, chunk), chunk);
        }
        push(c, b);
    }
    return b;
}

size_t sendq_append(struct tcp *t, struct tcp_conn *c, const void *data, size_t size)
{
    size_t room = sendq_room(c), done = 0;

    size = size < room ? size : room;
    if (size == 0 || !flight_ensure(t, c)) {
        return 0;
    }
    while (done < size) {
        struct weir_buffer *b = c->flight->sendq_tail;
        size_t part;

        if (!b || b->kind != BUFFER_OWN || b->size == b->capacity) {
            b = new_tail(t, c, size - done);
            if (!b) {
                break;
            }
        }
        part = min_u64(b->capacity - b->size, size - done);
        chunksum_append(t, b, (const uint8_t *)data + done, part);
        c->snd_end += part;
        done += part;
    }
    return done;
}

int sendq_append_ref(struct tcp *t, struct tcp_conn *c, const void *data, uint32_t size,
                     uint64_t cookie)
{
    struct weir_buffer *b;
    union {
        const void *in;
        void *out;
    } unconst = {.in = data}; /* borrowed memory is only ever read */

    if (sendq_room(c) < size) {
        return WEIR_EAGAIN;
    }
    if (!flight_ensure(t, c)) {
        return WEIR_ENOBUFS;
    }
    b = buffer_wrap(&t->env->buffers, BUFFER_BORROWED, unconst.out, size, cookie);
    if (!b) {
        return WEIR_ENOBUFS;
    }
    b->size = size;
    push(c, b);
    c->snd_end += size;
    return WEIR_OK;
}

void sendq_release(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_flight *f = c->flight;

    while (f->sendq_head && f->sendq_head->position + f->sendq_head->size <= c->snd_una) {
        struct weir_buffer *b = f->sendq_head;

        if (f->sendq_cursor == b) {
            f->sendq_cursor = NULL;
        }
        f->sendq_head = b->next;
        if (!f->sendq_head) {
            f->sendq_tail = NULL;
        }
        f->sendq_charge -= b->charge;
        buffer_unref(&t->env->buffers, b);
    }
}

void sendq_clear(struct tcp *t, struct tcp_conn *c)
{
    struct tcp_flight *f = c->flight;
    struct weir_buffer *b = f->sendq_head, *next;

    for (; b; b = next) {
        next = b->next;
        buffer_unref(&t->env->buffers, b);
    }
    if (f != &tcp_flight_none) {
        f->sendq_head = f->sendq_tail = f->sendq_cursor = NULL;
        f->sendq_charge = 0;
    }
}

uint32_t sendq_slices(struct tcp_conn *c, seq_pos from, uint32_t size, struct weir_slice *slices,
                      struct weir_buffer **buffers, uint32_t *covered)
{
    struct tcp_flight *f = c->flight;
    struct weir_buffer *b = f->sendq_cursor;
    uint32_t n = 0, done = 0;

    if (!b || b->position > from) {
        b = f->sendq_head;
    }
    while (b && b->position + b->size <= from) {
        b = b->next;
    }
    while (b && done < size && n < SENDQ_SLICES) {
        uint32_t offset = (uint32_t)(from + done - b->position);
        uint32_t part = min_u32(b->size - offset, size - done);

        slices[n].data = b->data + offset;
        slices[n].size = part;
        buffers[n] = b;
        n++;
        done += part;
        if (from >= c->snd_nxt) { /* new data: remember where the next new byte is */
            f->sendq_cursor = b;
        }
        b = b->next;
    }
    *covered = done;
    return n;
}
