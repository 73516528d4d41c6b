/* poll.c - readiness, by the rules of Linux's tcp_poll. */
#include "socket/sock.h"

/* The core cannot be asked whether a connection waits, so one is taken out and kept for accept. */
static bool may_accept(struct weir_sock *s)
{
    if (s->waiting) {
        return true;
    }
    if (weir_tcp_accept(s->space->stack, s->handle, &s->waiting) != WEIR_OK) {
        s->waiting = 0;
    }
    return s->waiting != 0;
}

/* Room in the send buffer. When there is none, the core is made to say WRITABLE later: it does so after it
 * has refused a byte. */
static bool may_write(struct weir_sock *s, const struct weir_tcp_info *info)
{
    if (s->write_blocked) {
        return false;
    }
    if (info->send_room == 0) {
        s->write_blocked = weir_tcp_send(s->space->stack, s->handle, "", 1) == WEIR_EAGAIN;
    }
    return !s->write_blocked;
}

/* SO_RCVLOWAT, unless no more can come: the peer has ended, or the window is as good as closed. */
static bool enough_to_read(const struct weir_sock *s, const struct weir_tcp_info *info)
{
    return info->unread_bytes && (info->unread_bytes >= s->o.tcp.receive_lowat || s->end ||
                                  info->rcv_wnd_bytes <= info->rcv_mss);
}

static unsigned poll_connection(struct weir_sock *s, enum weir_sock_tcp_state state)
{
    struct weir_tcp_info info;
    unsigned bits = 0;

    if (s->shutdown == SOCK_SHUT_BOTH || state == WEIR_SOCK_CLOSE) {
        bits |= WEIR_POLLHUP;
    }
    if (s->shutdown & SOCK_SHUT_RD) {
        bits |= WEIR_POLLIN | WEIR_POLLRDHUP;
    }
    if (s->deferred) {
        bits |= WEIR_POLLOUT; /* a send begins the connection */
    } else if (state != WEIR_SOCK_SYN_SENT &&
               (state != WEIR_SOCK_SYN_RECV || sock_accepted_early(s))) {
        bool open = sock_info(s, &info) && state != WEIR_SOCK_CLOSE;

        bits |= info.unread_bytes &&
                        (sock_readable(s, info.unread_bytes) || info.unread_bytes > 1) &&
                        enough_to_read(s, &info)
                    ? WEIR_POLLIN
                    : 0u;
        if (!open || (s->shutdown & SOCK_SHUT_WR) || may_write(s, &info)) {
            bits |= WEIR_POLLOUT;
        }
        bits |= sock_urgent_ready(s) ? WEIR_POLLPRI : 0u;
    }
    sock_pins_check(s);
    return bits | (s->error || s->reports.head ? WEIR_POLLERR : 0u);
}

unsigned weir_sock_poll(struct weir_sock *s)
{
    if (s->dgram) {
        return sock_dgram_poll(s);
    }
    sock_sync(s);
    if (s->listening) {
        return may_accept(s) ? WEIR_POLLIN : 0;
    }
    return poll_connection(s, sock_state(s));
}
