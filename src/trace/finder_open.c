/*
 * finder_open.c - how a conversation begins: refused, filtered, unanswered, crossing SYNs, Fast Open, and
 * numbers that were used before.
 */
#include "base/compiler.h"
#include "trace/finder_private.h"

#define TIME_WAIT_NS (60 * WEIR_S) /* Linux's; RFC 9293 3.10.8 has 4 minutes */
#define SYNS_MIN 2 /* one SYN without an answer may only be the end of the capture */

void open_previous(struct finder *f, const struct finder_setup *setup)
{
    struct finder_work *w = finder_work(f);

    if (w != NULL) {
        w->previous_end = setup->previous_end;
        w->previous_isn = setup->previous_isn;
        w->previous_next = setup->previous_next;
    }
}

/* The same two endpoints have spoken before. */
static void compare_with_previous(const struct look *l)
{
    const struct finder_work *w = l->f->work;
    weir_time now = l->wire->time;
    struct finding *finding;

    if (w == NULL || w->previous_end == 0 || now < w->previous_end ||
        now - w->previous_end > TIME_WAIT_NS) {
        return;
    }
    uint32_t offset = l->wire->seq - w->previous_isn;
    if (offset < w->previous_next - w->previous_isn) {
        finding = finder_here(l, FINDING_ISN_REUSE, l->side, 80, "number in use before");
    } else {
        finding = finder_here(l, FINDING_TIME_WAIT_REUSE, l->side, 90, "same ports");
    }
    if (finding != NULL) {
        finding->value[0] = (int64_t)(now - w->previous_end);
    }
    finder_done(l->f, finding);
}

/* RFC 7413: data in the SYN, or a cookie, or the wish for one. */
static void look_for_fast_open(const struct look *l)
{
    const struct tcp_options *o = &l->wire->options;
    bool option = (o->present & WEIR_SEGMENT_FASTOPEN) != 0;

    if (l->wire->length == 0 && !option) {
        return;
    }
    struct finding *finding =
        finder_here(l, FINDING_TFO, l->side, 95, option ? "option" : "data in SYN");
    if (finding != NULL) {
        finding->value[0] = MAX(finding->value[0], l->wire->length);
        finding->value[1] = option ? o->fastopen_size : 0;
    }
    finder_done(l->f, finding);
}

static void syn_again(const struct look *l)
{
    struct finder *f = l->f;
    weir_time since = l->own->data_time;
    bool established = f->handshake_done && (f->over || f->reset);

    if (established) { /* the same number for another conversation */
        f->mixed = true;
        finder_done(f, finder_here(l, FINDING_ISN_REUSE, l->side, 80, "same number"));
        return;
    }
    struct finding *finding = finder_here(l, FINDING_SYN_RETX, l->side, 95, "same number");
    if (finding != NULL) {
        finding_at(finding, since, l->wire->time);
        finding->cost_ns += l->wire->time - since;
        finding->value[0] = (int64_t)(l->wire->time - since);
        finding->value[1] = (l->wire->flags & WEIR_TCP_ACK) != 0;
    }
    finder_done(f, finding);
}

static void refused(const struct look *l)
{
    struct finder *f = l->f;

    f->refused = true;
    if (f->prohibited) { /* the ICMP error has told the reason */
        return;
    }
    struct finding *finding = finder_here(l, FINDING_REFUSED, l->side, 95, "RST to SYN");
    if (finding != NULL) {
        finding->value[0] = f->port;
        finding->cost_ns = l->wire->time - f->start;
    }
    finder_done(f, finding);
}

void open_take(const struct look *l)
{
    struct finder *f = l->f;
    bool plain_syn = (l->wire->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK)) == WEIR_TCP_SYN;

    if (plain_syn && l->side == LADDER_CLIENT) {
        f->syns = (uint8_t)MIN(f->syns + 1, UINT8_MAX);
    }
    switch (l->j->class) {
    case LADDER_SYN:
        if (!f->syn_seen) {
            compare_with_previous(l);
        }
        look_for_fast_open(l);
        break;
    case LADDER_SYN_RETX: syn_again(l); break;
    case LADDER_RST:
        if ((l->j->facts & LADDER_FACT_REFUSED) != 0) {
            refused(l);
        }
        break;
    default: break;
    }
    if ((l->j->facts & LADDER_FACT_SIMULTANEOUS) != 0 && (l->wire->flags & WEIR_TCP_ACK) == 0) {
        struct finding *finding =
            finder_here(l, FINDING_SIMULTANEOUS_OPEN, LADDER_CLIENT, 95, "crossing SYNs");
        if (finding != NULL) {
            finding_segment(finding, l->peer->data_number, l->peer->data_frame);
        }
        finder_done(f, finding);
    }
    f->syn_seen = f->syn_seen || (l->wire->flags & WEIR_TCP_SYN) != 0;
    f->handshake_done = f->handshake_done || (l->j->facts & LADDER_FACT_HANDSHAKE_DONE) != 0;
}

void finder_icmp(struct finder *f, weir_time time, enum trace_side side, enum finder_icmp what,
                 uint32_t mtu)
{
    struct finder_work *w = finder_work(f);

    if (what == FINDER_ICMP_TOO_BIG) {
        if (w != NULL) {
            w->too_big = true;
        }
        return;
    }
    bool answered = f->side[trace_other(side)].segments != 0 && !f->refused;
    if (answered || f->handshake_done) {
        return; /* a soft error of an established connection (RFC 1122 4.2.3.9) */
    }
    f->prohibited = true;
    if (time > f->last) { /* the wait for this answer is part of the conversation */
        f->account.part_ns[ACCOUNT_HANDSHAKE] += time - f->last;
        f->last = time;
    }
    finder_drop(f, FINDING_REFUSED, trace_other(side));
    struct finding *finding = finder_report(f, FINDING_FILTERED, trace_other(side), INT64_MIN);
    if (finding != NULL) {
        finding_at(finding, f->start, time);
        finding->confidence = 95;
        finding->evidence = "ICMP";
        finding->value[0] = f->port;
        finding->value[1] = what;
        finding->value[2] = mtu;
        finding->cost_ns = time > f->start ? time - f->start : 0;
        finding_segment(finding, f->side[side].data_number, f->side[side].data_frame);
    }
    finder_done(f, finding);
}

/* SYNs, and never a word from the other side. */
void open_end(struct finder *f)
{
    const struct finder_side *client = &f->side[LADDER_CLIENT];
    bool unanswered = f->syn_seen && f->side[LADDER_SERVER].segments == 0 &&
                      client->segments == f->syns && f->syns >= SYNS_MIN;

    if (!unanswered || f->prohibited) {
        return;
    }
    const struct finding *again = finder_have(f, FINDING_SYN_RETX, LADDER_CLIENT);
    struct finding copy = again != NULL ? *again : (struct finding){.occurrences = 0};
    finder_drop(f, FINDING_SYN_RETX, LADDER_CLIENT);
    struct finding *finding = finder_report(f, FINDING_SYN_TIMEOUT, LADDER_CLIENT, INT64_MIN);
    if (finding != NULL) {
        finding_at(finding, f->start, f->last);
        for (uint32_t i = 0; i < copy.segment_count; i++) {
            finding_segment(finding, copy.segments[i], copy.frames[i]);
        }
        finding->confidence = 95;
        finding->evidence = "no answer";
        finding->cost_ns = f->last - f->start;
        finding->value[0] = f->syns;
        finding->value[1] = (int64_t)(f->last - f->start);
        finding->value[2] = f->port;
    }
    finder_done(f, finding);
}
