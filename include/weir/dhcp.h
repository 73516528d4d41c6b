/*
 * dhcp.h - a DHCPv4 client (RFC 2131, 2132, 3442) for one Ethernet link of a stack: gets an address, keeps it, and
 * sets the link's address, routes and MTU while it may have it.
 *
 * It has no thread and no timer of its own. The application calls weir_dhcp_run after weir_input and before
 * weir_output, and sleeps no longer than weir_dhcp_deadline:
 *
 *     weir_dhcp_new(&dhcp, stack, link, &config);
 *     ... weir_input(...); news = weir_dhcp_run(dhcp, now); weir_output(...);
 *     ... while (weir_event(stack, &event)) if (!weir_dhcp_event(dhcp, &event)) ...
 *     sleep until min(weir_deadline(stack), weir_dhcp_deadline(dhcp))
 */
#ifndef WEIR_DHCP_H
#define WEIR_DHCP_H

#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

struct weir_dhcp;

#define WEIR_DHCP_NAME_MAX 63
#define WEIR_DHCP_CLIENT_ID_MAX 64

struct weir_dhcp_config {
    uint32_t size;                              /* sizeof(struct weir_dhcp_config) */
    char hostname[WEIR_DHCP_NAME_MAX + 1];      /* told to servers; "": nothing (RFC 2132 3.14) */
    uint8_t client_id[WEIR_DHCP_CLIENT_ID_MAX]; /* the type first (RFC 2132 9.14) */
    uint32_t client_id_size;                    /* 2..64; 0: type 1 and the MAC */
    struct weir_ip previous; /* an address to ask for again (INIT-REBOOT); family 0: none */
    uint32_t metric;         /* of the routes, 0 */
    bool no_probe;           /* do not look for others that have the address (RFC 5227) */
    bool broadcast;          /* ask servers to broadcast their answers */
    bool no_mtu;             /* leave the link's MTU alone */
};

/* RFC 2131's states, figure 5. */
enum weir_dhcp_state {
    WEIR_DHCP_STOPPED = 0, /* released */
    WEIR_DHCP_INIT,        /* waiting before the next discovery */
    WEIR_DHCP_SELECTING,
    WEIR_DHCP_REQUESTING,
    WEIR_DHCP_REBOOTING,
    WEIR_DHCP_PROBING, /* acknowledged; does anybody else have it? */
    WEIR_DHCP_BOUND,
    WEIR_DHCP_RENEWING,
    WEIR_DHCP_REBINDING
};
WEIR_API const char *weir_dhcp_state_name(enum weir_dhcp_state state); /* "RENEWING" */

/* What weir_dhcp_run tells. */
enum weir_dhcp_news {
    WEIR_DHCP_CONFIGURED = 1 << 0, /* the link has an address now, or another one */
    WEIR_DHCP_EXTENDED = 1 << 1,   /* the lease goes on */
    WEIR_DHCP_LOST = 1 << 2, /* the address is gone: the lease ended, or the server took it back */
    WEIR_DHCP_CONFLICT = 1 << 3, /* somebody else has it: declined */
    WEIR_DHCP_REFUSED = 1 << 4   /* DHCPNAK */
};

#define WEIR_DHCP_LIST_MAX 4
#define WEIR_DHCP_ROUTES_MAX 16

struct weir_dhcp_route {
    struct weir_ip destination, gateway; /* gateway family 0: on the link */
    uint8_t prefix;
};

/* The lease; all zero but `state` where there is none. */
struct weir_dhcp_info {
    uint32_t size; /* in: sizeof(struct weir_dhcp_info) */
    uint8_t state; /* enum weir_dhcp_state */
    uint8_t prefix;
    uint16_t mtu; /* 0: not said */
    struct weir_ip ip, server;
    uint32_t router_count, dns_count, route_count;
    struct weir_ip routers[WEIR_DHCP_LIST_MAX], dns[WEIR_DHCP_LIST_MAX];
    struct weir_dhcp_route routes[WEIR_DHCP_ROUTES_MAX]; /* as set */
    char domain[WEIR_DHCP_NAME_MAX + 1];
    weir_time renew, rebind, expire; /* time left until T1, T2 and the end; WEIR_NEVER */
};

WEIR_API void weir_dhcp_config_default(struct weir_dhcp_config *config);

/* Begins with the first weir_dhcp_run. WEIR_ENOENT (no such link), WEIR_EINVAL (config, not Ethernet, an MTU below
 * 576), WEIR_EADDRINUSE (somebody has UDP port 68 on this link), WEIR_ENOBUFS. */
WEIR_API int weir_dhcp_new(struct weir_dhcp **dhcp, struct weir_stack *stack, uint32_t link,
                           const struct weir_dhcp_config *config);

/* Ends without telling the server; what it configured is gone. Before weir_stack_del. */
WEIR_API void weir_dhcp_del(struct weir_dhcp *dhcp);

/* Everything that is due; returns bits of enum weir_dhcp_news. */
WEIR_API uint32_t weir_dhcp_run(struct weir_dhcp *dhcp, weir_time now);

/* When weir_dhcp_run wants to be called next if nothing arrives. */
WEIR_API weir_time weir_dhcp_deadline(const struct weir_dhcp *dhcp);

/* Was this event for the client? Those of its socket are of no use to anybody else. */
WEIR_API bool weir_dhcp_event(struct weir_dhcp *dhcp, const struct weir_event *event);

/* WEIR_EINVAL (size). */
WEIR_API int weir_dhcp_info(const struct weir_dhcp *dhcp, struct weir_dhcp_info *info);

/* Gives the address back (DHCPRELEASE) and stops. */
WEIR_API void weir_dhcp_release(struct weir_dhcp *dhcp);

/* The link may be on another network now: asks for the same address again (INIT-REBOOT), or begins anew. Also
 * after weir_dhcp_release. */
WEIR_API void weir_dhcp_restart(struct weir_dhcp *dhcp);

#ifdef __cplusplus
}
#endif
#endif
