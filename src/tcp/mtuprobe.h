/*
 * mtuprobe.h - packetization layer path MTU discovery (RFC 4821, RFC 8899): the size of segments is searched by
 * sending larger ones and seeing whether they arrive, for paths that drop what is too big without a word.
 *
 * Off until a black hole is found, that is until R1 timeouts in a row were all for segments larger than
 * mtu_base_mss; or on from the beginning. From then on c->mtu_probing is set and the cold block holds the search:
 * sizes up to `low` are known to pass and are what is sent, and nothing above `high` is tried. A probe is one
 * segment of new data halfway between them. Its loss alone says nothing of congestion (RFC 4821 7.6).
 * After mtu_probe_interval the search begins again with all that the links allow.
 *
 * Sizes are as in c->mss_base: payload and TCP options.
 */
#ifndef TCP_MTUPROBE_H
#define TCP_MTUPROBE_H

#include "tcp/conn.h"

struct mtu_search;

/* The connection is established, nothing was sent yet. */
void mtuprobe_start(struct tcp *t, struct tcp_conn *c);
/* c->path_mtu has changed and c->mss_base is what it allows: brings that within what is known to pass. */
void mtuprobe_on_path(struct tcp *t, struct tcp_conn *c);
/* The retransmission timer has expired once more, and c->backoff is how often. */
void mtuprobe_on_rto(struct tcp *t, struct tcp_conn *c);

/* New data may be sent: is it to be a probe now? WAIT: a probe would need more of the window than is free, and
 * ACKs are on their way. */
enum mtuprobe_turn { MTUPROBE_NO = 0, MTUPROBE_WAIT, MTUPROBE_SEND };
enum mtuprobe_turn mtuprobe_turn(struct tcp *t, struct tcp_conn *c);
/* What mss_base is for the probe that mtuprobe_turn wants. */
uint16_t mtuprobe_size(const struct tcp *t, const struct tcp_conn *c);
/* [start, end) left as a probe. */
void mtuprobe_sent(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end);

/* snd_una has moved. */
void mtuprobe_on_ack(struct tcp *t, struct tcp_conn *c);
/* Record `r` is lost, it seems for `reason`. WEIR_REASON_MTU_PROBE instead: it is the probe, which was too big. */
enum weir_reason mtuprobe_on_lost(struct tcp *t, struct tcp_conn *c, const struct tx_record *r,
                                  enum weir_reason reason);
/* Record `r` was sent again: if it is the probe, nothing will be learned from it. */
void mtuprobe_on_resent(struct tcp *t, struct tcp_conn *c, const struct tx_record *r);
/* Is the oldest thing outstanding the probe? */
bool mtuprobe_is_oldest(const struct tcp *t, const struct tcp_conn *c);

void mtuprobe_info(const struct tcp *t, const struct tcp_conn *c, struct weir_tcp_info *info);

#endif
