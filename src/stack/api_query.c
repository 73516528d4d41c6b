/* api_query.c - questions of weir.h about who has an address and port, for those who hand them out (socket/). */
#include "stack/stack.h"

bool weir_address_local(const struct weir_stack *s, const struct weir_ip *ip)
{
    struct ip_addr a = ip_addr_from_public(ip);

    return stack_local_usable(s, &a);
}

/* Do two local addresses share one? */
static bool overlap(const struct ip_addr *a, uint8_t family_a, const struct ip_addr *b,
                    uint8_t family_b)
{
    if (family_a && family_b && family_a != family_b) {
        return false;
    }
    return ip_addr_is_unspecified(a) || ip_addr_is_unspecified(b) || ip_addr_equal(a, b);
}

static uint8_t family_of(const struct ip_addr *a)
{
    return ip_addr_is_v4(a) ? 4 : 6;
}

struct wanted {
    struct ip_addr ip;
    uint8_t family; /* 0: both */
    uint16_t port;
};

static bool is_wanted(const struct wanted *w, const struct ip_addr *local, uint16_t port)
{
    return port == w->port && overlap(&w->ip, w->family, local, family_of(local));
}

static bool listened(const struct weir_stack *s, const struct wanted *w)
{
    const struct tcp *t = &s->tcp;

    for (uint32_t i = 1; i < pool_limit(&t->listeners); i++) {
        const struct listener *l = tcp_listener_at(t, i);
        uint8_t family = ip_addr_is_unspecified(&l->local) ? l->family : family_of(&l->local);

        if (l->generation && l->local_port == w->port &&
            overlap(&w->ip, w->family, &l->local, family)) {
            return true;
        }
    }
    return false;
}

static bool half_open(const struct tcp *t, const struct wanted *w)
{
    for (uint32_t level = 0; level < HALF_LEVELS; level++) {
        for (uint32_t name = t->half_level[level].head; name;
             name = tcp_half_at(t, name)->list_next) {
            struct tcp_tuple tuple;

            tcp_half_tuple(t, name, &tuple);
            if (is_wanted(w, &tuple.local, tuple.local_port)) {
                return true;
            }
        }
    }
    return false;
}

int weir_tcp_port_taken(const struct weir_stack *s, const struct weir_endpoint *local)
{
    struct wanted w = {ip_addr_from_public(&local->ip), local->ip.family, local->port};
    const struct tcp *t = &s->tcp;

    for (uint32_t i = 1; i < pool_limit(&t->conns); i++) {
        const struct tcp_conn *c = tcp_conn_at(t, i);

        if (c->generation && c->in_demux && is_wanted(&w, &c->local, c->local_port)) {
            return c->state;
        }
    }
    for (uint32_t i = t->time_wait_fifo.head; i; i = tcp_time_wait_at(t, i)->next) {
        if (is_wanted(&w, &tcp_time_wait_at(t, i)->local, tcp_time_wait_at(t, i)->local_port)) {
            return WEIR_TCP_TIME_WAIT;
        }
    }
    return half_open(t, &w) ? WEIR_TCP_SYN_RECEIVED : WEIR_ENOENT;
}

int weir_tcp_lookup(struct weir_stack *s, const struct weir_endpoint *local,
                    const struct weir_endpoint *remote)
{
    struct wanted w = {ip_addr_from_public(&local->ip), local->ip.family, local->port};
    struct tcp_tuple tuple;
    uint32_t name;

    if (!remote) {
        return listened(s, &w) ? WEIR_TCP_LISTEN : WEIR_ENOENT;
    }
    tuple = (struct tcp_tuple){w.ip, ip_addr_from_public(&remote->ip), local->port, remote->port};
    name = demux_find(&s->demux, &tuple);
    if (!name) {
        return WEIR_ENOENT;
    }
    switch (tcp_name_kind(name)) {
    case TCP_KIND_CONN: return tcp_conn_at(&s->tcp, name)->state;
    case TCP_KIND_TIME_WAIT: return WEIR_TCP_TIME_WAIT;
    default: return WEIR_TCP_SYN_RECEIVED;
    }
}
