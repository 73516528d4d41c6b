/*
 * wheel.c - hierarchical timing wheel.
 *
 * Theory of operation. Write a tick as digits of six bits. An entry stands at the level of the highest
 * digit in which its tick differs from now_tick, in the slot that this digit names. So
 *   - its place follows from its tick and now_tick alone: nothing about it has to be stored, and all
 *     entries of one tick are always in one list, in order of insertion;
 *   - whatever is at a lower level comes earlier, and within a level the lower slot comes earlier:
 *     the next slot to look at is the lowest bit of the lowest level with a bit;
 *   - a digit in which a later tick differs first is larger than that of now_tick, so slot 0 of a level
 *     is never needed. Slot 0 of the top level holds what lies beyond the six digits.
 * Time jumps from one occupied slot's start to the next. At level 0 a slot is one tick and fires. Above,
 * its entries are put where they belong now that the time has reached its start (the lower levels are
 * empty then, so order is kept). Places of all others stay right, because no digit that placed them has
 * passed. A fired entry waits in the due list; its tick is not after now_tick, which tells it apart.
 */
#include "base/wheel.h"

#include "base/compiler.h"

#define TICK_MASK (((weir_time)1 << WHEEL_TICK_SHIFT) - 1)
#define DEADLINE_LAST (WEIR_NEVER & ~TICK_MASK) /* what is later would round up to beyond the end */
#define LEVEL_TOP (WHEEL_LEVELS - 1)

/* Ticks count from 1, because an entry's tick of 0 means that it is not in the wheel. */
static uint64_t tick_floor(weir_time time)
{
    return (time >> WHEEL_TICK_SHIFT) + 1;
}

static uint64_t tick_ceil(weir_time time)
{
    return tick_floor(time) + ((time & TICK_MASK) != 0);
}

struct list {
    uint32_t *head, *tail;
};

struct place {
    uint32_t level, slot;
};

static struct place place_of(const struct wheel *w, uint64_t tick)
{
    uint32_t level = bit_highest(tick ^ w->now_tick) / WHEEL_BITS;
    if (level >= WHEEL_LEVELS) {
        return (struct place){.level = LEVEL_TOP, .slot = 0};
    }
    uint32_t slot = (uint32_t)(tick >> level * WHEEL_BITS) % WHEEL_SLOTS;
    return (struct place){.level = level, .slot = slot};
}

static struct list list_at(struct wheel *w, struct place at)
{
    return (struct list){&w->head[at.level][at.slot], &w->tail[at.level][at.slot]};
}

static struct list due_list(struct wheel *w)
{
    return (struct list){&w->due_head, &w->due_tail};
}

static void list_append(struct wheel *w, struct list list, uint32_t index, struct wheel_entry *e)
{
    e->next = 0;
    e->prev = *list.tail;
    if (e->prev != 0) {
        w->entry(w->ctx, e->prev)->next = index;
    } else {
        *list.head = index;
    }
    *list.tail = index;
}

static void list_unlink(struct wheel *w, struct list list, struct wheel_entry *e)
{
    if (e->prev != 0) {
        w->entry(w->ctx, e->prev)->next = e->next;
    } else {
        *list.head = e->next;
    }
    if (e->next != 0) {
        w->entry(w->ctx, e->next)->prev = e->prev;
    } else {
        *list.tail = e->prev;
    }
}

/* Puts an entry whose tick is set where it belongs. */
static void put(struct wheel *w, uint32_t index, struct wheel_entry *e)
{
    if (e->tick <= w->now_tick) {
        list_append(w, due_list(w), index, e);
        return;
    }
    struct place at = place_of(w, e->tick);
    list_append(w, list_at(w, at), index, e);
    w->occupied[at.level] |= (uint64_t)1 << at.slot;
}

static void take_out(struct wheel *w, struct wheel_entry *e)
{
    if (e->tick <= w->now_tick) {
        list_unlink(w, due_list(w), e);
    } else {
        struct place at = place_of(w, e->tick);
        list_unlink(w, list_at(w, at), e);
        if (w->head[at.level][at.slot] == 0) {
            w->occupied[at.level] &= ~((uint64_t)1 << at.slot);
        }
    }
    *e = (struct wheel_entry){0};
}

void wheel_init(struct wheel *w, struct wheel_entry *(*entry)(void *, uint32_t), void *ctx,
                weir_time now)
{
    *w = (struct wheel){.entry = entry, .ctx = ctx, .now = now, .now_tick = tick_floor(now)};
}

void wheel_set(struct wheel *w, uint32_t index, weir_time deadline)
{
    ASSERT(index != 0);
    if (deadline > DEADLINE_LAST) {
        return;
    }
    struct wheel_entry *e = w->entry(w->ctx, index);
    uint64_t tick = deadline <= w->now ? w->now_tick : tick_ceil(deadline);
    if (e->tick != 0 && e->tick <= tick) {
        return;
    }
    if (e->tick != 0) {
        take_out(w, e);
    } else {
        w->count++;
    }
    e->tick = tick;
    put(w, index, e);
}

void wheel_remove(struct wheel *w, uint32_t index)
{
    struct wheel_entry *e = w->entry(w->ctx, index);
    if (e->tick == 0) {
        return;
    }
    take_out(w, e);
    w->count--;
}

/* The earliest occupied slot and the tick it starts at; false when there is none. */
static bool next_slot(const struct wheel *w, struct place *at, uint64_t *start)
{
    uint32_t level = 0;
    while (level < WHEEL_LEVELS && w->occupied[level] == 0) {
        level++;
    }
    if (level == WHEEL_LEVELS) {
        return false;
    }
    /* Slot 0, beyond the digits, comes after all others: as if it were slot 64. */
    uint64_t others = w->occupied[level] & ~(uint64_t)1;
    uint64_t digit = others != 0 ? bit_lowest(others) : WHEEL_SLOTS;
    uint32_t shift = level * WHEEL_BITS;
    uint64_t base = w->now_tick >> (shift + WHEEL_BITS) << (shift + WHEEL_BITS);
    *at = (struct place){.level = level, .slot = (uint32_t)digit % WHEEL_SLOTS};
    *start = base + (digit << shift);
    return true;
}

/* All entries of a level-0 slot are due: they are moved as one list. */
static void fire(struct wheel *w, struct list list)
{
    if (w->due_tail != 0) {
        w->entry(w->ctx, w->due_tail)->next = *list.head;
        w->entry(w->ctx, *list.head)->prev = w->due_tail;
    } else {
        w->due_head = *list.head;
    }
    w->due_tail = *list.tail;
    *list.head = *list.tail = 0;
}

/* The entries of a slot of a higher level go where they belong now, in their order. */
static void cascade(struct wheel *w, struct list list)
{
    uint32_t index = *list.head;
    *list.head = *list.tail = 0;
    while (index != 0) {
        struct wheel_entry *e = w->entry(w->ctx, index);
        uint32_t next = e->next;
        put(w, index, e);
        index = next;
    }
}

void wheel_advance(struct wheel *w, weir_time now)
{
    if (now <= w->now) {
        return;
    }
    w->now = now;
    uint64_t target = tick_floor(now), start;
    struct place at;
    while (next_slot(w, &at, &start) && start <= target) {
        w->now_tick = start;
        w->occupied[at.level] &= ~((uint64_t)1 << at.slot);
        if (at.level == 0) {
            fire(w, list_at(w, at));
        } else {
            cascade(w, list_at(w, at));
        }
    }
    w->now_tick = target;
}

uint32_t wheel_take(struct wheel *w)
{
    uint32_t index = w->due_head;
    if (index != 0) {
        take_out(w, w->entry(w->ctx, index));
        w->count--;
    }
    return index;
}

weir_time wheel_next(const struct wheel *w)
{
    struct place at;
    uint64_t start;
    if (w->due_head != 0) {
        return 0;
    }
    if (!next_slot(w, &at, &start)) {
        return WEIR_NEVER;
    }
    return (start - 1) << WHEEL_TICK_SHIFT;
}
