/*
 * demux.c - a hash table of the latest conversation of each pair of endpoints: open addressing, with the hash
 * beside the place of the entry, so that a miss touches no entry.
 */
#include "trace/demux.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/compiler.h"

#define SLOTS_MIN 1024
#define CHUNK 256 /* entries */

/* Server ports are small, ephemeral ones begin here at the earliest. */
#define EPHEMERAL_MIN 32768

struct slot {
    uint32_t hash, index; /* DEMUX_NONE: free */
};

struct demux {
    struct slot *slot;
    uint32_t slots; /* a power of two, at least twice `used` */
    uint32_t used;
    size_t entry_size;
    char **chunk;
    uint32_t chunks, chunk_room;
    uint32_t count;
};

static struct slot *new_slots(uint32_t n)
{
    struct slot *slot = malloc(n * sizeof(*slot));

    if (slot != NULL) {
        memset(slot, 0xff, n * sizeof(*slot));
    }
    return slot;
}

struct demux *demux_new(size_t payload)
{
    struct demux *d = calloc(1, sizeof(*d));

    if (d == NULL) {
        return NULL;
    }
    d->slots = SLOTS_MIN;
    d->slot = new_slots(d->slots);
    d->entry_size = (sizeof(struct demux_entry) + payload + 7) / 8 * 8;
    if (d->slot == NULL) {
        free(d);
        return NULL;
    }
    return d;
}

void demux_del(struct demux *d)
{
    if (d == NULL) {
        return;
    }
    for (uint32_t i = 0; i < d->chunks; i++) {
        free(d->chunk[i]);
    }
    free(d->chunk);
    free(d->slot);
    free(d);
}

/* ---- Keys -------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 32;
}

/* Not keyed: who makes a file full of collisions only makes a slow file. */
void demux_key(struct demux_key *key, const struct weir_endpoint *src,
               const struct weir_endpoint *dst)
{
    uint64_t s[2] = {load_be64(src->ip.bytes), load_be64(src->ip.bytes + 8)};
    uint64_t d[2] = {load_be64(dst->ip.bytes), load_be64(dst->ip.bytes + 8)};

    key->swapped = s[0] != d[0] ? s[0] > d[0] : s[1] != d[1] ? s[1] > d[1] : src->port > dst->port;
    const struct weir_endpoint *a = key->swapped ? dst : src, *b = key->swapped ? src : dst;
    memcpy(&key->word[0], key->swapped ? d : s, sizeof(s));
    memcpy(&key->word[2], key->swapped ? s : d, sizeof(s));
    key->word[4] = (uint64_t)a->ip.family << 32 | (uint64_t)a->port << 16 | b->port;
    uint64_t h = mix(mix(mix(0, key->word[0]), key->word[2]), key->word[4]);
    if (a->ip.family == 6) {
        h = mix(mix(h, key->word[1]), key->word[3]);
    }
    key->hash = (uint32_t)h;
}

void demux_endpoints(const struct demux_entry *e, struct weir_endpoint end[2])
{
    bool swapped = (e->flags & DEMUX_SWAPPED) != 0;

    for (int i = 0; i < 2; i++) {
        struct weir_endpoint *to = &end[swapped ? 1 - i : i];
        *to = (struct weir_endpoint){.ip = {.family = (uint8_t)(e->word[4] >> 32)},
                                     .port = (uint16_t)(i == 0 ? e->word[4] >> 16 : e->word[4])};
        store_be64(to->ip.bytes, e->word[2 * i]);
        store_be64(to->ip.bytes + 8, e->word[2 * i + 1]);
    }
}

/* ---- The table ------------------------------------------------------------------------------------------------ */

struct demux_entry *demux_at(const struct demux *d, size_t index)
{
    return (struct demux_entry *)(void *)(d->chunk[index / CHUNK] + index % CHUNK * d->entry_size);
}

size_t demux_count(const struct demux *d)
{
    return d->count;
}

static bool same_key(const struct demux_entry *e, const struct demux_key *key)
{
    return e->word[0] == key->word[0] && e->word[2] == key->word[2] && e->word[4] == key->word[4] &&
           e->word[1] == key->word[1] && e->word[3] == key->word[3];
}

/* The slot of this key, or the free one where it belongs. */
static struct slot *find_slot(const struct demux *d, const struct demux_key *key)
{
    uint32_t at = key->hash & (d->slots - 1);

    while (d->slot[at].index != DEMUX_NONE &&
           (d->slot[at].hash != key->hash || !same_key(demux_at(d, d->slot[at].index), key))) {
        at = (at + 1) & (d->slots - 1);
    }
    return &d->slot[at];
}

void demux_prefetch(const struct demux *d, const struct demux_key *key)
{
    PREFETCH(&d->slot[key->hash & (d->slots - 1)]);
}

struct demux_entry *demux_peek(const struct demux *d, const struct demux_key *key)
{
    const struct slot *slot = find_slot(d, key);

    return slot->index == DEMUX_NONE ? NULL : demux_at(d, slot->index);
}

static bool grow_slots(struct demux *d)
{
    uint32_t slots = d->slots * 2;
    struct slot *slot = new_slots(slots);

    if (slot == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < d->slots; i++) {
        uint32_t at = d->slot[i].hash & (slots - 1);
        if (d->slot[i].index == DEMUX_NONE) {
            continue;
        }
        while (slot[at].index != DEMUX_NONE) {
            at = (at + 1) & (slots - 1);
        }
        slot[at] = d->slot[i];
    }
    free(d->slot);
    d->slot = slot;
    d->slots = slots;
    return true;
}

static bool grow_chunks(struct demux *d)
{
    if (d->chunks == d->chunk_room) {
        uint32_t room = d->chunk_room == 0 ? 16 : d->chunk_room * 2;
        char **chunk = realloc(d->chunk, room * sizeof(*chunk));
        if (chunk == NULL) {
            return false;
        }
        d->chunk = chunk;
        d->chunk_room = room;
    }
    d->chunk[d->chunks] = calloc(CHUNK, d->entry_size);
    if (d->chunk[d->chunks] == NULL) {
        return false;
    }
    d->chunks++;
    return true;
}

static struct demux_entry *new_entry(struct demux *d, const struct demux_key *key)
{
    if ((d->used * 2 >= d->slots && !grow_slots(d)) ||
        (d->count / CHUNK == d->chunks && !grow_chunks(d))) {
        return NULL;
    }
    struct slot *slot = find_slot(d, key);
    d->used += slot->index == DEMUX_NONE;
    uint32_t previous = slot->index;
    *slot = (struct slot){key->hash, d->count};
    struct demux_entry *e = demux_at(d, d->count);
    e->previous = previous;
    memcpy(e->word, key->word, sizeof(e->word));
    e->hash = key->hash;
    e->index = d->count++;
    e->flags = key->swapped ? DEMUX_SWAPPED : 0;
    return e;
}

/* ---- Conversations ---------------------------------------------------------------------------------------------- */

static bool has(const struct demux_entry *e, uint32_t flag, unsigned side)
{
    return (e->flags & flag << side) != 0;
}

/* Does this SYN begin something new? */
static bool begins_anew(const struct demux_entry *e, const struct trace_segment *s, unsigned side)
{
    unsigned other = 1 - side;

    if (has(e, DEMUX_ISN, side) && e->isn[side] == s->seq) {
        return false; /* the same SYN again */
    }
    if (!has(e, DEMUX_SPOKE, side)) {
        /* Both open at once; or the other side's last words were old ones. */
        return has(e, DEMUX_SPOKE, other) && !has(e, DEMUX_ISN, other);
    }
    bool closed =
        (e->flags & DEMUX_RESET) != 0 || (has(e, DEMUX_FIN, side) && has(e, DEMUX_FIN, other));
    bool unanswered = !has(e, DEMUX_SPOKE, other);
    return closed || unanswered || !has(e, DEMUX_ISN, side);
}

static void note_syn(struct demux_entry *e, const struct trace_segment *s, unsigned side)
{
    bool has_ack = (s->flags & WEIR_TCP_ACK) != 0;

    if (!has_ack && side == 1 && !has(e, DEMUX_SYN, 0) && !has(e, DEMUX_SYN, 1)) {
        e->flags |= DEMUX_FIRST_SYN_1;
    }
    e->flags |= (uint32_t)(has_ack ? DEMUX_SYN_ACK : DEMUX_SYN) << side;
    e->flags |= (uint32_t)DEMUX_ISN << side;
    e->isn[side] = s->seq;
}

struct demux_entry *demux_take(struct demux *d, const struct demux_key *key,
                               const struct trace_segment *s, uint8_t *side)
{
    struct demux_entry *e = demux_peek(d, key);
    uint16_t control = s->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_RST);
    unsigned from = e != NULL && key->swapped != ((e->flags & DEMUX_SWAPPED) != 0);

    if (e == NULL || (UNLIKELY(control == WEIR_TCP_SYN) && begins_anew(e, s, from))) {
        e = new_entry(d, key);
        from = 0;
        if (e == NULL) {
            return NULL;
        }
    }
    if (UNLIKELY((control & (WEIR_TCP_SYN | WEIR_TCP_RST)) == WEIR_TCP_SYN)) {
        note_syn(e, s, from);
    }
    e->flags |= (uint32_t)DEMUX_SPOKE << from;
    if (UNLIKELY((s->flags & WEIR_TCP_FIN) != 0)) {
        e->flags |= (uint32_t)DEMUX_FIN << from;
    }
    e->flags |= (s->flags & WEIR_TCP_RST) != 0 ? DEMUX_RESET : 0;
    *side = (uint8_t)from;
    return e;
}

uint8_t demux_client(const struct demux_entry *e, bool *guessed)
{
    struct weir_endpoint end[2];

    *guessed = false;
    if (has(e, DEMUX_SYN, 0) || has(e, DEMUX_SYN, 1)) {
        return (e->flags & DEMUX_FIRST_SYN_1) != 0;
    }
    if (has(e, DEMUX_SYN_ACK, 0) != has(e, DEMUX_SYN_ACK, 1)) {
        return has(e, DEMUX_SYN_ACK, 0);
    }
    *guessed = true;
    demux_endpoints(e, end);
    return end[0].port < EPHEMERAL_MIN && end[1].port >= EPHEMERAL_MIN;
}
