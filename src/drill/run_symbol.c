/*
 * run_symbol.c - names: Linux's constants with Linux's numbers on every host, and what TCP_INFO says.
 *
 * The tables are of this project's own; a name that is missing makes the script unreadable for the runner,
 * not wrong.
 */
#include "drill/run_private.h"

#include <stddef.h>
#include <stdlib.h>

struct symbol {
    const char *name;
    int64_t value;
};

static const struct symbol errors[] = {
    {"EPERM", 1},
    {"ENOENT", 2},
    {"EINTR", 4},
    {"EIO", 5},
    {"EBADF", 9},
    {"EAGAIN", 11},
    {"EWOULDBLOCK", 11},
    {"ENOMEM", 12},
    {"EACCES", 13},
    {"EFAULT", 14},
    {"EBUSY", 16},
    {"EEXIST", 17},
    {"EINVAL", 22},
    {"EMFILE", 24},
    {"ENOSPC", 28},
    {"ESPIPE", 29},
    {"EPIPE", 32},
    {"ENOSYS", 38},
    {"ENOMSG", 42},
    {"EPROTO", 71},
    {"EBADMSG", 74},
    {"ENOTSOCK", 88},
    {"EDESTADDRREQ", 89},
    {"EMSGSIZE", 90},
    {"EPROTOTYPE", 91},
    {"ENOPROTOOPT", 92},
    {"EPROTONOSUPPORT", 93},
    {"ESOCKTNOSUPPORT", 94},
    {"EOPNOTSUPP", 95},
    {"ENOTSUP", 95},
    {"EPFNOSUPPORT", 96},
    {"EAFNOSUPPORT", 97},
    {"EADDRINUSE", 98},
    {"EADDRNOTAVAIL", 99},
    {"ENETDOWN", 100},
    {"ENETUNREACH", 101},
    {"ENETRESET", 102},
    {"ECONNABORTED", 103},
    {"ECONNRESET", 104},
    {"ENOBUFS", 105},
    {"EISCONN", 106},
    {"ENOTCONN", 107},
    {"ESHUTDOWN", 108},
    {"ETIMEDOUT", 110},
    {"ECONNREFUSED", 111},
    {"EHOSTDOWN", 112},
    {"EHOSTUNREACH", 113},
    {"EALREADY", 114},
    {"EINPROGRESS", 115},
    {"ECANCELED", 125},
};

static const struct symbol sockets[] = {
    {"NULL", 0},
    {"AF_UNSPEC", 0},
    {"AF_INET", 2},
    {"AF_INET6", 10},
    {"PF_INET", 2},
    {"PF_INET6", 10},
    {"SOCK_STREAM", 1},
    {"SOCK_DGRAM", 2},
    {"SOCK_RAW", 3},
    {"SOCK_NONBLOCK", 0x800},
    {"SOCK_CLOEXEC", 0x80000},
    {"IPPROTO_IP", 0},
    {"IPPROTO_ICMP", 1},
    {"IPPROTO_TCP", 6},
    {"IPPROTO_UDP", 17},
    {"IPPROTO_IPV6", 41},
    {"IPPROTO_ICMPV6", 58},
    {"IPPROTO_UDPLITE", 136},
    {"IPPROTO_MPTCP", 262},
    {"SHUT_RD", 0},
    {"SHUT_WR", 1},
    {"SHUT_RDWR", 2},
    {"O_RDONLY", 0},
    {"O_WRONLY", 1},
    {"O_RDWR", 2},
    {"O_CREAT", 0x40},
    {"O_TRUNC", 0x200},
    {"O_NONBLOCK", 0x800},
    {"F_GETFD", 1},
    {"F_SETFD", 2},
    {"F_GETFL", 3},
    {"F_SETFL", 4},
    {"FD_CLOEXEC", 1},
    {"MSG_OOB", 0x1},
    {"MSG_PEEK", 0x2},
    {"MSG_DONTROUTE", 0x4},
    {"MSG_CTRUNC", 0x8},
    {"MSG_TRUNC", 0x20},
    {"MSG_DONTWAIT", 0x40},
    {"MSG_EOR", 0x80},
    {"MSG_WAITALL", 0x100},
    {"MSG_CONFIRM", 0x800},
    {"MSG_ERRQUEUE", 0x2000},
    {"MSG_NOSIGNAL", 0x4000},
    {"MSG_MORE", 0x8000},
    {"MSG_ZEROCOPY", 0x4000000},
    {"MSG_FASTOPEN", 0x20000000},
    {"SIOCINQ", 0x541B},
    {"FIONREAD", 0x541B},
    {"SIOCOUTQ", 0x5411},
    {"SIOCOUTQNSD", 0x894B},
    {"POLLIN", 0x1},
    {"POLLPRI", 0x2},
    {"POLLOUT", 0x4},
    {"POLLERR", 0x8},
    {"POLLHUP", 0x10},
    {"POLLNVAL", 0x20},
    {"POLLRDNORM", 0x40},
    {"POLLRDBAND", 0x80},
    {"POLLWRNORM", 0x100},
    {"POLLWRBAND", 0x200},
    {"POLLRDHUP", 0x2000},
    {"EPOLLIN", 0x1},
    {"EPOLLPRI", 0x2},
    {"EPOLLOUT", 0x4},
    {"EPOLLERR", 0x8},
    {"EPOLLHUP", 0x10},
    {"EPOLLRDNORM", 0x40},
    {"EPOLLRDBAND", 0x80},
    {"EPOLLWRNORM", 0x100},
    {"EPOLLWRBAND", 0x200},
    {"EPOLLRDHUP", 0x2000},
    {"EPOLLEXCLUSIVE", 1 << 28},
    {"EPOLLONESHOT", 1 << 30},
    {"EPOLLET", 0x80000000},
    {"EPOLL_CTL_ADD", 1},
    {"EPOLL_CTL_DEL", 2},
    {"EPOLL_CTL_MOD", 3},
};

static const struct symbol options[] = {
    {"SOL_IP", 0},
    {"SOL_SOCKET", 1},
    {"SOL_TCP", 6},
    {"SOL_UDP", 17},
    {"SOL_IPV6", 41},
    {"SO_DEBUG", 1},
    {"SO_REUSEADDR", 2},
    {"SO_TYPE", 3},
    {"SO_ERROR", 4},
    {"SO_DONTROUTE", 5},
    {"SO_BROADCAST", 6},
    {"SO_SNDBUF", 7},
    {"SO_RCVBUF", 8},
    {"SO_KEEPALIVE", 9},
    {"SO_OOBINLINE", 10},
    {"SO_PRIORITY", 12},
    {"SO_LINGER", 13},
    {"SO_REUSEPORT", 15},
    {"SO_RCVLOWAT", 18},
    {"SO_SNDLOWAT", 19},
    {"SO_RCVTIMEO", 20},
    {"SO_SNDTIMEO", 21},
    {"SO_TIMESTAMP", 29},
    {"SO_ACCEPTCONN", 30},
    {"SO_SNDBUFFORCE", 32},
    {"SO_RCVBUFFORCE", 33},
    {"SO_MARK", 36},
    {"SO_TIMESTAMPING", 37},
    {"SO_PROTOCOL", 38},
    {"SO_DOMAIN", 39},
    {"SO_MAX_PACING_RATE", 47},
    {"SO_ZEROCOPY", 60},
    {"SO_MEMINFO", 55},
    {"IP_TOS", 1},
    {"IP_TTL", 2},
    {"IP_MTU_DISCOVER", 10},
    {"IP_RECVERR", 11},
    {"IP_RECVTOS", 13},
    {"IP_MTU", 14},
    {"IP_FREEBIND", 15},
    {"IP_PMTUDISC_DONT", 0},
    {"IP_PMTUDISC_WANT", 1},
    {"IP_PMTUDISC_DO", 2},
    {"IP_PMTUDISC_PROBE", 3},
    {"IPV6_UNICAST_HOPS", 16},
    {"IPV6_MTU_DISCOVER", 23},
    {"IPV6_MTU", 24},
    {"IPV6_RECVERR", 25},
    {"IPV6_V6ONLY", 26},
    {"IPV6_HOPLIMIT", 52},
    {"IPV6_TCLASS", 67},
    {"TCP_NODELAY", 1},
    {"TCP_MAXSEG", 2},
    {"TCP_CORK", 3},
    {"TCP_KEEPIDLE", 4},
    {"TCP_KEEPINTVL", 5},
    {"TCP_KEEPCNT", 6},
    {"TCP_SYNCNT", 7},
    {"TCP_LINGER2", 8},
    {"TCP_DEFER_ACCEPT", 9},
    {"TCP_WINDOW_CLAMP", 10},
    {"TCP_INFO", 11},
    {"TCP_QUICKACK", 12},
    {"TCP_CONGESTION", 13},
    {"TCP_MD5SIG", 14},
    {"TCP_THIN_LINEAR_TIMEOUTS", 16},
    {"TCP_THIN_DUPACK", 17},
    {"TCP_USER_TIMEOUT", 18},
    {"TCP_FASTOPEN", 23},
    {"TCP_TIMESTAMP", 24},
    {"TCP_NOTSENT_LOWAT", 25},
    {"TCP_CC_INFO", 26},
    {"TCP_SAVE_SYN", 27},
    {"TCP_SAVED_SYN", 28},
    {"TCP_FASTOPEN_CONNECT", 30},
    {"TCP_ULP", 31},
    {"TCP_MD5SIG_EXT", 32},
    {"TCP_AO_ADD_KEY", 38},
    {"TCP_FASTOPEN_KEY", 33},
    {"TCP_FASTOPEN_NO_COOKIE", 34},
    {"TCP_INQ", 36},
    {"TCP_CM_INQ", 36},
    {"TCP_TX_DELAY", 37},
    {"TCP_RTO_MAX_MS", 44},
    {"TCP_RTO_MIN_US", 45},
};

/* Timestamps and reports of the error queue, of which weir has none: so that a call can fail rightly. */
static const struct symbol reports[] = {
    {"SOF_TIMESTAMPING_TX_HARDWARE", 0x1},
    {"SOF_TIMESTAMPING_TX_SOFTWARE", 0x2},
    {"SOF_TIMESTAMPING_RX_HARDWARE", 0x4},
    {"SOF_TIMESTAMPING_RX_SOFTWARE", 0x8},
    {"SOF_TIMESTAMPING_SOFTWARE", 0x10},
    {"SOF_TIMESTAMPING_RAW_HARDWARE", 0x40},
    {"SOF_TIMESTAMPING_OPT_ID", 0x80},
    {"SOF_TIMESTAMPING_TX_SCHED", 0x100},
    {"SOF_TIMESTAMPING_TX_ACK", 0x200},
    {"SOF_TIMESTAMPING_OPT_CMSG", 0x400},
    {"SOF_TIMESTAMPING_OPT_TSONLY", 0x800},
    {"SOF_TIMESTAMPING_OPT_STATS", 0x1000},
    {"SOF_TIMESTAMPING_OPT_ID_TCP", 0x10000},
    {"SCM_TIMESTAMPING", 37},
    {"SCM_TIMESTAMPING_OPT_STATS", 54},
    {"SCM_TSTAMP_SND", 0},
    {"SCM_TSTAMP_SCHED", 1},
    {"SCM_TSTAMP_ACK", 2},
    {"SO_EE_ORIGIN_TIMESTAMPING", 4},
    {"SO_EE_ORIGIN_ZEROCOPY", 5},
    {"SO_EE_CODE_ZEROCOPY_COPIED", 1},
};

/* Names that only code blocks use. */
static const struct symbol states[] = {
    {"TCP_ESTABLISHED", 1},     {"TCP_SYN_SENT", 2},         {"TCP_SYN_RECV", 3},
    {"TCP_FIN_WAIT1", 4},       {"TCP_FIN_WAIT2", 5},        {"TCP_TIME_WAIT", 6},
    {"TCP_CLOSE", 7},           {"TCP_CLOSE_WAIT", 8},       {"TCP_LAST_ACK", 9},
    {"TCP_LISTEN", 10},         {"TCP_CLOSING", 11},         {"TCP_CA_Open", 0},
    {"TCP_CA_Disorder", 1},     {"TCP_CA_CWR", 2},           {"TCP_CA_Recovery", 3},
    {"TCP_CA_Loss", 4},         {"TCP_CA_OPEN", 0},          {"TCP_CA_DISORDER", 1},
    {"TCP_CA_RECOVERY", 3},     {"TCP_CA_LOSS", 4},          {"TCP_INFINITE_SSTHRESH", 0x7fffffff},
    {"TCPI_OPT_TIMESTAMPS", 1}, {"TCPI_OPT_SACK", 2},        {"TCPI_OPT_WSCALE", 4},
    {"TCPI_OPT_ECN", 8},        {"TCPI_OPT_ECN_SEEN", 16},   {"TCPI_OPT_SYN_DATA", 32},
    {"TCPI_OPT_USEC_TS", 64},   {"TCPI_OPT_TFO_CHILD", 128},
};

static const struct symbol *find(const struct symbol *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].name, name) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

const char *run_define(const struct run *run, const char *name)
{
    const char *value = drill_script_define(run->script, name);
    size_t size = strlen(name);

    for (size_t i = 0; !value && i < run->options->define_count; i++) {
        const char *define = run->options->defines[i];

        value = strncmp(define, name, size) == 0 && define[size] == '=' ? define + size + 1 : NULL;
    }
    return value;
}

/* What a name was defined as: a number, or the name of a constant. */
static bool defined_symbol(const struct run *run, const char *name, int64_t *value)
{
    const char *text = run ? run_define(run, name) : NULL;
    char *end;

    if (!text) {
        return false;
    }
    *value = strtoll(text, &end, 0);
    return (end != text && *end == '\0') || run_symbol(NULL, text, value);
}

bool run_symbol(void *run, const char *name, int64_t *value)
{
    const struct symbol *found = find(sockets, ARRAY_SIZE(sockets), name);

    found = found ? found : find(options, ARRAY_SIZE(options), name);
    found = found ? found : find(errors, ARRAY_SIZE(errors), name);
    found = found ? found : find(reports, ARRAY_SIZE(reports), name);
    found = found ? found : find(states, ARRAY_SIZE(states), name);
    if (!found) {
        return defined_symbol(run, name, value);
    }
    *value = found->value;
    return true;
}

const char *run_errno_name(int64_t number)
{
    for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
        if (errors[i].value == number) {
            return errors[i].name;
        }
    }
    return "unknown";
}

/* ---- TCP_INFO -------------------------------------------------------------------------------------------- */

#define FIELD(f)                                            \
    {                                                       \
        "tcpi_" #f, offsetof(struct weir_sock_tcp_info, f), \
            sizeof(((struct weir_sock_tcp_info *)NULL)->f)  \
    }

static const struct field {
    const char *name;
    size_t at, size;
} fields[] = {
    FIELD(state),
    FIELD(ca_state),
    FIELD(retransmits),
    FIELD(probes),
    FIELD(backoff),
    FIELD(options),
    FIELD(rto),
    FIELD(ato),
    FIELD(snd_mss),
    FIELD(rcv_mss),
    FIELD(unacked),
    FIELD(sacked),
    FIELD(lost),
    FIELD(retrans),
    FIELD(fackets),
    FIELD(last_data_sent),
    FIELD(last_ack_sent),
    FIELD(last_data_recv),
    FIELD(last_ack_recv),
    FIELD(pmtu),
    FIELD(rcv_ssthresh),
    FIELD(rtt),
    FIELD(rttvar),
    FIELD(snd_ssthresh),
    FIELD(snd_cwnd),
    FIELD(advmss),
    FIELD(reordering),
    FIELD(rcv_rtt),
    FIELD(rcv_space),
    FIELD(total_retrans),
    FIELD(pacing_rate),
    FIELD(max_pacing_rate),
    FIELD(bytes_acked),
    FIELD(bytes_received),
    FIELD(segs_out),
    FIELD(segs_in),
    FIELD(notsent_bytes),
    FIELD(min_rtt),
    FIELD(data_segs_in),
    FIELD(data_segs_out),
    FIELD(delivery_rate),
    FIELD(busy_time),
    FIELD(rwnd_limited),
    FIELD(sndbuf_limited),
    FIELD(delivered),
    FIELD(delivered_ce),
    FIELD(bytes_sent),
    FIELD(bytes_retrans),
    FIELD(dsack_dups),
    FIELD(reord_seen),
    FIELD(rcv_ooopack),
    FIELD(snd_wnd),
    FIELD(rcv_wnd),
    FIELD(rehash),
    FIELD(total_rto),
    FIELD(total_rto_recoveries),
    FIELD(total_rto_time),
    FIELD(received_ce),
    FIELD(delivered_e1_bytes),
    FIELD(delivered_e0_bytes),
    FIELD(delivered_ce_bytes),
    FIELD(received_e1_bytes),
    FIELD(received_e0_bytes),
    FIELD(received_ce_bytes),
};

static int64_t load(const void *from, size_t size)
{
    uint64_t whole = 0;
    uint32_t word = 0;
    uint16_t half = 0;

    if (size == sizeof(whole)) {
        memcpy(&whole, from, size);
        return (int64_t)whole;
    }
    if (size == sizeof(word)) {
        memcpy(&word, from, size);
        return word;
    }
    if (size == sizeof(half)) {
        memcpy(&half, from, size);
        return half;
    }
    return *(const uint8_t *)from;
}

static bool info_symbol(void *context, const char *name, int64_t *value)
{
    const struct weir_sock_tcp_info *info = context;

    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        if (strcmp(fields[i].name, name) == 0) {
            *value = load((const uint8_t *)info + fields[i].at, fields[i].size);
            return true;
        }
    }
    if (strcmp(name, "tcpi_snd_wscale") == 0) {
        *value = info->wscale & 15;
        return true;
    }
    if (strcmp(name, "tcpi_rcv_wscale") == 0) {
        *value = info->wscale >> 4;
        return true;
    }
    if (strcmp(name, "tcpi_delivery_rate_app_limited") == 0) {
        *value = info->limited & 1;
        return true;
    }
    return run_symbol(NULL, name, value);
}

/* About the connection that packets are about; of a listener before that. */
static struct weir_sock *socket_of(const struct run *run)
{
    for (const struct run_fd *fd = run->fds; fd; fd = fd->next) {
        if (fd->kind == FD_SOCKET && fd->conn == run->conn) {
            return fd->sock;
        }
    }
    return NULL;
}

bool run_code(struct run *run, const struct drill_code *code)
{
    struct weir_sock *sock = socket_of(run);
    struct weir_sock_tcp_info info;
    uint32_t size = sizeof(info);
    struct drill_error error;
    const char *text;
    int result;

    memset(&info, 0, sizeof(info));
    if (sock) {
        (void)weir_sock_getsockopt(sock, WEIR_SOL_TCP, WEIR_TCP_INFO, &info, &size);
    }
    result = drill_code_run(run->script, code, &run->variables, info_symbol, &info, &error);
    if (result == DRILL_OK) {
        return true;
    }
    text = strstr(error.text, ": ");
    text = text ? text + 2 : error.text;
    return result == DRILL_EASSERT ? run_fail(run, error.pos, "%s", text)
                                   : run_skip(run, error.pos, "not modelled: %s", text);
}
