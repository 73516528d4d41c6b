/*
 * merge.h - one conversation captured at both of its ends becomes one ladder in which nothing is guessed:
 * every flight measured, every loss proven.
 *
 * Segments are matched by what they say (numbers, flags, length, IP ID, timestamps), what is left over by its
 * bytes: a super-segment of one capture is several segments of the other. The two clocks are then compared:
 * the least time of flight there and the least one back are taken to be equal. Addresses are not compared, so
 * a NAT between the captures does no harm.
 *
 * Reading order: merge.c, merge_match.c (which is which), merge_clock.c (what time it was there).
 */
#ifndef TRACE_MERGE_H
#define TRACE_MERGE_H

#include "trace/flow.h"

/* One conversation of one capture: in its order, sides known. */
struct merge_capture {
    const struct trace_segment *segments;
    size_t count;
};

/* How the two captures fit together. Times in nanoseconds. */
struct merge_report {
    int64_t offset;   /* of the server's clock: how far it is ahead at the first segment */
    double drift_ppm; /* how much faster it runs; 0: too little to be seen */
    int64_t
        residual;  /* the usual distance of a flight from the least one: what remains unexplained */
    int64_t bound; /* half the least round trip: the offset cannot be wrong by more */
    bool one_clock;   /* the difference was too small to mean anything: taken as 0 */
    bool one_way;     /* only one direction could be compared: the offset is a guess */
    bool swapped;     /* the captures were given the other way round */
    uint32_t matched; /* segments seen at both ends */
    uint32_t lost;    /* sent and never received */
    uint32_t copies;  /* made by the network */
    uint32_t
        not_sent[2];  /* by side: received and not seen leaving: the sender's capture has a hole, or
                             * somebody else sent it */
    uint32_t outside; /* sent while the other capture was not running */
    uint32_t negative;  /* flights that would have arrived before they left */
    uint16_t mss[2][2]; /* by side: announced, and as it arrived; 0: not seen */
};

/* The same conversation? Its first sequence numbers say so, or, without a SYN, bytes that both have. */
bool merge_fits(const struct merge_capture *a, const struct merge_capture *b);

/* Adds everything to a new ladder (LADDER_AT_BOTH, ends set, not finished). WEIR_OK, WEIR_ENOBUFS, or
 * WEIR_EINVAL: nothing matches. */
int merge_captures(struct ladder *ladder, const struct merge_capture *client,
                   const struct merge_capture *server, struct merge_report *report);

/* The conversation of `in` that is the one of `of`; flows_count(in): there is none. */
size_t merge_find(const struct flows *of, size_t index, const struct flows *in);

/* The finished ladder of of[index] and in[other]. NULL: no memory, or they do not fit after all. */
struct ladder *merge_flows(const struct flows *of, size_t index, const struct flows *in,
                           size_t other);

#endif
