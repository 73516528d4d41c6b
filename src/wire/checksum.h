/*
 * checksum.h - the Internet checksum (RFC 1071) over slices, with the pseudo-headers of TCP and UDP.
 *
 * Sums are ones'-complement sums of 16-bit words in memory order, kept unfolded in 64 bits, so that
 * they can be added in any order; only csum_finish folds and complements. A piece that starts at an odd
 * offset of the whole is added with csum_add_at.
 */
#ifndef WIRE_CHECKSUM_H
#define WIRE_CHECKSUM_H

#include "base/address.h"
#include "base/bytes.h"

/* The portable inner loops; ops members that are NULL mean these. */
uint64_t csum_sum_portable(const void *data, size_t size, uint64_t sum);
uint64_t csum_copy_portable(void *to, const void *from, size_t size, uint64_t sum);

static inline uint64_t csum_sum(const struct weir_ops *ops, const void *data, size_t size,
                                uint64_t sum)
{
    bool own = ops != NULL && ops->sum != NULL;
    return own ? ops->sum(data, size, sum) : csum_sum_portable(data, size, sum);
}

/* Copies and sums in one pass. */
static inline uint64_t csum_copy(const struct weir_ops *ops, void *to, const void *from,
                                 size_t size, uint64_t sum)
{
    bool own = ops != NULL && ops->copy_sum != NULL;
    return own ? ops->copy_sum(to, from, size, sum) : csum_copy_portable(to, from, size, sum);
}

/* Folded, not complemented, memory order. Adding a number to itself with its halves changed over leaves in
 * the upper half the sum of the halves, the carry brought round. */
static inline uint16_t csum_fold(uint64_t sum)
{
    uint32_t half = (uint32_t)((sum + (sum << 32 | sum >> 32)) >> 32);
    return (uint16_t)((half + (half << 16 | half >> 16)) >> 16);
}

/* The value to store in the field with csum_store. */
static inline uint16_t csum_finish(uint64_t sum)
{
    return (uint16_t)~csum_fold(sum);
}

/* `part`, the sum of a piece that starts at `offset` of the whole, added to `sum`. */
static inline uint64_t csum_add_at(uint64_t sum, uint64_t part, size_t offset)
{
    if ((offset & 1) != 0) {
        /* The piece was summed with its bytes in the wrong halves of the words: RFC 1071 2 B. */
        uint16_t folded = csum_fold(part);
        part = (uint16_t)(folded << 8 | folded >> 8);
    }
    sum += part;
    return sum + (sum < part);
}

static inline void csum_store(uint8_t *field, uint16_t value)
{
    memcpy(field, &value, 2);
}
static inline uint16_t csum_load(const uint8_t *field)
{
    uint16_t value;
    memcpy(&value, field, 2);
    return value;
}

/* A number as it is summed: in memory order. */
static inline uint64_t csum_be16(uint16_t v)
{
    uint8_t bytes[2];
    store_be16(bytes, v);
    return csum_load(bytes);
}

static inline uint64_t csum_be32(uint32_t v)
{
    uint8_t bytes[4];
    uint32_t word;
    store_be32(bytes, v);
    memcpy(&word, bytes, 4);
    return word;
}

/* For headers: `size` is a multiple of 4. Thousands of such sums may be added without a carry. */
static inline uint64_t csum_words(const uint8_t *p, size_t size)
{
    uint64_t sum = 0, eight;
    uint32_t four;
    for (; size >= 8; size -= 8, p += 8) {
        memcpy(&eight, p, 8);
        sum += eight;
        sum += sum < eight;
    }
    sum = (sum >> 32) + (sum & 0xffffffffu);
    if (size != 0) {
        memcpy(&four, p, 4);
        sum += four;
    }
    return sum;
}

/* The same for the 20 bytes of an IPv4 or TCP header without options. */
static inline uint64_t csum_words_20(const uint8_t *p)
{
    uint64_t a, b;
    uint32_t c;
    memcpy(&a, p, 8);
    memcpy(&b, p + 8, 8);
    memcpy(&c, p + 16, 4);
    a += b;
    a += a < b;
    return (a >> 32) + (a & 0xffffffffu) + c;
}

/* The pseudo-header (RFC 9293 3.1, RFC 8200 8.1) of either family as a sum. */
uint64_t csum_pseudo(const struct ip_addr *src, const struct ip_addr *dst, uint8_t protocol,
                     uint32_t size);

/* Sum over slices without their first `skip` bytes; what follows those is the whole (offset 0). */
uint64_t csum_slices(const struct weir_ops *ops, const struct weir_slice *slices, size_t n,
                     size_t skip, uint64_t sum);

#endif
