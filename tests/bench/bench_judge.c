/*
 * bench_judge.c - segments per second through the judge, on one core: with and without reading the packets
 * first. One conversation with timestamps and SACK, a large window in flight, an ACK for every second
 * segment, one segment in LOSS lost behind the tap; the loss shows as duplicate ACKs with SACK and a
 * retransmission one window later. The packets are written once, so memory and its caches are as in a file.
 *
 * usage: bench_judge [SEGMENTS [WINDOW [LEAST]]]      exit code 1 below LEAST segments per second with reading
 */
#include "kit.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "trace/judge.h"
#include "wire/ip4.h"

#define LOSS 500
#define PAYLOAD 1448
#define PACKET 96
#define CHUNK 4096 /* packets written ahead */

struct stream {
    struct tcp_segment next[CHUNK];
    uint8_t side[CHUNK];
    uint32_t size, window;
    uint64_t sent, acked, lost_at; /* in segments; lost_at: 0 when nothing is missing */
    uint32_t clock, id;
};

static void emit(struct stream *s, uint8_t side, uint64_t number, uint32_t length, uint64_t ack)
{
    struct tcp_segment *t = &s->next[s->size];
    bool data = side == 0;

    *t = (struct tcp_segment){.src_port = data ? 1000 : 80,
                              .dst_port = data ? 80 : 1000,
                              .seq = (uint32_t)(number * PAYLOAD) + 1,
                              .ack = (uint32_t)(ack * PAYLOAD) + 1,
                              .flags = WEIR_TCP_ACK,
                              .window = 60000,
                              .payload_size = length};
    t->options.present = WEIR_SEGMENT_TIMESTAMPS;
    t->options.ts_val = s->clock / 50;
    t->options.ts_ecr = s->clock / 50;
    s->side[s->size++] = side;
    s->clock++;
}

/* One step: two segments leave, one ACK comes back for what left a window ago. */
static void step(struct stream *s)
{
    for (int i = 0; i < 2; i++) {
        emit(s, 0, s->sent++, PAYLOAD, 0);
    }
    if (s->sent < s->window) {
        return;
    }
    uint64_t arrived = s->sent - s->window;
    if (s->lost_at == 0 && arrived % LOSS < 2 && arrived > s->acked) {
        s->lost_at = arrived;
    }
    if (s->lost_at == 0) {
        s->acked = arrived;
        emit(s, 1, 0, 0, arrived);
        return;
    }
    emit(s, 1, 0, 0, s->lost_at);
    struct tcp_options *o = &s->next[s->size - 1].options;
    if (arrived > s->lost_at + 1) {
        o->present |= WEIR_SEGMENT_SACK;
        o->sack_count = 1;
        o->sack[0].start = (uint32_t)((s->lost_at + 1) * PAYLOAD) + 1;
        o->sack[0].end = (uint32_t)(arrived * PAYLOAD) + 1;
    }
    if (arrived == s->lost_at + 6) {
        emit(s, 0, s->lost_at, PAYLOAD, 0);
    } else if (arrived >= s->lost_at + s->window / 2 + 6) {
        s->lost_at = 0;
    }
}

static uint32_t write_packet(const struct tcp_segment *tcp, uint8_t side, uint16_t id, uint8_t *out)
{
    struct tcp_segment copy = *tcp;
    uint32_t header = tcp_build(out + IP4_HEADER_SIZE, &copy);
    struct ip4_header ip = {.ttl = 64,
                            .protocol = IP_PROTOCOL_TCP,
                            .total_size = (uint16_t)(IP4_HEADER_SIZE + header + tcp->payload_size),
                            .id = id};

    ip.src[3] = side;
    ip.dst[3] = (uint8_t)(1 - side);
    ip4_build(out, &ip);
    return IP4_HEADER_SIZE + header;
}

struct totals {
    uint64_t segments, again;
    double parse, judge;
};

static void take_chunk(struct stream *s, struct judge *judge, struct totals *totals)
{
    static uint8_t packet[CHUNK][PACKET];
    static uint32_t size[CHUNK];
    static struct trace_segment wire[CHUNK];
    struct weir_endpoint src, dst;
    struct judgement said;

    for (uint32_t i = 0; i < s->size; i++) {
        size[i] = write_packet(&s->next[i], s->side[i], (uint16_t)++s->id, packet[i]);
    }
    double begin = kit_cpu_seconds();
    for (uint32_t i = 0; i < s->size; i++) {
        size_t whole = size[i] + s->next[i].payload_size;
        if (trace_parse_ip(packet[i], size[i], whole, &wire[i], &src, &dst) != TRACE_TCP) {
            kit_die("a packet was not understood", WEIR_EINVAL);
        }
        wire[i].side = s->side[i];
        wire[i].time = (weir_time)(totals->segments + i) * 20000;
    }
    double middle = kit_cpu_seconds();
    for (uint32_t i = 0; i < s->size; i++) {
        if (judge_take(judge, &wire[i], &said) != WEIR_OK) {
            kit_die("no memory", WEIR_ENOBUFS);
        }
        totals->again += said.class == LADDER_RETX;
    }
    totals->parse += middle - begin;
    totals->judge += kit_cpu_seconds() - middle;
    totals->segments += s->size;
    s->size = 0;
}

static size_t in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

int main(int argc, char **argv)
{
    static struct stream s;
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 3000000;
    struct judge_setup setup = {.vantage = LADDER_AT_CLIENT};
    struct totals totals = {.segments = 0};
    double least = argc > 3 ? strtod(argv[3], NULL) : 0;

    s.window = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 10000;
    kit_pin();
    size_t before = in_use();
    struct judge *judge = judge_new(&setup);
    if (judge == NULL) {
        kit_die("no memory", WEIR_ENOBUFS);
    }
    while (totals.segments < count) {
        while (s.size < CHUNK - 8) {
            step(&s);
        }
        take_chunk(&s, judge, &totals);
    }
    double rate = (double)totals.segments / (totals.parse + totals.judge);
    kit_result("judge_segments", (double)totals.segments / totals.judge / 1e6, "M/s");
    kit_result("judge_and_read_segments", rate / 1e6, "M/s");
    kit_result("judge_retransmissions", (double)totals.again, "segments");
    kit_result("judge_memory_busy", (double)(in_use() - before) / 1024, "KiB");
    judge_del(judge);
    return rate < least;
}
