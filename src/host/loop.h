/*
 * loop.h - real time: drives nodes over real devices, and the one place that sleeps.
 *
 *     struct loop *loop;
 *     loop_new(&loop);
 *     struct node *node = loop_add(loop, NULL, &app);           a stack with host_config's defaults
 *     weir_tuntap_new(&device, &tuntap, why, sizeof(why));
 *     link = node_attach(node, device, NULL);
 *     node_address(node, (uint32_t)link, "10.0.0.2/24", "10.0.0.1");
 *     loop_watch(loop, STDIN_FILENO, POLLIN, on_stdin, &state);
 *     error = loop_run(loop);                                   until loop_stop
 *     loop_del(loop);
 *
 * Between turns it waits in ppoll for the devices' descriptors, the watched ones, and the nearest
 * deadline, with nanosecond timer slack. Times are those of the monotonic clock (host/clock.h).
 */
#ifndef HOST_LOOP_H
#define HOST_LOOP_H

#include "host/node.h"

struct loop;

/* WEIR_ENOBUFS. Sets the calling thread's timer slack to 1 ns; the loop is to be run by that
 * thread. */
int loop_new(struct loop **loop);

/* Deletes all nodes with their devices and stacks. Watched descriptors are not closed. */
void loop_del(struct loop *loop);

/* The time of the present turn. */
weir_time loop_now(const struct loop *loop);

/* Adds a node. `config` NULL: host_config's defaults. NULL when weir_stack_new fails. */
struct node *loop_add(struct loop *loop, const struct weir_config *config,
                      const struct node_app *app);
/* The same for a stack made by the caller, who gives it away unless the result is NULL. */
struct node *loop_add_stack(struct loop *loop, struct weir_stack *stack,
                            const struct node_app *app);

/* Another descriptor: stdin, a signalfd, a listening socket. `events`: POLLIN, POLLOUT, both, or 0:
 * not now (hang-up and errors are not told then either). The callback runs before the nodes' turns.
 * Regular files are always ready. Watching a descriptor again changes its entry. Unwatch it before
 * closing it. WEIR_ENOBUFS, WEIR_EINVAL. */
typedef void loop_ready(void *ctx, int fd, short revents, weir_time now);
int loop_watch(struct loop *loop, int fd, short events, loop_ready *ready, void *ctx);
/* Changes what is waited for (backpressure: 0 while nothing can be taken). WEIR_ENOENT. */
int loop_watch_events(struct loop *loop, int fd, short events);
/* Forgets it; may be called from any callback. */
void loop_unwatch(struct loop *loop, int fd);

/* Calls fn(ctx, now) once when the clock reaches `time`. WEIR_ENOBUFS. */
int loop_at(struct loop *loop, weir_time time, void (*fn)(void *ctx, weir_time now), void *ctx);

/* Ends loop_run after the present turn; may be called from any callback. */
void loop_stop(struct loop *loop);

/* One turn of everything, after waiting for at most `wait_max` ns (0: does not wait). WEIR_OK, or
 * the error of a device whose app has no `gone`, or what ppoll failed with. */
int loop_turn(struct loop *loop, weir_time wait_max);

/* Turns until loop_stop (WEIR_OK) or an error. */
int loop_run(struct loop *loop);

#endif
