/* udp.h - the UDP header (RFC 768). */
#ifndef WIRE_UDP_H
#define WIRE_UDP_H

#include "base/address.h"
#include <weir/trace.h>

#define UDP_HEADER_SIZE 8

struct udp_header {
    uint16_t src_port, dst_port, size; /* header and payload */
    uint16_t checksum;
};

/* Checks lengths; the checksum too unless `csum` says it is valid or partial (0 is allowed in IPv4 only). */
enum weir_drop udp_parse(const struct weir_ops *ops, const uint8_t *p, size_t size,
                         const struct ip_addr *src, const struct ip_addr *dst, enum weir_csum csum,
                         struct udp_header *h);

#endif
