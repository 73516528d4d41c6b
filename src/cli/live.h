/*
 * live.h - `weir live` between its files: cmd_live.c (arguments, the loop), live_conns.c (packets to
 * conversations), live_show.c (what is printed).
 */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include "cli/child.h"
#include "cli/cli.h"
#include "cli/tap.h"
#include "render/json.h"
#include "render/json_live.h"
#include "render/text_live.h"

struct live_options {
    struct cli_output output;
    struct tap_config tap;
    const char *write;  /* NULL: packets are not kept */
    const char *file;   /* NULL: standard output, or standard error with a command */
    unsigned long conn; /* 0: all */
    unsigned long count;
    unsigned long rate; /* 0: no limit */
    weir_time duration; /* 0: no limit */
    bool only_findings, rate_given;
    char **command; /* NULL: none */
};

/* ---- What is printed ------------------------------------------------------------------------------------ */

struct live_show {
    const struct live_options *options;
    FILE *out;
    struct text_live text;
    weir_time window; /* when the second began in which rows are counted; 0: none */
    unsigned long rows;
    struct text_live_omitted omitted;
    weir_time omitted_from, omitted_last;
    uint64_t drops_told;
};

/* `rows`: of this conversation, with --json; else NULL. */
struct json_rows *live_show_rows(const struct live_show *show);
void live_show_begin(struct live_show *show, struct json_rows *rows, const struct ladder *ladder,
                     const char *remark);
void live_show_event(struct live_show *show, struct json_rows *rows,
                     const struct stream_event *event, weir_time now);
void live_show_end(struct live_show *show, struct json_rows *rows, const struct ladder *ladder,
                   int64_t duration_ns);
/* Tells what was not drawn, when its second is over. */
void live_show_tick(struct live_show *show, weir_time now, bool last);
/* Returns how many there are that had not been told. */
uint64_t live_show_drops(struct live_show *show, const struct tap_counts *counts);
void live_show_summary(struct live_show *show, const struct json_live_summary *summary);

/* ---- Conversations -------------------------------------------------------------------------------------- */

struct live_conns;

/* `child`: NULL: whose conversations they are does not matter. NULL: no memory. */
struct live_conns *live_conns_new(struct live_show *show, const struct child *child,
                                  weir_time reorder);
void live_conns_del(struct live_conns *conns);

/* `interface` as in tap.h. False: it is not one that is shown. */
bool live_conns_packet(struct live_conns *conns, const struct trace_segment *segment,
                       const struct weir_endpoint *src, const struct weir_endpoint *dst,
                       int interface, weir_time now);
/* Shows what is settled. Returns when to be called again. */
weir_time live_conns_advance(struct live_conns *conns, weir_time now);
/* The kernel dropped packets, perhaps of each conversation that is going on. */
void live_conns_dropped(struct live_conns *conns, uint64_t packets);
/* Nothing more comes. */
void live_conns_end(struct live_conns *conns, weir_time now);
uint64_t live_conns_count(const struct live_conns *conns);

#endif
