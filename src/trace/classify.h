/*
 * classify.h - what a segment is, judged by what both sides sent before it: new data or the same again,
 * a duplicate ACK, a probe, a keep-alive.
 *
 * Only what is certain: at the sender's side every byte sent twice is a retransmission; at a tap that
 * never saw the first copy, a segment below the highest number only "fills a gap". Why something was
 * retransmitted, and whether that was needed, is for a later stage that knows round-trip times and SACK.
 */
#ifndef TRACE_CLASSIFY_H
#define TRACE_CLASSIFY_H

#include "base/seq.h"
#include "trace/ladder.h"

/* Numbers that were sent for the first time by one segment. */
struct sent_range {
    seq_pos start, end;
    uint32_t number; /* of that segment */
    uint32_t last;   /* index of the segment that carried them last */
    uint32_t copies; /* retransmissions so far */
};

/* What is known about one direction so far. */
struct direction {
    bool started, syn_seen, syn_ack_seen, fin_sent, fin_acked;
    uint32_t isn, syn_number;
    uint32_t syn_copies;
    seq_pos snd_max; /* one past the highest number sent */
    seq_pos fin_position;
    struct sent_range *sent; /* sorted, disjoint */
    uint32_t sent_count, sent_room;
    uint64_t bytes; /* payload, each byte once */
    /* acknowledgements sent in this direction */
    bool ack_seen, window_seen;
    bool wscale_offered;
    uint8_t wscale;
    uint32_t last_ack;
    uint16_t last_window;  /* as on the wire, not of SYNs */
    uint32_t shown_window; /* scaled: the last one worth showing */
    uint32_t dup_acks;
    uint32_t probes;        /* zero-window probes or keep-alives sent in a row */
    bool owes_probe_answer; /* the other side probed */
    uint32_t last_index;    /* of the last segment */
    bool last_known;
};

struct classify {
    struct direction dir[2]; /* by enum trace_side of the sender */
    bool handshake_done;
};

void classify_init(struct classify *c);
void classify_free(struct classify *c);

/* Judges all[index]; the segments before it (in the order of calls) are known. Fills class, facts, count,
 * first, acked_from and window, and marks earlier copies of the same bytes. `duplicate`: known to be a
 * copy made by the network. WEIR_OK or WEIR_ENOBUFS. */
int classify_segment(struct classify *c, struct ladder_segment *all, uint32_t index,
                     bool duplicate);

#endif
