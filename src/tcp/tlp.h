/*
 * tlp.h - tail loss probes (RFC 8985 7): when no ACK has come for about two round trips, one more segment
 * goes, new or the last one again, so that the peer's answer shows a loss to RACK long before the RTO would.
 * At most one probe is out. Needs SACK.
 */
#ifndef TCP_TLP_H
#define TCP_TLP_H

#include "tcp/ack.h"

/* Something was sent, or the cumulative ACK moved: sets the probe timer, or turns it off. */
void tlp_arm(struct tcp *t, struct tcp_conn *c);
/* The probe timer has expired: a probe is due, and the RTO begins anew. */
void tlp_fire(struct tcp *t, struct tcp_conn *c);
/* Can the probe that is due leave now? */
bool tlp_ready(const struct tcp *t, const struct tcp_conn *c);
/* Bytes of new data in the probe; 0: it repeats the last segment. */
uint32_t tlp_new_bytes(const struct tcp_conn *c);
/* The record of the last segment, cut off if it is part of a longer one; 0: no memory. */
uint32_t tlp_last_segment(struct tcp *t, struct tcp_conn *c);
void tlp_sent(struct tcp *t, struct tcp_conn *c, bool repeats);
/* What an ACK says about the probe. True: the probe repaired a loss, so the window is to be reduced. */
bool tlp_on_ack(struct tcp *t, struct tcp_conn *c, const struct ack_info *info);

#endif
