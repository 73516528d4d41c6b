/*
 * wheel_model.h - drives a struct wheel with a stream of bytes and compares it, after every step, with a
 * naive model that knows only nanoseconds. Shared by the unit test and the fuzz target.
 *
 * Bytes: [0] and [1] say when time begins, then three for each step: operation and entry, size of the
 * time in bits, more bits of it.
 */
#ifndef TESTS_WHEEL_MODEL_H
#define TESTS_WHEEL_MODEL_H

#include <stdlib.h>
#include <string.h>

#include "base/wheel.h"

#define WM_ENTRIES 24u /* 1 .. 23 are used */
#define WM_TICK ((weir_time)1 << WHEEL_TICK_SHIFT)

struct wm_entry {
    bool in, due;
    weir_time deadline, fires;
    uint64_t order; /* of insertion */
};

struct wheel_model {
    struct wheel wheel;
    struct wheel_entry links[WM_ENTRIES];
    struct wm_entry entry[WM_ENTRIES];
    uint32_t due[WM_ENTRIES], due_count;
    weir_time now;
    uint64_t inserted;
};

static inline struct wheel_entry *wm_links(void *ctx, uint32_t index)
{
    if (index == 0 || index >= WM_ENTRIES)
        abort();
    return &((struct wheel_model *)ctx)->links[index];
}

static inline weir_time wm_add(weir_time now, weir_time delta)
{
    return delta > UINT64_MAX - now ? UINT64_MAX : now + delta;
}

static inline void wm_set(struct wheel_model *m, uint32_t index, weir_time deadline)
{
    struct wm_entry *e = &m->entry[index];
    wheel_set(&m->wheel, index, deadline);
    bool past = deadline <= m->now;
    if (deadline > UINT64_MAX - (WM_TICK - 1) || e->due)
        return; /* never; or not to be had any earlier */
    weir_time fires = (deadline + WM_TICK - 1) / WM_TICK * WM_TICK;
    if (e->in && !past && e->fires <= fires)
        return;
    *e = (struct wm_entry){
        .in = true, .due = past, .deadline = deadline, .fires = fires, .order = m->inserted++};
    if (past)
        m->due[m->due_count++] = index;
}

static inline void wm_forget_due(struct wheel_model *m, uint32_t at)
{
    m->due_count--;
    memmove(&m->due[at], &m->due[at + 1], (m->due_count - at) * sizeof(m->due[0]));
}

static inline void wm_remove(struct wheel_model *m, uint32_t index)
{
    wheel_remove(&m->wheel, index);
    for (uint32_t i = 0; i < m->due_count; i++) {
        if (m->due[i] == index)
            wm_forget_due(m, i);
    }
    m->entry[index] = (struct wm_entry){0};
}

/* Everything that fires at or before `now`, earliest first, in order of insertion within one tick. */
static inline void wm_advance(struct wheel_model *m, weir_time now)
{
    wheel_advance(&m->wheel, now);
    m->now = now > m->now ? now : m->now;
    for (;;) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < WM_ENTRIES; i++) {
            const struct wm_entry *e = &m->entry[i], *b = &m->entry[best];
            if (!e->in || e->due || e->fires > m->now)
                continue;
            if (best == 0 || e->fires < b->fires || (e->fires == b->fires && e->order < b->order))
                best = i;
        }
        if (best == 0)
            return;
        m->entry[best].due = true;
        m->due[m->due_count++] = best;
    }
}

static inline const char *wm_take(struct wheel_model *m)
{
    uint32_t index = wheel_take(&m->wheel);
    if (index != (m->due_count != 0 ? m->due[0] : 0))
        return "took the wrong one";
    if (index == 0)
        return NULL;
    if (m->entry[index].deadline > m->now)
        return "fired before its deadline";
    if (wheel_contains(&m->links[index]))
        return "taken and still in";
    m->entry[index] = (struct wm_entry){0};
    wm_forget_due(m, 0);
    return NULL;
}

/* NULL, or what is wrong with what the wheel says of itself. */
static inline const char *wm_check(const struct wheel_model *m)
{
    weir_time earliest = WEIR_NEVER, next = wheel_next(&m->wheel);
    uint32_t count = 0;
    for (uint32_t i = 1; i < WM_ENTRIES; i++) {
        const struct wm_entry *e = &m->entry[i];
        if (wheel_contains(&m->links[i]) != e->in)
            return "wheel_contains";
        count += e->in;
        if (e->in && e->fires < earliest)
            earliest = e->fires;
    }
    if (m->wheel.count != count)
        return "count";
    if (m->due_count != 0)
        return next == 0 ? NULL : "fired entries wait, and wheel_next does not say so";
    if (count == 0)
        return next == WEIR_NEVER ? NULL : "empty, and wheel_next is not never";
    if (next > earliest)
        return "wheel_next is late";
    return next > m->now ? NULL : "wheel_next is now, and nothing is to be done";
}

/* A time span of `bits` bits. */
static inline weir_time wm_span(uint8_t bits, uint8_t more)
{
    uint32_t n = bits % 64;
    weir_time top = (weir_time)1 << n;
    weir_time low = (more * 0x0101010101010101u) & (top - 1);
    return more & 1 ? top | low : top - 1;
}

static inline const char *wm_step(struct wheel_model *m, const uint8_t op[3])
{
    uint32_t index = 1 + (op[0] >> 3) % (WM_ENTRIES - 1);
    weir_time span = wm_span(op[1], op[2]);
    weir_time next = wheel_next(&m->wheel);
    switch (op[0] & 7) {
    case 0:
    case 1: wm_set(m, index, wm_add(m->now, span)); break;
    case 2: /* close by, so that ticks are shared */
        wm_set(m, index, wm_add(m->now, (op[1] % 4) * WM_TICK + op[2] % 2));
        break;
    case 3: /* just before now, or long ago */
        wm_set(m, index, op[1] & 1 ? m->now - (op[2] < m->now ? op[2] : 0) : op[2]);
        break;
    case 4: wm_remove(m, index); break;
    case 5: wm_advance(m, wm_add(m->now, span)); break;
    case 6: /* to the deadline, or to just before it, where nothing may fire */
        if (next != 0 && next != WEIR_NEVER) {
            uint32_t due = m->due_count;
            wm_advance(m, next - (op[1] & 1));
            if ((op[1] & 1) && m->wheel.due_head != 0 && due == 0)
                return "fired before wheel_next";
        } else {
            wm_advance(m, m->now - (op[1] < m->now ? op[1] : 0)); /* back: nothing happens */
        }
        break;
    default:
        for (uint32_t n = op[1] & 1 ? WM_ENTRIES : 1; n != 0; n--) {
            const char *wrong = wm_take(m);
            if (wrong != NULL)
                return wrong;
        }
        break;
    }
    return wm_check(m);
}

/* NULL when all went well, else the first thing that did not. */
static inline const char *wheel_model_run(const uint8_t *data, size_t size)
{
    struct wheel_model m;
    if (size < 2)
        return NULL;
    memset(&m, 0, sizeof(m));
    m.now = data[0] & 64 ? wm_span(data[0], data[1]) : data[1];
    wheel_init(&m.wheel, wm_links, &m, m.now);
    for (size_t i = 2; i + 3 <= size; i += 3) {
        const char *wrong = wm_step(&m, data + i);
        if (wrong != NULL)
            return wrong;
    }
    /* At the end of time everything has fired, each exactly once. */
    wm_advance(&m, UINT64_MAX);
    for (uint32_t i = 0; i < WM_ENTRIES; i++) {
        const char *wrong = wm_take(&m);
        if (wrong != NULL)
            return wrong;
    }
    return m.wheel.count == 0 ? wm_check(&m) : "entries that never fired";
}

#endif
