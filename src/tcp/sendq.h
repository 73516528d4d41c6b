/*
 * sendq.h - bytes given by the application and not yet acknowledged.
 *
 * A list of buffers in stream order; buffer->position is the stream position of its first byte. Bytes
 * already in a buffer never change or move; new ones are appended behind them. Frames hold references of
 * their own, so an ACK only drops the queue's.
 */
#ifndef TCP_SENDQ_H
#define TCP_SENDQ_H

#include "tcp/conn.h"

#define SENDQ_SLICES (WEIR_SLICES_MAX - 1)

#define SENDQ_RECORD_END 1u /* flag of a buffer: no segment goes beyond its last byte */

/* Bytes that fit under the limits now. */
size_t sendq_room(const struct tcp_conn *c, uint32_t limit);
/* Bytes that window and congestion window would let go now. */
uint32_t sendq_could_go(const struct tcp_conn *c);
/* How much is gathered for one super-segment: half a window of the peer at most, so that two are on their way. */
uint32_t sendq_super_segment(const struct tcp_conn *c);
/* Is there so much room that the application is to be told? */
bool sendq_writable(const struct tcp_conn *c, uint32_t limit);

/* Copies up to `size` bytes in; returns how many (less when memory runs out; 0 possible). */
size_t sendq_append(struct tcp *t, struct tcp_conn *c, const void *data, size_t size);
/* What was appended last ends a record. */
void sendq_end_record(struct tcp_conn *c);
/* Bytes from snd_nxt to the next end of a record, or to the end. */
uint32_t sendq_to_record_end(const struct tcp_conn *c);
int sendq_append_ref(struct tcp *t, struct tcp_conn *c, const void *data, uint32_t size,
                     uint64_t cookie);

/* Drops everything before snd_una. */
void sendq_release(struct tcp *t, struct tcp_conn *c);
void sendq_clear(struct tcp *t, struct tcp_conn *c);

/* The bytes [from, from + size) as at most SENDQ_SLICES slices with their buffers; returns the number of
 * slices and in *covered how many bytes they hold (less than size when there are too many pieces). */
uint32_t sendq_slices(struct tcp_conn *c, seq_pos from, uint32_t size, struct weir_slice *slices,
                      struct weir_buffer **buffers, uint32_t *covered);

#endif
