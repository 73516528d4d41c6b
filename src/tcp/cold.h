/*
 * cold.h - the cold block of a connection: what only some connections need, or only once they are busy, so
 * that an idle one stays small. Made on demand, kept until the connection is freed.
 */
#ifndef TCP_COLD_H
#define TCP_COLD_H

#include "tcp/ecn.h"

#define TCP_DSACK_QUEUE 4

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
};

/* The block, or NULL when the connection has none. */
static inline struct tcp_cold *cold_of(const struct tcp *t, const struct tcp_conn *c)
{
    return c->cold ? pool_at(&t->colds, c->cold) : NULL;
}

/* The block, zeroed when new; NULL: no memory. */
struct tcp_cold *cold_ensure(struct tcp *t, struct tcp_conn *c);
void cold_release(struct tcp *t, struct tcp_conn *c);

#endif
