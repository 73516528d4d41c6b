/*
 * client.h - a DHCPv4 client, private to dhcp/.
 *
 * Reading order: client.c (the states: what a message or a time does), send.c (messages), lease.c (what the link
 * gets and loses), api.c (the calls of weir/dhcp.h).
 */
#ifndef DHCP_CLIENT_H
#define DHCP_CLIENT_H

#include "stack/stack.h"
#include "wire/dhcp.h"
#include <weir/dhcp.h>

struct dhcp_lease {
    struct weir_ip ip, server;
    weir_time t1, t2, end; /* WEIR_NEVER */
    struct dhcp_network network;
};

struct weir_dhcp {
    struct weir_stack *stack;
    struct weir_dhcp_config config;
    weir_handle socket;
    uint32_t link;
    uint32_t link_mtu, set_mtu; /* the MTU before we came, and ours; set_mtu 0: left alone */
    uint32_t hostname_size;
    uint8_t state; /* enum weir_dhcp_state */
    uint8_t sent;  /* messages of this state */
    uint8_t refusals;
    bool leased;     /* `lease` holds, until lease.end */
    bool configured; /* and the link has it */
    bool restart;    /* by the next run */
    bool duplicate;  /* an event said that somebody else has it */
    uint32_t xid, news;
    weir_time deadline;            /* WEIR_NEVER */
    weir_time began;               /* of this exchange: what `secs` counts from */
    weir_time request_at;          /* the lease runs from here (RFC 2131 4.4.1) */
    struct weir_ip wanted, server; /* offered, or asked for again */
    struct dhcp_lease lease;
    struct weir_dhcp_route routes[WEIR_DHCP_ROUTES_MAX]; /* those that were set */
    uint32_t route_count;
};

/* ---- client.c */
void dhcp_input(struct weir_dhcp *d, const struct dhcp_reply *reply);
void dhcp_timer(struct weir_dhcp *d);
void dhcp_look_at_probe(struct weir_dhcp *d);
void dhcp_conflict(struct weir_dhcp *d);
void dhcp_init(struct weir_dhcp *d, weir_time delay);
void dhcp_reboot(struct weir_dhcp *d);
void dhcp_drop(struct weir_dhcp *d, enum weir_drop drop);

/* ---- send.c */
/* Those of RFC 2131 table 5 that the state is for. Nothing is an error: what cannot be sent now is sent again. */
void dhcp_send(struct weir_dhcp *d, enum dhcp_type type);

/* ---- lease.c */
static inline struct weir_ip dhcp_ip(const uint8_t ip[4])
{
    struct weir_ip a = {.family = 4};
    memcpy(a.bytes, ip, 4);
    return a;
}
uint8_t dhcp_prefix(const struct dhcp_lease *lease);
void dhcp_lease_take(struct weir_dhcp *d, const struct dhcp_reply *reply);
/* WEIR_OK, or why the link cannot have it. */
int dhcp_configure(struct weir_dhcp *d);
void dhcp_unconfigure(struct weir_dhcp *d);

#endif
