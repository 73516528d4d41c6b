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
};

struct layout layout_for(unsigned width);

/* Columns of a time, and of a state. */
#define LAYOUT_TIME 9
#define LAYOUT_STATE 11

struct glyphs {
    const char *slope[4]; /* from the sender's height to the receiver's */
    const char *line, *gap;
    const char *right, *left;             /* heads of arrows */
    const char *right_again, *left_again; /* retransmissions, two columns */
    const char *right_probe, *left_probe;
    const char *lost;
};

const struct glyphs *glyphs_for(bool ascii);

/* Draws the slope of a segment into out[inner columns]: where the arrow is lost it ends, and `mark` (may
 * be NULL) is put near its head. */
#define SLOPE_BYTES_MAX 2048
char *layout_slope(char out[SLOPE_BYTES_MAX], const struct ladder_segment *segment, unsigned inner,
                   const struct glyphs *glyphs, const char *mark);

#endif
