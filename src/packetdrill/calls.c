/* calls.c - socket, bind, listen, accept, connect, shutdown, close. */
#include <errno.h>
#include <stdlib.h>

#include "packetdrill/adapter.h"

int slot_socket(void *u, int domain, int type, int protocol)
{
    struct adapter *a = u;
    struct file *f = NULL;
    int result;

    adapter_enter(a);
    if (!adapter_start(a)) {
        return (int)adapter_leave(a, -ENOMEM);
    }
    f = file_new(a, FILE_SOCKET);
    if (!f) {
        return (int)adapter_leave(a, -errno);
    }
    result = weir_sock_socket(a->space, domain, type, protocol, &f->sock);
    if (result < 0) {
        file_del(a, f);
        return (int)adapter_leave(a, result);
    }
    f->nonblocking = (type & WEIR_SOCK_NONBLOCK) != 0;
    weir_sock_set_user(f->sock, (uint64_t)f->fd);
    return (int)adapter_leave(a, f->fd);
}

int slot_bind(void *u, int fd, const struct sockaddr *address, socklen_t size)
{
    struct adapter *a = u;
    struct weir_endpoint local;
    int result;
    struct file *f;

    adapter_enter(a);
    f = file_socket(a, fd, &result);
    if (f) {
        result = address_in(address, size, &local);
    }
    if (f && result == 0) {
        adapter_learn_address(a, &local.ip);
        result = weir_sock_bind(f->sock, &local);
    }
    return (int)adapter_leave(a, result);
}

int slot_listen(void *u, int fd, int backlog)
{
    struct adapter *a = u;
    int result;
    struct file *f;

    adapter_enter(a);
    f = file_socket(a, fd, &result);
    if (f) {
        (void)adapter_configure(a);
        result = weir_sock_listen(f->sock, backlog);
    }
    return (int)adapter_leave(a, result);
}

static int accepted_file(struct adapter *a, struct weir_sock *sock)
{
    struct file *f = file_new(a, FILE_SOCKET);

    if (!f) {
        int error = errno;

        (void)weir_sock_close(sock, WEIR_NEVER);
        return -error;
    }
    f->sock = sock;
    weir_sock_set_user(sock, (uint64_t)f->fd);
    return f->fd;
}

int slot_accept(void *u, int fd, struct sockaddr *address, socklen_t *size)
{
    struct adapter *a = u;
    struct weir_endpoint remote;
    struct weir_sock *sock;
    struct file *f;
    int result;

    adapter_enter(a);
    do {
        f = file_socket(a, fd, &result);
        result = f ? weir_sock_accept(f->sock, &sock, &remote) : result;
    } while (result == -EAGAIN && !f->nonblocking && adapter_block(a, WEIR_NEVER));
    if (result == 0) {
        result = accepted_file(a, sock);
        address_out(&remote, address, size);
    }
    return (int)adapter_leave(a, result);
}

int slot_connect(void *u, int fd, const struct sockaddr *address, socklen_t size)
{
    struct adapter *a = u;
    struct weir_endpoint remote;
    struct file *f;
    int result;

    adapter_enter(a);
    f = file_socket(a, fd, &result);
    if (f) {
        result = address_in(address, size, &remote);
    }
    if (!f || result != 0) {
        return (int)adapter_leave(a, result);
    }
    result = weir_sock_connect(f->sock, &remote);
    while ((result == -EINPROGRESS || result == -EALREADY) && !f->nonblocking &&
           adapter_block(a, WEIR_NEVER)) {
        f = file_socket(a, fd, &result);
        if (!f) {
            break;
        }
        result = weir_sock_connect(f->sock, &remote);
    }
    return (int)adapter_leave(a, result);
}

int slot_shutdown(void *u, int fd, int how)
{
    struct adapter *a = u;
    int result;
    struct file *f;

    adapter_enter(a);
    f = file_socket(a, fd, &result);
    if (f) {
        result = weir_sock_shutdown(f->sock, how);
        polls_signal(a, f, 0);
        a->news = true;
    }
    return (int)adapter_leave(a, result);
}

int adapter_close(struct adapter *a, int fd)
{
    struct file *f = file_find(a, fd);

    if (!f) {
        return -EBADF;
    }
    a->news = a->state_changed = true;
    if (f->kind == FILE_SOCKET && weir_sock_close(f->sock, a->now) == 1) {
        while (weir_sock_lingering(f->sock, a->now)) {
            (void)adapter_block(a, weir_sock_linger_deadline(f->sock));
        }
    } else if (f->kind == FILE_PIPE) {
        pipe_close(a, f);
    } else if (f->kind == FILE_EPOLL) {
        epoll_free_items(f);
    }
    file_del(a, f);
    return 0;
}

int slot_close(void *u, int fd)
{
    struct adapter *a = u;

    adapter_enter(a);
    return (int)adapter_leave(a, adapter_close(a, fd));
}
