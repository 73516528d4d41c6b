/*
 * ladder.h - one TCP conversation as a ladder: data, not a drawing.
 *
 * In go packets and, for our own runs, the truth about them; out come rows, top to bottom. render/ draws
 * rows; nothing else needs to know how a ladder came to be.
 *
 *     ladder = ladder_new(LADDER_AT_BOTH);               a virtual run: both ends are known
 *     ladder_add_packet(ladder, &packet);                for every wire packet, in any order
 *     ladder_add_record(ladder, LADDER_CLIENT, &record); the client stack's records: states and timers
 *     ladder_add_record(ladder, LADDER_SERVER, &record);
 *     ladder_finish(ladder);                             once
 *     text_ladder(...), json_ladder(...)                 of render/, as often as wanted
 *     ladder_del(ladder);
 *
 * Where a side has no state records, its states are inferred from the packets (state.h); what cannot be
 * known stays unknown. Segments are numbered from 1 in the order in which the reference side sees them:
 * the client, unless the capture was taken at the server.
 *
 * Reading order: this file, segment.h (what one packet says), state.h, judge.h, ladder.c (times,
 * numbers, order), rows.c (states and idle times put into rows).
 */
#ifndef TRACE_LADDER_H
#define TRACE_LADDER_H

#include "trace/finding.h"
#include "trace/segment.h"

struct ladder;
struct merge_report; /* merge.h */

/* Where the packets were seen. */
enum ladder_vantage {
    LADDER_AT_UNKNOWN =
        0, /* in the middle, or on a loopback: a time per packet, of no side's clock */
    LADDER_AT_CLIENT,
    LADDER_AT_SERVER,
    LADDER_AT_BOTH /* sent and arrived are both the truth */
};

/* How a time is known. */
enum ladder_known {
    LADDER_UNKNOWN = 0,
    LADDER_MEASURED,
    LADDER_ESTIMATED, /* half the handshake's round trip added or taken off */
    LADDER_LOST       /* proven: there is no such instant */
};

#define LADDER_NEVER UINT64_MAX

/* One wire packet of a run of which both ends are known. */
struct ladder_packet {
    enum trace_side from;
    weir_time sent;
    weir_time arrived;    /* LADDER_NEVER: lost on the way */
    const uint8_t *bytes; /* from the IP header on; needed only during the call */
    size_t size;
    bool duplicate; /* an extra copy that the network made */
    bool corrupted; /* arrives damaged: the receiver will not use it */
};

/* A segment of which both ends are known from their captures, times by one clock. */
struct ladder_flight {
    struct trace_segment wire; /* side is set */
    weir_time sent, arrived;
    bool lost;              /* it did not arrive */
    bool duplicate;         /* an extra copy that the network made */
    bool sending_estimated; /* it was not seen leaving */
    bool arrival_estimated; /* nobody was there to see it arrive */
};

/* Why a side was silent until it sent something (or changed its state). */
enum ladder_cause {
    LADDER_CAUSE_NONE = 0,
    LADDER_CAUSE_RTO, /* retransmission timeout */
    LADDER_CAUSE_TLP, /* tail loss probe */
    LADDER_CAUSE_DELAYED_ACK,
    LADDER_CAUSE_ZERO_WINDOW, /* persist timer */
    LADDER_CAUSE_KEEPALIVE,
    LADDER_CAUSE_APPLICATION, /* the application waited */
    LADDER_CAUSE_TIME_WAIT,   /* 2 MSL */
    LADDER_CAUSE_FAST,        /* three duplicate ACKs (RFC 5681), or SACK's equivalent (RFC 6675) */
    LADDER_CAUSE_RACK,        /* SACKed above, later than the reordering window (RFC 8985) */
    LADDER_CAUSE_NAGLE,       /* held until the small segment before it was acknowledged */
    LADDER_CAUSE_COUNT
};

/* A state nobody knows: drawn as "?". Other values: enum weir_tcp_state. */
#define LADDER_STATE_UNKNOWN 0xfe
/* Not a state: it did not change here. */
#define LADDER_STATE_SAME 0xff

/* ---- In --------------------------------------------------------------------------------------------- */

/* NULL: no memory. */
struct ladder *ladder_new(enum ladder_vantage vantage);
void ladder_del(struct ladder *ladder); /* NULL is allowed */

/* The calls below return WEIR_OK, WEIR_EINVAL or WEIR_ENOBUFS. */

/* WEIR_EINVAL: not TCP, malformed, or not between the two endpoints of the first packet. */
int ladder_add_packet(struct ladder *ladder, const struct ladder_packet *packet);

/* The same for a segment that was parsed before; the ends are set by ladder_set_ends. */
int ladder_add_flight(struct ladder *ladder, const struct ladder_flight *flight);

/* A segment of a capture, seen once at `segment->time`. The vantage must not be LADDER_AT_BOTH. */
int ladder_add_segment(struct ladder *ladder, const struct trace_segment *segment);

/* The truth about a side: it changed its state. In order of time per side. As soon as a side has one of
 * these, nothing is inferred for it. */
int ladder_add_state(struct ladder *ladder, weir_time time, enum trace_side side,
                     enum weir_tcp_state from, enum weir_tcp_state to);

/* What this side did at `time` was due to `cause` (also names the idle time before it). */
int ladder_add_cause(struct ladder *ladder, weir_time time, enum trace_side side,
                     enum ladder_cause cause);

/* Takes what it understands from a record of this side's stack: WEIR_RECORD_STATE and
 * WEIR_RECORD_TIMER; everything else is ignored. The caller passes only this connection's records. */
int ladder_add_record(struct ladder *ladder, enum trace_side side,
                      const struct weir_record *record);

/* The state of a side before its first row, when it is not the `from` of its first ladder_add_state and
 * should not be inferred. */
void ladder_set_initial(struct ladder *ladder, enum trace_side side, enum weir_tcp_state state);

/* The endpoints, when not taken from the first packet (ladder_add_segment has none). `guessed`: nobody was
 * seen opening, so who is the client is a guess. */
void ladder_set_ends(struct ladder *ladder, const struct weir_endpoint *client,
                     const struct weir_endpoint *server, bool guessed);

/* Number of the connection, from 1: the base of pretty sequence numbers and shown in headers. */
void ladder_set_number(struct ladder *ladder, uint32_t number);

/* It was made of two captures, which fit together like this. WEIR_OK or WEIR_ENOBUFS. */
int ladder_set_merge(struct ladder *ladder, const struct merge_report *report);

/* Sorts, numbers, classifies, makes the rows. After this nothing can be added. */
int ladder_finish(struct ladder *ladder);

/* ---- Out -------------------------------------------------------------------------------------------- */

/* Nanoseconds since the first segment, at the reference side. */
struct ladder_time {
    int64_t ns;
    enum ladder_known known;
};

/* What a segment is, first of all. Names: ladder_class_name. */
enum ladder_class {
    LADDER_SYN = 0,
    LADDER_SYN_ACK,
    LADDER_DATA,
    LADDER_ACK,
    LADDER_FIN,
    LADDER_RST,
    LADDER_DUP_ACK,
    LADDER_WINDOW_UPDATE,
    LADDER_ZERO_WINDOW_PROBE,
    LADDER_KEEPALIVE,
    LADDER_SYN_RETX,
    LADDER_RETX,          /* of data or FIN; `cause` may tell why */
    LADDER_REORDERED,     /* arrived after bytes that were sent later; not a retransmission */
    LADDER_LATE,          /* fills a gap at this tap: reordered or retransmitted, not known which */
    LADDER_NET_DUPLICATE, /* the network made a copy */
    LADDER_CHALLENGE_ACK, /* answers a suspicious RST, SYN or ACK (RFC 5961) */
    LADDER_CLASS_COUNT
};

/* What else is to be said about it: bits. */
enum ladder_fact {
    LADDER_FACT_HANDSHAKE_DONE = 1 << 0, /* the third segment */
    LADDER_FACT_PIGGYBACK = 1 << 1,      /* data or FIN that also acknowledges something new */
    LADDER_FACT_ACKS_NEW =
        1 << 2, /* acknowledges something for the first time: [acked_from, ack) */
    LADDER_FACT_ACKS_FIN = 1 << 3,      /* ... and that includes the FIN */
    LADDER_FACT_REFUSED = 1 << 4,       /* RST instead of SYN, ACK */
    LADDER_FACT_WINDOW_CLOSED = 1 << 5, /* the window became 0 */
    LADDER_FACT_WINDOW_OPENED = 1 << 6, /* it was 0 */
    LADDER_FACT_WINDOW_ZERO = 1 << 7,   /* it is (still) 0 */
    LADDER_FACT_ANSWERS_PROBE = 1 << 8, /* answers a zero-window probe or a keep-alive */
    LADDER_FACT_SIMULTANEOUS = 1 << 9,  /* a SYN that crosses the other one */
    LADDER_FACT_LAST_ACK = 1 << 10,     /* acknowledges the second FIN: the conversation is over */
    LADDER_FACT_RESENT = 1 << 11, /* its bytes were sent again: did this copy arrive? not known */
    LADDER_FACT_HALF_CLOSE = 1 << 12,     /* data although the other side has sent its FIN */
    LADDER_FACT_WINDOW_CHANGED = 1 << 13, /* differs by > 10 % from what was last worth showing */
    LADDER_FACT_CORRUPTED = 1 << 14,
    LADDER_FACT_COPY = 1 << 15,     /* known to be a copy made by the network */
    LADDER_FACT_SPURIOUS = 1 << 16, /* a retransmission that was not needed */
    LADDER_FACT_MISSED = 1 << 17, /* inferred from one capture: it did not arrive (`repaired_by`) */
    LADDER_FACT_DSACK = 1 << 18, /* its first SACK block repeats what the receiver had (RFC 2883) */
    LADDER_FACT_SUPER =
        1 << 19, /* larger than a wire segment: captured before it was cut, or merged */
    LADDER_FACT_NEW_DATA_PROBE = 1
                                 << 20, /* new data sent only to provoke an ACK (tail loss probe) */
    LADDER_FACT_HOLE = 1 << 21,         /* bytes before it have not passed this tap */
    LADDER_FACT_BY_TIMER =
        1 << 22 /* a timer fired to send it: after a timeout, not those that follow */
};

struct ladder_segment {
    uint32_t number;
    struct trace_segment wire; /* what the packet says; wire.side is the sender */
    struct ladder_time sent, arrived;
    enum ladder_class class;
    uint32_t facts;      /* enum ladder_fact */
    uint16_t count;      /* dup ACK: n-th; probe, keep-alive: n-th in a row; retransmission: n-th */
    uint32_t first;      /* retransmission, duplicate: number of the segment that was first */
    uint32_t acked_from; /* LADDER_FACT_ACKS_NEW: wire number */
    uint32_t window;     /* bytes, scaled when the scale is known */
    enum ladder_cause cause;
    uint8_t state_sent;    /* the sender's new state, or LADDER_STATE_SAME */
    uint8_t state_arrived; /* the receiver's new state, or LADDER_STATE_SAME */
    uint8_t evidence;      /* enum evidence (judge.h): how class, cause or fate is known */
    uint32_t
        repaired_by; /* LADDER_FACT_MISSED or lost: the segment that brought its bytes; 0: none seen */
    uint32_t flight; /* bytes in flight in its direction after it was sent */
    uint32_t rtt_us; /* round trip measured by this ACK, as seen from the tap; 0: none */
    uint32_t srtt_us,
        rto_us; /* the data sender's, exact from records, else modelled (RFC 6298); 0: none */
    uint32_t cwnd, ssthresh; /* bytes, from the stack's records only; 0: not known */
    uint32_t told;           /* the how-manieth it was told: the order of packets of one instant */
};

enum ladder_row_kind {
    LADDER_ROW_SEGMENT = 0, /* a departure and, unless `split`, its arrival */
    LADDER_ROW_ARRIVAL,     /* the arrival of a split segment: something crossed it */
    LADDER_ROW_IDLE,        /* nothing on the wire for `idle_ns` */
    LADDER_ROW_STATE,       /* `side` changed to `state` with no segment sent or received */
    LADDER_ROW_FOLD,        /* `fold`: a run of segments in which nothing is to be seen */
    LADDER_ROW_NOTE         /* `note`: what a stack did inside */
};

enum ladder_fold_kind {
    LADDER_FOLD_DATA = 0, /* data of `side`, and the other side's plain ACKs between them */
    LADDER_FOLD_ACKS,     /* plain ACKs of `side` */
    LADDER_FOLD_DUP_ACKS, /* duplicate ACKs of `side`, and the data that they let out */
    LADDER_FOLD_OMITTED   /* whatever it was, it was not asked for (view.h) */
};

struct ladder_fold {
    enum trace_side side;
    uint32_t first, last; /* numbers of the first and last segment in it */
    uint32_t segments;    /* with data; OMITTED: all */
    uint32_t seq;         /* of the first byte */
    uint64_t bytes;
    uint32_t acks;                    /* pure ACKs */
    uint32_t ack_from, ack_to;        /* their numbers; ack_from is the first one's */
    struct ladder_time sent, arrived; /* of the first and of the last segment */
    enum ladder_fold_kind kind;
    uint32_t dups;                    /* duplicate ACKs */
    uint16_t dup_first, dup_last;     /* the how-manieth */
    uint32_t sack_start, sack_end;    /* the last duplicate ACK's first block; equal: none */
    uint32_t first_frame, last_frame; /* in the capture; 0: none */
};

struct ladder_note; /* internals.h */

struct ladder_row {
    enum ladder_row_kind kind;
    bool split;
    enum trace_side side;                 /* STATE */
    uint8_t state;                        /* STATE */
    enum ladder_cause cause;              /* IDLE, STATE */
    int64_t idle_ns;                      /* IDLE */
    struct ladder_time time;              /* STATE */
    const struct ladder_segment *segment; /* SEGMENT, ARRIVAL */
    const struct ladder_fold *fold;       /* FOLD */
    const struct ladder_note *note;       /* NOTE */
};

/* How a conversation ended, as far as it was seen. */
enum ladder_end {
    LADDER_END_OPEN = 0,
    LADDER_END_FIN,
    LADDER_END_RST,
    LADDER_END_REFUSED,
    LADDER_END_TIMEOUT /* SYNs, and never an answer */
};

struct ladder_side_info {
    struct weir_endpoint endpoint;
    bool isn_known;
    bool numbered;         /* false: it sent nothing but RSTs; its numbers mean nothing relative */
    uint32_t isn;          /* or, when unknown, the number before the first one seen */
    uint8_t initial_state; /* enum weir_tcp_state or LADDER_STATE_UNKNOWN */
    uint32_t segments;
    uint64_t bytes; /* payload, each byte once */
};

struct ladder_info {
    uint32_t number;
    enum ladder_vantage vantage;
    enum trace_side reference; /* whose clock the times of a single capture are */
    weir_time origin;          /* absolute time of 0 */
    int64_t rtt_ns;            /* of the handshake; 0: not known */
    bool handshake;            /* a SYN was seen */
    bool client_guessed;       /* no SYN was seen: who opened is a guess */
    bool one_way;              /* only one direction was captured */
    bool cut;                  /* some segment's TCP header was not captured completely */
    enum ladder_end end;
    struct ladder_side_info side[2];  /* by enum trace_side */
    const struct merge_report *merge; /* made of two captures; NULL: not */
};

const struct ladder_info *ladder_info(const struct ladder *ladder);
const struct ladder_row *ladder_rows(const struct ladder *ladder, size_t *count);
const struct ladder_segment *ladder_segments(const struct ladder *ladder, size_t *count);

/* All state changes, each side in order of time, for those who want more than the rows show (two changes
 * caused by one segment). `segment`: number of the segment whose sending or arrival caused it, or 0. */
struct ladder_change {
    struct ladder_time time;
    enum trace_side side;
    uint8_t from, to;
    uint32_t segment;
};
const struct ladder_change *ladder_changes(const struct ladder *ladder, size_t *count);

/* What was found in this conversation, worst first; valid until ladder_del. */
const struct finding *ladder_findings(const struct ladder *ladder, size_t *count);

const char *ladder_class_name(enum ladder_class class, enum ladder_cause cause); /* "retx_rto" */
const char *ladder_end_name(enum ladder_end end);                                /* "fin" */

#endif
