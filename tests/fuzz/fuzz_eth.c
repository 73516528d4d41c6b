/* fuzz_eth.c - Ethernet headers: what was parsed builds the same bytes. */
#include "fuzz_kit.h"

#include "wire/eth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct eth_header h;
    uint8_t out[ETH_HEADER_SIZE];

    if (!eth_parse(data, size, &h)) {
        CHECK(size < ETH_HEADER_SIZE);
        return 0;
    }
    eth_build(out, &h);
    CHECK(memcmp(out, data, sizeof(out)) == 0);
    CHECK(eth_is_group(h.dst) == ((data[0] & 1) != 0));
    return 0;
}
