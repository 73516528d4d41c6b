/* relay_options.h - the arguments of `weir relay`. */
#ifndef CLI_RELAY_OPTIONS_H
#define CLI_RELAY_OPTIONS_H

#include "cli/device_options.h"
#include "cli/impair_options.h"

enum { RELAY_A = 0, RELAY_B = 1 };

struct relay_options {
    struct impair_options impair;
    struct device_spec device[2];
    const char *names[2]; /* as given: "tun:a" */
    unsigned device_count;
    bool no_offload;
    weir_time run_time; /* 0: until a signal */
    const char *log, *write;
};

/* Returns -1 to go on, or an exit code. */
int relay_parse(int argc, char **argv, struct relay_options *options);

#endif
