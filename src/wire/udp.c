/* udp.c - the UDP header (RFC 768; RFC 8200 8.1 for IPv6). */
#include "wire/udp.h"

#include "base/bytes.h"
#include "wire/checksum.h"
#include "wire/ip4.h"

enum weir_drop udp_parse(const struct weir_ops *ops, const uint8_t *p, size_t size,
                         const struct ip_addr *src, const struct ip_addr *dst, enum weir_csum csum,
                         struct udp_header *h)
{
    if (size < UDP_HEADER_SIZE) {
        return WEIR_DROP_UDP_SHORT;
    }
    h->src_port = load_be16(p);
    h->dst_port = load_be16(p + 2);
    h->size = load_be16(p + 4);
    h->checksum = load_be16(p + 6);
    if (h->size < UDP_HEADER_SIZE || h->size > size) {
        return WEIR_DROP_UDP_LENGTH;
    }
    if (csum == WEIR_CSUM_PARTIAL) {
        return WEIR_DROP_NONE;
    }
    if (h->checksum == 0) {
        /* None was sent. IPv6 forbids that, whatever the device said (RFC 8200 8.1). */
        return ip_addr_is_v4(src) ? WEIR_DROP_NONE : WEIR_DROP_UDP_CHECKSUM;
    }
    if (csum == WEIR_CSUM_NONE &&
        csum_fold(csum_sum(ops, p, h->size, csum_pseudo(src, dst, IP_PROTOCOL_UDP, h->size))) !=
            0xffff) {
        return WEIR_DROP_UDP_CHECKSUM;
    }
    return WEIR_DROP_NONE;
}
