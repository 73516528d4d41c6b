/* lease.c - what a lease says, and what the link gets and loses with it. */
#include "dhcp/client.h"

#define MTU_LEAST 576u /* what every host must take (RFC 791); less is a mistake of somebody's */

static weir_time later(weir_time base, uint64_t seconds)
{
    return base + seconds * WEIR_S;
}

/* RFC 2131 4.4.5: half and seven eighths, a little earlier, so that not all clients come at once. */
static void set_times(struct weir_dhcp *d, const struct dhcp_reply *r)
{
    struct dhcp_lease *l = &d->lease;
    weir_time span = (weir_time)r->lease * WEIR_S, fuzz;

    l->t1 = l->t2 = l->end = WEIR_NEVER;
    if (r->lease == DHCP_INFINITE) {
        return;
    }
    fuzz = rng_below(&d->stack->env.rng, span / 32 + 1);
    l->end = later(d->request_at, r->lease);
    l->t1 = d->request_at + span / 2 - fuzz;
    l->t2 = d->request_at + span / 8 * 7 - fuzz;
    if (r->t2 && r->t2 < r->lease) {
        l->t2 = later(d->request_at, r->t2);
    }
    if (r->t1 && later(d->request_at, r->t1) < l->t2) {
        l->t1 = later(d->request_at, r->t1);
    }
    l->t1 = min_u64(l->t1, l->t2);
}

void dhcp_lease_take(struct weir_dhcp *d, const struct dhcp_reply *r)
{
    struct weir_ip ip = dhcp_ip(r->ip);

    /* what is configured differs now: the address too if it or its subnet does */
    if (d->configured && (memcmp(&d->lease.network, &r->network, sizeof(r->network)) != 0 ||
                          !weir_ip_equal(&d->lease.ip, &ip))) {
        dhcp_unconfigure(d);
    }
    d->lease.ip = ip;
    d->lease.server = dhcp_ip(r->server);
    memcpy(&d->lease.network, &r->network, sizeof(r->network)); /* padding too: it is compared */
    d->leased = true;
    set_times(d, r);
}

/* ---- The link ---------------------------------------------------------------------------------------------------- */

/* Without a mask: what the classes of RFC 791 say. */
uint8_t dhcp_prefix(const struct dhcp_lease *l)
{
    uint8_t first = l->ip.bytes[0];

    if (l->network.prefix != DHCP_NO_PREFIX && l->network.prefix != 0) {
        return l->network.prefix;
    }
    return first < 128 ? 8 : first < 192 ? 16 : 24;
}

static void add_route(struct weir_dhcp *d, const struct weir_ip *to, uint8_t prefix,
                      const struct weir_ip *gateway)
{
    struct weir_dhcp_route *r;

    if (d->route_count == WEIR_DHCP_ROUTES_MAX ||
        weir_route_add(d->stack, to, prefix, gateway->family ? gateway : NULL, d->link,
                       d->config.metric) != WEIR_OK) {
        return;
    }
    r = &d->routes[d->route_count++];
    r->destination = *to;
    r->prefix = prefix;
    r->gateway = *gateway;
}

static void add_routes(struct weir_dhcp *d)
{
    static const struct weir_ip any = {.family = 4};
    static const uint8_t on_link[4];
    const struct dhcp_network *n = &d->lease.network;

    if (n->classless) { /* RFC 3442: the routers are not looked at */
        for (uint32_t i = 0; i < n->route_count; i++) {
            const struct dhcp_route *r = &n->routes[i];
            struct weir_ip to = dhcp_ip(r->destination), gateway = dhcp_ip(r->gateway);

            if (memcmp(r->gateway, on_link, 4) == 0) {
                gateway.family = 0;
            }
            add_route(d, &to, r->prefix, &gateway);
        }
        return;
    }
    for (uint32_t i = 0; i < n->routers.count; i++) { /* in order of preference */
        struct weir_ip gateway = dhcp_ip(n->routers.ip[i]);

        if (memcmp(n->routers.ip[i], on_link, 4) != 0) {
            add_route(d, &any, 0, &gateway);
        }
    }
}

static void set_mtu(struct weir_dhcp *d)
{
    uint32_t mtu = d->lease.network.mtu;

    d->link_mtu = d->stack->ip.links[d->link].config.mtu;
    d->set_mtu = 0;
    if (!d->config.no_mtu && mtu >= MTU_LEAST && mtu < d->link_mtu) {
        d->set_mtu = mtu;
        (void)weir_link_set_mtu(d->stack, d->link, mtu);
    }
}

int dhcp_configure(struct weir_dhcp *d)
{
    int error;

    if (d->configured) {
        return WEIR_OK;
    }
    error = weir_address_add(d->stack, d->link, &d->lease.ip, dhcp_prefix(&d->lease));
    if (error != WEIR_OK) {
        return error;
    }
    d->configured = true;
    d->duplicate = false;
    set_mtu(d);
    add_routes(d);
    return WEIR_OK;
}

void dhcp_unconfigure(struct weir_dhcp *d)
{
    if (!d->configured) {
        return;
    }
    d->configured = false;
    while (d->route_count) {
        const struct weir_dhcp_route *r = &d->routes[--d->route_count];

        (void)weir_route_del(d->stack, &r->destination, r->prefix,
                             r->gateway.family ? &r->gateway : NULL, d->link);
    }
    (void)weir_address_del(d->stack, d->link, &d->lease.ip);
    if (d->set_mtu && d->stack->ip.links[d->link].config.mtu == d->set_mtu) {
        (void)weir_link_set_mtu(d->stack, d->link, d->link_mtu);
    }
}
