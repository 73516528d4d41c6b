/*
 * fragments.c - the datagrams that wait for fragments: how many there may be, how much they may hold, and
 * when they are given up.
 *
 * Bounds: FRAGMENT_QUEUES_MAX datagrams, config.reassembly_bytes of whole buffers; beyond them the oldest
 * datagram goes. 30 s (IPv4) and 60 s (IPv6) after its first piece an unfinished datagram is given up.
 */
#include "ip/fragments.h"

#define TIMEOUT4 (30 * WEIR_S)
#define TIMEOUT6 (60 * WEIR_S)
#define CODE_REASSEMBLY 1

void fragments_free_pieces(struct ip *ip, struct fragment_queue *q)
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

void fragments_release(struct ip *ip, struct fragment_queue *q)
{
    fragments_free_pieces(ip, q);
    q->used = false;
}

/* The one whose time is over first; with `holding` only those that hold something. */
static struct fragment_queue *oldest_queue(struct ip *ip, const struct fragment_queue *but,
                                           bool holding)
{
    struct fragment_queue *oldest = NULL;
    for (uint32_t i = 0; i < FRAGMENT_QUEUES_MAX; i++) {
        struct fragment_queue *q = &ip->fragments->queues[i];
        if (q->used && q != but && (!holding || q->charge != 0) &&
            (oldest == NULL || q->deadline < oldest->deadline)) {
            oldest = q;
        }
    }
    return oldest;
}

void fragments_give_up(struct ip *ip, struct fragment_queue *q, enum weir_drop reason)
{
    if (!q->dead) {
        env_drop(ip->env, reason, q->link, 0);
    }
    fragments_release(ip, q);
}

static bool is_of(const struct fragment_queue *q, const struct fragment *f)
{
    bool v4 = f->fragment_header == 0;
    return q->used && q->id == f->id && q->link == f->link && (q->fragment_header == 0) == v4 &&
           (!v4 || q->protocol == f->protocol) && ip_addr_equal(&q->src, &f->src) &&
           ip_addr_equal(&q->dst, &f->dst);
}

static struct fragment_queue *make_queue(struct ip *ip, const struct fragment *f)
{
    struct ip_fragments *all = ip->fragments;
    struct fragment_queue *q = NULL;
    for (uint32_t i = 0; i < FRAGMENT_QUEUES_MAX && q == NULL; i++) {
        q = all->queues[i].used ? NULL : &all->queues[i];
    }
    if (q == NULL) {
        q = oldest_queue(ip, NULL, false);
        ASSERT(q != NULL);
        fragments_give_up(ip, q, WEIR_DROP_FRAGMENT_LIMIT);
    }
    *q = (struct fragment_queue){
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

struct fragment_queue *fragments_queue_of(struct ip *ip, const struct fragment *f)
{
    if (ip->fragments == NULL) {
        ip->fragments = memory_alloc_zero(&ip->env->memory, sizeof(*ip->fragments));
        if (ip->fragments == NULL) {
            return NULL;
        }
        ip->fragments->deadline = WEIR_NEVER;
    }
    for (uint32_t i = 0; i < FRAGMENT_QUEUES_MAX; i++) {
        if (is_of(&ip->fragments->queues[i], f)) {
            return &ip->fragments->queues[i];
        }
    }
    return make_queue(ip, f);
}

bool fragments_make_room(struct ip *ip, const struct fragment_queue *q, uint32_t charge)
{
    uint32_t limit = ip->env->config.reassembly_bytes;
    while (ip->fragments->charge > limit || limit - ip->fragments->charge < charge) {
        struct fragment_queue *oldest = oldest_queue(ip, q, true);
        if (oldest == NULL) {
            return false;
        }
        fragments_give_up(ip, oldest, WEIR_DROP_FRAGMENT_LIMIT);
    }
    return true;
}

/* ---- Time ------------------------------------------------------------------------------------------------------ */

weir_time fragments_deadline(const struct ip *ip)
{
    return ip->fragments != NULL ? ip->fragments->deadline : WEIR_NEVER;
}

/* RFC 792, RFC 4443 3.3: only when the first fragment came. */
static void report_timeout(struct ip *ip, const struct fragment_queue *q)
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
    for (uint32_t i = 0; i < FRAGMENT_QUEUES_MAX; i++) {
        struct fragment_queue *q = &ip->fragments->queues[i];
        if (!q->used) {
            continue;
        }
        if (q->deadline <= ip->env->now) {
            report_timeout(ip, q);
            fragments_give_up(ip, q, WEIR_DROP_FRAGMENT_TIMEOUT);
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
    for (uint32_t i = 0; i < FRAGMENT_QUEUES_MAX; i++) {
        fragments_release(ip, &ip->fragments->queues[i]);
    }
    memory_free(&ip->env->memory, ip->fragments, sizeof(*ip->fragments));
    ip->fragments = NULL;
}

/* ---- Invariants -------------------------------------------------------------------------------------------------- */

static void check_queue(const struct fragment_queue *q)
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
    for (uint32_t i = 0; i < FRAGMENT_QUEUES_MAX; i++) {
        const struct fragment_queue *q = &ip->fragments->queues[i];
        if (q->used) {
            check_queue(q);
            charge += q->charge;
            ASSERT(q->deadline >= ip->fragments->deadline);
        }
    }
    ASSERT(charge == ip->fragments->charge);
    ASSERT(charge <= ip->env->config.reassembly_bytes);
}
