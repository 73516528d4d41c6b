/*
 * simd_avx2.c - the Internet checksum, and the copy that sums, with AVX2.
 *
 * A vector is four 64-bit words. Their upper halves are added to four 64-bit sums, of which 2^32 additions
 * lose no carry. The words themselves are added as well, modulo 2^64: less the upper halves, in their place,
 * that is the sum of the lower halves, which is below 2^64. Two such pairs run side by side. What is left
 * below 32 bytes is summed by words. The copy stores to aligned places, which is worth a quarter of its time.
 */
#include "host/simd.h"

#if defined(__x86_64__) || defined(__i386__)

#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m256i load(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

AVX2 static inline void store(uint8_t *p, __m256i v)
{
    _mm256_storeu_si256((__m256i *)(void *)p, v);
}

struct sums {
    __m256i whole, upper;
};

AVX2 static inline void add_to(struct sums *sums, __m256i v)
{
    sums->whole = _mm256_add_epi64(sums->whole, v);
    sums->upper = _mm256_add_epi64(sums->upper, _mm256_srli_epi64(v, 32));
}

AVX2 static inline uint64_t total_of(const struct sums *a, const struct sums *b)
{
    uint64_t four[4];
    __m256i upper = _mm256_add_epi64(a->upper, b->upper);
    __m256i lower =
        _mm256_sub_epi64(_mm256_add_epi64(a->whole, b->whole), _mm256_slli_epi64(upper, 32));

    store((uint8_t *)four, _mm256_add_epi64(lower, upper));
    return four[0] + four[1] + four[2] + four[3];
}

/* Below 32 bytes. A last odd byte is the first byte of a word padded with 0 (RFC 1071 1). */
static inline uint64_t sum_tail(const uint8_t *p, size_t size)
{
    uint64_t sum = 0;
    uint32_t word;

    while (size >= 4) {
        memcpy(&word, p, 4);
        sum += word;
        p += 4;
        size -= 4;
    }
    if (size != 0) {
        uint8_t last[4] = {p[0], size > 1 ? p[1] : 0, size > 2 ? p[2] : 0, 0};
        memcpy(&word, last, 4);
        sum += word;
    }
    return sum;
}

/* Adds, and brings a carry out of the top back in at the bottom. */
static inline uint64_t add_carry(uint64_t a, uint64_t b)
{
    a += b;
    return a + (a < b);
}

AVX2 uint64_t simd_avx2_sum(const void *data, size_t size, uint64_t sum)
{
    const uint8_t *p = data;
    uint64_t total = 0;

    if (size >= 32) {
        struct sums a = {_mm256_setzero_si256(), _mm256_setzero_si256()}, b = a;
        for (; size >= 128; size -= 128, p += 128) {
            add_to(&a, load(p));
            add_to(&b, load(p + 32));
            add_to(&a, load(p + 64));
            add_to(&b, load(p + 96));
        }
        for (; size >= 32; size -= 32, p += 32) {
            add_to(&a, load(p));
        }
        total = total_of(&a, &b);
    }
    return add_carry(sum, total + sum_tail(p, size));
}

/* Bytes to the next aligned place, if that is an even number of them: the sum needs whole words. */
static inline size_t to_aligned(const uint8_t *p)
{
    size_t size = (size_t)(0 - (uintptr_t)p) & 31;

    return (size & 1) == 0 ? size : 0;
}

AVX2 uint64_t simd_avx2_copy_sum(void *to, const void *from, size_t size, uint64_t sum)
{
    const uint8_t *p = from;
    uint8_t *q = to;
    uint64_t total = 0;

    if (size >= 64) {
        size_t head = to_aligned(q);
        struct sums a = {_mm256_setzero_si256(), _mm256_setzero_si256()}, b = a;
        store(q, load(p));
        total = sum_tail(p, head);
        p += head;
        q += head;
        size -= head;
        for (; size >= 128; size -= 128, p += 128, q += 128) {
            __m256i v[4] = {load(p), load(p + 32), load(p + 64), load(p + 96)};
            store(q, v[0]);
            store(q + 32, v[1]);
            store(q + 64, v[2]);
            store(q + 96, v[3]);
            add_to(&a, v[0]);
            add_to(&b, v[1]);
            add_to(&a, v[2]);
            add_to(&b, v[3]);
        }
        for (; size >= 32; size -= 32, p += 32, q += 32) {
            __m256i v = load(p);
            store(q, v);
            add_to(&a, v);
        }
        total += total_of(&a, &b);
    }
    if (size != 0) {
        memcpy(q, p, size);
    }
    return add_carry(sum, total + sum_tail(p, size));
}

#else

typedef int simd_avx2_absent; /* a source file must not be empty */

#endif
