/* diagram.c - from rows to the calls of a dialect: see diagram.h. */
#include "render/diagram.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "render/painter.h"
#include "trace/state.h"

#define TEXT_MAX (LABEL_MAX + 128)
#define COLUMNS 96
#define RESERVE 400 /* bytes kept for the end */

/* ---- Words ------------------------------------------------------------------------------------------------- */

static char *cleaned(const struct diagram *d, char out[TEXT_MAX], const char *text)
{
    size_t used = 0;

    for (; *text != '\0'; text++) {
        char itself[2] = {*text, '\0'};
        const char *piece = d->dialect->clean(*text);
        piece = piece == NULL ? itself : piece;
        if (used + strlen(piece) < TEXT_MAX) {
            memcpy(out + used, piece, strlen(piece));
            used += strlen(piece);
        }
    }
    out[used] = '\0';
    return out;
}

static void segment_text(const struct diagram *d, const struct ladder_segment *s,
                         char out[TEXT_MAX])
{
    char text[LABEL_MAX], all[TEXT_MAX];
    struct label label;
    bool missed = (s->facts & LADDER_FACT_MISSED) != 0 && s->arrived.known != LADDER_LOST;
    const char *lost = missed ? "  lost?" : s->arrived.known == LADDER_LOST ? "  lost" : "";

    label_make(&label, s, &d->numbering, d->options->verbose);
    label_fit(&label, COLUMNS, text);
    const char *words = text;
    if (d->dialect->own_numbers) {
        words += strspn(words, "0123456789");
        words += strspn(words, " ");
    }
    snprintf(all, sizeof(all), "%s%s%s%s%s", words, label.tags[0] != '\0' ? "  [" : "", label.tags,
             label.tags[0] != '\0' ? "]" : "", lost);
    cleaned(d, out, all);
}

static void fold_text(const struct diagram *d, const struct ladder_fold *fold, char out[TEXT_MAX])
{
    struct text_options options = {.language = d->options->language};
    struct painter p = {.info = d->info,
                        .options = &options,
                        .glyphs = glyphs_for(TEXT_BRAILLE, false),
                        .numbering = d->numbering};
    struct fold_words words;
    char all[TEXT_MAX];

    paint_fold_words(&p, fold, COLUMNS, &words);
    snprintf(all, sizeof(all), "%s%s%s", words.text, words.tags[0] != '\0' ? "  " : "", words.tags);
    cleaned(d, out, all);
}

/* ---- Phases ------------------------------------------------------------------------------------------------- */

static enum phase phase_of(const struct diagram *d, const struct ladder_segment *s)
{
    if ((s->wire.flags & (WEIR_TCP_FIN | WEIR_TCP_RST)) != 0 || d->phase == PHASE_CLOSE) {
        return PHASE_CLOSE;
    }
    bool opening =
        (s->wire.flags & WEIR_TCP_SYN) != 0 || (s->facts & LADDER_FACT_HANDSHAKE_DONE) != 0;
    return opening ? PHASE_HANDSHAKE : PHASE_DATA;
}

static void enter(struct diagram *d, enum phase phase)
{
    static const enum message_id names[] = {
        [PHASE_HANDSHAKE] = MESSAGE_PHASE_HANDSHAKE,
        [PHASE_DATA] = MESSAGE_PHASE_DATA,
        [PHASE_CLOSE] = MESSAGE_PHASE_CLOSE,
    };

    if (phase != d->phase) {
        const char *name =
            phase == PHASE_NONE ? "" : message_text(names[phase], d->options->language);
        d->dialect->phase(d, d->phase, phase, name);
        d->phase = phase;
    }
}

/* ---- Rows ---------------------------------------------------------------------------------------------------- */

static void tell_state(struct diagram *d, enum trace_side side, uint8_t state)
{
    if (state != LADDER_STATE_SAME) {
        d->dialect->state(d, side, state_short_name(state));
    }
}

static void tell_segment(struct diagram *d, const struct ladder_row *row)
{
    const struct ladder_segment *s = row->segment;
    char text[TEXT_MAX];
    bool timed = s->arrived.known == LADDER_MEASURED || s->arrived.known == LADDER_ESTIMATED;
    struct diagram_arrow arrow = {.from = (enum trace_side)s->wire.side,
                                  .text = text,
                                  .lost = s->arrived.known == LADDER_LOST ||
                                          (s->facts & LADDER_FACT_MISSED) != 0,
                                  .numbered = true,
                                  .number = s->number,
                                  .continued = s->number == d->next,
                                  .flight_ns = timed ? s->arrived.ns - s->sent.ns : 0,
                                  .segment = s};

    enter(d, phase_of(d, s));
    segment_text(d, s, text);
    d->dialect->arrow(d, &arrow);
    d->next = s->number + 1;
    tell_state(d, (enum trace_side)s->wire.side, s->state_sent);
    if (!row->split) {
        tell_state(d, trace_other((enum trace_side)s->wire.side), s->state_arrived);
    }
}

static void tell_fold(struct diagram *d, const struct ladder_fold *fold)
{
    char text[TEXT_MAX];
    struct diagram_arrow arrow = {.from = fold->side, .text = text};

    fold_text(d, fold, text);
    if (fold->kind == LADDER_FOLD_OMITTED) {
        d->dialect->idle(d, text);
        return;
    }
    enter(d, d->phase == PHASE_CLOSE ? PHASE_CLOSE : PHASE_DATA);
    d->dialect->arrow(d, &arrow);
    d->next = 0;
}

static void tell_idle(struct diagram *d, const struct ladder_row *row,
                      const struct ladder_row *next)
{
    char duration[TIME_TEXT], text[TEXT_MAX], clean[TEXT_MAX];
    const char *cause = prose_cause(row->cause, d->options->language);

    snprintf(text, sizeof(text), "%s%s%s", paint_duration(duration, row->idle_ns),
             cause != NULL ? " · " : "", cause != NULL ? cause : "");
    if (next != NULL && next->kind == LADDER_ROW_SEGMENT) {
        enter(d, phase_of(d, next->segment)); /* a silence before a phase belongs to it */
    }
    d->dialect->idle(d, cleaned(d, clean, text));
}

static void tell_row(struct diagram *d, const struct ladder_row *row, const struct ladder_row *next)
{
    switch (row->kind) {
    case LADDER_ROW_SEGMENT: tell_segment(d, row); break;
    case LADDER_ROW_ARRIVAL:
        tell_state(d, trace_other((enum trace_side)row->segment->wire.side),
                   row->segment->state_arrived);
        break;
    case LADDER_ROW_IDLE: tell_idle(d, row, next); break;
    case LADDER_ROW_STATE: tell_state(d, row->side, row->state); break;
    case LADDER_ROW_FOLD: tell_fold(d, row->fold); break;
    case LADDER_ROW_NOTE: break;
    }
}

static void begin(struct diagram *d)
{
    char name[2][TEXT_ENDPOINT_MAX + 64], end[TEXT_ENDPOINT_MAX];

    for (int i = 0; i < 2; i++) {
        snprintf(name[i], sizeof(name[0]), "%s|%s",
                 prose_side((enum trace_side)i, d->options->language),
                 text_endpoint(&d->info->side[i].endpoint, end));
    }
    d->dialect->head(d, name[0], name[1]);
    tell_state(d, LADDER_CLIENT, d->info->side[LADDER_CLIENT].initial_state);
    tell_state(d, LADDER_SERVER, d->info->side[LADDER_SERVER].initial_state);
}

static void say_left_out(struct diagram *d, size_t rows)
{
    char number[24], text[PROSE_MAX];
    const char *arg = number;

    snprintf(number, sizeof(number), "%zu", rows);
    d->dialect->left_out(d, message_format(text, sizeof(text), MESSAGE_DIAGRAM_LEFT_OUT,
                                           d->options->language, &arg, 1));
}

/* Rows until the limit is near, each whole or not at all. */
static void walk(struct diagram *d, const size_t *size)
{
    size_t count, done = 0;
    const struct ladder_row *rows = export_rows(d->ladder, d->options, &count);

    for (; done < count; done++) {
        tell_row(d, &rows[done], done + 1 < count ? &rows[done + 1] : NULL);
        fflush(d->out);
        if (d->dialect->limit != 0 && *size > d->dialect->limit - RESERVE) {
            done++;
            break;
        }
    }
    if (done < count) {
        say_left_out(d, count - done);
    }
    enter(d, PHASE_NONE);
    d->dialect->foot(d);
}

int diagram_write(FILE *out, const struct ladder *ladder, const struct export_options *options,
                  const struct dialect *dialect)
{
    char *memory = NULL;
    size_t size = 0;
    struct diagram d = {.out = open_memstream(&memory, &size),
                        .dialect = dialect,
                        .ladder = ladder,
                        .info = ladder_info(ladder),
                        .options = options,
                        .next = 1};

    if (d.out == NULL) {
        return WEIR_ENOBUFS;
    }
    numbering_init(&d.numbering, d.info, options->seq);
    begin(&d);
    walk(&d, &size);
    bool failed = ferror(d.out) != 0;
    if (fclose(d.out) != 0 || failed) {
        free(memory);
        return WEIR_ENOBUFS;
    }
    fwrite(memory, 1, size, out);
    free(memory);
    return WEIR_OK;
}
