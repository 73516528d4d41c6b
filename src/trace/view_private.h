/* view_private.h - shared by view.c and view_notes.c only. */
#ifndef TRACE_VIEW_PRIVATE_H
#define TRACE_VIEW_PRIVATE_H

#include "trace/view.h"

/* The ladder's rows with the stack's decisions between them, for free(); NULL: no memory. */
struct ladder_row *view_with_notes(const struct ladder *ladder, const struct internals *in,
                                   size_t *count);

#endif
