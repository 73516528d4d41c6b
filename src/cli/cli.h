/*
 * cli.h - what all verbs share: exit codes, one-line errors, and the options about output.
 *
 * A verb puts cli_output_argp among its argp children with a struct cli_output as input and parses with
 * cli_parse. Data goes to standard output, everything else to standard error.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <argp.h>

#include "render/text.h"

#define WEIR_VERSION "0.1.0"

/* sysexits.h's numbers. */
enum cli_exit {
    CLI_OK = 0,
    CLI_FINDINGS = 1,
    CLI_ERRORS = 2,
    CLI_USAGE = 64,
    CLI_BAD_INPUT = 65,
    CLI_MISSING = 69,
    CLI_SYSTEM = 71,
    CLI_PERMISSION = 77
};

/* One line on standard error: "weir: what: where". Returns `code`. */
int cli_error(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Flushes standard output; an error that only shows now (a full disk) changes the exit code. */
int cli_finish(int code);

enum cli_when { CLI_AUTO = 0, CLI_ALWAYS, CLI_NEVER };

/* The options that all drawing verbs have. */
struct cli_output {
    struct text_options text; /* complete after cli_output_settle */
    bool json;
    bool seq_given, language_given, ambiguous_given;
    bool draws; /* a ladder, on standard output (cli_view_argp sets it) */
    enum cli_when color;
};

extern const struct argp cli_output_argp;

/* Decides what was left open: language by LC_ALL, LC_MESSAGES, LANG; width and colour by the terminal,
 * COLUMNS and NO_COLOR; ASCII when the locale has another encoding than UTF-8. `seq`: the verb's own
 * default. */
void cli_output_settle(struct cli_output *output, enum seq_mode seq);

/* Parses the arguments of a verb. Returns -1 to go on, or an exit code: after --help, and after an error,
 * of which one line has been printed. Parsers print with cli_error and return EINVAL. */
int cli_parse(const struct argp *argp, int argc, char **argv, void *input);

#endif
