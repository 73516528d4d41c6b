/* ack.h - everything that one acknowledgement taught us, as a value handed to RTT, recovery, congestion
 * control and the trace, instead of fields rotting in the connection. */
#ifndef TCP_ACK_H
#define TCP_ACK_H

#include "tcp/conn.h"
#include "tcp/rate.h"

struct seg_in;

struct ack_info {
    seq_pos una_before;
    uint32_t in_flight_before;
    uint32_t acked;  /* bytes newly covered by the cumulative ACK */
    uint32_t sacked; /* bytes newly SACKed */
    bool fin_acked;
    bool duplicate; /* RFC 5681's definition */
    bool window_changed;
    bool was_cwnd_limited;
    bool retransmitted_acked; /* some of the acked bytes had been sent more than once */
    weir_time
        first_sent_at; /* send time of the latest-sent record acked or SACKed that was sent once; 0: none */
    uint32_t ts_ecr; /* echoed timestamp, if has_ts */
    bool has_ts;
    weir_time rtt;           /* the round trip this ACK measured without doubt (Karn); 0: none */
    struct rate_sample rate; /* what it says about the rate of delivery */
    bool ece;                /* ECN: a mark is to be answered */
    uint32_t ce_bytes, ce_segments; /* ECN: newly reported as marked */
    uint32_t
        delivered;    /* bytes newly known to have arrived: acknowledged or SACKed now, without what
                         * was SACKed before; without SACK, a duplicate ACK vouches for one segment */
    uint32_t lost;    /* bytes newly marked lost because of this ACK */
    bool lost_again;  /* some of them had been sent again already */
    bool original;    /* data sent once, before recovery began, has arrived */
    bool dsack;       /* the peer reports a duplicate (RFC 2883) that we had sent again */
    bool dsack_probe; /* the duplicate is the tail loss probe */
    bool is_reordered; /* data sent once arrived after what was sent behind it ... */
    seq_pos reordered; /* ... and this is where the lowest of it starts */
};

/* Step 5 of SEGMENT ARRIVES in a synchronized state. false: the segment is to be dropped (an answer, if
 * any, is owed already). */
bool ack_handle(struct tcp *t, struct tcp_conn *c, const struct seg_in *in);

#endif
