/*
 * poll.c - poll and epoll over the sockets' readiness.
 *
 * An edge-triggered item is reported when one of the socket's wake-ups named something it asked for, and that
 * is still true; what was reported once waits for the next wake-up. So does Linux, item by item.
 */
#include <errno.h>
#include <stdlib.h>

#include "packetdrill/adapter.h"

#define ALWAYS (EPOLLERR | EPOLLHUP)

struct epoll_item {
    struct epoll_item *next;
    struct file *file;
    struct epoll_event event;
    bool signalled;
};

static unsigned readiness(const struct file *f)
{
    switch (f->kind) {
    case FILE_SOCKET: return weir_sock_poll(f->sock);
    case FILE_PIPE: return pipe_poll(f);
    default: return 0;
    }
}

/* ---- Wake-ups ----------------------------------------------------------------------------------------- */

void polls_signal(struct adapter *a, struct file *f, uint32_t bits)
{
    for (struct file *e = a->files; e; e = e->next) {
        for (struct epoll_item *i = e->items; i; i = i->next) {
            if (i->file == f && (bits == 0 || (bits & (i->event.events | ALWAYS)))) {
                i->signalled = true;
            }
        }
    }
}

static struct epoll_item **item_of(struct file *e, const struct file *f)
{
    struct epoll_item **at = &e->items;

    while (*at && (*at)->file != f) {
        at = &(*at)->next;
    }
    return at;
}

static void remove_item(struct epoll_item **at)
{
    struct epoll_item *i = *at;

    *at = i->next;
    free(i);
}

void polls_forget(struct adapter *a, struct file *f)
{
    for (struct file *e = a->files; e; e = e->next) {
        struct epoll_item **at = item_of(e, f);

        if (*at) {
            remove_item(at);
        }
    }
}

void epoll_free_items(struct file *f)
{
    while (f->items) {
        remove_item(&f->items);
    }
}

/* ---- poll --------------------------------------------------------------------------------------------- */

static int poll_once(const struct adapter *a, struct pollfd *fds, nfds_t count)
{
    int ready = 0;

    for (nfds_t i = 0; i < count; i++) {
        const struct file *f = fds[i].fd < 0 ? NULL : file_find(a, fds[i].fd);

        fds[i].revents = 0;
        if (f) {
            unsigned wanted = (unsigned short)fds[i].events | POLLERR | POLLHUP;

            fds[i].revents = (short)(readiness(f) & wanted);
        } else if (fds[i].fd >= 0) {
            fds[i].revents = POLLNVAL;
        }
        ready += fds[i].revents != 0;
    }
    return ready;
}

int slot_poll(void *u, struct pollfd *fds, nfds_t count, int timeout_ms)
{
    struct adapter *a = u;
    weir_time until;
    int ready;

    adapter_enter(a);
    until = adapter_after_ms(a, timeout_ms);
    do {
        ready = poll_once(a, fds, count);
    } while (ready == 0 && adapter_block(a, until));
    return (int)adapter_leave(a, ready);
}

/* ---- epoll -------------------------------------------------------------------------------------------- */

int slot_epoll_create(void *u, int size)
{
    struct adapter *a = u;
    struct file *f;

    adapter_enter(a);
    if (size <= 0) {
        return (int)adapter_leave(a, -EINVAL);
    }
    f = file_new(a, FILE_EPOLL);
    return (int)adapter_leave(a, f ? f->fd : -errno);
}

static int add_item(struct epoll_item **at, struct file *f, const struct epoll_event *event)
{
    if (*at) {
        return -EEXIST;
    }
    *at = calloc(1, sizeof(**at));
    if (!*at) {
        return -ENOMEM;
    }
    (*at)->file = f;
    (*at)->event = *event;
    (*at)->signalled = true;
    return 0;
}

static int control(struct file *e, int operation, struct file *f, const struct epoll_event *event)
{
    struct epoll_item **at = item_of(e, f);

    if (operation == EPOLL_CTL_ADD) {
        return add_item(at, f, event);
    }
    if (operation != EPOLL_CTL_MOD && operation != EPOLL_CTL_DEL) {
        return -EINVAL;
    }
    if (!*at) {
        return -ENOENT;
    }
    if (operation == EPOLL_CTL_DEL) {
        remove_item(at);
        return 0;
    }
    if (((*at)->event.events | event->events) & EPOLLEXCLUSIVE) {
        return -EINVAL;
    }
    (*at)->event = *event;
    (*at)->signalled = true;
    return 0;
}

int slot_epoll_ctl(void *u, int epoll, int operation, int fd, struct epoll_event *event)
{
    struct adapter *a = u;
    struct file *e, *f;
    int result;

    adapter_enter(a);
    e = file_find(a, epoll);
    f = file_find(a, fd);
    if (!e || !f) {
        result = -EBADF;
    } else if (e->kind != FILE_EPOLL || f->kind == FILE_EPOLL) {
        result = -EINVAL;
    } else {
        a->news = true;
        result = control(e, operation, f, event);
    }
    return (int)adapter_leave(a, result);
}

/* What the item has to say now; 0: nothing. */
static uint32_t harvest(struct epoll_item *i)
{
    uint32_t asked = i->event.events, ready;

    if ((asked & EPOLLET) && !i->signalled) {
        return 0;
    }
    if ((asked & ~(uint32_t)(EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE)) == 0) {
        return 0; /* EPOLLONESHOT has spoken */
    }
    ready = readiness(i->file) & (asked | ALWAYS);
    i->signalled = false;
    if (ready && (asked & EPOLLONESHOT)) {
        i->event.events &= EPOLLET | EPOLLONESHOT;
    }
    return ready;
}

static int wait_once(struct file *e, struct epoll_event *events, int room)
{
    int n = 0;

    for (struct epoll_item *i = e->items; i && n < room; i = i->next) {
        uint32_t ready = harvest(i);

        if (ready) {
            events[n] = i->event;
            events[n++].events = ready;
        }
    }
    return n;
}

int slot_epoll_wait(void *u, int epoll, struct epoll_event *events, int room, int timeout_ms)
{
    struct adapter *a = u;
    weir_time until;
    struct file *e;
    int n;

    adapter_enter(a);
    until = adapter_after_ms(a, timeout_ms);
    do {
        e = file_find(a, epoll);
        if (!e || e->kind != FILE_EPOLL || room <= 0) {
            return (int)adapter_leave(a, e ? -EINVAL : -EBADF);
        }
        n = wait_once(e, events, room);
    } while (n == 0 && adapter_block(a, until));
    return (int)adapter_leave(a, n);
}
