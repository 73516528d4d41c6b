/*
 * scoreboard.h - transmission records: what was sent, when, how often, and what became of it.
 *
 * Records cover [snd_una, snd_nxt) without gaps or overlap, in order of sequence, one per super-segment
 * until a SACK or a retransmission splits one. Each byte is in flight, SACKed, or lost (to be sent again);
 * in_flight = total - sacked - lost is RFC 6675's pipe.
 */
#ifndef TCP_SCOREBOARD_H
#define TCP_SCOREBOARD_H

#include "tcp/conn.h"

struct ack_info;

static inline uint32_t scoreboard_total(const struct tcp_conn *c)
{
    return (uint32_t)(c->snd_nxt - c->snd_una);
}
uint32_t scoreboard_in_flight(const struct tcp_conn *c);

/* A record for [snd_nxt, snd_nxt + size) just sent (FIN included in size). false: no memory. Moves
 * snd_nxt. */
bool scoreboard_sent(struct tcp *t, struct tcp_conn *c, uint32_t size, bool fin);

/* The first lost record that is not held by the device; 0: none. */
uint32_t scoreboard_next_lost(struct tcp *t, struct tcp_conn *c);

/* `index` (lost) was sent again, its first `size` bytes: splits if needed (size may shrink to the whole
 * record when there is no memory to split: then false, nothing was done). */
bool scoreboard_resent(struct tcp *t, struct tcp_conn *c, uint32_t index, uint32_t size);

/* snd_una is about to become `ack`: removes and trims records, accounts in `info`. */
void scoreboard_ack(struct tcp *t, struct tcp_conn *c, seq_pos ack, struct ack_info *info);
/* [start, end) was SACKed. */
void scoreboard_sack(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end,
                     struct ack_info *info);

/* Marks lost: a record; the oldest `size` bytes; everything not SACKed (RTO); what RFC 6675's IsLost
 * says. */
void scoreboard_mark(struct tcp *t, struct tcp_conn *c, uint32_t index, enum weir_reason reason);
void scoreboard_mark_oldest(struct tcp *t, struct tcp_conn *c, uint32_t size,
                            enum weir_reason reason);
void scoreboard_mark_all(struct tcp *t, struct tcp_conn *c, enum weir_reason reason);
/* The receiver took its word back (RFC 2018 8): nothing counts as SACKed any more. */
void scoreboard_forget_sack(struct tcp *t, struct tcp_conn *c);
void scoreboard_mark_by_sack(struct tcp *t, struct tcp_conn *c);

/* A frame of [start, end) left the device (or was dropped by it). */
void scoreboard_frame_out(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end);
void scoreboard_frame_done(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end);
void scoreboard_frame_dropped(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end);

void scoreboard_clear(struct tcp *t, struct tcp_conn *c);
void scoreboard_check(const struct tcp *t, const struct tcp_conn *c);

#endif
