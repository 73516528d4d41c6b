/*
 * uto.h - the TCP User Timeout Option (RFC 5482): each end says how long it will keep on sending what is not
 * acknowledged, so that the other end can keep the connection at least as long.
 *
 *     RFC 5482       here
 *     ENABLED        options.user_timeout_option
 *     CHANGEABLE     options.user_timeout is 0: the application did not ask for a time of its own
 *     ADV_UTO        options.user_timeout_advertised, or user_timeout, or r2_time
 *     REMOTE_UTO     cold->peer_timeout_s
 *     L_LIMIT        options.user_timeout_min
 *     U_LIMIT        options.user_timeout_max
 *     USER_TIMEOUT   uto_limit
 *
 * The option is in our SYN, in the first segment after the handshake, and in the next one after a change (3);
 * it is not repeated when that segment is lost (3.2).
 */
#ifndef TCP_UTO_H
#define TCP_UTO_H

#include "tcp/conn.h"

#define UTO_OPTION_SPACE 4

/* The first segment of an established connection, or the next one after a change, is to carry it. */
static inline void uto_announce(struct tcp_conn *c)
{
    c->uto_due = c->settings->o.user_timeout_option;
}
/* Adds it, if the options there leave room. */
void uto_put(const struct tcp_conn *c, struct tcp_options *o);
/* Options of an acceptable segment, which have it. */
void uto_arrived(struct tcp *t, struct tcp_conn *c, const struct tcp_options *o);

/* How long data may stay unacknowledged; 0: neither the application nor the peer has said so. */
weir_time uto_limit(const struct tcp *t, const struct tcp_conn *c);
/* What the peer has said, 0: nothing. */
weir_time uto_of_peer(const struct tcp *t, const struct tcp_conn *c);

#endif
