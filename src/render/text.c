/*
 * text.c - the ladder in a terminal. Reading order: text_ladder, then one file for each kind of row:
 * text_segment.c, text_rows.c; what they share is painter.c.
 */
#include "render/text.h"

#include <string.h>

#include "base/compiler.h"
#include "render/painter.h"

/* ---- All of it --------------------------------------------------------------------------------------------- */

static void draw_initial_states(struct painter *p)
{
    line_begin(&p->line, p->options->color);
    paint_state(p, LADDER_CLIENT, p->info->side[LADDER_CLIENT].initial_state);
    paint_lines(p, "", NULL, p->glyphs->line);
    paint_state(p, LADDER_SERVER, p->info->side[LADDER_SERVER].initial_state);
    line_end(&p->line, p->out);
}

static struct painter make_painter(FILE *out, const struct ladder *ladder,
                                   const struct text_options *options)
{
    struct painter p = {.out = out,
                        .ladder = ladder,
                        .info = ladder_info(ladder),
                        .options = options,
                        .glyphs =
                            glyphs_for(options->ascii ? TEXT_ASCII : options->style, options->wide),
                        .at = layout_for(options->width)};

    numbering_init(&p.numbering, p.info, options->seq);
    p.numbering.frames = options->frames;
    if (p.at.gauge != 0) {
        gauge_init(&p.gauge, ladder);
    }
    return p;
}

void text_ladder_head(FILE *out, const struct ladder *ladder, const struct text_options *options)
{
    struct painter p = make_painter(out, ladder, options);

    paint_header(&p);
    draw_initial_states(&p);
}

static void draw_row(struct painter *p, const struct ladder_row *row, const struct ladder_row *next)
{
    switch (row->kind) {
    case LADDER_ROW_SEGMENT: draw_segment(p, row); break;
    case LADDER_ROW_ARRIVAL: draw_lower(p, row->segment, NULL, true); break;
    case LADDER_ROW_IDLE: draw_idle(p, row, next); break;
    case LADDER_ROW_STATE: draw_state(p, row); break;
    case LADDER_ROW_FOLD: draw_fold(p, row->fold); break;
    case LADDER_ROW_NOTE: draw_decision(p, row->note); break;
    }
}

void text_rows(FILE *out, const struct ladder *ladder, const struct text_options *options,
               const struct ladder_row *rows, size_t count)
{
    struct painter p = make_painter(out, ladder, options);

    for (size_t i = 0; i < count; i++) {
        draw_row(&p, &rows[i], i + 1 < count ? &rows[i + 1] : NULL);
    }
}

void text_ladder_rows(FILE *out, const struct ladder *ladder, const struct text_options *options,
                      size_t from, size_t to)
{
    size_t count;
    const struct ladder_row *rows = ladder_rows(ladder, &count);

    if (from < MIN(to, count)) {
        text_rows(out, ladder, options, rows + from, MIN(to, count) - from);
    }
}

/* ---- What is to be seen ------------------------------------------------------------------------------------ */

struct search {
    const struct ladder *ladder;
    const struct text_options *options;
    struct numbering numbering;
};

/* Does what is written about the segment contain the text? */
static bool contains(void *ctx, const struct ladder_segment *s)
{
    const struct search *search = ctx;
    const struct text_options *o = search->options;
    char label_text[LABEL_MAX], text[LABEL_MAX + PROSE_MAX + 128], sentence[PROSE_MAX];
    struct label label;

    label_make(&label, s, &search->numbering, o->verbose);
    label_fit(&label, sizeof(label_text) - 1, label_text);
    prose_of(sentence, search->ladder, s, &search->numbering, o->language);
    snprintf(text, sizeof(text), "%s\n%s\n%s\n%s", label_text, label.tags, sentence,
             ladder_class_name(s->class, s->cause));
    return strcasestr(text, o->grep) != NULL;
}

struct view *text_view(const struct ladder *ladder, const struct text_options *options)
{
    struct search search = {.ladder = ladder, .options = options};
    struct view_options choice = options->view;

    numbering_init(&search.numbering, ladder_info(ladder), options->seq);
    search.numbering.frames = options->frames;
    if (options->grep != NULL) {
        choice.wanted = contains;
        choice.ctx = &search;
    }
    return view_make(ladder, &choice);
}

void text_ladder(FILE *out, const struct ladder *ladder, const struct text_options *options)
{
    struct view *view = text_view(ladder, options);
    size_t count;

    text_ladder_head(out, ladder, options);
    if (view != NULL) {
        const struct ladder_row *rows = view_rows(view, &count);
        text_rows(out, ladder, options, rows, count);
    } else { /* no memory: all of it, then */
        text_ladder_rows(out, ladder, options, 0, SIZE_MAX);
    }
    view_del(view);
}
