/*
 * names.c - the names of errors, states, reasons and timers, one table for each enum.
 *
 * A list says each member once, X(MEMBER, "name"). The table and the number of names are made from it; a
 * member named twice is a compiler warning, so an equal number means that none is missing.
 */
#include <assert.h>
#include <weir/trace.h>

#include "base/compiler.h"

#define COUNT_ONE(member, name) +1

#define DROP_NAMES(X)                                 \
    X(NONE, "none")                                   \
    X(LINK_DOWN, "link-down")                         \
    X(ETH_SHORT, "eth-short")                         \
    X(ETH_NOT_US, "eth-not-us")                       \
    X(ETH_TYPE, "eth-type")                           \
    X(ARP_MALFORMED, "arp-malformed")                 \
    X(IP_VERSION, "ip-version")                       \
    X(IP_SHORT, "ip-short")                           \
    X(IP_HEADER_LENGTH, "ip-header-length")           \
    X(IP_TOTAL_LENGTH, "ip-total-length")             \
    X(IP_CHECKSUM, "ip-checksum")                     \
    X(IP_SOURCE, "ip-source")                         \
    X(IP_NOT_US, "ip-not-us")                         \
    X(IP_PROTOCOL, "ip-protocol")                     \
    X(IP_OPTION, "ip-option")                         \
    X(IP6_EXTENSION, "ip6-extension")                 \
    X(FRAGMENT_MALFORMED, "fragment-malformed")       \
    X(FRAGMENT_OVERLAP, "fragment-overlap")           \
    X(FRAGMENT_LIMIT, "fragment-limit")               \
    X(FRAGMENT_TIMEOUT, "fragment-timeout")           \
    X(ICMP_SHORT, "icmp-short")                       \
    X(ICMP_CHECKSUM, "icmp-checksum")                 \
    X(ICMP_TYPE, "icmp-type")                         \
    X(ICMP_QUOTE, "icmp-quote")                       \
    X(ICMP_NO_CONNECTION, "icmp-no-connection")       \
    X(ICMP_SEQUENCE, "icmp-sequence")                 \
    X(ICMP_RATE, "icmp-rate")                         \
    X(NDP_MALFORMED, "ndp-malformed")                 \
    X(NDP_HOP_LIMIT, "ndp-hop-limit")                 \
    X(UDP_SHORT, "udp-short")                         \
    X(UDP_LENGTH, "udp-length")                       \
    X(UDP_CHECKSUM, "udp-checksum")                   \
    X(UDP_PORT, "udp-port")                           \
    X(TCP_SHORT, "tcp-short")                         \
    X(TCP_DATA_OFFSET, "tcp-data-offset")             \
    X(TCP_CHECKSUM, "tcp-checksum")                   \
    X(TCP_OPTION, "tcp-option")                       \
    X(TCP_PORT_ZERO, "tcp-port-zero")                 \
    X(TCP_NO_CONNECTION, "tcp-no-connection")         \
    X(TCP_RST_NO_CONNECTION, "tcp-rst-no-connection") \
    X(TCP_BROADCAST, "tcp-broadcast")                 \
    X(LISTEN_ACK, "listen-ack")                       \
    X(LISTEN_RST, "listen-rst")                       \
    X(LISTEN_NOT_SYN, "listen-not-syn")               \
    X(LISTEN_FULL, "listen-full")                     \
    X(BACKLOG_FULL, "backlog-full")                   \
    X(SYN_REFUSED, "syn-refused")                     \
    X(HALF_OPEN_ACK, "half-open-ack")                 \
    X(HALF_OPEN_RST, "half-open-rst")                 \
    X(HALF_OPEN_SEQUENCE, "half-open-sequence")       \
    X(SEQUENCE, "sequence")                           \
    X(PAWS, "paws")                                   \
    X(RST_SEQUENCE, "rst-sequence")                   \
    X(RST_WINDOW, "rst-window")                       \
    X(SYN_CHALLENGE, "syn-challenge")                 \
    X(NO_ACK, "no-ack")                               \
    X(ACK_RANGE, "ack-range")                         \
    X(SYN_SENT_ACK, "syn-sent-ack")                   \
    X(SYN_SENT_RST, "syn-sent-rst")                   \
    X(SYN_SENT_NOTHING, "syn-sent-nothing")           \
    X(DUPLICATE_DATA, "duplicate-data")               \
    X(AFTER_CLOSE, "after-close")                     \
    X(AFTER_FIN, "after-fin")                         \
    X(RECEIVE_BUFFER, "receive-buffer")               \
    X(REASSEMBLY_LIMIT, "reassembly-limit")           \
    X(TIME_WAIT, "time-wait")                         \
    X(CHALLENGE_LIMIT, "challenge-limit")             \
    X(NO_MEMORY, "no-memory")                         \
    X(REPLY_RING, "reply-ring")                       \
    X(NO_ROUTE, "no-route")                           \
    X(NO_NEIGHBOR, "no-neighbor")                     \
    X(OFFLOAD, "offload")                             \
    X(ECN_CONFLICT, "ecn-conflict")                   \
    X(AUTH_MISSING, "auth-missing")                   \
    X(AUTH_UNEXPECTED, "auth-unexpected")             \
    X(AUTH_KEY, "auth-key")                           \
    X(AUTH_MAC, "auth-mac")                           \
    X(AUTH_ICMP, "auth-icmp")                         \
    X(UDP_BUFFER, "udp-buffer")                       \
    X(GROUP_MALFORMED, "group-malformed")             \
    X(GROUP_TYPE, "group-type")                       \
    X(GROUP_UNTRUSTED, "group-untrusted")             \
    X(ROUTER_SOURCE, "router-source")                 \
    X(ROUTER_MALFORMED, "router-malformed")           \
    X(RAW_CHECKSUM, "raw-checksum")                   \
    X(DHCP_MALFORMED, "dhcp-malformed")               \
    X(DHCP_UNEXPECTED, "dhcp-unexpected")

#define ENTRY(member, name) [WEIR_DROP_##member] = (name),
static const char *const drop_names[] = {DROP_NAMES(ENTRY)};
#undef ENTRY
static_assert(0 DROP_NAMES(COUNT_ONE) == WEIR_DROP_COUNT, "every member has a name");

const char *weir_drop_name(enum weir_drop drop)
{
    return (uint32_t)drop < ARRAY_SIZE(drop_names) ? drop_names[drop] : "unknown";
}

static_assert(WEIR_DROP_COUNT <= WEIR_DROP_REASONS_MAX, "weir_stats has a counter for each");

#define REASON_NAMES(X)                             \
    X(NONE, "none")                                 \
    X(USER_CONNECT, "user-connect")                 \
    X(USER_CLOSE, "user-close")                     \
    X(USER_SHUTDOWN, "user-shutdown")               \
    X(USER_ABORT, "user-abort")                     \
    X(UNREAD_DATA, "unread-data")                   \
    X(DATA_AFTER_CLOSE, "data-after-close")         \
    X(SYN_IN, "syn-in")                             \
    X(SYN_ACK_IN, "syn-ack-in")                     \
    X(ACK_IN, "ack-in")                             \
    X(FIN_IN, "fin-in")                             \
    X(RST_IN, "rst-in")                             \
    X(FIN_ACKED, "fin-acked")                       \
    X(ICMP, "icmp")                                 \
    X(RTO, "rto")                                   \
    X(DUP_ACKS, "dup-acks")                         \
    X(SACK, "sack")                                 \
    X(PARTIAL_ACK, "partial-ack")                   \
    X(SLOW_START, "slow-start")                     \
    X(CONGESTION_AVOIDANCE, "congestion-avoidance") \
    X(RECOVERY_ENTER, "recovery-enter")             \
    X(RECOVERY_EXIT, "recovery-exit")               \
    X(IDLE_RESTART, "idle-restart")                 \
    X(PROBE, "probe")                               \
    X(KEEPALIVE, "keepalive")                       \
    X(DELAYED_ACK, "delayed-ack")                   \
    X(TIME_WAIT_OVER, "time-wait-over")             \
    X(R1, "r1")                                     \
    X(R2, "r2")                                     \
    X(SYN_TIMEOUT, "syn-timeout")                   \
    X(NO_MEMORY, "no-memory")                       \
    X(BACKLOG, "backlog")                           \
    X(STACK_DEL, "stack-del")                       \
    X(PMTU, "pmtu")                                 \
    X(SIMULTANEOUS_OPEN, "simultaneous-open")       \
    X(SYN_RETRANSMIT, "syn-retransmit")             \
    X(TIME_WAIT_REUSED, "time-wait-reused")         \
    X(BAD_OPTION, "bad-option")                     \
    X(FRAME_DROPPED, "frame-dropped")               \
    X(NEIGHBOR, "neighbor")                         \
    X(HYSTART, "hystart")                           \
    X(HYSTART_EXIT, "hystart-exit")                 \
    X(BBR_STARTUP, "bbr-startup")                   \
    X(BBR_DRAIN, "bbr-drain")                       \
    X(BBR_PROBE_DOWN, "bbr-probe-down")             \
    X(BBR_PROBE_CRUISE, "bbr-probe-cruise")         \
    X(BBR_PROBE_REFILL, "bbr-probe-refill")         \
    X(BBR_PROBE_UP, "bbr-probe-up")                 \
    X(BBR_PROBE_RTT, "bbr-probe-rtt")               \
    X(ECN, "ecn")                                   \
    X(RACK, "rack")                                 \
    X(LOST_RETRANSMISSION, "lost-retransmission")   \
    X(TLP, "tlp")                                   \
    X(UNDO, "undo")                                 \
    X(FRTO, "frto")                                 \
    X(DSACK, "dsack")                               \
    X(EIFEL, "eifel")                               \
    X(RECOVERY, "recovery")                         \
    X(MTU_PROBE, "mtu-probe")                       \
    X(BLACK_HOLE, "black-hole")                     \
    X(ORPHANS, "orphans")

#define ENTRY(member, name) [WEIR_REASON_##member] = (name),
static const char *const reason_names[] = {REASON_NAMES(ENTRY)};
#undef ENTRY
static_assert(0 REASON_NAMES(COUNT_ONE) == WEIR_REASON_COUNT, "every member has a name");

const char *weir_reason_name(enum weir_reason reason)
{
    return (uint32_t)reason < ARRAY_SIZE(reason_names) ? reason_names[reason] : "unknown";
}

#define LIMIT_NAMES(X)            \
    X(NONE, "none")               \
    X(APP, "app")                 \
    X(CWND, "cwnd")               \
    X(WINDOW, "window")           \
    X(SEND_BUFFER, "send-buffer") \
    X(PACING, "pacing")           \
    X(NAGLE, "nagle")             \
    X(NEIGHBOR, "neighbor")       \
    X(RECOVERY, "recovery")

#define ENTRY(member, name) [WEIR_LIMIT_##member] = (name),
static const char *const limit_names[] = {LIMIT_NAMES(ENTRY)};
#undef ENTRY
static_assert(0 LIMIT_NAMES(COUNT_ONE) == WEIR_LIMIT_COUNT, "every member has a name");

const char *weir_limit_name(enum weir_limit limit)
{
    return (uint32_t)limit < ARRAY_SIZE(limit_names) ? limit_names[limit] : "unknown";
}

#define TIMER_NAMES(X)              \
    X(RTO, "rto")                   \
    X(DELAYED_ACK, "delayed-ack")   \
    X(PERSIST, "persist")           \
    X(KEEPALIVE, "keepalive")       \
    X(TIME_WAIT, "time-wait")       \
    X(SYN_ACK, "syn-ack")           \
    X(SWS_OVERRIDE, "sws-override") \
    X(REORDER, "reorder")           \
    X(PROBE, "probe")

#define ENTRY(member, name) [WEIR_TIMER_##member] = (name),
static const char *const timer_names[] = {TIMER_NAMES(ENTRY)};
#undef ENTRY
static_assert(0 TIMER_NAMES(COUNT_ONE) == WEIR_TIMER_COUNT, "every member has a name");

const char *weir_timer_name(enum weir_timer timer)
{
    return (uint32_t)timer < ARRAY_SIZE(timer_names) ? timer_names[timer] : "unknown";
}

#define TCP_STATE_NAMES(X)          \
    X(CLOSED, "CLOSED")             \
    X(LISTEN, "LISTEN")             \
    X(SYN_SENT, "SYN-SENT")         \
    X(SYN_RECEIVED, "SYN-RECEIVED") \
    X(ESTABLISHED, "ESTABLISHED")   \
    X(FIN_WAIT_1, "FIN-WAIT-1")     \
    X(FIN_WAIT_2, "FIN-WAIT-2")     \
    X(CLOSE_WAIT, "CLOSE-WAIT")     \
    X(CLOSING, "CLOSING")           \
    X(LAST_ACK, "LAST-ACK")         \
    X(TIME_WAIT, "TIME-WAIT")

#define ENTRY(member, name) [WEIR_TCP_##member] = (name),
static const char *const tcp_state_names[] = {TCP_STATE_NAMES(ENTRY)};
#undef ENTRY
static_assert(0 TCP_STATE_NAMES(COUNT_ONE) == WEIR_TCP_STATE_COUNT, "every member has a name");

const char *weir_tcp_state_name(enum weir_tcp_state state)
{
    return (uint32_t)state < ARRAY_SIZE(tcp_state_names) ? tcp_state_names[state] : "unknown";
}

#define CONGESTION_NAMES(X) \
    X(NEWRENO, "reno")      \
    X(CUBIC, "cubic")       \
    X(DCTCP, "dctcp")       \
    X(PRAGUE, "prague")     \
    X(BBR, "bbr")

#define ENTRY(member, name) [WEIR_CC_##member] = (name),
static const char *const congestion_names[] = {CONGESTION_NAMES(ENTRY)};
#undef ENTRY
static_assert(0 CONGESTION_NAMES(COUNT_ONE) == WEIR_CC_COUNT, "every member has a name");

const char *weir_congestion_name(enum weir_congestion congestion)
{
    return (uint32_t)congestion < WEIR_CC_COUNT ? congestion_names[congestion] : "unknown";
}

int weir_congestion_find(const char *name, size_t size)
{
    for (int i = 0; i < WEIR_CC_COUNT; i++) {
        const char *known = congestion_names[i];
        size_t at = 0;

        while (at < size && known[at] && known[at] == name[at]) {
            at++;
        }
        if (at == size && !known[at]) {
            return i;
        }
    }
    return WEIR_ENOENT;
}

#define ERROR_NAMES(X)                          \
    X(OK, "success")                            \
    X(EINVAL, "invalid argument")               \
    X(ENOBUFS, "out of memory")                 \
    X(EAGAIN, "not possible just now")          \
    X(ESTALE, "handle already closed")          \
    X(ENOTCONN, "not connected")                \
    X(EISCONN, "already connected")             \
    X(EADDRINUSE, "address in use")             \
    X(EADDRNOTAVAIL, "address not available")   \
    X(ENETUNREACH, "network unreachable")       \
    X(EHOSTUNREACH, "host unreachable")         \
    X(ECONNREFUSED, "connection refused")       \
    X(ECONNRESET, "connection reset by peer")   \
    X(ECONNABORTED, "connection aborted")       \
    X(ETIMEDOUT, "connection timed out")        \
    X(EPIPE, "sending after shutdown")          \
    X(EBUSY, "frames or buffers are still out") \
    X(ENOENT, "no such link, address or route") \
    X(EEXIST, "already exists")                 \
    X(EMSGSIZE, "message too large")            \
    X(ENOPROTOOPT, "no such option")            \
    X(EACCES, "not permitted")                  \
    X(EPROTO, "protocol error")                 \
    X(EHOSTDOWN, "host is down")                \
    X(ENONET, "host is not on the network")     \
    X(EOPNOTSUPP, "not supported")

#define ENTRY(member, name) [-(WEIR_##member)] = (name),
static const char *const error_names[] = {ERROR_NAMES(ENTRY)};
#undef ENTRY
static_assert(0 ERROR_NAMES(COUNT_ONE) == 1 - WEIR_ERROR_LAST, "every error has a description");

const char *weir_strerror(int error)
{
    bool known = error <= WEIR_OK && error >= WEIR_ERROR_LAST;
    return known ? error_names[-error] : "unknown error";
}
