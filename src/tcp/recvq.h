/* recvq.h - the queue of in-order bytes (shared with reassembly.c). */
#ifndef TCP_RECVQ_H
#define TCP_RECVQ_H

#include "tcp/reassembly.h"

/* The memory that received bytes may take is this many times the receive buffer: what is kept in place fills
 * at least half of its buffer. */
#define RECVQ_CHARGE_FACTOR 2

/* A buffer whose data/size are exactly these bytes: the received one by reference (then *buffer becomes
 * NULL), or a copy. NULL: no memory. */
struct weir_buffer *recvq_hold(struct tcp *t, struct tcp_conn *c, const uint8_t *data,
                               uint32_t size, struct weir_buffer **buffer);
/* Puts a held buffer at the end; it is charged already. */
void recvq_push(struct tcp_conn *c, struct weir_buffer *b);

#endif
