/* options.c - a socket's options and their way to the core; setsockopt and getsockopt of SOL_SOCKET. */
#include "socket/sock.h"

void sock_options_init(struct sock_options *o, const struct weir_sock_config *config)
{
    memcpy(&o->tcp, &config->tcp, sizeof(o->tcp)); /* padding too: it is compared with memcmp */
    o->multicast_ttl = o->multicast_hops = 1;
    o->multicast_loop = true;
    o->multicast_link = WEIR_ANY_LINK;
    o->ttl = o->hops = -1;
    o->tos = o->tclass = config->tcp.tos;
    o->pmtudisc = config->tcp.path_mtu_discovery ? WEIR_IP_PMTUDISC_WANT : WEIR_IP_PMTUDISC_DONT;
}

/* ---- To the core -------------------------------------------------------------------------------------- */

bool sock_is_v4(const struct weir_sock *s)
{
    return ip_addr_is_v4(s->handle && !s->listening ? &s->remote.ip : &s->local.ip);
}

static uint8_t ttl_for(const struct weir_sock *s, bool v4)
{
    int16_t ttl = v4 ? s->o.ttl : s->o.hops;

    return ttl < 0 ? s->space->config.tcp.ttl : (uint8_t)ttl;
}

static weir_time user_timeout(const struct weir_sock *s)
{
    return s->o.user_timeout_ms ? s->o.user_timeout_ms * WEIR_MS
                                : s->space->config.tcp.user_timeout;
}

void sock_options_core(const struct weir_sock *s, bool v4, struct weir_tcp_options *o)
{
    memcpy(o, &s->o.tcp, sizeof(*o));
    o->ttl = ttl_for(s, v4);
    o->tos = v4 ? s->o.tos : s->o.tclass;
    o->user_timeout = user_timeout(s);
    if (s->key_count) {
        o->keys = s->keys;
        o->key_count = s->key_count;
    }
}

bool sock_options_differ(const struct weir_sock *s, const struct weir_tcp_options *o)
{
    const struct weir_sock_config *c = &s->space->config;

    return c->tcp_differs || memcmp(o, &c->tcp, sizeof(*o)) != 0;
}

/* What the option is worth now; `v4`: for a connection of that family. */
static uint64_t core_value(const struct weir_sock *s, enum weir_option option, bool v4)
{
    const struct weir_tcp_options *o = &s->o.tcp;

    switch (option) {
    case WEIR_OPT_NODELAY: return o->nodelay;
    case WEIR_OPT_KEEPALIVE: return o->keepalive;
    case WEIR_OPT_KEEPALIVE_IDLE: return o->keepalive_idle;
    case WEIR_OPT_KEEPALIVE_INTERVAL: return o->keepalive_interval;
    case WEIR_OPT_KEEPALIVE_PROBES: return o->keepalive_probes;
    case WEIR_OPT_USER_TIMEOUT: return user_timeout(s);
    case WEIR_OPT_PATH_MTU_DISCOVERY: return o->path_mtu_discovery;
    case WEIR_OPT_FIN_WAIT_2_TIME: return o->fin_wait_2_time;
    case WEIR_OPT_RTO_MIN: return o->rto_min;
    case WEIR_OPT_RTO_MAX: return o->rto_max;
    case WEIR_OPT_TTL: return ttl_for(s, v4);
    case WEIR_OPT_TOS: return v4 ? s->o.tos : s->o.tclass;
    case WEIR_OPT_RECEIVE_BUFFER: return o->receive_buffer;
    case WEIR_OPT_CONGESTION: return o->congestion;
    case WEIR_OPT_SYN_RETRIES: return o->syn_retries;
    case WEIR_OPT_MSS_CLAMP: return o->mss_clamp;
    case WEIR_OPT_MAX_PACING_RATE: return o->max_pacing_rate;
    case WEIR_OPT_CORK: return s->o.cork;
    case WEIR_OPT_RECEIVE_LOWAT: return o->receive_lowat;
    case WEIR_OPT_NOTSENT_LOWAT: return o->notsent_lowat;
    default: return o->send_buffer;
    }
}

/* What a listener's handle does not take is given to what it accepts from now on. */
int sock_options_apply(struct weir_sock *s, enum weir_option option)
{
    if (s->dgram) {
        sock_dgram_apply(s);
        return 0;
    }
    if (s->listening) {
        if (weir_tcp_set(s->space->stack, s->handle, option,
                         core_value(s, option, sock_is_v4(s))) != WEIR_OK) {
            s->o.changed |= 1ull << option; /* for each connection, when it is accepted */
        }
        return 0;
    }
    if (!s->handle) {
        return 0;
    }
    return -sock_errno(
        weir_tcp_set(s->space->stack, s->handle, option, core_value(s, option, sock_is_v4(s))));
}

void sock_options_accepted(struct weir_sock *s, const struct weir_sock *listener)
{
    bool v4 = sock_is_v4(s), listener_v4 = sock_is_v4(listener);
    uint64_t changed = listener->o.changed | (listener->o.cork ? 1ull << WEIR_OPT_CORK : 0u);

    memcpy(&s->o, &listener->o, sizeof(s->o));
    s->oob_inline = listener->oob_inline;
    s->o.changed = 0;
    if (v4 != listener_v4) { /* dual-stack: the listener had one TTL and TOS for both */
        changed |= ttl_for(s, v4) != ttl_for(s, listener_v4) ? 1ull << WEIR_OPT_TTL : 0u;
        changed |= s->o.tos != s->o.tclass ? 1ull << WEIR_OPT_TOS : 0u;
    }
    for (unsigned option = WEIR_OPT_NODELAY; option < 64; option++) {
        if (changed & (1ull << option)) {
            (void)sock_options_apply(s, (enum weir_option)option);
        }
    }
}

/* ---- SOL_SOCKET --------------------------------------------------------------------------------------- */

/* SO_RCVBUF n is room for n bytes and says 2n: the second half is Linux's overhead, which the core does not
 * charge. SO_SNDBUF n is room for 2n and says so: of what is sent Linux charges little more than the bytes.
 * Negative numbers count as huge ones, as there. */
static int set_buffer(struct weir_sock *s, enum weir_option option, int32_t value, uint32_t max)
{
    bool receive = option == WEIR_OPT_RECEIVE_BUFFER;
    uint32_t bytes = min_u32(min_u32((uint32_t)value, max), SOCK_BUFFER_LIMIT);

    bytes = max_u32(bytes, receive ? SOCK_BUFFER_MIN_RECEIVE : SOCK_BUFFER_MIN_SEND);
    if (receive) {
        s->o.tcp.receive_buffer = bytes;
    } else {
        s->o.tcp.send_buffer = s->dgram ? bytes : 2 * bytes;
    }
    return sock_options_apply(s, option);
}

static int set_socket(struct weir_sock *s, int name, int32_t value)
{
    const struct weir_sock_config *c = &s->space->config;

    switch (name) {
    case WEIR_SO_REUSEADDR: s->o.reuse_address = value != 0; break;
    case WEIR_SO_BROADCAST: s->o.broadcast = value != 0; break;
    case WEIR_SO_ZEROCOPY:
        if (s->dgram) {
            return -WEIR_SOCK_EOPNOTSUPP;
        }
        if (value < 0 || value > 1) {
            return -WEIR_SOCK_EINVAL;
        }
        s->o.zerocopy = value != 0;
        return 0;
    case WEIR_SO_OOBINLINE: s->oob_inline = value != 0; return 0;
    case WEIR_SO_KEEPALIVE:
        s->o.tcp.keepalive = value != 0;
        return sock_options_apply(s, WEIR_OPT_KEEPALIVE);
    case WEIR_SO_RCVBUF: return set_buffer(s, WEIR_OPT_RECEIVE_BUFFER, value, c->rcvbuf_max);
    case WEIR_SO_SNDBUF: return set_buffer(s, WEIR_OPT_SEND_BUFFER, value, c->sndbuf_max);
    case WEIR_SO_RCVLOWAT: /* 0 counts as 1, negative as the most there is */
        s->o.tcp.receive_lowat = value < 0 ? SOCK_LOWAT_MAX : max_u32((uint32_t)value, 1);
        s->o.tcp.receive_lowat = min_u32(s->o.tcp.receive_lowat, SOCK_LOWAT_MAX);
        return sock_options_apply(s, WEIR_OPT_RECEIVE_LOWAT);
    case WEIR_SO_RCVBUFFORCE:
    case WEIR_SO_SNDBUFFORCE:
        return set_buffer(
            s, name == WEIR_SO_RCVBUFFORCE ? WEIR_OPT_RECEIVE_BUFFER : WEIR_OPT_SEND_BUFFER,
            value < 0 ? 0 : value, SOCK_BUFFER_LIMIT);
    default: return -WEIR_SOCK_ENOPROTOOPT;
    }
    if (s->dgram) {
        sock_dgram_apply(s);
    }
    return 0;
}

/* As it is now: an automatic one grows with its connection. */
static int32_t buffer_size(const struct weir_sock *s, enum weir_option option)
{
    const struct weir_tcp_options *o = &s->o.tcp;
    uint64_t size = option == WEIR_OPT_RECEIVE_BUFFER ? o->receive_buffer : o->send_buffer;

    if (s->dgram) {
        return (int32_t)(size ? size * 2 : SOCK_DGRAM_BUFFER);
    }
    if (size == 0 && (!s->handle || weir_tcp_get(s->space->stack, s->handle, option, &size) != 0)) {
        size = SOCK_BUFFER_INITIAL;
    }
    return (int32_t)(option == WEIR_OPT_RECEIVE_BUFFER ? size * 2 : size);
}

static int get_socket(struct weir_sock *s, int name, int32_t *value)
{
    switch (name) {
    case WEIR_SO_REUSEADDR: *value = s->o.reuse_address; return 0;
    case WEIR_SO_ZEROCOPY: *value = s->o.zerocopy; return 0;
    case WEIR_SO_OOBINLINE: *value = s->oob_inline; return 0;
    case WEIR_SO_KEEPALIVE: *value = s->o.tcp.keepalive; return 0;
    case WEIR_SO_BROADCAST: *value = s->o.broadcast; return 0;
    case WEIR_SO_TYPE: *value = s->dgram ? s->type : WEIR_SOCK_STREAM; return 0;
    case WEIR_SO_DOMAIN: *value = s->domain == 4 ? WEIR_AF_INET : WEIR_AF_INET6; return 0;
    case WEIR_SO_PROTOCOL: *value = s->dgram ? s->protocol : WEIR_SOL_TCP; return 0;
    case WEIR_SO_ACCEPTCONN: *value = s->listening; return 0;
    case WEIR_SO_RCVLOWAT: *value = (int32_t)s->o.tcp.receive_lowat; return 0;
    case WEIR_SO_RCVBUF: *value = buffer_size(s, WEIR_OPT_RECEIVE_BUFFER); return 0;
    case WEIR_SO_SNDBUF: *value = buffer_size(s, WEIR_OPT_SEND_BUFFER); return 0;
    case WEIR_SO_ERROR:
        sock_sync(s);
        *value = sock_take_error(s);
        if (*value == 0) {
            *value = s->soft_error;
            s->soft_error = 0;
        }
        return 0;
    default: return -WEIR_SOCK_ENOPROTOOPT;
    }
}

static int give(void *value, uint32_t *size, const void *from, uint32_t from_size)
{
    *size = min_u32(*size, from_size);
    memcpy(value, from, *size);
    return 0;
}

/* All ones means no limit, in either size. */
static int set_pacing_rate(struct weir_sock *s, const void *value, uint32_t size)
{
    uint64_t rate = 0;
    uint32_t half;

    if (size >= sizeof(rate)) {
        memcpy(&rate, value, sizeof(rate));
    } else if (size >= sizeof(half)) {
        memcpy(&half, value, sizeof(half));
        rate = half == UINT32_MAX ? UINT64_MAX : half;
    } else {
        return -WEIR_SOCK_EINVAL;
    }
    s->o.tcp.max_pacing_rate = rate == UINT64_MAX ? 0 : max_u64(rate, 1);
    return sock_options_apply(s, WEIR_OPT_MAX_PACING_RATE);
}

static int get_pacing_rate(const struct weir_sock *s, void *value, uint32_t *size)
{
    uint64_t rate = s->o.tcp.max_pacing_rate ? s->o.tcp.max_pacing_rate : UINT64_MAX;
    uint32_t half = (uint32_t)min_u64(rate, UINT32_MAX);

    return *size >= sizeof(rate) ? give(value, size, &rate, sizeof(rate))
                                 : give(value, size, &half, sizeof(half));
}

static int get_meminfo(struct weir_sock *s, void *value, uint32_t *size)
{
    uint32_t all[WEIR_SOCK_MEMINFO_COUNT] = {0};
    struct weir_tcp_info info;

    all[WEIR_SOCK_MEMINFO_RCVBUF] = (uint32_t)buffer_size(s, WEIR_OPT_RECEIVE_BUFFER);
    all[WEIR_SOCK_MEMINFO_SNDBUF] = (uint32_t)buffer_size(s, WEIR_OPT_SEND_BUFFER);
    if (!s->listening && sock_info(s, &info)) {
        all[WEIR_SOCK_MEMINFO_RMEM_ALLOC] = info.unread_bytes;
        all[WEIR_SOCK_MEMINFO_WMEM_QUEUED] = info.unacked_bytes + info.unsent_bytes;
    }
    return give(value, size, all, sizeof(all));
}

/* ---- Any level ---------------------------------------------------------------------------------------- */

int weir_sock_setsockopt(struct weir_sock *s, int level, int name, const void *value, uint32_t size)
{
    int32_t number = 0;

    if (level == WEIR_SOL_TCP && s->dgram) {
        return -WEIR_SOCK_ENOPROTOOPT;
    }
    if (level == WEIR_SOL_TCP && name == WEIR_TCP_CONGESTION) {
        return sock_congestion_set(s, value, size);
    }
    if (level == WEIR_SOL_TCP && name == WEIR_TCP_FASTOPEN_KEY) {
        return sock_fastopen_set_keys(s, value, size);
    }
    if (level == WEIR_SOL_TCP && sock_option_is_key(name)) {
        return sock_option_set_key(s, name, value, size);
    }
    if (level == WEIR_SOL_SOCKET && name == WEIR_SO_MAX_PACING_RATE) {
        return set_pacing_rate(s, value, size);
    }
    if ((level == WEIR_SOL_IP || level == WEIR_SOL_IPV6) && sock_multicast_is_option(level, name)) {
        return sock_multicast_set(s, level, name, value, size);
    }
    switch (level) {
    case WEIR_SOL_RAW:
    case WEIR_SOL_ICMPV6: return sock_raw_set_filter(s, level, name, value, size);
    case WEIR_SOL_SOCKET:
    case WEIR_SOL_TCP:
        if (size < sizeof(number)) {
            return -WEIR_SOCK_EINVAL;
        }
        memcpy(&number, value, sizeof(number));
        if (level == WEIR_SOL_TCP) {
            return sock_option_set_tcp(s, name, number);
        }
        if (name != WEIR_SO_LINGER) {
            return set_socket(s, name, number);
        }
        if (size < sizeof(s->o.linger)) {
            return -WEIR_SOCK_EINVAL;
        }
        memcpy(&s->o.linger, value, sizeof(s->o.linger));
        s->o.linger.on = s->o.linger.on != 0;
        return 0;
    case WEIR_SOL_IP: return sock_option_set_ip(s, name, value, size);
    case WEIR_SOL_IPV6: return sock_option_set_ip6(s, name, value, size);
    default: return -WEIR_SOCK_ENOPROTOOPT;
    }
}

/* Asking; setting is ENOPROTOOPT for both families. */
static int no_such_level(const struct weir_sock *s)
{
    return s->domain == 4 ? -WEIR_SOCK_EOPNOTSUPP : -WEIR_SOCK_ENOPROTOOPT;
}

int weir_sock_getsockopt(struct weir_sock *s, int level, int name, void *value, uint32_t *size)
{
    struct weir_sock_tcp_info info;
    int32_t number = 0;
    int error;

    if (*size > INT32_MAX) {
        return -WEIR_SOCK_EINVAL;
    }
    if (level == WEIR_SOL_TCP && s->dgram) {
        return no_such_level(s);
    }
    if (level == WEIR_SOL_SOCKET && name == WEIR_SO_LINGER) {
        return give(value, size, &s->o.linger, sizeof(s->o.linger));
    }
    if (level == WEIR_SOL_TCP && name == WEIR_TCP_INFO) {
        sock_tcp_info(s, &info);
        return give(value, size, &info, sizeof(info));
    }
    if (level == WEIR_SOL_TCP && name == WEIR_TCP_CC_INFO) {
        *size = 0;
        return 0;
    }
    if (level == WEIR_SOL_SOCKET && name == WEIR_SO_MEMINFO) {
        return get_meminfo(s, value, size);
    }
    if (level == WEIR_SOL_TCP && name == WEIR_TCP_CONGESTION) {
        char congestion[WEIR_SOCK_CONGESTION_MAX] = {0};

        sock_congestion_get(s, congestion);
        return give(value, size, congestion, sizeof(congestion));
    }
    if (level == WEIR_SOL_TCP && name == WEIR_TCP_FASTOPEN_KEY) {
        uint8_t keys[32];

        return give(value, size, keys, sock_fastopen_get_keys(s, keys));
    }
    if (level == WEIR_SOL_SOCKET && name == WEIR_SO_MAX_PACING_RATE) {
        return get_pacing_rate(s, value, size);
    }
    if (level == WEIR_SOL_RAW || level == WEIR_SOL_ICMPV6) {
        return sock_raw_get_filter(s, level, name, value, size);
    }
    switch (level) {
    case WEIR_SOL_SOCKET: error = get_socket(s, name, &number); break;
    case WEIR_SOL_TCP: error = sock_option_get_tcp(s, name, &number); break;
    case WEIR_SOL_IP: error = sock_option_get_ip(s, name, &number); break;
    case WEIR_SOL_IPV6: error = sock_option_get_ip6(s, name, &number); break;
    default: error = no_such_level(s); break;
    }
    if (error != 0) {
        return error;
    }
    if (level == WEIR_SOL_IP && *size > 0 && *size < sizeof(number) && number <= UINT8_MAX) {
        uint8_t byte = (uint8_t)number;

        return give(value, size, &byte, 1);
    }
    return give(value, size, &number, sizeof(number));
}
