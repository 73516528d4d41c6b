/*
 * challenge.h - how often segments that are not what they should be are answered.
 *
 * Two limits: RFC 5961 7's for the whole stack, and one ACK in challenge_spacing for each connection, so that two
 * ends that disagree (or somebody who forges for both) cannot keep ACKs going round.
 */
#ifndef TCP_CHALLENGE_H
#define TCP_CHALLENGE_H

#include "tcp/conn.h"

/* Owes an ACK at once; a `challenge` counts against both limits and may be suppressed. */
void input_owe_ack(struct tcp *t, struct tcp_conn *c, bool challenge);

/* May one more challenge ACK leave the stack? Counts it. */
bool input_challenge_allowed(struct tcp *t);

/* How long after an answer to something useless the next one may leave. */
weir_time challenge_spacing(const struct tcp *t);

/* May this connection answer something useless now? Counts it. */
bool challenge_spaced(struct tcp *t, struct tcp_conn *c);

#endif
