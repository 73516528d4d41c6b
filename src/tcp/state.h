/* state.h - the one writer of connection states, and what goes with a change. */
#ifndef TCP_STATE_H
#define TCP_STATE_H

#include "tcp/conn.h"

void tcp_set_state(struct tcp *t, struct tcp_conn *c, enum weir_tcp_state to,
                   enum weir_reason reason);

/* The one way to CLOSED: queues and timers go, the application is told (error 0: orderly). The receive
 * queue stays readable. A pending RST (rst_pending) is still sent. */
void tcp_finish(struct tcp *t, struct tcp_conn *c, int error, enum weir_reason reason);

/* RST to the peer, then CLOSED. */
void tcp_reset(struct tcp *t, struct tcp_conn *c, int error, enum weir_reason reason);

/* Both FINs are done and ours is acknowledged: waits 2 MSL. */
void tcp_enter_time_wait(struct tcp *t, struct tcp_conn *c, enum weir_reason reason);

/* Our handshake is complete. */
void tcp_established(struct tcp *t, struct tcp_conn *c, enum weir_reason reason);

/* Adds event bits for the application (nothing for an orphan). */
void tcp_event(struct tcp *t, struct tcp_conn *c, uint32_t bits);
void tcp_listener_event(struct tcp *t, struct listener *l, uint32_t bits);

/* The connection's state changed: it is evaluated (what is due, when) before the call into weir ends. */
void tcp_touch(struct tcp *t, struct tcp_conn *c);

/* Settings: shared and counted; changing takes a private copy first. */
struct tcp_settings *tcp_settings_new(struct tcp *t, const struct weir_tcp_options *o);
/* Makes them the holder's own, by a copy if they are shared. false: no memory. */
bool tcp_settings_own(struct tcp *t, struct tcp_settings **settings);
void tcp_settings_ref(struct tcp_settings *s);
void tcp_settings_unref(struct tcp *t, struct tcp_settings *s);

#endif
