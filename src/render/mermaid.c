/*
 * mermaid.c - Mermaid's sequenceDiagram.
 *
 * Mermaid takes ';' for the end of a statement and '#' for the beginning of an entity, also inside of a text,
 * so neither may be left. "<mss 1460>" stays as it is: what is drawn is the text itself. By default Mermaid
 * refuses more than 50 000 characters, so the diagram ends before that and says so.
 */
#include <string.h>

#include "render/diagram.h"

#define LIMIT 45000

static const char *clean(char c)
{
    switch (c) {
    case ';': return ",";
    case '#': return " No.";
    case '\n': return " ";
    default: return NULL;
    }
}

static char name_of(enum trace_side side)
{
    return side == LADDER_CLIENT ? 'C' : 'S';
}

static void participant(struct diagram *d, enum trace_side side, const char *name)
{
    const char *bar = strchr(name, '|');

    fprintf(d->out, "    participant %c as %.*s<br/>%s\n", name_of(side), (int)(bar - name), name,
            bar + 1);
}

static void head(struct diagram *d, const char *client, const char *server)
{
    fputs("sequenceDiagram\n", d->out);
    participant(d, LADDER_CLIENT, client);
    participant(d, LADDER_SERVER, server);
    fputs("    autonumber\n", d->out);
}

/* Faint, so that it fits both a light and a dark page. */
static void phase(struct diagram *d, enum phase from, enum phase to, const char *name)
{
    static const char *const colors[] = {
        [PHASE_HANDSHAKE] = "rgba(64, 128, 255, 0.08)",
        [PHASE_DATA] = "rgba(64, 192, 96, 0.08)",
        [PHASE_CLOSE] = "rgba(255, 160, 32, 0.10)",
    };

    if (from != PHASE_NONE) {
        fputs("    end\n", d->out);
    }
    if (to != PHASE_NONE) {
        fprintf(d->out, "    %%%% %s\n    rect %s\n", name, colors[to]);
    }
}

static void arrow(struct diagram *d, const struct diagram_arrow *a)
{
    char from = name_of(a->from), to = name_of(trace_other(a->from));

    if (a->numbered && !a->continued) {
        fprintf(d->out, "    autonumber %u\n", a->number);
    } else if (!a->numbered && d->next != 0) {
        fputs("    autonumber off\n", d->out);
    }
    fprintf(d->out, "    %c%s%c: %s\n", from, a->lost ? "-x" : "->>", to, a->text);
}

static void state(struct diagram *d, enum trace_side side, const char *name)
{
    fprintf(d->out, "    Note %s of %c: %s\n", side == LADDER_CLIENT ? "left" : "right",
            name_of(side), name);
}

static void idle(struct diagram *d, const char *text)
{
    fprintf(d->out, "    Note over C,S: %s\n", text);
}

static void foot(struct diagram *d)
{
    (void)d;
}

int mermaid_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options)
{
    static const struct dialect dialect = {.limit = LIMIT,
                                           .own_numbers = true,
                                           .clean = clean,
                                           .head = head,
                                           .phase = phase,
                                           .arrow = arrow,
                                           .state = state,
                                           .idle = idle,
                                           .left_out = idle,
                                           .foot = foot};

    return diagram_write(out, ladder, options, &dialect);
}
