/* recovery.h - what loss means: fast retransmit and recovery (RFC 5681, 6582, 6675) and the RTO's part. */
#ifndef TCP_RECOVERY_H
#define TCP_RECOVERY_H

#include "tcp/ack.h"

/* After an ACK has been applied to the scoreboard: detects loss, moves between open and recovery, and
 * lets congestion control grow the window. */
void recovery_on_ack(struct tcp *t, struct tcp_conn *c, const struct ack_info *info);

/* The retransmission timer fired with data outstanding. */
void recovery_on_rto(struct tcp *t, struct tcp_conn *c);

#endif
