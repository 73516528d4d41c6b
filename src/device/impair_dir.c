/* impair_dir.c - decides the fate of each wire packet of one direction. */
#include "device/impair_dir.h"

#include "base/compiler.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE_DEFAULT 1000
#define QUEUE_MAX (1u << 24)

/* ---- Lists of packet numbers ---- */

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static bool list_init(struct impair_list *list, const uint32_t *numbers, size_t count)
{
    if (count == 0) {
        return true;
    }
    list->numbers = malloc(count * sizeof(numbers[0]));
    if (!list->numbers) {
        return false;
    }
    memcpy(list->numbers, numbers, count * sizeof(numbers[0]));
    list->count = count;
    qsort(list->numbers, count, sizeof(numbers[0]), compare);
    return true;
}

static bool list_has(struct impair_list *list, uint32_t number)
{
    while (list->at < list->count && list->numbers[list->at] < number) {
        list->at++;
    }
    return list->at < list->count && list->numbers[list->at] == number;
}

/* ---- The transmitter ---- */

/* The queue's places that have become free. */
static void starts_expire(struct impair_dir *dir, weir_time now)
{
    while (dir->starts_count > 0 && dir->starts[dir->starts_head] <= now) {
        dir->starts_head = (dir->starts_head + 1) % dir->starts_size;
        dir->starts_count--;
    }
}

/* When the packet's last bit has left, in *end; false: no room to wait. */
static bool transmit(struct impair_dir *dir, uint32_t size, weir_time now, weir_time *end)
{
    *end = now;
    if (dir->config.rate == 0) {
        return true;
    }
    starts_expire(dir, now);
    weir_time start = max_u64(now, dir->busy_until);
    if (start > now) {
        if (dir->starts_count == dir->starts_size) {
            return false;
        }
        dir->starts[(dir->starts_head + dir->starts_count) % dir->starts_size] = start;
        dir->starts_count++;
    } else if (dir->busy_until < now) {
        dir->carry = 0; /* it was idle: nothing to carry on */
    }
    uint64_t bits_ns = (uint64_t)size * 8 * WEIR_S + dir->carry;
    dir->carry = bits_ns % dir->config.rate;
    dir->busy_until = start + bits_ns / dir->config.rate;
    *end = dir->busy_until;
    return true;
}

/* ---- The verdict ---- */

struct draws {
    double loss, duplicate, corrupt, reorder, jitter;
    uint64_t corrupt_random;
};

static struct draws draw(struct rng *rng)
{
    struct draws d;
    d.loss = rng_unit(rng);
    d.duplicate = rng_unit(rng);
    d.corrupt = rng_unit(rng);
    d.reorder = rng_unit(rng);
    d.jitter = rng_unit(rng);
    d.corrupt_random = rng_next(rng);
    return d;
}

/* Delay and jitter; then what comes late on purpose, which those behind it may overtake. */
static weir_time propagate(struct impair_dir *dir, weir_time sent, double jitter, weir_time late_by)
{
    const struct weir_impair_direction *c = &dir->config;
    weir_time due = sent + c->delay + (weir_time)(jitter * (double)c->jitter);
    due = max_u64(due, dir->last_due);
    if (late_by > 0) {
        return due + late_by;
    }
    dir->last_due = due;
    return due;
}

struct impair_verdict impair_dir_judge(struct impair_dir *dir, uint32_t size, bool lost,
                                       weir_time now)
{
    const struct weir_impair_direction *c = &dir->config;
    struct impair_verdict v = {.number = ++dir->number, .fate = WEIR_IMPAIR_DELIVERED};
    struct draws d = draw(&dir->rng);
    bool mark = rng_unit(&dir->mark_rng) < c->mark;
    weir_time end, late_by = 0;

    if (v.number == c->stall_nth) {
        dir->last_due = max_u64(dir->last_due, now + c->delay + c->stall_time);
    }
    if (list_has(&dir->drop, v.number)) {
        v.fate = WEIR_IMPAIR_DROPPED_NTH;
    } else if (c->drop_larger != 0 && size > c->drop_larger) {
        v.fate = WEIR_IMPAIR_TOO_LARGE;
    } else if (lost || d.loss < c->loss) {
        v.fate = WEIR_IMPAIR_LOST;
    } else if (!transmit(dir, size, now, &end)) {
        v.fate = WEIR_IMPAIR_QUEUE_FULL;
    }
    if (v.fate != WEIR_IMPAIR_DELIVERED) {
        return v;
    }

    v.mark = mark || (c->mark_queue != 0 && dir->starts_count >= c->mark_queue);
    weir_time reorder_by = c->reorder_delay ? c->reorder_delay : c->delay / 2 + WEIR_MS;
    if (d.reorder < c->reorder) {
        late_by += reorder_by;
    }
    if (list_has(&dir->delay, v.number)) {
        late_by += c->delay_nth_by ? c->delay_nth_by : reorder_by;
    }
    v.due = propagate(dir, end, d.jitter, late_by);
    v.reordered = late_by > 0;
    v.corrupted = d.corrupt < c->corrupt;
    v.corrupt_random = d.corrupt_random;
    v.duplicated = d.duplicate < c->duplicate || list_has(&dir->duplicate, v.number);
    return v;
}

static bool is_probability(double p)
{
    return p >= 0 && p <= 1; /* false for NaN */
}

int impair_dir_init(struct impair_dir *dir, const struct weir_impair_direction *config,
                    uint64_t seed)
{
    memset(dir, 0, sizeof(*dir));
    dir->config = *config;
    rng_seed(&dir->rng, seed);
    rng_seed(&dir->mark_rng, ~seed);
    if (!is_probability(config->mark) || !is_probability(config->data_loss) ||
        !is_probability(config->loss) || !is_probability(config->duplicate) ||
        !is_probability(config->corrupt) || !is_probability(config->reorder) ||
        config->queue_packets > QUEUE_MAX) {
        return WEIR_EINVAL;
    }
    if (!list_init(&dir->drop, config->drop, config->drop_count) ||
        !list_init(&dir->duplicate, config->duplicate_nth, config->duplicate_nth_count) ||
        !list_init(&dir->delay, config->delay_nth, config->delay_nth_count)) {
        return WEIR_ENOBUFS;
    }
    if (config->rate > 0) {
        dir->starts_size = config->queue_packets ? config->queue_packets : QUEUE_DEFAULT;
        dir->starts = calloc(dir->starts_size, sizeof(dir->starts[0]));
        if (!dir->starts) {
            return WEIR_ENOBUFS;
        }
    }
    return WEIR_OK;
}

void impair_dir_fini(struct impair_dir *dir)
{
    free(dir->drop.numbers);
    free(dir->duplicate.numbers);
    free(dir->delay.numbers);
    free(dir->starts);
}
