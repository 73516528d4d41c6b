/* cmd_ladder.c - weir ladder: draws the TCP conversations of a capture file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "cli/cli.h"
#include "cli/cmd.h"
#include "cli/conversations.h"
#include "cli/export_cli.h"
#include "cli/fail_on.h"
#include "cli/input.h"
#include "cli/ladder_large.h"
#include "cli/view_options.h"
#include "render/report.h"

enum { KEY_CONN = 0x200 };

struct arguments {
    struct cli_output output;
    struct cli_input input;
    struct export_cli export;
    unsigned long conn; /* 0: all */
    struct fail_on fail_on;
    int found; /* the exit code by fail_on, when nothing else goes wrong */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    char *end;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->child_inputs[2] = &a->output;
        state->child_inputs[1] = &a->input;
        state->child_inputs[3] = &a->export;
        state->child_inputs[4] = &a->fail_on;
        return 0;
    case KEY_CONN:
        a->conn = strtoul(arg, &end, 10);
        if (arg[0] < '1' || arg[0] > '9' || *end != '\0' || a->conn > UINT32_MAX) {
            cli_error(CLI_USAGE, "bad value for --conn: %s", arg);
            return EINVAL;
        }
        return 0;
    case ARGP_KEY_ARG: return cli_input_argument(&a->input, arg);
    case ARGP_KEY_END:
        if (a->input.file[0] == NULL) {
            cli_error(CLI_USAGE, "no file given: weir ladder");
            return EINVAL;
        }
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static int draw_one(struct arguments *a, const struct conversations *c, size_t index)
{
    struct ladder *ladder = conversations_ladder(c, index);
    const struct text_options *options = &a->output.text;
    size_t count = conversations_count(c), found;
    int code = CLI_OK;

    if (ladder == NULL) {
        return cli_error(CLI_SYSTEM, "no memory: connection %zu", index + 1);
    }
    code = export_packets(&a->export, ladder);
    if (code == CLI_OK && export_wanted(&a->export)) {
        code = export_ladder(&a->export, ladder, &a->output);
    } else if (code == CLI_OK) {
        if (count > 1) {
            int64_t after = (int64_t)(ladder_info(ladder)->origin - conversations_start(c));
            text_connection(stdout, ladder, count, after, options);
        }
        text_ladder(stdout, ladder, options);
        report_summary(stdout, ladder, options);
    }
    const struct finding *findings = ladder_findings(ladder, &found);
    a->found = MAX(a->found, fail_on_judge(&a->fail_on, findings, found));
    ladder_del(ladder);
    return code;
}

static int draw(struct arguments *a, const struct conversations *c)
{
    size_t count = conversations_count(c);
    int code = CLI_OK;

    if (a->conn > count) {
        return cli_error(CLI_USAGE, "no such connection (there are %zu): --conn %lu", count,
                         a->conn);
    }
    a->export.capture = a->input.file[1] == NULL ? a->input.file[0] : NULL;
    if (export_wanted(&a->export)) {
        const char *slash = strrchr(a->input.file[0], '/');
        a->export.title = slash != NULL ? slash + 1 : a->input.file[0];
        code = export_begin(&a->export, a->conn != 0 ? 1 : count);
    }
    for (size_t i = 0; i < count && code == CLI_OK; i++) {
        if (a->conn != 0 && i + 1 != a->conn) {
            continue;
        }
        if (i > 0 && a->conn == 0 && !export_wanted(&a->export)) {
            putchar('\n');
        }
        code = draw_one(a, c, i);
    }
    code = export_end(&a->export, code);
    return code == CLI_OK ? a->found : code;
}

int cmd_ladder(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"conn", KEY_CONN, "N", 0, "only the N-th connection", 0}, {0}};
    static const struct argp_child children[] = {
        {&cli_output_argp, 0, NULL, 0}, {&cli_input_pair_argp, 0, NULL, 0},
        {&cli_view_argp, 0, NULL, 0},   {&export_argp, 0, NULL, 0},
        {&fail_on_argp, 0, NULL, 0},    {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "FILE|- [OTHER-END] [FILTER]",
        .doc =
            "Draws the TCP conversations of a capture file (pcap or pcapng, also gzipped) as ladders. A filter "
            "is written as for tcpdump. Two files are captures of the same conversations at both ends, and "
            "become one ladder: flights measured, losses proven.\v"
            "Times of the side at which the capture was taken are measured; those of the other side "
            "are estimated by half the handshake's round trip and marked with ~. Sequence numbers "
            "are pretty by default, and raw in formats for machines (--json, --to jsonl).",
        .children = children};
    struct arguments a = {.conn = 0};
    struct conversations *conversations;

    int code = cli_parse(&argp, argc, argv, &a);
    if (code >= 0) {
        return code;
    }
    cli_output_settle(&a.output, SEQ_PRETTY);
    code = export_settle(&a.export, &a.output);
    if (code != CLI_OK) {
        return code;
    }
    if (!export_wanted(&a.export) && a.output.text.grep == NULL && ladder_is_large(&a.input)) {
        return cli_finish(ladder_draw_large(&a.input, a.conn, &a.output.text));
    }
    code = conversations_read(&a.input, &conversations);
    if (code != CLI_OK) {
        return code;
    }
    code = conversations_end(conversations, draw(&a, conversations));
    return cli_finish(code);
}
