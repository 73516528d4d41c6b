/* test_ip6.c - the IPv6 header and its chain: real packets, every drop reason, every answer RFC 8200 asks. */
#include "wire_kit.h"

#include "base/bytes.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define A "fd000009 00000000 00000000 00000001"
#define B "fd000009 00000000 00000000 00000002"

/* A header with this next header in front of `chain`, which is followed by 8 bytes of upper layer. */
static size_t make(uint8_t *out, uint8_t next, const char *chain)
{
    size_t size = unhex(out, "60000000 0000 00 40" A B);
    size += unhex(out + size, chain);
    size += unhex(out + size, "aabbccdd eeff0011");
    out[6] = next;
    store_be16(out + 4, (uint16_t)(size - IP6_HEADER_SIZE));
    return size;
}

static void expect_bad(uint8_t next, const char *chain, uint16_t offset, uint8_t code)
{
    uint8_t bytes[3000];
    struct ip6_header h;
    size_t size = make(bytes, next, chain);

    assert_int_equal(ip6_parse(bytes, size, &h), WEIR_DROP_IP6_EXTENSION);
    assert_int_equal(h.bad_offset, offset);
    assert_int_equal(h.bad_code, code);
}

static void expect_upper(uint8_t next, const char *chain, uint16_t offset)
{
    uint8_t bytes[3000], protocol;
    struct ip6_header h;
    bool fragment;
    size_t found, size = make(bytes, next, chain);

    assert_int_equal(ip6_parse(bytes, size, &h), WEIR_DROP_NONE);
    assert_int_equal(h.protocol, 6);
    assert_int_equal(h.upper_offset, offset);
    assert_false(h.fragment);
    assert_true(ip6_find_upper(bytes, size, &protocol, &found, &fragment));
    assert_int_equal(protocol, 6);
    assert_int_equal(found, offset);
    assert_false(fragment);
}

static void test_bytes_to_value_to_bytes(void **state)
{
    /* A real SYN-ACK's header. */
    uint8_t bytes[128], out[IP6_HEADER_SIZE];
    struct ip6_header h;

    (void)state;
    unhex(bytes, "600799c7 0028 06 40" B A);
    memset(bytes + 40, 0, 40);
    assert_int_equal(ip6_parse(bytes, 80, &h), WEIR_DROP_NONE);
    assert_int_equal(h.tos, 0);
    assert_int_equal(h.flow_label, 0x799c7);
    assert_int_equal(h.payload_size, 40);
    assert_int_equal(h.next_header, 6);
    assert_int_equal(h.protocol, 6);
    assert_int_equal(h.hop_limit, 64);
    assert_int_equal(h.upper_offset, 40);
    ip6_build(out, &h);
    assert_memory_equal(out, bytes, IP6_HEADER_SIZE);

    h.tos = 0xb9;
    h.flow_label = 0xfffff;
    ip6_build(out, &h);
    assert_int_equal(load_be32(out), 0x6b9fffff);
    memcpy(bytes, out, sizeof(out));
    assert_int_equal(ip6_parse(bytes, 81, &h), WEIR_DROP_NONE); /* padded */
    assert_int_equal(h.tos, 0xb9);
    assert_int_equal(h.flow_label, 0xfffff);
}

static void test_header_drops(void **state)
{
    uint8_t bytes[64];
    struct ip6_header h;

    (void)state;
    size_t size = make(bytes, 6, "");
    for (size_t i = 0; i < IP6_HEADER_SIZE; i++) {
        assert_int_equal(ip6_parse(bytes, i, &h), WEIR_DROP_IP_SHORT);
    }
    for (size_t i = IP6_HEADER_SIZE; i < size; i++) {
        assert_int_equal(ip6_parse(bytes, i, &h), WEIR_DROP_IP_TOTAL_LENGTH);
    }
    bytes[0] = 0x40;
    assert_int_equal(ip6_parse(bytes, size, &h), WEIR_DROP_IP_VERSION);
    bytes[0] = 0x60;
    bytes[8] = 0xff;
    assert_int_equal(ip6_parse(bytes, size, &h), WEIR_DROP_IP_SOURCE);
    unhex(bytes + 8, "00000000 00000000 0000ffff 0a000001");
    assert_int_equal(ip6_parse(bytes, size, &h), WEIR_DROP_IP_SOURCE);
    unhex(bytes + 8, A);
    unhex(bytes + 24, "00000000 00000000 0000ffff 0a000001");
    assert_int_equal(ip6_parse(bytes, size, &h), WEIR_DROP_IP_NOT_US);
}

static void test_chains_that_are_fine(void **state)
{
    (void)state;
    expect_upper(6, "", 40);
    expect_upper(0, "06 00 05 02 00 00 01 00", 48);  /* router alert */
    expect_upper(60, "06 00 01 04 00 00 00 00", 48); /* PadN */
    expect_upper(60, "06 00 00 00 00 00 00 00", 48); /* Pad1 six times */
    expect_upper(60, "06 00 3e 04 de ad be ef", 48); /* unknown, says skip */
    expect_upper(43, "06 00 00 00 00000000", 48);    /* routing type 0, nothing left */
    expect_upper(43, "06 02 04 00 00000000" A, 64);  /* unknown type, nothing left */
    expect_upper(0,
                 "3c 00 01 04 00000000  2b 00 01 04 00000000  3c 00 00 00 00000000"
                 "06 00 01 04 00000000",
                 72);
}

static void test_unknown_next_header_is_not_judged(void **state)
{
    static const uint8_t kinds[] = {17, 50, 51, 58, 59, 135, 255};
    uint8_t bytes[64];
    struct ip6_header h;

    (void)state;
    for (size_t i = 0; i < sizeof(kinds); i++) {
        size_t size = make(bytes, kinds[i], "");
        assert_int_equal(ip6_parse(bytes, size, &h), WEIR_DROP_NONE);
        assert_int_equal(h.protocol, kinds[i]);
        assert_int_equal(h.upper_offset, 40);
    }
}

static void test_empty_payload(void **state)
{
    uint8_t bytes[40];
    struct ip6_header h;

    (void)state;
    unhex(bytes, "60000000 0000 3b 40" A B);
    assert_int_equal(ip6_parse(bytes, 40, &h), WEIR_DROP_NONE);
    assert_int_equal(h.protocol, 59);
    bytes[6] = 60; /* announces a header that is not there */
    assert_int_equal(ip6_parse(bytes, 40, &h), WEIR_DROP_IP6_EXTENSION);
    assert_int_equal(h.bad_code, 255);
}

static void test_fragment_headers(void **state)
{
    /* The first of three real fragments of a datagram, without most of its data. */
    uint8_t bytes[128], protocol;
    struct ip6_header h;
    size_t offset, size = make(bytes, 44, "11000001 9aace0a0");
    bool fragment;

    (void)state;
    assert_int_equal(ip6_parse(bytes, size, &h), WEIR_DROP_NONE);
    assert_true(h.fragment);
    assert_true(h.more_fragments);
    assert_int_equal(h.fragment_offset, 0);
    assert_int_equal(h.fragment_id, 0x9aace0a0);
    assert_int_equal(h.fragment_header, 40);
    assert_int_equal(h.upper_offset, 48);
    assert_int_equal(h.protocol, 17);
    assert_true(ip6_find_upper(bytes, size, &protocol, &offset, &fragment));
    assert_true(fragment);
    assert_int_equal(protocol, 17);
    assert_int_equal(offset, 48);

    size = make(bytes, 0, "2c 00 01 04 00000000 2b000b50 9aace0a0"); /* last, after hop-by-hop */
    assert_int_equal(ip6_parse(bytes, size, &h), WEIR_DROP_NONE);
    assert_false(h.more_fragments);
    assert_int_equal(h.fragment_offset, 2896);
    assert_int_equal(h.fragment_header, 48);
    assert_int_equal(h.protocol, 43); /* the chain ends here, whatever follows */
    assert_false(ip6_find_upper(bytes, size, &protocol, &offset, &fragment));

    size = make(bytes, 44, "1100fff9 00000001");
    assert_int_equal(ip6_parse(bytes, size, &h), WEIR_DROP_NONE);
    assert_int_equal(h.fragment_offset, 65528);
}

static void test_hop_by_hop_must_be_first(void **state)
{
    (void)state;
    expect_bad(60, "00 00 01 04 00000000 06 00 01 04 00000000", 40, 1);
    expect_bad(0, "00 00 01 04 00000000 06 00 01 04 00000000", 40, 1);
}

static void test_routing_with_segments_left(void **state)
{
    (void)state;
    expect_bad(43, "06 02 00 01 00000000" A, 42, 0);
    expect_bad(0, "2b 00 01 04 00000000 06 02 04 01 00000000" A, 50, 0);
}

static void test_option_actions(void **state)
{
    uint8_t bytes[64];
    struct ip6_header h;

    (void)state;
    expect_bad(60, "06 00 7e 04 00000000", 42, 255);
    expect_bad(60, "06 00 be 04 00000000", 42, 2);
    expect_bad(0, "06 00 fe 04 00000000", 42, 2);
    expect_bad(0, "06 00 00 01 00 fe 01 00", 45, 2); /* behind Pad1 and an empty PadN */
    expect_bad(0, "06 00 c2 04 00010000", 42, 2);    /* jumbo payload: not supported */

    /* To a multicast group 10 is answered, 11 is not. */
    size_t size = make(bytes, 60, "06 00 be 04 00000000");
    bytes[24] = 0xff;
    assert_int_equal(ip6_parse(bytes, size, &h), WEIR_DROP_IP6_EXTENSION);
    assert_int_equal(h.bad_code, 2);
    bytes[42] = 0xfe;
    assert_int_equal(ip6_parse(bytes, size, &h), WEIR_DROP_IP6_EXTENSION);
    assert_int_equal(h.bad_code, 255);
}

static void test_malformed_lengths(void **state)
{
    (void)state;
    expect_bad(60, "06 00 01 05 00000000", 42, 255);    /* option past the header */
    expect_bad(60, "06 00 00 00 00 00 00 01", 47, 255); /* option without its length */
    expect_bad(60, "06 02 01 04 00000000", 6, 255);     /* header past the packet */
    expect_bad(60, "06 ff 01 04 00000000", 6, 255);
    expect_bad(60, "3c 00 01 04 00000000 3c 01 01 0c", 40, 255);          /* 4 bytes are missing */
    expect_bad(60, "3c 00 01 04 00000000 3c 01 01 0c 00000000", 48, 255); /* nothing behind it */
}

static void test_chain_is_bounded(void **state)
{
    static char chain[16 * 40 + 1];

    (void)state;
    for (int i = 0; i < 8; i++) {
        strcat(chain, i == 7 ? "0600010400000000" : "3c00010400000000");
    }
    expect_upper(60, chain, 40 + 64);
    chain[16 * 7] = '\0';
    strcat(chain, "3c00010400000000"
                  "0600010400000000");
    expect_bad(60, chain, 40 + 64, 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_to_value_to_bytes),
        cmocka_unit_test(test_header_drops),
        cmocka_unit_test(test_chains_that_are_fine),
        cmocka_unit_test(test_unknown_next_header_is_not_judged),
        cmocka_unit_test(test_empty_payload),
        cmocka_unit_test(test_fragment_headers),
        cmocka_unit_test(test_hop_by_hop_must_be_first),
        cmocka_unit_test(test_routing_with_segments_left),
        cmocka_unit_test(test_option_actions),
        cmocka_unit_test(test_malformed_lengths),
        cmocka_unit_test(test_chain_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
