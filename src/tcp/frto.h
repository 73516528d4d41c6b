/*
 * frto.h - F-RTO (RFC 5682, with and without SACK): after the retransmission timer has repeated the oldest
 * segment, the next ACKs tell whether the rest was lost or only late. Meanwhile new data goes, not what
 * seems lost.
 */
#ifndef TCP_FRTO_H
#define TCP_FRTO_H

#include "tcp/ack.h"

/* The timer has fired; `again`: not for the first time since an ACK moved. */
void frto_begin(struct tcp_conn *c, enum tcp_recovery before, bool again);
/* An ACK in TCP_LOSS. True: the timeout was spurious. */
bool frto_on_ack(struct tcp_conn *c, const struct ack_info *info);

#endif
