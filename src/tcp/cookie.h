/* cookie.h - SYN cookies (RFC 4987 3.6), shared with listen.c. */
#ifndef TCP_COOKIE_H
#define TCP_COOKIE_H

#include "tcp/tcp.h"

/* Shall this listener's next SYN be answered with a cookie? `full`: there is no room for an entry. */
bool cookie_wanted(const struct tcp *t, const struct listener *l, bool full);
/* An ACK that may be the answer to one: makes the connection, or says what to do. */
void cookie_input(struct tcp *t, struct listener *l, const struct tcp_arrival *a,
                  struct tcp_outcome *out);

#endif
