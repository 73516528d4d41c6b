/* layout.c - columns, glyphs and slopes. */
#include "render/layout.h"

#include <string.h>

#include "base/compiler.h"
#include "render/text.h"
#include "render/width.h"

#define WIDTH_TIME 72 /* from here on there is a time column */
#define WIDTH_FAR 110 /* from here on there are the far clock and the prose */
#define WIDTH_GAUGE 160
#define PROSE_MIN 17
#define PROSE_MAX_WIDTH 44
#define INNER_WIDE 44 /* what the prose leaves to the arrows, until it has enough */

struct layout layout_for(unsigned width)
{
    struct layout l = {.time = width >= WIDTH_TIME, .far = width >= WIDTH_FAR};

    width = MIN(MAX(width, TEXT_WIDTH_MIN), TEXT_WIDTH_MAX);
    bool gauge = width >= WIDTH_GAUGE;
    width -= gauge ? LAYOUT_GAUGE : 0;
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
    l.gauge = gauge ? l.prose + l.prose_width + 2 : 0;
    return l;
}
