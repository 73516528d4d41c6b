/*
 * fuzz_gso.c - cutting frames into wire segments: their payloads together are the original's, and each parses
 * with good checksums, the right sequence number, flags, length and ID.
 *
 * Input: link header or not and how the frame is sliced (1 byte), gso_size (2), then the frame.
 */
#include "fuzz_kit.h"

#include "base/bytes.h"
#include "wire/checksum.h"
#include "wire/gso.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/tcp.h"

struct watch {
    const uint8_t *frame;
    const struct gso_cut *cut; /* as it was at the beginning */
    uint32_t done, count;
};

/* Checks the IP header; gives the addresses. */
static void check_ip(const struct watch *w, const uint8_t *ip, size_t size, struct ip_addr *src,
                     struct ip_addr *dst)
{
    if (w->cut->ip6) {
        *src = ip_addr_from_v6(ip + 8);
        *dst = ip_addr_from_v6(ip + 24);
        CHECK(load_be16(ip + 4) + (size_t)IP6_HEADER_SIZE == size);
        return;
    }
    struct ip4_header h;
    CHECK(ip4_parse(ip, size, false, &h) == WEIR_DROP_NONE);
    CHECK(h.total_size == size && h.header_size == w->cut->ip_size);
    CHECK(h.id == (uint16_t)(load_be16(w->frame + w->cut->link_size + 4) + w->count));
    *src = ip_addr_from_v4(h.src);
    *dst = ip_addr_from_v4(h.dst);
}

static void check_segment(void *ctx, uint8_t *packet, uint32_t size)
{
    struct watch *w = ctx;
    const struct gso_cut *cut = w->cut;
    const uint8_t *tcp = packet + cut->link_size + cut->ip_size;
    const uint8_t *first = w->frame + cut->link_size + cut->ip_size;
    size_t tcp_size = size - cut->link_size - cut->ip_size;
    struct ip_addr src, dst;
    struct tcp_segment s;

    CHECK(memcmp(packet, w->frame, cut->link_size) == 0);
    check_ip(w, packet + cut->link_size, size - cut->link_size, &src, &dst);
    CHECK(tcp_checksum_ok(NULL, tcp, tcp_size, &src, &dst));
    CHECK(tcp_parse(tcp, tcp_size, &s) == WEIR_DROP_NONE && s.header_size == cut->tcp_size);
    CHECK(s.seq == load_be32(first + 4) + w->done);
    CHECK(memcmp(s.payload, w->frame + cut->header_size + w->done, s.payload_size) == 0);
    uint16_t flags = load_be16(first + 12) & 0x1ff;
    bool last = w->done + s.payload_size == cut->payload_size;
    if (!last) {
        flags &= (uint16_t) ~(WEIR_TCP_FIN | WEIR_TCP_PSH);
    }
    if (w->count != 0) {
        flags &= (uint16_t)~WEIR_TCP_CWR;
    }
    if (w->count != 0 && load_be16(first + 18) <= w->done) {
        flags &= (uint16_t)~WEIR_TCP_URG;
    }
    CHECK(s.flags == flags);
    CHECK((s.flags & WEIR_TCP_URG) == 0 || s.urgent == load_be16(first + 18) - w->done);
    CHECK(last || s.payload_size == cut->gso_size);
    w->done += s.payload_size;
    w->count++;
}

/* Segment by segment; the flat form must then give the same. */
static void check_cut(struct gso_cut cut, bool complete, struct watch w, uint8_t *scratch)
{
    struct weir_slice payload[WEIR_SLICES_MAX - 1];
    uint32_t n, size, expected = gso_cut_count(&cut);

    while (gso_cut_next(&cut, NULL, complete, scratch, payload, &n, &size)) {
        uint32_t at = cut.header_size;
        CHECK(n < WEIR_SLICES_MAX);
        for (uint32_t i = 0; i < n; i++) {
            memcpy(scratch + at, payload[i].data, payload[i].size);
            at += (uint32_t)payload[i].size;
        }
        CHECK(at == cut.header_size + size);
        if (!complete) {
            uint8_t *tcp = scratch + cut.link_size + cut.ip_size;
            uint64_t sum = csum_sum_portable(tcp, at - cut.link_size - cut.ip_size, 0);
            csum_store(tcp + 16, csum_finish(sum));
        }
        check_segment(&w, scratch, at);
    }
    CHECK(w.count == expected && w.done == cut.payload_size);
}

static uint32_t make_slices(uint8_t *p, size_t size, unsigned shape, struct weir_slice *slices)
{
    uint32_t count = 0;
    size_t at = 0, step = shape * 17u + 60;

    while (count < 4 && size - at > step) {
        slices[count++] = (struct weir_slice){p + at, step};
        at += step;
        step = shape * 3u;
    }
    slices[count++] = (struct weir_slice){p + at, size - at};
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t scratch[65535 + 14];
    struct weir_slice slices[WEIR_SLICES_MAX];
    struct gso_cut cut;
    uint8_t mode = fuzz_byte(&data, &size);
    uint16_t gso_size = fuzz_u16(&data, &size);
    uint32_t link_size = (mode & 1) != 0 ? 14 : 0;
    struct watch w = {.frame = data, .cut = &cut};

    uint8_t *p = fuzz_copy(data, size);
    uint32_t count = make_slices(p, size, mode >> 1, slices);
    if (gso_cut_begin(&cut, slices, count, link_size, gso_size)) {
        struct gso_cut start = cut;
        w.cut = &start;
        check_cut(cut, true, w, scratch);
        check_cut(cut, false, w, scratch);
        struct weir_offload offload = {.gso_size = gso_size, .csum = WEIR_CSUM_PARTIAL};
        offload.gso_type = cut.ip6 ? WEIR_GSO_TCP6 : WEIR_GSO_TCP4;
        CHECK(gso_to_wire(NULL, slices, count, &offload, link_size, scratch, check_segment, &w));
        CHECK(w.done == start.payload_size && w.count == gso_cut_count(&start));
    }
    free(p);
    return 0;
}
