/*
 * raw.c - who gets a packet or an ICMP error besides the stack itself: raw and ping sockets.
 *
 * ip/ asks only about protocols that somebody has opened (ip->tapped), so that nobody pays for what is not there.
 * Everybody gets a copy: the packet goes on its way through the stack, which changes it.
 */
#include "stack/stack.h"
#include "wire/checksum.h"
#include "wire/icmp.h"

static struct raw *raw_of(const struct weir_stack *s, const struct udp_socket *u)
{
    return pool_at(&s->udp.raws, u->raw);
}

/* ---- Who ----------------------------------------------------------------------------------------------- */

static bool addresses_match(const struct udp_socket *u, const struct ip_addr *local,
                            const struct ip_addr *remote, uint32_t link)
{
    if ((u->family == 4) != ip_addr_is_v4(remote) ||
        (!ip_addr_is_unspecified(&u->local) && !ip_addr_equal(&u->local, local)) ||
        (u->remote_port && !ip_addr_equal(&u->remote, remote))) {
        return false;
    }
    return u->link == UDP_ANY_LINK || u->link == link || link == IP_LINK_LOOPBACK;
}

static bool type_blocked(const struct raw *r, const struct weir_buffer *b)
{
    uint8_t type = b->size ? b->data[0] : 0;

    return (r->blocked[type / 32] >> (type % 32)) & 1;
}

static bool checksum_ok(struct weir_stack *s, const struct ip_packet *p)
{
    uint64_t sum = csum_pseudo(&p->src, &p->dst, p->protocol, p->buffer->size);

    return csum_fold(csum_sum(&s->env.config.ops, p->buffer->data, p->buffer->size, sum)) == 0xffff;
}

/* An echo reply with the socket's identifier. Its checksum is checked only now: nobody else looks at it. */
static bool is_reply_for(const struct udp_socket *u, const struct ip_packet *p)
{
    const struct weir_buffer *b = p->buffer;
    struct icmp_message m;

    if (b->size < ICMP_HEADER_SIZE || !u->local_port || load_be16(b->data + 4) != u->local_port) {
        return false;
    }
    if (u->family == 4) {
        return icmp4_parse(b->data, b->size, &m) == WEIR_DROP_NONE && m.type == ICMP4_ECHO_REPLY &&
               m.code == 0;
    }
    return icmp6_parse(b->data, b->size, &p->src, &p->dst, &m) == WEIR_DROP_NONE &&
           m.type == ICMP6_ECHO_REPLY && m.code == 0;
}

static bool wants(struct weir_stack *s, const struct udp_socket *u, const struct ip_packet *p)
{
    const struct raw *r = raw_of(s, u);

    if (r->protocol != p->protocol || !addresses_match(u, &p->dst, &p->src, p->link)) {
        return false;
    }
    if (r->ping) {
        return is_reply_for(u, p);
    }
    if (r->protocol == (u->family == 4 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMP6) &&
        type_blocked(r, p->buffer)) {
        return false;
    }
    if (r->checksum_offset >= 0 && p->csum == WEIR_CSUM_NONE && !checksum_ok(s, p)) {
        if (r->protocol !=
            IP_PROTOCOL_ICMP6) { /* of ICMPv6 it is counted where all of it is checked */
            env_drop(&s->env, WEIR_DROP_RAW_CHECKSUM, p->link, 0);
        }
        return false;
    }
    return true;
}

/* ---- Receiving ----------------------------------------------------------------------------------------- */

static void give(struct weir_stack *s, struct udp_socket *u, const struct ip_packet *p)
{
    const struct raw *r = raw_of(s, u);
    uint32_t header = u->family == 4 && !r->ping ? p->ip_size : 0;
    uint32_t size = header + p->buffer->size;
    struct weir_buffer *copy;

    if (!udp_has_room(s, u, p->link)) {
        return;
    }
    copy = buffer_alloc(&s->env.buffers, size);
    if (!copy) {
        u->dropped++;
        env_drop(&s->env, WEIR_DROP_NO_MEMORY, p->link, 0);
        return;
    }
    buffer_copy_within(&s->env.buffers, copy->data, p->buffer->data - header, size);
    copy->size = size;
    udp_enqueue(s, u, p, &(struct udp_datagram){.size = size, .buffer = copy});
}

bool raw_receive(void *ctx, const struct ip_packet *p)
{
    struct weir_stack *s = ctx;
    bool any = false;

    for (uint32_t i = s->udp.raw_head; i;) {
        struct udp_socket *u = udp_at(&s->udp, i);

        i = u->hash_next;
        if (wants(s, u, p)) {
            give(s, u, p);
            any = true;
        }
    }
    return any;
}

/* ---- Errors -------------------------------------------------------------------------------------------- */

static bool quoted_by(const struct udp_socket *u, const struct ip_error *e)
{
    return e->icmp_type == (u->family == 4 ? ICMP4_ECHO : ICMP6_ECHO) && u->local_port != 0 &&
           e->icmp_id == u->local_port;
}

bool raw_error(struct weir_stack *s, const struct ip_error *e)
{
    bool any = false;

    for (uint32_t i = s->udp.raw_head; i;) {
        struct udp_socket *u = udp_at(&s->udp, i);
        const struct raw *r = raw_of(s, u);

        i = u->hash_next;
        if (r->protocol == e->protocol && addresses_match(u, &e->src, &e->dst, e->link) &&
            (!r->ping || quoted_by(u, e))) {
            udp_tell_error(s, u, e);
            any = true;
        }
    }
    return any;
}

/* ---- The list, identifiers ----------------------------------------------------------------------------- */

static void learn_taps(struct weir_stack *s)
{
    s->udp.transport_tapped = false;
    memset(s->ip.tapped, 0, sizeof(s->ip.tapped));
    for (uint32_t i = s->udp.raw_head; i; i = udp_at(&s->udp, i)->hash_next) {
        const struct udp_socket *u = udp_at(&s->udp, i);
        uint8_t protocol = raw_of(s, u)->protocol;

        s->ip.tapped[u->family == 6][protocol / 32] |= 1u << (protocol % 32);
        s->udp.transport_tapped |= protocol == IP_PROTOCOL_TCP || protocol == IP_PROTOCOL_UDP;
    }
    s->ip.tap = raw_receive;
    s->ip.tap_ctx = s;
}

void raw_enter(struct weir_stack *s, struct udp_socket *u)
{
    u->hash_next = s->udp.raw_head;
    s->udp.raw_head = u->index;
    learn_taps(s);
}

void raw_leave(struct weir_stack *s, struct udp_socket *u)
{
    uint32_t *at = &s->udp.raw_head;

    while (*at != u->index) {
        at = &udp_at(&s->udp, *at)->hash_next;
    }
    *at = u->hash_next;
    pool_put(&s->udp.raws, u->raw);
    u->raw = 0;
    u->local_port = 0;
    learn_taps(s);
}

static bool identifier_free(const struct weir_stack *s, const struct udp_socket *u, uint16_t id)
{
    for (uint32_t i = s->udp.raw_head; i; i = udp_at(&s->udp, i)->hash_next) {
        const struct udp_socket *other = udp_at(&s->udp, i);

        if (other->local_port == id && other != u && udp_conflict(u, other)) {
            return false;
        }
    }
    return true;
}

int raw_port_take(struct weir_stack *s, struct udp_socket *u, uint16_t port)
{
    uint32_t first = 1 + (uint32_t)rng_below(&s->env.rng, UINT16_MAX);

    if (!raw_of(s, u)->ping) {
        return WEIR_OK;
    }
    if (port && !identifier_free(s, u, port)) {
        return WEIR_EADDRINUSE;
    }
    for (uint32_t i = 0; i < UINT16_MAX && !port; i++) {
        uint16_t id = (uint16_t)(1 + (first + i) % UINT16_MAX);

        port = identifier_free(s, u, id) ? id : 0;
    }
    u->local_port = port;
    return port ? WEIR_OK : WEIR_EADDRINUSE;
}

int raw_bind(struct weir_stack *s, struct udp_socket *u, const struct weir_endpoint *local)
{
    struct ip_addr a = ip_addr_from_public(&local->ip), before = u->local;
    int error;

    if ((local->ip.family && local->ip.family != u->family) || u->local_port) {
        return WEIR_EINVAL;
    }
    if (local->ip.scope > s->ip.link_count) {
        return WEIR_ENOENT;
    }
    if (!ip_addr_is_multicast(&a) && !ip_addr_is_broadcast(&a) && !stack_local_usable(s, &a)) {
        return WEIR_EADDRNOTAVAIL;
    }
    u->local = a;
    error = raw_port_take(s, u, local->port);
    if (error != WEIR_OK) {
        u->local = before;
        return error;
    }
    u->path.generation = 0;
    u->bound_address = !ip_addr_is_unspecified(&a);
    if (local->ip.scope) {
        u->link = (uint16_t)(local->ip.scope - 1);
    }
    return WEIR_OK;
}
