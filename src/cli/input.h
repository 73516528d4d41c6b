/*
 * input.h - what the verbs that read captures share: FILE or "-", a filter as tcpdump writes it, exit codes
 * of what can go wrong, and a line about progress when reading takes long.
 */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <argp.h>
#include <stdbool.h>

#include "trace/capture.h"

struct cli_input {
    const char *file[2]; /* the second one: the same conversation seen from its other end */
    const char *filter;  /* NULL: none */
    bool one_file;       /* the verb takes one only */
    bool merge;          /* the two interfaces of one file are both ends */
};

/* The option --filter; for verbs that take both ends' captures also --merge. */
extern const struct argp cli_input_argp, cli_input_pair_argp;

/* An argument that is no option: a file, or the filter. 0 or EINVAL, of which a line has been printed. */
int cli_input_argument(struct cli_input *input, char *arg);

/* The exit code of a status. */
int cli_input_exit(enum capture_status status);

/* Opens file[which] and sets the filter. CLI_OK, or an exit code after one line. `again`: it will be read
 * twice. */
int cli_input_open(struct cli_input *input, int which, bool again, struct capture **capture);

/* The file was read and had no TCP in it: prints why, returns the exit code. `cut`: there was TCP, but not even
 * its header was captured. */
int cli_input_nothing(const struct cli_input *input, const struct capture *capture, bool cut);

/* Progress on standard error, once it has taken a second and standard error is a terminal. */
struct cli_progress {
    uint64_t next;  /* packets until the clock is looked at */
    double started; /* seconds; 0: not yet */
    bool shown, off;
};
void cli_progress_look(struct cli_progress *progress, const struct capture *capture,
                       uint64_t packets);
void cli_progress_end(struct cli_progress *progress);

/* To be called for every packet: almost always only a comparison. */
static inline void cli_progress_tick(struct cli_progress *progress, const struct capture *capture,
                                     uint64_t packets)
{
    if (packets >= progress->next) {
        cli_progress_look(progress, capture, packets);
    }
}

#endif
