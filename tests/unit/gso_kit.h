/* gso_kit.h - super-segments to cut, and the check of every wire segment that comes of one. */
#ifndef UNIT_GSO_KIT_H
#define UNIT_GSO_KIT_H

#include "wire_kit.h"

#include "base/bytes.h"
#include "wire/gso.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/tcp.h"

#define FRAME_MAX (65535u + 14)

/* What a super-segment is made of. */
struct recipe {
    bool ip6;
    uint32_t link_size, payload_size;
    uint16_t gso_size, id, flags, urgent;
    uint32_t seq;
    bool no_length; /* the IP length field is 0 */
};

struct super {
    struct recipe r;
    uint8_t bytes[FRAME_MAX + 64];
    uint32_t size, header_size, ip_size;
};

static inline struct ip_addr super_address(bool ip6, uint8_t last)
{
    uint8_t v6_bytes[16] = {0xfd, 0, 0, 9};

    v6_bytes[15] = last;
    return ip6 ? ip_addr_from_v6(v6_bytes) : v4(10, 0, 0, last);
}

/* Flat, with the checksum of a partial frame: the folded pseudo-header. */
static inline void super_make(struct super *s, const struct recipe *r)
{
    struct ip_addr src = super_address(r->ip6, 1), dst = super_address(r->ip6, 2);
    struct tcp_segment t = {.src_port = 40000,
                            .dst_port = 80,
                            .seq = r->seq,
                            .ack = 0x11223344,
                            .flags = r->flags,
                            .window = 512,
                            .urgent = r->urgent};

    memset(s->bytes, 0xa5, r->link_size);
    s->r = *r;
    s->ip_size = r->ip6 ? IP6_HEADER_SIZE : IP4_HEADER_SIZE;
    t.options.present = WEIR_SEGMENT_TIMESTAMPS;
    t.options.ts_val = 7;
    uint8_t *ip = s->bytes + r->link_size;
    uint32_t tcp_size = tcp_build(ip + s->ip_size, &t);
    s->header_size = r->link_size + s->ip_size + tcp_size;
    s->size = s->header_size + r->payload_size;
    fill_random(s->bytes + s->header_size, r->payload_size, r->payload_size + 1);
    uint16_t upper = (uint16_t)(r->no_length ? 0 : tcp_size + r->payload_size);
    if (r->ip6) {
        struct ip6_header h = {
            .payload_size = upper, .next_header = 6, .hop_limit = 64, .flow_label = 0x12345};
        memcpy(h.src, src.b, 16);
        memcpy(h.dst, dst.b, 16);
        ip6_build(ip, &h);
    } else {
        struct ip4_header h = {.ttl = 64,
                               .protocol = 6,
                               .id = r->id,
                               .dont_fragment = true,
                               .total_size = (uint16_t)(r->no_length ? 0 : upper + 20u)};
        memcpy(h.src, src.b + 12, 4);
        memcpy(h.dst, dst.b + 12, 4);
        ip4_build(ip, &h);
    }
    csum_store(ip + s->ip_size + 16,
               csum_fold(csum_pseudo(&src, &dst, 6, tcp_size + r->payload_size)));
}

static inline struct weir_offload super_offload(const struct super *s)
{
    return (struct weir_offload){
        .csum = WEIR_CSUM_PARTIAL,
        .gso_type = (uint8_t)(s->r.gso_size == 0 ? WEIR_GSO_NONE
                              : s->r.ip6         ? WEIR_GSO_TCP6
                                                 : WEIR_GSO_TCP4),
        .gso_size = s->r.gso_size,
        .csum_start = (uint16_t)(s->r.link_size + s->ip_size),
        .csum_offset = 16,
    };
}

/* Checks wire segment `index`, which starts at payload byte `done`; returns its payload bytes. */
static inline uint32_t check_segment(const struct super *s, uint32_t index, uint32_t done,
                                     const uint8_t *packet, uint32_t size)
{
    struct ip_addr src = super_address(s->r.ip6, 1), dst = super_address(s->r.ip6, 2);
    const uint8_t *ip = packet + s->r.link_size;
    struct tcp_segment t;

    assert_memory_equal(packet, s->bytes, s->r.link_size);
    if (s->r.ip6) {
        struct ip6_header h;
        assert_int_equal(ip6_parse(ip, size - s->r.link_size, &h), WEIR_DROP_NONE);
        assert_int_equal(h.payload_size + 40u, size - s->r.link_size);
        assert_memory_equal(ip, s->bytes + s->r.link_size, 4);
        assert_memory_equal(ip + 6, s->bytes + s->r.link_size + 6, 34);
    } else {
        struct ip4_header h;
        assert_int_equal(ip4_parse(ip, size - s->r.link_size, false, &h), WEIR_DROP_NONE);
        assert_int_equal(h.total_size, size - s->r.link_size);
        assert_int_equal(h.id, (uint16_t)(s->r.id + index));
        assert_true(h.dont_fragment);
    }
    uint32_t upper_size = size - s->r.link_size - s->ip_size;
    assert_true(tcp_checksum_ok(NULL, ip + s->ip_size, upper_size, &src, &dst));
    assert_int_equal(tcp_parse(ip + s->ip_size, upper_size, &t), WEIR_DROP_NONE);
    bool last = done + t.payload_size == s->r.payload_size;
    uint16_t flags = s->r.flags;
    flags &= (uint16_t)(last ? 0x1ff : ~(WEIR_TCP_FIN | WEIR_TCP_PSH));
    flags &= (uint16_t)(index == 0 ? 0x1ff : ~WEIR_TCP_CWR);
    if (index != 0 && s->r.urgent <= done) {
        flags &= (uint16_t)~WEIR_TCP_URG;
    }
    assert_int_equal(t.flags, flags);
    if ((flags & WEIR_TCP_URG) != 0) {
        assert_int_equal(t.urgent, s->r.urgent - done);
    }
    assert_int_equal(t.seq, s->r.seq + done);
    assert_int_equal(t.ack, 0x11223344);
    assert_int_equal(t.window, 512);
    assert_int_equal(t.options.ts_val, 7);
    assert_memory_equal(t.payload, s->bytes + s->header_size + done, t.payload_size);
    assert_true(last || t.payload_size == s->r.gso_size);
    return t.payload_size;
}

#endif
