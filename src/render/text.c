/*
 * text.c - the ladder in a terminal. Reading order: text_ladder, then one function per kind of row.
 */
#include "render/text.h"

#include <string.h>

#include "base/compiler.h"
#include "render/painter.h"
#include "render/prose.h"
#include "render/width.h"
#include "trace/state.h"

#define NS_PER_US 1000

/* ---- Times ------------------------------------------------------------------------------------------------ */

static char *format_duration(char out[TIME_TEXT], int64_t ns)
{
    double us = (double)ns / NS_PER_US;

    if (us < 999.95) {
        snprintf(out, TIME_TEXT, "%.1f us", us);
    } else if (us < 999950) {
        snprintf(out, TIME_TEXT, "%.1f ms", us / 1e3);
    } else {
        snprintf(out, TIME_TEXT, "%.3f s", us / 1e6);
    }
    return out;
}

/* ---- One row ------------------------------------------------------------------------------------------------ */

static void put_lines(struct painter *p, const char *inside, const char *sgr, const char *glyph)
{
    line_put(&p->line, p->at.left_line, glyph);
    line_paint(&p->line, sgr);
    line_put(&p->line, p->at.left_line + 1, inside);
    line_paint(&p->line, NULL);
    line_put(&p->line, p->at.right_line, glyph);
}

static void put_state(struct painter *p, enum trace_side side, uint8_t state)
{
    if (side == LADDER_CLIENT) {
        line_put(&p->line, p->at.left_state, state_short_name(state));
    } else {
        line_put(&p->line, p->at.right_state, state_short_name(state));
    }
}

/* The word in the place of a time that will never come. */
static void put_lost(struct painter *p, enum trace_side receiver)
{
    char text[32];

    snprintf(text, sizeof(text), "%s %s", p->glyphs->lost,
             message_text(MESSAGE_LOST, p->options->language));
    if (receiver == LADDER_CLIENT) {
        line_put_right(&p->line, p->at.time_end, text);
    } else {
        line_put(&p->line, p->at.far_time_end - LAYOUT_TIME, text);
    }
}

/* Does this side's clock have a column, and is it the right one? Wide drawings have both clocks, narrow
 * ones only that of the side at which the times were measured, in the left column. */
static bool put_time(struct painter *p, enum trace_side side, const struct ladder_time *time)
{
    char text[TIME_TEXT];
    bool shown = p->at.far ? true : p->at.time && side == p->info->reference;

    if (!shown || (time->known != LADDER_MEASURED && time->known != LADDER_ESTIMATED)) {
        return false;
    }
    paint_time(text, time->ns, time->known == LADDER_ESTIMATED);
    bool right = p->at.far && side == LADDER_SERVER;
    line_put_right(&p->line, right ? p->at.far_time_end : p->at.time_end, text);
    return true;
}

static const char *color_of(const struct ladder_segment *s)
{
    switch (s->class) {
    case LADDER_SYN:
    case LADDER_SYN_ACK: return "34";
    case LADDER_DATA: return "32";
    case LADDER_FIN: return "33";
    case LADDER_RST: return "31";
    case LADDER_WINDOW_UPDATE:
    case LADDER_ZERO_WINDOW_PROBE:
    case LADDER_KEEPALIVE: return "36";
    case LADDER_SYN_RETX:
    case LADDER_RETX:
    case LADDER_REORDERED:
    case LADDER_LATE:
    case LADDER_DUP_ACK:
    case LADDER_NET_DUPLICATE: return "35";
    default:
        return (s->facts & (LADDER_FACT_WINDOW_CLOSED | LADDER_FACT_WINDOW_OPENED)) != 0 ? "36"
                                                                                         : "2";
    }
}

/* ---- Prose beside rows ---------------------------------------------------------------------------------------- */

/* What is left of a sentence after the rows so far. */
struct beside {
    char text[PROSE_MAX];
    const char *rest;
};

static void put_beside(struct painter *p, struct beside *b)
{
    const char *line;

    if (p->at.far) {
        size_t size = width_wrap(&b->rest, p->at.prose_width, &line);
        line_put_bytes(&p->line, p->at.prose, line, size);
    }
}

/* Rows that hold only the rest of the sentence. */
static void draw_rest(struct painter *p, struct beside *b)
{
    while (p->at.far && *b->rest != '\0') {
        line_begin(&p->line, p->options->color);
        put_lines(p, "", NULL, p->glyphs->line);
        put_beside(p, b);
        line_end(&p->line, p->out);
    }
}

/* ---- Segments --------------------------------------------------------------------------------------------------- */

/* The label at the sender's side, tags at the other one, a blank at both ends. */
static char *compose(char *out, size_t size, unsigned inner, enum trace_side sender,
                     const char *label, const char *tags)
{
    unsigned used = (unsigned)(strlen(label) + strlen(tags)) + 2;
    int gap = inner > used ? (int)(inner - used) : 0;

    if (sender == LADDER_CLIENT) {
        snprintf(out, size, " %s%*s%s ", label, gap, "", tags);
    } else {
        snprintf(out, size, " %s%*s%s ", tags, gap, "", label);
    }
    return out;
}

struct upper {
    const struct ladder_segment *s;
    struct beside *beside;
    bool first; /* the row with the time and the state */
};

static void draw_upper_row(struct painter *p, struct upper *u, const char *label, const char *tags)
{
    char inside[LABEL_MAX + TEXT_WIDTH_MAX];
    enum trace_side sender = (enum trace_side)u->s->wire.side;
    bool lost = u->s->arrived.known == LADDER_LOST;

    line_begin(&p->line, p->options->color);
    if (u->first) {
        if (p->info->vantage == LADDER_AT_UNKNOWN && p->at.time) {
            char text[TIME_TEXT];
            line_put_right(&p->line, p->at.time_end, paint_time(text, u->s->sent.ns, false));
        } else if (sender == LADDER_CLIENT || !p->at.far) {
            put_time(p, sender, &u->s->sent);
        }
        if (p->at.far && lost && sender == LADDER_SERVER) {
            put_lost(p, LADDER_CLIENT);
        }
        if (sender == LADDER_CLIENT) {
            put_state(p, sender, u->s->state_sent);
        }
    }
    compose(inside, sizeof(inside), p->at.inner, sender, label, tags);
    put_lines(p, inside, color_of(u->s), p->glyphs->line);
    if (u->first && sender == LADDER_SERVER) {
        put_state(p, sender, u->s->state_sent);
        if (p->at.far) {
            put_time(p, sender, &u->s->sent);
        }
    } else if (u->first && p->at.far && lost) {
        put_lost(p, LADDER_SERVER);
    }
    put_beside(p, u->beside);
    line_end(&p->line, p->out);
    u->first = false;
}

/* As many rows as the label needs: one, unless the drawing is narrow and the numbers are long. */
static void draw_upper(struct painter *p, const struct ladder_segment *s, struct beside *beside)
{
    struct upper u = {.s = s, .beside = beside, .first = true};
    struct label label;
    char text[LABEL_MAX];
    const char *tags = label.tags;
    size_t room = p->at.inner - 2;

    label_make(&label, s, &p->numbering, p->options->verbose);
    if (!p->at.far && s->arrived.known == LADDER_LOST) {
        size_t used = strlen(label.tags);
        snprintf(label.tags + used, sizeof(label.tags) - used, "%slost", used > 0 ? "  " : "");
    }
    size_t tag_room = tags[0] != '\0' ? strlen(tags) + 2 : 0;
    if (strlen(label.head) + tag_room <= room) {
        draw_upper_row(p, &u, label_fit(&label, room - tag_room, text), tags);
        return;
    }
    if (strlen(label.head) <= room || label.head_break == 0) {
        draw_upper_row(p, &u, label_fit(&label, room, text), "");
    } else {
        snprintf(text, sizeof(text), "%.*s", (int)label.head_break - 1, label.head);
        draw_upper_row(p, &u, text, "");
        draw_upper_row(p, &u, label.head + label.head_break, "");
    }
    if (tags[0] != '\0') {
        draw_upper_row(p, &u, "", tags);
    }
}

/* `marked`: the arrow is not below its label, so it carries its number. */
static void draw_lower(struct painter *p, const struct ladder_segment *s, struct beside *beside,
                       bool marked)
{
    char slope[SLOPE_BYTES_MAX], mark[24];
    enum trace_side receiver = trace_other((enum trace_side)s->wire.side);

    snprintf(mark, sizeof(mark), " %u ", s->number);
    line_begin(&p->line, p->options->color);
    if (receiver == LADDER_CLIENT || !p->at.far) {
        put_time(p, receiver, &s->arrived);
    }
    if (receiver == LADDER_CLIENT) {
        put_state(p, receiver, s->state_arrived);
    }
    layout_slope(slope, s, p->at.inner, p->glyphs, marked ? mark : NULL);
    put_lines(p, slope, color_of(s), p->glyphs->line);
    if (receiver == LADDER_SERVER) {
        put_state(p, receiver, s->state_arrived);
        if (p->at.far) {
            put_time(p, receiver, &s->arrived);
        }
    }
    if (beside != NULL) {
        put_beside(p, beside);
    }
    line_end(&p->line, p->out);
}

static void draw_segment(struct painter *p, const struct ladder_row *row)
{
    struct beside b;

    b.rest = prose_of(b.text, p->ladder, row->segment, &p->numbering, p->options->language);
    draw_upper(p, row->segment, &b);
    if (!row->split) {
        draw_lower(p, row->segment, &b, false);
    }
    draw_rest(p, &b);
}

/* ---- Other rows --------------------------------------------------------------------------------------------------- */

static void draw_idle(struct painter *p, const struct ladder_row *row)
{
    char duration[TIME_TEXT], text[LABEL_MAX];
    const char *cause = prose_cause(row->cause, p->options->language);

    snprintf(text, sizeof(text), "%s%s%s", format_duration(duration, row->idle_ns),
             cause != NULL ? "  " : "", cause != NULL ? cause : "");
    unsigned width = width_of(text);
    unsigned before = p->at.inner > width ? (p->at.inner - width) / 2 : 0;

    line_begin(&p->line, p->options->color);
    line_put(&p->line, p->at.left_line, p->glyphs->gap);
    line_paint(&p->line, "2");
    line_put(&p->line, p->at.left_line + 1 + before, text);
    line_paint(&p->line, NULL);
    line_put(&p->line, p->at.right_line, p->glyphs->gap);
    line_end(&p->line, p->out);
}

static void draw_state(struct painter *p, const struct ladder_row *row)
{
    line_begin(&p->line, p->options->color);
    bool left = row->side == LADDER_CLIENT;
    if (left || !p->at.far) {
        put_time(p, row->side, &row->time);
    }
    if (left) {
        put_state(p, row->side, row->state);
    }
    put_lines(p, "", NULL, p->glyphs->line);
    if (!left) {
        put_state(p, row->side, row->state);
        if (p->at.far) {
            put_time(p, row->side, &row->time);
        }
    }
    line_end(&p->line, p->out);
}

/* ---- All of it --------------------------------------------------------------------------------------------- */

static void draw_initial_states(struct painter *p)
{
    line_begin(&p->line, p->options->color);
    put_state(p, LADDER_CLIENT, p->info->side[LADDER_CLIENT].initial_state);
    put_lines(p, "", NULL, p->glyphs->line);
    put_state(p, LADDER_SERVER, p->info->side[LADDER_SERVER].initial_state);
    line_end(&p->line, p->out);
}

static struct painter make_painter(FILE *out, const struct ladder *ladder,
                                   const struct text_options *options)
{
    struct painter p = {.out = out,
                        .ladder = ladder,
                        .info = ladder_info(ladder),
                        .options = options,
                        .glyphs = glyphs_for(options->ascii),
                        .at = layout_for(options->width)};

    numbering_init(&p.numbering, p.info, options->seq);
    return p;
}

void text_ladder_head(FILE *out, const struct ladder *ladder, const struct text_options *options)
{
    struct painter p = make_painter(out, ladder, options);

    paint_header(&p);
    draw_initial_states(&p);
}

void text_ladder_rows(FILE *out, const struct ladder *ladder, const struct text_options *options,
                      size_t from, size_t to)
{
    struct painter p = make_painter(out, ladder, options);
    size_t count;
    const struct ladder_row *rows = ladder_rows(ladder, &count);

    for (size_t i = from; i < MIN(to, count); i++) {
        switch (rows[i].kind) {
        case LADDER_ROW_SEGMENT: draw_segment(&p, &rows[i]); break;
        case LADDER_ROW_ARRIVAL: draw_lower(&p, rows[i].segment, NULL, true); break;
        case LADDER_ROW_IDLE: draw_idle(&p, &rows[i]); break;
        case LADDER_ROW_STATE: draw_state(&p, &rows[i]); break;
        case LADDER_ROW_FOLD:
        case LADDER_ROW_NOTE: break;
        }
    }
}

void text_ladder(FILE *out, const struct ladder *ladder, const struct text_options *options)
{
    text_ladder_head(out, ladder, options);
    text_ladder_rows(out, ladder, options, 0, SIZE_MAX);
}
