/*
 * internals.h - what weir's own stack did inside, put to the segments that made it do so.
 *
 *     in = internals_new();
 *     internals_add(in, LADDER_CLIENT, &record);    every record of this connection, in order per side
 *     ladder_finish(ladder);
 *     internals_finish(in, ladder);                 once
 *     ... view_make with options.internals, text_ladder, json_internals
 *     internals_del(in);                            after all views of it
 *
 * Records that follow a segment in or out, or a timer, are its effects: together they are one note. What is only
 * figures (window, round trip) stands beside the segment's row; what is a decision (a timer fired, segments marked
 * lost, the window reduced, a packet dropped) is a row of its own.
 */
#ifndef TRACE_INTERNALS_H
#define TRACE_INTERNALS_H

#include "trace/ladder.h"

/* What a note has: bits. */
enum note_has {
    NOTE_TIMER = 1 << 0,
    NOTE_CWND = 1 << 1,
    NOTE_RTT = 1 << 2,
    NOTE_LOST = 1 << 3,
    NOTE_DROP = 1 << 4,
    NOTE_LIMIT = 1 << 5,
    NOTE_UNDONE = 1 << 6 /* what was sent again was needless: the window is as before */
};

struct ladder_note {
    struct ladder_time time;
    enum trace_side side;
    uint32_t has;     /* enum note_has */
    uint32_t segment; /* number of the segment that caused it; 0: none */
    uint8_t timer;    /* enum weir_timer */
    uint8_t fired;    /* how many times in a row */
    uint64_t next_ns; /* until it fires again; 0: not */
    uint32_t cwnd_before, cwnd, ssthresh, inflight; /* bytes; ssthresh UINT32_MAX: none yet */
    uint16_t cwnd_reason, lost_reason;              /* enum weir_reason */
    uint64_t sample_ns, srtt_ns, rto_ns;
    uint32_t lost_first, lost_last, lost; /* numbers of segments, and how many; 0: not found */
    uint32_t lost_seq, lost_bytes;        /* wire number of the first byte */
    uint16_t drop;                        /* enum weir_drop */
    uint8_t limit, limit_before;          /* enum weir_limit */
};

struct internals;

struct internals *internals_new(void);    /* NULL: no memory */
void internals_del(struct internals *in); /* NULL is allowed */

/* WEIR_OK or WEIR_ENOBUFS. Records that tell nothing about the inside are used to find causes. */
int internals_add(struct internals *in, enum trace_side side, const struct weir_record *record);

/* Finds the segments; also fills their cwnd, ssthresh, srtt_us and rto_us. The ladder is finished. */
int internals_finish(struct internals *in, struct ladder *ladder);

/* In order of time. */
const struct ladder_note *internals_notes(const struct internals *in, size_t *count);

/* For a conversation that goes on (stream.h), instead of internals_finish: tells the decisions of before `until`, and
 * the timers that fired just then, each once and in order, and forgets them with all figures as old. What they were
 * due to, and which segments were lost, stays open. */
void internals_tell(struct internals *in, weir_time until, weir_time origin,
                    void (*tell)(void *ctx, const struct ladder_note *note), void *ctx);

/* Is this note a decision, which has a row of its own? */
bool note_is_row(const struct ladder_note *note);

/* The figures that stand beside segment `number`; NULL: none. */
const struct ladder_note *internals_beside(const struct internals *in, uint32_t number,
                                           enum trace_side side);

#endif
