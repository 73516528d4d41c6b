/* virtual.c - virtual time: nodes take turns, and the clock jumps to the nearest deadline. */
#include "host/virtual.h"

#include "base/compiler.h"
#include "host/agenda.h"
#include "host/allocator.h"

#include <stdlib.h>

#define IDLE_ROUNDS_MAX \
    1000 /* rounds at one time in which nothing happened though something was due */

struct virtual
{
    weir_time now;
    struct node **nodes;
    size_t node_count;
    struct agenda agenda;
    unsigned idle_rounds;
};

struct virtual *virtual_new(weir_time start)
{
    struct virtual *v = calloc(1, sizeof(*v));
    if (v) {
        v->now = start;
    }
    return v;
}

void virtual_del(struct virtual *v)
{
    if (!v) {
        return;
    }
    for (size_t i = 0; i < v->node_count; i++) {
        node_del(v->nodes[i]);
    }
    agenda_fini(&v->agenda);
    free(v->nodes);
    free(v);
}

weir_time virtual_now(const struct virtual *v)
{
    return v->now;
}

/* ---- Nodes and cables ---- */

struct node *virtual_add_stack(struct virtual *v, struct weir_stack *stack,
                               const struct node_app *app)
{
    struct node **nodes = realloc(v->nodes, (v->node_count + 1) * sizeof(nodes[0]));
    if (!nodes) {
        return NULL;
    }
    v->nodes = nodes;
    struct node *node = node_new(stack, app);
    if (!node) {
        return NULL;
    }
    weir_input(stack, 0, NULL, 0, v->now); /* calls before the first step know the time */
    v->nodes[v->node_count++] = node;
    return node;
}

struct node *virtual_add(struct virtual *v, const struct weir_config *config,
                         const struct node_app *app)
{
    struct weir_config reproducible;
    if (!config) {
        weir_config_default(&reproducible);
        reproducible.reproducible = true;
        config = &reproducible;
    }
    struct weir_stack *stack;
    if (weir_stack_new(&stack, config, &host_allocator) < 0) {
        return NULL;
    }
    struct node *node = virtual_add_stack(v, stack, app);
    if (!node) {
        weir_stack_del(stack);
    }
    return node;
}

void virtual_remove(struct virtual *v, struct node *node)
{
    for (size_t i = 0; i < v->node_count; i++) {
        if (v->nodes[i] != node) {
            continue;
        }
        v->node_count--;
        for (; i < v->node_count; i++) {
            v->nodes[i] = v->nodes[i + 1];
        }
        node_del(node);
    }
}

struct virtual_cable virtual_cable_default(void)
{
    return (struct virtual_cable){.memory = {.medium = WEIR_MEDIUM_IP, .mtu = {1500, 1500}}};
}

static int wrap_tracer(struct weir_device **device, const struct weir_tracer_config *tap)
{
    return tap ? weir_tracer_new(device, *device, tap) : WEIR_OK;
}

/* Attaches both or deletes both. */
static int attach_ends(struct node *nodes[2], struct weir_device *ends[2], uint32_t links[2])
{
    for (int i = 0; i < 2; i++) {
        int link = node_attach(nodes[i], ends[i], NULL);
        if (link < 0) {
            weir_device_del(ends[1]);
            if (i == 0) {
                weir_device_del(ends[0]);
            }
            return link;
        }
        links[i] = (uint32_t)link;
    }
    return WEIR_OK;
}

int virtual_connect(struct virtual *v, struct node *a, struct node *b,
                    const struct virtual_cable *cable, uint32_t links[2])
{
    struct weir_device *ends[2];
    (void)v;
    int error = weir_memory_new(ends, &cable->memory);
    if (error) {
        return error;
    }
    if (cable->impair) {
        error = weir_impair_new(&ends[0], ends[0], cable->impair);
    }
    if (!error) {
        error = wrap_tracer(&ends[0], cable->tap[0]);
    }
    if (!error) {
        error = wrap_tracer(&ends[1], cable->tap[1]);
    }
    if (error) {
        weir_device_del(ends[0]);
        weir_device_del(ends[1]);
        return error;
    }
    return attach_ends((struct node *[2]){a, b}, ends, links);
}

int virtual_at(struct virtual *v, weir_time time, void (*fn)(void *ctx, weir_time now), void *ctx)
{
    return agenda_add(&v->agenda, &(struct agenda_entry){.time = time, .fn = fn, .ctx = ctx});
}

/* ---- Time ---- */

static weir_time next_deadline(const struct virtual *v)
{
    weir_time next = agenda_next(&v->agenda);
    for (size_t i = 0; i < v->node_count; i++) {
        next = min_u64(next, node_deadline(v->nodes[i]));
    }
    return next;
}

bool virtual_step(struct virtual *v, weir_time limit)
{
    unsigned result = agenda_run(&v->agenda, v->now) ? NODE_WORKED : 0;
    for (size_t i = 0; i < v->node_count; i++) {
        result |= node_turn(v->nodes[i], v->now);
    }

    weir_time next = next_deadline(v);
    if ((result & NODE_AGAIN) || next <= v->now) {
        v->idle_rounds = result & NODE_WORKED ? 0 : v->idle_rounds + 1;
        return v->idle_rounds < IDLE_ROUNDS_MAX;
    }
    v->idle_rounds = 0;
    if (next == WEIR_NEVER) {
        return false;
    }
    if (next > limit) {
        v->now = max_u64(v->now, limit);
        return false;
    }
    v->now = next;
    return true;
}

weir_time virtual_run(struct virtual *v, weir_time limit)
{
    while (virtual_step(v, limit)) {
        ;
    }
    return v->now;
}

bool virtual_run_until(struct virtual *v, bool (*done)(void *ctx), void *ctx, weir_time limit)
{
    while (!done(ctx)) {
        if (!virtual_step(v, limit)) {
            return done(ctx);
        }
    }
    return true;
}

bool virtual_stalled(const struct virtual *v)
{
    return v->idle_rounds >= IDLE_ROUNDS_MAX;
}
