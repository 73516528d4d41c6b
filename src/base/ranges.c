/*
 * ranges.c - a sorted set of disjoint, non-adjacent half-open intervals in the caller's array.
 *
 * Every change finds the run of intervals [first, last) that it concerns, decides whether there is room,
 * and only then writes: a refused change has touched nothing.
 */
#include "base/ranges.h"

#include <string.h>

#include "base/compiler.h"

void ranges_init(struct ranges *r, struct range *storage, uint32_t capacity)
{
    *r = (struct ranges){.at = storage, .capacity = capacity};
}

/* The first interval that ends at or after `position`: the first one that [position, ...) could touch. */
static uint32_t first_touching(const struct ranges *r, uint64_t position)
{
    uint32_t low = 0, high = r->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (r->at[middle].end < position) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint32_t ranges_find(const struct ranges *r, uint64_t position)
{
    uint32_t i = first_touching(r, position);
    return i < r->count && r->at[i].end == position ? i + 1 : i;
}

/* Makes `now` entries out of the `before` ones at `first`; what they hold is the caller's to write. */
static void resize_run(struct ranges *r, uint32_t first, uint32_t before, uint32_t now)
{
    uint32_t behind = r->count - first - before;
    if (behind != 0 && before != now) {
        memmove(&r->at[first + now], &r->at[first + before], behind * sizeof(r->at[0]));
    }
    r->count = r->count - before + now;
}

bool ranges_add(struct ranges *r, uint64_t start, uint64_t end, uint32_t *merged)
{
    uint32_t first = r->count;
    if (start < end) {
        first = first_touching(r, start);
        uint32_t last = first;
        while (last < r->count && r->at[last].start <= end) {
            last++;
        }
        if (first == last && r->count == r->capacity) {
            return false;
        }
        if (first != last) {
            start = min_u64(start, r->at[first].start);
            end = max_u64(end, r->at[last - 1].end);
        }
        resize_run(r, first, last - first, 1);
        r->at[first] = (struct range){.start = start, .end = end};
    }
    if (merged != NULL) {
        *merged = first;
    }
    return true;
}

void ranges_trim_below(struct ranges *r, uint64_t position)
{
    uint32_t gone = ranges_find(r, position);
    resize_run(r, 0, gone, 0);
    if (r->count != 0) {
        r->at[0].start = max_u64(r->at[0].start, position);
    }
}

bool ranges_remove(struct ranges *r, uint64_t start, uint64_t end)
{
    if (start >= end) {
        return true;
    }
    uint32_t first = ranges_find(r, start);
    uint32_t last = first;
    while (last < r->count && r->at[last].start < end) {
        last++;
    }
    if (first == last) {
        return true;
    }

    struct range left = {.start = r->at[first].start, .end = start};
    struct range right = {.start = end, .end = r->at[last - 1].end};
    uint32_t keep_left = left.start < left.end, keep_right = right.start < right.end;
    if (keep_left + keep_right > last - first && r->count == r->capacity) {
        return false;
    }
    resize_run(r, first, last - first, keep_left + keep_right);
    if (keep_left) {
        r->at[first] = left;
    }
    if (keep_right) {
        r->at[first + keep_left] = right;
    }
    return true;
}

bool ranges_cover(const struct ranges *r, uint64_t start, uint64_t end)
{
    if (start >= end) {
        return true;
    }
    uint32_t i = ranges_find(r, start);
    return i < r->count && r->at[i].start <= start && end <= r->at[i].end;
}

uint64_t ranges_bytes(const struct ranges *r)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        bytes += r->at[i].end - r->at[i].start;
    }
    return bytes;
}
