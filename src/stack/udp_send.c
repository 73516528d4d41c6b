/*
 * udp_send.c - datagrams out, by way of ip/'s ring of packets without a connection.
 *
 * The ring has room for few packets: when it is nearly full, sockets are refused (WEIR_EAGAIN) and told
 * WRITABLE when enough of it has left, so that datagrams can crowd out neither each other nor the stack's
 * own replies.
 */
#include "stack/stack.h"
#include "wire/checksum.h"

int udp_path(struct weir_stack *s, struct udp_socket *u, const struct ip_addr *dst,
             struct ip_addr *src, uint32_t scope, struct ip_path *path)
{
    uint32_t link = u->link == UDP_ANY_LINK ? WEIR_ANY_LINK : u->link;
    struct ip_addr chosen;
    int error;

    if (scope) {
        link = scope - 1;
    } else if (link == WEIR_ANY_LINK && ip_addr_is_multicast(dst) &&
               u->multicast_link != UDP_ANY_LINK) {
        link = u->multicast_link;
    }
    error = ip_path_find(&s->ip, dst, src, link, path, &chosen);
    if (error != WEIR_OK) {
        return error;
    }
    if (ip_addr_is_unspecified(src)) {
        *src = chosen;
    }
    if (!u->broadcast &&
        (ip_addr_is_broadcast(dst) || address_is_subnet_broadcast(&s->ip, path->link, dst))) {
        return WEIR_EACCES;
    }
    return WEIR_OK;
}

/* RFC 1122 3.2.1.3 a: before there is an address, to everybody on one link (DHCP). */
static bool from_nobody(const struct weir_stack *s, const struct udp_socket *u, struct outgoing *o)
{
    if (!ip_addr_is_v4(&o->src) || !ip_addr_is_unspecified(&o->src) ||
        !ip_addr_is_broadcast(&o->dst) || u->link == UDP_ANY_LINK) {
        return false;
    }
    o->path = (struct ip_path){.generation = s->ip.generation,
                               .link = u->link,
                               .mtu = (uint16_t)s->ip.links[u->link].config.mtu};
    return true;
}

static int where_to(struct weir_stack *s, struct udp_socket *u, const struct weir_endpoint *to,
                    const struct weir_ip *from, struct outgoing *o)
{
    bool multicast = ip_addr_is_multicast(&u->local); /* bound to a group: it is no source */

    if (!to && !u->remote_port) {
        return WEIR_ENOTCONN;
    }
    o->src = from ? ip_addr_from_public(from) : multicast ? (struct ip_addr){{0}} : u->local;
    o->dst = to ? ip_addr_from_public(&to->ip) : u->remote;
    o->port = to ? to->port : u->remote_port;
    if ((o->port == 0 && !u->raw) || ip_addr_is_unspecified(&o->dst) ||
        (u->family && (u->family == 4) != ip_addr_is_v4(&o->dst)) ||
        (!ip_addr_is_unspecified(&o->src) && ip_addr_is_v4(&o->src) != ip_addr_is_v4(&o->dst))) {
        return WEIR_EINVAL;
    }
    if (from && (ip_addr_is_multicast(&o->src) || !stack_local_usable(s, &o->src))) {
        return WEIR_EADDRNOTAVAIL;
    }
    if (from && from_nobody(s, u, o)) {
        return u->broadcast ? WEIR_OK : WEIR_EACCES;
    }
    if (!to && !from && u->path.generation == s->ip.generation) {
        o->path = u->path;
        return WEIR_OK;
    }
    return udp_path(s, u, &o->dst, &o->src, to ? to->ip.scope : 0, &o->path);
}

/* Packets that a datagram of this size becomes. */
static uint32_t pieces_of(const struct outgoing *o, uint32_t size)
{
    uint32_t room = o->path.mtu - o->header_size;

    if (size <= room) {
        return 1;
    }
    room -= ip_addr_is_v4(&o->dst) ? 0 : 8; /* the fragment header */
    return (size + (room & ~7u) - 1) / (room & ~7u);
}

static int wait_for_room(struct weir_stack *s, struct udp_socket *u, uint32_t limit,
                         uint32_t pieces)
{
    if (pieces > limit) {
        return WEIR_EMSGSIZE; /* more pieces than ever fit */
    }
    u->wake_at = (uint16_t)(limit - pieces);
    if (!u->blocked) {
        u->blocked = true;
        u->blocked_next = s->udp.blocked;
        s->udp.blocked = u->index;
    }
    return WEIR_EAGAIN;
}

static int check_room(struct weir_stack *s, struct udp_socket *u, const struct outgoing *o,
                      uint32_t size)
{
    uint32_t pieces = pieces_of(o, size), limit = UDP_RING_MAX;

    if (u->dont_fragment && pieces > 1) {
        return WEIR_EMSGSIZE;
    }
    switch (ip_path_ready(&s->ip, &o->path)) {
    case IP_READY_FAIL: return WEIR_EHOSTUNREACH;
    case IP_READY_WAIT: limit = max_u32(UDP_RING_UNRESOLVED, min_u32(pieces, limit)); break;
    default: break;
    }
    return s->ip.reply_count + pieces > limit ? wait_for_room(s, u, limit, pieces) : WEIR_OK;
}

/* Whoever joined the group on this host hears what is sent to it from here, too (RFC 1112 7.1). */
static void loop_back(struct weir_stack *s, const struct ip_send *send, const struct weir_buffer *b,
                      uint32_t link)
{
    struct ip_path loop = {
        .generation = s->ip.generation, .link = IP_LINK_LOOPBACK, .mtu = UINT16_MAX};
    struct weir_buffer *copy;

    if (!ip_group_joined(&s->ip, link, &send->dst)) {
        return;
    }
    copy = ip_reply_buffer(&s->ip, b->size);
    if (!copy) {
        env_drop(&s->env, WEIR_DROP_NO_MEMORY, link, 0);
        return;
    }
    copy->size = b->size;
    buffer_copy_within(&s->env.buffers, copy->data, b->data, b->size);
    ip_path_send(&s->ip, copy, send, &loop);
}

void udp_way_out(struct weir_stack *s, const struct udp_socket *u, const struct outgoing *o,
                 struct weir_buffer *b, uint8_t protocol)
{
    bool multicast = ip_addr_is_multicast(&o->dst);
    struct ip_send send = {
        .src = o->src,
        .dst = o->dst,
        .protocol = protocol,
        .tos = u->tos,
        .ttl = multicast ? u->multicast_ttl : u->ttl,
        .dont_fragment = u->dont_fragment,
        .payload_size = b->size,
    };

    if (multicast && u->multicast_loop && o->path.link != IP_LINK_LOOPBACK) {
        loop_back(s, &send, b, o->path.link);
    }
    if (send.ttl == 0) { /* a group, and not beyond this host */
        buffer_unref(&s->env.buffers, b);
        return;
    }
    ip_path_send(&s->ip, b, &send, &o->path);
}

static int emit(struct weir_stack *s, const struct udp_socket *u, const struct outgoing *o,
                const void *data, uint32_t size)
{
    struct weir_buffer *b = ip_reply_buffer(&s->ip, UDP_HEADER_SIZE + size);
    uint64_t sum;
    uint16_t checksum;

    if (!b) {
        return WEIR_ENOBUFS;
    }
    b->size = UDP_HEADER_SIZE + size;
    store_be16(b->data, u->local_port);
    store_be16(b->data + 2, o->port);
    store_be16(b->data + 4, (uint16_t)b->size);
    store_be16(b->data + 6, 0);
    buffer_copy_in(&s->env.buffers, b->data + UDP_HEADER_SIZE, data, size);
    sum = csum_pseudo(&o->src, &o->dst, IP_PROTOCOL_UDP, b->size);
    checksum = csum_finish(csum_sum(&s->env.config.ops, b->data, b->size, sum));
    csum_store(b->data + 6, checksum ? checksum : 0xffff); /* 0 means none */
    udp_way_out(s, u, o, b, IP_PROTOCOL_UDP);
    return WEIR_OK;
}

static uint32_t bytes_behind_ip(const struct weir_stack *s, const struct udp_socket *u,
                                const struct outgoing *o, uint32_t size)
{
    const struct raw *r = u->raw ? pool_at(&s->udp.raws, u->raw) : NULL;

    if (!r) {
        return size + UDP_HEADER_SIZE;
    }
    return r->header_included ? size - min_u32(size, o->header_size) : size;
}

int64_t udp_send(struct weir_stack *s, struct udp_socket *u, const void *data, size_t size,
                 const struct weir_endpoint *to, const struct weir_ip *from)
{
    struct outgoing o;
    int error;

    if (size > (u->raw ? UINT16_MAX - IP4_HEADER_SIZE : WEIR_UDP_DATAGRAM_MAX)) {
        return WEIR_EMSGSIZE;
    }
    error = where_to(s, u, to, from, &o);
    if (error == WEIR_OK && !u->local_port) {
        error = udp_port_take(s, u, 0);
    }
    if (error != WEIR_OK) {
        return error;
    }
    o.header_size = ip_addr_is_v4(&o.dst) ? IP4_HEADER_SIZE : IP6_HEADER_SIZE;
    error = check_room(s, u, &o, bytes_behind_ip(s, u, &o, (uint32_t)size));
    if (error == WEIR_OK) {
        error = u->raw ? raw_emit(s, u, &o, data, (uint32_t)size)
                       : emit(s, u, &o, data, (uint32_t)size);
    }
    return error == WEIR_OK ? (int64_t)size : error;
}

/* ---- Room again ------------------------------------------------------------------------------------------ */

void udp_unblock(struct weir_stack *s, struct udp_socket *u)
{
    uint32_t *at = &s->udp.blocked;

    if (!u->blocked) {
        return;
    }
    while (*at != u->index) {
        at = &udp_at(&s->udp, *at)->blocked_next;
    }
    *at = u->blocked_next;
    u->blocked = false;
}

void udp_wake(struct weir_stack *s)
{
    for (uint32_t i = s->udp.blocked, next; i; i = next) {
        struct udp_socket *u = udp_at(&s->udp, i);

        next = u->blocked_next;
        if (s->ip.reply_count <= u->wake_at) {
            udp_unblock(s, u);
            udp_tell(s, u, WEIR_EVENT_WRITABLE);
        }
    }
}
