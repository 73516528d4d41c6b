/* painter.c - what the rows of a ladder have in common: lifelines, states, clocks, colours, prose beside them. */
#include "render/painter.h"

#include <string.h>

#include "base/compiler.h"
#include "render/prose.h"
#include "render/width.h"
#include "trace/state.h"

#define NS_PER_US 1000

/* ---- Times ------------------------------------------------------------------------------------------------ */

char *paint_duration(char out[TIME_TEXT], int64_t ns)
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

void paint_lines(struct painter *p, const char *inside, const char *sgr, const char *glyph)
{
    line_put(&p->line, p->at.left_line, glyph);
    line_paint(&p->line, sgr);
    line_put(&p->line, p->at.left_line + 1, inside);
    line_paint(&p->line, NULL);
    line_put(&p->line, p->at.right_line, glyph);
}

void paint_state(struct painter *p, enum trace_side side, uint8_t state)
{
    if (side == LADDER_CLIENT) {
        line_put(&p->line, p->at.left_state, state_short_name(state));
    } else {
        line_put(&p->line, p->at.right_state, state_short_name(state));
    }
}

void paint_lost(struct painter *p, enum trace_side receiver, bool proven)
{
    char text[32];

    snprintf(text, sizeof(text), "%s %s", proven ? p->glyphs->lost : p->glyphs->missed,
             message_text(MESSAGE_LOST, p->options->language));
    if (receiver == LADDER_CLIENT) {
        line_put_right(&p->line, p->at.time_end, text);
    } else {
        line_put(&p->line, p->at.far_time_end - LAYOUT_TIME, text);
    }
}

bool paint_clock(struct painter *p, enum trace_side side, const struct ladder_time *time)
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

const char *paint_color(const struct ladder_segment *s)
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

void paint_beside(struct painter *p, struct beside *b)
{
    const char *line;

    if (p->at.far) {
        size_t size = width_wrap(&b->rest, p->at.prose_width, &line);
        line_put_bytes(&p->line, p->at.prose, line, size);
    }
}

void paint_rest(struct painter *p, struct beside *b)
{
    while (p->at.far && *b->rest != '\0') {
        line_begin(&p->line, p->options->color);
        paint_lines(p, "", NULL, p->glyphs->line);
        paint_beside(p, b);
        line_end(&p->line, p->out);
    }
}

/* ---- Gauge and labels ------------------------------------------------------------------------------------- */

void paint_gauge(struct painter *p, uint32_t number)
{
    char text[GAUGE_MAX];

    if (p->at.gauge != 0) {
        line_put(&p->line, p->at.gauge, gauge_at(&p->gauge, number, p->glyphs, text));
    }
}

char *paint_inside(char out[INSIDE_MAX], unsigned inner, enum trace_side sender, const char *label,
                   const char *tags)
{
    unsigned label_width = width_of(label), tag_width = width_of(tags);
    unsigned used = label_width + tag_width + 2;
    int gap = inner > used ? (int)(inner - used) : 0, after = 0;

    if (sender == LADDER_SERVER) {
        snprintf(out, INSIDE_MAX, " %s%*s%s ", tags, gap, "", label);
        return out;
    }
    if (tag_width > 0 && tag_width < TAG_COLUMNS) {
        after = MIN(MAX(gap - 2, 0), (int)(TAG_COLUMNS - tag_width));
    }
    snprintf(out, INSIDE_MAX, " %s%*s%s%*s ", label, gap - after, "", tags, after, "");
    return out;
}
