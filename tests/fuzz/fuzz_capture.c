/*
 * fuzz_capture.c - the way from the bytes of a capture file to the list of its conversations: the reader of both
 * formats, gzip, link layers, headers, the table with its judges and finders, packing.
 *
 * First byte: 1: the packets are read a second time after a rewind, and must be the same ones.
 */
#include "fuzz_kit.h"

#include "trace/capture.h"
#include "trace/table.h"

static int take(struct table *table, const struct capture_packet *packet)
{
    struct table_packet *p = table_packet(table);
    struct trace_icmp icmp = {.time = packet->time, .frame = packet->number};

    CHECK(packet->size <= packet->original);
    switch (
        trace_parse_ip(packet->ip, packet->size, packet->original, &p->segment, &p->src, &p->dst)) {
    case TRACE_TCP:
        p->segment.time = packet->time;
        p->segment.frame = packet->number;
        p->segment.checksum = (uint8_t)trace_verify(packet->ip, packet->size, packet->original);
        return table_put(table);
    case TRACE_NOT_TCP:
        return trace_parse_icmp(packet->ip, packet->size, packet->original, &icmp)
                   ? table_icmp(table, &icmp)
                   : WEIR_OK;
    default: return WEIR_OK;
    }
}

/* What came out, in one number. */
static uint64_t read_all(struct capture *c, struct table *table)
{
    char why[CAPTURE_WHY_MAX] = "";
    struct capture_packet packet;
    enum capture_status status;
    uint64_t sum = 0;

    while ((status = capture_next(c, &packet, why)) == CAPTURE_OK) {
        sum = sum * 31 + packet.time + packet.number + packet.size;
        if (table != NULL && packet.ip != NULL) {
            CHECK(take(table, &packet) == WEIR_OK);
        }
    }
    CHECK(status == CAPTURE_END || (why[0] != '\0' && strchr(why, '\n') == NULL));
    return sum;
}

static void check_table(const struct table *table, uint64_t packets)
{
    uint64_t segments = 0;

    for (size_t i = 0; i < table_count(table); i++) {
        struct conversation c;
        struct weir_endpoint end[2];
        table_conversation(table, i, &c, end);
        CHECK(c.end <= LADDER_END_TIMEOUT);
        CHECK(c.segments[0] + c.segments[1] > 0);
        segments += (uint64_t)c.segments[0] + c.segments[1];
        for (unsigned k = 1; k < c.findings; k++) {
            CHECK(c.finding[k].severity <= c.finding[k - 1].severity);
        }
    }
    CHECK(segments <= packets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[CAPTURE_WHY_MAX] = "";
    bool again = (fuzz_byte(&data, &size) & 1) != 0;
    uint8_t *copy = fuzz_copy(data, size);
    struct table *table = table_new(TABLE_SEARCH);
    struct capture_stat stat;
    struct capture *c;

    CHECK(table != NULL);
    enum capture_status status = capture_open_memory(&c, "fuzz", copy, size, why);
    CHECK(status == CAPTURE_OK || why[0] != '\0');
    if (status == CAPTURE_OK) {
        uint64_t sum = read_all(c, table);
        capture_stat(c, &stat);
        CHECK(table_end(table) == WEIR_OK);
        check_table(table, stat.packets);
        if (again && capture_rewind(c, why) == CAPTURE_OK) {
            CHECK(read_all(c, NULL) == sum);
        }
        capture_close(c);
    }
    table_del(table);
    free(copy);
    return 0;
}
