/*
 * table.h - what packetdrill and a shared object that it loads (--so_filename) agree on: one exported
 * function that fills a table of calls. The order of the slots is the interface; every slot must be set.
 * docs/packetdrill.md says what packetdrill expects of each.
 */
#ifndef PACKETDRILL_TABLE_H
#define PACKETDRILL_TABLE_H

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>

struct packetdrill_table {
    void *userdata; /* first argument of every call */
    void (*free)(void *u);
    int (*socket)(void *u, int domain, int type, int protocol);
    int (*bind)(void *u, int fd, const struct sockaddr *address, socklen_t size);
    int (*listen)(void *u, int fd, int backlog);
    int (*accept)(void *u, int fd, struct sockaddr *address, socklen_t *size);
    int (*connect)(void *u, int fd, const struct sockaddr *address, socklen_t size);
    ssize_t (*read)(void *u, int fd, void *data, size_t size);
    ssize_t (*readv)(void *u, int fd, const struct iovec *slices, int count);
    ssize_t (*recv)(void *u, int fd, void *data, size_t size, int flags);
    ssize_t (*recvfrom)(void *u, int fd, void *data, size_t size, int flags,
                        struct sockaddr *address, socklen_t *address_size);
    ssize_t (*recvmsg)(void *u, int fd, struct msghdr *message, int flags);
    ssize_t (*write)(void *u, int fd, const void *data, size_t size);
    ssize_t (*writev)(void *u, int fd, const struct iovec *slices, int count);
    ssize_t (*send)(void *u, int fd, const void *data, size_t size, int flags);
    ssize_t (*sendto)(void *u, int fd, const void *data, size_t size, int flags,
                      const struct sockaddr *address, socklen_t address_size);
    ssize_t (*sendmsg)(void *u, int fd, const struct msghdr *message, int flags);
    int (*fcntl)(void *u, int fd, int command, ...);
    int (*ioctl)(void *u, int fd, unsigned long request, ...);
    int (*close)(void *u, int fd);
    int (*shutdown)(void *u, int fd, int how);
    int (*getsockopt)(void *u, int fd, int level, int name, void *value, socklen_t *size);
    int (*setsockopt)(void *u, int fd, int level, int name, const void *value, socklen_t size);
    int (*poll)(void *u, struct pollfd *fds, nfds_t count, int timeout_ms);
    int (*netdev_send)(void *u, const void *packet, size_t size); /* into the stack */
    int (*netdev_receive)(void *u, void *packet, size_t *size, long long *time_us); /* out of it */
    int (*usleep)(void *u, useconds_t us);
    int (*gettimeofday)(void *u, struct timeval *time, struct timezone *zone);
    int (*epoll_create)(void *u, int size);
    int (*epoll_ctl)(void *u, int epoll, int operation, int fd, struct epoll_event *event);
    int (*epoll_wait)(void *u, int epoll, struct epoll_event *events, int room, int timeout_ms);
    int (*pipe)(void *u, int fds[2]);
    int (*splice)(void *u, int in, loff_t *in_at, int out, loff_t *out_at, size_t size,
                  unsigned flags);
};

void packetdrill_interface_init(const char *flags, struct packetdrill_table *table);

#endif
