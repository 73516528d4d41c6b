/* merge_private.h - the inside of merging, shared by merge*.c only. */
#ifndef TRACE_MERGE_PRIVATE_H
#define TRACE_MERGE_PRIVATE_H

#include "trace/merge.h"

#define MERGE_NONE SIZE_MAX

/* A segment of one capture and its counterpart in the other. */
struct merge_one {
    const struct trace_segment *segment;
    int64_t time;   /* by the client's clock, once that is known; before, its own */
    uint64_t key;   /* what it says */
    size_t mate;    /* index in the other list, or MERGE_NONE */
    bool copy;      /* received: a further one of its mate */
    uint32_t taken; /* received: bytes that were matched to parts of super-segments */
};

/* What one side sent: as it left, and as it arrived, each in the order of its capture. */
struct merge_direction {
    struct merge_one *sent, *received;
    size_t sent_count, received_count;
    size_t *loose; /* received, data, and matching nothing as a whole */
    size_t loose_count;
    int64_t least; /* flight, by the client's clock; INT64_MAX: none was measured */
};

/* merge_match.c. Before the clocks are known only what is unmistakable is matched. WEIR_OK, WEIR_ENOBUFS. */
int merge_match_unique(struct merge_direction *d);
int merge_match_rest(struct merge_direction *d);

/* merge_clock.c: compares the clocks by the matches of both directions (d[LADDER_CLIENT]: sent by the client),
 * and puts all times of the server's capture right. WEIR_OK, WEIR_ENOBUFS, WEIR_EINVAL: no matches. */
int merge_clocks(struct merge_direction d[2], struct merge_report *report);
/* The least flight of the matches. */
void merge_least(struct merge_direction *d);

#endif
