/* demo_actor.h - the application of one side of a scene: follows its script. */
#ifndef CLI_DEMO_ACTOR_H
#define CLI_DEMO_ACTOR_H

#include "cli/demo.h"
#include "host/virtual.h"

struct demo_actor {
    const struct demo_side *side;
    struct weir_endpoint local, remote;
    struct weir_tcp_options options;
    weir_handle listener, conn;
    bool connected, end, over, reads;
    uint32_t received;
    uint32_t to_send; /* of the present DEMO_SEND */
    size_t step;      /* the next one to take */
    weir_time since;  /* when its condition began to hold; WEIR_NEVER: it does not yet */
    weir_time started;
    int error; /* the first call that failed */
};

/* What virtual_add wants; the actor is its context. */
struct node_app demo_actor_app(struct demo_actor *actor);

/* Opens the listener if the side has one. 0 or a negative enum weir_error. */
int demo_actor_listen(struct demo_actor *actor, struct weir_stack *stack);

#endif
