/* table_private.h - what a table keeps of one conversation; shared by table*.c only. */
#ifndef TRACE_TABLE_PRIVATE_H
#define TRACE_TABLE_PRIVATE_H

#include "trace/demux.h"
#include "trace/slab.h"
#include "trace/table.h"

/* Segments that wait for the decision who is who, at most; without a handshake that has to do. */
#define WAITING_MAX 6

struct waiting {
    struct vantage_clues clues;
    uint32_t count, room;
    struct trace_segment segment[]; /* sides as demux has them */
};

/* A conversation that is going on. */
struct live {
    struct conversation told;
    struct judge *judge;
    struct finder *finder; /* NULL: nothing is searched for, or no memory */
    bool answered, refused, over, reset;
};

/* One that is settled. */
struct rest {
    struct conversation told;
    uint32_t client_isn,
        client_next; /* its first and one past its last number; for who has the ports next */
    bool over;
};

enum phase {
    PHASE_WAITING = 0,
    PHASE_LIVE,
    PHASE_PACKED, /* live, judge and finder are packed one after the other */
    PHASE_SETTLED /* struct rest is packed; there is nothing more but, for TABLE_EXPLAIN, its finder */
};

struct entry {
    union {
        struct waiting *waiting; /* NULL: none yet */
        struct live *live;
        uint8_t *packed;
    } u;
    struct finder *finder; /* settled, TABLE_EXPLAIN */
    weir_time last;
    uint8_t phase;
    uint8_t client; /* demux's side that is the client, unless waiting */
    uint16_t packed_size;
    bool listed; /* among those that are going on */
};

static inline struct entry *entry_of(struct demux_entry *d)
{
    return demux_payload(d);
}

/* table_entry.c. Each returns WEIR_OK or WEIR_ENOBUFS. */

/* s->side as demux has it. */
int entry_take(const struct table *table, struct demux_entry *d, struct trace_segment *s);
/* It is live, and nothing was heard for a while: settles it when it is over, packs it when the silence is long. */
int entry_rest(const struct table *table, struct demux_entry *d, bool long_silent);
int entry_settle(const struct table *table, struct demux_entry *d);
/* Only when settled. */
void entry_told(const struct entry *e, struct rest *rest);
/* Sent by `from`, as demux has it. */
int entry_icmp(const struct table *table, struct demux_entry *d, unsigned from,
               const struct trace_icmp *icmp);
void entry_free(const struct table *table, struct entry *e);

struct slab *table_slab(const struct table *table); /* where packed ones lie */
enum table_search table_searches(const struct table *table);

/* The conversation before this one between the same endpoints, or NULL. */
const struct demux_entry *table_previous(const struct table *table, const struct demux_entry *d);

#endif
