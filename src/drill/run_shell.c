/*
 * run_shell.c - commands in back quotes. None is executed: those that change settings weir has are
 * understood, those that only tidy up do nothing, and any other ends the run as skipped.
 */
#include "drill/run_private.h"

#include <stdio.h>
#include <stdlib.h>

#define COMMAND_MAX 512
#define WORDS_MAX 24

/* What ends a simple command. */
static bool separator(char c)
{
    return c == '\n' || c == ';' || c == '&' || c == '|';
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), tail = strlen(end);

    return size >= tail && strcmp(text + size - tail, end) == 0;
}

/* Cuts a command into words in place: quotes hold words together, redirections are left out. */
static size_t split(char *command, char *words[WORDS_MAX])
{
    size_t count = 0;
    char *in = command, *out = command;

    while (*in && count < WORDS_MAX) {
        char quote = 0, *word;

        while (*in == ' ' || *in == '\t' || *in == '\\' || *in == '\n') {
            in++;
        }
        if (!*in || *in == '#') {
            break;
        }
        word = out;
        for (; *in && (quote || (*in != ' ' && *in != '\t' && *in != '\n')); in++) {
            if (quote ? *in == quote : *in == '"' || *in == '\'') {
                quote = quote ? 0 : *in;
            } else if (*in != '\\' && *in != '\n') { /* lines that go on */
                *out++ = *in;
            }
        }
        in += *in != '\0';
        *out++ = '\0';
        if (!strchr(word, '>')) {
            words[count++] = word;
        }
    }
    return count;
}

/* Once there is a stack, only sockets can still be made otherwise. */
static bool apply(struct run *run, struct drill_pos pos, const struct weir_config *before,
                  const char *what)
{
    struct weir_config now = run->stack_config;

    now.tcp = before->tcp;
    if (run->stack && memcmp(&now, before, sizeof(now)) != 0) {
        return run->ignore_shell ||
               run_skip(run, pos, "not modelled: %s in the middle of a script", what);
    }
    return run_stack_settings(run) || run_broken(run, pos, "%s makes no sense", what);
}

static bool set(struct run *run, struct drill_pos pos, char *word)
{
    struct drill_sysctl_target target = {&run->stack_config, &run->sock_config};
    struct weir_config before = run->stack_config;
    char *value = strchr(word, '=');
    enum drill_sysctl_result result;

    if (!value) {
        return true; /* a question */
    }
    *value++ = '\0';
    result = drill_sysctl_set(&target, word, value);
    if (result != DRILL_SYSCTL_SET && !run->ignore_shell) {
        return run_skip(run, pos, "not modelled: %s=%s", word, value);
    }
    return apply(run, pos, &before, word);
}

bool run_setting(struct run *run, const char *setting)
{
    char word[256];

    snprintf(word, sizeof(word), "%s", setting);
    return set(run, (struct drill_pos){1, 1}, word);
}

static bool sysctl(struct run *run, struct drill_pos pos, char *words[], size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (words[i][0] != '-' && !set(run, pos, words[i])) {
            return false;
        }
    }
    return true;
}

/* Commands of Linux's that have nothing to do here: there is no cache to flush, no queue, no counter. */
static bool harmless(char *words[], size_t count)
{
    static const char *const idle[] = {"true",    ":",       "nstat", "exit",    "echo", "set",
                                       "ethtool", "/bin/rm", "rm",    "/bin/dd", "dd"};

    for (size_t i = 0; i < ARRAY_SIZE(idle); i++) {
        if (strcmp(words[0], idle[i]) == 0) {
            return true;
        }
    }
    if (strcmp(words[0], "ip") == 0) {
        return count > 2 && strcmp(words[1], "tcp_metrics") == 0;
    }
    if (strcmp(words[0], "tc") ==
        0) { /* there is no queue, unless one is asked for that loses all */
        return count < 2 || strcmp(words[count - 2], "limit") != 0;
    }
    return strncmp(words[0], "/tmp/sysctl_restore_", 20) == 0;
}

static bool simple(struct run *run, struct drill_pos pos, char *command)
{
    struct drill_sysctl_target target = {&run->stack_config, &run->sock_config};
    struct weir_config before = run->stack_config;
    char shown[COMMAND_MAX];
    char *words[WORDS_MAX];
    size_t count;

    snprintf(shown, sizeof(shown), "%s", command + strspn(command, " \t"));
    count = split(command, words);
    if (count == 0 || harmless(words, count)) {
        return true;
    }
    if (ends_with(words[0], "defaults.sh")) {
        drill_sysctl_defaults(&target);
        return apply(run, pos, &before, words[0]);
    }
    if (strcmp(words[0], "sysctl") == 0 || ends_with(words[0], "set_sysctls.py")) {
        return sysctl(run, pos, words, count);
    }
    if (strcmp(words[0], "sleep") == 0 && count == 2 && run->stack) {
        run_advance(run, run->now + (uint64_t)(strtod(words[1], NULL) * (double)WEIR_S));
        return !run->failed;
    }
    return run->ignore_shell || run_skip(run, pos, "not modelled: `%s`", shown);
}

/* The length of the first simple command. */
static size_t first_command(const char *command)
{
    size_t size = 0;
    char quote = 0;

    while (command[size] && (quote || !separator(command[size]))) {
        char c = command[size], next = command[size + 1];

        if (quote) {
            quote = c == quote ? 0 : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        }
        size += (c == '\\' && next) || (c == '>' && next == '&') ? 2 : 1; /* 2>&1 */
    }
    return size;
}

bool run_shell(struct run *run, struct drill_pos pos, const char *command)
{
    char one[COMMAND_MAX];

    while (*command) {
        size_t size = first_command(command);
        bool piped;

        piped = command[size] == '|' && command[size + 1] != '|';
        snprintf(one, sizeof(one), "%.*s", (int)min_u64(size, COMMAND_MAX - 1), command);
        if (piped) { /* its output is looked at */
            return run->ignore_shell || run_skip(run, pos, "not modelled: `%.200s`", command);
        }
        if (!simple(run, pos, one)) {
            return false;
        }
        command += size;
        command += *command ? 1 : 0;
    }
    return true;
}
