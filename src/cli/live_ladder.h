/*
 * live_ladder.h - the ladder of a conversation that is going on: each row is drawn once, as soon as nothing
 * that may still happen can change it.
 *
 * A ladder is made of all its segments together (the times of the far side need the handshake's round trip,
 * arrivals are put behind what they crossed), so it is made anew for each look, and only new rows that are
 * older than a round trip are drawn. After LIVE_SEGMENTS_MAX segments no more are taken.
 */
#ifndef CLI_LIVE_LADDER_H
#define CLI_LIVE_LADDER_H

#include "render/text.h"

#define LIVE_SEGMENTS_MAX 2000

struct live_ladder;

/* `side`: which of the two we are. `both`: packets come with the times of both ends; else with ours only
 * (sent and arrived are the same). NULL: no memory. */
struct live_ladder *live_ladder_new(FILE *out, const struct text_options *options,
                                    enum trace_side side, bool both);
void live_ladder_del(struct live_ladder *live); /* NULL is allowed */

/* What is not TCP or not of the conversation is sorted out later. */
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

/* The whole ladder so far, finished; NULL: no memory, or the conversation is not known. */
struct ladder *live_ladder_make(const struct live_ladder *live);

#endif
