/*
 * reassembly.h - the receiving side's bytes: the queue the application reads, and what waits behind holes.
 *
 * Both are lists of buffers trimmed to payload. A payload that fills at least half of its buffer (and foreign
 * memory above the link's low-water mark) is kept by reference, a smaller one is copied behind the last one,
 * so that 100 bytes never pin 64 KiB.
 */
#ifndef TCP_REASSEMBLY_H
#define TCP_REASSEMBLY_H

#include "base/ranges.h"
#include "tcp/conn.h"

/* Intervals: as many as a full queue leaves behind in a fast sender's slow start, not as many as a peer could make up.
 * What does not fit is dropped, so that a sender has to repeat it. */
#define REASSEMBLY_RANGES_FIRST 16
#define REASSEMBLY_RANGES_MAX 2048

struct reassembly {
    struct weir_buffer *head, *tail; /* by position, disjoint */
    struct ranges ranges;            /* the same as intervals: what SACK reports */
    seq_pos recent
        [WEIR_SACK_BLOCKS_MAX]; /* a position in each recently changed interval, newest first */
    uint32_t recent_count;
    bool fin;
    seq_pos fin_at; /* position of the FIN when it came early */
};

/* In-order bytes at rcv_nxt: `data` of `size` inside *buffer, which is taken (set to NULL) when kept by
 * reference. Moves rcv_nxt. false: no memory, nothing was done. */
bool recvq_append(struct tcp *t, struct tcp_conn *c, const uint8_t *data, uint32_t size,
                  struct weir_buffer **buffer);

/* Bytes beyond a hole. WEIR_DROP_NONE: kept; duplicate or limit otherwise. */
enum weir_drop reassembly_insert(struct tcp *t, struct tcp_conn *c, seq_pos seq,
                                 const uint8_t *data, uint32_t size, struct weir_buffer **buffer);
/* Moves what has become in order to the receive queue. */
void reassembly_advance(struct tcp *t, struct tcp_conn *c);
bool reassembly_note_fin(struct tcp *t, struct tcp_conn *c, seq_pos at);
/* SACK blocks, the most recently changed first (RFC 2018 4); returns their number. */
uint8_t reassembly_sack(const struct tcp_conn *c,
                        struct tcp_sack_block blocks[WEIR_SACK_BLOCKS_MAX]);

uint32_t recvq_read(struct tcp *t, struct tcp_conn *c, void *data, uint32_t size);
uint32_t recvq_peek(const struct tcp_conn *c, struct weir_slice *slices, uint32_t n);
void recvq_consume(struct tcp *t, struct tcp_conn *c, uint32_t size);

void recvq_clear(struct tcp *t, struct tcp_conn *c);
void reassembly_clear(struct tcp *t, struct tcp_conn *c);
void reassembly_check(const struct tcp_conn *c);

#endif
