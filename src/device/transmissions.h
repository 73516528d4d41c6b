/*
 * transmissions.h - how often each TCP segment with data has come by, known by its first byte; and a loss that depends
 * on nothing else.
 *
 * Chance that is drawn packet by packet makes two senders meet different fates as soon as they differ by one packet.
 * Decided by (seed, first byte, number of the transmission), the same segment is lost in both runs, and so is the same
 * repetition of it.
 */
#ifndef DEVICE_TRANSMISSIONS_H
#define DEVICE_TRANSMISSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transmissions {
    struct transmission *table; /* open addressing; NULL: nothing seen yet */
    size_t size, count;
};

/* A segment with data, as it came by. */
struct transmission_seen {
    uint32_t number; /* 1: for the first time; 0: this is no TCP segment with data */
    uint32_t
        position; /* of its first byte, 1 behind the ISN; the raw number if the SYN was not seen */
    uint32_t payload;
};

/* Notes the packet, which begins with `link_size` bytes of link header. Out of memory it is as if it was new. */
struct transmission_seen transmissions_note(struct transmissions *t, const uint8_t *packet,
                                            uint32_t size, uint32_t link_size);

/* Is it lost, with this probability? Chance has no part in it: the same arguments, the same answer. */
bool transmission_lost(const struct transmission_seen *seen, uint64_t seed, double probability);

void transmissions_fini(struct transmissions *t);

#endif
