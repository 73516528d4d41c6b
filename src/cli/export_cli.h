/*
 * export_cli.h - the options that choose a format and a file for a ladder, and writing it.
 *
 * A verb puts export_argp among its children with a struct export_cli as input, calls export_settle after
 * parsing and then, when export_wanted, export_begin, export_ladder for each ladder and export_end.
 */
#ifndef CLI_EXPORT_CLI_H
#define CLI_EXPORT_CLI_H

#include "cli/cli.h"
#include "cli/packets.h"
#include "render/export.h"
#include "render/html.h"

struct export_cli {
    const char *to, *path; /* --to, -o; NULL: not given */
    enum svg_scale scale;
    bool slant;
    const struct format *format; /* after export_settle; NULL: the drawing for terminals */
    FILE *out;
    const char *title;            /* of a page: what the ladders are of; NULL: "weir" */
    const enum message_id *story; /* of a page: html.h */
    struct html_page *page;       /* being written */
    const char *capture;          /* file that the packets come from; NULL: none, or two */
    const char *write_pcap;       /* --write-pcap; NULL: not given */
    struct packets *packets;      /* of the ladders so far: for pcapng */
    struct packets *plain;        /* ... and for --write-pcap */
};

extern const struct argp export_argp;

/* Which format it is; --json counts as jsonl. CLI_OK, or an exit code after one line. */
int export_settle(struct export_cli *e, const struct cli_output *output);

static inline bool export_wanted(const struct export_cli *e)
{
    return e->format != NULL;
}

/* Opens the file. `ladders`: how many will come. */
int export_begin(struct export_cli *e, size_t ladders);
int export_ladder(struct export_cli *e, const struct ladder *ladder,
                  const struct cli_output *output);
/* To be called for each ladder that is shown, exported or not: its packets, for --write-pcap. */
int export_packets(struct export_cli *e, const struct ladder *ladder);
/* Closes the files; returns `code`, or the error of writing. */
int export_end(struct export_cli *e, int code);

#endif
