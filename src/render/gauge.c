/* gauge.c - see gauge.h. */
#include "render/gauge.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"

static uint32_t value_of(const struct gauge *g, const struct ladder_segment *s)
{
    return g->title == MESSAGE_GAUGE_CWND     ? s->cwnd
           : g->title == MESSAGE_GAUGE_FLIGHT ? s->flight
                                              : s->window;
}

/* Does this segment tell a value? A SYN's window is not scaled; a RST has none. */
static bool has_value(const struct gauge *g, const struct ladder_segment *s)
{
    bool sets_up = (s->wire.flags & (WEIR_TCP_SYN | WEIR_TCP_RST)) != 0;

    if (g->title == MESSAGE_GAUGE_CWND) {
        return s->cwnd != 0;
    }
    return s->wire.side == g->side && !sets_up;
}

static void measure(struct gauge *g)
{
    g->most = 0;
    for (uint32_t i = 0; i < g->count; i++) {
        if (has_value(g, &g->segments[i])) {
            g->most = MAX(g->most, value_of(g, &g->segments[i]));
        }
    }
}

void gauge_init(struct gauge *g, const struct ladder *ladder)
{
    const struct ladder_info *info = ladder_info(ladder);
    bool server = info->side[LADDER_SERVER].bytes > info->side[LADDER_CLIENT].bytes;
    size_t count;

    g->segments = ladder_segments(ladder, &count);
    g->count = (uint32_t)count;
    g->side = server ? LADDER_SERVER : LADDER_CLIENT;
    g->title = MESSAGE_GAUGE_CWND;
    measure(g);
    if (g->most == 0) {
        g->title = MESSAGE_GAUGE_FLIGHT;
        measure(g);
    }
    if (g->most == 0) {
        g->title = MESSAGE_GAUGE_WINDOW;
        g->side = trace_other(g->side);
        measure(g);
    }
}

char *gauge_at(const struct gauge *g, uint32_t number, const struct glyphs *glyphs,
               char out[GAUGE_MAX])
{
    uint32_t value[GAUGE_STEPS], n = 0;

    out[0] = '\0';
    for (uint32_t i = MIN(number, g->count); i-- > 0 && n < GAUGE_STEPS;) {
        if (has_value(g, &g->segments[i])) {
            value[n++] = value_of(g, &g->segments[i]);
        }
    }
    if (n == 0 || g->most == 0) {
        return out;
    }
    for (uint32_t i = GAUGE_STEPS; i-- > 0;) {
        uint64_t step = i < n ? (uint64_t)value[i] * (BAR_STEPS - 1) / g->most : 0;
        strcat(out, i < n ? glyphs->bar[step] : " ");
    }
    size_t used = strlen(out);
    snprintf(out + used, GAUGE_MAX - used, "%11" PRIu32, value[0]);
    return out;
}
