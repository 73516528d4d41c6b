/*
 * kit.h - what the benchmarks share: one core, one clock, one line of output, and a pair of stacks.
 *
 * Seconds are CPU seconds of the calling thread. On a core of its own that is the time on the wall; on a
 * machine with other work it is what the work cost, which the wall clock cannot tell.
 */
#ifndef BENCH_KIT_H
#define BENCH_KIT_H

#include "host/node.h"

#define KIT_PORT 7      /* the first of */
#define KIT_LISTENERS 4 /* so many, because one has no more than 2^16 clients at one address */

/* Runs on the last core from now on, if that is allowed. */
void kit_pin(void);
double kit_cpu_seconds(void);
/* Prints `what` and errno or weir's words, and ends the program. */
_Noreturn void kit_die(const char *what, int error);
/* One result: "name value unit". */
void kit_result(const char *name, double value, const char *unit);
/* User and system time of this process so far, and the bytes it moved. */
void kit_usage(uint64_t bytes);

/* Memory from malloc, counted. */
struct kit_memory {
    uint64_t bytes;
};
struct weir_allocator kit_allocator(struct kit_memory *memory);

struct kit_config {
    uint32_t mtu;
    bool gso;    /* super-segments and partial checksums cross the link as they are */
    bool verify; /* the link verifies checksums while it copies */
    bool timestamps;
    uint32_t ring_records;
    uint32_t send_buffer, receive_buffer;
    weir_time msl;
    void (*trace)(void *ctx, const struct weir_record *record);
    void *trace_ctx;
};

/* A client (0) and a server (1) on the two ends of a memory link. Time is virtual: every round of turns
 * takes KIT_ROUND, so that no round reads a clock and equal runs do equal work. */
#define KIT_ROUND (20 * WEIR_US)
struct kit_pair {
    struct kit_memory memory[2];
    struct node *node[2];
    struct weir_stack *stack[2];
    weir_handle listeners[KIT_LISTENERS];
    weir_time now;
};

struct kit_config kit_config_default(void);
void kit_pair_new(struct kit_pair *pair, const struct kit_config *config,
                  const struct node_app apps[2]);
void kit_pair_del(struct kit_pair *pair);
void kit_round(struct kit_pair *pair);
/* Connects to listener `number` modulo KIT_LISTENERS. */
weir_handle kit_connect(struct kit_pair *pair, uint32_t number);
/* Accepts the next connection of the server's, or returns 0. */
weir_handle kit_accept(struct kit_pair *pair);

#endif
