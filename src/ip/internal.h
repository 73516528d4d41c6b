/*
 * internal.h - what the files of ip/ share with each other, and nobody else.
 *
 * Reading order: see ip.h.
 */
#ifndef IP_INTERNAL_H
#define IP_INTERNAL_H

#include "base/bytes.h"
#include "ip/ip.h"
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include <string.h>

#define IP_REPLY_LIFETIME (3 * WEIR_S)
#define IP6_MTU_MIN 1280u
#define IP_HOP_LIMIT 64
#define NDP_HOP_LIMIT 255

/* RFC 4861 10, RFC 4862 5.1, RFC 5227 1.1. */
#define NEIGHBOR_RETRANS_TIME (1 * WEIR_S)
#define NEIGHBOR_REACHABLE_TIME (30 * WEIR_S)
#define NEIGHBOR_DELAY_TIME (5 * WEIR_S)
#define NEIGHBOR_FAILED_TIME (3 * WEIR_S)
#define NEIGHBOR_SOLICITS_MAX 3
#define DAD_TRANSMITS 1
#define ANNOUNCE_COUNT 2
#define ANNOUNCE_INTERVAL (2 * WEIR_S)
#define DEFEND_INTERVAL (10 * WEIR_S)

/* One received packet on its way through input. */
struct arrival {
    uint32_t link;
    struct weir_buffer *buffer; /* data/size: what has not been looked at yet */
    const uint8_t *eth;         /* the Ethernet header; NULL when there is none */
    bool link_group;            /* sent to a link-layer broadcast or multicast address */
    bool reassembled;           /* was a fragment; an atomic one too */
    bool tapped;                /* somebody has a copy */
    struct ip_packet *packet;
    struct ip_error *error;
};

/* ---- ip.c ------------------------------------------------------------------------------------------- */
static inline weir_time min_time(weir_time a, weir_time b)
{
    return a < b ? a : b;
}
static inline bool ip_is_link(const struct ip *ip, uint32_t link)
{
    return link < ip->link_count;
}
static inline bool ip_link_is_ethernet(const struct ip *ip, uint32_t link)
{
    return link < ip->link_count && ip->links[link].header_size != 0;
}
/* Counts, traces and frees; the verdict of everything that ends here. */
enum ip_verdict ip_drop(struct ip *ip, struct arrival *a, enum weir_drop drop);
/* The same, but whoever has a copy wanted it: then nothing was dropped. */
enum ip_verdict ip_drop_untapped(struct ip *ip, struct arrival *a, enum weir_drop drop);
void ip_drop_reply(struct ip *ip, struct weir_buffer *buffer, uint32_t link, enum weir_drop drop);
/* All nodes (ff02::1) and the solicited-node group of an address (RFC 4291 2.7.1). */
extern const struct ip_addr ip_all_nodes;
struct ip_addr ip_solicited_node(const struct ip_addr *a);

/* ---- address.c: the addresses of this stack ---------------------------------------------------------- */
/* The address on this link in whatever state; NULL. */
struct ip_address *address_on_link(struct ip *ip, uint32_t link, const struct ip_addr *a);
/* Is it broadcast or a group that this link listens to? */
bool address_is_our_group(const struct ip *ip, uint32_t link, const struct ip_addr *a);
/* Does a multicast MAC belong to one of those groups? */
bool address_is_our_mac_group(const struct ip *ip, uint32_t link, const uint8_t mac[6]);
/* Can nobody but ourselves or nobody at all have sent this? (RFC 1122 3.2.1.3, RFC 4291 2.5.2, 2.7) */
bool address_is_bad_source(struct ip *ip, uint32_t link, const struct ip_addr *src);
/* Found good before? Mostly it is the one found last. */
static inline bool address_is_known_source(const struct ip *ip, const struct ip_addr *src)
{
    return ip_addr_equal(src, &ip->source_hint) && ip->source_generation == ip->generation;
}

/* An address that has no route and may become deprecated; it joins its solicited-node group. WEIR_ENOBUFS,
 * WEIR_EEXIST, WEIR_EINVAL. */
int address_add_automatic(struct ip *ip, uint32_t link, const struct ip_addr *a, uint8_t prefix,
                          struct ip_address **own);
void address_remove_automatic(struct ip *ip, struct ip_address *own, bool told);
void address_tell(struct ip *ip, struct ip_address *own, enum ip_tell what);

/* ---- group.c --------------------------------------------------------------------------------------------- */
bool group_is_joined(const struct ip *ip, uint32_t link, const struct ip_addr *a);
/* On any link: for what was sent from here and comes back. */
bool group_is_joined_somewhere(const struct ip *ip, const struct ip_addr *a);
bool group_is_joined_mac(const struct ip *ip, uint32_t link, const uint8_t mac[6]);
/* An IPv6 address is in use, or no longer: its solicited-node group (RFC 4291 2.8, RFC 4862 5.4.2). */
void group_follow_address(struct ip *ip, struct ip_address *address, bool in_use);
static inline struct ip_group *group_at(const struct ip *ip, uint32_t index)
{
    return pool_at(&ip->groups, index);
}
void group_free(struct ip *ip, struct ip_group *group); /* takes it out of the list */
void group_check(const struct ip *ip);

/* ---- group_report.c: when what is reported ---------------------------------------------------------------- */
void group_joined(struct ip *ip, struct ip_group *group);
void group_left(struct ip *ip, struct ip_group *group); /* may free it */
/* Everything joined on the link is reported anew: the link came up, or (of IPv6) has a source at last. */
void group_report_all(struct ip *ip, uint32_t link, bool v4, bool v6);
void group_timers(struct ip *ip);
struct group_message; /* wire/group.h */
void group_on_query(struct ip *ip, uint32_t link, bool v4, const struct group_message *query);
void group_on_report(struct ip *ip, uint32_t link,
                     const struct ip_addr *group); /* another host's */

/* ---- group_in.c, group_out.c ------------------------------------------------------------------------------- */
enum ip_verdict igmp_input(struct ip *ip, struct arrival *a);
enum ip_verdict mld_input(struct ip *ip, struct arrival *a, const struct icmp_message *m);
bool mld_is_type(uint8_t icmp6_type);
/* Is it a query from a switch that has no address (RFC 4541 2.1.1)? Only a packet to a group can be. */
bool group_query_unnamed(const struct arrival *a, uint8_t protocol);
/* A message of one group: report or leave. `version` 1 only matters to IGMP. */
void group_send_single(struct ip *ip, const struct ip_group *group, uint32_t version, bool leave);
/* Records of many groups of one family, on their way into reports. */
struct group_records {
    struct weir_buffer *buffer; /* NULL: none begun */
    uint32_t link;
    uint16_t count;
    bool v4;
};
void group_records_add(struct ip *ip, struct group_records *records, uint8_t type,
                       const struct ip_addr *group);
void group_records_send(struct ip *ip, struct group_records *records);

/* ---- dad.c: duplicate addresses, announcements --------------------------------------------------------- */
void dad_start(struct ip *ip, struct ip_address *address);
void dad_conflict(struct ip *ip, struct ip_address *address);
void dad_timers(struct ip *ip);

/* ---- source.c: RFC 6724 ---------------------------------------------------------------------------------- */
const struct ip_address *source_select(const struct ip *ip, const struct ip_addr *dst,
                                       uint32_t link);

/* ---- route.c ---------------------------------------------------------------------------------------------- */
struct ip_addr route_mask(const struct ip_addr *a, uint8_t prefix);
/* The route of packets to `dst`, through `link` or any (WEIR_ANY_LINK); NULL. */
const struct ip_route *route_find(const struct ip *ip, const struct ip_addr *dst, uint32_t link);
int route_insert(struct ip *ip, const struct ip_route *route);
void route_remove_connected(struct ip *ip, uint32_t link, const struct ip_addr *a, uint8_t prefix);

void route_remove_automatic(struct ip *ip, const struct ip_route *route);

/* ---- slaac.c, advert.c ------------------------------------------------------------------------------------ */
/* RFC 4861 6.3.2, as routers say or by default; of IPv6. */
weir_time slaac_reachable_time(const struct ip *ip, uint32_t link);
weir_time slaac_retrans_time(const struct ip *ip, uint32_t link);
void slaac_wake(struct ip *ip, uint32_t link); /* something that it waits for happened */
void slaac_link_up(struct ip *ip, uint32_t link);
void slaac_not_router(struct ip *ip, uint32_t link, const struct ip_addr *a); /* RFC 4861 7.2.5 */
enum ip_verdict slaac_input(struct ip *ip, struct arrival *a, const struct icmp_message *m);
void slaac_timers(struct ip *ip);
void slaac_fini(struct ip *ip);
void slaac_check(const struct ip *ip);

/* ---- acd.c ---------------------------------------------------------------------------------------------- */
void probe_heard(struct ip *ip, uint32_t link, const struct arp_packet *packet);
bool probe_is_awaited(const struct ip *ip, const struct arrival *a);
void probe_timers(struct ip *ip);
void probe_fini(struct ip *ip);

/* ---- pmtu.c ---------------------------------------------------------------------------------------------- */
void pmtu_init(struct ip *ip);
/* `mtu`, or less if packets to `dst` were said to be too big. */
uint32_t pmtu_limit(struct ip *ip, const struct ip_addr *dst, uint32_t mtu);
void pmtu_timers(struct ip *ip);
void pmtu_check(const struct ip *ip);

/* ---- neighbor.c -------------------------------------------------------------------------------------------- */
/* What an ARP packet, a solicitation or an advertisement says about somebody's MAC. */
struct neighbor_news {
    uint32_t link;
    const struct ip_addr *ip;
    const uint8_t *mac; /* NULL: not said */
    bool solicited;     /* an answer to our question: proves reachability */
    bool override;      /* replaces what is known */
    bool create;        /* worth an entry of its own */
};
uint32_t neighbor_find(const struct ip *ip, uint32_t link, const struct ip_addr *a); /* 0: none */
uint32_t neighbor_obtain(struct ip *ip, uint32_t link, const struct ip_addr *a);     /* 0: full */
void neighbor_learn(struct ip *ip, const struct neighbor_news *news);
enum ip_ready neighbor_use(struct ip *ip, uint32_t index);
void neighbor_link_changed(struct ip *ip, uint32_t link);
void neighbor_timers(struct ip *ip);
void neighbor_check(const struct ip *ip);
static inline bool neighbor_is_usable(const struct ip_neighbor *n)
{
    return n->state >= IP_NEIGHBOR_REACHABLE && n->state <= IP_NEIGHBOR_PROBE;
}

/* ---- arp.c, ndp.c -------------------------------------------------------------------------------------------- */
enum ip_verdict arp_input(struct ip *ip, struct arrival *a);
/* Asks for a neighbour's MAC: to everybody, or only to the one we believe in (PROBE). */
void arp_solicit(struct ip *ip, const struct ip_neighbor *n);
void arp_announce(struct ip *ip, const struct ip_address *address);
void arp_probe(struct ip *ip, uint32_t link, const struct ip_addr *a);
enum ip_verdict ndp_input(struct ip *ip, struct arrival *a, const struct icmp_message *m);
void ndp_solicit(struct ip *ip, uint32_t index, const struct ip_neighbor *n);
void ndp_probe(struct ip *ip, const struct ip_address *address); /* DAD */
void ndp_announce(struct ip *ip, const struct ip_address *address);
void ndp_router_solicit(struct ip *ip, uint32_t link, const struct ip_addr *src,
                        const struct ip_addr *dst);

/* ---- icmp_errno.c ----------------------------------------------------------------------------------------------- */

/* What the error means: its kind, and the number for the application. false: not an error that anybody acts on. */
bool icmp4_meaning(const struct icmp_message *m, struct ip_error *error);
bool icmp6_meaning(const struct icmp_message *m, struct ip_error *error);

/* ---- icmp_in.c, icmp_out.c -------------------------------------------------------------------------------------- */
enum ip_verdict icmp4_input(struct ip *ip, struct arrival *a);
enum ip_verdict icmp6_input(struct ip *ip, struct arrival *a);
/* An error about `packet` in its own family's numbers, unless RFC 1122 3.2.2 or RFC 4443 2.4 forbid it.
 * The buffer stays the caller's. */
struct icmp_answer {
    uint8_t type, code;
    uint32_t rest;
};
void icmp_error_send(struct ip *ip, const struct ip_packet *packet,
                     const struct icmp_answer *answer);
/* Offset of the byte that names the header at `offset` of an IPv6 packet. */
uint32_t icmp6_next_header_at(const uint8_t *packet, uint32_t offset);
#define ICMP_TOKENS_MAX 50u /* a burst of errors */

/* ---- reassembly.c, fragments.c ----------------------------------------------------------------------------------------------- */
/* One fragment of a datagram. `buffer->data` is its payload, with `header_size` bytes of headers before. */
struct fragment {
    uint32_t link;
    struct ip_addr src, dst;
    uint32_t id;
    uint8_t protocol, tos;
    bool more;
    uint16_t header_size;     /* everything before the payload */
    uint16_t fragment_header; /* IPv6: offset of the fragment header; 0: IPv4 */
    uint32_t offset, size;
    struct weir_buffer *buffer;
};
void fragments_fini(struct ip *ip);
/* Takes the buffer. Returns the whole datagram, from its IP header on, when this was the last piece, else
 * NULL. What is wrong is counted. */
struct weir_buffer *fragments_add(struct ip *ip, const struct fragment *f);
weir_time fragments_deadline(const struct ip *ip);
void fragments_timers(struct ip *ip);
void fragments_check(const struct ip *ip);

/* ---- output.c, reply.c ---------------------------------------------------------------------------------------------- */
void output_link_header(const struct ip *ip, uint32_t link, const struct ip_neighbor *n,
                        const struct ip_addr *dst, uint8_t *header);
/* Adds headers and queues on a path already known. Takes the buffer. */
void output_on_path(struct ip *ip, struct weir_buffer *buffer, const struct ip_send *send,
                    const struct ip_path *path);
/* Fragments (RFC 791 3.2, RFC 8200 4.5) and queues. Takes the buffer. */
void output_fragments(struct ip *ip, struct weir_buffer *buffer, const struct ip_send *send,
                      const struct ip_path *path);
/* Queues a packet; with a neighbour the link header's room in front of data is filled in later. */
void reply_push(struct ip *ip, struct weir_buffer *buffer, uint32_t link, uint32_t neighbor);
void reply_drop_neighbor(struct ip *ip, uint32_t neighbor);
void reply_drop_link(struct ip *ip, uint32_t link);
bool reply_uses_neighbor(const struct ip *ip, uint32_t neighbor);
weir_time reply_deadline(const struct ip *ip);
void reply_timers(struct ip *ip);
void reply_check(const struct ip *ip);

#endif
