/* errors.c - the stable table of error numbers, and which of them the core's errors become. */
#include "socket/sock.h"

static const struct {
    int number;
    const char *name;
} names[] = {
    {0, "OK"},
    {WEIR_SOCK_ENOENT, "ENOENT"},
    {WEIR_SOCK_EAGAIN, "EAGAIN"},
    {WEIR_SOCK_ENOMEM, "ENOMEM"},
    {WEIR_SOCK_EACCES, "EACCES"},
    {WEIR_SOCK_EFAULT, "EFAULT"},
    {WEIR_SOCK_EBUSY, "EBUSY"},
    {WEIR_SOCK_EEXIST, "EEXIST"},
    {WEIR_SOCK_EINVAL, "EINVAL"},
    {WEIR_SOCK_EPIPE, "EPIPE"},
    {WEIR_SOCK_EDESTADDRREQ, "EDESTADDRREQ"},
    {WEIR_SOCK_EMSGSIZE, "EMSGSIZE"},
    {WEIR_SOCK_ENOPROTOOPT, "ENOPROTOOPT"},
    {WEIR_SOCK_EPROTONOSUPPORT, "EPROTONOSUPPORT"},
    {WEIR_SOCK_ESOCKTNOSUPPORT, "ESOCKTNOSUPPORT"},
    {WEIR_SOCK_EOPNOTSUPP, "EOPNOTSUPP"},
    {WEIR_SOCK_EAFNOSUPPORT, "EAFNOSUPPORT"},
    {WEIR_SOCK_EADDRINUSE, "EADDRINUSE"},
    {WEIR_SOCK_EADDRNOTAVAIL, "EADDRNOTAVAIL"},
    {WEIR_SOCK_ENETUNREACH, "ENETUNREACH"},
    {WEIR_SOCK_ECONNABORTED, "ECONNABORTED"},
    {WEIR_SOCK_ECONNRESET, "ECONNRESET"},
    {WEIR_SOCK_ENOBUFS, "ENOBUFS"},
    {WEIR_SOCK_EISCONN, "EISCONN"},
    {WEIR_SOCK_ENOTCONN, "ENOTCONN"},
    {WEIR_SOCK_ETIMEDOUT, "ETIMEDOUT"},
    {WEIR_SOCK_ECONNREFUSED, "ECONNREFUSED"},
    {WEIR_SOCK_EHOSTUNREACH, "EHOSTUNREACH"},
    {WEIR_SOCK_EALREADY, "EALREADY"},
    {WEIR_SOCK_EINPROGRESS, "EINPROGRESS"},
    {WEIR_SOCK_ENODEV, "ENODEV"},
};

const char *weir_sock_error_name(int error)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (names[i].number == error || names[i].number == -error) {
            return names[i].name;
        }
    }
    return "EUNKNOWN";
}

int sock_errno(int weir_error)
{
    switch (weir_error) {
    case WEIR_OK: return 0;
    case WEIR_EINVAL: return WEIR_SOCK_EINVAL;
    case WEIR_ENOBUFS: return WEIR_SOCK_ENOBUFS;
    case WEIR_EAGAIN: return WEIR_SOCK_EAGAIN;
    case WEIR_EISCONN: return WEIR_SOCK_EISCONN;
    case WEIR_EADDRINUSE: return WEIR_SOCK_EADDRINUSE;
    case WEIR_EADDRNOTAVAIL: return WEIR_SOCK_EADDRNOTAVAIL;
    case WEIR_ENETUNREACH: return WEIR_SOCK_ENETUNREACH;
    case WEIR_EHOSTUNREACH: return WEIR_SOCK_EHOSTUNREACH;
    case WEIR_ECONNREFUSED: return WEIR_SOCK_ECONNREFUSED;
    case WEIR_ECONNRESET: return WEIR_SOCK_ECONNRESET;
    case WEIR_ECONNABORTED: return WEIR_SOCK_ECONNABORTED;
    case WEIR_ETIMEDOUT: return WEIR_SOCK_ETIMEDOUT;
    case WEIR_EPIPE: return WEIR_SOCK_EPIPE;
    case WEIR_ENOENT: return WEIR_SOCK_ENOENT;
    case WEIR_EEXIST: return WEIR_SOCK_EEXIST;
    case WEIR_EBUSY: return WEIR_SOCK_EBUSY;
    case WEIR_EMSGSIZE: return WEIR_SOCK_EMSGSIZE;
    case WEIR_ENOPROTOOPT: return WEIR_SOCK_ENOPROTOOPT;
    case WEIR_EACCES: return WEIR_SOCK_EACCES;
    default: return WEIR_SOCK_ENOTCONN; /* ENOTCONN, ESTALE */
    }
}
