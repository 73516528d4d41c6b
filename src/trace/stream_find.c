/*
 * stream_find.c - what is found in a conversation while it goes on: the finder (finder.h) sees the rows in
 * their order, with the lessons behind them; a finding is told when it is new, and again when it has happened
 * twice, four times, eight times...
 */
#include <stdlib.h>
#include <string.h>

#include "trace/stream_private.h"

static void found(void *ctx, const struct finding *finding)
{
    struct stream *s = ctx;
    uint32_t n = finding->occurrences;

    if ((n & (n - 1)) == 0) {
        stream_tell(s, &(struct stream_event){.kind = STREAM_FINDING, .finding = finding});
    }
}

void stream_find_begin(struct stream *s)
{
    struct finder_setup setup = {.vantage = s->ladder->info.vantage,
                                 .port = s->ladder->info.side[LADDER_SERVER].endpoint.port,
                                 .found = found,
                                 .ctx = s};

    s->finder = finder_new(&setup); /* NULL: nothing is found, and the rows come all the same */
}

void stream_find_segment(struct stream *s, const struct pending *p)
{
    const struct ladder_segment *from = &p->s;
    struct judgement judgement = {.class = from->class,
                                  .number = from->number,
                                  .facts = from->facts,
                                  .count = from->count,
                                  .first = from->first,
                                  .acked_from = from->acked_from,
                                  .window = from->window,
                                  .cause = from->cause,
                                  .evidence = (enum evidence)from->evidence,
                                  .flight = from->flight,
                                  .rtt_us = from->rtt_us,
                                  .srtt_us = from->srtt_us,
                                  .rto_us = from->rto_us};
    struct trace_segment wire = from->wire;

    if (s->finder != NULL) {
        wire.time = (weir_time)p->key;
        finder_take(s->finder, &wire, &judgement);
    }
}

void stream_find_lesson(struct stream *s, const struct lesson *lesson)
{
    if (s->finder != NULL) {
        finder_lesson(s->finder, lesson);
    }
}

void stream_dropped(struct stream *s, uint64_t packets)
{
    if (s->finder != NULL) {
        finder_limit(s->finder, CAPTURE_LIMIT_DROPPED, packets);
    }
}

void stream_find_end(struct stream *s)
{
    struct ladder *l = s->ladder;
    size_t count;

    if (s->finder == NULL) {
        return;
    }
    finder_end(s->finder);
    const struct finding *list = finder_list(s->finder, &count);
    finder_account(s->finder, &l->account);
    finder_totals(s->finder, &l->totals);
    for (int side = 0; side < 2; side++) {
        l->totals.bytes[side] = l->info.side[side].bytes;
    }
    l->findings = count > 0 ? malloc(count * sizeof(*list)) : NULL;
    if (l->findings != NULL) {
        memcpy(l->findings, list, count * sizeof(*list));
        l->finding_count = l->finding_room = count;
    }
}
