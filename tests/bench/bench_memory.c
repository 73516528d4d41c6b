/*
 * bench_memory.c - bytes from the allocator per idle established connection, everything included: the
 * stack, its tables, the flight recorder, cached buffers. Timestamps and SACK are on, as by default, and
 * every connection was accepted.
 *
 * usage: bench_memory [CONNECTIONS [LIMIT]]      exit code 1 above the limit
 */
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>

#define TOGETHER 512

struct bench {
    struct kit_pair pair;
    uint32_t connected, accepted;
};

static void client_event(void *ctx, struct weir_stack *stack, const struct weir_event *event,
                         weir_time now)
{
    struct bench *b = ctx;
    (void)stack;
    (void)now;
    if (event->bits & WEIR_EVENT_CLOSED)
        kit_die("a connection failed", event->error);
    b->connected += (event->bits & WEIR_EVENT_CONNECTED) != 0;
}

static void server_event(void *ctx, struct weir_stack *stack, const struct weir_event *event,
                         weir_time now)
{
    struct bench *b = ctx;
    (void)stack;
    (void)event;
    (void)now;
    while (kit_accept(&b->pair))
        b->accepted++;
}

static double report(const struct bench *b, int side, const char *name, uint32_t count)
{
    struct weir_stats stats = {.size = sizeof(stats)};
    weir_stats(b->pair.stack[side], &stats);
    if (stats.connections != count)
        kit_die("not all connections are there", WEIR_EINVAL);
    double bytes = (double)b->pair.memory[side].bytes / count;
    kit_result(name, bytes, "bytes");
    return bytes;
}

int main(int argc, char **argv)
{
    static struct bench b;
    uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100000;
    struct kit_config config = kit_config_default();
    struct node_app apps[2] = {{.ctx = &b, .event = client_event},
                               {.ctx = &b, .event = server_event}};
    config.timestamps = true;
    kit_pair_new(&b.pair, &config, apps);
    for (uint32_t open = 0; open < count;) {
        for (uint32_t i = 0; i < TOGETHER && open < count; i++)
            kit_connect(&b.pair, open++);
        for (int round = 0; round < 100 && (b.connected < open || b.accepted < open); round++)
            kit_round(&b.pair);
        if (b.connected < open || b.accepted < open)
            kit_die("connections are stuck", WEIR_ETIMEDOUT);
    }
    for (int round = 0; round < 5000; round++) /* delayed ACKs and the like run out */
        kit_round(&b.pair);
    double limit = argc > 2 ? strtod(argv[2], NULL) : 1e9;
    double client = report(&b, 0, "client_bytes", count);
    double server = report(&b, 1, "server_bytes", count);
    return client > limit || server > limit; /* the stacks go with the process */
}
