/* close.c - shutdown, close, and what is left to do after a close with SO_LINGER. */
#include "socket/sock.h"

/* ---- shutdown: Linux's inet_shutdown ------------------------------------------------------------------ */

int weir_sock_shutdown(struct weir_sock *s, int how)
{
    enum weir_sock_tcp_state state;
    uint8_t bits;

    if (how < WEIR_SHUT_RD || how > WEIR_SHUT_RDWR) {
        return -WEIR_SOCK_EINVAL;
    }
    if (s->dgram) {
        return sock_dgram_shutdown(s, how);
    }
    bits = (uint8_t)(how + 1);
    sock_sync(s);
    state = sock_state(s);
    if (s->kind == SOCK_CONNECTING) {
        s->kind =
            state == WEIR_SOCK_SYN_SENT || state == WEIR_SOCK_SYN_RECV || state == WEIR_SOCK_CLOSE
                ? SOCK_DISCONNECTING
                : SOCK_CONNECTED;
    }
    if (state == WEIR_SOCK_LISTEN || state == WEIR_SOCK_SYN_SENT) {
        if (state == WEIR_SOCK_SYN_SENT || (bits & SOCK_SHUT_RD)) {
            sock_disconnect(s);
        }
        return 0;
    }
    s->shutdown |= bits;
    if (state == WEIR_SOCK_CLOSE) {
        return -WEIR_SOCK_ENOTCONN;
    }
    if (bits & SOCK_SHUT_WR) {
        (void)weir_tcp_shutdown(s->space->stack, s->handle); /* twice is no error */
    }
    return 0;
}

/* ---- close -------------------------------------------------------------------------------------------- */

static void finish(struct weir_sock *s, bool abort)
{
    if (s->waiting) {
        weir_tcp_abort(s->space->stack, s->waiting);
        s->waiting = 0;
    }
    if (s->handle) {
        if (abort) {
            weir_tcp_abort(s->space->stack, s->handle);
        } else {
            sock_ghost_leave(s);
            weir_tcp_close(s->space->stack, s->handle);
        }
        s->handle = 0;
    }
    sock_del(s);
}

/* Is the FIN still on its way? (sk_stream_wait_close) */
static bool closing(const struct weir_sock *s, bool *unread)
{
    struct weir_tcp_info info;

    if (s->listening || !sock_info(s, &info)) {
        return false;
    }
    *unread = info.unread_bytes != 0;
    return info.state == WEIR_TCP_FIN_WAIT_1 || info.state == WEIR_TCP_CLOSING ||
           info.state == WEIR_TCP_LAST_ACK;
}

int weir_sock_close(struct weir_sock *s, weir_time now)
{
    const struct weir_sock_linger *linger = &s->o.linger;
    enum weir_sock_tcp_state state = sock_state(s);
    bool unread = false;

    if (s->dgram) {
        sock_dgram_close(s);
        return 0;
    }
    (void)closing(s, &unread);
    if (linger->on && linger->seconds == 0 && state != WEIR_SOCK_LISTEN &&
        state != WEIR_SOCK_CLOSE) {
        finish(s, true);
        return 0;
    }
    if (linger->on && !unread && state != WEIR_SOCK_LISTEN && state != WEIR_SOCK_CLOSE &&
        state != WEIR_SOCK_SYN_SENT) {
        (void)weir_tcp_shutdown(s->space->stack, s->handle);
        if (closing(s, &unread)) {
            s->lingering = true;
            s->linger_until = now + (uint32_t)linger->seconds * WEIR_S;
            return 1;
        }
    }
    finish(s, false);
    return 0;
}

bool weir_sock_lingering(struct weir_sock *s, weir_time now)
{
    bool unread = false;

    ASSERT(s->lingering);
    if (now < s->linger_until && closing(s, &unread) && !unread) {
        return true;
    }
    finish(s, false); /* data that came meanwhile is answered with RST */
    return false;
}

weir_time weir_sock_linger_deadline(const struct weir_sock *s)
{
    return s->lingering ? s->linger_until : WEIR_NEVER;
}
