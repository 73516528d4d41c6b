/*
 * icmp_quote.c - the packet quoted in an ICMP error, as far as it goes (RFC 792, RFC 4443 2.4 c).
 *
 * Only what names the connection is looked at: routers change the other fields (TTL, total length,
 * checksums), and the quote may end 8 bytes after the IP header.
 */
#include "wire/icmp.h"

#include "base/bytes.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define QUOTE_UPPER_SIZE 8

/* Ports and sequence number; protocols without ports have none. */
static bool take_upper(const uint8_t *p, size_t size, struct icmp_quote *q)
{
    bool icmp = q->protocol == IP_PROTOCOL_ICMP || q->protocol == IP_PROTOCOL_ICMP6;
    if (icmp && size >= QUOTE_UPPER_SIZE) {
        q->icmp_type = p[0];
        q->icmp_id = load_be16(p + 4);
    }
    if (q->protocol != IP_PROTOCOL_TCP && q->protocol != IP_PROTOCOL_UDP) {
        return true;
    }
    if (size < QUOTE_UPPER_SIZE) {
        return false;
    }
    q->src_port = load_be16(p);
    q->dst_port = load_be16(p + 2);
    if (q->protocol == IP_PROTOCOL_TCP) {
        q->tcp_seq = load_be32(p + 4);
    }
    return true;
}

bool icmp4_quote_parse(const uint8_t *p, size_t size, struct icmp_quote *q)
{
    if (size < IP4_HEADER_SIZE || p[0] >> 4 != 4) {
        return false;
    }
    size_t header_size = (size_t)(p[0] & 15) * 4;
    if (header_size < IP4_HEADER_SIZE || header_size > size) {
        return false;
    }
    if ((load_be16(p + 6) & 0x1fff) != 0) {
        return false; /* not the first fragment: no ports in it */
    }
    *q = (struct icmp_quote){
        .src = ip_addr_from_v4(p + 12),
        .dst = ip_addr_from_v4(p + 16),
        .protocol = p[9],
        .size = load_be16(p + 2),
    };
    return take_upper(p + header_size, size - header_size, q);
}

bool icmp6_quote_parse(const uint8_t *p, size_t size, struct icmp_quote *q)
{
    uint8_t protocol;
    size_t offset;
    bool fragment;

    if (size < IP6_HEADER_SIZE || p[0] >> 4 != 6) {
        return false;
    }
    if (!ip6_find_upper(p, size, &protocol, &offset, &fragment)) {
        return false;
    }
    *q = (struct icmp_quote){
        .src = ip_addr_from_v6(p + 8),
        .dst = ip_addr_from_v6(p + 24),
        .protocol = protocol,
    };
    if (ip_addr_is_v4(&q->src) || ip_addr_is_v4(&q->dst)) {
        return false; /* would name an IPv4 connection */
    }
    if (offset > size) {
        offset = size;
    }
    return take_upper(p + offset, size - offset, q);
}
