/*
 * finder_kit.h - streams for the tests of the finder, segment by segment, through a real judge or with
 * judgements made by hand.
 *
 *     struct find_kit x = find_kit(LADDER_AT_CLIENT);
 *     find_kit_open(&x);                                         the handshake: 40 ms of round trip, ISNs 1000 and 8000
 *     find_kit_send(&x, 100, '>', "A", 1001, 20, 8001);          at 100 ms: 20 bytes
 *     find_kit_expect(&x, FINDING_RTO, 0);                       ends it: how often was it found?
 */
#ifndef TESTS_FINDER_KIT_H
#define TESTS_FINDER_KIT_H

#include "trace/finder.h"

struct find_kit {
    struct finder *finder;
    struct judge *judge;
    uint32_t number; /* of segments so far */
    uint16_t window, mss;
    const struct finding *list;
    size_t count;
};

struct find_kit find_kit(enum ladder_vantage vantage);
struct find_kit find_kit_finder_after(const struct finder_setup *setup);

/* A segment seen at `ms`: flags are letters of SFRPAU. */
struct trace_segment find_kit_wire(const struct find_kit *x, double ms, char direction,
                                   const char *flags, uint32_t seq, uint32_t length, uint32_t ack);

void find_kit_feed(struct find_kit *x, const struct trace_segment *wire); /* through the judge */
void find_kit_judged(struct find_kit *x, struct trace_segment wire, struct judgement judgement);

void find_kit_send(struct find_kit *x, double ms, char direction, const char *flags, uint32_t seq,
                   uint32_t length, uint32_t ack);

void find_kit_open(struct find_kit *x); /* done at 40 ms at the client; 20.05 ms at the server */

/* The one finding of this kind, after the end; NULL: there is none. */
const struct finding *find_kit_finding(struct find_kit *x, enum finding_id id);

/* Fails unless it was found so often, and checks what holds for all findings; frees everything. */
void find_kit_expect(struct find_kit *x, enum finding_id id, uint32_t occurrences);
void find_kit_finder_del(struct find_kit *x);

#endif
