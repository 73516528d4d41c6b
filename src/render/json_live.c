/* json_live.c - see json_live.h. */
#include "render/json_live.h"

#include <jansson.h>

#define DUMP_FLAGS (JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15))

/* Takes the event over, NULL included. */
static int put(FILE *out, json_t *event)
{
    bool good = event != NULL && json_dumpf(event, out, DUMP_FLAGS) == 0;

    if (good) {
        fputc('\n', out);
    }
    json_decref(event);
    return good ? WEIR_OK : WEIR_ENOBUFS;
}

static json_t *number_or_null(uint32_t number)
{
    return number != 0 ? json_integer(number) : json_null();
}

int json_lesson(FILE *out, const struct ladder *ladder, enum seq_mode seq,
                const struct lesson *lesson)
{
    const struct ladder_info *info = ladder_info(ladder);
    struct numbering n;

    numbering_init(&n, info, seq);
    return put(out,
               json_pack("{s:i, s:s, s:I, s:f, s:s, s:o, s:o, s:s, s:[I, I], s:s, s:b}", "v", 1,
                         "e", "lesson", "conn", (json_int_t)info->number, "t",
                         (double)(int64_t)(lesson->time - info->origin) / 1e9, "what",
                         lesson_name(lesson->kind), "n", number_or_null(lesson->number), "by",
                         number_or_null(lesson->by), "side",
                         lesson->side == LADDER_CLIENT ? "client" : "server", "seq",
                         (json_int_t)numbering_shown(&n, lesson->side, lesson->start),
                         (json_int_t)numbering_shown(&n, lesson->side, lesson->end), "evidence",
                         evidence_name(lesson->evidence), "proven", (int)lesson->proven));
}

int json_drops(FILE *out, uint64_t packets, uint64_t total)
{
    return put(out, json_pack("{s:i, s:s, s:I, s:I}", "v", 1, "e", "drops", "packets",
                              (json_int_t)packets, "total", (json_int_t)total));
}

int json_omitted(FILE *out, const struct text_live_omitted *o)
{
    return put(out, json_pack("{s:i, s:s, s:I, s:I, s:I, s:I, s:f}", "v", 1, "e", "omitted",
                              "segments", (json_int_t)(o->data + o->acks + o->others), "data",
                              (json_int_t)o->data, "acks", (json_int_t)o->acks, "others",
                              (json_int_t)o->others, "span", (double)o->span_ns / 1e9));
}

int json_summary(FILE *out, const struct json_live_summary *s)
{
    return put(out, json_pack("{s:i, s:s, s:I, s:I, s:I, s:I, s:I, s:f}", "v", 1, "e", "summary",
                              "packets", (json_int_t)s->packets, "tcp", (json_int_t)s->tcp, "conns",
                              (json_int_t)s->conversations, "drops", (json_int_t)s->drops,
                              "interface_drops", (json_int_t)s->interface_drops, "duration",
                              s->duration_s));
}
