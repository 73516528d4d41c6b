/*
 * fuzz_group.c - IGMP and MLD messages with a checksum that is right, and Router Alert in headers. First byte: which
 * of the three; of headers the second: how many bytes they are.
 */
#include "fuzz_kit.h"

#include "wire/checksum.h"
#include "wire/group.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

static void check(enum weir_drop drop, const struct group_message *m, bool v4)
{
    CHECK(drop == WEIR_DROP_NONE || drop == WEIR_DROP_GROUP_MALFORMED ||
          drop == WEIR_DROP_GROUP_TYPE);
    if (drop != WEIR_DROP_NONE || m->kind == GROUP_NOTHING) {
        return;
    }
    CHECK(ip_addr_is_multicast(&m->group) ||
          (m->kind == GROUP_QUERY && ip_addr_is_unspecified(&m->group)));
    if (m->kind == GROUP_QUERY) {
        CHECK(m->version >= 1 && m->version <= (v4 ? 3 : 2) && m->robustness < 8);
        CHECK(m->response_ms <= 8387584 && m->interval_s <= 31744); /* the largest of the floats */
    }
}

static void alert(const uint8_t *data, size_t size)
{
    size_t most = fuzz_byte(&data, &size);
    uint8_t *p = fuzz_copy(data, size);
    struct ip4_header h4;
    struct ip6_header h6;

    if (ip4_parse(p, size, false, &h4) == WEIR_DROP_NONE) {
        (void)group_router_alert(p, h4.header_size);
    } else if (ip6_parse(p, size, &h6) == WEIR_DROP_NONE) {
        (void)group_router_alert(p, h6.upper_offset);
    } else if (size >= 1 && (p[0] >> 4 != 4 || most <= size)) {
        (void)group_router_alert(p, p[0] >> 4 == 4 ? (uint32_t)most : 0);
    }
    free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t mode = fuzz_byte(&data, &size) % 3;
    struct group_message m;
    struct icmp_message icmp;
    struct ip_addr a = {{0xfe, 0x80, [15] = 1}};
    uint8_t *p;

    if (mode == 2) {
        alert(data, size);
        return 0;
    }
    p = fuzz_copy(data, size);
    if (size >= IGMP_SIZE) {
        uint64_t pseudo = mode == 0 ? 0 : csum_pseudo(&a, &a, IP_PROTOCOL_ICMP6, (uint32_t)size);
        csum_store(p + 2, 0);
        csum_store(p + 2, csum_finish(csum_sum_portable(p, size, pseudo)));
    }
    if (mode == 0) {
        check(igmp_parse(p, size, &m), &m, true);
    } else if (icmp6_parse(p, size, &a, &a, &icmp) == WEIR_DROP_NONE) {
        check(mld_parse(&icmp, &m), &m, false);
    }
    free(p);
    return 0;
}
