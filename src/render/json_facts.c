/* json_facts.c - judgements, losses and figures as JSON: see json_private.h. */
#include "base/compiler.h"
#include "base/seq.h"
#include "render/json_private.h"
#include "trace/judge.h"

#define US_PER_S 1e6

/* ---- What a segment is ----------------------------------------------------------------------------------------- */

static void put_flags_of(struct writer *w, json_t *event, const struct ladder_segment *s)
{
    static const struct {
        uint32_t fact;
        const char *key;
    } keys[] = {
        {LADDER_FACT_PIGGYBACK, "piggyback"},
        {LADDER_FACT_HANDSHAKE_DONE, "handshake_done"},
        {LADDER_FACT_SPURIOUS, "spurious"},
        {LADDER_FACT_MISSED, "missed"},
        {LADDER_FACT_RESENT, "resent"},
        {LADDER_FACT_CORRUPTED, "corrupted"},
        {LADDER_FACT_COPY, "copy"},
        {LADDER_FACT_DSACK, "dsack"},
        {LADDER_FACT_SUPER, "super"},
        {LADDER_FACT_HOLE, "hole"},
        {LADDER_FACT_BY_TIMER, "by_timer"},
        {LADDER_FACT_ANSWERS_PROBE, "answers_probe"},
        {LADDER_FACT_SIMULTANEOUS, "simultaneous"},
        {LADDER_FACT_WINDOW_CLOSED, "window_closed"},
        {LADDER_FACT_WINDOW_OPENED, "window_opened"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if ((s->facts & keys[i].fact) != 0) {
            set(w, event, keys[i].key, json_true());
        }
    }
}

static void put_acknowledged(struct writer *w, json_t *event, const struct ladder_segment *s)
{
    if (!acked_take(&w->acked, s)) {
        w->failed = true;
    }
    if (w->acked.count > 0) {
        json_t *array = json_array();
        for (size_t i = 0; i < w->acked.count; i++) {
            append(w, array, json_integer(w->acked.number[i]));
        }
        set(w, event, "acks", array);
    }
}

void json_put_facts(struct writer *w, json_t *event, const struct ladder_segment *s)
{
    set(w, event, "class", json_string(ladder_class_name(s->class, s->cause)));
    if (s->evidence != EVIDENCE_NONE) {
        set(w, event, "evidence", json_string(evidence_name((enum evidence)s->evidence)));
    }
    if (s->first != 0) {
        set(w, event, "first", json_integer(s->first));
    }
    if (s->count != 0) {
        set(w, event, "count", json_integer(s->count));
    }
    put_flags_of(w, event, s);
    if (s->arrived.known == LADDER_LOST) {
        set(w, event, "lost", json_true());
    }
    if (s->repaired_by != 0) {
        set(w, event, "repaired_by", json_integer(s->repaired_by));
    }
    put_acknowledged(w, event, s);
    /* at the receiver's side it would only be how long the receiver took */
    enum ladder_vantage at = w->info->vantage;
    bool far = at == LADDER_AT_UNKNOWN ||
               (at != LADDER_AT_BOTH && (enum trace_side)s->wire.side != w->info->reference);
    if (s->rtt_us != 0 && far) {
        set(w, event, "rtt", json_real(s->rtt_us / US_PER_S));
    }
    if (s->wire.frame != 0) {
        set(w, event, "frame", json_integer(s->wire.frame));
    }
}

/* ---- Losses ------------------------------------------------------------------------------------------------------ */

void json_write_loss(struct writer *w, const struct ladder_segment *s)
{
    bool proven = s->arrived.known == LADDER_LOST;
    enum evidence evidence = proven ? EVIDENCE_BOTH_ENDS : (enum evidence)s->evidence;
    size_t count;

    if (!proven && (s->facts & LADDER_FACT_MISSED) == 0) {
        return;
    }
    ladder_segments(w->ladder, &count);
    json_t *event = begin(w, "loss");
    set(w, event, "n", json_integer(s->number));
    set(w, event, "t", seconds(s->sent.ns));
    set(w, event, "proven", json_boolean(proven));
    set(w, event, "proof", json_string(evidence_name(evidence)));
    if (s->repaired_by != 0 && s->repaired_by <= count) {
        const struct ladder_segment *by = &w->segment[s->repaired_by - 1];
        set(w, event, "repaired_by", json_integer(s->repaired_by));
        set(w, event, "how", json_string(ladder_class_name(by->class, by->cause)));
    }
    end(w, event);
}

/* ---- Figures ------------------------------------------------------------------------------------------------------- */

static void note_end(struct writer *w, const struct ladder_segment *s)
{
    struct json_model *m = &w->model[s->wire.side];
    uint32_t span = trace_segment_span(&s->wire), end = s->wire.seq + span;

    if (span > 0 && (!m->sent || (int32_t)(end - m->end) > 0)) {
        m->end = end;
        m->sent = true;
    }
}

/* Whose figures a segment brings: its sender's when it carries something; else the other side's, whose data it
 * acknowledges. What a stack itself told is json_internals.h's. */
void json_write_metric(struct writer *w, const struct ladder_segment *s)
{
    bool own = trace_segment_span(&s->wire) > 0;
    enum trace_side sender = (enum trace_side)s->wire.side;
    enum trace_side side = own ? sender : trace_other(sender);
    struct json_model *m = &w->model[side];
    bool at_sender = w->info->vantage == LADDER_AT_UNKNOWN || sender == w->info->reference;

    note_end(w, s);
    if (s->cwnd != 0 || s->srtt_us == 0 || (m->srtt_us == s->srtt_us && m->rto_us == s->rto_us)) {
        return;
    }
    m->srtt_us = s->srtt_us;
    m->rto_us = s->rto_us;
    json_t *event = begin(w, "metric");
    set(w, event, "t", seconds(at_sender ? s->sent.ns : s->arrived.ns));
    set(w, event, "side", json_string(side_name(side)));
    set(w, event, "n", json_integer(s->number));
    set(w, event, "srtt", json_real(m->srtt_us / US_PER_S));
    set(w, event, "rto", json_real(m->rto_us / US_PER_S));
    uint32_t flight = own ? s->flight : m->sent ? m->end - s->wire.ack : 0;
    set(w, event, "inflight", json_integer((int32_t)flight >= 0 ? flight : 0));
    set(w, event, "source", json_string("estimate"));
    end(w, event);
}

void json_forget(struct writer *w)
{
    acked_free(&w->acked);
}
