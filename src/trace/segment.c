/*
 * segment.c - from a captured packet to a plain value: link layers, and packets that were cut short.
 *
 * A capture with a small snap length keeps only the first bytes of each packet. The headers are then
 * parsed from a copy that is filled up with zeros to the packet's true size, so that every length in the
 * headers can be checked as usual; what was not captured is never reported (`cut`).
 */
#include "trace/segment.h"

#include <string.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "wire/checksum.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

/* Link types of pcap files: LINKTYPE_ numbers, and the two that libpcap turns RAW into. */
enum {
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_RAW_LINUX = 12,
    LINK_RAW_BSD = 14,
    LINK_RAW = 101,
    LINK_LOOP = 108,
    LINK_SLL = 113,
    LINK_IP4 = 228,
    LINK_IP6 = 229,
    LINK_SLL2 = 276
};

#define NULL_HEADER_SIZE 4
#define SLL_HEADER_SIZE 16
#define SLL_TYPE_OFFSET 14
#define SLL2_HEADER_SIZE 20
#define VLAN_TAG_SIZE 4
#define VLAN_TAGS_MAX 4
#define ETH_TYPE_VLAN 0x8100
#define ETH_TYPE_QINQ 0x88a8

#define PACKET_MAX 65600

bool trace_link_known(int link_type)
{
    static const int known[] = {LINK_NULL, LINK_ETHERNET, LINK_RAW_LINUX, LINK_RAW_BSD, LINK_RAW,
                                LINK_LOOP, LINK_SLL,      LINK_IP4,       LINK_IP6,     LINK_SLL2};

    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (known[i] == link_type) {
            return true;
        }
    }
    return false;
}

/* Steps over VLAN tags; `type` is the one before offset `at`. */
static int after_vlan(const uint8_t *packet, size_t size, size_t at, uint16_t type)
{
    for (int i = 0; i < VLAN_TAGS_MAX && (type == ETH_TYPE_VLAN || type == ETH_TYPE_QINQ); i++) {
        if (size < at + VLAN_TAG_SIZE) {
            return -1;
        }
        type = load_be16(packet + at + 2);
        at += VLAN_TAG_SIZE;
    }
    return type == ETH_TYPE_IP4 || type == ETH_TYPE_IP6 ? (int)at : -1;
}

/* BSD loopback: the address family as 32 bits of the capturing machine's byte order; that of IPv6 differs
 * between systems. */
static int after_family(const uint8_t *packet, size_t size)
{
    if (size < NULL_HEADER_SIZE) {
        return -1;
    }
    uint32_t family = load_be32(packet);
    if (family > UINT16_MAX) {
        family = (uint32_t)packet[1] << 8 | packet[0];
    }
    switch (family) {
    case 2:
    case 10:
    case 24:
    case 28:
    case 30: return NULL_HEADER_SIZE;
    default: return -1;
    }
}

int trace_link_header(int link_type, const uint8_t *packet, size_t size)
{
    struct eth_header eth;

    switch (link_type) {
    case LINK_ETHERNET:
        return eth_parse(packet, size, &eth) ? after_vlan(packet, size, ETH_HEADER_SIZE, eth.type)
                                             : -1;
    case LINK_SLL:
        return size < SLL_HEADER_SIZE
                   ? -1
                   : after_vlan(packet, size, SLL_HEADER_SIZE, load_be16(packet + SLL_TYPE_OFFSET));
    case LINK_SLL2:
        return size < SLL2_HEADER_SIZE
                   ? -1
                   : after_vlan(packet, size, SLL2_HEADER_SIZE, load_be16(packet));
    case LINK_NULL:
    case LINK_LOOP: return after_family(packet, size);
    default: return size == 0 ? -1 : 0;
    }
}

#define CHECKSUM_OFFSET 16

/* Where the TCP header is, and what the IP header says that a ladder wants to know. */
struct place {
    size_t tcp_offset, tcp_size;
    uint16_t id;
    uint8_t ttl, ecn;
};

/* A checksum of 0 was captured before the sender's network card filled it in. */
static enum weir_drop parse_without_checksum(const uint8_t *packet, size_t size,
                                             struct ip4_header *h)
{
    uint8_t header[IP4_HEADER_MAX];
    size_t header_size = (size_t)(packet[0] & 15) * 4;

    memcpy(header, packet, header_size);
    csum_store(header + 10, csum_finish(csum_sum_portable(header, header_size, 0)));
    enum weir_drop drop = ip4_parse(header, size, true, h);
    h->options = NULL;
    return drop;
}

static enum trace_parsed find_in_ip4(const uint8_t *packet, size_t size, struct place *place,
                                     struct weir_endpoint *src, struct weir_endpoint *dst)
{
    struct ip4_header h;
    enum weir_drop drop = ip4_parse(packet, size, true, &h);

    if (drop == WEIR_DROP_IP_CHECKSUM && csum_load(packet + 10) == 0) {
        drop = parse_without_checksum(packet, size, &h);
    }
    if (drop != WEIR_DROP_NONE) {
        return TRACE_MALFORMED;
    }
    if (h.protocol != IP_PROTOCOL_TCP || h.fragment_offset != 0 || h.more_fragments) {
        return TRACE_NOT_TCP;
    }
    *place = (struct place){.tcp_offset = h.header_size,
                            .tcp_size = (size_t)h.total_size - h.header_size,
                            .id = h.id,
                            .ttl = h.ttl,
                            .ecn = h.tos & 3};
    src->ip = (struct weir_ip){.family = 4};
    dst->ip = (struct weir_ip){.family = 4};
    memcpy(src->ip.bytes, h.src, 4);
    memcpy(dst->ip.bytes, h.dst, 4);
    return TRACE_TCP;
}

static enum trace_parsed find_in_ip6(const uint8_t *packet, size_t size, struct place *place,
                                     struct weir_endpoint *src, struct weir_endpoint *dst)
{
    struct ip6_header h;

    if (ip6_parse(packet, size, &h) != WEIR_DROP_NONE) {
        return TRACE_MALFORMED;
    }
    if (h.fragment || h.protocol != IP_PROTOCOL_TCP) {
        return TRACE_NOT_TCP;
    }
    size_t end = IP6_HEADER_SIZE + (size_t)h.payload_size;
    if (h.upper_offset > end || end > size) {
        return TRACE_MALFORMED;
    }
    *place = (struct place){.tcp_offset = h.upper_offset,
                            .tcp_size = end - h.upper_offset,
                            .ttl = h.hop_limit,
                            .ecn = h.tos & 3};
    src->ip = (struct weir_ip){.family = 6};
    dst->ip = (struct weir_ip){.family = 6};
    memcpy(src->ip.bytes, h.src, 16);
    memcpy(dst->ip.bytes, h.dst, 16);
    return TRACE_TCP;
}

static void take_tcp(const struct tcp_segment *tcp, const struct place *place, bool cut,
                     struct trace_segment *segment)
{
    *segment = (struct trace_segment){.seq = tcp->seq,
                                      .ack = tcp->ack,
                                      .length = tcp->payload_size,
                                      .flags = tcp->flags,
                                      .window = tcp->window,
                                      .urgent = tcp->urgent,
                                      .ip_id = place->id,
                                      .ttl = place->ttl,
                                      .ecn = place->ecn,
                                      .header_words = (uint8_t)(tcp->header_size / 4),
                                      .cut = cut};
    if (!cut) {
        segment->options = tcp->options;
        segment->options.fastopen = NULL; /* the packet goes away */
    }
}

/* Are all headers there, in packets without extension headers? Then what is missing behind them does not
 * matter, and nothing beyond them is read. */
static bool headers_captured(const uint8_t *packet, size_t size)
{
    bool four = size >= IP4_HEADER_SIZE && packet[0] >> 4 == 4;
    size_t ip = four ? (size_t)(packet[0] & 15) * 4 : IP6_HEADER_SIZE;

    if (!four && (size < IP6_HEADER_SIZE || packet[0] >> 4 != 6 || packet[6] != IP_PROTOCOL_TCP)) {
        return false;
    }
    return size >= ip + TCP_HEADER_SIZE && size >= ip + (size_t)(packet[ip + 12] >> 4) * 4;
}

/* `size` bytes may be read, or at least all headers; the packet has `whole`. */
static enum trace_parsed parse(const uint8_t *packet, size_t size, size_t whole,
                               struct trace_segment *segment, struct weir_endpoint *src,
                               struct weir_endpoint *dst)
{
    struct place place;
    struct tcp_segment tcp;
    uint8_t version = packet[0] >> 4;
    enum trace_parsed parsed = TRACE_NOT_TCP;

    if (version == 4) {
        parsed = find_in_ip4(packet, whole, &place, src, dst);
    } else if (version == 6) {
        parsed = find_in_ip6(packet, whole, &place, src, dst);
    }
    if (parsed != TRACE_TCP) {
        return parsed;
    }
    if (size < place.tcp_offset + TCP_HEADER_SIZE) {
        return place.tcp_size < TCP_HEADER_SIZE ? TRACE_MALFORMED : TRACE_CUT;
    }
    if (tcp_parse(packet + place.tcp_offset, place.tcp_size, &tcp) != WEIR_DROP_NONE) {
        return TRACE_MALFORMED;
    }
    take_tcp(&tcp, &place, size < place.tcp_offset + tcp.header_size, segment);
    segment->sum = load_be16(packet + place.tcp_offset + CHECKSUM_OFFSET);
    src->port = tcp.src_port;
    dst->port = tcp.dst_port;
    return TRACE_TCP;
}

/* With zeros for what was not captured, so that every length can be checked as usual. */
static NOINLINE enum trace_parsed parse_filled(const uint8_t *packet, size_t size, size_t whole,
                                               struct trace_segment *segment,
                                               struct weir_endpoint *src, struct weir_endpoint *dst)
{
    uint8_t copy[PACKET_MAX];

    memcpy(copy, packet, size);
    memset(copy + size, 0, whole - size);
    return parse(copy, size, whole, segment, src, dst);
}

enum trace_parsed trace_parse_ip(const uint8_t *packet, size_t size, size_t original,
                                 struct trace_segment *segment, struct weir_endpoint *src,
                                 struct weir_endpoint *dst)
{
    if (size > PACKET_MAX) {
        size = PACKET_MAX;
    }
    if (size == 0) {
        return TRACE_MALFORMED;
    }
    size_t whole = original < size ? size : MIN(original, PACKET_MAX);
    return whole == size || headers_captured(packet, size)
               ? parse(packet, size, whole, segment, src, dst)
               : parse_filled(packet, size, whole, segment, src, dst);
}
