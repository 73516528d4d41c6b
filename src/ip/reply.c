/*
 * reply.c - the ring of packets without a connection: RST, ICMP, ARP, NDP.
 *
 * In order of age. A reply whose neighbour is being resolved is skipped and keeps its place; it goes when
 * the neighbour answers, and is dropped when it does not or after three seconds.
 */
#include "ip/internal.h"

static struct ip_reply *at(struct ip *ip, uint32_t i)
{
    return &ip->replies[(ip->reply_head + i) % IP_REPLIES];
}

static const struct ip_reply *at_const(const struct ip *ip, uint32_t i)
{
    return &ip->replies[(ip->reply_head + i) % IP_REPLIES];
}

/* Takes the i-th out; those before it, usually none, move up. */
static struct ip_reply take(struct ip *ip, uint32_t i)
{
    struct ip_reply taken = *at(ip, i);
    for (; i > 0; i--) {
        *at(ip, i) = *at(ip, i - 1);
    }
    ip->reply_head = (ip->reply_head + 1) % IP_REPLIES;
    ip->reply_count--;
    return taken;
}

static void drop(struct ip *ip, uint32_t i, enum weir_drop reason)
{
    struct ip_reply reply = take(ip, i);
    ip_drop_reply(ip, reply.buffer, reply.link, reason);
}

void reply_push(struct ip *ip, struct weir_buffer *buffer, uint32_t link, uint32_t neighbor)
{
    if (link != IP_LINK_LOOPBACK && !ip->links[link].up) {
        ip_drop_reply(ip, buffer, link, WEIR_DROP_LINK_DOWN);
        return;
    }
    if (neighbor != 0 && ip_neighbor_at(ip, neighbor)->state == IP_NEIGHBOR_FAILED) {
        ip_drop_reply(ip, buffer, link, WEIR_DROP_NO_NEIGHBOR);
        return;
    }
    if (ip->reply_count == IP_REPLIES) {
        ip_drop_reply(ip, buffer, link, WEIR_DROP_REPLY_RING);
        return;
    }
    *at(ip, ip->reply_count) = (struct ip_reply){
        .buffer = buffer, .link = (uint16_t)link, .neighbor = neighbor, .since = ip->env->now};
    ip->reply_count++;
}

static bool is_ready(const struct ip *ip, const struct ip_reply *reply)
{
    return reply->neighbor == 0 || neighbor_is_usable(ip_neighbor_at(ip, reply->neighbor));
}

bool ip_reply_pending(const struct ip *ip)
{
    for (uint32_t i = 0; i < ip->reply_count; i++) {
        if (is_ready(ip, at_const(ip, i))) {
            return true;
        }
    }
    return false;
}

bool ip_reply_next(struct ip *ip, struct ip_reply *reply)
{
    for (uint32_t i = 0; i < ip->reply_count; i++) {
        if (!is_ready(ip, at(ip, i))) {
            continue;
        }
        *reply = take(ip, i);
        if (reply->neighbor != 0) {
            struct ip_neighbor *n = ip_neighbor_at(ip, reply->neighbor);
            uint8_t *header = reply->buffer->data;
            (void)neighbor_use(ip, reply->neighbor);
            output_link_header(ip, reply->link, n, &n->ip, header);
            reply->neighbor = 0;
        }
        return true;
    }
    return false;
}

void reply_drop_neighbor(struct ip *ip, uint32_t neighbor)
{
    for (uint32_t i = 0; i < ip->reply_count;) {
        if (at(ip, i)->neighbor == neighbor) {
            drop(ip, i, WEIR_DROP_NO_NEIGHBOR);
        } else {
            i++;
        }
    }
}

void reply_drop_link(struct ip *ip, uint32_t link)
{
    for (uint32_t i = 0; i < ip->reply_count;) {
        if (at(ip, i)->link == link) {
            drop(ip, i, WEIR_DROP_LINK_DOWN);
        } else {
            i++;
        }
    }
}

bool reply_uses_neighbor(const struct ip *ip, uint32_t neighbor)
{
    for (uint32_t i = 0; i < ip->reply_count; i++) {
        if (at_const(ip, i)->neighbor == neighbor) {
            return true;
        }
    }
    return false;
}

/* Ready ones are ip_reply_pending's business: reply_timers leaves them alone. */
weir_time reply_deadline(const struct ip *ip)
{
    for (uint32_t i = 0; i < ip->reply_count; i++) {
        if (!is_ready(ip, at_const(ip, i))) {
            return at_const(ip, i)->since + IP_REPLY_LIFETIME;
        }
    }
    return WEIR_NEVER;
}

/* The oldest come first. One that is ready stays: it is the caller who did not fetch it yet. */
void reply_timers(struct ip *ip)
{
    for (uint32_t i = 0; i < ip->reply_count;) {
        if (ip->env->now - at(ip, i)->since < IP_REPLY_LIFETIME) {
            return;
        }
        if (is_ready(ip, at(ip, i))) {
            i++;
        } else {
            drop(ip, i, WEIR_DROP_NO_NEIGHBOR);
        }
    }
}

void reply_check(const struct ip *ip)
{
    ASSERT(ip->reply_head < IP_REPLIES && ip->reply_count <= IP_REPLIES);
    for (uint32_t i = 0; i < ip->reply_count; i++) {
        const struct ip_reply *r = at_const(ip, i);
        ASSERT(r->buffer != NULL && r->buffer->size != 0);
        ASSERT(r->link == IP_LINK_LOOPBACK || r->link < ip->link_count);
        ASSERT(r->neighbor == 0 || ip_neighbor_at(ip, r->neighbor)->state != IP_NEIGHBOR_FREE);
        ASSERT(i == 0 || at_const(ip, i - 1)->since <= r->since);
    }
}
