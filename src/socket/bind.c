/*
 * bind.c - local addresses and ports: who has which, and Linux's rule about two that want the same
 * (inet_csk_bind_conflict): addresses that overlap conflict, unless both have SO_REUSEADDR and neither
 * listens.
 */
#include "socket/sock.h"

static struct weir_sock **bucket(struct weir_sock_space *space, uint16_t port)
{
    return &space->ports[port % SOCK_PORT_BUCKETS];
}

void sock_port_enter(struct weir_sock *s)
{
    struct weir_sock **head = bucket(s->space, s->local.port);

    sock_port_leave(s);
    s->port_next = *head;
    if (*head) {
        (*head)->port_link = &s->port_next;
    }
    s->port_link = head;
    *head = s;
}

void sock_port_leave(struct weir_sock *s)
{
    if (s->port_link) {
        *s->port_link = s->port_next;
        if (s->port_next) {
            s->port_next->port_link = s->port_link;
        }
        s->port_link = NULL;
    }
}

/* After a connection ended, only a port that bind was told stays. Ours in TIME-WAIT has not ended yet. */
static bool holds_port(const struct weir_sock *s)
{
    struct weir_tcp_info info;

    return !s->dead || s->bound_port || (sock_info(s, &info) && info.state != WEIR_TCP_CLOSED);
}

static bool conflict(struct weir_sock *s, const struct sock_name *name, bool reuse)
{
    for (const struct weir_sock *o = *bucket(s->space, name->port); o; o = o->port_next) {
        if (o != s && o->local.port == name->port &&
            !(reuse && o->o.reuse_address && !o->listening) &&
            sock_name_overlap(s, name, &o->local, o->o.v6only) && holds_port(o)) {
            return true;
        }
    }
    return sock_ghost_conflict(s, name);
}

bool sock_port_conflict(struct weir_sock *s, const struct sock_name *name)
{
    return conflict(s, name, s->o.reuse_address);
}

void sock_listen_config(const struct weir_sock *s, const struct sock_name *name,
                        struct weir_listen_config *config)
{
    weir_listen_config_default(config);
    config->local = sock_name_core(name);
    if (s->domain == 6 && s->o.v6only && config->local.ip.family == 0) {
        config->local.ip.family = 6;
    }
    if (name->scope && config->local.ip.scope) {
        config->link = name->scope - 1;
    }
    config->user = s->slot;
    config->soft_errors_end = s->space->config.soft_errors_end_connect;
}

/* May the core listen there? It knows the addresses of the stack and listeners of other users. */
static int ask_core(const struct weir_sock *s, const struct sock_name *name)
{
    struct weir_listen_config config;

    sock_listen_config(s, name, &config);
    if (!weir_address_local(s->space->stack, &config.local.ip)) {
        return -WEIR_SOCK_EADDRNOTAVAIL;
    }
    return weir_tcp_lookup(s->space->stack, &config.local, NULL) == WEIR_TCP_LISTEN
               ? -WEIR_SOCK_EADDRINUSE
               : 0;
}

static int choose_port(struct weir_sock *s, struct sock_name *name)
{
    const struct weir_sock_config *c = &s->space->config;
    uint32_t range = (uint32_t)c->port_last - c->port_first + 1;
    uint32_t offset = (uint32_t)rng_below(&s->space->rng, range);

    for (uint32_t i = 0; i < range; i++) {
        int error;

        name->port = (uint16_t)(c->port_first + (offset + i) % range);
        if (conflict(s, name, false)) {
            continue;
        }
        error = ask_core(s, name);
        if (error != -WEIR_SOCK_EADDRINUSE) {
            return error;
        }
    }
    return -WEIR_SOCK_EADDRINUSE;
}

int sock_bind_to(struct weir_sock *s, const struct sock_name *name)
{
    struct sock_name chosen = *name;
    int error;

    if (name->port == 0) {
        error = choose_port(s, &chosen);
    } else if (sock_port_conflict(s, name)) {
        error = -WEIR_SOCK_EADDRINUSE;
    } else {
        error = ask_core(s, name);
    }
    if (error == 0) {
        s->local = chosen;
        sock_port_enter(s);
    }
    return error;
}

int weir_sock_bind(struct weir_sock *s, const struct weir_endpoint *local)
{
    struct sock_name name = sock_name_any(s);
    int error = 0;

    if (local->ip.family == 0) { /* AF_UNSPEC with INADDR_ANY is an old habit that Linux allows */
        name.port = local->port;
        error = s->domain == 4 ? 0 : -WEIR_SOCK_EAFNOSUPPORT;
    } else {
        error = sock_name_from(s, local, &name);
    }
    if (error != 0) {
        return error;
    }
    if ((s->handle && !s->dgram) || s->kind != SOCK_UNCONNECTED ||
        (s->local.port != 0 && s->type != WEIR_SOCK_RAW) ||
        (s->domain == 6 && s->o.v6only && ip_addr_is_v4(&name.ip))) {
        return -WEIR_SOCK_EINVAL;
    }
    if (s->dgram) {
        return sock_dgram_bind(s, &name);
    }
    error = sock_bind_to(s, &name);
    if (error == 0) {
        s->bound = s->local;
        s->bound_address = !ip_addr_is_unspecified(&name.ip);
        s->bound_port = name.port != 0;
    }
    return error;
}
