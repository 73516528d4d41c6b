/*
 * node.h - a stack with its devices and its application, and the one turn that drives them.
 *
 * loop.h (real time, sleeps) and virtual.h (virtual time) both drive nodes; the turn is
 *     kept frames -> recv -> weir_input -> events -> application -> weir_output -> send
 *     -> weir_frame_done -> events
 * in batches, with a bound on each part so that no node starves another.
 *
 * Frames that a device did not take (a short send) are kept, in order, and go first in the next
 * turn. While a device is that full, nothing more is pulled out of the stack.
 */
#ifndef HOST_NODE_H
#define HOST_NODE_H

#include <weir/device.h>

#define NODE_BATCH 32 /* frames or packets per call */

/* The application of one node. Every member may be NULL. The callbacks may call everything of
 * weir.h on their stack, but not node_turn, node_del or the runner's step. */
struct node_app {
    void *ctx;
    /* One event of the stack. */
    void (*event)(void *ctx, struct weir_stack *stack, const struct weir_event *event,
                  weir_time now);
    /* Once in every turn, after its events: does what can be done now without waiting. Returns when
     * it wants to run again though nothing happens: WEIR_NEVER if only events and packets matter. A
     * time that is not after `now` means at once: returning it for ever is a busy loop. */
    weir_time (*run)(void *ctx, struct weir_stack *stack, weir_time now);
    /* A device failed for good (`error`: what send or recv said). Its link is set down and its
     * frames are dropped from now on. Without this callback the error ends loop_run. */
    void (*gone)(void *ctx, struct weir_stack *stack, uint32_t link, int error);
};

struct node;

/* Takes over the stack (node_del deletes it). `app` is copied; NULL: none. NULL when out of memory:
 * the stack is still the caller's then. Usually called through virtual_add or loop_add. */
struct node *node_new(struct weir_stack *stack, const struct node_app *app);

/* Drops kept frames, deletes the devices, then the stack. */
void node_del(struct node *node);

struct weir_stack *node_stack(const struct node *node);
void node_set_app(struct node *node, const struct node_app *app);

/* What weir_link_add should be told about a device: medium, MTU, MAC, offloads from its caps. */
void node_link_config(struct weir_link_config *config, const struct weir_device *device);

/* Adds a link for the device and takes the device over. `config` NULL: node_link_config's. Returns
 * the link's index, or a negative enum weir_error; the device is still the caller's then. */
int node_attach(struct node *node, struct weir_device *device,
                const struct weir_link_config *config);

/* Adds an address and, when `gateway` is not NULL, a default route of its family. Texts:
 * "10.0.0.1/24", "2001:db8::1/64". WEIR_EINVAL and what weir_address_add and weir_route_add say. */
int node_address(struct node *node, uint32_t link, const char *address, const char *gateway);

/* ---- For runners
 * ---------------------------------------------------------------------------------- */

enum node_result {
    NODE_WORKED = 1 << 0, /* something happened: a packet, a frame, an event */
    NODE_AGAIN = 1 << 1   /* a bound was reached or events came late: turn again without sleeping */
};

/* One turn. Returns enum node_result bits. */
unsigned node_turn(struct node *node, weir_time now);

/* When the next turn is needed if no file descriptor becomes ready. Not after the latest `now`: at
 * once. */
weir_time node_deadline(const struct node *node);

/* The error a device failed with while the app has no `gone`, else 0. */
int node_error(const struct node *node);

/* The devices of a node, for polling: `fd` may be -1. `want_write`: kept frames wait for it. */
struct node_poll {
    int fd;
    bool want_write;
};
size_t node_polls(const struct node *node, struct node_poll polls[], size_t n); /* all there are */
/* Says that device `index` (order of node_polls) has nothing to read, which saves a call in the
 * next turn (its own deadline is respected all the same). */
void node_not_readable(struct node *node, size_t index);

#endif
