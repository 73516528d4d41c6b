/*
 * source.c - which of our addresses a packet should come from (RFC 6724 5).
 *
 * Rules 4 (home), 7 (temporary) do not apply: there are no such addresses here. Tentative
 * and duplicate addresses are not candidates. Rule 1 (same address) never gets here: own destinations
 * take the loopback path.
 */
#include "ip/internal.h"

enum scope { SCOPE_LINK = 0x2, SCOPE_SITE = 0x5, SCOPE_GLOBAL = 0xe };

/* RFC 6724 3.1, 3.2. */
static unsigned scope_of(const struct ip_addr *a)
{
    if (ip_addr_is_v4(a)) {
        return ip_addr_is_link_local(a) || ip_addr_is_loopback(a) ? SCOPE_LINK : SCOPE_GLOBAL;
    }
    if (a->b[0] == 0xff) {
        return a->b[1] & 0x0f;
    }
    if (ip_addr_is_link_local(a) || ip_addr_is_loopback(a)) {
        return SCOPE_LINK;
    }
    return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0xc0 ? SCOPE_SITE : SCOPE_GLOBAL;
}

/* The labels of the default policy table (RFC 6724 2.1). */
static unsigned label_of(const struct ip_addr *a)
{
    static const struct {
        struct ip_addr net;
        uint8_t prefix, label;
    } table[] = {
        {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, 128, 0},
        {{{0x20, 0x01}}, 32, 5},
        {{{0x20, 0x02}}, 16, 2},
        {{{0x3f, 0xfe}}, 16, 12},
        {{{0xfe, 0xc0}}, 10, 11},
        {{{0xfc}}, 7, 13},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        if (ip_addr_in_prefix(a, &table[i].net, table[i].prefix)) {
            return table[i].label;
        }
    }
    return ip_addr_is_v4(a) ? 4 : 1;
}

/* Is `a` the better source? Rules 2, 3, 5, 6, 8 in this order. */
static bool is_better(const struct ip_address *a, const struct ip_address *b,
                      const struct ip_addr *dst, uint32_t link)
{
    unsigned scope_a = scope_of(&a->ip), scope_b = scope_of(&b->ip), scope = scope_of(dst);
    if (scope_a != scope_b) {
        return scope_a < scope_b ? scope_a >= scope : scope_b < scope;
    }
    if (a->deprecated != b->deprecated) {
        return b->deprecated;
    }
    if ((a->link == link) != (b->link == link)) {
        return a->link == link;
    }
    unsigned label = label_of(dst);
    bool match_a = label_of(&a->ip) == label, match_b = label_of(&b->ip) == label;
    if (match_a != match_b) {
        return match_a;
    }
    uint32_t base = ip_addr_is_v4(dst) ? 96 : 0;
    uint32_t common_a = min_u32(ip_addr_common_prefix(&a->ip, dst), base + a->prefix);
    uint32_t common_b = min_u32(ip_addr_common_prefix(&b->ip, dst), base + b->prefix);
    return common_a > common_b;
}

static bool is_candidate(const struct ip_address *a, const struct ip_addr *dst, uint32_t link)
{
    if (a->state != IP_ADDRESS_VALID || ip_addr_is_v4(&a->ip) != ip_addr_is_v4(dst)) {
        return false;
    }
    return a->link == link || !ip_addr_is_link_local(&a->ip); /* those mean nothing elsewhere */
}

const struct ip_address *source_select(const struct ip *ip, const struct ip_addr *dst,
                                       uint32_t link)
{
    const struct ip_address *best = NULL;
    for (uint32_t i = 0; i < ip->address_count; i++) {
        const struct ip_address *a = &ip->addresses[i];
        if (is_candidate(a, dst, link) && (best == NULL || is_better(a, best, dst, link))) {
            best = a;
        }
    }
    return best;
}
