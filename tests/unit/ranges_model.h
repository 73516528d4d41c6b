/*
 * ranges_model.h - drives a struct ranges with a stream of bytes and compares it, after every step, with
 * a naive model: one flag for each of 96 positions. Shared by the unit test and the fuzz target.
 *
 * Bytes: [0] capacity and where the positions lie, then three for each step: operation, start, end.
 */
#ifndef TESTS_RANGES_MODEL_H
#define TESTS_RANGES_MODEL_H

#include <stddef.h>
#include <string.h>

#include "base/ranges.h"

#define RANGES_SPACE 96u
#define RANGES_CAPACITY_MAX 12u

struct ranges_model {
    uint8_t in[RANGES_SPACE];
    uint64_t base;
    struct ranges set;
    struct range storage[RANGES_CAPACITY_MAX + 2]; /* one guard at each end */
    struct ranges before;
    struct range storage_before[RANGES_CAPACITY_MAX + 2];
};

static inline uint32_t model_runs(const uint8_t in[RANGES_SPACE])
{
    uint32_t runs = 0;
    for (uint32_t i = 0; i < RANGES_SPACE; i++)
        runs += in[i] && (i == 0 || !in[i - 1]);
    return runs;
}

/* NULL, or what is wrong with the set as a whole. */
static inline const char *ranges_model_compare(const struct ranges_model *m)
{
    uint32_t run = 0;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < RANGES_SPACE;) {
        if (!m->in[i]) {
            i++;
            continue;
        }
        uint32_t end = i;
        while (end < RANGES_SPACE && m->in[end])
            end++;
        if (run >= m->set.count)
            return "an interval is missing";
        if (m->set.at[run].start != m->base + i || m->set.at[run].end != m->base + end)
            return "an interval is wrong";
        run++;
        bytes += end - i;
        i = end;
    }
    if (run != m->set.count)
        return "an interval too many";
    if (ranges_bytes(&m->set) != bytes)
        return "ranges_bytes";
    static const struct range guard = {0x1111, 0x2222};
    if (memcmp(&m->storage[0], &guard, sizeof(guard)) != 0 ||
        memcmp(&m->storage[m->set.capacity + 1], &guard, sizeof(guard)) != 0)
        return "wrote outside of the storage";
    return NULL;
}

/* Adds or removes; `value` is what the positions become. */
static inline const char *ranges_model_change(struct ranges_model *m, uint8_t value, uint32_t start,
                                              uint32_t end)
{
    uint8_t after[RANGES_SPACE];
    uint32_t merged = 12345;
    memcpy(after, m->in, sizeof(after));
    for (uint32_t i = start; i < end; i++)
        after[i] = value;
    bool fits = model_runs(after) <= m->set.capacity;
    bool done = value ? ranges_add(&m->set, m->base + start, m->base + end, &merged)
                      : ranges_remove(&m->set, m->base + start, m->base + end);
    if (done != fits)
        return "refused or accepted wrongly";
    if (!done) {
        bool same = m->set.count == m->before.count &&
                    memcmp(m->storage, m->storage_before, sizeof(m->storage)) == 0;
        return same && merged == 12345 ? NULL : "a refused change changed something";
    }
    memcpy(m->in, after, sizeof(after));
    if (value && start < end &&
        (merged >= m->set.count || m->set.at[merged].start > m->base + start ||
         m->set.at[merged].end < m->base + end))
        return "merged names the wrong interval";
    if (value && start >= end && merged != m->set.count)
        return "merged of nothing";
    return NULL;
}

static inline const char *ranges_model_ask(const struct ranges_model *m, uint32_t start,
                                           uint32_t end)
{
    bool cover = true;
    for (uint32_t i = start; i < end; i++)
        cover = cover && m->in[i];
    if (ranges_cover(&m->set, m->base + start, m->base + end) != cover)
        return "ranges_cover";
    uint32_t found = ranges_find(&m->set, m->base + start);
    uint32_t expected = 0;
    while (expected < m->set.count && m->set.at[expected].end <= m->base + start)
        expected++;
    return found == expected ? NULL : "ranges_find";
}

static inline const char *ranges_model_step(struct ranges_model *m, const uint8_t op[3])
{
    uint32_t start = op[1] % RANGES_SPACE, end = op[2] % (RANGES_SPACE + 1);
    const char *wrong = NULL;
    m->before = m->set;
    memcpy(m->storage_before, m->storage, sizeof(m->storage));
    switch (op[0] % 8) {
    case 0:
    case 1: wrong = ranges_model_change(m, 1, start, end); break;
    case 2: /* short ones fill the storage */
        end = start + op[2] % 3;
        wrong = ranges_model_change(m, 1, start, end < RANGES_SPACE ? end : RANGES_SPACE);
        break;
    case 3: wrong = ranges_model_change(m, 0, start, end); break;
    case 4:
        end = start + op[2] % 3;
        wrong = ranges_model_change(m, 0, start, end < RANGES_SPACE ? end : RANGES_SPACE);
        break;
    case 5:
        if (op[2] % 8 == 0) { /* not too often: it empties the set */
            ranges_trim_below(&m->set, m->base + start);
            memset(m->in, 0, start);
        }
        break;
    default: wrong = ranges_model_ask(m, start, end); break;
    }
    return wrong != NULL ? wrong : ranges_model_compare(m);
}

/* NULL when all went well, else the first thing that did not. */
static inline const char *ranges_model_run(const uint8_t *data, size_t size)
{
    static const uint64_t bases[4] = {0, ((uint64_t)1 << 32) - 40, (uint64_t)1 << 63,
                                      UINT64_MAX - RANGES_SPACE};
    struct ranges_model m;
    if (size == 0)
        return NULL;
    memset(&m, 0, sizeof(m));
    m.base = bases[data[0] >> 6];
    uint32_t capacity = data[0] % (RANGES_CAPACITY_MAX + 1);
    ranges_init(&m.set, &m.storage[1], capacity);
    m.storage[0] = m.storage[capacity + 1] = (struct range){0x1111, 0x2222};
    for (size_t i = 1; i + 3 <= size; i += 3) {
        const char *wrong = ranges_model_step(&m, data + i);
        if (wrong != NULL)
            return wrong;
    }
    return NULL;
}

#endif
