/*
 * gauge.h - a small sparkline beside the rows of wide drawings: what was in flight, or the congestion window
 * where a stack told it, or at least the window that the receiver offered.
 */
#ifndef RENDER_GAUGE_H
#define RENDER_GAUGE_H

#include "render/layout.h"
#include "render/messages.h"

struct gauge {
    const struct ladder_segment *segments;
    uint32_t count;
    enum message_id title; /* which of the three it is */
    enum trace_side side;  /* whose segments carry the values */
    uint32_t most;         /* the largest value; 0: there is nothing to show */
};

void gauge_init(struct gauge *gauge, const struct ladder *ladder);

/* "▁▂▃▅▇ 13032": up to and including segment `number`. "" when there is nothing yet. */
#define GAUGE_MAX 96
char *gauge_at(const struct gauge *gauge, uint32_t number, const struct glyphs *glyphs,
               char out[GAUGE_MAX]);

#endif
