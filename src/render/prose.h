/* prose.h - one sentence per segment: what it means. */
#ifndef RENDER_PROSE_H
#define RENDER_PROSE_H

#include "render/label.h"

#define PROSE_MAX 320

/* Returns out; "" when there is nothing to say. */
char *prose_of(char out[PROSE_MAX], const struct ladder *ladder,
               const struct ladder_segment *segment, const struct numbering *numbering,
               enum language language);

const char *prose_side(enum trace_side side, enum language language); /* "client" */
/* Why it was silent: "zero window"; NULL when not known. */
const char *prose_cause(enum ladder_cause cause, enum language language);

#endif
