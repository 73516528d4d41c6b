/* test_tcp.c - the TCP header and its options: real segments both ways, every drop, malformed options. */
#include "wire_kit.h"

#include "base/bytes.h"
#include "wire/tcp.h"

#define TS_ACK "9f481f40 e791c185 ceb78674 8010003f 65400000 0101080a 1d125d59 9d7a2889"

/* Parses the options of a SYN whose header holds exactly these (padded to 4 bytes by the caller). */
static struct tcp_options options_of(const char *text)
{
    uint8_t bytes[TCP_HEADER_MAX] = {0};
    struct tcp_segment s;
    size_t size = TCP_HEADER_SIZE + unhex(bytes + TCP_HEADER_SIZE, text);

    bytes[12] = (uint8_t)(size / 4 << 4);
    bytes[13] = WEIR_TCP_SYN;
    assert_int_equal(tcp_parse(bytes, size, &s), WEIR_DROP_NONE);
    return s.options;
}

/* A segment parsed from `text` and built again is the same but for the checksum. */
static struct tcp_segment round_trip(const char *text)
{
    static uint8_t bytes[128];
    uint8_t out[TCP_HEADER_MAX];
    struct tcp_segment s;

    size_t size = unhex(bytes, text);
    assert_int_equal(tcp_parse(bytes, size, &s), WEIR_DROP_NONE);
    assert_ptr_equal(s.payload, bytes + s.header_size);
    assert_int_equal(s.payload_size, size - s.header_size);
    struct tcp_segment again = s;
    assert_int_equal(tcp_build(out, &again), s.header_size);
    assert_int_equal(again.header_size, s.header_size);
    assert_int_equal(tcp_options_size(&s.options), s.header_size - TCP_HEADER_SIZE);
    assert_int_equal(load_be16(out + 16), 0);
    store_be16(bytes + 16, 0);
    assert_memory_equal(out, bytes, s.header_size);
    return s;
}

static void test_syn_with_everything(void **state)
{
    (void)state;
    struct tcp_segment s = round_trip("9f481f40 e791c184 00000000 a002faf0 57270000"
                                      "020405b4 0402080a 1d125d31 00000000 0103030a");
    assert_int_equal(s.src_port, 40776);
    assert_int_equal(s.dst_port, 8000);
    assert_int_equal(s.seq, 0xe791c184);
    assert_int_equal(s.ack, 0);
    assert_int_equal(s.flags, WEIR_TCP_SYN);
    assert_int_equal(s.window, 64240);
    assert_int_equal(s.header_size, 40);
    assert_int_equal(s.payload_size, 0);
    assert_int_equal(s.options.present, WEIR_SEGMENT_MSS | WEIR_SEGMENT_SACK_PERMITTED |
                                            WEIR_SEGMENT_TIMESTAMPS | WEIR_SEGMENT_WSCALE);
    assert_int_equal(s.options.mss, 1460);
    assert_int_equal(s.options.wscale, 10);
    assert_int_equal(s.options.ts_val, 0x1d125d31);
    assert_int_equal(s.options.ts_ecr, 0);
    assert_false(s.options.illegal);
}

static void test_other_real_segments(void **state)
{
    (void)state;
    struct tcp_segment s = round_trip("9c401f40 000003e8 00000000 6002faf0 5b500000 020405b4");
    assert_int_equal(s.options.present, WEIR_SEGMENT_MSS);

    s = round_trip("9c401f40 000003e9 00001f41 5018faf0 4ebb0000 47455420 2f61");
    assert_int_equal(s.flags, WEIR_TCP_ACK | WEIR_TCP_PSH);
    assert_int_equal(s.options.present, 0);
    assert_int_equal(s.payload_size, 6);

    s = round_trip(TS_ACK);
    assert_int_equal(s.options.present, WEIR_SEGMENT_TIMESTAMPS);
    assert_int_equal(s.options.ts_val, 0x1d125d59);
    assert_int_equal(s.options.ts_ecr, 0x9d7a2889);

    s = round_trip("86d81f40 d0ed341d b1648db2 8038003f fa640001 0101080a d1410bd8 8023ff74 21");
    assert_int_equal(s.flags, WEIR_TCP_ACK | WEIR_TCP_PSH | WEIR_TCP_URG);
    assert_int_equal(s.urgent, 1);
    assert_int_equal(s.payload_size, 1);

    s = round_trip("1f409f48 ceb78674 e791ffbd b010004e 0b220000 0101080a 9d7a28de 1d125d84"
                   "0101050a e7920565 e79210b5");
    assert_int_equal(s.options.present, WEIR_SEGMENT_TIMESTAMPS | WEIR_SEGMENT_SACK);
    assert_int_equal(s.options.sack_count, 1);
    assert_int_equal(s.options.sack[0].start, 0xe7920565);
    assert_int_equal(s.options.sack[0].end, 0xe79210b5);
}

static void test_linux_order_of_every_syn(void **state)
{
    (void)state;
    round_trip("00010002 00000003 00000000 70020001 00000000 01010402 01030307");
    round_trip("00010002 00000003 00000000 b0020001 00000000 020405b4 01010402 01030307 "
               "0101050a 00000001 00000002");
    round_trip("00010002 00000003 00000000 a0020001 00000000 020405b4 0101080a 00000001 00000002 "
               "01030307");
    round_trip("00010002 00000003 00000000 60020001 00000000 01030300");
    round_trip("00010002 00000003 00000000 80020001 00000000 0402080a 00000001 00000002");
}

static void test_flags(void **state)
{
    uint8_t out[TCP_HEADER_MAX];

    (void)state;
    for (uint16_t flags = 0; flags < 0x200; flags++) {
        struct tcp_segment s = {.flags = flags}, again;
        assert_int_equal(tcp_build(out, &s), TCP_HEADER_SIZE);
        assert_int_equal(tcp_parse(out, TCP_HEADER_SIZE, &again), WEIR_DROP_NONE);
        assert_int_equal(again.flags, flags);
    }
    struct tcp_segment s = {.flags = 0xffff}; /* nothing but flags goes beside the data offset */
    tcp_build(out, &s);
    assert_int_equal(load_be16(out + 12), 0x51ff);
    out[12] = 0x5e; /* reserved bits are ignored when received (RFC 9293 3.1) */
    assert_int_equal(tcp_parse(out, TCP_HEADER_SIZE, &s), WEIR_DROP_NONE);
    assert_int_equal(s.flags, 0xff);
}

static void test_drops(void **state)
{
    uint8_t bytes[TCP_HEADER_MAX] = {0};
    struct tcp_segment s;

    (void)state;
    for (size_t size = 0; size < TCP_HEADER_SIZE; size++) {
        assert_int_equal(tcp_parse(bytes, size, &s), WEIR_DROP_TCP_SHORT);
    }
    for (unsigned words = 0; words < 16; words++) {
        bytes[12] = (uint8_t)(words << 4);
        for (size_t size = TCP_HEADER_SIZE; size <= TCP_HEADER_MAX; size++) {
            enum weir_drop want =
                words < 5 || words * 4 > size ? WEIR_DROP_TCP_DATA_OFFSET : WEIR_DROP_NONE;
            assert_int_equal(tcp_parse(bytes, size, &s), want);
        }
    }
}

static void test_checksum(void **state)
{
    uint8_t bytes[64];
    struct ip_addr a = v4(10, 0, 0, 1), b = v4(10, 0, 0, 2), c = v4(10, 0, 0, 3);

    (void)state;
    size_t size =
        unhex(bytes, "9c401f40 000003e9 00001f41 5018faf0 4ebb0000 47455420 2f612048 5454502f "
                     "312e300d 0a0d0a0a");
    struct ip_addr from = v4(192, 168, 0, 100), to = v4(192, 168, 0, 200);
    assert_true(tcp_checksum_ok(NULL, bytes, size, &from, &to));
    assert_true(tcp_checksum_ok(NULL, bytes, size, &to, &from)); /* addition commutes */
    assert_false(tcp_checksum_ok(NULL, bytes, size, &a, &b));
    for (size_t bit = 0; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(tcp_checksum_ok(NULL, bytes, size, &from, &to));
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    size = unhex(bytes, "9f481f40 e791c184 00000000 a002faf0 57270000"
                        "020405b4 0402080a 1d125d31 00000000 0103030a");
    assert_true(tcp_checksum_ok(NULL, bytes, size, &a, &b));
    assert_false(tcp_checksum_ok(NULL, bytes, size, &a, &c));
    assert_false(tcp_checksum_ok(NULL, bytes, size - 1, &a, &b));
}

static void test_malformed_known_options_are_skipped(void **state)
{
    /* Each with a wrong length, followed by a good MSS. */
    static const char *const wrong[] = {
        "0203aa 01 020405b4",                                  /* MSS */
        "020505b4ff 010101 020405b4",                          /* MSS */
        "0302 0101 020405b4",                                  /* window scale */
        "03040101 020405b4",                                   /* window scale */
        "040301 01 020405b4",                                  /* SACK permitted */
        "0809 00000001000000 010101 020405b4",                 /* timestamps */
        "080b 0000000100000002ff 01 020405b4",                 /* timestamps */
        "0502 0101 020405b4",                                  /* SACK, no block */
        "0509 00000001000000 010101 020405b4",                 /* SACK, part of one */
        "050b 0000000100000002ff 01 020405b4",                 /* SACK */
        "fe04aabb 020405b4",                                   /* unknown */
        "1311 00112233445566778899aabbccddee 010101 020405b4", /* MD5 */
        "1d0f 3d5400112233445566778899aa 01 020405b4",         /* AO */
        "22040102 020405b4",                                   /* Fast Open, too short */
        "2207010203040501 020405b4",                           /* Fast Open, odd */
        "2214 000102030405060708090a0b0c0d0e0f1011 020405b4",  /* Fast Open, too long */
        "fe06f9890102 0101 020405b4", /* Fast Open, experimental, too short */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct tcp_options o = options_of(wrong[i]);
        assert_int_equal(o.present, WEIR_SEGMENT_UNKNOWN | WEIR_SEGMENT_MSS);
        assert_int_equal(o.mss, 1460);
        assert_int_equal(o.sack_count, 0);
        assert_int_equal(o.ts_val, 0);
        assert_false(o.illegal);
    }
}

static void test_illegal_lengths_end_the_list(void **state)
{
    static const char *const illegal[] = {
        "020405b4 0200 05b4 01030307", /* length 0: must not loop */
        "020405b4 0201 05b4 01030307", "020405b4 fe00 0000 01030307",
        "020405b4 fe0a 0000 01030307", /* past the header */
        "020405b4 01010104 01010108",  /* the last byte is a kind without a length */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(illegal) / sizeof(illegal[0]); i++) {
        struct tcp_options o = options_of(illegal[i]);
        assert_true(o.illegal);
        assert_int_equal(o.mss, 1460); /* what came before is valid */
        assert_int_equal(o.present & WEIR_SEGMENT_WSCALE, 0);
    }
    assert_true(options_of("01010108 0101 0108").illegal);
    assert_true(options_of("0101010101010102").illegal);
}

static void test_end_of_list(void **state)
{
    (void)state;
    struct tcp_options o = options_of("020405b4 00 030307");
    assert_int_equal(o.present, WEIR_SEGMENT_MSS);
    o = options_of("00000000");
    assert_int_equal(o.present, 0);
    assert_false(o.illegal);
    o = options_of("0000 0200"); /* nothing behind EOL is looked at */
    assert_false(o.illegal);
    o = options_of("01010101");
    assert_int_equal(o.present, 0);
    assert_false(o.illegal);
}

static void test_odd_places_and_repeats(void **state)
{
    (void)state;
    struct tcp_options o = options_of("080a 11111111 22222222 0101"); /* not where Linux puts it */
    assert_int_equal(o.ts_val, 0x11111111);
    assert_int_equal(o.ts_ecr, 0x22222222);
    o = options_of("01 080a 11111111 22222222 01");
    assert_int_equal(o.ts_ecr, 0x22222222);
    o = options_of("020405b4 02040200"); /* the last one counts */
    assert_int_equal(o.mss, 512);
    o = options_of("03030f 01");
    assert_int_equal(o.wscale, 15); /* the caller clamps */
    o = options_of("0522 0000000100000002 0000000300000004 0000000500000006 0000000700000008 0101");
    assert_int_equal(o.sack_count, 4);
    assert_int_equal(o.sack[3].start, 7);
    assert_int_equal(o.sack[3].end, 8);
}

static void test_blocks_that_do_not_fit_are_left_out(void **state)
{
    static const struct {
        uint8_t present, count, fit;
    } cases[] = {
        {WEIR_SEGMENT_SACK, 4, 4},
        {WEIR_SEGMENT_SACK, 9, 4}, /* more than there can be */
        {WEIR_SEGMENT_SACK, 0, 0},
        {WEIR_SEGMENT_SACK | WEIR_SEGMENT_TIMESTAMPS, 4, 3},
        {WEIR_SEGMENT_SACK | WEIR_SEGMENT_TIMESTAMPS, 3, 3},
        {WEIR_SEGMENT_SACK | WEIR_SEGMENT_TIMESTAMPS, 2, 2},
        {WEIR_SEGMENT_SACK | WEIR_SEGMENT_TIMESTAMPS | WEIR_SEGMENT_MSS, 4, 2},
        {WEIR_SEGMENT_SACK | WEIR_SEGMENT_TIMESTAMPS | WEIR_SEGMENT_MSS | WEIR_SEGMENT_WSCALE |
             WEIR_SEGMENT_SACK_PERMITTED,
         4, 2},
        {WEIR_SEGMENT_UNKNOWN, 4, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tcp_segment s = {
            .options = {.present = cases[i].present, .sack_count = cases[i].count}};
        struct tcp_segment again;
        uint8_t out[TCP_HEADER_MAX + 1];
        out[TCP_HEADER_MAX] = 0xee;
        for (uint32_t k = 0; k < WEIR_SACK_BLOCKS_MAX; k++) {
            s.options.sack[k] = (struct tcp_sack_block){.start = 10 * k, .end = 10 * k + 5};
        }
        uint32_t size = tcp_build(out, &s);
        assert_int_equal(size, TCP_HEADER_SIZE + tcp_options_size(&s.options));
        assert_int_equal(s.options.sack_count, cases[i].count);
        assert_int_equal(out[TCP_HEADER_MAX], 0xee);
        assert_int_equal(tcp_parse(out, size, &again), WEIR_DROP_NONE);
        assert_int_equal(again.options.sack_count, cases[i].fit);
        assert_memory_equal(again.options.sack, s.options.sack,
                            cases[i].fit * sizeof(struct tcp_sack_block));
        assert_false(again.options.illegal);
    }
}

static void test_every_set_of_options(void **state)
{
    (void)state;
    for (unsigned present = 0; present < 32; present++) {
        struct tcp_segment s = {.seq = 1, .options = {.present = (uint8_t)present}}, again;
        uint8_t out[TCP_HEADER_MAX];
        s.options.mss = (present & WEIR_SEGMENT_MSS) != 0 ? 1440 : 0;
        s.options.wscale = (present & WEIR_SEGMENT_WSCALE) != 0 ? 7 : 0;
        if ((present & WEIR_SEGMENT_TIMESTAMPS) != 0) {
            s.options.ts_val = 0x01020304;
            s.options.ts_ecr = 0x0a0b0c0d;
        }
        if ((present & WEIR_SEGMENT_SACK) != 0) {
            s.options.sack_count = 1;
            s.options.sack[0] = (struct tcp_sack_block){0xfffffff0, 0x10};
        }
        uint32_t size = tcp_build(out, &s);
        assert_int_equal(size % 4, 0);
        assert_int_equal(tcp_parse(out, size, &again), WEIR_DROP_NONE);
        assert_int_equal(again.options.present, present);
        assert_int_equal(again.options.mss, s.options.mss);
        assert_int_equal(again.options.wscale, s.options.wscale);
        assert_int_equal(again.options.ts_val, s.options.ts_val);
        assert_int_equal(again.options.ts_ecr, s.options.ts_ecr);
        assert_int_equal(again.options.sack_count, s.options.sack_count);
        assert_memory_equal(again.options.sack, s.options.sack, sizeof(s.options.sack));
    }
}

/* MUST-69: what is behind the end of the options, if they end before the header does, is zero. */
static void test_padding(void **state)
{
    static const uint8_t cookie[16] = {9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9};

    (void)state;
    for (unsigned present = 0; present < 32 * 4; present++) {
        struct tcp_segment s = {.options = {.present = (uint8_t)(present & 31), .sack_count = 1}};
        uint8_t out[TCP_HEADER_MAX];
        uint32_t size, at = TCP_HEADER_SIZE;

        if (present >= 32 && !(present & WEIR_SEGMENT_SACK)) {
            s.options.present |= WEIR_SEGMENT_FASTOPEN;
            s.options.fastopen = cookie;
            s.options.fastopen_size = (uint8_t)(2 + present / 32 * 2);
        }
        memset(out, 0xee, sizeof(out));
        size = tcp_build(out, &s);
        while (at < size && out[at] != TCP_OPTION_EOL) {
            at += out[at] == TCP_OPTION_NOP ? 1 : out[at + 1];
        }
        assert_true(at <= size);
        for (; at < size; at++) {
            assert_int_equal(out[at], 0);
        }
    }
}

/* RFC 2385 2.0, RFC 5925 2.2: room for the MAC, whose place both directions know. */
static void test_authentication_options(void **state)
{
    static const struct {
        uint16_t present;
        uint8_t size, first[6];
    } cases[] = {
        {WEIR_SEGMENT_MD5, 20, {1, 1, 19, 18, 0, 0}},
        {WEIR_SEGMENT_AO, 16, {29, 16, 61, 84, 0, 0}},
        {WEIR_SEGMENT_AO | WEIR_SEGMENT_TIMESTAMPS, 28, {29, 16, 61, 84, 0, 0}},
    };
    /* a SYN with everything and MD5 fills the header to its last byte */
    struct tcp_segment full = {
        .options = {.present = WEIR_SEGMENT_MD5 | WEIR_SEGMENT_MSS | WEIR_SEGMENT_SACK_PERMITTED |
                               WEIR_SEGMENT_TIMESTAMPS | WEIR_SEGMENT_WSCALE}};
    uint8_t out[TCP_HEADER_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tcp_segment s = {
            .options = {.present = cases[i].present, .ao_key_id = 61, .ao_rnext = 84}};
        struct tcp_segment again;
        uint32_t size = tcp_build(out, &s);

        assert_int_equal(size, TCP_HEADER_SIZE + cases[i].size);
        assert_memory_equal(out + TCP_HEADER_SIZE, cases[i].first, 6);
        assert_int_equal(s.options.mac_offset, TCP_HEADER_SIZE + 4);
        assert_int_equal(tcp_parse(out, size, &again), WEIR_DROP_NONE);
        assert_int_equal(again.options.present, cases[i].present);
        assert_int_equal(again.options.mac_offset, s.options.mac_offset);
        if (cases[i].present & WEIR_SEGMENT_AO) {
            assert_int_equal(again.options.ao_key_id, 61);
            assert_int_equal(again.options.ao_rnext, 84);
        }
    }
    assert_int_equal(tcp_build(out, &full), TCP_HEADER_MAX);
}

static void test_iterator(void **state)
{
    static const uint8_t bytes[] = {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 253, 2, 0, 9};
    struct tcp_option_iterator it;
    const uint8_t *data;
    uint8_t kind, length;

    (void)state;
    tcp_option_begin(&it, bytes, sizeof(bytes));
    assert_true(tcp_option_next(&it, &kind, &data, &length));
    assert_int_equal(kind, TCP_OPTION_TIMESTAMPS);
    assert_int_equal(length, 8);
    assert_ptr_equal(data, bytes + 4);
    assert_true(tcp_option_next(&it, &kind, &data, &length));
    assert_int_equal(kind, 253);
    assert_int_equal(length, 0);
    assert_false(tcp_option_next(&it, &kind, &data, &length));
    assert_false(it.illegal);
    assert_false(tcp_option_next(&it, &kind, &data, &length)); /* stays at the end */
    tcp_option_begin(&it, bytes, 0);
    assert_false(tcp_option_next(&it, &kind, &data, &length));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syn_with_everything),
        cmocka_unit_test(test_other_real_segments),
        cmocka_unit_test(test_linux_order_of_every_syn),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_drops),
        cmocka_unit_test(test_checksum),
        cmocka_unit_test(test_malformed_known_options_are_skipped),
        cmocka_unit_test(test_illegal_lengths_end_the_list),
        cmocka_unit_test(test_end_of_list),
        cmocka_unit_test(test_odd_places_and_repeats),
        cmocka_unit_test(test_blocks_that_do_not_fit_are_left_out),
        cmocka_unit_test(test_every_set_of_options),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_authentication_options),
        cmocka_unit_test(test_iterator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
