/*
 * qlog.c - a ladder as qlog, the log format of QUIC's tools.
 *
 * qlog_ladder writes draft-ietf-quic-qlog-main-schema's JSON text sequence (RFC 7464: each record begins with
 * a record separator). qlog knows no TCP, so the events are ours: tcp:segment_sent, tcp:segment_received,
 * tcp:segment_lost, tcp:state_updated, recovery:metrics_updated, under a schema URI of our own. A sequence
 * holds one trace; where both ends are known a second one, with its header, follows.
 *
 * qvis_ladder writes the older shape (draft-02, one JSON object) with QUIC's names, because that is what the
 * views of qvis look for: transport:packet_sent with header.packet_number (the segment's number) and
 * header.packet_size, ACK frames with ranges of such numbers, recovery:packet_lost, recovery:metrics_updated.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compiler.h"
#include "render/acked.h"
#include "render/export.h"
#include "render/prose.h"
#include "render/text.h"
#include "trace/judge.h"
#include "trace/state.h"

#define DUMP_FLAGS (JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15))
#define SCHEMA "urn:weir:params:qlog:events:tcp-1"
#define RECORD_SEPARATOR '\x1e'
#define NS_PER_MS 1e6
#define NS_PER_S 1000000000ULL
#define HEADER_BYTES 20 /* of TCP, without options: qvis wants sizes that are not 0 */

struct event {
    int64_t ns;
    size_t order;
    json_t *json;
};

struct log {
    const struct ladder *ladder;
    const struct ladder_info *info;
    const struct ladder_segment *segment;
    size_t segments;
    struct numbering numbering;
    struct acked acked;
    bool qvis, failed;
    enum trace_side side; /* whose trace is being written */
    bool network;         /* nobody's: captured on the way */
    uint32_t srtt_us, flight;
    struct event *event;
    size_t count, room;
};

/* ---- Events ------------------------------------------------------------------------------------------------ */

static void put(struct log *l, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0) {
        l->failed = true;
    }
}

static void append(struct log *l, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0) {
        l->failed = true;
    }
}

static void add_event(struct log *l, int64_t ns, const char *name, json_t *data)
{
    json_t *event = json_object();

    put(l, event, "time", json_real((double)ns / NS_PER_MS));
    put(l, event, "name", json_string(name));
    put(l, event, "data", data);
    if (l->count == l->room) {
        size_t room = MAX(l->room * 2, 256);
        struct event *moved = realloc(l->event, room * sizeof(*moved));
        if (moved == NULL) {
            l->failed = true;
            json_decref(event);
            return;
        }
        l->event = moved;
        l->room = room;
    }
    l->event[l->count] = (struct event){ns, l->count, event};
    l->count++;
}

static bool known(const struct ladder_time *t)
{
    return t->known == LADDER_MEASURED || t->known == LADDER_ESTIMATED;
}

/* ---- Segments -------------------------------------------------------------------------------------------------- */

static json_t *own_data(struct log *l, const struct ladder_segment *s)
{
    enum trace_side sender = (enum trace_side)s->wire.side;
    json_t *data = json_object(), *header = json_object();
    struct label label;
    char text[LABEL_MAX], sentence[PROSE_MAX];

    put(l, header, "segment_number", json_integer(s->number));
    put(l, header, "seq", json_integer(numbering_shown(&l->numbering, sender, s->wire.seq)));
    if ((s->wire.flags & WEIR_TCP_ACK) != 0) {
        uint32_t ack = numbering_shown(&l->numbering, trace_other(sender), s->wire.ack);
        put(l, header, "ack", json_integer(ack));
    }
    put(l, header, "window", json_integer(s->window));
    label_make(&label, s, &l->numbering, true);
    put(l, header, "label", json_string(label_fit(&label, LABEL_MAX - 1, text)));
    put(l, data, "header", header);
    put(l, data, "raw", json_pack("{s:i}", "payload_length", (int)s->wire.length));
    put(l, data, "class", json_string(ladder_class_name(s->class, s->cause)));
    if (s->evidence != EVIDENCE_NONE) {
        put(l, data, "evidence", json_string(evidence_name((enum evidence)s->evidence)));
    }
    if (s->first != 0) {
        put(l, data, "first", json_integer(s->first));
    }
    if ((s->facts & LADDER_FACT_SPURIOUS) != 0) {
        put(l, data, "spurious", json_true());
    }
    prose_of(sentence, l->ladder, s, &l->numbering, LANGUAGE_EN);
    put(l, data, "meaning", json_string(sentence));
    return data;
}

/* What it carries, as frames of QUIC: bytes as those of stream 0, ACKs as ranges of segment numbers. */
static json_t *qvis_frames(struct log *l, const struct ladder_segment *s)
{
    enum trace_side sender = (enum trace_side)s->wire.side;
    json_t *frames = json_array();

    if (l->acked.count > 0) {
        json_t *ranges = json_array();
        for (size_t i = 0; i < l->acked.count; i++) {
            const struct ladder_segment *other = &l->segment[l->acked.number[i] - 1];
            if (other->arrived.known != LADDER_LOST && (other->facts & LADDER_FACT_MISSED) == 0) {
                append(l, ranges, json_pack("[i,i]", (int)other->number, (int)other->number));
            }
        }
        json_t *frame = json_pack("{s:s}", "frame_type", "ack");
        put(l, frame, "acked_ranges", ranges);
        append(l, frames, frame);
    }
    if (trace_segment_span(&s->wire) > 0) {
        uint32_t offset = s->wire.seq - l->info->side[sender].isn - 1;
        bool fin = (s->wire.flags & WEIR_TCP_FIN) != 0;
        json_t *frame = json_pack("{s:s,s:i,s:I,s:i,s:b}", "frame_type", "stream", "stream_id", 0,
                                  "offset", (json_int_t)((int32_t)offset < 0 ? 0 : offset),
                                  "length", (int)s->wire.length, "fin", fin);
        append(l, frames, frame);
    }
    return frames;
}

static json_t *qvis_data(struct log *l, const struct ladder_segment *s)
{
    json_t *data = json_object();
    struct label label;
    char text[LABEL_MAX];
    int size = (int)(s->wire.length + HEADER_BYTES);

    put(l, data, "packet_type", json_string("1RTT"));
    put(l, data, "header",
        json_pack("{s:s,s:i,s:i,s:i}", "packet_type", "1RTT", "packet_number", (int)s->number,
                  "packet_size", size, "payload_length", (int)s->wire.length));
    put(l, data, "raw",
        json_pack("{s:i,s:i}", "length", size, "payload_length", (int)s->wire.length));
    put(l, data, "frames", qvis_frames(l, s));
    label_make(&label, s, &l->numbering, false);
    put(l, data, "tcp", json_string(label_fit(&label, LABEL_MAX - 1, text)));
    return data;
}

static void add_segment(struct log *l, const struct ladder_segment *s)
{
    static const char *const names[2][2] = {{"tcp:segment_received", "tcp:segment_sent"},
                                            {"transport:packet_received", "transport:packet_sent"}};
    bool sends = (enum trace_side)s->wire.side == l->side;
    const struct ladder_time *t = sends ? &s->sent : &s->arrived;

    if (!acked_take(&l->acked, s)) {
        l->failed = true;
    }
    if (l->network || known(t)) {
        add_event(l, l->network ? s->sent.ns : t->ns, names[l->qvis][sends],
                  l->qvis ? qvis_data(l, s) : own_data(l, s));
    }
}

/* ---- What the sender learns -------------------------------------------------------------------------------------- */

/* A loss is dated by what repaired it: only then did the sender act on it. */
static void add_loss(struct log *l, const struct ladder_segment *s)
{
    bool proven = s->arrived.known == LADDER_LOST;
    bool inferred = (s->facts & LADDER_FACT_MISSED) != 0;

    if ((enum trace_side)s->wire.side != l->side || (!proven && !inferred)) {
        return;
    }
    bool repaired = s->repaired_by != 0 && s->repaired_by <= l->segments;
    int64_t ns = repaired ? l->segment[s->repaired_by - 1].sent.ns : s->sent.ns;
    const char *trigger = repaired ? ladder_class_name(l->segment[s->repaired_by - 1].class,
                                                       l->segment[s->repaired_by - 1].cause)
                                   : "unrepaired";
    json_t *data;
    if (l->qvis) {
        data =
            json_pack("{s:i,s:{s:s,s:i},s:s}", "packet_number", (int)s->number, "header",
                      "packet_type", "1RTT", "packet_number", (int)s->number, "trigger", trigger);
    } else {
        enum evidence how = proven ? EVIDENCE_BOTH_ENDS : (enum evidence)s->evidence;
        data = json_pack("{s:{s:i},s:s,s:s,s:b}", "header", "segment_number", (int)s->number,
                         "trigger", trigger, "evidence", evidence_name(how), "proven", proven);
    }
    add_event(l, ns, l->qvis ? "recovery:packet_lost" : "tcp:segment_lost", data);
}

static void add_metrics(struct log *l, const struct ladder_segment *s)
{
    bool own = trace_segment_span(&s->wire) > 0, sends = (enum trace_side)s->wire.side == l->side;
    const struct ladder_time *t = sends ? &s->sent : &s->arrived;
    json_t *data = json_object();

    if (sends == own && s->srtt_us != 0 && s->srtt_us != l->srtt_us) {
        l->srtt_us = s->srtt_us;
        put(l, data, "smoothed_rtt", json_real(s->srtt_us / 1e3));
        if (s->rtt_us != 0 && !sends) {
            put(l, data, "latest_rtt", json_real(s->rtt_us / 1e3));
        }
        if (!l->qvis && s->rto_us != 0) {
            put(l, data, "retransmission_timeout", json_real(s->rto_us / 1e3));
        }
    }
    if (sends && s->flight != 0 && s->flight != l->flight) {
        l->flight = s->flight;
        put(l, data, "bytes_in_flight", json_integer(s->flight));
    }
    if (json_object_size(data) > 0 && (l->network || known(t))) {
        add_event(l, l->network ? s->sent.ns : t->ns, "recovery:metrics_updated", data);
    } else {
        json_decref(data);
    }
}

static void add_states(struct log *l)
{
    size_t count;
    const struct ladder_change *change = ladder_changes(l->ladder, &count);

    for (size_t i = 0; i < count; i++) {
        if (change[i].side == l->side) {
            json_t *data = json_pack("{s:s,s:s}", "old", state_name(change[i].from), "new",
                                     state_name(change[i].to));
            add_event(l, change[i].time.ns,
                      l->qvis ? "connectivity:connection_state_updated" : "tcp:state_updated",
                      data);
        }
    }
}

/* ---- Traces -------------------------------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const struct event *x = a, *y = b;

    if (x->ns != y->ns) {
        return x->ns < y->ns ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

static void collect(struct log *l, enum trace_side side)
{
    l->side = side;
    l->count = 0;
    l->srtt_us = l->flight = 0;
    l->acked = (struct acked){.count = 0};
    for (size_t i = 0; i < l->segments; i++) {
        add_segment(l, &l->segment[i]);
        add_loss(l, &l->segment[i]);
        add_metrics(l, &l->segment[i]);
    }
    add_states(l);
    acked_free(&l->acked);
    if (l->count > 0) {
        qsort(l->event, l->count, sizeof(*l->event), by_time);
    }
}

static const char *vantage_of(const struct log *l)
{
    return l->network ? "network" : l->side == LADDER_CLIENT ? "client" : "server";
}

static json_t *vantage(struct log *l)
{
    json_t *point = json_pack("{s:s,s:s}", "name", vantage_of(l), "type", vantage_of(l));

    if (l->network) {
        put(l, point, "flow", json_string("client"));
    }
    return point;
}

static char *title(const struct log *l, char out[2 * TEXT_ENDPOINT_MAX + 8])
{
    char client[TEXT_ENDPOINT_MAX], server[TEXT_ENDPOINT_MAX];

    snprintf(out, 2 * TEXT_ENDPOINT_MAX + 8, "%s -> %s",
             text_endpoint(&l->info->side[LADDER_CLIENT].endpoint, client),
             text_endpoint(&l->info->side[LADDER_SERVER].endpoint, server));
    return out;
}

/* RFC 3339, with nanoseconds. */
static char *date(char out[64], weir_time time)
{
    time_t seconds = (time_t)(time / NS_PER_S);
    struct tm tm;
    char day[32] = "1970-01-01T00:00:00";

    if (gmtime_r(&seconds, &tm) != NULL) {
        strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
    }
    snprintf(out, 64, "%s.%09" PRIu64 "Z", day, (uint64_t)(time % NS_PER_S));
    return out;
}

static void dump(struct log *l, FILE *out, const json_t *json)
{
    if (!l->failed && json_dumpf(json, out, DUMP_FLAGS) != 0) {
        l->failed = true;
    }
}

static void write_record(struct log *l, FILE *out, json_t *json)
{
    putc(RECORD_SEPARATOR, out);
    dump(l, out, json);
    putc('\n', out);
    json_decref(json);
}

static void write_sequence(struct log *l, FILE *out, enum trace_side side)
{
    char text[2 * TEXT_ENDPOINT_MAX + 8], when[64];
    json_t *head = json_object(), *trace = json_object();

    collect(l, side);
    put(l, head, "file_schema", json_string("urn:ietf:params:qlog:file:sequential"));
    put(l, head, "serialization_format", json_string("application/qlog+json-seq"));
    put(l, trace, "title", json_string(title(l, text)));
    put(l, trace, "vantage_point", vantage(l));
    put(l, trace, "event_schemas", json_pack("[s]", SCHEMA));
    put(l, trace, "common_fields",
        json_pack("{s:i,s:[s],s:s,s:{s:s,s:s}}", "group_id", (int)l->info->number, "protocol_types",
                  "TCP", "time_format", "relative_to_epoch", "reference_time", "clock_type",
                  "system", "epoch", date(when, l->info->origin)));
    put(l, head, "trace", trace);
    write_record(l, out, head);
    for (size_t i = 0; i < l->count; i++) {
        write_record(l, out, l->event[i].json);
    }
}

static json_t *qvis_trace(struct log *l, enum trace_side side)
{
    char text[2 * TEXT_ENDPOINT_MAX + 8];
    json_t *trace = json_object(), *events = json_array();

    collect(l, side);
    put(l, trace, "title", json_string(title(l, text)));
    put(l, trace, "vantage_point", vantage(l));
    put(l, trace, "configuration", json_pack("{s:s,s:i}", "time_units", "ms", "time_offset", 0));
    put(l, trace, "common_fields",
        json_pack("{s:[s],s:s,s:f,s:s}", "protocol_type", "TCP", "time_format", "relative",
                  "reference_time", (double)l->info->origin / NS_PER_MS, "group_id",
                  title(l, text)));
    for (size_t i = 0; i < l->count; i++) {
        append(l, events, l->event[i].json);
    }
    put(l, trace, "events", events);
    return trace;
}

static struct log begin(const struct ladder *ladder, const struct export_options *options)
{
    struct log l = {.ladder = ladder, .info = ladder_info(ladder)};

    l.segment = ladder_segments(ladder, &l.segments);
    l.network = l.info->vantage == LADDER_AT_UNKNOWN;
    numbering_init(&l.numbering, l.info, options->seq);
    return l;
}

/* The sides of which there is a trace: first, and last. */
static void sides(const struct log *l, int *first, int *last)
{
    bool both = l->info->vantage == LADDER_AT_BOTH;

    *first = both || l->network ? LADDER_CLIENT : (int)l->info->reference;
    *last = both ? LADDER_SERVER : *first;
}

int qlog_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options)
{
    struct log l = begin(ladder, options);
    int first, last;

    sides(&l, &first, &last);
    for (int side = first; side <= last; side++) {
        write_sequence(&l, out, (enum trace_side)side);
    }
    free(l.event);
    return l.failed ? WEIR_ENOBUFS : WEIR_OK;
}

int qvis_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options)
{
    struct log l = begin(ladder, options);
    char text[2 * TEXT_ENDPOINT_MAX + 8];
    json_t *file = json_object(), *traces = json_array();
    int first, last;

    l.qvis = true;
    put(&l, file, "qlog_version", json_string("draft-02"));
    put(&l, file, "qlog_format", json_string("JSON"));
    put(&l, file, "title", json_string(title(&l, text)));
    sides(&l, &first, &last);
    for (int side = first; side <= last; side++) {
        append(&l, traces, qvis_trace(&l, (enum trace_side)side));
    }
    put(&l, file, "traces", traces);
    dump(&l, out, file);
    putc('\n', out);
    json_decref(file);
    free(l.event);
    return l.failed ? WEIR_ENOBUFS : WEIR_OK;
}
