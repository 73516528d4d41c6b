/*
 * args.c - parsing arguments with argp, and one line for every mistake.
 *
 * argp prints two lines about an unknown option, or, silenced, none, and then its error cannot be told
 * from a parser's own. So the arguments go through argp twice: first with parsers that accept everything,
 * where only argp itself can fail, then with the real ones, which print their own line.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define QUIET (ARGP_NO_ERRS | ARGP_NO_EXIT | ARGP_NO_HELP)

#define TREE_MAX 16

struct parse {
    void *input;
    bool help;
};

static error_t parse_help(int key, char *arg, struct argp_state *state)
{
    struct parse *parse = state->input;

    (void)arg;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = parse->input; return 0;
    case '?': parse->help = true; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* Remembers where argp stopped in the int that is the root's input. */
static error_t accept_all(int key, char *arg, struct argp_state *state)
{
    int *stopped_at = state->input;

    (void)arg;
    if (key == ARGP_KEY_ERROR && stopped_at != NULL) {
        *stopped_at = state->next;
    }
    /* An option's key or an argument; other keys tell about the parsing itself. */
    return key < ARGP_KEY_END ? 0 : ARGP_ERR_UNKNOWN;
}

static size_t count_children(const struct argp *argp)
{
    size_t n = 0;

    while (argp->children != NULL && argp->children[n].argp != NULL) {
        n++;
    }
    return n;
}

/* The same options as `whole`, with parsers that accept everything. */
struct shadow {
    struct argp argp[TREE_MAX];
    struct argp_child child[TREE_MAX * 2];
};

static void make_shadow(struct shadow *shadow, const struct argp *whole)
{
    size_t argps = 1, children = 0;

    shadow->argp[0] = *whole;
    for (size_t i = 0; i < argps; i++) { /* breadth first: the list grows as it is read */
        struct argp *argp = &shadow->argp[i];
        size_t n = count_children(argp);
        struct argp_child *copies = &shadow->child[children];
        for (size_t k = 0; k < n && argps < TREE_MAX; k++) {
            shadow->argp[argps] = *argp->children[k].argp;
            copies[k] = (struct argp_child){.argp = &shadow->argp[argps++]};
            children++;
        }
        shadow->child[children++] = (struct argp_child){.argp = NULL};
        argp->parser = accept_all;
        argp->children = copies;
    }
}

/* The word at which argp stopped. */
static const char *offending(int argc, char **argv, int next)
{
    if (next > 1 && next - 1 < argc && argv[next - 1][0] == '-') {
        return argv[next - 1];
    }
    return next < argc ? argv[next] : argv[argc - 1];
}

int cli_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    static const struct argp_option options[] = {{"help", '?', NULL, 0, "show this text", -1}, {0}};
    struct parse parse = {.input = input};
    const struct argp_child children[] = {{argp, 0, NULL, 0}, {0}};
    const struct argp whole = {.options = options, .parser = parse_help, .children = children};
    struct shadow shadow;
    int stopped_at = 0;

    make_shadow(&shadow, &whole);
    if (argp_parse(&shadow.argp[0], argc, argv, QUIET, NULL, &stopped_at) != 0) {
        return cli_error(CLI_USAGE, "unknown option, or its value is missing: %s",
                         offending(argc, argv, stopped_at));
    }
    for (int i = 1; i < argc && !parse.help && strcmp(argv[i], "--") != 0; i++) {
        parse.help = strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-?") == 0;
    }
    if (parse.help) {
        argp_help(&whole, stdout, ARGP_HELP_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC, argv[0]);
        return cli_finish(CLI_OK);
    }
    return argp_parse(&whole, argc, argv, QUIET, NULL, &parse) == 0 ? -1 : CLI_USAGE;
}
