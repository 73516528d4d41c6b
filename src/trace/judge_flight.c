/*
 * judge_flight.c - the ring of what a side has sent: found by binary search, appended and acknowledged in
 * constant time. A cut moves the shorter side of the ring; it happens where losses are, near the front.
 */
#include <stdlib.h>

#include "trace/judge_private.h"

#define ROOM_MIN 16

/* So many acknowledged ones are remembered, for what comes once more. */
#define SETTLED_MAX 2048

/* More than any window holds; a capture of one direction only would fill the memory. */
#define FLIGHT_MAX 65536

void flight_free(struct flight *f)
{
    free(f->at);
    *f = (struct flight){.at = NULL};
}

uint32_t flight_find(const struct flight *f, seq_pos position)
{
    uint32_t low = 0, high = f->count;

    if (high == 0 || sent_end(flight_at(f, high - 1)) <= position) {
        return high;
    }
    if (f->settled > 0 && sent_end(flight_at(f, f->settled - 1)) <= position) {
        low = f->settled;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (sent_end(flight_at(f, middle)) <= position) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool grow(struct flight *f)
{
    uint32_t room = f->room == 0 ? ROOM_MIN : f->room * 2;
    struct sent *at = malloc(room * sizeof(*at));

    if (at == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < f->count; i++) {
        at[i] = *flight_at(f, i);
    }
    free(f->at);
    f->at = at;
    f->room = room;
    f->head = 0;
    return true;
}

static void forget_oldest(struct flight *f)
{
    f->head = (f->head + 1) & (f->room - 1);
    f->count--;
    if (f->settled > 0) {
        f->settled--;
    }
}

struct sent *flight_append(struct flight *f, const struct sent *sent)
{
    while (f->settled > SETTLED_MAX || f->count >= FLIGHT_MAX) {
        forget_oldest(f);
    }
    if (f->count == f->room && !grow(f)) {
        return NULL;
    }
    struct sent *added = flight_at(f, f->count++);
    *added = *sent;
    return added;
}

/* Opens a gap behind the one at `index`, which becomes twice the same. */
static void double_one(struct flight *f, uint32_t index)
{
    f->count++;
    if (index < f->count / 2) {
        f->head = (f->head - 1) & (f->room - 1);
        for (uint32_t i = 0; i <= index; i++) {
            *flight_at(f, i) = *flight_at(f, i + 1);
        }
    } else {
        for (uint32_t i = f->count - 1; i > index; i--) {
            *flight_at(f, i) = *flight_at(f, i - 1);
        }
    }
}

bool flight_cut(struct flight *f, uint32_t index, seq_pos position)
{
    if (f->count == f->room && !grow(f)) {
        return false;
    }
    double_one(f, index);
    struct sent *low = flight_at(f, index), *high = flight_at(f, index + 1);
    high->length = (uint32_t)(sent_end(low) - position);
    high->start = position;
    low->length = (uint32_t)(position - low->start);
    if (index < f->settled) {
        f->settled++;
    }
    return true;
}
