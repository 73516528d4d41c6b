/* entropy.h - random bytes of the operating system, for secrets. */
#ifndef HOST_ENTROPY_H
#define HOST_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>

/* false: the system has none to give; `data` is all zero then. */
bool entropy_fill(void *data, size_t size);

#endif
