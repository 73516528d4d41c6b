/*
 * fuzz_dhcp.c - what a DHCP server may say: the parser alone, and a client that hears it on a stack of its own.
 *
 * Each step is a byte of time (its low half the exponent of milliseconds), a byte of options' size, and that many
 * bytes of options after a type of message that the client waits for (the first byte's two upper bits); xid, MAC, cookie and
 * headers are made good. Afterwards nothing is left: no address, no route, no byte of memory.
 */
#include "fuzz_kit.h"

#include "base/bytes.h"
#include "dhcp/client.h"
#include "wire/checksum.h"
#include "wire/eth.h"

struct bench {
    struct weir_stack *stack;
    struct weir_dhcp *dhcp;
    weir_time now;
    size_t bytes; /* from the allocator */
};

static void *allocate(void *ctx, size_t size)
{
    *(size_t *)ctx += size;
    return malloc(size);
}

static void release(void *ctx, void *memory, size_t size)
{
    *(size_t *)ctx -= size;
    free(memory);
}

static void turn(struct bench *b)
{
    struct weir_frame frames[8];
    size_t n;
    (void)weir_dhcp_run(b->dhcp, b->now);
    while ((n = weir_output(b->stack, frames, 8, b->now)) != 0) {
        weir_frame_done(b->stack, frames, n, WEIR_FRAME_SENT);
    }
    (void)weir_dhcp_run(b->dhcp, b->now);
    weir_stack_check(b->stack);
}

static void pass(struct bench *b, weir_time until)
{
    for (uint32_t i = 0; i < 2000 && b->now < until; i++) {
        weir_time at = weir_deadline(b->stack), own = weir_dhcp_deadline(b->dhcp);
        at = at < own ? at : own;
        at = at < until ? at : until;
        b->now = at > b->now ? at : b->now;
        turn(b);
    }
    b->now = until;
    turn(b);
}

static void hear(struct bench *b, uint8_t type, const uint8_t *options, size_t size)
{
    uint8_t frame[42 + 244 + 256] = {0}, *udp = frame + 34, *m = udp + 8;
    struct eth_header eth = {.type = ETH_TYPE_IP4};
    const uint8_t *mac = b->stack->ip.links[0].config.mac;
    struct ip4_header h = {.ttl = 64, .protocol = 17, .total_size = (uint16_t)(28 + 243 + size)};
    struct weir_buffer *buffer;
    memcpy(eth.dst, mac, 6);
    eth.src[5] = 9;
    memcpy(h.src, "\300\000\002\002", 4);
    memcpy(h.dst, "\300\000\002\115", 4);
    eth_build(frame, &eth);
    ip4_build(frame + 14, &h);
    store_be16(udp, 67);
    store_be16(udp + 2, 68);
    store_be16(udp + 4, (uint16_t)(8 + 243 + size));
    m[0] = 2;
    m[1] = 1;
    m[2] = 6;
    store_be32(m + 4, b->dhcp->xid);
    memcpy(m + 16, "\300\000\002\115", 4);
    memcpy(m + 28, mac, 6);
    store_be32(m + 236, 0x63825363);
    m[240] = 53;
    m[241] = 1;
    m[242] = type;
    memcpy(m + 243, options, size);
    buffer = weir_buffer_alloc(b->stack, (uint32_t)(42 + 243 + size));
    CHECK(buffer != NULL);
    memcpy(buffer->data, frame, 42 + 243 + size);
    buffer->size = (uint32_t)(42 + 243 + size);
    weir_input(b->stack, 0, &buffer, 1, b->now);
    turn(b);
}

static void start(struct bench *b)
{
    struct weir_allocator allocator = {.ctx = &b->bytes, .alloc = allocate, .free = release};
    struct weir_config config;
    struct weir_link_config link;
    struct weir_dhcp_config dhcp;
    weir_config_default(&config);
    config.reproducible = true;
    CHECK(weir_stack_new(&b->stack, &config, &allocator) == WEIR_OK);
    weir_link_config_default(&link);
    link.medium = WEIR_MEDIUM_ETHERNET;
    link.mac[5] = 1;
    CHECK(weir_link_add(b->stack, &link) == 0);
    weir_dhcp_config_default(&dhcp);
    dhcp.no_probe = true;
    CHECK(weir_dhcp_new(&b->dhcp, b->stack, 0, &dhcp) == WEIR_OK);
    turn(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t types[] = {DHCP_OFFER, DHCP_ACK, DHCP_NAK, DHCP_DISCOVER};
    struct bench b = {.now = WEIR_S};
    struct dhcp_reply reply;
    struct weir_event event;
    uint8_t *copy = fuzz_copy(data, size);
    if (dhcp_parse(copy, size, &reply)) {
        CHECK(reply.network.prefix <= 32 || reply.network.prefix == DHCP_NO_PREFIX);
        CHECK(reply.network.route_count <= DHCP_ROUTES_MAX);
    }
    free(copy);
    start(&b);
    while (size > 2) {
        uint8_t head = fuzz_byte(&data, &size);
        size_t length = fuzz_byte(&data, &size);
        length = length < size ? length : size;
        hear(&b, types[head >> 6], data, length);
        data += length;
        size -= length;
        pass(&b, b.now + ((weir_time)(head >> 4 & 3) << (head & 15)) * 100 * WEIR_MS);
    }
    weir_dhcp_del(b.dhcp);
    CHECK(b.stack->ip.route_count == 0);
    while (weir_event(b.stack, &event)) {}
    CHECK(weir_stack_del(b.stack) == WEIR_OK);
    CHECK(b.bytes == 0);
    return 0;
}
