/* text_rows.c - the rows of the terminal ladder that are no segments: silences, states, folded runs. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/compiler.h"
#include "render/painter.h"
#include "render/prose.h"
#include "render/width.h"

/* ---- Silences and states ------------------------------------------------------------------------------ */

/* A line of its own between the lifelines. */
static void draw_between(struct painter *p, const char *text)
{
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

/* What ended the silence may say more than the cause alone. */
static const char *why_silent(const struct painter *p, enum ladder_cause cause,
                              const struct ladder_row *next)
{
    bool again = next != NULL && next->kind == LADDER_ROW_SEGMENT &&
                 next->segment->class == LADDER_RETX && next->segment->count > 1;

    if (cause == LADDER_CAUSE_RTO && again) {
        return message_text(MESSAGE_IDLE_RTO_AGAIN, p->options->language);
    }
    return prose_cause(cause, p->options->language);
}

void draw_idle(struct painter *p, const struct ladder_row *row, const struct ladder_row *next)
{
    char duration[TIME_TEXT], text[LABEL_MAX];
    const char *cause = why_silent(p, row->cause, next);

    snprintf(text, sizeof(text), "%s%s%s", paint_duration(duration, row->idle_ns),
             cause != NULL ? "  " : "", cause != NULL ? cause : "");
    draw_between(p, text);
}

void draw_state(struct painter *p, const struct ladder_row *row)
{
    line_begin(&p->line, p->options->color);
    bool left = row->side == LADDER_CLIENT;
    if (left || !p->at.far) {
        paint_clock(p, row->side, &row->time);
    }
    if (left) {
        paint_state(p, row->side, row->state);
    }
    paint_lines(p, "", NULL, p->glyphs->line);
    if (!left) {
        paint_state(p, row->side, row->state);
        if (p->at.far) {
            paint_clock(p, row->side, &row->time);
        }
    }
    line_end(&p->line, p->out);
}

/* ---- Folded runs ---------------------------------------------------------------------------------------- */

/* A label with several ways of saying it, the longest that fits first. */
#define WAYS 4
struct ways {
    char text[WAYS][LABEL_MAX];
    size_t count;
    char tags[64];
    char sentence[PROSE_MAX];
};

static void __attribute__((format(printf, 2, 3))) add_way(struct ways *w, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(w->text[w->count], LABEL_MAX, format, args);
    va_end(args);
    w->count++;
}

/* "12–47 ⟫ "; with capture frames "12–47 f80–121 ⟫ ". */
static void make_range(const struct painter *p, const struct ladder_fold *fold, char *out,
                       size_t size)
{
    const struct glyphs *g = p->glyphs;
    char frames[48] = "";

    if (p->options->frames && fold->first_frame != 0) {
        snprintf(frames, sizeof(frames), " f%u%s%u", fold->first_frame, g->dash, fold->last_frame);
    }
    snprintf(out, size, "%u%s%u%s %s", fold->first, g->dash, fold->last, frames, g->fold);
}

static void say(struct painter *p, struct ways *w, enum message_id id, const uint64_t *values,
                size_t n)
{
    char number[MESSAGE_ARGS_MAX][24];
    const char *args[MESSAGE_ARGS_MAX];

    for (size_t i = 0; i < n; i++) {
        snprintf(number[i], sizeof(number[0]), "%" PRIu64, values[i]);
        args[i] = number[i];
    }
    message_format(w->sentence, sizeof(w->sentence), id, p->options->language, args, n);
}

static void word_data(struct painter *p, const struct ladder_fold *fold, struct ways *w)
{
    const struct glyphs *g = p->glyphs;
    bool zh = p->options->language == LANGUAGE_ZH;
    const char *segments = zh ? " 段" : " segments", *few = zh ? " 段" : " segs";
    uint32_t first = numbering_shown(&p->numbering, fold->side, fold->seq);
    uint32_t last = first + (uint32_t)fold->bytes - 1;
    char range[96], acks[32] = "";

    make_range(p, fold, range, sizeof(range));
    if (fold->acks > 0) {
        snprintf(acks, sizeof(acks), ", ACKs %s%u", g->times, fold->acks);
    }
    add_way(w, "%s %u%s, %u%s%u (%" PRIu64 ")%s", range, fold->segments, segments, first, g->dash,
            last, fold->bytes, acks);
    add_way(w, "%s %u%s %u(%" PRIu64 ")%s", range, fold->segments, few, first, fold->bytes, acks);
    add_way(w, "%s %u%s %u(%" PRIu64 ")", range, fold->segments, few, first, fold->bytes);
    say(p, w, fold->acks > 0 ? MESSAGE_FOLD_DATA_ACKS : MESSAGE_FOLD_DATA,
        (uint64_t[]){fold->segments, fold->bytes, fold->acks}, 3);
}

static void word_acks(struct painter *p, const struct ladder_fold *fold, struct ways *w)
{
    enum trace_side data = trace_other(fold->side);
    uint32_t from = numbering_shown(&p->numbering, data, fold->ack_from);
    uint32_t to = numbering_shown(&p->numbering, data, fold->ack_to);
    char range[96];

    make_range(p, fold, range, sizeof(range));
    add_way(w, "%s %u ACKs %u%s%u", range, fold->acks, from, p->glyphs->to, to);
    say(p, w, MESSAGE_ACK, (uint64_t[]){to}, 1);
}

static void word_dup_acks(struct painter *p, const struct ladder_fold *fold, struct ways *w)
{
    enum trace_side data = trace_other(fold->side);
    uint32_t ack = numbering_shown(&p->numbering, data, fold->ack_from);
    const struct glyphs *g = p->glyphs;
    char range[96], sack[64] = "";

    make_range(p, fold, range, sizeof(range));
    if (fold->sack_start != fold->sack_end) {
        snprintf(sack, sizeof(sack), " <sack %u-%u>",
                 numbering_shown(&p->numbering, data, fold->sack_start),
                 numbering_shown(&p->numbering, data, fold->sack_end));
    }
    if (fold->segments > 0) {
        uint32_t seq = numbering_shown(&p->numbering, data, fold->seq);
        add_way(w, "%s ACK %u%s, data %s%u: %u(%" PRIu64 ")", range, ack, sack, g->times,
                fold->segments, seq, fold->bytes);
        add_way(w, "%s ACK %u, data %s%u", range, ack, g->times, fold->segments);
    } else {
        add_way(w, "%s ACK %u%s", range, ack, sack);
    }
    add_way(w, "%s ACK %u", range, ack);
    snprintf(w->tags, sizeof(w->tags), "dup %u%s%u", fold->dup_first, g->dots, fold->dup_last);
    say(p, w, fold->segments > 0 ? MESSAGE_FOLD_DUP_ACKS_DATA : MESSAGE_FOLD_DUP_ACKS,
        (uint64_t[]){ack, fold->dup_first, fold->dup_last, fold->segments}, 4);
}

static const char *color_of(const struct ladder_fold *fold)
{
    return fold->kind == LADDER_FOLD_DATA ? "32" : fold->kind == LADDER_FOLD_DUP_ACKS ? "35" : "2";
}

static const char *fitting(const struct ways *w, unsigned columns)
{
    size_t i = 0;

    while (i + 1 < w->count && width_of(w->text[i]) > columns) {
        i++;
    }
    return w->text[i];
}

static void draw_fold_arrow(struct painter *p, const struct ladder_fold *fold, struct beside *b)
{
    char slope[SLOPE_BYTES_MAX];
    bool right = fold->side == LADDER_CLIENT;
    struct arrow arrow = {.right = right,
                          .head = right ? p->glyphs->right : p->glyphs->left,
                          .slope = p->glyphs->thick};

    line_begin(&p->line, p->options->color);
    if (!right || !p->at.far) {
        paint_clock(p, trace_other(fold->side), &fold->arrived);
    }
    paint_lines(p, layout_arrow(slope, &arrow, p->at.inner), color_of(fold), p->glyphs->line);
    if (right && p->at.far) {
        paint_clock(p, LADDER_SERVER, &fold->arrived);
    }
    paint_beside(p, b);
    line_end(&p->line, p->out);
    paint_rest(p, b);
}

static void word_omitted(struct painter *p, const struct ladder_fold *fold,
                         struct fold_words *words)
{
    char number[3][16];
    const char *args[3] = {number[0], number[1], number[2]};

    snprintf(number[0], sizeof(number[0]), "%u", fold->segments);
    snprintf(number[1], sizeof(number[1]), "%u", fold->first);
    snprintf(number[2], sizeof(number[2]), "%u", fold->last);
    message_format(words->text, sizeof(words->text),
                   fold->segments == 1 ? MESSAGE_FOLD_OMITTED_ONE : MESSAGE_FOLD_OMITTED,
                   p->options->language, args, 3);
}

void paint_fold_words(struct painter *p, const struct ladder_fold *fold, unsigned columns,
                      struct fold_words *words)
{
    struct ways w = {.count = 0};

    *words = (struct fold_words){.tags = ""};
    switch (fold->kind) {
    case LADDER_FOLD_DATA: word_data(p, fold, &w); break;
    case LADDER_FOLD_ACKS: word_acks(p, fold, &w); break;
    case LADDER_FOLD_DUP_ACKS: word_dup_acks(p, fold, &w); break;
    case LADDER_FOLD_OMITTED: word_omitted(p, fold, words); return;
    }
    unsigned tags = w.tags[0] != '\0' ? width_of(w.tags) + 2 : 0;
    snprintf(words->text, sizeof(words->text), "%s", fitting(&w, columns - tags));
    strcpy(words->tags, w.tags);
    strcpy(words->sentence, w.sentence);
}

void draw_fold(struct painter *p, const struct ladder_fold *fold)
{
    struct fold_words words;
    char inside[INSIDE_MAX];
    struct beside b = {.rest = b.text};
    bool left = fold->side == LADDER_CLIENT;

    paint_fold_words(p, fold, p->at.inner - 2, &words);
    if (fold->kind == LADDER_FOLD_OMITTED) {
        draw_between(p, words.text);
        return;
    }
    strcpy(b.text, words.sentence);
    paint_inside(inside, p->at.inner, fold->side, words.text, words.tags);
    line_begin(&p->line, p->options->color);
    if (p->info->vantage == LADDER_AT_UNKNOWN && p->at.time) {
        char text[TIME_TEXT];
        line_put_right(&p->line, p->at.time_end, paint_time(text, fold->sent.ns, false));
    } else if (left || !p->at.far) {
        paint_clock(p, fold->side, &fold->sent);
    }
    paint_lines(p, inside, color_of(fold), p->glyphs->line);
    if (!left && p->at.far) {
        paint_clock(p, fold->side, &fold->sent);
    }
    paint_beside(p, &b);
    line_end(&p->line, p->out);
    draw_fold_arrow(p, fold, &b);
}
