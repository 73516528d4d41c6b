/* finder_private.h - the inside of a finder, shared by the finder_*.c files and account.c only. */
#ifndef TRACE_FINDER_PRIVATE_H
#define TRACE_FINDER_PRIVATE_H

#include "trace/finder.h"

/* What one side has shown; bits of finder_side.flags. */
enum finder_flag {
    SIDE_SPOKE = 1 << 0,
    SIDE_SYN = 1 << 1,
    SIDE_ACKED = 1 << 2,     /* it has acknowledged something: last_ack means something */
    SIDE_FIN = 1 << 3,       /* fin_end means something */
    SIDE_FIN_ACKED = 1 << 4, /* the other side acknowledged its FIN */
    SIDE_RST = 1 << 5,
    SIDE_SCALE = 1 << 6,      /* it offered window scaling */
    SIDE_EDGE = 1 << 7,       /* edge means something */
    SIDE_EDGE_SYN = 1 << 8,   /* ... and comes from a SYN, whose window is not scaled */
    SIDE_CLOSED = 1 << 9,     /* its window is 0 */
    SIDE_SUPER = 1 << 10,     /* sends or is captured in super-segments */
    SIDE_TIMESTAMP = 1 << 11, /* ts_val means something */
    SIDE_DATA = 1 << 12,      /* has sent payload */
    SIDE_RESENT = 1 << 13,    /* its last numbers were sent again: no round trip can be measured */
    SIDE_HEARD = 1 << 14      /* its data has had any answer */
};

struct finder_side {
    weir_time data_time;  /* of its last segment that occupies numbers */
    uint64_t bytes;       /* payload that was new */
    uint32_t data_number; /* and that one's number */
    uint32_t data_frame;
    uint32_t data_length;
    uint32_t snd_max;  /* one past the highest number it sent */
    uint32_t fin_end;  /* one past its FIN */
    uint32_t last_ack; /* the highest ACK that it sent */
    uint32_t edge;     /* the highest number that it allowed, plus 1 */
    uint32_t max_window;
    uint32_t rtt_us; /* the least round trip of what it sends, seen from here; 0: none */
    uint32_t ts_val;
    uint32_t segments;
    uint16_t flags;   /* enum finder_flag */
    uint32_t big_end; /* of the first segment of the largest size so far */
    uint16_t big;     /* that size */
    uint16_t passed;  /* the largest size that is known to have got through */
    uint16_t mss;     /* announced by it; 0: not known */
    uint8_t wscale, ttl;
};

/* A delayed ACK of which the next segment will tell whether somebody waited for it. */
struct finder_held {
    weir_time time;    /* of the ACK */
    uint32_t delay_us; /* more than the round trip; 0: there is none */
    uint32_t data_number, data_frame, ack_number, ack_frame;
    uint8_t side; /* who sent the data */
    bool small;   /* the data was less than a full segment */
};

/* Retransmissions, zero windows, limits: kept only by conversations that have had them. */
struct finder_work_side {
    /* of this side as a sender: timeouts of one piece of data */
    weir_time rto_first, rto_time;
    uint64_t rto_gap; /* silence before the last one */
    uint32_t rto_seq, rto_length, rto_tries;
    bool rto_heard;   /* the peer has said something since the first one */
    bool rto_smaller; /* the same bytes were sent in smaller pieces */
    /* and what held it back */
    uint64_t window_ns, cwnd_ns, app_ns, open_ns;
    weir_time mark; /* up to here the time has been put somewhere */
    weir_time ack_time, first_data, last_data;
    uint32_t data_segments;
    /* of this side as the receiver: its closed window, and silly ones */
    weir_time closed_since;
    uint32_t closed_number, closed_frame, probes, silly;
    /* conformance of this side, when the capture was taken there */
    uint32_t full_segments, acks; /* received in order; sent */
    uint32_t unacked, stretched;  /* received since the last ACK; late ACKs of too many */
    weir_time due_since;          /* an ACK */
    weir_time hole_since;
    uint32_t hole_number, hole_frame;
};

struct finder_work {
    struct finder_work_side side[2];
    uint32_t unsent_ack, unsent_number, unsent_frame; /* an ACK for numbers that were not seen */
    weir_time unsent_time;
    uint8_t unsent_side;
    bool unsent;
    uint32_t late_number, late_frame; /* fills a hole: the lesson is to come */
    weir_time late_time;
    uint64_t late_gap;
    uint8_t late_side, late_cause;
    bool late;
    weir_time previous_end; /* of the conversation before, of the same endpoints; 0: none */
    uint32_t previous_isn, previous_next;
    bool missed;                           /* the capture lacks segments */
    bool too_big;                          /* an ICMP error told the path's MTU */
    uint32_t sums_bad[2], sums_partial[2]; /* segments by side */
    uint32_t doubled;
};

struct finder {
    struct finder_side side[2];
    struct finder_held held;
    struct account account;
    weir_time start, last;
    weir_time ack_time; /* of the last pure ACK that acknowledged data; for piggybacking */
    struct finding *findings;
    struct finder_work *work;
    finder_found *found;
    void *ctx;
    uint32_t retx_unknown;
    uint32_t ack_number, ack_frame;
    uint32_t last_number, last_frame;
    uint16_t port;
    uint16_t finding_count, finding_room;
    uint8_t vantage, ack_side, syns;
    bool handshake_done, syn_seen, refused, over, reset, ended, prohibited, nagle_waits;
    bool mixed; /* a second conversation with the same numbers has begun */
    bool ecn;   /* classic ECN was agreed on (RFC 3168) */
};

/* What is being looked at, put together once per segment. */
struct look {
    struct finder *f;
    const struct trace_segment *wire;
    const struct judgement *j;
    enum trace_side side;
    struct finder_side *own, *peer; /* before this segment is noted */
    uint64_t gap;                   /* since the segment before it */
    bool data, pure_ack;            /* has payload or FIN; has nothing but an ACK */
    bool fresh;                     /* its numbers are new */
};

static inline bool finder_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

/* NULL: no memory. */
struct finder_work *finder_work(struct finder *f);

/* Is the capture's clock this side's, so that what it does can be told from what happens to it? */
static inline bool finder_at(const struct finder *f, enum trace_side side)
{
    return f->vantage == (side == LADDER_CLIENT ? LADDER_AT_CLIENT : LADDER_AT_SERVER) ||
           (f->vantage == LADDER_AT_BOTH && side == LADDER_CLIENT);
}

/* finder_report.c: the finding of this identity, side and variant, new or counted once more; NULL: no
 * memory. finder_done tells the listener, when its figures are complete. */
struct finding *finder_report(struct finder *f, enum finding_id id, enum trace_side side,
                              int64_t variant);
struct finding *finder_have(struct finder *f, enum finding_id id, enum trace_side side);
void finder_drop(struct finder *f, enum finding_id id, enum trace_side side);
void finding_at(struct finding *finding, weir_time start, weir_time end);
/* The surest occurrence counts. */
void finding_sure(struct finding *finding, uint8_t confidence);
void finding_segment(struct finding *finding, uint32_t number, uint32_t frame);
void finder_done(struct finder *f, const struct finding *finding);
/* All of it for the usual case: this segment, now. */
struct finding *finder_here(const struct look *l, enum finding_id id, enum trace_side side,
                            uint8_t confidence, const char *evidence);

void open_previous(struct finder *f, const struct finder_setup *setup);
void open_take(const struct look *l);
void open_end(struct finder *f);
void ack_take(const struct look *l);
void ack_end(struct finder *f);
void window_take(const struct look *l);
void window_end(struct finder *f);
void limits_take(const struct look *l);
void limits_end(struct finder *f);
void loss_take(const struct look *l);
void loss_lesson(struct finder *f, const struct lesson *lesson);
void close_take(const struct look *l);
void conform_take(const struct look *l);
/* The same bytes timed out again, after `gap`. */
void conform_backoff(const struct look *l, const struct finder_work_side *w, uint64_t gap);
void conform_end(struct finder *f);
void wire_take(const struct look *l);
void wire_lesson(struct finder *f, const struct lesson *lesson);
void wire_end(struct finder *f);
void account_take(const struct look *l);
/* The delayed ACK that ended at `held` kept somebody waiting. */
void account_held(struct finder *f, const struct finder_held *held);

#endif
