/*
 * icmp.c - ICMPv4 (RFC 792) and ICMPv6 (RFC 4443) messages, and the neighbour discovery messages that
 * travel in the latter (RFC 4861 4.3, 4.4). The packet quoted in an error: icmp_quote.c.
 */
#include "wire/icmp.h"

#include "base/bytes.h"
#include "wire/checksum.h"
#include "wire/ip4.h"

#define NDP_OPTION_SOURCE_MAC 1
#define NDP_OPTION_TARGET_MAC 2
#define NDP_BODY_SIZE 16 /* the target; the flags are in `rest` */

#define NA_ROUTER 0x80000000u
#define NA_SOLICITED 0x40000000u
#define NA_OVERRIDE 0x20000000u

static enum weir_drop parse(const uint8_t *p, size_t size, uint64_t pseudo, struct icmp_message *m)
{
    if (size < ICMP_HEADER_SIZE) {
        return WEIR_DROP_ICMP_SHORT;
    }
    if (csum_fold(csum_sum_portable(p, size, pseudo)) != 0xffff) {
        return WEIR_DROP_ICMP_CHECKSUM;
    }
    m->type = p[0];
    m->code = p[1];
    m->rest = load_be32(p + 4);
    m->body = p + ICMP_HEADER_SIZE;
    m->body_size = size - ICMP_HEADER_SIZE;
    return WEIR_DROP_NONE;
}

enum weir_drop icmp4_parse(const uint8_t *p, size_t size, struct icmp_message *m)
{
    return parse(p, size, 0, m);
}

enum weir_drop icmp6_parse(const uint8_t *p, size_t size, const struct ip_addr *src,
                           const struct ip_addr *dst, struct icmp_message *m)
{
    return parse(p, size, csum_pseudo(src, dst, IP_PROTOCOL_ICMP6, (uint32_t)size), m);
}

static size_t build(uint8_t *p, const struct icmp_message *m, uint64_t pseudo)
{
    size_t size = ICMP_HEADER_SIZE + m->body_size;

    if (m->body_size != 0 && m->body != p + ICMP_HEADER_SIZE) {
        memmove(p + ICMP_HEADER_SIZE, m->body, m->body_size); /* an echo may be built over itself */
    }
    p[0] = m->type;
    p[1] = m->code;
    store_be16(p + 2, 0);
    store_be32(p + 4, m->rest);
    csum_store(p + 2, csum_finish(csum_sum_portable(p, size, pseudo)));
    return size;
}

size_t icmp4_build(uint8_t *p, const struct icmp_message *m)
{
    return build(p, m, 0);
}

size_t icmp6_build(uint8_t *p, const struct icmp_message *m, const struct ip_addr *src,
                   const struct ip_addr *dst)
{
    uint32_t size = (uint32_t)(ICMP_HEADER_SIZE + m->body_size);

    return build(p, m, csum_pseudo(src, dst, IP_PROTOCOL_ICMP6, size));
}

/* The options of RFC 4861 4.6; their lengths count 8 bytes. Unknown ones are skipped. */
static bool parse_options(const uint8_t *p, size_t size, uint8_t wanted, struct ndp_message *n)
{
    while (size != 0) {
        if (size < 8 || p[1] == 0 || (size_t)p[1] * 8 > size) {
            return false;
        }
        size_t length = (size_t)p[1] * 8;
        if (p[0] == wanted && length == 8 && !n->has_mac) {
            n->has_mac = true;
            memcpy(n->mac, p + 2, 6);
        }
        p += length;
        size -= length;
    }
    return true;
}

bool ndp_parse(const struct icmp_message *m, struct ndp_message *n)
{
    bool advert = m->type == ICMP6_NEIGHBOR_ADVERT;

    /* RFC 4861 7.1.1, 7.1.2: what can be seen without the IP header. */
    if ((!advert && m->type != ICMP6_NEIGHBOR_SOLICIT) || m->code != 0) {
        return false;
    }
    if (m->body_size < NDP_BODY_SIZE || m->body[0] == 0xff) {
        return false;
    }
    *n = (struct ndp_message){.type = m->type};
    memcpy(n->target, m->body, 16);
    if (advert) {
        n->router = (m->rest & NA_ROUTER) != 0;
        n->solicited = (m->rest & NA_SOLICITED) != 0;
        n->override = (m->rest & NA_OVERRIDE) != 0;
    }
    return parse_options(m->body + NDP_BODY_SIZE, m->body_size - NDP_BODY_SIZE,
                         advert ? NDP_OPTION_TARGET_MAC : NDP_OPTION_SOURCE_MAC, n);
}

size_t ndp_build(uint8_t *p, const struct ndp_message *n, const struct ip_addr *src,
                 const struct ip_addr *dst)
{
    bool advert = n->type == ICMP6_NEIGHBOR_ADVERT;
    struct icmp_message m = {.type = n->type, .body = p + ICMP_HEADER_SIZE};
    uint8_t *body = p + ICMP_HEADER_SIZE;

    if (advert) {
        m.rest = (n->router ? NA_ROUTER : 0) | (n->solicited ? NA_SOLICITED : 0) |
                 (n->override ? NA_OVERRIDE : 0);
    }
    memcpy(body, n->target, 16);
    m.body_size = NDP_BODY_SIZE;
    if (n->has_mac) {
        body[16] = advert ? NDP_OPTION_TARGET_MAC : NDP_OPTION_SOURCE_MAC;
        body[17] = 1;
        memcpy(body + 18, n->mac, 6);
        m.body_size += 8;
    }
    return icmp6_build(p, &m, src, dst);
}
