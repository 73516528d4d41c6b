/* judge_kit.c - hand-made segment streams for the judge. */
#include "unit/judge_kit.h"

#include <assert.h>
#include <string.h>

struct trace_segment judge_kit_segment(const struct seen *s)
{
    static const char names[] = "FSRPAU";
    struct trace_segment w = {.time = (weir_time)(s->ms * 1e6 + 0.5) + WEIR_MS,
                              .seq = s->seq,
                              .ack = s->ack,
                              .length = s->length,
                              .window = s->window == 0             ? 1000
                                        : s->window == SEEN_CLOSED ? 0
                                                                   : s->window,
                              .ip_id = s->ip_id,
                              .ttl = 64,
                              .side = s->direction == '>' ? LADDER_CLIENT : LADDER_SERVER};

    for (const char *p = s->flags; *p != '\0'; p++) {
        w.flags |= (uint16_t)(1u << (strchr(names, *p) - names));
    }
    if (s->ts != 0) {
        w.options.present |= WEIR_SEGMENT_TIMESTAMPS;
        w.options.ts_val = s->ts;
        w.options.ts_ecr = s->ecr;
    }
    if (s->mss != 0) {
        w.options.present |= WEIR_SEGMENT_MSS;
        w.options.mss = s->mss;
    }
    if (s->sack_ok) {
        w.options.present |= WEIR_SEGMENT_SACK_PERMITTED;
    }
    for (size_t i = 0; i < 6 && s->sack[i + 1] != 0; i += 2) {
        w.options.present |= WEIR_SEGMENT_SACK;
        w.options.sack[w.options.sack_count++] =
            (struct tcp_sack_block){s->sack[i], s->sack[i + 1]};
    }
    return w;
}

static void learn(void *ctx, const struct lesson *lesson)
{
    struct judge_run *run = ctx;

    assert(run->lessons < LESSONS_MAX);
    run->lesson[run->lessons++] = *lesson;
}

void judge_kit_run(struct judge_run *run, enum ladder_vantage vantage, const struct seen *steps,
                   size_t n)
{
    struct judge_setup setup = {.vantage = vantage, .learn = learn, .ctx = run};
    struct judge *judge;

    memset(run, 0, sizeof(*run));
    judge = judge_new(&setup);
    assert(judge != NULL && n <= SEEN_MAX);
    for (size_t i = 0; i < n; i++) {
        struct trace_segment wire = judge_kit_segment(&steps[i]);
        int result = judge_take(judge, &wire, &run->said[i + 1]);
        assert(result == WEIR_OK);
        (void)result;
        assert(run->said[i + 1].number == i + 1);
    }
    judge_end(judge);
    judge_del(judge);
}

const struct lesson *judge_kit_find(const struct judge_run *run, enum lesson_kind kind,
                                    uint32_t number)
{
    for (size_t i = 0; i < run->lessons; i++) {
        if (run->lesson[i].kind == kind && run->lesson[i].number == number) {
            return &run->lesson[i];
        }
    }
    return NULL;
}
