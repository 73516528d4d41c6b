/*
 * route.c - the route table, and the way from a destination to a link and next hop.
 *
 * The table is sorted (longest prefix first, then lowest metric, then age), so that the first match is the
 * answer. It is only walked when somebody's cached ip_path is out of date.
 */
#include "ip/internal.h"

#define ROUTES_FIRST 8u

struct ip_addr route_mask(const struct ip_addr *a, uint8_t prefix)
{
    struct ip_addr masked = {{0}};
    uint32_t bits = prefix + (ip_addr_is_v4(a) ? 96u : 0u);
    memcpy(masked.b, a->b, bits / 8);
    if (bits % 8 != 0) {
        masked.b[bits / 8] = (uint8_t)(a->b[bits / 8] & 0xff00u >> bits % 8);
    }
    return masked;
}

/* ---- The table ----------------------------------------------------------------------------------- */

static bool is_same(const struct ip_route *a, const struct ip_route *b)
{
    return a->prefix == b->prefix && a->link == b->link &&
           ip_addr_equal(&a->destination, &b->destination) &&
           ip_addr_equal(&a->gateway, &b->gateway) &&
           ip_addr_is_v4(&a->destination) == ip_addr_is_v4(&b->destination);
}

static bool grow(struct ip *ip)
{
    uint32_t capacity = max_u32(ROUTES_FIRST, ip->route_capacity * 2);
    struct memory *memory = &ip->env->memory;
    struct ip_route *routes = memory_alloc(memory, capacity * sizeof(*routes));
    if (routes == NULL) {
        return false;
    }
    if (ip->route_count != 0) {
        memcpy(routes, ip->routes, ip->route_count * sizeof(*routes));
    }
    memory_free(memory, ip->routes, ip->route_capacity * sizeof(*routes));
    ip->routes = routes;
    ip->route_capacity = capacity;
    return true;
}

int route_insert(struct ip *ip, const struct ip_route *route)
{
    uint32_t at = ip->route_count;
    for (uint32_t i = ip->route_count; i > 0; i--) {
        const struct ip_route *r = &ip->routes[i - 1];
        if (is_same(r, route)) {
            return WEIR_EEXIST;
        }
        if (r->prefix < route->prefix ||
            (r->prefix == route->prefix && r->metric > route->metric)) {
            at = i - 1;
        }
    }
    if (ip->route_count == IP_ROUTES_MAX || (ip->route_count == ip->route_capacity && !grow(ip))) {
        return WEIR_ENOBUFS;
    }
    memmove(ip->routes + at + 1, ip->routes + at, (ip->route_count - at) * sizeof(*ip->routes));
    ip->routes[at] = *route;
    ip->route_count++;
    ip->generation++;
    return WEIR_OK;
}

static int route_remove(struct ip *ip, const struct ip_route *route)
{
    for (uint32_t i = 0; i < ip->route_count; i++) {
        if (is_same(&ip->routes[i], route)) {
            ip->route_count--;
            memmove(ip->routes + i, ip->routes + i + 1,
                    (ip->route_count - i) * sizeof(*ip->routes));
            ip->generation++;
            return WEIR_OK;
        }
    }
    return WEIR_ENOENT;
}

void route_remove_connected(struct ip *ip, uint32_t link, const struct ip_addr *a, uint8_t prefix)
{
    struct ip_route route = {
        .destination = route_mask(a, prefix), .link = (uint16_t)link, .prefix = prefix};
    for (uint32_t i = 0; i < ip->route_count; i++) {
        if (ip->routes[i].connected && is_same(&ip->routes[i], &route)) {
            (void)route_remove(ip, &route);
            return;
        }
    }
}

void route_remove_automatic(struct ip *ip, const struct ip_route *route)
{
    for (uint32_t i = 0; i < ip->route_count; i++) {
        if (ip->routes[i].automatic && is_same(&ip->routes[i], route)) {
            (void)route_remove(ip, route);
            return;
        }
    }
}

/* Fills `route` from the arguments of the two calls below. */
static int make_route(const struct ip *ip, const struct ip_addr *destination, uint8_t prefix,
                      const struct ip_addr *gateway, uint32_t link, struct ip_route *route)
{
    bool v4 = ip_addr_is_v4(destination);
    if (!ip_is_link(ip, link)) {
        return WEIR_ENOENT;
    }
    if (prefix > (v4 ? 32 : 128)) {
        return WEIR_EINVAL;
    }
    *route = (struct ip_route){
        .destination = route_mask(destination, prefix), .link = (uint16_t)link, .prefix = prefix};
    if (gateway != NULL && !ip_addr_is_unspecified(gateway)) {
        if (ip_addr_is_v4(gateway) != v4 || ip_addr_is_multicast(gateway) ||
            ip_addr_is_broadcast(gateway) || ip_addr_is_loopback(gateway)) {
            return WEIR_EINVAL;
        }
        route->gateway = *gateway;
    }
    return WEIR_OK;
}

int ip_route_add(struct ip *ip, const struct ip_addr *destination, uint8_t prefix,
                 const struct ip_addr *gateway, uint32_t link, uint32_t metric)
{
    struct ip_route route;
    int error = make_route(ip, destination, prefix, gateway, link, &route);
    if (error != WEIR_OK) {
        return error;
    }
    route.metric = metric;
    return route_insert(ip, &route);
}

int ip_route_del(struct ip *ip, const struct ip_addr *destination, uint8_t prefix,
                 const struct ip_addr *gateway, uint32_t link)
{
    struct ip_route route;
    int error = make_route(ip, destination, prefix, gateway, link, &route);
    return error != WEIR_OK ? error : route_remove(ip, &route);
}

/* ---- Paths ------------------------------------------------------------------------------------------ */

/* Can packets of this family leave through this link at all? */
static bool link_carries(const struct ip *ip, uint32_t link, bool v4)
{
    const struct ip_link *l = &ip->links[link];
    return l->up && (v4 || l->config.mtu >= IP6_MTU_MIN);
}

/* RFC 4861 6.3.6: may this default router be reachable? Those that were configured always are. */
static bool is_promising(const struct ip *ip, const struct ip_route *r)
{
    if (LIKELY(!r->automatic) || ip_addr_is_unspecified(&r->gateway) ||
        ip->links[r->link].header_size == 0) {
        return true;
    }
    uint32_t index = neighbor_find(ip, r->link, &r->gateway);
    return index != 0 && neighbor_is_usable(ip_neighbor_at(ip, index));
}

const struct ip_route *route_find(const struct ip *ip, const struct ip_addr *dst, uint32_t link)
{
    bool v4 = ip_addr_is_v4(dst);
    const struct ip_route *doubtful = NULL;
    for (uint32_t i = 0; i < ip->route_count; i++) {
        const struct ip_route *r = &ip->routes[i];
        if ((link == WEIR_ANY_LINK || r->link == link) && link_carries(ip, r->link, v4) &&
            ip_addr_in_prefix(dst, &r->destination, r->prefix)) {
            if (doubtful != NULL && r->prefix != doubtful->prefix) {
                break;
            }
            if (is_promising(ip, r)) {
                return r;
            }
            doubtful = doubtful == NULL ? r : doubtful;
        }
    }
    return doubtful;
}

static bool is_ours(const struct ip *ip, const struct ip_addr *dst, uint32_t link)
{
    const struct ip_address *own = ip_address_find(ip, dst);
    if (own == NULL) {
        return false;
    }
    bool scoped = !ip_addr_is_v4(dst) && ip_addr_is_link_local(dst);
    if (!scoped || link == WEIR_ANY_LINK || link == IP_LINK_LOOPBACK || own->link == link) {
        return true;
    }
    for (uint32_t i = 0; i < ip->address_count; i++) { /* the same address on the link asked for */
        const struct ip_address *other = &ip->addresses[i];
        if (other->state == IP_ADDRESS_VALID && other->link == link &&
            ip_addr_equal(&other->ip, dst)) {
            return true;
        }
    }
    return false;
}

/* The link for a group or broadcast address when none is given: that of the route, of the first address
 * of the family otherwise. */
static uint32_t group_link(const struct ip *ip, const struct ip_addr *dst)
{
    bool v4 = ip_addr_is_v4(dst);
    const struct ip_route *route = route_find(ip, dst, WEIR_ANY_LINK);
    if (route != NULL) {
        return route->link;
    }
    for (uint32_t i = 0; i < ip->address_count; i++) {
        const struct ip_address *own = &ip->addresses[i];
        if (own->state == IP_ADDRESS_VALID && ip_addr_is_v4(&own->ip) == v4 &&
            link_carries(ip, own->link, v4)) {
            return own->link;
        }
    }
    return WEIR_ANY_LINK;
}

/* Link and next hop; `hop` all zero when none is needed. */
static int find_hop(const struct ip *ip, const struct ip_addr *dst, uint32_t link,
                    struct ip_path *path, struct ip_addr *hop)
{
    bool v4 = ip_addr_is_v4(dst);
    const struct ip_route *route = NULL;
    if (ip_addr_is_multicast(dst) || ip_addr_is_broadcast(dst)) {
        link = link == WEIR_ANY_LINK ? group_link(ip, dst) : link;
    } else {
        route = route_find(ip, dst, link);
    }
    if (route != NULL) {
        link = route->link;
        bool on_link = ip_addr_is_unspecified(&route->gateway);
        if (ip->links[link].header_size != 0 &&
            !(on_link && address_is_subnet_broadcast(ip, link, dst))) {
            *hop = on_link ? *dst : route->gateway;
        }
    } else if (!ip_is_link(ip, link) || !link_carries(ip, link, v4) ||
               (ip->links[link].header_size != 0 && !ip_addr_is_multicast(dst) &&
                !ip_addr_is_broadcast(dst))) {
        return WEIR_ENETUNREACH; /* a link without neighbours needs no route when it is asked for */
    }
    path->link = (uint16_t)link;
    path->mtu = (uint16_t)ip_link_mtu(ip, link, v4);
    return WEIR_OK;
}

static int loopback_path(struct ip *ip, const struct ip_addr *dst, struct ip_addr *chosen)
{
    if (chosen != NULL) {
        *chosen = ip_addr_is_loopback(dst) ? ip_address_find(ip, dst)->ip : *dst;
    }
    return WEIR_OK;
}

int ip_path_find(struct ip *ip, const struct ip_addr *dst, const struct ip_addr *src, uint32_t link,
                 struct ip_path *path, struct ip_addr *chosen)
{
    bool choose = src == NULL || ip_addr_is_unspecified(src);
    *path =
        (struct ip_path){.generation = ip->generation, .link = IP_LINK_LOOPBACK, .mtu = UINT16_MAX};
    if (is_ours(ip, dst, link)) {
        return loopback_path(ip, dst, choose ? chosen : NULL);
    }
    if (ip_addr_is_unspecified(dst) || ip_addr_is_loopback(dst)) {
        return WEIR_ENETUNREACH;
    }
    struct ip_addr hop = {{0}};
    int error = find_hop(ip, dst, link, path, &hop);
    if (error != WEIR_OK) {
        return error;
    }
    path->mtu = (uint16_t)pmtu_limit(ip, dst, path->mtu);
    if (choose) {
        const struct ip_address *own = source_select(ip, dst, path->link);
        if (own == NULL) {
            return WEIR_EADDRNOTAVAIL;
        }
        if (chosen != NULL) {
            *chosen = own->ip;
        }
    } else if (ip_addr_is_loopback(src)) {
        return WEIR_EADDRNOTAVAIL; /* RFC 1122 3.2.1.3 g */
    }
    if (!ip_addr_is_unspecified(&hop)) {
        path->neighbor = neighbor_obtain(ip, path->link, &hop);
        path->generation = ip->generation; /* making room may have changed it */
        return path->neighbor != 0 ? WEIR_OK : WEIR_ENOBUFS;
    }
    return WEIR_OK;
}
