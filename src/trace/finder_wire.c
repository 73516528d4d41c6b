/*
 * finder_wire.c - what single segments show: checksums, options, urgent data, marks of congestion, old
 * timestamps, sizes; and what the capture itself cannot show.
 */
#include "base/compiler.h"
#include "trace/finder_private.h"

#define CLOCK_BACK_NS WEIR_MS /* less is two processors that stamp at once */
#define DOUBLED_MIN 4
#define TIMESTAMP_ROOM 12
#define OPTIONS_ROOM_MAX 40

/* ---- The capture ------------------------------------------------------------------------------------------- */

static const char *limit_name(enum capture_limit limit)
{
    static const char *const names[] = {"snap length", "one direction",      "no SYN",
                                        "clock",       "every packet twice", "bytes not seen",
                                        "kernel drops"};
    _Static_assert(ARRAY_SIZE(names) == CAPTURE_LIMIT_COUNT, "a name for every limit");

    return names[limit];
}

static struct finding *limit_at(struct finder *f, enum capture_limit limit, weir_time time,
                                uint32_t number, uint32_t frame)
{
    struct finding *finding = finder_report(f, FINDING_CAPTURE_LIMITS, LADDER_CLIENT, limit);

    if (finding != NULL) {
        finding_at(finding, time, time);
        finding_segment(finding, number, frame);
        finding->confidence = 99;
        finding->evidence = limit_name(limit);
    }
    return finding;
}

void finder_limit(struct finder *f, enum capture_limit limit, uint64_t how_many)
{
    struct finding *finding = limit_at(f, limit, f->start, 0, 0);

    if (finding != NULL) {
        finding->value[1] += (int64_t)how_many;
    }
    finder_done(f, finding);
}

static void look_at_capture(const struct look *l)
{
    struct finder *f = l->f;
    const struct trace_segment *wire = l->wire;
    bool first = f->side[0].segments + f->side[1].segments == 0;

    if (first && (wire->flags & WEIR_TCP_SYN) == 0) {
        finder_done(f, limit_at(f, CAPTURE_LIMIT_MID, wire->time, l->j->number, wire->frame));
    }
    if (wire->cut) {
        finder_done(f, limit_at(f, CAPTURE_LIMIT_CUT, wire->time, l->j->number, wire->frame));
    }
    if (!first && wire->time + CLOCK_BACK_NS < f->last) {
        struct finding *finding =
            limit_at(f, CAPTURE_LIMIT_CLOCK, wire->time, l->j->number, wire->frame);
        if (finding != NULL) {
            finding->value[1] = MAX(finding->value[1], (int64_t)(f->last - wire->time));
        }
        finder_done(f, finding);
    }
}

void wire_lesson(struct finder *f, const struct lesson *lesson)
{
    if (lesson->kind != LESSON_NOT_CAPTURED) {
        return;
    }
    struct finder_work *w = finder_work(f);
    if (w != NULL) {
        w->missed = true;
    }
    struct finding *finding = limit_at(f, CAPTURE_LIMIT_MISSED, lesson->time, lesson->by, 0);
    if (finding != NULL) {
        finding->value[1] += (int64_t)(uint32_t)(lesson->end - lesson->start);
    }
    finder_done(f, finding);
}

/* ---- Checksums ----------------------------------------------------------------------------------------------- */

static void look_at_checksum(const struct look *l)
{
    if (l->wire->checksum != TRACE_SUM_BAD && l->wire->checksum != TRACE_SUM_PARTIAL) {
        return;
    }
    struct finder_work *w = finder_work(l->f);
    if (w == NULL) {
        return;
    }
    if (l->wire->checksum == TRACE_SUM_PARTIAL) {
        w->sums_partial[l->side]++;
        return;
    }
    w->sums_bad[l->side]++;
    struct finding *finding = finder_here(l, FINDING_BAD_CHECKSUM, l->side, 90, "TCP checksum");
    if (finding != NULL) {
        finding->value[0] = w->sums_bad[l->side];
        finding->value[1] = 0; /* damaged; 1: left to the network card */
    }
}

/* When all that a side sends looks damaged, nothing is: its network card computes the checksums after the
 * capture. That is worth one line, and no more. */
static void settle_checksums(struct finder *f, enum trace_side side)
{
    const struct finder_work *w = f->work;
    uint32_t strange = w->sums_bad[side] + w->sums_partial[side];
    bool offloaded = w->sums_partial[side] > 0 || strange * 2 > f->side[side].segments;

    if (strange == 0) {
        return;
    }
    struct finding *finding = finder_have(f, FINDING_BAD_CHECKSUM, side);
    if (offloaded && strange * 2 > f->side[side].segments) {
        finder_drop(f, FINDING_BAD_CHECKSUM, side);
        finding = finder_have(f, FINDING_BAD_CHECKSUM, trace_other(side));
        bool told = finding != NULL && finding->value[1] == 1;
        finding = told ? finding : finder_report(f, FINDING_BAD_CHECKSUM, side, INT64_MIN);
        if (finding != NULL) {
            finding_at(finding, f->start, f->last);
            finding->severity = FINDING_INFO;
            finding->confidence = 95;
            finding->evidence = "checksum offload";
            finding->value[0] += strange;
            finding->value[1] = 1;
        }
    }
    if (finding != NULL) {
        finder_done(f, finding);
    }
}

/* ---- Sizes --------------------------------------------------------------------------------------------------- */

static uint32_t room_of_options(const struct trace_segment *wire)
{
    uint32_t size = tcp_options_size(&wire->options);

    return MIN(size, OPTIONS_ROOM_MAX);
}

/* Larger than the peer accepts (RFC 9293 3.7.1, RFC 6691)? What a network card cuts later, or has put
 * together, does not count: its checksum is not final, or it is a multiple, or larger than its own link. */
static void look_at_size(const struct look *l)
{
    uint32_t mss = l->peer->mss, options = room_of_options(l->wire);

    if (mss == 0 || l->wire->cut || l->wire->length + options <= mss || mss <= options ||
        (l->wire->flags & (WEIR_TCP_SYN | WEIR_TCP_RST)) != 0) {
        return;
    }
    uint32_t full = mss - options;
    bool super = (l->j->facts & LADDER_FACT_SUPER) != 0 || l->wire->length % full == 0 ||
                 (l->own->mss != 0 && l->wire->length + options > l->own->mss);
    bool cut_later = l->wire->checksum == TRACE_SUM_PARTIAL || l->wire->checksum == TRACE_SUM_BAD;
    bool not_sure = l->wire->checksum == TRACE_SUM_UNKNOWN && finder_at(l->f, l->side);
    if (super) {
        l->own->flags |= SIDE_SUPER;
    }
    if (super || cut_later || not_sure || (l->own->flags & SIDE_SUPER) != 0) {
        return;
    }
    struct finding *finding =
        finder_here(l, FINDING_MSS_EXCEEDED, l->side, l->wire->checksum == TRACE_SUM_GOOD ? 95 : 70,
                    "larger than announced");
    if (finding != NULL) {
        finding->value[0] = mss;
        finding->value[1] = MAX(finding->value[1], l->wire->length);
        finding->value[2] = options;
    }
    finder_done(l->f, finding);
}

void finder_mss_of_both(struct finder *f, enum trace_side side, uint16_t sent, uint16_t arrived)
{
    if (sent == arrived || sent == 0 || arrived == 0) {
        return;
    }
    struct finding *finding = finder_report(f, FINDING_MSS_CLAMPED, side, INT64_MIN);
    if (finding != NULL) {
        finding_at(finding, f->start, f->start);
        finding->confidence = 99;
        finding->evidence = "both captures";
        finding->value[0] = sent;
        finding->value[1] = arrived;
    }
    finder_done(f, finding);
}

/* ---- Marks and options ----------------------------------------------------------------------------------------- */

static void look_at_ecn(const struct look *l)
{
    uint16_t flags = l->wire->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_ECE | WEIR_TCP_CWR |
                                       WEIR_TCP_AE | WEIR_TCP_RST);
    bool marked = l->wire->ecn == 3;
    bool echo = l->f->ecn && (flags & (WEIR_TCP_SYN | WEIR_TCP_RST | WEIR_TCP_ECE)) == WEIR_TCP_ECE;

    if ((flags & WEIR_TCP_SYN) != 0) {
        l->f->ecn = flags == (WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_ECE);
    }
    if (!marked && !echo) {
        return;
    }
    enum trace_side sender = marked ? l->side : trace_other(l->side);
    struct finding *finding =
        finder_here(l, FINDING_ECN_CE, sender, marked ? 99 : 90, marked ? "CE" : "ECE");
    if (finding != NULL) {
        finding->value[marked ? 0 : 1]++;
    }
    finder_done(l->f, finding);
}

/* A timestamp older than its predecessor's, on new data: the receiver drops it (RFC 7323 5). */
static void look_at_timestamp(const struct look *l)
{
    bool stamped = (l->wire->options.present & WEIR_SEGMENT_TIMESTAMPS) != 0 &&
                   (l->own->flags & SIDE_TIMESTAMP) != 0;

    if (!stamped || l->wire->length == 0 || l->j->class != LADDER_DATA ||
        l->wire->seq != l->own->snd_max ||
        !finder_before(l->wire->options.ts_val, l->own->ts_val)) {
        return;
    }
    struct finding *finding = finder_here(l, FINDING_PAWS_DROP, l->side, 80, "TSval went back");
    if (finding != NULL) {
        finding->value[0] = (int64_t)(uint32_t)(l->own->ts_val - l->wire->options.ts_val);
    }
    finder_done(l->f, finding);
}

static void look_at_flags(const struct look *l)
{
    if ((l->wire->flags & WEIR_TCP_URG) != 0) {
        struct finding *finding = finder_here(l, FINDING_URG_USED, l->side, 99, "URG");
        if (finding != NULL) {
            finding->value[0] = l->wire->urgent;
        }
        finder_done(l->f, finding);
    }
    if (l->wire->options.illegal && !l->wire->cut) {
        finder_done(l->f,
                    finder_here(l, FINDING_BAD_OPTION_LEN, l->side, 95, "length of an option"));
    }
    if (l->j->class == LADDER_KEEPALIVE) {
        struct finding *finding = finder_here(l, FINDING_KEEPALIVE, l->side, 95, "one before");
        if (finding != NULL) {
            finding->value[0] = (int64_t)(finding->end - finding->start);
        }
        finder_done(l->f, finding);
    }
}

static void look_at_copy(const struct look *l)
{
    if (l->j->class != LADDER_NET_DUPLICATE) {
        return;
    }
    struct finding *finding =
        finder_here(l, FINDING_DUPLICATED, l->side, 95, evidence_name(l->j->evidence));
    if (finding != NULL) {
        finding->value[0] = l->j->first;
    }
    finder_done(l->f, finding);
    struct finder_work *w = finder_work(l->f);
    if (w != NULL) {
        w->doubled++;
    }
}

void wire_take(const struct look *l)
{
    look_at_capture(l);
    look_at_checksum(l);
    look_at_copy(l);
    if (l->j->class == LADDER_NET_DUPLICATE) {
        return;
    }
    look_at_size(l);
    look_at_ecn(l);
    look_at_timestamp(l);
    look_at_flags(l);
}

void wire_end(struct finder *f)
{
    uint32_t total = f->side[0].segments + f->side[1].segments;
    bool one_way = total > 1 && (f->side[0].segments == 0 || f->side[1].segments == 0);
    bool only_syns = f->syn_seen && f->syns == total;

    if (one_way && !only_syns) {
        finder_done(f, limit_at(f, CAPTURE_LIMIT_ONE_WAY, f->start, 0, 0));
    }
    for (int side = 0; side < 2; side++) {
        if ((f->side[side].flags & SIDE_SUPER) != 0) {
            finder_drop(f, FINDING_MSS_EXCEEDED, (enum trace_side)side);
        }
        if (f->work != NULL) {
            settle_checksums(f, (enum trace_side)side);
        }
    }
    if (f->work != NULL && f->work->doubled >= DOUBLED_MIN && f->work->doubled * 20 >= total * 9) {
        finder_drop(f, FINDING_DUPLICATED, LADDER_CLIENT);
        finder_drop(f, FINDING_DUPLICATED, LADDER_SERVER);
        finder_done(f, limit_at(f, CAPTURE_LIMIT_TWICE, f->start, 0, 0));
    }
}
