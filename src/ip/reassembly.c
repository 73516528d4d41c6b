/*
 * reassembly.c - IPv4 and IPv6 fragments become datagrams again (RFC 791 3.2, RFC 8200 4.5, RFC 5722).
 *
 * Each datagram has a sorted list of its pieces, which are the received buffers themselves unless those
 * cost much more than they hold, or belong to a device. Pieces that overlap end the datagram: none of the
 * rest of it is taken until its time is over (RFC 5722 4; for IPv4 as well, where overlaps are attacks,
 * too). An exact duplicate is only ignored. So what is held never overlaps, and a datagram is complete
 * when the bytes held are as many as the last fragment says there are.
 */
#include "ip/fragments.h"

#define ECN_CE 3

/* ---- Pieces ---------------------------------------------------------------------------------------------- */

/* Does the piece contradict what is known of the datagram's end? */
static bool contradicts_end(const struct fragment_queue *q, const struct fragment *f)
{
    uint32_t end = f->offset + f->size;
    if (q->end != 0) {
        return f->more ? end >= q->end : end != q->end;
    }
    return !f->more && q->tail != NULL && q->tail->position + q->tail->size > f->offset;
}

/* Where the piece belongs: after *before (NULL: first). */
enum place { PLACE_FREE, PLACE_DUPLICATE, PLACE_OVERLAP };
static enum place find_place(const struct fragment_queue *q, const struct fragment *f,
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

static void insert(struct ip *ip, struct fragment_queue *q, const struct fragment *f,
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

static void build_header4(const struct fragment_queue *q, uint8_t *p)
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

static void build_header6(const struct fragment_queue *q, uint8_t *p)
{
    memcpy(p, q->head->data - q->header_size, q->fragment_header);
    p[icmp6_next_header_at(p, q->fragment_header)] = q->protocol;
    store_be16(p + 4, (uint16_t)(q->fragment_header - IP6_HEADER_SIZE + q->end));
    p[1] |= q->ce ? ECN_CE << 4 : 0;
}

static struct weir_buffer *assemble(struct ip *ip, struct fragment_queue *q)
{
    bool v4 = q->fragment_header == 0;
    uint32_t header_size = v4 ? IP4_HEADER_SIZE : q->fragment_header;
    uint32_t base = v4 ? 0 : IP6_HEADER_SIZE; /* what IPv6 does not count in its payload length */
    if (header_size - base + q->end > UINT16_MAX) {
        fragments_give_up(ip, q, WEIR_DROP_FRAGMENT_MALFORMED);
        return NULL;
    }
    struct weir_buffer *whole = ip_reply_buffer(ip, header_size + q->end);
    if (whole == NULL) {
        fragments_give_up(ip, q, WEIR_DROP_NO_MEMORY);
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
    fragments_release(ip, q);
    return whole;
}

static struct weir_buffer *refuse(struct ip *ip, const struct fragment *f, enum weir_drop reason)
{
    ip_drop_reply(ip, f->buffer, f->link, reason);
    return NULL;
}

static struct weir_buffer *refuse_all(struct ip *ip, struct fragment_queue *q,
                                      const struct fragment *f)
{
    fragments_free_pieces(ip, q);
    q->dead = true;
    return refuse(ip, f, WEIR_DROP_FRAGMENT_OVERLAP);
}

struct weir_buffer *fragments_add(struct ip *ip, const struct fragment *f)
{
    struct weir_buffer *before = NULL;
    struct fragment_queue *q = fragments_queue_of(ip, f);
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
            fragments_release(ip, q);
        }
        return refuse(ip, f, WEIR_DROP_NO_MEMORY);
    }
    if (!fragments_make_room(ip, q, piece->charge)) {
        fragments_release(ip, q);
        ip_drop_reply(ip, piece, f->link, WEIR_DROP_FRAGMENT_LIMIT);
        return NULL;
    }
    insert(ip, q, f, piece, before);
    return q->have == q->end ? assemble(ip, q) : NULL;
}
