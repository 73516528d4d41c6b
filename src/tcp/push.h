/*
 * push.h - PSH within what is queued.
 *
 * A sender marks the end of its writes (MUST-61), and with a long write more than that, so that a receiver which
 * waits for a PSH need not wait for all of it. As Linux: bytes are gathered into super-segments as they are written,
 * and one that is full and ends more than half of the largest window behind the last mark is marked. What leaves
 * while the write goes on makes room in the first one, which moves all that follow.
 *
 * Only the next mark is kept; the others follow from it when it is passed.
 */
#ifndef TCP_PUSH_H
#define TCP_PUSH_H

#include "tcp/conn.h"

/* [from, snd_end) was written; a write's own end is not a mark. */
void push_gather(struct tcp_conn *c, seq_pos from);
/* How much of `size` bytes from snd_nxt goes with the next segments, so that the last of them has the mark. */
uint32_t push_cut(const struct tcp_conn *c, uint32_t size, uint32_t per_segment);
/* Is there a mark in (start, end]? It is passed then. */
bool push_passed(struct tcp_conn *c, seq_pos start, seq_pos end);

#endif
