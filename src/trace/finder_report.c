/*
 * finder_report.c - the findings of one conversation: merged by identity, side and variant, sorted when
 * somebody asks.
 *
 * A variant is a finding's value[0] where one identity has several sentences (FINDING_CAPTURE_LIMITS).
 */
#include <stdlib.h>

#include "base/compiler.h"
#include "trace/finder_private.h"

#define NO_VARIANT INT64_MIN

static enum finding_severity usual_severity(enum finding_id id)
{
    static const uint8_t severities[] = {
#define FINDING_SEVERITY(id, severity) FINDING_##severity,
        FINDINGS(FINDING_SEVERITY)
#undef FINDING_SEVERITY
    };

    return (enum finding_severity)severities[id];
}

static struct finding *find(struct finder *f, enum finding_id id, enum trace_side side,
                            int64_t variant)
{
    for (uint32_t i = 0; i < f->finding_count; i++) {
        struct finding *finding = &f->findings[i];
        bool same =
            id != FINDING_CAPTURE_LIMITS || variant == NO_VARIANT || finding->value[0] == variant;
        if (finding->id == id && finding->side == side && same) {
            return finding;
        }
    }
    return NULL;
}

struct finding *finder_have(struct finder *f, enum finding_id id, enum trace_side side)
{
    return find(f, id, side, NO_VARIANT);
}

static struct finding *append(struct finder *f)
{
    if (f->finding_count == f->finding_room) {
        uint16_t room = (uint16_t)(f->finding_room == 0 ? 2 : f->finding_room * 2);
        struct finding *findings = realloc(f->findings, room * sizeof(*findings));
        if (findings == NULL) {
            return NULL;
        }
        f->findings = findings;
        f->finding_room = room;
    }
    return &f->findings[f->finding_count++];
}

struct finding *finder_report(struct finder *f, enum finding_id id, enum trace_side side,
                              int64_t variant)
{
    struct finding *finding = find(f, id, side, variant);

    if (finding == NULL) {
        finding = append(f);
        if (finding == NULL) {
            return NULL;
        }
        *finding = (struct finding){.id = id,
                                    .severity = usual_severity(id),
                                    .side = side,
                                    .confidence = 90,
                                    .start = LADDER_NEVER,
                                    .evidence = ""};
        if (id == FINDING_CAPTURE_LIMITS) {
            finding->value[0] = variant;
        }
    }
    finding->occurrences++;
    return finding;
}

void finder_drop(struct finder *f, enum finding_id id, enum trace_side side)
{
    struct finding *finding = finder_have(f, id, side);

    if (finding != NULL) {
        *finding = f->findings[--f->finding_count];
    }
}

void finding_at(struct finding *finding, weir_time start, weir_time end)
{
    finding->start = MIN(finding->start, start);
    finding->end = MAX(finding->end, end);
}

void finding_sure(struct finding *finding, uint8_t confidence)
{
    if (finding->occurrences == 1 || confidence > finding->confidence) {
        finding->confidence = confidence;
    }
}

void finding_segment(struct finding *finding, uint32_t number, uint32_t frame)
{
    if (number == 0) {
        return;
    }
    for (uint32_t i = 0; i < finding->segment_count; i++) {
        if (finding->segments[i] == number) {
            return;
        }
    }
    if (finding->segment_count < FINDING_SEGMENTS_MAX) {
        finding->frames[finding->segment_count] = frame;
        finding->segments[finding->segment_count++] = number;
    }
    finding->segment_total++;
}

void finder_done(struct finder *f, const struct finding *finding)
{
    if (f->found != NULL && finding != NULL) {
        f->found(f->ctx, finding);
    }
}

struct finding *finder_here(const struct look *l, enum finding_id id, enum trace_side side,
                            uint8_t confidence, const char *evidence)
{
    struct finding *finding = finder_report(l->f, id, side, NO_VARIANT);

    if (finding != NULL) {
        finding_at(finding, l->wire->time, l->wire->time);
        finding_segment(finding, l->j->number, l->wire->frame);
        finding_sure(finding, confidence);
        finding->evidence = evidence;
    }
    return finding;
}

static int worst_first(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;

    if (x->severity != y->severity) {
        return x->severity > y->severity ? -1 : 1;
    }
    if (x->cost_ns != y->cost_ns) {
        return x->cost_ns > y->cost_ns ? -1 : 1;
    }
    if (x->start != y->start) {
        return x->start < y->start ? -1 : 1;
    }
    if (x->id != y->id) {
        return x->id < y->id ? -1 : 1;
    }
    return (int)x->side - (int)y->side;
}

const struct finding *finder_list(struct finder *f, size_t *count)
{
    *count = f->finding_count;
    if (f->finding_count > 0) {
        qsort(f->findings, f->finding_count, sizeof(*f->findings), worst_first);
    }
    return f->findings;
}
