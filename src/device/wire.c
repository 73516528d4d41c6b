/* wire.c - frames as flat wire packets: super-segments cut, checksums complete. */
#include "device/wire.h"

#include "base/bytes.h"
#include "wire/checksum.h"
#include "wire/gso.h"
#include "wire/gso_headers.h"
#include "wire/tcp.h"

static const struct weir_ops portable_ops;

uint32_t wire_gather(uint8_t *to, uint32_t room, const struct weir_slice *slices,
                     uint32_t slice_count)
{
    uint32_t size = 0;
    for (uint32_t i = 0; i < slice_count; i++) {
        if (slices[i].size > room - size) {
            return 0;
        }
        if (slices[i].size > 0) {
            memcpy(to + size, slices[i].data, slices[i].size);
        }
        size += (uint32_t)slices[i].size;
    }
    return size;
}

/* Copies the payload slices behind `at` bytes; returns where they end, 0 if that is beyond `size`. */
static inline uint32_t copy_payload(const struct weir_ops *ops, uint8_t *to, uint32_t at,
                                    uint32_t size, const struct weir_slice *slices, uint32_t n,
                                    uint64_t *sum)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t part = (uint32_t)slices[i].size;
        if (part > size - at)
            return 0;
        *sum = csum_add_at(*sum, csum_copy(ops, to + at, slices[i].data, part, 0), at);
        at += part;
    }
    return at;
}

uint32_t wire_gather_verify(const struct weir_ops *ops, uint8_t *to, uint32_t size,
                            const struct weir_slice *slices, uint32_t slice_count,
                            uint32_t link_size, bool *valid)
{
    const uint8_t *head = slices[0].data;
    uint32_t tcp = 0, at = (uint32_t)slices[0].size;
    uint64_t sum;
    *valid = false;
    if (at > link_size && at <= size)
        tcp = gso_headers_find_segment(head + link_size, at - link_size, size - link_size, &sum);
    if (tcp == 0)
        return wire_gather(to, size, slices, slice_count);
    tcp += link_size;
    if (at - tcp == TCP_HEADER_SIZE) {
        copy_header(to, head, at);
        sum += csum_words_20(head + tcp);
    } else if (at - tcp <= TCP_HEADER_MAX && (at - tcp) % 4 == 0) {
        copy_header(to, head, at);
        sum += csum_words(head + tcp, at - tcp);
    } else { /* headers and payload in one */
        memcpy(to, head, tcp);
        sum = csum_copy(ops, to + tcp, head + tcp, at - tcp, sum);
    }
    /* headers are of even size, so odd places in the packet are odd places in the segment */
    at = copy_payload(ops, to, at, size, slices + 1, slice_count - 1, &sum);
    *valid = at == size && csum_fold(sum) == 0xffff;
    return at;
}

void wire_packets(const struct weir_slice *slices, uint32_t slice_count,
                  const struct weir_offload *offload, uint8_t medium, uint8_t *scratch,
                  wire_emit *emit, void *ctx)
{
    if (!wire_is_plain(offload) && gso_to_wire(&portable_ops, slices, slice_count, offload,
                                               wire_link_size(medium), scratch, emit, ctx)) {
        return;
    }
    uint32_t size = wire_gather(scratch, WIRE_SCRATCH_SIZE, slices, slice_count);
    if (size > 0) {
        emit(ctx, scratch, size);
    }
}
