/* report.h - what was found in a conversation, as blocks of text: below a ladder, and for weir explain. */
#ifndef RENDER_REPORT_H
#define RENDER_REPORT_H

#include "render/findings.h"
#include "render/text.h"

/* Below a ladder: verdict, outcome, where the time went, what was sent again, the costliest findings. */
void report_summary(FILE *out, const struct ladder *ladder, const struct text_options *options);

/* All of it for one conversation, without its ladder. */
void report_outcome(FILE *out, const struct outcome *outcome, const struct text_options *options);

#endif
