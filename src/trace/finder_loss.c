/*
 * finder_loss.c - what was sent again and why, what need not have been, what came late or twice, and paths
 * on which only large segments vanish.
 */
#include "base/compiler.h"
#include "trace/finder_private.h"

#define TIMEOUT_MIN_NS (50 * WEIR_MS) /* a shorter silence is the recovery after a timeout */
#define LATE_RETX_NS (150 * WEIR_MS)
#define HOLE_TRIES 3 /* timeouts of one large segment while the peer is heard */
#define HOLE_TRIES_SILENT 5
#define HOLE_LENGTH_MIN 536

/* ---- Black holes ------------------------------------------------------------------------------------------- */

static void report_black_hole(const struct look *l, const struct finder_work_side *w,
                              uint8_t confidence, const char *evidence)
{
    enum trace_side side = confidence > 90 ? trace_other(l->side) : l->side;
    struct finding *finding = finder_here(l, FINDING_PMTU_BLACKHOLE, side, confidence, evidence);

    if (finding != NULL) {
        finding_at(finding, w->rto_first, l->wire->time);
        finding->cost_ns = MAX(finding->cost_ns, l->wire->time - w->rto_first);
        finding->value[0] = w->rto_length;
        finding->value[1] = l->f->side[side].passed;
        finding->value[2] = w->rto_tries;
    }
    finder_done(l->f, finding);
}

/* RFC 2923 2.1, RFC 8899: large segments never arrive, small ones do, and nobody says why. */
static void look_for_black_hole(const struct look *l, const struct finder_work_side *w)
{
    uint32_t tries = w->rto_heard ? HOLE_TRIES : HOLE_TRIES_SILENT;

    if (w->rto_tries < tries || w->rto_length < HOLE_LENGTH_MIN || l->f->work->too_big ||
        l->own->passed >= w->rto_length || (l->own->flags & SIDE_SUPER) != 0) {
        return;
    }
    report_black_hole(l, w, l->own->passed > 0 ? 75 : 50, "large segments only");
}

/* The peer acknowledges: was it the smaller copy that got through? */
static void note_progress(const struct look *l)
{
    struct finder_work_side *w = &l->f->work->side[trace_other(l->side)];
    const struct tcp_options *o = &l->wire->options;

    if (w->rto_tries == 0) {
        return;
    }
    w->rto_heard = true;
    for (uint32_t i = 0; i < o->sack_count; i++) {
        uint32_t size = o->sack[i].end - o->sack[i].start;
        if (size >= w->rto_length) { /* others of that size arrive */
            l->peer->passed = (uint16_t)MIN(MAX(l->peer->passed, size), UINT16_MAX);
        }
    }
    if ((l->wire->flags & WEIR_TCP_ACK) != 0 && finder_before(w->rto_seq, l->wire->ack)) {
        bool hole = w->rto_smaller && w->rto_tries >= 2 && w->rto_length >= HOLE_LENGTH_MIN &&
                    l->peer->passed < w->rto_length && !l->f->work->too_big;
        if (hole) {
            report_black_hole(l, w, 95, "smaller copy arrived");
        }
        w->rto_tries = 0;
    }
}

/* ---- Timeouts ------------------------------------------------------------------------------------------------ */

static void take_backoff(const struct look *l, const struct finder_work_side *w, uint64_t gap)
{
    if (gap < w->rto_gap + w->rto_gap / 2) {
        return; /* the one before was a tail loss probe, perhaps */
    }
    struct finding *finding =
        finder_here(l, FINDING_RTO_BACKOFF, l->side, 90, "timeout of the same bytes");

    if (finding != NULL) {
        finding->value[0] = (int64_t)w->rto_gap;
        finding->value[1] = (int64_t)gap;
        finding->value[2] = MAX(finding->value[2], (int64_t)w->rto_tries + 1);
    }
    finder_done(l->f, finding);
}

static void track_timeout(const struct look *l, uint64_t gap)
{
    struct finder_work *work = finder_work(l->f);

    if (work == NULL) {
        return;
    }
    struct finder_work_side *w = &work->side[l->side];
    bool same = w->rto_tries > 0 && w->rto_seq == l->wire->seq;
    if (same) {
        take_backoff(l, w, gap);
        conform_backoff(l, w, gap);
        w->rto_tries++;
        w->rto_smaller = w->rto_smaller || l->wire->length < w->rto_length;
    } else {
        w->rto_tries = 1;
        w->rto_first = l->wire->time;
        w->rto_seq = l->wire->seq;
        w->rto_length = l->wire->length;
        w->rto_heard = w->rto_smaller = false;
    }
    w->rto_gap = gap;
    look_for_black_hole(l, w);
}

static void take_timeout(const struct look *l)
{
    uint64_t silent = l->wire->time > l->own->data_time ? l->wire->time - l->own->data_time : 0;
    struct finding *finding = finder_have(l->f, FINDING_RTO, l->side);
    bool recovery = silent < TIMEOUT_MIN_NS && finding != NULL;

    if (recovery) { /* the bytes behind, sent as the window opens again */
        finding_at(finding, l->wire->time, l->wire->time);
        finding_segment(finding, l->j->number, l->wire->frame);
        finding->value[2]++;
        return;
    }
    finding = finder_here(l, FINDING_RTO, l->side, 90, evidence_name(l->j->evidence));
    if (finding != NULL) {
        finding_at(finding, l->own->data_time, l->wire->time);
        finding->cost_ns += silent;
        finding->value[0] = MAX(finding->value[0], (int64_t)silent);
        finding->value[1] = (int64_t)l->j->rto_us * (int64_t)WEIR_US;
        finding->value[2]++;
        finding->value[3] = l->j->first;
    }
    finder_done(l->f, finding);
    track_timeout(l, silent);
}

/* ---- Other retransmissions ------------------------------------------------------------------------------------ */

static void take_resent(const struct look *l, enum finding_id id, uint64_t cost)
{
    struct finding *finding = finder_here(l, id, l->side, 90, evidence_name(l->j->evidence));

    if (finding != NULL) {
        finding->cost_ns += cost;
        finding->value[0] = l->j->first;
        finding->value[1] = (int64_t)l->j->srtt_us * (int64_t)WEIR_US;
        finding->value[2] = MAX(finding->value[2], (int64_t)cost);
    }
    finder_done(l->f, finding);
}

static void take_again(const struct look *l)
{
    switch (l->j->cause) {
    case LADDER_CAUSE_RTO: take_timeout(l); break;
    case LADDER_CAUSE_TLP: take_resent(l, FINDING_TLP, l->gap); break;
    case LADDER_CAUSE_FAST: take_resent(l, FINDING_FAST_RETX, 0); break;
    case LADDER_CAUSE_RACK: take_resent(l, FINDING_RACK, 0); break;
    default: l->f->retx_unknown++; break;
    }
}

static void take_late(const struct look *l)
{
    struct finder_work *w = finder_work(l->f);

    if (w != NULL) {
        w->late_number = l->j->number;
        w->late_frame = l->wire->frame;
        w->late_time = l->wire->time;
        w->late_gap = l->gap;
        w->late_side = (uint8_t)l->side;
        w->late_cause = (uint8_t)l->j->cause;
    }
}

void loss_take(const struct look *l)
{
    if (l->f->work != NULL) {
        note_progress(l);
    }
    switch (l->j->class) {
    case LADDER_RETX: take_again(l); break;
    case LADDER_LATE: take_late(l); break;
    case LADDER_REORDERED:
        finder_done(l->f,
                    finder_here(l, FINDING_REORDERED, l->side, 90, evidence_name(l->j->evidence)));
        break;
    default: break;
    }
    if ((l->j->facts & LADDER_FACT_NEW_DATA_PROBE) != 0) {
        take_resent(l, FINDING_TLP, l->gap);
        struct finding *probe = finder_have(l->f, FINDING_TLP, l->side);
        if (probe != NULL) {
            probe->value[3]++; /* new data: sent, not sent again */
        }
    }
}

/* ---- What is learned later ------------------------------------------------------------------------------------ */

static void learn(struct finder *f, const struct lesson *lesson, enum finding_id id,
                  uint8_t confidence)
{
    struct finding *finding = finder_report(f, id, lesson->side, INT64_MIN);
    bool here = f->work != NULL && f->work->late_number == lesson->number;

    if (finding != NULL) {
        finding_at(finding, here ? f->work->late_time : lesson->time, lesson->time);
        finding_segment(finding, lesson->number, here ? f->work->late_frame : 0);
        finding_sure(finding, confidence);
        finding->evidence = evidence_name(lesson->evidence);
    }
    finder_done(f, finding);
}

/* A hole of this tap was filled by a second copy: the first was lost before the tap. */
static void learn_resent(struct finder *f, const struct lesson *lesson)
{
    const struct finder_work *w = f->work;
    bool here = w != NULL && w->late_number == lesson->number;
    bool silent = here && w->late_gap >= LATE_RETX_NS;
    enum ladder_cause cause = here ? (enum ladder_cause)w->late_cause : LADDER_CAUSE_NONE;
    enum finding_id id = silent || cause == LADDER_CAUSE_RTO ? FINDING_RTO
                         : cause == LADDER_CAUSE_TLP         ? FINDING_TLP
                         : cause == LADDER_CAUSE_RACK        ? FINDING_RACK
                                                             : FINDING_FAST_RETX;

    learn(f, lesson, id, cause != LADDER_CAUSE_NONE ? 85 : 60);
    struct finding *finding = finder_have(f, id, lesson->side);
    if (finding != NULL && silent) {
        finding->cost_ns += w->late_gap;
        finding->value[0] = MAX(finding->value[0], (int64_t)w->late_gap);
        finding->value[2]++;
    }
}

void loss_lesson(struct finder *f, const struct lesson *lesson)
{
    switch (lesson->kind) {
    case LESSON_SPURIOUS:
        if ((f->side[lesson->side].flags & SIDE_DATA) != 0) { /* a SYN sent twice costs nothing */
            learn(f, lesson, FINDING_SPURIOUS_RETX, lesson->proven ? 99 : 90);
        }
        break;
    case LESSON_REORDERED:
        learn(f, lesson, FINDING_REORDERED, lesson->evidence == EVIDENCE_TIME ? 60 : 90);
        break;
    case LESSON_RESENT: learn_resent(f, lesson); break;
    default: break;
    }
}
