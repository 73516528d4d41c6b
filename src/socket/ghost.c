/*
 * ghost.c - ports that connections hold after their sockets were closed, above all in TIME-WAIT.
 *
 * The core is asked for each four-tuple whether it is still there. At most SOCK_GHOSTS_MAX are remembered; the oldest is forgotten first.
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
    struct weir_endpoint local = sock_name_core(&g->local), remote = sock_name_core(&g->remote);

    return weir_tcp_lookup(space->stack, &local, &remote) > WEIR_TCP_CLOSED;
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
