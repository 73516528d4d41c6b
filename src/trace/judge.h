/*
 * judge.h - what a segment is and what became of it, judged while the conversation goes by.
 *
 * One judge per conversation, fed every segment once, in the order of the tap. It keeps what is in flight,
 * the scoreboard of SACK and models of round trip and timeout, and nothing per segment that is settled: an
 * idle conversation costs one small block, whatever has passed (flows of a large capture, a live tap).
 *
 *     judge = judge_new(&setup);
 *     judge_take(judge, &wire, &judgement);      for each segment: what it is, said at once and never changed
 *     judge_end(judge);                          nothing more comes
 *     judge_del(judge);
 *
 * What only later segments show is told as a lesson through `learn`, during judge_take or judge_end: that an
 * earlier segment was lost, late or needless. So a live view prints a new row, and a ladder, which has the
 * earlier segment still, marks it there. Both see the same.
 *
 * A lesson from one capture is inferred (proven == false) unless the bytes themselves prove it.
 */
#ifndef TRACE_JUDGE_H
#define TRACE_JUDGE_H

#include "trace/ladder.h"

struct judge;

/* What later segments teach about an earlier one. */
enum lesson_kind {
    LESSON_LOST = 0, /* `number` did not reach the other side; `by` repaired it, or 0 */
    LESSON_SPURIOUS, /* `number` is a retransmission that was not needed; by == number: known at once */
    LESSON_REORDERED, /* `number` filled a hole and was not sent again */
    LESSON_RESENT,    /* `number` filled a hole: it was lost before this tap and sent again */
    LESSON_NOT_CAPTURED, /* numbers [start, end) were acknowledged and never seen: the capture missed them */
    LESSON_ARRIVED,  /* `number`, sent again later, had arrived all the same */
    LESSON_REPEATED, /* `by` carries numbers of `number` again: whether that one arrived is open */
    LESSON_COUNT
};

/* How it is known: the strongest one. */
enum evidence {
    EVIDENCE_NONE = 0,
    EVIDENCE_BOTH_ENDS,  /* the other capture, or the stack itself */
    EVIDENCE_NEVER_SEEN, /* the other copy passed this tap, this one did not */
    EVIDENCE_DSACK,      /* the receiver says it had it already (RFC 2883) */
    EVIDENCE_EIFEL,      /* the ACK echoes the original's timestamp (RFC 3522) */
    EVIDENCE_EARLY_ACK,  /* acknowledged sooner than half the least round trip after it was sent */
    EVIDENCE_SACK,       /* SACK blocks above it and never it */
    EVIDENCE_DUP_ACKS,   /* three duplicate ACKs */
    EVIDENCE_TIMESTAMP,  /* its TSval against its neighbours' */
    EVIDENCE_IP_ID,      /* its IP ID against its neighbours' */
    EVIDENCE_TIME,       /* the gap against the round trip: a heuristic, and to be called one */
    EVIDENCE_SILENCE,    /* no answer for as long as the timeout */
    EVIDENCE_ACKED,      /* it had been acknowledged before this copy came */
    EVIDENCE_SEEN,       /* another copy passed here before, at the receiver, who had room for it */
    EVIDENCE_COUNT
};

struct lesson {
    enum lesson_kind kind;
    enum evidence evidence;
    enum trace_side side; /* whose segment it was */
    bool proven;
    uint32_t number;     /* of the earlier segment, or 0 when it never passed this tap */
    uint32_t by;         /* of the segment that repaired it or taught it, or 0 */
    uint32_t start, end; /* wire numbers it is about */
    weir_time time;      /* when it became known */
};

struct judge_setup {
    enum ladder_vantage vantage; /* LADDER_AT_UNKNOWN: in the middle, or not known */
    void (*learn)(void *ctx, const struct lesson *lesson); /* NULL: nobody listens */
    void *ctx;
};

/* What one segment is, with what was measured when it passed. All times in microseconds; 0: not known. */
struct judgement {
    enum ladder_class class;
    uint32_t number; /* of this segment in the conversation, from 1 */
    uint32_t facts;  /* enum ladder_fact */
    uint16_t count;
    uint32_t first;
    uint32_t acked_from;
    uint32_t window;
    enum ladder_cause cause;  /* of a retransmission or probe: why it was sent */
    enum evidence evidence;   /* for class and cause */
    uint32_t flight;          /* bytes in flight in the sender's direction, this segment included */
    uint32_t rtt_us;          /* the round trip that this ACK measured, seen from the tap */
    uint32_t srtt_us, rto_us; /* model of the data sender that this ACK feeds or that sent this */
};

/* NULL: no memory. */
struct judge *judge_new(const struct judge_setup *setup);
void judge_del(struct judge *judge); /* NULL is allowed */

/* wire->side is set. WEIR_OK or WEIR_ENOBUFS. */
int judge_take(struct judge *judge, const struct trace_segment *wire, struct judgement *judgement);
void judge_end(struct judge *judge);

/* The same for a segment that is known to be a copy made by the network. */
int judge_take_copy(struct judge *judge, const struct trace_segment *wire,
                    struct judgement *judgement);

/* Frees what only a busy conversation needs, as far as everything is acknowledged: to be called when nothing
 * was seen of it for a second or more. The judge goes on as before, but knows less about segments that come
 * again much later. It is done by itself when the conversation has ended. */
void judge_rest(struct judge *judge);

/* Payload that this side sent and that passed the tap, each byte once. */
uint64_t judge_bytes(const struct judge *judge, enum trace_side side);

const char *lesson_name(enum lesson_kind kind);    /* "lost" */
const char *evidence_name(enum evidence evidence); /* "dsack" */

#endif
