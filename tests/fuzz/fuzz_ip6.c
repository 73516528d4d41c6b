/* fuzz_ip6.c - IPv6 headers and chains: offsets stay inside, both walks agree, building gives the same. */
#include "fuzz_kit.h"

#include "base/bytes.h"
#include "wire/ip6.h"

static void check_good(const uint8_t *p, size_t size, const struct ip6_header *h)
{
    size_t end = IP6_HEADER_SIZE + (size_t)h->payload_size, offset;
    uint8_t protocol;
    bool fragment;

    CHECK(end <= size);
    CHECK(h->upper_offset >= IP6_HEADER_SIZE && h->upper_offset <= end);
    CHECK(h->fragment ||
          (h->protocol != 0 && h->protocol != 43 && h->protocol != 44 && h->protocol != 60));
    CHECK(h->src[0] != 0xff);
    if (h->fragment) {
        CHECK(h->fragment_header + 8 == h->upper_offset);
        CHECK(h->fragment_offset % 8 == 0);
        CHECK(load_be32(p + h->fragment_header + 4) == h->fragment_id);
        return;
    }
    CHECK(ip6_find_upper(p, size, &protocol, &offset, &fragment));
    CHECK(protocol == h->protocol && offset == h->upper_offset && !fragment);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ip6_header h;
    uint8_t *p = fuzz_copy(data, size), protocol, out[IP6_HEADER_SIZE];
    size_t offset;
    bool fragment;

    if (size >= IP6_HEADER_SIZE && (data[1] & 1) != 0) { /* half of the time with a right length */
        size_t payload = size - IP6_HEADER_SIZE;
        store_be16(p + 4, (uint16_t)(payload > 0xffff ? 0xffff : payload));
    }
    enum weir_drop drop = ip6_parse(p, size, &h);
    if (drop == WEIR_DROP_NONE) {
        check_good(p, size, &h);
    } else if (drop == WEIR_DROP_IP6_EXTENSION) {
        CHECK(h.bad_offset < IP6_HEADER_SIZE + (size_t)h.payload_size);
        CHECK(h.bad_code <= 2 || h.bad_code == 255);
        CHECK(h.bad_code != 2 || p[h.bad_offset] >= 0x80);
    }
    if (drop == WEIR_DROP_NONE || drop == WEIR_DROP_IP6_EXTENSION) {
        ip6_build(out, &h);
        CHECK(memcmp(out, p, IP6_HEADER_SIZE) == 0);
    }
    if (ip6_find_upper(p, size, &protocol, &offset, &fragment)) {
        CHECK(offset >= IP6_HEADER_SIZE && offset % 8 == 0);
    }
    free(p);
    return 0;
}
