/* open.c - listen, connect, accept, and back again (disconnect). */
#include "socket/sock.h"

/* ---- Listening ---------------------------------------------------------------------------------------- */

static int start_listening(struct weir_sock *s, uint32_t backlog)
{
    struct weir_listen_config config;
    struct weir_tcp_options options;
    int error;

    if (s->local.port == 0) {
        error = sock_bind_to(s, &s->bound);
        if (error != 0) {
            return error;
        }
    } else if (sock_port_conflict(s, &s->local)) { /* bind allowed it: now somebody listens */
        return -WEIR_SOCK_EADDRINUSE;
    }
    sock_listen_config(s, &s->local, &config);
    sock_options_core(s, sock_is_v4(s), &options);
    options.fastopen_queue = 0; /* sock_fastopen_listening */
    config.options = sock_options_differ(s, &options) ? &options : NULL;
    config.backlog = backlog + 1; /* Linux: full means more than backlog */
    error = weir_tcp_listen(s->space->stack, &config, &s->handle);
    if (error != WEIR_OK) {
        return -sock_errno(error);
    }
    s->listening = true;
    s->backlog = backlog;
    s->o.changed = 0;
    sock_fastopen_listening(s);
    return 0;
}

int weir_sock_listen(struct weir_sock *s, int backlog)
{
    uint32_t wanted = backlog < 0 ? UINT32_MAX : (uint32_t)backlog;

    if (s->dgram) {
        return -WEIR_SOCK_EOPNOTSUPP;
    }
    if (s->kind != SOCK_UNCONNECTED) {
        return -WEIR_SOCK_EINVAL;
    }
    return s->listening ? 0 : start_listening(s, min_u32(wanted, s->space->config.somaxconn));
}

/* ---- Accepting ---------------------------------------------------------------------------------------- */

static int take_connection(struct weir_sock *s, weir_handle *handle)
{
    if (s->waiting) {
        *handle = s->waiting;
        s->waiting = 0;
        return WEIR_OK;
    }
    return weir_tcp_accept(s->space->stack, s->handle, handle);
}

int weir_sock_accept(struct weir_sock *s, struct weir_sock **accepted, struct weir_endpoint *remote)
{
    struct weir_tcp_info info;
    struct weir_sock *child;
    int error;

    if (s->dgram) {
        return -WEIR_SOCK_EOPNOTSUPP;
    }
    if (!s->listening) {
        return -WEIR_SOCK_EINVAL;
    }
    child = sock_new(s->space, s->domain);
    if (!child) {
        return -WEIR_SOCK_ENOMEM;
    }
    error = take_connection(s, &child->handle);
    if (error != WEIR_OK) {
        sock_del(child);
        return -sock_errno(error);
    }
    (void)weir_tcp_set(s->space->stack, child->handle, WEIR_OPT_USER, child->slot);
    (void)sock_info(child, &info);
    child->local = sock_name_of(&info.local);
    child->remote = sock_name_of(&info.remote);
    child->kind = SOCK_CONNECTED;
    child->established = true;
    sock_port_enter(child);
    sock_options_accepted(child, s);
    if (remote) {
        sock_name_show(child, &child->remote, remote);
    }
    *accepted = child;
    return 0;
}

/* ---- Connecting --------------------------------------------------------------------------------------- */

static int remote_name(const struct weir_sock *s, const struct weir_endpoint *e,
                       struct sock_name *remote)
{
    static const struct ip_addr loopback4 = {.b = {[10] = 0xff, 0xff, 127, 0, 0, 1}};
    static const struct ip_addr loopback6 = {.b = {[15] = 1}};
    bool bound = s->bound_address, bound_v4 = ip_addr_is_v4(&s->bound.ip);
    int error = sock_name_from(s, e, remote);
    bool v4 = ip_addr_is_v4(&remote->ip);

    if (error != 0) {
        return error;
    }
    if (ip_addr_is_unspecified(&remote->ip)) { /* an old habit of BSD: this host */
        v4 = v4 || (bound && bound_v4);
        remote->ip = v4 ? (bound && s->domain == 4 ? s->bound.ip : loopback4) : loopback6;
    }
    if (v4 && s->domain == 6 && s->o.v6only) {
        return -WEIR_SOCK_ENETUNREACH;
    }
    if (bound && bound_v4 != v4) {
        return v4 ? -WEIR_SOCK_ENETUNREACH : -WEIR_SOCK_EAFNOSUPPORT;
    }
    if (ip_addr_is_multicast(&remote->ip) || ip_addr_is_broadcast(&remote->ip)) {
        return -WEIR_SOCK_ENETUNREACH;
    }
    return 0;
}

static int connect_errno(int weir_error)
{
    switch (weir_error) {
    case WEIR_EADDRINUSE: return WEIR_SOCK_EADDRNOTAVAIL; /* of the four-tuple, not of bind */
    case WEIR_EINVAL: return WEIR_SOCK_ENETUNREACH;       /* a broadcast address */
    default: return sock_errno(weir_error);
    }
}

struct plan {
    struct weir_connect_config config;
    struct weir_tcp_options options;
};

/* What the core is asked for. */
static void plan_for(const struct weir_sock *s, const struct sock_name *remote, bool fastopen,
                     struct plan *p)
{
    weir_connect_config_default(&p->config);
    p->config.local = sock_name_core(&s->local);
    p->config.remote = sock_name_core(remote);
    p->config.user = s->slot;
    sock_options_core(s, ip_addr_is_v4(&remote->ip), &p->options);
    if (fastopen) {
        p->options.fastopen = true;
        p->options.fastopen_no_cookie |=
            (s->space->config.fastopen & WEIR_SOCK_FASTOPEN_CLIENT_NO_COOKIE) != 0;
    }
    p->config.options = sock_options_differ(s, &p->options) ? &p->options : NULL;
}

/* connect with TCP_FASTOPEN_CONNECT: 0: the first send will begin it. */
static int defer(struct weir_sock *s, const struct sock_name *remote, const struct plan *p)
{
    int room = weir_tcp_fastopen_room(s->space->stack, &p->config);

    if (room < 0) {
        return -connect_errno(room);
    }
    if (room == 0) {
        return -WEIR_SOCK_EINPROGRESS;
    }
    s->remote = *remote;
    s->deferred = true;
    s->kind = SOCK_CONNECTING;
    return 0;
}

static int go(struct weir_sock *s, const struct plan *p)
{
    int error = weir_tcp_connect(s->space->stack, &p->config, &s->handle);
    struct weir_tcp_info info;

    if (error != WEIR_OK) {
        return -connect_errno(error);
    }
    (void)sock_info(s, &info);
    s->local = sock_name_of(&info.local);
    s->remote = sock_name_of(&info.remote);
    sock_port_enter(s);
    s->kind = SOCK_CONNECTING;
    if (s->o.cork) {
        (void)sock_options_apply(s, WEIR_OPT_CORK);
    }
    return -WEIR_SOCK_EINPROGRESS;
}

int sock_connect_begin(struct weir_sock *s, const struct weir_endpoint *to, uint64_t *room)
{
    bool deferred = s->deferred;
    struct sock_name remote = s->remote;
    int error = to ? remote_name(s, to, &remote) : 0, space;
    struct plan plan;

    if (error != 0) {
        return error;
    }
    s->error = s->soft_error = 0;
    s->established = s->dead = s->end = s->deferred = false;
    if (remote.port == 0) { /* nobody can listen there: refused, as if their RST had come */
        s->kind = SOCK_CONNECTING;
        sock_on_closed(s, WEIR_ECONNREFUSED);
        return -WEIR_SOCK_EINPROGRESS;
    }
    plan_for(s, &remote, room || s->o.fastopen_connect, &plan);
    if (!room && s->o.fastopen_connect) {
        error = defer(s, &remote, &plan);
        if (error != -WEIR_SOCK_EINPROGRESS) {
            return error;
        }
    }
    space = room ? weir_tcp_fastopen_room(s->space->stack, &plan.config) : 0;
    error = go(s, &plan);
    if (error != -WEIR_SOCK_EINPROGRESS && deferred) {
        sock_disconnect(s);
    }
    if (room) {
        *room = space > 0 ? (uint64_t)space : 0;
    }
    return error;
}

/* A later call while connecting: how did it go? */
static int connect_outcome(struct weir_sock *s)
{
    int error;

    switch (sock_state(s)) {
    case WEIR_SOCK_SYN_SENT:
    case WEIR_SOCK_SYN_RECV: return -WEIR_SOCK_EALREADY;
    case WEIR_SOCK_CLOSE:
        error = sock_take_error(s);
        sock_disconnect(s);
        return error ? -error : -WEIR_SOCK_ECONNABORTED;
    default: s->kind = SOCK_CONNECTED; return 0;
    }
}

int sock_connect_again(struct weir_sock *s)
{
    switch (s->kind) {
    case SOCK_CONNECTING: return s->deferred ? -WEIR_SOCK_EISCONN : connect_outcome(s);
    case SOCK_DISCONNECTING: return -WEIR_SOCK_EINVAL;
    default: return -WEIR_SOCK_EISCONN;
    }
}

int weir_sock_connect(struct weir_sock *s, const struct weir_endpoint *remote)
{
    if (s->dgram) {
        return sock_dgram_connect(s, remote);
    }
    sock_sync(s);
    if (remote->ip.family == 0) {
        sock_disconnect(s);
        return 0;
    }
    return s->kind == SOCK_UNCONNECTED && !s->listening ? sock_connect_begin(s, remote, NULL)
                                                        : sock_connect_again(s);
}

/* ---- Back to the beginning: Linux's tcp_disconnect ------------------------------------------------------ */

static void give_up_connection(struct weir_sock *s)
{
    struct weir_stack *stack = s->space->stack;
    struct weir_tcp_info info;

    switch (sock_state(s)) {
    case WEIR_SOCK_LISTEN:
    case WEIR_SOCK_CLOSE: weir_tcp_close(stack, s->handle); return;
    case WEIR_SOCK_CLOSING:
    case WEIR_SOCK_LAST_ACK:
        if (sock_info(s, &info) && info.unsent_bytes == 0) {
            weir_tcp_close(stack, s->handle);
            return;
        }
        break;
    default: break;
    }
    weir_tcp_abort(stack, s->handle);
    s->error = WEIR_SOCK_ECONNRESET;
}

/* What bind was told stays. */
static void forget_names(struct weir_sock *s)
{
    s->remote = s->local = sock_name_any(s);
    if (s->bound_address) {
        s->local.ip = s->bound.ip;
        s->local.scope = s->bound.scope;
    }
    if (s->bound_port) {
        s->local.port = s->bound.port;
    } else {
        s->bound.port = 0;
        sock_port_leave(s);
    }
}

void sock_disconnect(struct weir_sock *s)
{
    bool opened = s->handle || s->dead || s->deferred;

    if (s->handle) {
        sock_ghost_leave(s);
        give_up_connection(s);
        s->handle = 0;
    }
    if (s->waiting) {
        weir_tcp_abort(s->space->stack, s->waiting);
        s->waiting = 0;
    }
    sock_pins_check(s);
    s->kind = SOCK_UNCONNECTED;
    s->shutdown = 0;
    s->soft_error = 0;
    s->listening = s->established = s->dead = s->end = s->deferred = false;
    s->write_blocked = s->oob_taken = false;
    if (opened) {
        forget_names(s);
    }
}

/* ---- Names -------------------------------------------------------------------------------------------- */

int weir_sock_getsockname(struct weir_sock *s, struct weir_endpoint *local)
{
    sock_name_show(s, &s->local, local);
    return 0;
}

int weir_sock_getpeername(struct weir_sock *s, struct weir_endpoint *remote)
{
    enum weir_sock_tcp_state state = sock_state(s);

    if (s->dgram && s->kind == SOCK_CONNECTED) {
        sock_name_show(s, &s->remote, remote);
        return 0;
    }
    if (state == WEIR_SOCK_CLOSE || state == WEIR_SOCK_LISTEN || state == WEIR_SOCK_SYN_SENT) {
        return -WEIR_SOCK_ENOTCONN;
    }
    sock_name_show(s, &s->remote, remote);
    return 0;
}
