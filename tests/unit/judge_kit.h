/*
 * judge_kit.h - hand-made segment streams for the judge: one line per segment as one tap sees it.
 *
 *     static const struct seen steps[] = {
 *         {0, '>', "S", .seq = 1000, .sack_ok = true}, ...
 *         {40, '>', "A", .seq = 1001, .length = 1000, .ack = 8001, .ts = 7, .ecr = 3}};
 *     judge_kit_run(&run, LADDER_AT_CLIENT, steps, ARRAY_SIZE(steps));
 *     run.said[3].class ...; judge_kit_find(&run, LESSON_LOST, 4) ...
 */
#ifndef TESTS_JUDGE_KIT_H
#define TESTS_JUDGE_KIT_H

#include "trace/judge.h"

#define SEEN_MAX 64
#define LESSONS_MAX 128

struct seen {
    double ms;
    char direction;    /* '>': from the client */
    const char *flags; /* letters of SFRPAU */
    uint32_t seq, length, ack;
    uint32_t ts, ecr; /* timestamps; 0, 0: none */
    uint16_t window;  /* 0: 1000; SEEN_CLOSED for 0 */
    uint16_t ip_id, mss;
    bool sack_ok; /* SYN: the option */
    uint32_t sack[6];
};
#define SEEN_CLOSED 0xffff

struct judge_run {
    struct judgement said[SEEN_MAX + 1]; /* by number */
    struct lesson lesson[LESSONS_MAX];
    size_t lessons;
};

struct trace_segment judge_kit_segment(const struct seen *seen);

void judge_kit_run(struct judge_run *run, enum ladder_vantage vantage, const struct seen *steps,
                   size_t n);

/* The first lesson of this kind about this number, or NULL. */
const struct lesson *judge_kit_find(const struct judge_run *run, enum lesson_kind kind,
                                    uint32_t number);

#endif
