/* api_udp.c - the calls of udp.h. */
#include "stack/stack.h"

#define BUFFER_DEFAULT 212992u /* Linux's net.core.rmem_default */

struct udp_socket *udp_find(const struct weir_stack *s, weir_handle handle)
{
    uint32_t index = (uint32_t)handle & ~UDP_HANDLE, generation = (uint32_t)(handle >> 32);
    struct udp_socket *u;

    if (!((uint32_t)handle & UDP_HANDLE) || index == 0 || index >= pool_limit(&s->udp.sockets)) {
        return NULL;
    }
    u = udp_at(&s->udp, index);
    return generation && u->generation == generation ? u : NULL;
}

/* ---- Opening, closing -------------------------------------------------------------------------------------- */

int weir_udp_open(struct weir_stack *s, uint64_t user, weir_handle *socket)
{
    struct udp_socket *u;
    uint32_t index;

    if (s->dying) {
        return WEIR_EBUSY;
    }
    u = pool_get(&s->udp.sockets, &index);
    if (!u) {
        return WEIR_ENOBUFS;
    }
    if (++s->udp.generation == 0) {
        s->udp.generation = 1;
    }
    u->generation = s->udp.generation;
    u->index = index;
    u->user = user;
    u->link = u->multicast_link = UDP_ANY_LINK;
    u->receive_buffer = BUFFER_DEFAULT;
    u->ttl = s->env.config.tcp.ttl;
    u->multicast_ttl = 1;
    u->multicast_loop = true;
    *socket = (weir_handle)u->generation << 32 | UDP_HANDLE | index;
    return WEIR_OK;
}

int weir_udp_close(struct weir_stack *s, weir_handle socket)
{
    struct udp_socket *u = udp_find(s, socket);

    if (!u) {
        return WEIR_ESTALE;
    }
    udp_forget(s, u);
    if (!u->in_event_list) { /* else it goes when its event is pulled */
        pool_put(&s->udp.sockets, u->index);
    }
    return WEIR_OK;
}

static bool link_known(const struct weir_stack *s, uint32_t link)
{
    return link < s->ip.link_count && s->ip.links[link].used;
}

int weir_udp_bind(struct weir_stack *s, weir_handle socket, const struct weir_endpoint *local)
{
    struct udp_socket *u = udp_find(s, socket);
    struct ip_addr a;
    int error;

    if (!u) {
        return WEIR_ESTALE;
    }
    if (u->raw) {
        return raw_bind(s, u, local);
    }
    if (u->local_port ||
        (local->ip.family != 0 && local->ip.family != 4 && local->ip.family != 6)) {
        return WEIR_EINVAL;
    }
    a = ip_addr_from_public(&local->ip);
    if (local->ip.scope && !link_known(s, local->ip.scope - 1)) {
        return WEIR_ENOENT;
    }
    if (!ip_addr_is_multicast(&a) && !ip_addr_is_broadcast(&a) && !stack_local_usable(s, &a)) {
        return WEIR_EADDRNOTAVAIL;
    }
    u->local = a;
    u->family = u->bound_family = local->ip.family;
    error = udp_port_take(s, u, local->port);
    if (error != WEIR_OK) {
        u->local = (struct ip_addr){{0}};
        u->family = u->bound_family = 0;
        return error;
    }
    u->bound_address = !ip_addr_is_unspecified(&a);
    if (local->ip.scope) {
        u->link = (uint16_t)(local->ip.scope - 1);
    }
    return WEIR_OK;
}

/* ---- Connecting ------------------------------------------------------------------------------------------- */

static void disconnect(struct udp_socket *u)
{
    u->remote = (struct ip_addr){{0}};
    u->remote_port = 0;
    u->path.generation = 0;
    u->family = u->bound_family;
    if (!u->bound_address) {
        u->local = (struct ip_addr){{0}};
    }
    if (u->link_by_connect) {
        u->link = UDP_ANY_LINK;
        u->link_by_connect = false;
    }
}

static int check_remote(const struct udp_socket *u, const struct weir_endpoint *remote,
                        const struct ip_addr *dst)
{
    bool v4 = ip_addr_is_v4(dst);

    if ((remote->port == 0 && !u->raw) || ip_addr_is_unspecified(dst) ||
        (u->bound_family && (u->bound_family == 4) != v4) ||
        (u->bound_address && ip_addr_is_v4(&u->local) != v4)) {
        return WEIR_EINVAL;
    }
    return WEIR_OK;
}

int weir_udp_connect(struct weir_stack *s, weir_handle socket, const struct weir_endpoint *remote)
{
    struct udp_socket *u = udp_find(s, socket);
    struct ip_addr dst, src;
    struct ip_path path;
    int error;

    if (!u) {
        return WEIR_ESTALE;
    }
    disconnect(u);
    if (!remote || remote->ip.family == 0) {
        return WEIR_OK;
    }
    dst = ip_addr_from_public(&remote->ip);
    src = ip_addr_is_multicast(&u->local) ? (struct ip_addr){{0}} : u->local;
    error = check_remote(u, remote, &dst);
    if (error == WEIR_OK) {
        error = udp_path(s, u, &dst, &src, remote->ip.scope, &path);
    }
    if (error == WEIR_OK && !u->local_port) {
        error = udp_port_take(s, u, 0);
    }
    if (error != WEIR_OK) {
        return error;
    }
    if (remote->ip.scope && u->link == UDP_ANY_LINK) {
        u->link = (uint16_t)(remote->ip.scope - 1);
        u->link_by_connect = true;
    }
    if (!u->bound_address) {
        u->local = src;
        u->path = path;
    } else if (!ip_addr_is_multicast(&u->local)) {
        u->path = path;
    }
    u->remote = dst;
    u->remote_port = u->raw ? 1 : remote->port;
    u->family = ip_addr_is_v4(&dst) ? 4 : 6;
    return WEIR_OK;
}

/* ---- Data --------------------------------------------------------------------------------------------------- */

int64_t weir_udp_send_to(struct weir_stack *s, weir_handle socket, const void *data, size_t size,
                         const struct weir_endpoint *to, const struct weir_ip *from)
{
    struct udp_socket *u = udp_find(s, socket);

    return u ? udp_send(s, u, data, size, to, from) : WEIR_ESTALE;
}

static void tell_meta(const struct udp_socket *u, const struct udp_datagram *d,
                      struct weir_udp_meta *meta)
{
    memset(meta, 0, sizeof(*meta));
    ip_addr_to_public(&d->dst, &meta->local.ip);
    ip_addr_to_public(&d->src, &meta->remote.ip);
    if (!ip_addr_is_v4(&d->src) && ip_addr_is_link_local(&d->src)) {
        meta->remote.ip.scope = d->link + 1u;
    }
    meta->local.port = u->local_port;
    meta->remote.port = d->src_port;
    meta->size = d->size;
    meta->link = d->link;
    meta->ttl = d->ttl;
    meta->tos = d->tos;
    meta->to_group = d->to_group;
}

int64_t weir_udp_peek(struct weir_stack *s, weir_handle socket, void *data, size_t size,
                      struct weir_udp_meta *meta)
{
    struct udp_socket *u = udp_find(s, socket);
    const struct udp_datagram *d;

    if (!u) {
        return WEIR_ESTALE;
    }
    if (!u->head) {
        return WEIR_EAGAIN;
    }
    d = pool_at(&s->udp.datagrams, u->head);
    size = (size_t)min_u64(size, d->size);
    buffer_copy_out(&s->env.buffers, data, d->buffer->data + d->skip, size);
    if (meta) {
        tell_meta(u, d, meta);
    }
    return (int64_t)size;
}

int64_t weir_udp_recv_from(struct weir_stack *s, weir_handle socket, void *data, size_t size,
                           struct weir_udp_meta *meta)
{
    int64_t done = weir_udp_peek(s, socket, data, size, meta);

    if (done >= 0) {
        udp_drop_head(s, udp_find(s, socket));
    }
    return done;
}

/* ---- Groups ---------------------------------------------------------------------------------------------------- */

static int group_place(struct weir_stack *s, const struct weir_ip *group, uint32_t *link,
                       struct ip_addr *a)
{
    struct ip_path path;

    *a = ip_addr_from_public(group);
    if (!ip_addr_is_multicast(a)) {
        return WEIR_EINVAL;
    }
    if (*link == WEIR_ANY_LINK) {
        if (ip_path_find(&s->ip, a, NULL, WEIR_ANY_LINK, &path, NULL) != WEIR_OK) {
            return WEIR_ENOENT;
        }
        *link = path.link;
    }
    return link_known(s, *link) ? WEIR_OK : WEIR_ENOENT;
}

/* The place of the socket's membership in its list, or of the 0 at the end. */
static uint32_t *membership(struct weir_stack *s, struct udp_socket *u, const struct ip_addr *group,
                            uint32_t link)
{
    uint32_t *at = &u->memberships;

    while (*at) {
        struct udp_membership *m = pool_at(&s->udp.memberships, *at);

        if (m->link == link && ip_addr_equal(&m->group, group)) {
            break;
        }
        at = &m->next;
    }
    return at;
}

int weir_udp_join(struct weir_stack *s, weir_handle socket, const struct weir_ip *group,
                  uint32_t link)
{
    struct udp_socket *u = udp_find(s, socket);
    struct udp_membership *m;
    struct ip_addr a;
    uint32_t index;
    int error;

    if (!u) {
        return WEIR_ESTALE;
    }
    error = group_place(s, group, &link, &a);
    if (error != WEIR_OK) {
        return error;
    }
    if (*membership(s, u, &a, link)) {
        return WEIR_EEXIST;
    }
    m = pool_get(&s->udp.memberships, &index);
    if (!m) {
        return WEIR_ENOBUFS;
    }
    error = ip_group_join(&s->ip, link, &a);
    if (error != WEIR_OK) {
        pool_put(&s->udp.memberships, index);
        return error;
    }
    *m = (struct udp_membership){.next = u->memberships, .group = a, .link = (uint16_t)link};
    u->memberships = index;
    return WEIR_OK;
}

int weir_udp_leave(struct weir_stack *s, weir_handle socket, const struct weir_ip *group,
                   uint32_t link)
{
    struct udp_socket *u = udp_find(s, socket);
    struct udp_membership *m;
    struct ip_addr a;
    uint32_t *at, index;
    int error;

    if (!u) {
        return WEIR_ESTALE;
    }
    error = group_place(s, group, &link, &a);
    if (error != WEIR_OK) {
        return error;
    }
    at = membership(s, u, &a, link);
    index = *at;
    if (!index) {
        return WEIR_ENOENT;
    }
    m = pool_at(&s->udp.memberships, index);
    *at = m->next;
    pool_put(&s->udp.memberships, index);
    return ip_group_leave(&s->ip, link, &a);
}
