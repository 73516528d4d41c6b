/*
 * bench_bulk.c - how fast one core moves bytes from an application through two stacks to another.
 *
 * Client, server and the link between them are in one thread. Each byte is copied by weir_tcp_send into
 * the stack, by the link into a buffer of the receiver, and by weir_tcp_recv out of it. Checksums are computed
 * and verified in software unless the variant says otherwise: by the sender, and by the link while it copies
 * (in mss1460-second-pass by the receiving stack, from the buffer).
 *
 * usage: bench_bulk VARIANT [MEGABYTES [records]]      records: counts trace records with a sink
 */
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK (16u << 10) /* bytes per call of the application: stays in the first-level cache */

struct variant {
    const char *name;
    uint32_t mtu;
    bool gso, timestamps, borrow;
    bool verify; /* by the link, while it copies */
};

static const struct variant variants[] = {
    {.name = "mss1460", .mtu = 1500, .verify = true},
    {.name = "mss1460-second-pass", .mtu = 1500},
    {.name = "mss1460-timestamps", .mtu = 1500, .timestamps = true, .verify = true},
    {.name = "mss1460-borrow", .mtu = 1500, .borrow = true, .verify = true},
    {.name = "mtu16k", .mtu = 16040, .verify = true},
    {.name = "mtu64k", .mtu = 65535, .verify = true},
    {.name = "gso", .mtu = 1500, .gso = true},
    {.name = "gso-borrow", .mtu = 1500, .gso = true, .borrow = true},
};

struct bulk {
    struct kit_pair pair;
    bool borrow;
    weir_handle client, server;
    uint64_t received, wanted, records;
    uint8_t *source, *sink;
};

/* ---- The two applications ---- */

static weir_time client_run(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct bulk *b = ctx;
    (void)now;
    if (!b->server)
        return WEIR_NEVER;
    if (b->borrow) {
        while (weir_tcp_send_ref(stack, b->client, b->source, CHUNK, 1) == WEIR_OK)
            continue;
    } else {
        while (weir_tcp_send(stack, b->client, b->source, CHUNK) == CHUNK)
            continue;
    }
    return WEIR_NEVER;
}

static void drain_borrowed(struct bulk *b, struct weir_stack *stack)
{
    struct weir_slice slices[64];
    int n;
    while ((n = weir_tcp_peek(stack, b->server, slices, 64)) > 0) {
        size_t size = 0;
        for (int i = 0; i < n; i++)
            size += slices[i].size;
        weir_tcp_consume(stack, b->server, size);
        b->received += size;
    }
}

static weir_time server_run(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct bulk *b = ctx;
    int64_t got;
    (void)now;
    if (!b->server) {
        b->server = kit_accept(&b->pair);
    } else if (b->borrow) {
        drain_borrowed(b, stack);
    } else {
        while ((got = weir_tcp_recv(stack, b->server, b->sink, CHUNK)) > 0)
            b->received += (uint64_t)got;
    }
    return WEIR_NEVER;
}

/* ---- Measuring ---- */

/* Not inlined: the instruction counter is switched on for this function alone. */
void bench_measured(struct bulk *b);
__attribute__((noinline)) void bench_measured(struct bulk *b)
{
    while (b->received < b->wanted)
        kit_round(&b->pair);
}

static uint64_t frames_of(struct weir_stack *stack)
{
    struct weir_stats stats = {.size = sizeof(stats)};
    weir_stats(stack, &stats);
    return stats.frames_out;
}

static void count_record(void *ctx, const struct weir_record *record)
{
    struct bulk *b = ctx;
    (void)record;
    b->records++;
}

static void report(const struct bulk *b, double seconds, uint64_t data, uint64_t acks)
{
    kit_result("gbit_per_s", (double)b->received * 8 / seconds / 1e9, "Gbit/s");
    kit_result("seconds", seconds, "s");
    kit_result("data_frames", (double)data, "frames");
    kit_result("ack_frames", (double)acks, "frames");
    kit_result("records", (double)b->records, "records");
}

static void run(const struct variant *v, uint64_t bytes, bool records)
{
    struct bulk b = {.borrow = v->borrow};
    struct kit_config config = kit_config_default();
    struct node_app apps[2] = {{.ctx = &b, .run = client_run}, {.ctx = &b, .run = server_run}};
    config.mtu = v->mtu;
    config.gso = v->gso;
    config.trace = records ? count_record : NULL;
    config.trace_ctx = &b;
    config.timestamps = v->timestamps;
    config.verify = v->verify;
    b.source = malloc(CHUNK);
    b.sink = malloc(CHUNK);
    if (!b.source || !b.sink)
        kit_die("memory", WEIR_ENOBUFS);
    memset(b.source, 0x5a, CHUNK);
    kit_pair_new(&b.pair, &config, apps);
    b.client = kit_connect(&b.pair, 0);
    b.wanted = bytes / 16 + (4 << 20); /* warm: windows open, caches and free lists filled */
    while (b.received < b.wanted)
        kit_round(&b.pair);
    b.received = b.records = 0;
    b.wanted = bytes;
    uint64_t data = frames_of(b.pair.stack[0]), acks = frames_of(b.pair.stack[1]);
    double start = kit_cpu_seconds();
    bench_measured(&b);
    double seconds = kit_cpu_seconds() - start;
    report(&b, seconds, frames_of(b.pair.stack[0]) - data, frames_of(b.pair.stack[1]) - acks);
    weir_tcp_abort(b.pair.stack[0], b.client);
    weir_tcp_abort(b.pair.stack[1], b.server);
    kit_pair_del(&b.pair);
    free(b.source);
    free(b.sink);
}

int main(int argc, char **argv)
{
    uint64_t megabytes = argc > 2 ? strtoull(argv[2], NULL, 10) : 4000;
    kit_pin();
    for (size_t i = 0; argc > 1 && i < sizeof(variants) / sizeof(variants[0]); i++) {
        if (strcmp(argv[1], variants[i].name) == 0) {
            run(&variants[i], megabytes * 1000000, argc > 3);
            return 0;
        }
    }
    fprintf(stderr, "usage: bench_bulk VARIANT [MEGABYTES]; variants:");
    for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
        fprintf(stderr, " %s", variants[i].name);
    fprintf(stderr, "\n");
    return 64;
}
