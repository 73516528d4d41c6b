/*
 * adapter.h - what the files of packetdrill/ share: one stack, its sockets as descriptors, a clock that only
 * this adapter moves, and the packets the stack has sent and nobody has fetched yet.
 *
 * Threads: packetdrill has two. The other one makes calls that may block, one at a
 * time. Every slot holds `lock`. A call of the other thread that must wait sleeps on `wake`; whenever
 * something has changed, the main thread gives it the turn and waits until it sleeps again or has asked for
 * the time, which packetdrill does first of all after a call. So a run is the same every time.
 *
 * Reading order: init.c, settings.c, time.c, packets.c, files.c, calls.c, io.c, options.c, poll.c, pipe.c,
 * state.c; preload/ is a library of its own.
 */
#ifndef PACKETDRILL_ADAPTER_H
#define PACKETDRILL_ADAPTER_H

#include <pthread.h>
#include <stdio.h>
#include <weir/socket.h>

#include "device/pcapfile.h"
#include "packetdrill/table.h"

enum file_kind { FILE_SOCKET = 1, FILE_EPOLL, FILE_PIPE };

/* A descriptor that we gave out; its number is that of a real eventfd. */
struct file {
    struct file *next;
    int fd;
    enum file_kind kind;
    bool nonblocking, report_inq;
    struct weir_sock *sock;
    struct epoll_item *items; /* epoll */
    struct pipe_buffer *pipe;
    bool write_end;
};

/* A packet that the stack has sent. */
struct packet {
    struct packet *next;
    uint64_t number; /* from 1 */
    weir_time time;
    size_t size;
    uint8_t data[];
};

/* What --so_flags says. */
struct flags {
    struct weir_ip local[8];
    uint32_t local_count;
    uint32_t mtu;
    bool stray_fails;
    const char *settings, *state; /* paths; NULL: none */
};

/* What sysctl said, as far as the core has an option for it. */
struct settings {
    struct weir_config stack; /* has its effect before the first socket only */
    struct weir_sock_config sockets;
};

struct adapter {
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    pthread_t main_thread;
    bool waiting;  /* the other thread sleeps in a call */
    bool its_turn; /* it is awake and the main thread waits for it */
    bool
        returning; /* it has left a call in which it slept, and packetdrill is looking at the result */
    pid_t other_thread;   /* the one that slept last */
    bool news;            /* something changed since it last looked */
    weir_time wait_until; /* of that call */

    weir_time now;
    struct weir_stack *stack; /* NULL until the first socket */
    struct weir_sock_space *space;
    uint32_t link;
    struct flags flags;
    char *flags_text;
    struct settings settings;
    struct file *files;

    struct packet *packets, **packets_tail;
    uint64_t emitted; /* packets sent so far */
    uint64_t claimed; /* of them, those of before the end of the script: must have been fetched */
    bool broken;      /* a packet was wrong: nothing is delivered any more */
    bool state_changed;
    struct pcapfile *capture;
};

/* ---- settings.c */
/* Reads the file again; false: nothing has changed. */
bool settings_read(struct adapter *a);
void settings_default(struct settings *s);
void settings_unmodelled(const struct adapter *a, FILE *out); /* "unmodelled NAME" lines */

/* ---- init.c */
bool adapter_start(struct adapter *a);     /* the stack, when it is first needed; errno */
bool adapter_configure(struct adapter *a); /* what the script has set meanwhile */
void adapter_learn_address(struct adapter *a, const struct weir_ip *ip);

/* ---- time.c: all with the lock held */
void adapter_enter(void *u);
/* Runs what is due, gives the lock back and makes a result of a call: negative is a negative errno. */
int64_t adapter_leave(struct adapter *a, int64_t result);
void adapter_run_due(struct adapter *a);
void adapter_advance(struct adapter *a, weir_time to);
bool adapter_advance_to_next(struct adapter *a); /* false: nothing will ever happen */
/* Waits for a change. false: the time is over, or nothing can happen any more. */
bool adapter_block(struct adapter *a, weir_time until);
weir_time adapter_after_ms(const struct adapter *a, int ms); /* negative: never */
int slot_usleep(void *u, useconds_t us);
int slot_gettimeofday(void *u, struct timeval *time, struct timezone *zone);

/* ---- packets.c */
void packets_keep(struct adapter *a, const struct weir_frame *frame);
void packets_check_strays(struct adapter *a);
void packets_free(struct adapter *a);
int slot_netdev_send(void *u, const void *packet, size_t size);
int slot_netdev_receive(void *u, void *packet, size_t *size, long long *time_us);

/* ---- files.c */
struct file *file_new(struct adapter *a, enum file_kind kind); /* NULL: errno */
struct file *file_find(const struct adapter *a, int fd);
struct file *file_socket(const struct adapter *a, int fd, int *error); /* EBADF, ENOTSOCK */
void file_del(struct adapter *a, struct file *f); /* sock, pipe and items are gone already */
int address_in(const struct sockaddr *address, socklen_t size, struct weir_endpoint *e);
void address_out(const struct weir_endpoint *e, struct sockaddr *address, socklen_t *size);

/* ---- calls.c */
int slot_socket(void *u, int domain, int type, int protocol);
int slot_bind(void *u, int fd, const struct sockaddr *address, socklen_t size);
int slot_listen(void *u, int fd, int backlog);
int slot_accept(void *u, int fd, struct sockaddr *address, socklen_t *size);
int slot_connect(void *u, int fd, const struct sockaddr *address, socklen_t size);
int slot_shutdown(void *u, int fd, int how);
int slot_close(void *u, int fd);
int adapter_close(struct adapter *a, int fd); /* lock held; a result or a negative errno */

/* ---- options.c */
int slot_getsockopt(void *u, int fd, int level, int name, void *value, socklen_t *size);
int slot_setsockopt(void *u, int fd, int level, int name, const void *value, socklen_t size);
int slot_fcntl(void *u, int fd, int command, ...);
int slot_ioctl(void *u, int fd, unsigned long request, ...);

/* ---- io.c */
ssize_t slot_read(void *u, int fd, void *data, size_t size);
ssize_t slot_readv(void *u, int fd, const struct iovec *slices, int count);
ssize_t slot_recv(void *u, int fd, void *data, size_t size, int flags);
ssize_t slot_recvfrom(void *u, int fd, void *data, size_t size, int flags, struct sockaddr *address,
                      socklen_t *address_size);
ssize_t slot_recvmsg(void *u, int fd, struct msghdr *message, int flags);
ssize_t slot_write(void *u, int fd, const void *data, size_t size);
ssize_t slot_writev(void *u, int fd, const struct iovec *slices, int count);
ssize_t slot_send(void *u, int fd, const void *data, size_t size, int flags);
ssize_t slot_sendto(void *u, int fd, const void *data, size_t size, int flags,
                    const struct sockaddr *address, socklen_t address_size);
ssize_t slot_sendmsg(void *u, int fd, const struct msghdr *message, int flags);
/* Lock held: all of it, or as much as goes without blocking; a negative errno. */
int64_t adapter_send(struct adapter *a, int fd, const struct weir_sock_message *m, int flags);
int64_t adapter_receive(struct adapter *a, int fd, struct weir_sock_message *m, int flags);

/* ---- poll.c */
void polls_signal(struct adapter *a, struct file *f, uint32_t bits); /* 0: whatever is asked for */
void polls_forget(struct adapter *a, struct file *f);
void epoll_free_items(struct file *f);
int slot_poll(void *u, struct pollfd *fds, nfds_t count, int timeout_ms);
int slot_epoll_create(void *u, int size);
int slot_epoll_ctl(void *u, int epoll, int operation, int fd, struct epoll_event *event);
int slot_epoll_wait(void *u, int epoll, struct epoll_event *events, int room, int timeout_ms);

/* ---- pipe.c */
unsigned pipe_poll(const struct file *f);
void pipe_close(struct adapter *a, struct file *f);
int64_t pipe_read(struct adapter *a, struct file *f, void *data, size_t size);
int64_t pipe_write(struct adapter *a, struct file *f, const void *data, size_t size);
int slot_pipe(void *u, int fds[2]);
int slot_splice(void *u, int in, loff_t *in_at, int out, loff_t *out_at, size_t size,
                unsigned flags);

/* ---- state.c */
void state_write(struct adapter *a); /* what the stand-ins for ss, sockstat and nstat read */

#endif
