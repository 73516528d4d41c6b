/* test_capture_ng.c - pcapng by hand: byte orders, clocks, interfaces, what was lost, lengths that lie; filters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <zlib.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "trace/capture.h"
#include "unit/trace_kit.h"

#define FILE_MAX 8192

struct file {
    uint8_t bytes[FILE_MAX];
    size_t size;
    bool little;
};

static void put16(struct file *f, uint16_t value)
{
    uint8_t *p = f->bytes + f->size;

    assert_true(f->size + 2 <= FILE_MAX);
    store_be16(p, f->little ? (uint16_t)((unsigned)value << 8 | value >> 8) : value);
    f->size += 2;
}

static void put32(struct file *f, uint32_t value)
{
    put16(f, (uint16_t)(f->little ? value : value >> 16));
    put16(f, (uint16_t)(f->little ? value >> 16 : value));
}

static void put(struct file *f, const void *bytes, size_t size)
{
    assert_true(f->size + size + 4 <= FILE_MAX);
    memcpy(f->bytes + f->size, bytes, size);
    f->size += size;
    for (; f->size % 4 != 0; f->size++) {
        f->bytes[f->size] = 0;
    }
}

static size_t begin_block(struct file *f, uint32_t type)
{
    size_t at = f->size;

    put32(f, type);
    put32(f, 0);
    return at;
}

static void end_block(struct file *f, size_t at)
{
    uint32_t size = (uint32_t)(f->size + 4 - at);
    size_t end = f->size;

    f->size = at + 4;
    put32(f, size);
    f->size = end;
    put32(f, size);
}

static void section(struct file *f, bool little)
{
    f->little = little;
    size_t at = begin_block(f, 0x0a0d0d0a);
    put32(f, 0x1a2b3c4d);
    put32(f, 1 << 16);
    put32(f, UINT32_MAX);
    put32(f, UINT32_MAX);
    end_block(f, at);
}

/* `resolution` 0: none written. */
static void interface(struct file *f, uint16_t link, uint8_t resolution, int32_t offset_s)
{
    size_t at = begin_block(f, 1);

    put16(f, link);
    put16(f, 0);
    put32(f, 65535);
    if (resolution != 0) {
        put16(f, 9);
        put16(f, 1);
        put(f, &resolution, 1);
    }
    if (offset_s != 0) {
        put16(f, 14);
        put16(f, 8);
        put32(f, f->little ? (uint32_t)offset_s : 0);
        put32(f, f->little ? 0 : (uint32_t)offset_s);
    }
    put32(f, 0);
    end_block(f, at);
}

static void packet(struct file *f, uint32_t interface_number, uint64_t ticks, const uint8_t *bytes,
                   size_t size)
{
    size_t at = begin_block(f, 6);

    put32(f, interface_number);
    put32(f, (uint32_t)(ticks >> 32));
    put32(f, (uint32_t)ticks);
    put32(f, (uint32_t)size);
    put32(f, (uint32_t)size);
    put(f, bytes, size);
    end_block(f, at);
}

static const struct kit_step data = {0, 0, '>', "PA", .seq = 1001, .length = 20, .ack = 8001};

static struct capture *open_it(const struct file *f)
{
    char why[CAPTURE_WHY_MAX] = "";
    struct capture *c;

    assert_int_equal(capture_open_memory(&c, "test", f->bytes, f->size, why), CAPTURE_OK);
    return c;
}

static weir_time next_time(struct capture *c)
{
    char why[CAPTURE_WHY_MAX] = "";
    struct capture_packet p;

    assert_int_equal(capture_next(c, &p, why), CAPTURE_OK);
    assert_non_null(p.ip);
    return p.time;
}

static void expect_end(struct capture *c)
{
    char why[CAPTURE_WHY_MAX] = "";
    struct capture_packet p;

    assert_int_equal(capture_next(c, &p, why), CAPTURE_END);
}

static void every_interface_has_its_own_clock(void **state)
{
    uint8_t ip[KIT_PACKET_MAX], sll[KIT_PACKET_MAX + 16] = {[14] = 8};
    size_t size = kit_packet(&data, ip);

    (void)state;
    memcpy(sll + 16, ip, size);
    for (int little = 0; little < 2; little++) {
        struct file f = {.size = 0};
        section(&f, little != 0);
        interface(&f, 101, 0, 0);
        interface(&f, 113, 9, 100);
        interface(&f, 101, 3, 0);
        interface(&f, 101, 0x80 | 20, 0);
        interface(&f, 101, 0x80 | 40, 0);
        interface(&f, 101, 12, 0);
        packet(&f, 0, 5123456, ip, size);
        packet(&f, 1, 5123456789, sll, size + 16);
        packet(&f, 2, 5123, ip, size);
        packet(&f, 3, 5u << 20 | 1u << 19, ip, size);
        packet(&f, 4, (uint64_t)5 << 40 | (uint64_t)1 << 38, ip, size);
        packet(&f, 5, 5123456789123, ip, size);
        section(&f, little == 0); /* a second section, of the other byte order */
        interface(&f, 101, 0, 0);
        packet(&f, 0, 7000001, ip, size);

        struct capture *c = open_it(&f);
        for (int pass = 0; pass < 2; pass++) {
            char why[CAPTURE_WHY_MAX];
            assert_int_equal(next_time(c), 5123456000);
            assert_int_equal(next_time(c), 105123456789);
            assert_int_equal(next_time(c), 5123000000);
            assert_int_equal(next_time(c), 5500000000);
            assert_int_equal(next_time(c), 5250000000);
            assert_int_equal(next_time(c), 5123456789);
            assert_int_equal(next_time(c), 7000001000);
            expect_end(c);
            struct capture_stat stat;
            capture_stat(c, &stat);
            assert_int_equal(stat.packets, 7);
            assert_int_equal(stat.interfaces, 7);
            assert_int_equal(stat.backwards, 3);
            assert_int_equal(stat.cut, 0);
            assert_int_equal(capture_rewind(c, why), CAPTURE_OK);
        }
        capture_close(c);
    }
}

static void simple_packets_and_other_blocks(void **state)
{
    uint8_t ip[KIT_PACKET_MAX];
    size_t size = kit_packet(&data, ip), at;
    struct file f = {.size = 0};

    (void)state;
    section(&f, true);
    interface(&f, 101, 0, 0);
    packet(&f, 0, 9000000, ip, size);
    at = begin_block(&f, 3);
    put32(&f, (uint32_t)size);
    put(&f, ip, size);
    end_block(&f, at);
    at = begin_block(&f, 0x0bad);
    put32(&f, 1);
    end_block(&f, at);
    at = begin_block(&f, 2); /* the obsolete packet block */
    put16(&f, 0);
    put16(&f, 3);
    put32(&f, 0);
    put32(&f, 9000001);
    put32(&f, (uint32_t)size - 4);
    put32(&f, (uint32_t)size);
    put(&f, ip, size - 4);
    end_block(&f, at);

    struct capture *c = open_it(&f);
    struct capture_stat stat;
    assert_int_equal(next_time(c), 9000000000);
    assert_int_equal(next_time(c), 9000000000);
    assert_int_equal(next_time(c), 9000001000);
    expect_end(c);
    capture_stat(c, &stat);
    assert_int_equal(stat.cut, 1);
    assert_false(stat.drops_known);
    capture_close(c);
}

static void statistics(struct file *f, uint32_t by_interface, uint32_t by_system)
{
    size_t at = begin_block(f, 5);

    put32(f, 0);
    put32(f, 0);
    put32(f, 0);
    put16(f, 5);
    put16(f, 8);
    put32(f, 0);
    put32(f, by_interface);
    put16(f, 7);
    put16(f, 8);
    put32(f, 0);
    put32(f, by_system);
    put32(f, 0);
    end_block(f, at);
}

/* They count from the beginning each time. */
static void what_was_lost_is_told(void **state)
{
    struct file f = {.size = 0};
    struct capture_stat stat;

    (void)state;
    section(&f, false);
    interface(&f, 101, 0, 0);
    statistics(&f, 3, 4);
    statistics(&f, 5, 4);
    struct capture *c = open_it(&f);
    expect_end(c);
    capture_stat(c, &stat);
    assert_true(stat.drops_known);
    assert_int_equal(stat.drops, 9);
    capture_close(c);
}

/* Reads to the error and expects these words in its line. */
static void expect_damage(const struct file *f, const char *words)
{
    char why[CAPTURE_WHY_MAX] = "";
    struct capture_packet p;
    struct capture *c;
    enum capture_status status = capture_open_memory(&c, "test", f->bytes, f->size, why);

    while (status == CAPTURE_OK) {
        status = capture_next(c, &p, why);
    }
    assert_int_equal(status, CAPTURE_BAD);
    if (strstr(why, words) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", words, why);
    }
    capture_close(c);
}

static void lengths_that_lie_are_found(void **state)
{
    uint8_t ip[KIT_PACKET_MAX];
    size_t size = kit_packet(&data, ip);
    struct file whole = {.size = 0}, f;

    (void)state;
    section(&whole, false);
    interface(&whole, 101, 0, 0);
    size_t at = whole.size;
    packet(&whole, 0, 1, ip, size);

    f = whole;
    store_be32(f.bytes + at + 4, 13);
    expect_damage(&f, "a block's length cannot be true: test, packet 1 (offset 52)");
    store_be32(f.bytes + at + 4, 0xfffffffc);
    expect_damage(&f, "a block's length cannot be true");
    store_be32(f.bytes + at + 4, 96);
    expect_damage(&f, "the capture is cut short: test, packet 1 (offset 52)");
    f = whole;
    store_be32(f.bytes + f.size - 4, 16);
    expect_damage(&f, "the two lengths of a block differ");
    f = whole;
    store_be32(f.bytes + at + 20, 4000);
    expect_damage(&f, "a packet longer than its block");
    f = whole;
    store_be32(f.bytes + at + 8, 1);
    expect_damage(&f, "an interface that is not described");
    f = whole;
    store_be32(f.bytes + 8, 1);
    expect_damage(&f, "without its byte-order mark");
    f = whole;
    f.size = 9;
    expect_damage(&f, "ends within its file header");
    f = (struct file){.size = 0};
    for (int i = 0; i < 6; i++) {
        put32(&f, i == 0 ? 0xa1b2c3d4 : i == 5 ? 101 : 0);
    }
    put32(&f, 0);
    put32(&f, 0);
    put32(&f, UINT32_MAX);
    put32(&f, 40);
    expect_damage(&f, "a packet's length cannot be true: test, packet 1 (offset 24)");
    f = whole;
    store_be16(f.bytes + 28 + 8, 105);
    expect_damage(&f, "link type 105 (IEEE802_11) is not understood");
}

/* Every prefix, and every byte changed: an error or not, but one line and no crash. */
static void nothing_in_a_file_is_dangerous(void **state)
{
    uint8_t ip[KIT_PACKET_MAX];
    size_t size = kit_packet(&data, ip);
    struct file f = {.size = 0};

    (void)state;
    section(&f, true);
    interface(&f, 101, 6, 5);
    packet(&f, 0, 1, ip, size);
    for (size_t i = 0; i < f.size * 2; i++) {
        struct file bad = f;
        char why[CAPTURE_WHY_MAX] = "";
        struct capture_packet p;
        struct capture *c;
        if (i < f.size) {
            bad.size = i;
        } else {
            bad.bytes[i - f.size] ^= 0xff;
        }
        enum capture_status status = capture_open_memory(&c, "test", bad.bytes, bad.size, why);
        while (status == CAPTURE_OK) {
            status = capture_next(c, &p, why);
        }
        assert_true(status == CAPTURE_END || (why[0] != '\0' && strchr(why, '\n') == NULL));
        capture_close(c);
    }
}

static void filters_are_compiled_for_each_link_type(void **state)
{
    uint8_t ip[KIT_PACKET_MAX], sll[KIT_PACKET_MAX + 16] = {[14] = 8};
    static const struct kit_step answer = {0, 0, '<', "A", .seq = 8001, .ack = 1021};
    char why[CAPTURE_WHY_MAX] = "";
    struct file f = {.size = 0};
    size_t size = kit_packet(&data, ip);

    (void)state;
    section(&f, true);
    interface(&f, 101, 0, 0);
    interface(&f, 113, 0, 0);
    packet(&f, 0, 1, ip, size);
    memcpy(sll + 16, ip, size);
    packet(&f, 1, 2, sll, size + 16);
    size = kit_packet(&answer, ip);
    packet(&f, 0, 3, ip, size);
    struct capture *c = open_it(&f);
    assert_int_equal(capture_filter(c, "src port 40000", why), CAPTURE_OK);
    assert_int_equal(next_time(c), 1000);
    assert_int_equal(next_time(c), 2000);
    expect_end(c);
    assert_int_equal(capture_filter(c, "src porridge", why), CAPTURE_FILTER);
    assert_non_null(strstr(why, "bad filter ("));
    assert_null(strchr(why, '\n'));
    assert_int_equal(capture_filter(c, NULL, why), CAPTURE_OK);
    assert_int_equal(capture_rewind(c, why), CAPTURE_OK);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(next_time(c), i * 1000);
    }
    capture_close(c);
}

/* RFC 1952 2.2: a gzip file may have several members. */
static void gzip_is_read_through(void **state)
{
    uint8_t ip[KIT_PACKET_MAX], packed[FILE_MAX];
    struct file f = {.size = 0};
    size_t size = kit_packet(&data, ip), at = 0;

    (void)state;
    section(&f, true);
    interface(&f, 101, 0, 0);
    packet(&f, 0, 1, ip, size);
    packet(&f, 0, 2, ip, size);
    for (size_t from = 0; from < f.size; from += 100) {
        z_stream z = {.next_in = f.bytes + from,
                      .avail_in = (uInt)MIN(100, f.size - from),
                      .next_out = packed + at,
                      .avail_out = (uInt)(FILE_MAX - at)};
        assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        at += z.total_out;
        deflateEnd(&z);
    }
    struct file zipped = {.size = at};
    memcpy(zipped.bytes, packed, at);
    struct capture *c = open_it(&zipped);
    assert_int_equal(next_time(c), 1000);
    assert_int_equal(next_time(c), 2000);
    expect_end(c);
    capture_close(c);
    zipped.size -= 9;
    expect_damage(&zipped, "the compressed file ends too early");
    zipped.bytes[10] = 0xff; /* RFC 1951 3.2.3: no block is of type 3 */
    expect_damage(&zipped, "the compressed data is damaged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_interface_has_its_own_clock),
        cmocka_unit_test(simple_packets_and_other_blocks),
        cmocka_unit_test(what_was_lost_is_told),
        cmocka_unit_test(lengths_that_lie_are_found),
        cmocka_unit_test(nothing_in_a_file_is_dangerous),
        cmocka_unit_test(filters_are_compiled_for_each_link_type),
        cmocka_unit_test(gzip_is_read_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
