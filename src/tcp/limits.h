/*
 * limits.h - what limits a sender, and the account of it over a connection's life.
 *
 * At every moment one of enum weir_limit holds the sender back (NONE: nothing, the device is to take what is
 * due). The account begins with ESTABLISHED and ends with TIME-WAIT or CLOSED, and its times sum to that age
 * exactly. A connection that only ever waited for its application has no cold block for it. (trace_limit of
 * trace.h changes the limit.)
 */
#ifndef TCP_LIMITS_H
#define TCP_LIMITS_H

#include "tcp/conn.h"

void limits_open(struct tcp *t, struct tcp_conn *c);
void limits_close(struct tcp *t, struct tcp_conn *c);
/* Since ESTABLISHED, until now or until it was over. */
weir_time limits_age(const struct tcp *t, const struct tcp_conn *c);
void limits_read(const struct tcp *t, const struct tcp_conn *c, weir_time times[WEIR_LIMIT_COUNT]);

/* The times sum to the age. */
void limits_check(const struct tcp *t, const struct tcp_conn *c);

#endif
