/* live_options.c - the arguments of `weir live`. */
#include "cli/live_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/compiler.h"
#include "cli/cmd.h"
#include "cli/values.h"

enum {
    KEY_CONN = 0x200,
    KEY_ONLY,
    KEY_RATE,
    KEY_COUNT,
    KEY_FOR,
    KEY_SNAPLEN,
    KEY_BUFFER,
    KEY_COMPACT
};

#define SNAPLEN_MIN 68
#define SNAPLEN_MAX 262144
#define SNAPLEN_DEFAULT 128 /* headers: Ethernet or cooked, IPv6, TCP with all options */
#define BUFFER_MIN_KB 64
#define BUFFER_MAX_KB (1024 * 1024)
#define BUFFER_DEFAULT (16 * 1024 * 1024)
#define RATE_DEFAULT 200

static const struct argp_option options[] = {
    {"interface", 'i', "NAME", 0, "listen at this interface; any: at all of them", 0},
    {"conn", KEY_CONN, "N", 0, "only the N-th connection, as one ladder", 0},
    {"only", KEY_ONLY, "findings", 0,
     "only what is found, and a line for each connection that ends", 0},
    {"compact", KEY_COMPACT, NULL, 0, "one line for each segment", 0},
    {"rate", KEY_RATE, "N", 0,
     "draw at most N segments a second; 0: all (default 200; with --json all)", 0},
    {"count", KEY_COUNT, "N", 0, "end after N packets", 0},
    {"for", KEY_FOR, "TIME", 0, "end after this time: 30s, 1.5s, 200ms", 0},
    {NULL, 'w', "FILE", 0, "also write the packets to FILE (pcapng)", 0},
    {NULL, 'o', "FILE", 0,
     "draw into FILE (default: standard output; with -- COMMAND standard error)", 0},
    {"promiscuous", 'p', NULL, 0, "also take packets for other machines", 0},
    {"snaplen", KEY_SNAPLEN, "N", 0, "bytes of each packet (default 128: headers)", 0},
    {"buffer", KEY_BUFFER, "KB", 0, "size of the kernel's buffer (default 16384)", 0},
    {0}};

static error_t bad(const char *option, const char *arg)
{
    cli_error(CLI_USAGE, "bad value for --%s: %s", option, arg);
    return EINVAL;
}

static error_t set_number(const char *option, const char *arg, uint64_t least, uint64_t most,
                          unsigned long *out)
{
    uint64_t value;

    if (!value_number(arg, least, most, &value)) {
        return bad(option, arg);
    }
    *out = (unsigned long)value;
    return 0;
}

static error_t take_filter(struct live_options *o, const char *arg)
{
    if (o->tap.filter != NULL) {
        cli_error(CLI_USAGE, "more than one filter (put it into quotes): %s", arg);
        return EINVAL;
    }
    o->tap.filter = arg;
    return 0;
}

static error_t parse_tap(int key, char *arg, struct live_options *o)
{
    unsigned long value = 0;
    error_t result = 0;

    switch (key) {
    case 'i': o->tap.interface = arg; return 0;
    case 'p': o->tap.promiscuous = true; return 0;
    case KEY_SNAPLEN:
        result = set_number("snaplen", arg, SNAPLEN_MIN, SNAPLEN_MAX, &value);
        o->tap.snaplen = (int)value;
        return result;
    case KEY_BUFFER:
        result = set_number("buffer", arg, BUFFER_MIN_KB, BUFFER_MAX_KB, &value);
        o->tap.buffer = (int)(value * 1024 - 1);
        return result;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct live_options *o = state->input;

    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &o->output; return 0;
    case 'w': o->write = arg; return 0;
    case 'o': o->file = arg; return 0;
    case KEY_COMPACT: o->output.text.compact = true; return 0;
    case KEY_CONN: return set_number("conn", arg, 1, UINT32_MAX, &o->conn);
    case KEY_COUNT: return set_number("count", arg, 1, UINT32_MAX, &o->count);
    case KEY_RATE: o->rate_given = true; return set_number("rate", arg, 0, UINT32_MAX, &o->rate);
    case KEY_FOR: return value_duration(arg, &o->duration) ? 0 : bad("for", arg);
    case KEY_ONLY:
        o->only_findings = true;
        return strcmp(arg, "findings") == 0 ? 0 : bad("only", arg);
    case ARGP_KEY_ARG: return take_filter(o, arg);
    case ARGP_KEY_END:
        if (o->tap.interface == NULL && o->command == NULL) {
            cli_error(CLI_USAGE, "no interface and no command given: weir live");
            return EINVAL;
        }
        return 0;
    default: return parse_tap(key, arg, o);
    }
}

/* What is behind "--" is the command's, whatever it looks like. */
static int split(int argc, char **argv, struct live_options *o)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            o->command = &argv[i + 1];
            return i;
        }
    }
    return argc;
}

/* Colour and width are those of where the drawing goes. */
static void settle_output(struct live_options *o)
{
    int fd = o->file != NULL ? -1 : o->command != NULL ? STDERR_FILENO : STDOUT_FILENO;
    bool terminal = fd >= 0 && isatty(fd) != 0;
    struct winsize size;

    if (fd != STDOUT_FILENO && o->output.color == CLI_AUTO && !terminal) {
        o->output.color = CLI_NEVER;
    }
    if (fd == STDERR_FILENO && terminal && o->output.text.width == 0 &&
        ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        o->output.text.width = MIN(MAX((unsigned)size.ws_col, TEXT_WIDTH_MIN), TEXT_WIDTH_MAX);
    }
    cli_output_settle(&o->output, o->output.json ? SEQ_RAW : SEQ_PRETTY);
}

int live_options_parse(struct live_options *o, int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_output_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "-i INTERFACE [FILTER]\n[FILTER] -- COMMAND [ARGUMENT...]",
        .doc =
            "Draws TCP conversations while they go on. A filter is written as for tcpdump. With a command "
            "it runs that and draws its conversations only; the exit code is then the command's.\v"
            "Each row is drawn once; what is learned later is a row of its own that points back (↑). "
            "Interrupt (Ctrl-C) ends it.",
        .children = children};

    *o = (struct live_options){.tap = {.snaplen = SNAPLEN_DEFAULT, .buffer = BUFFER_DEFAULT},
                               .rate = RATE_DEFAULT};
    argc = split(argc, argv, o);
    int code = cli_parse(&argp, argc, argv, o);
    if (code >= 0) {
        return code;
    }
    if (o->command != NULL && o->command[0] == NULL) {
        return cli_error(CLI_USAGE, "no command after --: weir live");
    }
    o->tap.interface = o->tap.interface != NULL ? o->tap.interface : "any";
    o->rate = o->output.json && !o->rate_given ? 0 : o->rate;
    settle_output(o);
    return -1;
}
