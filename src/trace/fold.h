/*
 * fold.h - a long ladder made short: runs of segments in which nothing is to be seen become one row.
 *
 * Rows go in one by one, top to bottom, and come out folded, a few rows later. Nothing is kept but the last
 * few rows and the sums of the run that is going on, so a file of any size can go through. The segment of a
 * row need live only during the call; what comes out points into the folder, until `emit` returns.
 *
 *     folder = folder_new(&setup);
 *     folder_take(folder, &row);          for each row
 *     folder_end(folder);                 what is left comes out
 *     folder_del(folder);
 *
 * What folds: three or more segments of data of one side with the pure ACKs of the other one between them;
 * three or more pure ACKs; duplicate ACKs, with the data that they let out. What never folds: everything that
 * is_eventful says (retransmissions, losses, anything out of order, windows of 0, changes of state, SYN, FIN,
 * RST), what findings name (`setup.keep`), and the two segments before and after those; the segments before
 * and after an idle time or a plain change of state.
 */
#ifndef TRACE_FOLD_H
#define TRACE_FOLD_H

#include "trace/ladder.h"

struct folder;

/* How much of its surroundings a segment keeps unfolded. */
enum fold_weight {
    FOLD_OMIT = -1, /* is not shown: what was asked for is something else */
    FOLD_PLAIN = 0, /* may fold */
    FOLD_ALONE,     /* does not fold; its neighbours may */
    FOLD_NEAR,      /* nor do the segments before and after it */
    FOLD_EVENT      /* nor two of them on either side */
};

struct fold_setup {
    /* Besides what the segments say themselves: is it named by a finding, or not wanted? NULL: neither. */
    enum fold_weight (*keep)(void *ctx, const struct ladder_segment *segment);
    bool only_events; /* omit all but events with their surroundings */
    bool unfolded;    /* omit what is not wanted, and fold nothing */
    /* Takes a row; its segment or fold is valid only during the call. Returns WEIR_OK to go on. */
    int (*emit)(void *ctx, const struct ladder_row *row);
    void *ctx;
};

/* NULL: no memory. */
struct folder *folder_new(const struct fold_setup *setup);
void folder_del(struct folder *folder); /* NULL is allowed */

/* Both return what `emit` returned when that was not WEIR_OK. */
int folder_take(struct folder *folder, const struct ladder_row *row);
int folder_end(struct folder *folder);

/* What a segment says by itself: never FOLD_OMIT. */
enum fold_weight fold_weight_of(const struct ladder_segment *segment);

#endif
