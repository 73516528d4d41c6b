/*
 * conversations.h - from FILE, or two FILEs of both ends, to ladders, for the verbs that show or explain
 * conversations.
 */
#ifndef CLI_CONVERSATIONS_H
#define CLI_CONVERSATIONS_H

#include "cli/input.h"
#include "trace/ladder.h"

struct conversations;

/* Reads everything. CLI_OK, or an exit code after one line, with *conversations NULL. What is wrong in the
 * middle of a file is said by conversations_end, after what came before it has been shown. */
int conversations_read(struct cli_input *input, struct conversations **conversations);

size_t conversations_count(const struct conversations *conversations);    /* at least 1 */
weir_time conversations_start(const struct conversations *conversations); /* the first packet */

/* The finished ladder of one of them, from 0; merged when both captures have it. NULL: no memory. */
struct ladder *conversations_ladder(const struct conversations *conversations, size_t index);

/* Frees everything. Returns `code`, or what was wrong with the file after a line about it. */
int conversations_end(struct conversations *conversations, int code);

#endif
