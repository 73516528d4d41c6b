/*
 * slaac_kit.h - router advertisements made byte by byte, and a link that hears them, in virtual time.
 */
#ifndef TESTS_SLAAC_KIT_H
#define TESTS_SLAAC_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ip_kit.h"

#include "base/bytes.h"
#include "ip/slaac.h"

#define EVER UINT32_MAX

/* ---- Advertisements, byte by byte (RFC 4861 4.2) ------------------------------------------------------------ */

struct advert {
    uint8_t bytes[512];
    uint32_t size;
    const char *from;
    uint8_t hop_limit; /* of the IP header */
};

static inline void advert_begin(struct advert *a, uint16_t lifetime)
{
    memset(a, 0, sizeof(*a));
    a->bytes[0] = 134;
    store_be16(a->bytes + 6, lifetime);
    a->size = 16;
    a->from = "fe80::2";
    a->hop_limit = 255;
}

static inline void advert_prefix(struct advert *a, const char *text, uint8_t size, uint8_t flags,
                                 uint32_t valid, uint32_t preferred)
{
    uint8_t *p = a->bytes + a->size;
    struct ip_addr ip = kit_ip(text);
    p[0] = 3;
    p[1] = 4;
    p[2] = size;
    p[3] = flags;
    store_be32(p + 4, valid);
    store_be32(p + 8, preferred);
    memcpy(p + 16, ip.b, 16);
    a->size += 32;
}
#define ON_LINK 0x80
#define AUTO 0x40

static inline void advert_mtu(struct advert *a, uint32_t mtu)
{
    uint8_t *p = a->bytes + a->size;
    p[0] = 5;
    p[1] = 1;
    store_be32(p + 4, mtu);
    a->size += 8;
}

static inline void advert_mac(struct advert *a)
{
    uint8_t *p = a->bytes + a->size;
    p[0] = 1;
    p[1] = 1;
    memcpy(p + 2, kit_peer_mac, 6);
    a->size += 8;
}

static inline void advert_dns(struct advert *a, const char *text, uint32_t lifetime)
{
    uint8_t *p = a->bytes + a->size;
    struct ip_addr ip = kit_ip(text);
    p[0] = 25;
    p[1] = 3;
    store_be32(p + 4, lifetime);
    memcpy(p + 8, ip.b, 16);
    a->size += 24;
}

static inline void hear(struct ip_kit *k, struct advert *a)
{
    struct ip_addr src = kit_ip(a->from), dst = kit_ip("ff02::1");
    struct icmp_message m = {.type = a->bytes[0],
                             .code = a->bytes[1],
                             .rest = load_be32(a->bytes + 4),
                             .body = a->bytes + 8,
                             .body_size = a->size - 8};
    icmp6_build(a->bytes, &m, &src, &dst);
    struct kit_upper u = {.src = a->from,
                          .dst = "ff02::1",
                          .protocol = IP_PROTOCOL_ICMP6,
                          .data = a->bytes,
                          .size = a->size,
                          .hop_limit = a->hop_limit};
    assert_int_equal(kit_send(k, &u), IP_DONE);
}

/* One prefix from the usual router, for half an hour. */
static inline void hear_prefix(struct ip_kit *k, const char *text, uint8_t flags, uint32_t valid,
                               uint32_t preferred)
{
    struct advert a;
    advert_begin(&a, 1800);
    advert_prefix(&a, text, 64, flags, valid, preferred);
    hear(k, &a);
    kit_advance(k, 0);
}

/* ---- The bench ------------------------------------------------------------------------------------------------ */

static inline struct slaac *state(const struct ip_kit *k)
{
    return slaac_of(&k->ip, k->eth);
}

static inline struct ip_kit *started(bool dad)
{
    struct ip_kit *k = ip_kit_new();
    k->ip.links[k->eth].config.no_dad = !dad;
    assert_int_equal(ip_slaac_start(&k->ip, k->eth, WEIR_IDENTIFIER_STABLE), WEIR_OK);
    ip_check(&k->ip);
    return k;
}

static inline void quiet(struct ip_kit *k) /* no events, no packets */
{
    struct ip_address_event event;
    uint32_t link;
    while (ip_address_event(&k->ip, &event)) {}
    while (ip_slaac_event(&k->ip, &link)) {}
    kit_flush(k);
}

/* With a link-local address, and without anything else. */
static inline struct ip_kit *ready(void)
{
    struct ip_kit *k = started(false);
    kit_advance(k, 0);
    assert_true(state(k)->local.told);
    quiet(k);
    return k;
}

static inline void end(struct ip_kit *k)
{
    ip_kit_del(k);
}

/* Runs whatever is due until `until`, as a host does. */
static inline void run_until(struct ip_kit *k, weir_time until)
{
    while (ip_deadline(&k->ip) <= until) {
        weir_time at = ip_deadline(&k->ip);
        k->env.now = at > k->env.now ? at : k->env.now;
        ip_timers(&k->ip);
        ip_check(&k->ip);
        assert_true(ip_deadline(&k->ip) > k->env.now || ip_reply_pending(&k->ip));
        if (ip_reply_pending(&k->ip)) {
            return;
        }
    }
    k->env.now = until;
}

static inline const struct ip_address *own_in(const struct ip_kit *k, const char *net)
{
    struct ip_addr prefix = kit_ip(net);
    for (uint32_t i = 0; i < k->ip.address_count; i++) {
        const struct ip_address *a = &k->ip.addresses[i];
        if (a->state != IP_ADDRESS_FREE && ip_addr_in_prefix(&a->ip, &prefix, 64)) {
            return a;
        }
    }
    return NULL;
}

static inline bool has_route(const struct ip_kit *k, const char *to, uint8_t prefix)
{
    struct ip_addr destination = kit_ip(to);
    for (uint32_t i = 0; i < k->ip.route_count; i++) {
        const struct ip_route *r = &k->ip.routes[i];
        if (r->prefix == prefix && ip_addr_equal(&r->destination, &destination)) {
            return true;
        }
    }
    return false;
}

static inline void expect_event(struct ip_kit *k, enum ip_tell what, const struct ip_addr *ip)
{
    struct ip_address_event event = {.what = (enum ip_tell)0};
    assert_true(ip_address_event(&k->ip, &event));
    assert_int_equal(event.what, what);
    assert_true(ip_addr_equal(&event.ip, ip));
    assert_int_equal(event.link, k->eth);
}

static inline void expect_no_event(struct ip_kit *k)
{
    struct ip_address_event event;
    assert_false(ip_address_event(&k->ip, &event));
}

#endif
