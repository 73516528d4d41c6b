/* files.c - descriptors, and addresses between the system's form and the core's. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "packetdrill/adapter.h"

struct file *file_new(struct adapter *a, enum file_kind kind)
{
    struct file *f = calloc(1, sizeof(*f));

    if (!f) {
        return NULL;
    }
    f->kind = kind;
    f->fd =
        eventfd(0, EFD_CLOEXEC); /* packetdrill closes with libc's close what a script left open */
    if (f->fd < 0) {
        free(f);
        return NULL;
    }
    f->next = a->files;
    a->files = f;
    return f;
}

struct file *file_find(const struct adapter *a, int fd)
{
    for (struct file *f = a->files; f; f = f->next) {
        if (f->fd == fd) {
            return f;
        }
    }
    return NULL;
}

struct file *file_socket(const struct adapter *a, int fd, int *error)
{
    struct file *f = file_find(a, fd);

    *error = !f ? -EBADF : f->kind != FILE_SOCKET ? -ENOTSOCK : 0;
    return *error ? NULL : f;
}

void file_del(struct adapter *a, struct file *f)
{
    struct file **at = &a->files;

    while (*at != f) {
        at = &(*at)->next;
    }
    *at = f->next;
    polls_forget(a, f);
    (void)syscall(SYS_close, f->fd); /* close() may be that of preload/, which comes back here */
    free(f);
}

/* ---- Addresses ---------------------------------------------------------------------------------------- */

int address_in(const struct sockaddr *address, socklen_t size, struct weir_endpoint *e)
{
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;

    memset(e, 0, sizeof(*e));
    if (!address || size < sizeof(address->sa_family)) {
        return -EINVAL;
    }
    switch (address->sa_family) {
    case AF_UNSPEC: return 0;
    case AF_INET:
        if (size < sizeof(in4)) {
            return -EINVAL;
        }
        memcpy(&in4, address, sizeof(in4));
        e->ip.family = 4;
        memcpy(e->ip.bytes, &in4.sin_addr, 4);
        e->port = ntohs(in4.sin_port);
        return 0;
    case AF_INET6:
        if (size < sizeof(in6)) {
            return -EINVAL;
        }
        memcpy(&in6, address, sizeof(in6));
        e->ip.family = 6;
        memcpy(e->ip.bytes, &in6.sin6_addr, 16);
        e->ip.scope = in6.sin6_scope_id;
        e->port = ntohs(in6.sin6_port);
        return 0;
    default: return -EAFNOSUPPORT;
    }
}

void address_out(const struct weir_endpoint *e, struct sockaddr *address, socklen_t *size)
{
    struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(e->port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(e->port)};
    const void *from = e->ip.family == 4 ? (const void *)&in4 : (const void *)&in6;
    socklen_t full = e->ip.family == 4 ? sizeof(in4) : sizeof(in6);

    if (!address || !size) {
        return;
    }
    memcpy(&in4.sin_addr, e->ip.bytes, 4);
    memcpy(&in6.sin6_addr, e->ip.bytes, 16);
    in6.sin6_scope_id = e->ip.scope;
    memcpy(address, from, *size < full ? *size : full);
    *size = full;
}
