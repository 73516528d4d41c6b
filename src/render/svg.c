/*
 * svg.c - a ladder as one SVG file: no script, no font and no picture from elsewhere.
 *
 * Reading order: svg_time.h (heights), svg_ladder below, svg_arrow.c, svg_side.c, svg_style.c.
 */
#include <inttypes.h>
#include <string.h>

#include "base/compiler.h"
#include "render/findings.h"
#include "render/svg_private.h"
#include "render/svg_style.h"

#define SEGMENTS_MAX 2000
#define MARGIN 20.0
#define NOTE_LINE 17.0
#define LIFE_TOP 28.0 /* lifelines begin this far above the first event */
#define LIFE_BOTTOM 26.0
#define FINDINGS_MAX 12

static void text_at(struct svg *v, const char *class, double x, double y, const char *text)
{
    fprintf(v->out, "<text class=\"%s\" x=\"%.0f\" y=\"%.1f\">", class, x, y);
    xml_put(v->out, text);
    fputs("</text>\n", v->out);
}

/* ---- What is drawn ------------------------------------------------------------------------------------------- */

static void choose_rows(struct svg *v)
{
    size_t count;

    v->rows = export_rows(v->ladder, v->options, &count);
    for (size_t i = 0; i < count && v->drawn < SEGMENTS_MAX; i++) {
        if (v->rows[i].kind == LADDER_ROW_SEGMENT) {
            v->drawn++;
        }
        v->row_count = i + 1;
    }
}

/* "" when everything is drawn. */
static char *left_out(const struct svg *v, char text[PROSE_MAX])
{
    char number[3][24];
    const char *args[] = {number[0], number[1], number[2]};
    size_t all, segments, hidden = 0, first = 0;
    const struct ladder_row *rows = export_rows(v->ladder, v->options, &all);

    ladder_segments(v->ladder, &segments);
    for (size_t i = v->row_count; i < all; i++) {
        if (rows[i].kind == LADDER_ROW_SEGMENT) {
            first = first == 0 ? rows[i].segment->number : first;
            hidden++;
        }
    }
    text[0] = '\0';
    if (hidden > 0) {
        snprintf(number[0], sizeof(number[0]), "%zu", hidden);
        snprintf(number[1], sizeof(number[1]), "%zu", segments);
        snprintf(number[2], sizeof(number[2]), "%zu", first);
        message_format(text, PROSE_MAX, MESSAGE_SVG_LEFT_OUT, v->language, args, ARRAY_SIZE(args));
    }
    return text;
}

/* ---- Head ------------------------------------------------------------------------------------------------------ */

static void document(struct svg *v, double height)
{
    char left[TEXT_ENDPOINT_MAX], right[TEXT_ENDPOINT_MAX], text[PROSE_MAX], duration[TIME_TEXT];
    char number[24];
    const char *ends[] = {text_endpoint(&v->info->side[LADDER_CLIENT].endpoint, left),
                          text_endpoint(&v->info->side[LADDER_SERVER].endpoint, right)};
    size_t segments;
    const struct ladder_segment *s = ladder_segments(v->ladder, &segments);

    fprintf(v->out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 "
            "0 %.0f %.0f\" role=\"img\" aria-labelledby=\"title desc\" lang=\"%s\">\n",
            SVG_WIDTH, height, SVG_WIDTH, height, v->language == LANGUAGE_ZH ? "zh" : "en");
    fputs("<title id=\"title\">", v->out);
    xml_put(v->out, message_format(text, sizeof(text), MESSAGE_SVG_TITLE, v->language, ends, 2));
    fputs("</title>\n<desc id=\"desc\">", v->out);
    snprintf(number, sizeof(number), "%zu", segments);
    paint_duration(duration, segments > 0 ? s[segments - 1].sent.ns : 0);
    const char *args[] = {number, duration};
    xml_put(v->out, message_format(text, sizeof(text), MESSAGE_SVG_DESC, v->language, args, 2));
    fputs("</desc>\n", v->out);
    svg_style(v->out);
    fprintf(v->out, "<rect class=\"bg\" width=\"%.0f\" height=\"%.0f\"/>\n", SVG_WIDTH, height);
}

static size_t note_count(const struct svg *v)
{
    enum message_id ids[PAINT_NOTES_MAX];
    char isns[PROSE_MAX];

    paint_isns(isns, v->info, &v->numbering, v->language);
    return paint_notes(v->info, ids) + (isns[0] != '\0');
}

static void notes(struct svg *v)
{
    enum message_id ids[PAINT_NOTES_MAX];
    char text[PROSE_MAX];
    double y = MARGIN + 8;
    size_t n = paint_notes(v->info, ids);

    for (size_t i = 0; i < n; i++, y += NOTE_LINE) {
        const char *arg = message_text(ids[i], v->language);
        message_format(text, sizeof(text), MESSAGE_NOTE, v->language, &arg, 1);
        text_at(v, "n", MARGIN, y, text);
    }
    paint_isns(text, v->info, &v->numbering, v->language);
    if (text[0] != '\0') {
        text_at(v, "n", MARGIN, y, text);
    }
}

static void titles(struct svg *v, double y)
{
    char text[TEXT_ENDPOINT_MAX];
    const char *unit = message_text(MESSAGE_TIME_UNIT, v->language);

    for (int i = 0; i < 2; i++) {
        enum trace_side side = (enum trace_side)i;
        double x = side == LADDER_CLIENT ? SVG_LEFT : SVG_RIGHT;
        text_at(v, "h1 m", x, y - 18, prose_side(side, v->language));
        text_at(v, "m", x, y, text_endpoint(&v->info->side[side].endpoint, text));
    }
    text_at(v, "t e", SVG_TIME_LEFT, y, unit);
    if (v->info->vantage != LADDER_AT_UNKNOWN) {
        text_at(v, "t e", SVG_TIME_RIGHT, y, unit);
    }
    text_at(v, "p", SVG_PROSE, y, message_text(MESSAGE_MEANING, v->language));
}

/* ---- What was found ------------------------------------------------------------------------------------------ */

static double findings_height(const struct svg *v)
{
    size_t count;

    ladder_findings(v->ladder, &count);
    return count == 0 ? 0 : NOTE_LINE * (double)(MIN(count, FINDINGS_MAX + 1) + 2);
}

static void findings(struct svg *v, double y)
{
    char text[FINDING_TEXT_MAX], number[24];
    const char *arg = number;
    size_t count;
    const struct finding *finding = ladder_findings(v->ladder, &count);

    if (count > 0) {
        y += NOTE_LINE;
        text_at(v, "h1", MARGIN, y, message_text(MESSAGE_SVG_FINDINGS, v->language));
    }
    for (size_t i = 0; i < MIN(count, FINDINGS_MAX); i++) {
        y += NOTE_LINE;
        fprintf(v->out,
                "<g class=\"%s\"><title>%s</title><circle class=\"d\" cx=\"%.0f\" "
                "cy=\"%.1f\" r=\"4\"/>\n",
                finding_severity_name(finding[i].severity), finding_name(finding[i].id), MARGIN + 4,
                y - 4);
        text_at(v, "n", MARGIN + 16, y, finding_text(text, &finding[i], v->language));
        fputs("</g>\n", v->out);
    }
    if (count > FINDINGS_MAX) {
        snprintf(number, sizeof(number), "%zu", count - FINDINGS_MAX);
        message_format(text, sizeof(text), MESSAGE_SVG_MORE_FOUND, v->language, &arg, 1);
        text_at(v, "n", MARGIN + 16, y + NOTE_LINE, text);
    }
}

/* ---- All of it --------------------------------------------------------------------------------------------------- */

static void draw(struct svg *v, double top)
{
    char text[PROSE_MAX];
    double bottom = v->time.bottom + LIFE_BOTTOM;

    left_out(v, text);
    double foot = bottom + (text[0] != '\0' ? NOTE_LINE : 0);
    document(v, foot + findings_height(v) + MARGIN);
    notes(v);
    titles(v, top - LIFE_TOP - 12);
    svg_lifelines(v, top - LIFE_TOP, bottom);
    svg_idles(v);
    for (size_t i = 0; i < v->row_count; i++) {
        svg_arrow(v, i);
    }
    for (size_t i = 0; i < v->row_count; i++) {
        svg_words(v, i);
    }
    svg_beside(v);
    if (text[0] != '\0') {
        text_at(v, "n m", (SVG_LEFT + SVG_RIGHT) / 2, foot, text);
    }
    findings(v, foot);
    fputs("</svg>\n", v->out);
}

int svg_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options)
{
    double before = -1000;
    struct svg v = {.out = out,
                    .ladder = ladder,
                    .info = ladder_info(ladder),
                    .options = options,
                    .language = options->language,
                    .last_time = {before, before},
                    .last_state = {before, before},
                    .last_label = {before, before},
                    .last_prose = before};

    numbering_init(&v.numbering, v.info, options->seq);
    choose_rows(&v);
    double top = MARGIN + NOTE_LINE * (double)note_count(&v) + 82;
    int result = svg_time_make(&v.time, v.rows, v.row_count, options->scale, top + 12);
    if (result == WEIR_OK) {
        draw(&v, top + 12);
        svg_time_free(&v.time);
    }
    return result;
}
