/*
 * finder_conform.c - a host against the RFCs, judged only when the capture was taken at that host: elsewhere
 * a segment that it did not answer may not have reached it.
 */
#include "base/compiler.h"
#include "trace/finder_private.h"

#define FULL_SEGMENTS_MIN 20
#define STRETCH_MIN 3                 /* RFC 5681 4.2: at least every second */
#define STRETCHED_MIN 5               /* ACKs; and half of all */
#define BATCH_NS (300 * WEIR_US)      /* what arrives together may be acknowledged together */
#define FIRST_RTO_MIN (900 * WEIR_MS) /* RFC 6298 2.1: one second; a clock may be coarse */
#define ANSWER_NS (50 * WEIR_MS)      /* sooner it answers a SYN that came twice */
#define IW_SEGMENTS 10                /* RFC 6928 2 */
#define ANSWER_MAX_NS (200 * WEIR_MS) /* RFC 5681 4.2: immediately */
#define TIMESTAMP_ROOM 12

void conform_backoff(const struct look *l, const struct finder_work_side *w, uint64_t gap)
{
    if (!finder_at(l->f, l->side) || w->rto_tries < 2 || gap >= w->rto_gap + w->rto_gap / 2) {
        return; /* the first one may have been a tail loss probe, which does not count */
    }
    struct finding *finding = finder_here(l, FINDING_CONFORM_BACKOFF, l->side, 75, "RFC 6298 5.5");
    if (finding != NULL) {
        finding->value[0] = (int64_t)w->rto_gap;
        finding->value[1] = (int64_t)gap;
    }
    finder_done(l->f, finding);
}

static void look_at_first_timeout(const struct look *l)
{
    weir_time gap = l->wire->time - l->own->data_time;

    if (l->j->class != LADDER_SYN_RETX || gap >= FIRST_RTO_MIN || l->own->rtt_us != 0 ||
        l->f->handshake_done || l->gap != gap || gap < ANSWER_NS || l->f->over || l->f->reset) {
        return; /* something came in between: that may have provoked it */
    }
    struct finding *finding = finder_here(l, FINDING_CONFORM_RTO, l->side, 80, "RFC 6298 2.1");
    if (finding != NULL) {
        finding->value[0] = (int64_t)gap;
    }
    finder_done(l->f, finding);
}

static void look_at_initial_window(const struct look *l)
{
    uint32_t mss = l->peer->mss;
    uint64_t allowed = (uint64_t)mss * IW_SEGMENTS + mss;

    if (mss == 0 || (l->own->flags & SIDE_HEARD) != 0 || !l->fresh || l->wire->length == 0 ||
        l->own->bytes > allowed || l->own->bytes + l->wire->length <= allowed ||
        !l->f->handshake_done) {
        return;
    }
    struct finding *finding = finder_here(l, FINDING_CONFORM_IW, l->side, 80, "RFC 6928 2");
    if (finding != NULL) {
        finding->value[0] = (int64_t)(l->own->bytes + l->wire->length);
        finding->value[1] = mss;
    }
    finder_done(l->f, finding);
}

static void report_hole(struct finder *f, enum trace_side side, weir_time now)
{
    struct finder_work_side *w = &f->work->side[side];

    if (w->hole_since != 0 && now > w->hole_since + ANSWER_MAX_NS) {
        struct finding *finding = finder_report(f, FINDING_CONFORM_OUT_OF_ORDER, side, INT64_MIN);
        if (finding != NULL) {
            finding_at(finding, w->hole_since, now);
            finding_segment(finding, w->hole_number, w->hole_frame);
            finding->confidence = 75;
            finding->evidence = "RFC 5681 4.2";
            finding->value[0] = (int64_t)(now - w->hole_since);
        }
        finder_done(f, finding);
    }
    w->hole_since = 0;
}

/* What the host at the tap receives. */
static void look_at_receiver(const struct look *l)
{
    enum trace_side receiver = trace_other(l->side);
    uint32_t options =
        (l->wire->options.present & WEIR_SEGMENT_TIMESTAMPS) != 0 ? TIMESTAMP_ROOM : 0;
    bool full = l->peer->mss > options && l->wire->length == l->peer->mss - options;
    bool hole =
        (l->j->facts & LADDER_FACT_HOLE) != 0 && l->wire->length > 0 && l->j->class == LADDER_DATA;

    if (!finder_at(l->f, receiver) || (!full && !hole)) {
        return;
    }
    struct finder_work *w = finder_work(l->f);
    if (w == NULL) {
        return;
    }
    if (hole && w->side[receiver].hole_since == 0) {
        w->side[receiver].hole_since = l->wire->time;
        w->side[receiver].hole_number = l->j->number;
        w->side[receiver].hole_frame = l->wire->frame;
    } else if (full && l->wire->seq == l->own->snd_max) {
        w->side[receiver].full_segments++;
        if (++w->side[receiver].unacked == STRETCH_MIN - 1) {
            w->side[receiver].due_since = l->wire->time;
        }
    }
}

static void count_ack(struct finder_work_side *w, weir_time now)
{
    bool late = w->unacked >= STRETCH_MIN && now >= w->due_since + BATCH_NS;

    w->acks++;
    w->stretched += late;
    w->unacked = 0;
}

void conform_take(const struct look *l)
{
    if (l->f->vantage == LADDER_AT_UNKNOWN) {
        return;
    }
    if (finder_at(l->f, l->side)) {
        look_at_first_timeout(l);
        look_at_initial_window(l);
        if (l->f->work != NULL && (l->wire->flags & WEIR_TCP_ACK) != 0) {
            count_ack(&l->f->work->side[l->side], l->wire->time);
            report_hole(l->f, l->side, l->wire->time);
        }
    }
    look_at_receiver(l);
}

void conform_end(struct finder *f)
{
    for (int i = 0; i < 2 && f->work != NULL; i++) {
        enum trace_side side = (enum trace_side)i;
        const struct finder_work_side *w = &f->work->side[side];
        uint64_t acks = MAX(w->acks, 1);
        if (!finder_at(f, side)) {
            continue;
        }
        report_hole(f, side, f->last);
        bool super = (f->side[trace_other(side)].flags & SIDE_SUPER) != 0;
        if (w->full_segments < FULL_SEGMENTS_MIN || super || w->stretched < STRETCHED_MIN ||
            w->stretched * 2 < acks) {
            continue;
        }
        struct finding *finding = finder_report(f, FINDING_CONFORM_ACK, side, INT64_MIN);
        if (finding != NULL) {
            finding_at(finding, f->start, f->last);
            finding->confidence = 75;
            finding->evidence = "RFC 5681 4.2";
            finding->value[0] = w->full_segments;
            finding->value[1] = w->acks;
            finding->value[2] = (int64_t)((w->full_segments + acks / 2) / acks);
        }
        finder_done(f, finding);
    }
}
