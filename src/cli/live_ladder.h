/*
 * live_ladder.h - the ladder of the conversation that `weir nc` has, while it goes on: a stream (trace/stream.h)
 * of its packets and of what its own stack says, drawn row by row, or told as events.
 *
 * Packets and records that come before it is known which conversation it is are kept, the newest ones, and
 * sorted out then.
 */
#ifndef CLI_LIVE_LADDER_H
#define CLI_LIVE_LADDER_H

#include "render/text.h"

struct live_ladder;

struct live_ladder_setup {
    FILE *out;
    const struct text_options *options;
    bool json;
    enum trace_side side; /* which of the two we are */
    bool
        both; /* packets come with the times of both ends; else with ours only (sent and arrived are the same) */
    bool inside; /* what our stack decides is shown, too */
};

struct live_ladder *live_ladder_new(const struct live_ladder_setup *setup); /* NULL: no memory */
void live_ladder_del(struct live_ladder *live);                             /* NULL is allowed */

/* What is not TCP or not of the conversation is sorted out. */
void live_ladder_packet(struct live_ladder *live, const struct ladder_packet *packet);
/* With `both`: this packet of the other side has just reached us, a little after it was due. Our stack acts at
 * this time, so it is the one to be drawn. */
void live_ladder_arrived(struct live_ladder *live, const uint8_t *bytes, size_t size,
                         weir_time now);
void live_ladder_record(struct live_ladder *live, const struct weir_record *record);

/* Which conversation it is. Nothing is drawn before this. */
void live_ladder_conn(struct live_ladder *live, const struct weir_tcp_info *info);

/* Draws what is settled at `now`. Returns when to be called again; WEIR_NEVER: after the next packet. */
weir_time live_ladder_draw(struct live_ladder *live, weir_time now);

/* Draws everything that is left. */
void live_ladder_finish(struct live_ladder *live);

#endif
