/*
 * ip_kit.h - a network layer on a bench: frames are built here, fed to ip_input, and what comes out is
 * compared. ip_check runs after each step; the end checks that no buffer and no byte was lost.
 */
#ifndef TESTS_IP_KIT_H
#define TESTS_IP_KIT_H

#include "base_kit.h"
#include "ip/ip.h"
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

struct ip_kit {
    struct heap heap;
    struct env env;
    struct ip ip;
    uint32_t eth, tun;  /* links */
    bool small_buffers; /* received buffers are only as large as the frame */
    struct ip_packet packet;
    struct ip_error error;
    uint32_t dropped_seen[WEIR_DROP_COUNT];
};

/* Our side: 192.0.2.1/24, 2001:db8::1/64, fe80::1/64 on Ethernet (no DAD); 198.51.100.1/24 and
 * 2001:db8:1::1/64 on the tunnel. The peer: .2, ::2, fe80::2. */
extern const uint8_t kit_mac[6], kit_peer_mac[6];

struct ip_kit *ip_kit_new(void);   /* links, no addresses */
struct ip_kit *ip_kit_ready(void); /* with all addresses, neighbours unknown */
void ip_kit_del(struct ip_kit *k); /* expects that nothing is left */
struct ip_addr kit_ip(const char *text);

/* A frame being made: link header, IP header, payload. */
struct kit_frame {
    uint8_t bytes[66000];
    uint32_t size, ip_at, upper_at;
};
struct kit_upper {
    const char *src, *dst;
    uint8_t protocol;
    const void *data;
    uint32_t size;
    /* optional */
    uint8_t hop_limit; /* 64 */
    uint8_t tos;
    uint32_t id; /* fragments */
    uint32_t offset;
    bool fragment, more;
    bool bare;             /* no Ethernet header */
    const uint8_t *to_mac; /* ours, or the group's */
    const uint8_t *from_mac;
};
void kit_build(struct kit_frame *f, const struct kit_upper *upper);
/* The IPv4 header checksum, again. */
void kit_fix4(struct kit_frame *f);

/* Feeds bytes; the verdict. An IP_PACKET's buffer stays in k->packet (kit_packet_free). */
enum ip_verdict kit_feed(struct ip_kit *k, uint32_t link, const void *bytes, uint32_t size,
                         const struct weir_offload *offload);
enum ip_verdict kit_feed_frame(struct ip_kit *k, const struct kit_frame *f);
enum ip_verdict kit_send(struct ip_kit *k, const struct kit_upper *upper); /* build and feed */
void kit_packet_free(struct ip_kit *k);

/* Expectations. kit_expect_drop: exactly this reason was counted since the last expectation, once. */
void kit_expect_drop(struct ip_kit *k, enum weir_drop drop);
void kit_expect_drops(struct ip_kit *k, enum weir_drop drop, uint32_t count);
void kit_expect_no_drop(struct ip_kit *k);

/* The next reply as bytes; false: none. */
struct kit_out {
    uint8_t bytes[66000];
    uint32_t size, link;
    struct eth_header eth;
    uint8_t *ip; /* behind the link header */
    uint32_t ip_size;
};
bool kit_next(struct ip_kit *k, struct kit_out *out);
void kit_expect_silence(struct ip_kit *k); /* no reply */
void kit_flush(struct ip_kit *k);          /* throws replies away */

/* Time goes on; timers run. */
void kit_advance(struct ip_kit *k, weir_time by);

/* Teaches the stack the peer's MAC by an ARP request / a solicitation, and eats the answers. */
void kit_meet(struct ip_kit *k);

void kit_arp(struct ip_kit *k, uint16_t operation, const uint8_t mac[6], const char *sender,
             const char *target);
struct kit_ndp {
    const char *src, *dst, *target;
    uint8_t type;
    bool solicited, override;
    const uint8_t *mac; /* the option; NULL: none */
    uint8_t hop_limit;  /* 255 */
    const uint8_t *from_mac;
};
void kit_ndp_send(struct ip_kit *k, const struct kit_ndp *n);
#define KIT_ARP(k, operation, sender, target) kit_arp(k, operation, kit_peer_mac, sender, target)

/* An output frame taken apart: expects that it is ARP, NDP, ICMP. */
void kit_take_arp(struct ip_kit *k, struct arp_packet *a, struct eth_header *eth);
void kit_take_ndp(struct ip_kit *k, struct ndp_message *n, struct kit_out *out,
                  struct ip6_header *h);

#endif
