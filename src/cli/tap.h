/*
 * tap.h - packets of an interface as they pass, through libpcap: at once (immediate mode), headers only unless
 * more is asked for, and with the kernel's count of those that it dropped.
 */
#ifndef CLI_TAP_H
#define CLI_TAP_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/types.h>

struct tap;

struct tap_config {
    const char *interface; /* "any": all of them */
    const char *filter;    /* as for tcpdump; NULL: TCP */
    int snaplen;
    int buffer; /* bytes of the kernel's ring */
    bool promiscuous;
};

#define TAP_WHY_MAX 400

/* An exit code of cli.h; unless CLI_OK with one line in why. */
int tap_open(struct tap **tap, const struct tap_config *config, char why[TAP_WHY_MAX]);
void tap_close(struct tap *tap); /* NULL is allowed */

struct tap_packet {
    weir_time time; /* nanoseconds since 1970 */
    const uint8_t *bytes;
    uint32_t size, original;
    int interface; /* number of the interface, when all are listened to; else 0 */
    bool out;      /* leaves this machine, as far as the capture tells */
};

int tap_descriptor(const struct tap *tap); /* readable when there are packets */
int tap_link_type(const struct tap *tap);

/* 1, 0 when there is none now, -1 with `why` when the interface has gone. Valid until the next call. */
int tap_next(struct tap *tap, struct tap_packet *packet, char why[TAP_WHY_MAX]);

struct tap_counts {
    uint64_t drops;           /* by the kernel, for want of room */
    uint64_t interface_drops; /* by the interface */
};
void tap_count(struct tap *tap, struct tap_counts *counts);

#endif
