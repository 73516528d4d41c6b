/*
 * fuzz_merge.c - merging and cutting again gives the packets back, byte for byte.
 *
 * Input: mode (1 byte), gso_size (2), payload sizes (2 + 2), up to 8 bytes of damage (place 1, value 1), then
 * packet a. Packet b is made from a as the sender's next one, then damaged.
 */
#include "fuzz_kit.h"

#include "base/bytes.h"
#include "wire/checksum.h"
#include "wire/gso.h"
#include "wire/gso_headers.h"
#include "wire/tcp.h"

#define ROOM (2 * 65536 + 200)

struct packet {
    uint8_t bytes[ROOM];
    uint32_t size;
};

static struct packet a, b, merged;
static uint8_t scratch[65535 + 14];

/* Lengths and checksums as a sender would write them. */
static void finish(struct packet *packet, uint32_t link_size)
{
    uint8_t *ip = packet->bytes + link_size;
    size_t size = packet->size - link_size;
    struct gso_headers h;

    if (!gso_headers_find(ip, size, &h) || gso_headers_tcp_size(ip, size, &h) == 0 ||
        size > 65535) {
        return;
    }
    if (h.ip6) {
        store_be16(ip + 4, (uint16_t)(size - 40));
    } else {
        store_be16(ip + 2, (uint16_t)size);
        csum_store(ip + 10, 0);
        csum_store(ip + 10, csum_finish(csum_sum_portable(ip, h.upper, 0)));
    }
    uint8_t *tcp = ip + h.upper;
    struct ip_addr src = h.ip6 ? ip_addr_from_v6(ip + 8) : ip_addr_from_v4(ip + 12);
    struct ip_addr dst = h.ip6 ? ip_addr_from_v6(ip + 24) : ip_addr_from_v4(ip + 16);
    csum_store(tcp + 16, 0);
    uint64_t sum = csum_pseudo(&src, &dst, 6, (uint32_t)(size - h.upper));
    csum_store(tcp + 16, csum_finish(csum_sum_portable(tcp, size - h.upper, sum)));
}

/* Makes a with `a_payload` bytes and b behind it; false when the input holds no TCP packet. */
static bool make_pair(const uint8_t *data, size_t size, uint32_t link_size, uint32_t a_payload,
                      uint32_t b_payload, uint32_t segments)
{
    struct gso_headers h;

    if (size <= link_size || !gso_headers_find(data + link_size, size - link_size, &h)) {
        return false;
    }
    size_t tcp_size = gso_headers_tcp_size(data + link_size, size - link_size, &h);
    if (tcp_size == 0) {
        return false;
    }
    uint32_t header_size = (uint32_t)(link_size + h.upper + tcp_size);
    memcpy(a.bytes, data, header_size);
    for (uint32_t i = 0; i < a_payload; i++) {
        a.bytes[header_size + i] = (uint8_t)(i * 7 + data[i % size]);
    }
    a.size = header_size + a_payload;
    b = a;
    b.size = header_size + b_payload;
    uint8_t *tcp = b.bytes + link_size + h.upper;
    store_be32(tcp + 4, load_be32(tcp + 4) + a_payload);
    if (!h.ip6) {
        uint8_t *id = b.bytes + link_size + 4;
        store_be16(id, (uint16_t)(load_be16(id) + segments));
    }
    return true;
}

struct back {
    uint32_t count, segments, header_size, gso_size;
};

/* The segments of a have its payload; the last one, which stays in scratch, is b. */
static void give_back(void *ctx, uint8_t *packet, uint32_t size)
{
    struct back *back = ctx;

    if (back->count < back->segments) {
        const uint8_t *payload = a.bytes + back->header_size + back->count * back->gso_size;
        CHECK(size == back->header_size + back->gso_size);
        CHECK(memcmp(packet + back->header_size, payload, back->gso_size) == 0);
    } else {
        CHECK(size == b.size);
    }
    back->count++;
}

static void check_merge(uint32_t link_size, uint16_t gso_size, uint32_t segments)
{
    struct gso_headers h;
    uint8_t *ip = merged.bytes + link_size;

    merged = a;
    CHECK(gso_headers_find(a.bytes + link_size, a.size - link_size, &h));
    size_t tcp_size = gso_headers_tcp_size(a.bytes + link_size, a.size - link_size, &h);
    size_t header_size = link_size + h.upper + tcp_size;
    memcpy(merged.bytes + a.size, b.bytes + header_size, b.size - header_size);
    merged.size = a.size + b.size - (uint32_t)header_size;
    CHECK(merged.size - link_size <= 65535);
    ip[h.upper + 13] |= b.bytes[link_size + h.upper + 13]; /* PSH */
    finish(&merged, link_size);

    const struct weir_slice slice = {merged.bytes, merged.size};
    struct weir_offload offload = {.gso_size = gso_size};
    offload.gso_type = h.ip6 ? WEIR_GSO_TCP6 : WEIR_GSO_TCP4;
    struct back back = {0, segments, (uint32_t)header_size, gso_size};
    CHECK(gso_to_wire(NULL, &slice, 1, &offload, link_size, scratch, give_back, &back));
    CHECK(back.count == segments + 1);
    bool dont_fragment = !h.ip6 && (b.bytes[link_size + 6] & 0x40) != 0;
    if (dont_fragment) { /* the ID means nothing and is not kept */
        memcpy(b.bytes + link_size + 4, scratch + link_size + 4, 2);
        finish(&b, link_size);
    }
    CHECK(memcmp(scratch, b.bytes, b.size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t mode = fuzz_byte(&data, &size);
    uint32_t link_size = (mode & 1) != 0 ? 14 : 0;
    uint16_t gso_size = fuzz_u16(&data, &size);
    uint32_t a_payload = fuzz_u16(&data, &size), b_payload = fuzz_u16(&data, &size);
    unsigned damage = (mode >> 1) % 9;
    uint8_t place[8], value[8];

    for (unsigned i = 0; i < damage; i++) {
        place[i] = fuzz_byte(&data, &size);
        value[i] = fuzz_byte(&data, &size);
    }
    uint32_t segments = gso_size == 0 ? 1 : a_payload / gso_size;
    if (!make_pair(data, size, link_size, a_payload, b_payload, segments)) {
        return 0;
    }
    for (unsigned i = 0; i < damage; i++) {
        b.bytes[place[i]] ^= value[i];
    }
    finish(&a, link_size);
    finish(&b, link_size);
    if (gso_can_merge(a.bytes, a.size, gso_size, b.bytes, b.size, link_size)) {
        CHECK(!gso_can_merge(b.bytes, b.size, gso_size, a.bytes, a.size, link_size));
        check_merge(link_size, gso_size == 0 ? (uint16_t)a_payload : gso_size, segments);
    }
    return 0;
}
