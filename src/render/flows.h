/*
 * flows.h - the list of a capture's conversations: one line each, or one JSON object each.
 *
 *   {"v":1,"e":"flow","conn":1,"client":"10.0.0.1:40000","server":"10.0.0.2:80","how":"fin",...}
 *
 * docs/flows.schema.json describes the objects.
 */
#ifndef RENDER_FLOWS_H
#define RENDER_FLOWS_H

#include "render/text.h"
#include "trace/capture.h"
#include "trace/table.h"

enum flows_sort {
    FLOWS_BY_WORST = 0,
    FLOWS_BY_START, /* order of the capture */
    FLOWS_BY_DURATION,
    FLOWS_BY_BYTES,
    FLOWS_BY_SEGMENTS,
    FLOWS_BY_RETX,
    FLOWS_BY_RTT,
    FLOWS_SORT_COUNT
};
const char *flows_sort_name(enum flows_sort sort); /* "worst" */

struct flows_options {
    enum flows_sort sort;
    size_t top;       /* only the first so many; 0: all */
    weir_time origin; /* of the capture: its first packet */
};

/* WEIR_OK or WEIR_ENOBUFS. The table has ended. */
int flows_text(FILE *out, const struct table *table, const struct flows_options *options,
               const struct text_options *text);
/* First an object about the capture itself ("e":"capture"); `damage`: what is wrong with the file, or NULL. */
int flows_json(FILE *out, const struct table *table, const struct flows_options *options,
               const struct capture_stat *stat, const char *damage);

/* The conversations' indexes in this order; free() it. NULL: no memory. */
size_t *flows_order(const struct table *table, enum flows_sort sort);

#endif
