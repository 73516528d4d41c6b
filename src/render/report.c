/*
 * report.c - what was found, as blocks of text. Lines are wrapped to the width, continued lines indented.
 */
#include "render/report.h"

#include <inttypes.h>
#include <string.h>

#include "base/compiler.h"
#include "render/width.h"

#define SUMMARY_FINDINGS 3
#define LINE_MAX_BYTES 1600
#define PARTS_TEXT_MAX 400

struct report {
    FILE *out;
    const struct outcome *o;
    const struct text_options *options;
};

/* `text` wrapped; the first line begins after `head`, which is indented by `indent`. */
static void put(const struct report *r, unsigned indent, const char *head, const char *text)
{
    unsigned before = indent + width_of(head);
    unsigned room = r->options->width > before + 20 ? r->options->width - before : 20;
    const char *line;
    size_t size;
    bool first = true;

    while ((size = width_wrap(&text, room, &line)) > 0) {
        fprintf(r->out, "%*s%s%.*s\n", (int)(first ? indent : before), "", first ? head : "",
                (int)size, line);
        first = false;
    }
}

static void put_message(const struct report *r, enum message_id id, const char *const args[],
                        size_t n)
{
    char text[LINE_MAX_BYTES];

    put(r, 0, "", message_format(text, sizeof(text), id, r->options->language, args, n));
}

/* ---- Lines ----------------------------------------------------------------------------------------------- */

static void put_verdict(const struct report *r)
{
    char verdict[FINDING_TEXT_MAX];
    const char *arg = verdict_text(verdict, r->o, r->options->language);

    put_message(r, MESSAGE_VERDICT, &arg, 1);
}

static void put_outcome(const struct report *r)
{
    static const enum message_id ends[] = {
        [LADDER_END_OPEN] = MESSAGE_END_OPEN,       [LADDER_END_FIN] = MESSAGE_END_FIN,
        [LADDER_END_RST] = MESSAGE_END_RST,         [LADDER_END_REFUSED] = MESSAGE_END_REFUSED,
        [LADDER_END_TIMEOUT] = MESSAGE_END_TIMEOUT,
    };
    const struct finder_totals *t = r->o->totals;
    char segments[16], took[DURATION_TEXT_MAX], bytes[2][24];

    snprintf(segments, sizeof(segments), "%" PRIu32, t->segments);
    const char *args[] = {message_text(ends[t->end], r->options->language), segments,
                          duration_text(took, (int64_t)r->o->account->total_ns)};
    put_message(r, MESSAGE_OUTCOME, args, 3);
    for (int i = 0; i < 2; i++) {
        snprintf(bytes[i], sizeof(bytes[i]), "%" PRIu64, t->bytes[i]);
    }
    const char *sides[] = {bytes[0], bytes[1]};
    put_message(r, MESSAGE_BYTES, sides, 2);
}

static void put_time(const struct report *r)
{
    static const enum message_id names[] = {
        [ACCOUNT_HANDSHAKE] = MESSAGE_PART_HANDSHAKE,
        [ACCOUNT_DATA] = MESSAGE_PART_DATA,
        [ACCOUNT_RTO] = MESSAGE_PART_RTO,
        [ACCOUNT_ZERO_WINDOW] = MESSAGE_PART_ZERO_WINDOW,
        [ACCOUNT_DELAYED_ACK] = MESSAGE_PART_DELAYED_ACK,
        [ACCOUNT_APPLICATION] = MESSAGE_PART_APPLICATION,
        [ACCOUNT_CLOSE] = MESSAGE_PART_CLOSE,
    };
    _Static_assert(ARRAY_SIZE(names) == ACCOUNT_PARTS, "a word for every part");
    const struct account *a = r->o->account;
    char parts[PARTS_TEXT_MAX] = "", took[DURATION_TEXT_MAX];
    const char *arg = parts;
    size_t used = 0;

    for (int i = 0; i < ACCOUNT_PARTS && used < sizeof(parts); i++) {
        if (a->part_ns[i] != 0) {
            used +=
                (size_t)snprintf(parts + used, sizeof(parts) - used, "%s%s %s",
                                 used > 0 ? ", " : "", message_text(names[i], r->options->language),
                                 duration_text(took, (int64_t)a->part_ns[i]));
        }
    }
    if (used > 0) {
        put_message(r, MESSAGE_TIME_SPENT, &arg, 1);
    }
}

static uint32_t occurrences(const struct outcome *o, enum finding_id id)
{
    uint32_t n = 0;

    for (size_t i = 0; i < o->count; i++) {
        const struct finding *f = &o->findings[i];
        if (f->id == id) {
            n += id == FINDING_RTO   ? (uint32_t)f->value[2]
                 : id == FINDING_TLP ? f->occurrences - (uint32_t)f->value[3]
                                     : f->occurrences;
        }
    }
    return n;
}

static void put_sent_again(const struct report *r)
{
    const struct {
        enum message_id id;
        uint32_t n;
        bool counts; /* needless ones are among the others */
    } kinds[] = {
        {MESSAGE_KIND_SYN, occurrences(r->o, FINDING_SYN_RETX), true},
        {MESSAGE_KIND_FAST, occurrences(r->o, FINDING_FAST_RETX), true},
        {MESSAGE_KIND_RACK, occurrences(r->o, FINDING_RACK), true},
        {MESSAGE_KIND_RTO, occurrences(r->o, FINDING_RTO), true},
        {MESSAGE_KIND_TLP, occurrences(r->o, FINDING_TLP), true},
        {MESSAGE_KIND_UNKNOWN, r->o->totals->retx_unknown, true},
        {MESSAGE_KIND_NEEDLESS, occurrences(r->o, FINDING_SPURIOUS_RETX), false},
    };
    char list[PARTS_TEXT_MAX] = "", one[64], number[16];
    uint32_t total = 0;
    size_t used = 0;

    for (size_t i = 0; i < ARRAY_SIZE(kinds) && used < sizeof(list); i++) {
        const char *arg = number;
        if (kinds[i].n == 0) {
            continue;
        }
        snprintf(number, sizeof(number), "%" PRIu32, kinds[i].n);
        used += (size_t)snprintf(
            list + used, sizeof(list) - used, "%s%s", used > 0 ? ", " : "",
            message_format(one, sizeof(one), kinds[i].id, r->options->language, &arg, 1));
        total += kinds[i].counts ? kinds[i].n : 0;
    }
    snprintf(number, sizeof(number), "%" PRIu32, total);
    const char *args[] = {number, list};
    put_message(r, total == 0 ? MESSAGE_SENT_AGAIN_NONE : MESSAGE_SENT_AGAIN, args, 2);
}

/* ---- Findings -------------------------------------------------------------------------------------------- */

static size_t add_where(char *out, size_t size, enum message_id id, const char *what,
                        enum language language)
{
    char text[160];

    if (what[0] == '\0') {
        return 0;
    }
    return (size_t)snprintf(out, size, ", %s",
                            message_format(text, sizeof(text), id, language, &what, 1));
}

/* "error REFUSED, segments 2, frames 2, cost 0.000 s, 95 % sure". */
static void put_head(const struct report *r, const struct finding *f)
{
    static const enum message_id severities[] = {MESSAGE_SEVERITY_INFO, MESSAGE_SEVERITY_WARN,
                                                 MESSAGE_SEVERITY_ERROR};
    enum language language = r->options->language;
    char line[LINE_MAX_BYTES], numbers[NUMBERS_TEXT_MAX], figure[32];
    size_t used =
        (size_t)snprintf(line, sizeof(line), "%s %s",
                         message_text(severities[f->severity], language), finding_name(f->id));

    numbers_text(numbers, f->segments, f->segment_count, f->segment_total, language);
    used += add_where(line + used, sizeof(line) - used, MESSAGE_FOUND_WHERE, numbers, language);
    numbers_text(numbers, f->frames, f->segment_count, f->segment_total, language);
    used += add_where(line + used, sizeof(line) - used, MESSAGE_FOUND_FRAMES, numbers, language);
    if (f->cost_ns > 0) {
        snprintf(figure, sizeof(figure), "%.6f", (double)f->cost_ns / 1e9);
        used += add_where(line + used, sizeof(line) - used, MESSAGE_FOUND_COST, figure, language);
    }
    snprintf(figure, sizeof(figure), "%u", f->confidence);
    add_where(line + used, sizeof(line) - used, MESSAGE_FOUND_SURE, figure, language);
    put(r, 2, "", line);
}

static void put_finding(const struct report *r, const struct finding *f, bool advise)
{
    char text[FINDING_TEXT_MAX], line[FINDING_TEXT_MAX + 32];

    put_head(r, f);
    put(r, 4, "", finding_text(text, f, r->options->language));
    if (advise && finding_advice(text, f, r->options->language) != NULL) {
        const char *arg = text;
        put(r, 4, "",
            message_format(line, sizeof(line), MESSAGE_ADVICE, r->options->language, &arg, 1));
    }
}

static void put_findings(const struct report *r, size_t most)
{
    char number[24];
    const char *arg = number;

    if (r->o->count == 0) {
        return;
    }
    snprintf(number, sizeof(number), "%zu", r->o->count);
    put_message(r, MESSAGE_FOUND, &arg, 1);
    for (size_t i = 0; i < MIN(most, r->o->count); i++) {
        put_finding(r, &r->o->findings[i], true);
    }
    if (r->o->count > most) {
        char text[160];
        snprintf(number, sizeof(number), "%zu", r->o->count - most);
        put(r, 2, "",
            message_format(text, sizeof(text), MESSAGE_FOUND_REST, r->options->language, &arg, 1));
    }
}

static void put_all(const struct report *r, size_t most)
{
    put_verdict(r);
    put_outcome(r);
    put_time(r);
    put_sent_again(r);
    put_findings(r, most);
}

void report_summary(FILE *out, const struct ladder *ladder, const struct text_options *options)
{
    struct outcome o = {.account = ladder_account(ladder), .totals = ladder_totals(ladder)};
    struct report r = {.out = out, .o = &o, .options = options};

    o.findings = ladder_findings(ladder, &o.count);
    fputc('\n', out);
    put_all(&r, SUMMARY_FINDINGS);
}

void report_outcome(FILE *out, const struct outcome *outcome, const struct text_options *options)
{
    struct report r = {.out = out, .o = outcome, .options = options};

    put_all(&r, SIZE_MAX);
}
