/*
 * fuzz_offload.c - packets with the offload fields a device might invent. What is believed must be usable:
 * making wire packets of it works and stays inside.
 *
 * Input: the fields (link, csum, gso_type, gso_size, csum_start, csum_offset), then the packet.
 */
#include "fuzz_kit.h"

#include "wire/gso.h"

static void take(void *ctx, uint8_t *packet, uint32_t size)
{
    uint32_t *count = ctx;

    CHECK(size <= 65535 + 14 && packet != NULL);
    (*count)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t scratch[65535 + 14];
    struct weir_offload o = {0};
    uint8_t mode = fuzz_byte(&data, &size);
    uint32_t link_size = (mode & 1) != 0 ? 14 : 0, count = 0;

    o.csum = mode >> 1 & 3;
    o.gso_type = mode >> 3 & 3;
    o.gso_size = fuzz_u16(&data, &size);
    o.csum_start = fuzz_u16(&data, &size);
    o.csum_offset = fuzz_u16(&data, &size);
    uint8_t *p = fuzz_copy(data, size);
    const struct weir_slice slice = {p, size};
    bool believed = gso_offload_ok(p, (uint32_t)size, link_size, &o);
    bool made = gso_to_wire(NULL, &slice, 1, &o, link_size, scratch, take, &count);
    CHECK(made == (count != 0));
    if (believed && size <= 65535u + link_size) {
        CHECK(made);
        CHECK(o.gso_size != 0 || count == 1);
    }
    free(p);
    return 0;
}
