/* error.c - how devices say what went wrong: a negative enum weir_error, and one line of text. */
#include "device/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_from_errno(int number)
{
    switch (number) {
    case 0: return WEIR_OK;
    case EACCES:
    case EPERM:
    case EROFS: return WEIR_EACCES;
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case EBADFD:
    case ENOTDIR: return WEIR_ENOENT;
    case EBUSY:
    case ETXTBSY: return WEIR_EBUSY;
    case EEXIST: return WEIR_EEXIST;
    case ENOMEM:
    case ENOBUFS:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE: return WEIR_ENOBUFS;
    case EAGAIN: return WEIR_EAGAIN;
    case EPIPE: return WEIR_EPIPE;
    case EMSGSIZE: return WEIR_EMSGSIZE;
    case EIO: return WEIR_ENOTCONN;
    default: return WEIR_EINVAL;
    }
}

int error_say(char *why, size_t size, int error, const char *format, ...)
{
    if (why && size > 0) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(why, size, format, arguments);
        va_end(arguments);
    }
    return error;
}

int error_errno(char *why, size_t size, int number, const char *format, ...)
{
    if (why && size > 0) {
        va_list arguments;
        va_start(arguments, format);
        int length = vsnprintf(why, size, format, arguments);
        va_end(arguments);
        if (length >= 0 && (size_t)length < size) {
            snprintf(why + length, size - (size_t)length, ": %s", strerror(number));
        }
    }
    return error_from_errno(number);
}
