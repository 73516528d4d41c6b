/*
 * text_live.c - see text_live.h. What belongs to a conversation is drawn into memory first, and then written
 * with the conversation's number before every line.
 */
#include "render/text_live.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "render/findings.h"
#include "render/painter.h"
#include "render/width.h"

#define PREFIX_MAX 24
#define PREFIX_COLUMNS 5
/* Wider drawings have a sparkline of the whole conversation, which nobody keeps here. */
#define WIDTH_LIMIT 159

/* ---- Prefixes ------------------------------------------------------------------------------------------- */

struct drawing {
    const struct text_live *live;
    struct text_options options;
    FILE *out;
    char *text;
    size_t size;
    uint32_t number;
};

/* False: no memory; nothing is drawn. */
static bool drawing_begin(struct drawing *d, const struct text_live *live, uint32_t number)
{
    *d = (struct drawing){.live = live, .options = *live->options, .number = number};
    d->options.width = MIN(d->options.width, WIDTH_LIMIT);
    if (live->prefixed) {
        d->options.width = MAX(d->options.width - PREFIX_COLUMNS, TEXT_WIDTH_MIN);
    }
    d->out = open_memstream(&d->text, &d->size);
    return d->out != NULL;
}

static void put_prefix(const struct drawing *d, FILE *out)
{
    static const char *const colors[] = {"36", "33", "35", "32", "34", "31"};
    char text[PREFIX_MAX];

    snprintf(text, sizeof(text), "[%" PRIu32 "]", d->number);
    if (d->options.color) {
        fprintf(out, "\033[%sm%-4s\033[0m ", colors[d->number % ARRAY_SIZE(colors)], text);
    } else {
        fprintf(out, "%-4s ", text);
    }
}

static void drawing_end(struct drawing *d)
{
    FILE *out = d->live->out;

    fclose(d->out);
    if (!d->live->prefixed) {
        fwrite(d->text, 1, d->size, out);
    }
    for (char *line = d->text; d->live->prefixed && line < d->text + d->size;) {
        char *end = memchr(line, '\n', d->size - (size_t)(line - d->text));
        size_t size = end != NULL ? (size_t)(end - line) + 1 : d->size - (size_t)(line - d->text);
        put_prefix(d, out);
        fwrite(line, 1, size, out);
        line += size;
    }
    free(d->text);
}

/* ---- Lessons -------------------------------------------------------------------------------------------- */

static enum message_id sentence_of(const struct lesson *lesson)
{
    switch (lesson->kind) {
    case LESSON_LOST:
        return lesson->number == 0 ? MESSAGE_LIVE_LOST_UNSEEN
               : lesson->by != 0   ? MESSAGE_LIVE_LOST_BY
                                   : MESSAGE_LIVE_LOST;
    case LESSON_SPURIOUS: return MESSAGE_LIVE_SPURIOUS;
    case LESSON_REORDERED: return MESSAGE_LIVE_REORDERED;
    case LESSON_RESENT: return MESSAGE_LIVE_RESENT;
    case LESSON_NOT_CAPTURED: return MESSAGE_LIVE_NOT_CAPTURED;
    default: return MESSAGE_LIVE_ARRIVED;
    }
}

static const char *evidence_words(enum evidence evidence)
{
    static const char *const words[] = {
        [EVIDENCE_NONE] = "",           [EVIDENCE_BOTH_ENDS] = "",
        [EVIDENCE_NEVER_SEEN] = "",     [EVIDENCE_DSACK] = "D-SACK",
        [EVIDENCE_EIFEL] = "Eifel",     [EVIDENCE_EARLY_ACK] = "RTT",
        [EVIDENCE_SACK] = "SACK",       [EVIDENCE_DUP_ACKS] = "dup ACKs",
        [EVIDENCE_TIMESTAMP] = "TSval", [EVIDENCE_IP_ID] = "IP ID",
        [EVIDENCE_TIME] = "RTT",        [EVIDENCE_SILENCE] = "RTO",
        [EVIDENCE_ACKED] = "ACK",       [EVIDENCE_SEEN] = "seen before",
    };
    _Static_assert(ARRAY_SIZE(words) == EVIDENCE_COUNT, "a word for every kind of evidence");

    return words[evidence];
}

char *text_lesson(char out[LESSON_TEXT_MAX], const struct lesson *lesson,
                  const struct ladder *ladder, const struct text_options *options)
{
    struct numbering n;
    char number[4][16];
    uint32_t values[4] = {lesson->number, lesson->by, 0, 0};
    bool ascii = options->ascii || options->style == TEXT_ASCII;
    const char *args[5] = {ascii ? "^" : "↑", number[0], number[1], number[2], number[3]};

    numbering_init(&n, ladder_info(ladder), options->seq);
    values[2] = numbering_shown(&n, lesson->side, lesson->start);
    values[3] = numbering_shown(&n, lesson->side, lesson->end - 1);
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        snprintf(number[i], sizeof(number[0]), "%" PRIu32, values[i]);
    }
    message_format(out, LESSON_TEXT_MAX, sentence_of(lesson), options->language, args,
                   ARRAY_SIZE(args));
    const char *evidence = evidence_words(lesson->evidence);
    const char *inferred =
        lesson->proven ? "" : message_text(MESSAGE_LIVE_INFERRED, options->language);
    bool both = evidence[0] != '\0' && inferred[0] != '\0';
    if (evidence[0] != '\0' || inferred[0] != '\0') {
        size_t used = strlen(out);
        snprintf(out + used, LESSON_TEXT_MAX - used, " (%s%s%s)", evidence, both ? ", " : "",
                 inferred);
    }
    return out;
}

/* ---- Rows ----------------------------------------------------------------------------------------------- */

/* Between the lifelines, in as many lines as it needs. */
static void draw_between(struct painter *p, const char *text, const char *sgr)
{
    const char *line;
    char piece[LABEL_MAX];
    unsigned columns = p->at.inner - 2;
    size_t size;

    while ((size = width_wrap(&text, columns, &line)) > 0) {
        snprintf(piece, sizeof(piece), " %.*s", (int)size, line);
        line_begin(&p->line, p->options->color);
        paint_lines(p, piece, sgr, p->glyphs->line);
        line_end(&p->line, p->out);
    }
}

static struct painter painter_of(struct drawing *d, const struct ladder *ladder)
{
    struct painter p = {
        .out = d->out,
        .ladder = ladder,
        .info = ladder_info(ladder),
        .options = &d->options,
        .glyphs = glyphs_for(d->options.ascii ? TEXT_ASCII : d->options.style, d->options.wide),
        .at = layout_for(d->options.width)};

    numbering_init(&p.numbering, p.info, d->options.seq);
    p.numbering.frames = d->options.frames;
    return p;
}

void text_live_note(const struct text_live *live, const struct ladder *ladder, const char *text,
                    const char *sgr)
{
    struct drawing d;

    if (drawing_begin(&d, live, ladder_info(ladder)->number)) {
        struct painter p = painter_of(&d, ladder);
        draw_between(&p, text, sgr);
        drawing_end(&d);
    }
}

void text_live_finding(const struct text_live *live, const struct ladder *ladder,
                       const struct finding *finding)
{
    static const char *const marks[] = {"-", "!", "!!"};
    static const char *const colors[] = {"2", "33", "31"};
    char sentence[FINDING_TEXT_MAX], text[FINDING_TEXT_MAX + 64];
    const char *rest = text, *line;
    struct drawing d;
    size_t size;

    if (!drawing_begin(&d, live, ladder_info(ladder)->number)) {
        return;
    }
    finding_text(sentence, finding, d.options.language);
    snprintf(text, sizeof(text), "%s %s: %s", marks[finding->severity], finding_name(finding->id),
             sentence);
    if (finding->occurrences > 1) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, " (%s%" PRIu32 ")", d.options.ascii ? "x" : "×",
                 finding->occurrences);
    }
    for (bool first = true; (size = width_wrap(&rest, d.options.width - 4, &line)) > 0;
         first = false) {
        struct line l;
        line_begin(&l, d.options.color);
        line_paint(&l, colors[finding->severity]);
        line_put_bytes(&l, first ? 0 : 4, line, size);
        line_end(&l, d.out);
    }
    drawing_end(&d);
}

void text_live_event(const struct text_live *live, const struct stream_event *event)
{
    const struct ladder *ladder = event->ladder;
    struct ladder_row rows[2];
    size_t count = 0;
    struct drawing d;

    if (event->kind == STREAM_LESSON) {
        char text[LESSON_TEXT_MAX];
        text_lesson(text, event->lesson, ladder, live->options);
        text_live_note(live, ladder, text, "35");
        return;
    }
    if (event->idle != NULL) {
        rows[count++] = *event->idle;
    }
    rows[count++] = *event->row;
    if (drawing_begin(&d, live, ladder_info(ladder)->number)) {
        text_rows(d.out, ladder, &d.options, rows, count);
        drawing_end(&d);
    }
}

/* ---- Conversations -------------------------------------------------------------------------------------- */

static void put_note(struct drawing *d, enum message_id id)
{
    char text[PROSE_MAX];
    const char *note = message_text(id, d->options.language);

    fprintf(d->out, "%s\n",
            message_format(text, sizeof(text), MESSAGE_NOTE, d->options.language, &note, 1));
}

static void draw_first_states(struct painter *p)
{
    line_begin(&p->line, p->options->color);
    paint_state(p, LADDER_CLIENT, p->info->side[LADDER_CLIENT].initial_state);
    paint_lines(p, "", NULL, p->glyphs->line);
    paint_state(p, LADDER_SERVER, p->info->side[LADDER_SERVER].initial_state);
    line_end(&p->line, p->out);
}

void text_live_begin(const struct text_live *live, const struct ladder *ladder, const char *remark)
{
    const struct ladder_info *info = ladder_info(ladder);
    char left[TEXT_ENDPOINT_MAX], right[TEXT_ENDPOINT_MAX];
    struct drawing d;

    if (!drawing_begin(&d, live, info->number)) {
        return;
    }
    if (!live->prefixed) {
        text_ladder_head(d.out, ladder, &d.options);
        drawing_end(&d);
        return;
    }
    text_endpoint(&info->side[LADDER_CLIENT].endpoint, left);
    text_endpoint(&info->side[LADDER_SERVER].endpoint, right);
    struct painter p = painter_of(&d, ladder);
    fprintf(d.out, "%s %s %s%s%s\n", left, p.glyphs->to, right, remark != NULL ? " " : "",
            remark != NULL ? remark : "");
    if (!info->handshake) {
        put_note(&d, MESSAGE_NOTE_NO_HANDSHAKE);
    }
    if (info->client_guessed) {
        put_note(&d, MESSAGE_NOTE_CLIENT_GUESSED);
    }
    draw_first_states(&p);
    drawing_end(&d);
}

static char *verdict_of(char out[FINDING_TEXT_MAX], const struct ladder *ladder,
                        enum language language)
{
    struct outcome outcome = {.account = ladder_account(ladder), .totals = ladder_totals(ladder)};

    outcome.findings = ladder_findings(ladder, &outcome.count);
    return verdict_text(out, &outcome, language);
}

void text_live_end(const struct text_live *live, const struct ladder *ladder, int64_t duration_ns)
{
    static const enum message_id ends[] = {
        [LADDER_END_OPEN] = MESSAGE_LIVE_END_OPEN,
        [LADDER_END_FIN] = MESSAGE_LIVE_END_FIN,
        [LADDER_END_RST] = MESSAGE_LIVE_END_RST,
        [LADDER_END_REFUSED] = MESSAGE_LIVE_END_REFUSED,
        [LADDER_END_TIMEOUT] = MESSAGE_LIVE_END_TIMEOUT,
    };
    const struct ladder_info *info = ladder_info(ladder);
    enum language language = live->options->language;
    bool ascii = live->options->ascii || live->options->style == TEXT_ASCII;
    const char *const arrows[2] = {ascii ? "->" : "→", ascii ? "<-" : "←"};
    char number[3][32], time[TIME_TEXT], text[PROSE_MAX];
    const char *args[] = {message_text(ends[info->end], language), number[0], number[1], number[2],
                          time};
    struct drawing d;

    snprintf(number[0], sizeof(number[0]), "%" PRIu32,
             info->side[0].segments + info->side[1].segments);
    for (int side = 0; side < 2; side++) {
        snprintf(number[side + 1], sizeof(number[0]), "%s %" PRIu64, arrows[side],
                 info->side[side].bytes);
    }
    paint_time(time, duration_ns, false);
    if (drawing_begin(&d, live, info->number)) {
        char verdict[FINDING_TEXT_MAX];
        message_format(text, sizeof(text), MESSAGE_LIVE_END, language, args, ARRAY_SIZE(args));
        fprintf(d.out, "%s. %s\n", text, verdict_of(verdict, ladder, language));
        drawing_end(&d);
    }
}

/* ---- What is not there ---------------------------------------------------------------------------------- */

static void put_line(const struct text_live *live, enum message_id id, const char *const args[],
                     size_t n)
{
    char text[PROSE_MAX];

    fprintf(live->out, "%s\n",
            message_format(text, sizeof(text), id, live->options->language, args, n));
}

void text_live_omitted(const struct text_live *live, const struct text_live_omitted *o)
{
    bool ascii = live->options->ascii || live->options->style == TEXT_ASCII;
    char number[4][24], span[24];
    uint64_t values[4] = {o->data + o->acks + o->others, o->data, o->acks, o->others};
    const char *args[] = {ascii ? "..." : "…", number[0], span, number[1], number[2], number[3]};

    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        snprintf(number[i], sizeof(number[0]), "%" PRIu64, values[i]);
    }
    snprintf(span, sizeof(span), "%.1f", (double)o->span_ns / 1e9);
    put_line(live, MESSAGE_LIVE_OMITTED, args, ARRAY_SIZE(args));
}

void text_live_drops(const struct text_live *live, uint64_t packets)
{
    char number[24];
    const char *args[] = {number};

    snprintf(number, sizeof(number), "%" PRIu64, packets);
    put_line(live, MESSAGE_LIVE_DROPS, args, 1);
}
