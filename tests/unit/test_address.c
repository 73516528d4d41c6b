/* test_address.c - addresses: what they are, and their text both ways, with libc as a second opinion. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/address.h"
#include "base/compiler.h"
#include "base/rng.h"

static struct weir_ip parsed(const char *text)
{
    struct weir_ip ip;
    memset(&ip, 0xcc, sizeof(ip));
    if (weir_ip_parse(text, &ip) != WEIR_OK)
        fail_msg("not parsed: %s", text);
    return ip;
}

static struct ip_addr addr(const char *text)
{
    struct weir_ip ip = parsed(text);
    return ip_addr_from_public(&ip);
}

static void test_parse_v4(void **state)
{
    (void)state;
    static const struct weir_ip expected = {.family = 4, .bytes = {192, 0, 2, 255}};
    struct weir_ip ip = parsed("192.0.2.255");
    assert_memory_equal(&ip, &expected, sizeof(ip)); /* all of it is written */
    assert_int_equal(parsed("0.0.0.0").family, 4);
}

static const char *const bad[] = {
    "",
    " ",
    ".",
    "1",
    "1.2",
    "1.2.3",
    "1.2.3.",
    "1.2.3.4.",
    "1.2.3.4.5",
    ".1.2.3",
    "1..2.3",
    "01.2.3.4",
    "1.2.3.04",
    "00.0.0.0",
    "256.1.1.1",
    "1.1.1.256",
    "1.1.1.999",
    "1.1.1.1000",
    "1.1.1.4294967297",
    "0x1.2.3.4",
    "1.2.3.4 ",
    " 1.2.3.4",
    "1.2.3.-4",
    "+1.2.3.4",
    "1,2,3,4",
    "1.2.3.4/8",
    "1.2.3.4:80",
    "*",
    ":",
    ":::",
    "::::",
    "1",
    "1:",
    ":1",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8:",
    ":1:2:3:4:5:6:7:8",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8::",
    "1:2:3:4::5:6:7:8",
    "12345::",
    "::12345",
    "::g",
    "::1%eth0",
    "fe80::1%1",
    "[::1]",
    "::1/64",
    "::1 ",
    " ::1",
    "1:::2",
    "::1:",
    "::ffff:1.2.3",
    "::ffff:1.2.3.4.5",
    "::ffff:1.2.3.256",
    "::ffff:01.2.3.4",
    "::1.2.3.4:5",
    "1.2.3.4::",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1:2:3:4:5:1.2.3.4",
    "1:2:3:4:5:6:1.2.3.4:",
    "::1:2:3:4:5:6:7:1.2.3.4",
    "::.1.2.3",
    "::1.",
    "::ffff:1.2.3.4 ",
    "::1.2.3.4%0",
    "::\xff",
    "1.2.3.\xb2",
};

static void test_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct weir_ip ip, before;
        memset(&ip, 0xcc, sizeof(ip));
        before = ip;
        if (weir_ip_parse(bad[i], &ip) != WEIR_EINVAL)
            fail_msg("parsed: %s", bad[i]);
        assert_memory_equal(&ip, &before, sizeof(ip)); /* nothing is written */
    }
}

/* Text, and what it becomes when written again (RFC 5952 4 and 5). */
static void test_round_trip(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"10.0.100.9", "10.0.100.9"},
        {"::", "::"},
        {"0:0:0:0:0:0:0:0", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"2001:0DB8:0000:0000:0000:0000:0002:0001", "2001:db8::2:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"}, /* one group is not shortened */
        {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},       /* the longest run */
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"}, /* the first of equals */
        {"1:0:0:0:0:0:0:8", "1::8"},
        {"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
        {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
        {"0:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"ABCD:EF01:2345:6789:abcd:ef01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"},
        {"::ffff:1.2.3.4", "::ffff:1.2.3.4"},
        {"::FFFF:0102:0304", "::ffff:1.2.3.4"},
        {"::1.2.3.4", "::102:304"},
        {"1:2:3:4:5:6:7.8.9.10", "1:2:3:4:5:6:708:90a"},
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        {"fe80::", "fe80::"},
        {"::0", "::"},
        {"0::0", "::"},
        {"0001::0020", "1::20"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char text[WEIR_IP_TEXT_MAX];
        struct weir_ip ip = parsed(cases[i][0]);
        assert_int_equal(weir_ip_format(&ip, text, sizeof(text)), strlen(cases[i][1]));
        assert_string_equal(text, cases[i][1]);
        struct weir_ip again = parsed(text);
        assert_memory_equal(&again, &ip, sizeof(ip));
    }
}

static void test_format_respects_the_size(void **state)
{
    (void)state;
    struct weir_ip ip = parsed("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    static const char full[] = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    assert_int_equal(weir_ip_format(&ip, NULL, 0), sizeof(full) - 1);
    for (size_t size = 1; size < WEIR_IP_TEXT_MAX; size++) {
        char text[WEIR_IP_TEXT_MAX + 1];
        memset(text, 'x', sizeof(text));
        assert_int_equal(weir_ip_format(&ip, text, size), sizeof(full) - 1);
        size_t fits = size < sizeof(full) ? size - 1 : sizeof(full) - 1;
        assert_memory_equal(text, full, fits);
        assert_int_equal(text[fits], 0);
        for (size_t i = fits + 1; i < sizeof(text); i++)
            assert_int_equal(text[i], 'x');
    }
    char text[WEIR_IP_TEXT_MAX];
    assert_int_equal(weir_ip_format(&(struct weir_ip){0}, text, sizeof(text)), 1);
    assert_string_equal(text, "*");
}

/* Texts made at random of the characters that matter: inet_pton must agree with every verdict. */
static void test_parse_against_libc(void **state)
{
    (void)state;
    static const char letters[] = "0011222599aFf:::::.....g";
    static const char *const seeds[] = {"1:2:3:4:5:6:7:8", "::ffff:1.2.3.4",          "1::8",
                                        "192.168.10.1",    "1:2:3:4:5:6:17.28.39.40", "::",
                                        "10.20.30.40"};
    struct rng r;
    uint32_t good[2] = {0, 0};
    rng_seed(&r, 5);
    for (uint32_t n = 0; n < 400000; n++) {
        char text[48] = "";
        strcpy(text, seeds[rng_below(&r, ARRAY_SIZE(seeds))]);
        for (uint64_t edits = rng_below(&r, 5); edits != 0; edits--) {
            size_t size = strlen(text), at = (size_t)rng_below(&r, size + 1);
            char letter = letters[rng_below(&r, sizeof(letters) - 1)];
            uint64_t kind = rng_below(&r, 3);
            if (kind == 0 && size < 40) {
                memmove(text + at + 1, text + at, size - at + 1);
                text[at] = letter;
            } else if (kind == 1 && at < size) {
                memmove(text + at, text + at + 1, size - at);
            } else if (at < size) {
                text[at] = letter;
            }
        }
        uint8_t v4[4], v6[16];
        struct weir_ip ip;
        bool is_v4 = inet_pton(AF_INET, text, v4) == 1, is_v6 = inet_pton(AF_INET6, text, v6) == 1;
        if ((weir_ip_parse(text, &ip) == WEIR_OK) != (is_v4 || is_v6))
            fail_msg("libc disagrees: %s", text);
        if (!is_v4 && !is_v6)
            continue;
        assert_int_equal(ip.family, is_v4 ? 4 : 6);
        assert_memory_equal(ip.bytes, is_v4 ? v4 : v6, is_v4 ? 4 : 16);
        good[is_v6]++;
    }
    assert_true(good[0] > 10000 && good[1] > 10000); /* both verdicts are common */
}

static void test_format_against_libc(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 6);
    for (uint32_t n = 0; n < 100000; n++) {
        struct weir_ip ip = {.family = 6};
        uint64_t zero_groups = rng_next(&r), small = rng_next(&r);
        for (uint32_t i = 0; i < 8; i++) {
            uint64_t group = (zero_groups >> i & 1) != 0 ? 0 : rng_next(&r);
            ip.bytes[2 * i] = (small >> i & 1) != 0 ? 0 : (uint8_t)(group >> 8);
            ip.bytes[2 * i + 1] = (uint8_t)group;
        }
        static const uint8_t zeros[12];
        if (memcmp(ip.bytes, zeros, 12) == 0)
            continue; /* libc writes the deprecated ::1.2.3.4 here */
        char ours[WEIR_IP_TEXT_MAX], theirs[INET6_ADDRSTRLEN];
        weir_ip_format(&ip, ours, sizeof(ours));
        assert_non_null(inet_ntop(AF_INET6, ip.bytes, theirs, sizeof(theirs)));
        assert_string_equal(ours, theirs);
    }
}

static void test_equal(void **state)
{
    (void)state;
    struct weir_ip a = parsed("1.2.3.4"), b = a;
    b.bytes[9] = 1; /* not part of an IPv4 address */
    assert_true(weir_ip_equal(&a, &b));
    b.bytes[3] = 5;
    assert_false(weir_ip_equal(&a, &b));
    a = parsed("fe80::1");
    b = a;
    assert_true(weir_ip_equal(&a, &b));
    b.scope = 2;
    assert_false(weir_ip_equal(&a, &b));
    b = parsed("fe80::2");
    assert_false(weir_ip_equal(&a, &b));
    a = parsed("0.0.0.0");
    b = parsed("::");
    assert_false(weir_ip_equal(&a, &b));
    assert_true(weir_ip_equal(&(struct weir_ip){.bytes = {1}}, &(struct weir_ip){0}));
}

static void test_public_and_back(void **state)
{
    (void)state;
    static const char *const texts[] = {"1.2.3.4", "0.0.0.0", "fe80::1", "ff02::1", "::1"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct weir_ip ip = parsed(texts[i]), back;
        struct ip_addr a = ip_addr_from_public(&ip);
        memset(&back, 0xcc, sizeof(back));
        ip_addr_to_public(&a, &back);
        assert_memory_equal(&back, &ip, sizeof(ip));
    }
    struct weir_ip none = {.bytes = {1, 2, 3}}, back;
    struct ip_addr a = ip_addr_from_public(&none);
    assert_true(ip_addr_is_unspecified(&a));
    ip_addr_to_public(&a, &back);
    assert_int_equal(back.family, 0);
    static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 9, [15] = 7};
    a = ip_addr_from_v4(mapped + 12);
    assert_memory_equal(a.b, mapped, 16);
    a = ip_addr_from_v6(mapped);
    assert_true(ip_addr_is_v4(&a));
}

struct kind {
    const char *text;
    const char *is; /* 4 v4, u unspecified, m multicast, b broadcast, l loopback, k link-local */
};

static void test_kinds(void **state)
{
    (void)state;
    static const struct kind cases[] = {
        {"0.0.0.0", "4u"},
        {"::", "u"},
        {"0.0.0.1", "4"},
        {"::1", "l"},
        {"::2", ""},
        {"1::", ""},
        {"::1:0:0", ""},
        {"::fffe:0:0", ""},
        {"127.0.0.1", "4l"},
        {"127.255.255.255", "4l"},
        {"126.255.255.255", "4"},
        {"128.0.0.0", "4"},
        {"223.255.255.255", "4"},
        {"224.0.0.0", "4m"},
        {"239.255.255.255", "4m"},
        {"240.0.0.0", "4"},
        {"255.255.255.255", "4b"},
        {"255.255.255.254", "4"},
        {"ff00::", "m"},
        {"ff02::1", "m"},
        {"feff::1", ""},
        {"ffff:ffff::", "m"},
        {"169.254.0.0", "4k"},
        {"169.254.255.255", "4k"},
        {"169.253.0.1", "4"},
        {"169.255.0.1", "4"},
        {"fe80::", "k"},
        {"febf:ffff::1", "k"},
        {"fe7f::1", ""},
        {"fec0::1", ""},
        {"::ffff:127.0.0.1", "4l"},
        {"7f00::1", ""},
        {"1::ffff:0:0", ""},
        {"0:0:0:1::1", ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ip_addr a = addr(cases[i].text);
        char is[8] = "";
        size_t n = 0;
        const bool found[] = {ip_addr_is_v4(&a),        ip_addr_is_unspecified(&a),
                              ip_addr_is_multicast(&a), ip_addr_is_broadcast(&a),
                              ip_addr_is_loopback(&a),  ip_addr_is_link_local(&a)};
        for (size_t k = 0; k < ARRAY_SIZE(found); k++) {
            if (found[k])
                is[n++] = "4umblk"[k];
        }
        if (strcmp(is, cases[i].is) != 0)
            fail_msg("%s is \"%s\", not \"%s\"", cases[i].text, is, cases[i].is);
    }
}

static void test_prefixes(void **state)
{
    (void)state;
    struct ip_addr a = addr("10.1.2.3"), b = addr("10.1.3.3"), v6 = addr("2001:db8::1");
    struct ip_addr any4 = addr("0.0.0.0"), any6 = addr("::"), other = addr("2001:db9::");
    assert_true(ip_addr_in_prefix(&a, &b, 23));
    assert_false(ip_addr_in_prefix(&a, &b, 24));
    assert_true(ip_addr_in_prefix(&a, &a, 32));
    assert_false(ip_addr_in_prefix(&a, &a, 33)); /* no such prefix */
    assert_false(ip_addr_in_prefix(&a, &a, 128));
    assert_true(ip_addr_in_prefix(&a, &any4, 0));
    assert_false(ip_addr_in_prefix(&a, &any6, 0)); /* the other family, also with prefix 0 */
    assert_false(ip_addr_in_prefix(&v6, &any4, 0));
    assert_true(ip_addr_in_prefix(&v6, &any6, 0));
    assert_true(ip_addr_in_prefix(&v6, &other, 31));
    assert_false(ip_addr_in_prefix(&v6, &other, 32));
    assert_true(ip_addr_in_prefix(&v6, &v6, 128));
    assert_false(ip_addr_in_prefix(&v6, &v6, 129));
    for (uint32_t bit = 0; bit < 128; bit++) {
        struct ip_addr c = v6;
        c.b[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
        assert_int_equal(ip_addr_common_prefix(&v6, &c), bit);
    }
    assert_int_equal(ip_addr_common_prefix(&v6, &v6), 128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_v4),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_format_respects_the_size),
        cmocka_unit_test(test_parse_against_libc),
        cmocka_unit_test(test_format_against_libc),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_public_and_back),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
