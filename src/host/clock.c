/* clock.c - the time of the real world. */
#include "host/clock.h"

#include <time.h>

static uint64_t read_clock(clockid_t id)
{
    struct timespec ts = {0};
    clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec * WEIR_S + (uint64_t)ts.tv_nsec;
}

weir_time clock_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/* The two clocks cannot be read at once: the pair of readings with the least time between them
 * wins. */
uint64_t clock_epoch(void)
{
    uint64_t best_gap = UINT64_MAX, offset = 0;
    for (int i = 0; i < 5; i++) {
        uint64_t before = read_clock(CLOCK_MONOTONIC);
        uint64_t real = read_clock(CLOCK_REALTIME);
        uint64_t gap = read_clock(CLOCK_MONOTONIC) - before;
        if (gap < best_gap) {
            best_gap = gap;
            offset = real - before - gap / 2;
        }
    }
    return offset;
}
