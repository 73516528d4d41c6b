/*
 * quickack.h - when data that came in order is acknowledged (RFC 5681 4.2, RFC 9293 3.8.6.3; enum
 * weir_quickack).
 *
 * Adaptive, as Linux does it. A peer in slow start needs every ACK, so at the start, after idle, and after
 * loss up to 16 segments (or half a window) are acknowledged at once. Otherwise an ACK goes at once when more
 * than one full-sized segment is unacknowledged, and waits if not: 40 ms to 200 ms, by how densely segments
 * arrive. Where the application answers within that time ("interactive") the ACK rides on the answer and
 * nothing is quick; where it has read all there is, a segment smaller than a full one is acknowledged then,
 * since nothing more is coming.
 */
#ifndef TCP_QUICKACK_H
#define TCP_QUICKACK_H

#include "tcp/input.h"

enum quickack_flags {
    QUICKACK_INTERACTIVE = 1 << 0,
    QUICKACK_SMALL = 1 << 1,  /* a segment smaller than a full one is unacknowledged */
    QUICKACK_SMALL2 = 1 << 2, /* more than one */
};

/* In-order data was taken: acknowledge it now or later. */
void quickack_arrived(struct tcp *t, struct tcp_conn *c, const struct seg_in *in, bool filled_hole);
/* Signs of loss, or a peer that must learn quickly. */
void quickack_enter(struct tcp_conn *c);
/* An ACK is leaving; before its debts are cancelled. */
void quickack_sent(struct tcp_conn *c);
void quickack_data_sent(struct tcp *t, struct tcp_conn *c);
/* The SYN,ACK came, and what waited for it can go: that is an answer. */
void quickack_answers_syn_ack(struct tcp *t, struct tcp_conn *c);
/* The delayed ACK's time has come. */
void quickack_timer(struct tcp_conn *c);
/* The application has read. */
void quickack_read(struct tcp_conn *c);
/* WEIR_OPT_QUICKACK. */
void quickack_set(struct tcp_conn *c, uint64_t value);

#endif
