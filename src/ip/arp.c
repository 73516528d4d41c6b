/*
 * arp.c - ARP (RFC 826): asking, answering, announcing (RFC 5227), learning.
 */
#include "ip/internal.h"

static void send_arp(struct ip *ip, uint32_t link, const uint8_t to[6], const struct arp_packet *a)
{
    struct weir_buffer *buffer = ip_reply_buffer(ip, ARP_SIZE);
    if (buffer == NULL) {
        env_drop(ip->env, WEIR_DROP_NO_MEMORY, link, 0);
        return;
    }
    struct eth_header eth = {.type = ETH_TYPE_ARP};
    memcpy(eth.dst, to, 6);
    memcpy(eth.src, ip->links[link].config.mac, 6);
    arp_build(buffer->data, a);
    buffer->data -= ETH_HEADER_SIZE;
    eth_build(buffer->data, &eth);
    buffer->size = ETH_HEADER_SIZE + ARP_SIZE;
    reply_push(ip, buffer, link, 0);
}

void arp_solicit(struct ip *ip, const struct ip_neighbor *n)
{
    struct arp_packet request = {.operation = ARP_REQUEST};
    const struct ip_address *own = source_select(ip, &n->ip, n->link);
    memcpy(request.sender_mac, ip->links[n->link].config.mac, 6);
    if (own != NULL) { /* else like a probe of RFC 5227: it is answered, too */
        memcpy(request.sender_ip, own->ip.b + 12, 4);
    }
    memcpy(request.target_ip, n->ip.b + 12, 4);
    send_arp(ip, n->link, n->state == IP_NEIGHBOR_PROBE ? n->mac : eth_broadcast, &request);
}

void arp_announce(struct ip *ip, const struct ip_address *address)
{
    struct arp_packet announcement = {.operation = ARP_REQUEST};
    memcpy(announcement.sender_mac, ip->links[address->link].config.mac, 6);
    memcpy(announcement.sender_ip, address->ip.b + 12, 4);
    memcpy(announcement.target_ip, address->ip.b + 12, 4);
    send_arp(ip, address->link, eth_broadcast, &announcement);
}

/* RFC 5227 1.1: the sender's address is all zero, so that nobody learns anything from it. */
void arp_probe(struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    struct arp_packet probe = {.operation = ARP_REQUEST};
    memcpy(probe.sender_mac, ip->links[link].config.mac, 6);
    memcpy(probe.target_ip, a->b + 12, 4);
    send_arp(ip, link, eth_broadcast, &probe);
}

static void answer(struct ip *ip, uint32_t link, const struct arp_packet *request)
{
    struct arp_packet reply = {.operation = ARP_REPLY};
    memcpy(reply.sender_mac, ip->links[link].config.mac, 6);
    memcpy(reply.sender_ip, request->target_ip, 4);
    memcpy(reply.target_mac, request->sender_mac, 6);
    memcpy(reply.target_ip, request->sender_ip, 4);
    send_arp(ip, link, request->sender_mac, &reply);
}

static bool is_bad_sender(const struct arp_packet *p, const struct ip_addr *sender)
{
    static const uint8_t nobody[6];
    return eth_is_group(p->sender_mac) || memcmp(p->sender_mac, nobody, 6) == 0 ||
           ip_addr_is_multicast(sender) || ip_addr_is_broadcast(sender) ||
           ip_addr_is_loopback(sender);
}

static void learn(struct ip *ip, uint32_t link, const struct arp_packet *p,
                  const struct ip_addr *sender, bool to_us)
{
    uint32_t known = neighbor_find(ip, link, sender);
    bool asked = false;
    if (known != 0 && p->operation == ARP_REPLY && to_us) {
        const struct ip_neighbor *n = ip_neighbor_at(ip, known);
        asked = n->probes != 0; /* INCOMPLETE or PROBE */
    }
    struct neighbor_news news = {
        .link = link,
        .ip = sender,
        .mac = p->sender_mac,
        .solicited = asked,
        .override = true,
        .create = to_us && p->operation == ARP_REQUEST,
    };
    neighbor_learn(ip, &news);
}

enum ip_verdict arp_input(struct ip *ip, struct arrival *a)
{
    struct arp_packet p;
    if (!arp_parse(a->buffer->data, a->buffer->size, &p)) {
        return ip_drop(ip, a, WEIR_DROP_ARP_MALFORMED);
    }
    struct ip_addr sender = ip_addr_from_v4(p.sender_ip);
    struct ip_addr target = ip_addr_from_v4(p.target_ip);
    if (is_bad_sender(&p, &sender)) {
        return ip_drop(ip, a, WEIR_DROP_ARP_MALFORMED);
    }
    if (memcmp(p.sender_mac, ip->links[a->link].config.mac, 6) == 0) {
        return ip_drop(ip, a, WEIR_DROP_IP_SOURCE); /* our own, come back */
    }
    probe_heard(ip, a->link, &p);
    struct ip_address *own = address_on_link(ip, a->link, &sender);
    if (own != NULL) {
        dad_conflict(ip, own);
        return ip_drop(ip, a, WEIR_DROP_IP_SOURCE);
    }
    own = address_on_link(ip, a->link, &target);
    bool to_us = own != NULL && own->state == IP_ADDRESS_VALID;
    if (!ip_addr_is_unspecified(&sender)) { /* else a probe (RFC 5227 1.1) */
        learn(ip, a->link, &p, &sender, to_us);
    }
    if (!to_us) {
        return ip_drop(ip, a, WEIR_DROP_IP_NOT_US);
    }
    if (p.operation == ARP_REQUEST) {
        answer(ip, a->link, &p);
    }
    buffer_unref(&ip->env->buffers, a->buffer);
    return IP_DONE;
}
