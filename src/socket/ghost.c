/*
 * ghost.c - ports that connections hold after their sockets were closed, above all in TIME-WAIT.
 *
 * The core does not list connections that nobody holds, but it refuses to open one that exists: asking
 * for the same four-tuple tells whether it is still there. The SYN of a probe is never sent, because no
 * output runs in between. At most SOCK_GHOSTS_MAX are remembered; the oldest is forgotten first.
 */
#include "socket/sock.h"

static void drop_oldest(struct weir_sock_space *space)
{
    struct sock_ghost *g = space->ghost_head;

    space->ghost_head = g->next;
    if (!space->ghost_head) {
        space->ghost_tail = NULL;
    }
    space->ghost_count--;
    sock_free_memory(space, g, sizeof(*g));
}

void sock_ghost_leave(struct weir_sock *s)
{
    struct weir_sock_space *space = s->space;
    struct weir_tcp_info info;
    struct sock_ghost *g;

    if (s->listening || !sock_info(s, &info) || info.state == WEIR_TCP_CLOSED ||
        info.state == WEIR_TCP_SYN_SENT) {
        return;
    }
    if (space->ghost_count == SOCK_GHOSTS_MAX) {
        drop_oldest(space);
    }
    g = sock_alloc(space, sizeof(*g));
    if (!g) {
        return;
    }
    g->local = sock_name_of(&info.local);
    g->remote = sock_name_of(&info.remote);
    g->reuse_address = s->o.reuse_address;
    if (space->ghost_tail) {
        space->ghost_tail->next = g;
    } else {
        space->ghost_head = g;
    }
    space->ghost_tail = g;
    space->ghost_count++;
}

static bool alive(const struct weir_sock_space *space, const struct sock_ghost *g)
{
    struct weir_connect_config config;
    weir_handle probe;
    int error;

    weir_connect_config_default(&config);
    config.local = sock_name_core(&g->local);
    config.remote = sock_name_core(&g->remote);
    error = weir_tcp_connect(space->stack, &config, &probe);
    if (error == WEIR_OK) {
        weir_tcp_abort(space->stack, probe);
    }
    return error != WEIR_OK && error != WEIR_EADDRNOTAVAIL;
}

static void forget(struct weir_sock_space *space, struct sock_ghost *before, struct sock_ghost *g)
{
    if (before) {
        before->next = g->next;
    } else {
        space->ghost_head = g->next;
    }
    if (space->ghost_tail == g) {
        space->ghost_tail = before;
    }
    space->ghost_count--;
    sock_free_memory(space, g, sizeof(*g));
}

bool sock_ghost_conflict(struct weir_sock *s, const struct sock_name *name)
{
    struct weir_sock_space *space = s->space;
    struct sock_ghost *g = space->ghost_head, *before = NULL, *next;

    for (; g; g = next) {
        next = g->next;
        if (g->local.port == name->port && !(s->o.reuse_address && g->reuse_address) &&
            sock_name_overlap(s, name, &g->local, false)) {
            if (alive(space, g)) {
                return true;
            }
            forget(space, before, g);
        } else {
            before = g;
        }
    }
    return false;
}

void sock_ghosts_del(struct weir_sock_space *space)
{
    while (space->ghost_head) {
        drop_oldest(space);
    }
}
