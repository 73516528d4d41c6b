/* tracer.c - a wrapper that shows every packet that passes to a tap. */
#include "device/wire.h"

#include "base/compiler.h"

#include <stdlib.h>

struct tracer {
    struct weir_device device;
    struct weir_tracer_config config;
    uint8_t scratch[WIRE_SCRATCH_SIZE];
};

struct passing {
    const struct weir_tracer_config *config;
    bool out;
    weir_time now;
};

static struct tracer *tracer_of(struct weir_device *device)
{
    return CONTAINER_OF(device, struct tracer, device);
}

static void tap_wire(void *ctx, uint8_t *packet, uint32_t size)
{
    const struct passing *p = ctx;
    const struct weir_offload none = {0};
    p->config->tap(p->config->ctx, packet, size, &none, p->out, p->now);
}

static void tap(struct tracer *tracer, const struct weir_slice *slices, uint32_t slice_count,
                const struct weir_offload *offload, bool out, weir_time now)
{
    const struct weir_tracer_config *c = &tracer->config;
    if (c->wire) {
        struct passing passing = {.config = c, .out = out, .now = now};
        wire_packets(slices, slice_count, offload, tracer->device.caps.medium, tracer->scratch,
                     tap_wire, &passing);
    } else if (slice_count == 1) {
        c->tap(c->ctx, slices[0].data, slices[0].size, offload, out, now);
    } else {
        uint32_t size = wire_gather(tracer->scratch, WIRE_SCRATCH_SIZE, slices, slice_count);
        if (size > 0) {
            c->tap(c->ctx, tracer->scratch, size, offload, out, now);
        }
    }
}

/* Only what was taken has passed. The slices stay valid until the caller says that the frames are
 * done. */
static int tracer_send(struct weir_device *device, const struct weir_frame *frames, size_t n,
                       weir_time now)
{
    int sent = weir_device_send(device->inner, frames, n, now);
    for (int i = 0; i < sent; i++) {
        tap(tracer_of(device), frames[i].slices, frames[i].slice_count, &frames[i].offload, true,
            now);
    }
    return sent;
}

static int tracer_recv(struct weir_device *device, struct weir_buffer *buffers[], size_t n,
                       weir_time now)
{
    int got = weir_device_recv(device->inner, buffers, n, now);
    for (int i = 0; i < got; i++) {
        struct weir_slice slice = {.data = buffers[i]->data, .size = buffers[i]->size};
        tap(tracer_of(device), &slice, 1, &buffers[i]->offload, false, now);
    }
    return got;
}

static weir_time tracer_deadline(const struct weir_device *device)
{
    return weir_device_deadline(device->inner);
}

static int tracer_fd(const struct weir_device *device)
{
    return weir_device_fd(device->inner);
}

static void tracer_del(struct weir_device *device)
{
    weir_device_del(device->inner);
    free(tracer_of(device));
}

static const struct weir_device_ops tracer_ops = {
    .send = tracer_send,
    .recv = tracer_recv,
    .deadline = tracer_deadline,
    .fd = tracer_fd,
    .del = tracer_del,
};

int weir_tracer_new(struct weir_device **device, struct weir_device *inner,
                    const struct weir_tracer_config *config)
{
    if (!config->tap) {
        return WEIR_EINVAL;
    }
    struct tracer *tracer = calloc(1, sizeof(*tracer));
    if (!tracer) {
        return WEIR_ENOBUFS;
    }
    tracer->device = (struct weir_device){
        .ops = &tracer_ops, .stack = inner->stack, .inner = inner, .caps = inner->caps};
    tracer->config = *config;
    *device = &tracer->device;
    return WEIR_OK;
}
