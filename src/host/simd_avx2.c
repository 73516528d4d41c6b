/*
 * simd_avx2.c - the Internet checksum, and the copy that sums, with AVX2.
 *
 * A vector is four 64-bit words. Their low and high halves are added to four 64-bit sums, so that no carry is
 * ever lost: 2^32 additions fit. Two such vectors of sums run side by side. What is left below 32 bytes is
 * summed by words.
 */
#include "host/simd.h"

#if defined(__x86_64__) || defined(__i386__)

#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m256i low_halves(__m256i v)
{
    return _mm256_blend_epi32(v, _mm256_setzero_si256(), 0xaa);
}

AVX2 static inline __m256i load(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

AVX2 static inline void store(uint8_t *p, __m256i v)
{
    _mm256_storeu_si256((__m256i *)(void *)p, v);
}

/* The sums of both halves of the words of two vectors. */
AVX2 static inline __m256i halves(__m256i a, __m256i b)
{
    __m256i low = _mm256_add_epi64(low_halves(a), low_halves(b));
    __m256i high = _mm256_add_epi64(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32));

    return _mm256_add_epi64(low, high);
}

AVX2 static inline uint64_t total_of(__m256i sums)
{
    uint64_t four[4];

    store((uint8_t *)four, sums);
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
        __m256i sum0 = _mm256_setzero_si256();
        __m256i sum1 = sum0;
        for (; size >= 128; size -= 128, p += 128) {
            sum0 = _mm256_add_epi64(sum0, halves(load(p), load(p + 32)));
            sum1 = _mm256_add_epi64(sum1, halves(load(p + 64), load(p + 96)));
        }
        for (; size >= 32; size -= 32, p += 32) {
            sum0 = _mm256_add_epi64(sum0, halves(load(p), _mm256_setzero_si256()));
        }
        total = total_of(_mm256_add_epi64(sum0, sum1));
    }
    return add_carry(sum, total + sum_tail(p, size));
}

AVX2 uint64_t simd_avx2_copy_sum(void *to, const void *from, size_t size, uint64_t sum)
{
    const uint8_t *p = from;
    uint8_t *q = to;
    uint64_t total = 0;

    if (size >= 32) {
        __m256i sum0 = _mm256_setzero_si256();
        __m256i sum1 = sum0;
        for (; size >= 128; size -= 128, p += 128, q += 128) {
            __m256i a = load(p), b = load(p + 32), c = load(p + 64), d = load(p + 96);
            store(q, a);
            store(q + 32, b);
            store(q + 64, c);
            store(q + 96, d);
            sum0 = _mm256_add_epi64(sum0, halves(a, b));
            sum1 = _mm256_add_epi64(sum1, halves(c, d));
        }
        for (; size >= 32; size -= 32, p += 32, q += 32) {
            __m256i a = load(p);
            store(q, a);
            sum0 = _mm256_add_epi64(sum0, halves(a, _mm256_setzero_si256()));
        }
        total = total_of(_mm256_add_epi64(sum0, sum1));
    }
    if (size != 0) {
        memcpy(q, p, size);
    }
    return add_carry(sum, total + sum_tail(p, size));
}

#else

typedef int simd_avx2_absent; /* a source file must not be empty */

#endif
