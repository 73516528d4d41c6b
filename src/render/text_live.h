/*
 * text_live.h - the rows of a ladder that is going on (stream.h), and what is said between them: what was
 * learned later, conversations that begin and end, what is not drawn.
 *
 * Every line may have a prefix that says which conversation it belongs to, "[3] ", and the drawing is that
 * much narrower. Nothing moves the cursor; each call writes whole lines.
 */
#ifndef RENDER_TEXT_LIVE_H
#define RENDER_TEXT_LIVE_H

#include "render/text.h"
#include "trace/stream.h"

struct text_live {
    FILE *out;
    const struct text_options *options;
    bool prefixed;
};

/* "[3] 10.0.0.1:40000 → 10.0.0.2:80" and the states before the first row; without prefixes, the head of a ladder.
 * `remark`: behind the endpoints; NULL: none. */
void text_live_begin(const struct text_live *live, const struct ladder *ladder, const char *remark);
/* An event of kind ROW or LESSON. */
void text_live_event(const struct text_live *live, const struct stream_event *event);
/* "[3] ! RTO: ...": the sentence, over the whole width. */
void text_live_finding(const struct text_live *live, const struct ladder *ladder,
                       const struct finding *finding);
/* "[3] closed by both sides: 10 segments, ...", and the verdict. `duration_ns`: from the first to the last segment. */
void text_live_end(const struct text_live *live, const struct ladder *ladder, int64_t duration_ns);
/* A line of the conversation's, e.g. a finding's sentence. `sgr`: its colour, or NULL. */
void text_live_note(const struct text_live *live, const struct ladder *ladder, const char *text,
                    const char *sgr);

/* Segments that were too many to be drawn. */
struct text_live_omitted {
    uint64_t data, acks, others;
    int64_t span_ns;
};
void text_live_omitted(const struct text_live *live, const struct text_live_omitted *omitted);
void text_live_drops(const struct text_live *live, uint64_t packets);

/* The sentence of a lesson, "↑ #16 was lost", numbers as the ladder shows them. Returns out. */
#define LESSON_TEXT_MAX 256
char *text_lesson(char out[LESSON_TEXT_MAX], const struct lesson *lesson,
                  const struct ladder *ladder, const struct text_options *options);

#endif
