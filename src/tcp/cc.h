/*
 * cc.h - congestion control as a plug: a constant table of functions per algorithm, chosen per connection
 * (weir_tcp_options.congestion). An algorithm owns cwnd, ssthresh and the pacing rate; recovery.c says what
 * happened and never asks why the window is what it is.
 *
 * Members marked "may be NULL" are left out by algorithms that have nothing to say there.
 */
#ifndef TCP_CC_H
#define TCP_CC_H

#include "tcp/conn.h"

struct ack_info;

struct cc_algorithm {
    const char *name;
    void (*init)(struct tcp_conn *c, weir_time now);
    /* In order and out of recovery: an ACK covered info->acked bytes, and info->delivered of them are news. */
    void (*on_ack)(struct tcp_conn *c, const struct ack_info *info, weir_time now);
    /* Loss was found: the new ssthresh in bytes. */
    uint32_t (*on_loss)(struct tcp_conn *c, weir_time now);
    /* The network marked instead of dropping (RFC 3168, 8511): the new ssthresh in bytes. May be NULL: as
     * on_loss. */
    uint32_t (*on_ecn)(struct tcp_conn *c, const struct ack_info *info, weir_time now);
    /* The last on_loss or on_ecn was a mistake: cwnd and ssthresh are back to what they were; whatever
     * else on_loss changed is to be taken back too. May be NULL. */
    void (*undo)(struct tcp_conn *c);
    void (*on_idle)(struct tcp_conn *c, weir_time idle);

    /* All from here on may be NULL. */

    /* State of its own beyond cc_state is taken (before init; false: no memory, and CUBIC steps in) and
     * given back. */
    bool (*attach)(struct tcp *t, struct tcp_conn *c);
    void (*release)(struct tcp *t, struct tcp_conn *c);
    /* A record was marked lost: before on_loss, once for each record. */
    void (*on_lost)(struct tcp_conn *c, const struct tx_record *r, weir_time now);
    /* The end of every ACK that said anything about what is outstanding, in recovery too: after on_ack. */
    void (*on_delivered)(struct tcp_conn *c, const struct ack_info *info, weir_time now);
    /* Something leaves after a time in which nothing was in flight, because the application had nothing. */
    void (*on_restart)(struct tcp_conn *c, weir_time now);
    /* An RTO marked everything lost and cwnd is about to be one segment. */
    void (*on_rto)(struct tcp_conn *c, weir_time now);
    /* Bytes per second; 0: not known yet. With it the connection is always paced; without it only when
     * asked to be (pacer.h). */
    uint64_t (*pacing_rate)(const struct tcp_conn *c);
    /* The phase it is in, as the reason that the trace gives when it changes. */
    enum weir_reason (*phase)(const struct tcp_conn *c);
    /* cwnd is its own business in recovery too: neither on_loss nor the way through recovery sets it. */
    bool own_recovery;
    /* ECN, each ACK in whatever state, before on_ecn: which of the delivered bytes were marked. May be NULL. */
    void (*on_feedback)(struct tcp_conn *c, const struct ack_info *info, weir_time now);
};

extern const struct cc_algorithm cc_newreno, cc_cubic, cc_dctcp, cc_prague, cc_bbr;

/* NewReno's, one by one: the others use what they leave as it is. */
void cc_newreno_init(struct tcp_conn *c, weir_time now);
void cc_newreno_on_ack(struct tcp_conn *c, const struct ack_info *info, weir_time now);
uint32_t cc_newreno_on_loss(struct tcp_conn *c, weir_time now);
uint32_t cc_newreno_on_ecn(struct tcp_conn *c, const struct ack_info *info, weir_time now);
void cc_newreno_on_idle(struct tcp_conn *c, weir_time idle);

/* The algorithm of that name (enum weir_congestion, checked), and back. */
const struct cc_algorithm *cc_find(uint8_t congestion);
uint8_t cc_congestion(const struct cc_algorithm *cc);

/* The connection is established: the algorithm of its settings begins. */
void cc_start(struct tcp *t, struct tcp_conn *c);
/* Another one takes over where the last one is: cwnd and ssthresh stay. */
void cc_change(struct tcp *t, struct tcp_conn *c, uint8_t congestion);
void cc_release(struct tcp *t, struct tcp_conn *c);

/* The phase it is in, whoever it is. */
enum weir_reason cc_phase(const struct tcp_conn *c);

/* ... of algorithms with slow start and congestion avoidance: told by ssthresh and HyStart++. */
enum weir_reason cc_window_phase(const struct tcp_conn *c);

/* cwnd when nothing is known of the path: RFC 6928. */
uint32_t cc_initial_window(const struct tcp_conn *c);

/* What recovery.c calls: the table's functions and the trace of what they did. */
void cc_on_ack(struct tcp *t, struct tcp_conn *c, const struct ack_info *info);
void cc_on_delivered(struct tcp *t, struct tcp_conn *c, const struct ack_info *info);

#endif
