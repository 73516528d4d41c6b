/*
 * finder.c - one segment after the other: what is asked about it, in which order, and what is remembered
 * of it. The questions are in the other finder_*.c files; they see both sides as they were before.
 */
#include "trace/finder.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "trace/finder_private.h"

#define MSS_DEFAULT 536 /* RFC 9293 3.7.1: when none was announced */
#define MSS_MIN 88
#define WSCALE_MAX 14
#define GAP_RATIO 4 /* as in vantage.c */

struct finder *finder_new(const struct finder_setup *setup)
{
    struct finder *f = calloc(1, sizeof(*f));

    if (f != NULL) {
        f->vantage = (uint8_t)setup->vantage;
        f->port = setup->port;
        f->found = setup->found;
        f->ctx = setup->ctx;
        if (setup->previous_end != 0) {
            open_previous(f, setup);
        }
    }
    return f;
}

void finder_del(struct finder *f)
{
    if (f != NULL) {
        free(f->findings);
        free(f->work);
        free(f);
    }
}

struct finder_work *finder_work(struct finder *f)
{
    if (f->work == NULL) {
        f->work = calloc(1, sizeof(*f->work));
    }
    return f->work;
}

/* ---- What is remembered ---------------------------------------------------------------------------------- */

static void note_rtt(struct finder_side *sender, weir_time since, weir_time now)
{
    uint64_t us = (now - since) / WEIR_US;

    us = MIN(MAX(us, 1), UINT32_MAX);
    if (sender->rtt_us == 0 || us < sender->rtt_us) {
        sender->rtt_us = (uint32_t)us;
    }
}

/* Where was this captured? At the client the answer to a SYN takes a round trip and the ACK after it next
 * to nothing. */
static void note_vantage(struct finder *f)
{
    uint64_t client = f->side[LADDER_CLIENT].rtt_us, server = f->side[LADDER_SERVER].rtt_us;

    if (f->vantage != LADDER_AT_UNKNOWN || client == 0 || server == 0 ||
        ((f->side[0].flags | f->side[1].flags) & SIDE_DATA) != 0) {
        return;
    }
    if (client > server * GAP_RATIO) {
        f->vantage = LADDER_AT_CLIENT;
    } else if (server > client * GAP_RATIO) {
        f->vantage = LADDER_AT_SERVER;
    }
}

static void note_syn(const struct look *l)
{
    const struct tcp_options *o = &l->wire->options;
    struct finder_side *own = l->own;

    own->flags |= SIDE_SYN;
    own->mss = (o->present & WEIR_SEGMENT_MSS) != 0 ? MAX(o->mss, MSS_MIN) : MSS_DEFAULT;
    if ((o->present & WEIR_SEGMENT_WSCALE) != 0) {
        own->flags |= SIDE_SCALE;
        own->wscale = MIN(o->wscale, WSCALE_MAX);
    }
}

static void note_window(const struct look *l)
{
    struct finder_side *own = l->own;
    bool syn = (l->wire->flags & WEIR_TCP_SYN) != 0;
    uint32_t edge = l->wire->ack + (syn ? l->wire->window : l->j->window);

    if ((l->wire->flags & WEIR_TCP_ACK) == 0 || (own->flags & l->peer->flags & SIDE_SYN) == 0 ||
        finder_before(l->peer->snd_max, l->wire->ack)) {
        return; /* how it is scaled is not known; or it acknowledges what was never sent */
    }
    bool first = (own->flags & SIDE_EDGE) == 0 || (!syn && (own->flags & SIDE_EDGE_SYN) != 0);
    if (first || finder_before(own->edge, edge)) {
        own->edge = edge;
    }
    own->flags |= SIDE_EDGE;
    own->flags = (uint16_t)(syn ? own->flags | SIDE_EDGE_SYN : own->flags & ~SIDE_EDGE_SYN);
    own->max_window = MAX(own->max_window, l->j->window);
}

static void note_ack(const struct look *l)
{
    struct finder_side *own = l->own, *peer = l->peer;
    uint32_t ack = l->wire->ack;

    if ((peer->flags & SIDE_SPOKE) != 0 && finder_before(peer->snd_max, ack)) {
        return; /* of what was not seen */
    }
    bool new = (own->flags & SIDE_ACKED) == 0 || finder_before(own->last_ack, ack);
    if (new &&ack == peer->snd_max && (peer->flags & SIDE_SPOKE) != 0) {
        if ((peer->flags & SIDE_RESENT) == 0) {
            note_rtt(peer, peer->data_time, l->wire->time);
            peer->passed = (uint16_t)MAX(peer->passed, MIN(peer->data_length, UINT16_MAX));
            note_vantage(l->f);
        }
        peer->flags &= (uint16_t)~SIDE_RESENT;
    }
    if (peer->big != 0 && !finder_before(ack, peer->big_end)) {
        peer->passed = MAX(peer->passed, peer->big);
    }
    if ((peer->flags & SIDE_FIN) != 0 && !finder_before(ack, peer->fin_end)) {
        peer->flags |= SIDE_FIN_ACKED;
    }
    if (new) {
        own->last_ack = ack;
        own->flags |= SIDE_ACKED;
    }
}

static void note_numbers(const struct look *l)
{
    const struct trace_segment *wire = l->wire;
    struct finder_side *own = l->own;
    uint32_t span = trace_segment_span(wire), end = wire->seq + span;

    if ((own->flags & SIDE_SPOKE) == 0 || finder_before(own->snd_max, end)) {
        own->snd_max = end;
        own->bytes += wire->length;
    }
    if (span == 0) {
        return;
    }
    own->flags |= l->fresh ? 0 : SIDE_RESENT;
    own->flags |= wire->length > 0 ? SIDE_DATA : 0;
    own->data_time = wire->time;
    own->data_number = l->j->number;
    own->data_frame = wire->frame;
    own->data_length = wire->length;
    if (wire->length > own->big && wire->length <= UINT16_MAX) {
        own->big = (uint16_t)wire->length;
        own->big_end = end;
    }
    if ((wire->flags & WEIR_TCP_FIN) != 0) {
        own->flags |= SIDE_FIN;
        own->fin_end = end;
    }
}

static void note(const struct look *l)
{
    const struct trace_segment *wire = l->wire;
    struct finder_side *own = l->own;
    bool probe = l->j->class == LADDER_ZERO_WINDOW_PROBE || l->j->class == LADDER_KEEPALIVE;

    own->segments++;
    if (l->j->class == LADDER_NET_DUPLICATE) {
        return;
    }
    if ((wire->flags & WEIR_TCP_RST) != 0) {
        own->flags |= SIDE_RST;
        return;
    }
    if ((wire->flags & WEIR_TCP_SYN) != 0) {
        note_syn(l);
    }
    if ((wire->flags & WEIR_TCP_ACK) != 0) {
        note_ack(l);
        note_window(l);
    }
    if (!probe) {
        note_numbers(l);
    }
    own->flags |= SIDE_SPOKE | ((l->j->facts & LADDER_FACT_SUPER) != 0 ? SIDE_SUPER : 0);
    l->peer->flags |= (l->peer->flags & SIDE_DATA) != 0 ? SIDE_HEARD : 0;
    own->ttl = wire->ttl;
    if ((wire->options.present & WEIR_SEGMENT_TIMESTAMPS) != 0) {
        bool newer =
            (own->flags & SIDE_TIMESTAMP) == 0 || finder_before(own->ts_val, wire->options.ts_val);
        own->ts_val = newer ? wire->options.ts_val : own->ts_val;
        own->flags |= SIDE_TIMESTAMP;
    }
}

/* ---- The order of the questions ---------------------------------------------------------------------------- */

static struct look look_at(struct finder *f, const struct trace_segment *wire,
                           const struct judgement *j)
{
    enum trace_side side = (enum trace_side)wire->side;
    struct look l = {.f = f,
                     .wire = wire,
                     .j = j,
                     .side = side,
                     .own = &f->side[side],
                     .peer = &f->side[trace_other(side)]};
    uint16_t others = WEIR_TCP_SYN | WEIR_TCP_FIN | WEIR_TCP_RST;
    uint32_t end = wire->seq + trace_segment_span(wire);
    bool first = f->side[0].segments + f->side[1].segments == 0;

    l.gap = first || wire->time < f->last ? 0 : wire->time - f->last;
    l.data = (wire->flags & (WEIR_TCP_SYN | WEIR_TCP_RST)) == 0 &&
             (wire->length > 0 || (wire->flags & WEIR_TCP_FIN) != 0);
    l.pure_ack =
        wire->length == 0 && (wire->flags & others) == 0 && (wire->flags & WEIR_TCP_ACK) != 0;
    l.fresh = (l.own->flags & SIDE_SPOKE) == 0 || finder_before(l.own->snd_max, end);
    return l;
}

void finder_take(struct finder *f, const struct trace_segment *wire, const struct judgement *j)
{
    struct look l = look_at(f, wire, j);

    if (f->side[0].segments + f->side[1].segments == 0) {
        f->start = f->last = wire->time;
    }
    if (f->mixed) { /* another conversation with the same numbers: nothing can be told apart */
        f->account.part_ns[ACCOUNT_APPLICATION] += l.gap;
        l.own->segments++;
        f->last = MAX(f->last, wire->time);
        return;
    }
    wire_take(&l);
    if (j->class != LADDER_NET_DUPLICATE) {
        ack_take(&l);
        account_take(&l);
        limits_take(&l);
        open_take(&l);
        window_take(&l);
        loss_take(&l);
        close_take(&l);
        conform_take(&l);
    } else {
        f->account.part_ns[ACCOUNT_DATA] += l.gap;
    }
    note(&l);
    f->over = f->over || (j->facts & LADDER_FACT_LAST_ACK) != 0;
    f->reset = f->reset || (wire->flags & WEIR_TCP_RST) != 0;
    f->last = MAX(f->last, wire->time);
}

void finder_lesson(struct finder *f, const struct lesson *lesson)
{
    if (f->mixed) {
        return;
    }
    loss_lesson(f, lesson);
    wire_lesson(f, lesson);
}

void finder_end(struct finder *f)
{
    if (f->ended) {
        return;
    }
    f->ended = true;
    ack_end(f);
    open_end(f);
    window_end(f);
    limits_end(f);
    conform_end(f);
    wire_end(f);
}

void finder_rest(struct finder *f)
{
    free(f->work);
    f->work = NULL;
}

void finder_numbers(const struct finder *f, enum trace_side side, uint32_t *first, uint32_t *next)
{
    const struct finder_side *s = &f->side[side];

    *next = s->snd_max;
    *first = s->snd_max - (uint32_t)s->bytes - ((s->flags & SIDE_FIN) != 0) -
             ((s->flags & SIDE_SYN) != 0);
}

/* ---- Out ------------------------------------------------------------------------------------------------- */

static enum ladder_end end_of(const struct finder *f)
{
    const struct finder_side *server = &f->side[LADDER_SERVER];

    if (f->refused) {
        return LADDER_END_REFUSED;
    }
    if (f->over) {
        return LADDER_END_FIN;
    }
    if (f->reset) {
        return LADDER_END_RST;
    }
    bool only_syns = f->syn_seen && f->syns == f->side[LADDER_CLIENT].segments;
    return only_syns && server->segments == 0 ? LADDER_END_TIMEOUT : LADDER_END_OPEN;
}

void finder_totals(const struct finder *f, struct finder_totals *totals)
{
    *totals = (struct finder_totals){
        .end = end_of(f),
        .segments = f->side[0].segments + f->side[1].segments,
        .bytes = {f->side[0].bytes, f->side[1].bytes},
        .retx_unknown = f->retx_unknown,
        .start = f->start,
        .last = f->last,
    };
}
