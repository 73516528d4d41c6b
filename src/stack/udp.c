/*
 * udp.c - which socket is a datagram or an ICMP error for, the receive queues, events.
 *
 * Of several sockets with the port the one that knows most of the datagram gets it (connected before local
 * address before link), of equal ones the youngest. What comes to a group or by broadcast all of them
 * get (RFC 1122 4.1.3.3 leaves it open; all systems do so).
 */
#include "stack/stack.h"

void udp_init(struct udp *u, struct memory *memory)
{
    pool_init(&u->sockets, memory, sizeof(struct udp_socket), 3);
    pool_init(&u->datagrams, memory, sizeof(struct udp_datagram), 4);
    pool_init(&u->memberships, memory, sizeof(struct udp_membership), 2);
    pool_init(&u->raws, memory, sizeof(struct raw), 1);
}

/* ---- Finding ------------------------------------------------------------------------------------------ */

/* How much of a flow does a socket name? 0: it is not for it. */
static unsigned score(const struct udp_socket *u, const struct udp_flow *f)
{
    unsigned points = 1;

    if (u->local_port != f->local_port ||
        (u->family && (u->family == 4) != ip_addr_is_v4(&f->remote))) {
        return 0;
    }
    if (!ip_addr_is_unspecified(&u->local)) {
        if (!ip_addr_equal(&u->local, &f->local)) {
            return 0;
        }
        points += 2;
    }
    if (u->remote_port) {
        if (u->remote_port != f->remote_port || !ip_addr_equal(&u->remote, &f->remote)) {
            return 0;
        }
        points += 4;
    }
    if (u->link != UDP_ANY_LINK) {
        if (u->link != f->link && f->link != IP_LINK_LOOPBACK) {
            return 0;
        }
        points += 1;
    }
    return points;
}

static struct udp_socket *find(const struct weir_stack *s, const struct udp_flow *f)
{
    struct udp_socket *best = NULL;
    unsigned most = 0;

    for (uint32_t i = udp_port_first(&s->udp, f->local_port); i;) {
        struct udp_socket *u = udp_at(&s->udp, i);
        unsigned points = score(u, f);

        if (points > most) {
            best = u;
            most = points;
        }
        i = u->hash_next;
    }
    return best;
}

/* ---- The receive queue ----------------------------------------------------------------------------------- */

/* A buffer for the queue: the received one, or a copy when little would hold much. */
static struct weir_buffer *keep(struct weir_stack *s, struct weir_buffer *b, uint32_t size)
{
    bool copy = b->aux32 ? size < b->aux32 : (uint64_t)size * 2 < b->charge;
    struct weir_buffer *small = copy ? buffer_alloc(&s->env.buffers, size) : NULL;

    if (!small) {
        buffer_ref(b);
        return b;
    }
    buffer_copy_within(&s->env.buffers, small->data, b->data, size);
    small->size = size;
    return small;
}

bool udp_has_room(struct weir_stack *s, struct udp_socket *u, uint32_t link)
{
    if (u->charge < u->receive_buffer) {
        return true;
    }
    u->dropped++;
    env_drop(&s->env, WEIR_DROP_UDP_BUFFER, link, 0);
    return false;
}

void udp_enqueue(struct weir_stack *s, struct udp_socket *u, const struct ip_packet *p,
                 const struct udp_datagram *datagram)
{
    uint32_t index;
    struct udp_datagram *d = pool_get(&s->udp.datagrams, &index);

    if (!d) {
        u->dropped++;
        env_drop(&s->env, WEIR_DROP_NO_MEMORY, p->link, 0);
        buffer_unref(&s->env.buffers, datagram->buffer);
        return;
    }
    *d = *datagram;
    d->src = p->src;
    d->dst = p->dst;
    d->link = (uint16_t)p->link;
    d->ttl = p->ttl;
    d->tos = p->tos;
    d->to_group = p->to_group;
    if (u->tail) {
        ((struct udp_datagram *)pool_at(&s->udp.datagrams, u->tail))->next = index;
    } else {
        u->head = index;
    }
    u->tail = index;
    u->count++;
    u->unread_bytes += d->size;
    u->charge += d->buffer->charge + (uint32_t)sizeof(*d);
    udp_tell(s, u, WEIR_EVENT_READABLE);
}

static void enqueue(struct weir_stack *s, struct udp_socket *u, const struct ip_packet *p,
                    const struct udp_header *h)
{
    if (udp_has_room(s, u, p->link)) {
        udp_enqueue(s, u, p,
                    &(struct udp_datagram){.size = h->size - UDP_HEADER_SIZE,
                                           .buffer = keep(s, p->buffer, h->size),
                                           .src_port = h->src_port,
                                           .skip = UDP_HEADER_SIZE});
    }
}

void udp_drop_head(struct weir_stack *s, struct udp_socket *u)
{
    struct udp_datagram *d = pool_at(&s->udp.datagrams, u->head);
    uint32_t index = u->head;

    u->head = d->next;
    if (!u->head) {
        u->tail = 0;
    }
    u->count--;
    u->unread_bytes -= d->size;
    u->charge -= d->buffer->charge + (uint32_t)sizeof(*d);
    buffer_unref(&s->env.buffers, d->buffer);
    pool_put(&s->udp.datagrams, index);
}

/* ---- Input ------------------------------------------------------------------------------------------------- */

static bool deliver_to_all(struct weir_stack *s, const struct udp_flow *f,
                           const struct ip_packet *p, const struct udp_header *h)
{
    bool any = false;

    for (uint32_t i = udp_port_first(&s->udp, f->local_port); i;) {
        struct udp_socket *u = udp_at(&s->udp, i);

        i = u->hash_next;
        if (score(u, f)) {
            enqueue(s, u, p, h);
            any = true;
        }
    }
    return any;
}

void udp_receive(struct weir_stack *s, const struct ip_packet *p)
{
    struct udp_header h;
    enum weir_drop drop = udp_parse(&s->env.config.ops, p->buffer->data, p->buffer->size, &p->src,
                                    &p->dst, (enum weir_csum)p->csum, &h);
    struct udp_flow f = {.local = p->dst, .remote = p->src, .link = p->link};
    struct udp_socket *u = NULL;

    if (drop != WEIR_DROP_NONE) {
        env_drop(&s->env, drop, p->link, 0);
        return;
    }
    f.local_port = h.dst_port;
    f.remote_port = h.src_port;
    if (p->to_group) {
        if (deliver_to_all(s, &f, p, &h)) {
            return;
        }
    } else {
        u = find(s, &f);
    }
    if (u) {
        enqueue(s, u, p, &h);
        return;
    }
    env_drop(&s->env, WEIR_DROP_UDP_PORT, p->link, 0);
    ip_send_unreachable(&s->ip, p, IP_UNREACHABLE_PORT); /* RFC 1122 4.1.3.1 */
}

void udp_tell_error(struct weir_stack *s, struct udp_socket *u, const struct ip_error *e)
{
    if (e->kind == IP_ERROR_TOO_BIG) {
        (void)ip_pmtu_learn(&s->ip, &e->dst, e->mtu);
        if (!u->dont_fragment) {
            return; /* the next one is cut smaller */
        }
    }
    u->error = e->error;
    u->error_remote = e->dst;
    u->error_port = u->raw ? 0 : e->dst_port;
    udp_tell(s, u, WEIR_EVENT_ERROR);
}

/* RFC 1122 4.1.3.3: all ICMP errors go up. */
void udp_error(struct weir_stack *s, const struct ip_error *e)
{
    struct udp_flow f = {.local = e->src,
                         .remote = e->dst,
                         .local_port = e->src_port,
                         .remote_port = e->dst_port,
                         .link = e->link};
    struct udp_socket *u = find(s, &f);

    if (!u) {
        env_drop(&s->env, WEIR_DROP_ICMP_NO_CONNECTION, e->link, 0);
        return;
    }
    udp_tell_error(s, u, e);
}

/* ---- Events -------------------------------------------------------------------------------------------------- */

void udp_tell(struct weir_stack *s, struct udp_socket *u, uint32_t bits)
{
    u->events |= bits;
    if (u->in_event_list) {
        return;
    }
    u->in_event_list = true;
    u->event_next = 0;
    if (s->udp.event_tail) {
        udp_at(&s->udp, s->udp.event_tail)->event_next = u->index;
    } else {
        s->udp.event_head = u->index;
    }
    s->udp.event_tail = u->index;
}

bool udp_next_event(struct weir_stack *s, struct weir_event *e)
{
    while (s->udp.event_head) {
        struct udp_socket *u = udp_at(&s->udp, s->udp.event_head);

        s->udp.event_head = u->event_next;
        if (!s->udp.event_head) {
            s->udp.event_tail = 0;
        }
        u->in_event_list = false;
        if (!u->generation) { /* closed meanwhile */
            pool_put(&s->udp.sockets, u->index);
            continue;
        }
        e->handle = (weir_handle)u->generation << 32 | UDP_HANDLE | u->index;
        e->user = u->user;
        e->bits = u->events;
        if (u->events & WEIR_EVENT_ERROR) {
            e->error = u->error;
            ip_addr_to_public(&u->error_remote, &e->remote.ip);
            e->remote.port = u->error_port;
        }
        u->events = 0;
        u->error = 0;
        return true;
    }
    return false;
}

/* ---- The end -------------------------------------------------------------------------------------------------- */

void udp_forget(struct weir_stack *s, struct udp_socket *u)
{
    while (u->head) {
        udp_drop_head(s, u);
    }
    while (u->memberships) {
        uint32_t index = u->memberships;
        struct udp_membership *m = pool_at(&s->udp.memberships, index);

        u->memberships = m->next;
        (void)ip_group_leave(&s->ip, m->link, &m->group);
        pool_put(&s->udp.memberships, index);
    }
    udp_unblock(s, u);
    udp_port_leave(s, u);
    u->generation = 0;
    u->events = 0;
}

void udp_drop_all(struct weir_stack *s)
{
    for (uint32_t i = 1; i < pool_limit(&s->udp.sockets); i++) {
        struct udp_socket *u = udp_at(&s->udp, i);

        if (u->generation) {
            udp_forget(s, u);
        }
    }
    s->udp.event_head = s->udp.event_tail = 0;
}

void udp_fini(struct weir_stack *s)
{
    struct udp *u = &s->udp;

    memory_free(&s->env.memory, u->heads, (u->mask + 1) * sizeof(u->heads[0]));
    pool_fini(&u->sockets);
    pool_fini(&u->datagrams);
    pool_fini(&u->memberships);
    pool_fini(&u->raws);
}

void udp_check(const struct weir_stack *s)
{
    for (uint32_t i = 1; i < pool_limit(&s->udp.sockets); i++) {
        const struct udp_socket *u = udp_at(&s->udp, i);
        uint32_t count = 0, bytes = 0, charge = 0;

        if (!u->generation) {
            continue;
        }
        ASSERT(u->index == i);
        for (uint32_t d = u->head; d;) {
            const struct udp_datagram *datagram = pool_at(&s->udp.datagrams, d);

            count++;
            bytes += datagram->size;
            charge += datagram->buffer->charge + (uint32_t)sizeof(*datagram);
            ASSERT(datagram->next || d == u->tail);
            d = datagram->next;
        }
        ASSERT(count == u->count && bytes == u->unread_bytes && charge == u->charge);
    }
}
