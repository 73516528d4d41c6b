/* ip4.h - the IPv4 header (RFC 791) as a plain value. */
#ifndef WIRE_IP4_H
#define WIRE_IP4_H

#include <weir/trace.h>

#define IP4_HEADER_SIZE 20
#define IP4_HEADER_MAX 60
#define IP_PROTOCOL_ICMP 1
#define IP_PROTOCOL_TCP 6
#define IP_PROTOCOL_UDP 17
#define IP_PROTOCOL_ICMP6 58

struct ip4_header {
    uint8_t header_size; /* 20..60 */
    uint8_t tos, ttl, protocol;
    uint16_t total_size; /* header and payload */
    uint16_t id;
    uint16_t fragment_offset; /* bytes */
    bool dont_fragment, more_fragments;
    uint8_t src[4], dst[4];
    const uint8_t *options; /* into the packet; NULL when building */
    uint8_t options_size;
};

/* Checks version, lengths (total_size <= size; a longer buffer is allowed: link padding), and the header
 * checksum. WEIR_DROP_NONE when it is good. A total length of 0 with `super` (a super-segment from a
 * device, RFC 2675-like in IPv4) is taken as `size`. Options are not looked into: ignored (MUST-50). */
enum weir_drop ip4_parse(const uint8_t *p, size_t size, bool super, struct ip4_header *h);

/* Writes a 20-byte header with its checksum (options are not sent). */
void ip4_build(uint8_t *p, const struct ip4_header *h);

/* For sending the same header many times: sets total length and ID and repairs the checksum. */
void ip4_patch(uint8_t *p, uint16_t total_size, uint16_t id);

#endif
