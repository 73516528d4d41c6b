/*
 * loop.c - real time: polls, then gives every node its turn.
 *
 * The array for ppoll is made anew before each wait (there are few descriptors): first the watches,
 * then the devices of the nodes in order, with fd -1 (which ppoll skips) where there is nothing to
 * wait for.
 */
#include "host/loop.h"

#include "base/compiler.h"
#include "host/agenda.h"
#include "host/allocator.h"
#include "host/clock.h"
#include "host/config.h"

#include "device/error.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>

struct watch {
    int fd; /* -1: forgotten, to be swept */
    short events, revents;
    loop_ready *ready;
    void *ctx;
};

struct loop {
    weir_time now;
    struct node **nodes;
    size_t node_count;
    struct watch *watches;
    size_t watch_count;
    struct pollfd *polls;
    size_t poll_room;
    struct agenda agenda;
    int old_slack;
    bool again; /* a node wants its turn at once */
    bool stopped;
};

int loop_new(struct loop **loop)
{
    struct loop *l = calloc(1, sizeof(*l));
    if (!l) {
        return WEIR_ENOBUFS;
    }
    l->now = clock_now();
    l->old_slack = prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL);
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    *loop = l;
    return WEIR_OK;
}

void loop_del(struct loop *loop)
{
    if (!loop) {
        return;
    }
    for (size_t i = 0; i < loop->node_count; i++) {
        node_del(loop->nodes[i]);
    }
    agenda_fini(&loop->agenda);
    if (loop->old_slack > 0) {
        prctl(PR_SET_TIMERSLACK, (unsigned long)loop->old_slack, 0UL, 0UL, 0UL);
    }
    free(loop->nodes);
    free(loop->watches);
    free(loop->polls);
    free(loop);
}

weir_time loop_now(const struct loop *loop)
{
    return loop->now;
}

/* ---- Nodes ---- */

struct node *loop_add_stack(struct loop *loop, struct weir_stack *stack, const struct node_app *app)
{
    struct node **nodes = realloc(loop->nodes, (loop->node_count + 1) * sizeof(nodes[0]));
    if (!nodes) {
        return NULL;
    }
    loop->nodes = nodes;
    struct node *node = node_new(stack, app);
    if (!node) {
        return NULL;
    }
    weir_input(stack, 0, NULL, 0, loop->now); /* calls before the first turn know the time */
    loop->nodes[loop->node_count++] = node;
    return node;
}

struct node *loop_add(struct loop *loop, const struct weir_config *config,
                      const struct node_app *app)
{
    struct weir_config fresh;
    struct weir_stack *stack;
    if (!config) {
        host_config(&fresh);
        config = &fresh;
    }
    if (weir_stack_new(&stack, config, &host_allocator) < 0) {
        return NULL;
    }
    struct node *node = loop_add_stack(loop, stack, app);
    if (!node) {
        weir_stack_del(stack);
    }
    return node;
}

/* ---- Watches ---- */

static struct watch *find_watch(const struct loop *loop, int fd)
{
    for (size_t i = 0; i < loop->watch_count; i++) {
        if (loop->watches[i].fd == fd) {
            return &loop->watches[i];
        }
    }
    return NULL;
}

int loop_watch(struct loop *loop, int fd, short events, loop_ready *ready, void *ctx)
{
    if (fd < 0 || !ready) {
        return WEIR_EINVAL;
    }
    struct watch *watch = find_watch(loop, fd);
    if (!watch) {
        struct watch *watches = realloc(loop->watches, (loop->watch_count + 1) * sizeof(*watches));
        if (!watches) {
            return WEIR_ENOBUFS;
        }
        loop->watches = watches;
        watch = &watches[loop->watch_count++];
    }
    *watch = (struct watch){.fd = fd, .events = events, .ready = ready, .ctx = ctx};
    return WEIR_OK;
}

int loop_watch_events(struct loop *loop, int fd, short events)
{
    struct watch *watch = fd >= 0 ? find_watch(loop, fd) : NULL;
    if (!watch) {
        return WEIR_ENOENT;
    }
    watch->events = events;
    return WEIR_OK;
}

void loop_unwatch(struct loop *loop, int fd)
{
    struct watch *watch = fd >= 0 ? find_watch(loop, fd) : NULL;
    if (watch) {
        watch->fd = -1; /* it may be in use right now: swept before the next wait */
    }
}

static void sweep_watches(struct loop *loop)
{
    size_t kept = 0;
    for (size_t i = 0; i < loop->watch_count; i++) {
        if (loop->watches[i].fd >= 0) {
            loop->watches[kept++] = loop->watches[i];
        }
    }
    loop->watch_count = kept;
}

/* Watches may be added, changed and forgotten by the callbacks. */
static void call_watches(struct loop *loop)
{
    for (size_t i = 0; i < loop->watch_count; i++) {
        struct watch watch = loop->watches[i];
        loop->watches[i].revents = 0;
        if (watch.fd >= 0 && watch.revents && watch.events) {
            watch.ready(watch.ctx, watch.fd, watch.revents, loop->now);
        }
    }
}

int loop_at(struct loop *loop, weir_time time, void (*fn)(void *ctx, weir_time now), void *ctx)
{
    return agenda_add(&loop->agenda, &(struct agenda_entry){.time = time, .fn = fn, .ctx = ctx});
}

/* ---- Waiting ---- */

static int make_room(struct loop *loop, size_t count)
{
    if (count <= loop->poll_room) {
        return WEIR_OK;
    }
    struct pollfd *polls = realloc(loop->polls, count * sizeof(polls[0]));
    if (!polls) {
        return WEIR_ENOBUFS;
    }
    loop->polls = polls;
    loop->poll_room = count;
    return WEIR_OK;
}

#define DEVICES_MAX 64 /* of one node that are polled together */

static int fill_polls(struct loop *loop, size_t *count)
{
    struct node_poll devices[DEVICES_MAX];
    size_t n = 0;
    if (make_room(loop, loop->watch_count + loop->node_count * DEVICES_MAX)) {
        return WEIR_ENOBUFS;
    }
    for (size_t i = 0; i < loop->watch_count; i++) {
        const struct watch *watch = &loop->watches[i];
        loop->polls[n++] =
            (struct pollfd){.fd = watch->events ? watch->fd : -1, .events = watch->events};
    }
    for (size_t i = 0; i < loop->node_count; i++) {
        size_t ports = MIN(node_polls(loop->nodes[i], devices, DEVICES_MAX), (size_t)DEVICES_MAX);
        for (size_t k = 0; k < ports; k++) {
            short events = devices[k].want_write ? POLLIN | POLLOUT : POLLIN;
            loop->polls[n++] = (struct pollfd){.fd = devices[k].fd, .events = events};
        }
    }
    *count = n;
    return WEIR_OK;
}

/* Takes the results to where they belong, in fill_polls' order. */
static void spread_results(struct loop *loop)
{
    struct node_poll devices[DEVICES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < loop->watch_count; i++) {
        loop->watches[i].revents = loop->polls[n++].revents;
    }
    for (size_t i = 0; i < loop->node_count; i++) {
        size_t ports = MIN(node_polls(loop->nodes[i], devices, DEVICES_MAX), (size_t)DEVICES_MAX);
        for (size_t k = 0; k < ports; k++) {
            if (!(loop->polls[n++].revents & ~POLLOUT)) {
                node_not_readable(loop->nodes[i], k);
            }
        }
    }
}

static weir_time wait_time(const struct loop *loop, weir_time wait_max)
{
    weir_time next = agenda_next(&loop->agenda), now = clock_now();
    if (loop->again || loop->stopped) {
        return 0;
    }
    for (size_t i = 0; i < loop->node_count; i++) {
        next = min_u64(next, node_deadline(loop->nodes[i]));
    }
    if (next == WEIR_NEVER) {
        return wait_max;
    }
    return next <= now ? 0 : min_u64(next - now, wait_max);
}

static int wait_ready(struct loop *loop, weir_time wait_max)
{
    size_t count;
    int error = fill_polls(loop, &count);
    if (error) {
        return error;
    }
    weir_time wait = wait_time(loop, wait_max);
    struct timespec timeout = {.tv_sec = (time_t)(wait / WEIR_S), .tv_nsec = (long)(wait % WEIR_S)};
    int ready = ppoll(loop->polls, count, wait == WEIR_NEVER ? NULL : &timeout, NULL);
    if (ready < 0 && errno != EINTR) {
        return error_from_errno(errno);
    }
    for (size_t i = 0; i < count && ready < 0; i++) { /* a signal: nothing was looked at */
        loop->polls[i].revents = 0;
    }
    spread_results(loop);
    return WEIR_OK;
}

/* ---- The loop ---- */

int loop_turn(struct loop *loop, weir_time wait_max)
{
    sweep_watches(loop);
    int error = wait_ready(loop, wait_max);
    if (error) {
        return error;
    }
    loop->now = clock_now();
    for (size_t i = 0; i < loop->node_count; i++) { /* the callbacks' calls know the time */
        weir_input(node_stack(loop->nodes[i]), 0, NULL, 0, loop->now);
    }
    call_watches(loop);
    agenda_run(&loop->agenda, loop->now);
    loop->again = false;
    for (size_t i = 0; i < loop->node_count; i++) {
        if (node_turn(loop->nodes[i], loop->now) & NODE_AGAIN) {
            loop->again = true;
        }
        if (!error) {
            error = node_error(loop->nodes[i]);
        }
    }
    return error;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}

int loop_run(struct loop *loop)
{
    int error = WEIR_OK;
    while (!loop->stopped && !error) {
        error = loop_turn(loop, WEIR_NEVER);
    }
    loop->stopped = false;
    return error;
}
