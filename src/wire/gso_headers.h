/* gso_headers.h - where the headers of a packet lie; shared by the files of gso.h. */
#ifndef WIRE_GSO_HEADERS_H
#define WIRE_GSO_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gso_headers {
    bool ip6;
    bool fragment;
    uint8_t protocol;
    size_t upper;      /* from the start of the IP header; the upper header may be cut off */
    size_t total_size; /* by the IP header's length field; 0: the field is 0 */
};

/* `p` is the start of the IP header. Lengths are checked as far as the IP header goes. */
bool gso_headers_find(const uint8_t *p, size_t size, struct gso_headers *h);
/* Size of the TCP header at `upper`; 0: not TCP, cut off, or a bad data offset. */
size_t gso_headers_tcp_size(const uint8_t *p, size_t size, const struct gso_headers *h);

/* Of a whole packet of `total` bytes, of which `size` are at p, all headers among them: where its TCP segment
 * begins (0: it is none, or the lengths do not agree), and in *pseudo the sum of the pseudo-header. */
uint32_t gso_headers_find_segment(const uint8_t *p, size_t size, uint32_t total, uint64_t *pseudo);

#endif
