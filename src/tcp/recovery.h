/* recovery.h - what loss means: fast retransmit and recovery (RFC 5681, 6582, 8985), the RTO's part, and the
 * ways out of them. How the window shrinks meanwhile is prr.h, how it comes back undo.h. */
#ifndef TCP_RECOVERY_H
#define TCP_RECOVERY_H

#include "tcp/ack.h"

/* After an ACK has been applied to the scoreboard: detects loss, moves between the states of recovery, and
 * lets congestion control grow the window or prr.h reduce it. */
void recovery_on_ack(struct tcp *t, struct tcp_conn *c, struct ack_info *info);
/* The same when nothing was outstanding: a late D-SACK may still undo what was done. */
void recovery_on_idle_ack(struct tcp *t, struct tcp_conn *c, struct ack_info *info);

/* The retransmission timer fired with data outstanding. */
void recovery_on_rto(struct tcp *t, struct tcp_conn *c);
/* RACK's reordering timer or the probe timer fired (flight->early). */
void recovery_on_early(struct tcp *t, struct tcp_conn *c);

/* The network says congestion without dropping (ECN): ssthresh by cc->on_ecn, and the window comes down over
 * the next round trip. Not while it is coming down for what was sent by now already. */
void recovery_enter_cwr(struct tcp *t, struct tcp_conn *c, const struct ack_info *info);

#endif
