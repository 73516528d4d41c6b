/*
 * hystart.h - HyStart++ (RFC 9406): the initial slow start ends before it has filled the queue, when the
 * shortest round trip of a round is clearly longer than that of the round before. First it only slows down
 * (conservative slow start) for five rounds, in case the delay was something else.
 */
#ifndef TCP_HYSTART_H
#define TCP_HYSTART_H

#include "tcp/ack.h"

/* Slow start's part of on_ack: counts rounds, grows cwnd when it was in full use, and ends slow start (by
 * ssthresh) when the delay says so. */
void hystart_on_ack(struct tcp_conn *c, const struct ack_info *info, weir_time now);
bool hystart_conservative(const struct tcp_conn *c);

#endif
