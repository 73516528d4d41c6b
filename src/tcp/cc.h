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
    /* In order and out of recovery: an ACK covered info->acked bytes. */
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
};

extern const struct cc_algorithm cc_newreno, cc_cubic;

/* The algorithm of that name (enum weir_congestion, checked). */
const struct cc_algorithm *cc_find(uint8_t congestion);

#endif
