/*
 * segment.h - one captured packet as a plain value: what its headers say, when and where it was seen.
 *
 * Parsing is wire/'s; here only the link layers of captures are peeled off and packets that a capture cut
 * short are handled. Link types: pcap's LINKTYPE_ numbers.
 */
#ifndef TRACE_SEGMENT_H
#define TRACE_SEGMENT_H

#include <string.h>

#include "wire/tcp.h"
#include <weir/trace.h>

enum trace_side { LADDER_CLIENT = 0, LADDER_SERVER = 1 };

static inline enum trace_side trace_other(enum trace_side side)
{
    return side == LADDER_CLIENT ? LADDER_SERVER : LADDER_CLIENT;
}

/* The same address and port; packets have no scope, so it does not count. */
static inline bool trace_same_end(const struct weir_endpoint *a, const struct weir_endpoint *b)
{
    return a->port == b->port && a->ip.family == b->ip.family &&
           memcmp(a->ip.bytes, b->ip.bytes, sizeof(a->ip.bytes)) == 0;
}

struct trace_segment {
    weir_time time;
    uint32_t frame; /* its number in the capture, from 1; 0: none */
    uint32_t seq, ack;
    uint32_t length; /* payload bytes on the wire, also when they were not captured */
    uint16_t flags;  /* enum weir_tcp_flags */
    uint16_t window; /* as on the wire */
    uint16_t urgent;
    uint16_t ip_id; /* IPv6: 0 */
    uint8_t ttl;
    uint8_t side; /* enum trace_side: who sent it */
    bool cut;     /* options (or part of them) were not captured */
    uint8_t ecn;  /* the IP header's ECN field (RFC 3168); 3: congestion experienced */
    uint8_t
        checksum; /* enum trace_checksum; trace_parse_ip leaves it unknown, trace_verify tells */
    uint8_t header_words; /* Data Offset; 0: not known */
    uint16_t sum;         /* the checksum field, when header_words is known */
    struct tcp_options options;
};

/* What the TCP checksum of a captured packet says. */
enum trace_checksum {
    TRACE_SUM_UNKNOWN = 0, /* not looked at, or not all of it was captured */
    TRACE_SUM_GOOD,
    TRACE_SUM_PARTIAL, /* the pseudo-header only: captured before the network card filled it in */
    TRACE_SUM_BAD
};

/* Sequence numbers it occupies: payload, SYN and FIN. */
static inline uint32_t trace_segment_span(const struct trace_segment *s)
{
    return s->length + ((s->flags & WEIR_TCP_SYN) != 0) + ((s->flags & WEIR_TCP_FIN) != 0);
}

/* What became of a packet. */
enum trace_parsed {
    TRACE_TCP = 0,
    TRACE_NOT_TCP, /* something else, or a later fragment */
    TRACE_MALFORMED,
    TRACE_CUT /* TCP, but not even its first 20 bytes were captured */
};

/* `size` bytes of `original` were captured. Fills everything but time, frame and side. */
enum trace_parsed trace_parse_ip(const uint8_t *packet, size_t size, size_t original,
                                 struct trace_segment *segment, struct weir_endpoint *src,
                                 struct weir_endpoint *dst);

/* The same packet's TCP checksum; it costs a walk over the payload. */
enum trace_checksum trace_verify(const uint8_t *packet, size_t size, size_t original);

/* Is this link type understood? */
bool trace_link_known(int link_type);

/* Bytes before the IP header, or -1 when the packet is not IP or too short. */
int trace_link_header(int link_type, const uint8_t *packet, size_t size);

#endif
