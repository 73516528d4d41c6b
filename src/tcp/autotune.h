/*
 * autotune.h - buffers that follow what a connection can use (weir_tcp_options.receive_buffer 0,
 * send_buffer 0).
 *
 * Receiving: dynamic right-sizing. What the application reads in a round trip is what the sender could send
 * in one; a sender in slow start sends twice that in the next, so the buffer is made twice as large, and
 * more while it still accelerates. A round trip is measured by the timestamps that the sender echoes, or
 * else by how long it takes to use up one whole window.
 *
 * Sending: twice the congestion window, so that the next window is there when this one is acknowledged.
 *
 * Both within the stack's memory budget, if there is one: what receive buffers have grown by never exceeds
 * half of it, nothing grows when half is used, and growth is taken back when three quarters are. What was
 * announced to a peer is kept all the same.
 */
#ifndef TCP_AUTOTUNE_H
#define TCP_AUTOTUNE_H

#include "tcp/input.h"

/* Data came in order. */
void autotune_arrived(struct tcp *t, struct tcp_conn *c, const struct seg_in *in);
/* The application has read. */
void autotune_read(struct tcp *t, struct tcp_conn *c);
/* The settings were changed, or are new. */
void autotune_reset(struct tcp *t, struct tcp_conn *c);
/* The connection goes: its growth is given back. */
void autotune_forget(struct tcp *t, struct tcp_conn *c);

/* The send buffer as it is now. */
uint32_t autotune_send_limit(const struct tcp *t, const struct tcp_conn *c);

#endif
