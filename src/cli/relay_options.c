/* relay_options.c - see relay_options.h. */
#include "cli/relay_options.h"

#include <errno.h>

#include "cli/cli.h"
#include "cli/values.h"

enum { KEY_DEV = 0x200, KEY_FOR, KEY_LOG, KEY_NO_OFFLOAD };

static error_t add_device(struct relay_options *o, char *arg)
{
    if (o->device_count == 2) {
        cli_error(CLI_USAGE, "more than two interfaces: %s", arg);
        return EINVAL;
    }
    o->names[o->device_count] = arg;
    return device_parse(arg, &o->device[o->device_count++]) ? 0 : EINVAL;
}

static error_t check(const struct relay_options *o)
{
    if (o->device_count < 2) {
        cli_error(CLI_USAGE, "two interfaces are needed (--dev A --dev B): weir relay");
        return EINVAL;
    }
    if (o->device[RELAY_A].tap != o->device[RELAY_B].tap) {
        cli_error(CLI_USAGE, "a TUN and a TAP interface cannot be joined: %s and %s",
                  o->names[RELAY_A], o->names[RELAY_B]);
        return EINVAL;
    }
    return 0;
}

static error_t parse_relay(int key, char *arg, struct argp_state *state)
{
    struct relay_options *o = state->input;

    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &o->impair; return 0;
    case KEY_DEV: return add_device(o, arg);
    case KEY_FOR:
        if (value_duration(arg, &o->run_time) && o->run_time > 0) {
            return 0;
        }
        cli_error(CLI_USAGE, "bad value for --for: %s", arg);
        return EINVAL;
    case KEY_LOG: o->log = arg; return 0;
    case KEY_NO_OFFLOAD: o->no_offload = true; return 0;
    case 'w': o->write = arg; return 0;
    case ARGP_KEY_ARG: cli_error(CLI_USAGE, "unexpected argument: %s", arg); return EINVAL;
    case ARGP_KEY_END: return check(o);
    default: return ARGP_ERR_UNKNOWN;
    }
}

int relay_parse(int argc, char **argv, struct relay_options *o)
{
    static const struct argp_option options[] = {
        {"dev", KEY_DEV, "tun:NAME|tap:NAME", 0, "an interface; give two: A, then B", 0},
        {"for", KEY_FOR, "TIME", 0, "end after this, such as 10s (else: SIGINT or SIGTERM)", 0},
        {"log", KEY_LOG, "FILE", 0, "what became of every packet, as JSON Lines; - for stdout", 0},
        {"write", 'w', "FILE", 0, "a pcapng file with both interfaces, each with its own times", 0},
        {"no-offload", KEY_NO_OFFLOAD, NULL, 0, "let the kernel cut segments, not weir", 0},
        {0}};
    static const struct argp_child children[] = {{&impair_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse_relay,
        .args_doc = "--dev A --dev B",
        .doc =
            "Joins two TUN or TAP interfaces by a link that loses, delays and reorders as told, "
            "and logs the truth about every segment.\v"
            "-out means from A to B, -in from B to A. The counts are on standard error at the "
            "end.\n\n"
            "Exit codes: 0 ended as told; 64 wrong usage; 69 /dev/net/tun is missing; 71 system "
            "error (an interface is in use or gone, a file cannot be written); 77 no permission.",
        .children = children};

    *o = (struct relay_options){.device_count = 0};
    return cli_parse(&argp, argc, argv, o);
}
