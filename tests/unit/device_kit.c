/* device_kit.c - for tests of devices: a stack to receive into, packets to send, a device to
 * script. */
#include "unit/device_kit.h"

#include "base/bytes.h"
#include "base/compiler.h"
#include "host/allocator.h"
#include "wire/checksum.h"

#include <stdlib.h>
#include <string.h>

struct weir_stack *kit_stack(void)
{
    struct weir_config config;
    struct weir_stack *stack = NULL;
    weir_config_default(&config);
    config.reproducible = true;
    int error = weir_stack_new(&stack, &config, &host_allocator);
    ASSERT(error == WEIR_OK);
    return stack;
}

/* ---- Packets ---- */

static void ip4_head(uint8_t *p, uint32_t size, uint8_t protocol)
{
    memset(p, 0, 20);
    p[0] = 0x45;
    store_be16(p + 2, (uint16_t)size);
    p[8] = 64;
    p[9] = protocol;
    store_be32(p + 12, 0x0a000002);
    store_be32(p + 16, 0x0a000001);
    csum_store(p + 10, csum_finish(csum_sum_portable(p, 20, 0)));
}

void kit_echo(uint8_t *packet, uint32_t size, uint16_t number)
{
    ip4_head(packet, size, 1);
    for (uint32_t i = 28; i < size; i++)
        packet[i] = (uint8_t)(i + number);
    memset(packet + 20, 0, 8);
    packet[20] = 8;
    store_be16(packet + 26, number);
    csum_store(packet + 22, csum_finish(csum_sum_portable(packet + 20, size - 20, 0)));
}

uint16_t kit_echo_number(const uint8_t *packet)
{
    return load_be16(packet + 26);
}

static uint64_t pseudo_sum(const uint8_t *packet, uint32_t tcp_size)
{
    struct ip_addr src = ip_addr_from_v4(packet + 12), dst = ip_addr_from_v4(packet + 16);
    return csum_pseudo(&src, &dst, 6, tcp_size);
}

void kit_super(struct kit_super *s, uint32_t payload, uint16_t gso_size)
{
    ip4_head(s->header, 40 + payload, 6);
    uint8_t *tcp = s->header + 20;
    memset(tcp, 0, 20);
    store_be16(tcp, 1000);
    store_be16(tcp + 2, 2000);
    store_be32(tcp + 4, 1);
    tcp[12] = 5 << 4;
    tcp[13] = WEIR_TCP_ACK | WEIR_TCP_PSH;
    csum_store(tcp + 16, csum_fold(pseudo_sum(s->header, 20 + payload)));
    for (uint32_t i = 0; i < payload; i++)
        s->payload[i] = (uint8_t)(i * 7);
    s->slices[0] = (struct weir_slice){.data = s->header, .size = 40};
    s->slices[1] = (struct weir_slice){.data = s->payload, .size = payload};
    s->frame = (struct weir_frame){
        .size = 40 + payload,
        .offload = {.csum = WEIR_CSUM_PARTIAL,
                    .gso_type = gso_size ? WEIR_GSO_TCP4 : WEIR_GSO_NONE,
                    .gso_size = gso_size,
                    .csum_start = 20,
                    .csum_offset = 16},
        .slice_count = 2,
        .slices = s->slices,
    };
}

bool kit_tcp_checksum_ok(const uint8_t *packet, uint32_t size)
{
    uint64_t sum = csum_sum_portable(packet + 20, size - 20, pseudo_sum(packet, size - 20));
    return csum_fold(sum) == 0xffff;
}

const struct weir_frame *kit_frame(struct kit_frame *f, const uint8_t *packet, uint32_t size)
{
    f->slice = (struct weir_slice){.data = packet, .size = size};
    f->frame = (struct weir_frame){.size = size, .slice_count = 1, .slices = &f->slice};
    return &f->frame;
}

/* ---- The scripted device ---- */

static int kit_send(struct weir_device *device, const struct weir_frame *frames, size_t n,
                    weir_time now)
{
    struct kit_device *d = CONTAINER_OF(device, struct kit_device, device);
    size_t i = 0;
    d->sends++;
    if (d->fail)
        return d->fail;
    for (; i < n && i < d->take; i++) {
        ASSERT(d->out_count < KIT_PACKETS_MAX);
        struct kit_packet *p = &d->out[d->out_count++];
        p->time = now;
        p->size = frames[i].size;
        p->offload = frames[i].offload;
        size_t at = 0;
        for (uint32_t k = 0; k < frames[i].slice_count; k++) {
            const struct weir_slice *slice = &frames[i].slices[k];
            size_t size =
                MIN(slice->size, sizeof(p->bytes) - at); /* what does not fit is not kept */
            memcpy(p->bytes + at, slice->data, size);
            at += size;
        }
    }
    return (int)i;
}

static int kit_recv(struct weir_device *device, struct weir_buffer *buffers[], size_t n,
                    weir_time now)
{
    struct kit_device *d = CONTAINER_OF(device, struct kit_device, device);
    size_t got = 0;
    d->recvs++;
    if (d->fail)
        return d->fail;
    for (; got < n && d->in_at < d->in_count && d->in[d->in_at].time <= now; got++) {
        const struct kit_packet *p = &d->in[d->in_at++];
        buffers[got] = weir_buffer_alloc(device->stack, p->size);
        ASSERT(buffers[got] != NULL);
        memcpy(buffers[got]->data, p->bytes, p->size);
        buffers[got]->size = p->size;
        buffers[got]->offload = p->offload;
    }
    return (int)got;
}

static weir_time kit_deadline(const struct weir_device *device)
{
    const struct kit_device *d = CONTAINER_OF(device, const struct kit_device, device);
    return d->in_at < d->in_count ? d->in[d->in_at].time : WEIR_NEVER;
}

static int kit_fd(const struct weir_device *device)
{
    (void)device;
    return -1;
}

static void kit_del(struct weir_device *device)
{
    struct kit_device *d = CONTAINER_OF(device, struct kit_device, device);
    free(d->in);
    free(d->out);
    free(d);
}

static const struct weir_device_ops kit_ops = {
    .send = kit_send, .recv = kit_recv, .deadline = kit_deadline, .fd = kit_fd, .del = kit_del};

struct kit_device *kit_device_new(void)
{
    struct kit_device *d = calloc(1, sizeof(*d));
    ASSERT(d != NULL);
    d->in = calloc(KIT_PACKETS_MAX, sizeof(d->in[0]));
    d->out = calloc(KIT_PACKETS_MAX, sizeof(d->out[0]));
    ASSERT(d->in && d->out);
    d->device.ops = &kit_ops;
    d->device.caps = (struct weir_device_caps){.medium = WEIR_MEDIUM_IP, .mtu = 1500};
    d->take = SIZE_MAX;
    return d;
}

void kit_device_enter(struct kit_device *d, weir_time time, const uint8_t *packet, uint32_t size)
{
    ASSERT(d->in_count < KIT_PACKETS_MAX && size <= sizeof(d->in[0].bytes));
    struct kit_packet *p = &d->in[d->in_count++];
    p->time = time;
    p->size = size;
    p->offload = (struct weir_offload){0};
    memcpy(p->bytes, packet, size);
}
