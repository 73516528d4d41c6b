/*
 * export.h - the faces of a ladder that are files: drawings, diagrams as text, events, figures.
 *
 * Each is a pure function of a finished ladder. format_find looks a format up by its name (--to) or by the
 * extension of a file (-o); docs/formats.md says what each is for. Numbers and sentences come from the same
 * helpers as the terminal's (label.h, prose.h).
 */
#ifndef RENDER_EXPORT_H
#define RENDER_EXPORT_H

#include <stdio.h>

#include "render/label.h"

/* How time becomes height in a drawing. */
enum svg_scale {
    SVG_WARP = 0, /* in proportion, but short steps are stretched and long ones compressed */
    SVG_ORDER,    /* every event the same step */
    SVG_TIME      /* in proportion; what is too dense overlaps */
};

struct export_options {
    enum language language;
    enum seq_mode seq;
    bool verbose; /* window, PSH and timestamps in every label */
    enum svg_scale scale;
    bool slant;                    /* plantuml: slanted arrows (its version 2022.1 and later) */
    const struct ladder_row *rows; /* what to draw, folded or cut; NULL: all */
    size_t row_count;
};

struct format {
    const char *name;
    const char *extension; /* with the dot; NULL: only by name */
    const char *what;      /* one line */
    bool raw;              /* for machines: the numbers of the wire unless others are asked for */
    bool folded;           /* for people: folded and cut like the terminal's drawing */
    bool packets;          /* of the capture itself: the caller writes them (comment.h) */
    /* Several connections can follow one another in a file; else a file holds one. */
    bool many;
    /* What stands before the first connection; NULL: nothing. */
    int (*begin)(FILE *out);
    /* WEIR_OK or WEIR_ENOBUFS; that writing failed is seen by ferror. NULL: html.h's, which needs to know
     * the first and the last ladder, or packets. */
    int (*write)(FILE *out, const struct ladder *ladder, const struct export_options *options);
};

extern const struct format formats[];
extern const size_t format_count;

const struct format *format_by_name(const char *name);      /* NULL: there is none */
const struct format *format_by_extension(const char *path); /* the longest extension that fits */

/* The rows to draw. */
const struct ladder_row *export_rows(const struct ladder *ladder,
                                     const struct export_options *options, size_t *count);

int mermaid_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options);
int plantuml_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options);
int mscgen_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options);
int qlog_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options);
int qvis_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options);
int csv_begin(FILE *out);
int csv_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options);
int xplot_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options);
int packetdrill_ladder(FILE *out, const struct ladder *ladder,
                       const struct export_options *options);
int plots_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options);
int svg_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options);

#endif
