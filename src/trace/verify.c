/*
 * verify.c - is the TCP checksum of a captured packet right?
 *
 * A packet captured on its way out has none yet when the network card computes it: the kernel has put the
 * pseudo-header's sum there, and that is recognised, because it says nothing about damage.
 */
#include <string.h>

#include "trace/segment.h"
#include "wire/checksum.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define CHECKSUM_OFFSET 16

/* The TCP part of a packet that is all there. */
struct tcp_part {
    const uint8_t *bytes;
    size_t size;
    struct ip_addr src, dst;
};

static bool find_ip4(const uint8_t *packet, size_t size, struct tcp_part *part)
{
    size_t header = (size_t)(packet[0] & 15) * 4;

    if (size < IP4_HEADER_SIZE || header < IP4_HEADER_SIZE || packet[9] != IP_PROTOCOL_TCP ||
        (load_be16(packet + 6) & (IP4_MORE_FRAGMENTS | IP4_OFFSET_MASK)) != 0) {
        return false;
    }
    size_t total = load_be16(packet + 2);
    total = total == 0 ? size : total;
    if (total > size || header >= total) {
        return false;
    }
    *part = (struct tcp_part){packet + header, total - header, ip_addr_from_v4(packet + 12),
                              ip_addr_from_v4(packet + 16)};
    return true;
}

static bool find_ip6(const uint8_t *packet, size_t size, struct tcp_part *part)
{
    struct ip6_header h;

    if (ip6_parse(packet, size, &h) != WEIR_DROP_NONE || h.fragment ||
        h.protocol != IP_PROTOCOL_TCP) {
        return false;
    }
    size_t end = IP6_HEADER_SIZE + (size_t)h.payload_size;
    if (end > size || h.upper_offset >= end) {
        return false;
    }
    *part = (struct tcp_part){.bytes = packet + h.upper_offset, .size = end - h.upper_offset};
    memcpy(&part->src, h.src, 16);
    memcpy(&part->dst, h.dst, 16);
    return true;
}

enum trace_checksum trace_verify(const uint8_t *packet, size_t size, size_t original)
{
    struct tcp_part part = {.bytes = NULL};

    if (size < original || size == 0) {
        return TRACE_SUM_UNKNOWN;
    }
    bool found = packet[0] >> 4 == 4   ? find_ip4(packet, size, &part)
                 : packet[0] >> 4 == 6 ? find_ip6(packet, size, &part)
                                       : false;
    if (!found || part.size < TCP_HEADER_SIZE) {
        return TRACE_SUM_UNKNOWN;
    }
    uint64_t pseudo = csum_pseudo(&part.src, &part.dst, IP_PROTOCOL_TCP, (uint32_t)part.size);
    if (csum_fold(csum_sum_portable(part.bytes, part.size, pseudo)) == 0xffff) {
        return TRACE_SUM_GOOD;
    }
    bool partial = csum_load(part.bytes + CHECKSUM_OFFSET) == csum_fold(pseudo);
    return partial ? TRACE_SUM_PARTIAL : TRACE_SUM_BAD;
}
