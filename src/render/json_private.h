/* json_private.h - what the files that write JSON Lines share: json.c and json_facts.c only. */
#ifndef RENDER_JSON_PRIVATE_H
#define RENDER_JSON_PRIVATE_H

#include <jansson.h>

#include "render/acked.h"
#include "render/json.h"

/* The model of one side as it was last told. */
struct json_model {
    uint32_t srtt_us, rto_us;
    uint32_t end; /* one past the highest number sent */
    bool sent;
};

struct writer {
    FILE *out;
    const struct ladder *ladder;
    const struct ladder_info *info;
    const struct ladder_segment *segment;
    struct numbering numbering;
    struct acked acked;
    struct json_model model[2];
    bool failed;
};

static inline const char *side_name(enum trace_side side)
{
    return side == LADDER_CLIENT ? "client" : "server";
}

static inline json_t *seconds(int64_t ns)
{
    return json_real((double)ns / 1e9);
}

/* A failed allocation anywhere shows as a NULL, which these refuse and remember. */
static inline void set(struct writer *w, json_t *event, const char *key, json_t *value)
{
    if (json_object_set_new(event, key, value) != 0) {
        w->failed = true;
    }
}

static inline void append(struct writer *w, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0) {
        w->failed = true;
    }
}

static inline json_t *begin(struct writer *w, const char *kind)
{
    json_t *event = json_object();

    set(w, event, "v", json_integer(1));
    set(w, event, "e", json_string(kind));
    set(w, event, "conn", json_integer(w->info->number));
    return event;
}

/* 15 digits: a time comes out as it was captured, not with the binary fraction's tail. */
static inline void end(struct writer *w, json_t *event)
{
    size_t flags = JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15);

    if (!w->failed && json_dumpf(event, w->out, flags) == 0) {
        fputc('\n', w->out);
    } else {
        w->failed = true;
    }
    json_decref(event);
}

/* json_facts.c: what is known of a segment besides its header, as keys of its event; and the events that follow
 * it: its loss, and figures of its sender. */
void json_put_facts(struct writer *w, json_t *event, const struct ladder_segment *segment);
void json_write_loss(struct writer *w, const struct ladder_segment *segment);
void json_write_metric(struct writer *w, const struct ladder_segment *segment);
void json_forget(struct writer *w);

#endif
