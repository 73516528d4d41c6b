/*
 * conn.h - one TCP connection, and what all connections of a stack share. Private to tcp/ and stack/.
 *
 * Sequence space is 64 bits wide here (base/seq.h). A connection's send sequence space is
 *
 *     iss | data ...                                             | FIN
 *         snd_una        snd_nxt                 snd_end (data)   snd_end + 1 if fin_queued
 *
 * [snd_una, snd_nxt) is covered by transmission records (scoreboard.c), one per super-segment; a FIN counts
 * as one byte of the last record. Retransmission never moves snd_nxt back: a record is marked lost and is
 * sent again. The SYN has no record.
 *
 * The connection has plain deadlines; the wheel holds one entry per connection for their minimum
 * (timeout.c). Input and user calls only change state; tcp_due (output.c) says what would be sent now.
 */
#ifndef TCP_CONN_H
#define TCP_CONN_H

#include "base/address.h"
#include "base/env.h"
#include "base/pool.h"
#include "base/seq.h"
#include "base/wheel.h"
#include "wire/tcp.h"

#define TCP_WSCALE_MAX 14
#define TCP_MSS_DEFAULT4 536
#define TCP_MSS_DEFAULT6 1220
#define TCP_RTO_INITIAL (1 * WEIR_S)
#define TCP_RTO_FALLBACK (3 * WEIR_S) /* RFC 6298 5.7: after a lost SYN */
#define TCP_RTO_MIN (200 * WEIR_MS)   /* most that rto_min may be */
#define TCP_RTO_MAX (120 * WEIR_S) /* most that rto_max may be, which is TCP_RTO_INITIAL at least */
#define TCP_DUP_THRESHOLD 3
#define TCP_CHALLENGE_PER_SECOND 100 /* per stack, RFC 5961 7 */
#define TCP_PAWS_IDLE (24ULL * 86400 * WEIR_S)
#define TCP_MEMORY_RETRY (10 * WEIR_MS)
#define TCP_SWS_OVERRIDE (200 * WEIR_MS)
#define TCP_PROBE_MSS_MIN 48u /* as Linux */
#define TCP_BUFFER_MIN 256u
#define TCP_BUFFER_MAX (1u << 30)
#define TCP_BUFFER_INITIAL 65536u /* of an automatic one */

struct tcp_keychain; /* auth.h */

/* Options of connections, shared and counted: a connection has 8 bytes for them. Changed by copying. */
struct tcp_settings {
    struct weir_tcp_options o; /* its `keys` is NULL: they are in the chain */
    struct tcp_keychain *keys; /* or NULL */
    uint32_t references;
};

/* ---- Transmission records ------------------------------------------------------------------------- */

enum tx_flags {
    TX_SACKED = 1 << 0,
    TX_LOST = 1 << 1,          /* to be sent again; not in flight */
    TX_RETRANSMITTED = 1 << 2, /* sent more than once */
    TX_FIN = 1 << 3,           /* the last byte is the FIN */
    TX_UNSENT = 1 << 4,        /* the device dropped it once: no sign of congestion */
    TX_REPAIR = 1 << 5,        /* was lost, and what is in flight now is its repetition */
    TX_PSH = 1 << 6,           /* its last segment has PSH */
    TX_APP_LIMITED = 1 << 7    /* sent while the path waited for the application (rate.h) */
};

struct tx_record {
    uint32_t next, prev; /* by sequence; indexes into tcp->records */
    seq_pos start;
    uint32_t size;
    uint16_t segment; /* payload bytes of a wire segment when it was sent */
    uint8_t flags;
    uint8_t frames_out; /* frames of this range that the device still holds */
    weir_time sent_at;  /* of the latest transmission */
    /* for rate samples (rate.h), as it was then: */
    weir_time delivered_at;
    uint32_t delivered, lost;      /* conn->delivered, flight->rate.lost */
    uint32_t tx_in_flight;         /* this record included */
    uint32_t send_elapsed_us;      /* since the first of this flight was sent */
    uint32_t time_next, time_prev; /* in flight: by order of transmission (rack.h) */
};

enum flight_send_flags {
    FLIGHT_MORE = 1 << 0,    /* the last write said that more follows */
    FLIGHT_PUSH = 1 << 1,    /* all that is queued may go, Nagle or not */
    FLIGHT_RECORDS = 1 << 2, /* some buffers of the queue end a record (sendq.h) */
};

/* ---- The flight block: only while something is queued or outstanding ------------------------------ */

/* rate.h and pacer.h */
struct tcp_rate {
    weir_time first_sent_at; /* of the record that was sent last of those that arrived */
    weir_time next_send_at;  /* pacing: not before */
    uint32_t app_limited;    /* until conn->delivered (low half) exceeds this; 0: not */
    uint32_t lost;           /* bytes ever marked lost by congestion */
    uint32_t last : 30;      /* the last delivery rate, in units of 64 bytes per second */
    uint32_t last_app_limited : 1;
    uint32_t pacing_waits : 1; /* something is due at next_send_at */
};

/* cwv.h; positions are the low halves of seq_pos */
struct tcp_cwv {
    uint32_t round_end;
    uint32_t max_out : 31; /* bytes outstanding in this round */
    uint32_t limited : 1;
    uint32_t pipe_end, pipe_start; /* of the sample being taken: position, conn->delivered */
    uint32_t pipe_ack : 31;        /* 0: undefined */
    uint32_t pipe_started : 1;
    uint32_t pipe_at_ms;
};

/* hystart.h; times in microseconds, 0: none */
struct tcp_hystart {
    uint32_t round_end;
    uint32_t last_min_us, current_min_us, baseline_us;
    uint8_t samples, css_rounds, started, conservative;
    uint32_t train_from_us, train_at_us; /* first ACK of the round; last one of its train so far */
};

struct tcp_flight {
    uint32_t push_at; /* wire number where a write without MORE ended last; the pool's, when free */
    uint32_t index;   /* of this block in its pool */
    struct weir_buffer *sendq_head, *sendq_tail;
    struct weir_buffer *sendq_cursor; /* holds or precedes snd_nxt; NULL: start at head */
    uint32_t sendq_charge;
    uint32_t tx_head, tx_tail;
    uint32_t rtx_hint; /* no lost record before it; 0: start at tx_head */
    uint32_t sacked_bytes, lost_bytes;
    uint32_t reno_sacked; /* bytes that duplicate ACKs without SACK say have left */
    uint16_t dup_acks;
    uint8_t early : 2;          /* enum tcp_early: what early_at is for */
    uint8_t frto : 2;           /* enum tcp_frto */
    uint8_t tlp_due : 1;        /* a probe is to be sent */
    uint8_t tlp_repeats : 1;    /* the probe that is out repeated old data */
    uint8_t sum_payload : 1;    /* what left last needed its checksum from software (chunksum.h) */
    uint8_t mark_soon : 1;      /* the super-segment behind mark_at has a mark too */
    uint8_t send_flags;         /* enum flight_send_flags */
    seq_pos recover;            /* snd_nxt when recovery began; one below snd_una: never */
    weir_time retransmit_since; /* first unanswered transmission; 0: none */
    weir_time delivered_at;
    uint32_t time_head, time_tail; /* records in flight, by order of transmission */
    uint32_t sacked_segments;      /* wire segments in sacked_bytes */
    uint32_t rack_rtt_us;          /* how long the one below took */
    weir_time rack_sent_at;        /* of the latest sent segment that is known to have arrived */
    seq_pos rack_end;              /* where it ends */
    seq_pos fack;                  /* highest position known to have arrived */
    weir_time early_at;            /* a deadline before the RTO's; 0: none */
    seq_pos tlp_end;               /* snd_nxt when a tail loss probe left; 0: none is out */
    /* wire numbers: nothing here is older than a window */
    uint32_t small_end; /* of the last segment sent that was not full-sized (Minshall) */
    uint32_t mark_at;   /* the next PSH within what is queued; not ahead: none (push.h) */
    struct tcp_rate rate;
    struct tcp_cwv cwv;
    struct tcp_hystart hystart;
};

/* What an idle connection points to: reads as empty, is never written. */
extern const struct tcp_flight tcp_flight_none;

/* ---- The connection ------------------------------------------------------------------------------------ */

enum tcp_place { TCP_PLACE_NONE = 0, TCP_PLACE_READY, TCP_PLACE_NEIGHBOR };
enum tcp_timer_mode {
    TCP_MODE_NONE = 0,
    TCP_MODE_RTO,
    TCP_MODE_PERSIST,
    TCP_MODE_SWS,
    TCP_MODE_LINGER
};
enum tcp_recovery {
    TCP_OPEN = 0,
    TCP_RECOVERY, /* fast recovery */
    TCP_LOSS,     /* after the retransmission timer */
    TCP_CWR       /* the window is being reduced without a loss (ECN) */
};
enum tcp_early { TCP_EARLY_NONE = 0, TCP_EARLY_REORDER, TCP_EARLY_PROBE };
enum tcp_frto {
    TCP_FRTO_OFF = 0,
    TCP_FRTO_FIRST, /* waits for the first ACK after the timeout */
    TCP_FRTO_NEW    /* sends new data instead of what seems lost, and waits for what that says */
};

struct reassembly;
struct cc_algorithm; /* cc.h */
struct bbr;

struct tcp_conn {
    uint32_t hash_next;  /* demux; the pool's free list when free */
    uint32_t generation; /* 0: free */
    struct ip_addr local, remote;
    uint16_t local_port, remote_port;
    uint32_t id;    /* in traces */
    uint32_t index; /* in its pool */

    struct wheel_entry timer;
    uint32_t place_next, place_prev; /* ready FIFO or a neighbour's waiting list */
    uint32_t event_next;
    uint32_t accept_next; /* listener's accept queue */
    uint32_t listener;    /* index while in its accept queue, else 0 */
    uint32_t touched_next;
    uint16_t events; /* enum weir_event_bits waiting to be pulled */
    uint8_t place;   /* enum tcp_place */
    uint8_t state;   /* enum weir_tcp_state; written by state.c only */

    /* path, kept for stack/ */
    uint32_t path_generation, path_neighbor;
    uint16_t path_link, path_mtu;
    uint16_t ip_id;
    uint16_t bound_link; /* 0xffff: any */

    uint32_t in_event_list : 1, touched : 1, orphan : 1, passive : 1;
    uint32_t window_scaling : 1, timestamps : 1, sack : 1, nodelay : 1;
    uint32_t fin_queued : 1, fin_sent : 1, fin_received : 1;
    uint32_t rst_pending : 1, syn_due : 1, probe_due : 1, keepalive_due : 1;
    uint32_t ack_now : 1, write_blocked : 1, r1_reported : 1;
    uint32_t in_demux : 1, simultaneous : 1, sws_override : 1, closed_reported : 1;
    uint32_t challenge_due : 1;
    uint32_t auth : 2; /* 0: not authenticated; else enum weir_auth + 1 */
    uint32_t ecn : 1, accecn : 1, urgent_out : 1, urgent_in : 1;
    uint32_t accecn_option : 1; /* the next segment has AccECN's byte counters */
    uint32_t cork : 1;
    uint32_t fastopen : 1; /* its cold block says how (fastopen.h) */

    /* send */
    uint32_t iss, irs;
    seq_pos snd_una, snd_nxt, snd_end;
    uint32_t snd_wl1, snd_wl2; /* wire numbers */
    uint32_t snd_wnd, max_snd_wnd;
    uint16_t peer_mss; /* announced or default */
    uint16_t mss_base; /* min(peer_mss, path MTU - headers, clamp): payload + TCP options */
    uint8_t snd_wscale, rcv_wscale;
    uint8_t recovery;          /* enum tcp_recovery */
    uint8_t timer_mode;        /* enum tcp_timer_mode: what `rto_at` is for */
    uint8_t backoff;           /* RTO doublings */
    uint8_t probes;            /* zero-window or keep-alive probes unanswered */
    uint8_t quick;             /* quickack.c: segments still to be acknowledged at once */
    uint8_t ato_ms;            /* quickack.c: how long an ACK waits; 0: no data came yet */
    uint8_t ack_flags;         /* enum quickack_flags */
    struct tcp_flight *flight; /* &tcp_flight_none when idle */

    /* congestion */
    uint32_t cwnd, ssthresh;
    const struct cc_algorithm *cc;
    union {
        struct {
            uint32_t acked; /* bytes since cwnd last grew by one segment */
        } newreno;
        struct {
            uint64_t credit; /* growth of less than a byte so far, in segments << 10 times bytes */
            uint32_t w_max, w_est, cwnd_prior; /* segments << 10 */
            uint32_t k_ms, epoch_ms;           /* epoch_ms 0: begins with the next ACK */
            uint32_t target; /* segments << 10, when it was last worked out; 0: it is Reno's */
            uint16_t looked_ms, looked_at; /* when that was, and cwnd in segments then */
        } cubic;
        struct {
            uint32_t reno;  /* newreno.acked */
            uint32_t alpha; /* share of marked bytes, 2^16 is all */
            seq_pos window_end;
            uint64_t delivered, marked; /* bytes of this observation window */
        } dctcp;
        struct {
            uint32_t reno, alpha;
            uint64_t credit;            /* growth of less than a byte so far */
            uint32_t delivered, marked; /* bytes of this virtual round trip */
            uint32_t round_us;          /* its beginning */
        } prague;
        struct {
            struct bbr *block; /* cc_bbr.h; from tcp->bbrs */
        } bbr;
        uint64_t reserved[5];
    } cc_state;
    uint64_t delivered;    /* bytes ever acknowledged or SACKed: rate samples */
    uint8_t rack_steps;    /* of min_RTT/4 in the reordering window; 0: one */
    uint8_t rack_persist;  /* recoveries until it is one again */
    uint16_t reordering;   /* widest displacement seen, in segments; 0: less than three */
    uint32_t reorder_seen; /* how often */

    /* receive */
    seq_pos rcv_nxt, rcv_adv,
        rcv_acked; /* rcv_adv: right edge announced; rcv_acked: last ACK sent */
    struct weir_buffer *recvq_head, *recvq_tail;
    uint32_t rcv_limit; /* receive buffer as it is now: payload bytes; autotune.c moves it */
    uint32_t recvq_bytes, recvq_charge; /* charge includes what waits for reassembly */
    uint32_t data_in_ms;                /* when data came last; clock of quickack.c */
    struct reassembly *reassembly;      /* while there is a hole */
    uint16_t rcv_mss;                   /* largest segment the peer may send / was seen to send */
    uint16_t acks_owed;                 /* pure ACKs owed one each (RFC 5681 4.2) */
    uint8_t mtu_probing;                /* the size of segments is searched for (mtuprobe.h) */
    uint8_t uto_due;                    /* the next segment carries the user timeout (uto.h) */
    uint8_t lingering;                  /* closed by the application, counted (orphan.h) */

    /* time */
    weir_time rto_at, delack_at, keepalive_at;
    weir_time last_received;
    uint32_t srtt8_us, rttvar4_us; /* scaled by 8 and 4 as in RFC 6298's appendix tradition */
    uint32_t min_rtt_us;
    uint32_t ts_offset, ts_recent;
    weir_time ts_recent_at;
    weir_time last_send_at; /* of data */
    weir_time
        opened_at; /* ESTABLISHED since; afterwards how long that and all that followed took */
    weir_time
        busy_time; /* with something queued or outstanding, but for the present flight block */

    struct tcp_settings *settings;
    uint64_t user;
    int16_t error;      /* enum weir_error that ended it */
    int16_t soft_error; /* last ICMP or R1 */
    uint16_t close_reason;
    uint8_t limit; /* enum weir_limit */
    uint32_t cold; /* index of its cold block (cold.h), 0: none */

    /* counters */
    uint32_t data_segments_out, other_segments_out, data_segments_in, other_segments_in;
};

static inline bool tcp_rto_valid(weir_time least, weir_time most)
{
    return least >= WEIR_US && least <= TCP_RTO_MIN && most >= TCP_RTO_INITIAL &&
           most <= TCP_RTO_MAX;
}

static inline bool tcp_buffer_valid(uint32_t size)
{
    return size == 0 || (size >= TCP_BUFFER_MIN && size <= TCP_BUFFER_MAX);
}

/* What a receive buffer of these options starts with, and what it may become. */
static inline uint32_t tcp_receive_initial(const struct weir_tcp_options *o)
{
    return o->receive_buffer ? o->receive_buffer : TCP_BUFFER_INITIAL;
}
static inline uint32_t tcp_receive_most(const struct weir_tcp_options *o)
{
    return o->receive_buffer                            ? o->receive_buffer
           : o->receive_buffer_max > TCP_BUFFER_INITIAL ? o->receive_buffer_max
                                                        : TCP_BUFFER_INITIAL;
}

/* ---- Half-open entries: a SYN that was answered --------------------------------------------------------- */

#define HALF_LEVELS 8

enum half_flags {
    HALF_SACK = 1 << 0,
    HALF_TIMESTAMPS = 1 << 1,
    HALF_WSCALE = 1 << 2,
    HALF_DEFERRED = 1 << 3, /* waits for weir_tcp_answer; no SYN-ACK yet */
    HALF_NOTIFIED = 1 << 4,
    HALF_USED = 1 << 5,
    HALF_FASTOPEN = 1 << 6,    /* asked for a Fast Open cookie */
    HALF_FASTOPEN_EXP = 1 << 7 /* by the experimental option */
};

/* The part both families share; addresses follow (half4, half6). */
struct half_open {
    uint32_t hash_next;            /* pool's free list when free */
    uint32_t list_next, list_prev; /* ids (kind and index) in FIFO order of one retry level */
    uint32_t id;
    uint32_t iss, irs;
    uint32_t ts_recent;
    uint32_t listener; /* index */
    uint32_t due;      /* in units of 2^20 ns, wraps; FIFOs keep them in order */
    uint32_t sent_us;  /* when the SYN,ACK left, wraps */
    uint16_t local_port, remote_port;
    uint16_t peer_mss; /* 0: no option */
    uint16_t window;   /* of the SYN */
    uint16_t flags;    /* enum half_flags */
    uint8_t wscale, retries;
    uint8_t link;     /* index, 255 = loopback */
    uint8_t sent_out; /* SYN,ACKs sent, up to 255 */
    uint8_t ecn;      /* enum half_ecn (ecn.h) */
    uint8_t fifo;     /* where it waits: index of half_level */
};
struct half4 {
    struct half_open h;
    uint8_t local[4], remote[4];
};
struct half6 {
    struct half_open h;
    struct ip_addr local, remote;
};

/* ---- TIME-WAIT entries -------------------------------------------------------------------------------- */

struct time_wait {
    uint32_t hash_next;
    uint32_t next, prev; /* FIFO by deadline */
    uint32_t id;
    struct ip_addr local, remote;
    uint16_t local_port, remote_port;
    uint32_t snd_nxt, rcv_nxt; /* wire numbers */
    uint32_t ts_recent, ts_offset;
    uint16_t window;     /* as announced last */
    uint8_t link, flags; /* 1: timestamps, 2: in use */
    weir_time deadline;
    weir_time answer_at; /* no answer to a useless segment before (challenge.h) */
};

/* ---- Listeners -------------------------------------------------------------------------------------------- */

/* Cookies are made with the first, and checked with each (fastopen.c). */
struct fastopen_keys {
    uint8_t key[2][16];
    uint8_t count;
};

struct listener {
    uint32_t hash_next;
    uint32_t generation;
    uint32_t index;
    struct ip_addr local; /* all zero: any */
    uint16_t local_port;  /* 0: any (deferred) */
    uint16_t link;        /* 0xffff: any */
    uint32_t backlog, accept_count, half_count;
    uint32_t accept_head, accept_tail;
    uint32_t event_next;
    uint32_t undecided; /* deferred entries without notice */
    uint16_t events;
    bool deferred, in_event_list;
    uint8_t family; /* 0 both, 4, 6 */
    bool abort_on_overflow, soft_errors_end;
    uint32_t half_open_max; /* 0: backlog */
    weir_time cookie_at;    /* the last SYN cookie was sent, 0: none */
    /* Fast Open: limit, those in SYN-RECEIVED, those ended by RST that still count, and until when */
    uint32_t fastopen_queue, fastopen_pending, fastopen_rst;
    weir_time fastopen_rst_until;
    struct fastopen_keys fastopen_keys; /* count 0: the stack's */
    uint64_t user;
    struct tcp_settings *settings;
};

/* What the demux and the FIFOs store: kind and index in one word. */
enum tcp_kind { TCP_KIND_CONN = 0, TCP_KIND_TIME_WAIT = 1, TCP_KIND_HALF4 = 2, TCP_KIND_HALF6 = 3 };
#define TCP_KIND_SHIFT 30
#define TCP_INDEX_MASK ((1u << TCP_KIND_SHIFT) - 1)
static inline uint32_t tcp_name(enum tcp_kind kind, uint32_t index)
{
    return (uint32_t)kind << TCP_KIND_SHIFT | index;
}
static inline enum tcp_kind tcp_name_kind(uint32_t name)
{
    return (enum tcp_kind)(name >> TCP_KIND_SHIFT);
}

struct fifo {
    uint32_t head, tail;
};

/* ---- What all connections of a stack share ------------------------------------------------------------- */

struct fastopen_entry;

struct fastopen {
    struct fastopen_keys keys;
    uint8_t given[8];             /* the cookie of the SYN,ACK that is being made */
    struct fastopen_entry *cache; /* NULL until the first cookie */
    uint32_t cache_size;
    uint64_t active, active_failed, passive, passive_failed, cookies, overflow;
};

struct tcp {
    struct env *env;
    struct pool conns, half4s, half6s, time_waits, listeners, records, flights, colds, bbrs;
    struct wheel wheel;
    struct fifo ready;   /* connections that would emit now */
    struct fifo events;  /* connections and (bit 31) listeners with event bits */
    struct fifo touched; /* connections whose state changed: tcp_settle evaluates them */
    struct fifo half_level[HALF_LEVELS];
    struct fifo time_wait_fifo;
    uint32_t half_count, time_wait_count, listener_count, conn_count;
    uint32_t generation; /* last one given out */
    uint32_t next_id;
    struct tcp_settings *settings; /* the stack's defaults */
    weir_time challenge_at;
    uint32_t challenge_left;
    uint64_t syncookies_sent, syncookies_received, syncookies_failed;
    uint64_t receive_growth; /* of all receive buffers: autotune.c */
    uint32_t orphans;        /* orphan.h */
    uint64_t orphans_reset;
    struct fastopen fastopen;
};

#define TCP_LISTENER_EVENT 0x80000000u

static inline struct tcp_conn *tcp_conn_at(const struct tcp *t, uint32_t index)
{
    return pool_at(&t->conns, index);
}
static inline struct tx_record *tx_at(const struct tcp *t, uint32_t index)
{
    return pool_at(&t->records, index);
}
static inline struct listener *tcp_listener_at(const struct tcp *t, uint32_t index)
{
    return pool_at(&t->listeners, index);
}
static inline struct half_open *tcp_half_at(const struct tcp *t, uint32_t name)
{
    uint32_t index = name & TCP_INDEX_MASK;
    return tcp_name_kind(name) == TCP_KIND_HALF4 ? pool_at(&t->half4s, index)
                                                 : pool_at(&t->half6s, index);
}
static inline struct time_wait *tcp_time_wait_at(const struct tcp *t, uint32_t index)
{
    return pool_at(&t->time_waits, index);
}

/* States in which the peer's sequence numbers are known and data may flow. */
static inline bool tcp_synchronized(const struct tcp_conn *c)
{
    return c->state >= WEIR_TCP_ESTABLISHED;
}
static inline seq_pos tcp_first_data(const struct tcp_conn *c)
{
    return seq_from_isn(c->iss) + 1;
}
static inline bool tcp_is_v4(const struct tcp_conn *c)
{
    return ip_addr_is_v4(&c->local);
}
/* End of the send sequence space as it stands: data and, if queued, the FIN. */
static inline seq_pos tcp_send_limit(const struct tcp_conn *c)
{
    return c->snd_end + c->fin_queued;
}

#endif
