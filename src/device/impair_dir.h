/*
 * impair_dir.h - one direction of an impaired link: decides the fate of each wire packet when it is
 * handed in.
 *
 * No packet bytes and no I/O here: number and size in, fate and delivery time out. The model, in
 * order: a standstill, drop by number and by size, loss, a transmitter of a given rate with a bounded queue before it,
 * propagation delay, jitter (which keeps the order), extra delay (which does not), a duplicate
 * right behind the original.
 *
 * Every packet takes the same draws from the generator whatever its fate, so that changing one
 * parameter does not change what happens by the others.
 */
#ifndef DEVICE_IMPAIR_DIR_H
#define DEVICE_IMPAIR_DIR_H

#include "base/rng.h"

#include <weir/device.h>

/* Packet numbers in rising order, asked for in rising order. */
struct impair_list {
    uint32_t *numbers;
    size_t count, at;
};

struct impair_dir {
    struct rng rng, mark_rng;            /* marks draw apart: they change nothing else */
    struct weir_impair_direction config; /* its list pointers are not used */
    struct impair_list drop, duplicate, delay;
    uint32_t number;      /* of the last packet */
    weir_time last_due;   /* of the packets that keep their order */
    weir_time busy_until; /* the transmitter */
    uint64_t carry;       /* of size * 8 * 10^9 / rate, so that no fraction gets lost */
    weir_time *starts;    /* ring: when those that wait for the transmitter begin; NULL: no rate */
    uint32_t starts_head, starts_count, starts_size;
};

struct impair_verdict {
    uint32_t number;
    uint8_t fate; /* enum weir_impair_fate, never DUPLICATE */
    bool corrupted, reordered;
    bool duplicated;         /* deliver a second copy at the same time */
    weir_time due;           /* when it comes out; 0 if it never does */
    uint64_t corrupt_random; /* chooses the bit */
    bool mark;               /* if it is ECN-capable */
};

/* WEIR_EINVAL (a probability outside 0..1), WEIR_ENOBUFS. fini also after failure. */
int impair_dir_init(struct impair_dir *dir, const struct weir_impair_direction *config,
                    uint64_t seed);
void impair_dir_fini(struct impair_dir *dir);
/* `lost`: what the packet says has decided so (transmissions.h). */
struct impair_verdict impair_dir_judge(struct impair_dir *dir, uint32_t size, bool lost,
                                       weir_time now);

#endif
