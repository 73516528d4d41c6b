/* cmd_drill.c - weir drill: runs packetdrill scripts against weir's own sockets, in virtual time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#ifdef WEIR_WITH_MAC
#include <weir/mac.h>
#endif

#include "cli/cli.h"
#include "cli/cmd.h"
#include "cli/drill_log.h"
#include "cli/view_options.h"
#include "device/pcapfile.h"
#include "drill/run.h"
#include "drill/sysctl.h"

#define DEFINES_MAX 16
#define SETTINGS_MAX 64

enum {
    KEY_STRICT = 0x200,
    KEY_IGNORE_SHELL,
    KEY_IP_VERSION,
    KEY_NO_LADDER,
    KEY_SYSCTL,
    KEY_INTERNALS
};

struct arguments {
    struct cli_output output;
    struct drill_options options;
    struct weir_mac_ops mac;
    const char *defines[DEFINES_MAX], *settings[SETTINGS_MAX];
    char **files;
    size_t file_count;
    const char *write;
    bool quiet, no_ladder, internals;
    /* while a script runs */
    struct drill_log *log;
    struct pcapfile *capture;
    unsigned passed, failed, skipped, broken;
};

static error_t bad_value(const char *option, const char *arg)
{
    cli_error(CLI_USAGE, "bad value for %s: %s", option, arg);
    return EINVAL;
}

static error_t parse_version(struct arguments *a, const char *arg)
{
    static const struct {
        const char *name;
        enum drill_ip_version version;
    } names[] = {
        {"4", DRILL_IP4},    {"ipv4", DRILL_IP4},         {"6", DRILL_IP6},
        {"ipv6", DRILL_IP6}, {"mapped", DRILL_IP_MAPPED}, {"ipv4-mapped-ipv6", DRILL_IP_MAPPED}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i].name, arg) == 0) {
            a->options.ip_version = names[i].version;
            return 0;
        }
    }
    return bad_value("--ip-version", arg);
}

static error_t parse_setting(struct arguments *a, const char *arg)
{
    char name[128], *value;
    struct weir_config stack;
    struct weir_sock_config sockets;
    struct drill_sysctl_target target = {&stack, &sockets};

    weir_config_default(&stack);
    weir_sock_config_default(&sockets);
    snprintf(name, sizeof(name), "%s", arg);
    value = strchr(name, '=');
    if (value) {
        *value++ = '\0';
    }
    if (!value || strlen(arg) >= sizeof(name) || a->options.setting_count == SETTINGS_MAX ||
        drill_sysctl_set(&target, name, value) != DRILL_SYSCTL_SET) {
        return bad_value("--sysctl", arg);
    }
    a->settings[a->options.setting_count++] = arg;
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = state->child_inputs[1] = &a->output; return 0;
    case KEY_STRICT: a->options.strict = true; return 0;
    case KEY_IGNORE_SHELL: a->options.ignore_shell = true; return 0;
    case KEY_NO_LADDER: a->no_ladder = true; return 0;
    case KEY_INTERNALS: a->internals = true; return 0;
    case KEY_IP_VERSION: return parse_version(a, arg);
    case KEY_SYSCTL: return parse_setting(a, arg);
    case 'q': a->quiet = true; return 0;
    case 'w': a->write = arg; return 0;
    case 'D':
        if (a->options.define_count == DEFINES_MAX) {
            return bad_value("--define", arg);
        }
        a->defines[a->options.define_count++] = arg;
        return 0;
    case ARGP_KEY_ARGS:
        a->files = state->argv + state->next;
        a->file_count = (size_t)(state->argc - state->next);
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* ---- While a script runs --------------------------------------------------------------------------------- */

static void on_packet(void *ctx, const uint8_t *packet, size_t size, bool out, weir_time now)
{
    struct arguments *a = ctx;
    struct pcapfile_packet p = {.time = now, .data = packet, .size = (uint32_t)size, .out = out};

    drill_log_packet(a->log, packet, size, out, now);
    if (a->capture) {
        (void)pcapfile_write(a->capture, &p);
    }
}

static void on_record(void *ctx, const struct weir_record *record)
{
    struct arguments *a = ctx;

    drill_log_record(a->log, record);
}

/* NULL after a line on standard error. */
static char *read_file(const char *path, size_t *size)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    size_t room = 1 << 16, used = 0, got = 1;
    char *text = in ? malloc(room) : NULL;

    while (text && got > 0 && used < DRILL_SIZE_MAX) {
        got = fread(text + used, 1, room - used, in);
        used += got;
        if (used == room) {
            char *larger = realloc(text, room *= 2);

            if (!larger) {
                free(text);
            }
            text = larger;
        }
    }
    if (!text || ferror(in) != 0) {
        cli_error(CLI_BAD_INPUT, "cannot read (%s): %s", strerror(errno), path);
        free(text);
        text = NULL;
    }
    if (in && in != stdin) {
        fclose(in);
    }
    *size = used;
    return text;
}

/* ---- What is said of it ---------------------------------------------------------------------------------- */

static const char *const verdict_names[] = {"passed", "failed", "skipped", "broken"};

static void count(struct arguments *a, enum drill_verdict verdict)
{
    unsigned *const counts[] = {&a->passed, &a->failed, &a->skipped, &a->broken};

    (*counts[verdict])++;
}

static void print_json(const char *path, const struct drill_result *result)
{
    json_t *line =
        json_pack("{s:i, s:s, s:s, s:s, s:i, s:f, s:s}", "v", 1, "e", "script", "file", path,
                  "verdict", verdict_names[result->verdict], "line", (int)result->pos.line, "time",
                  (double)result->time / (double)WEIR_S, "message", result->text);

    if (line) {
        json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
        putchar('\n');
        json_decref(line);
    }
}

static void print_ladder(const struct arguments *a, const struct drill_result *result)
{
    struct text_options text = a->output.text;
    struct internals *internals = a->internals ? internals_new() : NULL;
    struct ladder *ladder =
        a->no_ladder || a->output.json
            ? NULL
            : drill_log_ladder(a->log, result->local_port, result->remote_port, internals);

    if (ladder) {
        text.view.internals = internals;
        putchar('\n');
        text_ladder(stdout, ladder, &text);
        putchar('\n');
    }
    internals_del(internals);
    ladder_del(ladder);
}

static void report(struct arguments *a, const char *path, const struct drill_result *result)
{
    count(a, result->verdict);
    if (a->output.json) {
        print_json(path, result);
    } else if (result->verdict == DRILL_PASSED) {
        if (!a->quiet) {
            printf("%s: passed (%.3f s of virtual time)\n", path,
                   (double)result->time / (double)WEIR_S);
        }
    } else {
        printf("%s%s\n", result->verdict == DRILL_SKIPPED ? "skipped: " : "", result->text);
        if (result->verdict == DRILL_FAILED) {
            print_ladder(a, result);
        }
    }
}

/* ---- Scripts --------------------------------------------------------------------------------------------- */

static void parse_failed(struct arguments *a, const char *path, const struct drill_error *error,
                         const char *text, size_t size)
{
    char shown[800];
    struct drill_result result = {.verdict = DRILL_BROKEN, .pos = error->pos};

    snprintf(result.text, sizeof(result.text), "%s", error->text);
    if (a->output.json) {
        report(a, path, &result);
    } else {
        count(a, DRILL_BROKEN);
        printf("%s", drill_error_show(error, text, size, shown, sizeof(shown)));
    }
}

static void run_file(struct arguments *a, const char *path)
{
    struct drill_script *script = NULL;
    struct drill_result result;
    struct drill_error error = {0};
    size_t size = 0;
    char *text = read_file(path, &size);

    if (!text) {
        count(a, DRILL_BROKEN);
        return;
    }
    a->log = drill_log_new(a->internals);
    if (!a->log || drill_parse(path, text, size, &script, &error) != DRILL_OK) {
        parse_failed(a, path, &error, text, size);
    } else {
        drill_run(script, &a->options, &result);
        report(a, path, &result);
    }
    drill_script_del(script);
    drill_log_del(a->log);
    free(text);
}

static int open_capture(struct arguments *a)
{
    static const struct pcapfile_interface interface = {.name = "drill", .medium = WEIR_MEDIUM_IP};
    struct pcapfile_config config = {
        .path = a->write, .interfaces = &interface, .interface_count = 1};
    char why[256];

    if (a->write && pcapfile_open(&a->capture, &config, why, sizeof(why)) != WEIR_OK) {
        return cli_error(CLI_SYSTEM, "%s", why);
    }
    return CLI_OK;
}

static int exit_code(const struct arguments *a)
{
    if (a->broken > 0) {
        return CLI_BAD_INPUT;
    }
    if (a->failed > 0) {
        return CLI_FINDINGS;
    }
    return a->skipped > 0 ? CLI_MISSING : CLI_OK;
}

static int run_files(struct arguments *a)
{
    int code = open_capture(a);
    char why[256];

    if (code != CLI_OK) {
        return code;
    }
    a->options.packet = on_packet;
    a->options.record = on_record;
    a->options.ctx = a;
    a->options.defines = a->defines;
    a->options.settings = a->settings;
    for (size_t i = 0; i < a->file_count; i++) {
        run_file(a, a->files[i]);
    }
    if (pcapfile_close(a->capture, why, sizeof(why)) != WEIR_OK) {
        return cli_error(CLI_SYSTEM, "%s", why);
    }
    if (!a->output.json && (a->file_count > 1 || !a->quiet)) {
        printf("%u passed, %u failed, %u skipped, %u not readable\n", a->passed, a->failed,
               a->skipped, a->broken);
    }
    return exit_code(a);
}

int cmd_drill(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"strict", KEY_STRICT, NULL, 0,
         "times to 1 ms, echoed timestamps, and no packet that the script does not expect", 0},
        {"ip-version", KEY_IP_VERSION, "4|6|mapped", 0,
         "instead of the script's own --ip_version; mapped: IPv6 sockets, IPv4 packets", 0},
        {"ignore-shell", KEY_IGNORE_SHELL, NULL, 0,
         "commands that are not understood do nothing, instead of ending the script", 0},
        {"define", 'D', "NAME[=VALUE]", 0,
         "a name that #ifdef knows, or what a name in the script stands for", 0},
        {"sysctl", KEY_SYSCTL, "NAME=VALUE", 0,
         "what the system begins with, by Linux's name of the setting", 0},
        {"write", 'w', "FILE", 0, "write all packets as pcapng", 0},
        {"quiet", 'q', NULL, 0, "say nothing of scripts that pass", 0},
        {"internals", KEY_INTERNALS, NULL, 0, "with that, show what the stack did inside", 0},
        {"no-ladder", KEY_NO_LADDER, NULL, 0, "do not draw the conversation of a failure", 0},
        {0}};
    static const struct argp_child children[] = {
        {&cli_output_argp, 0, NULL, 0}, {&cli_view_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "FILE...",
        .doc = "Runs packetdrill scripts against weir's own sockets, in virtual time; commands in "
               "back quotes are not executed.\vExit codes: 0 all passed, 1 one failed, 65 one is "
               "not readable, 69 one was skipped because it needs something that is not modelled.",
        .children = children};
    struct arguments a = {.file_count = 0};
    int code;

    drill_options_default(&a.options);
#ifdef WEIR_WITH_MAC
    a.options.mac = weir_mac_libcrypto(&a.mac) ? &a.mac : NULL;
#endif
    code = cli_parse(&argp, argc, argv, &a);
    if (code >= 0) {
        return code;
    }
    if (a.file_count == 0) {
        return cli_error(CLI_USAGE, "no script given: weir drill");
    }
    cli_output_settle(&a.output, SEQ_RELATIVE);
    return cli_finish(run_files(&a));
}
