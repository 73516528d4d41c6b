/*
 * cmd_explain.c - weir explain: what broke or limited the TCP conversations of a capture, worst first.
 *
 * No segment is kept: conversations are judged and searched while the file goes by (trace/table.h).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "cli/cli.h"
#include "cli/cmd.h"
#include "cli/fail_on.h"
#include "cli/input.h"
#include "render/json_finding.h"
#include "render/report.h"
#include "trace/table.h"

enum { KEY_CONN = 0x240, KEY_TOP };

struct arguments {
    struct cli_output output;
    struct cli_input input;
    unsigned long conn; /* 0: all */
    unsigned long top;  /* 0: all */
    struct fail_on fail_on;
};

/* ---- Arguments ------------------------------------------------------------------------------------------- */

static error_t set_number(unsigned long *to, const char *option, const char *word)
{
    char *end;

    *to = strtoul(word, &end, 10);
    if (word[0] < '1' || word[0] > '9' || *end != '\0' || *to > UINT32_MAX) {
        cli_error(CLI_USAGE, "bad value for --%s: %s", option, word);
        return EINVAL;
    }
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->output;
        state->child_inputs[1] = &a->input;
        state->child_inputs[2] = &a->fail_on;
        return 0;
    case KEY_CONN: return set_number(&a->conn, "conn", arg);
    case KEY_TOP: return set_number(&a->top, "top", arg);
    case ARGP_KEY_ARG: return cli_input_argument(&a->input, arg);
    case ARGP_KEY_END:
        if (a->input.file[0] == NULL) {
            cli_error(CLI_USAGE, "no file given: weir explain");
            return EINVAL;
        }
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* ---- Reading --------------------------------------------------------------------------------------------- */

static int take_packet(struct table *table, const struct capture_packet *packet, bool *cut)
{
    struct table_packet *p = table_packet(table);
    struct trace_icmp icmp = {.time = packet->time, .frame = packet->number};

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
    case TRACE_NOT_TCP:
        return trace_parse_icmp(packet->ip, packet->size, packet->original, &icmp)
                   ? table_icmp(table, &icmp)
                   : WEIR_OK;
    case TRACE_CUT: *cut = true; break;
    case TRACE_MALFORMED: break;
    }
    return WEIR_OK;
}

/* An error in the middle of the file is reported after what came before it, so it is only put into `why`. */
static int read_capture(struct capture *capture, struct table *table, bool *cut,
                        char why[CAPTURE_WHY_MAX])
{
    struct cli_progress progress = {.next = 0};
    struct capture_packet packet;
    enum capture_status status;
    int result = WEIR_OK;

    while (result == WEIR_OK && (status = capture_next(capture, &packet, why)) == CAPTURE_OK) {
        cli_progress_tick(&progress, capture, packet.number);
        result = take_packet(table, &packet, cut);
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

/* ---- Worst first ----------------------------------------------------------------------------------------- */

/* A conversation with all that is known of it. */
struct case_of {
    size_t index;
    struct weir_endpoint end[2];
    struct account account;
    struct finder_totals totals;
    struct outcome outcome;
};

static void open_case(const struct table *table, size_t index, struct case_of *c)
{
    struct conversation told;

    *c = (struct case_of){.index = index};
    table_conversation(table, index, &told, c->end);
    c->outcome.findings = table_findings(table, index, &c->outcome.count, &c->account, &c->totals);
    c->outcome.account = &c->account;
    c->outcome.totals = &c->totals;
}

struct rank {
    uint64_t cost;
    uint32_t index;
    uint8_t severity; /* of the worst finding, plus 1; 0: there is none */
};

static int worst_first(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;

    if (x->severity != y->severity) {
        return x->severity > y->severity ? -1 : 1;
    }
    if (x->cost != y->cost) {
        return x->cost > y->cost ? -1 : 1;
    }
    return x->index < y->index ? -1 : 1;
}

static struct rank *rank_all(const struct table *table)
{
    size_t count = table_count(table);
    struct rank *rank = malloc((count + 1) * sizeof(*rank));

    for (size_t i = 0; i < count && rank != NULL; i++) {
        struct case_of c;
        open_case(table, i, &c);
        rank[i] = (struct rank){.index = (uint32_t)i};
        for (size_t k = 0; k < c.outcome.count; k++) {
            const struct finding *f = &c.outcome.findings[k];
            rank[i].severity = (uint8_t)MAX(rank[i].severity, f->severity + 1);
            rank[i].cost += f->cost_ns;
        }
    }
    if (rank != NULL) {
        qsort(rank, count, sizeof(*rank), worst_first);
    }
    return rank;
}

/* ---- Out ------------------------------------------------------------------------------------------------- */

static int print_case(const struct arguments *a, const struct case_of *c, bool first)
{
    const struct text_options *options = &a->output.text;
    char number[16], line[FINDING_TEXT_MAX], ends[2][TEXT_ENDPOINT_MAX];

    if (a->output.json) {
        return json_outcome(stdout, (uint32_t)c->index + 1, c->end, &c->outcome);
    }
    if (!first) {
        putchar('\n');
    }
    snprintf(number, sizeof(number), "%u", (unsigned)c->index + 1);
    const char *args[] = {number, text_endpoint(&c->end[LADDER_CLIENT], ends[0]),
                          text_endpoint(&c->end[LADDER_SERVER], ends[1])};
    puts(
        message_format(line, sizeof(line), MESSAGE_EXPLAIN_CONNECTION, options->language, args, 3));
    report_outcome(stdout, &c->outcome, options);
    return WEIR_OK;
}

static int print_all(const struct arguments *a, const struct table *table)
{
    size_t count = table_count(table), printed = 0;
    struct rank *rank = rank_all(table);
    int code = CLI_OK, result = rank == NULL ? WEIR_ENOBUFS : WEIR_OK;

    for (size_t i = 0; i < count && result == WEIR_OK; i++) {
        struct case_of c;
        if (a->conn != 0 && rank[i].index + 1 != a->conn) {
            continue;
        }
        open_case(table, rank[i].index, &c);
        code = MAX(code, fail_on_judge(&a->fail_on, c.outcome.findings, c.outcome.count));
        if (a->top == 0 || printed < a->top) {
            result = print_case(a, &c, printed++ == 0);
        }
    }
    free(rank);
    return result == WEIR_OK ? code : cli_error(CLI_SYSTEM, "no memory: the list");
}

/* Said first: what is missing may have been sent. In the JSON of weir flows it is in the capture's object. */
static void put_drops(const struct arguments *a, const struct capture *capture)
{
    struct capture_stat stat;
    char number[24], text[FINDING_TEXT_MAX], line[FINDING_TEXT_MAX];
    const char *arg = number;

    capture_stat(capture, &stat);
    if (!stat.drops_known || stat.drops == 0 || a->output.json) {
        return;
    }
    snprintf(number, sizeof(number), "%" PRIu64, (uint64_t)stat.drops);
    arg = message_format(text, sizeof(text), MESSAGE_F_LIMIT_DROPPED, a->output.text.language, &arg,
                         1);
    puts(message_format(line, sizeof(line), MESSAGE_NOTE, a->output.text.language, &arg, 1));
}

static int explain(const struct arguments *a, struct capture *capture)
{
    char why[CAPTURE_WHY_MAX] = "";
    struct table *table = table_new(TABLE_EXPLAIN);
    bool cut = false;
    int code = CLI_OK;

    if (table == NULL) {
        return cli_error(CLI_SYSTEM, "no memory: %s", capture_name(capture));
    }
    int damage = read_capture(capture, table, &cut, why);
    if (table_count(table) == 0 && damage == CLI_OK) {
        code = cli_input_nothing(&a->input, capture, cut);
    } else if (damage == CLI_OK && a->conn > table_count(table)) {
        code = cli_error(CLI_USAGE, "no such connection (there are %zu): --conn %lu",
                         table_count(table), a->conn);
    } else if (table_count(table) > 0 && damage != CLI_SYSTEM) {
        put_drops(a, capture);
        code = print_all(a, table);
    }
    table_del(table);
    return damage != CLI_OK ? cli_error(damage, "%s", why) : code;
}

int cmd_explain(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"conn", KEY_CONN, "N", 0, "only the N-th connection", 0},
        {"top", KEY_TOP, "N", 0, "only the N worst connections", 0},
        {0}};
    static const struct argp_child children[] = {{&cli_output_argp, 0, NULL, 0},
                                                 {&cli_input_argp, 0, NULL, 0},
                                                 {&fail_on_argp, 0, NULL, 0},
                                                 {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "FILE|- [FILTER]",
        .doc =
            "Tells what broke or limited the TCP conversations of a capture file: for each, worst "
            "first, the verdict, where the time went, and what was found, with its cost, segments "
            "and advice. A filter is written as for tcpdump.\v"
            "Exit code 0, whatever was found, unless --fail-on says otherwise.",
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
    code = explain(&a, capture);
    capture_close(capture);
    return cli_finish(code);
}
