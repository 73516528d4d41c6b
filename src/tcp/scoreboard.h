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
/* Wire segments of a record. */
static inline uint32_t scoreboard_segments(const struct tx_record *r)
{
    return r->size <= r->segment ? 1 : (r->size + r->segment - 1) / r->segment;
}

/* A record for [snd_nxt, snd_nxt + size) just sent (FIN included in size). false: no memory. Moves
 * snd_nxt. */
bool scoreboard_sent(struct tcp *t, struct tcp_conn *c, uint32_t size, bool fin);

/* The first lost record that is not held by the device; 0: none. */
uint32_t scoreboard_next_lost(struct tcp *t, struct tcp_conn *c);

/* `index` (lost, or the last one as a probe) was sent again, its first `size` bytes: splits if needed. false:
 * no memory for that, nothing was done. */
bool scoreboard_resent(struct tcp *t, struct tcp_conn *c, uint32_t index, uint32_t size);

/* snd_una is about to become `ack`: removes and trims records, accounts in `info`. */
void scoreboard_ack(struct tcp *t, struct tcp_conn *c, seq_pos ack, struct ack_info *info);
/* [start, end) was SACKed. Only whole wire segments of a record count: less is what no receiver that is
 * right says, and a record cut there would be sent again in other pieces. */
void scoreboard_sack(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end,
                     struct ack_info *info);

/* Marks lost: a record; the oldest `size` bytes; everything not SACKed; at the RTO, what has been out for
 * longer than the path takes (RFC 8985 6.3). */
void scoreboard_mark(struct tcp *t, struct tcp_conn *c, uint32_t index, enum weir_reason reason);
void scoreboard_mark_oldest(struct tcp *t, struct tcp_conn *c, uint32_t size,
                            enum weir_reason reason);
void scoreboard_mark_all(struct tcp *t, struct tcp_conn *c, enum weir_reason reason);
/* Marks lost what no longer fits the path: records whose segments are larger than `size`. */
void scoreboard_mark_too_large(struct tcp *t, struct tcp_conn *c, uint32_t size,
                               enum weir_reason reason);
/* The receiver took its word back (RFC 2018 8): nothing counts as SACKed any more. */
void scoreboard_forget_sack(struct tcp *t, struct tcp_conn *c);
void scoreboard_mark_overdue(struct tcp *t, struct tcp_conn *c, enum weir_reason reason);
/* Nothing is lost after all: what was marked is in flight. */
void scoreboard_unmark(struct tcp *t, struct tcp_conn *c);

/* The last record without its first `before` bytes, which become a record of their own; 0: no memory. */
uint32_t scoreboard_cut_tail(struct tcp *t, struct tcp_conn *c, uint32_t before);
/* Wire segments in flight that were sent more than once. */
uint32_t scoreboard_resent_segments(const struct tcp *t, const struct tcp_conn *c);
/* For the application: segments SACKed, lost (repeated or not) and repeated in flight. */
void scoreboard_count(const struct tcp *t, const struct tcp_conn *c, struct weir_tcp_info *info);

/* A frame of [start, end) left the device (or was dropped by it). */
void scoreboard_frame_out(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end);
void scoreboard_frame_done(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end);
void scoreboard_frame_dropped(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end);

void scoreboard_clear(struct tcp *t, struct tcp_conn *c);
void scoreboard_check(const struct tcp *t, const struct tcp_conn *c);

#endif
