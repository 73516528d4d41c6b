/*
 * ranges.h - a sorted set of disjoint, non-adjacent half-open intervals [start, end) of positions.
 *
 * The storage is the caller's array, so a set is bounded; adding beyond the bound fails and changes
 * nothing.
 */
#ifndef BASE_RANGES_H
#define BASE_RANGES_H

#include <stdbool.h>
#include <stdint.h>

struct range {
    uint64_t start, end;
};

struct ranges {
    struct range *at;
    uint32_t count, capacity;
};

void ranges_init(struct ranges *r, struct range *storage, uint32_t capacity);

/* Adds [start, end), merging what touches. false when a new interval is needed and there is no room.
 * *merged (may be NULL) becomes the index of the interval that now holds it. An empty or reversed
 * [start, end) changes nothing, here and in ranges_remove: true, *merged = count. */
bool ranges_add(struct ranges *r, uint64_t start, uint64_t end, uint32_t *merged);

/* Removes everything below `position`. */
void ranges_trim_below(struct ranges *r, uint64_t position);
/* Removes [start, end); false when a split is needed and there is no room (then nothing changes). */
bool ranges_remove(struct ranges *r, uint64_t start, uint64_t end);
/* Is all of [start, end) in the set? True for nothing. */
bool ranges_cover(const struct ranges *r, uint64_t start, uint64_t end);
/* The index of the interval that contains `position`, or the first after it, or count. */
uint32_t ranges_find(const struct ranges *r, uint64_t position);
uint64_t ranges_bytes(const struct ranges *r);

#endif
