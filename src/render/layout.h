/* layout.h - which column is where, for a given width; and the glyphs of the drawing. */
#ifndef RENDER_LAYOUT_H
#define RENDER_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/ladder.h"

struct layout {
    bool time, far;    /* the time column; the far side's clock and the prose */
    unsigned time_end; /* times are right-aligned: one past their last column */
    unsigned left_state;
    unsigned left_line; /* the left vertical line */
    unsigned inner;     /* columns between the lines */
    unsigned right_line;
    unsigned right_state;
    unsigned far_time_end;
    unsigned prose, prose_width;
    unsigned gauge; /* the sparkline of what is in flight; 0: none */
};

struct layout layout_for(unsigned width);

/* Columns of a time, and of a state. */
#define LAYOUT_TIME 9
#define LAYOUT_STATE 11

/* Steps of the sparkline, and columns with the number behind it and the gap before. */
#define GAUGE_STEPS 12
#define LAYOUT_GAUGE 25

/* How arrows are drawn. Braille and scan lines slope, boxes do not. */
enum text_style { TEXT_BRAILLE = 0, TEXT_SCAN, TEXT_BOX, TEXT_ASCII, TEXT_STYLE_COUNT };

#define SLOPE_STEPS 4
#define BAR_STEPS 8

struct glyphs {
    const char *slope[SLOPE_STEPS]; /* from the sender's height to the receiver's */
    const char *thick[SLOPE_STEPS]; /* the same for many segments in one arrow */
    const char *line, *gap;
    const char *right, *left;             /* heads of arrows */
    const char *right_again, *left_again; /* retransmissions, two columns */
    const char *right_probe, *left_probe;
    const char *lost, *missed; /* proven, inferred */
    const char *fold, *dash, *dots, *times, *to;
    const char *bar[BAR_STEPS]; /* low to high */
};

/* `wide`: the terminal draws characters of ambiguous width in two columns, so none of those is used. */
const struct glyphs *glyphs_for(enum text_style style, bool wide);

/* An arrow between the lines. */
struct arrow {
    bool right;        /* from the client to the server */
    bool cut;          /* it ends on the way */
    const char *head;  /* its last columns */
    const char *mark;  /* near the head; NULL: nothing */
    const char *words; /* near the tail; NULL: nothing */
    const char *const *slope;
};

#define SLOPE_BYTES_MAX 2048
char *layout_arrow(char out[SLOPE_BYTES_MAX], const struct arrow *arrow, unsigned inner);

/* The arrow of a segment: where it is lost it ends. `mark` may be NULL. */
char *layout_slope(char out[SLOPE_BYTES_MAX], const struct ladder_segment *segment, unsigned inner,
                   const struct glyphs *glyphs, const char *mark);
/* The same with the label in it. */
char *layout_worded(char out[SLOPE_BYTES_MAX], const struct ladder_segment *segment, unsigned inner,
                    const struct glyphs *glyphs, const char *words);

#endif
