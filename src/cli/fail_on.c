/* fail_on.c - see fail_on.h. */
#include "cli/fail_on.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "cli/cli.h"

enum { KEY_FAIL_ON = 0x2f0 };

static bool set_word(struct fail_on *f, const char *word, size_t size)
{
    for (int level = FINDING_INFO; level <= FINDING_ERROR; level++) {
        const char *name = finding_severity_name((enum finding_severity)level);
        if (strlen(name) == size && strncmp(name, word, size) == 0) {
            f->level = f->at_all ? MIN(f->level, (enum finding_severity)level)
                                 : (enum finding_severity)level;
            return f->at_all = true;
        }
    }
    for (int id = 0; id < FINDING_COUNT; id++) {
        const char *name = finding_name((enum finding_id)id);
        if (strlen(name) == size && strncasecmp(name, word, size) == 0) {
            return f->id[id] = true;
        }
    }
    return false;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct fail_on *f = state->input;

    if (key != KEY_FAIL_ON) {
        return ARGP_ERR_UNKNOWN;
    }
    for (const char *word = arg;; word++) {
        size_t size = strcspn(word, ",");
        if (!set_word(f, word, size)) {
            cli_error(CLI_USAGE, "bad value for --fail-on: %.*s", (int)size, word);
            return EINVAL;
        }
        word += size;
        if (*word == '\0') {
            return 0;
        }
    }
}

static const struct argp_option table[] = {
    {"fail-on", KEY_FAIL_ON, "WHAT", 0,
     "exit with 1, or 2 for an error, when this is found: info, warn or error (or worse), or names "
     "of findings, separated by commas",
     0},
    {0}};

const struct argp fail_on_argp = {.options = table, .parser = parse};

int fail_on_judge(const struct fail_on *f, const struct finding *findings, size_t count)
{
    int code = CLI_OK;

    for (size_t i = 0; i < count; i++) {
        bool matches = f->id[findings[i].id] || (f->at_all && findings[i].severity >= f->level);
        if (matches) {
            code = MAX(code, findings[i].severity == FINDING_ERROR ? CLI_ERRORS : CLI_FINDINGS);
        }
    }
    return code;
}
