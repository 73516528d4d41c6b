/* text_header.c - what stands above a ladder: notes, true ISNs, titles; and how times are written. */
#include <inttypes.h>
#include <string.h>

#include "base/compiler.h"
#include "render/merge_note.h"
#include "render/painter.h"
#include "render/prose.h"
#include "render/width.h"

#define NS_PER_US 1000
#define US_PER_S 1000000

char *paint_time(char out[TIME_TEXT], int64_t ns, bool estimated)
{
    bool negative = ns < 0;
    uint64_t magnitude = negative ? (uint64_t)-ns : (uint64_t)ns;
    uint64_t us = (magnitude + NS_PER_US / 2) / NS_PER_US;
    const char *prefix = estimated ? (negative ? "~-" : "~") : (negative ? "-" : "");

    snprintf(out, TIME_TEXT, "%s%" PRIu64 ".%06" PRIu64, prefix, us / US_PER_S, us % US_PER_S);
    char *point = strchr(out, '.');
    size_t length = strlen(out);
    size_t least = (size_t)(point - out) + 2; /* one digit stays */
    if (length > LAYOUT_TIME) {
        out[MAX(least, (size_t)LAYOUT_TIME)] = '\0';
    }
    return out;
}

char *text_endpoint(const struct weir_endpoint *endpoint, char out[TEXT_ENDPOINT_MAX])
{
    char ip[WEIR_IP_TEXT_MAX];

    weir_ip_format(&endpoint->ip, ip, sizeof(ip));
    bool six = endpoint->ip.family == 6;
    snprintf(out, TEXT_ENDPOINT_MAX, "%s%s%s:%u", six ? "[" : "", ip, six ? "]" : "",
             endpoint->port);
    return out;
}

static void draw_message(FILE *out, enum message_id id, enum language language,
                         const char *const args[], size_t n)
{
    char text[PROSE_MAX];

    fprintf(out, "%s\n", message_format(text, sizeof(text), id, language, args, n));
}

static void draw_note(struct painter *p, enum message_id id)
{
    const char *text = message_text(id, p->options->language);

    draw_message(p->out, MESSAGE_NOTE, p->options->language, &text, 1);
}

size_t paint_notes(const struct ladder_info *info, enum message_id notes[PAINT_NOTES_MAX])
{
    size_t n = 0;

    if (!info->handshake) {
        notes[n++] = MESSAGE_NOTE_NO_HANDSHAKE;
    }
    if (info->client_guessed) {
        notes[n++] = MESSAGE_NOTE_CLIENT_GUESSED;
    }
    if (info->one_way) {
        notes[n++] = MESSAGE_NOTE_ONE_WAY;
    }
    if (info->cut) {
        notes[n++] = MESSAGE_NOTE_CUT;
    }
    if (info->vantage == LADDER_AT_SERVER) {
        notes[n++] = MESSAGE_NOTE_AT_SERVER;
    } else if (info->vantage == LADDER_AT_UNKNOWN) {
        notes[n++] = MESSAGE_NOTE_NO_VANTAGE;
    }
    return n;
}

static void draw_merge_notes(struct painter *p)
{
    char notes[MERGE_NOTES_MAX][PROSE_MAX];
    size_t n = merge_notes(notes, p->info, p->options->language);

    for (size_t i = 0; i < n; i++) {
        const char *text = notes[i];
        draw_message(p->out, MESSAGE_NOTE, p->options->language, &text, 1);
    }
}

static void draw_notes(struct painter *p)
{
    enum message_id notes[PAINT_NOTES_MAX];
    size_t n = paint_notes(p->info, notes);

    for (size_t i = 0; i < n; i++) {
        if (notes[i] != MESSAGE_NOTE_NO_VANTAGE || p->at.time) {
            draw_note(p, notes[i]);
        }
    }
    draw_merge_notes(p);
}

char *paint_isns(char out[PROSE_MAX], const struct ladder_info *info,
                 const struct numbering *numbering, enum language language)
{
    char number[4][16];
    const char *args[MESSAGE_ARGS_MAX];
    size_t n = 0;

    out[0] = '\0';
    for (int i = 0; i < 2; i++) {
        enum trace_side side = (enum trace_side)i;
        uint32_t isn = info->side[i].isn;
        if (info->side[i].isn_known && numbering_differs(numbering, side)) {
            char *shown = number[i * 2], *really = number[i * 2 + 1];
            snprintf(shown, sizeof(number[0]), "%u", numbering_shown(numbering, side, isn));
            snprintf(really, sizeof(number[0]), "%u", isn);
            args[n++] = prose_side(side, language);
            args[n++] = shown;
            args[n++] = really;
        }
    }
    if (n > 0) {
        enum message_id id = n > 3 ? MESSAGE_ISNS : MESSAGE_ISN_ONE;
        message_format(out, PROSE_MAX, id, language, args, n);
    }
    return out;
}

static void draw_isns(struct painter *p)
{
    char text[PROSE_MAX];

    paint_isns(text, p->info, &p->numbering, p->options->language);
    if (text[0] != '\0') {
        fprintf(p->out, "%s\n", text);
    }
}

static void draw_titles(struct painter *p)
{
    enum language language = p->options->language;
    char left[TEXT_ENDPOINT_MAX], right[TEXT_ENDPOINT_MAX];
    const char *unit = message_text(MESSAGE_TIME_UNIT, language);

    text_endpoint(&p->info->side[LADDER_CLIENT].endpoint, left);
    text_endpoint(&p->info->side[LADDER_SERVER].endpoint, right);
    line_begin(&p->line, p->options->color);
    if (p->at.time) {
        line_put_right(&p->line, p->at.time_end, unit);
    }
    line_put(&p->line, p->at.left_state, prose_side(LADDER_CLIENT, language));
    line_put(&p->line, p->at.left_line + 1, left);
    if (strlen(left) + strlen(right) + 1 > p->at.inner) { /* IPv6: a line for each */
        line_end(&p->line, p->out);
        line_begin(&p->line, p->options->color);
    }
    line_put_right(&p->line, p->at.right_line, right);
    line_put(&p->line, p->at.right_state, prose_side(LADDER_SERVER, language));
    if (p->at.far) {
        line_put_right(&p->line, p->at.far_time_end, unit);
        line_put(&p->line, p->at.prose, message_text(MESSAGE_MEANING, language));
    }
    if (p->at.gauge != 0 && p->gauge.most != 0) {
        line_put(&p->line, p->at.gauge, message_text(p->gauge.title, language));
    }
    line_end(&p->line, p->out);
}

void text_connection(FILE *out, const struct ladder *ladder, size_t of, int64_t start_ns,
                     const struct text_options *options)
{
    const struct ladder_info *info = ladder_info(ladder);
    char left[TEXT_ENDPOINT_MAX], right[TEXT_ENDPOINT_MAX], start[TIME_TEXT], number[3][24];
    size_t segments;

    ladder_segments(ladder, &segments);
    snprintf(number[0], sizeof(number[0]), "%u", info->number);
    snprintf(number[1], sizeof(number[1]), "%zu", of);
    snprintf(number[2], sizeof(number[2]), "%zu", segments);
    const char *args[] = {number[0],
                          number[1],
                          text_endpoint(&info->side[LADDER_CLIENT].endpoint, left),
                          text_endpoint(&info->side[LADDER_SERVER].endpoint, right),
                          number[2],
                          paint_time(start, start_ns, false)};
    draw_message(out, MESSAGE_CONNECTION, options->language, args, ARRAY_SIZE(args));
}

void paint_header(struct painter *p)
{
    draw_notes(p);
    draw_isns(p);
    draw_titles(p);
}
