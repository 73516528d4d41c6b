/* dsack.c - see dsack.h. */
#include "tcp/dsack.h"

#include "tcp/auth.h"
#include "tcp/cold.h"
#include "tcp/reassembly.h"

void dsack_note(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end)
{
    struct tcp_cold *cold = c->sack && start < end ? cold_ensure(t, c) : NULL;

    if (cold && UNLIKELY(c->accecn)) {
        accecn_duplicate(&cold->ecn, start);
    }
    if (cold && cold->dsack_count < TCP_DSACK_QUEUE) {
        cold->dsack[cold->dsack_count++] =
            (struct tcp_sack_block){.start = seq_wire(start), .end = seq_wire(end)};
    }
}

bool dsack_note_held(struct tcp *t, struct tcp_conn *c, seq_pos start, seq_pos end)
{
    const struct reassembly *r = c->reassembly;
    uint32_t i = r ? ranges_find(&r->ranges, start) : 0;

    if (!c->sack || !r || i == r->ranges.count || r->ranges.at[i].start >= end) {
        return false;
    }
    dsack_note(t, c, max_u64(start, r->ranges.at[i].start), min_u64(end, r->ranges.at[i].end));
    return true;
}

/* Blocks that fit beside the other options; without payload the smallest MTU holds one at least. */
static uint32_t room(const struct tcp_conn *c, const struct tcp_options *o)
{
    uint32_t used = (o->present & WEIR_SEGMENT_TIMESTAMPS ? 12u : 0) +
                    (o->present & WEIR_SEGMENT_USER_TIMEOUT ? 4u : 0) + auth_option_size(c) +
                    4u; /* AccECN's takes what is left */
    uint32_t space = min_u32(TCP_OPTIONS_MAX, c->mss_base);

    return space > used ? min_u32((space - used) / 8, WEIR_SACK_BLOCKS_MAX) : 0;
}

void dsack_put(struct tcp *t, struct tcp_conn *c, struct tcp_options *o)
{
    struct tcp_cold *cold = cold_of(t, c);
    uint32_t most;

    if (!cold || cold->dsack_count == 0) {
        return;
    }
    most = room(c, o);
    if (most) {
        o->sack_count = (uint8_t)min_u32(o->sack_count, most - 1);
        memmove(o->sack + 1, o->sack, o->sack_count * sizeof(o->sack[0]));
        o->sack[0] = cold->dsack[0];
        o->sack_count++;
        o->present |= WEIR_SEGMENT_SACK;
        cold->dsacks_out++;
    }
    cold->dsack_count--;
    memmove(cold->dsack, cold->dsack + 1, cold->dsack_count * sizeof(cold->dsack[0]));
}
