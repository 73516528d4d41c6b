/*
 * judge_fate.c - what became of a segment that was sent more than once (rule 6): which copy arrived, and
 * was the other one needed?
 */
#include "trace/judge_private.h"

static void tell(const struct taking *t, enum lesson_kind kind, enum evidence evidence,
                 const struct sent *s, uint32_t number, uint32_t by)
{
    judge_learn(t, &(struct lesson){.kind = kind,
                                    .evidence = evidence,
                                    .side = trace_other(t->wire->side),
                                    .number = number,
                                    .by = by,
                                    .start = seq_wire(s->start),
                                    .end = seq_wire(sent_end(s)),
                                    .time = t->wire->time});
}

static void needless(const struct taking *t, struct sent *s, enum evidence evidence)
{
    struct stream *data = t->peer;

    if (data->recovery == RECOVERY_RTO) {
        data->recovery =
            RECOVERY_NONE; /* its sender will see that too, and take it back (RFC 4015) */
        data->backoff = 0;
    }
    if ((s->flags & SENT_TOLD_NEEDLESS) == 0) {
        s->flags |= SENT_TOLD_NEEDLESS;
        tell(t, LESSON_SPURIOUS, evidence, s, s->last, t->out->number);
    }
    if (s->copies == 1) {
        tell(t, LESSON_ARRIVED, evidence, s, s->number, t->out->number);
    }
}

static void lost(const struct taking *t, struct sent *s)
{
    enum trace_side side = trace_other(t->wire->side);

    if (tap_at_receiver(t->judge, side) || (s->flags & SENT_SYN) != 0) {
        return; /* it passed the receiver's tap; and a SYN's answer may have been lost as well */
    }
    s->flags |= SENT_TOLD_LOST;
    tell(t, LESSON_LOST, (enum evidence)s->evidence, s, s->number, s->last);
    if (s->previous != s->number &&
        ((s->flags & SENT_HAS_TS) != 0 || s->evidence == EVIDENCE_SACK)) {
        tell(t, LESSON_LOST, (enum evidence)s->evidence, s, s->previous, s->last);
    }
}

/* The ACK echoes what the segment at the left edge carried: older than its last copy, so that copy had not
 * arrived when the ACK left (RFC 3522). */
static bool echoes_older(const struct taking *t, const struct sent *s)
{
    return has_ts(t->wire) && (s->flags & SENT_HAS_TS) != 0 &&
           seq_before(t->wire->options.ts_ecr, s->ts_val);
}

/* The same numbers are sent once more. What became of the copy between the first and the last one can no
 * longer be told apart after this: whoever tries again took it for lost. */
void judge_repeated(const struct taking *t, const struct sent *s)
{
    struct lesson lesson = {.kind = LESSON_REPEATED,
                            .side = (enum trace_side)t->wire->side,
                            .number = s->last,
                            .by = t->out->number,
                            .start = seq_wire(s->start),
                            .end = seq_wire(sent_end(s)),
                            .time = t->wire->time};

    judge_learn(t, &lesson);
    if (s->copies > 1 && (s->flags & SENT_SYN) == 0 && !tap_at_receiver(t->judge, lesson.side)) {
        lesson.kind = LESSON_LOST;
        lesson.evidence = EVIDENCE_SILENCE;
        lesson.number = s->previous;
        judge_learn(t, &lesson);
    }
}

/* It has been sent again, and now its receiver has it. `edge`: it was the oldest one in flight, or the one
 * that was is proved to have arrived before it was sent again. `alone`: not one of several that a single ACK
 * covers; without SACK nobody knows which of those were lost. */
bool judge_fate(const struct taking *t, struct sent *s, bool edge, bool alone)
{
    if ((s->flags & SENT_TOLD_NEEDLESS) != 0) {
        return edge;
    }
    if (edge && echoes_older(t, s)) {
        needless(t, s, EVIDENCE_EIFEL);
        return true;
    }
    weir_time rtt = (weir_time)t->peer->min_rtt_us * (WEIR_MS / 1000);
    weir_time gap = since(t->wire->time, s->time);
    if (!tap_at_receiver(t->judge, trace_other(t->wire->side)) && gap < rtt / 2) {
        needless(t, s, EVIDENCE_EARLY_ACK);
    } else if (gap >= rtt - rtt / 8 && (alone || sack_spoken(t) || t->own->prior_dups == 0)) {
        lost(t, s); /* between the two it is not said */
    }
    return false;
}

/* Does the last copy of flight[index] reach beyond [start, end)? Then the rest of it may have been needed. */
static bool reaches_beyond(const struct flight *f, uint32_t index, seq_pos start, seq_pos end)
{
    const struct sent *s = flight_at(f, index);

    if (s->start < start || sent_end(s) > end) {
        return true;
    }
    for (uint32_t i = index; i-- > 0 && flight_at(f, i)->last == s->last;) {
        if (flight_at(f, i)->start < start) {
            return true;
        }
    }
    for (uint32_t i = index + 1; i < f->count && flight_at(f, i)->last == s->last; i++) {
        if (sent_end(flight_at(f, i)) > end) {
            return true;
        }
    }
    return false;
}

/* The receiver had [start, end) already when it came once more (RFC 2883). */
void judge_dsack(const struct taking *t, seq_pos start, seq_pos end)
{
    struct flight *f = &t->peer->flight;

    for (uint32_t i = flight_find(f, start); i < f->count && flight_at(f, i)->start < end; i++) {
        struct sent *s = flight_at(f, i);
        if (s->copies <= s->dsacks || reaches_beyond(f, i, start, end)) {
            continue; /* the network made a copy further on; or a part was needed */
        }
        s->dsacks++;
        if (s->dsacks == 1) {
            if ((s->flags & SENT_TOLD_LOST) != 0 && s->copies == 1) {
                s->flags &= (uint8_t)~SENT_TOLD_LOST;
            }
            needless(t, s, EVIDENCE_DSACK);
        } else if (s->dsacks == 2) {
            tell(t, LESSON_SPURIOUS, EVIDENCE_DSACK, s, s->previous, t->out->number);
        }
        if (s->dsacks == s->copies) { /* every one of them */
            tell(t, LESSON_ARRIVED, EVIDENCE_DSACK, s, s->number, t->out->number);
            if (s->previous != s->number) {
                tell(t, LESSON_ARRIVED, EVIDENCE_DSACK, s, s->previous, t->out->number);
            }
        }
    }
}
