/*
 * finder_ack.c - acknowledgements: late ones and who waited for them, ones that could have ridden on data,
 * old ones, and ones for bytes that were never sent.
 *
 * A delayed ACK is judged when the next segment passes: when the sender of the data goes on at once, it
 * has waited. With Nagle's algorithm (RFC 9293 3.7.4) that is a small segment after a small one.
 */
#include "base/compiler.h"
#include "trace/finder_private.h"

#define DELAY_MIN_NS (35 * WEIR_MS)  /* Linux delays by 40 ms at least, others by 50 to 200 */
#define DELAY_MAX_NS (500 * WEIR_MS) /* RFC 9293 3.8.6.3: less than half a second */
#define AT_ONCE_NS (2 * WEIR_MS)
#define PIGGYBACK_NS WEIR_MS
#define TIMESTAMP_ROOM 12

static uint64_t round_trip(const struct finder_side *sender)
{
    return (uint64_t)sender->rtt_us * WEIR_US;
}

/* Payload that a full segment to `receiver` holds. */
static uint32_t full_size(const struct finder_side *receiver)
{
    uint32_t options = (receiver->flags & SIDE_TIMESTAMP) != 0 ? TIMESTAMP_ROOM : 0;

    return receiver->mss > options ? receiver->mss - options : UINT32_MAX;
}

/* ---- Delayed ACKs ---------------------------------------------------------------------------------------- */

static void add_held(struct finding *finding, const struct finder_held *h, const struct look *next)
{
    weir_time delay = (weir_time)h->delay_us * WEIR_US;

    finding_at(finding, h->time - delay, h->time);
    finding_segment(finding, h->data_number, h->data_frame);
    finding_segment(finding, h->ack_number, h->ack_frame);
    if (next != NULL) {
        finding_segment(finding, next->j->number, next->wire->frame);
        finding->cost_ns += delay;
    }
    finding->value[0] = MAX(finding->value[0], (int64_t)delay);
    finding->value[1] += (int64_t)delay;
}

/* `next`: the segment of which it was held up; NULL: nobody waited. */
static void report_delay(struct finder *f, const struct look *next)
{
    const struct finder_held *h = &f->held;
    enum trace_side acker = trace_other((enum trace_side)h->side);
    bool nagle = next != NULL && h->small && next->wire->length < full_size(&f->side[acker]);
    struct finding *finding =
        nagle ? finder_report(f, FINDING_NAGLE_DELACK, (enum trace_side)h->side, INT64_MIN)
              : finder_report(f, FINDING_DELAYED_ACK, acker, INT64_MIN);

    if (finding == NULL) {
        return;
    }
    if (nagle && finding->occurrences == 1) {
        finding->confidence = 80;
    }
    finding->evidence = nagle ? "small segment sent on the ACK of a small one" : "lone ACK";
    add_held(finding, h, next);
    if (next != NULL) {
        account_held(f, h);
    }
    f->nagle_waits = nagle;
    finder_done(f, finding);
}

static void settle_held(const struct look *l)
{
    struct finder *f = l->f;
    const struct finder_side *acker = &f->side[trace_other((enum trace_side)f->held.side)];
    uint64_t slack = round_trip(acker) + round_trip(acker) / 4 + AT_ONCE_NS;
    bool fin_only = l->wire->length == 0;

    bool waited = l->side == f->held.side && l->data && !fin_only && l->fresh &&
                  l->wire->time - f->held.time <= slack;
    report_delay(f, waited ? l : NULL);
    f->held.delay_us = 0;
}

/* The answer comes as soon as the held segment is there: the reply was waiting for it. */
static void confirm_nagle(const struct look *l)
{
    struct finding *finding = finder_have(l->f, FINDING_NAGLE_DELACK, trace_other(l->side));

    if (finding != NULL) {
        finding->confidence = 95;
    }
    l->f->nagle_waits = false;
}

/* Is this the lone ACK of a lone segment, and late? */
static void look_for_delay(const struct look *l)
{
    const struct finder_side *sender = l->peer;
    uint32_t acked = l->wire->ack - l->j->acked_from;
    bool fin = (sender->flags & SIDE_FIN) != 0 && sender->fin_end == sender->snd_max;
    uint32_t lone = sender->data_length + (fin ? 1 : 0);

    if (!l->pure_ack || (l->j->facts & LADDER_FACT_ACKS_NEW) == 0 ||
        (l->j->facts & LADDER_FACT_WINDOW_OPENED) != 0 || l->wire->ack != sender->snd_max ||
        acked != lone || (sender->flags & SIDE_RESENT) != 0 || sender->rtt_us == 0 ||
        l->wire->time < sender->data_time) {
        return;
    }
    uint64_t took = l->wire->time - sender->data_time;
    uint64_t rtt = round_trip(sender);
    if (took < rtt + DELAY_MIN_NS || took > rtt + DELAY_MAX_NS) {
        return;
    }
    l->f->held = (struct finder_held){.time = l->wire->time,
                                      .delay_us = (uint32_t)((took - rtt) / WEIR_US),
                                      .data_number = sender->data_number,
                                      .data_frame = sender->data_frame,
                                      .ack_number = l->j->number,
                                      .ack_frame = l->wire->frame,
                                      .side = (uint8_t)trace_other(l->side),
                                      .small = sender->data_length > 0 &&
                                               sender->data_length < full_size(l->own)};
}

/* ---- Piggybacking ---------------------------------------------------------------------------------------- */

static void look_for_lone_ack(const struct look *l)
{
    struct finder *f = l->f;
    bool data_waits = f->ack_number != 0 && f->ack_side == l->side && l->j->class == LADDER_DATA &&
                      l->wire->length > 0 && l->wire->time - f->ack_time < PIGGYBACK_NS &&
                      l->wire->ack == l->own->last_ack;

    if (data_waits) {
        struct finding *finding = finder_report(f, FINDING_NO_PIGGYBACK, l->side, INT64_MIN);
        if (finding != NULL) {
            finding_at(finding, f->ack_time, l->wire->time);
            finding_segment(finding, f->ack_number, f->ack_frame);
            finding_segment(finding, l->j->number, l->wire->frame);
            finding->evidence = "ACK just before data";
            finding->value[0] = (int64_t)(l->wire->time - f->ack_time);
        }
        finder_done(f, finding);
    }
    bool quiet = (l->own->flags & SIDE_SPOKE) != 0 && l->own->snd_max == l->peer->last_ack;
    bool acks_data = l->pure_ack && l->j->class == LADDER_ACK && quiet &&
                     (l->j->facts & LADDER_FACT_ACKS_NEW) != 0 &&
                     (l->j->facts & (LADDER_FACT_ACKS_FIN | LADDER_FACT_HANDSHAKE_DONE |
                                     LADDER_FACT_WINDOW_OPENED)) == 0 &&
                     (l->peer->flags & SIDE_DATA) != 0 && l->wire->ack == l->peer->snd_max;
    f->ack_number = acks_data ? l->j->number : 0;
    f->ack_frame = l->wire->frame;
    f->ack_side = (uint8_t)l->side;
    f->ack_time = l->wire->time;
}

/* ---- Wrong acknowledgements -------------------------------------------------------------------------------- */

/* Either bytes that were never sent, or bytes that the capture missed. The other side's next number tells. */
static void note_unsent(const struct look *l)
{
    struct finder_work *w = finder_work(l->f);

    if (w != NULL && !w->unsent) {
        w->unsent = true;
        w->unsent_ack = l->wire->ack;
        w->unsent_number = l->j->number;
        w->unsent_frame = l->wire->frame;
        w->unsent_time = l->wire->time;
        w->unsent_side = (uint8_t)l->side;
    }
}

static void settle_unsent(const struct look *l)
{
    struct finder_work *w = l->f->work;
    bool newest = l->wire->seq == l->own->snd_max ||
                  (l->data && l->fresh && finder_before(l->wire->seq, w->unsent_ack));

    if (l->side == w->unsent_side || (l->wire->flags & WEIR_TCP_SYN) != 0) {
        return;
    }
    if (!finder_before(l->wire->seq, w->unsent_ack)) {
        w->unsent = false; /* it had been sent: the capture is at fault */
    } else if (newest) {
        w->unsent = false;
        struct finding *finding =
            finder_report(l->f, FINDING_ACK_UNSENT, (enum trace_side)w->unsent_side, INT64_MIN);
        if (finding != NULL) {
            finding_at(finding, w->unsent_time, l->wire->time);
            finding_segment(finding, w->unsent_number, w->unsent_frame);
            finding_segment(finding, l->j->number, l->wire->frame);
            finding->evidence = "the next number is lower";
            finding->value[0] = (int64_t)(uint32_t)(w->unsent_ack - l->wire->seq);
        }
        finder_done(l->f, finding);
    }
}

static void look_at_number(const struct look *l)
{
    bool known = (l->peer->flags & SIDE_SPOKE) != 0 && (l->wire->flags & WEIR_TCP_RST) == 0;

    if ((l->wire->flags & WEIR_TCP_ACK) == 0 || !known) {
        return;
    }
    if (finder_before(l->peer->snd_max, l->wire->ack)) {
        note_unsent(l);
    } else if ((l->own->flags & SIDE_ACKED) != 0 && (l->peer->flags & SIDE_SYN) != 0 &&
               finder_before(l->wire->ack, l->own->last_ack)) {
        struct finding *finding = finder_here(l, FINDING_ACK_OLD, l->side, 90, "lower than before");
        if (finding != NULL) {
            finding->value[0] = (int64_t)(uint32_t)(l->own->last_ack - l->wire->ack);
        }
        finder_done(l->f, finding);
    }
}

void ack_take(const struct look *l)
{
    struct finder *f = l->f;

    if (f->held.delay_us != 0) {
        settle_held(l);
    } else if (f->nagle_waits && l->data && l->j->class == LADDER_DATA) {
        confirm_nagle(l);
    }
    if (f->work != NULL && f->work->unsent) {
        settle_unsent(l);
    }
    look_for_lone_ack(l);
    look_for_delay(l);
    look_at_number(l);
    if (l->j->class == LADDER_CHALLENGE_ACK) {
        finder_done(f, finder_here(l, FINDING_CHALLENGE_ACK, l->side, 85, "answers a stray"));
    }
}

void ack_end(struct finder *f)
{
    if (f->held.delay_us != 0) {
        report_delay(f, NULL);
        f->held.delay_us = 0;
    }
}
