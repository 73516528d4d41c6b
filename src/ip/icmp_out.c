/*
 * icmp_out.c - ICMP errors that we send: when they are allowed, how many, how much they quote.
 *
 * RFC 1122 3.2.2 and RFC 4443 2.4 e: never about an ICMP error, a packet to or from a group, or another
 * fragment than the first. RFC 4443 2.4 f: a token bucket limits the rate. It leaks a random number of
 * tokens, so that nobody can count by it what others made us send.
 */
#include "ip/internal.h"

#define TOKEN_INTERVAL (10 * WEIR_MS)
#define QUOTE4_MAX (576u - IP4_HEADER_SIZE - ICMP_HEADER_SIZE) /* RFC 1812 4.3.2.3 */
#define QUOTE6_MAX (IP6_MTU_MIN - IP6_HEADER_SIZE - ICMP_HEADER_SIZE)
#define ICMP6_REDIRECT 137

static bool take_token(struct ip *ip)
{
    weir_time now = ip->env->now;
    uint64_t fresh = (now - ip->icmp_tokens_at) / TOKEN_INTERVAL;
    if (fresh != 0) {
        ip->icmp_tokens = (uint32_t)min_u64(ip->icmp_tokens + fresh, ICMP_TOKENS_MAX);
        ip->icmp_tokens_at += fresh * TOKEN_INTERVAL;
    }
    if (ip->icmp_tokens == 0) {
        return false;
    }
    uint32_t taken = 1 + (uint32_t)rng_below(&ip->env->rng, 3);
    ip->icmp_tokens -= min_u32(taken, ip->icmp_tokens);
    return true;
}

uint32_t icmp6_next_header_at(const uint8_t *packet, uint32_t offset)
{
    uint32_t name = 6, at = IP6_HEADER_SIZE;
    while (at < offset) { /* the chain was checked by ip6_parse: no fragment header, no overrun */
        name = at;
        at += 8 + (uint32_t)packet[at + 1] * 8;
    }
    return name;
}

/* The whole IP packet, as far as it was received. */
struct quoted {
    const uint8_t *data;
    uint32_t size;
};

static struct quoted quote_of(const struct ip_packet *packet)
{
    return (struct quoted){
        .data = packet->buffer->data - packet->ip_size,
        .size = packet->buffer->size + packet->ip_size,
    };
}

static bool is_icmp4_error(const struct ip_packet *packet)
{
    if (packet->protocol != IP_PROTOCOL_ICMP) {
        return false;
    }
    if (packet->buffer->size == 0) {
        return true;
    }
    switch (packet->buffer->data[0]) {
    case ICMP4_UNREACHABLE:
    case ICMP4_SOURCE_QUENCH:
    case ICMP4_REDIRECT:
    case ICMP4_TIME_EXCEEDED:
    case ICMP4_PARAMETER_PROBLEM: return true;
    default: return false;
    }
}

/* Looks through extension headers, since the packet may have been refused because of one. */
static bool is_icmp6_error(const struct ip_packet *packet)
{
    struct quoted q = quote_of(packet);
    uint8_t protocol;
    size_t offset;
    bool fragment;
    if (!ip6_find_upper(q.data, q.size, &protocol, &offset, &fragment) ||
        protocol != IP_PROTOCOL_ICMP6) {
        return false;
    }
    return offset >= q.size || q.data[offset] < ICMP6_ECHO || q.data[offset] == ICMP6_REDIRECT;
}

static bool may_answer(const struct ip_packet *packet, const struct icmp_answer *answer)
{
    if (ip_addr_is_v4(&packet->src)) {
        return !packet->to_group && !is_icmp4_error(packet);
    }
    /* RFC 4443 2.4 e.3: only an unrecognized option may be reported about a packet to a group. */
    bool option = answer->type == ICMP6_PARAMETER_PROBLEM && answer->code == 2;
    return (!packet->to_group || option) && !ip_addr_is_unspecified(&packet->src) &&
           !is_icmp6_error(packet);
}

static bool choose_source(const struct ip *ip, const struct ip_packet *packet, struct ip_addr *src)
{
    if (!packet->to_group) {
        *src = packet->dst;
        return true;
    }
    const struct ip_address *own = source_select(ip, &packet->src, packet->link);
    if (own == NULL) {
        return false;
    }
    *src = own->ip;
    return true;
}

void icmp_error_send(struct ip *ip, const struct ip_packet *packet,
                     const struct icmp_answer *answer)
{
    bool v4 = ip_addr_is_v4(&packet->src);
    struct ip_send send = {.dst = packet->src, .ttl = IP_HOP_LIMIT};
    if (!may_answer(packet, answer) || !choose_source(ip, packet, &send.src)) {
        return;
    }
    if (!take_token(ip)) {
        env_drop(ip->env, WEIR_DROP_ICMP_RATE, packet->link, 0);
        return;
    }
    struct quoted q = quote_of(packet);
    struct icmp_message m = {
        .type = answer->type,
        .code = answer->code,
        .rest = answer->rest,
        .body = q.data,
        .body_size = min_u32(q.size, v4 ? QUOTE4_MAX : QUOTE6_MAX),
    };
    struct weir_buffer *buffer = ip_reply_buffer(ip, ICMP_HEADER_SIZE + (uint32_t)m.body_size);
    if (buffer == NULL) {
        env_drop(ip->env, WEIR_DROP_NO_MEMORY, packet->link, 0);
        return;
    }
    send.protocol = v4 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMP6;
    buffer->size = (uint32_t)(v4 ? icmp4_build(buffer->data, &m)
                                 : icmp6_build(buffer->data, &m, &send.src, &send.dst));
    send.payload_size = buffer->size;
    ip_reply_send(ip, buffer, &send, packet->link);
}

void ip_send_unreachable(struct ip *ip, const struct ip_packet *packet, enum ip_unreachable what)
{
    static const struct icmp_answer answers4[] = {
        [IP_UNREACHABLE_PORT] = {.type = ICMP4_UNREACHABLE, .code = ICMP4_PORT},
        [IP_UNREACHABLE_PROTOCOL] = {.type = ICMP4_UNREACHABLE, .code = ICMP4_PROTOCOL},
        [IP_UNREACHABLE_PROHIBITED] = {.type = ICMP4_UNREACHABLE, .code = 13},
    };
    static const struct icmp_answer answers6[] = {
        [IP_UNREACHABLE_PORT] = {.type = ICMP6_UNREACHABLE, .code = 4},
        [IP_UNREACHABLE_PROTOCOL] = {.type = ICMP6_PARAMETER_PROBLEM, .code = 1},
        [IP_UNREACHABLE_PROHIBITED] = {.type = ICMP6_UNREACHABLE, .code = 1},
    };
    if (ip_addr_is_v4(&packet->src)) {
        icmp_error_send(ip, packet, &answers4[what]);
        return;
    }
    struct icmp_answer answer = answers6[what];
    if (what == IP_UNREACHABLE_PROTOCOL) {
        answer.rest = icmp6_next_header_at(quote_of(packet).data, packet->ip_size);
    }
    icmp_error_send(ip, packet, &answer);
}
