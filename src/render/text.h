/*
 * text.h - the ladder in a terminal.
 *
 * Two rows per segment: the upper one is the instant of sending (label, the sender's new state), the lower
 * one that of arrival (slope, the receiver's new state). Time runs down but is not to scale; silences are
 * rows of their own.
 *
 * Widths: below 72 columns there is no time column; from 72 to 109 there are the time and both states;
 * from 110 on also the far side's clock and a sentence per segment.
 */
#ifndef RENDER_TEXT_H
#define RENDER_TEXT_H

#include <stdio.h>

#include "render/label.h"
#include "render/layout.h"
#include "trace/view.h"

#define TEXT_WIDTH_MIN 56 /* narrower than this is drawn this wide */
#define TEXT_WIDTH_MAX 400
#define TEXT_WIDTH_DEFAULT 100

struct text_options {
    unsigned width;
    bool ascii; /* no characters beyond ASCII in the drawing */
    bool color;
    bool verbose; /* win, PSH and timestamps always */
    enum language language;
    enum seq_mode seq;
    enum text_style style; /* when not `ascii` */
    bool wide;             /* characters of ambiguous width take two columns here */
    bool frames;           /* segments also have their frame numbers of the capture */
    bool compact;          /* one row for each segment */
    struct view_options view;
    const char *grep; /* only segments whose label, tags or sentence contain this; NULL: all */
};

/* Notes, header and the rows that `options->view` and `grep` choose. The ladder is finished. */
void text_ladder(FILE *out, const struct ladder *ladder, const struct text_options *options);

/* The rows that `view` and `grep` of these options choose. NULL: no memory. */
struct view *text_view(const struct ladder *ladder, const struct text_options *options);

/* The same in pieces, for a ladder that grows: what stands above the rows, and rows [from, to), which are not
 * folded. */
void text_ladder_head(FILE *out, const struct ladder *ladder, const struct text_options *options);
void text_ladder_rows(FILE *out, const struct ladder *ladder, const struct text_options *options,
                      size_t from, size_t to);

/* Rows that come from elsewhere (fold.h, view.h). */
void text_rows(FILE *out, const struct ladder *ladder, const struct text_options *options,
               const struct ladder_row *rows, size_t count);

/* The line above a ladder when there is more than one: "connection 2 of 3: ...". `start_ns`: its first
 * segment's time after the beginning of the capture. */
void text_connection(FILE *out, const struct ladder *ladder, size_t of, int64_t start_ns,
                     const struct text_options *options);

/* "10.0.0.1:80", "[fe80::1]:80". */
#define TEXT_ENDPOINT_MAX (WEIR_IP_TEXT_MAX + 10)
char *text_endpoint(const struct weir_endpoint *endpoint, char out[TEXT_ENDPOINT_MAX]);

#endif
