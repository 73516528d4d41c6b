/*
 * judge_ack.c - acknowledgements and windows: what they say about the other side's flight (rules 6 and 7).
 */
#include <stdlib.h>

#include "trace/judge_private.h"

#define WSCALE_MAX 14

/* ---- What it acknowledges ------------------------------------------------------------------------------- */

static void sample_rtt(const struct taking *t, weir_time rtt)
{
    struct stream *data = t->peer;
    uint64_t us = rtt / (WEIR_MS / 1000);
    uint32_t sample = us == 0 ? 1 : us > INT32_MAX ? INT32_MAX : (uint32_t)us;

    t->out->rtt_us = sample;
    judge_time_sample(data, sample);
}

static void not_captured(const struct taking *t, const struct sent *hole)
{
    judge_learn(t, &(struct lesson){.kind = LESSON_NOT_CAPTURED,
                                    .evidence = EVIDENCE_ACKED,
                                    .side = trace_other(t->wire->side),
                                    .by = t->out->number,
                                    .start = seq_wire(hole->start),
                                    .end = seq_wire(sent_end(hole)),
                                    .time = t->wire->time});
}

/* Everything below `una` has arrived. */
static void settle(const struct taking *t, seq_pos una)
{
    struct stream *data = t->peer;
    struct flight *f = &data->flight;
    const struct sent *timed = NULL;
    bool repaired = false, edge = true;
    uint32_t first = f->settled;

    while (f->settled < f->count && sent_end(flight_at(f, f->settled)) <= una) {
        struct sent *s = flight_at(f, f->settled++);
        bool known = (s->flags & SENT_SACKED) != 0;
        if (s->number == 0) {
            data->hole_bytes -= s->length;
            not_captured(t, s);
        } else if (s->copies > 0) {
            repaired = true;
            edge = known ? false : judge_fate(t, s, edge, f->settled - 1 == first);
            continue;
        } else if (!known) {
            timed = s;
        }
        edge = false;
    }
    if (timed != NULL) {
        data->rack_time = MAX(data->rack_time, timed->time);
    }
    if (timed != NULL && !repaired) {
        sample_rtt(t, since(t->wire->time, timed->time));
    }
}

static void take_ack(const struct taking *t)
{
    struct stream *data = t->peer;

    if (!data->started) {
        return; /* that direction was not captured: nothing can be said about it */
    }
    seq_pos una = min_u64(seq_widen(data->snd_max, t->wire->ack), data->snd_max);
    if (una > data->snd_una) {
        data->snd_una = una;
        data->progress_time = t->wire->time;
        data->backoff = 0;
        data->probing_tail = false;
        settle(t, una);
        if (data->recovery != RECOVERY_NONE && una >= data->recover) {
            data->recovery = RECOVERY_NONE;
        }
    }
}

void judge_note_ack(const struct taking *t)
{
    const struct trace_segment *wire = t->wire;
    struct stream *own = t->own, *peer = t->peer;
    struct judgement *out = t->out;
    bool newer = own->ack_seen && seq_before(own->last_ack, wire->ack);

    if (newer) {
        out->facts |= LADDER_FACT_ACKS_NEW;
        out->acked_from = own->last_ack;
        if (wire->length > 0 || (wire->flags & WEIR_TCP_FIN) != 0) {
            out->facts |= LADDER_FACT_PIGGYBACK;
        }
        if (own->dup_acks > 0 || since(wire->time, peer->progress_time) > 2 * WEIR_MS) {
            own->prior_dups = (uint16_t)MIN(own->dup_acks, UINT16_MAX);
        }
        own->dup_acks = 0;
    }
    bool past_fin = peer->fin_sent && seq_before(seq_wire(peer->fin_position), wire->ack);
    if (past_fin && !peer->fin_acked) {
        out->facts |= LADDER_FACT_ACKS_FIN;
        peer->fin_acked = true;
        if (own->fin_acked) {
            out->facts |= LADDER_FACT_LAST_ACK;
        }
    }
    if (!t->judge->handshake_done && (wire->flags & WEIR_TCP_SYN) == 0 && own->syn_seen &&
        peer->syn_ack_seen && wire->ack == peer->isn + 1) {
        t->judge->handshake_done = true;
        out->facts |= LADDER_FACT_HANDSHAKE_DONE;
    }
    if (wire->length > 0 && past_fin) {
        out->facts |= LADDER_FACT_HALF_CLOSE;
    }
    if (!own->ack_seen || newer) {
        own->last_ack = wire->ack;
    }
    own->ack_seen = true;
    take_ack(t);
    if ((wire->options.present & WEIR_SEGMENT_SACK) != 0 || newer) {
        judge_note_sack(t);
    }
}

/* ---- Windows -------------------------------------------------------------------------------------------- */

void judge_note_window(const struct taking *t)
{
    struct stream *own = t->own;
    struct judgement *out = t->out;
    bool scaled = own->wscale_offered && t->peer->wscale_offered;

    out->window = (uint32_t)t->wire->window << (scaled ? MIN(own->wscale, WSCALE_MAX) : 0);
    if (out->window == 0) {
        out->facts |= LADDER_FACT_WINDOW_ZERO;
    }
    if (!own->window_seen && (scaled || own->shown_window == 0)) {
        own->shown_window = out->window; /* a scaled one cannot be compared with the SYN's */
    } else if (own->window_seen && own->last_window == 0 && out->window > 0) {
        out->facts |= LADDER_FACT_WINDOW_OPENED | LADDER_FACT_WINDOW_CHANGED;
        own->opened_time = t->wire->time;
    } else if (out->window == 0 && (own->last_window > 0 || !own->window_seen)) {
        out->facts |= LADDER_FACT_WINDOW_CLOSED | LADDER_FACT_WINDOW_CHANGED;
    } else {
        uint64_t difference = out->window > own->shown_window ? out->window - own->shown_window
                                                              : own->shown_window - out->window;
        if (difference * 10 > own->shown_window) {
            out->facts |= LADDER_FACT_WINDOW_CHANGED;
        }
    }
    if ((out->facts & LADDER_FACT_WINDOW_CHANGED) != 0) {
        own->shown_window = out->window;
    }
    own->last_window = t->wire->window;
    own->window_seen = true;
}

/* ---- Rule 7 --------------------------------------------------------------------------------------------- */

void judge_pure_ack(const struct taking *t)
{
    const struct trace_segment *wire = t->wire;
    struct stream *own = t->own;
    bool repeats = own->ack_seen && own->last_ack == wire->ack;
    bool same_window = !own->window_seen || own->last_window == wire->window;
    bool has_sack = (wire->options.present & WEIR_SEGMENT_SACK) != 0;
    bool outstanding = t->peer->started && seq_before(wire->ack, seq_wire(t->peer->snd_max));

    t->out->class = LADDER_ACK;
    if (own->owes_challenge && repeats && same_window) {
        t->out->class = LADDER_CHALLENGE_ACK;
    } else if (own->owes_probe_answer) {
        t->out->facts |= LADDER_FACT_ANSWERS_PROBE;
        own->owes_probe_answer = false;
        if (repeats && !same_window) {
            t->out->class = LADDER_WINDOW_UPDATE;
        }
    } else if (repeats && !same_window && !has_sack) {
        t->out->class = LADDER_WINDOW_UPDATE;
    } else if (repeats && outstanding) {
        t->out->class = LADDER_DUP_ACK;
        own->dup_acks++;
        t->out->count = (uint16_t)MIN(own->dup_acks, UINT16_MAX);
    }
}
