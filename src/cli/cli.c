/* cli.c - what all verbs share: errors and output options. Parsing: args.c. */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/compiler.h"
#include "cli/terminal.h"

int cli_error(int code, const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fputs("weir: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return code;
}

int cli_finish(int code)
{
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        return cli_error(CLI_SYSTEM, "cannot write (%s): standard output", strerror(errno));
    }
    return code;
}

/* ---- Output options ------------------------------------------------------------------------------------ */

enum {
    KEY_LANG = 0x100,
    KEY_ASCII,
    KEY_WIDTH,
    KEY_COLOR,
    KEY_JSON,
    KEY_SEQ,
    KEY_STYLE,
    KEY_AMBIGUOUS
};

static const struct argp_option output_options[] = {
    {NULL, 0, NULL, 0, "Output:", 1},
    {"lang", KEY_LANG, "en|zh", 0, "language (default: that of the locale)", 1},
    {"ascii", KEY_ASCII, NULL, 0, "draw with ASCII characters only", 1},
    {"width", KEY_WIDTH, "N", 0, "columns (default: the terminal's, or 100)", 1},
    {"color", KEY_COLOR, "WHEN", 0, "auto, always or never; NO_COLOR is respected", 1},
    {"json", KEY_JSON, NULL, 0, "JSON Lines instead of a drawing", 1},
    {"seq", KEY_SEQ, "HOW", 0,
     "sequence numbers: raw (as on the wire), rel (SYN is 0), pretty (client from 1000, server from "
     "8000)",
     1},
    {"style", KEY_STYLE, "HOW", 0, "arrows: braille, scan, box or ascii", 1},
    {"ambiguous", KEY_AMBIGUOUS, "1|2", 0,
     "columns of characters of ambiguous width; 2: they are not used (default: a Chinese, Japanese or Korean terminal "
     "is asked)",
     1},
    {"verbose", 'v', NULL, 0, "show window, PSH and timestamps of every segment", 1},
    {0}};

/* Index of `word` in words[n], or -1 after a one-line error. */
static int choose(const char *option, const char *word, const char *const words[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(word, words[i]) == 0) {
            return (int)i;
        }
    }
    cli_error(CLI_USAGE, "bad value for --%s: %s", option, word);
    return -1;
}

static error_t set_width(struct cli_output *output, const char *word)
{
    char *end;
    unsigned long width = strtoul(word, &end, 10);

    if (word[0] < '0' || word[0] > '9' || *end != '\0' || width < TEXT_WIDTH_MIN ||
        width > TEXT_WIDTH_MAX) {
        cli_error(CLI_USAGE, "bad value for --width (%d to %d): %s", TEXT_WIDTH_MIN, TEXT_WIDTH_MAX,
                  word);
        return EINVAL;
    }
    output->text.width = (unsigned)width;
    return 0;
}

static error_t parse_output(int key, char *arg, struct argp_state *state)
{
    static const char *const languages[] = {"en", "zh"};
    static const char *const colors[] = {"auto", "always", "never"};
    static const char *const modes[] = {"pretty", "raw", "rel"};
    static const char *const styles[] = {"braille", "scan", "box", "ascii"};
    static const char *const columns[] = {"1", "2"};
    struct cli_output *output = state->input;
    int chosen = 0;

    switch (key) {
    case KEY_LANG:
        chosen = choose("lang", arg, languages, ARRAY_SIZE(languages));
        output->text.language = chosen == 1 ? LANGUAGE_ZH : LANGUAGE_EN;
        output->language_given = true;
        break;
    case KEY_COLOR:
        chosen = choose("color", arg, colors, ARRAY_SIZE(colors));
        output->color = chosen < 0 ? CLI_AUTO : (enum cli_when)chosen;
        break;
    case KEY_SEQ:
        chosen = choose("seq", arg, modes, ARRAY_SIZE(modes));
        output->text.seq = chosen < 0 ? SEQ_RAW : (enum seq_mode)chosen;
        output->seq_given = true;
        break;
    case KEY_STYLE:
        chosen = choose("style", arg, styles, ARRAY_SIZE(styles));
        output->text.style = chosen < 0 ? TEXT_BRAILLE : (enum text_style)chosen;
        output->text.ascii = output->text.style == TEXT_ASCII;
        break;
    case KEY_AMBIGUOUS:
        chosen = choose("ambiguous", arg, columns, ARRAY_SIZE(columns));
        output->text.wide = chosen == 1;
        output->ambiguous_given = true;
        break;
    case KEY_WIDTH: return set_width(output, arg);
    case KEY_ASCII: output->text.ascii = true; break;
    case KEY_JSON: output->json = true; break;
    case 'v': output->text.verbose = true; break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return chosen < 0 ? EINVAL : 0;
}

const struct argp cli_output_argp = {.options = output_options, .parser = parse_output};

static const char *locale_of_messages(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0') {
            return value;
        }
    }
    return NULL;
}

/* Does the environment name another encoding? Without any locale UTF-8 is assumed: what has none today is
 * a container or a script, and its terminal is a modern one. */
static bool locale_lacks_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0') {
            const char *dot = strchr(value, '.');
            return dot == NULL
                       ? strcmp(value, "C") == 0 || strcmp(value, "POSIX") == 0
                       : strncasecmp(dot, ".utf-8", 6) != 0 && strncasecmp(dot, ".utf8", 5) != 0;
        }
    }
    return false;
}

/* Only there are characters of ambiguous width sometimes wide. */
static bool locale_is_cjk(void)
{
    const char *locale = locale_of_messages();

    return locale != NULL && (strncmp(locale, "zh", 2) == 0 || strncmp(locale, "ja", 2) == 0 ||
                              strncmp(locale, "ko", 2) == 0);
}

static unsigned terminal_width(void)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    unsigned long width = columns != NULL ? strtoul(columns, NULL, 10) : 0;

    if (width == 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        width = size.ws_col;
    }
    if (width == 0) {
        return TEXT_WIDTH_DEFAULT;
    }
    return (unsigned)MIN(MAX(width, TEXT_WIDTH_MIN), TEXT_WIDTH_MAX);
}

void cli_output_settle(struct cli_output *output, enum seq_mode seq)
{
    const char *no_color = getenv("NO_COLOR");
    bool wanted = isatty(STDOUT_FILENO) != 0 && (no_color == NULL || no_color[0] == '\0');

    if (!output->language_given) {
        output->text.language = language_from_locale(locale_of_messages());
    }
    if (!output->seq_given) {
        output->text.seq = seq;
    }
    if (output->text.width == 0) {
        output->text.width = terminal_width();
    }
    output->text.ascii = output->text.ascii || locale_lacks_utf8();
    if (output->draws && !output->ambiguous_given && !output->text.ascii && !output->json &&
        locale_is_cjk()) {
        output->text.wide = terminal_ambiguous_columns() == 2;
    }
    output->text.color = output->color == CLI_ALWAYS || (output->color == CLI_AUTO && wanted);
}
