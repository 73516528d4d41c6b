/* view_options.c - see view_options.h. */
#include "cli/view_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_ALL = 0x300, KEY_ONLY, KEY_FROM, KEY_UNTIL, KEY_GREP, KEY_FRAME, KEY_COMPACT };

static const struct argp_option view_options[] = {
    {NULL, 0, NULL, 0, "Rows:", 2},
    {"all", KEY_ALL, NULL, 0, "draw every segment (else ladders of more than 60 lines are folded)",
     2},
    {"only", KEY_ONLY, "findings", 0,
     "draw only what was found, with two segments before and after it", 2},
    {"from", KEY_FROM, "N", 0, "begin with segment N", 2},
    {"until", KEY_UNTIL, "N", 0, "end with segment N", 2},
    {"grep", KEY_GREP, "TEXT", 0, "draw only segments of which TEXT is said", 2},
    {"frame", KEY_FRAME, NULL, 0, "also show the capture's frame numbers, as f12", 2},
    {"compact", KEY_COMPACT, NULL, 0, "one row for each segment", 2},
    {0}};

static error_t bad_value(const char *option, const char *arg)
{
    cli_error(CLI_USAGE, "bad value for --%s: %s", option, arg);
    return EINVAL;
}

static error_t parse_number(const char *option, const char *arg, uint32_t *number)
{
    char *end;

    errno = 0;
    unsigned long value = strtoul(arg, &end, 10);
    if (arg[0] < '0' || arg[0] > '9' || *end != '\0' || errno != 0 || value == 0 ||
        value > UINT32_MAX) {
        return bad_value(option, arg);
    }
    *number = (uint32_t)value;
    return 0;
}

static error_t parse_view(int key, char *arg, struct argp_state *state)
{
    struct cli_output *output = state->input;
    struct text_options *text = &output->text;

    switch (key) {
    case ARGP_KEY_INIT: output->draws = true; return 0;
    case KEY_ALL: text->view.all = true; return 0;
    case KEY_ONLY:
        text->view.only_findings = true;
        return strcmp(arg, "findings") == 0 ? 0 : bad_value("only", arg);
    case KEY_FROM: return parse_number("from", arg, &text->view.from);
    case KEY_UNTIL: return parse_number("until", arg, &text->view.until);
    case KEY_GREP: text->grep = arg; return 0;
    case KEY_FRAME: text->frames = true; return 0;
    case KEY_COMPACT: text->compact = true; return 0;
    case ARGP_KEY_END:
        if (text->view.until != 0 && text->view.until < text->view.from) {
            cli_error(CLI_USAGE, "--until %u is before --from %u", text->view.until,
                      text->view.from);
            return EINVAL;
        }
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp cli_view_argp = {.options = view_options, .parser = parse_view};
