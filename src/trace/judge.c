/*
 * judge.c - the order of the questions: a copy? RST or SYN? a probe? new numbers or old ones? a pure ACK?
 */
#include "trace/judge.h"

#include <stdlib.h>

#include "trace/judge_private.h"

/* A number this far from what was sent last is not part of the stream: damaged or forged. */
#define JUMP_MAX ((int64_t)1 << 30)

_Static_assert(sizeof(struct judge) <= 496, "an idle conversation is small");

struct judge *judge_new(const struct judge_setup *setup)
{
    struct judge *j = calloc(1, sizeof(*j));

    if (j != NULL) {
        j->setup = *setup;
    }
    return j;
}

void judge_rest(struct judge *j)
{
    for (int side = 0; side < 2; side++) {
        if (j->closed || j->dir[side].flight.settled == j->dir[side].flight.count) {
            flight_free(&j->dir[side].flight);
        }
    }
    if (j->busy != NULL && j->dir[0].flight.at == NULL && j->dir[1].flight.at == NULL) {
        free(j->busy->room[0]);
        free(j->busy->room[1]);
        free(j->busy);
        j->busy = NULL;
    }
}

void judge_del(struct judge *j)
{
    if (j != NULL) {
        j->closed = true;
        judge_rest(j);
        free(j);
    }
}

uint64_t judge_bytes(const struct judge *j, enum trace_side side)
{
    return j->dir[side].bytes;
}

void judge_learn(const struct taking *t, const struct lesson *lesson)
{
    const struct judge_setup *setup = &t->judge->setup;

    if (setup->learn != NULL) {
        setup->learn(setup->ctx, lesson);
    }
}

/* ---- SYN and RST ---------------------------------------------------------------------------------------- */

static void begin_stream(const struct taking *t)
{
    struct stream *own = t->own;

    if (!own->started) {
        own->snd_max = own->snd_una = t->start;
        own->started = true;
    }
}

/* The first SYN of this stream, or one with another ISN, before anything was agreed on. */
static int first_syn(const struct taking *t)
{
    struct stream *own = t->own;

    own->syn_number = t->out->number;
    if ((t->wire->flags & WEIR_TCP_ACK) == 0 && t->peer->syn_seen && !t->peer->syn_ack_seen) {
        t->out->facts |= LADDER_FACT_SIMULTANEOUS;
    }
    if (own->started && t->judge->handshake_done) {
        t->peer->owes_challenge = true; /* not of this conversation (RFC 5961 4) */
        return WEIR_OK;
    }
    flight_free(&own->flight);
    own->snd_max = own->snd_una = t->start;
    own->bytes += t->wire->length;
    return judge_syn_numbers(t);
}

static int judge_syn(const struct taking *t)
{
    struct stream *own = t->own, *peer = t->peer;
    const struct trace_segment *wire = t->wire;
    bool has_ack = (wire->flags & WEIR_TCP_ACK) != 0;
    int result = WEIR_OK;

    t->out->class = has_ack ? LADDER_SYN_ACK : LADDER_SYN;
    if (!own->syn_seen || own->isn != wire->seq) {
        result = first_syn(t);
    } else if (has_ack && !own->syn_ack_seen && peer->syn_seen) {
        t->out->facts |= LADDER_FACT_SIMULTANEOUS; /* rule 2: not a retransmission */
    } else {
        t->out->class = LADDER_SYN_RETX;
        t->out->cause = LADDER_CAUSE_RTO;
        t->out->facts |= LADDER_FACT_BY_TIMER;
        t->out->first = own->syn_number;
        t->out->count = ++own->syn_copies;
        result = judge_syn_numbers(t);
    }
    if (t->judge->handshake_done && own->isn != wire->seq) {
        return result;
    }
    own->syn_seen = true;
    own->syn_ack_seen = own->syn_ack_seen || has_ack;
    own->isn = wire->seq;
    own->shown_window = wire->window; /* what the first ACK's window is compared with */
    own->wscale_offered = (wire->options.present & WEIR_SEGMENT_WSCALE) != 0;
    own->wscale = wire->options.wscale;
    own->sack_permitted = (wire->options.present & WEIR_SEGMENT_SACK_PERMITTED) != 0;
    own->mss = (wire->options.present & WEIR_SEGMENT_MSS) != 0 ? wire->options.mss : 0;
    own->started = true;
    return result;
}

static void judge_rst(const struct taking *t)
{
    struct stream *own = t->own, *peer = t->peer;
    const struct trace_segment *wire = t->wire;

    t->out->class = LADDER_RST;
    if (peer->syn_seen && !peer->syn_ack_seen && !own->syn_seen &&
        (wire->flags & WEIR_TCP_ACK) != 0 && wire->ack == peer->isn + 1) {
        t->out->facts |= LADDER_FACT_REFUSED;
    }
    /* Not exactly at the left edge: it will not be believed, but answered (RFC 5961 3). */
    peer->owes_challenge = peer->ack_seen && wire->seq != peer->last_ack;
}

/* ---- The order of the questions -------------------------------------------------------------------------- */

static void note_sent(const struct taking *t)
{
    struct stream *own = t->own;

    if ((t->wire->flags & WEIR_TCP_FIN) != 0) {
        own->fin_sent = true;
        own->fin_position = t->end - 1;
    }
    own->snd_max = max_u64(own->snd_max, max_u64(t->start, t->end));
}

static int judge_stream(const struct taking *t)
{
    int result = WEIR_OK;

    begin_stream(t);
    if (llabs((int64_t)(t->start - t->own->snd_max)) > JUMP_MAX) {
        t->out->class = t->wire->length > 0 ? LADDER_DATA : LADDER_ACK;
        return WEIR_OK;
    }
    if (judge_probe(t)) {
        return WEIR_OK;
    }
    if (t->end > t->start) {
        result = judge_numbers(t);
    } else if ((t->wire->flags & WEIR_TCP_ACK) != 0) {
        result = judge_open_hole(t, t->start);
        judge_pure_ack(t);
    } else {
        t->out->class = LADDER_DATA; /* neither ACK nor data: not TCP as we know it */
    }
    note_sent(t);
    return result;
}

static void fill_model(const struct taking *t)
{
    enum trace_side side = (enum trace_side)t->wire->side;
    bool sends = t->end > t->start;
    const struct stream *data = sends ? t->own : t->peer;

    t->out->flight = (uint32_t)MIN(t->own->snd_max - t->own->snd_una, UINT32_MAX);
    if (data->srtt_us != 0 && !tap_at_receiver(t->judge, sends ? side : trace_other(side))) {
        t->out->srtt_us = data->srtt_us;
        t->out->rto_us = judge_time_rto(data);
    }
}

static int judge_segment(const struct taking *t)
{
    uint16_t flags = t->wire->flags;
    int result = WEIR_OK;

    if ((flags & WEIR_TCP_RST) != 0) {
        judge_rst(t);
        return WEIR_OK;
    }
    result = (flags & WEIR_TCP_SYN) != 0 ? judge_syn(t) : judge_stream(t);
    if ((flags & WEIR_TCP_ACK) != 0) {
        judge_note_ack(t);
    }
    if ((flags & WEIR_TCP_SYN) == 0) {
        judge_note_window(t);
        if ((t->out->facts & LADDER_FACT_WINDOW_OPENED) != 0) {
            t->out->cause = LADDER_CAUSE_ZERO_WINDOW;
        }
    }
    fill_model(t);
    return result;
}

static int take(struct judge *j, const struct trace_segment *wire, bool copy, struct judgement *out)
{
    struct stream *own = &j->dir[wire->side];
    seq_pos start = own->started && (wire->flags & WEIR_TCP_SYN) == 0
                        ? seq_widen(own->snd_max, wire->seq)
                        : seq_from_isn(wire->seq);
    struct taking t = {.judge = j,
                       .wire = wire,
                       .out = out,
                       .own = own,
                       .peer = &j->dir[1 - wire->side],
                       .start = start,
                       .end = start + trace_segment_span(wire)};

    *out = (struct judgement){.number = ++j->number, .window = wire->window};
    if (judge_is_copy(&t) || copy) {
        out->class = LADDER_NET_DUPLICATE;
        out->first = out->first == 0 && own->last_known ? own->last.number : out->first;
        return WEIR_OK;
    }
    if (j->busy == NULL && wire->length > 0) {
        j->busy =
            calloc(1, sizeof(*j->busy)); /* without memory copies are not found out of order */
    }
    bool challenged = own->owes_challenge;
    int result = judge_segment(&t);
    judge_note_id(&t);
    own->owes_challenge = own->owes_challenge && !challenged;
    judge_remember(&t);
    if ((out->facts & LADDER_FACT_LAST_ACK) != 0) {
        judge_rest(j);
    }
    return result;
}

int judge_take(struct judge *j, const struct trace_segment *wire, struct judgement *out)
{
    return take(j, wire, false, out);
}

int judge_take_copy(struct judge *j, const struct trace_segment *wire, struct judgement *out)
{
    return take(j, wire, true, out);
}

void judge_end(struct judge *j)
{
    j->closed = true;
    judge_rest(j);
}

/* ---- Names ---------------------------------------------------------------------------------------------- */

const char *lesson_name(enum lesson_kind kind)
{
    static const char *const names[] = {
        [LESSON_LOST] = "lost",
        [LESSON_SPURIOUS] = "spurious",
        [LESSON_REORDERED] = "reordered",
        [LESSON_RESENT] = "resent",
        [LESSON_NOT_CAPTURED] = "not_captured",
        [LESSON_ARRIVED] = "arrived",
        [LESSON_REPEATED] = "repeated",
    };
    _Static_assert(ARRAY_SIZE(names) == LESSON_COUNT, "a name for every kind");

    return names[kind];
}

const char *evidence_name(enum evidence evidence)
{
    static const char *const names[] = {
        [EVIDENCE_NONE] = "none",
        [EVIDENCE_BOTH_ENDS] = "both_ends",
        [EVIDENCE_NEVER_SEEN] = "never_seen",
        [EVIDENCE_DSACK] = "dsack",
        [EVIDENCE_EIFEL] = "eifel",
        [EVIDENCE_EARLY_ACK] = "early_ack",
        [EVIDENCE_SACK] = "sack",
        [EVIDENCE_DUP_ACKS] = "dup_acks",
        [EVIDENCE_TIMESTAMP] = "timestamp",
        [EVIDENCE_IP_ID] = "ip_id",
        [EVIDENCE_TIME] = "time",
        [EVIDENCE_SILENCE] = "silence",
        [EVIDENCE_ACKED] = "acked",
        [EVIDENCE_SEEN] = "seen",
    };
    _Static_assert(ARRAY_SIZE(names) == EVIDENCE_COUNT, "a name for every kind of evidence");

    return names[evidence];
}
