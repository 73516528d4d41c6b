/* flight.h - the flight block of a connection: there only while something is queued or outstanding. */
#ifndef TCP_FLIGHT_H
#define TCP_FLIGHT_H

#include "tcp/conn.h"

/* Makes sure that there is one; false: no memory. */
bool flight_ensure(struct tcp *t, struct tcp_conn *c);
/* Gives it back when nothing is queued or outstanding. */
void flight_release_if_idle(struct tcp *t, struct tcp_conn *c);
/* Drops everything in it and gives it back. */
void flight_clear(struct tcp *t, struct tcp_conn *c);

#endif
