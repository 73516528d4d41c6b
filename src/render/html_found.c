/* html_found.c - findings, verdict, account, and what the stacks did inside, for the page, as JSON. */
#include "render/html_private.h"

#include "base/compiler.h"
#include "render/findings.h"
#include "render/painter.h"

json_t *html_count_findings(const struct ladder *ladder)
{
    size_t count;
    const struct finding *finding = ladder_findings(ladder, &count);
    int by[FINDING_ERROR + 1] = {0};

    for (size_t i = 0; i < count; i++) {
        by[finding[i].severity]++;
    }
    return json_pack("[i, i, i]", by[FINDING_INFO], by[FINDING_WARN], by[FINDING_ERROR]);
}

static json_t *text_of(const struct finding *f)
{
    char en[FINDING_TEXT_MAX], zh[FINDING_TEXT_MAX];

    return html_both(finding_text(en, f, LANGUAGE_EN), finding_text(zh, f, LANGUAGE_ZH));
}

/* null when there is none. */
static json_t *advice_for(const struct finding *f)
{
    char en[FINDING_TEXT_MAX], zh[FINDING_TEXT_MAX];

    if (finding_advice(en, f, LANGUAGE_EN) == NULL || finding_advice(zh, f, LANGUAGE_ZH) == NULL) {
        return json_null();
    }
    return html_both(en, zh);
}

static json_t *finding_of(const struct html_connection *c, const struct finding *f)
{
    json_t *segments = json_array();
    json_int_t start = (json_int_t)(f->start - c->info->origin);
    json_int_t end = (json_int_t)(f->end - c->info->origin);

    for (uint32_t i = 0; i < f->segment_count; i++) {
        if (f->segments[i] != 0) {
            json_array_append_new(segments, json_integer(f->segments[i]));
        }
    }
    return json_pack("{s:s, s:i, s:i, s:i, s:I, s:I, s:I, s:I, s:o, s:I, s:o, s:o}", "id",
                     finding_name(f->id), "severity", (int)f->severity, "confidence",
                     (int)f->confidence, "side", (int)f->side, "start", start, "end", end, "cost",
                     (json_int_t)f->cost_ns, "times", (json_int_t)f->occurrences, "segments",
                     segments, "total", (json_int_t)f->segment_total, "text", text_of(f), "advice",
                     advice_for(f));
}

json_t *html_findings(const struct html_connection *c)
{
    size_t count;
    const struct finding *finding = ladder_findings(c->ladder, &count);
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array, finding_of(c, &finding[i]));
    }
    return array;
}

json_t *html_verdict(const struct ladder *ladder)
{
    struct outcome o = {.account = ladder_account(ladder), .totals = ladder_totals(ladder)};
    char en[FINDING_TEXT_MAX], zh[FINDING_TEXT_MAX];

    o.findings = ladder_findings(ladder, &o.count);
    return html_both(verdict_text(en, &o, LANGUAGE_EN), verdict_text(zh, &o, LANGUAGE_ZH));
}

json_t *html_parts(const struct ladder *ladder)
{
    const struct account *account = ladder_account(ladder);
    json_t *array = json_array();

    for (int i = 0; i < ACCOUNT_PARTS; i++) {
        json_array_append_new(array, json_integer((json_int_t)account->part_ns[i]));
    }
    return array;
}

json_t *html_names_of_parts(void)
{
    static const enum message_id ids[] = {
        [ACCOUNT_HANDSHAKE] = MESSAGE_PART_HANDSHAKE,
        [ACCOUNT_DATA] = MESSAGE_PART_DATA,
        [ACCOUNT_RTO] = MESSAGE_PART_RTO,
        [ACCOUNT_ZERO_WINDOW] = MESSAGE_PART_ZERO_WINDOW,
        [ACCOUNT_DELAYED_ACK] = MESSAGE_PART_DELAYED_ACK,
        [ACCOUNT_APPLICATION] = MESSAGE_PART_APPLICATION,
        [ACCOUNT_CLOSE] = MESSAGE_PART_CLOSE,
    };
    _Static_assert(ARRAY_SIZE(ids) == ACCOUNT_PARTS, "a word for every part");
    json_t *names = json_array();

    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        json_array_append_new(names, html_message(ids[i]));
    }
    return names;
}

json_t *html_inside(const struct html_connection *c)
{
    char en[NOTE_TEXT_MAX], zh[NOTE_TEXT_MAX];
    size_t count = 0;
    const struct ladder_note *note =
        c->internals != NULL ? internals_notes(c->internals, &count) : NULL;
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        note_text(en, &note[i], LANGUAGE_EN);
        note_text(zh, &note[i], LANGUAGE_ZH);
        bool cwnd = (note[i].has & NOTE_CWND) != 0;
        bool known = cwnd && note[i].ssthresh != UINT32_MAX;
        json_array_append_new(
            array, json_pack("[I, i, I, b, o, I, I, I]", (json_int_t)note[i].time.ns,
                             (int)note[i].side, (json_int_t)note[i].segment, note_is_row(&note[i]),
                             html_both(en, zh), (json_int_t)(cwnd ? note[i].cwnd_before : 0),
                             (json_int_t)(cwnd ? note[i].cwnd : 0),
                             (json_int_t)(known ? note[i].ssthresh : 0)));
    }
    return array;
}
