/*
 * label.h - the words beside an arrow: `n FLAGS, seq(len), ACK a, win w, <options>`, and its tags.
 *
 * seq(len) only if SYN, FIN, RST or length > 0; win only when it is worth showing (it changed by more than
 * 10 %, closed or opened) or with `verbose`; PSH and timestamps only with `verbose`. What is too long is
 * elided from the right: options, then win; never flags, seq and ack.
 */
#ifndef RENDER_LABEL_H
#define RENDER_LABEL_H

#include "render/messages.h"
#include "trace/ladder.h"

/* How sequence numbers are shown. */
enum seq_mode {
    SEQ_PRETTY =
        0,   /* the client counts from 1000, the server from 8000, the n-th connection 10000 more */
    SEQ_RAW, /* as on the wire */
    SEQ_RELATIVE /* each SYN is 0 */
};

struct numbering {
    uint32_t offset[2]; /* by side: added to the wire's number */
    bool frames;        /* labels also have the capture's frame numbers: "4 f17" */
};

void numbering_init(struct numbering *n, const struct ladder_info *info, enum seq_mode mode);
uint32_t numbering_shown(const struct numbering *n, enum trace_side side, uint32_t wire);
/* Does any side's numbering differ from the wire's? */
bool numbering_differs(const struct numbering *n, enum trace_side side);

#define LABEL_OPTIONS_MAX 10
#define LABEL_MAX 256

struct label {
    char head[128];    /* number, flags, seq(len), ACK */
    size_t head_break; /* a place to break it in two, before ACK; 0: none */
    char window[24];   /* "win 8688" or "" */
    char option[LABEL_OPTIONS_MAX][40];
    uint32_t options;
    char tags[96]; /* "rtx#16", "dup3"; "" */
};

void label_make(struct label *label, const struct ladder_segment *segment,
                const struct numbering *n, bool verbose);

/* Head, window and options in at most `columns`; the head always. Returns out. */
char *label_fit(const struct label *label, size_t columns, char out[LABEL_MAX]);

#endif
