/*
 * weir.h - the core's face: a TCP/IP stack that does no I/O of its own.
 *
 * Packets and the time go in, packets, a deadline and events come out:
 *
 *     weir_input(stack, link, buffers, n, now);            what the device received
 *     while (weir_event(stack, &event)) ...                what the application must know
 *     weir_tcp_send(stack, conn, data, size);              what the application wants: changes state only
 *     n = weir_output(stack, frames, 32, now);             what is due: hand it to the device, then
 *     weir_frame_done(stack, frames, n, WEIR_FRAME_SENT);  say that the frames are no longer needed
 *     sleep until weir_deadline(stack) or a packet arrives
 *
 * Rules that hold everywhere:
 *   - One stack is used by one thread at a time, every call included. Different stacks are independent.
 *   - Nothing here blocks, sleeps, calls the operating system or calls the application. The exceptions,
 *     none of which may call weir: the allocator, the trace sink, and weir_assert_fail().
 *   - Time is nanoseconds of a clock of the caller's that only has to run forward. A `now` that goes
 *     back is taken as the latest one seen. Calls without a `now` use the latest one seen.
 *   - A bad packet is never an error of a call: it is counted, traced with its reason, and dropped or
 *     answered as the RFC says. A caller's mistake is a negative enum weir_error. A bug of weir's own
 *     ends in weir_assert_fail().
 *   - Structs that may grow begin with their size; fill them with their _default() call.
 *   - All numbers are in host byte order; addresses are byte arrays in network order.
 */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

#include <weir/info.h>
#include <weir/link.h>
#include <weir/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The stack ---------------------------------------------------------------------------------- */

struct weir_stack;
struct weir_record; /* trace.h */

/* Instruction-set variants of the two inner loops; NULL members mean the portable ones. `sum` adds `size`
 * bytes (as 16-bit words in memory order) to a folded or unfolded ones'-complement sum; `copy_sum` also
 * copies them. Both return a value that base/checksum folds. libweir's host part fills this. */
struct weir_ops {
    uint64_t (*sum)(const void *data, size_t size, uint64_t sum);
    uint64_t (*copy_sum)(void *to, const void *from, size_t size, uint64_t sum);
};

/* ---- Authentication: TCP-AO (RFC 5925, 5926) and TCP-MD5 (RFC 2385) ----------------------------- */

/* Message authentication codes; the output of each is in brackets. */
enum weir_mac {
    WEIR_MAC_MD5 = 0,      /* RFC 1321's plain digest [16]; the key is not used */
    WEIR_MAC_HMAC_SHA1,    /* RFC 2104 [20] */
    WEIR_MAC_AES_128_CMAC, /* RFC 4493 [16]; the key has 16 bytes */
    WEIR_MAC_COUNT
};
#define WEIR_MAC_MAX 20

/* Where they come from: the core has no cryptography of its own. `compute` writes the MAC of the parts in
 * their order to `out` (WEIR_MAC_MAX bytes of room) and returns false when it cannot. It must not call
 * weir. weir_mac_libcrypto (mac.h) fills this with OpenSSL's. */
struct weir_mac_ops {
    void *ctx;
    bool (*compute)(void *ctx, enum weir_mac mac, const void *key, size_t key_size,
                    const struct weir_slice *parts, size_t n, uint8_t *out);
};

enum weir_auth { WEIR_AUTH_MD5 = 0, WEIR_AUTH_AO };
#define WEIR_KEY_MAX 80

/* One key: with TCP-AO a Master Key Tuple (RFC 5925 3.1), with TCP-MD5 the password. */
struct weir_tcp_key {
    uint32_t size;        /* sizeof(struct weir_tcp_key) */
    uint8_t auth;         /* enum weir_auth */
    uint8_t mac;          /* AO: WEIR_MAC_HMAC_SHA1 or WEIR_MAC_AES_128_CMAC */
    uint8_t send_id;      /* AO: KeyID in segments that we send */
    uint8_t recv_id;      /* AO: KeyID in segments that we accept with it */
    bool exclude_options; /* AO: other TCP options are not covered (RFC 5925 5.1) */
    uint8_t prefix;       /* of `peer`: 32 or 128 for one host; peer.family 0: any */
    struct weir_ip peer;
    uint8_t key_size; /* 1..80 */
    uint8_t key[WEIR_KEY_MAX];
};

/* Congestion control. */
enum weir_congestion {
    WEIR_CC_NEWRENO = 0, /* RFC 5681, 6582 */
    WEIR_CC_CUBIC,       /* RFC 9438 */
    WEIR_CC_DCTCP,       /* RFC 8257; needs ECN */
    WEIR_CC_PRAGUE,      /* RFC 9331, draft-briscoe-iccrg-prague-congestion-control; needs AccECN */
    WEIR_CC_BBR, /* BBRv3, draft-ietf-ccwg-bbr; CUBIC when there is no memory for its state */
    WEIR_CC_COUNT
};
/* What Linux calls it: "reno", "cubic", "bbr"; "unknown". */
WEIR_API const char *weir_congestion_name(enum weir_congestion congestion);
/* The algorithm of that name (`size` bytes, no terminator needed), or WEIR_ENOENT. */
WEIR_API int weir_congestion_find(const char *name, size_t size);

/* Explicit congestion notification. The numbers are those of Linux's sysctl tcp_ecn. DCTCP and Prague ask
 * for what they need also with PASSIVE. */
enum weir_ecn {
    WEIR_ECN_OFF = 0,
    WEIR_ECN_ON,      /* RFC 3168: asked for in our SYNs, and agreed to */
    WEIR_ECN_PASSIVE, /* agreed to when the peer asks */
    WEIR_ECN_ACCURATE, /* RFC 9768: asked for, with RFC 3168 to fall back on, and both are agreed to */
    WEIR_ECN_ACCURATE_ANSWER, /* both are agreed to; RFC 3168 is asked for */
    WEIR_ECN_ACCURATE_PASSIVE /* both are agreed to when the peer asks */
};

/* When segments carry AccECN's byte counters (RFC 9768 3.2.3). The numbers are those of Linux's sysctl
 * tcp_ecn_option. All but OFF send the option on the first SYN,ACK, and then not before one of the peer's has
 * come: who sends none, or is behind something that removes them, would hardly read ours. */
enum weir_accecn_option {
    WEIR_ACCECN_OPTION_OFF = 0,
    WEIR_ACCECN_OPTION_MINIMUM, /* twice when marks come or the codepoint of what comes changes, every 4 MB,
                                 * and accecn_beacon times in a round trip */
    WEIR_ACCECN_OPTION_FULL,   /* whenever there is room, until ACKs that have it seem to be lost */
    WEIR_ACCECN_OPTION_PERSIST /* whenever there is room */
};

/* The kind of feedback that a connection has agreed on. */
enum weir_ecn_feedback {
    WEIR_ECN_FEEDBACK_NONE = 0,
    WEIR_ECN_FEEDBACK_CLASSIC, /* RFC 3168 */
    WEIR_ECN_FEEDBACK_ACCURATE /* RFC 9768 */
};

/* When in-order data is acknowledged (RFC 5681 4.2, RFC 9293 3.8.6.3). */
enum weir_quickack {
    WEIR_QUICKACK_OFF = 0, /* every second segment at once, a single one after delayed_ack_time */
    WEIR_QUICKACK_ADAPTIVE, /* the default. At once when the peer is likely to be in slow start: up to 16
                             * segments at the start, after idle and after loss. Else once more than one
                             * full-sized segment is unacknowledged, after 40 to 200 ms by how densely
                             * segments arrive, or with what the application answers */
    WEIR_QUICKACK_COUNT
};

/* Packetization layer path MTU discovery (RFC 4821, RFC 8899): paths that drop what is too big without a word.
 * The numbers are those of Linux's sysctl tcp_mtu_probing. */
enum weir_mtu_probing {
    WEIR_MTU_PROBING_OFF = 0,
    WEIR_MTU_PROBING_BLACK_HOLE, /* once r1_retransmissions of larger segments brought no answer */
    WEIR_MTU_PROBING_ALWAYS      /* every connection begins with mtu_base_mss */
};

/* Options of one connection; also the defaults of a stack and of a listener (accepted connections inherit
 * theirs). See enum weir_option for changing them later. */
struct weir_tcp_options {
    uint32_t size;       /* sizeof(struct weir_tcp_options) */
    bool nodelay;        /* true: Nagle's algorithm off (RFC 9293 MUST-17) */
    bool window_scaling; /* RFC 7323; offered and accepted */
    bool timestamps;     /* RFC 7323 */
    bool sack;           /* RFC 2018 */
    bool keepalive;      /* off by default (MUST-25) */
    bool delayed_ack;    /* RFC 5681 4.2; false: acknowledge each batch at once */
    bool fixed_isn;      /* use `isn` instead of RFC 6528's; for teaching and tests */
    uint8_t ttl;         /* 64 */
    uint8_t tos; /* Diffserv field, whole byte; its two ECN bits are not used: they are TCP's */
    uint8_t congestion; /* enum weir_congestion; CUBIC */
    uint16_t mss_clamp; /* never announce or send more than this; 0: what the MTU allows */
    uint32_t isn;
    /* Bytes of payload kept; memory may be up to twice that. 0, the default: automatic. The receive buffer
     * then starts with 64 KiB and grows with what the application reads in a round trip, the send buffer
     * starts with 64 KiB and follows twice the congestion window, both while the stack's memory_budget is
     * far from used up. A number (256 or more) is that number for good. A send that begins below the limit may
     * exceed it by what fills a super-segment, by its double at most. */
    uint32_t receive_buffer;
    uint32_t send_buffer;
    weir_time delayed_ack_time;   /* 40 ms; below 500 ms (MUST-40) */
    weir_time keepalive_idle;     /* 2 h (MUST-28) */
    weir_time keepalive_interval; /* 75 s */
    uint32_t keepalive_probes;    /* 9; at least 2 unanswered ones end the connection (MUST-29) */
    uint32_t r1_retransmissions;  /* 3: report R1 (SHLD-10) */
    weir_time r2_time; /* 100 s of retransmitting before giving up (SHLD-11); WEIR_NEVER allowed */
    weir_time syn_r2_time; /* 180 s for SYN (MUST-23) */
    bool
        pacing; /* spread the window over the round trip instead of sending bursts; false. Algorithms that
                    need it, and a max_pacing_rate, pace without being asked */
    uint64_t max_pacing_rate; /* bytes per second, never faster; 0: no limit */
    /* How often a SYN and a SYN,ACK are sent again, after 1, 2, 4 ... s: 7 and 7, which is more than the three
     * minutes of MUST-23; the open ends when this or syn_r2_time is reached. synack_retries: at most 7. */
    uint8_t syn_retries, synack_retries;
    uint8_t ecn; /* enum weir_ecn; PASSIVE */
    bool abe;    /* RFC 8511: a mark reduces less than a loss (Reno 0.8, CUBIC 0.85); off */
    uint8_t burst_segments; /* super-segments may have that many segments whatever the rate, 2 */
    uint8_t quickack;       /* enum weir_quickack */
    uint32_t receive_buffer_max; /* how far an automatic receive_buffer grows, 6 MiB */
    uint32_t send_buffer_max;    /* and an automatic send_buffer, 4 MiB */
    uint32_t receive_lowat;      /* READABLE when that many bytes are there (SO_RCVLOWAT), 1 */
    uint32_t
        notsent_lowat; /* send takes no more while that much waits that could not be sent at once
                             * (TCP_NOTSENT_LOWAT), UINT32_MAX: off */
    /* Keys of TCP-AO and TCP-MD5, copied by the call that gets these options; more by weir_tcp_key_add (keys.h). Segments
     * from and to a peer that a key is for must carry its MAC. */
    const struct weir_tcp_key *keys;
    uint32_t key_count;
    /* TCP-AO: ICMP's hard errors, and IPv4's "too big", count for connections in synchronized states too; false
     * (RFC 5925 7.8) */
    bool auth_accept_icmp;
    /* true: DF is set and "too big" believed (RFC 1191, RFC 8201); false: the link's MTU is used and
     * routers fragment (IPv4) */
    bool path_mtu_discovery;
    weir_time
        user_timeout; /* unacknowledged or unsent this long: the end; 0: r2_time, syn_r2_time */
    weir_time fin_wait_2_time; /* how long an orphan waits for the peer's FIN; 0: 2 MSL */
    /* TCP Fast Open (RFC 7413). `fastopen`: an active open asks for a cookie, and with one that is known its SYN
     * carries what was given to weir_tcp_send before the next weir_output. Only for requests that may arrive
     * twice. `fastopen_no_cookie`: data in SYNs is sent, and by listeners taken, without any cookie: for networks
     * where nobody forges addresses. Listeners: `fastopen_queue` open ones at most whose handshake is not yet
     * complete (RFC 7413 5.1); 0: data in SYNs is not taken, no cookies are given. */
    bool fastopen, fastopen_no_cookie;
    uint32_t fastopen_queue;
    uint8_t accecn_option; /* enum weir_accecn_option; FULL */
    uint8_t
        accecn_beacon; /* with MINIMUM: that many options in a round trip at least; 0: no such rule. 3 */
    /* true: a SYN that was not answered is sent again without ECN (RFC 3168 6.1.1.1, RFC 9768 3.1.4.1), and
     * feedback about the handshake that cannot be ends the use of ECT (RFC 9768 3.2.2.3). false: for paths
     * that are known, and for tests of them */
    bool ecn_fallback;
    /* Path MTU probing, while path_mtu_discovery is on. Segments then begin with `mtu_base_mss` bytes of payload
     * (1024; after further timeouts half of what they had, but not less than `mtu_probe_floor`, 512), and larger
     * ones are tried until no more than `mtu_probe_threshold` bytes (8) are uncertain, and again after
     * `mtu_probe_interval` (600 s). */
    uint8_t mtu_probing; /* enum weir_mtu_probing; BLACK_HOLE */
    uint16_t mtu_base_mss, mtu_probe_floor, mtu_probe_threshold;
    weir_time mtu_probe_interval;
    /* The user timeout on the wire (RFC 5482). true: ours is told, and the peer's is heeded unless user_timeout is
     * set: then the larger of `user_timeout_advertised` and the peer's counts, within `user_timeout_min` (100 s)
     * and `user_timeout_max` (1 h). Advertised 0: user_timeout, or r2_time. */
    bool user_timeout_option;
    weir_time user_timeout_advertised, user_timeout_min, user_timeout_max;
    /* Bounds of the retransmission timeout (RFC 6298). rto_min, 200 ms (1 us to 200 ms), is what is added to the
     * smoothed round trip at least. rto_max, 120 s (1 s to 120 s), is where doubling ends: for data, zero-window
     * probes, SYNs and SYN,ACKs (those: the power of two seconds below it). RFC 6298 2.5 allows 60 s and more;
     * less is for networks of one's own. r2_time and the counts of retransmissions are not changed by it. */
    weir_time rto_min, rto_max;
    /* That many timeouts of a SYN do not double the next one, and do not count against syn_retries; 0, as RFC
     * 6298 5.5 demands. Linux has 4 (tcp_syn_linear_timeouts). */
    uint8_t syn_linear;
};

/* SYN cookies (RFC 4987 3.6): a SYN is answered without an entry for it. */
enum weir_syncookies {
    WEIR_SYNCOOKIES_OFF = 0, /* what exceeds the limit of half-open entries is dropped */
    WEIR_SYNCOOKIES_AUTO,    /* what exceeds it gets a cookie */
    WEIR_SYNCOOKIES_ALWAYS   /* every SYN of a listener that is not deferred gets one */
};

/* May an active open take the place of a connection in TIME-WAIT, once its timestamps prove that a second has
 * passed? (RFC 6191 is about the passive side, which always does.) */
enum weir_reuse { WEIR_REUSE_NEVER = 0, WEIR_REUSE_LOOPBACK, WEIR_REUSE_ALWAYS };

struct weir_config {
    uint32_t size;      /* sizeof(struct weir_config) */
    uint8_t secret[32]; /* key of ISNs, hashes and ports; must be filled unless `reproducible` */
    bool reproducible;  /* all-zero secret allowed: same inputs, same bytes */
    bool forwarding;    /* reserved, must be false */
    uint64_t memory_budget;    /* bytes from the allocator at most; 0: unlimited */
    uint32_t connections_max;  /* 0: only the budget limits */
    uint32_t half_open_max;    /* half-open entries over all listeners, 4096 */
    uint32_t time_wait_max;    /* TIME-WAIT entries, 65536; the oldest goes first */
    weir_time msl;             /* 30 s; TIME-WAIT lasts twice that */
    uint16_t port_first;       /* ephemeral ports (RFC 6056), 32768 */
    uint16_t port_last;        /* 60999 */
    uint32_t ring_records;     /* trace records always kept; a power of two, 0: none; 1024 */
    uint32_t reassembly_bytes; /* bound on IP fragments held, 256 KiB */
    uint32_t neighbors_max;    /* 1024 */
    bool answer_echo;          /* ICMP echo requests are answered: true */
    struct weir_ops ops;
    struct weir_mac_ops mac;     /* needed for keys only; compute NULL: none */
    struct weir_tcp_options tcp; /* defaults for listen and connect */
    void (*trace)(void *ctx,
                  const struct weir_record *record); /* NULL: no sink. Must not call weir. */
    void *trace_ctx;
    uint8_t syncookies;      /* enum weir_syncookies: AUTO */
    uint8_t time_wait_reuse; /* enum weir_reuse: LOOPBACK, as Linux */
    /* RFC 1337: an RST does not end TIME-WAIT. false: one with exactly the right number does (RFC 9293
     * 3.10.7.4, RFC 5961 3). */
    bool time_wait_ignore_rst;
    uint32_t
        fastopen_cache; /* destinations whose Fast Open cookies are kept, 256; the oldest goes */
    /* Connections closed by the application that are not over, TIME-WAIT aside. `orphans_max`, 65536: with so many,
     * closing another one resets it; 0: no limit. `orphan_retries`, 8: how often each may retransmit or probe a
     * closed window without an answer; while a closed window's probes are answered, it lasts until two of them would
     * be two minutes apart, or have been doubled ten times. */
    uint32_t orphans_max;
    uint8_t orphan_retries;
    /* A connection answers segments that are not what they should be (RFC 5961 7) once in that time, 500 ms;
     * 0: each. The limit of the whole stack, about 100 challenges in a second, remains. */
    weir_time challenge_spacing;
};

WEIR_API void weir_config_default(struct weir_config *config);
WEIR_API void weir_tcp_options_default(struct weir_tcp_options *options);

/* Makes a stack. The config and the allocator are copied. WEIR_EINVAL (wrong size field, secret not
 * filled, nonsensical numbers), WEIR_ENOBUFS. */
WEIR_API int weir_stack_new(struct weir_stack **stack, const struct weir_config *config,
                            const struct weir_allocator *allocator);

/* Frees everything. WEIR_EBUSY while frames are out or wrapped and borrowed buffers are not yet given
 * back: then nothing was freed except that all connections are gone (their peers are told nothing). */
WEIR_API int weir_stack_del(struct weir_stack *stack);

/* ---- Packets and time ---------------------------------------------------------------------------- */

/* A buffer for a device to receive into, with at least `size` bytes of capacity; NULL when there is no
 * memory. It belongs to the caller until weir_input takes it or weir_buffer_free gives it back. */
WEIR_API struct weir_buffer *weir_buffer_alloc(struct weir_stack *stack, uint32_t size);
WEIR_API void weir_buffer_free(struct weir_stack *stack, struct weir_buffer *buffer);

/* Wraps foreign memory (a UMEM chunk, an mbuf, guest RAM) for reception. When the stack needs it no
 * longer, weir_buffer_returned yields `cookie`. */
WEIR_API struct weir_buffer *weir_buffer_wrap(struct weir_stack *stack, void *memory, uint32_t size,
                                              uint64_t cookie);
WEIR_API bool weir_buffer_returned(struct weir_stack *stack, uint64_t *cookie);

/* Takes `n` received packets (all buffers belong to the stack afterwards) and the time. n may be 0. */
WEIR_API void weir_input(struct weir_stack *stack, uint32_t link, struct weir_buffer *buffers[],
                         size_t n, weir_time now);

/* Runs timers that are due and pulls at most `n` frames. Fewer than `n` means: nothing more is due now.
 * Every frame must come back through weir_frame_done. */
WEIR_API size_t weir_output(struct weir_stack *stack, struct weir_frame frames[], size_t n,
                            weir_time now);
WEIR_API void weir_frame_done(struct weir_stack *stack, struct weir_frame frames[], size_t n,
                              enum weir_frame_fate fate);

/* When weir_output wants to be called next if nothing else happens. May be early, never late. WEIR_NEVER
 * when idle; not later than `now` when something can be sent at once. */
WEIR_API weir_time weir_deadline(const struct weir_stack *stack);

/* ---- Events --------------------------------------------------------------------------------------- */

/* A handle names a connection or a listener until weir_tcp_close, whatever the peer does. 0 is none. */
typedef uint64_t weir_handle;

enum weir_event_bits {
    WEIR_EVENT_ACCEPT = 1 << 0,    /* listener: weir_tcp_accept has something */
    WEIR_EVENT_SYN = 1 << 1,       /* deferred listener: weir_event.syn asks for weir_tcp_answer */
    WEIR_EVENT_CONNECTED = 1 << 2, /* weir_tcp_connect succeeded */
    WEIR_EVENT_READABLE = 1 << 3,  /* bytes arrived in order */
    WEIR_EVENT_WRITABLE = 1 << 4,  /* send accepts again after WEIR_EAGAIN */
    WEIR_EVENT_END = 1 << 5,    /* the peer's FIN: recv will return 0 after the bytes before it */
    WEIR_EVENT_CLOSED = 1 << 6, /* the connection is over; `error` says how (0: both FINs done) */
    WEIR_EVENT_ERROR = 1 << 7,  /* soft error (ICMP, R1 passed); `error`; the connection goes on */
    WEIR_EVENT_URGENT = 1 << 8, /* urgent data announced, or its end moved (MUST-32) */
    WEIR_EVENT_SENT_ALL = 1 << 9, /* everything given to send was acknowledged */
    WEIR_EVENT_RELEASED =
        1 << 10, /* a buffer given to weir_tcp_send_ref is no longer needed: `cookie` */
    WEIR_EVENT_ADDRESS = 1 << 11, /* duplicate address found: `ip` on `link` is not used */
    WEIR_EVENT_ADDRESS_ADDED =
        1 << 12, /* autoconfiguration (slaac.h): `ip` on `link` can be used */
    WEIR_EVENT_ADDRESS_REMOVED = 1 << 13, /* and is gone */
    WEIR_EVENT_NETWORK = 1 << 14, /* routers, DNS servers, lifetimes of `link` changed (slaac.h) */
    WEIR_EVENT_USER_TIMEOUT =
        1 << 15 /* the peer tells another user timeout (RFC 5482): weir_tcp_info has it */
};

struct weir_event {
    weir_handle handle;
    uint32_t bits;
    int error;
    uint64_t cookie;                    /* RELEASED */
    uint64_t user;                      /* the handle's user value (WEIR_OPT_USER) */
    uint64_t syn;                       /* SYN: name of the half-open entry */
    uint32_t link;                      /* ADDRESS*, NETWORK, SYN */
    struct weir_endpoint local, remote; /* SYN; ADDRESS*: local.ip */
};

/* Pulls the next event; false when there is none. Events of one handle coalesce into bits. */
WEIR_API bool weir_event(struct weir_stack *stack, struct weir_event *event);

/* ---- TCP ------------------------------------------------------------------------------------------ */

struct weir_listen_config {
    uint32_t size;
    struct weir_endpoint
        local;        /* ip family 0: any address, both families; port 0: any port (deferred) */
    uint32_t link;    /* only this link, or WEIR_ANY_LINK */
    uint32_t backlog; /* established connections not yet accepted, 128 */
    bool deferred;    /* each SYN is an event and waits for weir_tcp_answer */
    const struct weir_tcp_options *options; /* NULL: the stack's */
    uint64_t user;
    uint32_t half_open_max; /* half-open entries of this listener; 0: as many as `backlog` */
    /* The accept queue is full when a handshake is completed. false: the ACK is ignored, the SYN,ACK will be
     * repeated and perhaps there is room then. true: RST. */
    bool abort_on_overflow;
    /* An open that nobody has accepted yet is ended by any ICMP error about its SYN,ACK, as with Linux; nobody is
     * told of a half-open one. false: by hard errors only (MUST-56, SHLD-26). */
    bool soft_errors_end;
};
#define WEIR_ANY_LINK UINT32_MAX

struct weir_connect_config {
    uint32_t size;
    struct weir_endpoint local; /* ip family 0: chosen by the route (MUST-44); port 0: ephemeral */
    struct weir_endpoint remote;
    const struct weir_tcp_options *options; /* NULL: the stack's */
    uint64_t user;
};

WEIR_API void weir_listen_config_default(struct weir_listen_config *config);
WEIR_API void weir_connect_config_default(struct weir_connect_config *config);

/* Passive open. WEIR_EADDRINUSE, WEIR_EADDRNOTAVAIL, WEIR_ENOBUFS, WEIR_EINVAL. */
WEIR_API int weir_tcp_listen(struct weir_stack *stack, const struct weir_listen_config *config,
                             weir_handle *listener);

/* Active open: sends SYN with the next weir_output; CONNECTED or CLOSED tells the outcome. Also errors
 * for a remote that is broadcast, multicast or unspecified (MUST-46: WEIR_EINVAL), WEIR_ENETUNREACH. */
WEIR_API int weir_tcp_connect(struct weir_stack *stack, const struct weir_connect_config *config,
                              weir_handle *conn);

/* How many bytes of data the SYN of such an active open may carry: a cookie of the destination is known, or
 * none is needed. 0: it would ask for one, or `options` do not want Fast Open. Errors as weir_tcp_connect. */
WEIR_API int weir_tcp_fastopen_room(struct weir_stack *stack,
                                    const struct weir_connect_config *config);

/* The keys of the cookies that listeners give: the first makes them, each of them is accepted (RFC 7413 4.1.2:
 * give the old one second for a while). At first one derived from the secret. `count`: 1 or 2, or WEIR_EINVAL. */
WEIR_API int weir_fastopen_keys(struct weir_stack *stack, const uint8_t (*keys)[16], size_t count);
/* The same for one listener; `count` 0: the stack's again. WEIR_EINVAL, WEIR_ESTALE. */
WEIR_API int weir_tcp_fastopen_keys(struct weir_stack *stack, weir_handle listener,
                                    const uint8_t (*keys)[16], size_t count);
/* Those that a listener uses, of the stack if it is 0; room for 2. Returns how many, or WEIR_ESTALE. */
WEIR_API int weir_tcp_fastopen_keys_get(struct weir_stack *stack, weir_handle listener,
                                        uint8_t (*keys)[16]);

/* The oldest connection of a listener, established or begun by Fast Open (SYN-RECEIVED, it may be read and
 * written); WEIR_EAGAIN when there is none. */
WEIR_API int weir_tcp_accept(struct weir_stack *stack, weir_handle listener, weir_handle *conn);

/* The verdict on a SYN of a deferred listener. WEIR_ESTALE when the entry is gone. */
enum weir_verdict { WEIR_SYN_ACCEPT = 0, WEIR_SYN_REFUSE, WEIR_SYN_DROP };
WEIR_API int weir_tcp_answer(struct weir_stack *stack, uint64_t syn, enum weir_verdict verdict);

/* Copies up to `size` bytes into the send buffer and returns how many (> 0), or WEIR_EAGAIN when it is
 * full, WEIR_EPIPE after shutdown, WEIR_ENOTCONN, or the error the connection ended with. Allowed before
 * the handshake is complete: the bytes wait. */
WEIR_API int64_t weir_tcp_send(struct weir_stack *stack, weir_handle conn, const void *data,
                               size_t size);

/* As weir_tcp_send, and what the end of these bytes means. */
enum weir_send_flags {
    WEIR_SEND_MORE =
        1 << 0, /* more follows: less than a full segment is held back until the next send
                              * without this, the next segment from the peer, or for 200 ms and a round
                              * trip; no PSH */
    WEIR_SEND_RECORD_END = 1 << 1, /* no segment holds bytes of before and after this point */
    WEIR_SEND_URGENT =
        1 << 2 /* the last byte taken, with everything before it, is urgent (RFC 9293 3.8.5);
                               * RFC 6093 advises new applications against it */
};
WEIR_API int64_t weir_tcp_send_flags(struct weir_stack *stack, weir_handle conn, const void *data,
                                     size_t size, uint32_t flags);

/* How far the stream is urgent (MUST-33). Urgent bytes are read like all others. */
struct weir_urgent {
    uint32_t ahead; /* bytes from the next one to be read up to and with the last urgent one */
    bool arrived;   /* that one can be read already: `byte` */
    uint8_t byte;
};
/* 1: urgent data is ahead, and *urgent says where it ends; 0: none; WEIR_ESTALE. */
WEIR_API int weir_tcp_urgent(struct weir_stack *stack, weir_handle conn,
                             struct weir_urgent *urgent);

/* Sends `size` bytes without copying them. They must stay unchanged until the event RELEASED returns
 * `cookie`, which comes also after an abort. All or nothing: WEIR_EAGAIN when the send buffer is full. */
WEIR_API int weir_tcp_send_ref(struct weir_stack *stack, weir_handle conn, const void *data,
                               uint32_t size, uint64_t cookie);

/* Copies up to `size` received bytes out and returns how many; 0: the peer has closed its direction and
 * everything was read (an orderly close); WEIR_EAGAIN: nothing now; WEIR_ECONNRESET and the like: the
 * connection was aborted (MUST-12). */
WEIR_API int64_t weir_tcp_recv(struct weir_stack *stack, weir_handle conn, void *data, size_t size);

/* The received bytes in place: up to `n` slices, returns their number or as recv. They stay where they
 * are until weir_tcp_consume says how many bytes are done with. */
WEIR_API int weir_tcp_peek(struct weir_stack *stack, weir_handle conn, struct weir_slice slices[],
                           size_t n);
WEIR_API int weir_tcp_consume(struct weir_stack *stack, weir_handle conn, size_t size);

/* No more data will be sent: FIN after what is queued. Receiving goes on (half-close). */
WEIR_API int weir_tcp_shutdown(struct weir_stack *stack, weir_handle conn);

/* Gives the handle back. Orderly: queued data and FIN are still delivered; unread received data, or data
 * arriving later, is answered with RST (RFC 9293 3.6.1, RFC 2525 2.17). Works for listeners too. */
WEIR_API int weir_tcp_close(struct weir_stack *stack, weir_handle handle);

/* RST now, and the handle is given back. Silently where both FINs are out (RFC 9293 3.10.5). */
WEIR_API int weir_tcp_abort(struct weir_stack *stack, weir_handle conn);

/* What it is doing: info.h. WEIR_ESTALE, WEIR_EINVAL (size). */
WEIR_API int weir_tcp_info(struct weir_stack *stack, weir_handle handle,
                           struct weir_tcp_info *info);

enum weir_option {
    WEIR_OPT_USER = 1,           /* a number of the application's, returned in events */
    WEIR_OPT_NODELAY,            /* 0/1 */
    WEIR_OPT_KEEPALIVE,          /* 0/1 */
    WEIR_OPT_KEEPALIVE_IDLE,     /* ns */
    WEIR_OPT_KEEPALIVE_INTERVAL, /* ns */
    WEIR_OPT_KEEPALIVE_PROBES,
    WEIR_OPT_DELAYED_ACK, /* 0/1 */
    WEIR_OPT_R2_TIME,     /* ns, WEIR_NEVER allowed (MUST-21) */
    WEIR_OPT_TTL,
    WEIR_OPT_TOS,            /* MUST-48, SHLD-21 */
    WEIR_OPT_RECEIVE_BUFFER, /* get: as it is now. set: fixed from now on; 0: automatic again */
    WEIR_OPT_SEND_BUFFER,
    WEIR_OPT_CONGESTION, /* enum weir_congestion; a live connection goes on from the window it has */
    WEIR_OPT_PACING,     /* 0/1 */
    WEIR_OPT_MAX_PACING_RATE, /* bytes per second, 0: no limit */
    WEIR_OPT_BACKLOG, /* listener: accept queue, and half-open entries unless half_open_max says; > 0 */
    WEIR_OPT_SYN_RETRIES,
    WEIR_OPT_SYNACK_RETRIES, /* at most 7 */
    WEIR_OPT_ECN,            /* enum weir_ecn; of a listener, or before the SYN is sent */
    WEIR_OPT_ABE,            /* 0/1 */
    WEIR_OPT_MSS_CLAMP, /* never announce or send more than this from now on; 0: what the MTU allows */
    WEIR_OPT_CORK, /* 0/1: nothing smaller than a full segment is sent for 200 ms and a round trip */
    WEIR_OPT_QUICKACK, /* 1: ACKs are not held back until the next answer makes the connection an
                        * interactive one; 0: it is one now. get: which it is. WEIR_QUICKACK_ADAPTIVE only */
    WEIR_OPT_RECEIVE_LOWAT,      /* bytes, at least 1 */
    WEIR_OPT_NOTSENT_LOWAT,      /* bytes, at least 1 */
    WEIR_OPT_PATH_MTU_DISCOVERY, /* 0/1 */
    WEIR_OPT_USER_TIMEOUT,       /* ns, 0: r2_time (RFC 9293 3.9.1, RFC 5482); WEIR_NEVER allowed */
    WEIR_OPT_FIN_WAIT_2_TIME,    /* ns, 0: 2 MSL; WEIR_NEVER allowed */
    WEIR_OPT_FASTOPEN_QUEUE,     /* listener */
    WEIR_OPT_FASTOPEN_NO_COOKIE, /* 0/1; of a listener, or before the SYN is sent */
    WEIR_OPT_MTU_PROBING,        /* enum weir_mtu_probing; ALWAYS: before ESTABLISHED */
    WEIR_OPT_MTU_BASE_MSS,       /* bytes, at least 48 */
    WEIR_OPT_MTU_PROBE_FLOOR,    /* bytes, at least 48 */
    WEIR_OPT_MTU_PROBE_THRESHOLD, /* bytes, at least 1 */
    WEIR_OPT_MTU_PROBE_INTERVAL,  /* ns; WEIR_NEVER allowed */
    WEIR_OPT_USER_TIMEOUT_OPTION, /* 0/1 */
    WEIR_OPT_USER_TIMEOUT_ADVERTISED, /* ns, 0: user_timeout or r2_time; the peer is told at once or later */
    WEIR_OPT_USER_TIMEOUT_MIN, /* ns */
    WEIR_OPT_USER_TIMEOUT_MAX, /* ns, not below the least; WEIR_NEVER allowed */
    WEIR_OPT_RTO_MIN,          /* ns, 1 us to 200 ms; from the next timeout on */
    WEIR_OPT_RTO_MAX,          /* ns, 1 s to 120 s (RFC 6298 2.5: 60 s at least) */
    WEIR_OPT_SYN_LINEAR        /* timeouts of a SYN before doubling begins */
};

/* A listener's options are those of the handshakes it answers from now on; its receive buffer stays
 * (WEIR_ENOPROTOOPT), because windows scaled by it have been offered. */
WEIR_API int weir_tcp_set(struct weir_stack *stack, weir_handle handle, enum weir_option option,
                          uint64_t value);
WEIR_API int weir_tcp_get(struct weir_stack *stack, weir_handle handle, enum weir_option option,
                          uint64_t *value);

/* ---- Counters -------------------------------------------------------------------------------------- */

WEIR_API int weir_stats(const struct weir_stack *stack, struct weir_stats *stats);

/* The flight recorder: copies the last records, oldest first, into `records`; returns their number. */
WEIR_API size_t weir_ring(const struct weir_stack *stack, struct weir_record *records, size_t n);

/* Checks every invariant of the stack and of each connection; weir_assert_fail on the first broken one.
 * For tests: it takes time in proportion to everything there is. */
WEIR_API void weir_stack_check(const struct weir_stack *stack);

#ifdef __cplusplus
}
#endif
#endif
