/*
 * urgent.c - out-of-band data as Linux has it: one byte, the last urgent one, which is not in the stream unless
 * SO_OOBINLINE says so. The core leaves it in the stream and knows where it is.
 */
#include "socket/sock.h"

static bool mark(const struct weir_sock *s, struct weir_urgent *u)
{
    return s->handle && !s->listening && weir_tcp_urgent(s->space->stack, s->handle, u) == 1;
}

bool sock_at_mark(const struct weir_sock *s)
{
    struct weir_urgent u;

    return mark(s, &u) && u.ahead == 1;
}

bool sock_urgent_ready(const struct weir_sock *s)
{
    struct weir_urgent u;

    return mark(s, &u) && u.arrived && !s->oob_taken;
}

uint32_t sock_readable(const struct weir_sock *s, uint32_t unread)
{
    struct weir_urgent u;

    return s->oob_inline || !mark(s, &u) || !u.arrived ? unread : u.ahead - 1;
}

void sock_skip_mark(struct weir_sock *s)
{
    struct weir_urgent u;

    if (!s->oob_inline && mark(s, &u) && u.ahead == 1 && u.arrived) {
        (void)weir_tcp_consume(s->space->stack, s->handle, 1);
    }
}

uint64_t sock_before_mark(const struct weir_sock *s)
{
    struct weir_urgent u;

    return mark(s, &u) && u.ahead > 1 ? u.ahead - 1 : UINT64_MAX;
}

int sock_receive_urgent(struct weir_sock *s, struct weir_sock_message *m, int flags)
{
    struct weir_urgent u;

    if (s->oob_inline || !mark(s, &u) || s->oob_taken) {
        return -WEIR_SOCK_EINVAL;
    }
    if (!u.arrived) {
        sock_sync(s);
        return s->dead || (s->shutdown & SOCK_SHUT_RD) ? 0 : -WEIR_SOCK_EAGAIN;
    }
    s->oob_taken = !(flags & WEIR_MSG_PEEK);
    m->flags |= WEIR_MSG_OOB;
    for (size_t i = 0; i < m->slice_count; i++) {
        if (m->slices[i].size) {
            *(uint8_t *)m->slices[i].data = u.byte;
            return 1;
        }
    }
    m->flags |= WEIR_MSG_TRUNC;
    return 0;
}
