/*
 * acd.c - IPv4 before there is an address: is it free (RFC 5227 2.1), and hearing what a DHCP server sends to it.
 *
 * A probe asks three times by ARP, at random within seconds, without an address of its own. Who started it
 * asks for the outcome; nothing is configured here.
 */
#include "ip/internal.h"

#define PROBE_WAIT WEIR_S /* RFC 5227 1.1 */
#define PROBE_NUM 3
#define PROBE_MIN WEIR_S
#define PROBE_MAX (2 * WEIR_S)
#define ANNOUNCE_WAIT (2 * WEIR_S)

struct ip_probe {
    struct ip_probe *next;
    struct ip_addr ip;
    weir_time at; /* of the next message, or of the verdict; WEIR_NEVER: it is spoken */
    uint16_t link;
    uint8_t left; /* messages still to send */
    uint8_t state;
};

static struct ip_probe *find(const struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    struct ip_probe *p = ip->probes;
    while (p != NULL && (p->link != link || !ip_addr_equal(&p->ip, a))) {
        p = p->next;
    }
    return p;
}

int ip_probe_start(struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    if (!ip_link_is_ethernet(ip, link) || !ip_addr_is_v4(a)) {
        return WEIR_EINVAL;
    }
    ip_probe_end(ip, link, a);
    struct ip_probe *p = memory_alloc(&ip->env->memory, sizeof(*p));
    if (p == NULL) {
        return WEIR_ENOBUFS;
    }
    *p = (struct ip_probe){
        .next = ip->probes,
        .ip = *a,
        .at = ip->env->now + rng_below(&ip->env->rng, PROBE_WAIT),
        .link = (uint16_t)link,
        .left = PROBE_NUM,
        .state = IP_PROBE_PENDING,
    };
    ip->probes = p;
    ip->probe_deadline = min_time(ip->probe_deadline, p->at);
    return WEIR_OK;
}

enum ip_probe_state ip_probe_state(const struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    const struct ip_probe *p = find(ip, link, a);
    return p != NULL ? (enum ip_probe_state)p->state : IP_PROBE_NONE;
}

void ip_probe_end(struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    struct ip_probe **at = &ip->probes, *p = find(ip, link, a);
    if (p == NULL) {
        return;
    }
    while (*at != p) {
        at = &(*at)->next;
    }
    *at = p->next;
    memory_free(&ip->env->memory, p, sizeof(*p));
}

void probe_heard(struct ip *ip, uint32_t link, const struct arp_packet *packet)
{
    struct ip_addr sender = ip_addr_from_v4(packet->sender_ip);
    struct ip_addr target = ip_addr_from_v4(packet->target_ip);
    bool probing = ip_addr_is_unspecified(&sender) && packet->operation == ARP_REQUEST;
    struct ip_probe *p = find(ip, link, probing ? &target : &sender);
    if (p != NULL && p->state == IP_PROBE_PENDING) {
        /* RFC 5227 2.1.1: somebody has it, or wants it at the same time. */
        p->state = IP_PROBE_CONFLICT;
        p->at = WEIR_NEVER;
    }
}

static void step(struct ip *ip, struct ip_probe *p)
{
    if (p->left == 0) {
        p->state = IP_PROBE_FREE;
        p->at = WEIR_NEVER;
        return;
    }
    arp_probe(ip, p->link, &p->ip);
    p->left--;
    p->at = ip->env->now + (p->left == 0
                                ? ANNOUNCE_WAIT
                                : PROBE_MIN + rng_below(&ip->env->rng, PROBE_MAX - PROBE_MIN + 1));
}

void probe_timers(struct ip *ip)
{
    ip->probe_deadline = WEIR_NEVER;
    for (struct ip_probe *p = ip->probes; p != NULL; p = p->next) {
        if (p->at <= ip->env->now) {
            step(ip, p);
        }
        ip->probe_deadline = min_time(ip->probe_deadline, p->at);
    }
}

void probe_fini(struct ip *ip)
{
    while (ip->probes != NULL) {
        struct ip_probe *p = ip->probes;
        ip->probes = p->next;
        memory_free(&ip->env->memory, p, sizeof(*p));
    }
}

/* ---- Hearing --------------------------------------------------------------------------------------------- */

int ip_link_await(struct ip *ip, uint32_t link, uint16_t port)
{
    if (!ip_is_link(ip, link)) {
        return WEIR_ENOENT;
    }
    ip->links[link].awaited_port = port;
    return WEIR_OK;
}

/* RFC 2131 4.1: a server may send to the address that it offers, and to our MAC. The IP header is checked. */
bool probe_is_awaited(const struct ip *ip, const struct arrival *a)
{
    const struct ip_addr *dst = &a->packet->dst;
    const uint8_t *p = a->buffer->data;
    uint16_t port = ip_is_link(ip, a->link) ? ip->links[a->link].awaited_port : 0;
    if (LIKELY(port == 0) || !ip_addr_is_v4(dst) || ip_addr_is_multicast(dst) ||
        ip_addr_is_loopback(dst) || ip_addr_is_unspecified(dst)) {
        return false;
    }
    uint32_t header = (p[0] & 15u) * 4;
    return p[9] == IP_PROTOCOL_UDP && (load_be16(p + 6) & 0x3fff) == 0 &&
           a->buffer->size >= header + 4 && load_be16(p + header + 2) == port;
}
