/*
 * stream_private.h - the inside of a stream, shared by stream*.c only.
 *
 * A segment waits in several lines at once: in that of judging (by the time it was sent), in that of rows (by
 * the reference side's clock), and in that of each side at which it leaves or arrives.
 */
#ifndef TRACE_STREAM_PRIVATE_H
#define TRACE_STREAM_PRIVATE_H

#include "base/compiler.h"
#include "trace/idle.h"
#include "trace/ladder_private.h"
#include "trace/state.h"
#include "trace/stream.h"
#include "trace/vantage.h"

#define CHANGES_MAX (2 * MACHINE_STEPS_MAX)
#define OWED_MAX 16
/* So many of those that wait are looked at, at most. */
#define LOOK_MAX 256

struct kept_lesson {
    struct kept_lesson *next;
    struct lesson lesson;
};

/* A segment that waits. Its times are absolute until its row is told. */
struct pending {
    struct ladder_segment s;
    int64_t key;            /* its place among the rows */
    int64_t floor;          /* single capture: it did not leave the far side before this */
    bool judged;            /* by a tap at its sender, or by the only tap */
    bool in_line[2];        /* of judging */
    uint32_t judged_as[2];  /* its numbers with the two judges */
    bool fed[2];            /* by side: the state machine has seen it, or never will */
    struct pending *behind; /* its arrival is drawn behind this one; NULL: with its departure */
    struct ladder_change change[CHANGES_MAX];
    uint32_t changes;
    struct kept_lesson *lessons, **last_lesson;
};

struct place {
    int64_t ns;
    struct pending *p;
};

/* Sorted by time; what has the same time stays in the order in which it came. */
struct line_of {
    struct place *at;
    size_t head, count, room; /* [head, head + count) */
};

bool line_of_put(struct line_of *line, int64_t ns, struct pending *p);
void line_of_move(struct line_of *line, struct pending *p, int64_t ns);
static inline struct place *line_of_at(const struct line_of *line, size_t index)
{
    return &line->at[line->head + index];
}
void line_of_pop(struct line_of *line);

/* In BOTH there are two judges, and rows have an order of their own: which row each number is, and what is asked
 * later about a row. The newest ones are kept. */
#define NUMBERS_MAX ((uint32_t)1 << 14)
struct row_told {
    uint32_t row[2]; /* by the judges' numbers */
    uint32_t seq, span;
    bool arrives;
};

struct stream {
    struct stream_setup setup;
    struct ladder *ladder;   /* what is known so far; holds no segments */
    struct judge *judge[2];  /* BOTH: a tap at either side; else the first */
    struct finder *finder;   /* NULL: no memory */
    struct idle_watch watch; /* why it is silent */
    struct machine machine[2];
    struct vantage_clues clues;
    struct line_of rows, judging[2], clock[2];
    struct pending *spare; /* chained by `behind` */
    struct pending *judged_now;
    struct pending *owed[OWED_MAX]; /* told, but their arrivals are not */
    size_t owed_count;
    struct told_state *told;
    size_t told_count, told_room;
    struct told_cause *causes;
    size_t cause_count, cause_room;
    struct row_told *rows_told; /* BOTH */
    uint32_t number;            /* rows so far */
    uint8_t client;             /* which side of those that go in */
    bool begun, failed;         /* failed: there was no memory to begin with */
    bool ended, over, reset, answered, refused;
    bool happened;      /* last_ns means something */
    int64_t last_ns;    /* the latest thing that a row told, absolute */
    int64_t far_latest; /* single capture: when the far side last sent something */
    int64_t flight;     /* BOTH: the shortest one of the server's segments */
    int64_t syn_sent;   /* BOTH */
    bool syn_seen;
    weir_time first, latest;
    struct ladder_change last_change[2];
    bool changed[2];
};

/* Is there a side whose clock is estimated? */
static inline bool stream_estimates(const struct stream *s)
{
    return s->ladder->info.vantage == LADDER_AT_CLIENT ||
           s->ladder->info.vantage == LADDER_AT_SERVER;
}

/* When did it leave or arrive at this side? False: it never arrives. */
static inline bool pending_time(const struct pending *p, int side, int64_t *ns)
{
    *ns = p->s.wire.side == side ? p->s.sent.ns : p->s.arrived.ns;
    return p->s.wire.side == side || ladder_arrives(&p->s);
}

void stream_tell(struct stream *s, const struct stream_event *event);

/* stream_judge.c */
bool stream_judge_begin(struct stream *s);
void stream_judge_later(struct stream *s, struct pending *p);
/* BOTH: it arrives at another time than was expected. */
void stream_judge_moved(struct stream *s, struct pending *p);
/* Those that were sent by this time; and `forced`, at any rate, unless NULL. */
void stream_judge(struct stream *s, int64_t known, const struct pending *forced);
void stream_judge_end(struct stream *s);
/* The numbers of its row, and what only both ends together show. */
void stream_judge_number(struct stream *s, struct pending *p);

/* Which numbers does this side's stream begin with? */
void stream_learn_numbers(struct stream *s, const struct trace_segment *wire);

/* stream_time.c: fills in both times of a segment that has just been judged. */
void stream_estimate(struct stream *s, struct pending *p);
void stream_learn_rtt(struct stream *s, const struct pending *p);

/* stream_state.c */
void stream_first_states(struct stream *s);
/* Everything that this side did or saw up to this segment, which is in its line. */
void stream_feed(struct stream *s, struct pending *p, int side);
/* Puts what was told to the segment; before its row. */
void stream_match_told(struct stream *s, struct pending *p);
void stream_apply_causes(struct stream *s, struct pending *p);

/* stream_rows.c: the rows of the first segment in line, which is complete. */
void stream_tell_rows(struct stream *s, struct pending *p);
/* Changes of state without a segment, up to (not including) this time. */
void stream_tell_states(struct stream *s, int64_t before);

/* stream_find.c: what is found. */
void stream_find_begin(struct stream *s);
void stream_find_segment(struct stream *s, const struct pending *p);
void stream_find_lesson(struct stream *s, const struct lesson *lesson);
void stream_find_end(struct stream *s);

void stream_release(struct stream *s, struct pending *p);

#endif
