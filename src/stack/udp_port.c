/*
 * udp_port.c - local ports of UDP sockets: the table, who may have which, and choosing one.
 *
 * RFC 6056 algorithm 1 with a keyed hash as the random number, so that a port cannot be foreseen.
 */
#include "stack/stack.h"

#include "base/siphash.h"

#define BUCKETS_FIRST 16u
#define BUCKETS_MAX 65536u

static void link_in(struct udp *t, struct udp_socket *u)
{
    uint32_t *head = &t->heads[u->local_port & t->mask];

    u->hash_next = *head;
    *head = u->index;
}

/* Without memory for more buckets the chains grow. */
static bool grow(struct weir_stack *s)
{
    struct udp *t = &s->udp;
    uint32_t *old = t->heads, before = old ? t->mask + 1 : 0;
    uint32_t count = before ? before * 4 : BUCKETS_FIRST;
    uint32_t *heads = memory_alloc_zero(&s->env.memory, count * sizeof(heads[0]));

    if (!heads) {
        return before != 0;
    }
    t->heads = heads;
    t->mask = count - 1;
    for (uint32_t i = 0; i < before; i++) {
        uint32_t kept = 0, next;

        for (uint32_t at = old[i]; at; at = next) { /* turned round twice: the order stays */
            next = udp_at(t, at)->hash_next;
            udp_at(t, at)->hash_next = kept;
            kept = at;
        }
        for (; kept; kept = next) {
            next = udp_at(t, kept)->hash_next;
            link_in(t, udp_at(t, kept));
        }
    }
    memory_free(&s->env.memory, old, before * sizeof(old[0]));
    return true;
}

/* Families a socket takes: bit 0 IPv4, bit 1 IPv6. */
static unsigned families(const struct udp_socket *u)
{
    if (!ip_addr_is_unspecified(&u->local)) {
        return ip_addr_is_v4(&u->local) ? 1 : 2;
    }
    return u->family == 4 ? 1 : u->family == 6 ? 2 : 3;
}

bool udp_conflict(const struct udp_socket *a, const struct udp_socket *b)
{
    if (!(families(a) & families(b)) || (a->reuse && b->reuse)) {
        return false;
    }
    if (a->link != UDP_ANY_LINK && b->link != UDP_ANY_LINK && a->link != b->link) {
        return false;
    }
    return ip_addr_is_unspecified(&a->local) || ip_addr_is_unspecified(&b->local) ||
           ip_addr_equal(&a->local, &b->local);
}

static bool is_free(const struct weir_stack *s, const struct udp_socket *u, uint16_t port)
{
    for (uint32_t i = udp_port_first(&s->udp, port); i;) {
        const struct udp_socket *other = udp_at(&s->udp, i);

        if (other->local_port == port && udp_conflict(u, other)) {
            return false;
        }
        i = other->hash_next;
    }
    return true;
}

static uint16_t choose(struct weir_stack *s, const struct udp_socket *u)
{
    const struct weir_config *c = &s->env.config;
    uint32_t range = (uint32_t)c->port_last - c->port_first + 1;
    uint64_t salt[2] = {s->udp.ports++, rng_next(&s->env.rng)};
    uint32_t offset = (uint32_t)(siphash(c->secret + 8, salt, sizeof(salt)) % range);

    for (uint32_t i = 0; i < range; i++) {
        uint16_t port = (uint16_t)(c->port_first + (offset + i) % range);

        if (is_free(s, u, port)) {
            return port;
        }
    }
    return 0;
}

int udp_port_take(struct weir_stack *s, struct udp_socket *u, uint16_t port)
{
    struct udp *t = &s->udp;

    if (u->raw) {
        return raw_port_take(s, u, port);
    }
    if ((!t->heads || (t->count > t->mask * 2 && t->mask + 1 < BUCKETS_MAX)) && !grow(s)) {
        return WEIR_ENOBUFS;
    }
    if (port == 0) {
        port = choose(s, u);
    } else if (!is_free(s, u, port)) {
        port = 0;
    }
    if (port == 0) {
        return WEIR_EADDRINUSE;
    }
    u->local_port = port;
    link_in(t, u);
    t->count++;
    return WEIR_OK;
}

void udp_port_leave(struct weir_stack *s, struct udp_socket *u)
{
    uint32_t *at;

    if (u->raw) {
        raw_leave(s, u);
        return;
    }
    if (!u->local_port) {
        return;
    }
    at = &s->udp.heads[u->local_port & s->udp.mask];
    while (*at != u->index) {
        at = &udp_at(&s->udp, *at)->hash_next;
    }
    *at = u->hash_next;
    u->local_port = 0;
    s->udp.count--;
}
