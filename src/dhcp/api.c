/* api.c - the calls of dhcp.h. */
#include "dhcp/client.h"

#define MESSAGES_PER_RUN 32u
#define STATES_PER_RUN 4u /* the end of a lease, INIT, SELECTING */

void weir_dhcp_config_default(struct weir_dhcp_config *config)
{
    *config = (struct weir_dhcp_config){.size = sizeof(*config)};
}

const char *weir_dhcp_state_name(enum weir_dhcp_state state)
{
    static const char *const names[] = {"STOPPED", "INIT",  "SELECTING", "REQUESTING", "REBOOTING",
                                        "PROBING", "BOUND", "RENEWING",  "REBINDING"};

    return (size_t)state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

/* ---- Coming and going -------------------------------------------------------------------------------------- */

static bool config_ok(const struct weir_stack *s, uint32_t link,
                      const struct weir_dhcp_config *config)
{
    const struct weir_link_config *l = &s->ip.links[link].config;

    return config->size == sizeof(*config) && l->medium == WEIR_MEDIUM_ETHERNET &&
           l->mtu >= DHCP_SIZE_MAX && config->client_id_size != 1 &&
           config->client_id_size <= WEIR_DHCP_CLIENT_ID_MAX &&
           config->hostname[WEIR_DHCP_NAME_MAX] == 0 &&
           (config->previous.family == 0 || config->previous.family == 4);
}

static int open_socket(struct weir_dhcp *d)
{
    struct weir_endpoint local = {.ip = {.family = 4}, .port = DHCP_CLIENT_PORT};
    int error = weir_udp_open(d->stack, 0, &d->socket);

    if (error != WEIR_OK) {
        return error;
    }
    (void)weir_udp_set(d->stack, d->socket, WEIR_UDP_REUSE_ADDRESS, 1);
    (void)weir_udp_set(d->stack, d->socket, WEIR_UDP_BROADCAST, 1);
    (void)weir_udp_set(d->stack, d->socket, WEIR_UDP_LINK, d->link);
    error = weir_udp_bind(d->stack, d->socket, &local);
    if (error != WEIR_OK) {
        (void)weir_udp_close(d->stack, d->socket);
    }
    return error;
}

int weir_dhcp_new(struct weir_dhcp **out, struct weir_stack *s, uint32_t link,
                  const struct weir_dhcp_config *config)
{
    struct weir_dhcp *d;
    int error;

    if (link >= s->ip.link_count) {
        return WEIR_ENOENT;
    }
    if (!config_ok(s, link, config)) {
        return WEIR_EINVAL;
    }
    d = memory_alloc_zero(&s->env.memory, sizeof(*d));
    if (!d) {
        return WEIR_ENOBUFS;
    }
    d->stack = s;
    d->link = link;
    d->config = *config;
    while (d->config.hostname[d->hostname_size]) {
        d->hostname_size++;
    }
    if (d->config.client_id_size == 0) { /* RFC 2132 9.14 */
        d->config.client_id_size = 7;
        d->config.client_id[0] = 1;
        memcpy(d->config.client_id + 1, s->ip.links[link].config.mac, 6);
    }
    error = open_socket(d);
    if (error != WEIR_OK) {
        memory_free(&s->env.memory, d, sizeof(*d));
        return error;
    }
    (void)ip_link_await(&s->ip, link, DHCP_CLIENT_PORT);
    d->state = WEIR_DHCP_STOPPED;
    weir_dhcp_restart(d);
    *out = d;
    return WEIR_OK;
}

static void forget(struct weir_dhcp *d)
{
    struct ip_addr a = ip_addr_from_public(&d->lease.ip);

    ip_probe_end(&d->stack->ip, d->link, &a);
    dhcp_unconfigure(d);
}

void weir_dhcp_del(struct weir_dhcp *d)
{
    struct weir_stack *s;

    if (!d) {
        return;
    }
    s = d->stack;
    forget(d);
    (void)ip_link_await(&s->ip, d->link, 0);
    (void)weir_udp_close(s, d->socket);
    memory_free(&s->env.memory, d, sizeof(*d));
}

void weir_dhcp_release(struct weir_dhcp *d)
{
    if (d->configured) {
        d->xid = (uint32_t)rng_next(&d->stack->env.rng);
        dhcp_send(d, DHCP_RELEASE);
    }
    forget(d);
    d->leased = false;
    d->state = WEIR_DHCP_STOPPED;
    d->deadline = WEIR_NEVER;
}

/* The next run does it: an idle stack's clock may be far behind. */
void weir_dhcp_restart(struct weir_dhcp *d)
{
    struct ip_addr a = ip_addr_from_public(&d->lease.ip);

    if (d->state == WEIR_DHCP_PROBING) { /* not yet ours: it is not asked for again */
        ip_probe_end(&d->stack->ip, d->link, &a);
        d->leased = false;
    }
    d->restart = true;
    d->deadline = 0;
}

/* ---- Running ----------------------------------------------------------------------------------------------- */

static void receive(struct weir_dhcp *d)
{
    uint8_t bytes[1500];
    struct weir_udp_meta meta;
    struct dhcp_reply reply;

    for (uint32_t i = 0; i < MESSAGES_PER_RUN; i++) {
        int64_t n = weir_udp_recv_from(d->stack, d->socket, bytes, sizeof(bytes), &meta);

        if (n < 0) {
            return;
        }
        if (meta.remote.port != DHCP_SERVER_PORT || d->restart || d->state == WEIR_DHCP_STOPPED) {
            dhcp_drop(d, WEIR_DROP_DHCP_UNEXPECTED);
        } else if (meta.size > sizeof(bytes) || !dhcp_parse(bytes, (size_t)n, &reply)) {
            dhcp_drop(d, WEIR_DROP_DHCP_MALFORMED);
        } else {
            dhcp_input(d, &reply);
        }
    }
}

uint32_t weir_dhcp_run(struct weir_dhcp *d, weir_time now)
{
    uint32_t news;

    stack_clock(d->stack, now);
    receive(d);
    if (d->duplicate) {
        d->duplicate = false;
        dhcp_conflict(d);
    }
    if (d->state == WEIR_DHCP_PROBING) {
        dhcp_look_at_probe(d);
    }
    if (d->restart) {
        d->restart = false;
        dhcp_reboot(d);
    }
    for (uint32_t i = 0; i < STATES_PER_RUN && d->deadline <= d->stack->env.now; i++) {
        dhcp_timer(d);
    }
    news = d->news;
    d->news = 0;
    return news;
}

weir_time weir_dhcp_deadline(const struct weir_dhcp *d)
{
    struct weir_udp_info info = {.size = sizeof(info)};
    struct ip_addr a = ip_addr_from_public(&d->lease.ip);
    bool unread = weir_udp_info(d->stack, d->socket, &info) == WEIR_OK && info.unread_datagrams;

    if (unread || d->duplicate || d->restart ||
        (d->state == WEIR_DHCP_PROBING &&
         ip_probe_state(&d->stack->ip, d->link, &a) != IP_PROBE_PENDING)) {
        return d->stack->env.now;
    }
    return d->deadline;
}

bool weir_dhcp_event(struct weir_dhcp *d, const struct weir_event *event)
{
    if (event->handle && event->handle == d->socket) {
        return true;
    }
    if ((event->bits & WEIR_EVENT_ADDRESS) && d->configured && event->link == d->link &&
        weir_ip_equal(&event->local.ip, &d->lease.ip)) {
        d->duplicate = true;
        return true;
    }
    return false;
}

/* ---- What is known ----------------------------------------------------------------------------------------- */

static weir_time left(const struct weir_dhcp *d, weir_time until)
{
    weir_time now = d->stack->env.now;

    return until == WEIR_NEVER ? WEIR_NEVER : until > now ? until - now : 0;
}

static uint32_t tell_list(const struct dhcp_addresses *list, struct weir_ip *out)
{
    for (uint32_t i = 0; i < list->count; i++) {
        out[i] = dhcp_ip(list->ip[i]);
    }
    return list->count;
}

static void tell_lease(const struct weir_dhcp *d, struct weir_dhcp_info *info)
{
    const struct dhcp_network *n = &d->lease.network;

    info->ip = d->lease.ip;
    info->server = d->lease.server;
    info->prefix = dhcp_prefix(&d->lease);
    info->mtu = n->mtu;
    info->router_count = tell_list(&n->routers, info->routers);
    info->dns_count = tell_list(&n->dns, info->dns);
    info->route_count = d->route_count;
    memcpy(info->routes, d->routes, d->route_count * sizeof(d->routes[0]));
    memcpy(info->domain, n->domain, n->domain_size);
    info->renew = left(d, d->lease.t1);
    info->rebind = left(d, d->lease.t2);
    info->expire = left(d, d->lease.end);
}

_Static_assert(DHCP_ADDRESSES_MAX <= WEIR_DHCP_LIST_MAX, "weir_dhcp_info has room");
_Static_assert(DHCP_NAME_MAX <= WEIR_DHCP_NAME_MAX, "weir_dhcp_info has room");

int weir_dhcp_info(const struct weir_dhcp *d, struct weir_dhcp_info *out)
{
    struct weir_dhcp_info info = {0};

    if (out->size < sizeof(uint32_t) || out->size > sizeof(info)) {
        return WEIR_EINVAL;
    }
    info.size = out->size;
    info.state = d->state;
    if (d->configured) {
        tell_lease(d, &info);
    }
    memcpy(out, &info, out->size);
    return WEIR_OK;
}
