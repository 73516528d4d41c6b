/*
 * rack.h - RACK (RFC 8985): what was sent long enough before something that has arrived is lost.
 *
 * Records in flight, that is neither SACKed nor marked lost, stand in a second list in the order of their
 * latest transmission; so only its beginning is ever looked at. How long is enough is the reordering window:
 * nothing in recovery or with three segments SACKed while the path has never reordered, else a quarter of
 * the least RTT and more of it when the peer reports needless retransmissions. Without SACK nothing here
 * finds a loss.
 */
#ifndef TCP_RACK_H
#define TCP_RACK_H

#include "tcp/ack.h"

/* Keeping the list. Of two records of the same time the one with the higher position is the later. */
void rack_append(struct tcp *t, struct tcp_flight *f, uint32_t index);
void rack_insert_after(struct tcp *t, struct tcp_flight *f, uint32_t after, uint32_t index);
void rack_remove(struct tcp *t, struct tcp_flight *f, uint32_t index);
/* `index` is in flight again, as if it had never been marked lost. */
void rack_restore(struct tcp *t, struct tcp_flight *f, uint32_t index);

/* The part of `r` up to `end` has arrived (ACK or first SACK). */
void rack_delivered(struct tcp *t, struct tcp_conn *c, const struct tx_record *r, seq_pos end,
                    struct ack_info *info);
/* All blocks and the cumulative ACK have been applied: reordering, D-SACKs. */
void rack_on_ack(struct tcp *t, struct tcp_conn *c, const struct ack_info *info);
/* The path reorders: `low` arrived after data that ends at the highest position known to have arrived. */
void rack_note_reordering(struct tcp_conn *c, seq_pos low);

/* Marks what is lost by now and sets the reordering timer for what may be. */
void rack_detect(struct tcp *t, struct tcp_conn *c, struct ack_info *info);
/* RFC 8985 6.3: has `r` been out for longer than the path takes? */
bool rack_overdue(const struct tcp *t, const struct tcp_conn *c, const struct tx_record *r);
/* A recovery ended without being found needless. */
void rack_recovered(struct tcp_conn *c);

#endif
