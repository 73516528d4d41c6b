/* test_pcapng.c - pcapng blocks, byte for byte; sizes that do not fit; long comments. */
#include "wire_kit.h"

#include "wire/pcapng.h"

#include <stdlib.h>

static void test_section(void **state)
{
    uint8_t out[64], want[64];

    (void)state;
    size_t size = unhex(want, "0a0d0d0a 28000000 4d3c2b1a 01000000 ffffffff ffffffff"
                              "04000400 77656972 00000000 28000000");
    assert_int_equal(pcapng_section(out, sizeof(out), "weir"), size);
    assert_memory_equal(out, want, size);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(pcapng_section(out, i, "weir"), 0);
    }
    size = unhex(want, "0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffff ffffffff 1c000000");
    assert_int_equal(pcapng_section(out, sizeof(out), NULL), size);
    assert_memory_equal(out, want, size);
}

static void test_interface(void **state)
{
    uint8_t out[64], want[64];

    (void)state;
    size_t size = unhex(want, "01000000 2c000000 6500 0000 00000000"
                              "02000500 77656972 30000000 09000100 09000000 00000000 2c000000");
    assert_int_equal(pcapng_interface(out, sizeof(out), PCAPNG_LINK_RAW, "weir0"), size);
    assert_memory_equal(out, want, size);
    assert_int_equal(pcapng_interface(out, size - 1, PCAPNG_LINK_RAW, "weir0"), 0);
    size = unhex(want, "01000000 20000000 0100 0000 00000000 09000100 09000000 00000000 20000000");
    assert_int_equal(pcapng_interface(out, sizeof(out), PCAPNG_LINK_ETHERNET, NULL), size);
    assert_memory_equal(out, want, size);
}

static void test_packet(void **state)
{
    static const uint8_t data[] = {0xaa, 0xbb, 0xcc, 0xdd, 0xee};
    struct pcapng_packet packet = {.interface = 1,
                                   .time_ns = 0x0102030405060708,
                                   .data = data,
                                   .size = 5,
                                   .original_size = 1500,
                                   .flags = 2,
                                   .comment = "why"};
    uint8_t out[128], want[128];

    (void)state;
    size_t size = unhex(want, "06000000 3c000000 01000000 04030201 08070605 05000000 dc050000"
                              "aabbccdd ee000000 01000300 77687900 02000400 02000000 00000000"
                              "3c000000");
    assert_int_equal(pcapng_packet_room(&packet), size);
    memset(out, 0xff, sizeof(out));
    assert_int_equal(pcapng_packet(out, size, &packet), size);
    assert_memory_equal(out, want, size);
    assert_int_equal(out[size], 0xff);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(pcapng_packet(out, i, &packet), 0);
    }

    packet = (struct pcapng_packet){.data = data, .size = 4, .original_size = 4};
    size = unhex(want, "06000000 24000000 00000000 00000000 00000000 04000000 04000000 aabbccdd"
                       "24000000");
    assert_int_equal(pcapng_packet_room(&packet), size);
    assert_int_equal(pcapng_packet(out, sizeof(out), &packet), size);
    assert_memory_equal(out, want, size);

    packet = (struct pcapng_packet){.comment = ""};
    assert_int_equal(pcapng_packet(out, sizeof(out), &packet), 32);
    packet.size = UINT32_MAX; /* a block's length would not fit its field */
    assert_int_equal(pcapng_packet(out, SIZE_MAX, &packet), 0);
}

static void test_long_comment_is_cut_between_characters(void **state)
{
    size_t length = 70002;
    char *comment = malloc(length + 1);
    uint8_t *out = malloc(80000);
    struct pcapng_packet packet = {.comment = comment};

    (void)state;
    for (size_t shift = 0; shift < 3; shift++) { /* three-byte characters */
        memset(comment, 'a', shift);
        for (size_t i = shift; i < length; i++) {
            comment[i] = "\xe6\xb5\x81"[(i - shift) % 3];
        }
        comment[length] = '\0';
        size_t size = pcapng_packet(out, 80000, &packet);
        assert_int_equal(size, pcapng_packet_room(&packet));
        size_t option = (size_t)(out[30] | out[31] << 8);
        assert_true(option <= 65000 && option > 65000 - 3);
        assert_int_equal((option - shift) % 3, 0);
    }
    free(comment);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_section),
        cmocka_unit_test(test_interface),
        cmocka_unit_test(test_packet),
        cmocka_unit_test(test_long_comment_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
