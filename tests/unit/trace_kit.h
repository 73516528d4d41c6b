/*
 * trace_kit.h - conversations for the tests of trace/ and render/, written as tables.
 *
 *     static const struct kit_step steps[] = {
 *         {0, 20, '>', "S", .seq = 1000, .mss = 1460},
 *         {20, 40, '<', "SA", .seq = 8000, .ack = 1001},
 *         {40, LOST, '>', "A", .seq = 1001, .ack = 8001}};
 */
#ifndef TESTS_TRACE_KIT_H
#define TESTS_TRACE_KIT_H

#include "trace/flow.h"
#include "trace/ladder.h"

#define LOST (-1.0)
#define KIT_PACKET_MAX 4096

struct kit_step {
    double sent, arrived; /* milliseconds */
    char direction;       /* '>': from the client */
    const char *flags;    /* letters of SFRPAU */
    uint32_t seq, length, ack;
    uint16_t window; /* 0: 1000; use KIT_WINDOW_ZERO for 0 */
    uint16_t mss;
    uint16_t ip_id;
    uint32_t sack_start, sack_end;
    bool duplicate, corrupted;
};
#define KIT_WINDOW_ZERO 0xffff

weir_time kit_ms(double ms);

/* The packet of a step from its IP header on; returns its size. */
size_t kit_packet(const struct kit_step *step, uint8_t out[KIT_PACKET_MAX]);

/* As a segment of a capture seen at `ms`. */
struct trace_segment kit_segment(const struct kit_step *step, double ms);

/* An unfinished ladder of which both ends are known. */
struct ladder *kit_run(const struct kit_step *steps, size_t n);
/* The same, finished; and the segment of this number. Both assert that there is one. */
struct ladder *kit_finished(const struct kit_step *steps, size_t n);
const struct ladder_segment *kit_at(const struct ladder *l, uint32_t number);

/* A finished ladder of a capture at the client ('c': seen when sent by the client or arriving there), at
 * the server ('s'), or in the middle with one time per packet ('m'). */
struct ladder *kit_capture(const struct kit_step *steps, size_t n, char where);

/* One row as short text. */
void kit_row(const struct ladder_row *row, char *out, size_t size);

/* The rows as short text, for comparisons: "1> SYN-SENT/SYN-RCVD; idle 80; ...". Valid until the next
 * call with the same buffer. */
char *kit_rows(const struct ladder *ladder, char *out, size_t size);

/* Exactly the conversation of the ten segments, 20 ms each way. */
extern const struct kit_step kit_ten[10];

#endif
