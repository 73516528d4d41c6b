/*
 * raw.c - SOCK_RAW, and SOCK_DGRAM of ICMP (ping): what is particular about them beside dgram.c, with Linux's rules
 * (raw.c, ping.c and their IPv6 sisters).
 */
#include "socket/sock.h"

static bool is_icmp(const struct weir_sock *s)
{
    return s->protocol == (s->domain == 4 ? WEIR_SOL_ICMP : WEIR_SOL_ICMPV6);
}

int sock_protocol_of(int domain, int type, int protocol)
{
    int icmp = domain == WEIR_AF_INET ? WEIR_SOL_ICMP : WEIR_SOL_ICMPV6;

    switch (type) {
    case WEIR_SOCK_STREAM:
        return protocol == 0 || protocol == WEIR_SOL_TCP ? WEIR_SOL_TCP
                                                         : -WEIR_SOCK_EPROTONOSUPPORT;
    case WEIR_SOCK_DGRAM:
        if (protocol == icmp) {
            return icmp;
        }
        return protocol == 0 || protocol == WEIR_SOL_UDP ? WEIR_SOL_UDP
                                                         : -WEIR_SOCK_EPROTONOSUPPORT;
    case WEIR_SOCK_RAW:
        if (protocol < 0 || protocol > UINT8_MAX) {
            return -WEIR_SOCK_EINVAL;
        }
        return protocol ? protocol : -WEIR_SOCK_EPROTONOSUPPORT;
    default: return -WEIR_SOCK_ESOCKTNOSUPPORT;
    }
}

int sock_raw_open(struct weir_sock *s)
{
    struct weir_stack *stack = s->space->stack;

    if (s->type != WEIR_SOCK_RAW) {
        return weir_ping_open(stack, s->domain, s->slot, &s->handle);
    }
    s->local.port = s->protocol; /* what getsockname says */
    s->o.header_included = s->protocol == WEIR_RAW_PROTOCOL_RAW;
    s->o.checksum_offset = s->domain == 6 && is_icmp(s) ? 2 : -1;
    return weir_raw_open(stack, s->domain, s->protocol, s->slot, &s->handle);
}

void sock_raw_apply(const struct weir_sock *s)
{
    struct weir_stack *stack = s->space->stack;

    (void)weir_raw_set(stack, s->handle, WEIR_RAW_HEADER_INCLUDED, s->o.header_included);
    (void)weir_raw_set(stack, s->handle, WEIR_RAW_CHECKSUM_OFFSET,
                       s->o.checksum_offset < 0 ? WEIR_RAW_NO_CHECKSUM
                                                : (uint64_t)s->o.checksum_offset);
}

/* ---- Options ------------------------------------------------------------------------------------------- */

int sock_raw_set_header(struct weir_sock *s, int32_t value)
{
    if (s->type != WEIR_SOCK_RAW) {
        return -WEIR_SOCK_ENOPROTOOPT;
    }
    s->o.header_included = value != 0;
    sock_raw_apply(s);
    return 0;
}

int sock_raw_set_checksum(struct weir_sock *s, int32_t value)
{
    if (s->type != WEIR_SOCK_RAW || s->domain != 6) {
        return -WEIR_SOCK_ENOPROTOOPT;
    }
    if (is_icmp(s) || (value > 0 && value % 2) || value > (int32_t)WEIR_UDP_DATAGRAM_MAX) {
        return -WEIR_SOCK_EINVAL; /* of ICMPv6: RFC 3542 3.1 */
    }
    s->o.checksum_offset = value < 0 ? -1 : value;
    sock_raw_apply(s);
    return 0;
}

static int set_checksum_bytes(struct weir_sock *s, const void *value)
{
    int32_t number;

    memcpy(&number, value, sizeof(number));
    return sock_raw_set_checksum(s, number);
}

/* ICMP_FILTER has a bit for each of the first 32 types, ICMP6_FILTER for all. Set: not wanted. */
int sock_raw_set_filter(struct weir_sock *s, int level, int name, const void *value, uint32_t size)
{
    uint32_t room = level == WEIR_SOL_RAW ? 4 : sizeof(s->o.blocked);

    if (s->type != WEIR_SOCK_RAW || name != WEIR_ICMP_FILTER ||
        level != (s->domain == 4 ? WEIR_SOL_RAW : WEIR_SOL_ICMPV6)) {
        return level == WEIR_SOL_RAW && name == WEIR_IPV6_CHECKSUM && size >= 4
                   ? set_checksum_bytes(s, value)
                   : -WEIR_SOCK_ENOPROTOOPT;
    }
    if (!is_icmp(s)) {
        return -WEIR_SOCK_EOPNOTSUPP;
    }
    memcpy(s->o.blocked, value, min_u32(size, room));
    return -sock_errno(weir_raw_filter(s->space->stack, s->handle, s->o.blocked));
}

int sock_raw_get_filter(const struct weir_sock *s, int level, int name, void *value, uint32_t *size)
{
    uint32_t room = level == WEIR_SOL_RAW ? 4 : sizeof(s->o.blocked);

    if (s->type != WEIR_SOCK_RAW || name != WEIR_ICMP_FILTER ||
        level != (s->domain == 4 ? WEIR_SOL_RAW : WEIR_SOL_ICMPV6)) {
        return -WEIR_SOCK_ENOPROTOOPT;
    }
    if (!is_icmp(s)) {
        return -WEIR_SOCK_EOPNOTSUPP;
    }
    *size = min_u32(*size, room);
    memcpy(value, s->o.blocked, *size);
    return 0;
}
