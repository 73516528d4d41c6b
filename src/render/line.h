/*
 * line.h - one line of output, composed by columns: text of any width is put at a column, gaps become
 * spaces, nothing follows the last visible character, colours take no room.
 */
#ifndef RENDER_LINE_H
#define RENDER_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define LINE_BYTES_MAX 4096

struct line {
    char bytes[LINE_BYTES_MAX];
    size_t size;
    unsigned width; /* columns used so far */
    bool color;     /* false: line_paint does nothing */
    bool painted;
};

void line_begin(struct line *line, bool color);

/* Text from this column on. A column that is taken already means: right after what is there. */
void line_put(struct line *line, unsigned column, const char *text);
void line_put_bytes(struct line *line, unsigned column, const char *text, size_t size);
/* Text that ends before this column. */
void line_put_right(struct line *line, unsigned end, const char *text);

/* What follows has this colour (an SGR sequence's numbers, e.g. "35"); NULL: no colour any more. */
void line_paint(struct line *line, const char *sgr);

void line_end(struct line *line, FILE *out);

#endif
