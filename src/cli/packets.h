/*
 * packets.h - the packets of chosen conversations, written anew: the ladder keeps none, so the capture is
 * read a second time and the packets are found by their frame numbers.
 */
#ifndef CLI_PACKETS_H
#define CLI_PACKETS_H

#include <stdio.h>

#include "render/label.h"

struct packets;

struct packets *packets_new(void);         /* NULL: no memory */
void packets_del(struct packets *packets); /* NULL is allowed */

/* All packets of a conversation. `comments`: with what is known of each. WEIR_OK or WEIR_ENOBUFS. */
int packets_add(struct packets *packets, const struct ladder *ladder, bool comments,
                enum seq_mode seq, enum language language);

enum packets_form {
    PACKETS_PCAP, /* times in nanoseconds */
    PACKETS_PCAPNG
};

/* From the IP header on (link type RAW), as captured. `path`: the capture. CLI_OK, or an exit code after one
 * line. */
int packets_write(struct packets *packets, FILE *out, enum packets_form form, const char *path);

#endif
