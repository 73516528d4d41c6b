/* layout.c - columns, glyphs and slopes. */
#include "render/layout.h"

#include <string.h>

#include "base/compiler.h"
#include "render/text.h"
#include "render/width.h"

#define WIDTH_TIME 72 /* from here on there is a time column */
#define WIDTH_FAR 110 /* from here on there are the far clock and the prose */
#define PROSE_MIN 17
#define PROSE_MAX_WIDTH 44
#define INNER_WIDE 44 /* what the prose leaves to the arrows, until it has enough */
#define SLOPE_STEPS 4

struct layout layout_for(unsigned width)
{
    struct layout l = {.time = width >= WIDTH_TIME, .far = width >= WIDTH_FAR};

    width = MIN(MAX(width, TEXT_WIDTH_MIN), TEXT_WIDTH_MAX);
    l.time_end = l.time ? LAYOUT_TIME : 0;
    l.left_state = l.time ? LAYOUT_TIME + 1 : 0;
    l.left_line = l.left_state + LAYOUT_STATE + 1;
    unsigned right_part = 2 + LAYOUT_STATE; /* from the right line to the end of the states */
    if (l.far) {
        unsigned far_part = 2 + LAYOUT_TIME + 2;
        unsigned rest = width - l.left_line - 1 - right_part - far_part - INNER_WIDE;
        l.prose_width = MIN(MAX(rest, PROSE_MIN), PROSE_MAX_WIDTH);
        right_part += far_part + l.prose_width;
    }
    l.inner = width - l.left_line - 1 - right_part;
    l.right_line = l.left_line + 1 + l.inner;
    l.right_state = l.right_line + 2;
    l.far_time_end = l.right_state + LAYOUT_STATE + 2 + LAYOUT_TIME;
    l.prose = l.far_time_end + 2;
    return l;
}

const struct glyphs *glyphs_for(bool ascii)
{
    static const struct glyphs utf8 = {
        .slope = {"⠉", "⠒", "⠤", "⣀"},
        .line = "│",
        .gap = "┊",
        .right = "▶",
        .left = "◀",
        .right_again = "▶▶",
        .left_again = "◀◀",
        .right_probe = "▷",
        .left_probe = "◁",
        .lost = "✗",
    };
    static const struct glyphs plain = {
        .slope = {"'", "-", ".", "_"},
        .line = "|",
        .gap = ":",
        .right = ">",
        .left = "<",
        .right_again = ">>",
        .left_again = "<<",
        .right_probe = ")",
        .left_probe = "(",
        .lost = "x",
    };

    return ascii ? &plain : &utf8;
}

/* The head of an arrow that gets to the other side. */
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

static void append_column(char *out, unsigned column, unsigned inner, const struct glyphs *g)
{
    /* The slope is spread over all columns but the last, whatever the head covers. */
    unsigned step = column * SLOPE_STEPS / (inner - 1);

    strcat(out, g->slope[MIN(step, SLOPE_STEPS - 1)]);
}

static void append_blanks(char *out, unsigned columns)
{
    for (unsigned i = 0; i < columns; i++) {
        strcat(out, " ");
    }
}

static void draw_right(char *out, unsigned tail, unsigned inner, const char *mark, const char *head,
                       const struct glyphs *g)
{
    for (unsigned i = 0; i < tail; i++) {
        append_column(out, i, inner, g);
    }
    strcat(out, mark);
    strcat(out, head);
    append_blanks(out, inner - tail - width_of(mark) - width_of(head));
}

static void draw_left(char *out, unsigned tail, unsigned inner, const char *mark, const char *head,
                      const struct glyphs *g)
{
    append_blanks(out, inner - tail - width_of(mark) - width_of(head));
    strcat(out, head);
    strcat(out, mark);
    for (unsigned i = tail; i-- > 0;) {
        append_column(out, i, inner, g);
    }
}

char *layout_slope(char out[SLOPE_BYTES_MAX], const struct ladder_segment *s, unsigned inner,
                   const struct glyphs *g, const char *mark)
{
    bool lost = s->arrived.known == LADDER_LOST;
    const char *head = lost ? g->lost : head_of(s, g);
    const char *spaced = lost || mark == NULL ? "" : mark;
    unsigned tail = lost ? (inner * 6 + 9) / 10 : inner - width_of(head) - width_of(spaced);

    out[0] = '\0';
    if (s->wire.side == LADDER_CLIENT) {
        draw_right(out, tail, inner, spaced, head, g);
    } else {
        draw_left(out, tail, inner, spaced, head, g);
    }
    return out;
}
