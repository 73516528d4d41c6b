/*
 * cold.h - the cold block of a connection: what only some connections need, or only once they are busy, so
 * that an idle one stays small. Made on demand, kept until the connection is freed.
 */
#ifndef TCP_COLD_H
#define TCP_COLD_H

#include "tcp/ecn.h"

#define TCP_DSACK_QUEUE 4
struct tcp_auth; /* auth.h */

/* mtuprobe.h; sizes as in conn->mss_base */
struct mtu_search {
    weir_time since;      /* when it began, or began anew */
    seq_pos start, end;   /* of the probe */
    uint32_t lost_before; /* flight->rate.lost when it left */
    uint16_t low, high;
    uint16_t size; /* of the probe that is out; 0: none */
    uint32_t sent, failed, black_holes;
};

struct tcp_cold {
    uint32_t free_next;     /* the pool's, when free */
    uint32_t index;         /* of this block in its pool */
    weir_time challenge_at; /* no answer to a useless segment before (challenge.h) */
    struct ecn_state ecn;   /* once ECN was asked for or agreed on */

    /* what takes a reduction of the window back (undo.c) */
    seq_pos undo_marker; /* snd_una when it began; 0: there is none */
    uint32_t undo_cwnd, undo_ssthresh;
    uint32_t undo_resent; /* segments sent again since and not known to be needless */
    uint32_t undo_stamp;  /* timestamp of the first of them */
    bool undo_any;        /* there was one */

    uint8_t dsack_count; /* duplicates to be reported (dsack.c) */
    struct tcp_sack_block dsack[TCP_DSACK_QUEUE];

    /* proportional rate reduction (prr.c), bytes */
    uint32_t prr_delivered, prr_out, prr_flight;
    seq_pos recovered;   /* where the last recovery ended: older duplicates count for nothing */
    seq_pos dsack_round; /* snd_nxt when RACK last took a D-SACK to heart; 0: none */

    /* counters */
    uint32_t undone, probes_sent, dsacks_in, dsacks_out, lost_again, spurious_rtos;
    struct tcp_auth *auth; /* when c->auth */

    /* limits.c: what limited the sender, and for how long */
    weir_time limit_time[WEIR_LIMIT_COUNT];
    weir_time limit_since;
    bool limits_kept;
    uint8_t limit_traced; /* enum weir_limit: the last one that a record told */

    /* autotune.c: what the receive buffer is sized by */
    bool measuring;
    uint32_t rcv_rtt_us, rcv_rtt_ecr;
    weir_time rcv_rtt_at;
    seq_pos rcv_rtt_end;   /* with this byte a window has been used up since rcv_rtt_at */
    seq_pos rcv_space_pos; /* how far the application had read at rcv_space_at */
    weir_time rcv_space_at;
    uint32_t rcv_space; /* most bytes read in a round trip */

    /* counters of what goes wrong */
    uint64_t bytes_retransmitted;
    uint32_t segments_retransmitted, rto_count, fast_retransmit_count, probe_count;
    uint32_t out_of_order_in; /* segments */

    seq_pos snd_up,
        rcv_up; /* behind the last urgent byte, while urgent_out, urgent_in (urgent.h) */
    uint32_t fastopen_listener, fastopen_generation; /* in whose fastopen_pending it is, 0: none */
    uint16_t fastopen_data; /* bytes that our SYN carried; then those of them that were not taken */
    uint16_t fastopen_taken; /* those that were */
    uint8_t fastopen_flags;  /* enum fastopen_flags */

    struct mtu_search mtu;
    uint32_t peer_timeout_s; /* its user timeout option, 0: none (uto.h) */
};

/* The block, or NULL when the connection has none. */
static inline struct tcp_cold *cold_of(const struct tcp *t, const struct tcp_conn *c)
{
    return c->cold ? pool_at(&t->colds, c->cold) : NULL;
}

/* The block, zeroed when new; NULL: no memory. */
struct tcp_cold *cold_ensure(struct tcp *t, struct tcp_conn *c);
void cold_release(struct tcp *t, struct tcp_conn *c);

/* Counts in the cold block, if there can be one. */
#define COLD_COUNT(t, c, field, n)                        \
    do {                                                  \
        struct tcp_cold *cold_counts = cold_ensure(t, c); \
        if (cold_counts) {                                \
            cold_counts->field += (n);                    \
        }                                                 \
    } while (0)

#endif
