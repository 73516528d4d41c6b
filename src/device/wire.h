/* wire.h - wire/gso.h for devices: any frame as flat wire packets. */
#ifndef DEVICE_WIRE_H
#define DEVICE_WIRE_H

#include <weir/device.h>

#define WIRE_SCRATCH_SIZE (65535u + 14u) /* the largest IP packet with an Ethernet header */

typedef void wire_emit(void *ctx, uint8_t *packet, uint32_t size);

/* Bytes before the IP header. */
static inline uint32_t wire_link_size(uint8_t medium)
{
    return medium == WEIR_MEDIUM_ETHERNET ? 14 : 0;
}

/* Is it one already? */
static inline bool wire_is_plain(const struct weir_offload *offload)
{
    return offload->gso_size == 0 && offload->csum != WEIR_CSUM_PARTIAL;
}

/* Copies all slices to `to`, which has room for `room` bytes. Returns the size, 0 if it does not
 * fit. */
uint32_t wire_gather(uint8_t *to, uint32_t room, const struct weir_slice *slices,
                     uint32_t slice_count);

/* The same for a packet of `size` bytes, whose headers are in the first slice, and in the same pass its TCP
 * checksum: *valid when it is right, false also when it is no whole TCP packet. */
uint32_t wire_gather_verify(const struct weir_ops *ops, uint8_t *to, uint32_t size,
                            const struct weir_slice *slices, uint32_t slice_count,
                            uint32_t link_size, bool *valid);

/* Calls emit for each wire packet of the frame; scratch[WIRE_SCRATCH_SIZE]. A frame whose offload
 * does not fit its bytes is passed on as it is: a device repairs nothing. Frames that are larger
 * than any IP packet are ignored. */
void wire_packets(const struct weir_slice *slices, uint32_t slice_count,
                  const struct weir_offload *offload, uint8_t medium, uint8_t *scratch,
                  wire_emit *emit, void *ctx);

#endif
