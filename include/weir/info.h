/*
 * info.h - what a connection and a stack tell of themselves. Included by weir.h, whose head says the rules.
 */
#ifndef WEIR_INFO_H
#define WEIR_INFO_H

#include <weir/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* RFC 9293's states, in its order. */
enum weir_tcp_state {
    WEIR_TCP_CLOSED = 0,
    WEIR_TCP_LISTEN,
    WEIR_TCP_SYN_SENT,
    WEIR_TCP_SYN_RECEIVED,
    WEIR_TCP_ESTABLISHED,
    WEIR_TCP_FIN_WAIT_1,
    WEIR_TCP_FIN_WAIT_2,
    WEIR_TCP_CLOSE_WAIT,
    WEIR_TCP_CLOSING,
    WEIR_TCP_LAST_ACK,
    WEIR_TCP_TIME_WAIT,
    WEIR_TCP_STATE_COUNT
};
WEIR_API const char *weir_tcp_state_name(enum weir_tcp_state state); /* "SYN-RECEIVED" */

/* What loss recovery is doing. */
enum weir_recovery {
    WEIR_RECOVERY_OPEN = 0,
    WEIR_RECOVERY_DISORDER, /* duplicate ACKs or SACKs, but no loss yet */
    WEIR_RECOVERY_CWR,      /* reducing cwnd because of ECN */
    WEIR_RECOVERY_FAST,     /* fast recovery */
    WEIR_RECOVERY_LOSS      /* after a retransmission timeout */
};

#define WEIR_LIMITS_MAX 16

struct weir_tcp_info {
    uint32_t
        size; /* in: sizeof(struct weir_tcp_info); fields beyond an older size are not written */
    uint8_t state;                         /* enum weir_tcp_state */
    bool window_scaling, timestamps, sack; /* negotiated */
    uint8_t snd_wscale, rcv_wscale;
    uint16_t snd_mss, rcv_mss; /* payload bytes per segment, options taken off */
    uint16_t peer_mss;         /* announced, or the default 536/1220 */
    int error;                 /* why it ended or the last soft error; 0 */
    struct weir_endpoint local, remote;
    uint32_t link;
    uint32_t id; /* the connection's number in trace records */
    uint32_t cwnd_bytes, ssthresh_bytes, snd_wnd_bytes, rcv_wnd_bytes;
    uint32_t unacked_bytes; /* sent, not acknowledged */
    uint32_t unsent_bytes;  /* in the send buffer, not sent */
    uint32_t unread_bytes;  /* in the receive queue */
    weir_time srtt, rttvar, rto, min_rtt;
    uint64_t bytes_sent, bytes_acked, bytes_received, bytes_retransmitted;
    uint64_t segments_sent, segments_received, segments_retransmitted;
    uint32_t rto_count, fast_retransmit_count, zero_window_probe_count;
    uint8_t congestion; /* enum weir_congestion: who is at work now */
    bool app_limited;   /* delivery_rate says what the application gave, not what the path can */
    uint16_t phase; /* of the algorithm: the enum weir_reason the trace gives (slow start, ...) */
    uint64_t pacing_rate; /* bytes per second, that of pacing or what it would be; 0: unknown */
    uint64_t
        delivery_rate; /* bytes per second, of the latest ACKs; 0: not measured since it was idle */
    uint32_t accept_queue, backlog; /* listeners: entries now, and their limit */
    uint32_t half_open;             /* listeners: half-open entries */
    uint8_t ecn;                    /* enum weir_ecn_feedback */
    bool ecn_capable;               /* new data is sent with ECT */
    uint64_t delivered_ce,
        delivered_ce_bytes; /* segments and bytes of ours that the peer reports as marked */
    uint64_t ce_received, ce_received_bytes; /* marked segments that came, and their payload */
    uint8_t recovery;                        /* enum weir_recovery */
    uint32_t sacked_segments;                /* of what is unacknowledged: SACKed ... */
    uint32_t lost_segments;       /* ... held to be lost, whether sent again or not ... */
    uint32_t repeated_segments;   /* ... in flight for the second time or more */
    uint32_t reordering_segments; /* widest displacement seen on this path; 3 at least */
    uint32_t reordering_count;    /* how often one was seen (RFC 8985) */
    uint32_t undo_count;          /* reductions of cwnd taken back (RFC 3522, 3708, 5682) */
    uint32_t spurious_rto_count;  /* timeouts among them */
    uint32_t tail_probe_count;    /* tail loss probes sent (RFC 8985 7) */
    uint32_t dsack_received_count, dsack_sent_count; /* duplicates reported (RFC 2883) */
    uint32_t lost_retransmission_count;              /* times that a retransmission was lost */
    int soft_error;    /* last ICMP, neighbour or R1 trouble that did not end it; 0 */
    uint32_t path_mtu; /* IP bytes of a packet to the peer; 0: not looked up yet */
    weir_time age;     /* since ESTABLISHED; of a connection that is over, how long it was */
    weir_time limited
        [WEIR_LIMITS_MAX]; /* by enum weir_limit of trace.h: what held the sender back, and for
                                         * how long; sums to age */
    weir_time busy_time;   /* with something queued or unacknowledged */
    weir_time since_data_sent, since_data_received, since_received; /* or since ESTABLISHED */
    weir_time ack_delay;                                            /* how long an ACK waits now */
    uint32_t receive_buffer, send_buffer;                           /* as they are now */
    uint32_t send_room;     /* bytes that send would take now */
    weir_time receive_rtt;  /* round trip as the receiver sees it; 0: unknown */
    uint32_t receive_space; /* most bytes read in one */
    uint32_t data_segments_sent, data_segments_received, out_of_order_segments;
    uint64_t delivered_bytes; /* of ours, that arrived: acknowledged or SACKed */
    uint16_t announced_mss;
    uint8_t backoff, probes_unanswered;
    uint64_t max_pacing_rate; /* bytes per second, 0: no limit */
    bool syn_data; /* data in the SYN was used: ours was acknowledged, or theirs was taken */
    uint32_t syn_bytes_delivered; /* of our SYN; they are among delivered_bytes */
    /* AccECN's other byte counters (RFC 9768 3.2.1): of ours as the peer reports it, of theirs as it came */
    uint64_t delivered_ect0_bytes, delivered_ect1_bytes, ect0_received_bytes, ect1_received_bytes;
    bool
        mtu_probing; /* segments are as large as is known to pass, and larger ones are tried (RFC 4821) */
    uint32_t mtu_probe_count,
        mtu_probe_lost_count; /* larger segments tried; found to be too large */
    weir_time
        user_timeout; /* how long data may stay unacknowledged: the option, or what came of the peer's */
    weir_time peer_user_timeout; /* as the peer told (RFC 5482), 0: it did not */
    uint32_t black_hole_count;   /* how often segments became smaller because nothing arrived */
};

/* ---- Counters of a stack --------------------------------------------------------------------------- */

#define WEIR_DROP_REASONS_MAX 96

struct weir_stats {
    uint32_t size;
    uint64_t frames_in, frames_out, bytes_in, bytes_out;
    uint64_t dropped[WEIR_DROP_REASONS_MAX]; /* by enum weir_drop of trace.h */
    uint64_t bytes_copied_in;                /* application to stack */
    uint64_t bytes_copied_out;               /* stack to application */
    uint64_t bytes_copied_within;            /* small payloads copied out of large buffers */
    uint64_t memory_bytes, memory_bytes_max; /* from the allocator */
    uint32_t connections, half_open, time_wait, listeners;
    uint32_t frames_out_now, buffers_out_now;
    /* SYN cookies: sent, connections made from them, ACKs that were no (or too old) cookies */
    uint64_t syncookies_sent, syncookies_received, syncookies_failed;
    /* Fast Open: our SYN data that the SYN,ACK took, or did not; connections made by a SYN, SYNs whose cookie was
     * wrong, cookies given, SYNs that found fastopen_queue full */
    uint64_t fastopen_active, fastopen_active_failed, fastopen_passive, fastopen_passive_failed,
        fastopen_cookies, fastopen_overflow;
    uint32_t orphans;       /* closed by the application and not over yet, TIME-WAIT aside */
    uint64_t orphans_reset; /* because there were orphans_max already */
};

#ifdef __cplusplus
}
#endif
#endif
