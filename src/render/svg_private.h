/* svg_private.h - what the files that draw a ladder as SVG share: svg.c, svg_arrow.c and svg_side.c only. */
#ifndef RENDER_SVG_PRIVATE_H
#define RENDER_SVG_PRIVATE_H

#include "render/painter.h"
#include "render/svg_time.h"
#include "render/xml.h"

/* Columns, left to right. */
#define SVG_TIME_LEFT 76.0   /* right end of the times */
#define SVG_STATE_LEFT 172.0 /* right end of the states */
#define SVG_LEFT 184.0       /* middle of the lifeline */
#define SVG_RIGHT 724.0
#define SVG_STATE_RIGHT 736.0
#define SVG_TIME_RIGHT 900.0
#define SVG_PROSE 920.0
#define SVG_WIDTH 1280.0
#define SVG_BAR 8.0        /* width of a lifeline */
#define SVG_CHARACTER 7.23 /* of the labels' font */
#define SVG_PROSE_COLUMNS 54

struct svg {
    FILE *out;
    const struct ladder *ladder;
    const struct ladder_info *info;
    const struct export_options *options;
    enum language language;
    struct numbering numbering;
    const struct ladder_row *rows;
    size_t row_count; /* those that are drawn */
    size_t drawn;     /* segments */
    struct svg_time time;
    double last_time[2], last_state[2], last_label[2], last_prose;
};

/* svg_arrow.c: an arrow, and its words. */
void svg_arrow(struct svg *v, size_t row);
void svg_words(struct svg *v, size_t row); /* after all arrows, so that none crosses out a word */
/* The word for its colour. */
const char *svg_class(const struct ladder_segment *segment);

void svg_fold_words(const struct svg *v, const struct ladder_fold *fold, unsigned columns,
                    struct fold_words *words);

/* svg_side.c: what stands on and beside the two lifelines. */
void svg_lifelines(struct svg *v, double top, double bottom);
void svg_idles(struct svg *v);
void svg_beside(struct svg *v); /* times, states, sentences */

#endif
