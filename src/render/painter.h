/*
 * painter.h - what the files that draw ladders share: struct painter is for text*.c and painter.c alone,
 * the words are for every drawing.
 */
#ifndef RENDER_PAINTER_H
#define RENDER_PAINTER_H

#include "render/gauge.h"
#include "render/layout.h"
#include "render/line.h"
#include "render/prose.h"
#include "render/text.h"

struct painter {
    FILE *out;
    const struct ladder *ladder;
    const struct ladder_info *info;
    const struct text_options *options;
    const struct glyphs *glyphs;
    struct layout at;
    struct numbering numbering;
    struct line line;
    struct gauge gauge;
};

#define TIME_TEXT 32

/* What is left of a sentence after the rows so far. */
struct beside {
    char text[PROSE_MAX];
    const char *rest;
};

/* Seconds in at most LAYOUT_TIME columns: microseconds, and fewer digits when the seconds need the room. */
char *paint_time(char out[TIME_TEXT], int64_t ns, bool estimated);
char *paint_duration(char out[TIME_TEXT], int64_t ns); /* "229.6 ms" */

/* What cannot be concluded from this capture, to be said first. Returns how many notes there are. */
#define PAINT_NOTES_MAX 8
size_t paint_notes(const struct ladder_info *info, enum message_id notes[PAINT_NOTES_MAX]);

/* The true ISNs, when the drawing shows others; else "". */
char *paint_isns(char out[PROSE_MAX], const struct ladder_info *info,
                 const struct numbering *numbering, enum language language);

/* What is written at a folded run: the words, in at most `columns` if they can be said so briefly, tags and
 * the sentence. Of the painter only info, options, glyphs and numbering are used. */
struct fold_words {
    char text[LABEL_MAX], tags[64], sentence[PROSE_MAX];
};
void paint_fold_words(struct painter *p, const struct ladder_fold *fold, unsigned columns,
                      struct fold_words *words);

/* Notes, true ISNs, and the line of titles. */
void paint_header(struct painter *p);

/* Pieces of one line, from left to right. */
void paint_lines(struct painter *p, const char *inside, const char *sgr, const char *glyph);
void paint_state(struct painter *p, enum trace_side side, uint8_t state);
/* The time at this side, if this drawing shows that clock. Wide drawings show both clocks, narrow ones only
 * that of the side at which the times were measured, in the left column. */
bool paint_clock(struct painter *p, enum trace_side side, const struct ladder_time *time);
/* The word in the place of a time that will never come. */
void paint_lost(struct painter *p, enum trace_side receiver, bool proven);
const char *paint_color(const struct ladder_segment *s);

/* The next line of the sentence; and rows for what is left of it. */
void paint_beside(struct painter *p, struct beside *b);
void paint_rest(struct painter *p, struct beside *b);

/* The sparkline at segment `number`, at the end of a line. */
void paint_gauge(struct painter *p, uint32_t number);

/* The label at the sender's side, tags at the other one, a blank at both ends: all `inner` columns. Tags begin in
 * a column of their own, TAG_COLUMNS from the end, so that they can be read downwards. */
#define TAG_COLUMNS 14
#define INSIDE_MAX (LABEL_MAX + TEXT_WIDTH_MAX)
char *paint_inside(char out[INSIDE_MAX], unsigned inner, enum trace_side sender, const char *label,
                   const char *tags);

/* Rows. */
void draw_segment(struct painter *p, const struct ladder_row *row);
/* `marked`: the arrow is not below its label, so it carries its number. */
void draw_lower(struct painter *p, const struct ladder_segment *s, struct beside *beside,
                bool marked);
void draw_idle(struct painter *p, const struct ladder_row *row, const struct ladder_row *next);
void draw_state(struct painter *p, const struct ladder_row *row);
void draw_fold(struct painter *p, const struct ladder_fold *fold);
void draw_decision(struct painter *p, const struct ladder_note *note);

/* What a stack's figures at segment `s` were, appended to a sentence; and the rows for them where there is no room for
 * sentences. */
void note_append(struct painter *p, const struct ladder_segment *s, char text[PROSE_MAX]);
void note_rows(struct painter *p, const struct ladder_segment *s);
/* A note alone, decision or figures, on one line. Returns out. */
#define NOTE_TEXT_MAX 1040
char *note_text(char out[NOTE_TEXT_MAX], const struct ladder_note *n, enum language language);

#endif
