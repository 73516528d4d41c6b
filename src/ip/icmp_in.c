/*
 * icmp_in.c - ICMP that comes in: echo requests, errors about packets of ours, NDP.
 *
 * An error is believed only as far as it can be checked here: the packet it quotes must have come from an
 * address of ours. Whether such a segment is in flight (RFC 5927) is for the upper layer to say.
 */
#include "ip/internal.h"

#define MTU4_MIN 68 /* RFC 791 */

/* ---- Echo ---------------------------------------------------------------------------------------------- */

/* The received buffer, when it is ours alone and has room for the headers in front; else a copy. */
static struct weir_buffer *echo_buffer(struct ip *ip, struct arrival *a)
{
    struct weir_buffer *buffer = a->buffer;
    size_t headroom = (size_t)(buffer->data - buffer->memory);
    if (buffer->kind == BUFFER_OWN && buffer->references == 1 &&
        headroom >= ETH_HEADER_SIZE + IP6_HEADER_SIZE) {
        return buffer;
    }
    struct weir_buffer *copy = ip_reply_buffer(ip, buffer->size);
    if (copy == NULL) {
        (void)ip_drop(ip, a, WEIR_DROP_NO_MEMORY);
        return NULL;
    }
    buffer_copy_within(&ip->env->buffers, copy->data, buffer->data, buffer->size);
    copy->size = buffer->size;
    buffer_unref(&ip->env->buffers, buffer);
    return copy;
}

static enum ip_verdict answer_echo(struct ip *ip, struct arrival *a, const struct icmp_message *m)
{
    const struct ip_packet *packet = a->packet;
    bool v4 = ip_addr_is_v4(&packet->src);
    if (!ip->env->config.answer_echo || (packet->to_group && v4)) { /* RFC 1122 3.2.2.6 */
        return ip_drop_untapped(ip, a, WEIR_DROP_ICMP_TYPE);
    }
    struct ip_send send = {
        .src = packet->dst,
        .dst = packet->src,
        .protocol = packet->protocol,
        .tos = packet->tos,
        .ttl = IP_HOP_LIMIT,
        .payload_size = a->buffer->size,
    };
    if (packet->to_group) { /* RFC 4443 4.2: from a unicast address, which the checksum covers */
        const struct ip_address *own = source_select(ip, &send.dst, packet->link);
        if (own == NULL) {
            return ip_drop(ip, a, WEIR_DROP_NO_ROUTE);
        }
        send.src = own->ip;
    }
    struct weir_buffer *buffer = echo_buffer(ip, a);
    if (buffer == NULL) {
        return IP_DONE;
    }
    struct icmp_message reply = {
        .rest = m->rest, .body = buffer->data + ICMP_HEADER_SIZE, .body_size = m->body_size};
    if (v4) {
        reply.type = ICMP4_ECHO_REPLY;
        icmp4_build(buffer->data, &reply);
    } else {
        reply.type = ICMP6_ECHO_REPLY;
        icmp6_build(buffer->data, &reply, &send.src, &send.dst);
    }
    ip_reply_send(ip, buffer, &send, packet->link);
    return IP_DONE;
}

/* ---- Errors ----------------------------------------------------------------------------------------------- */

static bool classify4(const struct icmp_message *m, struct ip_error *error)
{
    bool known = icmp4_meaning(m, error);

    error->mtu = known && error->kind == IP_ERROR_TOO_BIG ? m->rest & 0xffff : 0;
    return known;
}

static bool classify6(const struct icmp_message *m, struct ip_error *error)
{
    bool known = icmp6_meaning(m, error);

    error->mtu = known && error->kind == IP_ERROR_TOO_BIG ? m->rest : 0;
    return known;
}

/* RFC 1191 7.1: an old router does not say its MTU; the next smaller one that is in use is tried. */
static uint32_t next_plateau(uint32_t size)
{
    static const uint16_t plateaus[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296};

    for (size_t i = 0; i < ARRAY_SIZE(plateaus); i++) {
        if (size > plateaus[i]) {
            return plateaus[i];
        }
    }
    return MTU4_MIN;
}

static bool is_from_us(const struct ip *ip, uint32_t link, const struct ip_addr *src)
{
    return ip_address_find(ip, src) != NULL || ip_address_accepts(ip, link, src);
}

static enum ip_verdict on_error(struct ip *ip, struct arrival *a, const struct icmp_message *m,
                                const struct icmp_quote *q)
{
    struct ip_error *error = a->error;
    if (!is_from_us(ip, a->link, &q->src) || ip_addr_is_multicast(&q->dst)) {
        return ip_drop(ip, a, WEIR_DROP_ICMP_QUOTE);
    }
    if (q->protocol != IP_PROTOCOL_TCP && q->protocol != IP_PROTOCOL_UDP &&
        (ip->tapped[!ip_addr_is_v4(&q->dst)][q->protocol / 32] >> (q->protocol % 32) & 1) == 0) {
        return ip_drop_untapped(ip, a, WEIR_DROP_ICMP_NO_CONNECTION);
    }
    if (error->kind == IP_ERROR_TOO_BIG && ip_addr_is_v4(&q->dst)) {
        error->mtu = error->mtu == 0 ? next_plateau(q->size) : max_u32(error->mtu, MTU4_MIN);
    }
    error->type = m->type;
    error->code = m->code;
    error->protocol = q->protocol;
    error->src = q->src;
    error->dst = q->dst;
    error->src_port = q->src_port;
    error->dst_port = q->dst_port;
    error->tcp_seq = q->tcp_seq;
    error->icmp_type = q->icmp_type;
    error->icmp_id = q->icmp_id;
    error->link = a->link;
    buffer_unref(&ip->env->buffers, a->buffer);
    return IP_ERROR;
}

/* ---- The two families ---------------------------------------------------------------------------------------- */

enum ip_verdict icmp4_input(struct ip *ip, struct arrival *a)
{
    struct icmp_message m;
    struct icmp_quote q;
    enum weir_drop drop = icmp4_parse(a->buffer->data, a->buffer->size, &m);
    if (drop != WEIR_DROP_NONE) {
        return ip_drop(ip, a, drop);
    }
    if (m.type == ICMP4_ECHO && m.code == 0) {
        return answer_echo(ip, a, &m);
    }
    *a->error = (struct ip_error){0};
    if (a->packet->to_group || !classify4(&m, a->error)) {
        return ip_drop_untapped(ip, a, WEIR_DROP_ICMP_TYPE);
    }
    if (!icmp4_quote_parse(m.body, m.body_size, &q)) {
        return ip_drop(ip, a, WEIR_DROP_ICMP_QUOTE);
    }
    return on_error(ip, a, &m, &q);
}

enum ip_verdict icmp6_input(struct ip *ip, struct arrival *a)
{
    const struct ip_packet *packet = a->packet;
    struct icmp_message m;
    struct icmp_quote q;
    enum weir_drop drop =
        icmp6_parse(a->buffer->data, a->buffer->size, &packet->src, &packet->dst, &m);
    if (drop != WEIR_DROP_NONE) {
        return ip_drop(ip, a, drop);
    }
    if (m.type == ICMP6_NEIGHBOR_SOLICIT || m.type == ICMP6_NEIGHBOR_ADVERT) {
        return ndp_input(ip, a, &m);
    }
    if (mld_is_type(m.type)) {
        return mld_input(ip, a, &m);
    }
    if (ip_addr_is_unspecified(&packet->src)) {
        return ip_drop(ip, a, WEIR_DROP_IP_SOURCE);
    }
    if (m.type == ICMP6_ROUTER_ADVERT) {
        return slaac_input(ip, a, &m);
    }
    if (m.type == ICMP6_ECHO && m.code == 0) {
        return answer_echo(ip, a, &m);
    }
    *a->error = (struct ip_error){0};
    if (packet->to_group || !classify6(&m, a->error)) {
        return ip_drop_untapped(ip, a, WEIR_DROP_ICMP_TYPE);
    }
    /* RFC 8201 4: a Packet Too Big below the minimum MTU is discarded. */
    bool absurd = m.type == ICMP6_TOO_BIG && m.rest < IP6_MTU_MIN;
    if (absurd || !icmp6_quote_parse(m.body, m.body_size, &q)) {
        return ip_drop(ip, a, WEIR_DROP_ICMP_QUOTE);
    }
    return on_error(ip, a, &m, &q);
}
