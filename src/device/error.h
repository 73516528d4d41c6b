/* error.h - how devices say what went wrong: a negative enum weir_error, and one line of text. */
#ifndef DEVICE_ERROR_H
#define DEVICE_ERROR_H

#include <weir/weir.h>

/* The enum weir_error nearest to an errno. */
int error_from_errno(int number);

/* Puts the formatted line into why[size] (cut if need be; may be NULL) and returns `error`. */
int error_say(char *why, size_t size, int error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for a failed system call: errno's text is added, and the result is made from it. */
int error_errno(char *why, size_t size, int number, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
