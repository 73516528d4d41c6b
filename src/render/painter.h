/* painter.h - what the files that draw the terminal ladder share: text.c and text_header.c only. */
#ifndef RENDER_PAINTER_H
#define RENDER_PAINTER_H

#include "render/layout.h"
#include "render/line.h"
#include "render/text.h"

struct painter {
    FILE *out;
    const struct ladder *ladder;
    const struct ladder_info *info;
    const struct text_options *options;
    const struct glyphs *glyphs;
    struct layout at;
    struct numbering numbering;
    struct line line;
};

#define TIME_TEXT 32

/* Seconds in at most LAYOUT_TIME columns: microseconds, and fewer digits when the seconds need the room. */
char *paint_time(char out[TIME_TEXT], int64_t ns, bool estimated);

/* Notes, true ISNs, and the line of titles. */
void paint_header(struct painter *p);

#endif
