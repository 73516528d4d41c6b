/* text_segment.c - a segment in the terminal ladder: the row of its departure and that of its arrival. */
#include <string.h>

#include "render/painter.h"
#include "render/prose.h"
#include "render/width.h"

/* ---- Segments --------------------------------------------------------------------------------------------------- */

/* What an arrow has besides its words: a column before them, blanks around them, and the head. */
#define COMPACT_FRAME 5

/* Proven, or inferred. */
static bool is_lost(const struct ladder_segment *s)
{
    return s->arrived.known == LADDER_LOST || (s->facts & LADDER_FACT_MISSED) != 0;
}

struct upper {
    const struct ladder_segment *s;
    struct beside *beside;
    bool first; /* the row with the time and the state */
};

static void draw_upper_row(struct painter *p, struct upper *u, const char *label, const char *tags)
{
    char inside[INSIDE_MAX];
    enum trace_side sender = (enum trace_side)u->s->wire.side;
    bool lost = is_lost(u->s), proven = u->s->arrived.known == LADDER_LOST;

    line_begin(&p->line, p->options->color);
    if (u->first) {
        if (p->info->vantage == LADDER_AT_UNKNOWN && p->at.time) {
            char text[TIME_TEXT];
            line_put_right(&p->line, p->at.time_end, paint_time(text, u->s->sent.ns, false));
        } else if (sender == LADDER_CLIENT || !p->at.far) {
            paint_clock(p, sender, &u->s->sent);
        }
        if (p->at.far && lost && sender == LADDER_SERVER) {
            paint_lost(p, LADDER_CLIENT, proven);
        }
        if (sender == LADDER_CLIENT) {
            paint_state(p, sender, u->s->state_sent);
        }
    }
    paint_inside(inside, p->at.inner, sender, label, tags);
    paint_lines(p, inside, paint_color(u->s), p->glyphs->line);
    if (u->first && sender == LADDER_SERVER) {
        paint_state(p, sender, u->s->state_sent);
        if (p->at.far) {
            paint_clock(p, sender, &u->s->sent);
        }
    } else if (u->first && p->at.far && lost) {
        paint_lost(p, LADDER_SERVER, proven);
    }
    paint_beside(p, u->beside);
    if (u->first) {
        paint_gauge(p, u->s->number);
    }
    line_end(&p->line, p->out);
    u->first = false;
}

/* The word for what the arrow's end shows, where there is room for it. */
static void add_lost_tag(struct label *label, const struct ladder_segment *s, size_t room)
{
    const char *word = s->arrived.known == LADDER_LOST ? "lost" : "lost?";
    size_t used = strlen(label->tags), gap = used > 0 ? 2 : 0;

    if (strlen(label->head) + 2 + used + gap + strlen(word) <= room) {
        snprintf(label->tags + used, sizeof(label->tags) - used, "%s%s", used > 0 ? "  " : "",
                 word);
    }
}

/* Tags closer together, so that they may stay on the label's row. */
static void squeeze(char *tags)
{
    char *to = tags;

    for (const char *from = tags; *from != '\0'; from++) {
        if (from[0] != ' ' || from[1] != ' ') {
            *to++ = *from;
        }
    }
    *to = '\0';
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
    if (!p->at.far && is_lost(s)) {
        add_lost_tag(&label, s, room);
    }
    if (strlen(label.head) + strlen(label.tags) + 2 > room) {
        squeeze(label.tags);
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

void draw_lower(struct painter *p, const struct ladder_segment *s, struct beside *beside,
                bool marked)
{
    char slope[SLOPE_BYTES_MAX], mark[24];
    enum trace_side receiver = trace_other((enum trace_side)s->wire.side);

    snprintf(mark, sizeof(mark), " %u ", s->number);
    line_begin(&p->line, p->options->color);
    if ((receiver == LADDER_CLIENT || !p->at.far) && !is_lost(s)) {
        paint_clock(p, receiver, &s->arrived);
    }
    if (receiver == LADDER_CLIENT) {
        paint_state(p, receiver, s->state_arrived);
    }
    layout_slope(slope, s, p->at.inner, p->glyphs, marked ? mark : NULL);
    paint_lines(p, slope, paint_color(s), p->glyphs->line);
    if (receiver == LADDER_SERVER) {
        paint_state(p, receiver, s->state_arrived);
        if (p->at.far && !is_lost(s)) {
            paint_clock(p, receiver, &s->arrived);
        }
    }
    if (beside != NULL) {
        paint_beside(p, beside);
    }
    line_end(&p->line, p->out);
}

/* ---- One row ---------------------------------------------------------------------------------------------- */

/* "label  tags" for the inside of an arrow. False: there is not enough room for it. */
static bool compact_words(const struct painter *p, const struct ladder_segment *s,
                          char words[INSIDE_MAX])
{
    struct label label;
    char text[LABEL_MAX];
    size_t room = p->at.inner - COMPACT_FRAME;

    label_make(&label, s, &p->numbering, p->options->verbose);
    if (strlen(label.head) + strlen(label.tags) + 2 > room) {
        squeeze(label.tags);
    }
    size_t tags = label.tags[0] != '\0' ? strlen(label.tags) + 2 : 0;
    label_fit(&label, room > tags ? room - tags : 0, text);
    snprintf(words, INSIDE_MAX, " %s%s%s ", text, tags > 0 ? "  " : "", label.tags);
    return strlen(text) + tags <= room;
}

static void draw_compact(struct painter *p, const struct ladder_segment *s, const char *words,
                         struct beside *beside)
{
    char slope[SLOPE_BYTES_MAX];
    enum trace_side sender = (enum trace_side)s->wire.side;
    bool from_client = sender == LADDER_CLIENT;
    const struct ladder_time *left = from_client ? &s->sent : &s->arrived;
    const struct ladder_time *right = from_client ? &s->arrived : &s->sent;

    line_begin(&p->line, p->options->color);
    if (p->info->vantage == LADDER_AT_UNKNOWN && p->at.time) {
        char text[TIME_TEXT];
        line_put_right(&p->line, p->at.time_end, paint_time(text, s->sent.ns, false));
    } else if (p->at.far && !from_client && is_lost(s)) {
        paint_lost(p, LADDER_CLIENT, s->arrived.known == LADDER_LOST);
    } else if (!paint_clock(p, LADDER_CLIENT, left) && !p->at.far) {
        paint_clock(p, LADDER_SERVER, right);
    }
    paint_state(p, LADDER_CLIENT, from_client ? s->state_sent : s->state_arrived);
    layout_worded(slope, s, p->at.inner, p->glyphs, words);
    paint_lines(p, slope, paint_color(s), p->glyphs->line);
    paint_state(p, LADDER_SERVER, from_client ? s->state_arrived : s->state_sent);
    if (p->at.far && from_client && is_lost(s)) {
        paint_lost(p, LADDER_SERVER, s->arrived.known == LADDER_LOST);
    } else if (p->at.far) {
        paint_clock(p, LADDER_SERVER, right);
    }
    paint_beside(p, beside);
    paint_gauge(p, s->number);
    line_end(&p->line, p->out);
}

void draw_segment(struct painter *p, const struct ladder_row *row)
{
    struct beside b;
    char words[INSIDE_MAX];

    b.rest = prose_of(b.text, p->ladder, row->segment, &p->numbering, p->options->language);
    if (p->at.far) {
        note_append(p, row->segment, b.text);
    }
    if (p->options->compact && compact_words(p, row->segment, words)) {
        draw_compact(p, row->segment, words, &b);
    } else {
        draw_upper(p, row->segment, &b);
        if (!row->split) {
            draw_lower(p, row->segment, &b, false);
        }
    }
    paint_rest(p, &b);
    if (!p->at.far) {
        note_rows(p, row->segment);
    }
}
