/*
 * impair_options.h - the options of verbs that can cause trouble on the way: --loss, --delay and so on.
 *
 * Put impair_argp among the children of a verb's argp, with a struct impair_options as input. Every option
 * sets both directions; with -out or -in behind its name (--loss-out) it sets one. The later one wins.
 */
#ifndef CLI_IMPAIR_OPTIONS_H
#define CLI_IMPAIR_OPTIONS_H

#include <argp.h>
#include <weir/device.h>

#define IMPAIR_NTH_MAX 64

struct impair_options {
    struct weir_impair_config config; /* complete once the arguments are parsed */
    uint32_t drop[2][IMPAIR_NTH_MAX], duplicate[2][IMPAIR_NTH_MAX], reorder[2][IMPAIR_NTH_MAX];
    bool wanted; /* an option was given */
};

extern const struct argp impair_argp;

/* The longest time that a packet is held, the wait for the rate aside. */
weir_time impair_longest_delay(const struct impair_options *options);

#endif
