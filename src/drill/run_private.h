/* run_private.h - what the files of the runner share. run.h says which file is about what. */
#ifndef DRILL_RUN_PRIVATE_H
#define DRILL_RUN_PRIVATE_H

#include <string.h>
#include <weir/socket.h>

#include "base/address.h"
#include "base/compiler.h"
#include "drill/eval.h"
#include "drill/run.h"
#include "drill/sysctl.h"
#include "wire/tcp.h"

#define RUN_PORT 8080             /* what bind and connect use, as upstream's packetdrill */
#define RUN_FIRST_PEER_PORT 40001 /* the first peer that connects; the next ones count up */
#define RUN_BEGIN (1000 * WEIR_S) /* the stack's time at time 0 of the script */
#define RUN_TOLERANCE (4 * WEIR_MS)
#define RUN_TOLERANCE_STRICT WEIR_MS
#define RUN_PACKET_MAX 65535
#define RUN_TCP_INQ 36 /* TCP_INQ and TCP_CM_INQ: made here, from what ioctl says */

/* ---- Connections ---------------------------------------------------------------------------------------- */

/* How far a connection of the script is: decides what its next packet means. */
enum run_conn_state {
    CONN_NEW = 0,
    CONN_LISTENING,
    CONN_SYN_RECEIVED, /* passive, up to the end */
    CONN_CONNECTING,   /* connect was called */
    CONN_SYN_SENT,     /* the script has expected the SYN */
    CONN_SYN_ACKED
};

struct run_stamp {
    uint32_t script, live;
};

/* A socket of the script, or a connection that no call has returned yet. Scripts count from the SYNs. */
struct run_conn {
    struct run_conn *next;
    enum run_conn_state state;
    uint16_t local_port, remote_port; /* 0: not known yet */
    uint32_t script_isn;              /* ours, as the script says */
    uint32_t live_isn;                /* ours, really */
    bool isn_known;                   /* live_isn and script_isn, of a listener's connection */
    uint32_t remote_isn;
    struct run_stamp *stamps; /* timestamps that were expected, and what they were */
    size_t stamp_count, stamp_room;
    uint64_t written, read; /* bytes that calls gave and took: the pattern's position */
    bool injected, injected_ack;
    uint32_t next_seq, last_ack; /* live, of the last packet injected */
    uint16_t last_window;
    bool sent; /* something was expected: last_out is it */
    struct tcp_segment last_out;
};

/* ---- Descriptors ---------------------------------------------------------------------------------------- */

enum run_fd_kind { FD_SOCKET = 1, FD_EPOLL, FD_PIPE_IN, FD_PIPE_OUT, FD_FILE };

struct run_watch { /* an entry of an epoll set */
    struct run_watch *next;
    struct run_fd *fd;
    uint32_t events;
    uint64_t data;
    bool ready; /* something happened since it was last told */
};

struct run_fd {
    struct run_fd *next;
    int number; /* as in the script */
    enum run_fd_kind kind;
    bool nonblocking;
    bool tells_left; /* TCP_INQ: recvmsg says how many bytes are left to read */
    struct weir_sock *sock;
    struct run_conn *conn;
    struct run_watch *watches; /* EPOLL */
    struct run_fd *pipe;       /* PIPE_IN and PIPE_OUT: the other end, NULL once closed */
    uint64_t bytes;            /* in a pipe, kept at the end that is read; of a FILE: position */
};

/* ---- Packets that the stack sent ------------------------------------------------------------------------- */

struct run_packet {
    struct run_packet *next;
    weir_time time;
    size_t size;
    uint8_t bytes[];
};

/* ---- Calls ----------------------------------------------------------------------------------------------- */

struct run;
struct run_call;

/* `begin` reads the arguments: false: run_broken was called. `attempt`: false: it would block. `finish`
 * compares what was returned through arguments. The last two may be NULL. */
struct run_call_kind {
    const char *name;
    unsigned args_min, args_max;
    bool (*begin)(struct run *run, struct run_call *call);
    bool (*attempt)(struct run *run, struct run_call *call);
    bool (*finish)(struct run *run, struct run_call *call);
    bool returns_fd; /* of the number only the sign is compared */
};

struct run_call {
    const struct run_call_kind *kind;
    const struct drill_call *script;
    struct drill_pos pos;
    struct drill_time time; /* of the event, absolute */
    weir_time end;          /* when it must return, if it blocks */
    weir_time timeout;      /* when it returns anyway, or WEIR_NEVER */
    int64_t result;         /* or a negative errno */
    bool started;
    bool awaits;  /* send: it began the connection, and waits for the outcome */
    bool blocked; /* send: it met the limit, and sleeps until it is told of room (as Linux) */
    struct run_fd *fd;
    /* what the call was given; each uses what it needs */
    int32_t number[4];
    uint8_t *data;
    uint64_t size, done;
    struct weir_sock *sock;
    struct run_fd *other;
    struct weir_endpoint endpoint;
    struct weir_sock_report report; /* MSG_ERRQUEUE: the entry it took */
};

/* ---- The run --------------------------------------------------------------------------------------------- */

struct run {
    const struct drill_script *script;
    const struct drill_options *options;
    struct drill_result *result;
    bool failed; /* or skipped: result says what */
    bool strict, ignore_shell;
    bool over; /* what is torn down is no part of the story */

    /* run_stack.c */
    struct weir_config stack_config;
    struct weir_sock_config sock_config;
    struct weir_stack *stack;
    struct weir_sock_space *space;
    uint32_t link;
    bool v6;     /* packets are IPv6 */
    bool mapped; /* IPv4 packets of IPv6 sockets */
    struct ip_addr local, remote;
    weir_time now;
    struct run_packet *packet_head, **packet_tail;
    uint64_t memory;

    /* run.c */
    const struct drill_event *event, *last_event;
    struct drill_time time;      /* of the event, absolute */
    struct drill_time last_time; /* of the event before */
    struct run_call *pending;    /* a call that blocks */
    weir_time tolerance;
    unsigned tolerance_thousandths; /* of the time between two events */
    uint64_t tick_us;               /* --tcp_ts_tick_usecs; 0: timestamps are not compared */
    bool ecr_scaled, strict_segments;
    struct drill_variables variables;

    /* run_conn.c, run_call.c */
    struct run_conn *conns;
    struct run_conn *conn; /* the one under test: the last one made */
    uint16_t next_peer_port;
    struct run_fd *fds;
};

/* Each says what it found (about the event at hand, or at `pos`) and returns false. Only the first counts. */
bool run_fail(struct run *run, struct drill_pos pos, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool run_skip(struct run *run, struct drill_pos pos, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool run_broken(struct run *run, struct drill_pos pos, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* run.c: is `actual` where `time` says? `last`: of the event before, or NULL. */
bool run_check_time(struct run *run, struct drill_pos pos, const struct drill_time *time,
                    const uint64_t *last, weir_time actual, const char *what);

/* run_stack.c */
void *run_get(struct run *run,
              size_t size); /* zeroed, freed with the script; aborts the run's failure: NULL */
bool run_stack_new(struct run *run);
void run_stack_del(struct run *run);
bool run_stack_settings(struct run *run); /* sock_config has changed; false: it makes no sense */
bool run_input(struct run *run, const uint8_t *packet, size_t size);
/* Lets the stack do what is due now, and the call that blocks. */
void run_turn(struct run *run);
/* The next instant at which something happens by itself, or WEIR_NEVER. */
weir_time run_next(const struct run *run);
void run_advance(struct run *run, weir_time until);
bool run_step(struct run *run, weir_time limit); /* to run_next; false: not before `limit` */

/* run_conn.c */
struct run_conn *run_conn_new(struct run *run);
void run_conn_connects(struct run_conn *conn); /* a call has begun it, unless it was begun before */
struct run_conn *run_conn_by_port(struct run *run, uint16_t remote_port);
/* Which connection a packet of the script is about; NULL after run_broken. */
struct run_conn *run_conn_for(struct run *run, const struct drill_packet *packet);
void run_stamp_set(struct run *run, struct run_conn *conn, uint32_t script, uint32_t live);
const struct run_stamp *run_stamp_find(const struct run_conn *conn, uint32_t script);
/* The byte at a position of a connection's stream: the same in both directions. */
uint8_t run_pattern(uint64_t position);

/* run_inject.c, run_expect.c */
bool run_inject(struct run *run, const struct drill_packet *packet);
bool run_inject_reset(struct run *run, struct run_conn *conn);
bool run_expect(struct run *run, const struct drill_packet *packet);
struct run_packet *run_packet_for(struct run *run, const struct run_conn *conn);

/* run_options.c */
struct run_option {
    uint8_t kind, size; /* size: the whole option, 1 for NOP and EOL */
    uint8_t data[38];
};
#define RUN_OPTIONS_MAX 40
/* Both lists name every option, NOP and EOL too. -1: after run_broken or run_skip. */
int run_options_script(struct run *run, const struct drill_tcp *tcp,
                       struct run_option out[RUN_OPTIONS_MAX]);
int run_options_wire(const uint8_t *bytes, size_t size, struct run_option out[RUN_OPTIONS_MAX]);

/* run_auth.c: signatures of segments. */
#define RUN_MD5_SIZE 16
#define RUN_AO_SIZE 12
struct run_signed {
    const uint8_t *tcp; /* header, then payload */
    size_t header_size;
    uint32_t payload_size;
    const struct ip_addr *src, *dst;
    uint32_t src_isn, dst_isn;
    bool first; /* the SYN: dst_isn is not known */
};
/* Fills the option in `tcp`, which is s->tcp; `wrong`: with one bit changed. False after run_broken. */
bool run_auth_sign(struct run *run, const struct run_signed *s, uint8_t *tcp, bool wrong);
bool run_auth_good(const struct run *run, const struct run_signed *s);
/* The option of a script's segment that run_auth.c has to compute, or NULL. */
const struct drill_option *run_auth_option(const struct drill_tcp *tcp);

/* run_show.c: a packet as a script would say it. */
struct run_shown {
    uint32_t seq, ack, length;
    uint16_t flags; /* enum weir_tcp_flags */
    uint16_t window, urgent;
    int ace;
    bool any_window, any_options, any_seq;
    struct run_option options[RUN_OPTIONS_MAX];
    int option_count;
};
#define RUN_SHOWN_MAX 512
char *run_show(const struct run_shown *shown, char out[RUN_SHOWN_MAX]);
/* A packet of the stack's, with the script's numbers. */
char *run_show_live(const struct run_conn *conn, const struct run_packet *packet,
                    char out[RUN_SHOWN_MAX]);
char *run_show_script(struct run *run, const struct drill_packet *packet, char out[RUN_SHOWN_MAX]);

/* run_call.c */
bool run_call_event(struct run *run, const struct drill_call *call);
/* Asks the call that blocks again. */
void run_call_poll(struct run *run);
weir_time run_call_deadline(const struct run *run);
struct run_fd *run_fd_find(const struct run *run, int64_t number);
struct run_fd *run_fd_new(struct run *run, int64_t number, enum run_fd_kind kind);
bool run_arg_is_ellipsis(const struct run_call *call, size_t index);
const struct drill_expr *run_arg(const struct run_call *call, size_t index);
bool run_arg_number(struct run *run, const struct run_call *call, size_t index, int64_t *value);
bool run_expr_number(struct run *run, const struct drill_expr *expr, int64_t *value);
bool run_arg_fd(struct run *run, struct run_call *call, size_t index, struct run_fd **fd);
/* Also clears what waits for a socket that is gone. */
void run_fd_close(struct run *run, struct run_fd *fd);

extern const struct run_call_kind run_calls_open[], run_calls_io[], run_calls_option[],
    run_calls_wait[], run_calls_file[]; /* each ends with a name NULL */

/* run_call_open.c: the script's endpoint of that address, as a socket of the run names it */
void run_name_of(const struct run *run, const struct ip_addr *ip, struct weir_endpoint *e);

/* run_call_io.c */
void run_pattern_fill(uint8_t *data, uint64_t size, uint64_t position);

/* run_call_wait.c: something happened to a socket. */
void run_watch_changed(struct run *run, const struct weir_sock *sock);

/* run_symbol.c */
bool run_symbol(void *run, const char *name, int64_t *value);    /* a drill_lookup */
const char *run_define(const struct run *run, const char *name); /* its value, or NULL */
const char *run_errno_name(int64_t number);
bool run_code(struct run *run, const struct drill_code *code);

/* run_shell.c */
bool run_shell(struct run *run, struct drill_pos pos, const char *command);
/* NAME=VALUE, before the first event. */
bool run_setting(struct run *run, const char *setting);

#endif
