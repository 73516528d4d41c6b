/*
 * udp.h - UDP (RFC 768, 8085) in the style of weir.h: datagrams in and out, nothing blocks, events tell.
 *
 * A socket is a weir_handle. Its events are READABLE (a datagram came), WRITABLE (send accepts again after
 * WEIR_EAGAIN) and ERROR (an ICMP error about a datagram of ours: `error` says which, `remote` whereto it
 * went; WEIR_ECONNREFUSED is port unreachable). Errors change nothing.
 */
#ifndef WEIR_UDP_H
#define WEIR_UDP_H

#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_UDP_DATAGRAM_MAX 65507u /* payload bytes, in both families */

enum weir_udp_option {
    WEIR_UDP_USER = 1,      /* what weir_event.user says, 0 */
    WEIR_UDP_TTL,           /* of unicast and broadcast, 1..255; 64 */
    WEIR_UDP_TOS,           /* whole byte, the ECN bits are the application's (RFC 8085 3.1.7); 0 */
    WEIR_UDP_MULTICAST_TTL, /* 0..255; 1 (RFC 1112 6.1); 0: only for this host */
    WEIR_UDP_MULTICAST_LINK, /* where groups are sent, or WEIR_ANY_LINK: by the route; the default */
    WEIR_UDP_LINK,           /* only this link, both ways, or WEIR_ANY_LINK, the default */
    WEIR_UDP_RECEIVE_BUFFER, /* bytes of memory after which datagrams are dropped, 1..2^30; 212992 */
    WEIR_UDP_BROADCAST,      /* 1: may send to broadcast addresses; 0 */
    WEIR_UDP_DONT_FRAGMENT,  /* 1: DF, and what exceeds the path's MTU is WEIR_EMSGSIZE; 0 */
    WEIR_UDP_REUSE_ADDRESS,  /* 1: shares its port with others that have this too; 0 */
    WEIR_UDP_MULTICAST_LOOP /* 1: sent to a group that was joined here, it comes back, too; 1 (RFC 1112 7.1) */
};

/* What is known of a received datagram besides its bytes. */
struct weir_udp_meta {
    struct weir_endpoint local, remote; /* whereto and wherefrom */
    uint32_t size;                      /* of the whole payload */
    uint32_t link;
    uint8_t ttl, tos;
    bool to_group; /* local is a group or broadcast address */
};

struct weir_udp_info {
    uint32_t size; /* sizeof(struct weir_udp_info) */
    uint32_t unread_datagrams;
    struct weir_endpoint local, remote; /* remote.port 0: not connected */
    uint32_t unread_bytes;              /* payload */
    uint32_t next_size;                 /* payload of the oldest datagram */
    uint64_t dropped;                   /* datagrams for which there was no room */
};

/* A socket without address. `user` is WEIR_UDP_USER. WEIR_ENOBUFS, WEIR_EBUSY (stack being deleted). */
WEIR_API int weir_udp_open(struct weir_stack *stack, uint64_t user, weir_handle *socket);

/* Address family 0: any of both; family 4 or 6 with an address of zeros: any of that family. A group's
 * address receives what is sent to the group. Port 0: an unpredictable free one (RFC 6056). Once only:
 * WEIR_EINVAL. WEIR_EADDRINUSE, WEIR_EADDRNOTAVAIL, WEIR_ENOENT (ip.scope names no link), WEIR_ENOBUFS. */
WEIR_API int weir_udp_bind(struct weir_stack *stack, weir_handle socket,
                           const struct weir_endpoint *local);

/* From now on datagrams come from there only, and are sent there unless said otherwise. The local address
 * is chosen (RFC 6724) if bind did not. NULL or family 0: no longer. Errors as weir_udp_send_to. */
WEIR_API int weir_udp_connect(struct weir_stack *stack, weir_handle socket,
                              const struct weir_endpoint *remote);

/* Sends one datagram; returns `size`. `to` NULL: where the socket is connected to (WEIR_ENOTCONN: it is not).
 * `from`: the source address (RFC 1122 4.1.3.5), NULL: that of the socket, or chosen; 0.0.0.0 with
 * 255.255.255.255 and WEIR_UDP_LINK is sent so: nobody has an address yet. Datagrams larger
 * than the path's MTU are fragmented (RFC 8085 3.2 advises against it). WEIR_EMSGSIZE, WEIR_EAGAIN (no
 * room just now), WEIR_EACCES (broadcast without permission), WEIR_ENETUNREACH, WEIR_EHOSTUNREACH (the
 * neighbour does not answer), WEIR_EADDRNOTAVAIL, WEIR_EINVAL, WEIR_ENOBUFS. */
WEIR_API int64_t weir_udp_send_to(struct weir_stack *stack, weir_handle socket, const void *data,
                                  size_t size, const struct weir_endpoint *to,
                                  const struct weir_ip *from);

/* The oldest datagram: copies up to `size` bytes of it, the rest of it is lost (meta->size says how much there
 * was). Returns the bytes copied, 0 for an empty datagram too, or WEIR_EAGAIN. `meta` may be NULL. */
WEIR_API int64_t weir_udp_recv_from(struct weir_stack *stack, weir_handle socket, void *data,
                                    size_t size, struct weir_udp_meta *meta);
/* The same, but the datagram stays. */
WEIR_API int64_t weir_udp_peek(struct weir_stack *stack, weir_handle socket, void *data,
                               size_t size, struct weir_udp_meta *meta);

/* Membership in a multicast group on a link (WEIR_ANY_LINK: by the route), until left or closed. Any socket
 * with the right port receives what comes to a group that anybody joined. WEIR_EINVAL (no multicast
 * address), WEIR_EEXIST, WEIR_ENOENT, WEIR_ENOBUFS. Routers and switches are told (IGMP, MLD). */
WEIR_API int weir_udp_join(struct weir_stack *stack, weir_handle socket,
                           const struct weir_ip *group, uint32_t link);
WEIR_API int weir_udp_leave(struct weir_stack *stack, weir_handle socket,
                            const struct weir_ip *group, uint32_t link);

/* WEIR_EINVAL (no such value), WEIR_ENOPROTOOPT (no such option), WEIR_ENOENT (no such link). */
WEIR_API int weir_udp_set(struct weir_stack *stack, weir_handle socket, enum weir_udp_option option,
                          uint64_t value);
WEIR_API int weir_udp_get(struct weir_stack *stack, weir_handle socket, enum weir_udp_option option,
                          uint64_t *value);

WEIR_API int weir_udp_info(struct weir_stack *stack, weir_handle socket,
                           struct weir_udp_info *info);

/* Gone at once; datagrams already accepted for sending are sent. */
WEIR_API int weir_udp_close(struct weir_stack *stack, weir_handle socket);

#ifdef __cplusplus
}
#endif
#endif
