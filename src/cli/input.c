/* input.c - opening captures for the verbs, with their filter and their progress. */
#include "cli/input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

enum { KEY_FILTER = 0x2f0, KEY_MERGE };

#define LOOK_EVERY 65536
#define SILENT_S 1.0

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct cli_input *input = state->input;

    switch (key) {
    case KEY_FILTER: input->filter = arg; return 0;
    case KEY_MERGE: input->merge = true; return 0;
    case ARGP_KEY_END:
        if (input->merge && input->file[1] != NULL) {
            cli_error(CLI_USAGE, "--merge takes one file with two interfaces: %s", input->file[1]);
            return EINVAL;
        }
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

#define FILTER_OPTION                                                                              \
    {                                                                                              \
        "filter", KEY_FILTER, "EXPRESSION", 0,                                                     \
            "only packets that this lets through, as for tcpdump: 'port 80 and host 192.0.2.1'", 0 \
    }

static const struct argp_option one_options[] = {FILTER_OPTION, {0}};
static const struct argp_option two_options[] = {
    FILTER_OPTION,
    {"merge", KEY_MERGE, NULL, 0,
     "the file's two interfaces are both ends of the conversations, as in what weir relay -w writes",
     0},
    {0}};
const struct argp cli_input_argp = {.options = one_options, .parser = parse};
const struct argp cli_input_pair_argp = {.options = two_options, .parser = parse};

/* Rather a file than a filter? No filter has a slash or ends like a capture. */
static bool looks_like_file(const char *arg)
{
    const char *dot = strrchr(arg, '.');
    static const char *const ends[] = {".pcap", ".pcapng", ".cap", ".gz"};

    if (strcmp(arg, "-") == 0 || access(arg, F_OK) == 0) {
        return true;
    }
    for (size_t i = 0; dot != NULL && i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (strcmp(dot, ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

int cli_input_argument(struct cli_input *input, char *arg)
{
    if (input->file[0] == NULL) {
        input->file[0] = arg;
    } else if (looks_like_file(arg)) {
        if (input->one_file || input->file[1] != NULL) {
            cli_error(CLI_USAGE, "%s: %s",
                      input->one_file ? "more than one file" : "more than two files", arg);
            return EINVAL;
        }
        input->file[1] = arg;
    } else if (input->filter == NULL) {
        input->filter = arg;
    } else {
        cli_error(CLI_USAGE, "more than one filter (put it into quotes): %s", arg);
        return EINVAL;
    }
    return 0;
}

int cli_input_exit(enum capture_status status)
{
    switch (status) {
    case CAPTURE_MISSING: return CLI_MISSING;
    case CAPTURE_DENIED: return CLI_PERMISSION;
    case CAPTURE_BAD: return CLI_BAD_INPUT;
    case CAPTURE_SYSTEM: return CLI_SYSTEM;
    case CAPTURE_FILTER: return CLI_USAGE;
    default: return CLI_OK;
    }
}

int cli_input_open(struct cli_input *input, int which, bool again, struct capture **capture)
{
    char why[CAPTURE_WHY_MAX];
    const char *file = input->file[which];
    enum capture_status status =
        again ? capture_open_again(capture, file, why) : capture_open(capture, file, why);

    if (status == CAPTURE_OK && input->filter != NULL) {
        status = capture_filter(*capture, input->filter, why);
        if (status != CAPTURE_OK) {
            capture_close(*capture);
            *capture = NULL;
        }
    }
    return status == CAPTURE_OK ? CLI_OK : cli_error(cli_input_exit(status), "%s", why);
}

int cli_input_nothing(const struct cli_input *input, const struct capture *capture, bool cut)
{
    struct capture_stat stat;
    const char *name = capture_name(capture);

    capture_stat(capture, &stat);
    if (cut) {
        return cli_error(CLI_BAD_INPUT, "packets are cut before the end of the TCP header: %s",
                         name);
    }
    return input->filter != NULL
               ? cli_error(CLI_BAD_INPUT,
                           "no TCP passes the filter (%s) in %" PRIu64 " packets: %s",
                           input->filter, stat.packets, name)
               : cli_error(CLI_BAD_INPUT, "no TCP in %" PRIu64 " packets: %s", stat.packets, name);
}

/* ---- Progress -------------------------------------------------------------------------------------------- */

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void cli_progress_look(struct cli_progress *p, const struct capture *capture, uint64_t packets)
{
    uint64_t done, size;

    p->next = packets + LOOK_EVERY;
    if (p->started == 0) {
        p->off = isatty(STDERR_FILENO) == 0;
        p->next = p->off ? UINT64_MAX : p->next;
        p->started = seconds();
        return;
    }
    if (seconds() - p->started < SILENT_S) {
        return;
    }
    p->shown = true;
    if (capture_progress(capture, &done, &size)) {
        fprintf(stderr, "\rreading: %3.0f %% of %.0f MB, %" PRIu64 " packets",
                100.0 * (double)done / (double)size, (double)size / 1e6, packets);
    } else {
        fprintf(stderr, "\rreading: %.0f MB, %" PRIu64 " packets", (double)done / 1e6, packets);
    }
}

void cli_progress_end(struct cli_progress *p)
{
    if (p->shown) {
        fputs("\r\033[K", stderr);
    }
    p->shown = false;
}
