/* cc.h - what lwIP wants to know of the compiler and the C library. */
#ifndef BENCH_LWIP_CC_H
#define BENCH_LWIP_CC_H

#include <stdio.h>
#include <stdlib.h>

#define LWIP_RAND() ((u32_t)rand())
#define LWIP_PLATFORM_DIAG(x) \
    do {                      \
        printf x;             \
    } while (0)
#define LWIP_PLATFORM_ASSERT(x)           \
    do {                                  \
        fprintf(stderr, "lwip: %s\n", x); \
        abort();                          \
    } while (0)

#endif
