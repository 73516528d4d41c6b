/*
 * tcp_kit.h - one stack on a bare-IP link whose other end is the test: segments are made here, fed in,
 * and what comes out is taken apart and compared.
 *
 * Sequence numbers in these calls are relative: 0 is the SYN, 1 the first byte, of either direction.
 * Payload is a fixed pattern of its position, so whatever arrives anywhere is compared byte by byte.
 * weir_stack_check runs after each step; tk_del checks that nothing is left.
 *
 *     struct tk_setup s = tk_setup();           plain: peer offers an MSS only
 *     struct tk *k = tk_new(&s);
 *     tk_passive(k);                            or tk_active: ESTABLISHED, events eaten
 *     tk_in(k, A, 1, 1, 100);                   data from the peer
 *     tk_expect(k, A, 1, 101, 0);               what the stack answers
 *     tk_expect_nothing(k);
 *     tk_del(k);
 */
#ifndef TESTS_TCP_KIT_H
#define TESTS_TCP_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/address.h"
#include "base/compiler.h"
#include "base_kit.h"
#include "wire/tcp.h"
#include <weir/trace.h>

/* Short names for expectations. */
enum {
    F = WEIR_TCP_FIN,
    S = WEIR_TCP_SYN,
    R = WEIR_TCP_RST,
    P = WEIR_TCP_PSH,
    A = WEIR_TCP_ACK,
    U = WEIR_TCP_URG
};

#define TK_PORT 80          /* the server's */
#define TK_PEER_PORT 40000  /* the peer's, passive opens */
#define TK_LOCAL_PORT 50000 /* the stack's, active opens */
#define TK_OUT_MAX 2048
#define TK_RELEASED_MAX 64

struct tk_setup {
    struct weir_config config;
    struct weir_link_config link;
    bool v6;
    struct tcp_options peer; /* of the peer's SYN */
    uint32_t peer_iss;
    uint16_t peer_window; /* wire value */
    uint32_t backlog;     /* 0: the default */
    bool deferred, soft_errors_end;
    weir_time start;
};

/* One packet that came out. */
struct tk_out {
    weir_time time;
    struct ip_addr src, dst;
    uint8_t ttl, tos, protocol;
    bool dont_fragment;
    uint16_t ip_id;
    uint32_t ip_size;
    struct weir_offload offload;
    struct tcp_segment s; /* payload pointer is not valid, options.fastopen is `cookie` */
    uint8_t cookie[16];
    uint16_t flags; /* without PSH */
    bool psh;
    uint32_t seq, ack, len; /* relative */
};

struct tk {
    struct tk_setup setup;
    struct heap heap;
    struct weir_stack *stack;
    uint32_t link;
    weir_time now;
    struct ip_addr local, peer;
    uint16_t local_port, peer_port;
    weir_handle conn, listener;

    /* what the peer knows */
    uint32_t iss, peer_iss;
    uint16_t window;        /* wire value that tk_in sends */
    bool ts;                /* tk_in sends timestamps */
    uint32_t ts_val;        /* added to the clock in ms */
    uint32_t ts_ecr;        /* last one seen */
    uint32_t written, read; /* bytes of the two streams so far */
    uint32_t peer_pos;      /* sequence number of the peer's pure ACKs, 1 */

    /* input */
    bool batching;
    struct weir_buffer *batch[256];
    size_t batch_count;
    struct weir_offload in_offload; /* csum NONE: tk computes it */
    bool bad_checksum;              /* of the next segments */
    uint8_t ttl_in, tos_in;

    /* output */
    size_t batch_out;     /* frames per weir_output, 32 */
    bool hold;            /* frames are kept until tk_done */
    bool gso_late;        /* gso was switched on later */
    bool foreign_payload; /* sent bytes are not the pattern */
    struct weir_frame held[TK_OUT_MAX];
    uint64_t held_sum[TK_OUT_MAX];
    size_t held_count;
    struct tk_out out[TK_OUT_MAX];
    size_t out_head, out_count;

    /* events */
    uint32_t bits;          /* of connections */
    uint32_t listener_bits; /* of the listener */
    int error;              /* of the last CLOSED or ERROR */
    struct weir_event syn;  /* the last SYN event */
    uint64_t released[TK_RELEASED_MAX];
    size_t released_count;

    /* trace */
    uint32_t record_count[WEIR_RECORD_TYPE_COUNT];
    struct weir_record last[WEIR_RECORD_TYPE_COUNT];
    uint32_t dropped_seen[WEIR_DROP_COUNT];
};

/* Reproducible, fixed ISN, one address; the peer's SYN carries MSS 1460 (1440) and nothing else, its
 * window is 65535. */
struct tk_setup tk_setup(void);
/* The same, and the peer offers window scaling (7), SACK and timestamps. */
struct tk_setup tk_setup_modern(void);

struct tk *tk_new(const struct tk_setup *setup);
void tk_del(struct tk *k); /* aborts what is open, expects that nothing leaks */

/* ---- Input ---- */
struct tcp_segment tk_segment(const struct tk *k, uint16_t flags, uint32_t seq, uint32_t ack);
void tk_inject(struct tk *k, const struct tcp_segment *s, uint32_t len); /* pattern payload */
void tk_inject_packet(struct tk *k, const void *packet, uint32_t size,
                      const struct weir_offload *offload);
void tk_in(struct tk *k, uint16_t flags, uint32_t seq, uint32_t ack, uint32_t len);
/* A pure ACK with SACK blocks: pairs of relative numbers, ended by 0. */
void tk_in_sack(struct tk *k, uint32_t ack, const uint32_t *pairs);
/* Everything between goes in with one weir_input. */
void tk_batch(struct tk *k);
void tk_batch_end(struct tk *k);
/* The IP packet of a segment: its size. */
uint32_t tk_packet(const struct tk *k, uint8_t *packet, const struct tcp_segment *s, uint32_t len);

/* An ICMP error about [seq] of the connection. */
void tk_icmp(struct tk *k, uint8_t type, uint8_t code, uint32_t seq, uint32_t rest);

/* ---- Output ---- */
void tk_pull(struct tk *k);
/* The next packet, pulling if needed; NULL: none is due. Valid until tk_new. */
const struct tk_out *tk_next(struct tk *k);
const struct tk_out *tk_expect_at(struct tk *k, const char *file, int line, uint16_t flags,
                                  uint32_t seq, uint32_t ack, uint32_t len);
void tk_expect_nothing_at(struct tk *k, const char *file, int line);
/* Flags without PSH must be equal. */
#define tk_expect(k, flags, seq, ack, len) tk_expect_at(k, __FILE__, __LINE__, flags, seq, ack, len)
#define tk_expect_nothing(k) tk_expect_nothing_at(k, __FILE__, __LINE__)
/* Takes everything that is due and forgets it; returns how many packets. */
size_t tk_flush(struct tk *k);
void tk_done(struct tk *k, size_t index, size_t n, enum weir_frame_fate fate); /* held frames */

/* ---- Time: every deadline on the way is kept ---- */
void tk_advance(struct tk *k, weir_time by);
/* Until a packet comes out or `limit` has passed; NULL then. */
const struct tk_out *tk_wait(struct tk *k, weir_time limit);
#define TK_TICK (20 * WEIR_US)
/* Two times of which the second may be a little later: timers tick. */
#define tk_expect_time(actual, expected) assert_in_range(actual, expected, (expected) + TK_TICK)

/* ---- Application ---- */
void tk_listen(struct tk *k);
void tk_connect(struct tk *k);
/* The peer's SYN with the options of the set-up. */
void tk_syn_in(struct tk *k, uint16_t flags, uint32_t ack);
/* To SYN-RECEIVED (passive); the SYN,ACK is returned. */
const struct tk_out *tk_syn_received(struct tk *k);
void tk_passive(struct tk *k);
void tk_active(struct tk *k);
/* From ESTABLISHED to any synchronized state, by the usual segments, which are checked. */
void tk_to(struct tk *k, enum weir_tcp_state state);
void tk_write(struct tk *k, uint32_t size);
void tk_read(struct tk *k, uint32_t size); /* expects exactly these bytes to be there */
enum weir_tcp_state tk_state(struct tk *k);
struct weir_tcp_info tk_info(struct tk *k);
struct weir_stats tk_stats(struct tk *k);
void tk_events(struct tk *k);
/* The bit is there; it is cleared. */
#define tk_expect_event(k, bit)                \
    do {                                       \
        tk_events(k);                          \
        assert_true(((k)->bits & (bit)) != 0); \
        (k)->bits &= ~(uint32_t)(bit);         \
    } while (0)
#define tk_expect_no_event(k, bit)             \
    do {                                       \
        tk_events(k);                          \
        assert_int_equal((k)->bits &(bit), 0); \
    } while (0)
#define tk_expect_state(k, state) \
    assert_string_equal(weir_tcp_state_name(tk_state(k)), weir_tcp_state_name(state))
/* How often this reason was counted since the last call for it. */
uint32_t tk_drops(struct tk *k, enum weir_drop drop);

uint8_t tk_pattern(uint32_t position, bool from_peer);

#endif
