/*
 * dgram.c - SOCK_DGRAM: UDP with Linux's rules (udp_sendmsg, udp_recvmsg, datagram_poll).
 *
 * Of ICMP errors only hard ones about a connected socket are reported, once, by the next call (as Linux does
 * without IP_RECVERR).
 */
#include "socket/sock.h"

#define SLICES_MAX 1024 /* UIO_MAXIOV */

static bool dgram_info(const struct weir_sock *s, struct weir_udp_info *info)
{
    info->size = sizeof(*info);
    return weir_udp_info(s->space->stack, s->handle, info) == WEIR_OK;
}

int sock_dgram_open(struct weir_sock *s)
{
    int error = s->protocol == WEIR_SOL_UDP && s->type == WEIR_SOCK_DGRAM
                    ? weir_udp_open(s->space->stack, s->slot, &s->handle)
                    : sock_raw_open(s);

    s->dgram = true;
    if (error != WEIR_OK) {
        s->handle = 0;
        return -sock_errno(error);
    }
    sock_dgram_apply(s);
    return 0;
}

void sock_dgram_close(struct weir_sock *s)
{
    (void)weir_udp_close(s->space->stack, s->handle);
    s->handle = 0;
    sock_del(s);
}

void sock_dgram_on_event(struct weir_sock *s, uint32_t bits, int weir_error)
{
    bool hard =
        weir_error == WEIR_ECONNREFUSED || weir_error == WEIR_EMSGSIZE || weir_error == WEIR_EACCES;

    if (bits & WEIR_EVENT_WRITABLE) {
        s->write_blocked = false;
    }
    if ((bits & WEIR_EVENT_ERROR) && hard && s->kind == SOCK_CONNECTED) {
        s->error = sock_errno(weir_error);
    }
}

/* ---- Options ------------------------------------------------------------------------------------------ */

static uint8_t ttl_of(const struct weir_sock *s, bool v4)
{
    int16_t ttl = v4 ? s->o.ttl : s->o.hops;

    return ttl < 0 ? s->space->config.tcp.ttl : (uint8_t)ttl;
}

/* The core has one TTL and TOS: those of the family that is spoken. */
static void apply_family(struct weir_sock *s, bool v4)
{
    struct weir_stack *stack = s->space->stack;

    (void)weir_udp_set(stack, s->handle, WEIR_UDP_TTL, ttl_of(s, v4));
    (void)weir_udp_set(stack, s->handle, WEIR_UDP_TOS, v4 ? s->o.tos : s->o.tclass);
    (void)weir_udp_set(stack, s->handle, WEIR_UDP_MULTICAST_TTL,
                       (uint64_t)(v4 ? s->o.multicast_ttl : s->o.multicast_hops));
}

void sock_dgram_apply(struct weir_sock *s)
{
    struct weir_stack *stack = s->space->stack;
    uint64_t room = s->o.tcp.receive_buffer;

    apply_family(s, ip_addr_is_v4(s->kind == SOCK_CONNECTED ? &s->remote.ip : &s->local.ip));
    (void)weir_udp_set(stack, s->handle, WEIR_UDP_REUSE_ADDRESS, s->o.reuse_address);
    (void)weir_udp_set(stack, s->handle, WEIR_UDP_BROADCAST, s->o.broadcast);
    (void)weir_udp_set(stack, s->handle, WEIR_UDP_DONT_FRAGMENT,
                       s->o.pmtudisc == WEIR_IP_PMTUDISC_DO ||
                           s->o.pmtudisc == WEIR_IP_PMTUDISC_PROBE);
    /* SO_RCVBUF n says 2n, and memory, which is what is counted here, is allowed that much */
    (void)weir_udp_set(stack, s->handle, WEIR_UDP_RECEIVE_BUFFER,
                       room ? room * 2 : SOCK_DGRAM_BUFFER);
    (void)weir_udp_set(stack, s->handle, WEIR_UDP_MULTICAST_LOOP, s->o.multicast_loop);
    (void)weir_udp_set(stack, s->handle, WEIR_UDP_MULTICAST_LINK, s->o.multicast_link);
    if (s->type == WEIR_SOCK_RAW) {
        sock_raw_apply(s);
    }
}

/* ---- Names -------------------------------------------------------------------------------------------- */

static void learn_local(struct weir_sock *s)
{
    struct weir_udp_info info;

    if (dgram_info(s, &info)) {
        struct sock_name name = sock_name_of(&info.local);

        if (ip_addr_is_unspecified(&name.ip)) {
            name.ip = sock_name_any(s).ip;
        }
        name.scope = s->bound.scope;
        if (s->type == WEIR_SOCK_RAW) {
            name.port = s->protocol;
        }
        s->local = name;
    }
}

int sock_dgram_bind(struct weir_sock *s, const struct sock_name *name)
{
    struct weir_endpoint e = sock_name_core(name);
    int error;

    if (e.ip.family == 0 && (s->domain == 4 || s->o.v6only)) {
        e.ip.family = s->domain;
    }
    error = weir_udp_bind(s->space->stack, s->handle, &e);
    if (error != WEIR_OK) {
        return -sock_errno(error);
    }
    s->bound = *name;
    learn_local(s);
    return 0;
}

static int autobind(struct weir_sock *s)
{
    struct sock_name any = sock_name_any(s);

    return s->local.port ? 0 : sock_dgram_bind(s, &any);
}

/* Whereto; the unspecified address is this host, as it always was with BSD. */
static int destination(struct weir_sock *s, const struct weir_endpoint *to, struct weir_endpoint *e)
{
    static const struct ip_addr loopback4 = {.b = {[10] = 0xff, 0xff, 127, 0, 0, 1}};
    static const struct ip_addr loopback6 = {.b = {[15] = 1}};
    struct sock_name name;
    int error = sock_name_from(s, to, &name);

    if (error != 0) {
        return error;
    }
    if (ip_addr_is_unspecified(&name.ip)) {
        name.ip = s->domain == 4 || ip_addr_is_v4(&name.ip) ? loopback4 : loopback6;
    }
    if (ip_addr_is_v4(&name.ip) && s->domain == 6 && s->o.v6only) {
        return -WEIR_SOCK_ENETUNREACH;
    }
    *e = sock_name_core(&name);
    if (s->type == WEIR_SOCK_RAW) { /* Linux: of IPv6 the port is the protocol, or 0 */
        return s->domain == 4 || !name.port || name.port == s->protocol ? 0 : -WEIR_SOCK_EINVAL;
    }
    return name.port || s->protocol != WEIR_SOL_UDP ? 0 : -WEIR_SOCK_EINVAL;
}

int sock_dgram_connect(struct weir_sock *s, const struct weir_endpoint *remote)
{
    struct weir_endpoint e;
    int error;

    if (remote->ip.family == 0) {
        (void)weir_udp_connect(s->space->stack, s->handle, NULL);
        s->kind = SOCK_UNCONNECTED;
        s->remote = sock_name_any(s);
        s->shutdown = 0;
        learn_local(s);
        return 0;
    }
    error = destination(s, remote, &e);
    if (error == 0) {
        error = autobind(s);
    }
    if (error == 0) {
        error = -sock_errno(weir_udp_connect(s->space->stack, s->handle, &e));
    }
    if (error != 0) {
        return error;
    }
    s->remote = sock_name_of(&e);
    s->kind = SOCK_CONNECTED;
    learn_local(s);
    sock_dgram_apply(s);
    return 0;
}

/* ---- Sending ------------------------------------------------------------------------------------------ */

static int64_t send_one(struct weir_sock *s, const void *data, size_t size,
                        const struct weir_endpoint *to)
{
    struct weir_endpoint e;
    int64_t done;
    int error = to ? destination(s, to, &e) : 0;

    if (error == 0) {
        error = autobind(s);
    }
    if (error != 0) {
        return error;
    }
    if (to) {
        apply_family(s, e.ip.family == 4);
    }
    done = weir_udp_send_to(s->space->stack, s->handle, data, size, to ? &e : NULL, NULL);
    if (done == WEIR_ENOTCONN) {
        return -WEIR_SOCK_EDESTADDRREQ;
    }
    s->write_blocked = done == WEIR_EAGAIN;
    return done < 0 ? -sock_errno((int)done) : done;
}

static int check_send(struct weir_sock *s, int flags)
{
    int error = sock_take_error(s);

    if (error) {
        return -error;
    }
    if (s->shutdown & SOCK_SHUT_WR) {
        return -WEIR_SOCK_EPIPE;
    }
    return flags & (WEIR_MSG_OOB | WEIR_MSG_MORE) ? -WEIR_SOCK_EOPNOTSUPP : 0;
}

static uint64_t message_size(const struct weir_sock_message *m)
{
    uint64_t size = 0;

    for (size_t i = 0; i < m->slice_count; i++) {
        size += min_u64(m->slices[i].size, UINT32_MAX);
    }
    return size;
}

int64_t sock_dgram_send(struct weir_sock *s, const struct weir_sock_message *m, int flags,
                        const struct weir_endpoint *to)
{
    uint64_t size = message_size(m), at = 0;
    int error = check_send(s, flags);
    uint8_t *whole;
    int64_t done;

    if (error != 0) {
        return error;
    }
    if (m->slice_count > SLICES_MAX ||
        size > (s->type == WEIR_SOCK_RAW ? UINT16_MAX : WEIR_UDP_DATAGRAM_MAX)) {
        return -WEIR_SOCK_EMSGSIZE;
    }
    if (m->slice_count <= 1 || size == 0) {
        return send_one(s, m->slice_count ? m->slices[0].data : NULL, size, to);
    }
    whole = sock_alloc(s->space, size);
    if (!whole) {
        return -WEIR_SOCK_ENOBUFS;
    }
    for (size_t i = 0; i < m->slice_count; i++) {
        if (m->slices[i].size) {
            memcpy(whole + at, m->slices[i].data, m->slices[i].size);
        }
        at += m->slices[i].size;
    }
    done = send_one(s, whole, size, to);
    sock_free_memory(s->space, whole, size);
    return done;
}

/* ---- Receiving ---------------------------------------------------------------------------------------- */

static int64_t take(struct weir_sock *s, void *data, size_t size, int flags,
                    struct weir_udp_meta *meta)
{
    struct weir_stack *stack = s->space->stack;

    return flags & WEIR_MSG_PEEK ? weir_udp_peek(stack, s->handle, data, size, meta)
                                 : weir_udp_recv_from(stack, s->handle, data, size, meta);
}

/* Into several pieces, by way of memory of our own. */
static int64_t take_scattered(struct weir_sock *s, const struct weir_sock_message *m, int flags,
                              struct weir_udp_meta *meta)
{
    size_t room = (size_t)min_u64(message_size(m), UINT16_MAX), at = 0;
    uint8_t *whole = room ? sock_alloc(s->space, room) : NULL;
    int64_t done;

    if (room && !whole) {
        return WEIR_ENOBUFS;
    }
    done = take(s, whole, room, flags, meta);
    for (size_t i = 0; i < m->slice_count && done > 0 && at < (size_t)done; i++) {
        size_t part = (size_t)min_u64(m->slices[i].size, (uint64_t)done - at);

        if (part) {
            memcpy(m->slices[i].data, whole + at, part);
        }
        at += part;
    }
    if (whole) {
        sock_free_memory(s->space, whole, room);
    }
    return done;
}

int64_t sock_dgram_recv(struct weir_sock *s, struct weir_sock_message *m, int flags,
                        struct weir_endpoint *from)
{
    struct weir_udp_meta meta;
    int64_t done;
    int error;

    m->flags = 0;
    if (m->slice_count > SLICES_MAX) {
        return -WEIR_SOCK_EMSGSIZE;
    }
    if (flags & WEIR_MSG_ERRQUEUE) {
        return -WEIR_SOCK_EAGAIN;
    }
    if (flags & WEIR_MSG_OOB) {
        return -WEIR_SOCK_EOPNOTSUPP;
    }
    error = sock_take_error(s);
    if (error) {
        return -error;
    }
    done = m->slice_count == 1 ? take(s, m->slices[0].data, m->slices[0].size, flags, &meta)
                               : take_scattered(s, m, flags, &meta);
    if (done < 0) {
        bool end = done == WEIR_EAGAIN && (s->shutdown & SOCK_SHUT_RD);

        return end ? 0 : -sock_errno((int)done);
    }
    if (from) {
        struct sock_name name = sock_name_of(&meta.remote);

        sock_name_show(s, &name, from);
    }
    if (meta.size > (uint64_t)done) {
        m->flags |= WEIR_MSG_TRUNC;
    }
    return flags & WEIR_MSG_TRUNC ? (int64_t)meta.size : done;
}

/* ---- The rest ----------------------------------------------------------------------------------------- */

unsigned sock_dgram_poll(const struct weir_sock *s)
{
    struct weir_udp_info info;
    unsigned bits = s->write_blocked ? 0u : WEIR_POLLOUT;

    if (dgram_info(s, &info) && info.unread_datagrams) {
        bits |= WEIR_POLLIN;
    }
    if (s->shutdown & SOCK_SHUT_RD) {
        bits |= WEIR_POLLIN | WEIR_POLLRDHUP;
    }
    if (s->shutdown == SOCK_SHUT_BOTH) {
        bits |= WEIR_POLLHUP;
    }
    return bits | (s->error ? WEIR_POLLERR : 0u);
}

int sock_dgram_ioctl(const struct weir_sock *s, unsigned request, int *value)
{
    struct weir_udp_info info;

    switch (request) {
    case WEIR_SIOCINQ: *value = dgram_info(s, &info) ? (int)info.next_size : 0; return 0;
    case WEIR_SIOCOUTQ: *value = 0; return 0; /* what was taken has left as far as can be known */
    default: return -WEIR_SOCK_EINVAL;
    }
}

int sock_dgram_shutdown(struct weir_sock *s, int how)
{
    s->shutdown |= (uint8_t)(how + 1);
    return s->kind == SOCK_CONNECTED ? 0 : -WEIR_SOCK_ENOTCONN;
}

/* ---- Calls with an address ---------------------------------------------------------------------------- */

int64_t weir_sock_sendto(struct weir_sock *s, const void *data, size_t size, int flags,
                         const struct weir_endpoint *to)
{
    const uint8_t *bytes = data;
    struct weir_sock_slice slice = {.size = size};
    struct weir_sock_message m = {.slices = &slice, .slice_count = 1};

    if (!s->dgram &&
        !(flags & WEIR_MSG_FASTOPEN)) { /* Linux: a stream does not look at the address */
        return weir_sock_send(s, data, size, flags);
    }
    memcpy(&slice.data, &bytes, sizeof(bytes)); /* only read */
    if (!s->dgram) {
        struct weir_endpoint name = {.ip.family = 0};

        name = to ? *to : name;
        m.name = to ? &name : NULL;
        return weir_sock_sendmsg(s, &m, flags);
    }
    return sock_dgram_send(s, &m, flags, to);
}

int64_t weir_sock_recvfrom(struct weir_sock *s, void *data, size_t size, int flags,
                           struct weir_endpoint *from)
{
    struct weir_sock_slice slice = {.data = data, .size = size};
    struct weir_sock_message m = {.slices = &slice, .slice_count = 1};

    if (!s->dgram) {
        return weir_sock_recv(s, data, size, flags);
    }
    return sock_dgram_recv(s, &m, flags, from);
}
