/*
 * gso_merge.c - whether a packet may be merged into the super-segment before it (generic receive offload),
 * and whether a device's word about a packet fits the packet.
 *
 * Merging loses nothing that the receiving TCP looks at: whatever would be lost (another TOS, another ACK
 * number, other options, URG, PSH in the middle, an IP ID that does not count) forbids it.
 */
#include "wire/gso.h"

#include "base/bytes.h"
#include "wire/gso_headers.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/udp.h"

#define IP_SIZE_MAX 65535u
#define TCP_CHECKSUM 16
#define UDP_CHECKSUM 6
#define DONT_FRAGMENT 0x4000

static bool partial_ok(const uint8_t *ip, size_t size, uint32_t link_size,
                       const struct weir_offload *offload)
{
    struct gso_headers h;

    if (!gso_headers_find(ip, size, &h) || h.fragment) {
        return false;
    }
    if (offload->csum_start != link_size + h.upper) {
        return false;
    }
    if (h.protocol == IP_PROTOCOL_UDP) {
        return size - h.upper >= UDP_HEADER_SIZE && offload->csum_offset == UDP_CHECKSUM;
    }
    return gso_headers_tcp_size(ip, size, &h) != 0 && offload->csum_offset == TCP_CHECKSUM;
}

bool gso_offload_ok(const uint8_t *packet, uint32_t size, uint32_t link_size,
                    const struct weir_offload *offload)
{
    if (offload->csum > WEIR_CSUM_PARTIAL || offload->gso_type > WEIR_GSO_TCP6 ||
        (offload->gso_type == WEIR_GSO_NONE) != (offload->gso_size == 0)) {
        return false;
    }
    if (offload->csum == WEIR_CSUM_PARTIAL &&
        (size < link_size ||
         !partial_ok(packet + link_size, size - link_size, link_size, offload))) {
        return false;
    }
    if (offload->gso_size != 0) {
        const struct weir_slice slice = {packet, size};
        struct gso_cut cut;
        return gso_cut_begin(&cut, &slice, 1, link_size, offload->gso_size) &&
               offload->gso_type == (cut.ip6 ? WEIR_GSO_TCP6 : WEIR_GSO_TCP4);
    }
    return true;
}

/* A packet as merging sees it. */
struct part {
    const uint8_t *ip, *tcp;
    size_t ip_size, tcp_size; /* headers */
    size_t payload_size;
    size_t total_size; /* IP bytes */
    struct gso_headers headers;
};

/* `super`: the merged packet's IP length field is not looked at, as the merge may not have updated it. */
static bool find_part(const uint8_t *packet, uint32_t size, uint32_t link_size, bool super,
                      struct part *part)
{
    if (size <= link_size) {
        return false;
    }
    part->ip = packet + link_size;
    part->total_size = size - link_size;
    if (!gso_headers_find(part->ip, part->total_size, &part->headers)) {
        return false;
    }
    if (!super && part->headers.total_size != part->total_size) {
        return false; /* link padding would become payload */
    }
    part->tcp_size = gso_headers_tcp_size(part->ip, part->total_size, &part->headers);
    if (part->tcp_size == 0) {
        return false;
    }
    part->ip_size = part->headers.upper;
    part->tcp = part->ip + part->ip_size;
    part->payload_size = part->total_size - part->ip_size - part->tcp_size;
    return part->payload_size != 0;
}

static bool ip4_same(const struct part *a, const struct part *b, size_t a_segments)
{
    const uint8_t *p = a->ip, *q = b->ip;
    uint16_t id = (uint16_t)(load_be16(p + 4) + a_segments);

    if (a->ip_size != b->ip_size || memcmp(p, q, 2) != 0 || memcmp(p + 6, q + 6, 4) != 0 ||
        memcmp(p + 12, q + 12, a->ip_size - 12) != 0) {
        return false;
    }
    /* With DF the ID means nothing (RFC 6864 4.1); without, cutting again must give the same. */
    return (load_be16(p + 6) & DONT_FRAGMENT) != 0 || load_be16(q + 4) == id;
}

static bool ip6_same(const struct part *a, const struct part *b)
{
    const uint8_t *p = a->ip, *q = b->ip;

    return a->ip_size == IP6_HEADER_SIZE && b->ip_size == IP6_HEADER_SIZE && memcmp(p, q, 4) == 0 &&
           memcmp(p + 6, q + 6, IP6_HEADER_SIZE - 6) == 0;
}

static bool tcp_follows(const struct part *a, const struct part *b)
{
    const uint8_t *p = a->tcp, *q = b->tcp;

    if (a->tcp_size != b->tcp_size || memcmp(p, q, 4) != 0) {
        return false; /* ports */
    }
    if (load_be32(q + 4) != (uint32_t)(load_be32(p + 4) + a->payload_size)) {
        return false;
    }
    /* ACK number, data offset; then the flags; window; urgent pointer and options. */
    return memcmp(p + 8, q + 8, 5) == 0 && (p[12] & 15) == 0 && p[13] == WEIR_TCP_ACK &&
           (q[13] & ~(unsigned)WEIR_TCP_PSH) == WEIR_TCP_ACK && memcmp(p + 14, q + 14, 2) == 0 &&
           memcmp(p + 18, q + 18, a->tcp_size - 18) == 0;
}

bool gso_can_merge(const uint8_t *a, uint32_t a_size, uint16_t a_gso_size, const uint8_t *b,
                   uint32_t b_size, uint32_t link_size)
{
    struct part pa, pb;

    if (!find_part(a, a_size, link_size, a_gso_size != 0, &pa) ||
        !find_part(b, b_size, link_size, false, &pb) || memcmp(a, b, link_size) != 0 ||
        pa.headers.ip6 != pb.headers.ip6) {
        return false;
    }
    size_t segment_size = a_gso_size != 0 ? a_gso_size : pa.payload_size;
    if (pa.payload_size % segment_size != 0 || pb.payload_size > segment_size ||
        pa.total_size + pb.payload_size > IP_SIZE_MAX) {
        return false;
    }
    if (pa.headers.ip6 ? !ip6_same(&pa, &pb)
                       : !ip4_same(&pa, &pb, pa.payload_size / segment_size)) {
        return false;
    }
    return tcp_follows(&pa, &pb);
}
