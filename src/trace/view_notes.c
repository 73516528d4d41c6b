/* view_notes.c - a stack's decisions put between the rows of a ladder, each behind what caused it. */
#include <stdlib.h>

#include "base/compiler.h"
#include "trace/internals.h"
#include "trace/view_private.h"

struct place {
    size_t row; /* before this one */
    size_t order;
    const struct ladder_note *note;
};

static int by_row(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->row != y->row) {
        return x->row < y->row ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

/* When the row happens for this side; INT64_MIN: it says nothing. */
static int64_t time_at(const struct ladder_row *row, enum trace_side side)
{
    const struct ladder_segment *s = row->segment;

    if (row->kind == LADDER_ROW_STATE) {
        return row->side == side ? row->time.ns : INT64_MIN;
    }
    if (s == NULL) {
        return INT64_MIN;
    }
    bool own = s->wire.side == side;
    const struct ladder_time *t = own ? &s->sent : &s->arrived;
    return (row->kind == LADDER_ROW_ARRIVAL) == own || t->known != LADDER_MEASURED ? INT64_MIN
                                                                                   : t->ns;
}

/* The first row that happens for this side at this time or later. Silence before it stays before the note when the
 * two are simultaneous: the timer that ends it is the note. */
static size_t row_at(const struct ladder_row *rows, size_t count, size_t from,
                     const struct ladder_note *note)
{
    size_t i = from;

    while (i < count && time_at(&rows[i], note->side) < note->time.ns) {
        i++;
    }
    bool later = i < count && time_at(&rows[i], note->side) > note->time.ns;
    return later && i > 0 && rows[i - 1].kind == LADDER_ROW_IDLE ? i - 1 : i;
}

/* Per segment: the row after which its effects at this side come. */
static void find_rows(const struct ladder_row *rows, size_t count, size_t *after[2])
{
    for (size_t i = 0; i < count; i++) {
        const struct ladder_segment *s = rows[i].segment;
        if (s == NULL) {
            continue;
        }
        if (rows[i].kind == LADDER_ROW_SEGMENT) {
            after[s->wire.side][s->number] = i + 1;
        }
        after[trace_other((enum trace_side)s->wire.side)][s->number] = i + 1;
    }
}

static size_t place_notes(const struct ladder_row *rows, size_t count, size_t *after[2],
                          const struct internals *in, struct place *place)
{
    size_t notes, n = 0, from[2] = {0, 0};
    const struct ladder_note *note = internals_notes(in, &notes);

    for (size_t i = 0; i < notes; i++) {
        if (!note_is_row(&note[i])) {
            continue;
        }
        size_t row = note[i].segment != 0 ? after[note[i].side][note[i].segment] : 0;
        if (row == 0) {
            row = row_at(rows, count, from[note[i].side], &note[i]);
            from[note[i].side] = row;
        }
        place[n] = (struct place){.row = row, .order = n, .note = &note[i]};
        n++;
    }
    qsort(place, n, sizeof(*place), by_row);
    return n;
}

struct ladder_row *view_with_notes(const struct ladder *ladder, const struct internals *in,
                                   size_t *count)
{
    size_t segments, notes, row_count, placed, n = 0;
    const struct ladder_row *rows = ladder_rows(ladder, &row_count);
    ladder_segments(ladder, &segments);
    internals_notes(in, &notes);
    size_t *after[2] = {calloc(segments + 1, sizeof(size_t)), calloc(segments + 1, sizeof(size_t))};
    struct place *place = malloc((notes + 1) * sizeof(*place));
    struct ladder_row *out = malloc((row_count + notes + 1) * sizeof(*out));

    if (after[0] != NULL && after[1] != NULL && place != NULL && out != NULL) {
        find_rows(rows, row_count, after);
        placed = place_notes(rows, row_count, after, in, place);
        for (size_t i = 0, k = 0; i <= row_count; i++) {
            for (; k < placed && place[k].row == i; k++) {
                const struct ladder_note *note = place[k].note;
                out[n++] = (struct ladder_row){
                    .kind = LADDER_ROW_NOTE, .side = note->side, .time = note->time, .note = note};
            }
            if (i < row_count) {
                out[n++] = rows[i];
            }
        }
        *count = n;
    } else {
        free(out);
        out = NULL;
    }
    free(after[0]);
    free(after[1]);
    free(place);
    return out;
}
