/*
 * dhcp_kit.h - a DHCP client on a stack of its own, and a server made by hand, byte by byte, in virtual time.
 */
#ifndef TESTS_DHCP_KIT_H
#define TESTS_DHCP_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base_kit.h"

#include "base/bytes.h"
#include "dhcp/client.h"
#include "stack/stack.h"
#include "wire/arp.h"
#include "wire/checksum.h"
#include "wire/eth.h"
#include <weir/dhcp.h>

static const uint8_t dk_mac[6] = {2, 0, 0, 0, 0, 1}, dk_server_mac[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t dk_server[4] = {192, 0, 2, 2}, dk_lease[4] = {192, 0, 2, 77};

struct dk {
    struct heap heap;
    struct weir_stack *stack;
    struct weir_dhcp *dhcp;
    struct weir_dhcp_config config;
    weir_time now;
    uint32_t news;
    /* the latest message of the client, from the BOOTP header on */
    uint8_t message[1500];
    uint32_t size;
    uint8_t src[4], dst[4], eth_dst[6];
    uint32_t messages, arps;
    bool asked; /* for the server's MAC: answered at once */
    struct arp_packet arp;
    uint64_t seen[WEIR_DROP_COUNT];
};

static inline void dk_take(struct dk *k, const struct weir_frame *f)
{
    uint8_t bytes[2000];
    size_t size = 0;
    for (uint32_t i = 0; i < f->slice_count; i++) {
        memcpy(bytes + size, f->slices[i].data, f->slices[i].size);
        size += f->slices[i].size;
    }
    if (load_be16(bytes + 12) == ETH_TYPE_ARP) {
        assert_true(arp_parse(bytes + 14, size - 14, &k->arp));
        k->arps++;
        k->asked |= memcmp(k->arp.target_ip, dk_server, 4) == 0;
    } else if (load_be16(bytes + 12) == ETH_TYPE_IP4 && bytes[23] == 17) {
        struct udp_header h;
        struct ip_addr src = ip_addr_from_v4(bytes + 26), dst = ip_addr_from_v4(bytes + 30);
        struct weir_ops none = {0};
        (void)none;
        uint64_t sum = csum_pseudo(&src, &dst, IP_PROTOCOL_UDP, (uint32_t)(size - 34));
        assert_int_equal(csum_fold(csum_sum_portable(bytes + 34, size - 34, sum)), 0xffff);
        h.src_port = load_be16(bytes + 34);
        h.dst_port = load_be16(bytes + 36);
        assert_int_equal(h.src_port, 68);
        assert_int_equal(h.dst_port, 67);
        k->size = (uint32_t)(size - 42);
        memcpy(k->message, bytes + 42, k->size);
        memcpy(k->src, bytes + 26, 4);
        memcpy(k->dst, bytes + 30, 4);
        memcpy(k->eth_dst, bytes, 6);
        k->messages++;
    }
}

static inline void dk_frame(struct dk *k, const uint8_t *bytes, size_t size)
{
    struct weir_buffer *b = weir_buffer_alloc(k->stack, (uint32_t)size);
    assert_non_null(b);
    memcpy(b->data, bytes, size);
    b->size = (uint32_t)size;
    weir_input(k->stack, 0, &b, 1, k->now);
}

static inline void dk_arp_frame(struct dk *k, uint16_t operation, const uint8_t *sender,
                                const uint8_t *target)
{
    struct arp_packet a = {.operation = operation};
    struct eth_header eth = {.type = ETH_TYPE_ARP};
    uint8_t frame[60] = {0};
    memcpy(eth.dst, operation == ARP_REQUEST ? eth_broadcast : dk_mac, 6);
    memcpy(eth.src, dk_server_mac, 6);
    memcpy(a.sender_mac, dk_server_mac, 6);
    memcpy(a.sender_ip, sender, 4);
    memcpy(a.target_ip, target, 4);
    eth_build(frame, &eth);
    arp_build(frame + 14, &a);
    dk_frame(k, frame, sizeof(frame));
}

/* Everything that is due now. */
static inline void dk_run(struct dk *k)
{
    struct weir_frame frames[8];
    size_t n;
    if (k->dhcp != NULL) {
        k->news |= weir_dhcp_run(k->dhcp, k->now);
    }
    while ((n = weir_output(k->stack, frames, 8, k->now)) != 0) {
        for (size_t i = 0; i < n; i++) {
            dk_take(k, &frames[i]);
        }
        weir_frame_done(k->stack, frames, n, WEIR_FRAME_SENT);
        if (k->asked) {
            k->asked = false;
            dk_arp_frame(k, ARP_REPLY, dk_server, dk_lease);
        }
    }
    if (k->dhcp != NULL) {
        k->news |= weir_dhcp_run(k->dhcp, k->now);
        assert_true(weir_dhcp_deadline(k->dhcp) > k->now);
    }
    weir_stack_check(k->stack);
}

/* To the next deadline, at most until then. */
static inline void dk_step(struct dk *k, weir_time until)
{
    weir_time at = min_u64(weir_deadline(k->stack), weir_dhcp_deadline(k->dhcp));
    at = min_u64(at, until);
    k->now = max_u64(k->now, at);
    dk_run(k);
}

/* Until the client says something, or then. */
static inline bool dk_wait(struct dk *k, weir_time span)
{
    uint32_t before = k->messages;
    weir_time until = k->now + span;
    while (k->now < until && k->messages == before) {
        dk_step(k, until);
    }
    return k->messages != before;
}

static inline void dk_pass(struct dk *k, weir_time span)
{
    weir_time until = k->now + span;
    while (k->now < until) {
        dk_step(k, until);
    }
}

static inline void dk_expect(struct dk *k, uint32_t news)
{
    assert_int_equal(k->news, news);
    k->news = 0;
}

static inline struct dk *dk_new(const struct weir_dhcp_config *config)
{
    struct dk *k = calloc(1, sizeof(*k));
    assert_non_null(k);
    struct weir_allocator allocator = heap_allocator(&k->heap);
    struct weir_config c;
    struct weir_link_config link;
    k->now = 1000 * WEIR_S;
    weir_config_default(&c);
    c.reproducible = true;
    assert_int_equal(weir_stack_new(&k->stack, &c, &allocator), WEIR_OK);
    weir_link_config_default(&link);
    link.medium = WEIR_MEDIUM_ETHERNET;
    link.no_group_reports = true;
    memcpy(link.mac, dk_mac, 6);
    assert_int_equal(weir_link_add(k->stack, &link), 0);
    weir_input(k->stack, 0, NULL, 0, k->now);
    weir_dhcp_config_default(&k->config);
    if (config != NULL) {
        k->config = *config;
    }
    assert_int_equal(weir_dhcp_new(&k->dhcp, k->stack, 0, &k->config), WEIR_OK);
    dk_run(k);
    return k;
}

static inline void dk_del(struct dk *k)
{
    struct weir_event e;
    weir_dhcp_del(k->dhcp);
    k->dhcp = NULL;
    assert_int_equal(k->stack->ip.route_count, 0);
    dk_run(k);
    while (weir_event(k->stack, &e)) {}
    assert_int_equal(weir_stack_del(k->stack), WEIR_OK);
    assert_int_equal(k->heap.blocks, 0);
    free(k);
}

static inline enum weir_dhcp_state dk_state(struct dk *k)
{
    struct weir_dhcp_info info = {.size = sizeof(info)};
    assert_int_equal(weir_dhcp_info(k->dhcp, &info), WEIR_OK);
    return (enum weir_dhcp_state)info.state;
}

static inline void dk_drops(struct dk *k, enum weir_drop drop, uint32_t count)
{
    uint64_t now = k->stack->env.dropped[drop];
    assert_int_equal(now - k->seen[drop], count);
    k->seen[drop] = now;
}

/* An option of the client's latest message; NULL: it is not there. */
static inline const uint8_t *dk_option(const struct dk *k, uint8_t code, uint8_t *size)
{
    for (uint32_t at = 240; k->message[at] != 255;) {
        assert_true(at + 2u + k->message[at + 1] < k->size);
        if (k->message[at] == code) {
            *size = k->message[at + 1];
            return k->message + at + 2;
        }
        at += 2u + k->message[at + 1];
    }
    return NULL;
}

static inline uint8_t dk_type(const struct dk *k)
{
    uint8_t size;
    const uint8_t *type = dk_option(k, 53, &size);
    assert_non_null(type);
    return *type;
}

static inline void dk_expect_option(const struct dk *k, uint8_t code, const void *bytes, uint8_t n)
{
    uint8_t size;
    const uint8_t *p = dk_option(k, code, &size);
    assert_non_null(p);
    assert_int_equal(size, n);
    assert_memory_equal(p, bytes, n);
}

static inline void dk_expect_no_option(const struct dk *k, uint8_t code)
{
    uint8_t size;
    assert_null(dk_option(k, code, &size));
}

/* ---- The server ------------------------------------------------------------------------------------------ */

struct answer {
    uint8_t bytes[2048];
    uint32_t size; /* without the end option */
};

static inline void answer_option(struct answer *a, uint8_t code, const void *value, uint8_t size)
{
    a->bytes[a->size++] = code;
    a->bytes[a->size++] = size;
    memcpy(a->bytes + a->size, value, size);
    a->size += size;
}

static inline void answer_number(struct answer *a, uint8_t code, uint32_t number)
{
    uint8_t bytes[4];
    store_be32(bytes, number);
    answer_option(a, code, bytes, 4);
}

/* To the client's latest message. */
static inline void answer_begin(const struct dk *k, struct answer *a, uint8_t type)
{
    memset(a, 0, sizeof(*a));
    a->bytes[0] = 2;
    a->bytes[1] = 1;
    a->bytes[2] = 6;
    memcpy(a->bytes + 4, k->message + 4, 4);
    memcpy(a->bytes + 10, k->message + 10, 2);
    if (type != 6) {
        memcpy(a->bytes + 16, dk_lease, 4);
    }
    memcpy(a->bytes + 28, k->message + 28, 16);
    store_be32(a->bytes + 236, 0x63825363);
    a->size = 240;
    answer_option(a, 53, &type, 1);
    answer_option(a, 54, dk_server, 4);
}

static inline void answer_lease(const struct dk *k, struct answer *a, uint8_t type, uint32_t lease)
{
    answer_begin(k, a, type);
    if (type != 6) {
        answer_number(a, 51, lease);
        answer_number(a, 1, 0xffffff00);
        answer_option(a, 3, ((uint8_t[]){192, 0, 2, 254}), 4);
    }
}

static inline void answer_send_to(struct dk *k, struct answer *a, const uint8_t mac[6],
                                  const uint8_t ip[4])
{
    uint8_t frame[1200] = {0}, *udp = frame + 34;
    struct eth_header eth = {.type = ETH_TYPE_IP4};
    a->bytes[a->size++] = 255;
    struct ip4_header h = {.ttl = 64, .protocol = 17, .total_size = (uint16_t)(28 + a->size)};
    memcpy(eth.dst, mac, 6);
    memcpy(eth.src, dk_server_mac, 6);
    memcpy(h.src, dk_server, 4);
    memcpy(h.dst, ip, 4);
    eth_build(frame, &eth);
    ip4_build(frame + 14, &h);
    store_be16(udp, 67);
    store_be16(udp + 2, 68);
    store_be16(udp + 4, (uint16_t)(8 + a->size));
    memcpy(udp + 8, a->bytes, a->size);
    dk_frame(k, frame, 42 + a->size);
    dk_run(k);
}

static inline void answer_send(struct dk *k, struct answer *a)
{
    answer_send_to(k, a, dk_mac, dk_lease);
}

static inline void dk_arp(struct dk *k, uint16_t operation, const uint8_t *sender,
                          const uint8_t *target)
{
    dk_arp_frame(k, operation, sender, target);
    dk_run(k);
}

/* DISCOVER, OFFER, REQUEST, ACK. */
static inline void dk_acknowledged(struct dk *k, uint32_t lease)
{
    struct answer a;
    assert_int_equal(dk_type(k), 1);
    answer_lease(k, &a, 2, lease);
    answer_send(k, &a);
    assert_int_equal(dk_type(k), 3);
    answer_lease(k, &a, 5, lease);
    answer_send(k, &a);
}

static inline struct dk *dk_bound(uint32_t lease)
{
    struct weir_dhcp_config config;
    weir_dhcp_config_default(&config);
    config.no_probe = true;
    struct dk *k = dk_new(&config);
    dk_acknowledged(k, lease);
    assert_int_equal(dk_state(k), WEIR_DHCP_BOUND);
    dk_expect(k, WEIR_DHCP_CONFIGURED);
    dk_arp(k, ARP_REQUEST, dk_server, dk_lease); /* so that the server's MAC is known */
    return k;
}

static inline bool dk_has_address(const struct dk *k)
{
    struct weir_ip ip = {.family = 4};
    memcpy(ip.bytes, dk_lease, 4);
    return weir_address_local(k->stack, &ip);
}

#endif
