/*
 * view.h - which rows of a ladder are to be seen: folded, cut to a range, or only what was found.
 *
 *     view = view_make(ladder, &options);
 *     rows = view_rows(view, &count);      like ladder_rows; of FOLD rows the view owns the folds
 *     view_del(view);                      before the ladder
 *
 * What is left out is never left out silently: a FOLD row of kind LADDER_FOLD_OMITTED says how much.
 */
#ifndef TRACE_VIEW_H
#define TRACE_VIEW_H

#include "trace/ladder.h"

#define VIEW_FOLD_ABOVE \
    60 /* lines of a drawing, two for a segment: shorter ladders are drawn whole */

struct internals; /* internals.h */

struct view_options {
    bool all;             /* no folding */
    bool only_findings;   /* events and what findings name, with two segments on either side */
    uint32_t from, until; /* numbers of segments, both included; 0: no limit */
    const struct internals *internals; /* finished, and outlives the view; NULL: none */
    /* NULL: all are wanted. */
    bool (*wanted)(void *ctx, const struct ladder_segment *segment);
    void *ctx;
};

struct view;

/* The ladder is finished and outlives the view. NULL: no memory. */
struct view *view_make(const struct ladder *ladder, const struct view_options *options);
void view_del(struct view *view); /* NULL is allowed */

const struct ladder_row *view_rows(const struct view *view, size_t *count);

#endif
