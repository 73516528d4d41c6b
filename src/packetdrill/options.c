/* options.c - getsockopt, setsockopt, fcntl and ioctl. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

#include "packetdrill/adapter.h"

#define OPTION_TCP_INQ 36

/* recvmsg's control messages are the adapter's, so is the option that asks for them. */
static int set_inq(struct file *f, const void *value, socklen_t size)
{
    int32_t number;

    if (size < sizeof(number)) {
        return -EINVAL;
    }
    memcpy(&number, value, sizeof(number));
    if (number < 0 || number > 1) {
        return -EINVAL;
    }
    f->report_inq = number != 0;
    return 0;
}

static int get_inq(const struct file *f, void *value, socklen_t *size)
{
    int32_t number = f->report_inq;

    *size = *size < sizeof(number) ? *size : (socklen_t)sizeof(number);
    memcpy(value, &number, *size);
    return 0;
}

int slot_getsockopt(void *u, int fd, int level, int name, void *value, socklen_t *size)
{
    struct adapter *a = u;
    struct file *f;
    int result;

    adapter_enter(a);
    f = file_socket(a, fd, &result);
    if (f && level == WEIR_SOL_TCP && name == OPTION_TCP_INQ) {
        result = get_inq(f, value, size);
    } else if (f) {
        result = weir_sock_getsockopt(f->sock, level, name, value, size);
    }
    return (int)adapter_leave(a, result);
}

int slot_setsockopt(void *u, int fd, int level, int name, const void *value, socklen_t size)
{
    struct adapter *a = u;
    struct file *f;
    int result;

    adapter_enter(a);
    f = file_socket(a, fd, &result);
    if (f && level == WEIR_SOL_TCP && name == OPTION_TCP_INQ) {
        result = set_inq(f, value, size);
    } else if (f) {
        (void)adapter_configure(a);
        result = weir_sock_setsockopt(f->sock, level, name, value, size);
    }
    return (int)adapter_leave(a, result);
}

int slot_fcntl(void *u, int fd, int command, ...)
{
    struct adapter *a = u;
    int result = -EINVAL, flags = 0;
    struct file *f;
    va_list rest;

    va_start(rest, command);
    if (command == F_SETFL) {
        flags = va_arg(rest, int);
    }
    va_end(rest);
    adapter_enter(a);
    f = file_find(a, fd);
    if (!f) {
        result = -EBADF;
    } else if (command == F_GETFL) {
        result = O_RDWR | (f->nonblocking ? O_NONBLOCK : 0);
    } else if (command == F_SETFL) {
        f->nonblocking = (flags & O_NONBLOCK) != 0;
        result = 0;
    } else if (command == F_GETFD || command == F_SETFD) {
        result = 0;
    }
    return (int)adapter_leave(a, result);
}

int slot_ioctl(void *u, int fd, unsigned long request, ...)
{
    struct adapter *a = u;
    struct file *f;
    va_list rest;
    int result;
    int *value;

    va_start(rest, request);
    value = va_arg(rest, int *);
    va_end(rest);
    adapter_enter(a);
    f = file_socket(a, fd, &result);
    if (f) {
        result = weir_sock_ioctl(f->sock, (unsigned)request, value);
    }
    return (int)adapter_leave(a, result);
}
