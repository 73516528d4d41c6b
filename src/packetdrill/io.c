/* io.c - reading and writing, with the waiting that a blocking descriptor does. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/errqueue.h> /* needs time.h */

#include "packetdrill/adapter.h"

#define SLICES_MAX 1024 /* IOV_MAX */

/* ---- With the lock held --------------------------------------------------------------------------------- */

static bool must_not_wait(const struct file *f, int flags)
{
    return f->nonblocking || (flags & MSG_DONTWAIT) != 0;
}

/* The core takes every address for a good one; NULL is what scripts try. */
static bool has_null(const struct weir_sock_message *m)
{
    for (size_t i = 0; i < m->slice_count; i++) {
        if (!m->slices[i].data && m->slices[i].size) {
            return true;
        }
    }
    return false;
}

/* What is left of a message once `done` bytes of it are sent. */
static size_t rest_of(const struct weir_sock_message *m, uint64_t done,
                      struct weir_sock_slice *rest)
{
    size_t n = 0;

    for (size_t i = 0; i < m->slice_count; i++) {
        size_t size = m->slices[i].size, skip = done < size ? (size_t)done : size;

        done -= skip;
        if (size > skip) {
            rest[n++] = (struct weir_sock_slice){(uint8_t *)m->slices[i].data + skip, size - skip};
        }
    }
    return n;
}

static bool connecting(const struct file *f)
{
    struct weir_sock_tcp_info info = {0};
    uint32_t size = sizeof(info);

    (void)weir_sock_getsockopt(f->sock, WEIR_SOL_TCP, WEIR_TCP_INFO, &info, &size);
    return info.state == WEIR_SOCK_SYN_SENT;
}

/* A blocking send that began the connection waits for the outcome: 0, or why there is none. */
static int await_connection(struct adapter *a, int fd)
{
    const struct weir_endpoint whatever = {.ip.family = 4}; /* the one that is under way */
    struct file *f;
    int result;

    do {
        f = file_socket(a, fd, &result);
        result = f ? weir_sock_connect(f->sock, &whatever) : result;
    } while (result == -EALREADY && adapter_block(a, WEIR_NEVER));
    return result;
}

/* As in Linux a writer that has met the limit sleeps until it is told that there is room, not until there is a little. */
static bool await_room(struct adapter *a, int fd)
{
    struct file *f;
    int error;

    do {
        if (!adapter_block(a, WEIR_NEVER)) {
            return false;
        }
        f = file_socket(a, fd, &error);
    } while (f && !(weir_sock_poll(f->sock) & (WEIR_POLLOUT | WEIR_POLLERR | WEIR_POLLHUP)));
    return true;
}

int64_t adapter_send(struct adapter *a, int fd, const struct weir_sock_message *m, int flags)
{
    struct weir_sock_slice slices[SLICES_MAX];
    struct weir_sock_message part = {.slices = slices, .name = m->name};
    struct file *f;
    int64_t total = 0, done;
    int error;

    for (;;) {
        f = file_socket(a, fd, &error);
        if (!f) {
            return total ? total : error;
        }
        if (has_null(m) && (weir_sock_poll(f->sock) & WEIR_POLLOUT)) {
            return -EFAULT;
        }
        part.slice_count = rest_of(m, (uint64_t)total, slices);
        /* the rest of what a blocking send begins the connection with leaves as early as it can */
        done = weir_sock_sendmsg(f->sock, &part,
                                 flags | (must_not_wait(f, flags) ? 0 : WEIR_MSG_WAITALL));
        total += done > 0 ? done : 0;
        if ((done >= 0 || done == -EINPROGRESS) && !must_not_wait(f, flags) && connecting(f)) {
            done = await_connection(a, fd);
            if (done < 0) {
                return done;
            }
            flags &= ~MSG_FASTOPEN;
            if (rest_of(m, (uint64_t)total, slices) > 0) {
                continue;
            }
        }
        if (rest_of(m, (uint64_t)total, slices) == 0 || (done < 0 && done != -EAGAIN) ||
            must_not_wait(f, flags)) {
            break;
        }
        if (done <= 0 && !await_room(a, fd)) {
            break;
        }
    }
    return total ? total : done;
}

int64_t adapter_receive(struct adapter *a, int fd, struct weir_sock_message *m, int flags)
{
    struct file *f;
    int64_t done;
    int error;

    do {
        f = file_socket(a, fd, &error);
        if (!f) {
            return error;
        }
        if (has_null(m) && (weir_sock_poll(f->sock) & WEIR_POLLIN) && !(flags & MSG_TRUNC)) {
            return -EFAULT;
        }
        done = weir_sock_recvmsg(f->sock, m, flags);
    } while (done == -EAGAIN && !must_not_wait(f, flags) && !(flags & MSG_ERRQUEUE) &&
             adapter_block(a, WEIR_NEVER));
    return done;
}

/* ---- Receiving ---------------------------------------------------------------------------------------- */

static int slices_in(const struct iovec *from, size_t count, struct weir_sock_slice *to)
{
    if (count > SLICES_MAX) {
        return -EMSGSIZE;
    }
    for (size_t i = 0; i < count; i++) {
        to[i] = (struct weir_sock_slice){from[i].iov_base, from[i].iov_len};
    }
    return 0;
}

/* How many bytes are left to be read: asked for with TCP_INQ. */
static void add_inq(const struct file *f, struct msghdr *message)
{
    struct cmsghdr header = {.cmsg_level = WEIR_SOL_TCP, .cmsg_type = 36 /* TCP_CM_INQ */};
    int32_t value = 0;

    if (message->msg_controllen < CMSG_SPACE(sizeof(value)) || !message->msg_control) {
        message->msg_controllen = 0;
        message->msg_flags |= MSG_CTRUNC;
        return;
    }
    (void)weir_sock_ioctl(f->sock, WEIR_SIOCINQ, &value);
    value +=
        value == 0 && (weir_sock_poll(f->sock) & WEIR_POLLRDHUP); /* as Linux: the end counts */
    header.cmsg_len = CMSG_LEN(sizeof(value));
    memcpy(message->msg_control, &header, sizeof(header));
    memcpy((uint8_t *)message->msg_control + CMSG_LEN(0), &value, sizeof(value));
    message->msg_controllen = CMSG_SPACE(sizeof(value));
}

struct report_data {
    struct sock_extended_err error;
    struct sockaddr_storage offender;
};

/* An entry of the error queue, in the control message that Linux has for it. */
static void add_report(const struct file *f, struct msghdr *message,
                       const struct weir_sock_report *r)
{
    int32_t domain = AF_INET;
    uint32_t size = sizeof(domain);
    struct report_data data = {.error = {.ee_errno = r->error,
                                         .ee_origin = r->origin,
                                         .ee_type = r->type,
                                         .ee_code = r->code,
                                         .ee_info = r->info,
                                         .ee_data = r->data}};
    struct cmsghdr header = {.cmsg_level = WEIR_SOL_IP, .cmsg_type = IP_RECVERR};
    size_t data_size = sizeof(data.error) + sizeof(struct sockaddr_in);

    (void)weir_sock_getsockopt(f->sock, WEIR_SOL_SOCKET, WEIR_SO_DOMAIN, &domain, &size);
    if (domain == AF_INET6) {
        header.cmsg_level = WEIR_SOL_IPV6;
        header.cmsg_type = IPV6_RECVERR;
        data_size = sizeof(data.error) + sizeof(struct sockaddr_in6);
    }
    if (message->msg_controllen < CMSG_SPACE(data_size) || !message->msg_control) {
        message->msg_controllen = 0;
        message->msg_flags |= MSG_CTRUNC;
        return;
    }
    header.cmsg_len = CMSG_LEN(data_size);
    memcpy(message->msg_control, &header, sizeof(header));
    memcpy((uint8_t *)message->msg_control + CMSG_LEN(0), &data, data_size);
    message->msg_controllen = CMSG_SPACE(data_size);
}

ssize_t slot_recvmsg(void *u, int fd, struct msghdr *message, int flags)
{
    struct adapter *a = u;
    struct weir_sock_slice slices[SLICES_MAX];
    struct weir_sock_report report;
    struct weir_sock_message m = {
        .slices = slices, .slice_count = message->msg_iovlen, .report = &report};
    int64_t done = slices_in(message->msg_iov, message->msg_iovlen, slices);
    struct file *f;

    adapter_enter(a);
    done = done == 0 ? adapter_receive(a, fd, &m, flags) : done;
    f = file_find(a, fd);
    if (done >= 0) { /* a call that fails leaves it as it was */
        message->msg_flags = m.flags;
    }
    if (done >= 0 && f && (m.flags & WEIR_MSG_ERRQUEUE)) {
        add_report(f, message, &report);
    } else if (done >= 0 && f && f->report_inq) {
        add_inq(f, message);
    } else if (done >= 0) {
        message->msg_controllen = 0;
    }
    return (ssize_t)adapter_leave(a, done);
}

ssize_t slot_recvfrom(void *u, int fd, void *data, size_t size, int flags, struct sockaddr *address,
                      socklen_t *address_size)
{
    struct adapter *a = u;
    struct weir_sock_slice slice = {.data = data, .size = size};
    struct weir_sock_message m = {.slices = &slice, .slice_count = 1};
    int64_t done;

    adapter_enter(a);
    done = adapter_receive(a, fd, &m, flags);
    if (done >= 0 && address && address_size) {
        *address_size = 0; /* of a stream there is none */
    }
    return (ssize_t)adapter_leave(a, done);
}

ssize_t slot_recv(void *u, int fd, void *data, size_t size, int flags)
{
    return slot_recvfrom(u, fd, data, size, flags, NULL, NULL);
}

ssize_t slot_readv(void *u, int fd, const struct iovec *from, int count)
{
    struct adapter *a = u;
    struct weir_sock_slice slices[SLICES_MAX];
    struct weir_sock_message m = {.slices = slices, .slice_count = (size_t)count};
    int64_t done =
        count < 0 || count > SLICES_MAX ? -EINVAL : slices_in(from, (size_t)count, slices);

    adapter_enter(a);
    return (ssize_t)adapter_leave(a, done == 0 ? adapter_receive(a, fd, &m, 0) : done);
}

ssize_t slot_read(void *u, int fd, void *data, size_t size)
{
    struct adapter *a = u;
    struct weir_sock_slice slice = {.data = data, .size = size};
    struct weir_sock_message m = {.slices = &slice, .slice_count = 1};
    struct file *f;

    adapter_enter(a);
    f = file_find(a, fd);
    if (f && f->kind == FILE_PIPE) {
        return (ssize_t)adapter_leave(a, pipe_read(a, f, data, size));
    }
    return (ssize_t)adapter_leave(a, adapter_receive(a, fd, &m, 0));
}

/* ---- Sending ------------------------------------------------------------------------------------------ */

ssize_t slot_sendmsg(void *u, int fd, const struct msghdr *message, int flags)
{
    struct adapter *a = u;
    struct weir_sock_slice slices[SLICES_MAX];
    struct weir_sock_message m = {.slices = slices, .slice_count = message->msg_iovlen};
    int64_t done = slices_in(message->msg_iov, message->msg_iovlen, slices);
    struct weir_endpoint to;

    adapter_enter(a);
    if (done == 0 && (flags & MSG_FASTOPEN)) { /* otherwise an address means nothing to a stream */
        (void)adapter_configure(a);
        m.name = message->msg_name ? &to : NULL;
        done = m.name ? address_in(message->msg_name, message->msg_namelen, &to) : 0;
    }
    return (ssize_t)adapter_leave(a, done == 0 ? adapter_send(a, fd, &m, flags) : done);
}

ssize_t slot_sendto(void *u, int fd, const void *data, size_t size, int flags,
                    const struct sockaddr *address, socklen_t address_size)
{
    struct iovec slice = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    struct msghdr message = {.msg_iov = &slice, .msg_iovlen = 1};

    message.msg_name = (void *)(uintptr_t)address;
    message.msg_namelen = address_size;
    return slot_sendmsg(u, fd, &message, flags);
}

ssize_t slot_send(void *u, int fd, const void *data, size_t size, int flags)
{
    return slot_sendto(u, fd, data, size, flags, NULL, 0);
}

ssize_t slot_writev(void *u, int fd, const struct iovec *slices, int count)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)slices,
                             .msg_iovlen = (size_t)count};

    if (count < 0 || count > SLICES_MAX) {
        errno = EINVAL;
        return -1;
    }
    return slot_sendmsg(u, fd, &message, 0);
}

ssize_t slot_write(void *u, int fd, const void *data, size_t size)
{
    struct adapter *a = u;
    struct file *f;

    adapter_enter(a);
    f = file_find(a, fd);
    if (f && f->kind == FILE_PIPE) {
        return (ssize_t)adapter_leave(a, pipe_write(a, f, data, size));
    }
    (void)adapter_leave(a, 0);
    return slot_send(u, fd, data, size, 0);
}
