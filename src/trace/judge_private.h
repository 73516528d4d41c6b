/*
 * judge_private.h - the inside of a judge, shared by the judge_*.c files only.
 *
 * Reading order: judge.c (the order of the questions), judge_flight.c (what is in flight), judge_data.c
 * (numbers sent before: judge_late.c, judge_kind.c), judge_ack.c (acknowledgements and windows: judge_sack.c,
 * judge_fate.c), judge_time.c (round trips), judge_copy.c.
 */
#ifndef TRACE_JUDGE_PRIVATE_H
#define TRACE_JUDGE_PRIVATE_H

#include "base/compiler.h"
#include "base/ranges.h"
#include "base/seq.h"
#include "trace/judge.h"

/* ---- Flight --------------------------------------------------------------------------------------------- */

enum sent_flag {
    SENT_SACKED = 1 << 0,    /* its receiver has it */
    SENT_HAS_TS = 1 << 1,    /* ts_val is that of the last copy */
    SENT_TOLD_LOST = 1 << 2, /* a lesson has been given about it */
    SENT_TOLD_NEEDLESS = 1 << 3,
    SENT_SYN = 1 << 4,
    SENT_UNDECIDED = 1 << 5, /* `number` filled a hole: overtaken, or sent again */
    SENT_IN_WINDOW = 1 << 6  /* the receiver had room for it when it passed */
};

/* Numbers that one segment carried first; or a hole (number 0): they have not passed this tap. */
struct sent {
    seq_pos start;
    weir_time time; /* of the last copy; of a hole: when it opened */
    uint32_t length;
    uint32_t number; /* of the first segment with them */
    uint32_t last,
        previous;     /* of the last one, and the one before; of a hole: last is who opened it */
    uint32_t ts_val;  /* of `last` */
    uint16_t ip_id;   /* of `last` */
    uint16_t copies;  /* retransmissions so far */
    uint8_t flags;    /* enum sent_flag */
    uint8_t evidence; /* enum evidence: why `last` was sent, when it was a retransmission */
    uint8_t dsacks;   /* how often the receiver said that it had it already */
};

/* A ring, sorted, without overlap. The first `settled` are acknowledged and only remembered. */
struct flight {
    struct sent *at;
    uint32_t room; /* a power of two, or 0 */
    uint32_t head, count, settled;
};

static inline struct sent *flight_at(const struct flight *f, uint32_t index)
{
    return &f->at[(f->head + index) & (f->room - 1)];
}

static inline seq_pos sent_end(const struct sent *s)
{
    return s->start + s->length;
}

void flight_free(struct flight *f);

/* Index of the first one that ends after `position`; count when there is none. */
uint32_t flight_find(const struct flight *f, seq_pos position);

/* Appends; it begins where the last one ends or later. Forgets the oldest settled ones when they are many,
 * and, beyond any sensible window, the oldest of all. NULL: no memory. */
struct sent *flight_append(struct flight *f, const struct sent *sent);

/* Cuts the one at `index` so that one begins at `position`, which lies inside. Returns false without
 * memory. */
bool flight_cut(struct flight *f, uint32_t index, seq_pos position);

/* ---- Streams -------------------------------------------------------------------------------------------- */

/* Which way a sender is making up for losses. */
enum recovery { RECOVERY_NONE = 0, RECOVERY_FAST, RECOVERY_RTO };

/* The last segment of a direction: for copies of pure ACKs, and for what comes again after a rest. */
struct last_segment {
    weir_time time;
    uint32_t seq, ack, length, ts_val, number;
    uint16_t window, flags, ip_id;
};

/* What one side sends, and what is known about it. */
struct stream {
    struct flight flight;
    struct last_segment last;
    seq_pos snd_max; /* one past the highest number sent */
    seq_pos snd_una; /* the highest number acknowledged by the other side */
    seq_pos fin_position;
    seq_pos recover;         /* recovery ends when all below is acknowledged */
    uint64_t bytes;          /* payload, each byte once */
    weir_time sent_time;     /* when it last sent data */
    weir_time progress_time; /* when something was last acknowledged */
    weir_time rack_time;     /* when the latest segment known to have arrived was sent */
    uint32_t isn, syn_number;
    uint32_t srtt_us, rttvar_us, min_rtt_us, rto_floor_us;
    /* acknowledgements sent in this direction */
    uint32_t last_ack;
    uint32_t shown_window; /* scaled: the last one worth showing */
    uint32_t dup_acks;
    uint32_t probes;      /* zero-window probes or keep-alives sent in a row */
    uint16_t last_window; /* as on the wire, not of SYNs */
    uint16_t mss;         /* announced by this side; 0: not known */
    uint16_t syn_copies;
    uint8_t wscale;
    uint8_t recovery;      /* enum recovery */
    int8_t id_order;       /* > 0: its IP IDs count */
    uint8_t backoff;       /* timeouts in a row */
    int8_t id_exact;       /* > 0: and nothing else takes IDs in between */
    uint8_t id_pieces;     /* IDs that the segment with id_max took */
    uint16_t id_max;       /* the latest IP ID; 0: none */
    uint16_t prior_dups;   /* duplicate ACKs before the last progress */
    uint32_t hole_bytes;   /* of its numbers below the highest, not seen yet */
    weir_time rto_time;    /* when a timeout made it send again */
    weir_time opened_time; /* when its window was last opened again */
    bool started : 1, syn_seen : 1, syn_ack_seen : 1, fin_sent : 1, fin_acked : 1;
    bool ack_seen : 1, window_seen : 1, wscale_offered : 1;
    bool owes_probe_answer : 1; /* the other side probed */
    bool owes_challenge : 1;    /* the other side sent something suspicious */
    bool last_known : 1, super_seen : 1, probing_tail : 1, sack_permitted : 1;
};

#define RECENT_MAX 16
#define SACKED_MAX 4096

/* A segment's fingerprint. */
struct recent {
    uint32_t hash, number, time_us;
    uint16_t ip_id;
};

/* What only a busy conversation needs. */
struct busy {
    struct recent recent[2][RECENT_MAX];
    uint32_t recent_next[2];
    struct ranges sacked[2]; /* by the side that sent the data */
    struct range *room[2];
};

struct judge {
    struct judge_setup setup;
    struct busy *busy; /* NULL when at rest, or without memory */
    uint32_t number;
    bool handshake_done, closed;
    struct stream dir[2]; /* by enum trace_side of the sender */
};

/* A segment on its way through the questions. */
struct taking {
    struct judge *judge;
    const struct trace_segment *wire;
    struct judgement *out;
    struct stream *own, *peer;
    seq_pos start, end; /* of its numbers */
    bool copy;          /* known to be a copy made by the network */
};

static inline bool seq_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

/* Time may run backwards in a capture. */
static inline weir_time since(weir_time now, weir_time then)
{
    return now > then ? now - then : 0;
}

/* Both sides speak SACK, as far as was seen. */
static inline bool sack_spoken(const struct taking *t)
{
    return t->own->sack_permitted && t->peer->sack_permitted;
}

static inline bool has_ts(const struct trace_segment *wire)
{
    return (wire->options.present & WEIR_SEGMENT_TIMESTAMPS) != 0;
}

/* Is the tap at the sender, or at the receiver, of what this side sends? Both false: not known. */
static inline bool tap_at_sender(const struct judge *j, enum trace_side side)
{
    return j->setup.vantage == LADDER_AT_BOTH ||
           j->setup.vantage == (side == LADDER_CLIENT ? LADDER_AT_CLIENT : LADDER_AT_SERVER);
}

static inline bool tap_at_receiver(const struct judge *j, enum trace_side side)
{
    return j->setup.vantage == (side == LADDER_CLIENT ? LADDER_AT_SERVER : LADDER_AT_CLIENT);
}

void judge_learn(const struct taking *t, const struct lesson *lesson);

/* judge_copy.c: rule 1. Is it a copy that the network made? Its original is then in out->first. */
bool judge_is_copy(const struct taking *t);
void judge_remember(const struct taking *t);

/* judge_data.c: rules 3 to 5, for what occupies numbers or pretends to. WEIR_OK or WEIR_ENOBUFS. */
bool judge_probe(const struct taking *t);
int judge_numbers(const struct taking *t);
int judge_syn_numbers(const struct taking *t);
/* Numbers up to `start` have been sent and not passed this tap. */
int judge_open_hole(const struct taking *t, seq_pos start);

/* judge_ack.c: rules 6 and 7, windows. judge_pure_ack comes before the segment's own ACK is noted. */
void judge_pure_ack(const struct taking *t);
void judge_note_ack(const struct taking *t);
void judge_note_window(const struct taking *t);

/* judge_sack.c: what SACK blocks say, after the ACK itself. */
void judge_note_sack(const struct taking *t);

/* judge_kind.c: fills cause and evidence. */
void judge_why_again(const struct taking *t, const struct sent *before);
void judge_why_new(const struct taking *t);
weir_time judge_timeout(const struct taking *t);
uint32_t judge_full_size(const struct taking *t); /* payload; 0: not known */

/* judge_late.c */
void judge_fill(const struct taking *t, const struct sent *hole);
void judge_decide(const struct taking *t, const struct sent *late);
bool judge_overtaken(const struct taking *t, const struct sent *before);
void judge_note_id(const struct taking *t);
bool judge_skipped(const struct taking *t);
uint32_t judge_path_us(const struct taking *t); /* the least round trip end to end; 0: not known */

/* judge_fate.c */
bool judge_fate(const struct taking *t, struct sent *sent, bool edge, bool alone);
void judge_dsack(const struct taking *t, seq_pos start, seq_pos end);
void judge_repeated(const struct taking *t, const struct sent *sent);

/* judge_time.c */
#define RTO_FLOOR_US 200000 /* Linux's least timeout beyond the round trip */
void judge_time_sample(struct stream *data, uint32_t rtt_us);
uint32_t judge_time_rto(const struct stream *data); /* microseconds, not backed off */

#endif
