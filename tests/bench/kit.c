/* kit.c - see kit.h. */
#include "kit.h"

#include "host/simd.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

void kit_pin(void)
{
    cpu_set_t set;
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    CPU_ZERO(&set);
    CPU_SET((size_t)(count > 0 ? count - 1 : 0), &set);
    sched_setaffinity(0, sizeof(set), &set);
}

double kit_cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

_Noreturn void kit_die(const char *what, int error)
{
    fprintf(stderr, "bench: %s: %s\n", what, error < 0 ? weir_strerror(error) : strerror(errno));
    exit(1);
}

void kit_result(const char *name, double value, const char *unit)
{
    printf("%s %.6g %s\n", name, value, unit);
    fflush(stdout);
}

void kit_usage(uint64_t bytes)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    double user = (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6;
    double system = (double)u.ru_stime.tv_sec + (double)u.ru_stime.tv_usec / 1e6;
    kit_result("user_seconds", user, "s");
    kit_result("system_seconds", system, "s");
    kit_result("gigabytes", (double)bytes / 1e9, "GB");
}

static void *counted_alloc(void *ctx, size_t size)
{
    struct kit_memory *memory = ctx;
    void *p = malloc(size);
    if (p)
        memory->bytes += size;
    return p;
}

static void counted_free(void *ctx, void *p, size_t size)
{
    struct kit_memory *memory = ctx;
    if (p)
        memory->bytes -= size;
    free(p);
}

struct weir_allocator kit_allocator(struct kit_memory *memory)
{
    return (struct weir_allocator){.ctx = memory, .alloc = counted_alloc, .free = counted_free};
}

struct kit_config kit_config_default(void)
{
    return (struct kit_config){
        .mtu = 1500,
        .ring_records = 1024,
        .send_buffer = 256 << 10,
        .receive_buffer = 256 << 10,
        .msl = 30 * WEIR_S,
    };
}

static struct weir_stack *stack_new(struct kit_memory *memory, const struct kit_config *config)
{
    struct weir_allocator allocator = kit_allocator(memory);
    struct weir_config c;
    struct weir_stack *stack;
    weir_config_default(&c);
    simd_fill(&c.ops);
    c.reproducible = true;
    c.ring_records = config->ring_records;
    c.trace = config->trace;
    c.trace_ctx = config->trace_ctx;
    c.msl = config->msl;
    c.port_first = 1024;
    c.port_last = 65535;
    c.tcp.timestamps = config->timestamps;
    c.tcp.nodelay = true;
    c.tcp.send_buffer = config->send_buffer;
    c.tcp.receive_buffer = config->receive_buffer;
    int error = weir_stack_new(&stack, &c, &allocator);
    if (error)
        kit_die("making a stack", error);
    return stack;
}

static void listen_on(struct kit_pair *pair, uint16_t number)
{
    struct weir_listen_config config;
    weir_listen_config_default(&config);
    config.local.port = (uint16_t)(KIT_PORT + number);
    config.backlog = 1024;
    int error = weir_tcp_listen(pair->stack[1], &config, &pair->listeners[number]);
    if (error)
        kit_die("listening", error);
}

void kit_pair_new(struct kit_pair *pair, const struct kit_config *config,
                  const struct node_app apps[2])
{
    static const char *const addresses[2] = {"10.0.0.1/24", "10.0.0.2/24"};
    struct weir_device *ends[2];
    static struct weir_ops ops;
    struct weir_memory_config link = {
        .medium = WEIR_MEDIUM_IP, .mtu = {config->mtu, config->mtu}, .gso = config->gso};
    simd_fill(&ops);
    link.verify = config->verify ? &ops : NULL;
    int error = weir_memory_new(ends, &link);
    if (error)
        kit_die("making a link", error);
    *pair = (struct kit_pair){.now = WEIR_S};
    for (int i = 0; i < 2; i++) {
        pair->stack[i] = stack_new(&pair->memory[i], config);
        pair->node[i] = node_new(pair->stack[i], &apps[i]);
        int index = pair->node[i] ? node_attach(pair->node[i], ends[i], NULL) : WEIR_ENOBUFS;
        if (index < 0)
            kit_die("attaching a link", index);
        error = node_address(pair->node[i], (uint32_t)index, addresses[i], NULL);
        if (error)
            kit_die("giving an address", error);
        weir_input(pair->stack[i], 0, NULL, 0, pair->now);
    }
    for (uint16_t i = 0; i < KIT_LISTENERS; i++)
        listen_on(pair, i);
}

void kit_pair_del(struct kit_pair *pair)
{
    node_del(pair->node[0]);
    node_del(pair->node[1]);
}

void kit_round(struct kit_pair *pair)
{
    node_turn(pair->node[0], pair->now);
    node_turn(pair->node[1], pair->now);
    pair->now += KIT_ROUND;
}

weir_handle kit_connect(struct kit_pair *pair, uint32_t number)
{
    struct weir_connect_config config;
    weir_handle conn;
    weir_connect_config_default(&config);
    config.remote.ip = (struct weir_ip){.family = 4, .bytes = {10, 0, 0, 2}};
    config.remote.port = (uint16_t)(KIT_PORT + number % KIT_LISTENERS);
    int error = weir_tcp_connect(pair->stack[0], &config, &conn);
    if (error)
        kit_die("connecting", error);
    return conn;
}

weir_handle kit_accept(struct kit_pair *pair)
{
    weir_handle conn;
    for (int i = 0; i < KIT_LISTENERS; i++) {
        if (weir_tcp_accept(pair->stack[1], pair->listeners[i], &conn) == WEIR_OK)
            return conn;
    }
    return 0;
}
