/*
 * fuzz_tcp.c - TCP headers and options: lengths hold, the iterator advances and ends, and what was parsed
 * gives the same value when it is built and parsed again.
 */
#include "fuzz_kit.h"

#include "base/bytes.h"
#include "wire/checksum.h"
#include "wire/ip4.h"
#include "wire/tcp.h"

static void check_iterator(const uint8_t *options, size_t size, const struct tcp_options *o)
{
    struct tcp_option_iterator it;
    const uint8_t *data, *before = options;
    uint8_t kind, length;
    unsigned count = 0;

    tcp_option_begin(&it, options, size);
    while (tcp_option_next(&it, &kind, &data, &length)) {
        CHECK(++count <= TCP_OPTIONS_MAX / 2);
        CHECK(data >= before + 2 && data + length == it.p && it.p <= options + size);
        CHECK(kind != TCP_OPTION_EOL && kind != TCP_OPTION_NOP);
        before = it.p;
    }
    CHECK(it.p == it.end && it.illegal == o->illegal);
    CHECK((count == 0) == (o->present == 0));
}

/* The options as they should come back: values of absent ones are 0, blocks beyond the room are gone. */
static void check_again(struct tcp_segment s)
{
    uint8_t out[TCP_HEADER_MAX];
    struct tcp_segment again;
    uint32_t expected = TCP_HEADER_SIZE + tcp_options_size(&s.options);
    uint16_t flags = s.flags, window = s.window, urgent = s.urgent;

    CHECK(tcp_build(out, &s) == expected && s.header_size == expected);
    CHECK(expected <= TCP_HEADER_MAX && expected % 4 == 0);
    CHECK(tcp_parse(out, expected, &again) == WEIR_DROP_NONE);
    CHECK(again.src_port == s.src_port && again.dst_port == s.dst_port);
    CHECK(again.seq == s.seq && again.ack == s.ack && again.flags == flags);
    CHECK(again.window == window && again.urgent == urgent && again.payload_size == 0);
    CHECK(!again.options.illegal);
    /* left out when there is no room for them, or (AO) beside MD5 */
    const uint16_t may_go = WEIR_SEGMENT_SACK | WEIR_SEGMENT_UNKNOWN | WEIR_SEGMENT_FASTOPEN |
                            WEIR_SEGMENT_ACCECN | WEIR_SEGMENT_AO | WEIR_SEGMENT_USER_TIMEOUT;
    CHECK((again.options.present | may_go) == (s.options.present | may_go));
    CHECK(again.options.mss == s.options.mss && again.options.wscale == s.options.wscale);
    CHECK(again.options.ts_val == s.options.ts_val && again.options.ts_ecr == s.options.ts_ecr);
    CHECK(again.options.sack_count <= s.options.sack_count);
    CHECK(memcmp(again.options.sack, s.options.sack,
                 again.options.sack_count * sizeof(s.options.sack[0])) == 0);
}

static void check_checksum(uint8_t *p, size_t size)
{
    static const uint8_t a4[4] = {10, 0, 0, 1};
    struct ip_addr a = ip_addr_from_v4(a4);

    csum_store(p + 16, 0);
    uint64_t sum = csum_pseudo(&a, &a, IP_PROTOCOL_TCP, (uint32_t)size);
    csum_store(p + 16, csum_finish(csum_sum_portable(p, size, sum)));
    CHECK(tcp_checksum_ok(NULL, p, size, &a, &a));
    p[size - 1] ^= 0x10;
    CHECK(!tcp_checksum_ok(NULL, p, size, &a, &a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *p = fuzz_copy(data, size);
    struct tcp_segment s;

    enum weir_drop drop = tcp_parse(p, size, &s);
    CHECK((drop == WEIR_DROP_TCP_SHORT) == (size < TCP_HEADER_SIZE));
    if (drop == WEIR_DROP_NONE) {
        CHECK(s.header_size >= TCP_HEADER_SIZE && s.header_size <= TCP_HEADER_MAX);
        CHECK(s.header_size + (size_t)s.payload_size == size);
        CHECK(s.payload == p + s.header_size);
        CHECK(s.options.sack_count <= WEIR_SACK_BLOCKS_MAX);
        CHECK((s.options.sack_count != 0) == ((s.options.present & WEIR_SEGMENT_SACK) != 0));
        check_iterator(p + TCP_HEADER_SIZE, s.header_size - TCP_HEADER_SIZE, &s.options);
        check_again(s);
        check_checksum(p, size);
    }
    free(p);
    return 0;
}
