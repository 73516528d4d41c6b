/* fuzz_arp.c - ARP packets: what was parsed builds the same bytes. */
#include "fuzz_kit.h"

#include "wire/arp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arp_packet a;
    uint8_t out[ARP_SIZE];

    if (!arp_parse(data, size, &a)) {
        return 0;
    }
    CHECK(size >= ARP_SIZE);
    CHECK(a.operation == ARP_REQUEST || a.operation == ARP_REPLY);
    arp_build(out, &a);
    CHECK(memcmp(out, data, sizeof(out)) == 0);
    return 0;
}
