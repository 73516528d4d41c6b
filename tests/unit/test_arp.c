/* test_arp.c - ARP packets: bytes, value, the same bytes; and everything that is refused. */
#include "wire_kit.h"

#include "wire/arp.h"

/* Who has 10.9.0.2? Tell 10.9.0.1. */
static const uint8_t request[ARP_SIZE] = {
    0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, 0x0e, 0x3f, 0x98, 0xd9, 0x33, 0xb7,
    10,   9,    0,    1,    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 10,   9,    0,    2};

static void test_bytes_to_value_to_bytes(void **state)
{
    static const uint8_t sender[4] = {10, 9, 0, 1}, target[4] = {10, 9, 0, 2};
    struct arp_packet a;
    uint8_t out[ARP_SIZE];

    (void)state;
    assert_true(arp_parse(request, sizeof(request), &a));
    assert_int_equal(a.operation, ARP_REQUEST);
    assert_memory_equal(a.sender_mac, request + 8, 6);
    assert_memory_equal(a.sender_ip, sender, 4);
    assert_memory_equal(a.target_ip, target, 4);
    arp_build(out, &a);
    assert_memory_equal(out, request, ARP_SIZE);

    a.operation = ARP_REPLY;
    arp_build(out, &a);
    assert_true(arp_parse(out, sizeof(out), &a));
    assert_int_equal(a.operation, ARP_REPLY);
}

static void test_short(void **state)
{
    struct arp_packet a;
    uint8_t padded[46] = {0};

    (void)state;
    for (size_t size = 0; size < ARP_SIZE; size++) {
        assert_false(arp_parse(request, size, &a));
    }
    memcpy(padded, request, ARP_SIZE); /* as Ethernet's smallest frame */
    assert_true(arp_parse(padded, sizeof(padded), &a));
}

static void test_not_ours(void **state)
{
    /* Hardware, protocol, their sizes, operation: one wrong byte each. */
    static const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {{0, 1}, {1, 6}, {2, 9}, {3, 1}, {4, 8}, {5, 16}, {6, 1}, {7, 0}, {7, 3}};
    struct arp_packet a;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        uint8_t bytes[ARP_SIZE];
        memcpy(bytes, request, ARP_SIZE);
        bytes[wrong[i].at] = wrong[i].value;
        assert_false(arp_parse(bytes, ARP_SIZE, &a));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_to_value_to_bytes),
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_not_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
