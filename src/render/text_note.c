/*
 * text_note.c - what a stack did inside: figures beside a segment's row, decisions as rows of their own.
 *
 *     * rto fired: cwnd 17376 -> 1448, ssthresh 8688, next 496.0 ms
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/compiler.h"
#include "render/painter.h"
#include "render/width.h"
#include "trace/internals.h"

#define PIECES_MAX 512

struct pieces {
    char text[PIECES_MAX];
    const char *separator;
};

static void __attribute__((format(printf, 2, 3))) add(struct pieces *p, const char *format, ...)
{
    size_t used = strlen(p->text);
    va_list args;

    if (used > 0 && used + strlen(p->separator) < sizeof(p->text)) {
        strcpy(p->text + used, p->separator);
        used = strlen(p->text);
    }
    va_start(args, format);
    vsnprintf(p->text + used, sizeof(p->text) - used, format, args);
    va_end(args);
}

static void add_message(struct pieces *p, enum language language, enum message_id id,
                        const char *first, const char *second)
{
    const char *args[] = {first, second};
    char text[PROSE_MAX];

    add(p, "%s", message_format(text, sizeof(text), id, language, args, 2));
}

/* ---- Figures ---------------------------------------------------------------------------------------------- */

static void add_cwnd(struct pieces *p, const struct ladder_note *n, const struct glyphs *g)
{
    if ((n->has & NOTE_CWND) == 0) {
        return;
    }
    if (n->cwnd != n->cwnd_before) {
        add(p, "cwnd %u%s%u", n->cwnd_before, g->to, n->cwnd);
    } else {
        add(p, "cwnd %u", n->cwnd);
    }
}

static void add_rtt(struct pieces *p, const struct ladder_note *n)
{
    char text[TIME_TEXT];

    if ((n->has & NOTE_RTT) != 0) {
        add(p, "srtt %s", paint_duration(text, (int64_t)n->srtt_ns));
        add(p, "rto %s", paint_duration(text, (int64_t)n->rto_ns));
    }
}

static void add_limit(struct pieces *p, const struct ladder_note *n, const struct glyphs *g)
{
    if ((n->has & NOTE_LIMIT) != 0) {
        add(p, "limit %s%s%s", weir_limit_name((enum weir_limit)n->limit_before), g->to,
            weir_limit_name((enum weir_limit)n->limit));
    }
}

static void figures(struct pieces *p, const struct ladder_note *n, const struct glyphs *g)
{
    add_cwnd(p, n, g);
    add_rtt(p, n);
    if ((n->has & NOTE_CWND) != 0) {
        add(p, "inflight %u", n->inflight);
    }
    add_limit(p, n, g);
}

/* The figures of both sides' stacks at this segment. */
static bool figures_at(const struct painter *p, const struct ladder_segment *s,
                       enum trace_side side, struct pieces *pieces)
{
    const struct ladder_note *n =
        p->options->view.internals == NULL
            ? NULL
            : internals_beside(p->options->view.internals, s->number, side);

    *pieces = (struct pieces){.separator = "  "};
    if (n == NULL) {
        return false;
    }
    figures(pieces, n, p->glyphs);
    return pieces->text[0] != '\0';
}

void note_append(struct painter *p, const struct ladder_segment *s, char text[PROSE_MAX])
{
    struct pieces pieces;

    for (int side = 0; side < 2; side++) {
        if (figures_at(p, s, (enum trace_side)side, &pieces)) {
            size_t used = strlen(text);
            snprintf(text + used, PROSE_MAX - used, "%s[%s]", used > 0 ? " " : "", pieces.text);
        }
    }
}

/* Text between the lifelines, at its side, in as many lines as it needs. */
static void draw_inside(struct painter *p, enum trace_side side, const char *text,
                        const struct ladder_time *time, struct beside *beside)
{
    char inside[INSIDE_MAX], piece[INSIDE_MAX];
    const char *line;
    size_t size;

    while ((size = width_wrap(&text, p->at.inner - 2, &line)) > 0) {
        snprintf(piece, sizeof(piece), "%.*s", (int)size, line);
        line_begin(&p->line, p->options->color);
        if (time != NULL && (side == LADDER_CLIENT || !p->at.far)) {
            paint_clock(p, side, time);
        }
        paint_lines(p, paint_inside(inside, p->at.inner, side, piece, ""), "2", p->glyphs->line);
        if (time != NULL && side == LADDER_SERVER && p->at.far) {
            paint_clock(p, side, time);
        }
        if (beside != NULL) {
            paint_beside(p, beside);
        }
        line_end(&p->line, p->out);
        time = NULL;
    }
    if (beside != NULL) {
        paint_rest(p, beside);
    }
}

void note_rows(struct painter *p, const struct ladder_segment *s)
{
    struct pieces pieces;

    for (int side = 0; side < 2; side++) {
        if (figures_at(p, s, (enum trace_side)side, &pieces)) {
            draw_inside(p, (enum trace_side)side, pieces.text, NULL, NULL);
        }
    }
}

/* ---- Decisions -------------------------------------------------------------------------------------------- */

static void add_timer(struct pieces *p, const struct ladder_note *n, enum language language,
                      const struct glyphs *g)
{
    char times[16] = "", next[TIME_TEXT];

    if ((n->has & NOTE_TIMER) == 0) {
        return;
    }
    if (n->fired > 1) {
        snprintf(times, sizeof(times), " %s%u", g->times, n->fired);
    }
    add_message(p, language, MESSAGE_NOTE_FIRED, weir_timer_name((enum weir_timer)n->timer), times);
    if (n->next_ns > 0) {
        add_message(p, language, MESSAGE_NOTE_NEXT, paint_duration(next, (int64_t)n->next_ns),
                    NULL);
    }
}

static void add_decision(struct pieces *p, const struct ladder_note *n, enum language language,
                         const struct glyphs *g)
{
    add_cwnd(p, n, g);
    if ((n->has & NOTE_CWND) != 0 && n->ssthresh != UINT32_MAX) {
        add(p, "ssthresh %u", n->ssthresh);
    }
    if ((n->has & (NOTE_CWND | NOTE_TIMER)) == NOTE_CWND && n->cwnd_reason != WEIR_REASON_NONE) {
        add(p, "%s", weir_reason_name((enum weir_reason)n->cwnd_reason));
    }
    if ((n->has & NOTE_UNDONE) != 0) {
        add_message(p, language, MESSAGE_NOTE_UNDONE, NULL, NULL);
    }
    add_rtt(p, n);
    add_limit(p, n, g);
}

/* `numbering`: NULL for the wire's numbers. */
static void add_lost(struct pieces *p, const struct ladder_note *n, enum language language,
                     const struct glyphs *g, const struct numbering *numbering)
{
    char which[48], count[16];
    const char *reason = weir_reason_name((enum weir_reason)n->lost_reason);

    if ((n->has & NOTE_LOST) == 0) {
        return;
    }
    if (n->lost > 1) {
        snprintf(which, sizeof(which), "#%u%s#%u", n->lost_first, g->dash, n->lost_last);
        snprintf(count, sizeof(count), "%u", n->lost);
        const char *args[] = {which, count, reason};
        char text[PROSE_MAX];
        add(p, "%s", message_format(text, sizeof(text), MESSAGE_NOTE_LOST_MANY, language, args, 3));
        return;
    }
    if (n->lost == 1) {
        snprintf(which, sizeof(which), "#%u", n->lost_first);
    } else { /* which segments that were is not known here */
        snprintf(which, sizeof(which), "%u(%u)",
                 numbering != NULL ? numbering_shown(numbering, n->side, n->lost_seq) : n->lost_seq,
                 n->lost_bytes);
    }
    add_message(p, language, MESSAGE_NOTE_LOST, which, reason);
}

static void decide(struct pieces *effects, struct pieces *lost, const struct ladder_note *n,
                   enum language language, const struct glyphs *g,
                   const struct numbering *numbering)
{
    *effects = *lost = (struct pieces){.separator = ", "};
    add_timer(effects, n, language, g);
    add_decision(effects, n, language, g);
    add_lost(lost, n, language, g, numbering);
    if ((n->has & NOTE_DROP) != 0) {
        add_message(effects, language, MESSAGE_NOTE_DROPPED,
                    weir_drop_name((enum weir_drop)n->drop), NULL);
    }
}

char *note_text(char out[NOTE_TEXT_MAX], const struct ladder_note *n, enum language language)
{
    const struct glyphs *g = glyphs_for(TEXT_BRAILLE, false);
    struct pieces effects, lost;

    if (note_is_row(n)) {
        decide(&effects, &lost, n, language, g, NULL);
        bool both = effects.text[0] != '\0' && lost.text[0] != '\0';
        snprintf(out, NOTE_TEXT_MAX, "%s%s%s", effects.text, both ? ", " : "", lost.text);
    } else {
        effects = (struct pieces){.separator = ", "};
        figures(&effects, n, g);
        snprintf(out, NOTE_TEXT_MAX, "%s", effects.text);
    }
    return out;
}

void draw_decision(struct painter *p, const struct ladder_note *n)
{
    enum language language = p->options->language;
    struct pieces main = {.text = "*", .separator = " "}, effects, lost;
    struct beside beside = {.rest = beside.text};
    char all[PIECES_MAX * 2 + 4];

    decide(&effects, &lost, n, language, p->glyphs, &p->numbering);
    bool apart = p->at.far && effects.text[0] != '\0';
    snprintf(all, sizeof(all), "%s%s%s", effects.text,
             !apart && effects.text[0] != '\0' && lost.text[0] != '\0' ? ", " : "",
             apart ? "" : lost.text);
    add(&main, "%.*s", PIECES_MAX - 4, all);
    snprintf(beside.text, sizeof(beside.text), "%.*s", PROSE_MAX - 1, apart ? lost.text : "");
    draw_inside(p, n->side, main.text, &n->time, &beside);
}
