/* view.c - a ladder's rows through the folder (fold.h), with what findings name and what was asked for. */
#include "trace/view_private.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "trace/fold.h"

/* Folds are found by number until all rows are known: the array moves while it grows. */
struct view {
    const struct ladder *ladder;
    struct view_options options;
    uint8_t *named; /* per segment: what findings say, enum fold_weight */
    struct ladder_row *rows;
    struct ladder_fold *folds;
    size_t row_count, row_room, fold_count, fold_room;
};

static void *grow(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room) {
        return array;
    }
    size_t more = *room == 0 ? 64 : *room * 2;
    void *grown = realloc(array, more * size);
    if (grown != NULL) {
        *room = more;
    }
    return grown;
}

static int add_fold(struct view *v, const struct ladder_fold *fold)
{
    struct ladder_fold *folds = grow(v->folds, v->fold_count, &v->fold_room, sizeof(*folds));

    if (folds == NULL) {
        return WEIR_ENOBUFS;
    }
    v->folds = folds;
    v->folds[v->fold_count++] = *fold;
    return WEIR_OK;
}

static int take_row(void *ctx, const struct ladder_row *row)
{
    struct view *v = ctx;
    struct ladder_row *rows = grow(v->rows, v->row_count, &v->row_room, sizeof(*rows));
    size_t count;

    if (rows == NULL) {
        return WEIR_ENOBUFS;
    }
    v->rows = rows;
    rows[v->row_count] = *row;
    if (row->segment != NULL) {
        rows[v->row_count].segment = &ladder_segments(v->ladder, &count)[row->segment->number - 1];
    }
    v->row_count++;
    return row->kind == LADDER_ROW_FOLD ? add_fold(v, row->fold) : WEIR_OK;
}

/* Whatever a finding names is not folded; what cost time keeps its surroundings, too. */
static int note_findings(struct view *v)
{
    size_t segments, count;
    const struct finding *finding = ladder_findings(v->ladder, &count);

    ladder_segments(v->ladder, &segments);
    v->named = calloc(segments + 1, 1);
    if (v->named == NULL) {
        return WEIR_ENOBUFS;
    }
    for (size_t i = 0; i < count; i++) {
        bool costly = finding[i].severity >= FINDING_WARN;
        uint8_t weight = costly ? FOLD_EVENT : FOLD_ALONE;
        for (uint32_t k = 0; k < MIN(finding[i].segment_count, FINDING_SEGMENTS_MAX); k++) {
            uint32_t number = finding[i].segments[k];
            if (number <= segments) {
                v->named[number] = MAX(v->named[number], weight);
            }
        }
    }
    return WEIR_OK;
}

static enum fold_weight keep(void *ctx, const struct ladder_segment *s)
{
    const struct view *v = ctx;
    const struct view_options *o = &v->options;

    if (s->number < o->from || (o->until != 0 && s->number > o->until)) {
        return FOLD_OMIT;
    }
    if (o->wanted != NULL) {
        return o->wanted(o->ctx, s) ? FOLD_ALONE : FOLD_OMIT;
    }
    enum fold_weight named = (enum fold_weight)v->named[s->number];
    return o->only_findings && named > FOLD_PLAIN ? FOLD_EVENT : named;
}

static size_t count_lines(const struct ladder_row *rows, size_t count)
{
    size_t lines = 0;

    for (size_t i = 0; i < count; i++) {
        lines += rows[i].kind == LADDER_ROW_SEGMENT && !rows[i].split ? 2 : 1;
    }
    return lines;
}

static int fold_rows(struct view *v, const struct ladder_row *rows, size_t count)
{
    struct fold_setup setup = {.keep = keep, .emit = take_row, .ctx = v};

    setup.only_events = v->options.only_findings;
    setup.unfolded = v->options.all || count_lines(rows, count) <= VIEW_FOLD_ABOVE;
    struct folder *folder = folder_new(&setup);
    int result = folder != NULL ? WEIR_OK : WEIR_ENOBUFS;
    for (size_t i = 0; i < count && result == WEIR_OK; i++) {
        result = folder_take(folder, &rows[i]);
    }
    if (result == WEIR_OK) {
        result = folder_end(folder);
    }
    folder_del(folder);
    for (size_t i = 0, k = 0; i < v->row_count; i++) {
        if (v->rows[i].kind == LADDER_ROW_FOLD && result == WEIR_OK) {
            v->rows[i].fold = &v->folds[k++];
        }
    }
    return result;
}

static int make_rows(struct view *v)
{
    size_t count;
    const struct ladder_row *rows = ladder_rows(v->ladder, &count);
    struct ladder_row *with_notes = NULL;
    int result = note_findings(v);

    if (v->options.internals != NULL && result == WEIR_OK) {
        rows = with_notes = view_with_notes(v->ladder, v->options.internals, &count);
        result = with_notes != NULL ? WEIR_OK : WEIR_ENOBUFS;
    }
    if (result == WEIR_OK) {
        result = fold_rows(v, rows, count);
    }
    free(with_notes);
    return result;
}

struct view *view_make(const struct ladder *ladder, const struct view_options *options)
{
    struct view *v = calloc(1, sizeof(*v));

    if (v != NULL) {
        v->ladder = ladder;
        v->options = *options;
        if (make_rows(v) != WEIR_OK) {
            view_del(v);
            v = NULL;
        }
    }
    return v;
}

void view_del(struct view *v)
{
    if (v != NULL) {
        free(v->named);
        free(v->rows);
        free(v->folds);
        free(v);
    }
}

const struct ladder_row *view_rows(const struct view *v, size_t *count)
{
    *count = v->row_count;
    return v->rows;
}
