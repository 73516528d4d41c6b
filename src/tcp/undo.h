/*
 * undo.h - taking a reduction of the window back when what caused it turns out not to have been a loss:
 * everything that was sent again is reported as a duplicate (D-SACK, RFC 2883 and 3708), or the ACK that
 * ends it echoes a timestamp from before the first repetition (Eifel, RFC 3522 and 4015). F-RTO is frto.h.
 */
#ifndef TCP_UNDO_H
#define TCP_UNDO_H

#include "tcp/ack.h"

/* The window is about to be reduced because of a presumed loss: remembers what it was. */
void undo_begin(struct tcp *t, struct tcp_conn *c);
/* What was remembered is worth nothing any more. */
void undo_forget(struct tcp *t, struct tcp_conn *c);
/* `r` is being sent again. */
void undo_resent(struct tcp *t, struct tcp_conn *c, const struct tx_record *r);

/* The peer received [start, end) twice. */
void undo_on_dsack(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end,
                   struct ack_info *info);

/* Why the reduction was a mistake, as far as this ACK tells; WEIR_REASON_NONE: it was none. `ended`: the
 * ACK covers everything that was out when it began. */
enum weir_reason undo_reason(const struct tcp *t, const struct tcp_conn *c,
                             const struct ack_info *info, bool ended);
/* Was all that was sent again needless, whatever this ACK covers? */
bool undo_by_dsack(const struct tcp *t, const struct tcp_conn *c);

/* cwnd and ssthresh are what they were; nothing is lost; the connection is open. */
void undo_now(struct tcp *t, struct tcp_conn *c, enum weir_reason reason);

#endif
