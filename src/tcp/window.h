/* window.h - the receive window we announce (RFC 9293 3.8.6.2.2) and what the peer's allows. */
#ifndef TCP_WINDOW_H
#define TCP_WINDOW_H

#include "tcp/conn.h"

/* Scale factor to announce: the largest window that these options may lead to must fit. */
uint8_t window_scale_for(const struct weir_tcp_options *o);

/* The right edge to announce now: never moves left, and right only by a useful amount. */
seq_pos window_edge(const struct tcp_conn *c);

/* Is a segment owed only to announce that the window opened? */
bool window_update_due(const struct tcp_conn *c);

/* The window field for a segment sent now (SYN: unscaled), and rcv_adv moved accordingly. */
uint16_t window_announce(struct tcp_conn *c, bool syn);

/* Bytes that may be sent beyond snd_nxt. */
uint32_t window_usable(const struct tcp_conn *c);

#endif
