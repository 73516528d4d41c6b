/* burst.c - see burst.h. */
#include "tcp/burst.h"

#include "tcp/pacer.h"

#define PER_SECOND 1024u /* pieces: one in about a millisecond */
#define RTT_SHIFT 9      /* for each 512 us of round trip the allowance for short ones halves */

uint32_t burst_bytes(const struct tcp_conn *c, uint32_t segment)
{
    uint64_t bytes = max_u32(c->cwnd / 2, segment), rate = pacer_rate(c);
    uint32_t shift = c->min_rtt_us >> RTT_SHIFT;

    if (rate) {
        uint64_t piece = rate / PER_SECOND + (shift < 16 ? (uint64_t)UINT16_MAX >> shift : 0);

        bytes = min_u64(bytes, max_u64(piece, c->settings->o.burst_segments * segment));
    }
    return (uint32_t)min_u64(max_u64(bytes / segment, 1) * segment, UINT32_MAX / 2);
}
