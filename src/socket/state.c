/* state.c - what a socket knows of its connection: from events, and from asking the core when a call comes
 * before its event. The only writer of dead, established, end and the pending errors (taking aside). */
#include "socket/sock.h"

bool sock_info(const struct weir_sock *s, struct weir_tcp_info *info)
{
    memset(info, 0, sizeof(*info));
    info->size = sizeof(*info);
    return s->handle && weir_tcp_info(s->space->stack, s->handle, info) == WEIR_OK;
}

enum weir_sock_tcp_state sock_state(const struct weir_sock *s)
{
    struct weir_tcp_info info;

    if (s->listening) {
        return WEIR_SOCK_LISTEN;
    }
    if (s->deferred) {
        return WEIR_SOCK_SYN_SENT;
    }
    if (s->dead || !sock_info(s, &info)) {
        return WEIR_SOCK_CLOSE;
    }
    switch (info.state) {
    case WEIR_TCP_SYN_SENT: return WEIR_SOCK_SYN_SENT;
    case WEIR_TCP_SYN_RECEIVED: return WEIR_SOCK_SYN_RECV;
    case WEIR_TCP_ESTABLISHED: return WEIR_SOCK_ESTABLISHED;
    case WEIR_TCP_FIN_WAIT_1: return WEIR_SOCK_FIN_WAIT1;
    case WEIR_TCP_FIN_WAIT_2: return WEIR_SOCK_FIN_WAIT2;
    case WEIR_TCP_CLOSE_WAIT: return WEIR_SOCK_CLOSE_WAIT;
    case WEIR_TCP_CLOSING: return WEIR_SOCK_CLOSING;
    case WEIR_TCP_LAST_ACK: return WEIR_SOCK_LAST_ACK;
    default: return WEIR_SOCK_CLOSE; /* TIME-WAIT is nobody's any more */
    }
}

void sock_on_closed(struct weir_sock *s, int weir_error)
{
    if (s->dead) {
        return;
    }
    if (weir_error == WEIR_ECONNRESET && s->end && !(s->shutdown & SOCK_SHUT_WR)) {
        weir_error = WEIR_EPIPE; /* RST in CLOSE-WAIT: reading ended well, only writing failed */
    }
    if (weir_error != WEIR_OK) {
        s->error = sock_errno(weir_error);
    }
    s->dead = true;
    s->shutdown = SOCK_SHUT_BOTH;
    s->write_blocked = false;
}

/* What connect is told at once though the core would go on trying. */
static void end_connect(struct weir_sock *s, int weir_error)
{
    weir_tcp_abort(s->space->stack, s->handle);
    s->handle = 0;
    sock_on_closed(s, weir_error);
}

/* IP_RECVERR, IPV6_RECVERR: by what the connection is, not the socket. */
static bool wants_errors(const struct weir_sock *s)
{
    struct weir_tcp_info info;

    return s->established && (s->o.recverr || s->o.recverr6) && sock_info(s, &info) &&
           (info.remote.ip.family == 4 ? s->o.recverr : s->o.recverr6);
}

static void on_soft_error(struct weir_sock *s, int weir_error)
{
    if (weir_error == WEIR_OK || weir_error == WEIR_ETIMEDOUT || s->dead) {
        return; /* R1 passed: Linux says nothing about it */
    }
    if (!s->established && s->space->config.soft_errors_end_connect &&
        sock_state(s) == WEIR_SOCK_SYN_SENT) {
        end_connect(s, weir_error);
    } else if (wants_errors(s)) {
        s->error = sock_errno(weir_error);
    } else {
        s->soft_error = sock_errno(weir_error);
    }
}

void sock_on_event(struct weir_sock *s, uint32_t bits, int weir_error)
{
    if (bits & WEIR_EVENT_CONNECTED) {
        s->established = true;
    }
    if (bits & WEIR_EVENT_WRITABLE) {
        s->write_blocked = false;
    }
    if (bits & WEIR_EVENT_URGENT) {
        s->oob_taken = false;
    }
    if (bits & WEIR_EVENT_END) {
        s->end = true;
        s->shutdown |= SOCK_SHUT_RD;
    }
    if (bits & WEIR_EVENT_CLOSED) {
        sock_on_closed(s, weir_error);
    } else if (bits & WEIR_EVENT_ERROR) {
        on_soft_error(s, weir_error);
    }
}

/* Why the core says CLOSED. weir_tcp_info mixes soft errors in, so reading is asked first. */
static int closing_error(const struct weir_sock *s, const struct weir_tcp_info *info, bool *end)
{
    struct weir_slice slice;
    int n = weir_tcp_peek(s->space->stack, s->handle, &slice, 1);

    if (n < 0) {
        return n == WEIR_ENOTCONN ? WEIR_OK : n;
    }
    *end |= n == 0;
    return info->state == WEIR_TCP_CLOSED && info->error != info->soft_error ? info->error
                                                                             : WEIR_OK;
}

void sock_sync(struct weir_sock *s)
{
    struct weir_tcp_info info;

    if (s->dead || s->listening || !sock_info(s, &info)) {
        return;
    }
    switch (info.state) {
    case WEIR_TCP_SYN_SENT:
    case WEIR_TCP_SYN_RECEIVED: return;
    case WEIR_TCP_CLOSED:
    case WEIR_TCP_TIME_WAIT: sock_on_closed(s, closing_error(s, &info, &s->end)); return;
    case WEIR_TCP_CLOSE_WAIT:
    case WEIR_TCP_CLOSING:
    case WEIR_TCP_LAST_ACK:
        s->end = true;
        s->shutdown |= SOCK_SHUT_RD;
        break;
    default: break;
    }
    s->established = true;
}

int sock_take_error(struct weir_sock *s)
{
    int error = s->error;

    s->error = 0;
    return error;
}
