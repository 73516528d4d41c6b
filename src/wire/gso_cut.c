/*
 * gso_cut.c - cutting super-segments into wire segments.
 *
 * gso_cut_begin sums once what all segments share: the IPv4 header, the pseudo-header and the TCP header,
 * each without the fields that differ. A segment then costs a copy of the headers, a few additions, and one
 * pass over its payload. The flat form that devices want: gso_wire.c.
 */
#include "wire/gso.h"

#include "base/bytes.h"
#include "base/compiler.h"
#include "wire/checksum.h"
#include "wire/gso_headers.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define IP_SIZE_MAX 65535u

/* Places in the TCP header. */
#define TCP_SEQ 4
#define TCP_OFFSET 12
#define TCP_FLAGS 13
#define TCP_CHECKSUM 16
#define TCP_URGENT 18

/* Payload bytes behind the headers, padding left out; false when the lengths contradict each other. */
static bool find_payload(struct gso_cut *cut, size_t ip_total)
{
    uint32_t size = 0;

    for (uint32_t i = 0; i < cut->slice_count; i++) {
        size_t room = UINT32_MAX - size;
        if (cut->slices[i].size > room) {
            return false;
        }
        size += (uint32_t)cut->slices[i].size;
    }
    if (ip_total != 0) {
        ip_total += cut->link_size;
        if (ip_total > size || ip_total < cut->header_size) {
            return false;
        }
        size = (uint32_t)ip_total;
    }
    cut->payload_size = size - cut->header_size;
    return true;
}

static void sum_constant_parts(struct gso_cut *cut, const uint8_t *ip)
{
    const uint8_t *tcp = ip + cut->ip_size;
    size_t addresses = cut->ip6 ? 32 : 8;

    /* Both families have their addresses one after the other. */
    cut->pseudo_sum = csum_words(ip + (cut->ip6 ? 8 : 12), addresses);
    cut->pseudo_sum += csum_be16(IP_PROTOCOL_TCP);
    cut->tcp_sum = csum_words(tcp, TCP_SEQ);
    cut->tcp_sum += csum_words(tcp + 8, 4);                    /* ACK number */
    cut->tcp_sum += csum_load(tcp + 14);                       /* window */
    cut->tcp_sum += csum_words(tcp + 20, cut->tcp_size - 20u); /* options */
    cut->seq = load_be32(tcp + TCP_SEQ);
    cut->flags = tcp[TCP_FLAGS];
    cut->urgent = load_be16(tcp + TCP_URGENT);
    if (!cut->ip6) {
        cut->id = load_be16(ip + 4);
        cut->ip_sum = csum_load(ip);
        cut->ip_sum += csum_words(ip + 6, 4);
        cut->ip_sum += csum_words(ip + 12, cut->ip_size - 12u);
    }
}

bool gso_cut_begin(struct gso_cut *cut, const struct weir_slice *slices, uint32_t slice_count,
                   uint32_t link_size, uint16_t gso_size)
{
    struct gso_headers h;

    if (slice_count == 0 || gso_size == 0 || slices[0].size <= link_size) {
        return false;
    }
    const uint8_t *ip = (const uint8_t *)slices[0].data + link_size;
    size_t size = slices[0].size - link_size;
    if (!gso_headers_find(ip, size, &h) || h.upper > UINT8_MAX) {
        return false;
    }
    size_t tcp_size = gso_headers_tcp_size(ip, size, &h);
    if (tcp_size == 0) {
        return false;
    }
    *cut = (struct gso_cut){
        .slices = slices,
        .slice_count = slice_count,
        .header_size = (uint32_t)(link_size + h.upper + tcp_size),
        .link_size = link_size,
        .gso_size = gso_size,
        .ip6 = h.ip6,
        .ip_size = (uint8_t)h.upper,
        .tcp_size = (uint8_t)tcp_size,
    };
    cut->at_offset = cut->header_size;
    bool slice0_has_payload = slices[0].size > cut->header_size;
    if (slice_count - 1 + (slice0_has_payload ? 1u : 0u) > WEIR_SLICES_MAX - 1) {
        return false; /* the caller's array of payload slices would be too small */
    }
    if (!find_payload(cut, h.total_size)) {
        return false;
    }
    sum_constant_parts(cut, ip);
    uint32_t largest = min_u32(gso_size, cut->payload_size);
    if (h.upper + tcp_size + largest > IP_SIZE_MAX) {
        return false;
    }
    /* SYN takes a sequence number and RST ends everything: neither can be cut. */
    return cut->payload_size <= gso_size || (cut->flags & (WEIR_TCP_SYN | WEIR_TCP_RST)) == 0;
}

uint32_t gso_cut_count(const struct gso_cut *cut)
{
    if (cut->payload_size == 0) {
        return 1;
    }
    return (cut->payload_size - 1) / cut->gso_size + 1;
}

/* The slices of the next `size` bytes of payload; returns their number. */
static uint32_t take_pieces(struct gso_cut *cut, uint32_t size, struct weir_slice *payload)
{
    uint32_t count = 0;

    while (size != 0) {
        const struct weir_slice *slice = &cut->slices[cut->at_slice];
        uint32_t left = (uint32_t)slice->size - cut->at_offset;
        if (left == 0) {
            cut->at_slice++;
            cut->at_offset = 0;
            continue;
        }
        uint32_t part = min_u32(left, size);
        payload[count].data = (const uint8_t *)slice->data + cut->at_offset;
        payload[count].size = part;
        count++;
        cut->at_offset += part;
        size -= part;
    }
    return count;
}

static inline uint32_t take_payload(struct gso_cut *cut, uint32_t size, struct weir_slice *payload)
{
    const struct weir_slice *slice = &cut->slices[cut->at_slice];

    if (UNLIKELY(slice->size - cut->at_offset < size || size == 0)) {
        return take_pieces(cut, size, payload);
    }
    *payload = (struct weir_slice){(const uint8_t *)slice->data + cut->at_offset, size};
    cut->at_offset += size;
    return 1;
}

/* Flags and urgent pointer of the next segment. */
static void choose_flags(struct gso_cut *cut, bool last)
{
    unsigned flags = cut->flags;
    uint16_t urgent = cut->urgent;

    if (!last) {
        flags &= ~(unsigned)(WEIR_TCP_FIN | WEIR_TCP_PSH);
    }
    if (cut->index != 0) {
        flags &= ~(unsigned)WEIR_TCP_CWR;
        if (UNLIKELY((flags & WEIR_TCP_URG) != 0)) {
            if (urgent > cut->done) {
                urgent = (uint16_t)(urgent - cut->done);
            } else {
                urgent = 0;
                flags &= ~(unsigned)WEIR_TCP_URG;
            }
        }
    }
    cut->now.flags = (uint8_t)flags;
    cut->now.urgent = urgent;
}

/* What the second segment has in common with all others but the last. */
static void begin_like(struct gso_cut *cut, const uint8_t *tcp, uint32_t size)
{
    uint16_t total = (uint16_t)(cut->ip_size + cut->tcp_size + size);

    choose_flags(cut, cut->done + size == cut->payload_size);
    cut->now.total = cut->ip6 ? (uint16_t)(total - IP6_HEADER_SIZE) : total;
    cut->now.pseudo_sum = cut->pseudo_sum + csum_be16((uint16_t)(cut->tcp_size + size));
    uint16_t offset_flags = (uint16_t)((unsigned)tcp[TCP_OFFSET] << 8 | cut->now.flags);
    cut->now.tcp_sum = cut->tcp_sum + csum_be16(offset_flags) + csum_be16(cut->now.urgent);
}

static inline void patch_ip(const struct gso_cut *cut, uint8_t *ip)
{
    if (cut->ip6) {
        store_be16(ip + 4, cut->now.total);
        return;
    }
    uint16_t id = (uint16_t)(cut->id + cut->index);
    uint32_t total_id = (uint32_t)cut->now.total << 16 | id;
    store_be32(ip + 2, total_id);
    csum_store(ip + 10, csum_finish(cut->ip_sum + csum_be32(total_id)));
}

/* Returns the sum of the whole TCP header, checksum field as 0. */
static inline uint64_t patch_tcp(const struct gso_cut *cut, uint8_t *tcp)
{
    uint32_t seq = cut->seq + cut->done;

    tcp[TCP_FLAGS] = cut->now.flags;
    store_be32(tcp + TCP_SEQ, seq);
    store_be16(tcp + TCP_URGENT, cut->now.urgent);
    return cut->now.tcp_sum + csum_be32(seq);
}

bool gso_cut_next(struct gso_cut *cut, const struct weir_ops *ops, bool complete, uint8_t *header,
                  struct weir_slice *payload, uint32_t *payload_slices, uint32_t *payload_size)
{
    if (cut->done == cut->payload_size && cut->index != 0) {
        return false;
    }
    uint32_t size = min_u32(cut->gso_size, cut->payload_size - cut->done);
    uint8_t *ip = header + cut->link_size;
    uint8_t *tcp = ip + cut->ip_size;

    copy_header(header, cut->slices[0].data, cut->header_size);
    if (cut->index <= 1 || cut->done + size == cut->payload_size || cut->urgent != 0) {
        begin_like(cut, tcp, size);
    }
    patch_ip(cut, ip);
    uint64_t sum = patch_tcp(cut, tcp);
    *payload_slices = take_payload(cut, size, payload);
    *payload_size = size;
    if (complete) {
        if (cut->index < GSO_SUMS && cut->payload_sums[cut->index] != 0) {
            sum += cut->now.pseudo_sum + cut->payload_sums[cut->index];
        } else {
            sum = csum_slices(ops, payload, *payload_slices, 0, sum + cut->now.pseudo_sum);
        }
        csum_store(tcp + TCP_CHECKSUM, csum_finish(sum));
    } else {
        csum_store(tcp + TCP_CHECKSUM, csum_fold(cut->now.pseudo_sum));
    }
    cut->done += size;
    cut->index++;
    return true;
}
