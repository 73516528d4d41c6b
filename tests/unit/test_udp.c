/* test_udp.c - the UDP header: a real datagram, every drop reason, and what offloads say. */
#include "wire_kit.h"

#include "base/bytes.h"
#include "wire/ip4.h"
#include "wire/udp.h"

#define DATAGRAM "b8e615b3 000b0000 6f6464" /* 10.9.0.1 to 10.9.0.2; the checksum is put in below */

struct case_ {
    uint8_t bytes[64];
    size_t size;
    struct ip_addr src, dst;
    struct udp_header h;
};

static struct case_ make(bool ip6)
{
    static const uint8_t a[16] = {0xfd, 1}, b[16] = {0xfd, 2};
    struct case_ c = {.src = v4(10, 9, 0, 1), .dst = v4(10, 9, 0, 2)};

    if (ip6) {
        c.src = ip_addr_from_v6(a);
        c.dst = ip_addr_from_v6(b);
    }
    c.size = unhex(c.bytes, DATAGRAM);
    uint64_t pseudo = csum_pseudo(&c.src, &c.dst, IP_PROTOCOL_UDP, (uint32_t)c.size);
    csum_store(c.bytes + 6, csum_finish(csum_sum_portable(c.bytes, c.size, pseudo)));
    return c;
}

static enum weir_drop parse(struct case_ *c, size_t size, enum weir_csum csum)
{
    return udp_parse(NULL, c->bytes, size, &c->src, &c->dst, csum, &c->h);
}

static void test_fields(void **state)
{
    (void)state;
    for (int ip6 = 0; ip6 < 2; ip6++) {
        struct case_ c = make(ip6 != 0);
        assert_int_equal(parse(&c, c.size, WEIR_CSUM_NONE), WEIR_DROP_NONE);
        assert_int_equal(c.h.src_port, 0xb8e6);
        assert_int_equal(c.h.dst_port, 5555);
        assert_int_equal(c.h.size, 11);
        assert_int_equal(c.h.checksum, load_be16(c.bytes + 6));
    }
}

static void test_real_ipv6_datagram(void **state)
{
    uint8_t bytes[64], address[16] = {0xfd, 0, 0, 9, [15] = 1};
    struct ip_addr a = ip_addr_from_v6(address);
    struct udp_header h;

    (void)state;
    address[15] = 2;
    struct ip_addr b = ip_addr_from_v6(address);
    size_t size = unhex(bytes, "9bcd15b3 00120000 68656c6c 6f207769 7265");
    /* As the sender left it for its device: the folded pseudo-header. */
    csum_store(bytes + 6, csum_fold(csum_pseudo(&a, &b, IP_PROTOCOL_UDP, (uint32_t)size)));
    assert_int_equal(load_be16(bytes + 6), 0xfa39);
    assert_int_equal(udp_parse(NULL, bytes, size, &a, &b, WEIR_CSUM_NONE, &h),
                     WEIR_DROP_UDP_CHECKSUM);
    assert_int_equal(udp_parse(NULL, bytes, size, &a, &b, WEIR_CSUM_PARTIAL, &h), WEIR_DROP_NONE);
}

static void test_drops(void **state)
{
    (void)state;
    struct case_ c = make(false);
    for (size_t size = 0; size < UDP_HEADER_SIZE; size++) {
        assert_int_equal(parse(&c, size, WEIR_CSUM_NONE), WEIR_DROP_UDP_SHORT);
    }
    for (size_t size = UDP_HEADER_SIZE; size < c.size; size++) {
        assert_int_equal(parse(&c, size, WEIR_CSUM_NONE), WEIR_DROP_UDP_LENGTH);
    }
    for (uint16_t length = 0; length < UDP_HEADER_SIZE; length++) {
        store_be16(c.bytes + 4, length);
        assert_int_equal(parse(&c, c.size, WEIR_CSUM_NONE), WEIR_DROP_UDP_LENGTH);
    }
    c = make(false);
    for (size_t bit = 0; bit < c.size * 8; bit++) {
        c.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum weir_drop drop = parse(&c, c.size, WEIR_CSUM_NONE);
        assert_true(drop == WEIR_DROP_UDP_CHECKSUM || drop == WEIR_DROP_UDP_LENGTH);
        c.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void test_longer_packets_are_padded(void **state)
{
    (void)state;
    struct case_ c = make(true);
    c.bytes[c.size] = 0x55;
    assert_int_equal(parse(&c, c.size + 1, WEIR_CSUM_NONE), WEIR_DROP_NONE);
    assert_int_equal(c.h.size, c.size);
}

static void test_no_checksum(void **state)
{
    (void)state;
    struct case_ c = make(false);
    store_be16(c.bytes + 6, 0);
    assert_int_equal(parse(&c, c.size, WEIR_CSUM_NONE), WEIR_DROP_NONE);
    assert_int_equal(parse(&c, c.size, WEIR_CSUM_VALID), WEIR_DROP_NONE);
    c = make(true);
    store_be16(c.bytes + 6, 0);
    assert_int_equal(parse(&c, c.size, WEIR_CSUM_NONE), WEIR_DROP_UDP_CHECKSUM);
    assert_int_equal(parse(&c, c.size, WEIR_CSUM_VALID), WEIR_DROP_UDP_CHECKSUM);
    assert_int_equal(parse(&c, c.size, WEIR_CSUM_PARTIAL), WEIR_DROP_NONE);
}

static void test_offloads_are_believed(void **state)
{
    (void)state;
    struct case_ c = make(true);
    c.bytes[10] ^= 1;
    assert_int_equal(parse(&c, c.size, WEIR_CSUM_NONE), WEIR_DROP_UDP_CHECKSUM);
    assert_int_equal(parse(&c, c.size, WEIR_CSUM_VALID), WEIR_DROP_NONE);
    assert_int_equal(parse(&c, c.size, WEIR_CSUM_PARTIAL), WEIR_DROP_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),      cmocka_unit_test(test_real_ipv6_datagram),
        cmocka_unit_test(test_drops),       cmocka_unit_test(test_longer_packets_are_padded),
        cmocka_unit_test(test_no_checksum), cmocka_unit_test(test_offloads_are_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
