/*
 * gso.h - cutting super-segments into wire segments, and merging them back: the one place.
 *
 * A super-segment is one IP/TCP header with more payload than one segment and a gso_size. Wire segment i
 * has the same headers but for: IP total length, IPv4 ID (+ i) and checksum, TCP sequence number, flags
 * (FIN and PSH only on the last, CWR only on the first), checksum; and with URG the urgent pointer, which
 * counts from the sequence number (a segment that begins after the urgent data has no URG).
 */
#ifndef WIRE_GSO_H
#define WIRE_GSO_H

#include "base/address.h"
#include <weir/trace.h>

#define GSO_SUMS 64

/* A super-segment being cut. The slices must stay valid meanwhile. */
struct gso_cut {
    const struct weir_slice *slices;
    uint32_t slice_count;
    uint32_t header_size; /* link + IP + TCP; all within slice 0 */
    uint32_t link_size;   /* 0 or 14 */
    uint32_t payload_size, gso_size;
    uint32_t done;                /* payload bytes already cut */
    uint32_t index;               /* segments already cut */
    uint32_t at_slice, at_offset; /* where the payload of the next segment starts */
    bool ip6;
    uint8_t ip_size, tcp_size; /* header sizes; ip_size with IPv6's extension headers */
    /* What is the same in every segment, summed once; the fields that differ, from the first. */
    uint64_t ip_sum, pseudo_sum, tcp_sum;
    uint32_t seq;
    uint16_t id, urgent;
    uint8_t flags;
    struct { /* of the segment at hand; the second serves for all that follow, but for the last */
        uint64_t pseudo_sum, tcp_sum;
        uint16_t total, urgent; /* total: the IP header's length field */
        uint8_t flags;
    } now;
    /* The caller may set after gso_cut_begin what it knows: the sum of the payload of wire segment i; 0: not
     * known. */
    uint16_t payload_sums[GSO_SUMS];
};

/* false: the headers make no sense (not TCP, a fragment, headers not within slice 0, the IP length beyond the
 * slices, gso_size 0, segments above 65535 bytes, more than one segment with SYN or RST). `link_size`: bytes
 * before the IP header. Bytes after the IP length are link padding and left out; an IP length of 0 means
 * that everything belongs to the packet. Works for frames that are no super-segment too (one segment). */
bool gso_cut_begin(struct gso_cut *cut, const struct weir_slice *slices, uint32_t slice_count,
                   uint32_t link_size, uint16_t gso_size);
uint32_t gso_cut_count(const struct gso_cut *cut); /* wire segments in all */

/* The next wire segment: its headers into header[header_size] (link header copied), the slices of its
 * payload into payload[] (at most WEIR_SLICES_MAX - 1). When `complete`, the TCP checksum is whole; else
 * the field holds the pseudo-header sum (partial). Returns false at the end. */
bool gso_cut_next(struct gso_cut *cut, const struct weir_ops *ops, bool complete, uint8_t *header,
                  struct weir_slice *payload, uint32_t *payload_slices, uint32_t *payload_size);

/* Flat form, for devices and captures: calls `emit` for each wire packet (checksum complete) of one frame
 * given as slices with its offload; a frame that is neither super nor partial is passed as it is. Returns
 * false when the frame makes no sense (offload lies). `scratch` must hold 65535 + 14 bytes. */
bool gso_to_wire(const struct weir_ops *ops, const struct weir_slice *slices, uint32_t slice_count,
                 const struct weir_offload *offload, uint32_t link_size, uint8_t *scratch,
                 void (*emit)(void *ctx, uint8_t *packet, uint32_t size), void *ctx);

/* Checks that an incoming packet's offload fields fit its bytes (a device is not believed blindly):
 * csum_start/offset within the packet and pointing at the TCP/UDP checksum, gso only with TCP. */
bool gso_offload_ok(const uint8_t *packet, uint32_t size, uint32_t link_size,
                    const struct weir_offload *offload);

/* Merging (generic receive offload): can `b` be appended to `a`? Both are whole packets of one flow (flat,
 * checksums verified), b's sequence number follows a's last byte, same ACK number, window and options bytes,
 * flags only ACK (b may add PSH), all of a's segments full-sized (gso_size), b not larger, the sum within
 * 65535. The merge itself is the caller's: it appends the payload, sets gso_size. */
bool gso_can_merge(const uint8_t *a, uint32_t a_size, uint16_t a_gso_size, const uint8_t *b,
                   uint32_t b_size, uint32_t link_size);

#endif
