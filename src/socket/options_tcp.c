/* options_tcp.c - options of SOL_TCP, with Linux's bounds, and TCP_INFO. */
#include "socket/sock.h"

#define SYN_RETRIES_MAX 127
#define MAXSEG_MIN 88
#define MAXSEG_MAX 32767
#define KEEP_TIME_MAX 32767
#define KEEP_PROBES_MAX 127
#define MSS_DEFAULT 536
#define RTO_MAX_MS_MIN 1000
#define RTO_MAX_MS_MAX 120000
#define RTO_MIN_US_MAX 200000
#define LINGER2_MAX 120
#define LINGER2_DEFAULT 60
#define LINGER2_NONE 1 /* ns: FIN-WAIT-2 ends as soon as it begins */

/* ---- Setting ------------------------------------------------------------------------------------------ */

static int set_keep_time(struct weir_sock *s, enum weir_option option, int32_t seconds)
{
    weir_time *time =
        option == WEIR_OPT_KEEPALIVE_IDLE ? &s->o.tcp.keepalive_idle : &s->o.tcp.keepalive_interval;

    if (seconds < 1 || seconds > KEEP_TIME_MAX) {
        return -WEIR_SOCK_EINVAL;
    }
    *time = (uint32_t)seconds * WEIR_S;
    return sock_options_apply(s, option);
}

/* A mode of the connection, not a setting: the next answer may change it. */
static int set_quickack(struct weir_sock *s, int32_t value)
{
    if (!s->handle || s->listening) {
        return 0;
    }
    return -sock_errno(
        weir_tcp_set(s->space->stack, s->handle, WEIR_OPT_QUICKACK, (uint32_t)value));
}

static int32_t quickack(const struct weir_sock *s)
{
    uint64_t value = 1;

    if (s->handle && !s->listening) {
        (void)weir_tcp_get(s->space->stack, s->handle, WEIR_OPT_QUICKACK, &value);
    }
    return (int32_t)value;
}

/* Seconds in FIN-WAIT-2 after close; beyond the maximum: the default; negative: not at all. */
static int set_linger2(struct weir_sock *s, int32_t seconds)
{
    weir_time *time = &s->o.tcp.fin_wait_2_time;

    if (seconds < 0) {
        *time = LINGER2_NONE;
    } else {
        *time = seconds == 0 || seconds > LINGER2_MAX ? s->space->config.tcp.fin_wait_2_time
                                                      : (uint32_t)seconds * WEIR_S;
    }
    return sock_options_apply(s, WEIR_OPT_FIN_WAIT_2_TIME);
}

static int32_t linger2(const struct weir_sock *s)
{
    weir_time time = s->o.tcp.fin_wait_2_time;

    return time == LINGER2_NONE ? -1
           : time               ? (int32_t)min_u64(time / WEIR_S, INT32_MAX)
                                : LINGER2_DEFAULT;
}

static int set_rto_max(struct weir_sock *s, int32_t ms)
{
    if (ms < RTO_MAX_MS_MIN || ms > RTO_MAX_MS_MAX) {
        return -WEIR_SOCK_EINVAL;
    }
    s->o.tcp.rto_max = (uint32_t)ms * WEIR_MS;
    return sock_options_apply(s, WEIR_OPT_RTO_MAX);
}

static int set_rto_min(struct weir_sock *s, int32_t us)
{
    if (us < 1 || us > RTO_MIN_US_MAX) {
        return -WEIR_SOCK_EINVAL;
    }
    s->o.tcp.rto_min = (uint32_t)us * WEIR_US;
    return sock_options_apply(s, WEIR_OPT_RTO_MIN);
}

int sock_option_set_tcp(struct weir_sock *s, int name, int32_t value)
{
    switch (name) {
    case WEIR_TCP_NODELAY:
        s->o.tcp.nodelay = value != 0;
        return sock_options_apply(s, WEIR_OPT_NODELAY);
    case WEIR_TCP_MAXSEG: /* for the next SYN; 0: what the path allows */
        if (value != 0 && (value < MAXSEG_MIN || value > MAXSEG_MAX)) {
            return -WEIR_SOCK_EINVAL;
        }
        s->o.tcp.mss_clamp = value ? (uint16_t)value : s->space->config.tcp.mss_clamp;
        return s->listening ? sock_options_apply(s, WEIR_OPT_MSS_CLAMP) : 0;
    case WEIR_TCP_SYNCNT:
        if (value < 1 || value > SYN_RETRIES_MAX) {
            return -WEIR_SOCK_EINVAL;
        }
        s->o.tcp.syn_retries = (uint8_t)value;
        return sock_options_apply(s, WEIR_OPT_SYN_RETRIES);
    case WEIR_TCP_KEEPIDLE: return set_keep_time(s, WEIR_OPT_KEEPALIVE_IDLE, value);
    case WEIR_TCP_KEEPINTVL: return set_keep_time(s, WEIR_OPT_KEEPALIVE_INTERVAL, value);
    case WEIR_TCP_KEEPCNT:
        if (value < 1 || value > KEEP_PROBES_MAX) {
            return -WEIR_SOCK_EINVAL;
        }
        s->o.tcp.keepalive_probes = (uint32_t)value;
        return sock_options_apply(s, WEIR_OPT_KEEPALIVE_PROBES);
    case WEIR_TCP_USER_TIMEOUT:
        if (value < 0) {
            return -WEIR_SOCK_EINVAL;
        }
        s->o.user_timeout_ms = (uint32_t)value;
        return sock_options_apply(s, WEIR_OPT_USER_TIMEOUT);
    case WEIR_TCP_LINGER2: return set_linger2(s, value);
    case WEIR_TCP_CORK: s->o.cork = value != 0; return sock_options_apply(s, WEIR_OPT_CORK);
    case WEIR_TCP_QUICKACK: return set_quickack(s, value);
    case WEIR_TCP_NOTSENT_LOWAT:
        s->o.notsent_lowat = (uint32_t)value;
        s->o.tcp.notsent_lowat = value ? (uint32_t)value : s->space->config.tcp.notsent_lowat;
        return sock_options_apply(s, WEIR_OPT_NOTSENT_LOWAT);
    case WEIR_TCP_FASTOPEN: return sock_fastopen_set_queue(s, value);
    case WEIR_TCP_FASTOPEN_CONNECT: return sock_fastopen_set_connect(s, value);
    case WEIR_TCP_FASTOPEN_NO_COOKIE: return sock_fastopen_set_no_cookie(s, value);
    case WEIR_TCP_RTO_MAX_MS: return set_rto_max(s, value);
    case WEIR_TCP_RTO_MIN_US: return set_rto_min(s, value);
    default: return -WEIR_SOCK_ENOPROTOOPT;
    }
}

int sock_congestion_set(struct weir_sock *s, const char *name, uint32_t size)
{
    uint32_t length = 0;
    int found;

    if (size == 0) {
        return -WEIR_SOCK_EINVAL;
    }
    while (length < size && length < WEIR_SOCK_CONGESTION_MAX - 1 && name[length]) {
        length++;
    }
    found = weir_congestion_find(name, length);
    if (found < 0) {
        return -WEIR_SOCK_ENOENT;
    }
    s->o.tcp.congestion = (uint8_t)found;
    return sock_options_apply(s, WEIR_OPT_CONGESTION);
}

void sock_congestion_get(const struct weir_sock *s, char name[WEIR_SOCK_CONGESTION_MAX])
{
    const char *known = weir_congestion_name((enum weir_congestion)s->o.tcp.congestion);

    for (uint32_t i = 0; i < WEIR_SOCK_CONGESTION_MAX - 1 && known[i]; i++) {
        name[i] = known[i];
    }
}

/* ---- Getting ------------------------------------------------------------------------------------------ */

static int32_t segment_size(const struct weir_sock *s)
{
    struct weir_tcp_info info;

    if (!s->listening && sock_info(s, &info) && info.state != WEIR_TCP_CLOSED) {
        return info.snd_mss;
    }
    return s->o.tcp.mss_clamp ? s->o.tcp.mss_clamp : MSS_DEFAULT;
}

int sock_option_get_tcp(struct weir_sock *s, int name, int32_t *value)
{
    const struct weir_tcp_options *o = &s->o.tcp;

    switch (name) {
    case WEIR_TCP_NODELAY: *value = o->nodelay; return 0;
    case WEIR_TCP_MAXSEG: *value = segment_size(s); return 0;
    case WEIR_TCP_SYNCNT: *value = o->syn_retries; return 0;
    case WEIR_TCP_CORK: *value = s->o.cork; return 0;
    case WEIR_TCP_QUICKACK: *value = quickack(s); return 0;
    case WEIR_TCP_NOTSENT_LOWAT: *value = (int32_t)s->o.notsent_lowat; return 0;
    case WEIR_TCP_FASTOPEN: *value = (int32_t)o->fastopen_queue; return 0;
    case WEIR_TCP_FASTOPEN_CONNECT: *value = s->o.fastopen_connect; return 0;
    case WEIR_TCP_FASTOPEN_NO_COOKIE: *value = o->fastopen_no_cookie; return 0;
    case WEIR_TCP_KEEPIDLE: *value = (int32_t)(o->keepalive_idle / WEIR_S); return 0;
    case WEIR_TCP_KEEPINTVL: *value = (int32_t)(o->keepalive_interval / WEIR_S); return 0;
    case WEIR_TCP_KEEPCNT: *value = (int32_t)o->keepalive_probes; return 0;
    case WEIR_TCP_LINGER2: *value = linger2(s); return 0;
    case WEIR_TCP_USER_TIMEOUT: *value = (int32_t)s->o.user_timeout_ms; return 0;
    case WEIR_TCP_RTO_MAX_MS: *value = (int32_t)(o->rto_max / WEIR_MS); return 0;
    case WEIR_TCP_RTO_MIN_US: *value = (int32_t)(o->rto_min / WEIR_US); return 0;
    default: return -WEIR_SOCK_ENOPROTOOPT;
    }
}

/* ---- TCP_INFO ----------------------------------------------------------------------------------------- */

void sock_tcp_info(struct weir_sock *s, struct weir_sock_tcp_info *o)
{
    struct weir_tcp_info info;

    memset(o, 0, sizeof(*o));
    o->state = (uint8_t)sock_state(s);
    if (s->listening) { /* as Linux: the length of the queue, which the core does not tell, and its limit */
        o->unacked = s->waiting ? 1 : 0;
        o->sacked = s->backlog;
    } else if (sock_info(s, &info)) {
        uint8_t state = o->state; /* TIME-WAIT is CLOSE here */

        (void)weir_tcp_info_linux(&info, o, sizeof(*o));
        o->state = state;
    }
}
