/*
 * types.h - what all of weir's interface speaks in: time, errors, addresses, buffers, frames. Included by
 * weir.h, whose head says the rules.
 */
#ifndef WEIR_TYPES_H
#define WEIR_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define WEIR_API __attribute__((visibility("default")))
#else
#define WEIR_API
#endif

/* ---- Time, errors, memory --------------------------------------------------------------------- */

typedef uint64_t weir_time; /* nanoseconds */
#define WEIR_NEVER UINT64_MAX
#define WEIR_US 1000ULL
#define WEIR_MS 1000000ULL
#define WEIR_S 1000000000ULL

/* Every call that can fail returns one of these (negative) or something >= 0. */
enum weir_error {
    WEIR_OK = 0,
    WEIR_EINVAL = -1,  /* an argument makes no sense */
    WEIR_ENOBUFS = -2, /* the byte budget or the allocator is exhausted; try again later */
    WEIR_EAGAIN = -3, /* nothing to read, accept or no room to write just now; an event will tell */
    WEIR_ESTALE = -4, /* the handle was closed already */
    WEIR_ENOTCONN = -5,   /* the connection is not (or no longer) in a state that allows the call */
    WEIR_EISCONN = -6,    /* already connected or connecting */
    WEIR_EADDRINUSE = -7, /* the local address and port are taken, or no ephemeral port is left */
    WEIR_EADDRNOTAVAIL = -8, /* not an address of this stack */
    WEIR_ENETUNREACH = -9,   /* no route */
    WEIR_EHOSTUNREACH = -10, /* the neighbour does not answer, or ICMP said so */
    WEIR_ECONNREFUSED = -11, /* the peer answered the SYN with RST */
    WEIR_ECONNRESET = -12,   /* the peer aborted: RST in a synchronized state */
    WEIR_ECONNABORTED = -13, /* aborted from this side */
    WEIR_ETIMEDOUT = -14,    /* retransmission limit R2, keep-alive or user timeout reached */
    WEIR_EPIPE = -15,        /* sending after shutdown */
    WEIR_EBUSY = -16,        /* frames or buffers are still out */
    WEIR_ENOENT = -17,       /* no such link, address, route */
    WEIR_EEXIST = -18,       /* already there */
    WEIR_EMSGSIZE = -19,     /* too large for one packet */
    WEIR_ENOPROTOOPT = -20,  /* no such option, or not for this kind of handle */
    WEIR_EACCES = -21, /* ICMP: administratively prohibited; broadcast or multicast destination */
    /* ICMP said so, and nothing above fits: */
    WEIR_EPROTO = -22,     /* a parameter problem */
    WEIR_EHOSTDOWN = -23,  /* host unknown */
    WEIR_ENONET = -24,     /* the host is isolated */
    WEIR_EOPNOTSUPP = -25, /* a source route failed */
    WEIR_ERROR_LAST = -25
};

/* A short English description ("connection refused"), never NULL. */
WEIR_API const char *weir_strerror(int error);

/* All memory of a stack comes from here. `alloc` returns NULL when there is none, and memory aligned for
 * any object otherwise; `free` gets the size that was asked for. Both must not call weir. */
struct weir_allocator {
    void *ctx;
    void *(*alloc)(void *ctx, size_t size);
    void (*free)(void *ctx, void *memory, size_t size);
};

/* A bug in weir itself was found. Supplied by libweir's host part (prints and aborts); an embedder of the
 * bare core supplies its own. Must not return. */
WEIR_API void weir_assert_fail(const char *expression, const char *file, int line);

/* ---- Addresses -------------------------------------------------------------------------------- */

/* An IP address. family: 4, 6, or 0 = unspecified ("any"). IPv4 uses the first four bytes.
 * scope: for IPv6 link-local addresses the link index + 1, else 0. */
struct weir_ip {
    uint8_t family;
    uint8_t reserved[3];
    uint32_t scope;
    uint8_t bytes[16];
};

struct weir_endpoint {
    struct weir_ip ip;
    uint16_t port;
};

/* Text to address and back. Parsing returns WEIR_OK or WEIR_EINVAL; `text` needs no terminator beyond
 * `size` = strlen. Formatting writes at most `size` bytes with a final 0 and returns the length it wanted
 * (RFC 5952 for IPv6). WEIR_IP_TEXT_MAX is enough for every address. */
#define WEIR_IP_TEXT_MAX 56
WEIR_API int weir_ip_parse(const char *text, struct weir_ip *ip);
WEIR_API size_t weir_ip_format(const struct weir_ip *ip, char *text, size_t size);
WEIR_API bool weir_ip_equal(const struct weir_ip *a, const struct weir_ip *b);

/* ---- Buffers: received packets and borrowed payload -------------------------------------------- */

/* State of the transport checksum of a packet, both ways. */
enum weir_csum {
    WEIR_CSUM_NONE = 0, /* not looked at: software verifies (in) or has filled it in (out) */
    WEIR_CSUM_VALID,    /* in: the device verified it. Never out. */
    WEIR_CSUM_PARTIAL /* pseudo-header sum is in the field; the rest is to be added from csum_start on */
};

enum weir_gso { WEIR_GSO_NONE = 0, WEIR_GSO_TCP4, WEIR_GSO_TCP6 };

/* What travels beside a packet's bytes (virtio-net header in other words). */
struct weir_offload {
    uint8_t csum;         /* enum weir_csum */
    uint8_t gso_type;     /* enum weir_gso */
    uint16_t gso_size;    /* payload bytes per wire segment; 0 when not a super-segment */
    uint16_t csum_start;  /* partial: from the first byte of the frame */
    uint16_t csum_offset; /* partial: field's place from csum_start */
};

/*
 * A reference-counted piece of memory with bytes [data, data + size) in it. The fields below are for the
 * holder of the buffer to read and, before the buffer is handed to weir_input, to write: a device fills
 * data[0..capacity), then sets `size` and `offload`.
 */
struct weir_buffer {
    uint8_t *data;
    uint32_t size;     /* valid bytes from data */
    uint32_t capacity; /* bytes available from data */
    struct weir_offload offload;
    uint64_t cookie; /* foreign or borrowed memory: the owner's name for it */
    /* private to the stack from here on */
    uint8_t *memory;
    struct weir_buffer *next;
    uint64_t position;
    uint32_t charge;
    uint32_t references;
    uint8_t kind;
    uint8_t flags;
    uint16_t aux;
    uint32_t aux32;
};

/* ---- Frames: what the stack wants sent ---------------------------------------------------------- */

#define WEIR_SLICES_MAX 18

struct weir_slice {
    const void *data;
    size_t size;
};

/*
 * One packet, or one super-segment (offload.gso_size != 0), as slices: headers first. The slices and what
 * they point at stay valid and unchanged until weir_frame_done(). The first slice always holds the whole
 * link, IP and TCP headers.
 */
struct weir_frame {
    uint32_t link;
    uint32_t size; /* sum of all slices */
    struct weir_offload offload;
    uint32_t slice_count;
    const struct weir_slice *slices;
    void *block; /* private */
};

enum weir_frame_fate { WEIR_FRAME_SENT = 0, WEIR_FRAME_DROPPED };

#ifdef __cplusplus
}
#endif
#endif
