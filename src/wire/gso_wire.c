/* gso_wire.c - frames of any kind to flat wire packets with whole checksums, for devices and captures. */
#include "wire/gso.h"

#include "base/bytes.h"
#include "wire/checksum.h"

#define LINK_SIZE_MAX 14
#define IP_SIZE_MAX 65535u
#define TCP_CHECKSUM 16
#define UDP_CHECKSUM 6

struct wire {
    const struct weir_ops *ops;
    uint8_t *scratch;
    void (*emit)(void *ctx, uint8_t *packet, uint32_t size);
    void *ctx;
};

/* Copies slices behind each other and returns their sum added to `sum`. */
static uint64_t gather_sum(const struct weir_ops *ops, uint8_t *to, const struct weir_slice *slices,
                           uint32_t n, uint64_t sum)
{
    size_t offset = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint64_t part = csum_copy(ops, to + offset, slices[i].data, slices[i].size, 0);
        sum = csum_add_at(sum, part, offset);
        offset += slices[i].size;
    }
    return sum;
}

static bool cut_to_wire(const struct wire *w, struct gso_cut *cut)
{
    struct weir_slice payload[WEIR_SLICES_MAX - 1];
    uint32_t count, size;
    uint8_t *tcp = w->scratch + cut->link_size + cut->ip_size;

    while (gso_cut_next(cut, w->ops, false, w->scratch, payload, &count, &size)) {
        /* The field holds the pseudo-header's sum, so summing the header includes it. */
        uint64_t sum = csum_sum_portable(tcp, cut->tcp_size, 0);
        sum = gather_sum(w->ops, w->scratch + cut->header_size, payload, count, sum);
        csum_store(tcp + TCP_CHECKSUM, csum_finish(sum));
        w->emit(w->ctx, w->scratch, cut->header_size + size);
    }
    return true;
}

/* Completes a partial checksum in a flat packet. */
static bool complete(const struct weir_ops *ops, uint8_t *packet, size_t size, uint32_t link_size,
                     const struct weir_offload *offload)
{
    size_t start = offload->csum_start;
    size_t field = start + offload->csum_offset;

    if (start < link_size || field + 2 > size) {
        return false;
    }
    uint16_t value = csum_finish(csum_sum(ops, packet + start, size - start, 0));
    if (value == 0 && offload->csum_offset == UDP_CHECKSUM) {
        value = 0xffff; /* 0 would say that there is none (RFC 768) */
    }
    csum_store(packet + field, value);
    return true;
}

bool gso_to_wire(const struct weir_ops *ops, const struct weir_slice *slices, uint32_t slice_count,
                 const struct weir_offload *offload, uint32_t link_size, uint8_t *scratch,
                 void (*emit)(void *ctx, uint8_t *packet, uint32_t size), void *ctx)
{
    struct wire w = {ops, scratch, emit, ctx};
    uint32_t size = 0;

    if (link_size > LINK_SIZE_MAX ||
        (offload->gso_type == WEIR_GSO_NONE) != (offload->gso_size == 0)) {
        return false;
    }
    if (offload->gso_size != 0) {
        struct gso_cut cut;
        if (!gso_cut_begin(&cut, slices, slice_count, link_size, offload->gso_size) ||
            offload->gso_type != (cut.ip6 ? WEIR_GSO_TCP6 : WEIR_GSO_TCP4)) {
            return false;
        }
        return cut_to_wire(&w, &cut);
    }
    for (uint32_t i = 0; i < slice_count; i++) {
        if (slices[i].size > IP_SIZE_MAX + link_size - size) {
            return false;
        }
        if (slices[i].size != 0) {
            memcpy(scratch + size, slices[i].data, slices[i].size);
        }
        size += (uint32_t)slices[i].size;
    }
    if (offload->csum == WEIR_CSUM_PARTIAL && !complete(ops, scratch, size, link_size, offload)) {
        return false;
    }
    emit(ctx, scratch, size);
    return true;
}
