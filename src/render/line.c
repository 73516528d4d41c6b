/* line.c - composing one line of output. */
#include "render/line.h"

#include <string.h>

#include "render/width.h"

/* Room kept for the newline and the end of a colour. */
#define RESERVE 16

void line_begin(struct line *line, bool color)
{
    line->size = 0;
    line->width = 0;
    line->color = color;
    line->painted = false;
}

static void append(struct line *line, const char *bytes, size_t size)
{
    if (line->size + size + RESERVE <= sizeof(line->bytes)) {
        memcpy(line->bytes + line->size, bytes, size);
        line->size += size;
    }
}

void line_put_bytes(struct line *line, unsigned column, const char *text, size_t size)
{
    if (size == 0) {
        return;
    }
    while (line->width < column) {
        append(line, " ", 1);
        line->width++;
    }
    append(line, text, size);
    line->width += width_of_bytes(text, size);
}

void line_put(struct line *line, unsigned column, const char *text)
{
    line_put_bytes(line, column, text, strlen(text));
}

void line_put_right(struct line *line, unsigned end, const char *text)
{
    unsigned width = width_of(text);

    line_put(line, end > width ? end - width : 0, text);
}

void line_paint(struct line *line, const char *sgr)
{
    if (!line->color || (sgr == NULL && !line->painted)) {
        return;
    }
    append(line, "\033[", 2);
    append(line, sgr != NULL ? sgr : "0", sgr != NULL ? strlen(sgr) : 1);
    append(line, "m", 1);
    line->painted = sgr != NULL;
}

void line_end(struct line *line, FILE *out)
{
    line_paint(line, NULL);
    line->bytes[line->size++] = '\n';
    fwrite(line->bytes, 1, line->size, out);
}
