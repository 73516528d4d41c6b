/* icmp.c - ICMP errors about TCP in a capture (RFC 792, 4443); headers are wire/'s. */
#include "trace/icmp.h"

#include <string.h>

#include "wire/icmp.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define PACKET_MAX 2048 /* an error quotes a packet's beginning only */

enum { NET_PROHIBITED = 9, HOST_PROHIBITED = 10, PROHIBITED = 13 }; /* RFC 1122 3.2.2.1, RFC 1812 */
enum { V6_PROHIBITED = 1, V6_POLICY = 5, V6_REJECT = 6 };           /* RFC 4443 3.1 */

static bool says_v4(const struct icmp_message *m, struct trace_icmp *icmp)
{
    if (m->type != ICMP4_UNREACHABLE) {
        return false;
    }
    bool prohibited =
        m->code == NET_PROHIBITED || m->code == HOST_PROHIBITED || m->code == PROHIBITED;
    icmp->what = m->code == ICMP4_FRAGMENTATION_NEEDED ? FINDER_ICMP_TOO_BIG
                 : prohibited                          ? FINDER_ICMP_PROHIBITED
                                                       : FINDER_ICMP_UNREACHABLE;
    icmp->mtu = m->rest & UINT16_MAX;
    return true;
}

static bool says_v6(const struct icmp_message *m, struct trace_icmp *icmp)
{
    if (m->type != ICMP6_UNREACHABLE && m->type != ICMP6_TOO_BIG) {
        return false;
    }
    bool prohibited = m->code == V6_PROHIBITED || m->code == V6_POLICY || m->code == V6_REJECT;
    icmp->what = m->type == ICMP6_TOO_BIG ? FINDER_ICMP_TOO_BIG
                 : prohibited             ? FINDER_ICMP_PROHIBITED
                                          : FINDER_ICMP_UNREACHABLE;
    icmp->mtu = m->rest;
    return true;
}

static bool parse_v4(const uint8_t *packet, size_t size, struct trace_icmp *icmp,
                     struct icmp_quote *quote)
{
    struct ip4_header ip;
    struct icmp_message m;

    return ip4_parse(packet, size, false, &ip) == WEIR_DROP_NONE &&
           ip.protocol == IP_PROTOCOL_ICMP && !ip.fragment &&
           icmp4_parse(packet + ip.header_size, (size_t)ip.total_size - ip.header_size, &m) ==
               WEIR_DROP_NONE &&
           says_v4(&m, icmp) && icmp4_quote_parse(m.body, m.body_size, quote);
}

static bool parse_v6(const uint8_t *packet, size_t size, struct trace_icmp *icmp,
                     struct icmp_quote *quote)
{
    struct ip6_header ip;
    struct icmp_message m;
    struct ip_addr src, dst;

    if (ip6_parse(packet, size, &ip) != WEIR_DROP_NONE || ip.protocol != IP_PROTOCOL_ICMP6 ||
        ip.fragment || ip.upper_offset > IP6_HEADER_SIZE + (size_t)ip.payload_size) {
        return false;
    }
    src = ip_addr_from_v6(ip.src);
    dst = ip_addr_from_v6(ip.dst);
    size_t rest = IP6_HEADER_SIZE + (size_t)ip.payload_size - ip.upper_offset;
    return icmp6_parse(packet + ip.upper_offset, rest, &src, &dst, &m) == WEIR_DROP_NONE &&
           says_v6(&m, icmp) && icmp6_quote_parse(m.body, m.body_size, quote);
}

bool trace_parse_icmp(const uint8_t *packet, size_t size, size_t original, struct trace_icmp *icmp)
{
    struct icmp_quote quote;

    if (size == 0 || size < original || size > PACKET_MAX) {
        return false; /* its own checksum cannot be checked: who knows what it says */
    }
    bool parsed = packet[0] >> 4 == 4   ? parse_v4(packet, size, icmp, &quote)
                  : packet[0] >> 4 == 6 ? parse_v6(packet, size, icmp, &quote)
                                        : false;
    if (!parsed || quote.protocol != IP_PROTOCOL_TCP) {
        return false;
    }
    icmp->src = (struct weir_endpoint){.port = quote.src_port};
    icmp->dst = (struct weir_endpoint){.port = quote.dst_port};
    ip_addr_to_public(&quote.src, &icmp->src.ip);
    ip_addr_to_public(&quote.dst, &icmp->dst.ip);
    return true;
}
