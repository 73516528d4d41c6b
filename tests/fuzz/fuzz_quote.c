/* fuzz_quote.c - packets quoted in ICMP errors. The first byte says how much the router cut off. */
#include "fuzz_kit.h"

#include "base/bytes.h"
#include "wire/icmp.h"

static void check_quote(const uint8_t *p, size_t size, bool ip6)
{
    struct icmp_quote q, shorter;
    size_t minimum = ip6 ? 40 : 20;

    if (!(ip6 ? icmp6_quote_parse(p, size, &q) : icmp4_quote_parse(p, size, &q))) {
        return;
    }
    CHECK(size >= minimum && p[0] >> 4 == (ip6 ? 6 : 4));
    CHECK(ip_addr_is_v4(&q.src) != ip6 && ip_addr_is_v4(&q.dst) != ip6);
    CHECK(memcmp(q.src.b + (ip6 ? 0 : 12), p + (ip6 ? 8 : 12), ip6 ? 16 : 4) == 0);
    bool ports = q.protocol == 6 || q.protocol == 17;
    CHECK(ports || (q.src_port == 0 && q.dst_port == 0 && q.tcp_seq == 0));
    CHECK(!ports || size >= minimum + 8);
    /* One byte less is either refused or says the same. */
    if (ip6 ? icmp6_quote_parse(p, size - 1, &shorter) : icmp4_quote_parse(p, size - 1, &shorter)) {
        CHECK(ip_addr_equal(&q.src, &shorter.src) && ip_addr_equal(&q.dst, &shorter.dst));
        CHECK(q.protocol == shorter.protocol && q.tcp_seq == shorter.tcp_seq);
        CHECK(q.src_port == shorter.src_port && q.dst_port == shorter.dst_port);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t cut = fuzz_byte(&data, &size);

    size -= cut < size ? cut : size;
    uint8_t *p = fuzz_copy(data, size);
    check_quote(p, size, false);
    check_quote(p, size, true);
    free(p);
    return 0;
}
