/* gso_headers.c - where the headers of a packet lie, without judging more than that. */
#include "wire/gso_headers.h"

#include "base/bytes.h"
#include "base/compiler.h"
#include "wire/checksum.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/tcp.h"

static bool find_ip4(const uint8_t *p, size_t size, struct gso_headers *h)
{
    if (size < IP4_HEADER_SIZE) {
        return false;
    }
    h->ip6 = false;
    h->upper = (size_t)(p[0] & 15) * 4;
    h->protocol = p[9];
    h->fragment = (load_be16(p + 6) & 0x3fff) != 0;
    h->total_size = load_be16(p + 2);
    return h->upper >= IP4_HEADER_SIZE && h->upper <= size;
}

static bool find_ip6(const uint8_t *p, size_t size, struct gso_headers *h)
{
    if (!ip6_find_upper(p, size, &h->protocol, &h->upper, &h->fragment) || h->upper > size) {
        return false;
    }
    h->ip6 = true;
    uint16_t payload_size = load_be16(p + 4);
    h->total_size = payload_size == 0 ? 0 : IP6_HEADER_SIZE + (size_t)payload_size;
    return true;
}

bool gso_headers_find(const uint8_t *p, size_t size, struct gso_headers *h)
{
    if (size == 0) {
        return false;
    }
    switch (p[0] >> 4) {
    case 4: return find_ip4(p, size, h);
    case 6: return find_ip6(p, size, h);
    default: return false;
    }
}

size_t gso_headers_tcp_size(const uint8_t *p, size_t size, const struct gso_headers *h)
{
    if (h->protocol != IP_PROTOCOL_TCP || h->fragment || size - h->upper < TCP_HEADER_SIZE) {
        return 0;
    }
    size_t tcp_size = (size_t)(p[h->upper + 12] >> 4) * 4;
    return tcp_size < TCP_HEADER_SIZE || tcp_size > size - h->upper ? 0 : tcp_size;
}

/* The usual case: IPv4 without options or fragments, and TCP. */
static inline bool is_plain_tcp4(const uint8_t *p, size_t size)
{
    return size >= IP4_HEADER_SIZE + TCP_HEADER_SIZE && p[0] == 0x45 && p[9] == IP_PROTOCOL_TCP &&
           (load_be16(p + 6) & 0x3fff) == 0 && p[IP4_HEADER_SIZE + 12] >= 0x50;
}

uint32_t gso_headers_find_segment(const uint8_t *p, size_t size, uint32_t total, uint64_t *pseudo)
{
    struct gso_headers h = {.upper = IP4_HEADER_SIZE};

    if (LIKELY(is_plain_tcp4(p, size))) {
        h.total_size = load_be16(p + 2);
    } else if (!gso_headers_find(p, size, &h) || gso_headers_tcp_size(p, size, &h) == 0) {
        return 0;
    }
    if (h.total_size != total) {
        return 0;
    }
    *pseudo = csum_be16(IP_PROTOCOL_TCP) + csum_be16((uint16_t)(total - h.upper));
    *pseudo += h.ip6 ? csum_words(p + 8, 32) : csum_words(p + 12, 8);
    return (uint32_t)h.upper;
}
