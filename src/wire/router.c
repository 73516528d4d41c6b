/* router.c - see router.h. */
#include "wire/router.h"

#include "base/bytes.h"

enum option {
    OPTION_SOURCE_MAC = 1,
    OPTION_PREFIX = 3,
    OPTION_MTU = 5,
    OPTION_DNS = 25 /* RFC 8106 5.1 */
};

#define ADVERT_BODY_SIZE \
    8 /* reachable time and retrans timer; the rest is in the header's second word */
#define PREFIX_SIZE 32
#define DNS_SIZE_MIN 24

#define PREFIX_ON_LINK 0x80
#define PREFIX_AUTONOMOUS 0x40

static void clear_behind(struct ip_addr *a, uint8_t size)
{
    if (size % 8 != 0) {
        a->b[size / 8] &= (uint8_t)(0xff00u >> size % 8);
    }
    for (uint32_t i = (size + 7u) / 8; i < 16; i++) {
        a->b[i] = 0;
    }
}

static bool read_prefix(const uint8_t *p, size_t size, struct router_advert *r)
{
    if (size != PREFIX_SIZE || p[2] > 128) {
        return false;
    }
    if (r->prefix_count == ROUTER_PREFIXES_MAX) {
        return true;
    }
    struct router_prefix *prefix = &r->prefixes[r->prefix_count++];
    *prefix = (struct router_prefix){
        .ip = ip_addr_from_v6(p + 16),
        .size = p[2],
        .on_link = (p[3] & PREFIX_ON_LINK) != 0,
        .autonomous = (p[3] & PREFIX_AUTONOMOUS) != 0,
        .valid = load_be32(p + 4),
        .preferred = load_be32(p + 8),
    };
    clear_behind(&prefix->ip, prefix->size);
    return true;
}

/* RFC 8106 5.1: 8 bytes, then addresses of 16. */
static bool read_dns(const uint8_t *p, size_t size, struct router_advert *r)
{
    if (size < DNS_SIZE_MIN || (size - 8) % 16 != 0) {
        return false;
    }
    uint32_t lifetime = load_be32(p + 4);
    for (size_t at = 8; at < size && r->dns_count < ROUTER_DNS_MAX; at += 16) {
        r->dns[r->dns_count++] =
            (struct router_dns){.ip = ip_addr_from_v6(p + at), .lifetime = lifetime};
    }
    return true;
}

static bool read_option(const uint8_t *p, size_t size, struct router_advert *r)
{
    switch (p[0]) {
    case OPTION_SOURCE_MAC:
        if (size == 8 && !r->has_mac) {
            r->has_mac = true;
            memcpy(r->mac, p + 2, 6);
        }
        return true;
    case OPTION_PREFIX: return read_prefix(p, size, r);
    case OPTION_MTU:
        if (size != 8) {
            return false;
        }
        r->mtu = load_be32(p + 4);
        return true;
    case OPTION_DNS: return read_dns(p, size, r);
    default: return true;
    }
}

bool router_parse(const struct icmp_message *m, struct router_advert *r)
{
    if (m->type != ICMP6_ROUTER_ADVERT || m->code != 0 || m->body_size < ADVERT_BODY_SIZE) {
        return false;
    }
    uint8_t flags = (uint8_t)(m->rest >> 16);
    uint8_t preference = flags >> 3 & 3;
    *r = (struct router_advert){
        .hop_limit = (uint8_t)(m->rest >> 24),
        .managed = (flags & 0x80) != 0,
        .other = (flags & 0x40) != 0,
        .preference = preference == 2 ? ROUTER_MEDIUM : preference, /* RFC 4191 2.2 */
        .lifetime = (uint16_t)m->rest,
        .reachable_time = load_be32(m->body),
        .retrans_timer = load_be32(m->body + 4),
    };
    const uint8_t *p = m->body + ADVERT_BODY_SIZE;
    size_t left = m->body_size - ADVERT_BODY_SIZE;
    while (left != 0) {
        if (left < 8 || p[1] == 0 || (size_t)p[1] * 8 > left) {
            return false;
        }
        size_t size = (size_t)p[1] * 8;
        if (!read_option(p, size, r)) {
            return false;
        }
        p += size;
        left -= size;
    }
    return true;
}

size_t router_solicit_build(uint8_t *p, const uint8_t *mac, const struct ip_addr *src,
                            const struct ip_addr *dst)
{
    struct icmp_message m = {.type = ICMP6_ROUTER_SOLICIT, .body = p + ICMP_HEADER_SIZE};
    if (mac != NULL) {
        p[ICMP_HEADER_SIZE] = OPTION_SOURCE_MAC;
        p[ICMP_HEADER_SIZE + 1] = 1;
        memcpy(p + ICMP_HEADER_SIZE + 2, mac, 6);
        m.body_size = 8;
    }
    return icmp6_build(p, &m, src, dst);
}
