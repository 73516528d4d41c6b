/* synsent.h - SEGMENT ARRIVES in SYN-SENT (RFC 9293 3.10.7.3), simultaneous open included. */
#ifndef TCP_SYNSENT_H
#define TCP_SYNSENT_H

#include "tcp/input.h"

enum tcp_verdict synsent_input(struct tcp *t, struct tcp_conn *c, struct seg_in *in);

/* Simultaneous open: the peer's SYN,ACK arrives in SYN-RECEIVED. true: it is good and goes on as an ACK,
 * with its SYN taken off. */
bool synsent_crossing_syn_ack(struct tcp *t, struct tcp_conn *c, struct seg_in *in);

/* What the peer's SYN says: sequence numbers, window, options. */
void synsent_learn_peer(struct tcp *t, struct tcp_conn *c, const struct tcp_segment *s);

#endif
