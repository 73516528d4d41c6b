/* sendq.c - see sendq.h. */
#include "tcp/sendq.h"

#include "tcp/autotune.h"
#include "tcp/chunksum.h"
#include "tcp/emit.h"
#include "tcp/flight.h"
#include "tcp/scoreboard.h"
#include "tcp/window.h"

/* Bookkeeping may exceed the application's limit by this factor before bytes are refused: many tiny
 * borrowed buffers cost more than their bytes. */
#define SENDQ_CHARGE_FACTOR 2

/* What waits although window and congestion window would let it go is not counted: it is as good as sent. */
uint32_t sendq_could_go(const struct tcp_conn *c)
{
    uint32_t flight = scoreboard_in_flight(c);

    return min_u32(window_usable(c), c->cwnd > flight ? c->cwnd - flight : 0);
}

static uint64_t waiting(const struct tcp_conn *c)
{
    uint64_t unsent = c->snd_end > c->snd_nxt ? c->snd_end - c->snd_nxt : 0;
    uint32_t now = sendq_could_go(c);

    return unsent > now ? unsent - now : 0;
}

uint32_t sendq_super_segment(const struct tcp_conn *c)
{
    uint32_t mss = emit_payload_max(c);

    return max_u32(min_u32(c->max_snd_wnd / 2, UINT16_MAX) / mss, 1) * mss;
}

/* A write may exceed the low-water mark by a super-segment, so that segments stay full. */
static uint64_t room_below_lowat(const struct tcp_conn *c)
{
    uint32_t lowat = c->settings->o.notsent_lowat;
    uint64_t left = waiting(c);

    return left >= lowat ? 0 : max_u32(lowat, sendq_super_segment(c)) - left + sendq_could_go(c);
}

/* Bytes queued or outstanding, without a SYN. */
static uint64_t queued_bytes(const struct tcp_conn *c)
{
    return c->snd_una > c->snd_end ? 0 : c->snd_end - max_u64(c->snd_una, tcp_first_data(c));
}

/* A super-segment that is begun below the limit is filled, so that a write which meets the limit leaves no small
 * piece behind. They follow what is out and what may go at once. Never more than twice the limit. */
static uint64_t limit_of_writes(const struct tcp_conn *c, uint32_t limit)
{
    uint32_t super = min_u32(sendq_super_segment(c), limit);
    uint64_t unsent = c->snd_end > c->snd_nxt ? c->snd_end - c->snd_nxt : 0;
    uint64_t first = queued_bytes(c) - unsent + sendq_could_go(c);
    uint64_t begun = (limit + super - 1 - first % super) / super;

    return first % super + begun * super;
}

size_t sendq_room(const struct tcp_conn *c, uint32_t buffer)
{
    uint64_t queued = queued_bytes(c), limit = buffer;

    if (queued >= limit || c->flight->sendq_charge >= limit * SENDQ_CHARGE_FACTOR) {
        return 0;
    }
    if (tcp_synchronized(c)) {
        limit = limit_of_writes(c, buffer);
        if (UNLIKELY(c->settings->o.notsent_lowat != UINT32_MAX)) {
            return (size_t)min_u64(limit - queued, room_below_lowat(c));
        }
    }
    return (size_t)(limit - queued);
}

bool sendq_writable(const struct tcp_conn *c, uint32_t limit)
{
    uint32_t lowat = c->settings->o.notsent_lowat;

    if (lowat != UINT32_MAX && waiting(c) * 2 >= lowat) {
        return false;
    }
    return queued_bytes(c) <= limit - limit / 3 && sendq_room(c, limit) > 0;
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
 * few slices. One alone should not be charged with the whole limit. */
static uint32_t buffer_size_for(const struct tcp_conn *c, size_t size, uint32_t limit)
{
    uint64_t queued = c->snd_end - c->snd_una;
    uint64_t want = min_u64(max_u64(size, queued), limit / 2);

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
    struct weir_buffer *b =
        buffer_alloc(&t->env->buffers, buffer_size_for(c, size, autotune_send_limit(t, c)));

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
    size_t room = sendq_room(c, autotune_send_limit(t, c)), done = 0;

    size = size < room ? size : room;
    if (size == 0 || !flight_ensure(t, c)) {
        return 0;
    }
    while (done < size) {
        struct weir_buffer *b = c->flight->sendq_tail;
        size_t part;

        if (!b || b->kind != BUFFER_OWN || b->size == b->capacity ||
            (b->flags & SENDQ_RECORD_END)) {
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
    uint32_t limit = autotune_send_limit(t, c);
    size_t room = sendq_room(c, limit);

    /* larger than the buffer is now: when it is empty */
    if (room < size && (size <= limit || c->snd_end != c->snd_una || room == 0)) {
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

void sendq_end_record(struct tcp_conn *c)
{
    if (c->flight->sendq_tail) {
        c->flight->sendq_tail->flags |= SENDQ_RECORD_END;
        c->flight->send_flags |= FLIGHT_RECORDS;
    }
}

uint32_t sendq_to_record_end(const struct tcp_conn *c)
{
    const struct tcp_flight *f = c->flight;
    const struct weir_buffer *b = f->sendq_cursor ? f->sendq_cursor : f->sendq_head;

    while (b && (b->position + b->size <= c->snd_nxt || !(b->flags & SENDQ_RECORD_END))) {
        b = b->next;
    }
    return (uint32_t)((b ? b->position + b->size : c->snd_end) - c->snd_nxt);
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
