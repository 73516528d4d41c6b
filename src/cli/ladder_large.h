/*
 * ladder_large.h - weir ladder for files that are too large to be kept in memory: the first conversation is drawn
 * while the file is read, the others in further passes over it.
 */
#ifndef CLI_LADDER_LARGE_H
#define CLI_LADDER_LARGE_H

#include "cli/input.h"
#include "render/text.h"

/* Is this one file, and large? */
bool ladder_is_large(const struct cli_input *input);

/* `conn`: the only one, from 1; 0: all. An exit code, after its line. */
int ladder_draw_large(struct cli_input *input, unsigned long conn,
                      const struct text_options *options);

#endif
