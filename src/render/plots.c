/*
 * plots.c - four plots of one direction's data under one another, over the same time: sequence numbers (data,
 * acknowledgements, window, SACK, retransmissions), bytes in flight, round trip with timeout, window.
 *
 * The direction is that of the side that sent more. Times are those of the tap; the congestion window is drawn
 * where a stack told it.
 */
#include <inttypes.h>
#include <math.h>

#include "base/compiler.h"
#include "render/export.h"
#include "render/painter.h"
#include "render/svg_style.h"
#include "render/xml.h"

#define WIDTH 1000.0
#define LEFT 86.0
#define RIGHT 980.0
#define TOP 56.0
#define GAP 46.0
#define TICKS 5

struct panel {
    double top, height, most; /* `most`: the value at its upper edge */
    uint64_t least;           /* the value at its lower edge */
};

struct plots {
    FILE *out;
    const struct ladder *ladder;
    const struct ladder_info *info;
    const struct ladder_segment *segment;
    size_t count;
    enum language language;
    struct numbering numbering;
    enum trace_side side; /* whose data */
    int64_t last;
};

static int64_t tap_time(const struct plots *p, const struct ladder_segment *s)
{
    bool sent = p->info->vantage == LADDER_AT_UNKNOWN ||
                (enum trace_side)s->wire.side == p->info->reference ||
                s->arrived.known == LADDER_LOST;

    return sent ? s->sent.ns : s->arrived.ns;
}

static double x_of(const struct plots *p, int64_t ns)
{
    return LEFT + (p->last > 0 ? (RIGHT - LEFT) * (double)ns / (double)p->last : 0);
}

static double y_of(const struct panel *panel, double value)
{
    double share = panel->most > 0 ? value / panel->most : 0;

    return panel->top + panel->height * (1 - MIN(MAX(share, 0.0), 1.0));
}

/* Bytes of the stream from its first one on, wherever the wire's numbers begin. */
static double offset(const struct plots *p, uint32_t wire)
{
    int32_t distance = (int32_t)(wire - p->info->side[p->side].isn);

    return distance > 0 ? distance : 0;
}

/* ---- Frames ---------------------------------------------------------------------------------------------------- */

static void text(struct plots *p, const char *class, double x, double y, const char *words)
{
    fprintf(p->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, x, y);
    xml_put(p->out, words);
    fputs("</text>\n", p->out);
}

/* 1, 2 or 5 times a power of ten, so that about TICKS of them fill `span`. */
static double nice(double span)
{
    double rough = span / TICKS, power = pow(10, floor(log10(rough > 0 ? rough : 1)));
    double lead = rough / power;

    return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

static void time_axis(struct plots *p, const struct panel *panel, bool labels)
{
    double seconds = (double)p->last / 1e9, step = nice(seconds);
    char words[32];

    for (double t = 0; t <= seconds + step / 1000 && step > 0; t += step) {
        double x = x_of(p, (int64_t)(t * 1e9));
        fprintf(p->out, "<path class=\"gr\" d=\"M%.1f %.1fv%.1f\"/>\n", x, panel->top,
                panel->height);
        if (labels) {
            snprintf(words, sizeof(words), "%.6g s", t);
            text(p, "t m", x, panel->top + panel->height + 16, words);
        }
    }
}

static char *amount(char out[32], double value, const char *unit)
{
    if (unit[0] != '\0') {
        snprintf(out, 32, "%.6g %s", value, unit);
    } else if (value >= 10e6) {
        snprintf(out, 32, "%.6g M", value / 1e6);
    } else if (value >= 10e3) {
        snprintf(out, 32, "%.6g k", value / 1e3);
    } else {
        snprintf(out, 32, "%.6g", value);
    }
    return out;
}

static void frame(struct plots *p, const struct panel *panel, enum message_id title,
                  const char *unit, bool labels)
{
    char words[32];
    double step = nice(panel->most);

    time_axis(p, panel, labels);
    for (double v = 0; v <= panel->most && step > 0; v += step) {
        double y = y_of(panel, v);
        fprintf(p->out, "<path class=\"gr\" d=\"M%.1f %.1fH%.1f\"/>\n", LEFT, y, RIGHT);
        text(p, "t e", LEFT - 6, y + 4, amount(words, v + (double)panel->least, unit));
    }
    fprintf(p->out, "<path class=\"ax\" d=\"M%.1f %.1fv%.1fH%.1f\"/>\n", LEFT, panel->top,
            panel->height, RIGHT);
    text(p, "n", LEFT, panel->top - 8, message_text(title, p->language));
}

/* ---- Lines ---------------------------------------------------------------------------------------------------- */

/* One line through many points: stairs, or straight. */
struct trail {
    bool begun, stairs;
};

static void trail_begin(struct plots *p, const char *class)
{
    fprintf(p->out, "<path class=\"%s\" d=\"", class);
}

static void trail_to(struct plots *p, struct trail *t, double x, double y)
{
    if (!t->begun) {
        fprintf(p->out, "M%.1f %.1f", x, y);
    } else if (t->stairs) {
        fprintf(p->out, "H%.1fV%.1f", x, y);
    } else {
        fprintf(p->out, "L%.1f %.1f", x, y);
    }
    t->begun = true;
}

static void trail_end(struct plots *p)
{
    fputs("\"/>\n", p->out);
}

static bool is_ack(const struct plots *p, const struct ladder_segment *s)
{
    return (enum trace_side)s->wire.side != p->side &&
           (s->wire.flags & (WEIR_TCP_ACK | WEIR_TCP_RST)) == WEIR_TCP_ACK;
}

/* ---- Time and sequence ---------------------------------------------------------------------------------------- */

static double highest(const struct plots *p)
{
    double most = 0;

    for (size_t i = 0; i < p->count; i++) {
        const struct trace_segment *w = &p->segment[i].wire;
        if ((enum trace_side)w->side == p->side && (w->flags & WEIR_TCP_RST) == 0) {
            most = MAX(most, offset(p, w->seq + trace_segment_span(w)));
        }
    }
    return most;
}

static const char *class_of(const struct ladder_segment *s)
{
    bool again = s->class == LADDER_RETX || s->class == LADDER_SYN_RETX;
    bool lost = s->arrived.known == LADDER_LOST || (s->facts & LADDER_FACT_MISSED) != 0;

    return again ? "q-r" : lost ? "q-x" : "q-d";
}

static void draw_data(struct plots *p, const struct panel *panel)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct ladder_segment *s = &p->segment[i];
        uint32_t end = s->wire.seq + trace_segment_span(&s->wire);
        double x = x_of(p, tap_time(p, s));
        if ((enum trace_side)s->wire.side == p->side && end != s->wire.seq) {
            double high = y_of(panel, offset(p, end)), low = y_of(panel, offset(p, s->wire.seq));
            fprintf(p->out, "<path class=\"%s\" d=\"M%.1f %.1fV%.1f\"><title>%u</title></path>\n",
                    class_of(s), x, MAX(low, high + 1.5), high, s->number);
        }
    }
}

static void draw_sack(struct plots *p, const struct panel *panel)
{
    trail_begin(p, "q-s");
    for (size_t i = 0; i < p->count; i++) {
        const struct tcp_options *o = &p->segment[i].wire.options;
        for (uint32_t k = 0; is_ack(p, &p->segment[i]) && k < o->sack_count; k++) {
            fprintf(p->out, "M%.1f %.1fV%.1f", x_of(p, tap_time(p, &p->segment[i])),
                    y_of(panel, offset(p, o->sack[k].start)),
                    y_of(panel, offset(p, o->sack[k].end)));
        }
    }
    trail_end(p);
}

static void draw_acks(struct plots *p, const struct panel *panel, bool window)
{
    struct trail trail = {.stairs = true};

    trail_begin(p, window ? "q-w" : "q-a");
    for (size_t i = 0; i < p->count; i++) {
        const struct ladder_segment *s = &p->segment[i];
        double value = offset(p, s->wire.ack) + (window ? s->window : 0);
        if (is_ack(p, s)) {
            trail_to(p, &trail, x_of(p, tap_time(p, s)), y_of(panel, value));
        }
    }
    trail_end(p);
}

static void sequence(struct plots *p, struct panel *panel)
{
    panel->most = highest(p) * 1.08 + 1;
    panel->least = numbering_shown(&p->numbering, p->side, p->info->side[p->side].isn);
    frame(p, panel, MESSAGE_PLOT_SEQUENCE, "", false);
    draw_acks(p, panel, true);
    draw_acks(p, panel, false);
    draw_sack(p, panel);
    draw_data(p, panel);
}

/* ---- The others ------------------------------------------------------------------------------------------------- */

typedef double figure(const struct plots *p, const struct ladder_segment *s);

/* Negative: none here. */
static double flight(const struct plots *p, const struct ladder_segment *s)
{
    return (enum trace_side)s->wire.side == p->side ? (double)s->flight : -1;
}

static double cwnd(const struct plots *p, const struct ladder_segment *s)
{
    (void)p;
    return s->cwnd != 0 ? (double)s->cwnd : -1;
}

static double window(const struct plots *p, const struct ladder_segment *s)
{
    bool syn = (s->wire.flags & WEIR_TCP_SYN) != 0;

    return is_ack(p, s) && !syn ? (double)s->window : -1;
}

static double rtt(const struct plots *p, const struct ladder_segment *s)
{
    return is_ack(p, s) && s->rtt_us != 0 ? s->rtt_us / 1e3 : -1;
}

static bool models(const struct plots *p, const struct ladder_segment *s)
{
    bool own = trace_segment_span(&s->wire) > 0;

    return own == ((enum trace_side)s->wire.side == p->side);
}

static double srtt(const struct plots *p, const struct ladder_segment *s)
{
    return models(p, s) && s->srtt_us != 0 ? s->srtt_us / 1e3 : -1;
}

static double rto(const struct plots *p, const struct ladder_segment *s)
{
    return models(p, s) && s->rto_us != 0 ? s->rto_us / 1e3 : -1;
}

static double most_of(const struct plots *p, figure *value)
{
    double most = 0;

    for (size_t i = 0; i < p->count; i++) {
        most = MAX(most, value(p, &p->segment[i]));
    }
    return most;
}

static void curve(struct plots *p, const struct panel *panel, figure *value, const char *class,
                  bool stairs)
{
    struct trail trail = {.stairs = stairs};

    trail_begin(p, class);
    for (size_t i = 0; i < p->count; i++) {
        double v = value(p, &p->segment[i]);
        if (v >= 0) {
            trail_to(p, &trail, x_of(p, tap_time(p, &p->segment[i])), y_of(panel, v));
        }
    }
    trail_end(p);
}

static void dots(struct plots *p, const struct panel *panel, figure *value)
{
    for (size_t i = 0; i < p->count; i++) {
        double v = value(p, &p->segment[i]);
        if (v >= 0) {
            fprintf(p->out, "<circle class=\"q-o\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.2\"/>\n",
                    x_of(p, tap_time(p, &p->segment[i])), y_of(panel, v));
        }
    }
}

/* Up with what is sent, down with what is acknowledged. */
static void flight_curve(struct plots *p, const struct panel *panel)
{
    struct trail trail = {.stairs = true};
    double sent = 0;

    trail_begin(p, "q-f");
    for (size_t i = 0; i < p->count; i++) {
        const struct ladder_segment *s = &p->segment[i];
        double v = flight(p, s);
        if (v >= 0) {
            sent = MAX(sent, offset(p, s->wire.seq + trace_segment_span(&s->wire)));
        } else if (is_ack(p, s)) {
            v = MAX(sent - offset(p, s->wire.ack), 0);
        }
        if (v >= 0) {
            trail_to(p, &trail, x_of(p, tap_time(p, s)), y_of(panel, v));
        }
    }
    trail_end(p);
}

static void in_flight(struct plots *p, struct panel *panel)
{
    panel->most = MAX(most_of(p, flight), most_of(p, cwnd)) * 1.1 + 1;
    frame(p, panel, MESSAGE_PLOT_FLIGHT, "", false);
    flight_curve(p, panel);
    curve(p, panel, cwnd, "q-c", true);
}

/* The timeout is often far above the round trips; then it may stand beyond the edge. */
static void round_trips(struct plots *p, struct panel *panel)
{
    double trips = MAX(most_of(p, rtt), most_of(p, srtt)), out = most_of(p, rto);

    panel->most = (trips > 0 && out < 12 * trips ? MAX(trips, out) : trips) * 1.1;
    frame(p, panel, MESSAGE_PLOT_RTT, "ms", false);
    if (out <= panel->most) {
        curve(p, panel, rto, "q-t", true);
    }
    curve(p, panel, srtt, "q-m", true);
    dots(p, panel, rtt);
}

static void windows(struct plots *p, struct panel *panel)
{
    panel->most = most_of(p, window) * 1.1 + 1;
    frame(p, panel, MESSAGE_PLOT_WINDOW, "", true);
    curve(p, panel, window, "q-w", true);
}

/* ---- All of it ---------------------------------------------------------------------------------------------------- */

static void head(struct plots *p, double height)
{
    char from[TEXT_ENDPOINT_MAX], to[TEXT_ENDPOINT_MAX], words[2 * TEXT_ENDPOINT_MAX + 8];

    snprintf(words, sizeof(words), "%s \xe2\x86\x92 %s",
             text_endpoint(&p->info->side[p->side].endpoint, from),
             text_endpoint(&p->info->side[trace_other(p->side)].endpoint, to));
    fprintf(p->out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 "
            "0 %.0f %.0f\" role=\"img\" aria-labelledby=\"title\" lang=\"%s\">\n<title "
            "id=\"title\">",
            WIDTH, height, WIDTH, height, p->language == LANGUAGE_ZH ? "zh" : "en");
    xml_put(p->out, words);
    fputs("</title>\n", p->out);
    svg_style(p->out);
    fprintf(p->out, "<rect class=\"bg\" width=\"%.0f\" height=\"%.0f\"/>\n", WIDTH, height);
    text(p, "h1", LEFT, 26, words);
}

int plots_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options)
{
    static const double heights[] = {320, 130, 130, 130};
    struct plots p = {
        .out = out, .ladder = ladder, .info = ladder_info(ladder), .language = options->language};
    struct panel panel[4] = {{.top = TOP}};
    double y = TOP;

    p.segment = ladder_segments(ladder, &p.count);
    bool server = p.info->side[LADDER_SERVER].bytes > p.info->side[LADDER_CLIENT].bytes;
    p.side = server ? LADDER_SERVER : LADDER_CLIENT;
    numbering_init(&p.numbering, p.info, options->seq);
    for (size_t i = 0; i < p.count; i++) {
        p.last = MAX(p.last, tap_time(&p, &p.segment[i]));
    }
    for (size_t i = 0; i < ARRAY_SIZE(panel); i++, y += GAP) {
        panel[i] = (struct panel){.top = y, .height = heights[i]};
        y += heights[i];
    }
    head(&p, y - 12);
    sequence(&p, &panel[0]);
    in_flight(&p, &panel[1]);
    round_trips(&p, &panel[2]);
    windows(&p, &panel[3]);
    fputs("</svg>\n", out);
    return WEIR_OK;
}
