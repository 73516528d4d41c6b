/* icmp.h - ICMPv4 (RFC 792, 1191), ICMPv6 (RFC 4443) and NDP messages (RFC 4861) as plain values. */
#ifndef WIRE_ICMP_H
#define WIRE_ICMP_H

#include "base/address.h"
#include <weir/trace.h>

#define ICMP_HEADER_SIZE 8

enum icmp4_type {
    ICMP4_ECHO_REPLY = 0,
    ICMP4_UNREACHABLE = 3,
    ICMP4_SOURCE_QUENCH = 4,
    ICMP4_REDIRECT = 5,
    ICMP4_ECHO = 8,
    ICMP4_TIME_EXCEEDED = 11,
    ICMP4_PARAMETER_PROBLEM = 12
};
enum icmp4_unreachable {
    ICMP4_NET = 0,
    ICMP4_HOST = 1,
    ICMP4_PROTOCOL = 2,
    ICMP4_PORT = 3,
    ICMP4_FRAGMENTATION_NEEDED = 4,
    ICMP4_SOURCE_ROUTE = 5
};
enum icmp6_type {
    ICMP6_UNREACHABLE = 1,
    ICMP6_TOO_BIG = 2,
    ICMP6_TIME_EXCEEDED = 3,
    ICMP6_PARAMETER_PROBLEM = 4,
    ICMP6_ECHO = 128,
    ICMP6_ECHO_REPLY = 129,
    ICMP6_ROUTER_SOLICIT = 133,
    ICMP6_ROUTER_ADVERT = 134,
    ICMP6_NEIGHBOR_SOLICIT = 135,
    ICMP6_NEIGHBOR_ADVERT = 136
};

struct icmp_message {
    uint8_t type, code;
    uint32_t rest; /* the second word: id/sequence, MTU, pointer */
    const uint8_t *body;
    size_t body_size;
};

/* ICMPv4: checks length and checksum. */
enum weir_drop icmp4_parse(const uint8_t *p, size_t size, struct icmp_message *m);
/* ICMPv6: the checksum covers the pseudo-header. */
enum weir_drop icmp6_parse(const uint8_t *p, size_t size, const struct ip_addr *src,
                           const struct ip_addr *dst, struct icmp_message *m);
/* Write header + body (body may already be in place) and the checksum; returns the size. */
size_t icmp4_build(uint8_t *p, const struct icmp_message *m);
size_t icmp6_build(uint8_t *p, const struct icmp_message *m, const struct ip_addr *src,
                   const struct ip_addr *dst);

/* The packet quoted in an ICMP error, as far as it goes: addresses, protocol, first 8 upper bytes. */
struct icmp_quote {
    struct ip_addr src, dst;
    uint8_t protocol;
    uint16_t src_port, dst_port;
    uint32_t tcp_seq;
    uint8_t icmp_type; /* of ICMP and ICMPv6, 0: cut off */
    uint16_t icmp_id;  /* if that is an echo message */
    uint16_t
        size; /* IPv4: total length of the quoted packet, as far as it can be trusted; IPv6: 0 */
};
bool icmp4_quote_parse(const uint8_t *p, size_t size, struct icmp_quote *q);
bool icmp6_quote_parse(const uint8_t *p, size_t size, struct icmp_quote *q);

/* Neighbor solicitation and advertisement. `mac` is the source (NS) or target (NA) link-layer option. */
struct ndp_message {
    uint8_t type; /* ICMP6_NEIGHBOR_SOLICIT or _ADVERT */
    uint8_t target[16];
    bool router, solicited, override; /* NA */
    bool has_mac;
    uint8_t mac[6];
};
/* Option length 0 is malformed. */
bool ndp_parse(const struct icmp_message *m, struct ndp_message *n);
/* Writes the whole ICMPv6 message with checksum; returns its size (<= 32). */
size_t ndp_build(uint8_t *p, const struct ndp_message *n, const struct ip_addr *src,
                 const struct ip_addr *dst);

#endif
