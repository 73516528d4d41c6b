/*
 * judge_copy.c - one packet, seen twice: copied by the network, or captured twice (rule 1).
 *
 * The last few segments of each direction are known by their fingerprints, so a copy is found even when
 * others came between. IP ID 0 says nothing: many stacks send it always, and IPv6 has none. Then only data
 * with the same timestamps counts, and only sooner than any answer could have caused a retransmission.
 */
#include <stdlib.h>

#include "trace/judge_private.h"

/* Two packets with equal IPv4 IDs within this time are one packet. */
#define COPY_TIME_MAX (200 * WEIR_MS)

/* Without an ID and a known round trip. */
#define COPY_TIME_SHORT (500 * (WEIR_MS / 1000))

static uint32_t mix(uint32_t hash, uint32_t value)
{
    hash = (hash ^ value) * 0x9e3779b1u;
    return hash ^ hash >> 15;
}

static uint32_t fingerprint(const struct trace_segment *w)
{
    uint32_t hash = mix(w->seq, w->ack);

    hash = mix(hash, w->length);
    hash = mix(hash, (uint32_t)w->flags << 16 | w->window);
    hash = mix(hash, w->options.ts_val);
    return mix(hash, w->options.ts_ecr);
}

static weir_time longest_gap(const struct taking *t)
{
    if (t->wire->ip_id != 0) {
        return COPY_TIME_MAX;
    }
    weir_time rtt = (weir_time)t->own->min_rtt_us + t->peer->min_rtt_us;
    return rtt == 0 ? COPY_TIME_SHORT : rtt * (WEIR_MS / 1000) / 2;
}

static bool may_be_copy(const struct taking *t)
{
    const struct trace_segment *w = t->wire;

    if (w->ip_id == 0 && (w->length == 0 || !has_ts(w))) {
        return false;
    }
    if (trace_segment_span(w) > 0 || (w->flags & WEIR_TCP_RST) != 0) {
        return t->own->started && t->start < t->own->snd_max;
    }
    return t->own->ack_seen && !seq_before(t->own->last_ack, w->ack);
}

static bool is_last(const struct taking *t)
{
    const struct trace_segment *w = t->wire;
    const struct last_segment *l = &t->own->last;

    return t->own->last_known && l->ip_id == w->ip_id && l->seq == w->seq && l->ack == w->ack &&
           l->length == w->length && l->flags == w->flags && l->window == w->window &&
           l->ts_val == w->options.ts_val && since(w->time, l->time) < longest_gap(t);
}

bool judge_is_copy(const struct taking *t)
{
    const struct busy *busy = t->judge->busy;
    const struct trace_segment *w = t->wire;

    if (!may_be_copy(t)) {
        return false;
    }
    if (is_last(t)) {
        t->out->first = t->own->last.number;
        return true;
    }
    if (busy == NULL) {
        return false;
    }
    uint32_t hash = fingerprint(w), now = (uint32_t)(w->time / (WEIR_MS / 1000));
    weir_time gap = longest_gap(t) / (WEIR_MS / 1000);
    for (uint32_t i = 0; i < RECENT_MAX; i++) {
        const struct recent *r = &busy->recent[w->side][i];
        if (r->hash == hash && r->ip_id == w->ip_id && r->number != 0 && now - r->time_us < gap) {
            t->out->first = r->number;
            return true;
        }
    }
    return false;
}

void judge_remember(const struct taking *t)
{
    const struct trace_segment *w = t->wire;
    struct busy *busy = t->judge->busy;

    if (busy != NULL) {
        uint32_t *next = &busy->recent_next[w->side];
        busy->recent[w->side][*next] =
            (struct recent){.hash = fingerprint(w),
                            .number = t->out->number,
                            .time_us = (uint32_t)(w->time / (WEIR_MS / 1000)),
                            .ip_id = w->ip_id};
        *next = (*next + 1) % RECENT_MAX;
    }
    t->own->last = (struct last_segment){.time = w->time,
                                         .seq = w->seq,
                                         .ack = w->ack,
                                         .length = w->length,
                                         .ts_val = w->options.ts_val,
                                         .number = t->out->number,
                                         .window = w->window,
                                         .flags = w->flags,
                                         .ip_id = w->ip_id};
    t->own->last_known = true;
}
