/*
 * diagram.h - a ladder as the text of other people's diagram languages: the walk that all of them share.
 *
 * A dialect says how its language writes an arrow, a state, a silence and a phase; what stands there comes
 * from label.h and prose.h. The languages number their arrows themselves; where that number would differ from
 * the segment's (a folded run, a row left out) the dialect is told.
 */
#ifndef RENDER_DIAGRAM_H
#define RENDER_DIAGRAM_H

#include "render/export.h"
#include "render/text.h"

enum phase { PHASE_NONE = 0, PHASE_HANDSHAKE, PHASE_DATA, PHASE_CLOSE };

struct diagram_arrow {
    enum trace_side from;
    const char *text; /* cleaned, without the number */
    bool lost;
    bool numbered;   /* `number` is to stand before it */
    uint32_t number; /* what numbers itself would say something else unless `continued` */
    bool continued;
    int64_t flight_ns;                    /* 0: not known */
    const struct ladder_segment *segment; /* NULL: a folded run */
};

struct diagram;

struct dialect {
    size_t limit;     /* bytes; 0: none */
    bool own_numbers; /* the language numbers arrows; else the number is part of the text */
    /* What a character of a text becomes; NULL: itself. */
    const char *(*clean)(char c);
    void (*head)(struct diagram *d, const char *client, const char *server);
    void (*phase)(struct diagram *d, enum phase from, enum phase to, const char *name);
    void (*arrow)(struct diagram *d, const struct diagram_arrow *arrow);
    void (*state)(struct diagram *d, enum trace_side side, const char *name);
    void (*idle)(struct diagram *d, const char *text);
    void (*left_out)(struct diagram *d, const char *text);
    void (*foot)(struct diagram *d);
};

struct diagram {
    FILE *out;
    const struct dialect *dialect;
    const struct ladder *ladder;
    const struct ladder_info *info;
    const struct export_options *options;
    struct numbering numbering;
    enum phase phase;
    uint32_t
        next; /* the number that the language would give to the next arrow; 0: numbers are off */
};

/* WEIR_OK or WEIR_ENOBUFS. */
int diagram_write(FILE *out, const struct ladder *ladder, const struct export_options *options,
                  const struct dialect *dialect);

#endif
