/* json_finding.c - findings, verdict and account as JSON Lines, through jansson. */
#include "render/json_finding.h"

#include <jansson.h>

#include "render/text.h"

#define DUMP_FLAGS (JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15))

struct event {
    FILE *out;
    json_t *object;
    bool failed; /* an allocation: it shows as a NULL that jansson refuses */
};

static void set(struct event *e, const char *key, json_t *value)
{
    e->failed = json_object_set_new(e->object, key, value) != 0 || e->failed;
}

static struct event begin(FILE *out, const char *kind, uint32_t conn)
{
    struct event e = {.out = out, .object = json_object()};

    set(&e, "v", json_integer(1));
    set(&e, "e", json_string(kind));
    set(&e, "conn", json_integer(conn));
    return e;
}

static int end(struct event *e)
{
    bool good = !e->failed && json_dumpf(e->object, e->out, DUMP_FLAGS) == 0;

    if (good) {
        fputc('\n', e->out);
    }
    json_decref(e->object);
    return good ? WEIR_OK : WEIR_ENOBUFS;
}

static json_t *seconds(int64_t ns)
{
    return json_real((double)ns / 1e9);
}

static json_t *numbers(const uint32_t *list, uint32_t count)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < count && array != NULL; i++) {
        if (json_array_append_new(array, json_integer(list[i])) != 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

static bool has_frames(const struct finding *f)
{
    for (uint32_t i = 0; i < f->segment_count; i++) {
        if (f->frames[i] != 0) {
            return true;
        }
    }
    return false;
}

int json_finding(FILE *out, uint32_t conn, const struct finding *f, weir_time origin)
{
    struct event e = begin(out, "finding", conn);
    char text[FINDING_TEXT_MAX];

    set(&e, "id", json_string(finding_name(f->id)));
    set(&e, "sev", json_string(finding_severity_name(f->severity)));
    set(&e, "confidence", json_real(f->confidence / 100.0));
    set(&e, "side", json_string(f->side == LADDER_CLIENT ? "client" : "server"));
    set(&e, "t0", seconds((int64_t)(f->start - origin)));
    set(&e, "t1", seconds((int64_t)(f->end - origin)));
    set(&e, "cost", seconds((int64_t)f->cost_ns));
    set(&e, "occurrences", json_integer(f->occurrences));
    set(&e, "segs", numbers(f->segments, f->segment_count));
    if (has_frames(f)) {
        set(&e, "frames", numbers(f->frames, f->segment_count));
    }
    set(&e, "en", json_string(finding_text(text, f, LANGUAGE_EN)));
    set(&e, "zh", json_string(finding_text(text, f, LANGUAGE_ZH)));
    set(&e, "evidence", json_string(f->evidence));
    return end(&e);
}

static int put_connection(FILE *out, uint32_t conn, const struct weir_endpoint ends[2],
                          const struct outcome *o)
{
    struct event e = begin(out, "connection", conn);
    char text[TEXT_ENDPOINT_MAX];

    set(&e, "start", seconds((int64_t)o->totals->start));
    set(&e, "client", json_string(text_endpoint(&ends[LADDER_CLIENT], text)));
    set(&e, "server", json_string(text_endpoint(&ends[LADDER_SERVER], text)));
    return end(&e);
}

static int put_verdict(FILE *out, uint32_t conn, const struct outcome *o)
{
    const struct finding *f = outcome_main(o);
    struct event e = begin(out, "verdict", conn);
    char text[FINDING_TEXT_MAX];

    set(&e, "id", f == NULL ? json_null() : json_string(finding_name(f->id)));
    set(&e, "en", json_string(verdict_text(text, o, LANGUAGE_EN)));
    set(&e, "zh", json_string(verdict_text(text, o, LANGUAGE_ZH)));
    return end(&e);
}

static int put_account(FILE *out, uint32_t conn, const struct account *a)
{
    struct event e = begin(out, "account", conn);

    set(&e, "total", seconds((int64_t)a->total_ns));
    for (int i = 0; i < ACCOUNT_PARTS; i++) {
        set(&e, account_part_name((enum account_part)i), seconds((int64_t)a->part_ns[i]));
    }
    return end(&e);
}

static int put_end(FILE *out, uint32_t conn, const struct finder_totals *t)
{
    struct event e = begin(out, "end", conn);

    set(&e, "how", json_string(ladder_end_name(t->end)));
    set(&e, "segments", json_integer(t->segments));
    set(&e, "bytes", json_pack("[I,I]", (json_int_t)t->bytes[0], (json_int_t)t->bytes[1]));
    return end(&e);
}

int json_outcome(FILE *out, uint32_t conn, const struct weir_endpoint ends[2],
                 const struct outcome *o)
{
    int result = put_connection(out, conn, ends, o);

    result = result == WEIR_OK ? put_verdict(out, conn, o) : result;
    for (size_t i = 0; i < o->count && result == WEIR_OK; i++) {
        result = json_finding(out, conn, &o->findings[i], o->totals->start);
    }
    result = result == WEIR_OK ? put_account(out, conn, o->account) : result;
    return result == WEIR_OK ? put_end(out, conn, o->totals) : result;
}
