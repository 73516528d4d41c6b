/*
 * stream.h - the ladder of a conversation that is going on: each row is made once, as soon as nothing that
 * can still come will change it, and is never changed afterwards.
 *
 * Segments go in as they are seen; they wait until those that may be late (`reorder`) are there, and then a
 * round trip longer, so that the other side's clock and states are known. What a later segment teaches about an
 * earlier one (judge.h's lessons) is told behind the later one and points back. Nothing is kept of segments
 * that have been told; a conversation of any length takes the same memory.
 *
 *     stream = stream_new(&setup);
 *     stream_take(stream, &wire);                   for each segment
 *     next = stream_advance(stream, now);           tells what is settled; to be called again at `next`
 *     stream_end(stream);                           tells the rest
 *     stream_del(stream);
 *
 * Rows and words are the same as those of ladder.h for the same segments, as far as the future does not
 * change them.
 */
#ifndef TRACE_STREAM_H
#define TRACE_STREAM_H

#include "trace/finder.h"
#include "trace/judge.h"

#define STREAM_REORDER (50 * WEIR_MS)
/* So long the first segments wait for the end of the handshake. */
#define STREAM_BEGIN_WAIT (300 * WEIR_MS)
/* More segments than this do not wait, whatever the clocks say. */
#define STREAM_PENDING_MAX 4096

struct stream;

enum stream_event_kind {
    STREAM_BEGIN = 0, /* the ends, the vantage and the first states are known */
    STREAM_ROW,       /* `row` */
    STREAM_LESSON,    /* `lesson`: its numbers are those of rows */
    STREAM_END,       /* nothing more comes; the ladder has findings, account and totals */
    STREAM_FINDING    /* `finding`: new, or has happened again */
};

struct stream_event {
    enum stream_event_kind kind;
    /* What is known so far: info, and the changes of state of the row's segment. It has no rows. */
    const struct ladder *ladder;
    const struct ladder_row *row;
    const struct ladder_row *idle; /* ROW: the silence before it, or NULL */
    const struct lesson *lesson;
    const struct finding *finding;
};

struct stream_setup {
    uint32_t number; /* of the conversation, from 1 */
    /* LADDER_AT_BOTH: segments come with the times of both ends, see stream_take_both. */
    enum ladder_vantage vantage;
    bool vantage_known;          /* false: it is inferred from the first segments */
    struct weir_endpoint end[2]; /* of sides 0 and 1 of the segments that go in */
    /* Which of them is the client; asked once, when it begins. NULL: side 0. */
    uint8_t (*client)(void *ctx, bool *guessed);
    weir_time reorder;
    bool told[2]; /* this side's states come by stream_record and are not inferred */
    void (*tell)(void *ctx, const struct stream_event *event);
    void *ctx;
};

struct stream *stream_new(const struct stream_setup *setup); /* NULL: no memory */
void stream_del(struct stream *stream);                      /* NULL is allowed */

/* wire->time is when it was seen, by the clock that stream_advance uses; wire->side as in setup.end. WEIR_OK or
 * WEIR_ENOBUFS. */
int stream_take(struct stream *stream, const struct trace_segment *wire);

/* A segment of which both ends are known: sent at wire->time. `arrived`: LADDER_NEVER when it was lost. `facts`:
 * LADDER_FACT_COPY, LADDER_FACT_CORRUPTED. */
int stream_take_both(struct stream *stream, const struct trace_segment *wire, weir_time arrived,
                     uint32_t facts);
/* Such a segment of this side that has not been told yet arrives at another time than was expected. */
void stream_arrived(struct stream *stream, const struct trace_segment *wire, weir_time expected,
                    weir_time arrived);

/* Another number than setup.number; at the latest while BEGIN is told. */
void stream_set_number(struct stream *stream, uint32_t number);

/* A record of this side's stack: states and timers. */
int stream_record(struct stream *stream, uint8_t side, const struct weir_record *record);

/* Whoever captures says that packets were lost, perhaps of this conversation: a finding says so. */
void stream_dropped(struct stream *stream, uint64_t packets);

/* WEIR_NEVER: not before the next segment. */
weir_time stream_advance(struct stream *stream, weir_time now);
void stream_end(struct stream *stream);

/* info as far as it is known. */
const struct ladder *stream_ladder(const struct stream *stream);
bool stream_begun(const struct stream *stream);
/* Is the conversation over, as far as its segments tell? */
bool stream_over(const struct stream *stream);
/* Segments that have not been told yet. */
size_t stream_waiting(const struct stream *stream);
/* When the latest segment was seen. */
weir_time stream_latest(const struct stream *stream);

#endif
