/*
 * dsack.h - D-SACK (RFC 2883): what arrived a second time is reported in the first SACK block of an ACK, so
 * that the sender learns which of its retransmissions were needless. What a peer's D-SACKs mean is undo.h's
 * and rack.h's.
 */
#ifndef TCP_DSACK_H
#define TCP_DSACK_H

#include "base/ranges.h"
#include "tcp/conn.h"

/* [start, end) arrived and was there already. Each is reported once; of many between two ACKs the first ones.
 * The caller owes an ACK. */
void dsack_note(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end);
/* Notes the first part of [start, end) that waits behind a hole. False: none does. */
bool dsack_note_held(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end);
/* A pure ACK is being made: puts the oldest report before its SACK blocks. */
void dsack_put(struct tcp *t, struct tcp_conn *c, struct tcp_options *o);

#endif
