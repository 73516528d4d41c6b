/* findings.h - findings as sentences: what was found, what to do about it, and the verdict on a connection. */
#ifndef RENDER_FINDINGS_H
#define RENDER_FINDINGS_H

#include "render/messages.h"
#include "trace/finder.h"

#define FINDING_TEXT_MAX 400
#define DURATION_TEXT_MAX 32
#define NUMBERS_TEXT_MAX 120

/* "Segment 16 was lost; ..." Returns out. */
char *finding_text(char out[FINDING_TEXT_MAX], const struct finding *finding,
                   enum language language);

/* What to do about it; NULL: nothing. */
char *finding_advice(char out[FINDING_TEXT_MAX], const struct finding *finding,
                     enum language language);

/* "41.6 ms": us, ms or s. */
char *duration_text(char out[DURATION_TEXT_MAX], int64_t ns);

/* "12, 15, 16 and more"; "" when there are none, or only 0s. */
char *numbers_text(char out[NUMBERS_TEXT_MAX], const uint32_t *numbers, uint32_t count,
                   uint32_t total, enum language language);

/* Everything that is known about how a conversation went. */
struct outcome {
    const struct finding *findings; /* worst first */
    size_t count;
    const struct account *account;
    const struct finder_totals *totals;
};

/* What broke or limited this connection most: one of its findings, or NULL when nothing did. */
const struct finding *outcome_main(const struct outcome *outcome);
char *verdict_text(char out[FINDING_TEXT_MAX], const struct outcome *outcome,
                   enum language language);

#endif
