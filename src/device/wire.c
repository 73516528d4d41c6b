/* wire.c - frames as flat wire packets: super-segments cut, checksums complete. */
#include "device/wire.h"

#include "wire/gso.h"

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
