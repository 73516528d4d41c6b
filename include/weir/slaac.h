/*
 * slaac.h - IPv6 addresses and routers that a link's routers advertise: router discovery (RFC 4861 6.3) and
 * stateless address autoconfiguration (RFC 4862). Off until weir_slaac_start.
 *
 * It runs by itself within weir_input and weir_output. The link gets a link-local address, asks for routers,
 * and from then on follows what they advertise: addresses, default routers, prefixes on the link, the
 * MTU, the hop limit and the times of neighbour discovery. Events tell (weir.h): WEIR_EVENT_ADDRESS_ADDED and
 * _REMOVED of an address, WEIR_EVENT_ADDRESS of one that somebody else has, WEIR_EVENT_NETWORK that
 * anything else of weir_slaac_info changed.
 */
#ifndef WEIR_SLAAC_H
#define WEIR_SLAAC_H

#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where the lower half of an address comes from. */
enum weir_identifier {
    WEIR_IDENTIFIER_STABLE =
        0, /* RFC 7217: unpredictable, the same again for the same prefix, link index and
                                 * weir_config.secret; another one when it is taken */
    WEIR_IDENTIFIER_EUI64 /* RFC 4291 appendix A, from the MAC: Ethernet only */
};

struct weir_slaac_config {
    uint32_t size;      /* sizeof(struct weir_slaac_config) */
    uint8_t identifier; /* enum weir_identifier; STABLE */
};

#define WEIR_SLAAC_ROUTERS_MAX 4
#define WEIR_SLAAC_PREFIXES_MAX 8
#define WEIR_SLAAC_DNS_MAX 4

struct weir_slaac_router {
    struct weir_ip ip;
    weir_time lifetime; /* left */
    int8_t preference;  /* RFC 4191: -1 low, 0, 1 high */
};

enum weir_address_state {
    WEIR_ADDRESS_TENTATIVE = 0, /* duplicate address detection is not yet done */
    WEIR_ADDRESS_PREFERRED,
    WEIR_ADDRESS_DEPRECATED, /* still good, but not chosen for anything new */
    WEIR_ADDRESS_DUPLICATE   /* somebody else has it: not used */
};

struct weir_slaac_address {
    struct weir_ip ip;
    uint8_t prefix;
    uint8_t state;              /* enum weir_address_state */
    weir_time preferred, valid; /* left; WEIR_NEVER: for ever */
};

struct weir_slaac_dns {
    struct weir_ip ip;
    weir_time lifetime; /* left; WEIR_NEVER: for ever */
};

struct weir_slaac_info {
    uint32_t size; /* in: sizeof(struct weir_slaac_info) */
    uint32_t router_count, address_count, dns_count;
    struct weir_slaac_router routers[WEIR_SLAAC_ROUTERS_MAX];
    struct weir_slaac_address addresses[WEIR_SLAAC_PREFIXES_MAX + 1]; /* the link-local one first */
    struct weir_slaac_dns dns[WEIR_SLAAC_DNS_MAX];                    /* RFC 8106 */
    uint32_t mtu;        /* of IPv6 packets on this link */
    uint8_t hop_limit;   /* 0: not advertised */
    bool managed, other; /* routers say that DHCPv6 has addresses, or other things */
    weir_time reachable_time, retrans_time; /* RFC 4861 6.3.2 */
};

WEIR_API void weir_slaac_config_default(struct weir_slaac_config *config);

/* Begins. WEIR_ENOENT (no such link), WEIR_EINVAL (config; an MTU below 1280; EUI64 without a MAC), WEIR_EEXIST (it
 * runs already), WEIR_ENOBUFS. */
WEIR_API int weir_slaac_start(struct weir_stack *stack, uint32_t link,
                              const struct weir_slaac_config *config);

/* Ends: the addresses and routes that it made are gone. WEIR_ENOENT: it does not run. */
WEIR_API int weir_slaac_stop(struct weir_stack *stack, uint32_t link);

/* What is known now. WEIR_ENOENT (it does not run on this link), WEIR_EINVAL (size). */
WEIR_API int weir_slaac_info(const struct weir_stack *stack, uint32_t link,
                             struct weir_slaac_info *info);

#ifdef __cplusplus
}
#endif
#endif
