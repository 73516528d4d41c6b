/*
 * svg_time.h - time to height: a place for each departure, arrival and change of state.
 *
 * The map is monotone: what happened later is never higher, so order and crossings are true and slopes are
 * comparable where nothing is squeezed. Short steps are stretched so that labels have room, long ones are
 * compressed (SVG_WARP).
 */
#ifndef RENDER_SVG_TIME_H
#define RENDER_SVG_TIME_H

#include "render/export.h"

#define SVG_LINE 15.0 /* least distance of two labels at the same side */

enum svg_what { SVG_DEPARTURE = 0, SVG_ARRIVAL, SVG_CHANGE };

struct svg_event {
    int64_t ns;
    const struct ladder_row *row;
    double y;
    uint32_t order;
    uint8_t what; /* enum svg_what */
    uint8_t side;
    bool guessed;                  /* no such instant is known: only so that there is an arrow */
    const struct ladder_row *idle; /* the silence before it; NULL: none */
};

struct svg_time {
    struct svg_event *event; /* top to bottom */
    size_t count;
    int64_t flight_ns; /* typical; 0: not known */
    int64_t latest[2]; /* arrival so far, by sender */
    double bottom;
    /* By index of the row: of its departure and arrival; 0: none. */
    double *departure, *arrival;
};

/* The first `count` rows, from height `top` on. WEIR_OK or WEIR_ENOBUFS. */
int svg_time_make(struct svg_time *time, const struct ladder_row *rows, size_t count,
                  enum svg_scale scale, double top);
void svg_time_free(struct svg_time *time);

/* The height of any instant. */
double svg_time_y(const struct svg_time *time, int64_t ns);

#endif
