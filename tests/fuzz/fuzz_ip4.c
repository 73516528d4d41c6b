/* fuzz_ip4.c - IPv4 headers: lengths hold, building gives the same value, patching gives what building does. */
#include "fuzz_kit.h"

#include "base/bytes.h"
#include "wire/checksum.h"
#include "wire/ip4.h"

static void check_value(const uint8_t *p, size_t size, const struct ip4_header *h)
{
    uint8_t built[IP4_HEADER_SIZE], patched[IP4_HEADER_SIZE];
    struct ip4_header plain = *h, again;

    CHECK(h->header_size >= IP4_HEADER_SIZE && h->header_size <= IP4_HEADER_MAX);
    CHECK(h->total_size >= h->header_size && h->total_size <= size);
    CHECK(h->options == p + IP4_HEADER_SIZE);
    CHECK(h->options_size == h->header_size - IP4_HEADER_SIZE);
    CHECK(csum_fold(csum_sum_portable(p, h->header_size, 0)) == 0xffff);

    ip4_build(built, &plain);
    uint8_t *whole = fuzz_copy(p, size);
    memcpy(whole, built, IP4_HEADER_SIZE);
    CHECK(ip4_parse(whole, size, false, &again) == WEIR_DROP_NONE);
    CHECK(again.total_size == h->total_size && again.id == h->id && again.tos == h->tos);
    CHECK(again.ttl == h->ttl && again.protocol == h->protocol);
    CHECK(again.fragment_offset == h->fragment_offset);
    CHECK(again.dont_fragment == h->dont_fragment && again.more_fragments == h->more_fragments);
    CHECK(memcmp(again.src, h->src, 4) == 0 && memcmp(again.dst, h->dst, 4) == 0);
    free(whole);

    memcpy(patched, built, sizeof(built));
    plain.total_size = (uint16_t)(h->id * 3u);
    plain.id = (uint16_t)(h->total_size + 1u);
    ip4_patch(patched, plain.total_size, plain.id);
    ip4_build(built, &plain);
    CHECK(memcmp(patched, built, sizeof(built)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ip4_header h;
    uint8_t *p = fuzz_copy(data, size);

    for (int super = 0; super < 2; super++) {
        if (ip4_parse(p, size, super != 0, &h) == WEIR_DROP_NONE) {
            check_value(p, size, &h);
        }
    }
    /* Once more with the checksum put right, so that it does not hide what is behind it. */
    size_t header_size = size == 0 ? 0 : (size_t)(p[0] & 15) * 4;
    if (size >= IP4_HEADER_SIZE && header_size >= IP4_HEADER_SIZE && header_size <= size) {
        store_be16(p + 10, 0);
        csum_store(p + 10, csum_finish(csum_sum_portable(p, header_size, 0)));
        enum weir_drop drop = ip4_parse(p, size, true, &h);
        CHECK(drop != WEIR_DROP_IP_CHECKSUM);
        if (drop == WEIR_DROP_NONE) {
            check_value(p, size, &h);
        }
    }
    free(p);
    return 0;
}
