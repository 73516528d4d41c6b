/*
 * urgent.h - the urgent mechanism (RFC 9293 3.8.5, RFC 6093): a mark in the stream, in each direction.
 *
 * The pointer is the position behind the last urgent byte, as RFC 9293 and every system have it. The bytes stay
 * in the stream; taking one of them out is what sockets do. The marks are in the cold block.
 */
#ifndef TCP_URGENT_H
#define TCP_URGENT_H

#include "tcp/conn.h"

struct seg_in;

/* Everything queued up to now is urgent. false: no memory, nothing was done. */
bool urgent_mark(struct tcp *t, struct tcp_conn *c);
/* URG and pointer of a segment that begins at `seq`, if the mark is in reach. */
void urgent_put(struct tcp *t, const struct tcp_conn *c, struct tcp_segment *s, seq_pos seq);
/* snd_una moved. */
void urgent_acked(struct tcp *t, struct tcp_conn *c);
/* The sixth step of SEGMENT ARRIVES. */
void urgent_arrived(struct tcp *t, struct tcp_conn *c, const struct seg_in *in);

#endif
