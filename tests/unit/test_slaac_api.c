/* test_slaac_api.c - the calls of slaac.h and their events, on a whole stack (RFC 4862, RFC 8106). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_kit.h"

#include "base/bytes.h"
#include "wire/icmp.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include <weir/slaac.h>

struct bench {
    struct heap heap;
    struct weir_stack *stack;
    weir_time now;
};

static void turn(struct bench *b)
{
    struct weir_frame frames[8];
    size_t n;
    while ((n = weir_output(b->stack, frames, 8, b->now)) != 0) {
        weir_frame_done(b->stack, frames, n, WEIR_FRAME_SENT);
    }
    weir_stack_check(b->stack);
}

static void start(struct bench *b)
{
    struct weir_allocator allocator = heap_allocator(&b->heap);
    struct weir_config config;
    struct weir_link_config link;
    struct weir_slaac_config slaac;
    b->now = WEIR_S;
    weir_config_default(&config);
    config.reproducible = true;
    assert_int_equal(weir_stack_new(&b->stack, &config, &allocator), WEIR_OK);
    weir_link_config_default(&link);
    assert_int_equal(weir_link_add(b->stack, &link), 0);
    weir_slaac_config_default(&slaac);
    assert_int_equal(weir_slaac_start(b->stack, 1, &slaac), WEIR_ENOENT);
    assert_int_equal(weir_slaac_start(b->stack, 0, &slaac), WEIR_OK);
    assert_int_equal(weir_slaac_start(b->stack, 0, &slaac), WEIR_EEXIST);
    slaac.size--;
    assert_int_equal(weir_slaac_start(b->stack, 0, &slaac), WEIR_EINVAL);
    turn(b);
}

/* fe80::2: a router for 100 s, high preference, 2001:db8:7::/64 for 1000 s and preferred for 50, a DNS server. */
static void advertise(struct bench *b)
{
    static const uint8_t prefix[] = {0x20, 0x01, 0x0d, 0xb8, 0, 7};
    struct ip_addr src = {{0xfe, 0x80, [15] = 2}}, dst = {{0xff, 0x02, [15] = 1}};
    uint8_t m[16 + 32 + 24] = {134, 0, 0, 0, 0, 0x08, 0, 100};
    uint8_t *p = m + 16;
    p[0] = 3;
    p[1] = 4;
    p[2] = 64;
    p[3] = 0xc0;
    store_be32(p + 4, 1000);
    store_be32(p + 8, 50);
    memcpy(p + 16, prefix, sizeof(prefix));
    p += 32;
    p[0] = 25;
    p[1] = 3;
    store_be32(p + 4, 30);
    memcpy(p + 8, src.b, 16);
    struct icmp_message icmp = {
        .type = 134, .rest = load_be32(m + 4), .body = m + 8, .body_size = sizeof(m) - 8};
    struct ip6_header h = {
        .payload_size = sizeof(m), .next_header = IP_PROTOCOL_ICMP6, .hop_limit = 255};
    memcpy(h.src, src.b, 16);
    memcpy(h.dst, dst.b, 16);
    struct weir_buffer *buffer = weir_buffer_alloc(b->stack, IP6_HEADER_SIZE + sizeof(m));
    assert_non_null(buffer);
    ip6_build(buffer->data, &h);
    icmp6_build(m, &icmp, &src, &dst);
    memcpy(buffer->data + IP6_HEADER_SIZE, m, sizeof(m));
    buffer->size = IP6_HEADER_SIZE + sizeof(m);
    weir_input(b->stack, 0, &buffer, 1, b->now);
    turn(b);
}

/* All events there are; how many of each kind: duplicate, added, removed, network. */
static void count(struct bench *b, uint32_t seen[4])
{
    struct weir_event e;
    memset(seen, 0, 4 * sizeof(seen[0]));
    while (weir_event(b->stack, &e)) {
        assert_int_equal(e.link, 0);
        seen[0] += (e.bits & WEIR_EVENT_ADDRESS) != 0;
        seen[1] += (e.bits & WEIR_EVENT_ADDRESS_ADDED) != 0;
        seen[2] += (e.bits & WEIR_EVENT_ADDRESS_REMOVED) != 0;
        seen[3] += (e.bits & WEIR_EVENT_NETWORK) != 0;
    }
}

static void test_whole(void **state)
{
    (void)state;
    struct bench b = {0};
    struct weir_slaac_info info = {.size = sizeof(info)};
    uint32_t seen[4];
    start(&b);
    count(&b, seen);
    assert_int_equal(seen[1], 1); /* the link-local one */
    advertise(&b);
    count(&b, seen);
    assert_int_equal(seen[1], 1);
    assert_int_equal(seen[3], 1);
    assert_int_equal(weir_slaac_info(b.stack, 0, &info), WEIR_OK);
    assert_int_equal(info.router_count, 1);
    assert_int_equal(info.routers[0].preference, 1);
    assert_int_equal(info.routers[0].lifetime, 100 * WEIR_S);
    assert_int_equal(info.routers[0].ip.scope, 1);
    assert_int_equal(info.address_count, 2);
    assert_int_equal(info.addresses[0].ip.scope, 1);
    assert_true(info.addresses[0].valid == WEIR_NEVER);
    assert_int_equal(info.addresses[1].state, WEIR_ADDRESS_PREFERRED);
    assert_int_equal(info.addresses[1].prefix, 64);
    assert_int_equal(info.addresses[1].preferred, 50 * WEIR_S);
    assert_int_equal(info.addresses[1].valid, 1000 * WEIR_S);
    assert_int_equal(info.dns_count, 1);
    assert_int_equal(info.dns[0].ip.scope, 1);
    assert_int_equal(info.mtu, 1500);

    b.now += 50 * WEIR_S;
    turn(&b);
    count(&b, seen);
    assert_int_equal(seen[3], 1); /* deprecated; the DNS server is gone */
    assert_int_equal(weir_slaac_info(b.stack, 0, &info), WEIR_OK);
    assert_int_equal(info.addresses[1].state, WEIR_ADDRESS_DEPRECATED);
    assert_int_equal(info.dns_count, 0);
    b.now += 950 * WEIR_S;
    turn(&b);
    count(&b, seen);
    assert_int_equal(seen[2], 1);
    assert_int_equal(weir_slaac_info(b.stack, 0, &info), WEIR_OK);
    assert_int_equal(info.address_count, 1);
    assert_int_equal(info.router_count, 0);
    info.size = sizeof(info) + 1;
    assert_int_equal(weir_slaac_info(b.stack, 0, &info), WEIR_EINVAL);
    assert_int_equal(weir_slaac_stop(b.stack, 0), WEIR_OK);
    assert_int_equal(weir_slaac_info(b.stack, 0, &info), WEIR_ENOENT);
    count(&b, seen);
    assert_int_equal(seen[2], 1);
    assert_int_equal(weir_stack_del(b.stack), WEIR_OK);
    assert_int_equal(b.heap.blocks, 0);
}

/* An address that came and went before anybody asked is not told. */
static void test_untold(void **state)
{
    (void)state;
    struct bench b = {0};
    uint32_t seen[4];
    start(&b);
    advertise(&b);
    b.now += 2000 * WEIR_S;
    turn(&b);
    count(&b, seen);
    assert_int_equal(seen[1], 1); /* the link-local one */
    assert_int_equal(seen[2], 0);
    assert_int_equal(weir_stack_del(b.stack), WEIR_OK); /* while it runs */
    assert_int_equal(b.heap.blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_untold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
