/* ip4.c - the IPv4 header (RFC 791 3.1). */
#include "wire/ip4.h"

#include "base/bytes.h"
#include "wire/checksum.h"

void ip4_build(uint8_t *p, const struct ip4_header *h)
{
    unsigned fragment = h->fragment_offset / 8u;
    if (h->dont_fragment) {
        fragment |= IP4_DONT_FRAGMENT;
    }
    if (h->more_fragments) {
        fragment |= IP4_MORE_FRAGMENTS;
    }
    p[0] = 0x45;
    p[1] = h->tos;
    store_be16(p + 2, h->total_size);
    store_be16(p + 4, h->id);
    store_be16(p + 6, (uint16_t)fragment);
    p[8] = h->ttl;
    p[9] = h->protocol;
    store_be16(p + 10, 0);
    memcpy(p + 12, h->src, 4);
    memcpy(p + 16, h->dst, 4);
    csum_store(p + 10, csum_finish(csum_words_20(p)));
}

void ip4_patch(uint8_t *p, uint16_t total_size, uint16_t id)
{
    /* RFC 1624 3, equation 3: HC' = ~(~HC + ~m + m'). */
    uint64_t sum = (uint16_t)~csum_load(p + 10);
    sum += (uint16_t)~csum_load(p + 2);
    sum += (uint16_t)~csum_load(p + 4);
    store_be16(p + 2, total_size);
    store_be16(p + 4, id);
    sum += csum_load(p + 2);
    sum += csum_load(p + 4);
    csum_store(p + 10, csum_finish(sum));
}
