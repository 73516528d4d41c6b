/*
 * reassembly.c - IPv4 and IPv6 fragments become datagrams again (RFC 791 3.2, RFC 8200 4.5, RFC 5722).
 *
 * Each datagram has a sorted list of its pieces, which are the received buffers themselves unless those
 * cost much more than they hold, or belong to a device. Pieces that overlap end the datagram: none of the
 * rest of it is taken until its time is over (RFC 5722 4; for IPv4 as well, where overlaps are attacks,
 * too). An exact duplicate is only ignored. So what is held never overlaps, and a datagram is complete
 * when the bytes held are as many as the last fragment says there are.
 *
 * Bounds: QUEUES_MAX datagrams, config.reassembly_bytes of whole buffers; beyond them the oldest datagram
 * goes. 30 s (IPv4) and 60 s (IPv6) after its first piece an unfinished datagram is given up.
 */
#include "ip/internal.h"

#define QUEUES_MAX 64
#define TIMEOUT4 (30 * WEIR_S)
#define TIMEOUT6 (60 * WEIR_S)
#define CODE_REASSEMBLY 1
#define ECN_CE 3

/* One datagram. A piece is a weir_buffer: position = offset, size = length, next = the piece after it. */
struct queue {
    bool used;
    bool dead; /* had an overlap: only there to swallow the rest */
    bool ce;   /* some fragment was marked (RFC 3168 5.3) */
    uint8_t protocol;
    uint16_t link;
    uint16_t header_size,
        fragment_header; /* of the first fragment; its headers stand before its data */
    uint32_t id;
    struct ip_addr src, dst;
    uint32_t end;    /* bytes of the whole, once the last fragment said so; 0 before */
    uint32_t have;   /* bytes held */
    uint32_t charge; /* what holding them costs */
    weir_time deadline;
    struct weir_buffer *head, *tail;
};

struct ip_fragments {
    uint32_t charge;
    weir_time deadline; /* not later than that of any queue */
    struct queue queues[QUEUES_MAX];
};

/* ---- Queues -------------------------------------------------------------------------------------------- */

static void free_pieces(struct ip *ip, struct queue *q)
{
    while (q->head != NULL) {
        struct weir_buffer *next = q->head->next;
        q->head->next = NULL;
        buffer_unref(&ip->env->buffers, q->head);
        q->head = next;
    }
    ip->fragments->charge -= q->charge;
    q->tail = NULL;
    q->charge = 0;
    q->have = 0;
}

static void release(struct ip *ip, struct queue *q)
{
    free_pieces(ip, q);
    q->used = false;
}

/* The one whose time is over first; with `holding` only those that hold something. */
static struct queue *oldest_queue(struct ip *ip, const struct queue *but, bool holding)
{
    struct queue *oldest = NULL;
    for (uint32_t i = 0; i < QUEUES_MAX; i++) {
        struct queue *q = &ip->fragments->queues[i];
        if (q->used && q != but && (!holding || q->charge != 0) &&
            (oldest == NULL || q->deadline < oldest->deadline)) {
            oldest = q;
        }
    }
    return oldest;
}

static void give_up(struct ip *ip, struct queue *q, enum weir_drop reason)
{
    if (!q->dead) {
        env_drop(ip->env, reason, q->link, 0);
    }
    release(ip, q);
}

static bool is_of(const struct queue *q, const struct fragment *f)
{
    bool v4 = f->fragment_header == 0;
    return q->used && q->id == f->id && q->link == f->link && (q->fragment_header == 0) == v4 &&
           (!v4 || q->protocol == f->protocol) && ip_addr_equal(&q->src, &f->src) &&
           ip_addr_equal(&q->dst, &f->dst);
}

static struct queue *make_queue(struct ip *ip, const struct fragment *f)
{
    struct ip_fragments *all = ip->fragments;
    struct queue *q = NULL;
    for (uint32_t i = 0; i < QUEUES_MAX && q == NULL; i++) {
        q = all->queues[i].used ? NULL : &all->queues[i];
    }
    if (q == NULL) {
        q = oldest_queue(ip, NULL, false);
        ASSERT(q != NULL);
        give_up(ip, q, WEIR_DROP_FRAGMENT_LIMIT);
    }
    *q = (struct queue){
        .used = true,
        .protocol = f->protocol,
        .link = (uint16_t)f->link,
        .header_size = f->header_size,
        .fragment_header = f->fragment_header,
        .id = f->id,
        .src = f->src,
        .dst = f->dst,
        .deadline = ip->env->now + (f->fragment_header == 0 ? TIMEOUT4 : TIMEOUT6),
    };
    all->deadline = min_time(all->deadline, q->deadline);
    return q;
}

static struct queue *find_queue(struct ip *ip, const struct fragment *f)
{
    if (ip->fragments == NULL) {
        ip->fragments = memory_alloc_zero(&ip->env->memory, sizeof(*ip->fragments));
        if (ip->fragments == NULL) {
            return NULL;
        }
        ip->fragments->deadline = WEIR_NEVER;
    }
    for (uint32_t i = 0; i < QUEUES_MAX; i++) {
        if (is_of(&ip->fragments->queues[i], f)) {
            return &ip->fragments->queues[i];
        }
    }
    return make_queue(ip, f);
}

/* ---- Pieces ---------------------------------------------------------------------------------------------- */

/* Does the piece contradict what is known of the datagram's end? */
static bool contradicts_end(const struct queue *q, const struct fragment *f)
{
    uint32_t end = f->offset + f->size;
    if (q->end != 0) {
        return f->more ? end >= q->end : end != q->end;
    }
    return !f->more && q->tail != NULL && q->tail->position + q->tail->size > f->offset;
}

/* Where the piece belongs: after *before (NULL: first). */
enum place { PLACE_FREE, PLACE_DUPLICATE, PLACE_OVERLAP };
static enum place find_place(const struct queue *q, const struct fragment *f,
                             struct weir_buffer **before)
{
    struct weir_buffer *previous = NULL, *next = q->head;
    if (q->tail != NULL && q->tail->position < f->offset) { /* in order: the usual case */
        previous = q->tail;
        next = NULL;
    }
    while (next != NULL && next->position <= f->offset) {
        previous = next;
        next = next->next;
    }
    *before = previous;
    if (previous != NULL && previous->position == f->offset && previous->size == f->size) {
        return PLACE_DUPLICATE;
    }
    bool overlaps = (previous != NULL && previous->position + previous->size > f->offset) ||
                    (next != NULL && next->position < f->offset + f->size);
    return overlaps ? PLACE_OVERLAP : PLACE_FREE;
}

/* A buffer that may be held: not a device's, and not more than twice what is in it. NULL: no memory. */
static struct weir_buffer *compact(struct ip *ip, const struct fragment *f)
{
    struct buffers *buffers = &ip->env->buffers;
    uint32_t size = f->header_size + f->size;
    if (f->buffer->kind == BUFFER_OWN && f->buffer->references == 1 &&
        (f->buffer->charge <= 512 || f->buffer->charge / 2 <= size)) {
        return f->buffer;
    }
    struct weir_buffer *copy = buffer_alloc(buffers, size);
    if (copy == NULL) {
        return NULL;
    }
    buffer_copy_within(buffers, copy->data, f->buffer->data - f->header_size, size);
    copy->data += f->header_size;
    copy->capacity -= f->header_size;
    copy->size = f->size;
    buffer_unref(buffers, f->buffer);
    return copy;
}

/* false: this datagram alone is more than is allowed. */
static bool make_room(struct ip *ip, const struct queue *q, uint32_t charge)
{
    uint32_t limit = ip->env->config.reassembly_bytes;
    while (ip->fragments->charge > limit || limit - ip->fragments->charge < charge) {
        struct queue *oldest = oldest_queue(ip, q, true);
        if (oldest == NULL) {
            return false;
        }
        give_up(ip, oldest, WEIR_DROP_FRAGMENT_LIMIT);
    }
    return true;
}

static void insert(struct ip *ip, struct queue *q, const struct fragment *f,
                   struct weir_buffer *piece, struct weir_buffer *before)
{
    piece->position = f->offset;
    piece->next = before != NULL ? before->next : q->head;
    if (before != NULL) {
        before->next = piece;
    } else {
        q->head = piece;
    }
    if (piece->next == NULL) {
        q->tail = piece;
    }
    q->have += f->size;
    q->charge += piece->charge;
    ip->fragments->charge += piece->charge;
    q->ce |= (f->tos & ECN_CE) == ECN_CE;
    if (!f->more) {
        q->end = f->offset + f->size;
    }
    if (f->offset == 0) { /* RFC 8200 4.5: the first fragment's headers are the datagram's */
        q->protocol = f->protocol;
        q->header_size = f->header_size;
        q->fragment_header = f->fragment_header;
    }
}

/* ---- The whole --------------------------------------------------------------------------------------------- */

static void build_header4(const struct queue *q, uint8_t *p)
{
    struct ip4_header h = {0};
    const struct weir_buffer *first = q->head;
    enum weir_drop drop =
        ip4_parse(first->data - q->header_size, q->header_size + first->size, false, &h);
    ASSERT(drop == WEIR_DROP_NONE);
    h.total_size = (uint16_t)(IP4_HEADER_SIZE + q->end);
    h.more_fragments = false;
    h.tos |= q->ce ? ECN_CE : 0;
    ip4_build(p, &h);
}

static void build_header6(const struct queue *q, uint8_t *p)
{
    memcpy(p, q->head->data - q->header_size, q->fragment_header);
    p[icmp6_next_header_at(p, q->fragment_header)] = q->protocol;
    store_be16(p + 4, (uint16_t)(q->fragment_header - IP6_HEADER_SIZE + q->end));
    p[1] |= q->ce ? ECN_CE << 4 : 0;
}

static struct weir_buffer *assemble(struct ip *ip, struct queue *q)
{
    bool v4 = q->fragment_header == 0;
    uint32_t header_size = v4 ? IP4_HEADER_SIZE : q->fragment_header;
    uint32_t base = v4 ? 0 : IP6_HEADER_SIZE; /* what IPv6 does not count in its payload length */
    if (header_size - base + q->end > UINT16_MAX) {
        give_up(ip, q, WEIR_DROP_FRAGMENT_MALFORMED);
        return NULL;
    }
    struct weir_buffer *whole = ip_reply_buffer(ip, header_size + q->end);
    if (whole == NULL) {
        give_up(ip, q, WEIR_DROP_NO_MEMORY);
        return NULL;
    }
    if (v4) {
        build_header4(q, whole->data);
    } else {
        build_header6(q, whole->data);
    }
    for (const struct weir_buffer *piece = q->head; piece != NULL; piece = piece->next) {
        buffer_copy_within(&ip->env->buffers, whole->data + header_size + piece->position,
                           piece->data, piece->size);
    }
    whole->size = header_size + q->end;
    release(ip, q);
    return whole;
}

static struct weir_buffer *refuse(struct ip *ip, const struct fragment *f, enum weir_drop reason)
{
    ip_drop_reply(ip, f->buffer, f->link, reason);
    return NULL;
}

static struct weir_buffer *refuse_all(struct ip *ip, struct queue *q, const struct fragment *f)
{
    free_pieces(ip, q);
    q->dead = true;
    return refuse(ip, f, WEIR_DROP_FRAGMENT_OVERLAP);
}

struct weir_buffer *fragments_add(struct ip *ip, const struct fragment *f)
{
    struct weir_buffer *before = NULL;
    struct queue *q = find_queue(ip, f);
    if (q == NULL) {
        return refuse(ip, f, WEIR_DROP_NO_MEMORY);
    }
    if (q->dead) {
        return refuse(ip, f, WEIR_DROP_FRAGMENT_OVERLAP);
    }
    enum place place = find_place(q, f, &before);
    bool last_again = place == PLACE_DUPLICATE && (f->offset + f->size == q->end) == !f->more;
    if (last_again) {
        return refuse(ip, f, WEIR_DROP_DUPLICATE_DATA);
    }
    if (place != PLACE_FREE || contradicts_end(q, f)) {
        return refuse_all(ip, q, f);
    }
    struct weir_buffer *piece = compact(ip, f);
    if (piece == NULL) {
        if (q->head == NULL) {
            release(ip, q);
        }
        return refuse(ip, f, WEIR_DROP_NO_MEMORY);
    }
    if (!make_room(ip, q, piece->charge)) {
        release(ip, q);
        ip_drop_reply(ip, piece, f->link, WEIR_DROP_FRAGMENT_LIMIT);
        return NULL;
    }
    insert(ip, q, f, piece, before);
    return q->have == q->end ? assemble(ip, q) : NULL;
}

/* ---- Time ------------------------------------------------------------------------------------------------------ */

weir_time fragments_deadline(const struct ip *ip)
{
    return ip->fragments != NULL ? ip->fragments->deadline : WEIR_NEVER;
}

/* RFC 792, RFC 4443 3.3: only when the first fragment came. */
static void report_timeout(struct ip *ip, const struct queue *q)
{
    bool v4 = q->fragment_header == 0;
    if (q->head == NULL || q->head->position != 0) {
        return;
    }
    struct ip_packet packet = {
        .link = q->link,
        .src = q->src,
        .dst = q->dst,
        .protocol = q->protocol,
        .to_group = address_is_our_group(ip, q->link, &q->dst),
        .ip_size = q->header_size,
        .buffer = q->head,
    };
    struct icmp_answer answer = {
        .type = v4 ? ICMP4_TIME_EXCEEDED : ICMP6_TIME_EXCEEDED,
        .code = CODE_REASSEMBLY,
    };
    icmp_error_send(ip, &packet, &answer);
}

void fragments_timers(struct ip *ip)
{
    weir_time next = WEIR_NEVER;
    for (uint32_t i = 0; i < QUEUES_MAX; i++) {
        struct queue *q = &ip->fragments->queues[i];
        if (!q->used) {
            continue;
        }
        if (q->deadline <= ip->env->now) {
            report_timeout(ip, q);
            give_up(ip, q, WEIR_DROP_FRAGMENT_TIMEOUT);
        } else {
            next = min_time(next, q->deadline);
        }
    }
    ip->fragments->deadline = next;
}

void fragments_fini(struct ip *ip)
{
    if (ip->fragments == NULL) {
        return;
    }
    for (uint32_t i = 0; i < QUEUES_MAX; i++) {
        release(ip, &ip->fragments->queues[i]);
    }
    memory_free(&ip->env->memory, ip->fragments, sizeof(*ip->fragments));
    ip->fragments = NULL;
}

/* ---- Invariants -------------------------------------------------------------------------------------------------- */

static void check_queue(const struct queue *q)
{
    uint64_t end = 0;
    uint32_t have = 0, charge = 0;
    const struct weir_buffer *last = NULL;
    for (const struct weir_buffer *p = q->head; p != NULL; p = p->next) {
        ASSERT(p->position >= end && p->size != 0);
        end = p->position + p->size;
        have += p->size;
        charge += p->charge;
        last = p;
    }
    ASSERT(last == q->tail && have == q->have && charge == q->charge);
    ASSERT(q->end == 0 || end <= q->end);
    ASSERT(q->end == 0 || have != q->end || q->dead);
    ASSERT(!q->dead || q->head == NULL);
}

void fragments_check(const struct ip *ip)
{
    uint32_t charge = 0;
    if (ip->fragments == NULL) {
        return;
    }
    for (uint32_t i = 0; i < QUEUES_MAX; i++) {
        const struct queue *q = &ip->fragments->queues[i];
        if (q->used) {
            check_queue(q);
            charge += q->charge;
            ASSERT(q->deadline >= ip->fragments->deadline);
        }
    }
    ASSERT(charge == ip->fragments->charge);
    ASSERT(charge <= ip->env->config.reassembly_bytes);
}
