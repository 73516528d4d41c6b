/* entropy.c - random bytes of the operating system, for secrets. */
#include "host/entropy.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

bool entropy_fill(void *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = getrandom((char *)data + done, size - done, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            memset(data, 0, size);
            return false;
        }
        done += (size_t)n;
    }
    return true;
}
