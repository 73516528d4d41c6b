/* capture.h - reading capture files (pcap and pcapng, micro- and nanoseconds) through libpcap. */
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
    CAPTURE_SYSTEM   /* reading failed, no memory */
};

#define CAPTURE_WHY_MAX 320

/* "-" is standard input. On failure *capture is NULL and `why` holds one line: "what: where". */
enum capture_status capture_open(struct capture **capture, const char *path,
                                 char why[CAPTURE_WHY_MAX]);

/* One packet as captured. `ip` points at its IP header until the next call; NULL when it is not IP. */
struct capture_packet {
    weir_time time;
    uint32_t number; /* in the file, from 1 */
    const uint8_t *ip;
    size_t size, original; /* bytes from `ip` on: captured, and on the wire */
};

/* CAPTURE_OK, CAPTURE_END, or an error with one line in `why`; after an error only closing is allowed. */
enum capture_status capture_next(struct capture *capture, struct capture_packet *packet,
                                 char why[CAPTURE_WHY_MAX]);

void capture_close(struct capture *capture); /* NULL is allowed */

#endif
