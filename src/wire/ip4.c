/* ip4.c - the IPv4 header (RFC 791 3.1). */
#include "wire/ip4.h"

#include "base/bytes.h"
#include "base/compiler.h"
#include "wire/checksum.h"

#define FLAG_DONT_FRAGMENT 0x4000
#define FLAG_MORE_FRAGMENTS 0x2000
#define OFFSET_MASK 0x1fff

enum weir_drop ip4_parse(const uint8_t *p, size_t size, bool super, struct ip4_header *h)
{
    if (size < IP4_HEADER_SIZE) {
        return WEIR_DROP_IP_SHORT;
    }
    if (p[0] >> 4 != 4) {
        return WEIR_DROP_IP_VERSION;
    }
    size_t header_size = (size_t)(p[0] & 15) * 4;
    if (header_size < IP4_HEADER_SIZE || header_size > size) {
        return WEIR_DROP_IP_HEADER_LENGTH;
    }
    size_t total_size = load_be16(p + 2);
    if (total_size == 0 && super) {
        total_size = size;
    }
    if (total_size < header_size || total_size > size || total_size > UINT16_MAX) {
        return WEIR_DROP_IP_TOTAL_LENGTH;
    }
    uint64_t sum = csum_words_20(p);
    if (UNLIKELY(header_size > IP4_HEADER_SIZE)) {
        sum += csum_words(p + IP4_HEADER_SIZE, header_size - IP4_HEADER_SIZE);
    }
    if (csum_fold(sum) != 0xffff) {
        return WEIR_DROP_IP_CHECKSUM;
    }

    uint16_t fragment = load_be16(p + 6);
    h->header_size = (uint8_t)header_size;
    h->tos = p[1];
    h->ttl = p[8];
    h->protocol = p[9];
    h->total_size = (uint16_t)total_size;
    h->id = load_be16(p + 4);
    h->fragment_offset = (uint16_t)((fragment & OFFSET_MASK) * 8);
    h->dont_fragment = (fragment & FLAG_DONT_FRAGMENT) != 0;
    h->more_fragments = (fragment & FLAG_MORE_FRAGMENTS) != 0;
    memcpy(h->src, p + 12, 4);
    memcpy(h->dst, p + 16, 4);
    h->options = p + IP4_HEADER_SIZE;
    h->options_size = (uint8_t)(header_size - IP4_HEADER_SIZE);
    return WEIR_DROP_NONE;
}

void ip4_build(uint8_t *p, const struct ip4_header *h)
{
    unsigned fragment = h->fragment_offset / 8u;
    if (h->dont_fragment) {
        fragment |= FLAG_DONT_FRAGMENT;
    }
    if (h->more_fragments) {
        fragment |= FLAG_MORE_FRAGMENTS;
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
