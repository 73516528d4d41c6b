/*
 * chunksum.h - checksums of payload, made in the pass that copies it into the send queue.
 *
 * A large buffer of the send queue may have a grid: from `first` on, its bytes fall into chunks of the size
 * of a full segment's payload, and the end of its memory holds one folded sum for each chunk. The grid is
 * laid so that, as long as full segments leave, a segment is a chunk. Where it is not (after a small segment,
 * another MSS, or a retransmission cut differently) nothing is known, and the sum is made from the bytes.
 */
#ifndef TCP_CHUNKSUM_H
#define TCP_CHUNKSUM_H

#include "tcp/conn.h"

#define CHUNKSUM_MAX \
    64 /* chunks with a sum in one buffer, and segments with one in a super-segment */

/* Gives an empty buffer of the stack's own a grid, and ends it where a chunk ends. A buffer too small for
 * that is left as it is. */
void chunksum_begin(struct weir_buffer *b, uint32_t first, uint32_t chunk);

/* Copies behind the last byte of a buffer of the stack's own, which has the room. */
void chunksum_append(struct tcp *t, struct weir_buffer *b, const void *data, size_t size);

/* The sums of the segments that n slices of the buffers are cut into, `chunk` bytes each; 0: not known. */
void chunksum_find(const struct weir_slice *slices, struct weir_buffer *const *buffers, uint32_t n,
                   uint32_t chunk, uint16_t sums[CHUNKSUM_MAX]);

#endif
