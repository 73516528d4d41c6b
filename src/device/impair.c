/*
 * impair.c - seeded trouble on the way: a wrapper that delays, loses, doubles and damages wire
 * packets.
 *
 * Whatever comes in (super-segments, partial checksums) is first cut and completed to wire packets,
 * each of which is judged at once (impair_dir.h), logged, copied, and held until it is due. Packets
 * that are due leave whenever the device is called: the host calls recv at the deadline, which also
 * pushes what was sent. Received packets are handed on without any offload, so that software finds
 * the damage.
 */
#include "device/impair_dir.h"
#include "device/wire.h"

#include "base/compiler.h"
#include "device/ecn_mark.h"
#include "device/transmissions.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 32
#define PULL_BATCHES 8            /* taken from the inner device in one recv */
#define RETRY_TIME (50 * WEIR_US) /* when the inner device is full */
#define BUFFER_TIME (5 * WEIR_MS) /* when there is no buffer: memory comes back more slowly */

enum { OUT = 0, IN = 1 };

struct held {
    struct held *prev, *next;
    weir_time due;
    uint32_t size;
    uint8_t packet[];
};

/* Sorted by due, then by order of arrival. */
struct held_queue {
    struct held *first, *last;
    weir_time retry; /* the first one could not leave: not before this */
};

struct impair {
    struct weir_device device;
    struct impair_dir dir[2];
    struct held_queue held[2];
    struct transmissions sent[2];
    uint64_t seed;
    void (*log)(void *ctx, const struct weir_impair_record *record);
    void *log_ctx;
    int failed; /* what the inner device's send ended with */
    uint8_t scratch[WIRE_SCRATCH_SIZE];
};

static struct impair *impair_of(struct weir_device *device)
{
    return CONTAINER_OF(device, struct impair, device);
}

/* ---- Held packets ---- */

static struct held *held_new(const uint8_t *packet, uint32_t size, weir_time due)
{
    struct held *h = malloc(sizeof(*h) + size);
    if (!h) {
        return NULL;
    }
    *h = (struct held){.due = due, .size = size};
    memcpy(h->packet, packet, size);
    return h;
}

static void held_insert(struct held_queue *q, struct held *h)
{
    struct held *before = q->last; /* from the end: only late ones are passed */
    while (before && before->due > h->due) {
        before = before->prev;
    }
    h->prev = before;
    h->next = before ? before->next : q->first;
    *(h->next ? &h->next->prev : &q->last) = h;
    *(before ? &before->next : &q->first) = h;
}

static void held_drop_first(struct held_queue *q)
{
    struct held *h = q->first;
    q->first = h->next;
    *(h->next ? &h->next->prev : &q->last) = NULL;
    free(h);
}

static weir_time held_deadline(const struct held_queue *q)
{
    return q->first ? max_u64(q->first->due, q->retry) : WEIR_NEVER;
}

/* ---- Handing in ---- */

struct hand_in {
    struct impair *impair;
    weir_time now;
    uint32_t direction;
};

static void log_packet(const struct hand_in *in, const struct impair_verdict *v, uint8_t fate,
                       const uint8_t *packet, uint32_t size, bool marked,
                       const struct transmission_seen *seen)
{
    struct weir_impair_record record = {
        .direction = in->direction,
        .number = v->number,
        .fate = fate,
        .corrupted = v->corrupted,
        .reordered = v->reordered,
        .sent = in->now,
        .delivered = v->due,
        .size = size,
        .packet = packet,
        .marked = marked,
        .transmission = seen->number,
        .payload = seen->payload,
    };
    if (in->impair->log) {
        in->impair->log(in->impair->log_ctx, &record);
    }
}

/* Flips one bit behind the link header, which on a real link has a check of its own. */
static void corrupt(const struct impair *impair, struct held *h, uint64_t random)
{
    uint32_t skip = wire_link_size(impair->device.caps.medium);
    if (h->size <= skip) {
        return;
    }
    uint64_t bit = random % ((uint64_t)(h->size - skip) * 8);
    h->packet[skip + bit / 8] ^= (uint8_t)(1u << (bit % 8));
}

/* Which transmission of which data this is, where somebody wants to know. */
static struct transmission_seen look_at(struct impair *impair, uint32_t direction,
                                        const uint8_t *packet, uint32_t size)
{
    const struct weir_impair_direction *c = &impair->dir[direction].config;

    if (!c->count_transmissions && !(c->data_loss > 0)) {
        return (struct transmission_seen){0};
    }
    return transmissions_note(&impair->sent[direction], packet, size,
                              wire_link_size(impair->device.caps.medium));
}

static void hand_in_packet(void *ctx, uint8_t *packet, uint32_t size)
{
    const struct hand_in *in = ctx;
    struct impair_dir *dir = &in->impair->dir[in->direction];
    struct held_queue *q = &in->impair->held[in->direction];
    struct transmission_seen seen = look_at(in->impair, in->direction, packet, size);
    bool lost = transmission_lost(&seen, in->impair->seed + in->direction, dir->config.data_loss);
    struct impair_verdict v = impair_dir_judge(dir, size, lost, in->now);
    struct held *h = NULL, *copy = NULL;
    bool marked = false;

    if (v.fate == WEIR_IMPAIR_DELIVERED) {
        h = held_new(packet, size, v.due);
        if (!h) {
            v.fate = WEIR_IMPAIR_QUEUE_FULL;
            v.due = 0;
        }
    }
    if (h && v.mark) {
        marked = ecn_mark(h->packet, size, wire_link_size(in->impair->device.caps.medium));
    }
    log_packet(in, &v, v.fate, packet, size, marked, &seen);
    if (!h) {
        return;
    }
    if (v.corrupted) {
        corrupt(in->impair, h, v.corrupt_random);
    }
    held_insert(q, h);
    if (v.duplicated && (copy = held_new(h->packet, size, v.due)) != NULL) {
        held_insert(q, copy);
        log_packet(in, &v, WEIR_IMPAIR_DUPLICATE, packet, size, marked, &seen);
    }
}

/* ---- Out: to the inner device ---- */

/* Sends one batch of what is due; false when there is no more to do now. */
static bool push_batch(struct impair *impair, weir_time now)
{
    struct held_queue *q = &impair->held[OUT];
    struct weir_frame frames[BATCH];
    struct weir_slice slices[BATCH];
    size_t n = 0;

    for (struct held *h = q->first; h && h->due <= now && n < BATCH; h = h->next, n++) {
        slices[n] = (struct weir_slice){.data = h->packet, .size = h->size};
        frames[n] = (struct weir_frame){.size = h->size, .slice_count = 1, .slices = &slices[n]};
    }
    if (n == 0) {
        return false;
    }
    int sent = weir_device_send(impair->device.inner, frames, n, now);
    if (sent < 0) {
        impair->failed = sent;
        return false;
    }
    for (int i = 0; i < sent; i++) {
        held_drop_first(q);
    }
    if ((size_t)sent < n) {
        q->retry = now + RETRY_TIME;
    }
    return (size_t)sent == n;
}

static void push(struct impair *impair, weir_time now)
{
    while (!impair->failed && push_batch(impair, now)) {
        ;
    }
}

static int impair_send(struct weir_device *device, const struct weir_frame *frames, size_t n,
                       weir_time now)
{
    struct impair *impair = impair_of(device);
    struct hand_in in = {.impair = impair, .now = now, .direction = OUT};

    for (size_t i = 0; i < n && !impair->failed; i++) {
        wire_packets(frames[i].slices, frames[i].slice_count, &frames[i].offload,
                     device->caps.medium, impair->scratch, hand_in_packet, &in);
    }
    push(impair, now);
    return impair->failed ? impair->failed : (int)n;
}

/* ---- In: from the inner device ---- */

static int pull(struct impair *impair, weir_time now)
{
    struct weir_device *device = &impair->device;
    struct hand_in in = {.impair = impair, .now = now, .direction = IN};
    struct weir_buffer *buffers[BATCH];
    int got = BATCH;

    for (int batch = 0; batch < PULL_BATCHES && got == BATCH; batch++) {
        got = weir_device_recv(device->inner, buffers, BATCH, now);
        for (int i = 0; i < got; i++) {
            struct weir_slice slice = {.data = buffers[i]->data, .size = buffers[i]->size};
            wire_packets(&slice, 1, &buffers[i]->offload, device->caps.medium, impair->scratch,
                         hand_in_packet, &in);
            weir_buffer_free(device->stack, buffers[i]);
        }
    }
    return got < 0 ? got : 0;
}

static int impair_recv(struct weir_device *device, struct weir_buffer *buffers[], size_t n,
                       weir_time now)
{
    struct impair *impair = impair_of(device);
    struct held_queue *q = &impair->held[IN];
    size_t got = 0;

    push(impair, now);
    int error = impair->failed ? impair->failed : pull(impair, now);
    for (; got < n && q->first && q->first->due <= now; got++) {
        struct weir_buffer *buffer = weir_buffer_alloc(device->stack, q->first->size);
        if (!buffer) {
            q->retry = now + BUFFER_TIME;
            break;
        }
        memcpy(buffer->data, q->first->packet, q->first->size);
        buffer->size = q->first->size;
        buffers[got] = buffer;
        held_drop_first(q);
    }
    return got > 0 ? (int)got : error;
}

/* ---- The device ---- */

static weir_time impair_deadline(const struct weir_device *device)
{
    const struct impair *impair = CONTAINER_OF(device, const struct impair, device);
    weir_time due = min_u64(held_deadline(&impair->held[OUT]), held_deadline(&impair->held[IN]));
    return min_u64(due, weir_device_deadline(device->inner));
}

static int impair_fd(const struct weir_device *device)
{
    return weir_device_fd(device->inner);
}

static void impair_free(struct impair *impair)
{
    for (int i = 0; i < 2; i++) {
        while (impair->held[i].first) {
            held_drop_first(&impair->held[i]);
        }
        impair_dir_fini(&impair->dir[i]);
        transmissions_fini(&impair->sent[i]);
    }
    free(impair);
}

static void impair_del(struct weir_device *device)
{
    weir_device_del(device->inner);
    impair_free(impair_of(device));
}

static const struct weir_device_ops impair_ops = {
    .send = impair_send,
    .recv = impair_recv,
    .deadline = impair_deadline,
    .fd = impair_fd,
    .del = impair_del,
};

int weir_impair_new(struct weir_device **device, struct weir_device *inner,
                    const struct weir_impair_config *config)
{
    struct impair *impair = calloc(1, sizeof(*impair));
    int error = impair ? WEIR_OK : WEIR_ENOBUFS;
    for (uint32_t i = 0; i < 2 && !error; i++) { /* the directions must not draw the same numbers */
        struct weir_impair_direction direction = config->direction[i];
        if (direction.drop_larger != 0) {
            direction.drop_larger += wire_link_size(inner->caps.medium);
        }
        error =
            impair_dir_init(&impair->dir[i], &direction, config->seed + i * 0x9e3779b97f4a7c15u);
    }
    if (error) {
        if (impair) {
            impair_free(impair);
        }
        return error;
    }
    impair->device = (struct weir_device){
        .ops = &impair_ops, .stack = inner->stack, .inner = inner, .caps = inner->caps};
    impair->seed = config->seed;
    impair->log = config->log;
    impair->log_ctx = config->log_ctx;
    *device = &impair->device;
    return WEIR_OK;
}
