/* compiler.h - the only place for compiler extensions and assertions in the core. */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#include <stddef.h>
#include <weir/weir.h>

#if defined(__GNUC__)
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define NOINLINE __attribute__((noinline))
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define UNUSED __attribute__((unused))
#define PREFETCH(p) __builtin_prefetch(p)
#else
#define LIKELY(x) (x)
#define UNLIKELY(x) (x)
#define NOINLINE
#define ALWAYS_INLINE inline
#define UNUSED
#define PREFETCH(p) ((void)(p))
#endif

/* Our own bugs only, never bad input. Always on: the price is small and a wrong packet is worse. */
#define ASSERT(x) ((void)(LIKELY(x) || (weir_assert_fail(#x, __FILE__, __LINE__), 0)))

/* Bytes that nobody may touch until they are given out again: a free list would otherwise hide a use
 * after free from AddressSanitizer. Nothing at all in other builds. */
#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifdef WITH_ASAN
void __asan_poison_memory_region(void const volatile *at, size_t size);
void __asan_unpoison_memory_region(void const volatile *at, size_t size);
#define MEMORY_POISON(at, size) __asan_poison_memory_region(at, size)
#define MEMORY_UNPOISON(at, size) __asan_unpoison_memory_region(at, size)
#else
#define MEMORY_POISON(at, size) ((void)(at), (void)(size))
#define MEMORY_UNPOISON(at, size) ((void)(at), (void)(size))
#endif

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}
static inline uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}
static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}
static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Number of the lowest and of the highest set bit; `x` must not be 0. */
#if defined(__GNUC__)
static inline uint32_t bit_lowest(uint64_t x)
{
    return (uint32_t)__builtin_ctzll(x);
}
static inline uint32_t bit_highest(uint64_t x)
{
    return 63u - (uint32_t)__builtin_clzll(x);
}
#else
static inline uint32_t bit_highest(uint64_t x)
{
    uint32_t n = 0;
    for (uint32_t step = 32; step != 0; step /= 2) {
        if (x >> step != 0) {
            x >>= step;
            n += step;
        }
    }
    return n;
}
static inline uint32_t bit_lowest(uint64_t x)
{
    return bit_highest(x & (0 - x));
}
#endif

#endif
