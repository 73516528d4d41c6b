/*
 * memory.c - a cable between two stacks of one process.
 *
 * Sending gathers the slices of a frame once, straight into a receive buffer of the other end's
 * stack; the buffer waits in that end's queue until recv hands it over. A full queue makes send
 * short. A packet for which the other end has no buffer, or nobody attached, is lost, as on a real
 * card.
 *
 * With `verify`, the copy also sums, so that the receiver need not touch the bytes again.
 *
 * With csum_offload, partial checksums cross as they are: the receiver sees WEIR_CSUM_PARTIAL and
 * trusts them, and a wrapper on its side can still complete them. Nothing can go wrong on the way.
 */
#include "device/wire.h"

#include "base/compiler.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE_DEFAULT 4096
#define QUEUE_MAX (1u << 24)

struct cable;

struct end {
    struct weir_device device;
    struct cable *cable;
    struct end *peer;
    struct weir_buffer **queue; /* ring of packets that wait for this end's recv */
    uint32_t head, count;
    bool open; /* not yet deleted */
};

struct cable {
    struct end ends[2];
    uint32_t queue_packets;
    bool csum_offload, gso;
    const struct weir_ops *verify;
    uint8_t *scratch; /* for frames that must be cut or completed; made when first needed */
};

static struct end *end_of(struct weir_device *device)
{
    return CONTAINER_OF(device, struct end, device);
}

static void enqueue(struct end *to, struct weir_buffer *buffer)
{
    uint32_t size = to->cable->queue_packets, at = to->head + to->count;
    to->queue[at < size ? at : at - size] = buffer;
    to->count++;
}

static struct weir_buffer *dequeue(struct end *end)
{
    struct weir_buffer *buffer = end->queue[end->head];
    end->head = end->head + 1 < end->cable->queue_packets ? end->head + 1 : 0;
    end->count--;
    return buffer;
}

static void deliver(struct end *to, const struct weir_slice *slices, uint32_t slice_count,
                    uint32_t size, const struct weir_offload *offload)
{
    const struct cable *cable = to->cable;
    struct weir_buffer *buffer = weir_buffer_alloc(to->device.stack, size);
    if (!buffer) {
        return;
    }
    buffer->offload = *offload;
    if (cable->verify && offload->csum == WEIR_CSUM_NONE && offload->gso_size == 0) {
        bool valid;
        buffer->size = wire_gather_verify(cable->verify, buffer->data, size, slices, slice_count,
                                          wire_link_size(to->device.caps.medium), &valid);
        buffer->offload.csum = valid ? WEIR_CSUM_VALID : WEIR_CSUM_NONE;
    } else {
        buffer->size = wire_gather(buffer->data, buffer->capacity, slices, slice_count);
    }
    enqueue(to, buffer);
}

static void deliver_packet(void *ctx, uint8_t *packet, uint32_t size)
{
    struct end *to = ctx;
    struct weir_slice slice = {.data = packet, .size = size};
    if (to->count < to->cable->queue_packets) {
        deliver(to, &slice, 1, size, &(struct weir_offload){0});
    }
}

/* A frame that this cable cannot carry as it is. The stack cuts by the caps, so this is rare. */
static void deliver_as_wire(struct end *to, const struct weir_frame *frame)
{
    struct cable *cable = to->cable;
    if (!cable->scratch) {
        cable->scratch = malloc(WIRE_SCRATCH_SIZE);
    }
    if (cable->scratch) {
        wire_packets(frame->slices, frame->slice_count, &frame->offload, to->device.caps.medium,
                     cable->scratch, deliver_packet, to);
    }
}

static int memory_send(struct weir_device *device, const struct weir_frame *frames, size_t n,
                       weir_time now)
{
    struct end *end = end_of(device), *to = end->peer;
    const struct cable *cable = end->cable;
    (void)now;
    if (!to->open || !to->device.stack) {
        return (int)n;
    }
    size_t i = 0;
    for (; i < n && to->count < cable->queue_packets; i++) {
        const struct weir_offload *offload = &frames[i].offload;
        if ((offload->gso_size && !cable->gso) ||
            (offload->csum == WEIR_CSUM_PARTIAL && !cable->csum_offload)) {
            deliver_as_wire(to, &frames[i]);
        } else {
            deliver(to, frames[i].slices, frames[i].slice_count, frames[i].size, offload);
        }
    }
    return (int)i;
}

static int memory_recv(struct weir_device *device, struct weir_buffer *buffers[], size_t n,
                       weir_time now)
{
    struct end *end = end_of(device);
    size_t got = 0;
    (void)now;
    while (got < n && end->count > 0) {
        buffers[got++] = dequeue(end);
    }
    return (int)got;
}

static weir_time memory_deadline(const struct weir_device *device)
{
    const struct end *end = CONTAINER_OF(device, const struct end, device);
    return end->count > 0 ? 0 : WEIR_NEVER;
}

static int memory_fd(const struct weir_device *device)
{
    (void)device;
    return -1;
}

static void cable_free(struct cable *cable)
{
    free(cable->ends[0].queue);
    free(cable->ends[1].queue);
    free(cable->scratch);
    free(cable);
}

static void memory_del(struct weir_device *device)
{
    struct end *end = end_of(device);
    while (end->count > 0) {
        weir_buffer_free(device->stack, dequeue(end));
    }
    end->open = false;
    if (!end->peer->open) {
        cable_free(end->cable);
    }
}

static const struct weir_device_ops memory_ops = {
    .send = memory_send,
    .recv = memory_recv,
    .deadline = memory_deadline,
    .fd = memory_fd,
    .del = memory_del,
};

static bool end_init(struct cable *cable, int index, const struct weir_memory_config *config)
{
    struct end *end = &cable->ends[index];
    bool csum = config->csum_offload || config->gso;
    end->device = (struct weir_device){
        .ops = &memory_ops,
        .caps = {.medium = config->medium,
                 .mtu = config->mtu[index],
                 .tx_csum = csum,
                 .tx_gso = config->gso,
                 .gso_max = config->gso ? 65535 : 0,
                 .mac = {2, 0, 0, 0, 0, (uint8_t)(index + 1)}},
    };
    end->cable = cable;
    end->peer = &cable->ends[!index];
    end->open = true;
    end->queue = calloc(cable->queue_packets, sizeof(end->queue[0]));
    return end->queue != NULL;
}

int weir_memory_new(struct weir_device *ends[2], const struct weir_memory_config *config)
{
    if (config->medium > WEIR_MEDIUM_ETHERNET || config->queue_packets > QUEUE_MAX) {
        return WEIR_EINVAL;
    }
    for (int i = 0; i < 2; i++) {
        if (config->mtu[i] < 68 || config->mtu[i] > 65535) {
            return WEIR_EINVAL;
        }
    }
    struct cable *cable = calloc(1, sizeof(*cable));
    if (!cable) {
        return WEIR_ENOBUFS;
    }
    cable->queue_packets = config->queue_packets ? config->queue_packets : QUEUE_DEFAULT;
    cable->gso = config->gso;
    cable->verify = config->verify;
    cable->csum_offload = config->csum_offload || config->gso;
    if (!end_init(cable, 0, config) || !end_init(cable, 1, config)) {
        cable_free(cable);
        return WEIR_ENOBUFS;
    }
    ends[0] = &cable->ends[0].device;
    ends[1] = &cable->ends[1].device;
    return WEIR_OK;
}
