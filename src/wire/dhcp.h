/*
 * dhcp.h - DHCPv4 messages (RFC 2131, 2132) as plain values: what servers send, read; what clients send,
 * built.
 */
#ifndef WIRE_DHCP_H
#define WIRE_DHCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DHCP_CLIENT_PORT 68
#define DHCP_SERVER_PORT 67
#define DHCP_SIZE_MAX 576 /* of what we send; servers must take that (RFC 2131 2) */

#define DHCP_ADDRESSES_MAX 4 /* of each list; more are not looked at */
#define DHCP_ROUTES_MAX 16
#define DHCP_NAME_MAX 63
#define DHCP_CLIENT_ID_MAX 64
#define DHCP_NO_PREFIX 255
#define DHCP_INFINITE UINT32_MAX

enum dhcp_type {
    DHCP_DISCOVER = 1,
    DHCP_OFFER,
    DHCP_REQUEST,
    DHCP_DECLINE,
    DHCP_ACK,
    DHCP_NAK,
    DHCP_RELEASE
};

struct dhcp_addresses {
    uint32_t count;
    uint8_t ip[DHCP_ADDRESSES_MAX][4];
};

struct dhcp_route {
    uint8_t destination[4], gateway[4]; /* gateway 0.0.0.0: on the link */
    uint8_t prefix;
};

/* What a server says about the network, besides the address. */
struct dhcp_network {
    uint8_t prefix; /* of the subnet mask; DHCP_NO_PREFIX: not said */
    uint16_t mtu;   /* 0: not said */
    struct dhcp_addresses routers, dns;
    bool classless; /* `routes` take the place of `routers` (RFC 3442) */
    uint32_t route_count;
    struct dhcp_route routes[DHCP_ROUTES_MAX];
    uint32_t domain_size;
    uint8_t domain[DHCP_NAME_MAX];
};

struct dhcp_reply {
    uint8_t type; /* enum dhcp_type */
    uint32_t xid;
    uint8_t mac[6];
    uint8_t ip[4]; /* yiaddr */
    bool has_server, has_lease;
    uint8_t server[4];       /* identifier */
    uint32_t lease, t1, t2;  /* s; t1, t2 0: not said */
    uint32_t client_id_size; /* 0: not echoed (RFC 6842) */
    uint8_t client_id[DHCP_CLIENT_ID_MAX];
    struct dhcp_network network;
};

/* false: not a server's DHCP message for Ethernet, or an option's length makes no sense. Options continue in
 * the fields `file` and `sname` if option 52 says so; the parts of one that comes more than once are one
 * (RFC 3396). */
bool dhcp_parse(const uint8_t *p, size_t size, struct dhcp_reply *reply);

struct dhcp_request {
    uint8_t type;
    bool broadcast; /* answers are to be broadcast (RFC 2131 4.1) */
    bool asks;      /* with a parameter request list and a maximum message size */
    uint32_t xid;
    uint16_t secs;
    uint8_t mac[6];
    uint8_t ip[4];            /* ciaddr */
    const uint8_t *requested; /* option 50; NULL: none */
    const uint8_t *server;    /* option 54; NULL: none */
    const uint8_t *client_id, *hostname;
    uint32_t client_id_size, hostname_size; /* 0: none */
    uint16_t size_most;                     /* option 57 */
};

/* Returns the size, 300 at least, as BOOTP relays want it; DHCP_SIZE_MAX at most. */
size_t dhcp_build(uint8_t *p, const struct dhcp_request *request);

#endif
