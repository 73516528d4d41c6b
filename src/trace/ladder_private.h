/* ladder_private.h - the inside of a ladder, shared by ladder.c, times.c, verdict.c, states.c, rows.c and stream*.c only. */
#ifndef TRACE_LADDER_PRIVATE_H
#define TRACE_LADDER_PRIVATE_H

#include "trace/finder.h"
#include "trace/ladder.h"

/* The truth about a side, as it was told. */
struct told_state {
    weir_time time;
    uint8_t side, from, to;
    uint32_t order;   /* of telling */
    uint32_t segment; /* number of the segment it was put to; 0: none */
};

struct told_cause {
    weir_time time;
    uint8_t side;
    uint8_t cause; /* enum ladder_cause */
};

/* An ICMP error about a segment of `side`. */
struct told_icmp {
    weir_time time;
    uint32_t mtu;
    uint8_t side, what; /* enum finder_icmp */
};

struct ladder {
    struct ladder_info info;
    struct merge_report *merge;
    bool finished, ends_known;
    bool initial_told[2];

    /* Until ladder_finish the times are absolute; after it they count from info.origin. */
    struct ladder_segment *segments;
    size_t segment_count, segment_room;
    struct told_state *told;
    size_t told_count, told_room;
    struct told_cause *causes;
    size_t cause_count, cause_room;

    struct ladder_change *changes;
    size_t change_count, change_room;
    struct ladder_row *rows;
    size_t row_count, row_room;
    struct finding *findings; /* worst first */
    size_t finding_count, finding_room;
    struct told_icmp *icmps;
    size_t icmp_count, icmp_room;
    weir_time previous_end; /* of the conversation before; 0: none */
    uint32_t previous_isn, previous_next;
    struct account account;
    struct finder_totals totals;
};

/* Makes room for one more element; NULL: no memory. The new element is not initialised. */
void *ladder_append(void **array, size_t *count, size_t *room, size_t size);

/* Does this segment arrive, as far as is known? */
bool ladder_arrives(const struct ladder_segment *s);

/* times.c: puts the segments into the order of the reference side, sets the origin, and fills in what the
 * other side's clock would have shown. Order and origin come first, estimates after classification. */
int times_order(struct ladder *l);
void times_estimate(struct ladder *l);

/* verdict.c: has every segment judged and marks in earlier ones what later ones teach; then the causes that
 * were told, and what only the truth about arrivals shows. */
int verdict_judge(struct ladder *l);
int verdict_causes(struct ladder *l);
/* What a stack says about the segment that it sent: the timer that fired. */
void verdict_apply_cause(struct ladder_segment *s, enum ladder_cause cause);

/* states.c: fills changes, state_sent and state_arrived, and the initial states. */
int states_fill(struct ladder *l);
/* How well does a segment that is sent or arrives explain a change of state? 0: not at all. */
int states_explain(const struct told_state *told, bool arrival, const struct trace_segment *s);

/* rows.c */
int rows_build(struct ladder *l);
/* Is a silence worth a row? */
bool rows_are_idle(int64_t idle_ns, int64_t rtt_ns);

/* findings.c: runs the finder over the judged segments. */
int findings_fill(struct ladder *l);

#endif
