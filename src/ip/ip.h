/*
 * ip.h - the network layer of one stack: links, addresses, routes, neighbours, IPv4 and IPv6 input and
 * output, ICMP, fragments. It never sees a connection; what it cannot finish itself (a TCP segment, a UDP
 * datagram, an ICMP error about one) it hands to stack/.
 *
 * Reading order: ip.h, internal.h, link.c, address.c, dad.c, route.c, source.c (RFC 6724), neighbor.c (one
 * machine for ARP and NDP), arp.c, ndp.c, input.c, icmp_in.c, icmp_out.c, reassembly.c, fragments.c,
 * output.c, group.c, group_report.c, group_in.c, group_out.c (IGMP and MLD), reply.c (the ring of
 * connectionless replies), pmtu.c; autoconfiguration: slaac.h, slaac.c, advert.c, identifier.c;
 * acd.c (IPv4 before there is an address).
 */
#ifndef IP_IP_H
#define IP_IP_H

#include "base/address.h"
#include "base/env.h"
#include "base/pool.h"

#define IP_LINKS_MAX 64
#define IP_LINK_LOOPBACK 0xfffeu /* packets to own addresses turn round inside the stack */
#define IP_REPLIES 256
#define IP_ADDRESSES_MAX 64 /* per stack */
#define IP_ROUTES_MAX 1024
#define IP_GROUPS_MAX 1024

/* What queries for groups have said on a link, of one family. There is none before the first. */
struct ip_querier {
    uint32_t next;
    uint16_t link;
    bool v4;
    uint8_t robustness;       /* 0: not said */
    uint32_t interval_s;      /* 0: not said */
    weir_time older_until[2]; /* a router of version 1, or 2 (IGMP), is there until then */
    weir_time general_at;     /* when all groups are to be reported; WEIR_NEVER */
};

struct ip_link {
    struct weir_link_config config;
    bool used, up;
    uint8_t hop_limit; /* as routers say (slaac.c), or 0 */
    uint16_t
        awaited_port; /* UDP to this port is taken whatever address it is for (acd.c); 0: none */
    uint16_t mtu6;    /* as they say, for IPv6, or 0: config.mtu */
    uint32_t header_size; /* 14 or 0 */
};

struct ip_address {
    struct ip_addr ip;
    uint16_t link;
    uint8_t prefix;
    uint8_t state;         /* enum ip_address_state */
    uint8_t dad_left;      /* messages still to send: DAD solicitations or IPv4 announcements */
    bool grouped;          /* holds its solicited-node group */
    bool automatic;        /* of slaac.c, without a route */
    bool deprecated;       /* not to be chosen for anything new (RFC 4862 5.5.4) */
    uint8_t tell;          /* enum ip_tell: events not pulled yet, also of a free entry */
    weir_time dad_at;      /* when the next step is due; WEIR_NEVER */
    weir_time defended_at; /* IPv4: the latest announcement against a conflict, 0: none yet */
};
enum ip_tell { IP_TELL_DUPLICATE = 1, IP_TELL_REMOVED = 2, IP_TELL_ADDED = 4 };
enum ip_address_state {
    IP_ADDRESS_FREE = 0,
    IP_ADDRESS_TENTATIVE,
    IP_ADDRESS_VALID,
    IP_ADDRESS_DUPLICATE
};

struct ip_route {
    struct ip_addr destination, gateway; /* gateway all zero: on-link */
    uint32_t metric;
    uint16_t link;
    uint8_t prefix; /* in the family's own bits */
    bool connected; /* made by weir_address_add */
    bool automatic; /* of slaac.c */
};

enum ip_neighbor_state {
    IP_NEIGHBOR_FREE = 0,
    IP_NEIGHBOR_INCOMPLETE, /* asking; nobody knows the MAC yet */
    IP_NEIGHBOR_REACHABLE,
    IP_NEIGHBOR_STALE, /* usable; the next use starts DELAY */
    IP_NEIGHBOR_DELAY,
    IP_NEIGHBOR_PROBE, /* unicast probes */
    IP_NEIGHBOR_FAILED /* nobody answered; kept a while so that senders fail fast */
};

struct ip_neighbor {
    uint32_t hash_next;
    uint8_t state, probes;
    uint16_t link;
    struct ip_addr ip;
    uint8_t mac[6];
    weir_time deadline; /* of this state; WEIR_NEVER */
    weir_time confirmed;
    weir_time used; /* when a packet last asked for it; 0: only learned */
    /* for stack/: connections waiting for this entry (it links them); ip/ only keeps the fields */
    uint32_t waiting_head, waiting_tail;
    bool announced; /* in the queue of ip_neighbor_event */
};

/* A ready-made packet without a connection: RST, ICMP, ARP, NDP. `buffer` holds it from the link header
 * on (the link header's room is there but filled in only when sent, if `neighbor` != 0). */
struct ip_reply {
    struct weir_buffer *buffer;
    uint16_t link;
    uint32_t neighbor; /* 0: the link header is complete (or there is none) */
    weir_time since;
};

/* A multicast group that was joined on a link (group.c). */
struct ip_group {
    uint32_t next;
    uint32_t references; /* 0: left; what is still to be said about that keeps the entry */
    struct ip_addr ip;
    uint16_t link;
    uint8_t changes_left; /* reports of having joined or left still to be sent */
    bool reported_last; /* nobody else reported it after us: leaving is our business (RFC 2236 3) */
    weir_time change_at; /* when the next of those is due; WEIR_NEVER */
    weir_time answer_at; /* when a query about it is to be answered; WEIR_NEVER */
};

struct ip_fragments; /* fragments.h */
struct ip_packet;

/* Somebody above who takes copies of packets that this layer deals with itself, or that nobody does. True: it
 * did. `packet` as for IP_PACKET, but what its protocol says was not checked. */
typedef bool ip_tap(void *ctx, const struct ip_packet *packet);

struct ip {
    struct env *env;
    uint32_t generation; /* changes whenever a cached ip_path may be wrong */
    uint32_t link_count;
    struct ip_link links[IP_LINKS_MAX];
    uint32_t address_count;
    struct ip_address addresses[IP_ADDRESSES_MAX];
    struct ip_route *routes; /* sorted: longest prefix first, then metric */
    uint32_t route_count, route_capacity;
    struct pool neighbors;
    uint32_t neighbor_heads[256];
    uint32_t neighbor_count;
    weir_time neighbor_deadline; /* not later than the earliest of all entries; WEIR_NEVER */
    uint32_t *neighbor_events;   /* ring of indexes whose state became usable or failed */
    uint32_t neighbor_event_head, neighbor_event_count;
    weir_time dad_deadline;
    struct ip_reply replies[IP_REPLIES];
    uint32_t reply_head, reply_count;
    struct ip_fragments *fragments;
    struct pool pmtus; /* pmtu.c */
    uint32_t pmtu_heads[32];
    weir_time pmtu_deadline;
    weir_time icmp_tokens_at; /* rate limit of ICMP errors (RFC 4443 2.4 f) */
    uint32_t icmp_tokens;
    uint16_t ip4_id;
    uint32_t ip6_fragment_id;
    uint32_t
        duplicate_address; /* index + 1 of an address whose DAD failed and is not yet reported; 0 */
    uint32_t own_hint;     /* index into addresses: the own address that was matched last */
    struct ip_addr
        source_hint; /* the last source address found good, while source_generation is current */
    uint32_t source_generation;
    struct pool groups;
    uint32_t group_head;
    struct pool queriers;
    uint32_t querier_head;
    ip_tap *tap;
    void *tap_ctx;
    uint32_t tapped[2][8];    /* protocols it is asked about, of IPv4 and IPv6 */
    weir_time group_deadline; /* not later than what groups and queriers wait for; WEIR_NEVER */
    struct slaac *slaac;      /* slaac.h; of links where it is on */
    weir_time slaac_deadline;
    bool slaac_news, address_news; /* events may be there */
    struct ip_probe *probes;       /* acd.c */
    weir_time probe_deadline;
};

int ip_init(struct ip *ip, struct env *env);
void ip_fini(struct ip *ip);

/* ---- Links, addresses, routes (the weir_* calls of the same names; env errors as documented there) --- */
int ip_link_add(struct ip *ip, const struct weir_link_config *config);
int ip_link_set_up(struct ip *ip, uint32_t link, bool up);
int ip_link_set_mtu(struct ip *ip, uint32_t link, uint32_t mtu);
int ip_link_set_offload(struct ip *ip, uint32_t link, bool tx_csum, bool tx_gso);
int ip_address_add(struct ip *ip, uint32_t link, const struct ip_addr *a, uint8_t prefix);
int ip_address_del(struct ip *ip, uint32_t link, const struct ip_addr *a);
int ip_route_add(struct ip *ip, const struct ip_addr *destination, uint8_t prefix,
                 const struct ip_addr *gateway, uint32_t link, uint32_t metric);
int ip_route_del(struct ip *ip, const struct ip_addr *destination, uint8_t prefix,
                 const struct ip_addr *gateway, uint32_t link);
/* An address of this stack that may be used (not tentative), on any link. NULL if it is not ours. */
const struct ip_address *ip_address_find(const struct ip *ip, const struct ip_addr *a);
/* May a packet that came in on `link` for `dst` be taken as ours? (own address, loopback, accept_any) */
bool ip_address_accepts(const struct ip *ip, uint32_t link, const struct ip_addr *dst);

/* Autoconfiguration (weir/slaac.h). */
int ip_slaac_start(struct ip *ip, uint32_t link, uint8_t identifier);
int ip_slaac_stop(struct ip *ip, uint32_t link);
bool ip_slaac_event(struct ip *ip,
                    uint32_t *link); /* a link of which something changed; false: none */

/* What happened to an automatic address; false: nothing. */
struct ip_address_event {
    struct ip_addr ip;
    uint16_t link;
    enum ip_tell what;
};
bool ip_address_event(struct ip *ip, struct ip_address_event *event);

/* Is an IPv4 address free (RFC 5227 2.1)? The outcome is there until ip_probe_end. WEIR_EINVAL (not Ethernet),
 * WEIR_ENOBUFS. */
enum ip_probe_state { IP_PROBE_NONE = 0, IP_PROBE_PENDING, IP_PROBE_FREE, IP_PROBE_CONFLICT };
int ip_probe_start(struct ip *ip, uint32_t link, const struct ip_addr *a);
enum ip_probe_state ip_probe_state(const struct ip *ip, uint32_t link, const struct ip_addr *a);
void ip_probe_end(struct ip *ip, uint32_t link, const struct ip_addr *a);

/* IPv4 packets to our MAC and this UDP port are taken, whatever address they are for; 0: no more. */
int ip_link_await(struct ip *ip, uint32_t link, uint16_t port);

/* Counted: left when left as often as joined. Reported to routers and switches (IGMP, MLD). WEIR_ENOBUFS,
 * WEIR_ENOENT. */
int ip_group_join(struct ip *ip, uint32_t link, const struct ip_addr *group);
int ip_group_leave(struct ip *ip, uint32_t link, const struct ip_addr *group);
bool ip_group_joined(const struct ip *ip, uint32_t link, const struct ip_addr *group);

/* Of packets on a link: routers may want smaller ones (RFC 4861 6.3.4). */
static inline uint32_t ip_link_mtu(const struct ip *ip, uint32_t link, bool v4)
{
    const struct ip_link *l = &ip->links[link];
    return !v4 && l->mtu6 != 0 && l->mtu6 < l->config.mtu ? l->mtu6 : l->config.mtu;
}

/* ---- Paths -------------------------------------------------------------------------------------------- */

/* Where packets to a destination go. Valid while generation == ip->generation. */
struct ip_path {
    uint32_t generation;
    uint32_t neighbor; /* index of the next hop's entry; 0: none is needed */
    uint16_t link;
    uint16_t mtu; /* IP bytes; 65535 for loopback */
};

/* Finds link and next hop to `dst`, for packets from `src` (all zero: not chosen yet; then *chosen becomes
 * the RFC 6724 choice; `chosen` may be NULL otherwise). `link`: only that link (IPv6 scope), or
 * WEIR_ANY_LINK. Makes the neighbour entry if needed (but does not start resolving). WEIR_ENETUNREACH,
 * WEIR_EADDRNOTAVAIL (no usable source), WEIR_ENOBUFS (no neighbour entry). */
int ip_path_find(struct ip *ip, const struct ip_addr *dst, const struct ip_addr *src, uint32_t link,
                 struct ip_path *path, struct ip_addr *chosen);

/* A believed ICMP error says that packets to `dst` may not be larger than `mtu`. Kept for ten minutes, not
 * below IP4_PMTU_MIN or IPv6's least MTU. True: paths to it are smaller now than they were. */
bool ip_pmtu_learn(struct ip *ip, const struct ip_addr *dst, uint32_t mtu);

/* What smaller MTUs of IPv4 paths are taken for, as by Linux (min_pmtu): then DF is not set, and routers
 * may fragment. */
#define IP4_PMTU_MIN 552u

/* Is `a` the broadcast address of a connected subnet of this link? */
bool address_is_subnet_broadcast(const struct ip *ip, uint32_t link, const struct ip_addr *a);

/* Can a packet leave on this path now? OK: yes. WAIT: the neighbour is being resolved (resolution is
 * started by this call). FAIL: it did not answer. */
enum ip_ready { IP_READY_OK = 0, IP_READY_WAIT, IP_READY_FAIL };
enum ip_ready ip_path_ready(struct ip *ip, const struct ip_path *path);

/* TCP saw progress through this neighbour: reachability is confirmed (RFC 4861 7.3.1). Cheap. */
void ip_neighbor_confirm(struct ip *ip, uint32_t neighbor);

/* Neighbours whose resolution ended since: index and outcome. false: none. */
bool ip_neighbor_event(struct ip *ip, uint32_t *neighbor, bool *usable);

static inline struct ip_neighbor *ip_neighbor_at(const struct ip *ip, uint32_t index)
{
    return pool_at(&ip->neighbors, index);
}

/* ---- Output ------------------------------------------------------------------------------------------- */

struct ip_send {
    struct ip_addr src, dst;
    uint8_t protocol, tos, ttl;
    bool dont_fragment;
    uint16_t id;           /* IPv4 */
    uint32_t payload_size; /* after the IP header, headers of the upper layer included */
};

/* Size of link + IP header for a destination on a path. */
uint32_t ip_header_size(const struct ip *ip, const struct ip_path *path, const struct ip_addr *dst);
/* Writes them. The neighbour must be usable (ip_path_ready said OK). Hot. */
void ip_header_build(const struct ip *ip, const struct ip_path *path, const struct ip_send *send,
                     uint8_t *header);

/* Queues a connectionless packet: `buffer` holds the upper layer from data on, and has `IP_HEADROOM` bytes of
 * room before data. IP (and link) headers are added here; packets larger than the path's MTU are
 * fragmented (RFC 791, RFC 8200 4.5) unless dont_fragment. Takes the buffer; drops it with a counted reason when it
 * cannot be sent. `link`: where it should leave (replies leave where the question came in), or
 * WEIR_ANY_LINK. */
#define IP_HEADROOM 64
void ip_reply_send(struct ip *ip, struct weir_buffer *buffer, const struct ip_send *send,
                   uint32_t link);

/* The same on a path that ip_path_find gave; send->src is chosen already. */
void ip_path_send(struct ip *ip, struct weir_buffer *buffer, const struct ip_send *send,
                  const struct ip_path *path);

/* The IP header is complete at data; makes room for the link header and queues. */
void output_queue(struct ip *ip, struct weir_buffer *buffer, const struct ip_addr *dst,
                  const struct ip_path *path);

/* Allocates a buffer with IP_HEADROOM reserved in front of data. */
struct weir_buffer *ip_reply_buffer(struct ip *ip, uint32_t capacity);

/* Pulls the next reply that can leave now: a complete frame from the link header on (buffer->data/size).
 * Replies whose neighbour is not resolved are skipped (kept) and dropped after 3 s. false: none. */
bool ip_reply_next(struct ip *ip, struct ip_reply *reply);
bool ip_reply_pending(const struct ip *ip); /* would ip_reply_next give something now? */

/* ---- Input -------------------------------------------------------------------------------------------- */

/* A received packet for an upper layer, headers checked. `buffer->data/size` is the upper layer's bytes. */
struct ip_packet {
    uint32_t link;
    struct ip_addr src, dst;
    uint8_t protocol, tos, ttl;
    bool to_group;     /* destination is broadcast or multicast */
    uint8_t csum;      /* enum weir_csum of the upper layer's checksum */
    uint16_t gso_size; /* of a super-segment, else 0 */
    uint16_t ip_size;  /* bytes of IP header before data, for quoting in ICMP errors */
    struct weir_buffer *buffer;
};

/* An ICMP error about a packet of ours. */
enum ip_error_kind {
    IP_ERROR_UNREACHABLE =
        0,         /* soft: net, host, source route failed, time exceeded, parameter problem */
    IP_ERROR_HARD, /* protocol or port unreachable */
    IP_ERROR_TOO_BIG,
    IP_ERROR_PROHIBITED
};
struct ip_error {
    uint8_t kind, type, code;
    int16_t error; /* enum weir_error that tells it */
    uint8_t protocol;
    struct ip_addr src, dst; /* of our packet */
    uint16_t src_port, dst_port;
    uint32_t tcp_seq;
    uint32_t mtu;      /* TOO_BIG */
    uint8_t icmp_type; /* of an ICMP message of ours; and if that is an echo request */
    uint16_t icmp_id;
    uint32_t link;
};

enum ip_verdict {
    IP_DONE = 0, /* consumed: answered, kept or dropped (counted); the buffer is gone */
    IP_PACKET,   /* *packet is for an upper layer; its buffer belongs to the caller */
    IP_ERROR     /* *error is for an upper layer; the buffer is gone */
};

/* Takes one received frame (from the link header on). A reassembled packet comes out as IP_PACKET with a
 * buffer of its own. Offload fields are checked with gso_offload_ok. Hot for the plain case. */
enum ip_verdict ip_input(struct ip *ip, uint32_t link, struct weir_buffer *buffer,
                         struct ip_packet *packet, struct ip_error *error);

/* Answers `packet` with ICMP port/protocol unreachable etc. (type/code of its own family's numbering as
 * given), rate-limited, never for groups, ICMP errors or fragments other than the first. Quotes as much as
 * allowed (RFC 1812: 576 bytes; RFC 4443: 1280). The buffer, data and size as ip_input gave them, stays
 * the caller's. */
enum ip_unreachable { IP_UNREACHABLE_PORT = 0, IP_UNREACHABLE_PROTOCOL, IP_UNREACHABLE_PROHIBITED };
void ip_send_unreachable(struct ip *ip, const struct ip_packet *packet, enum ip_unreachable what);

/* ---- Time --------------------------------------------------------------------------------------------- */
weir_time ip_deadline(const struct ip *ip);
void ip_timers(struct ip *ip); /* everything due at env->now: neighbours, DAD, fragments */
void ip_check(const struct ip *ip);

#endif
