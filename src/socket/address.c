/* address.c - addresses as the user writes them and as the core has them; which of them overlap. */
#include "socket/sock.h"

static const struct ip_addr any_v4 = {.b = {[10] = 0xff, [11] = 0xff}};

static bool is_link_local_v6(const struct ip_addr *a)
{
    return !ip_addr_is_v4(a) && ip_addr_is_link_local(a);
}

int sock_name_from(const struct weir_sock *s, const struct weir_endpoint *e, struct sock_name *name)
{
    if (e->ip.family != s->domain) { /* for an IPv6 socket a sockaddr_in is too short: EINVAL */
        return s->domain == 4 ? -WEIR_SOCK_EAFNOSUPPORT : -WEIR_SOCK_EINVAL;
    }
    name->ip = ip_addr_from_public(&e->ip);
    name->scope = e->ip.scope;
    name->port = e->port;
    if (is_link_local_v6(&name->ip) ? name->scope == 0 : false) {
        return -WEIR_SOCK_EINVAL;
    }
    return 0;
}

void sock_name_show(const struct weir_sock *s, const struct sock_name *name,
                    struct weir_endpoint *e)
{
    memset(e, 0, sizeof(*e));
    e->ip.family = s->domain;
    e->port = name->port;
    if (s->domain == 4) {
        memcpy(e->ip.bytes, name->ip.b + 12, 4);
    } else {
        memcpy(e->ip.bytes, name->ip.b, 16);
        e->ip.scope = name->scope;
    }
}

struct weir_endpoint sock_name_core(const struct sock_name *name)
{
    struct weir_endpoint e = {.port = name->port};

    ip_addr_to_public(&name->ip, &e.ip);
    e.ip.scope = is_link_local_v6(&name->ip) ? name->scope : 0;
    return e;
}

struct sock_name sock_name_of(const struct weir_endpoint *e)
{
    return (struct sock_name){
        .ip = ip_addr_from_public(&e->ip), .scope = e->ip.scope, .port = e->port};
}

struct sock_name sock_name_any(const struct weir_sock *s)
{
    struct sock_name any = {.port = 0};

    if (s->domain == 4) {
        any.ip = any_v4;
    }
    return any;
}

/* Families a local address takes packets of: bit 0 IPv4, bit 1 IPv6. */
static unsigned families(const struct ip_addr *a, bool v6only)
{
    if (ip_addr_is_v4(a)) {
        return 1;
    }
    return ip_addr_is_unspecified(a) && !v6only ? 3 : 2;
}

bool sock_name_overlap(const struct weir_sock *a, const struct sock_name *at,
                       const struct sock_name *other, bool other_v6only)
{
    if (!(families(&at->ip, a->o.v6only) & families(&other->ip, other_v6only))) {
        return false;
    }
    if (ip_addr_is_unspecified(&at->ip) || ip_addr_is_unspecified(&other->ip)) {
        return true;
    }
    return ip_addr_equal(&at->ip, &other->ip) &&
           (at->scope == other->scope || !at->scope || !other->scope);
}
