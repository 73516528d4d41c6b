/* test_eth.c - Ethernet II headers and group addresses. */
#include "wire_kit.h"

#include "wire/eth.h"

static const uint8_t frame[] = {0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00,
                                0x00, 0x00, 0x00, 0x02, 0x08, 0x00, 0x45, 0x00};

static void test_bytes_to_value_to_bytes(void **state)
{
    static const uint8_t dst[6] = {2, 0, 0, 0, 0, 1}, src[6] = {2, 0, 0, 0, 0, 2};
    struct eth_header h;
    uint8_t out[ETH_HEADER_SIZE];

    (void)state;
    assert_true(eth_parse(frame, sizeof(frame), &h));
    assert_memory_equal(h.dst, dst, 6);
    assert_memory_equal(h.src, src, 6);
    assert_int_equal(h.type, ETH_TYPE_IP4);
    eth_build(out, &h);
    assert_memory_equal(out, frame, ETH_HEADER_SIZE);
}

static void test_short(void **state)
{
    struct eth_header h;

    (void)state;
    for (size_t size = 0; size < ETH_HEADER_SIZE; size++) {
        assert_false(eth_parse(frame, size, &h));
    }
    assert_true(eth_parse(frame, ETH_HEADER_SIZE, &h));
}

static void test_groups(void **state)
{
    static const uint8_t group4[4] = {239, 129, 2, 3};
    static const uint8_t want4[6] = {0x01, 0x00, 0x5e, 0x01, 0x02, 0x03};
    static const uint8_t group6[16] = {0xff, 0x02, 0, 0, 0,    0,    0,    0,
                                       0,    0,    0, 1, 0xff, 0x28, 0x9c, 0x5a};
    static const uint8_t want6[6] = {0x33, 0x33, 0xff, 0x28, 0x9c, 0x5a};
    uint8_t mac[6];

    (void)state;
    eth_multicast_ip4(mac, group4);
    assert_memory_equal(mac, want4, 6);
    assert_true(eth_is_group(mac));
    eth_multicast_ip6(mac, group6);
    assert_memory_equal(mac, want6, 6);
    assert_true(eth_is_group(mac));
    assert_true(eth_is_group(eth_broadcast));
    assert_false(eth_is_group(frame));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_to_value_to_bytes),
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
