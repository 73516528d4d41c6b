/*
 * table.h - all conversations of a capture, or of a live tap, while it goes by: each judged, searched for
 * findings and counted, and no segment kept.
 *
 *     table = table_new(search);
 *     packet = table_packet(table); fill *packet; table_put(table);      for each segment
 *     table_end(table);
 *     table_conversation(table, index, &conversation, end) ... table_count(table)
 *
 * The first segments of a conversation wait until it is known who the client is and where the tap is; then
 * they are judged with all others, in order. A conversation that is silent is packed until it speaks again; of
 * one that is over only the counters and findings stay. Segments are looked at a batch at a time, because in
 * a large table each one costs several cache misses, which then overlap.
 *
 * Reading order: this file, demux.h (which conversation), table_private.h (its phases), table.c, table_entry.c.
 */
#ifndef TRACE_TABLE_H
#define TRACE_TABLE_H

#include "trace/finder.h"
#include "trace/icmp.h"
#include "trace/vantage.h"

struct table;

/* A finding in short. */
struct conversation_finding {
    uint8_t id; /* enum finding_id */
    uint8_t severity, confidence;
    uint8_t side;
    uint32_t occurrences;
    uint64_t cost_ns;
};

/* What is known about a conversation; sides by enum trace_side. */
struct conversation {
    weir_time start, last;
    uint64_t bytes[2];    /* payload, each byte once */
    uint32_t segments[2]; /* sent by this side, also copies */
    uint32_t retx[2];     /* sent again by this side, SYNs too */
    uint32_t lost[2];     /* did not arrive, as far as it shows */
    uint32_t spurious[2]; /* sent again without need */
    uint32_t reordered, duplicates, dup_acks, zero_windows;
    uint32_t rtt_us;     /* of the handshake, both ways of the tap together; 0: not seen */
    uint32_t min_rtt_us; /* the least that an ACK showed, from the tap; 0: none */
    uint32_t srtt_us;
    uint16_t findings;
    uint8_t vantage; /* enum ladder_vantage */
    uint8_t basis;   /* of that: enum vantage_basis */
    uint8_t end;     /* enum ladder_end */
    bool client_guessed, handshake, one_way, cut;
    struct conversation_finding *finding; /* worst first; the table's own */
};

struct table_packet {
    struct trace_segment segment; /* side is set by the table */
    struct weir_endpoint src, dst;
};

/* How much is kept of what is found. */
enum table_search {
    TABLE_COUNT = 0, /* nothing is searched for */
    TABLE_SEARCH,    /* findings in short, in struct conversation */
    TABLE_EXPLAIN    /* and all of them: table_findings */
};

/* NULL: no memory. */
struct table *table_new(enum table_search search);
void table_del(struct table *table); /* NULL is allowed */

/* Where the next segment goes. */
struct table_packet *table_packet(struct table *table);
/* WEIR_OK or WEIR_ENOBUFS. */
int table_put(struct table *table);
/* An ICMP error about one of its conversations; others are ignored. WEIR_OK or WEIR_ENOBUFS. */
int table_icmp(struct table *table, const struct trace_icmp *icmp);
/* Nothing more comes. WEIR_OK or WEIR_ENOBUFS. */
int table_end(struct table *table);

/* In order of their first packet; only after table_end. The endpoints by enum trace_side. */
size_t table_count(const struct table *table);
void table_conversation(const struct table *table, size_t index, struct conversation *conversation,
                        struct weir_endpoint end[2]);

/* TABLE_EXPLAIN: everything found, worst first, and where the time went; valid until table_del. NULL: no
 * memory was left for it. */
const struct finding *table_findings(const struct table *table, size_t index, size_t *count,
                                     struct account *account, struct finder_totals *totals);

#endif
