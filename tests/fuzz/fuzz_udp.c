/* fuzz_udp.c - UDP headers with every state of the checksum. First byte: version and offload. */
#include "fuzz_kit.h"

#include "wire/checksum.h"
#include "wire/ip4.h"
#include "wire/udp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t a4[4] = {10, 0, 0, 1}, a6[16] = {0xfd, [15] = 1};
    uint8_t mode = fuzz_byte(&data, &size);
    bool ip6 = (mode & 1) != 0;
    enum weir_csum csum = (enum weir_csum)((mode >> 1) % 3);
    struct ip_addr address = ip6 ? ip_addr_from_v6(a6) : ip_addr_from_v4(a4);
    uint8_t *p = fuzz_copy(data, size);
    struct udp_header h;

    enum weir_drop drop = udp_parse(NULL, p, size, &address, &address, csum, &h);
    CHECK((drop == WEIR_DROP_UDP_SHORT) == (size < UDP_HEADER_SIZE));
    CHECK(drop != WEIR_DROP_UDP_CHECKSUM || csum != WEIR_CSUM_PARTIAL);
    if (drop == WEIR_DROP_UDP_CHECKSUM) {
        uint64_t pseudo = csum_pseudo(&address, &address, IP_PROTOCOL_UDP, h.size);
        csum_store(p + 6, 0);
        uint16_t value = csum_finish(csum_sum_portable(p, h.size, pseudo));
        csum_store(p + 6, value == 0 ? 0xffff : value);
        drop = udp_parse(NULL, p, size, &address, &address, WEIR_CSUM_NONE, &h);
        CHECK(drop == WEIR_DROP_NONE);
        p[UDP_HEADER_SIZE - 1] ^= 1; /* any one bit */
        if (ip6 || p[6] != 0 || p[7] != 0) {
            CHECK(udp_parse(NULL, p, size, &address, &address, WEIR_CSUM_NONE, &h) ==
                  WEIR_DROP_UDP_CHECKSUM);
        }
    }
    if (drop == WEIR_DROP_NONE) {
        CHECK(h.size >= UDP_HEADER_SIZE && h.size <= size);
    }
    free(p);
    return 0;
}
