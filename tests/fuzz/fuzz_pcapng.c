/* fuzz_pcapng.c - the pcapng writer: every block is whole, says its length twice, and stays in its room. */
#include "fuzz_kit.h"

#include "wire/pcapng.h"

static uint32_t load_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void check_block(const uint8_t *out, size_t size)
{
    CHECK(size % 4 == 0 && size >= 12);
    CHECK(load_le32(out + 4) == size && load_le32(out + size - 4) == size);
}

/* First byte: flags of what to write; second: length of the text; then text, then packet. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t mode = fuzz_byte(&data, &size);
    size_t text_size = fuzz_byte(&data, &size);
    char text[257];

    text_size = text_size < size ? text_size : size;
    memcpy(text, data, text_size);
    text[text_size] = '\0';
    const char *comment = (mode & 1) != 0 ? text : NULL;
    struct pcapng_packet packet = {.interface = mode,
                                   .time_ns = UINT64_MAX / (mode + 1u),
                                   .data = data + text_size,
                                   .size = (uint32_t)(size - text_size),
                                   .flags = mode >> 6,
                                   .comment = comment};
    size_t room = pcapng_packet_room(&packet);
    size_t capacity = room + 600;
    uint8_t *out = malloc(capacity);

    CHECK(pcapng_packet(out, room - 1, &packet) == 0);
    CHECK(pcapng_packet(out, room, &packet) == room);
    check_block(out, room);
    CHECK(packet.size == 0 || memcmp(out + 28, packet.data, packet.size) == 0);
    check_block(out, pcapng_section(out, capacity, comment));
    check_block(out, pcapng_interface(out, capacity, PCAPNG_LINK_RAW, comment));
    free(out);
    return 0;
}
