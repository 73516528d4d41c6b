/*
 * finder_limits.c - what kept a sender from sending faster: the receiver's window, the congestion window,
 * or its own application.
 *
 * Between two events of a direction the sender is limited by the window when what is in flight fills it,
 * and by its application when nothing is in flight. What remains is undecided until new data leaves: right
 * after an ACK it was waiting for that ACK (congestion window), otherwise the application wrote only now.
 */
#include "base/compiler.h"
#include "trace/finder_private.h"

#define BULK_SEGMENTS 4 /* of payload of this many segments the watching begins */
#define SEGMENTS_MIN 10
#define ROUND_TRIPS_MIN 10
#define SHARE_MIN 50
#define SLACK_NS (2 * WEIR_MS)

static struct finder_work_side *watched(const struct look *l, enum trace_side sender)
{
    struct finder *f = l->f;
    uint32_t mss = f->side[trace_other(sender)].mss;
    uint64_t enough = (uint64_t)BULK_SEGMENTS * (mss != 0 ? mss : 536);

    if (f->side[sender].bytes < enough || finder_work(f) == NULL) {
        return NULL;
    }
    struct finder_work_side *w = &f->work->side[sender];
    if (w->mark == 0) {
        w->mark = w->first_data = w->last_data = w->ack_time = l->wire->time;
    }
    return w;
}

static void spend(const struct finder *f, enum trace_side sender, struct finder_work_side *w,
                  weir_time now)
{
    const struct finder_side *own = &f->side[sender], *peer = &f->side[trace_other(sender)];
    uint64_t took = now > w->mark ? now - w->mark : 0;
    uint32_t flight = own->snd_max - peer->last_ack;
    uint32_t room = peer->edge - own->snd_max;
    uint32_t segment = MIN(peer->mss != 0 ? peer->mss : 536, MAX(peer->max_window / 2, 1));
    bool full = (peer->flags & SIDE_EDGE) != 0 && ((int32_t)room <= 0 || room < segment);

    w->mark = MAX(w->mark, now);
    if ((peer->flags & SIDE_CLOSED) != 0 || (flight > 0 && full)) {
        w->window_ns += took;
    } else if (flight == 0) {
        w->app_ns += took;
    } else {
        w->open_ns += took;
    }
}

static void take_data(const struct look *l, struct finder_work_side *w)
{
    weir_time now = l->wire->time;
    uint64_t rtt = finder_at(l->f, l->side) ? 0 : (uint64_t)l->peer->rtt_us * WEIR_US;

    if (now - w->ack_time <= rtt + SLACK_NS) {
        w->cwnd_ns += w->open_ns;
    } else {
        w->app_ns += w->open_ns;
    }
    w->open_ns = 0;
    w->last_data = now;
    w->data_segments++;
}

void limits_take(const struct look *l)
{
    for (int side = 0; side < 2; side++) {
        enum trace_side sender = (enum trace_side)side;
        struct finder_work_side *w = watched(l, sender);
        if (w == NULL) {
            continue;
        }
        spend(l->f, sender, w, l->wire->time);
        if (sender == l->side && l->wire->length > 0 && l->fresh) {
            take_data(l, w);
        } else if (sender != l->side && (l->j->facts & LADDER_FACT_ACKS_NEW) != 0) {
            w->ack_time = l->wire->time;
        }
    }
}

static void report(struct finder *f, enum finding_id id, enum trace_side sender, uint64_t part)
{
    const struct finder_work_side *w = &f->work->side[sender];
    uint64_t total = w->last_data - w->first_data;
    struct finding *finding = finder_report(f, id, sender, INT64_MIN);

    if (finding != NULL) {
        finding_at(finding, w->first_data, w->last_data);
        finding->confidence = id == FINDING_WINDOW_LIMITED ? 90 : 75;
        finding->evidence = id == FINDING_WINDOW_LIMITED ? "in flight = window"
                            : id == FINDING_CWND_LIMITED ? "data right after ACKs"
                                                         : "nothing in flight";
        finding->value[0] = (int64_t)(MIN(part, total) * 100 / total);
        finding->value[1] = (int64_t)part;
        finding->value[2] = (int64_t)total;
        finding->value[3] = f->side[trace_other(sender)].max_window;
    }
    finder_done(f, finding);
}

static void judge_sender(struct finder *f, enum trace_side sender)
{
    const struct finder_work_side *w = &f->work->side[sender];
    uint64_t rtt = (uint64_t)MAX(f->side[0].rtt_us, f->side[1].rtt_us) * WEIR_US;
    uint64_t total = w->last_data - w->first_data;
    uint64_t least = total / 100 * SHARE_MIN;

    if (w->data_segments < SEGMENTS_MIN || rtt == 0 || total < ROUND_TRIPS_MIN * rtt) {
        return;
    }
    if (w->window_ns >= least) {
        report(f, FINDING_WINDOW_LIMITED, sender, w->window_ns);
    } else if (w->cwnd_ns >= least) {
        report(f, FINDING_CWND_LIMITED, sender, w->cwnd_ns);
    } else if (w->app_ns >= least) {
        report(f, FINDING_APP_LIMITED, sender, w->app_ns);
    }
}

void limits_end(struct finder *f)
{
    for (int side = 0; side < 2 && f->work != NULL; side++) {
        judge_sender(f, (enum trace_side)side);
    }
}
