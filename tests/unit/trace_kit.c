/* trace_kit.c - building packets, ladders and captures from tables. */
#include "unit/trace_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "trace/state.h"
#include "wire/checksum.h"
#include "wire/ip4.h"
#include "wire/tcp.h"

static const uint8_t client_ip[4] = {10, 0, 0, 1}, server_ip[4] = {10, 0, 0, 2};

#define CLIENT_PORT 40000
#define SERVER_PORT 8000

const struct kit_step kit_ten[10] = {
    {0, 20, '>', "S", .seq = 1000, .mss = 1460},
    {20, 40, '<', "SA", .seq = 8000, .ack = 1001, .mss = 1024},
    {40, 60, '>', "A", .seq = 1001, .ack = 8001},
    {140, 160, '>', "PA", .seq = 1001, .length = 20, .ack = 8001},
    {160, 180, '<', "PA", .seq = 8001, .length = 10, .ack = 1021},
    {180, 200, '>', "A", .seq = 1021, .ack = 8011},
    {280, 300, '>', "FA", .seq = 1021, .ack = 8011},
    {340, 360, '<', "A", .seq = 8011, .ack = 1022},
    {550, 570, '<', "FA", .seq = 8011, .ack = 1022},
    {570, 590, '>', "A", .seq = 1022, .ack = 8012},
};

weir_time kit_ms(double ms)
{
    return (weir_time)(ms * 1e6 + 0.5);
}

static uint16_t flags_of(const char *letters)
{
    static const char names[] = "FSRPAU";
    uint16_t flags = 0;

    for (; *letters != '\0'; letters++) {
        flags |= (uint16_t)(1u << (strchr(names, *letters) - names));
    }
    return flags;
}

size_t kit_packet(const struct kit_step *step, uint8_t out[KIT_PACKET_MAX])
{
    bool right = step->direction == '>';
    struct tcp_segment tcp = {.src_port = right ? CLIENT_PORT : SERVER_PORT,
                              .dst_port = right ? SERVER_PORT : CLIENT_PORT,
                              .seq = step->seq,
                              .ack = step->ack,
                              .flags = flags_of(step->flags),
                              .window = step->window == 0                 ? 1000
                                        : step->window == KIT_WINDOW_ZERO ? 0
                                                                          : step->window};
    if (step->mss != 0) {
        tcp.options.present |= WEIR_SEGMENT_MSS;
        tcp.options.mss = step->mss;
    }
    if (step->sack_end != 0) {
        tcp.options.present |= WEIR_SEGMENT_SACK;
        tcp.options.sack_count = 1;
        tcp.options.sack[0] = (struct tcp_sack_block){step->sack_start, step->sack_end};
    }
    memset(out, 0, KIT_PACKET_MAX);
    size_t size = IP4_HEADER_SIZE + tcp_build(out + IP4_HEADER_SIZE, &tcp) + step->length;
    struct ip4_header ip = {.ttl = 64,
                            .protocol = IP_PROTOCOL_TCP,
                            .total_size = (uint16_t)size,
                            .id = step->ip_id,
                            .dont_fragment = true};
    memcpy(ip.src, right ? client_ip : server_ip, 4);
    memcpy(ip.dst, right ? server_ip : client_ip, 4);
    ip4_build(out, &ip);
    return size;
}

struct trace_segment kit_segment(const struct kit_step *step, double ms)
{
    uint8_t packet[KIT_PACKET_MAX];
    struct trace_segment segment = {.time = 0};
    struct weir_endpoint src, dst;

    size_t size = kit_packet(step, packet);
    (void)trace_parse_ip(packet, size, size, &segment, &src, &dst);
    segment.time = kit_ms(ms);
    segment.side = step->direction == '>' ? LADDER_CLIENT : LADDER_SERVER;
    return segment;
}

struct ladder *kit_run(const struct kit_step *steps, size_t n)
{
    struct ladder *ladder = ladder_new(LADDER_AT_BOTH);
    uint8_t packet[KIT_PACKET_MAX];

    for (size_t i = 0; i < n; i++) {
        const struct kit_step *s = &steps[i];
        struct ladder_packet p = {.from = s->direction == '>' ? LADDER_CLIENT : LADDER_SERVER,
                                  .sent = kit_ms(s->sent),
                                  .arrived = s->arrived < 0 ? LADDER_NEVER : kit_ms(s->arrived),
                                  .bytes = packet,
                                  .size = kit_packet(s, packet),
                                  .duplicate = s->duplicate,
                                  .corrupted = s->corrupted};
        if (ladder_add_packet(ladder, &p) != WEIR_OK) {
            ladder_del(ladder);
            return NULL;
        }
    }
    return ladder;
}

struct ladder *kit_finished(const struct kit_step *steps, size_t n)
{
    struct ladder *l = kit_run(steps, n);

    assert_non_null(l);
    assert_int_equal(ladder_finish(l), WEIR_OK);
    return l;
}

const struct ladder_segment *kit_at(const struct ladder *l, uint32_t number)
{
    size_t count;
    const struct ladder_segment *s = ladder_segments(l, &count);

    assert_in_range(number, 1, count);
    return &s[number - 1];
}

struct ladder *kit_capture(const struct kit_step *steps, size_t n, char where)
{
    struct weir_endpoint client = {.ip = {.family = 4, .bytes = {10, 0, 0, 1}},
                                   .port = CLIENT_PORT};
    struct weir_endpoint server = {.ip = {.family = 4, .bytes = {10, 0, 0, 2}},
                                   .port = SERVER_PORT};
    struct flows *flows = flows_new();

    for (size_t i = 0; i < n; i++) {
        bool right = steps[i].direction == '>';
        bool at_sender = where == 'm' || right == (where == 'c');
        if (!at_sender && steps[i].arrived < 0) {
            continue;
        }
        struct trace_segment s =
            kit_segment(&steps[i], at_sender ? steps[i].sent : steps[i].arrived);
        (void)flows_add(flows, &s, right ? &client : &server, right ? &server : &client);
    }
    struct ladder *ladder = flows_ladder(flows, 0);
    flows_del(flows);
    return ladder;
}

void kit_row(const struct ladder_row *row, char *out, size_t size)
{
    const struct ladder_segment *s = row->segment;

    switch (row->kind) {
    case LADDER_ROW_SEGMENT:
        snprintf(out, size, "%u%s %s%s%s", s->number, s->wire.side == LADDER_CLIENT ? ">" : "<",
                 state_short_name(s->state_sent), row->split ? "" : "/",
                 row->split ? "" : state_short_name(s->state_arrived));
        break;
    case LADDER_ROW_ARRIVAL:
        snprintf(out, size, "(%u) %s", s->number, state_short_name(s->state_arrived));
        break;
    case LADDER_ROW_IDLE: snprintf(out, size, "idle %.0f", (double)row->idle_ns / 1e6); break;
    case LADDER_ROW_STATE:
        snprintf(out, size, "%s %s", row->side == LADDER_CLIENT ? "client" : "server",
                 state_short_name(row->state));
        break;
    case LADDER_ROW_FOLD:
        snprintf(out, size, "fold %u-%u", row->fold->first, row->fold->last);
        break;
    case LADDER_ROW_NOTE: snprintf(out, size, "note"); break;
    }
}

char *kit_rows(const struct ladder *ladder, char *out, size_t size)
{
    size_t count, used = 0;
    const struct ladder_row *rows = ladder_rows(ladder, &count);

    out[0] = '\0';
    for (size_t i = 0; i < count && used < size; i++) {
        char text[96];
        kit_row(&rows[i], text, sizeof(text));
        used += (size_t)snprintf(out + used, size - used, "%s%s", i == 0 ? "" : "; ", text);
    }
    return out;
}
