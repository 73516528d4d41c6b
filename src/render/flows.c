/* flows.c - the list of conversations as text: its columns at each width, and in which order. */
#include "render/flows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "render/line.h"
#include "render/width.h"

#define WIDE_MIN 110

#define CELL 128

/* ---- Order --------------------------------------------------------------------------------------------------- */

const char *flows_sort_name(enum flows_sort sort)
{
    static const char *const names[] = {"worst",    "start", "duration", "bytes",
                                        "segments", "retx",  "rtt"};
    _Static_assert(ARRAY_SIZE(names) == FLOWS_SORT_COUNT, "a name for every order");

    return names[sort];
}

struct ranked {
    uint64_t major, minor;
    size_t index;
};

/* How bad: broken before slow before fine; then what it cost, then how much was sent again. */
static void rank_worst(struct ranked *r, const struct conversation *c)
{
    uint64_t severity = c->findings > 0 ? c->finding[0].severity + 1u : 0;
    uint64_t cost = c->findings > 0 ? c->finding[0].cost_ns : 0;
    bool broken =
        c->end == LADDER_END_RST || c->end == LADDER_END_REFUSED || c->end == LADDER_END_TIMEOUT;

    severity = MAX(severity, broken ? FINDING_ERROR + 1u : 0);
    r->major = severity << 56 | MIN(cost, UINT64_MAX >> 8);
    r->minor = (uint64_t)c->retx[0] + c->retx[1] + c->zero_windows;
}

static struct ranked rank(const struct table *table, size_t index, enum flows_sort sort)
{
    struct weir_endpoint end[2];
    struct conversation told;
    const struct conversation *c = &told;
    struct ranked r = {.index = index};

    table_conversation(table, index, &told, end);
    switch (sort) {
    case FLOWS_BY_WORST: rank_worst(&r, c); break;
    case FLOWS_BY_DURATION: r.major = c->last - c->start; break;
    case FLOWS_BY_BYTES: r.major = c->bytes[0] + c->bytes[1]; break;
    case FLOWS_BY_SEGMENTS: r.major = (uint64_t)c->segments[0] + c->segments[1]; break;
    case FLOWS_BY_RETX: r.major = (uint64_t)c->retx[0] + c->retx[1]; break;
    case FLOWS_BY_RTT: r.major = c->rtt_us; break;
    default: break; /* by start: the index decides */
    }
    return r;
}

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->major != y->major) {
        return x->major > y->major ? -1 : 1;
    }
    if (x->minor != y->minor) {
        return x->minor > y->minor ? -1 : 1;
    }
    return x->index < y->index ? -1 : 1;
}

size_t *flows_order(const struct table *table, enum flows_sort sort)
{
    size_t count = table_count(table);
    struct ranked *ranked = malloc((count + 1) * sizeof(*ranked));
    size_t *order = malloc((count + 1) * sizeof(*order));

    if (ranked != NULL && order != NULL) {
        for (size_t i = 0; i < count; i++) {
            ranked[i] = rank(table, i, sort);
        }
        qsort(ranked, count, sizeof(*ranked), by_rank);
        for (size_t i = 0; i < count; i++) {
            order[i] = ranked[i].index;
        }
        free(ranked);
        return order;
    }
    free(ranked);
    free(order);
    return NULL;
}

/* ---- Cells --------------------------------------------------------------------------------------------------- */

/* A number in at most five columns: "1460", "14.5k", "1.23M". */
static void short_number(char out[CELL], uint64_t n)
{
    static const char units[] = " kMGTPE";
    double value = (double)n;
    int unit = 0;

    if (n < 10000) {
        snprintf(out, CELL, "%" PRIu64, n);
        return;
    }
    while (value >= 999.5) {
        value /= 1000;
        unit++;
    }
    snprintf(out, CELL,
             value < 9.995   ? "%.2f%c"
             : value < 99.95 ? "%.1f%c"
                             : "%.0f%c",
             value, units[unit]);
}

static void seconds(char out[CELL], uint64_t ns)
{
    double s = (double)ns / 1e9;

    snprintf(out, CELL, s < 100 ? "%.3f" : s < 100000 ? "%.1f" : "%.0f", s);
}

static void round_trip(char out[CELL], uint32_t us)
{
    if (us == 0) {
        snprintf(out, CELL, "-");
    } else if (us < 10000) {
        snprintf(out, CELL, "%.2fms", us / 1e3);
    } else if (us < 1000000) {
        snprintf(out, CELL, "%.1fms", us / 1e3);
    } else {
        snprintf(out, CELL, "%.2fs", us / 1e6);
    }
}

/* The worst thing about it: a finding, or what was counted. */
static void worst(char out[CELL], const struct conversation *c, unsigned columns)
{
    if (c->findings > 0) {
        char cost[CELL];
        const struct conversation_finding *f = &c->finding[0];
        seconds(cost, f->cost_ns);
        if (f->cost_ns >= WEIR_MS &&
            strlen(finding_name((enum finding_id)f->id)) + strlen(cost) + 2 <= columns) {
            snprintf(out, CELL, "%s %.20ss", finding_name((enum finding_id)f->id), cost);
        } else {
            snprintf(out, CELL, "%s", finding_name((enum finding_id)f->id));
        }
    } else {
        snprintf(out, CELL, "-");
    }
}

static void host(char out[CELL], const struct weir_endpoint *end, bool port)
{
    char text[TEXT_ENDPOINT_MAX];

    if (port) {
        text_endpoint(end, text);
    } else {
        weir_ip_format(&end->ip, text, sizeof(text));
    }
    snprintf(out, CELL, "%s", text);
}

/* What does not fit loses its middle. */
static void fit(char text[CELL], unsigned columns)
{
    size_t size = strlen(text);

    if (size > columns) {
        size_t tail = columns - columns / 2 - 1;
        memmove(text + columns / 2 + 1, text + size - tail, tail + 1);
        text[columns / 2] = '~';
    }
}

/* What does not fit loses its end. */
static void clip(char text[CELL], unsigned columns)
{
    if (width_of(text) == strlen(text) && strlen(text) > columns) {
        text[columns - 1] = '~';
        text[columns] = '\0';
    }
}

/* ---- Lines --------------------------------------------------------------------------------------------------- */

enum column {
    COLUMN_NUMBER = 0,
    COLUMN_CLIENT,
    COLUMN_SERVER,
    COLUMN_END,
    COLUMN_TIME,
    COLUMN_SENT, /* by the client, or both ways where there is little room */
    COLUMN_RECEIVED,
    COLUMN_SEGMENTS,
    COLUMN_RETX,
    COLUMN_RTT,
    COLUMN_WORST,
    COLUMN_COUNT
};

/* Columns by width; 0: not shown. What is left belongs to the last one. */
static const uint8_t narrow[COLUMN_COUNT] = {4, 15, 21, 4, 7, 5, 0, 0, 4, 0, 1};
static const uint8_t wide[COLUMN_COUNT] = {5, 21, 21, 7, 8, 5, 5, 5, 4, 7, 1};

struct list {
    FILE *out;
    const struct text_options *text;
    const uint8_t *columns;
    char cell[COLUMN_COUNT][CELL];
    struct line line;
};

static bool flush_right(enum column column)
{
    return column == COLUMN_NUMBER || (column >= COLUMN_TIME && column <= COLUMN_RTT);
}

/* Columns left for the last one. */
static unsigned rest_of(const struct list *l)
{
    unsigned used = 0;

    for (int i = 0; i < COLUMN_WORST; i++) {
        used += l->columns[i] == 0 ? 0 : l->columns[i] + 1u;
    }
    return l->text->width > used ? l->text->width - used : 1;
}

static void put_line(struct list *l, const char *color)
{
    unsigned at = 0;

    line_begin(&l->line, l->text->color);
    for (int i = 0; i < COLUMN_COUNT; i++) {
        unsigned columns = l->columns[i];
        if (columns == 0) {
            continue;
        }
        if (i == COLUMN_WORST) {
            columns = rest_of(l);
            clip(l->cell[i], columns);
            line_paint(&l->line, color);
        }
        if (flush_right((enum column)i)) {
            unsigned width = width_of(l->cell[i]);
            line_put(&l->line, at + (columns > width ? columns - width : 0), l->cell[i]);
        } else {
            line_put(&l->line, at, l->cell[i]);
        }
        at = MAX(at + columns, l->line.width) + 1;
    }
    line_paint(&l->line, NULL);
    line_end(&l->line, l->out);
}

static void put_titles(struct list *l)
{
    static const enum message_id titles[COLUMN_COUNT] = {
        MESSAGE_FLOWS_NUMBER, MESSAGE_CLIENT,     MESSAGE_SERVER,         MESSAGE_FLOWS_END,
        MESSAGE_FLOWS_TIME,   MESSAGE_FLOWS_SENT, MESSAGE_FLOWS_RECEIVED, MESSAGE_FLOWS_SEGMENTS,
        MESSAGE_FLOWS_RETX,   MESSAGE_FLOWS_RTT,  MESSAGE_FLOWS_WORST};

    for (int i = 0; i < COLUMN_COUNT; i++) {
        enum message_id id = titles[i];
        if (i == COLUMN_SENT && l->columns[COLUMN_RECEIVED] == 0) {
            id = MESSAGE_FLOWS_BYTES;
        }
        snprintf(l->cell[i], CELL, "%s", message_text(id, l->text->language));
    }
    put_line(l, NULL);
}

static void put_conversation(struct list *l, const struct table *table, size_t index)
{
    struct weir_endpoint end[2];
    struct conversation told;
    const struct conversation *c = &told;
    bool both = l->columns[COLUMN_RECEIVED] == 0;

    table_conversation(table, index, &told, end);
    snprintf(l->cell[COLUMN_NUMBER], CELL, "%zu", index + 1);
    host(l->cell[COLUMN_CLIENT], &end[LADDER_CLIENT], !both);
    fit(l->cell[COLUMN_CLIENT], l->columns[COLUMN_CLIENT]);
    host(l->cell[COLUMN_SERVER], &end[LADDER_SERVER], true);
    fit(l->cell[COLUMN_SERVER], l->columns[COLUMN_SERVER]);
    snprintf(l->cell[COLUMN_END], CELL, "%.*s", l->columns[COLUMN_END],
             ladder_end_name((enum ladder_end)c->end));
    seconds(l->cell[COLUMN_TIME], c->last - c->start);
    short_number(l->cell[COLUMN_SENT], both ? c->bytes[0] + c->bytes[1] : c->bytes[0]);
    short_number(l->cell[COLUMN_RECEIVED], c->bytes[1]);
    short_number(l->cell[COLUMN_SEGMENTS], (uint64_t)c->segments[0] + c->segments[1]);
    short_number(l->cell[COLUMN_RETX], (uint64_t)c->retx[0] + c->retx[1]);
    round_trip(l->cell[COLUMN_RTT], c->rtt_us != 0 ? c->rtt_us : c->min_rtt_us);
    worst(l->cell[COLUMN_WORST], c, rest_of(l));
    static const char *const colors[] = {NULL, "33", "31"};
    put_line(l, c->findings > 0 ? colors[MIN(c->finding[0].severity, FINDING_ERROR)] : NULL);
}

int flows_text(FILE *out, const struct table *table, const struct flows_options *options,
               const struct text_options *text)
{
    size_t count = table_count(table);
    size_t *order = flows_order(table, options->sort);
    struct list *l = calloc(1, sizeof(*l));
    int result = WEIR_ENOBUFS;

    if (order != NULL && l != NULL) {
        *l = (struct list){
            .out = out, .text = text, .columns = text->width < WIDE_MIN ? narrow : wide};
        put_titles(l);
        for (size_t i = 0; i < count && (options->top == 0 || i < options->top); i++) {
            put_conversation(l, table, order[i]);
        }
        result = WEIR_OK;
    }
    free(order);
    free(l);
    return result;
}
