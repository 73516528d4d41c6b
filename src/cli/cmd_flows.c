/* cmd_flows.c - weir flows: lists the TCP conversations of a capture, worst first. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "cli/cli.h"
#include "cli/cmd.h"
#include "cli/input.h"
#include "render/flows.h"

enum { KEY_SORT = 0x220, KEY_TOP };

struct arguments {
    struct cli_output output;
    struct cli_input input;
    struct flows_options flows;
};

static error_t set_sort(struct arguments *a, const char *word)
{
    for (int i = 0; i < FLOWS_SORT_COUNT; i++) {
        if (strcmp(word, flows_sort_name((enum flows_sort)i)) == 0) {
            a->flows.sort = (enum flows_sort)i;
            return 0;
        }
    }
    cli_error(CLI_USAGE, "bad value for --sort: %s", word);
    return EINVAL;
}

static error_t set_top(struct arguments *a, const char *word)
{
    char *end;
    unsigned long top = strtoul(word, &end, 10);

    if (word[0] < '1' || word[0] > '9' || *end != '\0') {
        cli_error(CLI_USAGE, "bad value for --top: %s", word);
        return EINVAL;
    }
    a->flows.top = top;
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->output;
        state->child_inputs[1] = &a->input;
        return 0;
    case KEY_SORT: return set_sort(a, arg);
    case KEY_TOP: return set_top(a, arg);
    case ARGP_KEY_ARG: return cli_input_argument(&a->input, arg);
    case ARGP_KEY_END:
        if (a->input.file[0] == NULL) {
            cli_error(CLI_USAGE, "no file given: weir flows");
            return EINVAL;
        }
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* What was read besides conversations. */
struct tally {
    bool begun, cut;
    weir_time start;
};

static int take_packet(struct table *table, const struct capture_packet *packet,
                       struct tally *tally)
{
    struct table_packet *p = table_packet(table);

    if (UNLIKELY(!tally->begun)) {
        tally->begun = true;
        tally->start = packet->time;
    }
    if (packet->ip == NULL) {
        return WEIR_OK;
    }
    switch (
        trace_parse_ip(packet->ip, packet->size, packet->original, &p->segment, &p->src, &p->dst)) {
    case TRACE_TCP:
        p->segment.time = packet->time;
        p->segment.frame = packet->number;
        p->segment.checksum = (uint8_t)trace_verify(packet->ip, packet->size, packet->original);
        return table_put(table);
    case TRACE_CUT: tally->cut = true; break;
    case TRACE_MALFORMED:
    case TRACE_NOT_TCP: break;
    }
    return WEIR_OK;
}

/* An error in the middle of the file is reported after what came before it, so it is only put into `why`. */
static int read_capture(struct capture *capture, struct table *table, struct tally *tally,
                        char why[CAPTURE_WHY_MAX])
{
    struct cli_progress progress = {.next = 0};
    struct capture_packet packet;
    enum capture_status status;
    int result = WEIR_OK;

    while (result == WEIR_OK && (status = capture_next(capture, &packet, why)) == CAPTURE_OK) {
        cli_progress_tick(&progress, capture, packet.number);
        result = take_packet(table, &packet, tally);
    }
    cli_progress_end(&progress);
    if (result == WEIR_OK) {
        result = table_end(table);
    }
    if (result != WEIR_OK) {
        snprintf(why, CAPTURE_WHY_MAX, "no memory: packet %u", packet.number);
        return CLI_SYSTEM;
    }
    return cli_input_exit(status);
}

static int list(struct arguments *a, struct capture *capture)
{
    char why[CAPTURE_WHY_MAX] = "";
    struct tally tally = {.begun = false};
    struct capture_stat stat;
    struct table *table = table_new(TABLE_SEARCH);
    int code = CLI_OK;

    if (table == NULL) {
        return cli_error(CLI_SYSTEM, "no memory: %s", capture_name(capture));
    }
    int damage = read_capture(capture, table, &tally, why);
    capture_stat(capture, &stat);
    a->flows.origin = tally.start;
    if (table_count(table) == 0 && damage == CLI_OK) {
        code = cli_input_nothing(&a->input, capture, tally.cut);
    } else if (table_count(table) > 0 && damage != CLI_SYSTEM) {
        int result = a->output.json ? flows_json(stdout, table, &a->flows, &stat,
                                                 damage != CLI_OK ? why : NULL)
                                    : flows_text(stdout, table, &a->flows, &a->output.text);
        code = result == WEIR_OK ? CLI_OK : cli_error(CLI_SYSTEM, "no memory: the list");
    }
    table_del(table);
    return damage != CLI_OK ? cli_error(damage, "%s", why) : code;
}

int cmd_flows(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"sort", KEY_SORT, "KEY", 0,
         "worst (the default), start, duration, bytes, segments, retx or rtt", 0},
        {"top", KEY_TOP, "N", 0, "only the first N", 0},
        {0}};
    static const struct argp_child children[] = {
        {&cli_output_argp, 0, NULL, 0}, {&cli_input_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "FILE|- [FILTER]",
        .doc =
            "Lists the TCP conversations of a capture file, one line each, worst first. A filter is "
            "written as for tcpdump.\v"
            "The number in the first column is what weir ladder --conn takes. --json writes one "
            "object per conversation, after one about the capture.",
        .children = children};
    struct arguments a = {.input.one_file = true};
    struct capture *capture;

    int code = cli_parse(&argp, argc, argv, &a);
    if (code >= 0) {
        return code;
    }
    cli_output_settle(&a.output, SEQ_RAW);
    code = cli_input_open(&a.input, 0, false, &capture);
    if (code != CLI_OK) {
        return code;
    }
    code = list(&a, capture);
    capture_close(capture);
    return cli_finish(code);
}
