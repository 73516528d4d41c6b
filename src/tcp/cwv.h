/*
 * cwv.h - how much of cwnd is in use: growth only by a window that was, and what an unused one is worth
 * (RFC 7661, RFC 5681 4.1).
 *
 * As on Linux a window is "limiting" when some time in the last round cwnd kept data back; in slow start it
 * is enough to have had more than half of it in flight. pipeACK (RFC 7661 4.2) is what a round trip
 * delivered at most lately: a loss while cwnd is much larger than that says nothing about cwnd.
 */
#ifndef TCP_CWV_H
#define TCP_CWV_H

#include "tcp/conn.h"

struct ack_info;

/* Data was sent, or could not be: `kept_back` by cwnd. */
void cwv_note(struct tcp_conn *c, bool kept_back);
/* May this ACK let cwnd grow? */
bool cwv_limited(const struct tcp_conn *c);
/* An ACK came: pipeACK. */
void cwv_on_ack(struct tcp *t, struct tcp_conn *c);
/* The window that a loss is to be measured by: cwnd, or in the non-validated phase (RFC 7661 4.4) what
 * was used of it. */
uint32_t cwv_loss_window(const struct tcp_conn *c);

/* cwnd after an idle time: halved for each RTO, not below the initial window (RFC 5681 4.1); ssthresh
 * remembers three quarters of it. */
void cwv_restart(struct tcp_conn *c, weir_time idle);

#endif
