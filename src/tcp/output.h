/*
 * output.h - what is due, in a fixed order, one segment (or super-segment) a turn.
 *
 * tcp_due only looks; tcp_output makes the segment and books it as sent. stack/ finds the path and has the
 * frame's memory ready before it calls tcp_output, so that nothing is booked that cannot leave.
 */
#ifndef TCP_OUTPUT_H
#define TCP_OUTPUT_H

#include "tcp/chunksum.h"
#include "tcp/sendq.h"

enum tcp_due {
    TCP_DUE_NOTHING = 0,
    TCP_DUE_RST,
    TCP_DUE_SYN,
    TCP_DUE_SYN_ACK,
    TCP_DUE_OWED_ACK, /* one of acks_owed: alone, without data */
    TCP_DUE_CHALLENGE,
    TCP_DUE_PROBE,
    TCP_DUE_KEEPALIVE,
    TCP_DUE_RETRANSMIT,
    TCP_DUE_DATA, /* new data, FIN */
    TCP_DUE_ACK,
    TCP_DUE_WINDOW,
    TCP_DUE_ECN_ACK,    /* ECN's own: alone, before everything else (ecn.h) */
    TCP_DUE_TAIL_PROBE, /* tlp.h: new data, or the last segment again */
    TCP_DUE_MTU_PROBE   /* mtuprobe.h: new data */
};

/* What would leave now. Also keeps the reason why nothing more does (trace_limit). */
enum tcp_due tcp_due(struct tcp *t, struct tcp_conn *c);

struct tcp_emit_limits {
    uint32_t mtu;        /* IP bytes of a packet on the link: what an MSS option may promise */
    uint32_t super_size; /* IP bytes of a super-segment at most; <= mtu: none */
    bool sum_payload;    /* software computes checksums: what is known of them is wanted */
};

struct tcp_emit {
    struct tcp_segment segment; /* payload unused: the bytes are in the slices */
    uint32_t payload_slices;
    struct weir_slice slices[SENDQ_SLICES];
    struct weir_buffer *buffers[SENDQ_SLICES];
    uint32_t payload_size;
    uint16_t gso_size; /* != 0: more than one wire segment */
    bool summed;       /* `sums` holds something: sums of payload by wire segment, 0: not known */
    uint16_t sums[CHUNKSUM_MAX];
    seq_pos start, end; /* range booked in the scoreboard; equal: none */
};

/* Makes the next due segment. false: nothing is due, or memory for its record is missing (then the
 * connection tries again shortly). */
bool tcp_output(struct tcp *t, struct tcp_conn *c, const struct tcp_emit_limits *limits,
                struct tcp_emit *e);

/* RST for a segment without a connection (RFC 9293 3.10.7.1). */
void tcp_make_rst(const struct tcp_segment *in, struct tcp_segment *out);

/* payload + options per wire segment on a path of that MTU. */
uint16_t tcp_mss_base(const struct tcp_conn *c, uint32_t mtu);

#endif
