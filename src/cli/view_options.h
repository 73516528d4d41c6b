/*
 * view_options.h - the options about which rows of a ladder are drawn, and how tersely.
 *
 * A verb puts cli_view_argp among its argp children, with its struct cli_output as input.
 */
#ifndef CLI_VIEW_OPTIONS_H
#define CLI_VIEW_OPTIONS_H

#include "cli/cli.h"

extern const struct argp cli_view_argp;

#endif
