/* live_ladder.c - see live_ladder.h. */
#include "cli/live_ladder.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "render/json.h"
#include "render/json_finding.h"
#include "render/json_internals.h"
#include "render/json_live.h"
#include "render/text_live.h"
#include "trace/internals.h"
#include "trace/stream.h"

#define EARLY_MAX 512
#define REORDER (20 * WEIR_MS) /* packets and records of the same moment come one after the other */

/* A packet from before the conversation was known. */
struct early_packet {
    struct trace_segment wire;
    struct weir_endpoint src, dst;
    weir_time arrived;
    uint32_t facts;
};

struct live_ladder {
    struct live_ladder_setup setup;
    struct text_live text;
    struct json_rows *rows; /* NULL: it is drawn */
    struct weir_tcp_info info;
    struct stream *stream; /* NULL until it is known which conversation it is */
    /* Rings: the newest ones are kept. */
    struct early_packet packet[EARLY_MAX];
    struct weir_record record[EARLY_MAX];
    size_t packets, records;
    struct internals *internals; /* NULL: nobody asks, or there is no memory */
};

struct live_ladder *live_ladder_new(const struct live_ladder_setup *setup)
{
    struct live_ladder *live = calloc(1, sizeof(*live));

    if (live != NULL) {
        live->setup = *setup;
        live->text = (struct text_live){.out = setup->out, .options = setup->options};
        live->internals = setup->inside ? internals_new() : NULL;
        live->rows = setup->json ? json_rows_new(setup->out, setup->options->seq) : NULL;
    }
    if (live != NULL && setup->json && live->rows == NULL) {
        live_ladder_del(live);
        live = NULL;
    }
    return live;
}

void live_ladder_del(struct live_ladder *live)
{
    if (live != NULL) {
        stream_del(live->stream);
        internals_del(live->internals);
        json_rows_del(live->rows);
        free(live);
    }
}

/* ---- Out ----------------------------------------------------------------------------------------------- */

static void tell_event(const struct live_ladder *live, const struct stream_event *event)
{
    FILE *out = live->setup.out;
    const struct ladder_info *info = ladder_info(event->ladder);

    switch (event->kind) {
    case STREAM_BEGIN: json_rows_begin(live->rows, event->ladder); break;
    case STREAM_ROW: json_rows_take(live->rows, event->ladder, event->row); break;
    case STREAM_LESSON:
        json_lesson(out, event->ladder, live->setup.options->seq, event->lesson);
        break;
    case STREAM_FINDING: json_finding(out, info->number, event->finding, info->origin); break;
    case STREAM_END: json_rows_end(live->rows, event->ladder); break;
    }
}

static void draw_event(const struct live_ladder *live, const struct stream_event *event)
{
    switch (event->kind) {
    case STREAM_BEGIN: text_live_begin(&live->text, event->ladder, NULL); break;
    case STREAM_ROW:
    case STREAM_LESSON: text_live_event(&live->text, event); break;
    case STREAM_FINDING:
        if (event->finding->severity > FINDING_INFO) {
            text_live_finding(&live->text, event->ladder, event->finding);
        }
        break;
    case STREAM_END: break;
    }
}

/* For tell_note. */
struct note_target {
    const struct live_ladder *live;
    const struct ladder *ladder;
};

static void tell_note(void *ctx, const struct ladder_note *note)
{
    const struct note_target *target = ctx;
    const struct live_ladder_setup *setup = &target->live->setup;
    struct ladder_row row = {
        .kind = LADDER_ROW_NOTE, .side = note->side, .time = note->time, .note = note};

    if (setup->json) {
        (void)json_note(setup->out, target->ladder, note, setup->options->seq);
    } else {
        text_rows(setup->out, target->ladder, setup->options, &row, 1);
    }
}

/* When the row happens for our stack; false: it says nothing about that. */
static bool own_time(const struct live_ladder *live, const struct ladder_row *row, int64_t *ns)
{
    const struct ladder_segment *s = row->segment;

    if (row->kind == LADDER_ROW_STATE) {
        *ns = row->time.ns;
        return row->side == live->setup.side;
    }
    if (s == NULL || row->kind == LADDER_ROW_IDLE) {
        return false;
    }
    const struct ladder_time *t =
        s->wire.side == (uint8_t)live->setup.side ? &s->sent : &s->arrived;
    *ns = t->ns;
    return t->known == LADDER_MEASURED;
}

/* What our stack decided before this event. */
static void tell_notes(const struct live_ladder *live, const struct stream_event *event)
{
    struct note_target target = {live, event->ladder};
    weir_time origin = ladder_info(event->ladder)->origin;
    int64_t ns = 0;

    if (live->internals == NULL) {
        return;
    }
    if (event->kind == STREAM_END) {
        internals_tell(live->internals, WEIR_NEVER, origin, tell_note, &target);
    } else if (event->kind == STREAM_ROW && own_time(live, event->row, &ns)) {
        internals_tell(live->internals, origin + (weir_time)ns, origin, tell_note, &target);
    }
}

static void on_event(void *ctx, const struct stream_event *event)
{
    const struct live_ladder *live = ctx;

    tell_notes(live, event);
    if (live->rows != NULL) {
        tell_event(live, event);
    } else {
        draw_event(live, event);
    }
}

/* ---- In ------------------------------------------------------------------------------------------------ */

static bool same_end(const struct weir_endpoint *a, const struct weir_endpoint *b)
{
    return a->port == b->port && weir_ip_equal(&a->ip, &b->ip);
}

static void take(struct live_ladder *live, const struct early_packet *packet)
{
    bool out = packet->wire.side == (uint8_t)live->setup.side;
    struct weir_endpoint local = live->info.local, remote = live->info.remote;

    local.ip.scope = remote.ip.scope = 0; /* packets have none */
    if (!same_end(&packet->src, out ? &local : &remote) ||
        !same_end(&packet->dst, out ? &remote : &local)) {
        return;
    }
    /* Without memory it is missing, and the rest goes on. */
    if (live->setup.both) {
        (void)stream_take_both(live->stream, &packet->wire, packet->arrived, packet->facts);
    } else {
        (void)stream_take(live->stream, &packet->wire);
    }
}

void live_ladder_packet(struct live_ladder *live, const struct ladder_packet *packet)
{
    struct early_packet early = {.arrived = packet->arrived,
                                 .facts =
                                     (packet->duplicate ? (uint32_t)LADDER_FACT_COPY : 0) |
                                     (packet->corrupted ? (uint32_t)LADDER_FACT_CORRUPTED : 0)};

    if (trace_parse_ip(packet->bytes, packet->size, packet->size, &early.wire, &early.src,
                       &early.dst) != TRACE_TCP) {
        return;
    }
    early.wire.time = packet->sent;
    early.wire.frame = 0;
    early.wire.side = (uint8_t)packet->from;
    if (live->stream != NULL) {
        take(live, &early);
    } else {
        live->packet[live->packets++ % EARLY_MAX] = early;
    }
}

void live_ladder_arrived(struct live_ladder *live, const uint8_t *bytes, size_t size, weir_time now)
{
    struct trace_segment wire;
    struct weir_endpoint src, dst;

    if (trace_parse_ip(bytes, size, size, &wire, &src, &dst) != TRACE_TCP) {
        return;
    }
    wire.side = (uint8_t)trace_other(live->setup.side);
    if (live->stream != NULL) {
        stream_arrived(live->stream, &wire, now, now);
        return;
    }
    for (size_t i = 0; i < MIN(live->packets, (size_t)EARLY_MAX); i++) {
        struct early_packet *p = &live->packet[i];
        if (p->wire.side == wire.side && p->arrived <= now && p->wire.seq == wire.seq &&
            p->wire.flags == wire.flags && same_end(&p->src, &src) && same_end(&p->dst, &dst)) {
            p->arrived = now;
        }
    }
}

static void take_record(struct live_ladder *live, const struct weir_record *record)
{
    if (record->id == live->info.id) {
        if (live->internals != NULL) {
            (void)internals_add(live->internals, live->setup.side, record);
        }
        (void)stream_record(live->stream, (uint8_t)live->setup.side, record);
    }
}

void live_ladder_record(struct live_ladder *live, const struct weir_record *record)
{
    if (!live->setup.inside && record->type != WEIR_RECORD_STATE &&
        record->type != WEIR_RECORD_TIMER) {
        return;
    }
    if (live->stream != NULL) {
        take_record(live, record);
    } else {
        live->record[live->records++ % EARLY_MAX] = *record;
    }
}

void live_ladder_conn(struct live_ladder *live, const struct weir_tcp_info *info)
{
    bool client = live->setup.side == LADDER_CLIENT;
    struct stream_setup setup = {
        .number = 1,
        .vantage = live->setup.both ? LADDER_AT_BOTH
                   : client         ? LADDER_AT_CLIENT
                                    : LADDER_AT_SERVER,
        .vantage_known = true,
        .end = {client ? info->local : info->remote, client ? info->remote : info->local},
        .reorder = REORDER,
        .told = {client, !client},
        .tell = on_event,
        .ctx = live};

    if (live->stream != NULL) {
        return;
    }
    live->info = *info;
    live->stream = stream_new(&setup);
    if (live->stream == NULL) {
        return;
    }
    for (size_t i = live->packets - MIN(live->packets, (size_t)EARLY_MAX); i < live->packets; i++) {
        take(live, &live->packet[i % EARLY_MAX]);
    }
    for (size_t i = live->records - MIN(live->records, (size_t)EARLY_MAX); i < live->records; i++) {
        take_record(live, &live->record[i % EARLY_MAX]);
    }
}

weir_time live_ladder_draw(struct live_ladder *live, weir_time now)
{
    if (live->stream == NULL) {
        return WEIR_NEVER;
    }
    weir_time next = stream_advance(live->stream, now);
    fflush(live->setup.out);
    return next == WEIR_NEVER ? next : max_u64(next, now + WEIR_MS);
}

void live_ladder_finish(struct live_ladder *live)
{
    if (live->stream != NULL) {
        stream_end(live->stream);
        fflush(live->setup.out);
    }
}
