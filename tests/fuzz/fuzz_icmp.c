/*
 * fuzz_icmp.c - ICMP messages of both versions: parse, build, parse gives the same; then what the message
 * carries is read as NDP. First byte: the version.
 */
#include "fuzz_kit.h"

#include "wire/checksum.h"
#include "wire/icmp.h"
#include "wire/ip4.h"

static struct ip_addr address(uint8_t last)
{
    uint8_t bytes[16] = {0xfd};

    bytes[15] = last;
    return ip_addr_from_v6(bytes);
}

static void check_ndp(const struct icmp_message *m)
{
    struct ip_addr src = address(1), dst = address(2);
    struct ndp_message n, again;
    struct icmp_message message;
    uint8_t out[32];

    if (!ndp_parse(m, &n)) {
        return;
    }
    size_t size = ndp_build(out, &n, &src, &dst);
    CHECK(size == (n.has_mac ? 32 : 24));
    CHECK(icmp6_parse(out, size, &src, &dst, &message) == WEIR_DROP_NONE);
    CHECK(ndp_parse(&message, &again));
    CHECK(again.type == n.type && again.has_mac == n.has_mac && again.router == n.router);
    CHECK(again.solicited == n.solicited && again.override == n.override);
    CHECK(memcmp(again.target, n.target, 16) == 0 && memcmp(again.mac, n.mac, 6) == 0);
}

static enum weir_drop parse(bool ip6, const uint8_t *p, size_t size, struct icmp_message *m)
{
    struct ip_addr src = address(1), dst = address(2);

    return ip6 ? icmp6_parse(p, size, &src, &dst, m) : icmp4_parse(p, size, m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ip_addr src = address(1), dst = address(2);
    bool ip6 = (fuzz_byte(&data, &size) & 1) != 0;
    uint8_t *p = fuzz_copy(data, size);
    struct icmp_message m;

    enum weir_drop drop = parse(ip6, p, size, &m);
    CHECK((drop == WEIR_DROP_ICMP_SHORT) == (size < ICMP_HEADER_SIZE));
    if (drop == WEIR_DROP_ICMP_CHECKSUM) { /* once more with the checksum put right */
        uint64_t pseudo = ip6 ? csum_pseudo(&src, &dst, IP_PROTOCOL_ICMP6, (uint32_t)size) : 0;
        csum_store(p + 2, 0);
        csum_store(p + 2, csum_finish(csum_sum_portable(p, size, pseudo)));
        CHECK(parse(ip6, p, size, &m) == WEIR_DROP_NONE);
        drop = WEIR_DROP_NONE;
    }
    if (drop == WEIR_DROP_NONE) {
        uint8_t *out = fuzz_copy(p, size);
        size_t built = ip6 ? icmp6_build(out, &m, &src, &dst) : icmp4_build(out, &m);
        CHECK(built == size && m.body_size == size - ICMP_HEADER_SIZE);
        CHECK(memcmp(out, p, 2) == 0 && memcmp(out + 4, p + 4, size - 4) == 0);
        CHECK(parse(ip6, out, size, &m) == WEIR_DROP_NONE);
        check_ndp(&m);
        free(out);
    }
    free(p);
    return 0;
}
