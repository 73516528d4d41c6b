/* json_internals.c - see json_internals.h. */
#include "render/json_internals.h"

#include <jansson.h>

/* As in json.c. */
#define DUMP_FLAGS (JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15))

struct writer {
    FILE *out;
    const struct ladder *ladder;
    struct numbering numbering;
    bool failed;
};

static json_t *seconds(int64_t ns)
{
    return json_real((double)ns / 1e9);
}

static void set(struct writer *w, json_t *event, const char *key, json_t *value)
{
    if (json_object_set_new(event, key, value) != 0) {
        w->failed = true;
    }
}

static json_t *begin(struct writer *w, const struct ladder_note *n, const char *kind)
{
    bool metric = kind == NULL;
    json_t *event = json_object();

    set(w, event, "v", json_integer(1));
    set(w, event, "e", json_string(metric ? "metric" : "internal"));
    set(w, event, "conn", json_integer(ladder_info(w->ladder)->number));
    set(w, event, "t", seconds(n->time.ns));
    set(w, event, "side", json_string(n->side == LADDER_CLIENT ? "client" : "server"));
    set(w, event, "n", n->segment != 0 ? json_integer(n->segment) : json_null());
    if (!metric) {
        set(w, event, "kind", json_string(kind));
    }
    return event;
}

static void end(struct writer *w, json_t *event)
{
    if (!w->failed && json_dumpf(event, w->out, DUMP_FLAGS) == 0) {
        fputc('\n', w->out);
    } else {
        w->failed = true;
    }
    json_decref(event);
}

static void write_metric(struct writer *w, const struct ladder_note *n)
{
    json_t *event = begin(w, n, NULL);

    if ((n->has & NOTE_CWND) != 0) {
        set(w, event, "cwnd", json_integer(n->cwnd));
        set(w, event, "cwnd_before", json_integer(n->cwnd_before));
        set(w, event, "ssthresh",
            n->ssthresh != UINT32_MAX ? json_integer(n->ssthresh) : json_null());
        set(w, event, "inflight", json_integer(n->inflight));
        set(w, event, "reason", json_string(weir_reason_name((enum weir_reason)n->cwnd_reason)));
    }
    if ((n->has & NOTE_RTT) != 0) {
        set(w, event, "rtt", seconds((int64_t)n->sample_ns));
        set(w, event, "srtt", seconds((int64_t)n->srtt_ns));
        set(w, event, "rto", seconds((int64_t)n->rto_ns));
    }
    set(w, event, "source", json_string("stack"));
    end(w, event);
}

static void write_timer(struct writer *w, const struct ladder_note *n)
{
    json_t *event = begin(w, n, "timer");

    set(w, event, "timer", json_string(weir_timer_name((enum weir_timer)n->timer)));
    set(w, event, "count", json_integer(n->fired));
    set(w, event, "next", n->next_ns != 0 ? seconds((int64_t)n->next_ns) : json_null());
    end(w, event);
}

static void write_lost(struct writer *w, const struct ladder_note *n)
{
    json_t *event = begin(w, n, "lost");

    set(w, event, "first", n->lost != 0 ? json_integer(n->lost_first) : json_null());
    set(w, event, "last", n->lost != 0 ? json_integer(n->lost_last) : json_null());
    set(w, event, "segments", json_integer(n->lost));
    set(w, event, "seq", json_integer(numbering_shown(&w->numbering, n->side, n->lost_seq)));
    set(w, event, "bytes", json_integer(n->lost_bytes));
    set(w, event, "reason", json_string(weir_reason_name((enum weir_reason)n->lost_reason)));
    end(w, event);
}

static void write_rest(struct writer *w, const struct ladder_note *n)
{
    if ((n->has & NOTE_DROP) != 0) {
        json_t *event = begin(w, n, "drop");
        set(w, event, "reason", json_string(weir_drop_name((enum weir_drop)n->drop)));
        end(w, event);
    }
    if ((n->has & NOTE_LIMIT) != 0) {
        json_t *event = begin(w, n, "limit");
        set(w, event, "before", json_string(weir_limit_name((enum weir_limit)n->limit_before)));
        set(w, event, "limit", json_string(weir_limit_name((enum weir_limit)n->limit)));
        end(w, event);
    }
}

int json_note(FILE *out, const struct ladder *ladder, const struct ladder_note *n,
              enum seq_mode seq)
{
    struct writer w = {.out = out, .ladder = ladder};

    numbering_init(&w.numbering, ladder_info(ladder), seq);
    if ((n->has & NOTE_TIMER) != 0) {
        write_timer(&w, n);
    }
    if ((n->has & (NOTE_CWND | NOTE_RTT)) != 0) {
        write_metric(&w, n);
    }
    if ((n->has & NOTE_LOST) != 0) {
        write_lost(&w, n);
    }
    write_rest(&w, n);
    return w.failed ? WEIR_ENOBUFS : WEIR_OK;
}

int json_internals(FILE *out, const struct ladder *ladder, const struct internals *in,
                   enum seq_mode seq)
{
    size_t count;
    const struct ladder_note *notes = internals_notes(in, &count);
    int result = WEIR_OK;

    for (size_t i = 0; i < count && result == WEIR_OK; i++) {
        result = json_note(out, ladder, &notes[i], seq);
    }
    return result;
}
