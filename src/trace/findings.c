/*
 * findings.c - the finder (finder.h) run over a finished ladder, whose segments carry all that was learned.
 *
 * A run of which both ends are known is seen as the client sees it, in the order and by the clock of the
 * client; what the truth adds (a loss is proven) is in the segments already.
 */
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "trace/finder.h"
#include "trace/ladder_private.h"
#include "trace/merge.h"

static struct judgement judgement_of(const struct ladder_segment *s)
{
    return (struct judgement){.class = s->class,
                              .number = s->number,
                              .facts = s->facts,
                              .count = s->count,
                              .first = s->first,
                              .acked_from = s->acked_from,
                              .window = s->window,
                              .cause = s->cause,
                              .evidence = (enum evidence)s->evidence,
                              .flight = s->flight,
                              .rtt_us = s->rtt_us,
                              .srtt_us = s->srtt_us,
                              .rto_us = s->rto_us};
}

/* By the clock of the reference side. */
static weir_time seen_at(const struct ladder *l, const struct ladder_segment *s)
{
    bool left = s->wire.side == l->info.reference || s->arrived.known == LADDER_LOST;

    if (l->info.vantage != LADDER_AT_BOTH) {
        return s->wire.time;
    }
    return l->info.origin + (weir_time)(left ? s->sent.ns : s->arrived.ns);
}

static void tell_lessons(struct finder *f, const struct ladder *l, const struct ladder_segment *s)
{
    struct lesson lesson = {.evidence = (enum evidence)s->evidence,
                            .side = (enum trace_side)s->wire.side,
                            .proven = l->info.vantage == LADDER_AT_BOTH,
                            .number = s->number,
                            .time = seen_at(l, s)};

    if ((s->facts & LADDER_FACT_SPURIOUS) != 0) {
        lesson.kind = LESSON_SPURIOUS;
        finder_lesson(f, &lesson);
    }
}

static int keep(struct ladder *l, struct finder *f)
{
    size_t count;
    const struct finding *list = finder_list(f, &count);

    finder_account(f, &l->account);
    finder_totals(f, &l->totals);
    for (int side = 0; side < 2; side++) { /* the judge knows which bytes filled holes */
        l->totals.bytes[side] = l->info.side[side].bytes;
    }
    if (count == 0) {
        return WEIR_OK;
    }
    l->findings = malloc(count * sizeof(*list));
    if (l->findings == NULL) {
        return WEIR_ENOBUFS;
    }
    memcpy(l->findings, list, count * sizeof(*list));
    l->finding_count = l->finding_room = count;
    for (size_t i = 0; i < count; i++) { /* a lesson knows numbers, the ladder knows frames */
        for (uint32_t k = 0; k < l->findings[i].segment_count; k++) {
            uint32_t number = l->findings[i].segments[k];
            if (number <= l->segment_count) {
                l->findings[i].frames[k] = l->segments[number - 1].wire.frame;
            }
        }
    }
    return WEIR_OK;
}

int ladder_add_icmp(struct ladder *l, weir_time time, enum trace_side side, enum finder_icmp what,
                    uint32_t mtu)
{
    if (l->finished) {
        return WEIR_EINVAL;
    }
    struct told_icmp *told =
        ladder_append((void **)&l->icmps, &l->icmp_count, &l->icmp_room, sizeof(*l->icmps));
    if (told == NULL) {
        return WEIR_ENOBUFS;
    }
    *told = (struct told_icmp){time, mtu, (uint8_t)side, (uint8_t)what};
    return WEIR_OK;
}

void ladder_set_previous(struct ladder *l, weir_time end, uint32_t isn, uint32_t next)
{
    l->previous_end = end;
    l->previous_isn = isn;
    l->previous_next = next;
}

/* The ICMP errors from *at on that came before `time`. */
static void tell_icmps(struct finder *f, const struct ladder *l, size_t *at, weir_time time)
{
    for (; *at < l->icmp_count && l->icmps[*at].time < time; ++*at) {
        const struct told_icmp *told = &l->icmps[*at];
        finder_icmp(f, told->time, (enum trace_side)told->side, (enum finder_icmp)told->what,
                    told->mtu);
    }
}

int findings_fill(struct ladder *l)
{
    struct finder_setup setup = {.vantage = l->info.vantage,
                                 .port = l->info.side[LADDER_SERVER].endpoint.port,
                                 .previous_end = l->previous_end,
                                 .previous_isn = l->previous_isn,
                                 .previous_next = l->previous_next};
    struct finder *f = finder_new(&setup);
    size_t icmp = 0;

    if (f == NULL) {
        return WEIR_ENOBUFS;
    }
    for (size_t i = 0; i < l->segment_count; i++) {
        const struct ladder_segment *s = &l->segments[i];
        struct trace_segment wire = s->wire;
        struct judgement judgement = judgement_of(s);
        wire.time = seen_at(l, s);
        tell_icmps(f, l, &icmp, wire.time);
        finder_take(f, &wire, &judgement);
        tell_lessons(f, l, s);
    }
    tell_icmps(f, l, &icmp, LADDER_NEVER);
    for (int side = 0; side < 2 && l->info.merge != NULL; side++) {
        const uint16_t *mss = l->info.merge->mss[side];
        finder_mss_of_both(f, (enum trace_side)side, mss[0], mss[1]);
    }
    finder_end(f);
    int result = keep(l, f);
    finder_del(f);
    return result;
}

const struct account *ladder_account(const struct ladder *l)
{
    return &l->account;
}

const struct finder_totals *ladder_totals(const struct ladder *l)
{
    return &l->totals;
}
