/* svg_side.c - lifelines in the colours of their states, silences, and the columns beside them. */
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "render/svg_private.h"
#include "render/width.h"
#include "trace/state.h"

#define TEXT_DROP 4.0 /* from the middle of a line of text to its base line */
#define STATE_LINE 12.0
#define TIME_LINE 12.0
#define PROSE_LINE 14.0
#define PROSE_LAG 30.0 /* a plain sentence that would stand lower than this is left out */
#define IDLE_BAND 24.0

static double x_of(enum trace_side side)
{
    return side == LADDER_CLIENT ? SVG_LEFT : SVG_RIGHT;
}

/* ---- Lifelines ------------------------------------------------------------------------------------------------- */

/* The row that draws segment `number`; SIZE_MAX: none. */
static size_t row_of(const struct svg *v, uint32_t number)
{
    for (size_t i = 0; i < v->row_count; i++) {
        if (v->rows[i].kind == LADDER_ROW_SEGMENT && v->rows[i].segment->number == number) {
            return i;
        }
    }
    return SIZE_MAX;
}

static double y_of_change(const struct svg *v, const struct ladder_change *c)
{
    size_t row = c->segment != 0 ? row_of(v, c->segment) : SIZE_MAX;

    if (row != SIZE_MAX) {
        bool sends = v->rows[row].segment->wire.side == c->side;
        double y = sends ? v->time.departure[row] : v->time.arrival[row];
        if (y > 0) {
            return y;
        }
    }
    return svg_time_y(&v->time, c->time.ns);
}

static void bar(struct svg *v, enum trace_side side, uint8_t state, double from, double to)
{
    const char *name = state_name(state);

    if (to - from > 0.05) {
        fprintf(v->out,
                "<rect class=\"s-%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.0f\" height=\"%.1f\"><title>",
                name, x_of(side) - SVG_BAR / 2, from, SVG_BAR, to - from);
        xml_put(v->out, prose_side(side, v->language));
        fprintf(v->out, ": %s</title></rect>\n", name);
    }
}

static void state_word(struct svg *v, enum trace_side side, uint8_t state, double y)
{
    double at = MAX(y, v->last_state[side] + STATE_LINE);
    bool left = side == LADDER_CLIENT;

    v->last_state[side] = at;
    fprintf(v->out, "<text class=\"st%s\" x=\"%.0f\" y=\"%.1f\">%s</text>\n", left ? " e" : "",
            left ? SVG_STATE_LEFT : SVG_STATE_RIGHT, at + TEXT_DROP, state_short_name(state));
}

static void lifeline(struct svg *v, enum trace_side side, double top, double bottom)
{
    size_t count;
    const struct ladder_change *change = ladder_changes(v->ladder, &count);
    uint8_t state = v->info->side[side].initial_state;
    double from = top;

    state_word(v, side, state, top + 6);
    for (size_t i = 0; i < count; i++) {
        if (change[i].side == side) {
            double y = MIN(MAX(y_of_change(v, &change[i]), from), bottom);
            bar(v, side, state, from, y);
            state = change[i].to;
            from = y;
            state_word(v, side, state, y);
        }
    }
    bar(v, side, state, from, bottom);
}

void svg_lifelines(struct svg *v, double top, double bottom)
{
    lifeline(v, LADDER_CLIENT, top, bottom);
    lifeline(v, LADDER_SERVER, top, bottom);
}

/* ---- Silences ---------------------------------------------------------------------------------------------------- */

/* The lifeline is broken here. */
static void zigzag(struct svg *v, double x, double y)
{
    double left = x - SVG_BAR / 2 - 1;

    fprintf(v->out, "<rect class=\"k\" x=\"%.1f\" y=\"%.1f\" width=\"%.0f\" height=\"13\"/>\n",
            left, y - 6.5, SVG_BAR + 2);
    fprintf(v->out, "<path d=\"M%.1f %.1fl-6 3l12 3.5l-12 3.5l6 3\"/>\n", x, y - 6.5);
}

static void idle(struct svg *v, const struct svg_event *e, double above)
{
    char duration[TIME_TEXT];
    const char *cause = prose_cause(e->idle->cause, v->language);
    double bottom = e->y - (e->what == SVG_DEPARTURE ? SVG_LINE : 4);
    double y = (above + bottom) / 2 + 2, height = MIN(IDLE_BAND, bottom - above - 4);

    if (height < 14) {
        return;
    }
    fprintf(v->out,
            "<g class=\"idle\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
            SVG_LEFT, y - height / 2, SVG_RIGHT - SVG_LEFT, height);
    zigzag(v, SVG_LEFT, y);
    zigzag(v, SVG_RIGHT, y);
    fprintf(v->out, "<text class=\"m\" x=\"%.1f\" y=\"%.1f\">", (SVG_LEFT + SVG_RIGHT) / 2,
            y + TEXT_DROP);
    xml_put(v->out, paint_duration(duration, e->idle->idle_ns));
    if (cause != NULL) {
        fputs(" · ", v->out);
        xml_put(v->out, cause);
    }
    fputs("</text></g>\n", v->out);
}

void svg_idles(struct svg *v)
{
    double above = 0;

    for (size_t i = 0; i < v->time.count; i++) {
        const struct svg_event *e = &v->time.event[i];
        if (e->idle != NULL && i > 0) {
            idle(v, e, above);
        }
        above = MAX(above, e->y);
    }
}

/* ---- Times ----------------------------------------------------------------------------------------------------------- */

static void time_word(struct svg *v, const struct svg_event *e)
{
    char text[TIME_TEXT];
    bool single = v->info->vantage == LADDER_AT_UNKNOWN; /* one clock: one column */
    enum trace_side side = single ? LADDER_CLIENT : (enum trace_side)e->side;
    const struct ladder_row *row = e->row;
    bool estimated = false;

    if (row->kind == LADDER_ROW_SEGMENT || row->kind == LADDER_ROW_FOLD) {
        bool fold = row->kind == LADDER_ROW_FOLD, sent = e->what == SVG_DEPARTURE;
        const struct ladder_time *t = fold ? (sent ? &row->fold->sent : &row->fold->arrived)
                                           : (sent ? &row->segment->sent : &row->segment->arrived);
        estimated = t->known == LADDER_ESTIMATED;
    }
    if (e->guessed || (single && e->what == SVG_ARRIVAL) || e->y - v->last_time[side] < TIME_LINE) {
        return;
    }
    v->last_time[side] = e->y;
    fprintf(v->out, "<text class=\"t e%s\" x=\"%.0f\" y=\"%.1f\">%s</text>\n",
            estimated ? " est" : "", side == LADDER_CLIENT ? SVG_TIME_LEFT : SVG_TIME_RIGHT,
            e->y + TEXT_DROP, paint_time(text, e->ns, estimated));
}

/* ---- Sentences --------------------------------------------------------------------------------------------------------- */

static bool plain(const struct ladder_segment *s)
{
    return (s->class == LADDER_ACK || s->class == LADDER_DATA || s->class == LADDER_DUP_ACK) &&
           s->arrived.known != LADDER_LOST && s->state_sent == LADDER_STATE_SAME &&
           s->state_arrived == LADDER_STATE_SAME &&
           (s->facts &
            (LADDER_FACT_MISSED | LADDER_FACT_WINDOW_CLOSED | LADDER_FACT_WINDOW_OPENED)) == 0;
}

static void sentence(struct svg *v, const struct svg_event *e, double middle)
{
    char text[PROSE_MAX];
    const struct ladder_segment *s = e->row->segment;
    const char *rest = text, *part;
    double y = MAX(middle, v->last_prose + PROSE_LINE);
    size_t size;

    if (y - middle > PROSE_LAG && s != NULL && plain(s)) {
        return;
    }
    if (s != NULL) {
        prose_of(text, v->ladder, s, &v->numbering, v->language);
    } else {
        struct fold_words words;
        svg_fold_words(v, e->row->fold, SVG_PROSE_COLUMNS, &words);
        strcpy(text, words.sentence);
    }
    while ((size = width_wrap(&rest, SVG_PROSE_COLUMNS, &part)) > 0) {
        char piece[PROSE_MAX];
        snprintf(piece, sizeof(piece), "%.*s", (int)size, part);
        fprintf(v->out, "<text class=\"p\" x=\"%.0f\" y=\"%.1f\">", SVG_PROSE, y + TEXT_DROP);
        xml_put(v->out, piece);
        fputs("</text>\n", v->out);
        v->last_prose = y;
        y += PROSE_LINE;
    }
}

void svg_beside(struct svg *v)
{
    for (size_t i = 0; i < v->time.count; i++) {
        time_word(v, &v->time.event[i]);
    }
    for (size_t i = 0; i < v->time.count; i++) {
        const struct svg_event *e = &v->time.event[i];
        if (e->what == SVG_DEPARTURE) {
            sentence(v, e, e->y);
        }
    }
}
