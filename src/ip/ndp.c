/*
 * ndp.c - neighbour solicitation and advertisement (RFC 4861 7), and their part in duplicate address
 * detection (RFC 4862 5.4).
 */
#include "ip/internal.h"

#include "wire/router.h"

#define NDP_SIZE_MAX 32

/* What an NDP message needs besides itself. `neighbor`: 0 for groups. */
struct ndp_way {
    uint32_t link, neighbor;
    struct ip_addr src, dst;
};

static struct weir_buffer *ndp_buffer(struct ip *ip, uint32_t link)
{
    struct weir_buffer *buffer = ip_reply_buffer(ip, NDP_SIZE_MAX);
    if (buffer == NULL) {
        env_drop(ip->env, WEIR_DROP_NO_MEMORY, link, 0);
    }
    return buffer;
}

static void send_message(struct ip *ip, const struct ndp_way *way, struct weir_buffer *buffer)
{
    struct ip_path path = {
        .generation = ip->generation,
        .neighbor = way->neighbor,
        .link = (uint16_t)way->link,
        .mtu = (uint16_t)ip->links[way->link].config.mtu,
    };
    struct ip_send send = {
        .src = way->src,
        .dst = way->dst,
        .protocol = IP_PROTOCOL_ICMP6,
        .ttl = NDP_HOP_LIMIT,
        .payload_size = buffer->size,
    };
    output_on_path(ip, buffer, &send, &path);
}

static void send_ndp(struct ip *ip, const struct ndp_way *way, const struct ndp_message *m)
{
    struct weir_buffer *buffer = ndp_buffer(ip, way->link);
    if (buffer != NULL) {
        buffer->size = (uint32_t)ndp_build(buffer->data, m, &way->src, &way->dst);
        send_message(ip, way, buffer);
    }
}

static void set_mac(const struct ip *ip, uint32_t link, struct ndp_message *m)
{
    m->has_mac = true;
    memcpy(m->mac, ip->links[link].config.mac, 6);
}

void ndp_solicit(struct ip *ip, uint32_t index, const struct ip_neighbor *n)
{
    const struct ip_address *own = source_select(ip, &n->ip, n->link);
    if (own == NULL) {
        return; /* without a source it would look like DAD (RFC 4861 4.3) */
    }
    bool unicast = n->state == IP_NEIGHBOR_PROBE;
    struct ndp_message m = {.type = ICMP6_NEIGHBOR_SOLICIT};
    memcpy(m.target, n->ip.b, 16);
    set_mac(ip, n->link, &m);
    struct ndp_way way = {
        .link = n->link,
        .neighbor = unicast ? index : 0,
        .src = own->ip,
        .dst = unicast ? n->ip : ip_solicited_node(&n->ip),
    };
    send_ndp(ip, &way, &m);
}

void ndp_probe(struct ip *ip, const struct ip_address *address)
{
    struct ndp_message m = {.type = ICMP6_NEIGHBOR_SOLICIT};
    memcpy(m.target, address->ip.b, 16);
    struct ndp_way way = {.link = address->link, .dst = ip_solicited_node(&address->ip)};
    send_ndp(ip, &way, &m);
}

void ndp_announce(struct ip *ip, const struct ip_address *address)
{
    struct ndp_message m = {.type = ICMP6_NEIGHBOR_ADVERT, .override = true};
    memcpy(m.target, address->ip.b, 16);
    set_mac(ip, address->link, &m);
    struct ndp_way way = {.link = address->link, .src = address->ip, .dst = ip_all_nodes};
    send_ndp(ip, &way, &m);
}

void ndp_router_solicit(struct ip *ip, uint32_t link, const struct ip_addr *src,
                        const struct ip_addr *dst)
{
    bool has_mac = ip_link_is_ethernet(ip, link) && !ip_addr_is_unspecified(src); /* RFC 4861 4.1 */
    struct ndp_way way = {.link = link, .src = *src, .dst = *dst};
    struct weir_buffer *buffer = ndp_buffer(ip, link);
    if (buffer != NULL) {
        buffer->size = (uint32_t)router_solicit_build(
            buffer->data, has_mac ? ip->links[link].config.mac : NULL, src, dst);
        send_message(ip, &way, buffer);
    }
}

static void answer(struct ip *ip, const struct arrival *a, const struct ip_address *own)
{
    const struct ip_addr *to = &a->packet->src;
    if (ip_addr_is_unspecified(to)) { /* somebody's DAD: tell everybody (RFC 4861 7.2.4) */
        ndp_announce(ip, own);
        return;
    }
    uint32_t neighbor = neighbor_obtain(ip, a->link, to);
    if (neighbor == 0) {
        env_drop(ip->env, WEIR_DROP_NO_NEIGHBOR, a->link, 0);
        return;
    }
    (void)neighbor_use(ip, neighbor);
    struct ndp_message m = {.type = ICMP6_NEIGHBOR_ADVERT, .solicited = true, .override = true};
    memcpy(m.target, own->ip.b, 16);
    set_mac(ip, a->link, &m);
    struct ndp_way way = {.link = a->link, .neighbor = neighbor, .src = own->ip, .dst = *to};
    send_ndp(ip, &way, &m);
}

static enum weir_drop on_solicit(struct ip *ip, struct arrival *a, const struct ndp_message *m)
{
    struct ip_addr target = ip_addr_from_v6(m->target);
    struct ip_addr group = ip_solicited_node(&target);
    bool unspecified = ip_addr_is_unspecified(&a->packet->src);
    if (unspecified && (m->has_mac || !ip_addr_equal(&a->packet->dst, &group))) {
        return WEIR_DROP_NDP_MALFORMED; /* RFC 4861 7.1.1 */
    }
    struct ip_address *own = address_on_link(ip, a->link, &target);
    if (own == NULL || own->state == IP_ADDRESS_DUPLICATE) {
        return WEIR_DROP_IP_NOT_US;
    }
    if (own->state == IP_ADDRESS_TENTATIVE) {
        /* RFC 4862 5.4.3: another node tries the same address. Our own frame may come back, too. */
        if (unspecified && memcmp(a->eth + 6, ip->links[a->link].config.mac, 6) != 0) {
            dad_conflict(ip, own);
        }
        return WEIR_DROP_IP_NOT_US;
    }
    if (m->has_mac) {
        struct neighbor_news news = {.link = a->link,
                                     .ip = &a->packet->src,
                                     .mac = m->mac,
                                     .override = true,
                                     .create = true};
        neighbor_learn(ip, &news);
    }
    answer(ip, a, own);
    return WEIR_DROP_NONE;
}

static enum weir_drop on_advert(struct ip *ip, struct arrival *a, const struct ndp_message *m)
{
    struct ip_addr target = ip_addr_from_v6(m->target);
    if (m->solicited && a->packet->to_group) {
        return WEIR_DROP_NDP_MALFORMED; /* RFC 4861 7.1.2 */
    }
    struct ip_address *own = address_on_link(ip, a->link, &target);
    if (own != NULL) {
        if (own->state == IP_ADDRESS_TENTATIVE) {
            dad_conflict(ip, own);
        }
        return WEIR_DROP_IP_SOURCE;
    }
    struct neighbor_news news = {
        .link = a->link,
        .ip = &target,
        .mac = m->has_mac ? m->mac : NULL,
        .solicited = m->solicited,
        .override = m->override,
    };
    neighbor_learn(ip, &news);
    if (!m->router) {
        slaac_not_router(ip, a->link, &target);
    }
    return WEIR_DROP_NONE;
}

enum ip_verdict ndp_input(struct ip *ip, struct arrival *a, const struct icmp_message *icmp)
{
    static const uint8_t nobody[6];
    struct ndp_message m;
    if (a->eth == NULL) {
        return ip_drop(ip, a, WEIR_DROP_ICMP_TYPE); /* no neighbours on this link */
    }
    if (a->packet->ttl != NDP_HOP_LIMIT) {
        return ip_drop(ip, a, WEIR_DROP_NDP_HOP_LIMIT);
    }
    if (a->reassembled || !ndp_parse(icmp, &m)) { /* RFC 6980 5 */
        return ip_drop(ip, a, WEIR_DROP_NDP_MALFORMED);
    }
    if (m.has_mac && (eth_is_group(m.mac) || memcmp(m.mac, nobody, 6) == 0)) {
        return ip_drop(ip, a, WEIR_DROP_NDP_MALFORMED);
    }
    enum weir_drop drop =
        m.type == ICMP6_NEIGHBOR_SOLICIT ? on_solicit(ip, a, &m) : on_advert(ip, a, &m);
    if (drop != WEIR_DROP_NONE) {
        return ip_drop(ip, a, drop);
    }
    buffer_unref(&ip->env->buffers, a->buffer);
    return IP_DONE;
}
