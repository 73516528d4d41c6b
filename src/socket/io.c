/*
 * io.c - send and recv, with Linux's order of reasons (tcp_sendmsg_locked, tcp_recvmsg_locked).
 *
 * The common case asks the core at once; why it refused is looked into afterwards.
 */
#include "socket/sock.h"

#define SLICES_MAX 1024      /* UIO_MAXIOV */
#define BYTES_MAX 0x7ffff000 /* MAX_RW_COUNT */
#define PEEK_SLICES 32       /* without memory of its own */
#define PEEK_SLICES_MAX 65536

static uint64_t message_size(const struct weir_sock_message *m)
{
    uint64_t size = 0;

    for (size_t i = 0; i < m->slice_count; i++) {
        size = min_u64(size + min_u64(m->slices[i].size, BYTES_MAX), BYTES_MAX);
    }
    return size;
}

/* ---- Sending ------------------------------------------------------------------------------------------ */

static int pipe_error(struct weir_sock *s)
{
    int error = sock_take_error(s);

    return error ? -error : -WEIR_SOCK_EPIPE;
}

/* May bytes be given to the core? */
static int check_send(struct weir_sock *s)
{
    enum weir_sock_tcp_state state;

    if (s->established && !s->error && !(s->shutdown & SOCK_SHUT_WR)) {
        return 0;
    }
    sock_sync(s);
    state = sock_state(s);
    if ((state == WEIR_SOCK_SYN_SENT || state == WEIR_SOCK_SYN_RECV) && !s->error) {
        return -WEIR_SOCK_EAGAIN;
    }
    if ((state != WEIR_SOCK_ESTABLISHED && state != WEIR_SOCK_CLOSE_WAIT) || s->error ||
        (s->shutdown & SOCK_SHUT_WR)) {
        return pipe_error(s);
    }
    return 0;
}

int sock_send_refused(struct weir_sock *s, int weir_error)
{
    if (weir_error == WEIR_EAGAIN) {
        s->write_blocked = true;
        return -WEIR_SOCK_EAGAIN;
    }
    if (weir_error == WEIR_ENOBUFS) {
        return -WEIR_SOCK_ENOBUFS;
    }
    sock_sync(s);
    return pipe_error(s);
}

static int64_t send_some(struct weir_sock *s, const void *data, size_t size, int flags)
{
    int64_t done;

    if (size == 0) {
        return 0;
    }
    done = weir_tcp_send_flags(s->space->stack, s->handle, data, size,
                               (flags & WEIR_MSG_MORE ? WEIR_SEND_MORE : 0u) |
                                   (flags & WEIR_MSG_EOR ? WEIR_SEND_RECORD_END : 0u) |
                                   (flags & WEIR_MSG_OOB ? WEIR_SEND_URGENT : 0u));
    if (done >= 0) {
        s->write_blocked = (size_t)done < size;
        return done;
    }
    return sock_send_refused(s, (int)done);
}

int64_t weir_sock_send(struct weir_sock *s, const void *data, size_t size, int flags)
{
    int error;

    if (s->dgram) {
        return weir_sock_sendto(s, data, size, flags, NULL);
    }
    if (UNLIKELY((flags & (WEIR_MSG_ZEROCOPY | WEIR_MSG_FASTOPEN)) || s->deferred)) {
        union {
            const void *in;
            void *out;
        } unconst = {.in = data}; /* only ever read */
        struct weir_sock_slice slice = {.data = unconst.out, .size = size};
        struct weir_sock_message m = {.slices = &slice, .slice_count = 1};

        return weir_sock_sendmsg(s, &m, flags);
    }
    error = check_send(s);
    return error ? error : send_some(s, data, size < BYTES_MAX ? size : BYTES_MAX, flags);
}

int64_t sock_send_copied(struct weir_sock *s, const struct weir_sock_message *m, int flags,
                         uint64_t most)
{
    int64_t total = 0;

    for (size_t i = 0; i < m->slice_count && (uint64_t)total < most; i++) {
        size_t size = min_u64(m->slices[i].size, most - (uint64_t)total);
        int last = i + 1 == m->slice_count ? flags : (flags & ~WEIR_MSG_EOR) | WEIR_MSG_MORE;
        int64_t done = send_some(s, m->slices[i].data, size, last);

        if (done < 0) {
            return total ? total : done;
        }
        total += done;
        if ((size_t)done < size) {
            break;
        }
    }
    return total;
}

int64_t weir_sock_sendmsg(struct weir_sock *s, const struct weir_sock_message *m, int flags)
{
    int64_t result;
    int error;

    if (s->dgram) {
        return sock_dgram_send(s, m, flags, m->name);
    }
    if (m->slice_count > SLICES_MAX) {
        return -WEIR_SOCK_EMSGSIZE;
    }
    if (UNLIKELY((flags & WEIR_MSG_FASTOPEN) || s->deferred) &&
        sock_fastopen_send(s, m, flags, &result)) {
        return result;
    }
    error = check_send(s);
    if (error != 0) {
        return error;
    }
    return (flags & WEIR_MSG_ZEROCOPY) && s->o.zerocopy && message_size(m)
               ? sock_send_pinned(s, m, flags, UINT64_MAX)
               : sock_send_copied(s, m, flags, BYTES_MAX);
}

/* ---- Receiving ---------------------------------------------------------------------------------------- */

static int nothing_to_read(struct weir_sock *s)
{
    int error;

    sock_sync(s);
    if (s->listening) {
        return -WEIR_SOCK_ENOTCONN;
    }
    if (s->end) {
        return 0;
    }
    error = sock_take_error(s);
    if (error != 0) {
        return -error;
    }
    if (s->shutdown & SOCK_SHUT_RD) {
        return 0;
    }
    return sock_state(s) == WEIR_SOCK_CLOSE ? -WEIR_SOCK_ENOTCONN : -WEIR_SOCK_EAGAIN;
}

static int64_t read_slices(struct weir_sock *s, const struct weir_sock_message *m)
{
    int64_t total = 0, done = WEIR_ENOTCONN;

    for (size_t i = 0; i < m->slice_count && s->handle; i++) {
        size_t size = min_u64(m->slices[i].size, BYTES_MAX - (uint64_t)total);

        if (size == 0) {
            continue;
        }
        if (total > 0 && sock_at_mark(s)) {
            break; /* what follows the mark is another read's */
        }
        done = weir_tcp_recv(s->space->stack, s->handle, m->slices[i].data,
                             min_u64(size, sock_before_mark(s)));
        total += done > 0 ? done : 0;
        if (done < (int64_t)size) {
            break;
        }
    }
    if (total > 0) { /* why there was no more is told the next time */
        return total;
    }
    return done == 0 ? 0 : nothing_to_read(s);
}

/* ---- Looking without taking ----------------------------------------------------------------------------- */

static void copy_out(const struct weir_sock_message *m, uint64_t at, const uint8_t *from,
                     uint64_t size)
{
    for (size_t i = 0; i < m->slice_count && size; i++) {
        uint64_t room = m->slices[i].size, part;

        if (at >= room) {
            at -= room;
            continue;
        }
        part = min_u64(room - at, size);
        memcpy((uint8_t *)m->slices[i].data + at, from, part);
        from += part;
        size -= part;
        at = 0;
    }
}

/* Copies the first `wanted` bytes that `slices` hold; returns how many there were. */
static uint64_t copy_peeked(const struct weir_sock_message *m, const struct weir_slice *slices,
                            uint32_t n, uint64_t wanted)
{
    uint64_t done = 0;

    for (uint32_t i = 0; i < n && done < wanted; i++) {
        uint64_t part = min_u64(slices[i].size, wanted - done);

        copy_out(m, done, slices[i].data, part);
        done += part;
    }
    return done;
}

/* There are `wanted` unread bytes at least. More slices than fit are asked for again with more room. */
static int64_t peek_into(struct weir_sock *s, const struct weir_sock_message *m, uint64_t wanted)
{
    struct weir_slice few[PEEK_SLICES];
    int n = weir_tcp_peek(s->space->stack, s->handle, few, PEEK_SLICES);
    uint64_t done = n > 0 ? copy_peeked(m, few, (uint32_t)n, wanted) : 0;

    for (uint32_t room = PEEK_SLICES * 16; done < wanted && room <= PEEK_SLICES_MAX; room *= 8) {
        struct weir_slice *many = sock_alloc(s->space, room * sizeof(many[0]));

        if (!many) {
            break; /* fewer bytes than there are is a right answer too */
        }
        n = weir_tcp_peek(s->space->stack, s->handle, many, room);
        done = n > 0 ? copy_peeked(m, many, (uint32_t)n, wanted) : 0;
        sock_free_memory(s->space, many, room * sizeof(many[0]));
    }
    return (int64_t)done;
}

/* MSG_PEEK, MSG_TRUNC or both. */
static int64_t look_or_skip(struct weir_sock *s, const struct weir_sock_message *m, int flags)
{
    uint64_t wanted = message_size(m);
    struct weir_tcp_info info;

    if (s->listening || !sock_info(s, &info) || info.unread_bytes == 0) {
        return nothing_to_read(s);
    }
    wanted = min_u64(min_u64(wanted, info.unread_bytes), sock_before_mark(s));
    if ((flags & WEIR_MSG_PEEK) && !(flags & WEIR_MSG_TRUNC)) {
        return peek_into(s, m, wanted);
    }
    if (!(flags & WEIR_MSG_PEEK)) {
        (void)weir_tcp_consume(s->space->stack, s->handle, wanted);
    }
    return (int64_t)wanted;
}

int64_t weir_sock_recvmsg(struct weir_sock *s, struct weir_sock_message *m, int flags)
{
    if (s->dgram) {
        return sock_dgram_recv(s, m, flags, m->name);
    }
    if (m->slice_count > SLICES_MAX) {
        return -WEIR_SOCK_EMSGSIZE;
    }
    m->flags = 0;
    if (flags & WEIR_MSG_ERRQUEUE) {
        return sock_report_take(s, m);
    }
    if (s->listening) {
        return -WEIR_SOCK_ENOTCONN;
    }
    if (flags & WEIR_MSG_OOB) {
        return sock_receive_urgent(s, m, flags);
    }
    sock_skip_mark(s);
    if ((flags & (WEIR_MSG_PEEK | WEIR_MSG_TRUNC)) || message_size(m) == 0) {
        return look_or_skip(s, m, flags);
    }
    return read_slices(s, m);
}

int64_t weir_sock_recv(struct weir_sock *s, void *data, size_t size, int flags)
{
    struct weir_sock_slice slice = {.data = data, .size = size};
    struct weir_sock_message m = {.slices = &slice, .slice_count = 1};

    return weir_sock_recvmsg(s, &m, flags);
}

/* ---- Counts ------------------------------------------------------------------------------------------- */

static uint32_t unacked(const struct weir_tcp_info *i)
{
    bool fin = i->state == WEIR_TCP_FIN_WAIT_1 || i->state == WEIR_TCP_CLOSING ||
               i->state == WEIR_TCP_LAST_ACK;

    /* the FIN counts as a byte; once sent it is among unacked_bytes */
    return i->unacked_bytes + i->unsent_bytes - sock_syn_outstanding(i) +
           (fin && (i->unsent_bytes || !i->unacked_bytes));
}

int weir_sock_ioctl(struct weir_sock *s, unsigned request, int *value)
{
    struct weir_tcp_info info;
    bool known = sock_info(s, &info) && info.state != WEIR_TCP_SYN_SENT &&
                 (info.state != WEIR_TCP_SYN_RECEIVED || sock_accepted_early(s));

    if (s->listening) {
        return -WEIR_SOCK_EINVAL;
    }
    if (s->dgram) {
        return sock_dgram_ioctl(s, request, value);
    }
    switch (request) {
    case WEIR_SIOCINQ: *value = known ? (int)sock_readable(s, info.unread_bytes) : 0; return 0;
    case WEIR_SIOCATMARK: *value = known && sock_at_mark(s); return 0;
    case WEIR_SIOCOUTQ: *value = known ? (int)unacked(&info) : 0; return 0;
    case WEIR_SIOCOUTQNSD:
        *value =
            known ? (int)(unacked(&info) + sock_syn_outstanding(&info) - info.unacked_bytes) : 0;
        return 0;
    default: return -WEIR_SOCK_EINVAL;
    }
}
