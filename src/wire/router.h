/*
 * router.h - router solicitations and advertisements (RFC 4861 4.1, 4.2) with the options of RFC 4861 4.6,
 * RFC 4191 (preference) and RFC 8106 (DNS servers), as plain values.
 */
#ifndef WIRE_ROUTER_H
#define WIRE_ROUTER_H

#include "wire/icmp.h"

#define ROUTER_PREFIXES_MAX 8 /* of one advertisement; more are not looked at */
#define ROUTER_DNS_MAX 8
#define ROUTER_INFINITE UINT32_MAX /* lifetimes: for ever */
#define ROUTER_SOLICIT_SIZE_MAX 16

/* The numbers of RFC 4191 2.1. Its reserved value means medium. */
enum router_preference { ROUTER_MEDIUM = 0, ROUTER_HIGH = 1, ROUTER_LOW = 3 };

struct router_prefix {
    struct ip_addr ip; /* bits behind `size` are zero */
    uint8_t size;      /* 0..128 */
    bool on_link, autonomous;
    uint32_t valid, preferred; /* s */
};

struct router_dns {
    struct ip_addr ip;
    uint32_t lifetime; /* s; 0: no longer */
};

struct router_advert {
    uint8_t hop_limit;   /* 0: not said */
    bool managed, other; /* addresses, or other things, are to be had by DHCPv6 */
    uint8_t preference;  /* enum router_preference */
    uint16_t lifetime;   /* s; 0: no default router */
    uint32_t reachable_time, retrans_timer; /* ms; 0: not said */
    uint32_t mtu;                           /* 0: not said */
    bool has_mac;
    uint8_t mac[6];
    uint32_t prefix_count, dns_count;
    struct router_prefix prefixes[ROUTER_PREFIXES_MAX];
    struct router_dns dns[ROUTER_DNS_MAX];
};

/* RFC 4861 6.1.2 as far as it can be seen without the IP header: false if the code is not 0, or anything is
 * too short or of a length that makes no sense. Unknown options are skipped. */
bool router_parse(const struct icmp_message *m, struct router_advert *r);

/* The whole ICMPv6 message; `mac` NULL: no source link-layer address (RFC 4861 4.1). Returns its size. */
size_t router_solicit_build(uint8_t *p, const uint8_t *mac, const struct ip_addr *src,
                            const struct ip_addr *dst);

#endif
