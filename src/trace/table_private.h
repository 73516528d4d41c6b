/* table_private.h - the inside of a table, shared by table.c and table_find.c only. */
#ifndef TRACE_TABLE_PRIVATE_H
#define TRACE_TABLE_PRIVATE_H

#include "trace/demux.h"
#include "trace/finder.h"
#include "trace/table.h"
#include "trace/vantage.h"

#define TABLE_BATCH 16

struct waiting {
    struct vantage_clues clues;
    uint32_t count, room;
    struct trace_segment segment[]; /* sides as demux has them */
};

enum phase { PHASE_WAITING = 0, PHASE_JUDGED, PHASE_SETTLED };

/* What the table keeps of a conversation beside what it tells. */
struct entry {
    struct conversation told;
    struct judge *judge;
    struct waiting *waiting;
    struct finder *finder; /* NULL: not searched */
    struct entry *before;  /* the conversation before this one between the same endpoints */
    uint8_t phase;
    uint8_t client; /* demux's side that is the client, once judged */
    bool answered, refused, over, reset, rests, begun;
};

struct table {
    struct demux *demux;
    struct table_packet batch[TABLE_BATCH];
    struct demux_key key[TABLE_BATCH];
    uint32_t batched;
    enum table_search search;
    size_t hand; /* of the sweep */
    weir_time now;
    int failure;
};

/* Who is who, and where the tap is; then what has waited is judged. */
int table_decide(struct table *table, struct demux_entry *demux, struct entry *entry);

/* Judges what has been put so far. */
int table_flush(struct table *table);

/* table_find.c: the finder of an entry from its beginning to its end. */
void table_find_begin(const struct demux_entry *demux, struct entry *entry);
void table_find_end(const struct table *table, struct entry *entry);

#endif
