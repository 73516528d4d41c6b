/* drill_log.c - see drill_log.h. The script's packets arrive the moment they are sent. */
#include "cli/drill_log.h"

#include <stdlib.h>
#include <string.h>

struct packet {
    struct packet *next;
    weir_time time;
    size_t size;
    bool out;
    uint8_t bytes[];
};

struct record {
    struct record *next;
    struct weir_record record;
};

struct drill_log {
    struct packet *packets, **packet_tail;
    struct record *records, **record_tail;
    bool inside;
};

struct drill_log *drill_log_new(bool inside)
{
    struct drill_log *log = calloc(1, sizeof(*log));

    if (log) {
        log->inside = inside;
        log->packet_tail = &log->packets;
        log->record_tail = &log->records;
    }
    return log;
}

void drill_log_del(struct drill_log *log)
{
    while (log && log->packets) {
        struct packet *next = log->packets->next;

        free(log->packets);
        log->packets = next;
    }
    while (log && log->records) {
        struct record *next = log->records->next;

        free(log->records);
        log->records = next;
    }
    free(log);
}

void drill_log_packet(struct drill_log *log, const uint8_t *bytes, size_t size, bool out,
                      weir_time now)
{
    struct packet *packet = malloc(sizeof(*packet) + size);

    if (packet) { /* without memory the picture is poorer, and the verdict the same */
        *packet = (struct packet){.time = now, .size = size, .out = out};
        memcpy(packet->bytes, bytes, size);
        *log->packet_tail = packet;
        log->packet_tail = &packet->next;
    }
}

void drill_log_record(struct drill_log *log, const struct weir_record *r)
{
    bool useful = log->inside || r->type == WEIR_RECORD_OPEN || r->type == WEIR_RECORD_STATE ||
                  r->type == WEIR_RECORD_TIMER;
    struct record *record = useful ? malloc(sizeof(*record)) : NULL;

    if (record) {
        *record = (struct record){.record = *r};
        *log->record_tail = record;
        log->record_tail = &record->next;
    }
}

static bool between(const struct packet *packet, uint16_t local, uint16_t remote)
{
    struct trace_segment segment;
    struct weir_endpoint src, dst;

    if (trace_parse_ip(packet->bytes, packet->size, packet->size, &segment, &src, &dst) !=
        TRACE_TCP) {
        return false;
    }
    return packet->out ? src.port == local && dst.port == remote
                       : src.port == remote && dst.port == local;
}

static uint32_t find_id(const struct drill_log *log, uint16_t local, uint16_t remote)
{
    uint32_t id = 0;

    for (const struct record *r = log->records; r; r = r->next) {
        if (r->record.type == WEIR_RECORD_OPEN && r->record.u.open.local.port == local &&
            r->record.u.open.remote.port == remote) {
            id = r->record.id;
        }
    }
    return id;
}

struct ladder *drill_log_ladder(const struct drill_log *log, uint16_t local, uint16_t remote,
                                struct internals *internals)
{
    struct ladder *ladder = ladder_new(LADDER_AT_BOTH);
    uint32_t id = find_id(log, local, remote);
    enum trace_side side = LADDER_CLIENT; /* the stack's */
    bool any = false;

    for (const struct packet *p = log->packets; ladder && p; p = p->next) {
        struct ladder_packet packet = {
            .sent = p->time, .arrived = p->time, .bytes = p->bytes, .size = p->size};

        if (!between(p, local, remote)) {
            continue;
        }
        side = any ? side : p->out ? LADDER_CLIENT : LADDER_SERVER;
        any = true;
        packet.from = p->out ? side : trace_other(side);
        (void)ladder_add_packet(ladder, &packet);
    }
    for (const struct record *r = log->records; ladder && r; r = r->next) {
        if (id != 0 && r->record.id == id) {
            (void)ladder_add_record(ladder, side, &r->record);
            if (internals) {
                (void)internals_add(internals, side, &r->record);
            }
        }
    }
    if (ladder && (!any || ladder_finish(ladder) != WEIR_OK)) {
        ladder_del(ladder);
        return NULL;
    }
    if (ladder && internals) {
        (void)internals_finish(internals, ladder); /* without memory there are fewer notes */
    }
    return ladder;
}
