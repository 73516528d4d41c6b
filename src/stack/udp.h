/*
 * udp.h - UDP sockets, private to stack/: a pool of them, found by local port.
 *
 * udp.c finds the socket of a datagram and keeps the receive queue, udp_send.c sends, api_udp.c has the public
 * calls. An idle socket is one entry of the pool and nothing else; received datagrams and memberships
 * are entries of pools of their own.
 */
#ifndef STACK_UDP_H
#define STACK_UDP_H

#include <weir/udp.h>

#include "ip/ip.h"
#include "stack/raw.h"
#include "wire/udp.h"

#define UDP_HANDLE \
    0x40000000u /* in the lower half of a handle: neither a connection nor a listener */
#define UDP_ANY_LINK UINT16_MAX
#define UDP_RING_MAX (IP_REPLIES - 32u)       /* packets waiting; the rest is for RST, ARP, ICMP */
#define UDP_RING_UNRESOLVED (IP_REPLIES / 4u) /* while the neighbour is not known yet */

struct weir_stack;

/* A received datagram: the buffer holds `skip` bytes of headers, and it. */
struct udp_datagram {
    uint32_t next;
    uint32_t size; /* payload */
    struct weir_buffer *buffer;
    struct ip_addr src, dst;
    uint16_t src_port, link;
    uint8_t ttl, tos, skip;
    bool to_group;
};

struct udp_membership {
    uint32_t next;
    struct ip_addr group;
    uint16_t link;
};

struct udp_socket {
    uint32_t hash_next;  /* while free: the pool's */
    uint32_t generation; /* 0: free, or closed with its event not yet pulled */
    uint32_t index, event_next, blocked_next;
    uint32_t head, tail; /* received datagrams */
    uint32_t count, unread_bytes, charge;
    uint32_t receive_buffer, memberships, events;
    int32_t error;
    struct ip_addr local, remote; /* remote_port 0: not connected */
    struct ip_addr error_remote;
    struct ip_path path; /* of a connected socket */
    uint64_t user, dropped;
    uint16_t local_port, remote_port, error_port;
    uint16_t link, multicast_link;
    uint16_t wake_at; /* blocked: until no more than this many packets wait */
    uint8_t family;   /* of packets if `local` does not say: 4, 6, 0 for both */
    uint8_t bound_family;
    uint8_t ttl, tos, multicast_ttl;
    bool bound_address; /* by bind: connect does not change it */
    bool link_by_connect;
    bool broadcast, dont_fragment, reuse, blocked, in_event_list;
    bool multicast_loop;
    uint32_t raw; /* 0: UDP; index of a struct raw (raw.h). Then remote_port is 1 when connected */
};

struct udp {
    struct pool sockets, datagrams, memberships;
    uint32_t *heads; /* by port; NULL until the first bind */
    uint32_t mask, count;
    uint32_t event_head, event_tail; /* sockets with events */
    uint32_t blocked;                /* sockets waiting for room */
    uint32_t generation;
    uint64_t ports; /* ephemeral ports asked for so far */
    struct pool raws;
    uint32_t raw_head;     /* sockets that are not UDP's, through hash_next */
    bool transport_tapped; /* some of them are for TCP or UDP */
};

/* Both ends of a datagram as seen from here. */
struct udp_flow {
    struct ip_addr local, remote;
    uint16_t local_port, remote_port;
    uint32_t link;
};

/* ---- udp.c */
void udp_init(struct udp *u, struct memory *memory);
void udp_drop_all(struct weir_stack *s); /* sockets and what they hold */
void udp_fini(struct weir_stack *s);
void udp_check(const struct weir_stack *s);
static inline struct udp_socket *udp_at(const struct udp *u, uint32_t index)
{
    return pool_at(&u->sockets, index);
}
void udp_receive(struct weir_stack *s, const struct ip_packet *packet);
void udp_error(struct weir_stack *s, const struct ip_error *error);
/* May a datagram more be kept? It is counted if not. */
bool udp_has_room(struct weir_stack *s, struct udp_socket *u, uint32_t link);
/* Takes `datagram`'s buffer; size, buffer, skip and src_port are the caller's. */
void udp_enqueue(struct weir_stack *s, struct udp_socket *u, const struct ip_packet *packet,
                 const struct udp_datagram *datagram);
void udp_tell_error(struct weir_stack *s, struct udp_socket *u, const struct ip_error *error);
void udp_tell(struct weir_stack *s, struct udp_socket *u, uint32_t bits);
bool udp_next_event(struct weir_stack *s, struct weir_event *event);
void udp_drop_head(struct weir_stack *s, struct udp_socket *u);
void udp_forget(struct weir_stack *s, struct udp_socket *u); /* everything but the entry itself */

/* ---- api_udp.c */
struct udp_socket *udp_find(const struct weir_stack *s, weir_handle handle);

/* ---- udp_port.c: local ports */
/* Takes the port; 0 chooses one. WEIR_EADDRINUSE, WEIR_ENOBUFS. */
int udp_port_take(struct weir_stack *s, struct udp_socket *u, uint16_t port);
void udp_port_leave(struct weir_stack *s, struct udp_socket *u);
/* Can they not have the same port? */
bool udp_conflict(const struct udp_socket *a, const struct udp_socket *b);
static inline uint32_t udp_port_first(const struct udp *u, uint16_t port)
{
    return u->heads ? u->heads[port & u->mask] : 0;
}

/* ---- udp_send.c */
struct outgoing {
    struct ip_addr src, dst;
    struct ip_path path;
    uint16_t port;
    uint32_t header_size; /* of IP */
};
/* `b` has everything behind the IP header. To a group: a copy for those here who joined it, too. */
void udp_way_out(struct weir_stack *s, const struct udp_socket *u, const struct outgoing *o,
                 struct weir_buffer *b, uint8_t protocol);
int udp_path(struct weir_stack *s, struct udp_socket *u, const struct ip_addr *dst,
             struct ip_addr *src, uint32_t scope, struct ip_path *path);
int64_t udp_send(struct weir_stack *s, struct udp_socket *u, const void *data, size_t size,
                 const struct weir_endpoint *to, const struct weir_ip *from);
void udp_wake(struct weir_stack *s); /* sockets for which there is room again */
void udp_unblock(struct weir_stack *s, struct udp_socket *u);

#endif
