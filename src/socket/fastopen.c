/*
 * fastopen.c - TCP Fast Open at sockets (RFC 7413), with Linux's rules: sends that begin the connection
 * (MSG_FASTOPEN, or the first one after a connect that TCP_FASTOPEN_CONNECT deferred), and what listeners are told.
 *
 * A deferred connection has no handle yet: its socket is CONNECTING, in SYN-SENT for whoever asks.
 */
#include "socket/sock.h"

struct sock_fastopen_keys {
    uint8_t key[2][16];
    uint32_t count;
};

bool sock_accepted_early(const struct weir_sock *s)
{
    return s->kind == SOCK_CONNECTED && sock_state(s) == WEIR_SOCK_SYN_RECV;
}

uint32_t sock_syn_outstanding(const struct weir_tcp_info *info)
{
    return info->state == WEIR_TCP_SYN_SENT || info->state == WEIR_TCP_SYN_RECEIVED;
}

/* ---- Sending -------------------------------------------------------------------------------------------- */

/* The SYN leaves with the next weir_output, and takes along what is queued until then. */
static int64_t begin(struct weir_sock *s, const struct weir_sock_message *m, int flags)
{
    uint64_t room = 0;
    int error = sock_connect_begin(s, s->deferred ? NULL : m->name, &room);
    int64_t sent = 0;

    room = flags & WEIR_MSG_WAITALL ? UINT64_MAX : room;
    if (error != -WEIR_SOCK_EINPROGRESS || room == 0 || !s->handle) {
        return error;
    }
    flags &= ~(WEIR_MSG_FASTOPEN | WEIR_MSG_WAITALL);
    sent = (flags & WEIR_MSG_ZEROCOPY) && s->o.zerocopy
               ? sock_send_pinned(s, m, flags, room)
               : sock_send_copied(s, m, flags, min_u64(room, INT32_MAX));
    return sent > 0 ? sent : error; /* no memory for them: they come after the handshake */
}

bool sock_fastopen_send(struct weir_sock *s, const struct weir_sock_message *m, int flags,
                        int64_t *result)
{
    if (!(s->space->config.fastopen & WEIR_SOCK_FASTOPEN_CLIENT) ||
        (m->name && m->name->ip.family == 0)) {
        *result = -WEIR_SOCK_EOPNOTSUPP;
        return true;
    }
    if (s->deferred || (s->kind == SOCK_UNCONNECTED && !s->listening)) {
        *result = s->deferred || m->name ? begin(s, m, flags) : -WEIR_SOCK_EINVAL;
        return true;
    }
    *result = sock_connect_again(s); /* 0: it has just succeeded */
    return *result != 0;
}

/* ---- Options -------------------------------------------------------------------------------------------- */

static bool closed_or_listening(const struct weir_sock *s)
{
    return s->listening || sock_state(s) == WEIR_SOCK_CLOSE;
}

uint32_t sock_fastopen_queue(const struct weir_sock *s)
{
    return s->space->config.fastopen & WEIR_SOCK_FASTOPEN_SERVER ? s->o.tcp.fastopen_queue : 0;
}

int sock_fastopen_set_queue(struct weir_sock *s, int32_t value)
{
    if (value < 0 || !closed_or_listening(s)) {
        return -WEIR_SOCK_EINVAL;
    }
    s->o.tcp.fastopen_queue = min_u32((uint32_t)value, s->space->config.somaxconn);
    if (!s->listening) {
        return 0;
    }
    return -sock_errno(
        weir_tcp_set(s->space->stack, s->handle, WEIR_OPT_FASTOPEN_QUEUE, sock_fastopen_queue(s)));
}

int sock_fastopen_set_connect(struct weir_sock *s, int32_t value)
{
    if (value < 0 || value > 1) {
        return -WEIR_SOCK_EINVAL;
    }
    if (!(s->space->config.fastopen & WEIR_SOCK_FASTOPEN_CLIENT)) {
        return -WEIR_SOCK_EOPNOTSUPP;
    }
    if (sock_state(s) != WEIR_SOCK_CLOSE) {
        return -WEIR_SOCK_EINVAL;
    }
    s->o.fastopen_connect = value != 0;
    return 0;
}

static bool listener_no_cookie(const struct weir_sock *s)
{
    return s->o.tcp.fastopen_no_cookie ||
           (s->space->config.fastopen & WEIR_SOCK_FASTOPEN_SERVER_NO_COOKIE);
}

int sock_fastopen_set_no_cookie(struct weir_sock *s, int32_t value)
{
    if (value < 0 || value > 1 || !closed_or_listening(s)) {
        return -WEIR_SOCK_EINVAL;
    }
    s->o.tcp.fastopen_no_cookie = value != 0;
    if (!s->listening) {
        return 0;
    }
    return -sock_errno(weir_tcp_set(s->space->stack, s->handle, WEIR_OPT_FASTOPEN_NO_COOKIE,
                                    listener_no_cookie(s)));
}

/* What the handle has to be told of all this, once there is one. */
void sock_fastopen_listening(struct weir_sock *s)
{
    const uint32_t both = WEIR_SOCK_FASTOPEN_SERVER | WEIR_SOCK_FASTOPEN_ALL_LISTENERS;
    struct weir_stack *stack = s->space->stack;

    if ((s->space->config.fastopen & both) == both && s->o.tcp.fastopen_queue == 0) {
        s->o.tcp.fastopen_queue = s->backlog;
    }
    (void)weir_tcp_set(stack, s->handle, WEIR_OPT_FASTOPEN_QUEUE, sock_fastopen_queue(s));
    if (listener_no_cookie(s) != s->o.tcp.fastopen_no_cookie) {
        (void)weir_tcp_set(stack, s->handle, WEIR_OPT_FASTOPEN_NO_COOKIE, 1);
    }
    if (s->fastopen_keys) {
        (void)weir_tcp_fastopen_keys(stack, s->handle, (const uint8_t(*)[16])s->fastopen_keys->key,
                                     s->fastopen_keys->count);
    }
}

/* ---- Keys ----------------------------------------------------------------------------------------------- */

int sock_fastopen_set_keys(struct weir_sock *s, const void *value, uint32_t size)
{
    struct sock_fastopen_keys *keys = s->fastopen_keys;

    if (size != sizeof(keys->key[0]) && size != sizeof(keys->key)) {
        return -WEIR_SOCK_EINVAL;
    }
    keys = keys ? keys : sock_alloc(s->space, sizeof(*keys));
    if (!keys) {
        return -WEIR_SOCK_ENOMEM;
    }
    s->fastopen_keys = keys;
    memcpy(keys->key, value, size);
    keys->count = size / sizeof(keys->key[0]);
    if (!s->listening) {
        return 0;
    }
    return -sock_errno(weir_tcp_fastopen_keys(s->space->stack, s->handle,
                                              (const uint8_t(*)[16])keys->key, keys->count));
}

uint32_t sock_fastopen_get_keys(const struct weir_sock *s, uint8_t keys[32])
{
    uint8_t both[2][16];
    int count;

    if (s->fastopen_keys) {
        memcpy(keys, s->fastopen_keys->key, sizeof(s->fastopen_keys->key));
        return s->fastopen_keys->count * sizeof(both[0]);
    }
    count = weir_tcp_fastopen_keys_get(s->space->stack, 0, both);
    memcpy(keys, both, (size_t)count * sizeof(both[0]));
    return (uint32_t)count * sizeof(both[0]);
}

void sock_fastopen_keys_del(struct weir_sock *s)
{
    if (s->fastopen_keys) {
        sock_free_memory(s->space, s->fastopen_keys, sizeof(*s->fastopen_keys));
        s->fastopen_keys = NULL;
    }
}
