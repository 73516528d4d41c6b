/*
 * socket.h - sockets: POSIX semantics, Linux's rules, without blocking, over the core of weir.h.
 *
 *     weir_sock_space_new(&space, stack, NULL, &allocator);
 *     weir_sock_socket(space, WEIR_AF_INET, WEIR_SOCK_STREAM, 0, &sock);
 *     weir_sock_connect(sock, &remote);                   -WEIR_SOCK_EINPROGRESS
 *     ... weir_input, then for each event of weir_event: weir_sock_event(space, &event) ...
 *     if (weir_sock_poll(sock) & WEIR_POLLOUT) ...        connected, or WEIR_SO_ERROR says why not
 *
 * Rules that hold everywhere:
 *   - A call does what the call of the same name does on a non-blocking socket. What would block returns
 *     -WEIR_SOCK_EAGAIN (or EINPROGRESS); the caller waits in its own way and asks again.
 *   - Results are >= 0, or a negative number of enum weir_sock_errno. Its numbers, and those of levels,
 *     options, flags and poll bits, are Linux's generic ones (asm-generic) on every host, so that an
 *     adapter on Linux passes them through. No header of the host is needed.
 *   - There are no descriptors, threads, clocks or signals. WEIR_SOCK_EPIPE never raises SIGPIPE.
 *   - A space, its sockets and its stack are used by one thread at a time.
 *   - The caller pulls the stack's events and offers each to weir_sock_event. A call that comes before its
 *     event is still answered rightly.
 *
 * An address of a WEIR_AF_INET socket has family 4, of a WEIR_AF_INET6 socket family 6; an IPv4 address
 * of the latter is ::ffff:a.b.c.d. Family 0 is AF_UNSPEC. ip.scope is weir.h's: link index + 1.
 */
#ifndef WEIR_SOCKET_H
#define WEIR_SOCKET_H

#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Numbers ------------------------------------------------------------------------------------------ */

enum weir_sock_errno {
    WEIR_SOCK_ENOENT = 2,
    WEIR_SOCK_EAGAIN = 11,
    WEIR_SOCK_ENOMEM = 12,
    WEIR_SOCK_EACCES = 13,
    WEIR_SOCK_EFAULT = 14,
    WEIR_SOCK_EBUSY = 16,
    WEIR_SOCK_EEXIST = 17,
    WEIR_SOCK_EINVAL = 22,
    WEIR_SOCK_EPIPE = 32,
    WEIR_SOCK_ENONET = 64,
    WEIR_SOCK_EPROTO = 71,
    WEIR_SOCK_EDESTADDRREQ = 89,
    WEIR_SOCK_EMSGSIZE = 90,
    WEIR_SOCK_ENOPROTOOPT = 92,
    WEIR_SOCK_EPROTONOSUPPORT = 93,
    WEIR_SOCK_ESOCKTNOSUPPORT = 94,
    WEIR_SOCK_EOPNOTSUPP = 95,
    WEIR_SOCK_EAFNOSUPPORT = 97,
    WEIR_SOCK_EADDRINUSE = 98,
    WEIR_SOCK_EADDRNOTAVAIL = 99,
    WEIR_SOCK_ENETUNREACH = 101,
    WEIR_SOCK_ECONNABORTED = 103,
    WEIR_SOCK_ECONNRESET = 104,
    WEIR_SOCK_ENOBUFS = 105,
    WEIR_SOCK_EISCONN = 106,
    WEIR_SOCK_ENOTCONN = 107,
    WEIR_SOCK_ETIMEDOUT = 110,
    WEIR_SOCK_ECONNREFUSED = 111,
    WEIR_SOCK_EHOSTDOWN = 112,
    WEIR_SOCK_EHOSTUNREACH = 113,
    WEIR_SOCK_EALREADY = 114,
    WEIR_SOCK_EINPROGRESS = 115,
    WEIR_SOCK_ENODEV = 19
};

/* "EAGAIN" for 11 or -11; "EUNKNOWN" for a number that is not in the table, "OK" for 0. */
WEIR_API const char *weir_sock_error_name(int error);

enum { WEIR_AF_UNSPEC = 0, WEIR_AF_INET = 2, WEIR_AF_INET6 = 10 };

/* Types; the flags beside them are allowed and mean nothing here. */
enum {
    WEIR_SOCK_STREAM = 1,
    WEIR_SOCK_DGRAM = 2, /* UDP, or with protocol WEIR_SOL_ICMP, WEIR_SOL_ICMPV6: ping (raw.h) */
    WEIR_SOCK_RAW = 3,
    WEIR_SOCK_NONBLOCK = 0x800,
    WEIR_SOCK_CLOEXEC = 0x80000
};

enum { WEIR_SHUT_RD = 0, WEIR_SHUT_WR, WEIR_SHUT_RDWR };

enum weir_sock_flags {
    WEIR_MSG_OOB = 0x1,
    WEIR_MSG_PEEK = 0x2,
    WEIR_MSG_TRUNC = 0x20,
    WEIR_MSG_DONTWAIT = 0x40, /* always so */
    WEIR_MSG_EOR = 0x80,      /* no segment holds bytes of before and after the end of these */
    WEIR_MSG_WAITALL = 0x100,
    WEIR_MSG_ERRQUEUE = 0x2000,
    WEIR_MSG_NOSIGNAL = 0x4000,
    WEIR_MSG_MORE = 0x8000,
    WEIR_MSG_ZEROCOPY = 0x4000000, /* with SO_ZEROCOPY: see weir_sock_report */
    WEIR_MSG_FASTOPEN = 0x20000000
};

enum weir_sock_level {
    WEIR_SOL_IP = 0,
    WEIR_SOL_SOCKET = 1,
    WEIR_SOL_TCP = 6,
    WEIR_SOL_UDP = 17,
    WEIR_SOL_IPV6 = 41,
    WEIR_SOL_ICMP = 1, /* only as a protocol: the number is SOL_SOCKET's */
    WEIR_SOL_ICMPV6 = 58,
    WEIR_SOL_RAW = 255
};

enum weir_sock_option {
    WEIR_SO_ZEROCOPY = 60,
    WEIR_SO_REUSEADDR = 2,
    WEIR_SO_TYPE = 3,
    WEIR_SO_ERROR = 4,
    WEIR_SO_BROADCAST = 6,
    WEIR_SO_SNDBUF = 7,
    WEIR_SO_RCVBUF = 8,
    WEIR_SO_KEEPALIVE = 9,
    WEIR_SO_OOBINLINE = 10, /* off: the last urgent byte is read with MSG_OOB only */
    WEIR_SO_LINGER = 13,
    WEIR_SO_RCVLOWAT = 18,
    WEIR_SO_ACCEPTCONN = 30,
    WEIR_SO_SNDBUFFORCE = 32,
    WEIR_SO_RCVBUFFORCE = 33,
    WEIR_SO_PROTOCOL = 38,
    WEIR_SO_DOMAIN = 39,
    WEIR_SO_MAX_PACING_RATE = 47, /* bytes per second, 4 or 8 bytes; all ones: no limit */
    WEIR_SO_MEMINFO = 55          /* get only: 9 numbers of 4 bytes, enum weir_sock_meminfo */
};

/* Places in the value of SO_MEMINFO, as Linux's SK_MEMINFO_; what the core has no such thing of is 0. */
enum weir_sock_meminfo {
    WEIR_SOCK_MEMINFO_RMEM_ALLOC = 0, /* bytes not yet read */
    WEIR_SOCK_MEMINFO_RCVBUF,         /* as SO_RCVBUF and SO_SNDBUF say */
    WEIR_SOCK_MEMINFO_WMEM_ALLOC,
    WEIR_SOCK_MEMINFO_SNDBUF,
    WEIR_SOCK_MEMINFO_FWD_ALLOC,
    WEIR_SOCK_MEMINFO_WMEM_QUEUED, /* bytes not yet acknowledged or sent */
    WEIR_SOCK_MEMINFO_OPTMEM,
    WEIR_SOCK_MEMINFO_BACKLOG,
    WEIR_SOCK_MEMINFO_DROPS,
    WEIR_SOCK_MEMINFO_COUNT
};

enum weir_sock_tcp_option {
    WEIR_TCP_NODELAY = 1,
    WEIR_TCP_MAXSEG = 2,
    WEIR_TCP_CORK = 3,
    WEIR_TCP_KEEPIDLE = 4,
    WEIR_TCP_KEEPINTVL = 5,
    WEIR_TCP_KEEPCNT = 6,
    WEIR_TCP_SYNCNT = 7,
    WEIR_TCP_LINGER2 = 8,
    WEIR_TCP_INFO = 11,
    WEIR_TCP_QUICKACK = 12,
    WEIR_TCP_CONGESTION =
        13, /* a name: "reno", "cubic"; getting gives WEIR_SOCK_CONGESTION_MAX bytes */
    /* Set only: Linux's struct tcp_md5sig (RFC 2385; with _EXT a prefix), tcp_ao_add and tcp_ao_del (RFC 5925). They
     * need weir_config.mac: otherwise ENOPROTOOPT. EISCONN: the connection began without a key; EBUSY: it sends
     * with the one that is to go. Accepted sockets have their listener's. */
    WEIR_TCP_MD5SIG = 14,
    WEIR_TCP_MD5SIG_EXT = 32,
    WEIR_TCP_AO_ADD_KEY = 38,
    WEIR_TCP_AO_DEL_KEY = 39,
    WEIR_TCP_USER_TIMEOUT = 18,
    WEIR_TCP_FASTOPEN = 23, /* length of a listener's queue (weir.h's fastopen_queue); 0: none */
    WEIR_TCP_NOTSENT_LOWAT =
        25, /* 0: the stack's (weir_tcp_options.notsent_lowat), which is none by default */
    WEIR_TCP_CC_INFO = 26, /* get only: 0 bytes, neither Reno nor CUBIC has more to tell */
    /* 0/1: connect returns 0 at once if a cookie is known, and the first send begins the connection, its data in
     * the SYN; otherwise connect asks for a cookie. Until then poll says OUT, and getsockname says nothing new.
     * EOPNOTSUPP: not WEIR_SOCK_FASTOPEN_CLIENT */
    WEIR_TCP_FASTOPEN_CONNECT = 30,
    WEIR_TCP_FASTOPEN_KEY = 33, /* 16 or 32 bytes: a listener's own keys (weir_tcp_fastopen_keys) */
    WEIR_TCP_FASTOPEN_NO_COOKIE = 34, /* 0/1: data in SYNs needs no cookie */
    WEIR_TCP_RTO_MAX_MS = 44,         /* 1000 to 120000 */
    WEIR_TCP_RTO_MIN_US = 45          /* 1 to 200000 */
};

/* weir_sock_config.fastopen: the bits of Linux's net.ipv4.tcp_fastopen. */
enum weir_sock_fastopen {
    WEIR_SOCK_FASTOPEN_CLIENT = 0x1, /* MSG_FASTOPEN and TCP_FASTOPEN_CONNECT are allowed */
    WEIR_SOCK_FASTOPEN_SERVER = 0x2, /* TCP_FASTOPEN has an effect */
    WEIR_SOCK_FASTOPEN_CLIENT_NO_COOKIE = 0x4, /* for all: as TCP_FASTOPEN_NO_COOKIE */
    WEIR_SOCK_FASTOPEN_SERVER_NO_COOKIE = 0x200,
    WEIR_SOCK_FASTOPEN_ALL_LISTENERS =
        0x400 /* with SERVER: TCP_FASTOPEN is the backlog by itself */
};

#define WEIR_SOCK_CONGESTION_MAX 16

enum weir_sock_ip_option {
    WEIR_IP_TOS = 1,
    WEIR_IP_TTL = 2,
    WEIR_IP_HDRINCL = 3, /* SOCK_RAW: what is sent begins with the IP header */
    WEIR_IP_MTU_DISCOVER = 10,
    WEIR_IP_RECVERR =
        11, /* of streams: an ICMP error about an established connection is told by the next call, and
                           * once, as if it had ended; as in Linux it has not, and the error queue stays empty */
    WEIR_IP_MTU = 14, /* of the path; ENOTCONN without a connection */
    /* Of datagram sockets. The values are Linux's: struct ip_mreqn, ip_mreq or in_addr for IF, ip_mreqn or ip_mreq
     * for memberships (EADDRINUSE, EADDRNOTAVAIL, ENODEV). */
    WEIR_IP_MULTICAST_IF = 32,
    WEIR_IP_MULTICAST_TTL = 33,
    WEIR_IP_MULTICAST_LOOP = 34,
    WEIR_IP_ADD_MEMBERSHIP = 35,
    WEIR_IP_DROP_MEMBERSHIP = 36
};
enum weir_sock_ip6_option {
    WEIR_IPV6_CHECKSUM = 7, /* SOCK_RAW: WEIR_RAW_CHECKSUM_OFFSET, -1: none; also of SOL_RAW */
    WEIR_IPV6_UNICAST_HOPS = 16,
    WEIR_IPV6_MULTICAST_IF = 17, /* an index: the link's + 1 */
    WEIR_IPV6_MULTICAST_HOPS = 18,
    WEIR_IPV6_MULTICAST_LOOP = 19,
    WEIR_IPV6_ADD_MEMBERSHIP = 20, /* struct ipv6_mreq */
    WEIR_IPV6_DROP_MEMBERSHIP = 21,
    WEIR_IPV6_MTU_DISCOVER = 23,
    WEIR_IPV6_MTU = 24,
    WEIR_IPV6_V6ONLY = 26,
    WEIR_IPV6_TCLASS = 67,
    WEIR_IPV6_HDRINCL = 36,
    WEIR_IPV6_RECVERR = 25 /* as WEIR_IP_RECVERR, for IPv6 connections */
};

/* Of SOL_RAW (4 bytes) and SOL_ICMPV6 (32 bytes): ICMP types that are not wanted. */
enum { WEIR_ICMP_FILTER = 1 };

/* IP_MTU_DISCOVER, IPV6_MTU_DISCOVER. WANT, the default, and DO set DF and believe ICMP's "too big"; for
 * TCP all others mean the link's MTU, without DF. */
enum weir_sock_pmtudisc {
    WEIR_IP_PMTUDISC_DONT = 0,
    WEIR_IP_PMTUDISC_WANT,
    WEIR_IP_PMTUDISC_DO,
    WEIR_IP_PMTUDISC_PROBE,
    WEIR_IP_PMTUDISC_INTERFACE,
    WEIR_IP_PMTUDISC_OMIT
};

enum weir_sock_poll_bits {
    WEIR_POLLIN = 0x1,
    WEIR_POLLPRI = 0x2,
    WEIR_POLLOUT = 0x4,
    WEIR_POLLERR = 0x8,
    WEIR_POLLHUP = 0x10,
    WEIR_POLLRDHUP = 0x2000
};

enum weir_sock_request {
    WEIR_SIOCOUTQ = 0x5411,   /* TIOCOUTQ */
    WEIR_SIOCINQ = 0x541B,    /* FIONREAD; up to the urgent byte, if that is out of line */
    WEIR_SIOCATMARK = 0x8905, /* 1: the next byte is the urgent one */
    WEIR_SIOCOUTQNSD = 0x894B /* not yet sent */
};

/* ---- Spaces ------------------------------------------------------------------------------------------- */

struct weir_sock;
struct weir_sock_space;

struct weir_sock_config {
    uint32_t size; /* sizeof(struct weir_sock_config) */
    /* What a new socket has before setsockopt: give the stack's own (weir_config.tcp). */
    struct weir_tcp_options tcp;
    uint32_t rcvbuf_max,
        sndbuf_max;     /* net.core.rmem_max, wmem_max: what SO_RCVBUF is cut to, 212992 */
    uint32_t somaxconn; /* what a backlog is cut to, 4096 */
    uint16_t port_first, port_last; /* what bind to port 0 chooses from: 32768, 60999 */
    uint64_t seed;                  /* of that choice */
    /* Linux's rule, the default: any ICMP error ends a connect that is under way, and what comes to a listener
     * and was not accepted yet. false: only hard errors do (RFC 1122 4.2.3.9), the others are reported by
     * SO_ERROR. */
    bool soft_errors_end_connect;
    /* `tcp` is not the stack's own: connections and listeners are given it in every case. false */
    bool tcp_differs;
    /* MSG_ZEROCOPY copies, and its completions say so: for callers whose own callers may reuse or free the
     * bytes at once, as they may with a kernel. false: they are borrowed and sent from where they are */
    bool zerocopy_copies;
    uint32_t fastopen; /* enum weir_sock_fastopen, as it is when a call asks: CLIENT, as Linux */
    /* the stack's keys (weir_fastopen_keys), when there are any: 1 or 2 of them */
    uint32_t fastopen_key_count;
    uint8_t fastopen_keys[2][16];
};
WEIR_API void weir_sock_config_default(struct weir_sock_config *config);

/* `config` NULL: the default. The allocator is copied. WEIR_SOCK_EINVAL, ENOMEM. */
WEIR_API int weir_sock_space_new(struct weir_sock_space **space, struct weir_stack *stack,
                                 const struct weir_sock_config *config,
                                 const struct weir_allocator *allocator);
/* Closes what is open, orderly and without lingering, as the end of a process does. Before weir_stack_del. */
WEIR_API void weir_sock_space_del(struct weir_sock_space *space);

/* From now on new sockets have what `config` says; those that there are keep what they have. EINVAL. */
WEIR_API int weir_sock_space_configure(struct weir_sock_space *space,
                                       const struct weir_sock_config *config);

/* True: the event was for a socket of this space. False: for somebody else. */
WEIR_API bool weir_sock_event(struct weir_sock_space *space, const struct weir_event *event);

/* A socket that had an event since it was last returned here, oldest first; NULL: none. Its readiness may
 * have changed. Not using this costs nothing. */
WEIR_API struct weir_sock *weir_sock_changed(struct weir_sock_space *space);

/* ---- Calls -------------------------------------------------------------------------------------------- */

/* EAFNOSUPPORT, ESOCKTNOSUPPORT (all but streams, datagrams and raw), EPROTONOSUPPORT (protocol: 0, or 6 of streams,
 * 17 and the family's ICMP of datagrams; 1..255 of raw), ENOMEM. Raw and ping sockets are datagram
 * sockets without ports: getsockname says the protocol, and the ICMP identifier; what is sent and
 * received is as raw.h says. */
WEIR_API int weir_sock_socket(struct weir_sock_space *space, int domain, int type, int protocol,
                              struct weir_sock **sock);

/* A number of the caller's, 0 at first. */
WEIR_API void weir_sock_set_user(struct weir_sock *sock, uint64_t user);
WEIR_API uint64_t weir_sock_user(const struct weir_sock *sock);

/* Port 0 chooses one. EINVAL (bound already; link-local without scope), EAFNOSUPPORT, EADDRNOTAVAIL (not
 * an address of the stack), EADDRINUSE: another socket, or a connection that lives on in TIME-WAIT or
 * earlier, has the port on an overlapping address, unless both have SO_REUSEADDR and none listens. */
WEIR_API int weir_sock_bind(struct weir_sock *sock, const struct weir_endpoint *local);

/* backlog + 1 connections wait for accept, as with Linux; negative: as many as somaxconn. Listening again
 * is allowed but does not change the backlog. EINVAL (connected or connecting), EADDRINUSE. */
WEIR_API int weir_sock_listen(struct weir_sock *sock, int backlog);

/* EINPROGRESS at first, EALREADY while under way, 0 once after success and EISCONN from then on, or the
 * reason of the failure, after which connect may be tried again. Family 0: the connection is reset and
 * the socket is as before connect. ENETUNREACH, EADDRNOTAVAIL (no free port, or this very connection
 * exists), EAFNOSUPPORT, EINVAL, ENOBUFS. */
WEIR_API int weir_sock_connect(struct weir_sock *sock, const struct weir_endpoint *remote);

/* `remote` may be NULL. A connection that was reset meanwhile is returned all the same. The new socket has
 * the listener's options and user 0. EAGAIN, EINVAL (not listening), ENOMEM. */
WEIR_API int weir_sock_accept(struct weir_sock *sock, struct weir_sock **accepted,
                              struct weir_endpoint *remote);

/* Bytes taken (never more than there is room for), or EAGAIN (no room, or not yet connected), EPIPE (not
 * or no longer connected, or shut down), or the pending error.
 *
 * MSG_FASTOPEN, in sendto and sendmsg with an address: connect and send in one, the bytes in the SYN if a cookie
 * is known (RFC 7413). Bytes that the SYN carries, or EINPROGRESS (it carries none, but asks for a cookie), or as
 * connect: EALREADY, EISCONN and so on; EOPNOTSUPP: not WEIR_SOCK_FASTOPEN_CLIENT, or family 0. MSG_WAITALL beside
 * it is for callers that wait until all are sent: bytes are taken that will follow the SYN, cookie or not, as many as
 * there is room for, to leave with the ACK that completes the handshake. */
WEIR_API int64_t weir_sock_send(struct weir_sock *sock, const void *data, size_t size, int flags);

/* Bytes given, 0 at the end (the peer's FIN, shutdown, or after the error was reported), or EAGAIN,
 * ENOTCONN, or the pending error. MSG_OOB: the urgent byte; EINVAL (none, or taken, or in line), EAGAIN (announced only). MSG_TRUNC: the bytes are thrown away, `data` is not
 * touched. MSG_PEEK: they stay. */
WEIR_API int64_t weir_sock_recv(struct weir_sock *sock, void *data, size_t size, int flags);

/* The same with an address; streams look at it with MSG_FASTOPEN only. SOCK_DGRAM: one call is one datagram, all of it or none:
 * EMSGSIZE, EDESTADDRREQ, EAGAIN (no room), EACCES (broadcast without SO_BROADCAST), EOPNOTSUPP (MSG_OOB,
 * MSG_MORE), ENETUNREACH, EHOSTUNREACH, EPIPE after shutdown, or the pending error. recvfrom: what does
 * not fit is lost; MSG_TRUNC: says the datagram's size even so. A pending error is that of a hard ICMP
 * error about a connected socket, after its event. */
WEIR_API int64_t weir_sock_sendto(struct weir_sock *sock, const void *data, size_t size, int flags,
                                  const struct weir_endpoint *to);
WEIR_API int64_t weir_sock_recvfrom(struct weir_sock *sock, void *data, size_t size, int flags,
                                    struct weir_endpoint *from);

/*
 * What recvmsg with MSG_ERRQUEUE takes from the error queue: one entry, and no bytes (result 0); EAGAIN: it is
 * empty. While it is not, poll says ERR. The fields are those of Linux's struct sock_extended_err.
 *
 * ZEROCOPY: the calls with MSG_ZEROCOPY number `info` to `data` (a socket's calls that took bytes are counted
 * from 0, modulo 2^32) are complete: their bytes, which had to stay as they were, are the caller's again. After
 * weir_sock_close nothing tells any more; the bytes must then stay until the connection is gone, or the stack.
 * `code` WEIR_SOCK_CODE_ZEROCOPY_COPIED: they had been copied (weir_sock_config.zerocopy_copies, or MSG_MORE,
 * MSG_EOR or MSG_OOB beside), so that MSG_ZEROCOPY gained nothing.
 */
enum weir_sock_origin { WEIR_SOCK_ORIGIN_ZEROCOPY = 5 };
enum { WEIR_SOCK_CODE_ZEROCOPY_COPIED = 1 };
struct weir_sock_report {
    uint32_t error;
    uint8_t origin; /* enum weir_sock_origin */
    uint8_t type, code;
    uint32_t info, data;
};

struct weir_sock_slice {
    void *data; /* only read by sendmsg */
    size_t size;
};
struct weir_sock_message {
    const struct weir_sock_slice *slices;
    size_t slice_count; /* at most 1024: EMSGSIZE */
    int flags; /* out, recvmsg: msg_flags, 0 for streams; MSG_ERRQUEUE: so it is; MSG_TRUNC: the datagram was
                * longer */
    struct weir_sock_report *report; /* out, recvmsg with MSG_ERRQUEUE; NULL: not wanted */
    struct weir_endpoint *
        name; /* datagrams: whereto (NULL: connected), out: wherefrom (may be NULL); MSG_FASTOPEN: whereto */
};
WEIR_API int64_t weir_sock_sendmsg(struct weir_sock *sock, const struct weir_sock_message *message,
                                   int flags);
WEIR_API int64_t weir_sock_recvmsg(struct weir_sock *sock, struct weir_sock_message *message,
                                   int flags);

/* ENOTCONN, EINVAL. A listener that is shut down for reading listens no more. */
WEIR_API int weir_sock_shutdown(struct weir_sock *sock, int how);

/*
 * 0: the socket is gone, the core does the rest. 1: SO_LINGER with a time; a blocking close would wait
 * now. Then no call but the two below is allowed: ask weir_sock_lingering after each turn of the stack
 * and at the deadline, until it says false, which is when the socket is gone. With now = WEIR_NEVER it
 * always says false.
 * SO_LINGER with time 0 sends RST, as does unread data in every case.
 */
WEIR_API int weir_sock_close(struct weir_sock *sock, weir_time now);
WEIR_API bool weir_sock_lingering(struct weir_sock *sock, weir_time now);
WEIR_API weir_time weir_sock_linger_deadline(const struct weir_sock *sock);

WEIR_API int weir_sock_getsockname(struct weir_sock *sock, struct weir_endpoint *local);
WEIR_API int weir_sock_getpeername(struct weir_sock *sock,
                                   struct weir_endpoint *remote); /* ENOTCONN */

/* enum weir_sock_poll_bits. A new socket is OUT | HUP, as with Linux. */
WEIR_API unsigned weir_sock_poll(struct weir_sock *sock);

/* enum weir_sock_request; others are EINVAL, as is a listener. */
WEIR_API int weir_sock_ioctl(struct weir_sock *sock, unsigned request, int *value);

/* ---- Options ------------------------------------------------------------------------------------------ */

struct weir_sock_linger {
    int32_t on;
    int32_t seconds;
};

/* Values are int32_t except for SO_LINGER and TCP_INFO; IP_TOS and IP_TTL may be a byte. `size` of
 * getsockopt: in the room, out what was written. EINVAL, ENOPROTOOPT. SO_RCVBUF and SO_SNDBUF say twice
 * what they were set to, as with Linux: the core counts the number itself (receive_buffer). */
WEIR_API int weir_sock_setsockopt(struct weir_sock *sock, int level, int name, const void *value,
                                  uint32_t size);
WEIR_API int weir_sock_getsockopt(struct weir_sock *sock, int level, int name, void *value,
                                  uint32_t *size);

/* Linux's numbers of the states, as in weir_sock_tcp_info.state. */
enum weir_sock_tcp_state {
    WEIR_SOCK_ESTABLISHED = 1,
    WEIR_SOCK_SYN_SENT,
    WEIR_SOCK_SYN_RECV,
    WEIR_SOCK_FIN_WAIT1,
    WEIR_SOCK_FIN_WAIT2,
    WEIR_SOCK_TIME_WAIT,
    WEIR_SOCK_CLOSE,
    WEIR_SOCK_CLOSE_WAIT,
    WEIR_SOCK_LAST_ACK,
    WEIR_SOCK_LISTEN,
    WEIR_SOCK_CLOSING
};

/* What TCP_INFO writes: the layout of Linux's struct tcp_info on little-endian hosts. Times are in us and
 * cwnd in segments. A field that the core does not know is 0. */
struct weir_sock_tcp_info {
    uint8_t state, ca_state, retransmits, probes, backoff;
    uint8_t options; /* 1 timestamps, 2 SACK, 4 window scaling, 32 data in the SYN was used */
    uint8_t wscale;  /* low half: what we scale their window by, high half: ours */
    uint8_t limited;
    uint32_t rto, ato, snd_mss, rcv_mss;
    uint32_t unacked, sacked, lost, retrans, fackets; /* segments */
    uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
    uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
    uint32_t rcv_rtt, rcv_space, total_retrans;
    uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
    uint32_t segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
    uint64_t delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
    uint32_t delivered, delivered_ce;
    uint64_t bytes_sent, bytes_retrans;
    uint32_t dsack_dups, reord_seen, rcv_ooopack, snd_wnd, rcv_wnd, rehash;
    uint16_t total_rto, total_rto_recoveries;
    uint32_t total_rto_time;
    uint32_t received_ce; /* segments; of the following bytes, those with ECT(1), ECT(0), CE */
    uint32_t delivered_e1_bytes, delivered_e0_bytes, delivered_ce_bytes;
    uint32_t received_e1_bytes, received_e0_bytes, received_ce_bytes;
    uint16_t accecn_fail_mode, accecn_opt_seen;
};

/* Fills the first `size` bytes of a struct weir_sock_tcp_info (Linux's struct tcp_info) from a complete
 * weir_tcp_info; returns how many there are. */
WEIR_API size_t weir_tcp_info_linux(const struct weir_tcp_info *info, void *linux_tcp_info,
                                    size_t size);

#ifdef __cplusplus
}
#endif
#endif
