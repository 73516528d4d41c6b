/*
 * timeout.h - the connection's deadlines. Each is a plain field (WEIR_NEVER: off); the wheel holds their
 * minimum. `rto_at` serves one purpose at a time, `timer_mode`:
 *   RTO      something is outstanding (SYN included)
 *   PERSIST  nothing outstanding, data waits, the peer's window is zero: probes
 *   SWS      nothing outstanding, data waits, the window is too small to be worth it: override
 *   LINGER   TIME-WAIT, or FIN-WAIT-2 that nobody holds a handle of
 */
#ifndef TCP_TIMEOUT_H
#define TCP_TIMEOUT_H

#include "tcp/ack.h"

weir_time timeout_deadline(const struct tcp_conn *c);
/* Runs what is due at env->now. */
void timeout_run(struct tcp *t, struct tcp_conn *c);

/* Something was sent that wants an answer. */
void timeout_on_send(struct tcp *t, struct tcp_conn *c);
/* An acceptable ACK was handled. */
void timeout_on_ack(struct tcp *t, struct tcp_conn *c, const struct ack_info *info);
/* Turns the persist or override timer on when data waits for a window, off when not. */
void timeout_persist(struct tcp *t, struct tcp_conn *c);
/* There is no way out for what is queued. True: that went on for too long, and the connection ended. */
bool timeout_unsent(struct tcp *t, struct tcp_conn *c);
void timeout_fin_wait_2(struct tcp *t, struct tcp_conn *c);
void timeout_keepalive(struct tcp *t, struct tcp_conn *c);
void timeout_clear(struct tcp_conn *c);

#endif
