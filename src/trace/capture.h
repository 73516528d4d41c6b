/*
 * capture.h - reading capture files: pcap and pcapng of either byte order, micro- and nanoseconds, also
 * compressed by gzip, also from a pipe.
 *
 * The formats are read here and not through libpcap, because a file must be read at the speed of its bytes,
 * and what is wrong with it said with its place. libpcap compiles the filters.
 */
#ifndef TRACE_CAPTURE_H
#define TRACE_CAPTURE_H

#include "trace/segment.h"

struct capture;

enum capture_status {
    CAPTURE_OK = 0,
    CAPTURE_END,
    CAPTURE_MISSING, /* no such file */
    CAPTURE_DENIED,  /* no permission */
    CAPTURE_BAD,     /* not a capture, damaged, or a link type that is not understood */
    CAPTURE_SYSTEM,  /* reading failed, no memory */
    CAPTURE_FILTER   /* the filter's text is wrong */
};

#define CAPTURE_WHY_MAX 320

/* "-" is standard input. On failure *capture is NULL and `why` holds one line: "what: where". */
enum capture_status capture_open(struct capture **capture, const char *path,
                                 char why[CAPTURE_WHY_MAX]);

/* The same, when capture_rewind will be called: a pipe is kept in a temporary file. */
enum capture_status capture_open_again(struct capture **capture, const char *path,
                                       char why[CAPTURE_WHY_MAX]);

/* A capture in memory, which must stay; `name` for messages. */
enum capture_status capture_open_memory(struct capture **capture, const char *name,
                                        const uint8_t *bytes, size_t size,
                                        char why[CAPTURE_WHY_MAX]);

/* Only the packets that this tcpdump expression lets through, from here on; NULL: all. CAPTURE_FILTER: it is
 * wrong for the link type of the first interface; it is compiled again for each other link type. */
enum capture_status capture_filter(struct capture *capture, const char *expression,
                                   char why[CAPTURE_WHY_MAX]);

/* One packet as captured. `ip` points at its IP header until the next call; NULL when it is not IP. */
struct capture_packet {
    weir_time time;
    uint32_t number;    /* in the file, from 1 */
    uint32_t interface; /* of a pcapng file, from 0 */
    const uint8_t *ip;
    size_t size, original; /* bytes from `ip` on: captured, and on the wire */
};

/* CAPTURE_OK, CAPTURE_END, or an error with one line in `why`; after an error only capture_stat,
 * capture_rewind and closing are allowed. */
enum capture_status capture_next(struct capture *capture, struct capture_packet *packet,
                                 char why[CAPTURE_WHY_MAX]);

/* From the first packet again, with the same filter. */
enum capture_status capture_rewind(struct capture *capture, char why[CAPTURE_WHY_MAX]);

/* What the file says about itself, up to where it has been read. */
struct capture_stat {
    uint64_t packets;   /* all of them, also those that the filter keeps away */
    uint64_t cut;       /* packets of which only the beginning was captured */
    uint64_t backwards; /* packets older than the one before them */
    uint64_t foreign;   /* packets of a link type that is not understood */
    uint32_t
        snaplen; /* the longest piece of a packet that was captured, as the file says; 0: no limit */
    uint32_t interfaces;
    bool drops_known;
    uint64_t drops; /* packets that the capturing machine lost, as the file says */
};
void capture_stat(const struct capture *capture, struct capture_stat *stat);

/* Bytes of the file read so far, and its size; false: nobody knows (a pipe). */
bool capture_progress(const struct capture *capture, uint64_t *done, uint64_t *size);

const char *
capture_name(const struct capture *capture); /* for messages: path or "standard input" */

void capture_close(struct capture *capture); /* NULL is allowed */

#endif
