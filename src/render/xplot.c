/*
 * xplot.c - the time-sequence graph of the side that sent more, in xplot's language.
 *
 * White arrows from first to last byte of each segment, red ones for retransmissions, purple for what its
 * receiver reported by SACK; green the line of acknowledgements, yellow that of the window's end. These are
 * the colours that readers of tcptrace's graphs know. Times are those of the tap.
 */
#include <inttypes.h>

#include "base/compiler.h"
#include "render/export.h"
#include "render/text.h"

struct plot {
    FILE *out;
    const struct ladder_info *info;
    struct numbering numbering;
    enum trace_side side; /* whose data */
    int64_t ns;           /* of the last acknowledgement */
    uint32_t ack, edge;   /* wire numbers */
    bool acked;
};

static int64_t tap_time(const struct plot *p, const struct ladder_segment *s)
{
    bool sent = p->info->vantage == LADDER_AT_UNKNOWN ||
                (enum trace_side)s->wire.side == p->info->reference ||
                s->arrived.known == LADDER_LOST;

    return sent ? s->sent.ns : s->arrived.ns;
}

static double when(int64_t ns)
{
    return (double)ns / 1e9;
}

static uint32_t shown(const struct plot *p, uint32_t wire)
{
    return numbering_shown(&p->numbering, p->side, wire);
}

static void line(struct plot *p, int64_t from, uint32_t low, int64_t to, uint32_t high)
{
    fprintf(p->out, "line %.9f %" PRIu32 " %.9f %" PRIu32 "\n", when(from), shown(p, low), when(to),
            shown(p, high));
}

static void mark(struct plot *p, const char *what, int64_t ns, uint32_t wire)
{
    fprintf(p->out, "%s %.9f %" PRIu32 "\n", what, when(ns), shown(p, wire));
}

static void text(struct plot *p, const char *where, int64_t ns, uint32_t wire, const char *words)
{
    fprintf(p->out, "%s %.9f %" PRIu32 "\n%s\n", where, when(ns), shown(p, wire), words);
}

static void plot_data(struct plot *p, const struct ladder_segment *s, int64_t ns)
{
    uint32_t seq = s->wire.seq, end = seq + trace_segment_span(&s->wire);
    bool again = s->class == LADDER_RETX || s->class == LADDER_SYN_RETX;

    if (end == seq) {
        return;
    }
    fprintf(p->out, "%s\n", again ? "red" : "white");
    mark(p, "darrow", ns, seq);
    mark(p, "uarrow", ns, end);
    line(p, ns, seq, ns, end);
    if (again) {
        text(p, "atext", ns, end, "R");
    }
    if ((s->wire.flags & WEIR_TCP_SYN) != 0) {
        text(p, "atext", ns, end, "SYN");
    } else if ((s->wire.flags & WEIR_TCP_FIN) != 0) {
        text(p, "atext", ns, end, "FIN");
    }
    if (s->arrived.known == LADDER_LOST || (s->facts & LADDER_FACT_MISSED) != 0) {
        fputs("orange\n", p->out);
        mark(p, "x", ns, end);
    }
}

static void plot_sack(struct plot *p, const struct ladder_segment *s, int64_t ns)
{
    const struct tcp_options *o = &s->wire.options;

    if (o->sack_count > 0) {
        fputs("purple\n", p->out);
    }
    for (uint32_t i = 0; i < o->sack_count; i++) {
        mark(p, "htick", ns, o->sack[i].start);
        mark(p, "htick", ns, o->sack[i].end);
        line(p, ns, o->sack[i].start, ns, o->sack[i].end);
    }
}

/* Stairs: level until now, then up. */
static void plot_ack(struct plot *p, const struct ladder_segment *s, int64_t ns)
{
    uint32_t ack = s->wire.ack, edge = ack + s->window;

    if ((s->wire.flags & WEIR_TCP_ACK) == 0) {
        return;
    }
    if (p->acked) {
        fputs("green\n", p->out);
        line(p, p->ns, p->ack, ns, p->ack);
        line(p, ns, p->ack, ns, ack);
        if (s->class == LADDER_DUP_ACK) {
            mark(p, "dtick", ns, ack);
            char words[16];
            snprintf(words, sizeof(words), "%u", s->count);
            text(p, "btext", ns, ack, words);
        }
        fputs("yellow\n", p->out);
        line(p, p->ns, p->edge, ns, p->edge);
        line(p, ns, p->edge, ns, edge);
    }
    p->ns = ns;
    p->ack = ack;
    p->edge = edge;
    p->acked = true;
    plot_sack(p, s, ns);
}

int xplot_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options)
{
    const struct ladder_info *info = ladder_info(ladder);
    bool server = info->side[LADDER_SERVER].bytes > info->side[LADDER_CLIENT].bytes;
    struct plot p = {.out = out, .info = info, .side = server ? LADDER_SERVER : LADDER_CLIENT};
    char from[TEXT_ENDPOINT_MAX], to[TEXT_ENDPOINT_MAX];
    size_t count;
    const struct ladder_segment *s = ladder_segments(ladder, &count);

    numbering_init(&p.numbering, info, options->seq);
    fprintf(out,
            "double unsigned\ntitle\n%s -> %s (time sequence graph)\nxlabel\nseconds\nylabel\n"
            "sequence number\n",
            text_endpoint(&info->side[p.side].endpoint, from),
            text_endpoint(&info->side[trace_other(p.side)].endpoint, to));
    for (size_t i = 0; i < count; i++) {
        int64_t ns = tap_time(&p, &s[i]);
        if ((enum trace_side)s[i].wire.side == p.side) {
            plot_data(&p, &s[i], ns);
        } else if ((s[i].wire.flags & WEIR_TCP_RST) == 0) {
            plot_ack(&p, &s[i], ns);
        }
    }
    fputs("go\n", out);
    return WEIR_OK;
}
