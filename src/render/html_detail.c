/* html_detail.c - what is told once per connection: who, where, states, silences, findings; as JSON. */
#include "render/html_private.h"

#include "base/compiler.h"
#include "render/painter.h"
#include "render/prose.h"
#include "render/text.h"
#include "trace/judge.h"
#include "trace/state.h"

static void append(json_t *array, json_t *value)
{
    json_array_append_new(array, value); /* NULL is refused, and seen as a shorter list */
}

json_t *html_both(const char *en, const char *zh)
{
    return json_pack("[s, s]", en, zh);
}

json_t *html_message(enum message_id id)
{
    return html_both(message_text(id, LANGUAGE_EN), message_text(id, LANGUAGE_ZH));
}

static json_t *names_of_states(void)
{
    json_t *states = json_array();

    for (int i = 0; i < WEIR_TCP_STATE_COUNT; i++) {
        append(states, html_both(state_short_name((uint8_t)i), state_name((uint8_t)i)));
    }
    return states;
}

static json_t *names_of_causes(void)
{
    json_t *causes = json_array();

    append(causes, html_both("", ""));
    for (int i = LADDER_CAUSE_NONE + 1; i < LADDER_CAUSE_COUNT; i++) {
        append(causes, html_both(prose_cause((enum ladder_cause)i, LANGUAGE_EN),
                                 prose_cause((enum ladder_cause)i, LANGUAGE_ZH)));
    }
    return causes;
}

static json_t *names_of_evidence(void)
{
    static const enum message_id ids[] = {
        [EVIDENCE_BOTH_ENDS] = MESSAGE_EVIDENCE_BOTH_ENDS,
        [EVIDENCE_NEVER_SEEN] = MESSAGE_EVIDENCE_NEVER_SEEN,
        [EVIDENCE_DSACK] = MESSAGE_EVIDENCE_DSACK,
        [EVIDENCE_EIFEL] = MESSAGE_EVIDENCE_EIFEL,
        [EVIDENCE_EARLY_ACK] = MESSAGE_EVIDENCE_EARLY_ACK,
        [EVIDENCE_SACK] = MESSAGE_EVIDENCE_SACK,
        [EVIDENCE_DUP_ACKS] = MESSAGE_EVIDENCE_DUP_ACKS,
        [EVIDENCE_TIMESTAMP] = MESSAGE_EVIDENCE_TIMESTAMP,
        [EVIDENCE_IP_ID] = MESSAGE_EVIDENCE_IP_ID,
        [EVIDENCE_TIME] = MESSAGE_EVIDENCE_TIME,
        [EVIDENCE_SILENCE] = MESSAGE_EVIDENCE_SILENCE,
        [EVIDENCE_ACKED] = MESSAGE_EVIDENCE_ACKED,
        [EVIDENCE_SEEN] = MESSAGE_EVIDENCE_SEEN,
    };
    _Static_assert(ARRAY_SIZE(ids) == EVIDENCE_COUNT, "a sentence for every evidence");
    json_t *evidence = json_array();

    append(evidence, html_both("", ""));
    for (size_t i = EVIDENCE_NONE + 1; i < ARRAY_SIZE(ids); i++) {
        append(evidence, html_message(ids[i]));
    }
    return evidence;
}

json_t *html_names(void)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o}", "parts", html_names_of_parts(), "states", names_of_states(),
        "causes", names_of_causes(), "evidence", names_of_evidence(), "sides",
        json_pack("[o, o]", html_message(MESSAGE_CLIENT), html_message(MESSAGE_SERVER)));
}

static json_t *how_it_ended(enum ladder_end end)
{
    static const enum message_id ids[] = {
        [LADDER_END_OPEN] = MESSAGE_PAGE_END_OPEN,
        [LADDER_END_FIN] = MESSAGE_PAGE_END_FIN,
        [LADDER_END_RST] = MESSAGE_PAGE_END_RST,
        [LADDER_END_REFUSED] = MESSAGE_PAGE_END_REFUSED,
        [LADDER_END_TIMEOUT] = MESSAGE_PAGE_END_TIMEOUT,
    };

    return html_message(ids[end]);
}

/* ---- What the list of connections shows ----------------------------------------------------------------- */

static bool is_again(const struct ladder_segment *s)
{
    return s->class == LADDER_RETX || s->class == LADDER_SYN_RETX;
}

static bool is_lost(const struct ladder_segment *s)
{
    return s->arrived.known == LADDER_LOST || (s->facts & LADDER_FACT_MISSED) != 0;
}

json_t *html_summary(const struct html_connection *c, weir_time start)
{
    const struct ladder_info *info = c->info;
    char end[2][TEXT_ENDPOINT_MAX];
    int64_t last = 0;
    json_int_t again = 0, lost = 0;

    for (size_t i = 0; i < c->segments; i++) {
        const struct ladder_segment *s = &c->segment[i];
        last = MAX(last, MAX(s->sent.ns, s->arrived.ns));
        again += is_again(s);
        lost += is_lost(s);
    }
    return json_pack("{s:I, s:s, s:s, s:I, s:[I, I], s:I, s:I, s:I, s:I, s:s, s:o, s:o}", "number",
                     (json_int_t)info->number, "client",
                     text_endpoint(&info->side[LADDER_CLIENT].endpoint, end[0]), "server",
                     text_endpoint(&info->side[LADDER_SERVER].endpoint, end[1]), "segments",
                     (json_int_t)c->segments, "bytes", (json_int_t)info->side[LADDER_CLIENT].bytes,
                     (json_int_t)info->side[LADDER_SERVER].bytes, "start",
                     (json_int_t)(info->origin - start), "duration", (json_int_t)last, "again",
                     again, "lost", lost, "end", ladder_end_name(info->end), "ended",
                     how_it_ended(info->end), "findings", html_count_findings(c->ladder));
}

/* ---- The rest --------------------------------------------------------------------------------------------- */

static json_t *changes_of(const struct ladder *ladder)
{
    size_t count;
    const struct ladder_change *change = ladder_changes(ladder, &count);
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        append(array, json_pack("[I, i, i, i, i, I]", (json_int_t)change[i].time.ns,
                                (int)change[i].time.known, (int)change[i].side, (int)change[i].from,
                                (int)change[i].to, (json_int_t)change[i].segment));
    }
    return array;
}

/* When what this row shows happened; false: it shows no instant. */
static bool instant_of(const struct ladder_row *row, int64_t *ns)
{
    switch (row->kind) {
    case LADDER_ROW_SEGMENT: *ns = row->segment->sent.ns; return true;
    case LADDER_ROW_ARRIVAL: *ns = row->segment->arrived.ns; return true;
    case LADDER_ROW_STATE: *ns = row->time.ns; return true;
    default: return false;
    }
}

/* Silences: when each ended, how long it was, and why. */
static json_t *silences_of(const struct ladder *ladder)
{
    size_t count;
    const struct ladder_row *row = ladder_rows(ladder, &count);
    json_t *array = json_array();
    int64_t end;

    for (size_t i = 0; i + 1 < count; i++) {
        if (row[i].kind == LADDER_ROW_IDLE && instant_of(&row[i + 1], &end)) {
            append(array, json_pack("[I, I, i]", (json_int_t)end, (json_int_t)row[i].idle_ns,
                                    (int)row[i].cause));
        }
    }
    return array;
}

static json_t *notes_for(const struct ladder_info *info)
{
    enum message_id note[PAINT_NOTES_MAX];
    size_t count = paint_notes(info, note);
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        append(array, html_message(note[i]));
    }
    return array;
}

static json_t *side_of(const struct html_connection *c, enum trace_side side)
{
    const struct ladder_side_info *info = &c->info->side[side];

    return json_pack("{s:b, s:I, s:I, s:i}", "isnKnown", info->isn_known, "isn",
                     (json_int_t)info->isn, "offset", (json_int_t)c->numbering.offset[side],
                     "initial", (int)info->initial_state);
}

static json_t *templates_of(const struct words *words)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < words->count; i++) {
        append(array,
               json_pack("[s, i]", words->template[i].text, (int)words->template[i].numbers));
    }
    return array;
}

json_t *html_detail(const struct html_connection *c, const struct words *words)
{
    return json_pack("{s:i, s:i, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:[o, o]}", "vantage",
                     (int)c->info->vantage, "reference", (int)c->info->reference, "rtt",
                     (json_int_t)c->info->rtt_ns, "changes", changes_of(c->ladder), "silences",
                     silences_of(c->ladder), "notes", notes_for(c->info), "findings",
                     html_findings(c), "verdict", html_verdict(c->ladder), "parts",
                     html_parts(c->ladder), "inside", html_inside(c), "templates",
                     templates_of(words), "sides", side_of(c, LADDER_CLIENT),
                     side_of(c, LADDER_SERVER));
}
