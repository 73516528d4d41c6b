/*
 * bench_rr.c - one byte there and one byte back, and whole short connections, in memory on one core.
 *
 * usage: bench_rr transactions|connections [COUNT]
 */
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOGETHER 32 /* connections that are opened and closed side by side */

struct bench {
    struct kit_pair pair;
    weir_handle client, server;
    uint64_t done, wanted;
    uint32_t open;
    bool connections;
};

/* ---- One byte there and back ---- */

static weir_time ask(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct bench *b = ctx;
    char byte = 'x';
    (void)now;
    if (b->server && (b->done == 0 || weir_tcp_recv(stack, b->client, &byte, 1) == 1)) {
        b->done++;
        weir_tcp_send(stack, b->client, &byte, 1);
    }
    return WEIR_NEVER;
}

static weir_time answer(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct bench *b = ctx;
    char byte;
    (void)now;
    if (!b->server)
        b->server = kit_accept(&b->pair);
    else if (weir_tcp_recv(stack, b->server, &byte, 1) == 1)
        weir_tcp_send(stack, b->server, &byte, 1);
    return WEIR_NEVER;
}

/* ---- Connections: the client opens and closes, the server closes when it sees the end ---- */

static weir_time open_more(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct bench *b = ctx;
    (void)stack;
    (void)now;
    for (; b->open < TOGETHER; b->open++)
        kit_connect(&b->pair, 0);
    return WEIR_NEVER;
}

static void client_event(void *ctx, struct weir_stack *stack, const struct weir_event *event,
                         weir_time now)
{
    struct bench *b = ctx;
    (void)now;
    if (!b->connections || !(event->bits & (WEIR_EVENT_CONNECTED | WEIR_EVENT_CLOSED)))
        return;
    if (event->bits & WEIR_EVENT_CLOSED)
        kit_die("a connection failed", event->error);
    weir_tcp_close(stack, event->handle);
    b->open--;
}

static void server_event(void *ctx, struct weir_stack *stack, const struct weir_event *event,
                         weir_time now)
{
    struct bench *b = ctx;
    (void)now;
    if (!b->connections)
        return;
    if (event->bits & WEIR_EVENT_ACCEPT) {
        while (kit_accept(&b->pair))
            continue;
    }
    if (event->bits & WEIR_EVENT_END) {
        weir_tcp_close(stack, event->handle);
        b->done++;
    }
}

/* ---- Measuring ---- */

void bench_measured(struct bench *b);
__attribute__((noinline)) void bench_measured(struct bench *b)
{
    while (b->done < b->wanted)
        kit_round(&b->pair);
}

int main(int argc, char **argv)
{
    static struct bench b;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 500000;
    if (argc < 2 || (strcmp(argv[1], "transactions") && strcmp(argv[1], "connections"))) {
        fprintf(stderr, "usage: bench_rr transactions|connections [COUNT]\n");
        return 64;
    }
    b.connections = strcmp(argv[1], "connections") == 0;
    struct kit_config config = kit_config_default();
    config.timestamps = true;
    config.msl = WEIR_MS; /* ports come back soon */
    struct node_app apps[2] = {
        {.ctx = &b, .run = b.connections ? open_more : ask, .event = client_event},
        {.ctx = &b, .run = b.connections ? NULL : answer, .event = server_event}};
    kit_pin();
    kit_pair_new(&b.pair, &config, apps);
    if (!b.connections)
        b.client = kit_connect(&b.pair, 0);
    b.wanted = count / 16 + 1;
    bench_measured(&b);
    uint64_t before = b.done;
    b.wanted += count;
    double start = kit_cpu_seconds();
    bench_measured(&b);
    double seconds = kit_cpu_seconds() - start;
    kit_result("per_second", (double)(b.done - before) / seconds, "1/s");
    kit_result("us_each", seconds * 1e6 / (double)(b.done - before), "us");
    return 0; /* the stacks go with the process */
}
