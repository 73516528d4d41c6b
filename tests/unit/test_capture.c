/* test_capture.c - capture files of every kind, whole, cut and broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "trace/capture.h"
#include "unit/trace_kit.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/pcapng.h"

#define FILE_MAX 8192

/* A file being written into memory, and its name once it is on disk. */
struct file {
    uint8_t bytes[FILE_MAX];
    size_t size;
    char name[64];
};

static void add(struct file *f, const void *bytes, size_t size)
{
    assert_true(f->size + size <= FILE_MAX);
    memcpy(f->bytes + f->size, bytes, size);
    f->size += size;
}

static void add_be32(struct file *f, uint32_t value)
{
    uint8_t bytes[4];
    store_be32(bytes, value);
    add(f, bytes, 4);
}

/* A classic pcap header, big-endian. */
static void begin_pcap(struct file *f, uint32_t link, bool nanoseconds)
{
    f->size = 0;
    add_be32(f, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
    add_be32(f, 2 << 16 | 4);
    add_be32(f, 0);
    add_be32(f, 0);
    add_be32(f, 65535);
    add_be32(f, link);
}

static void add_packet(struct file *f, uint32_t s, uint32_t fraction, const uint8_t *bytes,
                       size_t captured, size_t original)
{
    add_be32(f, s);
    add_be32(f, fraction);
    add_be32(f, (uint32_t)captured);
    add_be32(f, (uint32_t)original);
    add(f, bytes, captured);
}

static void to_disk(struct file *f)
{
    strcpy(f->name, "/tmp/weir-test-XXXXXX");
    int fd = mkstemp(f->name);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, f->bytes, f->size), f->size);
    close(fd);
}

static const struct kit_step data = {0, 0, '>', "PA", .seq = 1001, .length = 20, .ack = 8001};

/* Opens the file, expects one packet and returns how it parses. */
static enum trace_parsed only_packet(struct file *f, struct capture_packet *packet,
                                     struct trace_segment *segment)
{
    char why[CAPTURE_WHY_MAX] = "";
    struct capture *c;
    struct capture_packet more;
    struct weir_endpoint src, dst;

    to_disk(f);
    assert_int_equal(capture_open(&c, f->name, why), CAPTURE_OK);
    assert_int_equal(capture_next(c, packet, why), CAPTURE_OK);
    enum trace_parsed parsed =
        packet->ip == NULL
            ? TRACE_NOT_TCP
            : trace_parse_ip(packet->ip, packet->size, packet->original, segment, &src, &dst);
    assert_int_equal(capture_next(c, &more, why), CAPTURE_END);
    capture_close(c);
    unlink(f->name);
    return parsed;
}

/* link, bytes before the IP header */
static const struct {
    uint32_t link;
    const char *header;
    size_t size;
} links[] = {
    {101, "", 0},
    {228, "", 0},
    {1, "\1\2\3\4\5\6\7\10\11\12\13\14\x08\x00", 14},
    {1, "\1\2\3\4\5\6\7\10\11\12\13\14\x81\x00\x00\x07\x08\x00", 18},
    {1, "\1\2\3\4\5\6\7\10\11\12\13\14\x88\xa8\x00\x07\x81\x00\x00\x07\x08\x00", 22},
    {113, "\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x08\x00", 16},
    {276, "\x08\x00\0\0\0\0\0\1\0\1\0\6\1\2\3\4\5\6\0\0", 20},
    {0, "\2\0\0\0", 4},
    {0, "\0\0\0\2", 4},
    {108, "\0\0\0\2", 4},
};

static void understands_every_link_type(void **state)
{
    uint8_t bytes[KIT_PACKET_MAX + 32], ip[KIT_PACKET_MAX];
    struct capture_packet packet;
    struct trace_segment segment;
    struct file f;
    size_t size = kit_packet(&data, ip);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
        memcpy(bytes, links[i].header, links[i].size);
        memcpy(bytes + links[i].size, ip, size);
        begin_pcap(&f, links[i].link, false);
        add_packet(&f, 5, 123456, bytes, size + links[i].size, size + links[i].size);
        assert_int_equal(only_packet(&f, &packet, &segment), TRACE_TCP);
        assert_int_equal(packet.time, 5123456000ULL);
        assert_int_equal(segment.seq, 1001);
        assert_int_equal(segment.length, 20);
    }
}

static void other_protocols_are_passed_over(void **state)
{
    static const uint8_t arp[42] = {[12] = 0x08, [13] = 0x06};
    struct capture_packet packet;
    struct trace_segment segment;
    struct file f;

    (void)state;
    begin_pcap(&f, 1, false);
    add_packet(&f, 0, 0, arp, sizeof(arp), sizeof(arp));
    assert_int_equal(only_packet(&f, &packet, &segment), TRACE_NOT_TCP);
    assert_null(packet.ip);
}

static void nanoseconds_are_kept(void **state)
{
    uint8_t ip[KIT_PACKET_MAX];
    struct capture_packet packet;
    struct trace_segment segment;
    struct file f;
    size_t size = kit_packet(&data, ip);

    (void)state;
    begin_pcap(&f, 101, true);
    add_packet(&f, 5, 123456789, ip, size, size);
    assert_int_equal(only_packet(&f, &packet, &segment), TRACE_TCP);
    assert_int_equal(packet.time, 5123456789ULL);
}

static void pcapng_is_read(void **state)
{
    uint8_t ip[KIT_PACKET_MAX];
    struct capture_packet packet;
    struct trace_segment segment;
    struct file f = {.size = 0};
    struct pcapng_packet ng = {.time_ns = 5123456789ULL, .data = ip};

    (void)state;
    ng.size = ng.original_size = (uint32_t)kit_packet(&data, ip);
    f.size += pcapng_section(f.bytes, FILE_MAX, "test");
    f.size += pcapng_interface(f.bytes + f.size, FILE_MAX - f.size, PCAPNG_LINK_RAW, "tun0");
    f.size += pcapng_packet(f.bytes + f.size, FILE_MAX - f.size, &ng);
    assert_int_equal(only_packet(&f, &packet, &segment), TRACE_TCP);
    assert_int_equal(packet.time, 5123456789ULL);
    assert_int_equal(segment.ack, 8001);
}

static void cut_packets_tell_what_their_headers_tell(void **state)
{
    static const struct kit_step syn = {0, 0, '>', "S", .seq = 1000, .mss = 1460};
    uint8_t ip[KIT_PACKET_MAX];
    struct trace_segment s;
    struct weir_endpoint src, dst;
    size_t size = kit_packet(&data, ip);

    (void)state;
    assert_int_equal(trace_parse_ip(ip, 40, size, &s, &src, &dst), TRACE_TCP);
    assert_int_equal(s.length, 20); /* though none of it was captured */
    assert_false(s.cut);
    assert_int_equal(trace_parse_ip(ip, 39, size, &s, &src, &dst), TRACE_CUT);
    assert_int_equal(trace_parse_ip(ip, 16, size, &s, &src, &dst), TRACE_MALFORMED);
    assert_int_equal(trace_parse_ip(ip, 0, size, &s, &src, &dst), TRACE_MALFORMED);

    size = kit_packet(&syn, ip); /* half an option is none */
    assert_int_equal(trace_parse_ip(ip, 42, size, &s, &src, &dst), TRACE_TCP);
    assert_true(s.cut);
    assert_int_equal(s.options.present, 0);
    assert_int_equal(s.options.mss, 0);
}

static void a_checksum_left_to_the_card_is_no_error(void **state)
{
    uint8_t ip[KIT_PACKET_MAX];
    struct trace_segment s;
    struct weir_endpoint src, dst;
    size_t size = kit_packet(&data, ip);

    (void)state;
    ip[10] ^= 0xff;
    assert_int_equal(trace_parse_ip(ip, size, size, &s, &src, &dst), TRACE_MALFORMED);
    ip[10] = ip[11] = 0;
    assert_int_equal(trace_parse_ip(ip, size, size, &s, &src, &dst), TRACE_TCP);
    assert_int_equal(s.seq, 1001);
}

static void ipv6_is_understood(void **state)
{
    uint8_t ip[KIT_PACKET_MAX], six[KIT_PACKET_MAX];
    struct trace_segment s;
    struct weir_endpoint src, dst;
    size_t size = kit_packet(&data, ip) - IP4_HEADER_SIZE;
    struct ip6_header h = {.payload_size = (uint16_t)size,
                           .next_header = IP_PROTOCOL_TCP,
                           .hop_limit = 64,
                           .src = {0xfd, [15] = 1},
                           .dst = {0xfd, [15] = 2}};

    (void)state;
    ip6_build(six, &h);
    memcpy(six + IP6_HEADER_SIZE, ip + IP4_HEADER_SIZE, size);
    size += IP6_HEADER_SIZE;
    assert_int_equal(trace_parse_ip(six, size, size, &s, &src, &dst), TRACE_TCP);
    assert_int_equal(s.length, 20);
    assert_int_equal(src.ip.family, 6);
    assert_int_equal(dst.port, 8000);
    assert_int_equal(trace_parse_ip(six, 60, size, &s, &src, &dst), TRACE_TCP);
    assert_int_equal(s.length, 20);
    assert_int_equal(trace_parse_ip(six, 59, size, &s, &src, &dst), TRACE_CUT);
}

/* Every prefix of every packet: no crash, and no field that was not captured. */
static void no_length_is_dangerous(void **state)
{
    uint8_t ip[KIT_PACKET_MAX];
    struct trace_segment s;
    struct weir_endpoint src, dst;
    size_t size = kit_packet(&data, ip);

    (void)state;
    for (size_t captured = 0; captured <= size; captured++) {
        uint8_t *exact = malloc(captured + 1); /* so that a sanitizer sees every byte too many */
        memcpy(exact, ip, captured);
        for (size_t original = 0; original <= size + 40; original++) {
            (void)trace_parse_ip(exact, captured, original, &s, &src, &dst);
        }
        (void)trace_parse_ip(exact, captured, SIZE_MAX, &s, &src, &dst);
        for (int link = 0; link < 300; link++) {
            (void)trace_link_header(link, exact, captured);
        }
        free(exact);
    }
}

/* Opens the file and expects this status and a line with these words. */
static void expect_open(struct file *f, enum capture_status status, const char *words)
{
    char why[CAPTURE_WHY_MAX] = "";
    struct capture *c;

    to_disk(f);
    assert_int_equal(capture_open(&c, f->name, why), status);
    assert_null(c);
    assert_non_null(strstr(why, words));
    assert_non_null(strstr(why, f->name));
    assert_null(strchr(why, '\n'));
    unlink(f->name);
}

static void bad_files_are_named(void **state)
{
    char why[CAPTURE_WHY_MAX];
    struct capture *c;
    struct file f = {.size = 0};

    (void)state;
    expect_open(&f, CAPTURE_BAD, "empty file");
    add(&f, "this is no capture, whatever its name says", 42);
    expect_open(&f, CAPTURE_BAD, "not a capture file");
    begin_pcap(&f, 101, false);
    f.size = 20;
    expect_open(&f, CAPTURE_BAD, "ends within its file header");
    begin_pcap(&f, 105, false);
    expect_open(&f, CAPTURE_BAD, "link type 105 (IEEE802_11)");
    assert_int_equal(capture_open(&c, "/nonexistent/file", why), CAPTURE_MISSING);
    assert_string_equal(why, "no such file: /nonexistent/file");
    assert_int_equal(capture_open(&c, "/", why), CAPTURE_BAD);
    assert_string_equal(why, "is a directory: /");
}

static void a_cut_file_is_read_up_to_the_cut(void **state)
{
    char why[CAPTURE_WHY_MAX] = "";
    uint8_t ip[KIT_PACKET_MAX];
    struct capture *c;
    struct capture_packet packet;
    struct file f;
    size_t size = kit_packet(&data, ip);

    (void)state;
    begin_pcap(&f, 101, false);
    add_packet(&f, 1, 0, ip, size, size);
    add_packet(&f, 2, 0, ip, size, size);
    f.size -= 7;
    to_disk(&f);
    assert_int_equal(capture_open(&c, f.name, why), CAPTURE_OK);
    assert_int_equal(capture_next(c, &packet, why), CAPTURE_OK);
    assert_int_equal(capture_next(c, &packet, why), CAPTURE_BAD);
    assert_non_null(strstr(why, "cut short"));
    assert_non_null(strstr(why, "packet 2 (offset 100)"));
    capture_close(c);
    unlink(f.name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(understands_every_link_type),
        cmocka_unit_test(other_protocols_are_passed_over),
        cmocka_unit_test(nanoseconds_are_kept),
        cmocka_unit_test(pcapng_is_read),
        cmocka_unit_test(cut_packets_tell_what_their_headers_tell),
        cmocka_unit_test(a_checksum_left_to_the_card_is_no_error),
        cmocka_unit_test(ipv6_is_understood),
        cmocka_unit_test(no_length_is_dangerous),
        cmocka_unit_test(bad_files_are_named),
        cmocka_unit_test(a_cut_file_is_read_up_to_the_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
