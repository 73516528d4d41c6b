/*
 * wheel.h - hierarchical timing wheel: ticks of 2^13 ns, 6 levels of 64 slots.
 *
 * Entries are intrusive and named by pool indexes of the owner (the wheel is told how to find them), so an
 * entry costs 16 bytes. Deadlines are rounded up to a tick; an entry fires at the first advance at or
 * after that tick, so never before its deadline. wheel_next may be early (a cascade), never late: it never
 * names a time after the first entry's tick. Within one tick entries fire in order of insertion, also
 * through cascades. Deadlines beyond the span (about 6.5 days) sit in the last slot and are put back by
 * the wheel until they are near. A deadline that rounds up beyond the end of time, and so WEIR_NEVER,
 * never fires and is not put in.
 */
#ifndef BASE_WHEEL_H
#define BASE_WHEEL_H

#include <stdbool.h>
#include <weir/weir.h>

#define WHEEL_TICK_SHIFT 13
#define WHEEL_BITS 6
#define WHEEL_SLOTS 64
#define WHEEL_LEVELS 6

struct wheel_entry {
    uint32_t next, prev; /* indexes of owners; 0: none */
    uint64_t tick;       /* when it fires; tick n is the time (n - 1) << 13; 0: not in the wheel */
};

struct wheel {
    struct wheel_entry *(*entry)(void *ctx, uint32_t index);
    void *ctx;
    weir_time now;
    uint64_t now_tick; /* of `now`; everything up to and including this tick has fired */
    uint64_t occupied[WHEEL_LEVELS];
    uint32_t head[WHEEL_LEVELS][WHEEL_SLOTS], tail[WHEEL_LEVELS][WHEEL_SLOTS];
    uint32_t due_head, due_tail; /* fired, not yet taken */
    uint32_t count;              /* entries in the wheel, fired ones not yet taken included */
};

void wheel_init(struct wheel *w, struct wheel_entry *(*entry)(void *, uint32_t), void *ctx,
                weir_time now);

/* Makes sure that `index` fires not later than `deadline` (rounded up to a tick). When it is in the wheel
 * already with an earlier or equal tick nothing happens: an entry moves only when its deadline comes
 * nearer. A deadline in the past fires at the next wheel_take. */
void wheel_set(struct wheel *w, uint32_t index, weir_time deadline);
void wheel_remove(struct wheel *w, uint32_t index); /* no-op when it is not in */
static inline bool wheel_contains(const struct wheel_entry *e)
{
    return e->tick != 0;
}

/* Moves the time forward; fired entries queue up for wheel_take (which returns 0 when there are no more).
 * A taken entry is out of the wheel. */
void wheel_advance(struct wheel *w, weir_time now);
uint32_t wheel_take(struct wheel *w);

/* When wheel_advance has something to do; WEIR_NEVER when empty; 0 when fired entries wait. */
weir_time wheel_next(const struct wheel *w);

#endif
