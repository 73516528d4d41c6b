/* mscgen.c - the language of mscgen (and of its successors): labels are quoted strings, arrows can slope. */
#include <string.h>

#include "render/diagram.h"

static const char *clean(char c)
{
    switch (c) {
    case '"': return "'";
    case '\\': return "/";
    case '\n': return " ";
    default: return NULL;
    }
}

static char name_of(enum trace_side side)
{
    return side == LADDER_CLIENT ? 'C' : 'S';
}

static void head(struct diagram *d, const char *client, const char *server)
{
    const char *bar[2] = {strchr(client, '|'), strchr(server, '|')};

    fputs("msc {\n  hscale = \"2\", arcgradient = \"14\";\n", d->out);
    fprintf(d->out, "  C [label=\"%.*s\\n%s\"], S [label=\"%.*s\\n%s\"];\n", (int)(bar[0] - client),
            client, bar[0] + 1, (int)(bar[1] - server), server, bar[1] + 1);
}

static void phase(struct diagram *d, enum phase from, enum phase to, const char *name)
{
    (void)from;
    if (to != PHASE_NONE) {
        fprintf(d->out, "  --- [label=\"%s\"];\n", name);
    }
}

static const char *color_of(const struct diagram_arrow *a)
{
    if (a->segment == NULL) {
        return "#1a7f37";
    }
    switch (a->segment->class) {
    case LADDER_SYN:
    case LADDER_SYN_ACK: return "#0a58ca";
    case LADDER_DATA: return "#1a7f37";
    case LADDER_FIN: return "#9a5b00";
    case LADDER_RST: return "#cf222e";
    case LADDER_WINDOW_UPDATE:
    case LADDER_ZERO_WINDOW_PROBE:
    case LADDER_KEEPALIVE: return "#0b7285";
    case LADDER_ACK: return "#66707b";
    default: return "#a0268f";
    }
}

static void arrow(struct diagram *d, const struct diagram_arrow *a)
{
    char from = name_of(a->from), to = name_of(trace_other(a->from));

    fprintf(d->out, "  %c%s%c [label=\"%s\", linecolour=\"%s\", textcolour=\"%s\"];\n", from,
            a->lost ? "-x" : (a->segment == NULL ? "=>>" : "=>"), to, a->text, color_of(a),
            color_of(a));
}

static void state(struct diagram *d, enum trace_side side, const char *name)
{
    char who = name_of(side);

    fprintf(d->out, "  %c rbox %c [label=\"%s\"];\n", who, who, name);
}

static void idle(struct diagram *d, const char *text)
{
    fprintf(d->out, "  ... [label=\"%s\"];\n", text);
}

static void foot(struct diagram *d)
{
    fputs("}\n", d->out);
}

int mscgen_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options)
{
    static const struct dialect dialect = {.clean = clean,
                                           .head = head,
                                           .phase = phase,
                                           .arrow = arrow,
                                           .state = state,
                                           .idle = idle,
                                           .left_out = idle,
                                           .foot = foot};

    return diagram_write(out, ladder, options, &dialect);
}
