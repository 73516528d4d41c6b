/* svg_arrow.c - arrows: slope, head, label along the line, and what became of the segment. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/compiler.h"
#include "render/svg_private.h"
#include "trace/judge.h"

#define LOST_AT 0.6 /* of the way */
#define HEAD 9.0
#define LABEL_GAP 10.0 /* from the lifeline to the words */

struct ray {
    double x0, y0, x1, y1; /* from the sender's lifeline to the receiver's */
    double angle;          /* of the words, in degrees */
    double length;
    bool right; /* the client sends */
    bool lost, guessed_lost;
    const struct ladder_segment *s;
};

const char *svg_class(const struct ladder_segment *s)
{
    switch (s->class) {
    case LADDER_SYN:
    case LADDER_SYN_ACK: return "syn";
    case LADDER_DATA: return "data";
    case LADDER_FIN: return "fin";
    case LADDER_RST: return "rst";
    case LADDER_WINDOW_UPDATE:
    case LADDER_ZERO_WINDOW_PROBE:
    case LADDER_KEEPALIVE: return "win";
    case LADDER_SYN_RETX:
    case LADDER_RETX:
    case LADDER_REORDERED:
    case LADDER_LATE:
    case LADDER_DUP_ACK:
    case LADDER_NET_DUPLICATE: return "rtx";
    default:
        return (s->facts & (LADDER_FACT_WINDOW_CLOSED | LADDER_FACT_WINDOW_OPENED)) != 0 ? "win"
                                                                                         : "ack";
    }
}

/* ---- Geometry ------------------------------------------------------------------------------------------------ */

static void aim(struct ray *a, bool right, double y0, double y1)
{
    double left_x = SVG_LEFT + SVG_BAR / 2 + 1, right_x = SVG_RIGHT - SVG_BAR / 2 - 1;

    a->right = right;
    a->x0 = right ? left_x : right_x;
    a->x1 = right ? right_x : left_x;
    a->y0 = y0;
    a->y1 = y1;
    double dx = right_x - left_x, dy = y1 - y0;
    a->length = sqrt(dx * dx + dy * dy);
    a->angle = atan2(dy, dx) * 180 / 3.14159265358979 * (right ? 1 : -1);
}

static double along_x(const struct ray *a, double share)
{
    return a->x0 + share * (a->x1 - a->x0);
}

static double along_y(const struct ray *a, double share)
{
    return a->y0 + share * (a->y1 - a->y0);
}

/* ---- Lines and heads --------------------------------------------------------------------------------------------- */

static void line(struct svg *v, const struct ray *a, double from, double to, const char *class)
{
    fprintf(v->out, "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", class, along_x(a, from),
            along_y(a, from), along_x(a, to), along_y(a, to));
}

/* A triangle whose point is `share` of the way along. */
static void head(struct svg *v, const struct ray *a, double share, const char *class)
{
    double ux = (a->x1 - a->x0) / a->length, uy = (a->y1 - a->y0) / a->length;
    double x = along_x(a, share), y = along_y(a, share);
    double size = strchr(class, 'w') != NULL ? 2 * HEAD : HEAD, side = size * 0.4;
    double bx = x - ux * size, by = y - uy * size;

    fprintf(v->out, "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fZ\"/>\n", class, x, y,
            bx - uy * side, by + ux * side, bx + uy * side, by - ux * side);
}

static void cross(struct svg *v, const struct ray *a, bool sure)
{
    double x = along_x(a, LOST_AT), y = along_y(a, LOST_AT), r = 5.5;

    fprintf(v->out, "<path class=\"x\" d=\"M%.1f %.1fl%.1f %.1fM%.1f %.1fl%.1f %.1f\"/>\n", x - r,
            y - r, 2 * r, 2 * r, x - r, y + r, 2 * r, -2 * r);
    if (!sure) {
        fprintf(v->out, "<text class=\"xt\" x=\"%.1f\" y=\"%.1f\">?</text>\n", x + 9, y + 4);
    }
}

static void shaft_and_head(struct svg *v, const struct ray *a)
{
    uint32_t facts = a->s->facts;
    bool probe = a->s->class == LADDER_ZERO_WINDOW_PROBE || a->s->class == LADDER_KEEPALIVE;
    bool again = a->s->class == LADDER_RETX || a->s->class == LADDER_SYN_RETX;

    if (a->lost || a->guessed_lost) {
        line(v, a, 0, LOST_AT, "a");
        line(v, a, LOST_AT, 1, "a f");
        cross(v, a, a->lost);
        return;
    }
    line(v, a, 0, 1 - HEAD * 0.5 / a->length, "a");
    if ((facts & LADDER_FACT_CORRUPTED) != 0) {
        fprintf(v->out, "<path class=\"x\" d=\"M%.1f %.1fl10 10m0-10l-10 10\"/>\n",
                a->x1 + (a->right ? -14 : 4), a->y1 - 5);
        return;
    }
    head(v, a, 1, probe ? "h o" : "h");
    if (again) {
        head(v, a, 1 - HEAD / a->length, "h");
    }
}

/* ---- Words ----------------------------------------------------------------------------------------------------------- */

/* Text along the arrow: at the sender's end or at the receiver's. */
static void words_at(struct svg *v, const struct ray *a, bool at_sender, const char *class,
                     const char *text)
{
    bool end = a->right != at_sender;
    double gap = at_sender ? LABEL_GAP : LABEL_GAP + 2 * HEAD;
    double x = at_sender ? a->x0 : a->x1, y = at_sender ? a->y0 : a->y1;

    fprintf(v->out,
            "<text class=\"%s%s\" transform=\"translate(%.1f %.1f) rotate(%.2f)\" x=\"%.1f\" "
            "y=\"-4\">",
            class, end ? " e" : "", x, y, a->angle, end ? -gap : gap);
    xml_put(v->out, text);
    fputs("</text>\n", v->out);
}

/* What the pointer and a screen reader get. */
static void describe(struct svg *v, const struct ladder_segment *s, const struct label *label)
{
    char text[LABEL_MAX], sentence[PROSE_MAX], time[TIME_TEXT];
    const char *arg = time;
    bool arrives = s->arrived.known == LADDER_MEASURED || s->arrived.known == LADDER_ESTIMATED;

    fputs("<title>", v->out);
    xml_put(v->out, label_fit(label, LABEL_MAX, text));
    fputs(label->tags[0] != '\0' ? "  " : "", v->out);
    xml_put(v->out, label->tags);
    prose_of(sentence, v->ladder, s, &v->numbering, v->language);
    fputs("\n", v->out);
    xml_put(v->out, sentence);
    fputs("</title>\n<desc>", v->out);
    paint_time(time, s->sent.ns, s->sent.known == LADDER_ESTIMATED);
    xml_put(v->out, message_format(sentence, PROSE_MAX, MESSAGE_SVG_SENT, v->language, &arg, 1));
    if (arrives) {
        paint_time(time, s->arrived.ns, s->arrived.known == LADDER_ESTIMATED);
        fputs(", ", v->out);
        xml_put(v->out,
                message_format(sentence, PROSE_MAX, MESSAGE_SVG_ARRIVED, v->language, &arg, 1));
    }
    if (s->wire.frame != 0) {
        fprintf(v->out, ", #%" PRIu32, s->wire.frame);
    }
    fputs("</desc>\n", v->out);
}

static size_t columns_for(const struct ray *a, const struct label *label)
{
    double room = a->length - 2 * LABEL_GAP - HEAD;
    size_t tags = strlen(label->tags);
    size_t columns = (size_t)(room / SVG_CHARACTER);

    return columns - (tags > 0 ? tags + 4 : 0);
}

static void label_arrow(struct svg *v, const struct ray *a, const struct label *label)
{
    char text[LABEL_MAX];
    double *last = &v->last_label[a->right ? LADDER_CLIENT : LADDER_SERVER];

    /* to scale, arrows may lie upon one another; their words may not */
    if (a->y0 - *last < SVG_LINE - 4) {
        return;
    }
    *last = a->y0;
    words_at(v, a, true, "l", label_fit(label, columns_for(a, label), text));
    if (label->tags[0] != '\0') {
        words_at(v, a, false, "g", label->tags);
    } else if ((a->s->facts & LADDER_FACT_RESENT) != 0 && !a->lost && !a->guessed_lost) {
        words_at(v, a, false, "g", "?");
    }
}

/* ---- Folded runs --------------------------------------------------------------------------------------------- */

static const char *fold_class(const struct ladder_fold *fold)
{
    return fold->kind == LADDER_FOLD_DATA       ? "data"
           : fold->kind == LADDER_FOLD_DUP_ACKS ? "rtx"
                                                : "ack";
}

static bool fold_ray(const struct svg *v, size_t row, struct ray *a)
{
    const struct ladder_row *r = &v->rows[row];

    if (r->kind != LADDER_ROW_FOLD || v->time.departure[row] <= 0) {
        return false;
    }
    *a = (struct ray){.s = NULL};
    aim(a, r->fold->side == LADDER_CLIENT, v->time.departure[row], v->time.arrival[row]);
    return true;
}

static void fold_shaft(struct svg *v, const struct ray *a, const struct ladder_fold *fold)
{
    if (fold->kind != LADDER_FOLD_OMITTED) {
        fprintf(v->out, "<g class=\"%s\">\n", fold_class(fold));
        line(v, a, 0, 1 - 2 * HEAD / a->length, "a w");
        head(v, a, 1, "h w");
        fputs("</g>\n", v->out);
    }
}

static void fold_label(struct svg *v, const struct ray *a, const struct ladder_fold *fold)
{
    struct fold_words words;
    size_t columns = (size_t)((a->length - 2 * LABEL_GAP - 2 * HEAD) / SVG_CHARACTER);

    svg_fold_words(v, fold, (unsigned)columns, &words);
    fprintf(v->out, "<g class=\"%s\" id=\"c%us%u\">\n<title>", fold_class(fold), v->info->number,
            fold->first);
    xml_put(v->out, words.text);
    fputs(words.sentence[0] != '\0' ? "\n" : "", v->out);
    xml_put(v->out, words.sentence);
    fputs("</title>\n", v->out);
    line(v, a, 0, 1, "hit");
    words_at(v, a, true, "l b", words.text);
    if (words.tags[0] != '\0') {
        words_at(v, a, false, "g", words.tags);
    }
    fputs("</g>\n", v->out);
}

void svg_fold_words(const struct svg *v, const struct ladder_fold *fold, unsigned columns,
                    struct fold_words *words)
{
    struct text_options options = {.language = v->language};
    struct painter p = {.info = v->info,
                        .options = &options,
                        .glyphs = glyphs_for(TEXT_BRAILLE, false),
                        .numbering = v->numbering};

    paint_fold_words(&p, fold, columns, words);
}

/* ---- All of it --------------------------------------------------------------------------------------------------- */

/* False: nothing is known of when it was sent. */
static bool segment_ray(const struct svg *v, size_t row, struct ray *a)
{
    const struct ladder_segment *s = v->rows[row].segment;

    if (v->rows[row].kind != LADDER_ROW_SEGMENT || v->time.departure[row] <= 0) {
        return false;
    }
    *a = (struct ray){.s = s, .lost = s->arrived.known == LADDER_LOST};
    a->guessed_lost = !a->lost && (s->facts & LADDER_FACT_MISSED) != 0;
    aim(a, s->wire.side == LADDER_CLIENT, v->time.departure[row], v->time.arrival[row]);
    return true;
}

void svg_arrow(struct svg *v, size_t row)
{
    struct ray a;

    if (fold_ray(v, row, &a)) {
        fold_shaft(v, &a, v->rows[row].fold);
    } else if (segment_ray(v, row, &a)) {
        fprintf(v->out, "<g class=\"%s\">\n", svg_class(a.s));
        shaft_and_head(v, &a);
        fputs("</g>\n", v->out);
    }
}

void svg_words(struct svg *v, size_t row)
{
    struct ray a;
    struct label label;

    if (fold_ray(v, row, &a)) {
        fold_label(v, &a, v->rows[row].fold);
    } else if (segment_ray(v, row, &a)) {
        label_make(&label, a.s, &v->numbering, v->options->verbose);
        fprintf(v->out, "<g class=\"%s\" id=\"c%us%u\">\n", svg_class(a.s), v->info->number,
                a.s->number);
        describe(v, a.s, &label);
        line(v, &a, 0, 1, "hit");
        label_arrow(v, &a, &label);
        fputs("</g>\n", v->out);
    }
}
