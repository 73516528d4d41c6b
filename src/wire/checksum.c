/*
 * checksum.c - the Internet checksum (RFC 1071) as 64-bit sums that are folded once, at the end.
 *
 * What a sum is: any integer congruent, modulo 2^16 - 1, to the sum of the 16-bit words in memory order,
 * and 0 only when all bytes are 0. As 2^16, 2^32 and 2^64 are all 1 in that arithmetic, words may be
 * added 32 or 64 bits at a time, and a carry out of the top is added at the bottom (RFC 1071 2). Memory
 * order makes this independent of the machine's byte order (RFC 1071 2 B).
 */
#include "wire/checksum.h"

static inline uint64_t load_u64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static inline uint32_t load_u32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

/* To at most 33 bits, so that thousands of millions of such sums can be added without a carry. */
static inline uint64_t fold_33(uint64_t sum)
{
    return (sum >> 32) + (sum & 0xffffffffu);
}

static inline uint64_t add_carry(uint64_t a, uint64_t b)
{
    a += b;
    return a + (a < b);
}

/* Below 32 bytes. A last odd byte is the first byte of a word padded with 0 (RFC 1071 1). */
static inline uint64_t sum_tail(const uint8_t *p, size_t size)
{
    uint64_t sum = 0;

    while (size >= 8) {
        sum += fold_33(load_u64(p));
        p += 8;
        size -= 8;
    }
    if (size >= 4) {
        sum += load_u32(p);
        p += 4;
        size -= 4;
    }
    if (size != 0) {
        uint8_t last[4] = {p[0], size > 1 ? p[1] : 0, size > 2 ? p[2] : 0, 0};
        sum += load_u32(last);
    }
    return sum;
}

/*
 * Four sums run side by side, and the carries out of each are counted instead of being added back at
 * once: each load then costs one add and one add-with-carry and nothing waits for anything.
 */
struct lanes {
    uint64_t sum[4];
    uint64_t carry[2];
};

static inline void lanes_add(struct lanes *l, const uint64_t w[4])
{
    l->sum[0] += w[0];
    l->carry[0] += l->sum[0] < w[0];
    l->sum[1] += w[1];
    l->carry[1] += l->sum[1] < w[1];
    l->sum[2] += w[2];
    l->carry[0] += l->sum[2] < w[2];
    l->sum[3] += w[3];
    l->carry[1] += l->sum[3] < w[3];
}

static inline uint64_t lanes_total(const struct lanes *l)
{
    return fold_33(l->sum[0]) + fold_33(l->sum[1]) + fold_33(l->sum[2]) + fold_33(l->sum[3]) +
           l->carry[0] + l->carry[1];
}

uint64_t csum_sum_portable(const void *data, size_t size, uint64_t sum)
{
    const uint8_t *p = data;
    struct lanes lanes = {{0}, {0}};

    while (size >= 32) {
        const uint64_t w[4] = {load_u64(p), load_u64(p + 8), load_u64(p + 16), load_u64(p + 24)};
        lanes_add(&lanes, w);
        p += 32;
        size -= 32;
    }
    return add_carry(sum, lanes_total(&lanes) + sum_tail(p, size));
}

uint64_t csum_copy_portable(void *to, const void *from, size_t size, uint64_t sum)
{
    const uint8_t *p = from;
    uint8_t *q = to;
    struct lanes lanes = {{0}, {0}};

    while (size >= 32) {
        memcpy(q, p,
               32); /* a vector's copy; the words are better loaded again than taken out of it */
        const uint64_t w[4] = {load_u64(p), load_u64(p + 8), load_u64(p + 16), load_u64(p + 24)};
        lanes_add(&lanes, w);
        p += 32;
        q += 32;
        size -= 32;
    }
    if (size != 0) {
        memcpy(q, p, size);
    }
    return add_carry(sum, lanes_total(&lanes) + sum_tail(p, size));
}

uint64_t csum_pseudo(const struct ip_addr *src, const struct ip_addr *dst, uint8_t protocol,
                     uint32_t size)
{
    /* IPv6's layout serves IPv4 too: the ::ffff: in front of its addresses adds 0xffff, which is 0, and
     * the length and the protocol are the same words at other places. */
    const uint8_t rest[8] = {(uint8_t)(size >> 24),
                             (uint8_t)(size >> 16),
                             (uint8_t)(size >> 8),
                             (uint8_t)size,
                             0,
                             0,
                             0,
                             protocol};

    return fold_33(load_u64(src->b)) + fold_33(load_u64(src->b + 8)) + fold_33(load_u64(dst->b)) +
           fold_33(load_u64(dst->b + 8)) + fold_33(load_u64(rest));
}

uint64_t csum_slices(const struct weir_ops *ops, const struct weir_slice *slices, size_t n,
                     size_t skip, uint64_t sum)
{
    size_t offset = 0;

    for (size_t i = 0; i < n; i++) {
        if (skip >= slices[i].size) {
            skip -= slices[i].size;
            continue;
        }
        const uint8_t *p = (const uint8_t *)slices[i].data + skip;
        size_t size = slices[i].size - skip;
        skip = 0;
        if ((offset & 1) == 0) {
            sum = csum_sum(ops, p, size, sum);
        } else {
            sum = csum_add_at(sum, csum_sum(ops, p, size, 0), offset);
        }
        offset += size;
    }
    return sum;
}
