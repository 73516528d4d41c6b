/*
 * glyphs.c - the characters of the drawing, and arrows made of them.
 *
 * Braille patterns, most scan lines and ballots are narrow everywhere. Box drawing, triangles, dashes and
 * blocks are of ambiguous width (UAX #11): some terminals in a Chinese locale draw them two columns wide, and
 * then ASCII stands in for them.
 */
#include <string.h>

#include "base/compiler.h"
#include "render/layout.h"
#include "render/width.h"

#define NARROW_SIGNS                                                                              \
    .line = "│", .gap = "┊", .right = "▶", .left = "◀", .right_again = "▶▶", .left_again = "◀◀",  \
    .right_probe = "▷", .left_probe = "◁", .lost = "✗", .missed = "✗?", .fold = "⟫", .dash = "–", \
    .dots = "…", .times = "×", .to = "→", .bar = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}

#define ASCII_BASE                                                                               \
    .line = "|", .gap = ":", .right = ">", .left = "<", .right_again = ">>", .left_again = "<<", \
    .right_probe = ")", .left_probe = "(", .dash = "-", .dots = "..", .times = "x", .to = "->",  \
    .bar = {"_", ".", ":", "-", "=", "+", "*", "#"}

#define WIDE_SIGNS ASCII_BASE, .lost = "✗", .missed = "✗?", .fold = "⟫"

#define BRAILLE .slope = {"⠉", "⠒", "⠤", "⣀"}, .thick = {"⠛", "⠶", "⠶", "⣤"}

static const struct glyphs narrow[TEXT_STYLE_COUNT] = {
    [TEXT_BRAILLE] = {BRAILLE, NARROW_SIGNS},
    [TEXT_SCAN] = {.slope = {"⎺", "⎻", "⎼", "⎽"}, .thick = {"═", "═", "═", "═"}, NARROW_SIGNS},
    [TEXT_BOX] = {.slope = {"─", "─", "─", "─"}, .thick = {"═", "═", "═", "═"}, NARROW_SIGNS},
    [TEXT_ASCII] = {.slope = {"'", "-", ".", "_"},
                    .thick = {"=", "=", "=", "="},
                    ASCII_BASE,
                    .lost = "x",
                    .missed = "x?",
                    .fold = ">>"},
};

static const struct glyphs wide[TEXT_STYLE_COUNT] = {
    [TEXT_BRAILLE] = {BRAILLE, WIDE_SIGNS},
    [TEXT_SCAN] = {.slope = {"⎺", "⎻", "⎼", "⎽"}, .thick = {"=", "=", "=", "="}, WIDE_SIGNS},
    [TEXT_BOX] = {.slope = {"-", "-", "-", "-"}, .thick = {"=", "=", "=", "="}, WIDE_SIGNS},
};

const struct glyphs *glyphs_for(enum text_style style, bool ambiguous_is_wide)
{
    return ambiguous_is_wide && style != TEXT_ASCII ? &wide[style] : &narrow[style];
}

/* ---- Arrows -------------------------------------------------------------------------------------------- */

/* Columns [from, to) of the line, counted from its tail. The slope is spread over all columns
 * but the last, whatever the head covers. */
static void append_line(char *out, const struct arrow *a, unsigned from, unsigned to,
                        unsigned inner)
{
    for (unsigned i = from; i < to; i++) {
        unsigned column = a->right ? i : to - 1 - (i - from);
        unsigned step = column * SLOPE_STEPS / (inner - 1);
        strcat(out, a->slope[MIN(step, SLOPE_STEPS - 1)]);
    }
}

static void append_blanks(char *out, unsigned columns)
{
    for (unsigned i = 0; i < columns; i++) {
        strcat(out, " ");
    }
}

char *layout_arrow(char out[SLOPE_BYTES_MAX], const struct arrow *a, unsigned inner)
{
    const char *mark = a->cut || a->mark == NULL ? "" : a->mark;
    const char *words = a->words == NULL ? "" : a->words;
    unsigned taken = width_of(a->head) + width_of(mark), room = inner - taken;
    unsigned tail = a->cut ? MIN((inner * 6 + 9) / 10, room) : room;
    unsigned near = words[0] != '\0' ? 1 : 0, after = near + width_of(words);

    tail = MIN(MAX(tail, after), room);
    after = MIN(after, tail);
    out[0] = '\0';
    if (a->right) {
        append_line(out, a, 0, near, inner);
        strcat(out, words);
        append_line(out, a, after, tail, inner);
        strcat(out, mark);
        strcat(out, a->head);
        append_blanks(out, room - tail);
        return out;
    }
    append_blanks(out, room - tail);
    strcat(out, a->head);
    strcat(out, mark);
    append_line(out, a, after, tail, inner);
    strcat(out, words);
    append_line(out, a, 0, near, inner);
    return out;
}

/* The head of an arrow that gets to the other side, as far as is known. */
static const char *head_of(const struct ladder_segment *s, const struct glyphs *g)
{
    bool right = s->wire.side == LADDER_CLIENT;

    if ((s->facts & LADDER_FACT_CORRUPTED) != 0) {
        return g->lost;
    }
    if ((s->facts & LADDER_FACT_RESENT) != 0) {
        return "?";
    }
    switch (s->class) {
    case LADDER_RETX:
    case LADDER_SYN_RETX: return right ? g->right_again : g->left_again;
    case LADDER_ZERO_WINDOW_PROBE:
    case LADDER_KEEPALIVE: return right ? g->right_probe : g->left_probe;
    default: return right ? g->right : g->left;
    }
}

static struct arrow arrow_of(const struct ladder_segment *s, const struct glyphs *g)
{
    bool lost = s->arrived.known == LADDER_LOST;
    bool missed = !lost && (s->facts & LADDER_FACT_MISSED) != 0;

    return (struct arrow){.right = s->wire.side == LADDER_CLIENT,
                          .cut = lost || missed,
                          .head = lost     ? g->lost
                                  : missed ? g->missed
                                           : head_of(s, g),
                          .slope = g->slope};
}

char *layout_slope(char out[SLOPE_BYTES_MAX], const struct ladder_segment *s, unsigned inner,
                   const struct glyphs *g, const char *mark)
{
    struct arrow arrow = arrow_of(s, g);

    arrow.mark = mark;
    return layout_arrow(out, &arrow, inner);
}

char *layout_worded(char out[SLOPE_BYTES_MAX], const struct ladder_segment *s, unsigned inner,
                    const struct glyphs *g, const char *words)
{
    struct arrow arrow = arrow_of(s, g);

    arrow.words = words;
    return layout_arrow(out, &arrow, inner);
}
