/*
 * address.c - the addresses of this stack: adding, removing, and what is ours.
 *
 * An address belongs to a link, but a packet for it is taken on any link (the weak host model of RFC 1122
 * 3.3.4.2), except for IPv6 link-local addresses, which mean something on their own link only.
 * 127.0.0.0/8 and ::1 are always there, on IP_LINK_LOOPBACK.
 */
#include "ip/internal.h"

static const struct ip_address loopback4 = {
    .ip = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}},
    .link = IP_LINK_LOOPBACK,
    .prefix = 8,
    .state = IP_ADDRESS_VALID,
};
static const struct ip_address loopback6 = {
    .ip = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
    .link = IP_LINK_LOOPBACK,
    .prefix = 128,
    .state = IP_ADDRESS_VALID,
};

static bool is_link_local6(const struct ip_addr *a)
{
    return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/* The host part of an IPv4 prefix, as a mask. */
static uint32_t host_mask(uint8_t prefix)
{
    return prefix == 0 ? UINT32_MAX : prefix >= 32 ? 0 : UINT32_MAX >> prefix;
}

/* /31 and /32 have no broadcast address (RFC 3021), and neither has /0. */
static bool is_broadcast_of(const struct ip_addr *a, const struct ip_address *own)
{
    uint32_t mask = host_mask(own->prefix);
    if (own->prefix == 0 || own->prefix > 30 || !ip_addr_is_v4(&own->ip) || !ip_addr_is_v4(a)) {
        return false;
    }
    return load_be32(a->b + 12) == (load_be32(own->ip.b + 12) | mask);
}

struct ip_address *address_on_link(struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    for (uint32_t i = 0; i < ip->address_count; i++) {
        struct ip_address *own = &ip->addresses[i];
        if (own->state != IP_ADDRESS_FREE && own->link == link && ip_addr_equal(&own->ip, a)) {
            return own;
        }
    }
    return NULL;
}

static const struct ip_address *find_valid(const struct ip *ip, const struct ip_addr *a,
                                           uint32_t link)
{
    bool scoped = is_link_local6(a) && link != WEIR_ANY_LINK && link != IP_LINK_LOOPBACK;
    for (uint32_t i = 0; i < ip->address_count; i++) {
        const struct ip_address *own = &ip->addresses[i];
        if (own->state == IP_ADDRESS_VALID && ip_addr_equal(&own->ip, a) &&
            (!scoped || own->link == link)) {
            return own;
        }
    }
    return NULL;
}

const struct ip_address *ip_address_find(const struct ip *ip, const struct ip_addr *a)
{
    if (ip_addr_is_loopback(a)) {
        return ip_addr_is_v4(a) ? &loopback4 : &loopback6;
    }
    return find_valid(ip, a, WEIR_ANY_LINK);
}

/* May a link that takes everything take this? Not what no host can have. */
static bool is_ordinary(const struct ip_addr *a)
{
    return !ip_addr_is_unspecified(a) && !ip_addr_is_loopback(a);
}

bool ip_address_accepts(const struct ip *ip, uint32_t link, const struct ip_addr *dst)
{
    if (link == IP_LINK_LOOPBACK) {
        return ip_addr_is_loopback(dst) || find_valid(ip, dst, link) != NULL;
    }
    if (find_valid(ip, dst, link) != NULL) {
        return true;
    }
    return ip_is_link(ip, link) && ip->links[link].config.accept_any && is_ordinary(dst) &&
           !ip_addr_is_multicast(dst) && !ip_addr_is_broadcast(dst);
}

bool address_is_subnet_broadcast(const struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    for (uint32_t i = 0; i < ip->address_count; i++) {
        const struct ip_address *own = &ip->addresses[i];
        if (own->state == IP_ADDRESS_VALID && own->link == link && is_broadcast_of(a, own)) {
            return true;
        }
    }
    return false;
}

static bool is_our_solicited_node(const struct ip *ip, uint32_t link, const uint8_t last[3])
{
    for (uint32_t i = 0; i < ip->address_count; i++) {
        const struct ip_address *own = &ip->addresses[i];
        bool in_use = own->state == IP_ADDRESS_VALID || own->state == IP_ADDRESS_TENTATIVE;
        if (in_use && own->link == link && !ip_addr_is_v4(&own->ip) &&
            memcmp(own->ip.b + 13, last, 3) == 0) {
            return true;
        }
    }
    return false;
}

bool address_is_our_group(const struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    static const uint8_t all_hosts[4] = {224, 0, 0, 1};
    if (!ip_is_link(ip, link)) {
        return link == IP_LINK_LOOPBACK && ip_addr_is_multicast(a) &&
               group_is_joined_somewhere(ip, a);
    }
    if (ip_addr_is_v4(a)) {
        return ip_addr_is_broadcast(a) || memcmp(a->b + 12, all_hosts, 4) == 0 ||
               (ip->links[link].config.accept_any && ip_addr_is_multicast(a)) ||
               address_is_subnet_broadcast(ip, link, a) || group_is_joined(ip, link, a);
    }
    if (!ip_addr_is_multicast(a)) {
        return false;
    }
    struct ip_addr group = ip_solicited_node(a);
    return ip_addr_equal(a, &ip_all_nodes) || ip->links[link].config.accept_any ||
           (ip_addr_equal(a, &group) && is_our_solicited_node(ip, link, a->b + 13)) ||
           group_is_joined(ip, link, a);
}

bool address_is_our_mac_group(const struct ip *ip, uint32_t link, const uint8_t mac[6])
{
    static const uint8_t all_hosts[6] = {0x01, 0x00, 0x5e, 0, 0, 1};
    static const uint8_t all_nodes[6] = {0x33, 0x33, 0, 0, 0, 1};
    static const uint8_t solicited[3] = {0x33, 0x33, 0xff};
    if (memcmp(mac, eth_broadcast, 6) == 0 || memcmp(mac, all_hosts, 6) == 0 ||
        memcmp(mac, all_nodes, 6) == 0 || ip->links[link].config.accept_any) {
        return true;
    }
    return (memcmp(mac, solicited, 3) == 0 && is_our_solicited_node(ip, link, mac + 3)) ||
           group_is_joined_mac(ip, link, mac);
}

static bool is_source_bad(const struct ip *ip, uint32_t link, const struct ip_addr *src)
{
    if (ip_addr_is_multicast(src) || ip_addr_is_broadcast(src) || !is_ordinary(src)) {
        return true;
    }
    /* Our own address from outside: a loop, a forgery, or a duplicate that DAD did not find. */
    return find_valid(ip, src, link) != NULL || address_is_subnet_broadcast(ip, link, src);
}

bool address_is_bad_source(struct ip *ip, uint32_t link, const struct ip_addr *src)
{
    if (address_is_known_source(ip, src)) {
        return false;
    }
    if (is_source_bad(ip, link, src)) {
        return true;
    }
    if (!is_link_local6(src)) { /* good on every link */
        ip->source_hint = *src;
        ip->source_generation = ip->generation;
    }
    return false;
}

static int address_ok(struct ip *ip, uint32_t link, const struct ip_addr *a, uint8_t prefix)
{
    bool v4 = ip_addr_is_v4(a);
    if (!ip_is_link(ip, link)) {
        return WEIR_ENOENT;
    }
    struct ip_address wanted = {.ip = *a, .prefix = prefix};
    if (prefix > (v4 ? 32 : 128) || !is_ordinary(a) || ip_addr_is_multicast(a) ||
        ip_addr_is_broadcast(a) || is_broadcast_of(a, &wanted)) {
        return WEIR_EINVAL;
    }
    if (!v4 && ip->links[link].config.mtu < IP6_MTU_MIN) {
        return WEIR_EINVAL; /* RFC 8200 5 */
    }
    for (uint32_t i = 0; i < ip->address_count; i++) {
        const struct ip_address *own = &ip->addresses[i];
        if (own->state != IP_ADDRESS_FREE && ip_addr_equal(&own->ip, a) &&
            (own->link == link || !is_link_local6(a))) {
            return WEIR_EEXIST;
        }
    }
    return WEIR_OK;
}

/* One about which nothing is still to be told, if there is any. */
static struct ip_address *free_slot(struct ip *ip)
{
    struct ip_address *untold = NULL;
    for (uint32_t i = 0; i < ip->address_count; i++) {
        struct ip_address *own = &ip->addresses[i];
        if (own->state == IP_ADDRESS_FREE && own->tell == 0) {
            return own;
        }
        untold = own->state == IP_ADDRESS_FREE ? own : untold;
    }
    return ip->address_count < IP_ADDRESSES_MAX ? &ip->addresses[ip->address_count++] : untold;
}

/* The slot is taken: what is there is checked for duplicates, and heard. */
static void begin(struct ip *ip, struct ip_address *own, const struct ip_address *as)
{
    *own = *as;
    own->state = IP_ADDRESS_TENTATIVE;
    dad_start(ip, own);
    group_follow_address(ip, own, true);
    ip->generation++;
}

int ip_address_add(struct ip *ip, uint32_t link, const struct ip_addr *a, uint8_t prefix)
{
    int error = address_ok(ip, link, a, prefix);
    if (error != WEIR_OK) {
        return error;
    }
    struct ip_address *own = free_slot(ip);
    if (own == NULL) {
        return WEIR_ENOBUFS;
    }
    if (prefix < (ip_addr_is_v4(a) ? 32 : 128)) {
        struct ip_route route = {
            .destination = route_mask(a, prefix),
            .link = (uint16_t)link,
            .prefix = prefix,
            .connected = true,
        };
        error = route_insert(ip, &route);
        if (error != WEIR_OK && error != WEIR_EEXIST) {
            return error;
        }
    }
    begin(ip, own, &(struct ip_address){.ip = *a, .link = (uint16_t)link, .prefix = prefix});
    return WEIR_OK;
}

int ip_address_del(struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    struct ip_address *own = address_on_link(ip, link, a);
    if (own == NULL) {
        return WEIR_ENOENT;
    }
    if (ip->duplicate_address == (uint32_t)(own - ip->addresses) + 1) {
        ip->duplicate_address = 0;
    }
    uint8_t prefix = own->prefix;
    if (own->automatic) {
        address_remove_automatic(ip, own, false);
        own->tell = 0; /* the application knows */
        return WEIR_OK;
    }
    group_follow_address(ip, own, false);
    *own = (struct ip_address){.state = IP_ADDRESS_FREE};
    bool shared = false;
    for (uint32_t i = 0; i < ip->address_count; i++) {
        const struct ip_address *other = &ip->addresses[i];
        shared |= other->state != IP_ADDRESS_FREE && !other->automatic && other->link == link &&
                  other->prefix == prefix && ip_addr_in_prefix(&other->ip, a, prefix);
    }
    if (!shared) {
        route_remove_connected(ip, link, a, prefix);
    }
    ip->generation++;
    return WEIR_OK;
}

/* ---- Automatic ones ---------------------------------------------------------------------------------------- */

int address_add_automatic(struct ip *ip, uint32_t link, const struct ip_addr *a, uint8_t prefix,
                          struct ip_address **out)
{
    int error = address_ok(ip, link, a, prefix);
    if (error != WEIR_OK) {
        return error;
    }
    struct ip_address *own = free_slot(ip);
    if (own == NULL) {
        return WEIR_ENOBUFS;
    }
    begin(ip, own,
          &(struct ip_address){
              .ip = *a, .link = (uint16_t)link, .prefix = prefix, .automatic = true});
    *out = own;
    return WEIR_OK;
}

void address_tell(struct ip *ip, struct ip_address *own, enum ip_tell what)
{
    own->tell |= (uint8_t)what;
    ip->address_news = true;
}

/* `told`: its event is out, or in the entry. */
void address_remove_automatic(struct ip *ip, struct ip_address *own, bool told)
{
    group_follow_address(ip, own, false);
    *own = (struct ip_address){
        .ip = own->ip, .link = own->link, .tell = own->tell, .state = IP_ADDRESS_FREE};
    if (told && (own->tell & IP_TELL_ADDED) != 0) {
        own->tell &= (uint8_t)~IP_TELL_ADDED; /* the application need not know of it at all */
    } else if (told) {
        address_tell(ip, own, IP_TELL_REMOVED);
    }
    ip->generation++;
}

bool ip_address_event(struct ip *ip, struct ip_address_event *event)
{
    for (uint32_t i = 0; ip->address_news && i < ip->address_count; i++) {
        struct ip_address *own = &ip->addresses[i];
        if (own->tell == 0) {
            continue;
        }
        event->ip = own->ip;
        event->link = own->link;
        event->what = (enum ip_tell)(own->tell & -own->tell);
        own->tell &= (uint8_t)(own->tell - 1);
        return true;
    }
    ip->address_news = false;
    return false;
}
