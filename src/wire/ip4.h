/* ip4.h - the IPv4 header (RFC 791) as a plain value. */
#ifndef WIRE_IP4_H
#define WIRE_IP4_H

#include "base/bytes.h"
#include "base/compiler.h"
#include "wire/checksum.h"
#include <weir/trace.h>

#define IP4_HEADER_SIZE 20
#define IP4_HEADER_MAX 60
#define IP4_DONT_FRAGMENT 0x4000
#define IP4_MORE_FRAGMENTS 0x2000
#define IP4_OFFSET_MASK 0x1fff
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
    bool fragment; /* not the whole datagram; not used when building */
    uint8_t src[4], dst[4];
    const uint8_t *options; /* into the packet; NULL when building */
    uint8_t options_size;
};

/* Checks version, lengths (total_size <= size; a longer buffer is allowed: link padding), and the header
 * checksum. WEIR_DROP_NONE when it is good. A total length of 0 with `super` (a super-segment from a
 * device, RFC 2675-like in IPv4) is taken as `size`. Options are not looked into: ignored (MUST-50). */
static ALWAYS_INLINE enum weir_drop ip4_parse(const uint8_t *p, size_t size, bool super,
                                              struct ip4_header *h)
{
    if (size < IP4_HEADER_SIZE) {
        return WEIR_DROP_IP_SHORT;
    }
    if (p[0] >> 4 != 4) {
        return WEIR_DROP_IP_VERSION;
    }
    size_t header_size = (size_t)(p[0] & 15) * 4;
    if (header_size < IP4_HEADER_SIZE || header_size > size) {
        return WEIR_DROP_IP_HEADER_LENGTH;
    }
    size_t total_size = load_be16(p + 2);
    if (total_size == 0 && super) {
        total_size = size;
    }
    if (total_size < header_size || total_size > size || total_size > UINT16_MAX) {
        return WEIR_DROP_IP_TOTAL_LENGTH;
    }
    uint64_t sum = csum_words_20(p);
    if (UNLIKELY(header_size > IP4_HEADER_SIZE)) {
        sum += csum_words(p + IP4_HEADER_SIZE, header_size - IP4_HEADER_SIZE);
    }
    if (csum_fold(sum) != 0xffff) {
        return WEIR_DROP_IP_CHECKSUM;
    }

    uint16_t fragment = load_be16(p + 6);
    h->header_size = (uint8_t)header_size;
    h->tos = p[1];
    h->ttl = p[8];
    h->protocol = p[9];
    h->total_size = (uint16_t)total_size;
    h->id = load_be16(p + 4);
    h->fragment = (fragment & (IP4_OFFSET_MASK | IP4_MORE_FRAGMENTS)) != 0;
    h->fragment_offset = (uint16_t)((fragment & IP4_OFFSET_MASK) * 8);
    h->dont_fragment = (fragment & IP4_DONT_FRAGMENT) != 0;
    h->more_fragments = (fragment & IP4_MORE_FRAGMENTS) != 0;
    memcpy(h->src, p + 12, 4);
    memcpy(h->dst, p + 16, 4);
    h->options = p + IP4_HEADER_SIZE;
    h->options_size = (uint8_t)(header_size - IP4_HEADER_SIZE);
    return WEIR_DROP_NONE;
}

/* Writes a 20-byte header with its checksum (options are not sent). */
void ip4_build(uint8_t *p, const struct ip4_header *h);

/* For sending the same header many times: sets total length and ID and repairs the checksum. */
void ip4_patch(uint8_t *p, uint16_t total_size, uint16_t id);

#endif
