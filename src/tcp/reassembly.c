/* reassembly.c - see reassembly.h: what waits behind a hole. */
#include "tcp/reassembly.h"

#include "tcp/recvq.h"

static struct reassembly *ensure(struct tcp *t, struct tcp_conn *c)
{
    if (!c->reassembly) {
        c->reassembly = memory_alloc_zero(&t->env->memory, sizeof(struct reassembly));
    }
    return c->reassembly;
}

static void destroy(struct tcp *t, struct tcp_conn *c)
{
    struct reassembly *r = c->reassembly;

    memory_free(&t->env->memory, r->ranges.at, r->ranges.capacity * sizeof(struct range));
    memory_free(&t->env->memory, r, sizeof(*r));
    c->reassembly = NULL;
}

/* Twice the room for intervals; false: there are enough, or no memory. */
static bool grow(struct tcp *t, struct reassembly *r)
{
    uint32_t old = r->ranges.capacity, capacity = old ? old * 2 : REASSEMBLY_RANGES_FIRST;
    struct range *at;

    if (old >= REASSEMBLY_RANGES_MAX ||
        !(at = memory_alloc(&t->env->memory, capacity * sizeof(*at)))) {
        return false;
    }
    if (old) {
        memcpy(at, r->ranges.at, r->ranges.count * sizeof(*at));
        memory_free(&t->env->memory, r->ranges.at, old * sizeof(*at));
    }
    r->ranges.at = at;
    r->ranges.capacity = capacity;
    return true;
}

static void release_if_empty(struct tcp *t, struct tcp_conn *c)
{
    struct reassembly *r = c->reassembly;

    if (r && !r->head && !r->fin) {
        destroy(t, c);
    }
}

/* The newest first; an older position in the same interval is the same block. */
static void note_recent(struct reassembly *r, seq_pos at)
{
    seq_pos kept[WEIR_SACK_BLOCKS_MAX];
    uint32_t n = 0, own = ranges_find(&r->ranges, at);

    kept[n++] = at;
    for (uint32_t i = 0; i < r->recent_count && n < WEIR_SACK_BLOCKS_MAX; i++) {
        if (ranges_find(&r->ranges, r->recent[i]) != own) {
            kept[n++] = r->recent[i];
        }
    }
    memcpy(r->recent, kept, n * sizeof(kept[0]));
    r->recent_count = n;
}

/* The buffer after which [seq, ...) belongs (NULL: at the head). Most arrivals belong at the end. */
static struct weir_buffer *find_before(const struct reassembly *r, seq_pos seq)
{
    struct weir_buffer *b, *before = NULL;

    if (r->tail && r->tail->position <= seq) {
        return r->tail;
    }
    for (b = r->head; b && b->position <= seq; b = b->next) {
        before = b;
    }
    return before;
}

/* The next part of [*seq, end) that is not held: moves *seq to it and returns its size, 0: there is none. */
static uint32_t next_gap(const struct reassembly *r, seq_pos *seq, seq_pos end)
{
    uint32_t i = ranges_find(&r->ranges, *seq);

    if (i < r->ranges.count && r->ranges.at[i].start <= *seq) {
        *seq = r->ranges.at[i++].end;
    }
    if (*seq >= end) {
        return 0;
    }
    return (uint32_t)((i < r->ranges.count ? min_u64(r->ranges.at[i].start, end) : end) - *seq);
}

static void link_buffer(struct reassembly *r, struct weir_buffer *before, struct weir_buffer *b)
{
    b->next = before ? before->next : r->head;
    if (before) {
        before->next = b;
    } else {
        r->head = b;
    }
    if (!b->next) {
        r->tail = b;
    }
}

static enum weir_drop hold(struct tcp *t, struct tcp_conn *c, seq_pos seq, const uint8_t *data,
                           uint32_t size, struct weir_buffer **buffer)
{
    struct reassembly *r = c->reassembly;
    struct weir_buffer *b = recvq_hold(t, c, data, size, buffer);

    if (!b) {
        return WEIR_DROP_NO_MEMORY;
    }
    if (!ranges_add(&r->ranges, seq, seq + size, NULL) &&
        !(grow(t, r) && ranges_add(&r->ranges, seq, seq + size, NULL))) {
        buffer_unref(&t->env->buffers, b);
        return WEIR_DROP_REASSEMBLY_LIMIT;
    }
    b->position = seq;
    link_buffer(r, find_before(r, seq), b);
    c->recvq_charge += b->charge;
    return WEIR_DROP_NONE;
}

enum weir_drop reassembly_insert(struct tcp *t, struct tcp_conn *c, seq_pos seq,
                                 const uint8_t *data, uint32_t size, struct weir_buffer **buffer)
{
    struct reassembly *r = ensure(t, c);
    enum weir_drop drop = WEIR_DROP_DUPLICATE_DATA;
    seq_pos at = seq, end = seq + size;
    uint32_t gap;

    if (!r) {
        return WEIR_DROP_NO_MEMORY;
    }
    while ((gap = next_gap(r, &at, end)) != 0) {
        struct weir_buffer *none = NULL; /* only the last part may take the buffer */
        bool last = at + gap == end;

        drop = hold(t, c, at, data + (at - seq), gap, last ? buffer : &none);
        if (drop != WEIR_DROP_NONE) {
            break;
        }
        at += gap;
    }
    if (ranges_cover(&r->ranges, seq, seq + 1)) {
        note_recent(r, seq);
    }
    release_if_empty(t, c);
    return drop;
}

void reassembly_advance(struct tcp *t, struct tcp_conn *c)
{
    struct reassembly *r = c->reassembly;

    if (!r) {
        return;
    }
    while (r->head && r->head->position <= c->rcv_nxt) {
        struct weir_buffer *b = r->head;
        uint32_t skip = (uint32_t)(c->rcv_nxt - b->position);

        r->head = b->next;
        if (!r->head) {
            r->tail = NULL;
        }
        if (skip >= b->size) {
            c->recvq_charge -= b->charge;
            buffer_unref(&t->env->buffers, b);
            continue;
        }
        b->data += skip;
        b->size -= skip;
        b->capacity -= skip; /* bytes may be appended behind: recvq.c */
        c->rcv_nxt += b->size;
        recvq_push(c, b);
    }
    ranges_trim_below(&r->ranges, c->rcv_nxt);
    release_if_empty(t, c);
}

bool reassembly_note_fin(struct tcp *t, struct tcp_conn *c, seq_pos at)
{
    struct reassembly *r = ensure(t, c);

    if (!r) {
        return false;
    }
    r->fin = true;
    r->fin_at = at;
    return true;
}

uint8_t reassembly_sack(const struct tcp_conn *c,
                        struct tcp_sack_block blocks[WEIR_SACK_BLOCKS_MAX])
{
    const struct reassembly *r = c->reassembly;
    uint8_t n = 0;

    if (!r) {
        return 0;
    }
    for (uint32_t i = 0; i < r->recent_count; i++) {
        uint32_t at = ranges_find(&r->ranges, r->recent[i]);
        bool again = false;

        if (at == r->ranges.count || r->ranges.at[at].start > r->recent[i]) {
            continue; /* delivered since */
        }
        for (uint8_t j = 0; j < n; j++) {
            again |= blocks[j].start == seq_wire(r->ranges.at[at].start);
        }
        if (!again) {
            blocks[n].start = seq_wire(r->ranges.at[at].start);
            blocks[n].end = seq_wire(r->ranges.at[at].end);
            n++;
        }
    }
    return n;
}

void reassembly_clear(struct tcp *t, struct tcp_conn *c)
{
    struct reassembly *r = c->reassembly;
    struct weir_buffer *b, *next;

    if (!r) {
        return;
    }
    for (b = r->head; b; b = next) {
        next = b->next;
        c->recvq_charge -= b->charge;
        buffer_unref(&t->env->buffers, b);
    }
    destroy(t, c);
}

void reassembly_check(const struct tcp_conn *c)
{
    const struct reassembly *r = c->reassembly;
    uint64_t bytes = 0, charge = 0, queued = 0;
    const struct weir_buffer *b;

    for (b = c->recvq_head; b; b = b->next) {
        queued += b->size;
        charge += b->charge;
        ASSERT(b->next || b == c->recvq_tail);
    }
    ASSERT(queued == c->recvq_bytes);
    if (r) {
        seq_pos at = c->rcv_nxt;

        for (b = r->head; b; b = b->next) {
            ASSERT(b->position >= at && b->size > 0);
            at = b->position + b->size;
            bytes += b->size;
            charge += b->charge;
        }
        ASSERT(bytes == ranges_bytes(&r->ranges));
        ASSERT(r->head == NULL || r->head->position > c->rcv_nxt);
    }
    ASSERT(charge == c->recvq_charge);
}
