/* live_ladder.c - see live_ladder.h. */
#include "cli/live_ladder.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "trace/ladder.h"

#define RECORDS_MAX (4 * LIVE_SEGMENTS_MAX)
#define INTERVAL (100 * WEIR_MS)         /* between two looks */
#define SETTLE_TIME (20 * WEIR_MS)       /* besides the round trip */
#define UNKNOWN_RTT_TIME (300 * WEIR_MS) /* until the handshake is complete */

struct live_ladder {
    FILE *out;
    struct text_options options;
    enum trace_side side;
    bool both;
    bool known; /* which conversation it is */
    struct weir_tcp_info info;
    struct ladder_packet packets[LIVE_SEGMENTS_MAX]; /* their bytes are ours */
    bool reached_us[LIVE_SEGMENTS_MAX];
    size_t packet_count, left_out;
    struct weir_record records[RECORDS_MAX];
    size_t record_count;
    bool head_drawn, fresh; /* fresh: something came since the last look */
    size_t drawn;           /* rows */
    weir_time looked;
};

struct live_ladder *live_ladder_new(FILE *out, const struct text_options *options,
                                    enum trace_side side, bool both)
{
    struct live_ladder *live = calloc(1, sizeof(*live));

    if (live != NULL) {
        live->out = out;
        live->options = *options;
        live->side = side;
        live->both = both;
    }
    return live;
}

void live_ladder_del(struct live_ladder *live)
{
    for (size_t i = 0; live != NULL && i < live->packet_count; i++) {
        free((void *)(uintptr_t)live->packets[i].bytes);
    }
    free(live);
}

/* ---- In ------------------------------------------------------------------------------------------------ */

void live_ladder_packet(struct live_ladder *live, const struct ladder_packet *packet)
{
    uint8_t *bytes =
        live->packet_count < LIVE_SEGMENTS_MAX ? malloc(MAX(packet->size, (size_t)1)) : NULL;

    if (bytes == NULL) {
        live->left_out++;
        return;
    }
    memcpy(bytes, packet->bytes, packet->size);
    live->packets[live->packet_count] = *packet;
    live->packets[live->packet_count++].bytes = bytes;
    live->fresh = true;
}

void live_ladder_arrived(struct live_ladder *live, const uint8_t *bytes, size_t size, weir_time now)
{
    for (size_t i = 0; i < live->packet_count; i++) {
        struct ladder_packet *p = &live->packets[i];
        if (p->from != live->side && p->arrived <= now && !live->reached_us[i] && p->size == size &&
            memcmp(p->bytes, bytes, size) == 0) {
            p->arrived = now;
            live->reached_us[i] = true;
            return;
        }
    }
}

void live_ladder_record(struct live_ladder *live, const struct weir_record *record)
{
    bool wanted = record->type == WEIR_RECORD_STATE || record->type == WEIR_RECORD_TIMER;

    if (wanted && live->record_count < RECORDS_MAX && live->packet_count < LIVE_SEGMENTS_MAX) {
        live->records[live->record_count++] = *record;
        live->fresh = true;
    }
}

void live_ladder_conn(struct live_ladder *live, const struct weir_tcp_info *info)
{
    live->info = *info;
    live->known = live->fresh = true;
}

/* ---- Making one ---------------------------------------------------------------------------------------- */

static bool same_end(const struct weir_endpoint *a, const struct weir_endpoint *b)
{
    return a->port == b->port && weir_ip_equal(&a->ip, &b->ip);
}

/* A packet of which only our end's time is known. */
static void add_seen(const struct live_ladder *live, struct ladder *ladder,
                     const struct ladder_packet *packet)
{
    struct trace_segment segment;
    struct weir_endpoint src, dst;
    bool out = packet->from == live->side;
    struct weir_endpoint local = live->info.local, remote = live->info.remote;

    local.ip.scope = remote.ip.scope = 0; /* packets have none */
    if (trace_parse_ip(packet->bytes, packet->size, packet->size, &segment, &src, &dst) ==
            TRACE_TCP &&
        same_end(&src, out ? &local : &remote) && same_end(&dst, out ? &remote : &local)) {
        segment.time = packet->sent;
        segment.frame = 0;
        segment.side = (uint8_t)packet->from;
        ladder_add_segment(ladder, &segment);
    }
}

struct ladder *live_ladder_make(const struct live_ladder *live)
{
    enum ladder_vantage near = live->side == LADDER_CLIENT ? LADDER_AT_CLIENT : LADDER_AT_SERVER;
    struct ladder *ladder = live->known ? ladder_new(live->both ? LADDER_AT_BOTH : near) : NULL;
    bool client = live->side == LADDER_CLIENT;

    if (ladder == NULL) {
        return NULL;
    }
    ladder_set_ends(ladder, client ? &live->info.local : &live->info.remote,
                    client ? &live->info.remote : &live->info.local, false);
    for (size_t i = 0; i < live->packet_count; i++) {
        if (live->both) {
            ladder_add_packet(ladder, &live->packets[i]);
        } else {
            add_seen(live, ladder, &live->packets[i]);
        }
    }
    for (size_t i = 0; i < live->record_count; i++) {
        if (live->records[i].id == live->info.id) {
            ladder_add_record(ladder, live->side, &live->records[i]);
        }
    }
    if (ladder_finish(ladder) != WEIR_OK) {
        ladder_del(ladder);
        return NULL;
    }
    return ladder;
}

/* ---- Drawing ------------------------------------------------------------------------------------------- */

/* When the last thing happened that the row tells, counted from the first segment. */
static int64_t row_time(const struct ladder_row *row)
{
    const struct ladder_segment *s = row->segment;

    if (row->kind == LADDER_ROW_STATE) {
        return row->time.ns;
    }
    bool arrives = s->arrived.known == LADDER_MEASURED || s->arrived.known == LADDER_ESTIMATED;
    return arrives ? MAX(s->sent.ns, s->arrived.ns) : s->sent.ns;
}

/* Rows [0, result) are older than `age`. A silence is settled with what ends it. */
static size_t settled_rows(const struct ladder *ladder, weir_time now, weir_time age)
{
    size_t count, settled = 0;
    const struct ladder_row *rows = ladder_rows(ladder, &count);
    weir_time origin = ladder_info(ladder)->origin;

    for (size_t i = 0; i < count; i++) {
        if (rows[i].kind == LADDER_ROW_IDLE) {
            continue;
        }
        if (origin + (weir_time)row_time(&rows[i]) + age > now) {
            break;
        }
        settled = i + 1;
    }
    return settled;
}

static void draw_to(struct live_ladder *live, const struct ladder *ladder, size_t row)
{
    if (!live->head_drawn && row > 0) {
        text_ladder_head(live->out, ladder, &live->options);
        live->head_drawn = true;
    }
    if (row > live->drawn) {
        text_ladder_rows(live->out, ladder, &live->options, live->drawn, row);
        live->drawn = row;
        fflush(live->out);
    }
}

weir_time live_ladder_draw(struct live_ladder *live, weir_time now)
{
    size_t count;

    if (!live->known || !live->fresh) {
        return WEIR_NEVER;
    }
    if (now < live->looked + INTERVAL) {
        return live->looked + INTERVAL;
    }
    live->looked = now;
    struct ladder *ladder = live_ladder_make(live);
    if (ladder == NULL) {
        return now + INTERVAL;
    }
    weir_time rtt = (weir_time)MAX(ladder_info(ladder)->rtt_ns, 0);
    draw_to(live, ladder,
            settled_rows(ladder, now, rtt > 0 ? rtt + SETTLE_TIME : UNKNOWN_RTT_TIME));
    ladder_rows(ladder, &count);
    live->fresh = live->drawn < count;
    ladder_del(ladder);
    return live->fresh ? now + INTERVAL : WEIR_NEVER;
}

void live_ladder_finish(struct live_ladder *live)
{
    struct ladder *ladder = live_ladder_make(live);
    size_t count;

    if (ladder != NULL) {
        ladder_rows(ladder, &count);
        draw_to(live, ladder, count);
        ladder_del(ladder);
    }
    if (live->left_out > 0) {
        fprintf(live->out,
                "weir: not drawn (weir ladder draws them from a capture): %zu segments\n",
                live->left_out);
    }
}
