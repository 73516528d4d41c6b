/* run_call_wait.c - poll, epoll, usleep. */
#include "drill/run_private.h"

enum { EPOLL_ADD = 1, EPOLL_DEL, EPOLL_MOD };

#define EPOLL_ONESHOT (1u << 30)
#define EPOLL_EDGE (1u << 31)
#define EPOLL_BITS 0xffffu
#define POLL_ALWAYS (WEIR_POLLERR | WEIR_POLLHUP)
#define FAULT_NO_ENTRY 2 /* ENOENT */
#define FAULT_EXISTS 17  /* EEXIST */
#define EVENTS_MAX 64

static unsigned readiness(const struct run_fd *fd)
{
    switch (fd->kind) {
    case FD_SOCKET: return weir_sock_poll(fd->sock);
    case FD_PIPE_IN: return fd->bytes ? WEIR_POLLIN : 0;
    default: return WEIR_POLLIN | WEIR_POLLOUT;
    }
}

/* Milliseconds from now; negative: for ever. */
static void set_timeout(const struct run *run, struct run_call *call, int64_t ms)
{
    call->timeout = ms < 0 ? WEIR_NEVER : run->now + (uint64_t)ms * WEIR_MS;
}

/* ---- poll ------------------------------------------------------------------------------------------------ */

static bool poll_item(struct run *run, const struct drill_expr *item, struct run_fd **fd,
                      int64_t *events, int64_t *revents)
{
    const struct drill_expr *number = drill_expr_field(item, "fd");
    const struct drill_expr *wanted = drill_expr_field(item, "events");
    const struct drill_expr *found = drill_expr_field(item, "revents");
    int64_t value = 0;

    *revents = 0;
    if (!number || !wanted) {
        return run_broken(run, item->pos, "{fd=..., events=..., revents=...} was expected");
    }
    if (!run_expr_number(run, number, &value) || !run_expr_number(run, wanted, events) ||
        (found && !run_expr_number(run, found, revents))) {
        return false;
    }
    *fd = run_fd_find(run, value);
    return *fd || run_broken(run, item->pos, "descriptor %lld is not open", (long long)value);
}

static bool poll_begin(struct run *run, struct run_call *call)
{
    const struct drill_expr *list = run_arg(call, 0);
    int64_t ms = 0, events, revents;
    struct run_fd *fd;

    if (list->kind != DRILL_EXPR_LIST) {
        return run_broken(run, call->pos, "poll() takes a list");
    }
    for (const struct drill_expr *item = list->items; item; item = item->next) {
        if (!poll_item(run, item, &fd, &events, &revents)) {
            return false;
        }
    }
    if (!run_arg_number(run, call, 2, &ms)) {
        return false;
    }
    set_timeout(run, call, ms);
    return true;
}

static bool poll_attempt(struct run *run, struct run_call *call)
{
    int64_t events, revents;
    struct run_fd *fd;

    call->result = 0;
    for (const struct drill_expr *item = run_arg(call, 0)->items; item; item = item->next) {
        if (!poll_item(run, item, &fd, &events, &revents)) {
            return true;
        }
        call->result += (readiness(fd) & ((unsigned)events | POLL_ALWAYS)) != 0;
    }
    return call->result > 0 || run->now >= call->timeout;
}

static bool poll_finish(struct run *run, struct run_call *call)
{
    int64_t events, expected;
    struct run_fd *fd;
    unsigned actual;

    for (const struct drill_expr *item = run_arg(call, 0)->items; item; item = item->next) {
        if (!poll_item(run, item, &fd, &events, &expected)) {
            return false;
        }
        actual = readiness(fd) & ((unsigned)events | POLL_ALWAYS);
        if (actual != (unsigned)expected) {
            return run_fail(run, call->pos,
                            "poll() gave other revents for descriptor %d\n  expected: 0x%llx\n"
                            "  actual:   0x%x",
                            fd->number, (unsigned long long)expected, actual);
        }
    }
    return true;
}

/* ---- epoll ----------------------------------------------------------------------------------------------- */

void run_watch_changed(struct run *run, const struct weir_sock *sock)
{
    for (struct run_fd *fd = run->fds; fd; fd = fd->next) {
        for (struct run_watch *watch = fd->watches; watch; watch = watch->next) {
            watch->ready = watch->ready || watch->fd->sock == sock;
        }
    }
}

static bool epoll_create_begin(struct run *run, struct run_call *call)
{
    (void)run;
    (void)call;
    return true;
}

static bool epoll_create_attempt(struct run *run, struct run_call *call)
{
    (void)run;
    call->result = 0;
    return true;
}

static bool epoll_create_finish(struct run *run, struct run_call *call)
{
    int64_t number = 0;

    return run_expr_number(run, call->script->result, &number) &&
           run_fd_new(run, number, FD_EPOLL) != NULL;
}

/* {events=..., fd=4}, or ptr, u32, u64 */
static bool epoll_event(struct run *run, const struct drill_expr *event, int64_t *events,
                        int64_t *data)
{
    static const char *const names[] = {"fd", "ptr", "u32", "u64"};
    const struct drill_expr *wanted = drill_expr_field(event, "events");

    *events = *data = 0;
    if (!wanted || !run_expr_number(run, wanted, events)) {
        return run_broken(run, event->pos, "{events=..., fd=...} was expected");
    }
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const struct drill_expr *value = drill_expr_field(event, names[i]);

        if (value) {
            return run_expr_number(run, value, data);
        }
    }
    return true;
}

static bool epoll_arg(struct run *run, struct run_call *call)
{
    return run_arg_fd(run, call, 0, &call->fd) &&
           (call->fd->kind == FD_EPOLL ||
            run_broken(run, call->pos, "descriptor %d is not an epoll set", call->fd->number));
}

static bool epoll_ctl_begin(struct run *run, struct run_call *call)
{
    int64_t operation = 0;

    if (!epoll_arg(run, call) || !run_arg_number(run, call, 1, &operation)) {
        return false;
    }
    call->number[0] = (int32_t)operation;
    return run_arg_fd(run, call, 2, &call->other);
}

static bool epoll_ctl_attempt(struct run *run, struct run_call *call)
{
    struct run_watch **at = &call->fd->watches, *watch;
    int64_t events = 0, data = 0;

    while (*at && (*at)->fd != call->other) {
        at = &(*at)->next;
    }
    watch = *at;
    call->result =
        call->number[0] == EPOLL_ADD ? (watch ? -FAULT_EXISTS : 0) : (watch ? 0 : -FAULT_NO_ENTRY);
    if (call->result < 0) {
        return true;
    }
    if (call->number[0] == EPOLL_DEL) {
        *at = watch->next;
        return true;
    }
    if (!watch) {
        watch = *at = run_get(run, sizeof(*watch));
    }
    if (watch && epoll_event(run, run_arg(call, 3), &events, &data)) {
        watch->fd = call->other;
        watch->events = (uint32_t)events;
        watch->data = (uint64_t)data;
        watch->ready = true;
    }
    return true;
}

static bool epoll_wait_begin(struct run *run, struct run_call *call)
{
    int64_t most = 0, ms = 0;

    if (!epoll_arg(run, call) || !run_arg_number(run, call, 2, &most) ||
        !run_arg_number(run, call, 3, &ms)) {
        return false;
    }
    call->number[0] = (int32_t)min_u64((uint64_t)most, EVENTS_MAX);
    set_timeout(run, call, ms);
    return true;
}

/* The first event found is what the script's line is about. */
static bool epoll_wait_attempt(struct run *run, struct run_call *call)
{
    call->result = 0;
    for (struct run_watch *w = call->fd->watches; w && call->result < call->number[0];
         w = w->next) {
        unsigned found = readiness(w->fd) & ((w->events & EPOLL_BITS) | POLL_ALWAYS);

        if (!(w->events & EPOLL_BITS) || (!w->ready && w->events & EPOLL_EDGE) || !found) {
            continue;
        }
        w->ready = false;
        if (call->result++ == 0) {
            call->number[1] = (int32_t)found;
            call->size = w->data;
        }
        if (w->events & EPOLL_ONESHOT) {
            w->events &= ~EPOLL_BITS;
        }
    }
    return call->result > 0 || run->now >= call->timeout;
}

static bool epoll_wait_finish(struct run *run, struct run_call *call)
{
    int64_t events = 0, data = 0;

    if (run_arg_is_ellipsis(call, 1)) {
        return true;
    }
    if (!epoll_event(run, run_arg(call, 1), &events, &data)) {
        return false;
    }
    return (events == call->number[1] && (uint64_t)data == call->size) ||
           run_fail(run, call->pos,
                    "epoll_wait() gave something else\n  expected: events 0x%llx, data %lld\n"
                    "  actual:   events 0x%x, data %llu",
                    (unsigned long long)events, (long long)data, (unsigned)call->number[1],
                    (unsigned long long)call->size);
}

/* ---- usleep ---------------------------------------------------------------------------------------------- */

static bool usleep_begin(struct run *run, struct run_call *call)
{
    int64_t us = 0;

    if (!run_arg_number(run, call, 0, &us)) {
        return false;
    }
    call->timeout = run->now + (uint64_t)us * WEIR_US;
    return true;
}

static bool usleep_attempt(struct run *run, struct run_call *call)
{
    call->result = 0;
    return run->now >= call->timeout;
}

const struct run_call_kind run_calls_wait[] = {
    {"poll", 3, 3, poll_begin, poll_attempt, poll_finish, false},
    {"epoll_create", 1, 1, epoll_create_begin, epoll_create_attempt, epoll_create_finish, true},
    {"epoll_create1", 1, 1, epoll_create_begin, epoll_create_attempt, epoll_create_finish, true},
    {"epoll_ctl", 4, 4, epoll_ctl_begin, epoll_ctl_attempt, NULL, false},
    {"epoll_wait", 4, 4, epoll_wait_begin, epoll_wait_attempt, epoll_wait_finish, false},
    {"usleep", 1, 1, usleep_begin, usleep_attempt, NULL, false},
    {0}};
