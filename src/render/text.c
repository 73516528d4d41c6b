/*
 * text.c - the ladder in a terminal. Reading order: text_ladder, then one function per kind of row.
 */
#include "render/text.h"

#include <inttypes.h>
#include <string.h>

#include "base/compiler.h"
#include "render/layout.h"
#include "render/line.h"
#include "render/prose.h"
#include "render/width.h"
#include "trace/state.h"

#define NS_PER_US 1000
#define US_PER_S 1000000

struct painter {
    FILE *out;
    const struct ladder *ladder;
    const struct ladder_info *info;
    const struct text_options *options;
    const struct glyphs *glyphs;
    struct layout at;
    struct numbering numbering;
    struct line line;
};

/* ---- Times ------------------------------------------------------------------------------------------------ */

#define TIME_TEXT 32

/* Seconds in at most LAYOUT_TIME columns: microseconds, and fewer digits when the seconds need the room. */
static char *format_time(char out[TIME_TEXT], int64_t ns, bool estimated)
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

static char *format_duration(char out[TIME_TEXT], int64_t ns)
{
    double us = (double)ns / NS_PER_US;

    if (us < 999.95) {
        snprintf(out, TIME_TEXT, "%.1f us", us);
    } else if (us < 999950) {
        snprintf(out, TIME_TEXT, "%.1f ms", us / 1e3);
    } else {
        snprintf(out, TIME_TEXT, "%.3f s", us / 1e6);
    }
    return out;
}

/* ---- One row ------------------------------------------------------------------------------------------------ */

static void put_lines(struct painter *p, const char *inside, const char *sgr, const char *glyph)
{
    line_put(&p->line, p->at.left_line, glyph);
    line_paint(&p->line, sgr);
    line_put(&p->line, p->at.left_line + 1, inside);
    line_paint(&p->line, NULL);
    line_put(&p->line, p->at.right_line, glyph);
}

static void put_state(struct painter *p, enum trace_side side, uint8_t state)
{
    if (side == LADDER_CLIENT) {
        line_put(&p->line, p->at.left_state, state_short_name(state));
    } else {
        line_put(&p->line, p->at.right_state, state_short_name(state));
    }
}

/* The word in the place of a time that will never come. */
static void put_lost(struct painter *p, enum trace_side receiver)
{
    char text[32];

    snprintf(text, sizeof(text), "%s %s", p->glyphs->lost,
             message_text(MESSAGE_LOST, p->options->language));
    if (receiver == LADDER_CLIENT) {
        line_put_right(&p->line, p->at.time_end, text);
    } else {
        line_put(&p->line, p->at.far_time_end - LAYOUT_TIME, text);
    }
}

/* Does this side's clock have a column, and is it the right one? Wide drawings have both clocks, narrow
 * ones only that of the side at which the times were measured, in the left column. */
static bool put_time(struct painter *p, enum trace_side side, const struct ladder_time *time)
{
    char text[TIME_TEXT];
    bool shown = p->at.far ? true : p->at.time && side == p->info->reference;

    if (!shown || (time->known != LADDER_MEASURED && time->known != LADDER_ESTIMATED)) {
        return false;
    }
    format_time(text, time->ns, time->known == LADDER_ESTIMATED);
    bool right = p->at.far && side == LADDER_SERVER;
    line_put_right(&p->line, right ? p->at.far_time_end : p->at.time_end, text);
    return true;
}

static const char *color_of(const struct ladder_segment *s)
{
    switch (s->class) {
    case LADDER_SYN:
    case LADDER_SYN_ACK: return "34";
    case LADDER_DATA: return "32";
    case LADDER_FIN: return "33";
    case LADDER_RST: return "31";
    case LADDER_WINDOW_UPDATE:
    case LADDER_ZERO_WINDOW_PROBE:
    case LADDER_KEEPALIVE: return "36";
    case LADDER_SYN_RETX:
    case LADDER_RETX:
    case LADDER_REORDERED:
    case LADDER_LATE:
    case LADDER_DUP_ACK:
    case LADDER_NET_DUPLICATE: return "35";
    default:
        return (s->facts & (LADDER_FACT_WINDOW_CLOSED | LADDER_FACT_WINDOW_OPENED)) != 0 ? "36"
                                                                                         : "2";
    }
}

/* ---- Prose beside rows ---------------------------------------------------------------------------------------- */

/* What is left of a sentence after the rows so far. */
struct beside {
    char text[PROSE_MAX];
    const char *rest;
};

static void put_beside(struct painter *p, struct beside *b)
{
    const char *line;

    if (p->at.far) {
        size_t size = width_wrap(&b->rest, p->at.prose_width, &line);
        line_put_bytes(&p->line, p->at.prose, line, size);
    }
}

/* Rows that hold only the rest of the sentence. */
static void draw_rest(struct painter *p, struct beside *b)
{
    while (p->at.far && *b->rest != '\0') {
        line_begin(&p->line, p->options->color);
        put_lines(p, "", NULL, p->glyphs->line);
        put_beside(p, b);
        line_end(&p->line, p->out);
    }
}

/* ---- Segments --------------------------------------------------------------------------------------------------- */

/* The label at the sender's side, tags at the other one, a blank at both ends. */
static char *compose(char *out, size_t size, unsigned inner, enum trace_side sender,
                     const char *label, const char *tags)
{
    unsigned used = (unsigned)(strlen(label) + strlen(tags)) + 2;
    int gap = inner > used ? (int)(inner - used) : 0;

    if (sender == LADDER_CLIENT) {
        snprintf(out, size, " %s%*s%s ", label, gap, "", tags);
    } else {
        snprintf(out, size, " %s%*s%s ", tags, gap, "", label);
    }
    return out;
}

struct upper {
    const struct ladder_segment *s;
    struct beside *beside;
    bool first; /* the row with the time and the state */
};

static void draw_upper_row(struct painter *p, struct upper *u, const char *label, const char *tags)
{
    char inside[LABEL_MAX + TEXT_WIDTH_MAX];
    enum trace_side sender = (enum trace_side)u->s->wire.side;
    bool lost = u->s->arrived.known == LADDER_LOST;

    line_begin(&p->line, p->options->color);
    if (u->first) {
        if (p->info->vantage == LADDER_AT_UNKNOWN && p->at.time) {
            char text[TIME_TEXT];
            line_put_right(&p->line, p->at.time_end, format_time(text, u->s->sent.ns, false));
        } else if (sender == LADDER_CLIENT || !p->at.far) {
            put_time(p, sender, &u->s->sent);
        }
        if (p->at.far && lost && sender == LADDER_SERVER) {
            put_lost(p, LADDER_CLIENT);
        }
        if (sender == LADDER_CLIENT) {
            put_state(p, sender, u->s->state_sent);
        }
    }
    compose(inside, sizeof(inside), p->at.inner, sender, label, tags);
    put_lines(p, inside, color_of(u->s), p->glyphs->line);
    if (u->first && sender == LADDER_SERVER) {
        put_state(p, sender, u->s->state_sent);
        if (p->at.far) {
            put_time(p, sender, &u->s->sent);
        }
    } else if (u->first && p->at.far && lost) {
        put_lost(p, LADDER_SERVER);
    }
    put_beside(p, u->beside);
    line_end(&p->line, p->out);
    u->first = false;
}

/* As many rows as the label needs: one, unless the drawing is narrow and the numbers are long. */
static void draw_upper(struct painter *p, const struct ladder_segment *s, struct beside *beside)
{
    struct upper u = {.s = s, .beside = beside, .first = true};
    struct label label;
    char text[LABEL_MAX];
    const char *tags = label.tags;
    size_t room = p->at.inner - 2;

    label_make(&label, s, &p->numbering, p->options->verbose);
    if (!p->at.far && s->arrived.known == LADDER_LOST) {
        size_t used = strlen(label.tags);
        snprintf(label.tags + used, sizeof(label.tags) - used, "%slost", used > 0 ? "  " : "");
    }
    size_t tag_room = tags[0] != '\0' ? strlen(tags) + 2 : 0;
    if (strlen(label.head) + tag_room <= room) {
        draw_upper_row(p, &u, label_fit(&label, room - tag_room, text), tags);
        return;
    }
    if (strlen(label.head) <= room || label.head_break == 0) {
        draw_upper_row(p, &u, label_fit(&label, room, text), "");
    } else {
        snprintf(text, sizeof(text), "%.*s", (int)label.head_break - 1, label.head);
        draw_upper_row(p, &u, text, "");
        draw_upper_row(p, &u, label.head + label.head_break, "");
    }
    if (tags[0] != '\0') {
        draw_upper_row(p, &u, "", tags);
    }
}

/* `marked`: the arrow is not below its label, so it carries its number. */
static void draw_lower(struct painter *p, const struct ladder_segment *s, struct beside *beside,
                       bool marked)
{
    char slope[SLOPE_BYTES_MAX], mark[24];
    enum trace_side receiver = trace_other((enum trace_side)s->wire.side);

    snprintf(mark, sizeof(mark), " %u ", s->number);
    line_begin(&p->line, p->options->color);
    if (receiver == LADDER_CLIENT || !p->at.far) {
        put_time(p, receiver, &s->arrived);
    }
    if (receiver == LADDER_CLIENT) {
        put_state(p, receiver, s->state_arrived);
    }
    layout_slope(slope, s, p->at.inner, p->glyphs, marked ? mark : NULL);
    put_lines(p, slope, color_of(s), p->glyphs->line);
    if (receiver == LADDER_SERVER) {
        put_state(p, receiver, s->state_arrived);
        if (p->at.far) {
            put_time(p, receiver, &s->arrived);
        }
    }
    if (beside != NULL) {
        put_beside(p, beside);
    }
    line_end(&p->line, p->out);
}

static void draw_segment(struct painter *p, const struct ladder_row *row)
{
    struct beside b;

    b.rest = prose_of(b.text, p->ladder, row->segment, &p->numbering, p->options->language);
    draw_upper(p, row->segment, &b);
    if (!row->split) {
        draw_lower(p, row->segment, &b, false);
    }
    draw_rest(p, &b);
}

/* ---- Other rows --------------------------------------------------------------------------------------------------- */

static void draw_idle(struct painter *p, const struct ladder_row *row)
{
    char duration[TIME_TEXT], text[LABEL_MAX];
    const char *cause = prose_cause(row->cause, p->options->language);

    snprintf(text, sizeof(text), "%s%s%s", format_duration(duration, row->idle_ns),
             cause != NULL ? "  " : "", cause != NULL ? cause : "");
    unsigned width = width_of(text);
    unsigned before = p->at.inner > width ? (p->at.inner - width) / 2 : 0;

    line_begin(&p->line, p->options->color);
    line_put(&p->line, p->at.left_line, p->glyphs->gap);
    line_paint(&p->line, "2");
    line_put(&p->line, p->at.left_line + 1 + before, text);
    line_paint(&p->line, NULL);
    line_put(&p->line, p->at.right_line, p->glyphs->gap);
    line_end(&p->line, p->out);
}

static void draw_state(struct painter *p, const struct ladder_row *row)
{
    line_begin(&p->line, p->options->color);
    bool left = row->side == LADDER_CLIENT;
    if (left || !p->at.far) {
        put_time(p, row->side, &row->time);
    }
    if (left) {
        put_state(p, row->side, row->state);
    }
    put_lines(p, "", NULL, p->glyphs->line);
    if (!left) {
        put_state(p, row->side, row->state);
        if (p->at.far) {
            put_time(p, row->side, &row->time);
        }
    }
    line_end(&p->line, p->out);
}

/* ---- Header --------------------------------------------------------------------------------------------------------- */

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

/* What cannot be concluded from this capture is said first. */
static void draw_notes(struct painter *p)
{
    const struct ladder_info *info = p->info;

    if (!info->handshake) {
        draw_note(p, MESSAGE_NOTE_NO_HANDSHAKE);
    }
    if (info->client_guessed) {
        draw_note(p, MESSAGE_NOTE_CLIENT_GUESSED);
    }
    if (info->one_way) {
        draw_note(p, MESSAGE_NOTE_ONE_WAY);
    }
    if (info->cut) {
        draw_note(p, MESSAGE_NOTE_CUT);
    }
    if (info->vantage == LADDER_AT_SERVER) {
        draw_note(p, MESSAGE_NOTE_AT_SERVER);
    } else if (info->vantage == LADDER_AT_UNKNOWN && p->at.time) {
        draw_note(p, MESSAGE_NOTE_NO_VANTAGE);
    }
}

/* The true ISNs, when the drawing shows others. */
static void draw_isns(struct painter *p)
{
    char number[4][16];
    const char *args[MESSAGE_ARGS_MAX];
    size_t n = 0;

    for (int i = 0; i < 2; i++) {
        enum trace_side side = (enum trace_side)i;
        uint32_t isn = p->info->side[i].isn;
        if (p->info->side[i].isn_known && numbering_differs(&p->numbering, side)) {
            char *shown = number[i * 2], *really = number[i * 2 + 1];
            snprintf(shown, sizeof(number[0]), "%u", numbering_shown(&p->numbering, side, isn));
            snprintf(really, sizeof(number[0]), "%u", isn);
            args[n++] = prose_side(side, p->options->language);
            args[n++] = shown;
            args[n++] = really;
        }
    }
    if (n > 0) {
        draw_message(p->out, n > 3 ? MESSAGE_ISNS : MESSAGE_ISN_ONE, p->options->language, args, n);
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
    line_end(&p->line, p->out);
}

static void draw_initial_states(struct painter *p)
{
    line_begin(&p->line, p->options->color);
    put_state(p, LADDER_CLIENT, p->info->side[LADDER_CLIENT].initial_state);
    put_lines(p, "", NULL, p->glyphs->line);
    put_state(p, LADDER_SERVER, p->info->side[LADDER_SERVER].initial_state);
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
                          format_time(start, start_ns, false)};
    draw_message(out, MESSAGE_CONNECTION, options->language, args, ARRAY_SIZE(args));
}

void text_ladder(FILE *out, const struct ladder *ladder, const struct text_options *options)
{
    struct painter p = {.out = out,
                        .ladder = ladder,
                        .info = ladder_info(ladder),
                        .options = options,
                        .glyphs = glyphs_for(options->ascii),
                        .at = layout_for(options->width)};
    size_t count;
    const struct ladder_row *rows = ladder_rows(ladder, &count);

    numbering_init(&p.numbering, p.info, options->seq);
    draw_notes(&p);
    draw_isns(&p);
    draw_titles(&p);
    draw_initial_states(&p);
    for (size_t i = 0; i < count; i++) {
        switch (rows[i].kind) {
        case LADDER_ROW_SEGMENT: draw_segment(&p, &rows[i]); break;
        case LADDER_ROW_ARRIVAL: draw_lower(&p, rows[i].segment, NULL, true); break;
        case LADDER_ROW_IDLE: draw_idle(&p, &rows[i]); break;
        case LADDER_ROW_STATE: draw_state(&p, &rows[i]); break;
        }
    }
}
