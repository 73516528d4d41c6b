/*
 * relay_log.h - the truth about a relayed link as JSON Lines, and its counts. docs/relay.md has the fields.
 *
 * Direction 0 is from A to B ("ab"), 1 from B to A ("ba").
 */
#ifndef CLI_RELAY_LOG_H
#define CLI_RELAY_LOG_H

#include <stdio.h>

#include "cli/impair_options.h"

struct relay_counts {
    uint64_t sent, bytes; /* handed in, each wire packet once */
    uint64_t delivered;   /* of those, also if they are still under way */
    uint64_t lost, dropped, queue_full, too_large;
    uint64_t duplicated, reordered, corrupted, marked;
    uint64_t payload, repeated; /* bytes of data that were counted, and of those what came again */
    uint64_t handed_out;        /* what really came out, copies included */
};

struct relay_log {
    FILE *file;           /* NULL: only counts */
    const char *names[2]; /* of A and B */
    uint8_t medium;
    weir_time start;
    struct relay_counts counts[2];
    bool failed; /* no memory for a line */
};

void relay_log_begin(struct relay_log *log, const struct impair_options *impair, uint64_t epoch_ns);
void relay_log_packet(struct relay_log *log, const struct weir_impair_record *record);
void relay_log_end(struct relay_log *log, weir_time now);

/* The counts in two lines. */
void relay_log_print(const struct relay_log *log, FILE *out);

#endif
