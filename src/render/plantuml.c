/*
 * plantuml.c - PlantUML's sequence diagram.
 *
 * "<mss 1460>" needs no escape: Creole, PlantUML's markup, only knows tags that no label contains, and its '~'
 * would be seen in drawings as text. Slanted arrows only on demand: versions before 2022 do not know them.
 */
#include <string.h>

#include "base/compiler.h"
#include "render/diagram.h"

#define SLANT_MAX 60
#define SLANT_NS (1000 * 1000) /* of flight for each pixel */

static const char *clean(char c)
{
    switch (c) {
    case '\\': return "/";
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

    fprintf(d->out, "participant \"%.*s\\n%s\" as %c\n", (int)(bar - name), name, bar + 1,
            name_of(side));
}

static void head(struct diagram *d, const char *client, const char *server)
{
    fputs("@startuml\nhide footbox\n", d->out);
    participant(d, LADDER_CLIENT, client);
    participant(d, LADDER_SERVER, server);
    fputs("autonumber\n", d->out);
}

static void phase(struct diagram *d, enum phase from, enum phase to, const char *name)
{
    (void)from;
    if (to != PHASE_NONE) {
        fprintf(d->out, "== %s ==\n", name);
    }
}

static void arrow(struct diagram *d, const struct diagram_arrow *a)
{
    char from = name_of(a->from), to = name_of(trace_other(a->from));
    char slant[16] = "";

    if (a->numbered && !a->continued) {
        fprintf(d->out, "autonumber %u\n", a->number);
    } else if (!a->numbered && d->next != 0) {
        fputs("autonumber stop\n", d->out);
    }
    if (d->options->slant && a->flight_ns > 0 && !a->lost) {
        snprintf(slant, sizeof(slant), "(%d)", (int)MIN(a->flight_ns / SLANT_NS + 1, SLANT_MAX));
    }
    fprintf(d->out, "%c %s%s %c : %s\n", from, a->lost ? "->x" : "->", slant, to, a->text);
}

static void state(struct diagram *d, enum trace_side side, const char *name)
{
    fprintf(d->out, "rnote over %c : %s\n", name_of(side), name);
}

static void idle(struct diagram *d, const char *text)
{
    fprintf(d->out, "... %s ...\n", text);
}

static void foot(struct diagram *d)
{
    fputs("@enduml\n", d->out);
}

int plantuml_ladder(FILE *out, const struct ladder *ladder, const struct export_options *options)
{
    static const struct dialect dialect = {.own_numbers = true,
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
