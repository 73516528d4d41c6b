/*
 * link.h - links, addresses and routes of a stack. Included by weir.h, whose head says the rules.
 */
#ifndef WEIR_LINK_H
#define WEIR_LINK_H

#include <weir/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct weir_stack;

enum weir_medium {
    WEIR_MEDIUM_IP = 0,  /* bare IP packets: TUN, tunnels */
    WEIR_MEDIUM_ETHERNET /* with ARP and NDP */
};

struct weir_link_config {
    uint32_t size; /* sizeof(struct weir_link_config) */
    uint8_t medium;
    uint8_t mac[6];      /* Ethernet only */
    uint32_t mtu;        /* IP bytes, 68..65535 (IPv6 needs 1280) */
    bool tx_csum;        /* the device completes partial checksums */
    bool tx_gso;         /* the device takes super-segments (implies tx_csum) */
    uint32_t tx_gso_max; /* their largest IP size; 65535 */
    bool accept_any;     /* packets to any address are ours (tunnels, sandboxes) */
    bool no_dad;         /* skip duplicate address detection */
    uint32_t
        copy_below; /* payloads smaller than this are copied out of received buffers: 0 = half rule */
    bool
        no_group_reports; /* no IGMP and MLD: neither routers nor switches want to know of groups */
};

WEIR_API void weir_link_config_default(struct weir_link_config *config);

/* Returns the link's index (>= 0). Links are up when added. */
WEIR_API int weir_link_add(struct weir_stack *stack, const struct weir_link_config *config);
WEIR_API int weir_link_set_up(struct weir_stack *stack, uint32_t link, bool up);
WEIR_API int weir_link_set_mtu(struct weir_stack *stack, uint32_t link, uint32_t mtu);
WEIR_API int weir_link_set_offload(struct weir_stack *stack, uint32_t link, bool tx_csum,
                                   bool tx_gso);

/* Addresses of a link, at any time. `prefix` also makes the connected route. IPv6 and Ethernet: the
 * address is tentative until DAD is done (event WEIR_EVENT_ADDRESS tells a duplicate). */
WEIR_API int weir_address_add(struct weir_stack *stack, uint32_t link, const struct weir_ip *ip,
                              uint8_t prefix);
WEIR_API int weir_address_del(struct weir_stack *stack, uint32_t link, const struct weir_ip *ip);

/* Longest prefix wins, then the lowest metric. `gateway` may be NULL: on-link. */
WEIR_API int weir_route_add(struct weir_stack *stack, const struct weir_ip *destination,
                            uint8_t prefix, const struct weir_ip *gateway, uint32_t link,
                            uint32_t metric);
WEIR_API int weir_route_del(struct weir_stack *stack, const struct weir_ip *destination,
                            uint8_t prefix, const struct weir_ip *gateway, uint32_t link);

/* ---- Places: addresses and ports of TCP ---- */

/* Who has this place? The state of the very connection, half-open ones (SYN-RECEIVED) and those in TIME-WAIT
 * included, whether or not anybody holds their handle. `remote` NULL: WEIR_TCP_LISTEN when a listener's address
 * and port overlap `local` (ip family 0: any address). WEIR_ENOENT: nobody. Nothing is changed. */
WEIR_API int weir_tcp_lookup(struct weir_stack *stack, const struct weir_endpoint *local,
                             const struct weir_endpoint *remote);

/* The state of any connection whose local address and port overlap `local`, orphans, half-open ones and
 * TIME-WAIT included; WEIR_ENOENT. A search through all there are. */
WEIR_API int weir_tcp_port_taken(const struct weir_stack *stack, const struct weir_endpoint *local);

/* May this address be used locally (family 0, loopback, an address of a link; any on a link with
 * accept_any)? */
WEIR_API bool weir_address_local(const struct weir_stack *stack, const struct weir_ip *ip);

#ifdef __cplusplus
}
#endif
#endif
