/*
 * finder_window.c - flow control: closed windows, silly ones, edges that move back, data beyond them.
 */
#include "base/compiler.h"
#include "trace/finder_private.h"

#define SILLY_MIN 3  /* one small update may be an application's last read */
#define ROOM_MIN 536 /* a buffer of which never more was seen is larger than it says */

/* ---- Zero windows ---------------------------------------------------------------------------------------- */

static void report_zero(struct finder *f, enum trace_side side, weir_time until, uint32_t number,
                        uint32_t frame)
{
    struct finder_work_side *w = &f->work->side[side];
    struct finding *finding = finder_report(f, FINDING_ZERO_WINDOW, side, INT64_MIN);

    f->side[side].flags &= (uint16_t)~SIDE_CLOSED;
    if (finding != NULL) {
        weir_time took = until > w->closed_since ? until - w->closed_since : 0;
        finding_at(finding, w->closed_since, until);
        finding_segment(finding, w->closed_number, w->closed_frame);
        finding_segment(finding, number, frame);
        finding->confidence = 95;
        finding->evidence = number != 0 ? "window 0, then open" : "window 0 to the end";
        finding->cost_ns += took;
        finding->value[0] += (int64_t)took;
        finding->value[1] += w->probes;
        finding->value[2] = number == 0; /* never opened again */
    }
    finder_done(f, finding);
    w->probes = 0;
}

static void look_at_zero(const struct look *l)
{
    struct finder *f = l->f;
    bool closed = (l->own->flags & SIDE_CLOSED) != 0;
    bool finished = (l->peer->flags & SIDE_FIN) != 0; /* there is nothing left to receive */

    if ((l->j->facts & LADDER_FACT_WINDOW_ZERO) != 0 && !closed && !finished &&
        (l->wire->flags & (WEIR_TCP_SYN | WEIR_TCP_RST)) == 0) {
        struct finder_work *w = finder_work(f);
        if (w != NULL) {
            w->side[l->side].closed_since = l->wire->time;
            w->side[l->side].closed_number = l->j->number;
            w->side[l->side].closed_frame = l->wire->frame;
            w->side[l->side].probes = 0;
            l->own->flags |= SIDE_CLOSED;
        }
    } else if (closed && l->j->window > 0 && (l->wire->flags & WEIR_TCP_RST) == 0) {
        report_zero(f, l->side, l->wire->time, l->j->number, l->wire->frame);
    }
    if (l->j->class == LADDER_ZERO_WINDOW_PROBE && (l->peer->flags & SIDE_CLOSED) != 0) {
        f->work->side[trace_other(l->side)].probes++;
    }
}

/* ---- Edges ------------------------------------------------------------------------------------------------- */

/* RFC 9293 3.8.6.2.2: a receiver shall not offer less than a segment or half its buffer, whichever is
 * less, once it has offered nothing. */
static void look_for_silliness(const struct look *l, uint32_t moved)
{
    uint32_t half = MAX(l->own->max_window / 2, ROOM_MIN);
    uint32_t least = l->own->mss != 0 ? MIN(l->own->mss, half) : half;
    uint32_t room = l->own->edge + moved - l->peer->snd_max;

    if ((l->j->facts & LADDER_FACT_ACKS_NEW) != 0 || !l->pure_ack || moved >= least ||
        moved <= 1u << l->own->wscale || room >= least) {
        return;
    }
    struct finder_work *w = finder_work(l->f);
    if (w == NULL || ++w->side[l->side].silly < SILLY_MIN) {
        return;
    }
    struct finding *finding = finder_here(l, FINDING_SWS, l->side, 85, "small window updates");
    if (finding != NULL) {
        finding->occurrences = w->side[l->side].silly;
        finding->value[0] = moved;
        finding->value[1] = least;
    }
    finder_done(l->f, finding);
}

static bool is_overtaken(const struct look *l)
{
    bool stamped = (l->wire->options.present & WEIR_SEGMENT_TIMESTAMPS) != 0 &&
                   (l->own->flags & SIDE_TIMESTAMP) != 0;

    return (stamped && finder_before(l->wire->options.ts_val, l->own->ts_val)) ||
           l->j->class == LADDER_REORDERED || l->j->class == LADDER_LATE ||
           finder_before(l->wire->ack, l->own->last_ack);
}

static void look_at_edge(const struct look *l)
{
    uint16_t flags = l->own->flags;
    uint32_t edge = l->wire->ack + l->j->window;
    uint32_t grain = 1u << l->own->wscale; /* what rounding alone may take away */
    bool scaled = (flags & l->peer->flags & SIDE_SCALE) != 0; /* but not in the SYN */

    if ((flags & SIDE_EDGE) == 0 || ((flags & SIDE_EDGE_SYN) != 0 && scaled) ||
        (l->wire->flags & (WEIR_TCP_ACK | WEIR_TCP_SYN | WEIR_TCP_RST)) != WEIR_TCP_ACK ||
        finder_before(l->peer->snd_max, l->wire->ack) || is_overtaken(l)) {
        return;
    }
    if (finder_before(l->own->edge, edge)) {
        look_for_silliness(l, edge - l->own->edge);
    } else if (l->own->edge - edge >= grain && (l->peer->flags & SIDE_FIN) == 0) {
        struct finding *finding =
            finder_here(l, FINDING_WINDOW_SHRUNK, l->side, 85, "right edge moved left");
        if (finding != NULL) {
            finding->value[0] = MAX(finding->value[0], (int64_t)(l->own->edge - edge));
        }
        finder_done(l->f, finding);
        l->own->edge = edge;
    }
}

/* ---- Data beyond the window -------------------------------------------------------------------------------- */

static void look_beyond(const struct look *l)
{
    uint32_t end = l->wire->seq + l->wire->length;

    if (l->wire->length == 0 || (l->peer->flags & SIDE_EDGE) == 0 || !l->fresh ||
        (l->wire->flags & (WEIR_TCP_SYN | WEIR_TCP_RST)) != 0 ||
        l->j->class == LADDER_ZERO_WINDOW_PROBE || l->j->class == LADDER_KEEPALIVE ||
        !finder_before(l->peer->edge, end)) {
        return;
    }
    uint32_t beyond = end - l->peer->edge;
    bool edge_unseen = l->f->work != NULL && l->f->work->missed;
    if ((beyond == 1 && l->wire->length == 1) || edge_unseen) {
        return; /* a probe; or the capture may have missed an update */
    }
    struct finding *finding =
        finder_here(l, FINDING_WINDOW_VIOLATION, l->side, 85, "beyond ACK + window");
    if (finding != NULL) {
        finding->value[0] = MAX(finding->value[0], (int64_t)beyond);
    }
    finder_done(l->f, finding);
}

void window_take(const struct look *l)
{
    look_beyond(l);
    look_at_edge(l);
    look_at_zero(l);
}

void window_end(struct finder *f)
{
    for (int side = 0; side < 2 && f->work != NULL; side++) {
        bool finished = (f->side[1 - side].flags & SIDE_FIN) != 0;
        if ((f->side[side].flags & SIDE_CLOSED) != 0 && !finished) {
            report_zero(f, (enum trace_side)side, f->last, 0, 0);
        }
    }
}
