/* svg_time.c - see svg_time.h: collect what happened, sort it, and step down from one to the next. */
#include "render/svg_time.h"

#include <stdlib.h>

#include "base/compiler.h"

#define FLIGHT_PX 52.0   /* how far a typical flight falls */
#define STEP_MIN 3.0     /* two instants that differ can be told apart */
#define STEP_MAX 78.0    /* nothing is worth more height than this */
#define ARRIVAL_MIN 12.5 /* between two arrivals at one side */
#define HEAD_MIN 8.0     /* from a departure to an arrival */
#define IDLE_MIN 62.0    /* room for the mark and the words in it */
#define ORDER_PX 16.0
#define SLOPE_PX 12.0 /* of an arrow whose flight nobody knows */
#define TIME_HEIGHT_MAX 12000.0

/* ---- What happened --------------------------------------------------------------------------------------- */

static bool known(const struct ladder_time *t)
{
    return t->known == LADDER_MEASURED || t->known == LADDER_ESTIMATED;
}

/* Captured on the way: one time, which counts as that of sending. */
static bool on_the_way(const struct ladder_time *sent, const struct ladder_time *arrived)
{
    return sent->known == LADDER_UNKNOWN && arrived->known == LADDER_UNKNOWN;
}

static void ends_of(const struct ladder_row *row, struct ladder_time *sent,
                    struct ladder_time *arrived, enum trace_side *side)
{
    bool fold = row->kind == LADDER_ROW_FOLD;

    *sent = fold ? row->fold->sent : row->segment->sent;
    *arrived = fold ? row->fold->arrived : row->segment->arrived;
    *side = fold ? row->fold->side : (enum trace_side)row->segment->wire.side;
}

static struct svg_event *add(struct svg_time *t, const struct ladder_row *row, enum svg_what what,
                             enum trace_side side, int64_t ns)
{
    struct svg_event *event = &t->event[t->count++];

    *event = (struct svg_event){.ns = ns,
                                .row = row,
                                .order = (uint32_t)t->count,
                                .what = (uint8_t)what,
                                .side = (uint8_t)side};
    return event;
}

static void add_arrow(struct svg_time *t, const struct ladder_row *row,
                      const struct ladder_row *idle)
{
    struct ladder_time sent, arrived;
    enum trace_side side;

    ends_of(row, &sent, &arrived, &side);
    if (known(&sent) || on_the_way(&sent, &arrived)) {
        add(t, row, SVG_DEPARTURE, side, sent.ns)->idle = idle;
    }
    if (known(&arrived)) {
        add(t, row, SVG_ARRIVAL, trace_other(side), arrived.ns);
        t->latest[side] = MAX(t->latest[side], arrived.ns);
    } else {
        /* no sooner than what left before it: nobody knows of any overtaking */
        int64_t ns = MAX(sent.ns + t->flight_ns, t->latest[side]);
        add(t, row, SVG_ARRIVAL, trace_other(side), ns)->guessed = true;
    }
}

static void collect(struct svg_time *t, const struct ladder_row *rows, size_t count)
{
    const struct ladder_row *idle = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct ladder_row *row = &rows[i];
        switch (row->kind) {
        case LADDER_ROW_IDLE: idle = row; continue;
        case LADDER_ROW_SEGMENT:
        case LADDER_ROW_FOLD: add_arrow(t, row, idle); break;
        case LADDER_ROW_STATE: add(t, row, SVG_CHANGE, row->side, row->time.ns)->idle = idle; break;
        case LADDER_ROW_ARRIVAL:
        case LADDER_ROW_NOTE: continue;
        }
        idle = NULL;
    }
}

static int by_time(const void *a, const void *b)
{
    const struct svg_event *x = a, *y = b;

    if (x->ns != y->ns) {
        return x->ns < y->ns ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* The median of the positive ones; 0: there are none. */
static int64_t median(int64_t *values, size_t n)
{
    if (n == 0) {
        return 0;
    }
    qsort(values, n, sizeof(*values), by_value);
    return values[n / 2];
}

static int measure(struct svg_time *t, const struct ladder_row *rows, size_t count)
{
    int64_t *flight = malloc((count + 1) * sizeof(*flight));
    size_t n = 0;

    if (flight == NULL) {
        return WEIR_ENOBUFS;
    }
    for (size_t i = 0; i < count; i++) {
        if (rows[i].kind == LADDER_ROW_SEGMENT) {
            const struct ladder_segment *s = rows[i].segment;
            if (known(&s->sent) && known(&s->arrived) && s->arrived.ns > s->sent.ns) {
                flight[n++] = s->arrived.ns - s->sent.ns;
            }
        }
    }
    t->flight_ns = median(flight, n);
    free(flight);
    return WEIR_OK;
}

/* ---- Heights ----------------------------------------------------------------------------------------------- */

struct walk {
    double y, k; /* pixels per nanosecond */
    enum svg_scale scale;
    double last[2];      /* by side: of whatever happened there */
    double arrived[2];   /* ... of arrivals */
    double departure[2]; /* of the latest departure of each side */
};

static double step_of(const struct walk *w, const struct svg_event *e, int64_t dt)
{
    double step = (double)dt * w->k;

    if (w->scale == SVG_TIME) {
        return step;
    }
    if (e->idle != NULL) {
        return MIN(MAX(step, IDLE_MIN), STEP_MAX);
    }
    if (w->scale == SVG_ORDER) {
        return dt > 0 ? ORDER_PX : 0;
    }
    return dt > 0 ? MIN(MAX(step, STEP_MIN), STEP_MAX) : 0;
}

/* What stands at the same side keeps its distance. */
static double apart(const struct walk *w, const struct svg_event *e, double y)
{
    if (e->what == SVG_ARRIVAL) {
        y = MAX(y, w->arrived[e->side] + ARRIVAL_MIN);
        if (e->guessed) {
            y = MAX(y, w->departure[e->side == LADDER_CLIENT] + SLOPE_PX);
        }
        return MAX(y, w->departure[e->side] + HEAD_MIN);
    }
    return MAX(y, w->last[e->side] + SVG_LINE);
}

static void place(struct walk *w, struct svg_event *e, int64_t dt)
{
    double y = w->y + step_of(w, e, dt);

    if (w->scale != SVG_TIME) {
        y = apart(w, e, y);
    } else if (e->guessed) {
        y += SLOPE_PX;
    }
    e->y = y;
    w->last[e->side] = y;
    if (e->what == SVG_ARRIVAL) {
        w->arrived[e->side] = y;
    } else {
        w->departure[e->side] = y;
    }
    if (w->scale != SVG_TIME || !e->guessed) {
        w->y = y;
    }
}

static double pixels_per_ns(const struct svg_time *t, enum svg_scale scale)
{
    int64_t span = t->event[t->count - 1].ns - t->event[0].ns;
    int64_t steps = (int64_t)t->count;
    double k = t->flight_ns > 0 ? FLIGHT_PX / (double)t->flight_ns
               : span > 0       ? SVG_LINE * (double)steps / (double)span
                                : 0;

    if (scale == SVG_TIME && span > 0) {
        double least = SVG_LINE * (double)steps / (double)span;
        double most = TIME_HEIGHT_MAX / (double)span;
        k = MIN(t->flight_ns > 0 ? k : least, most);
    }
    return k;
}

static void place_all(struct svg_time *t, const struct ladder_row *rows, enum svg_scale scale,
                      double top)
{
    double before = top - 1000;
    struct walk w = {.y = top,
                     .k = pixels_per_ns(t, scale),
                     .scale = scale,
                     .last = {before, before},
                     .arrived = {before, before},
                     .departure = {before, before}};

    for (size_t i = 0; i < t->count; i++) {
        struct svg_event *e = &t->event[i];
        place(&w, e, i > 0 ? e->ns - t->event[i - 1].ns : 0);
        size_t row = (size_t)(e->row - rows);
        if (e->what == SVG_DEPARTURE) {
            t->departure[row] = e->y;
        } else if (e->what == SVG_ARRIVAL) {
            t->arrival[row] = e->y;
        }
        t->bottom = MAX(t->bottom, e->y);
    }
}

int svg_time_make(struct svg_time *t, const struct ladder_row *rows, size_t count,
                  enum svg_scale scale, double top)
{
    *t = (struct svg_time){.event = malloc((2 * count + 1) * sizeof(*t->event)),
                           .departure = calloc(count + 1, sizeof(double)),
                           .arrival = calloc(count + 1, sizeof(double)),
                           .latest = {INT64_MIN, INT64_MIN},
                           .bottom = top};
    int result = WEIR_ENOBUFS;

    if (t->event != NULL && t->departure != NULL && t->arrival != NULL) {
        result = measure(t, rows, count);
    }
    if (result != WEIR_OK) {
        svg_time_free(t);
        return result;
    }
    collect(t, rows, count);
    if (t->count > 0) {
        qsort(t->event, t->count, sizeof(*t->event), by_time);
        place_all(t, rows, scale, top);
    }
    return WEIR_OK;
}

void svg_time_free(struct svg_time *t)
{
    free(t->event);
    free(t->departure);
    free(t->arrival);
    *t = (struct svg_time){.event = NULL};
}

double svg_time_y(const struct svg_time *t, int64_t ns)
{
    size_t low = 0, high = t->count; /* the first event after ns */

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->event[middle].ns <= ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return t->count > 0 ? t->event[0].y : t->bottom;
    }
    const struct svg_event *before = &t->event[low - 1];
    if (low == t->count) {
        return before->y;
    }
    const struct svg_event *after = &t->event[low];
    double share = (double)(ns - before->ns) / (double)(after->ns - before->ns);
    return before->y + share * (after->y - before->y);
}
