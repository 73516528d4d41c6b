/*
 * sock.h - what the files of socket/ share: the space, the socket, and how a socket sees its connection.
 *
 * The core's handle is the truth about a connection; a socket keeps what POSIX adds to it: the state of
 * the call interface (`kind`), which directions are shut down, the error that is to be reported once.
 * `dead` is Linux's TCP_CLOSE after a connection: the core said CLOSED (its TIME-WAIT included), and what
 * is left is to be read.
 *
 * Reading order: address.c, space.c, state.c, bind.c, ghost.c, open.c, io.c, fastopen.c, zerocopy.c, poll.c,
 * close.c; then the
 * options (options*.c).
 * Datagrams are dgram.c, with raw.c (raw IP, ping) and multicast.c.
 */
#ifndef SOCKET_SOCK_H
#define SOCKET_SOCK_H

#include <string.h>
#include <weir/raw.h>
#include <weir/socket.h>
#include <weir/udp.h>

#include "base/address.h"
#include "base/compiler.h"
#include "base/rng.h"

#define SOCK_PORT_BUCKETS 64
#define SOCK_GHOSTS_MAX 512
#define SOCK_BUFFER_MIN_SEND 2304u    /* SO_SNDBUF says at least 4608 */
#define SOCK_BUFFER_MIN_RECEIVE 1152u /* SO_RCVBUF says at least 2304 */
#define SOCK_BUFFER_LIMIT (1u << 29)
#define SOCK_LOWAT_MAX (1u << 30)
#define SOCK_DGRAM_BUFFER 212992u  /* Linux's net.core.rmem_default */
#define SOCK_BUFFER_INITIAL 65536u /* what the core's automatic buffers start with */

/* Linux's socket->state: what connect, listen and shutdown go by. */
enum sock_kind { SOCK_UNCONNECTED = 0, SOCK_CONNECTING, SOCK_CONNECTED, SOCK_DISCONNECTING };

enum { SOCK_SHUT_RD = 1, SOCK_SHUT_WR = 2, SOCK_SHUT_BOTH = 3 };

/* An address and port as the core has them: IPv4 is ::ffff:a.b.c.d, any IPv4 ::ffff:0.0.0.0. */
struct sock_name {
    struct ip_addr ip;
    uint32_t scope;
    uint16_t port;
};

struct sock_options {
    struct weir_tcp_options tcp; /* ttl and tos are filled in per family when the core needs them */
    struct weir_sock_linger linger;
    uint32_t user_timeout_ms; /* 0: the stack's */
    uint32_t notsent_lowat;   /* 0: the stack's */
    uint64_t changed;         /* listener: bits of enum weir_option set since listen */
    int16_t ttl, hops;        /* -1: the default */
    uint8_t tos, tclass;
    uint8_t pmtudisc; /* enum weir_sock_pmtudisc; one for both families */
    bool reuse_address, v6only, cork, zerocopy, broadcast;
    bool fastopen_connect; /* TCP_FASTOPEN_CONNECT */
    bool multicast_loop, header_included;
    int16_t multicast_ttl, multicast_hops;
    uint32_t multicast_link; /* WEIR_ANY_LINK: by the route */
    uint8_t multicast_if[4]; /* how IP_MULTICAST_IF named it */
    int32_t checksum_offset;
    uint32_t blocked[8];    /* ICMP types */
    bool recverr, recverr6; /* IP_RECVERR, IPV6_RECVERR */
};

/* fastopen.c */
struct sock_fastopen_keys;

/* zerocopy.c */
struct sock_notice;
struct sock_notices {
    struct sock_notice *head, *tail;
};

struct weir_sock {
    struct weir_sock_space *space;
    weir_handle handle;  /* 0: none */
    weir_handle waiting; /* listener: taken out of the accept queue to know that poll may say IN */
    uint64_t user;
    weir_time linger_until;
    struct weir_sock *port_next, **port_link; /* those with a port, by port; link NULL: not in it */
    struct weir_sock *changed_next;
    struct sock_options o;
    struct sock_name local, bound, remote; /* bound: what bind was told */
    uint32_t slot;
    uint32_t backlog;
    struct weir_tcp_key *keys; /* set before there was a handle, or a listener's */
    uint32_t key_count, key_room;
    struct sock_notices pins;    /* calls with MSG_ZEROCOPY that are not complete, oldest first */
    struct sock_notices reports; /* the error queue */
    struct sock_fastopen_keys *fastopen_keys; /* NULL: the stack's */
    uint32_t pin_count, zerocopy_next;
    int error;      /* pending: what SO_ERROR will say */
    int soft_error; /* the same, of errors that did not end anything */
    uint8_t domain; /* 4 or 6 */
    uint8_t kind;   /* enum sock_kind */
    uint8_t shutdown;
    bool bound_address, bound_port;
    bool listening, established, dead;
    bool deferred;      /* connecting to `remote`, but the first send begins it (fastopen.c) */
    bool end;           /* the peer's FIN came: Linux's SOCK_DONE */
    bool write_blocked; /* the core will say WRITABLE */
    bool oob_inline, oob_taken; /* taken: recv(MSG_OOB) gave the byte at the mark already */
    bool in_changed, lingering;
    bool dgram; /* the handle is of UDP or raw.h (dgram.c); always there */
    uint8_t type, protocol;
};

/* A connection whose socket was closed and which may still hold its port. */
struct sock_ghost {
    struct sock_ghost *next;
    struct sock_name local, remote;
    bool reuse_address;
};

struct sock_slot {
    struct weir_sock *sock;
    uint32_t next_free;
};

struct weir_sock_space {
    struct weir_stack *stack;
    struct weir_allocator allocator;
    struct weir_sock_config config;
    struct rng rng;
    struct sock_slot *slots; /* by WEIR_OPT_USER of the handle; 0 is not used */
    uint32_t slot_count, slot_free;
    struct weir_sock *ports[SOCK_PORT_BUCKETS];
    struct weir_sock *changed_head, *changed_tail;
    struct sock_ghost *ghost_head, *ghost_tail;
    uint32_t ghost_count;
    uint32_t pin_serial;
};

/* ---- space.c */
void *sock_alloc(struct weir_sock_space *space, size_t size); /* zeroed; NULL */
void sock_free_memory(struct weir_sock_space *space, void *memory, size_t size);
struct weir_sock *sock_new(struct weir_sock_space *space, uint8_t domain); /* NULL: no memory */
void sock_del(struct weir_sock *s); /* the handle must be given back already */

/* ---- errors.c */
int sock_errno(int weir_error); /* positive; 0 for WEIR_OK */

/* ---- address.c */
/* What a user's endpoint means to this socket; a negative errno. */
int sock_name_from(const struct weir_sock *s, const struct weir_endpoint *e,
                   struct sock_name *name);
void sock_name_show(const struct weir_sock *s, const struct sock_name *name,
                    struct weir_endpoint *e);
struct weir_endpoint sock_name_core(const struct sock_name *name);
struct sock_name sock_name_of(const struct weir_endpoint *e); /* of the core's */
struct sock_name sock_name_any(const struct weir_sock *s);
bool sock_name_overlap(const struct weir_sock *a, const struct sock_name *at,
                       const struct sock_name *other, bool other_v6only);

/* ---- state.c */
bool sock_info(const struct weir_sock *s, struct weir_tcp_info *info); /* false: no connection */
/* Linux's sk_state: TIME-WAIT is CLOSE for the socket that had the connection. */
enum weir_sock_tcp_state sock_state(const struct weir_sock *s);
/* Learns what the core knows and no event has told yet. */
void sock_sync(struct weir_sock *s);
void sock_on_closed(struct weir_sock *s, int weir_error);
void sock_on_event(struct weir_sock *s, uint32_t bits, int weir_error);
int sock_take_error(struct weir_sock *s); /* positive, or 0; reported once */

/* ---- urgent.c */
bool sock_at_mark(const struct weir_sock *s); /* the next byte is the urgent one */
bool sock_urgent_ready(const struct weir_sock *s);
uint32_t sock_readable(const struct weir_sock *s,
                       uint32_t unread);  /* up to the mark, if out of line */
void sock_skip_mark(struct weir_sock *s); /* out of line: the byte at the mark is not read */
uint64_t sock_before_mark(const struct weir_sock *s); /* a read ends there; UINT64_MAX: no mark */
int sock_receive_urgent(struct weir_sock *s, struct weir_sock_message *m, int flags);

/* ---- bind.c */
void sock_port_enter(struct weir_sock *s);
void sock_port_leave(struct weir_sock *s);
int sock_bind_to(struct weir_sock *s, const struct sock_name *name);
bool sock_port_conflict(struct weir_sock *s, const struct sock_name *name);
void sock_listen_config(const struct weir_sock *s, const struct sock_name *name,
                        struct weir_listen_config *config);

/* ---- ghost.c */
void sock_ghost_leave(struct weir_sock *s); /* before the handle is given back */
bool sock_ghost_conflict(struct weir_sock *s, const struct sock_name *name);
void sock_ghosts_del(struct weir_sock_space *space);

/* ---- io.c */
/* The first `most` bytes of the message, or fewer. */
int64_t sock_send_copied(struct weir_sock *s, const struct weir_sock_message *m, int flags,
                         uint64_t most);
int sock_send_refused(struct weir_sock *s, int weir_error); /* what it means for send; negative */

/* ---- zerocopy.c */
int64_t sock_send_pinned(struct weir_sock *s, const struct weir_sock_message *m, int flags,
                         uint64_t most);
void sock_pins_check(struct weir_sock *s); /* learns what the peer has acknowledged */
/* RELEASED: false: not of this space. *whose: has a new report, or NULL. */
bool sock_released(struct weir_sock_space *space, uint64_t cookie, struct weir_sock **whose);
int64_t sock_report_take(struct weir_sock *s, struct weir_sock_message *m);
void sock_notices_del(struct weir_sock *s);

/* ---- open.c */
void sock_disconnect(struct weir_sock *s);
/* What connect says of a socket that has begun already, or listens. */
int sock_connect_again(struct weir_sock *s);
/* Begins; `to` NULL: what was deferred. *room: bytes for the SYN; NULL: plain connect. */
int sock_connect_begin(struct weir_sock *s, const struct weir_endpoint *to, uint64_t *room);

/* ---- fastopen.c */
uint32_t sock_syn_outstanding(const struct weir_tcp_info *info); /* 1: it is among those bytes */
bool sock_accepted_early(const struct weir_sock *s);             /* open though in SYN-RECEIVED */
/* A send that begins the connection; false: it is one as any other. */
bool sock_fastopen_send(struct weir_sock *s, const struct weir_sock_message *m, int flags,
                        int64_t *result);
uint32_t sock_fastopen_queue(const struct weir_sock *s); /* what the core is told */
void sock_fastopen_listening(struct weir_sock *s);       /* it listens now */
int sock_fastopen_set_queue(struct weir_sock *s, int32_t value);
int sock_fastopen_set_connect(struct weir_sock *s, int32_t value);
int sock_fastopen_set_no_cookie(struct weir_sock *s, int32_t value);
int sock_fastopen_set_keys(struct weir_sock *s, const void *value, uint32_t size);
uint32_t sock_fastopen_get_keys(const struct weir_sock *s, uint8_t keys[32]); /* bytes */
void sock_fastopen_keys_del(struct weir_sock *s);

/* ---- dgram.c: what the calls do to a SOCK_DGRAM socket */
int sock_dgram_open(struct weir_sock *s);
void sock_dgram_close(struct weir_sock *s);
void sock_dgram_on_event(struct weir_sock *s, uint32_t bits, int weir_error);
void sock_dgram_apply(struct weir_sock *s); /* all options */
int sock_dgram_bind(struct weir_sock *s, const struct sock_name *name);
int sock_dgram_connect(struct weir_sock *s, const struct weir_endpoint *remote);
int64_t sock_dgram_send(struct weir_sock *s, const struct weir_sock_message *m, int flags,
                        const struct weir_endpoint *to);
int64_t sock_dgram_recv(struct weir_sock *s, struct weir_sock_message *m, int flags,
                        struct weir_endpoint *from);
unsigned sock_dgram_poll(const struct weir_sock *s);
int sock_dgram_ioctl(const struct weir_sock *s, unsigned request, int *value);
int sock_dgram_shutdown(struct weir_sock *s, int how);

/* ---- raw.c: SOCK_RAW and ping */
int sock_protocol_of(int domain, int type, int protocol); /* or a negative errno */
int sock_raw_open(struct weir_sock *s);                   /* the core's error */
void sock_raw_apply(const struct weir_sock *s);
int sock_raw_set_header(struct weir_sock *s, int32_t value);
int sock_raw_set_checksum(struct weir_sock *s, int32_t value);
int sock_raw_set_filter(struct weir_sock *s, int level, int name, const void *value, uint32_t size);
int sock_raw_get_filter(const struct weir_sock *s, int level, int name, void *value,
                        uint32_t *size);

/* ---- multicast.c */
bool sock_multicast_is_option(int level, int name);
int sock_multicast_set(struct weir_sock *s, int level, int name, const void *value, uint32_t size);
int sock_multicast_get(const struct weir_sock *s, int level, int name, int32_t *value);

/* ---- options */
void sock_options_init(struct sock_options *o, const struct weir_sock_config *config);
/* For a connection or listener of this family. */
void sock_options_core(const struct weir_sock *s, bool v4, struct weir_tcp_options *o);
/* Must the core be told them? */
bool sock_options_differ(const struct weir_sock *s, const struct weir_tcp_options *o);
void sock_options_accepted(struct weir_sock *s, const struct weir_sock *listener);
int sock_options_apply(struct weir_sock *s, enum weir_option option); /* to the handle, if any */
bool sock_is_v4(const struct weir_sock *s); /* which family's TTL and TOS its packets have */
int sock_option_set_ip(struct weir_sock *s, int name, const void *value, uint32_t size);
int sock_option_set_ip6(struct weir_sock *s, int name, const void *value, uint32_t size);
int sock_option_get_ip(struct weir_sock *s, int name, int32_t *value);
int sock_option_get_ip6(struct weir_sock *s, int name, int32_t *value);
int sock_congestion_set(struct weir_sock *s, const char *name, uint32_t size);
void sock_congestion_get(const struct weir_sock *s, char name[WEIR_SOCK_CONGESTION_MAX]);
int sock_option_set_tcp(struct weir_sock *s, int name, int32_t value);
int sock_option_get_tcp(struct weir_sock *s, int name, int32_t *value);
int sock_option_set_pmtudisc(struct weir_sock *s, int32_t value);
int sock_option_get_mtu(const struct weir_sock *s, int32_t *value);
/* keys.c */
bool sock_option_is_key(int name);
int sock_option_set_key(struct weir_sock *s, int name, const void *value, uint32_t size);
void sock_keys_del(struct weir_sock *s);
void sock_tcp_info(struct weir_sock *s, struct weir_sock_tcp_info *info);

#endif
