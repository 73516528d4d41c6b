/* script.c - what is done with a script after it was parsed. */
#include "drill/script.h"

#include <stdio.h>
#include <string.h>

#include "drill/arena.h"

#define LINE_SHOWN_MAX 200

void drill_script_del(struct drill_script *script)
{
    if (script != NULL) {
        drill_arena_del(script->arena);
    }
}

const char *drill_script_setting(const struct drill_script *script, const char *name)
{
    const char *value = NULL;

    for (const struct drill_setting *s = script->settings; s != NULL; s = s->next) {
        if (strcmp(s->name, name) == 0) {
            value = s->value != NULL ? s->value : "";
        }
    }
    return value;
}

const char *drill_script_define(const struct drill_script *script, const char *symbol)
{
    const char *value = NULL;
    size_t size = strlen(symbol);

    for (const struct drill_setting *s = script->settings; s != NULL; s = s->next) {
        if (strcmp(s->name, "define") == 0 && s->value != NULL &&
            strncmp(s->value, symbol, size) == 0 && s->value[size] == '=') {
            value = s->value + size + 1;
        }
    }
    return value;
}

/* The start and size of a line of the text; size 0 if there is no such line. */
static const char *find_line(const char *text, size_t text_size, uint32_t line, size_t *size)
{
    const char *at = text_size == 0 ? "" : text;
    const char *end = at + text_size;

    for (; line > 1 && at != end; line--) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        at = next == NULL ? end : next + 1;
    }
    const char *stop = at == end ? end : memchr(at, '\n', (size_t)(end - at));
    *size = (size_t)((stop == NULL ? end : stop) - at);
    return at;
}

/* A byte of a line as it can be shown: a tab as a space, other control bytes as a question mark. */
static char visible(char c)
{
    if (c == '\t') {
        return ' ';
    }
    return (unsigned char)c < ' ' || c == 0x7f ? '?' : c;
}

char *drill_error_show(const struct drill_error *error, const char *text, size_t text_size,
                       char *out, size_t size)
{
    char line[LINE_SHOWN_MAX + 1];
    size_t line_size = 0;
    const char *start = find_line(text, text_size, error->pos.line, &line_size);

    line_size = line_size < LINE_SHOWN_MAX ? line_size : LINE_SHOWN_MAX;
    for (size_t i = 0; i < line_size; i++) {
        line[i] = visible(start[i]);
    }
    line[line_size] = '\0';
    if (line_size == 0 || error->pos.column > line_size + 1) {
        snprintf(out, size, "%s\n", error->text);
    } else {
        snprintf(out, size, "%s\n  %s\n  %*s\n", error->text, line, (int)error->pos.column, "^");
    }
    return out;
}
