/* live_options.h - the arguments of `weir live`. */
#ifndef CLI_LIVE_OPTIONS_H
#define CLI_LIVE_OPTIONS_H

#include "cli/live.h"

/* -1 to go on, or an exit code, of which a line has been printed. */
int live_options_parse(struct live_options *options, int argc, char **argv);

#endif
