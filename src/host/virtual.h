/*
 * virtual.h - virtual time: any number of stacks and devices in one process, and a clock that
 * jumps.
 *
 * Nothing sleeps and nothing is random: the clock stands still while something is due, then jumps
 * to the nearest deadline of any stack, device, application or alarm. Same inputs, same bytes.
 *
 *     struct virtual *v = virtual_new(0);
 *     struct node *a = virtual_add(v, NULL, &app_a);            a stack with reproducible defaults
 *     struct node *b = virtual_add(v, NULL, &app_b);
 *     struct virtual_cable cable = virtual_cable_default();
 *     struct weir_impair_config impair = {.seed = 1, .direction[0] = {.delay = 10 * WEIR_MS}};
 *     cable.impair = &impair;
 *     virtual_connect(v, a, b, &cable, links);
 *     node_address(a, links[0], "10.0.0.1/24", NULL);
 *     node_address(b, links[1], "10.0.0.2/24", NULL);
 *     weir_tcp_connect(node_stack(a), ...);
 *     virtual_run(v, 60 * WEIR_S);                              until idle, or 60 s have passed
 *     virtual_del(v);
 *
 * Between two steps any call on any stack is allowed; its effect is seen by the next step.
 */
#ifndef HOST_VIRTUAL_H
#define HOST_VIRTUAL_H

#include "host/node.h"

struct virtual;

/* NULL when out of memory. The clock starts at `start`. */
struct virtual *virtual_new(weir_time start);

/* Deletes all nodes with their devices and stacks. */
void virtual_del(struct virtual *v);

weir_time virtual_now(const struct virtual *v);

/* Adds a node. `config` NULL: weir_config_default with `reproducible` set; else it is used as it
 * is. `app` NULL: none. NULL when weir_stack_new fails. Nodes take turns in the order in which they
 * were added. */
struct node *virtual_add(struct virtual *v, const struct weir_config *config,
                         const struct node_app *app);
/* The same for a stack made by the caller, who gives it away unless the result is NULL. */
struct node *virtual_add_stack(struct virtual *v, struct weir_stack *stack,
                               const struct node_app *app);
/* Deletes one node now. */
void virtual_remove(struct virtual *v, struct node *node);

/* A memory link between two nodes, with trouble on the way and a look at each end if wanted. From
 * node a: tracer tap[0], impair (direction 0: a to b, 1: b to a), memory link, tracer tap[1], node
 * b. So tap[0] sees what a sends and gets, tap[1] what arrives at b and what b sends. */
struct virtual_cable {
    struct weir_memory_config memory;
    const struct weir_impair_config *impair; /* NULL: none */
    const struct weir_tracer_config *tap[2]; /* NULL: none */
};
/* Bare IP, MTU 1500 at both ends, no offloads, no trouble. */
struct virtual_cable virtual_cable_default(void);
/* links[]: the link's index in each stack. WEIR_OK or a negative enum weir_error. */
int virtual_connect(struct virtual *v, struct node *a, struct node *b,
                    const struct virtual_cable *cable, uint32_t links[2]);

/* Calls fn(ctx, time) once, when the clock reaches `time` (at once if it is past), before the nodes
 * take their turns. For scripts: "at 1 s, pull the cable". fn may call virtual_at. WEIR_ENOBUFS. */
int virtual_at(struct virtual *v, weir_time time, void (*fn)(void *ctx, weir_time now), void *ctx);

/* One round of turns at the present time; then, if nothing more is due at that time, the clock
 * moves to the nearest deadline. Returns false, and moves the clock no further, when everything is
 * idle or the nearest deadline lies after `limit` (then the clock is set to `limit`, unless that is
 * WEIR_NEVER). */
bool virtual_step(struct virtual *v, weir_time limit);

/* Steps until nothing is left to do or the clock reaches `limit` (an absolute time). Returns the
 * time. */
weir_time virtual_run(struct virtual *v, weir_time limit);

/* Steps until done(ctx) says true, which is asked before every step. Returns false when
 * virtual_step ended first. */
bool virtual_run_until(struct virtual *v, bool (*done)(void *ctx), void *ctx, weir_time limit);

/* True when the last step ended because something claims to be due for ever without doing anything:
 * a bug of a stack, a device or an application. */
bool virtual_stalled(const struct virtual *v);

#endif
