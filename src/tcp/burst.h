/*
 * burst.h - how large a super-segment of new data may be, beside what the device takes.
 *
 * Never more than half of the congestion window, so that at least two are on their way and ACKs keep coming;
 * and, since the handshake has timed the path, about what it carries in a millisecond, two segments at least:
 * a slow path gets no bursts, and a fast one few large pieces. Short round trips need no such care.
 */
#ifndef TCP_BURST_H
#define TCP_BURST_H

#include "tcp/conn.h"

/* A multiple of `segment`, at least one. */
uint32_t burst_bytes(const struct tcp_conn *c, uint32_t segment);

#endif
