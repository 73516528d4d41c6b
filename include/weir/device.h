/*
 * device.h - what a device is: something that takes frames and gives packets. Devices wrap devices.
 *
 * A device does I/O; the core never calls one. The host's turn is
 *     recv -> weir_input -> events -> application -> weir_output -> send -> weir_frame_done.
 */
#ifndef WEIR_DEVICE_H
#define WEIR_DEVICE_H

#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

struct weir_device;

struct weir_device_caps {
    uint8_t medium; /* enum weir_medium */
    uint32_t mtu;   /* IP bytes */
    bool tx_csum, tx_gso;
    uint32_t gso_max; /* largest super-segment's IP size */
    uint8_t mac[6];   /* a suggestion for the stack's own address on this link */
};

struct weir_device_ops {
    /* Sends up to n frames in order; returns how many were taken (the rest: the device is full, try again
     * when writable), or a negative enum weir_error when the device is gone. Frames taken are no longer
     * needed when the call returns. */
    int (*send)(struct weir_device *device, const struct weir_frame *frames, size_t n,
                weir_time now);
    /* Receives up to n packets into buffers of the device's stack (weir_device.stack). Returns how many,
     * 0 when there is nothing now, or a negative enum weir_error. */
    int (*recv)(struct weir_device *device, struct weir_buffer *buffers[], size_t n, weir_time now);
    /* When recv (or a delayed send) has something to do next; WEIR_NEVER if only the fd knows. */
    weir_time (*deadline)(const struct weir_device *device);
    /* A file descriptor to poll for reading (and for writing after a short send), or -1. */
    int (*fd)(const struct weir_device *device);
    void (*del)(struct weir_device *device); /* a wrapper deletes what it wraps */
};

struct weir_device {
    const struct weir_device_ops *ops;
    struct weir_stack *stack;  /* whose buffers recv fills; set by weir_device_attach */
    struct weir_device *inner; /* what a wrapper wraps, else NULL */
    struct weir_device_caps caps;
};

/* Tells the device, and those it wraps, which stack receives. Must come before the first recv. */
WEIR_API void weir_device_attach(struct weir_device *device, struct weir_stack *stack);

static inline int weir_device_send(struct weir_device *d, const struct weir_frame *frames, size_t n,
                                   weir_time now)
{
    return d->ops->send(d, frames, n, now);
}
static inline int weir_device_recv(struct weir_device *d, struct weir_buffer *buffers[], size_t n,
                                   weir_time now)
{
    return d->ops->recv(d, buffers, n, now);
}
static inline weir_time weir_device_deadline(const struct weir_device *d)
{
    return d->ops->deadline(d);
}
static inline int weir_device_fd(const struct weir_device *d)
{
    return d->ops->fd(d);
}
/* NULL is allowed. Must come before weir_stack_del: packets that were not yet received are given back. */
WEIR_API void weir_device_del(struct weir_device *device);

/* ---- Memory link: a cable between two stacks of one process ------------------------------------- */

struct weir_memory_config {
    uint8_t medium;
    uint32_t mtu[2];   /* of each end */
    bool gso;          /* super-segments cross as they are */
    bool csum_offload; /* partial checksums cross as they are: trusted, nothing can damage them */
    uint32_t queue_packets; /* per direction, 0: 4096; a full queue makes send short */
    /* Not NULL: TCP checksums are verified in the pass that copies, with these inner loops. A packet whose
     * checksum is right arrives as WEIR_CSUM_VALID; any other is left to the receiver to judge. Must outlive
     * the link. */
    const struct weir_ops *verify;
};
WEIR_API int weir_memory_new(struct weir_device *ends[2], const struct weir_memory_config *config);

/* ---- TUN and TAP ----------------------------------------------------------------------------------- */

struct weir_tuntap_config {
    const char *name; /* interface name, at most 15 bytes */
    bool tap;
    bool offload; /* virtio-net header: checksum and segmentation offload both ways */
    bool multi_queue;
};
/* On failure returns a negative enum weir_error and, when `why` is not NULL, puts one line (what and
 * where, errno's text) into why[size]. WEIR_ENOENT: no /dev/net/tun; WEIR_EACCES: no permission;
 * WEIR_EBUSY: the interface is in use. */
WEIR_API int weir_tuntap_new(struct weir_device **device, const struct weir_tuntap_config *config,
                             char *why, size_t size);

/* ---- Wrappers --------------------------------------------------------------------------------------- */

/* Seeded trouble on the way. Everything is counted in wire segments: super-segments are cut first. */
struct weir_impair_direction {
    double loss; /* probability 0..1 */
    double duplicate, corrupt, reorder;
    weir_time delay, jitter; /* jitter: uniform in [0, jitter), order is kept */
    weir_time reorder_delay; /* extra time of a reordered packet; 0: delay / 2 + 1 ms */
    uint64_t rate;           /* bits per second, 0: infinite */
    uint32_t queue_packets;  /* waiting for the rate; 0: 1000; tail drop */
    const uint32_t *drop;    /* numbers (1..) of packets of this direction to drop; copied */
    size_t drop_count;
    const uint32_t *duplicate_nth; /* likewise: delivered twice */
    size_t duplicate_nth_count;
    const uint32_t *delay_nth; /* likewise: late by delay_nth_by */
    size_t delay_nth_count;
    weir_time delay_nth_by; /* 0: reorder_delay */
    /* Congestion experienced instead of a loss; of ECN-capable packets only (RFC 3168 5), others pass. */
    double mark;         /* probability 0..1 */
    uint32_t mark_queue; /* with `rate`: while at least this many packets wait; 0: not */
    /* TCP segments with data only: lost with probability 0..1, decided by nothing but the seed, the first byte's
     * place in the stream and how many times it was sent. So two senders meet the same fate. */
    double data_loss;
    bool count_transmissions; /* the records have `transmission`; always so with data_loss */
    uint32_t
        drop_larger; /* packets of more bytes, link header not counted, vanish without a word; 0: none do */
    /* The link stands still for stall_time from packet stall_nth on: that one and those behind it come later, in
     * order. 0: it does not. */
    uint32_t stall_nth;
    weir_time stall_time;
};

enum weir_impair_fate {
    WEIR_IMPAIR_DELIVERED = 0,
    WEIR_IMPAIR_LOST, /* by probability */
    WEIR_IMPAIR_DROPPED_NTH,
    WEIR_IMPAIR_QUEUE_FULL,
    WEIR_IMPAIR_DUPLICATE, /* the extra copy */
    WEIR_IMPAIR_TOO_LARGE  /* drop_larger */
};

/* One line of the truth: what happened to one wire packet. */
struct weir_impair_record {
    uint32_t direction; /* 0: out of the wrapped device (send), 1: into it (recv) */
    uint32_t number;    /* 1.. per direction, in order of sending */
    uint8_t fate;       /* enum weir_impair_fate */
    bool corrupted, reordered;
    weir_time sent;      /* when it was handed in */
    weir_time delivered; /* when it comes out; 0 if it never does */
    uint32_t size;
    const uint8_t *packet; /* its bytes as handed in (whole checksum), valid during the call */
    bool marked;           /* it was ECN-capable and comes out as CE */
    uint32_t transmission; /* of a TCP segment with data, when counted: 1 when it is new; else 0 */
    uint32_t payload;      /* then: bytes of data */
};

struct weir_impair_config {
    uint64_t seed;
    struct weir_impair_direction direction[2];                       /* 0: send, 1: recv */
    void (*log)(void *ctx, const struct weir_impair_record *record); /* NULL: none */
    void *log_ctx;
};
/* Takes over `inner`. The wrapper has inner's caps (it accepts super-segments and partial checksums
 * always, and cuts and completes them). */
WEIR_API int weir_impair_new(struct weir_device **device, struct weir_device *inner,
                             const struct weir_impair_config *config);

/* Calls `tap` for every packet that passes, in wire form when `wire` (super-segments cut, checksums
 * complete), else as it is. `out`: sent (true) or received. */
struct weir_tracer_config {
    bool wire;
    void (*tap)(void *ctx, const uint8_t *packet, size_t size, const struct weir_offload *offload,
                bool out, weir_time now);
    void *ctx;
};
WEIR_API int weir_tracer_new(struct weir_device **device, struct weir_device *inner,
                             const struct weir_tracer_config *config);

#ifdef __cplusplus
}
#endif
#endif
