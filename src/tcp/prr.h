/*
 * prr.h - proportional rate reduction (RFC 9937): while the window is being reduced, each ACK says how many
 * bytes may leave for those that have arrived, so that in flight comes down to ssthresh evenly and is
 * brought up to it, not beyond, when losses have taken it below.
 */
#ifndef TCP_PRR_H
#define TCP_PRR_H

#include "tcp/ack.h"

/* The reduction begins; ssthresh is set. Without memory cwnd is ssthresh from here on. Algorithms that own
 * cwnd in recovery are left alone, here and below. */
void prr_begin(struct tcp *t, struct tcp_conn *c, const struct ack_info *info);
/* `delivered` bytes have arrived: sets cwnd. `safe`: the cumulative ACK moved and nothing more is lost. */
void prr_on_ack(struct tcp *t, struct tcp_conn *c, uint32_t delivered, bool safe);
void prr_on_sent(struct tcp *t, struct tcp_conn *c, uint32_t size);

#endif
