/* public.c - weir/host.h: a loop with one node, and the parts by themselves. */
#include <weir/host.h>

#include "host/allocator.h"
#include "host/clock.h"
#include "host/config.h"
#include "host/loop.h"

#include <stdlib.h>

struct weir_host {
    struct loop *loop;
    struct node *node;
};

void weir_host_config(struct weir_config *config)
{
    host_config(config);
}

const struct weir_allocator *weir_host_allocator(void)
{
    return &host_allocator;
}

weir_time weir_host_clock(void)
{
    return clock_now();
}

/* Like loop_add, but tells why it failed. */
static int add_stack(struct weir_host *host, const struct weir_config *config,
                     const struct node_app *app)
{
    struct weir_stack *stack;
    int error = weir_stack_new(&stack, config, &host_allocator);
    if (error < 0)
        return error;
    host->node = loop_add_stack(host->loop, stack, app);
    if (host->node)
        return WEIR_OK;
    weir_stack_del(stack);
    return WEIR_ENOBUFS;
}

int weir_host_new(struct weir_host **out, const struct weir_config *config,
                  const struct weir_host_app *app)
{
    struct weir_config fresh;
    struct node_app node_app = {0};
    if (app)
        node_app = (struct node_app){
            .ctx = app->ctx, .event = app->event, .run = app->run, .gone = app->gone};
    if (!config) {
        host_config(&fresh);
        config = &fresh;
    }
    struct weir_host *host = calloc(1, sizeof(*host));
    if (!host)
        return WEIR_ENOBUFS;
    int error = loop_new(&host->loop);
    if (!error)
        error = add_stack(host, config, &node_app);
    if (error) {
        weir_host_del(host);
        return error;
    }
    *out = host;
    return WEIR_OK;
}

void weir_host_del(struct weir_host *host)
{
    if (host)
        loop_del(host->loop);
    free(host);
}

struct weir_stack *weir_host_stack(const struct weir_host *host)
{
    return node_stack(host->node);
}

weir_time weir_host_now(const struct weir_host *host)
{
    return loop_now(host->loop);
}

int weir_host_attach(struct weir_host *host, struct weir_device *device,
                     const struct weir_link_config *config)
{
    return node_attach(host->node, device, config);
}

int weir_host_address(struct weir_host *host, uint32_t link, const char *address,
                      const char *gateway)
{
    return node_address(host->node, link, address, gateway);
}

int weir_host_watch(struct weir_host *host, int fd, short events,
                    void (*ready)(void *ctx, int fd, short revents, weir_time now), void *ctx)
{
    return loop_watch(host->loop, fd, events, ready, ctx);
}

void weir_host_unwatch(struct weir_host *host, int fd)
{
    loop_unwatch(host->loop, fd);
}

int weir_host_at(struct weir_host *host, weir_time time, void (*fn)(void *ctx, weir_time now),
                 void *ctx)
{
    return loop_at(host->loop, time, fn, ctx);
}

int weir_host_turn(struct weir_host *host, weir_time wait_max)
{
    return loop_turn(host->loop, wait_max);
}

/* The first turn does not wait: the application may want to begin something. */
int weir_host_run(struct weir_host *host)
{
    int error = loop_turn(host->loop, 0);
    return error ? error : loop_run(host->loop);
}

void weir_host_stop(struct weir_host *host)
{
    loop_stop(host->loop);
}
