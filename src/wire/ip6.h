/* ip6.h - the IPv6 header and its extension chain (RFC 8200) as a plain value. */
#ifndef WIRE_IP6_H
#define WIRE_IP6_H

#include <weir/trace.h>

#define IP6_HEADER_SIZE 40

struct ip6_header {
    uint8_t tos; /* traffic class */
    uint32_t flow_label;
    uint16_t payload_size;
    uint8_t next_header, hop_limit;
    uint8_t src[16], dst[16];
    /* results of walking the chain (hop-by-hop, routing, fragment, destination options) */
    uint8_t protocol;         /* upper layer; 59: none */
    uint16_t upper_offset;    /* from the start of the packet */
    bool fragment;            /* a fragment header was found; the chain ends there */
    uint16_t fragment_offset; /* bytes */
    bool more_fragments;
    uint32_t fragment_id;
    uint16_t fragment_header; /* offset of the fragment header */
    uint16_t bad_offset;      /* with WEIR_DROP_IP6_EXTENSION: where the problem is */
    uint8_t bad_code;         /* ICMPv6 parameter problem code to answer with; 255: silently */
};

/* Checks version, length (a longer buffer is allowed: link padding), addresses (IPv4-mapped ones do not
 * belong on the wire) and the extension headers up to the upper layer. An extension header that is not
 * known is not judged: it is `protocol`. */
enum weir_drop ip6_parse(const uint8_t *p, size_t size, struct ip6_header *h);
void ip6_build(uint8_t *p, const struct ip6_header *h); /* 40 bytes; chain results ignored */

/* Finds the upper layer without judging anything, also in a packet that is cut off (a quote). false: the
 * chain does not end within `size`, or this is a fragment other than the first. */
bool ip6_find_upper(const uint8_t *p, size_t size, uint8_t *protocol, size_t *offset,
                    bool *fragment);

#endif
