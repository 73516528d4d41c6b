/*
 * options_ip.c - options of SOL_IP and SOL_IPV6. An IPv6 socket has both: IPv4 packets go out with those of
 * SOL_IP. The two ECN bits of TOS and traffic class belong to TCP and are not settable.
 */
#include "socket/sock.h"

#define ECN_BITS 3

int sock_option_set_pmtudisc(struct weir_sock *s, int32_t value)
{
    if (value < WEIR_IP_PMTUDISC_DONT || value > WEIR_IP_PMTUDISC_OMIT) {
        return -WEIR_SOCK_EINVAL;
    }
    s->o.pmtudisc = (uint8_t)value;
    s->o.tcp.path_mtu_discovery = value == WEIR_IP_PMTUDISC_WANT || value == WEIR_IP_PMTUDISC_DO;
    return sock_options_apply(s, WEIR_OPT_PATH_MTU_DISCOVERY);
}

int sock_option_get_mtu(const struct weir_sock *s, int32_t *value)
{
    struct weir_tcp_info info;

    if (s->listening || !sock_info(s, &info) || info.path_mtu == 0) {
        return -WEIR_SOCK_ENOTCONN;
    }
    *value = (int32_t)info.path_mtu;
    return 0;
}

int sock_option_set_ip(struct weir_sock *s, int name, const void *value, uint32_t size)
{
    int32_t number = 0;

    if (name != WEIR_IP_TOS && name != WEIR_IP_TTL && name != WEIR_IP_MTU_DISCOVER &&
        name != WEIR_IP_HDRINCL && (name != WEIR_IP_RECVERR || s->dgram)) {
        return -WEIR_SOCK_ENOPROTOOPT;
    }
    if (size >= sizeof(number)) {
        memcpy(&number, value, sizeof(number));
    } else if (size > 0) {
        number = *(const uint8_t *)value;
    } else if (name != WEIR_IP_TOS) {
        return -WEIR_SOCK_EINVAL;
    } /* an empty TOS is 0 */
    if (name == WEIR_IP_MTU_DISCOVER) {
        return sock_option_set_pmtudisc(s, number);
    }
    if (name == WEIR_IP_HDRINCL) {
        return s->domain == 4 ? sock_raw_set_header(s, number) : -WEIR_SOCK_ENOPROTOOPT;
    }
    if (name == WEIR_IP_RECVERR) {
        s->o.recverr = number != 0;
        return 0;
    }
    if (name == WEIR_IP_TOS) {
        s->o.tos = (uint8_t)((number & ~ECN_BITS) | (s->o.tos & ECN_BITS));
        return sock_options_apply(s, WEIR_OPT_TOS);
    }
    if (number != -1 && (number < 1 || number > 255)) {
        return -WEIR_SOCK_EINVAL;
    }
    s->o.ttl = (int16_t)number;
    return sock_options_apply(s, WEIR_OPT_TTL);
}

static int set_v6only(struct weir_sock *s, int32_t value)
{
    if (s->local.port != 0) { /* bound already */
        return -WEIR_SOCK_EINVAL;
    }
    s->o.v6only = value != 0;
    return 0;
}

int sock_option_set_ip6(struct weir_sock *s, int name, const void *value, uint32_t size)
{
    int32_t number = 0;

    if (s->domain != 6 ||
        (name != WEIR_IPV6_V6ONLY && name != WEIR_IPV6_TCLASS && name != WEIR_IPV6_UNICAST_HOPS &&
         name != WEIR_IPV6_MTU_DISCOVER && name != WEIR_IPV6_HDRINCL &&
         name != WEIR_IPV6_CHECKSUM && (name != WEIR_IPV6_RECVERR || s->dgram))) {
        return -WEIR_SOCK_ENOPROTOOPT;
    }
    if (size < sizeof(number)) {
        return -WEIR_SOCK_EINVAL;
    }
    memcpy(&number, value, sizeof(number));
    if (name == WEIR_IPV6_V6ONLY) {
        return set_v6only(s, number);
    }
    if (name == WEIR_IPV6_HDRINCL || name == WEIR_IPV6_CHECKSUM) {
        return name == WEIR_IPV6_CHECKSUM ? sock_raw_set_checksum(s, number)
                                          : sock_raw_set_header(s, number);
    }
    if (name == WEIR_IPV6_MTU_DISCOVER) {
        return sock_option_set_pmtudisc(s, number);
    }
    if (name == WEIR_IPV6_RECVERR) {
        s->o.recverr6 = number != 0;
        return 0;
    }
    if (number < -1 || number > 255) {
        return -WEIR_SOCK_EINVAL;
    }
    if (name == WEIR_IPV6_TCLASS) {
        number = number < 0 ? 0 : number;
        s->o.tclass = (uint8_t)((number & ~ECN_BITS) | (s->o.tclass & ECN_BITS));
        return sock_options_apply(s, WEIR_OPT_TOS);
    }
    if (number == 0) { /* Linux allows it, but nothing would ever leave */
        return -WEIR_SOCK_EINVAL;
    }
    s->o.hops = (int16_t)number;
    return sock_options_apply(s, WEIR_OPT_TTL);
}

int sock_option_get_ip(struct weir_sock *s, int name, int32_t *value)
{
    if (sock_multicast_is_option(WEIR_SOL_IP, name)) {
        return sock_multicast_get(s, WEIR_SOL_IP, name, value);
    }
    switch (name) {
    case WEIR_IP_HDRINCL:
        *value = s->o.header_included;
        return s->type == WEIR_SOCK_RAW ? 0 : -WEIR_SOCK_ENOPROTOOPT;
    case WEIR_IP_TOS: *value = s->o.tos; return 0;
    case WEIR_IP_RECVERR: *value = s->o.recverr; return 0;
    case WEIR_IP_MTU_DISCOVER: *value = s->o.pmtudisc; return 0;
    case WEIR_IP_MTU: return sock_option_get_mtu(s, value);
    case WEIR_IP_TTL: *value = s->o.ttl < 0 ? s->space->config.tcp.ttl : s->o.ttl; return 0;
    default: return -WEIR_SOCK_ENOPROTOOPT;
    }
}

int sock_option_get_ip6(struct weir_sock *s, int name, int32_t *value)
{
    if (s->domain != 6) {
        return -WEIR_SOCK_EOPNOTSUPP;
    }
    if (sock_multicast_is_option(WEIR_SOL_IPV6, name)) {
        return sock_multicast_get(s, WEIR_SOL_IPV6, name, value);
    }
    switch (name) {
    case WEIR_IPV6_HDRINCL:
    case WEIR_IPV6_CHECKSUM:
        *value = name == WEIR_IPV6_HDRINCL ? s->o.header_included : s->o.checksum_offset;
        return s->type == WEIR_SOCK_RAW ? 0 : -WEIR_SOCK_ENOPROTOOPT;
    case WEIR_IPV6_V6ONLY: *value = s->o.v6only; return 0;
    case WEIR_IPV6_TCLASS: *value = s->o.tclass; return 0;
    case WEIR_IPV6_RECVERR: *value = s->o.recverr6; return 0;
    case WEIR_IPV6_MTU_DISCOVER: *value = s->o.pmtudisc; return 0;
    case WEIR_IPV6_MTU: return sock_option_get_mtu(s, value);
    case WEIR_IPV6_UNICAST_HOPS:
        *value = s->o.hops < 0 ? s->space->config.tcp.ttl : s->o.hops;
        return 0;
    default: return -WEIR_SOCK_ENOPROTOOPT;
    }
}
