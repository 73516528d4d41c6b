/*
 * tuntap.c - Linux TUN (bare IP) and TAP (Ethernet) interfaces.
 *
 * With offload every packet travels behind a virtio-net header, which says in the kernel's words
 * what struct weir_offload says in ours: partial checksums and TCP super-segments, both ways.
 * Without it only plain wire packets pass.
 *
 * Receiving reads into two buffers at once: a small one, and behind it a large one whose first
 * SMALL bytes are left free. A packet that fits the small one stays there, so that an ACK never
 * occupies 64 KB; for a larger one the first SMALL bytes are copied to the front of the large one.
 */
#include "device/error.h"
#include "device/tuntap_open.h"
#include "device/wire.h"

#include "base/compiler.h"

#include <errno.h>
#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define SMALL 2048u

struct tuntap {
    struct weir_device device;
    int fd;
    bool vnet;        /* packets have a virtio-net header */
    uint8_t *scratch; /* for frames that must be cut or completed; made when first needed */
};

static struct tuntap *tuntap_of(struct weir_device *device)
{
    return CONTAINER_OF(device, struct tuntap, device);
}

/* ---- Offload: ours and the kernel's ---- */

static struct virtio_net_hdr vnet_from_frame(const struct weir_frame *frame)
{
    const struct weir_offload *o = &frame->offload;
    struct virtio_net_hdr h = {0};
    if (o->csum == WEIR_CSUM_PARTIAL) {
        h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        h.csum_start = o->csum_start;
        h.csum_offset = o->csum_offset;
    }
    if (o->gso_size) {
        h.gso_type =
            o->gso_type == WEIR_GSO_TCP6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
        h.gso_size = o->gso_size;
        h.hdr_len = (uint16_t)MIN(frame->slices[0].size, 65535u);
    }
    return h;
}

static struct weir_offload offload_from_vnet(const struct virtio_net_hdr *h)
{
    struct weir_offload o = {0};
    if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
        o.csum = WEIR_CSUM_PARTIAL;
        o.csum_start = h->csum_start;
        o.csum_offset = h->csum_offset;
    } else if (h->flags & VIRTIO_NET_HDR_F_DATA_VALID) {
        o.csum = WEIR_CSUM_VALID;
    }
    switch (h->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
    case VIRTIO_NET_HDR_GSO_TCPV4: o.gso_type = WEIR_GSO_TCP4; break;
    case VIRTIO_NET_HDR_GSO_TCPV6: o.gso_type = WEIR_GSO_TCP6; break;
    default: return o;
    }
    o.gso_size = h->gso_size;
    return o;
}

/* ---- Send ---- */

enum write_result { WRITTEN, FULL, GONE };

/* One packet. What the kernel does not take for reasons of the packet or of the moment (interface
 * down, no memory, malformed) is lost, as on any network. */
static enum write_result write_packet(int fd, const struct iovec *iov, int count)
{
    ssize_t n;
    do {
        n = writev(fd, iov, count);
    } while (n < 0 && errno == EINTR);
    if (n >= 0) {
        return WRITTEN;
    }
    switch (errno) {
    case EAGAIN: return FULL;
    case EBADFD:
    case EBADF:
    case ENODEV: return GONE;
    default: return WRITTEN;
    }
}

static void write_emitted(void *ctx, uint8_t *packet, uint32_t size)
{
    const struct tuntap *tun = ctx;
    struct virtio_net_hdr none = {0};
    struct iovec iov[2] = {{.iov_base = &none, .iov_len = sizeof(none)},
                           {.iov_base = packet, .iov_len = size}};
    (void)write_packet(tun->fd, tun->vnet ? iov : iov + 1, tun->vnet ? 2 : 1);
}

/* A frame that the interface was not set up for. The stack cuts by the caps, so this is rare; what
 * does not fit the kernel's queue is lost. */
static enum write_result write_as_wire(struct tuntap *tun, const struct weir_frame *frame)
{
    if (!tun->scratch) {
        tun->scratch = malloc(WIRE_SCRATCH_SIZE);
    }
    if (tun->scratch) {
        wire_packets(frame->slices, frame->slice_count, &frame->offload, tun->device.caps.medium,
                     tun->scratch, write_emitted, tun);
    }
    return WRITTEN;
}

static enum write_result write_frame(struct tuntap *tun, const struct weir_frame *frame)
{
    struct iovec iov[WEIR_SLICES_MAX + 1];
    struct virtio_net_hdr header;
    int count = 0;

    if (!tun->vnet && !wire_is_plain(&frame->offload)) {
        return write_as_wire(tun, frame);
    }
    if (tun->vnet) {
        header = vnet_from_frame(frame);
        iov[count++] = (struct iovec){.iov_base = &header, .iov_len = sizeof(header)};
    }
    ASSERT(frame->slice_count <= WEIR_SLICES_MAX);
    for (uint32_t i = 0; i < frame->slice_count; i++) { /* writev only reads */
        iov[count++] = (struct iovec){.iov_base = (void *)(uintptr_t)frame->slices[i].data,
                                      .iov_len = frame->slices[i].size};
    }
    return write_packet(tun->fd, iov, count);
}

static int tuntap_send(struct weir_device *device, const struct weir_frame *frames, size_t n,
                       weir_time now)
{
    (void)now;
    for (size_t i = 0; i < n; i++) {
        enum write_result result = write_frame(tuntap_of(device), &frames[i]);
        if (result == GONE && i == 0) {
            return WEIR_ENOENT;
        }
        if (result != WRITTEN) {
            return (int)i;
        }
    }
    return (int)n;
}

/* ---- Receive ---- */

/* Room for one packet; either may be NULL when there is no memory. */
struct room {
    struct weir_buffer *small, *large;
};

static void room_fill(const struct tuntap *tun, struct room *room)
{
    uint32_t largest = 65535 + wire_link_size(tun->device.caps.medium) + 4; /* a VLAN tag */
    if (!room->small) {
        room->small = weir_buffer_alloc(tun->device.stack, SMALL);
    }
    if (!room->large) {
        room->large = weir_buffer_alloc(tun->device.stack, largest);
    }
}

static void room_free(const struct tuntap *tun, struct room *room)
{
    if (room->small) {
        weir_buffer_free(tun->device.stack, room->small);
    }
    if (room->large) {
        weir_buffer_free(tun->device.stack, room->large);
    }
}

/* The packet of `size` bytes that was read into the room, out of the room. NULL: it was cut off. */
static struct weir_buffer *room_take(struct room *room, uint32_t size)
{
    struct weir_buffer *buffer = room->small;
    if (!buffer || (!room->large && size >= SMALL)) {
        return NULL;
    }
    if (size <= SMALL) {
        room->small = NULL;
    } else {
        memcpy(room->large->data, room->small->data, SMALL);
        buffer = room->large;
        room->large = NULL;
    }
    buffer->size = size;
    return buffer;
}

/* Returns the packet's size without the header, 0 when there is none now, or -errno. */
static ssize_t read_packet(const struct tuntap *tun, const struct room *room,
                           struct virtio_net_hdr *header)
{
    uint8_t nowhere[1]; /* without memory a packet is read all the same, and lost */
    struct iovec iov[3] = {{.iov_base = header, .iov_len = sizeof(*header)},
                           {.iov_base = nowhere, .iov_len = sizeof(nowhere)}};
    int count = 2, skip = tun->vnet ? 0 : 1;
    ssize_t header_size = tun->vnet ? (ssize_t)sizeof(*header) : 0;
    if (room->small) {
        iov[1] = (struct iovec){.iov_base = room->small->data, .iov_len = SMALL};
    }
    if (room->small && room->large) {
        iov[count++] = (struct iovec){.iov_base = room->large->data + SMALL,
                                      .iov_len = room->large->capacity - SMALL};
    }
    ssize_t n;
    do {
        n = readv(tun->fd, iov + skip, count - skip);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno == EAGAIN ? 0 : -errno;
    }
    return n <= header_size ? 0 : n - header_size;
}

static int tuntap_recv(struct weir_device *device, struct weir_buffer *buffers[], size_t n,
                       weir_time now)
{
    struct tuntap *tun = tuntap_of(device);
    struct room room = {0};
    size_t got = 0;
    ssize_t size = 1;
    (void)now;

    for (size_t i = 0; i < n; i++) {
        struct virtio_net_hdr header = {0};
        room_fill(tun, &room);
        size = read_packet(tun, &room, &header);
        if (size <= 0) {
            break;
        }
        buffers[got] = room_take(&room, (uint32_t)size);
        if (buffers[got]) {
            buffers[got++]->offload = offload_from_vnet(&header);
        }
    }
    room_free(tun, &room);
    if (got > 0 || size >= 0) {
        return (int)got;
    }
    return size == -EIO || size == -ENOMEM || size == -ENOBUFS ? 0 : WEIR_ENOENT;
}

/* ---- The device ---- */

static weir_time tuntap_deadline(const struct weir_device *device)
{
    (void)device;
    return WEIR_NEVER;
}

static int tuntap_fd(const struct weir_device *device)
{
    return CONTAINER_OF(device, const struct tuntap, device)->fd;
}

static void tuntap_del(struct weir_device *device)
{
    struct tuntap *tun = tuntap_of(device);
    close(tun->fd);
    free(tun->scratch);
    free(tun);
}

static const struct weir_device_ops tuntap_ops = {
    .send = tuntap_send,
    .recv = tuntap_recv,
    .deadline = tuntap_deadline,
    .fd = tuntap_fd,
    .del = tuntap_del,
};

int weir_tuntap_new(struct weir_device **device, const struct weir_tuntap_config *config, char *why,
                    size_t size)
{
    struct tuntap_interface interface;
    int error = tuntap_open(&interface, config, why, size);
    if (error) {
        return error;
    }
    struct tuntap *tun = calloc(1, sizeof(*tun));
    if (!tun) {
        close(interface.fd);
        return error_say(why, size, WEIR_ENOBUFS, "out of memory");
    }
    tun->device = (struct weir_device){.ops = &tuntap_ops, .caps = interface.caps};
    tun->fd = interface.fd;
    tun->vnet = config->offload;
    *device = &tun->device;
    return WEIR_OK;
}
