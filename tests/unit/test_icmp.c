/* test_icmp.c - ICMP of both versions, neighbour discovery, and quoted packets; from real packets. */
#include "wire_kit.h"

#include "base/bytes.h"
#include "wire/icmp.h"
#include "wire/ip4.h"

#define ECHO4 "0800b51c 00070001 61626364 65666768 696a6b6c 6d6e6f"
#define PORT_UNREACHABLE4 \
    "030346c2 00000000"   \
    "4500001f f53a4000 4011317f 0a090001 0a090002 b8e615b3 000b1431 6f6464"
#define V6_A "fd000009 00000000 00000000 00000001"
#define V6_B "fd000009 00000000 00000000 00000002"
#define QUOTE6 "60004dbd 00121140" V6_A V6_B "9bcd15b3 0012fa39 68656c6c 6f207769 7265"
#define PORT_UNREACHABLE6 "010471b4 00000000" QUOTE6
#define ADVERT "8800c439 60000000" V6_B "02019a8a 64985b24"
#define DAD_SOLICIT "87002574 00000000" V6_B "0e011d49 8c79a05a" /* its option is a nonce */

static struct ip_addr v6(const char *text)
{
    uint8_t bytes[16];

    assert_int_equal(unhex(bytes, text), 16);
    return ip_addr_from_v6(bytes);
}

static void test_icmp4_bytes_to_value_to_bytes(void **state)
{
    static const char *const messages[] = {ECHO4, PORT_UNREACHABLE4};
    uint8_t bytes[256], out[256];
    struct icmp_message m;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        size_t size = unhex(bytes, messages[i]);
        assert_int_equal(icmp4_parse(bytes, size, &m), WEIR_DROP_NONE);
        assert_int_equal(m.type, bytes[0]);
        assert_int_equal(m.code, bytes[1]);
        assert_int_equal(m.rest, load_be32(bytes + 4));
        assert_ptr_equal(m.body, bytes + 8);
        assert_int_equal(m.body_size, size - 8);
        assert_int_equal(icmp4_build(out, &m), size);
        assert_memory_equal(out, bytes, size);
    }
}

static void test_icmp4_drops(void **state)
{
    uint8_t bytes[256];
    struct icmp_message m;

    (void)state;
    size_t size = unhex(bytes, ECHO4);
    for (size_t i = 0; i < ICMP_HEADER_SIZE; i++) {
        assert_int_equal(icmp4_parse(bytes, i, &m), WEIR_DROP_ICMP_SHORT);
    }
    for (size_t bit = 0; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(icmp4_parse(bytes, size, &m), WEIR_DROP_ICMP_CHECKSUM);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void test_echo_built_over_itself(void **state)
{
    uint8_t bytes[256], reply[256];
    struct icmp_message m;

    (void)state;
    size_t size = unhex(bytes, ECHO4);
    assert_int_equal(icmp4_parse(bytes, size, &m), WEIR_DROP_NONE);
    m.type = ICMP4_ECHO_REPLY;
    assert_int_equal(icmp4_build(reply, &m), size);
    assert_int_equal(icmp4_build(bytes, &m), size);
    assert_memory_equal(bytes, reply, size);
    assert_int_equal(icmp4_build(bytes + 1, &m), size); /* overlapping */
    assert_memory_equal(bytes + 1, reply, size);

    m.body = NULL;
    m.body_size = 0;
    assert_int_equal(icmp4_build(bytes, &m), 8);
    assert_int_equal(icmp4_parse(bytes, 8, &m), WEIR_DROP_NONE);
}

static void test_icmp6_bytes_to_value_to_bytes(void **state)
{
    static const char *const messages[] = {PORT_UNREACHABLE6, ADVERT};
    uint8_t bytes[256], out[256];
    struct ip_addr src = v6(V6_B), dst = v6(V6_A), other = v6(V6_A);
    struct icmp_message m;

    (void)state;
    other.b[3] ^= 1;
    for (size_t i = 0; i < 2; i++) {
        size_t size = unhex(bytes, messages[i]);
        assert_int_equal(icmp6_parse(bytes, size, &src, &dst, &m), WEIR_DROP_NONE);
        assert_int_equal(m.type, bytes[0]);
        assert_int_equal(m.body_size, size - 8);
        assert_int_equal(icmp6_build(out, &m, &src, &dst), size);
        assert_memory_equal(out, bytes, size);
        assert_int_equal(icmp6_parse(bytes, 7, &src, &dst, &m), WEIR_DROP_ICMP_SHORT);
        assert_int_equal(icmp6_parse(bytes, size - 1, &src, &dst, &m), WEIR_DROP_ICMP_CHECKSUM);
        assert_int_equal(icmp6_parse(bytes, size, &src, &other, &m), WEIR_DROP_ICMP_CHECKSUM);
    }
}

static void test_icmp4_quote(void **state)
{
    uint8_t bytes[256];
    struct icmp_quote q;
    struct ip_addr src = v4(10, 9, 0, 1), dst = v4(10, 9, 0, 2);

    (void)state;
    size_t size = unhex(bytes, PORT_UNREACHABLE4) - 8;
    uint8_t *quote = bytes + 8;
    assert_true(icmp4_quote_parse(quote, size, &q));
    assert_true(ip_addr_equal(&q.src, &src));
    assert_true(ip_addr_equal(&q.dst, &dst));
    assert_int_equal(q.protocol, IP_PROTOCOL_UDP);
    assert_int_equal(q.src_port, 0xb8e6);
    assert_int_equal(q.dst_port, 5555);
    assert_int_equal(q.tcp_seq, 0);

    assert_true(icmp4_quote_parse(quote, 28, &q)); /* RFC 792: 8 bytes are enough */
    for (size_t i = 0; i < 28; i++) {
        assert_false(icmp4_quote_parse(quote, i, &q));
    }
    quote[9] = IP_PROTOCOL_TCP;
    assert_true(icmp4_quote_parse(quote, 28, &q));
    assert_int_equal(q.tcp_seq, 0x000b1431);
    quote[9] = IP_PROTOCOL_ICMP;
    assert_true(icmp4_quote_parse(quote, 20, &q));
    assert_int_equal(q.src_port, 0);
}

static void test_icmp4_quote_malformed(void **state)
{
    uint8_t bytes[256];
    struct icmp_quote q;

    (void)state;
    size_t size = unhex(bytes, PORT_UNREACHABLE4) - 8;
    uint8_t *quote = bytes + 8;
    static const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {{0, 0x65}, {0, 0x44}, {0, 0x4f}, {7, 0x01}, {6, 0x1f}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        uint8_t before = quote[wrong[i].at];
        quote[wrong[i].at] = wrong[i].value;
        assert_false(icmp4_quote_parse(quote, size, &q));
        quote[wrong[i].at] = before;
    }
    quote[6] = 0x20; /* more fragments, but this is the first */
    assert_true(icmp4_quote_parse(quote, size, &q));
    store_be16(quote + 2, 1500); /* the quote is shorter than the packet was */
    assert_true(icmp4_quote_parse(quote, size, &q));
    quote[0] = 0x47; /* with 8 bytes of options the ports are the last 3 bytes: too few */
    assert_false(icmp4_quote_parse(quote, size, &q));
}

static void test_icmp6_quote(void **state)
{
    uint8_t bytes[256];
    struct icmp_quote q;
    struct ip_addr src = v6(V6_A), dst = v6(V6_B);

    (void)state;
    size_t size = unhex(bytes, QUOTE6);
    assert_true(icmp6_quote_parse(bytes, size, &q));
    assert_true(ip_addr_equal(&q.src, &src));
    assert_true(ip_addr_equal(&q.dst, &dst));
    assert_int_equal(q.protocol, IP_PROTOCOL_UDP);
    assert_int_equal(q.src_port, 0x9bcd);
    assert_int_equal(q.dst_port, 5555);
    for (size_t i = 0; i < 48; i++) {
        assert_false(icmp6_quote_parse(bytes, i, &q));
    }
    assert_true(icmp6_quote_parse(bytes, 48, &q));
    bytes[6] = IP_PROTOCOL_TCP;
    assert_true(icmp6_quote_parse(bytes, size, &q));
    assert_int_equal(q.tcp_seq, 0x0012fa39);
    bytes[6] = IP_PROTOCOL_ICMP6;
    assert_true(icmp6_quote_parse(bytes, 40, &q));
    bytes[0] = 0x45;
    assert_false(icmp6_quote_parse(bytes, size, &q));
    bytes[0] = 0x60;
    unhex(bytes + 24, "00000000 00000000 0000ffff 0a000001"); /* would name an IPv4 connection */
    assert_false(icmp6_quote_parse(bytes, size, &q));
}

static void test_icmp6_quote_with_extensions(void **state)
{
    uint8_t bytes[256];
    struct icmp_quote q;

    (void)state;
    /* A real quote with hop-by-hop options; then as first and as later fragment. */
    size_t size =
        unhex(bytes, "600beca8 00130040" V6_A V6_B "11000502 00000100 8e5415b5 000b9155 686268");
    assert_true(icmp6_quote_parse(bytes, size, &q));
    assert_int_equal(q.src_port, 0x8e54);
    assert_int_equal(q.dst_port, 5557);
    bytes[6] = 44;
    bytes[42] = bytes[43] = 0;
    assert_true(icmp6_quote_parse(bytes, size, &q));
    assert_int_equal(q.src_port, 0x8e54);
    bytes[43] = 8;
    assert_false(icmp6_quote_parse(bytes, size, &q));
    bytes[6] = 60;
    bytes[41] = 255; /* the chain leaves the quote */
    assert_false(icmp6_quote_parse(bytes, size, &q));
}

static void test_ndp_advert(void **state)
{
    static const uint8_t mac[6] = {0x9a, 0x8a, 0x64, 0x98, 0x5b, 0x24};
    uint8_t bytes[64], out[64];
    struct ip_addr src = v6(V6_B), dst = v6(V6_A);
    struct icmp_message m;
    struct ndp_message n;

    (void)state;
    size_t size = unhex(bytes, ADVERT);
    assert_int_equal(icmp6_parse(bytes, size, &src, &dst, &m), WEIR_DROP_NONE);
    assert_true(ndp_parse(&m, &n));
    assert_int_equal(n.type, ICMP6_NEIGHBOR_ADVERT);
    assert_false(n.router);
    assert_true(n.solicited);
    assert_true(n.override);
    assert_true(n.has_mac);
    assert_memory_equal(n.mac, mac, 6);
    assert_memory_equal(n.target, src.b, 16);
    assert_int_equal(ndp_build(out, &n, &src, &dst), size);
    assert_memory_equal(out, bytes, size);

    n.router = true;
    n.solicited = n.override = n.has_mac = false;
    assert_int_equal(ndp_build(out, &n, &src, &dst), 24);
    assert_int_equal(icmp6_parse(out, 24, &src, &dst, &m), WEIR_DROP_NONE);
    assert_int_equal(m.rest, 0x80000000);
}

static void test_ndp_solicit(void **state)
{
    uint8_t bytes[64], out[64];
    struct ip_addr src = v6("00000000 00000000 00000000 00000000");
    struct ip_addr dst = v6("ff020000 00000000 00000001 ff000002");
    struct icmp_message m;
    struct ndp_message n, again;

    (void)state;
    size_t size = unhex(bytes, DAD_SOLICIT);
    assert_int_equal(icmp6_parse(bytes, size, &src, &dst, &m), WEIR_DROP_NONE);
    assert_true(ndp_parse(&m, &n));
    assert_int_equal(n.type, ICMP6_NEIGHBOR_SOLICIT);
    assert_false(n.has_mac); /* the nonce (RFC 7527) is skipped */

    n.has_mac = true;
    memset(n.mac, 7, 6);
    assert_int_equal(ndp_build(out, &n, &src, &dst), 32);
    assert_int_equal(out[24], 1); /* source link-layer address */
    assert_int_equal(icmp6_parse(out, 32, &src, &dst, &m), WEIR_DROP_NONE);
    assert_true(ndp_parse(&m, &again));
    assert_memory_equal(&again, &n, sizeof(n));
}

static bool ndp_ok(uint8_t type, uint8_t code, const char *body)
{
    uint8_t bytes[256];
    struct icmp_message m = {.type = type, .code = code, .body = bytes};
    struct ndp_message n;

    m.body_size = unhex(bytes, body);
    return ndp_parse(&m, &n);
}

static void test_ndp_malformed(void **state)
{
    (void)state;
    assert_true(ndp_ok(135, 0, V6_B));
    assert_true(ndp_ok(136, 0, V6_B "0e02 0000 00000000 00000000 00000000 0201 aabbccddeeff"));
    assert_false(ndp_ok(133, 0, V6_B));
    assert_false(ndp_ok(135, 1, V6_B));
    assert_false(ndp_ok(135, 0, "fd000009 00000000 00000000 000000"));
    assert_false(ndp_ok(135, 0, "ff020000 00000000 00000000 00000001")); /* target is a group */
    assert_false(ndp_ok(135, 0, V6_B "0100 aabbccddeeff"));              /* option length 0 */
    assert_false(ndp_ok(135, 0, V6_B "0102 aabbccddeeff"));              /* past the end */
    assert_false(ndp_ok(135, 0, V6_B "0101 aabbccddee"));
    assert_false(ndp_ok(135, 0, V6_B "0101 aabbccddeeff 01"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_icmp4_bytes_to_value_to_bytes),
        cmocka_unit_test(test_icmp4_drops),
        cmocka_unit_test(test_echo_built_over_itself),
        cmocka_unit_test(test_icmp6_bytes_to_value_to_bytes),
        cmocka_unit_test(test_icmp4_quote),
        cmocka_unit_test(test_icmp4_quote_malformed),
        cmocka_unit_test(test_icmp6_quote),
        cmocka_unit_test(test_icmp6_quote_with_extensions),
        cmocka_unit_test(test_ndp_advert),
        cmocka_unit_test(test_ndp_solicit),
        cmocka_unit_test(test_ndp_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
