/*
 * test_authmac.c - TCP-AO's traffic keys and MACs against the vectors of RFC 9235, and TCP-MD5 against the digest
 * computed by its definition (RFC 2385 2.0).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "tcp/authmac.h"
#include "unit/auth_vectors.h"
#include <weir/mac.h>

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;

    for (; hex[2 * n]; n++) {
        unsigned byte = 0;

        for (int i = 0; i < 2; i++) {
            char c = hex[2 * n + (size_t)i];

            byte = byte << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
        }
        out[n] = (uint8_t)byte;
    }
    return n;
}

struct packet {
    uint8_t bytes[256];
    struct ip_addr src, dst;
    struct auth_segment s;
    struct weir_slice payload;
};

static void take_apart(struct packet *p, const char *hex)
{
    size_t size = from_hex(hex, p->bytes);
    bool v4 = p->bytes[0] >> 4 == 4;
    uint32_t ip = v4 ? 20 : 40, header = (uint32_t)(p->bytes[ip + 12] >> 4) * 4, at;

    if (v4) {
        p->src = ip_addr_from_v4(p->bytes + 12);
        p->dst = ip_addr_from_v4(p->bytes + 16);
    } else {
        memcpy(p->src.b, p->bytes + 8, 16);
        memcpy(p->dst.b, p->bytes + 24, 16);
    }
    p->payload = (struct weir_slice){p->bytes + ip + header, size - ip - header};
    for (at = ip + 20; p->bytes[at] != 29; at += p->bytes[at] == 1 ? 1 : p->bytes[at + 1]) {}
    p->s = (struct auth_segment){
        .src = &p->src,
        .dst = &p->dst,
        .header = p->bytes + ip,
        .header_size = header,
        .payload = &p->payload,
        .payload_slices = 1,
        .payload_size = (uint32_t)p->payload.size,
        .mac_offset = at + 4 - ip,
    };
}

static void test_rfc9235(void **state)
{
    struct weir_mac_ops ops;

    (void)state;
    assert_true(weir_mac_libcrypto(&ops));
    for (size_t i = 0; i < ARRAY_SIZE(auth_vectors); i++) {
        const struct auth_vector *v = &auth_vectors[i];
        struct weir_tcp_key key = {.auth = WEIR_AUTH_AO,
                                   .mac = v->aes ? WEIR_MAC_AES_128_CMAC : WEIR_MAC_HMAC_SHA1,
                                   .exclude_options = v->exclude_options,
                                   .key_size = 10,
                                   .key = "testvector"};
        struct packet p;
        uint8_t expected[32], mac[AUTH_MAC_SIZE];
        struct auth_traffic_key traffic;

        memset(&p, 0, sizeof(p));
        take_apart(&p, v->packet);
        struct auth_context context = {
            p.src, p.dst, load_be16(p.s.header), load_be16(p.s.header + 2), v->src_isn, v->dst_isn};
        assert_true(auth_traffic_key(&ops, &key, &context, &traffic));
        assert_memory_equal(traffic.bytes, expected, from_hex(v->traffic_key, expected));
        assert_true(auth_ao_mac(&ops, &key, &traffic, &p.s, mac));
        assert_int_equal(from_hex(v->mac, expected), AUTH_MAC_SIZE);
        assert_memory_equal(mac, expected, AUTH_MAC_SIZE);
        assert_true(auth_equal(mac, p.s.header + p.s.mac_offset, AUTH_MAC_SIZE));
        p.s.sne = 1; /* the extension is covered too */
        assert_true(auth_ao_mac(&ops, &key, &traffic, &p.s, mac));
        assert_false(auth_equal(mac, expected, AUTH_MAC_SIZE));
    }
}

/* The digest of the bytes that RFC 2385 2.0 lists, put together by hand. */
static void test_md5(void **state)
{
    struct weir_mac_ops ops;
    struct weir_tcp_key key = {.auth = WEIR_AUTH_MD5, .key_size = 6, .key = "secret"};
    uint8_t flat[256], expected[WEIR_MAC_MAX], mac[AUTH_MD5_SIZE];
    struct packet p;
    size_t n = 0;

    (void)state;
    assert_true(weir_mac_libcrypto(&ops));
    memset(&p, 0, sizeof(p));
    take_apart(&p, auth_vectors[2].packet);
    memcpy(flat, p.bytes + 12, 8);
    n = 8;
    flat[n++] = 0;
    flat[n++] = 6;
    store_be16(flat + n, (uint16_t)(p.s.header_size + p.s.payload_size));
    n += 2;
    memcpy(flat + n, p.s.header, 20); /* no options */
    memset(flat + n + 16, 0, 2);
    n += 20;
    memcpy(flat + n, p.payload.data, p.payload.size);
    n += p.payload.size;
    memcpy(flat + n, "secret", 6);
    n += 6;
    assert_true(
        ops.compute(ops.ctx, WEIR_MAC_MD5, NULL, 0, &(struct weir_slice){flat, n}, 1, expected));
    assert_true(auth_md5_mac(&ops, &key, &p.s, mac));
    assert_memory_equal(mac, expected, AUTH_MD5_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc9235),
        cmocka_unit_test(test_md5),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
