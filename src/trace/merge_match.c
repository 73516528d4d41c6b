/*
 * merge_match.c - which segment of one capture is which of the other.
 *
 * First what says the same and does so once at each end. Later, when the clocks are known, what was said
 * several times (each reception goes to the latest sending that could have arrived by then), and then what
 * was changed on the way as far as a middlebox may change it.
 */
#include <stdlib.h>

#include "base/compiler.h"
#include "trace/merge_private.h"

/* How much of a segment must be the same. */
enum strictness { STRICT = 0, LOOSE };

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

static uint64_t key_of(const struct trace_segment *s, enum strictness strictness)
{
    uint16_t flags = s->flags & (WEIR_TCP_SYN | WEIR_TCP_FIN | WEIR_TCP_RST | WEIR_TCP_ACK);
    uint64_t h = mix((uint64_t)s->seq << 32 | s->length, flags);

    if (s->length == 0 || strictness == STRICT) {
        h = mix(h, s->ack);
    }
    if (strictness == STRICT) {
        h = mix(h, (uint64_t)s->ip_id << 32 | s->window);
        h = mix(h, (uint64_t)s->options.ts_val << 32 | s->options.ts_ecr);
        h = mix(h, s->options.sack_count == 0 ? 0 : s->options.sack[0].end);
    }
    return h;
}

/* A list sorted by key, then by order of capture. */
struct ranked {
    uint64_t key;
    size_t index;
};

static int by_key(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return x->index < y->index ? -1 : 1;
}

/* Those without a mate; copies have one. */
static struct ranked *rank(struct merge_one *one, size_t n, enum strictness strictness,
                           size_t *count)
{
    struct ranked *ranked = malloc((n + 1) * sizeof(*ranked));

    *count = 0;
    for (size_t i = 0; i < n && ranked != NULL; i++) {
        if (one[i].mate == MERGE_NONE && one[i].taken == 0) {
            ranked[(*count)++] = (struct ranked){key_of(one[i].segment, strictness), i};
        }
    }
    if (ranked != NULL) {
        qsort(ranked, *count, sizeof(*ranked), by_key);
    }
    return ranked;
}

static void pair(struct merge_direction *d, size_t sent, size_t received)
{
    d->sent[sent].mate = received;
    d->received[received].mate = sent;
}

/* Groups with the same key. */
struct group {
    const struct ranked *sent, *received;
    size_t sent_count, received_count;
};

static size_t run_length(const struct ranked *r, size_t at, size_t count)
{
    size_t n = 1;

    while (at + n < count && r[at + n].key == r[at].key) {
        n++;
    }
    return n;
}

/* A reception belongs to the latest sending that is old enough; where there is none left, it is a copy. */
static void match_by_time(struct merge_direction *d, const struct group *g)
{
    int64_t least = d->least == INT64_MAX ? 0 : d->least - d->least / 8;

    for (size_t r = 0; r < g->received_count; r++) {
        struct merge_one *received = &d->received[g->received[r].index];
        size_t free_one = MERGE_NONE, taken_one = MERGE_NONE;
        for (size_t s = 0; s < g->sent_count; s++) {
            size_t index = g->sent[s].index;
            if (received->time - d->sent[index].time < least) {
                break;
            }
            if (d->sent[index].mate == MERGE_NONE) {
                free_one = index;
            } else {
                taken_one = index;
            }
        }
        if (free_one != MERGE_NONE) {
            pair(d, free_one, g->received[r].index);
        } else if (taken_one != MERGE_NONE) {
            received->mate = taken_one;
            received->copy = true;
        }
    }
}

static void match_group(struct merge_direction *d, const struct group *g, bool unique)
{
    if (g->sent_count == g->received_count && (g->sent_count == 1 || !unique)) {
        for (size_t i = 0; i < g->sent_count; i++) {
            pair(d, g->sent[i].index, g->received[i].index);
        }
    } else if (!unique) {
        match_by_time(d, g);
    }
}

static int match(struct merge_direction *d, enum strictness strictness, bool unique)
{
    size_t sent_count, received_count, s = 0, r = 0;
    struct ranked *sent = rank(d->sent, d->sent_count, strictness, &sent_count);
    struct ranked *received = rank(d->received, d->received_count, strictness, &received_count);

    while (sent != NULL && received != NULL && s < sent_count && r < received_count) {
        if (sent[s].key != received[r].key) {
            *(sent[s].key < received[r].key ? &s : &r) += 1;
            continue;
        }
        struct group g = {&sent[s], &received[r], run_length(sent, s, sent_count),
                          run_length(received, r, received_count)};
        match_group(d, &g, unique);
        s += g.sent_count;
        r += g.received_count;
    }
    bool good = sent != NULL && received != NULL;
    free(sent);
    free(received);
    return good ? WEIR_OK : WEIR_ENOBUFS;
}

int merge_match_unique(struct merge_direction *d)
{
    return match(d, STRICT, true);
}

/* Network copies of what was matched at first: the same key, and only the original has a mate. */
static int find_copies(struct merge_direction *d)
{
    size_t count;
    struct ranked *left = rank(d->received, d->received_count, STRICT, &count);
    struct ranked *all = malloc((d->received_count + 1) * sizeof(*all));

    if (left == NULL || all == NULL) {
        free(left);
        free(all);
        return WEIR_ENOBUFS;
    }
    for (size_t i = 0; i < d->received_count; i++) {
        all[i] = (struct ranked){key_of(d->received[i].segment, STRICT), i};
    }
    qsort(all, d->received_count, sizeof(*all), by_key);
    for (size_t i = 0, k = 0; i < count; i++) {
        while (all[k].key != left[i].key) {
            k++;
        }
        struct merge_one *original = &d->received[all[k].index];
        if (original->mate != MERGE_NONE && !original->copy) {
            d->received[left[i].index].mate = original->mate;
            d->received[left[i].index].copy = true;
        }
    }
    free(left);
    free(all);
    return WEIR_OK;
}

int merge_match_rest(struct merge_direction *d)
{
    int result = match(d, STRICT, false);

    if (result == WEIR_OK) {
        result = find_copies(d);
    }
    return result == WEIR_OK ? match(d, LOOSE, false) : result;
}
