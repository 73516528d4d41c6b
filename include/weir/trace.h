/*
 * trace.h - what the core tells: one typed record per segment and per decision, each with its reason.
 *
 * Records go to the sink of the config (weir_config.trace), and the last N of them are always kept in a
 * ring (weir_ring). A record is plain data of fixed size: it may be copied, stored and compared.
 */
#ifndef WEIR_TRACE_H
#define WEIR_TRACE_H

#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

enum weir_record_type {
    WEIR_RECORD_NONE = 0,
    WEIR_RECORD_OPEN,        /* a connection got its number: u.open */
    WEIR_RECORD_SEGMENT_OUT, /* u.segment; one per super-segment */
    WEIR_RECORD_SEGMENT_IN,  /* u.segment; accepted for a connection, before its effect */
    WEIR_RECORD_DROP,        /* u.drop: a packet, or a segment of a connection, was not used */
    WEIR_RECORD_STATE,       /* u.state */
    WEIR_RECORD_TIMER,       /* u.timer: a timer fired */
    WEIR_RECORD_LOST,        /* u.range: marked lost, `reason` says by whom */
    WEIR_RECORD_CWND,        /* u.cwnd: cwnd or ssthresh changed, `reason` says why */
    WEIR_RECORD_RTT,         /* u.rtt: a sample was taken */
    WEIR_RECORD_LIMIT,       /* u.limit: what limits the sender changed */
    WEIR_RECORD_CLOSED,      /* u.closed: the connection is over */
    WEIR_RECORD_TYPE_COUNT
};

/* Why a packet was dropped. One list for the whole stack; weir_stats.dropped counts by it. */
enum weir_drop {
    WEIR_DROP_NONE = 0,
    /* link layer */
    WEIR_DROP_LINK_DOWN,
    WEIR_DROP_ETH_SHORT,
    WEIR_DROP_ETH_NOT_US,
    WEIR_DROP_ETH_TYPE,
    WEIR_DROP_ARP_MALFORMED,
    /* IP */
    WEIR_DROP_IP_VERSION,
    WEIR_DROP_IP_SHORT,
    WEIR_DROP_IP_HEADER_LENGTH,
    WEIR_DROP_IP_TOTAL_LENGTH,
    WEIR_DROP_IP_CHECKSUM,
    WEIR_DROP_IP_SOURCE,
    WEIR_DROP_IP_NOT_US,
    WEIR_DROP_IP_PROTOCOL,
    WEIR_DROP_IP_OPTION, /* a source route, strict or loose (RFC 7126 4.3, 4.4) */
    WEIR_DROP_IP6_EXTENSION,
    WEIR_DROP_FRAGMENT_MALFORMED,
    WEIR_DROP_FRAGMENT_OVERLAP,
    WEIR_DROP_FRAGMENT_LIMIT,
    WEIR_DROP_FRAGMENT_TIMEOUT,
    /* ICMP */
    WEIR_DROP_ICMP_SHORT,
    WEIR_DROP_ICMP_CHECKSUM,
    WEIR_DROP_ICMP_TYPE,
    WEIR_DROP_ICMP_QUOTE, /* the quoted packet is malformed */
    WEIR_DROP_ICMP_NO_CONNECTION,
    WEIR_DROP_ICMP_SEQUENCE, /* quoted sequence number not in flight (RFC 5927) */
    WEIR_DROP_ICMP_RATE,
    WEIR_DROP_NDP_MALFORMED,
    WEIR_DROP_NDP_HOP_LIMIT,
    /* UDP */
    WEIR_DROP_UDP_SHORT,
    WEIR_DROP_UDP_LENGTH,
    WEIR_DROP_UDP_CHECKSUM,
    WEIR_DROP_UDP_PORT,
    /* TCP, before a connection is found */
    WEIR_DROP_TCP_SHORT,
    WEIR_DROP_TCP_DATA_OFFSET,
    WEIR_DROP_TCP_CHECKSUM,
    WEIR_DROP_TCP_OPTION, /* illegal option length */
    WEIR_DROP_TCP_PORT_ZERO,
    WEIR_DROP_TCP_NO_CONNECTION, /* answered with RST */
    WEIR_DROP_TCP_RST_NO_CONNECTION,
    WEIR_DROP_TCP_BROADCAST, /* SYN to broadcast or multicast (MUST-57) */
    /* TCP, on a listener or half-open entry */
    WEIR_DROP_LISTEN_ACK, /* ACK to a listener: answered with RST */
    WEIR_DROP_LISTEN_RST,
    WEIR_DROP_LISTEN_NOT_SYN,
    WEIR_DROP_LISTEN_FULL,   /* half-open limit */
    WEIR_DROP_BACKLOG_FULL,  /* accept queue */
    WEIR_DROP_SYN_REFUSED,   /* by the application */
    WEIR_DROP_HALF_OPEN_ACK, /* unacceptable ACK: answered with RST */
    WEIR_DROP_HALF_OPEN_RST,
    WEIR_DROP_HALF_OPEN_SEQUENCE,
    /* TCP, on a connection */
    WEIR_DROP_SEQUENCE, /* outside the receive window */
    WEIR_DROP_PAWS,
    WEIR_DROP_RST_SEQUENCE,  /* RST in window but not at rcv_nxt: challenge ACK (RFC 5961) */
    WEIR_DROP_RST_WINDOW,    /* RST outside the window */
    WEIR_DROP_SYN_CHALLENGE, /* SYN on a synchronized connection: challenge ACK */
    WEIR_DROP_NO_ACK,
    WEIR_DROP_ACK_RANGE,    /* ACK of data never sent, or too old (RFC 5961 5) */
    WEIR_DROP_SYN_SENT_ACK, /* unacceptable ACK in SYN-SENT: answered with RST */
    WEIR_DROP_SYN_SENT_RST,
    WEIR_DROP_SYN_SENT_NOTHING, /* neither SYN nor RST */
    WEIR_DROP_DUPLICATE_DATA,   /* nothing new in it */
    WEIR_DROP_AFTER_CLOSE,      /* data for an application that closed: answered with RST */
    WEIR_DROP_AFTER_FIN,        /* data beyond the peer's FIN */
    WEIR_DROP_RECEIVE_BUFFER,   /* no room */
    WEIR_DROP_REASSEMBLY_LIMIT,
    WEIR_DROP_TIME_WAIT,
    WEIR_DROP_CHALLENGE_LIMIT, /* challenge ACK suppressed by the rate limit */
    /* anywhere */
    WEIR_DROP_NO_MEMORY,
    WEIR_DROP_REPLY_RING, /* the ring of connectionless replies is full */
    WEIR_DROP_NO_ROUTE,
    WEIR_DROP_NO_NEIGHBOR,
    WEIR_DROP_OFFLOAD,      /* the device's offload fields make no sense */
    WEIR_DROP_ECN_CONFLICT, /* SYNs of one handshake ask for different kinds of ECN: answered with RST */
    /* authentication (RFC 5925, RFC 2385) */
    WEIR_DROP_AUTH_MISSING,    /* no MAC where there must be one */
    WEIR_DROP_AUTH_UNEXPECTED, /* a TCP-MD5 option where no key is */
    WEIR_DROP_AUTH_KEY,        /* a KeyID that nobody knows */
    WEIR_DROP_AUTH_MAC,        /* the MAC is wrong */
    WEIR_DROP_AUTH_ICMP,       /* an ICMP error that anybody could have made up (RFC 5925 7.8) */
    WEIR_DROP_UDP_BUFFER,      /* the socket's receive buffer is full */
    /* IGMP, MLD */
    WEIR_DROP_GROUP_MALFORMED, /* lengths or addresses make no sense */
    WEIR_DROP_GROUP_TYPE,      /* no such message */
    WEIR_DROP_GROUP_UNTRUSTED, /* not from this link: hop limit, source or Router Alert is wrong */
    WEIR_DROP_ROUTER_SOURCE,   /* a router advertisement not from a link-local address */
    WEIR_DROP_ROUTER_MALFORMED, /* lengths of a router advertisement make no sense (RFC 4861 6.1.2) */
    WEIR_DROP_RAW_CHECKSUM,     /* WEIR_RAW_CHECKSUM_OFFSET: it is wrong there */
    WEIR_DROP_DHCP_MALFORMED,   /* no DHCP message, or an option's length makes no sense */
    WEIR_DROP_DHCP_UNEXPECTED, /* not for us, or not for the state that the client is in */
    WEIR_DROP_COUNT
};
WEIR_API const char *weir_drop_name(enum weir_drop drop); /* "tcp-checksum" */

/* Why a decision was taken. */
enum weir_reason {
    WEIR_REASON_NONE = 0,
    WEIR_REASON_USER_CONNECT,
    WEIR_REASON_USER_CLOSE,
    WEIR_REASON_USER_SHUTDOWN,
    WEIR_REASON_USER_ABORT,
    WEIR_REASON_UNREAD_DATA, /* closed with unread data: RST */
    WEIR_REASON_DATA_AFTER_CLOSE,
    WEIR_REASON_SYN_IN,
    WEIR_REASON_SYN_ACK_IN,
    WEIR_REASON_ACK_IN,
    WEIR_REASON_FIN_IN,
    WEIR_REASON_RST_IN,
    WEIR_REASON_FIN_ACKED,
    WEIR_REASON_ICMP,
    WEIR_REASON_RTO,
    WEIR_REASON_DUP_ACKS, /* three duplicate ACKs */
    WEIR_REASON_SACK,     /* three segments' worth SACKed above */
    WEIR_REASON_PARTIAL_ACK,
    WEIR_REASON_SLOW_START,
    WEIR_REASON_CONGESTION_AVOIDANCE,
    WEIR_REASON_RECOVERY_ENTER,
    WEIR_REASON_RECOVERY_EXIT,
    WEIR_REASON_IDLE_RESTART,
    WEIR_REASON_PROBE, /* zero-window probe */
    WEIR_REASON_KEEPALIVE,
    WEIR_REASON_DELAYED_ACK,
    WEIR_REASON_TIME_WAIT_OVER,
    WEIR_REASON_R1,
    WEIR_REASON_R2,
    WEIR_REASON_SYN_TIMEOUT,
    WEIR_REASON_NO_MEMORY,
    WEIR_REASON_BACKLOG,
    WEIR_REASON_STACK_DEL,
    WEIR_REASON_PMTU,
    WEIR_REASON_SIMULTANEOUS_OPEN,
    WEIR_REASON_SYN_RETRANSMIT,
    WEIR_REASON_TIME_WAIT_REUSED,
    WEIR_REASON_BAD_OPTION,
    WEIR_REASON_FRAME_DROPPED, /* the device said the frame was not sent */
    WEIR_REASON_NEIGHBOR,
    WEIR_REASON_HYSTART,      /* slow start is conservative: the delay grows (RFC 9406) */
    WEIR_REASON_HYSTART_EXIT, /* and ends before there was a loss */
    WEIR_REASON_BBR_STARTUP,  /* BBR's states, as each is entered and while it lasts */
    WEIR_REASON_BBR_DRAIN,
    WEIR_REASON_BBR_PROBE_DOWN,
    WEIR_REASON_BBR_PROBE_CRUISE,
    WEIR_REASON_BBR_PROBE_REFILL,
    WEIR_REASON_BBR_PROBE_UP,
    WEIR_REASON_BBR_PROBE_RTT,
    WEIR_REASON_ECN,                 /* marks on the way (RFC 3168, 8257, 9768) */
    WEIR_REASON_RACK,                /* sent before what has arrived (RFC 8985) */
    WEIR_REASON_LOST_RETRANSMISSION, /* the same, and it had been sent again already */
    WEIR_REASON_TLP,                 /* a tail loss probe found, or repaired, a loss */
    WEIR_REASON_UNDO,                /* everything sent again was needless */
    WEIR_REASON_FRTO,                /* the timeout was spurious (RFC 5682) */
    WEIR_REASON_DSACK,               /* the peer reported duplicates (RFC 2883) */
    WEIR_REASON_EIFEL,               /* the echoed timestamp is the original's (RFC 3522) */
    WEIR_REASON_RECOVERY,            /* proportional rate reduction (RFC 9937) */
    WEIR_REASON_MTU_PROBE,           /* a probe was too big for the path (RFC 4821) */
    WEIR_REASON_BLACK_HOLE, /* the path drops large segments without a word: smaller ones */
    WEIR_REASON_ORPHANS, /* closed by the application, and there were too many such or it took too long */
    WEIR_REASON_COUNT
};
WEIR_API const char *weir_reason_name(enum weir_reason reason); /* "dup-acks" */

/* What limits the sender. */
enum weir_limit {
    WEIR_LIMIT_NONE = 0, /* nothing: sending */
    WEIR_LIMIT_APP,      /* no data */
    WEIR_LIMIT_CWND,
    WEIR_LIMIT_WINDOW,      /* the peer's receive window */
    WEIR_LIMIT_SEND_BUFFER, /* the application is blocked by the send buffer */
    WEIR_LIMIT_PACING,
    WEIR_LIMIT_NAGLE,
    WEIR_LIMIT_NEIGHBOR,
    WEIR_LIMIT_RECOVERY, /* what was lost goes first, as fast as recovery lets it */
    WEIR_LIMIT_COUNT
};
WEIR_API const char *weir_limit_name(enum weir_limit limit);

enum weir_timer {
    WEIR_TIMER_RTO = 0,
    WEIR_TIMER_DELAYED_ACK,
    WEIR_TIMER_PERSIST,
    WEIR_TIMER_KEEPALIVE,
    WEIR_TIMER_TIME_WAIT,
    WEIR_TIMER_SYN_ACK,
    WEIR_TIMER_SWS_OVERRIDE,
    WEIR_TIMER_REORDER, /* RACK's: what is missing is late by now (RFC 8985) */
    WEIR_TIMER_PROBE,   /* tail loss probe */
    WEIR_TIMER_COUNT
};
WEIR_API const char *weir_timer_name(enum weir_timer timer);

/* TCP flags as in the header's 13th and 14th byte. */
enum weir_tcp_flags {
    WEIR_TCP_FIN = 0x01,
    WEIR_TCP_SYN = 0x02,
    WEIR_TCP_RST = 0x04,
    WEIR_TCP_PSH = 0x08,
    WEIR_TCP_ACK = 0x10,
    WEIR_TCP_URG = 0x20,
    WEIR_TCP_ECE = 0x40,
    WEIR_TCP_CWR = 0x80,
    WEIR_TCP_AE = 0x100
};

#define WEIR_SACK_BLOCKS_MAX 4

/* Segment records: `options` says which of the option fields are meaningful. */
enum weir_segment_options {
    WEIR_SEGMENT_MSS = 1 << 0,
    WEIR_SEGMENT_WSCALE = 1 << 1,
    WEIR_SEGMENT_SACK_PERMITTED = 1 << 2,
    WEIR_SEGMENT_TIMESTAMPS = 1 << 3,
    WEIR_SEGMENT_SACK = 1 << 4,
    WEIR_SEGMENT_UNKNOWN = 1 << 5,
    WEIR_SEGMENT_MD5 = 1 << 8,          /* RFC 2385 */
    WEIR_SEGMENT_AO = 1 << 9,           /* RFC 5925 */
    WEIR_SEGMENT_ACCECN = 1 << 10,      /* RFC 9768 */
    WEIR_SEGMENT_FASTOPEN = 1 << 11,    /* RFC 7413, also in the experimental option */
    WEIR_SEGMENT_USER_TIMEOUT = 1 << 12 /* RFC 5482 */
};

enum weir_segment_notes {
    WEIR_NOTE_RETRANSMISSION = 1 << 0,
    WEIR_NOTE_ZERO_WINDOW_PROBE = 1 << 1,
    WEIR_NOTE_KEEPALIVE = 1 << 2,
    WEIR_NOTE_DUPLICATE_ACK = 1 << 3,
    WEIR_NOTE_CHALLENGE_ACK = 1 << 4,
    WEIR_NOTE_WINDOW_UPDATE = 1 << 5,
    WEIR_NOTE_TAIL_LOSS_PROBE = 1 << 6,
    WEIR_NOTE_SYN_COOKIE = 1 << 7, /* this SYN,ACK is a cookie: nothing is remembered */
    WEIR_NOTE_MTU_PROBE = 1 << 8   /* larger than what is known to pass (RFC 4821) */
};

struct weir_record_segment {
    uint32_t seq, ack; /* wire numbers */
    uint32_t length;   /* payload bytes */
    uint32_t window;   /* bytes, scaled (unscaled in SYNs) */
    uint16_t flags;    /* enum weir_tcp_flags */
    uint16_t gso_size; /* payload per wire segment of a super-segment, else 0 */
    uint16_t options;  /* enum weir_segment_options */
    uint16_t notes;    /* enum weir_segment_notes */
    uint8_t sack_count;
    uint8_t wscale;
    uint16_t mss;
    uint16_t transmission; /* out: 1 = first, 2 = first retransmission, ... */
    uint32_t ts_val, ts_ecr;
    uint32_t sack[WEIR_SACK_BLOCKS_MAX][2]; /* [start, end) wire numbers */
    uint8_t ecn; /* IP header: 0 not ECN-capable, 1 ECT(1), 2 ECT(0), 3 CE */
};

struct weir_record {
    weir_time time;
    uint8_t type; /* enum weir_record_type */
    uint8_t reserved;
    uint16_t link;
    uint32_t id; /* the connection's number, 1.. in order of birth; 0: none */
    union {
        struct weir_record_segment segment;
        struct {
            struct weir_endpoint local, remote; /* 2 * 28 bytes */
            uint8_t passive;
        } open;
        struct {
            uint16_t drop; /* enum weir_drop */
            uint16_t flags;
            uint32_t seq, ack, length; /* TCP only */
        } drop;
        struct {
            uint8_t from, to; /* enum weir_tcp_state */
            uint16_t reason;
        } state;
        struct {
            uint8_t timer; /* enum weir_timer */
            uint8_t count; /* how many times in a row */
            uint16_t reserved;
            uint32_t reserved2;
            weir_time next; /* interval until it fires again, 0: not */
        } timer;
        struct {
            uint32_t seq, length;
            uint16_t reason;
        } range;
        struct {
            uint32_t cwnd, ssthresh; /* bytes, after */
            uint32_t cwnd_before;
            uint32_t inflight;
            uint16_t reason;
        } cwnd;
        struct {
            weir_time sample, srtt, rttvar, rto;
        } rtt;
        struct {
            uint8_t limit; /* enum weir_limit */
            uint8_t before;
        } limit;
        struct {
            int32_t error; /* enum weir_error; 0: orderly */
            uint16_t reason;
        } closed;
    } u;
};

#ifdef __cplusplus
}
#endif
#endif
