/*
 * fuzz_ip_input.c - any sequence of frames, times and questions, on a stack with an Ethernet link and a
 * tunnel. ip_check holds after every step, what comes out is well formed, and no buffer is lost.
 *
 * The input is a list of steps: one byte says what (enum step), then what the step needs. Frames come as
 * a size (2 bytes) and bytes; on request their checksums are made good first, so that the fuzzer gets
 * past them.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "ip/ip.h"
#include "wire/checksum.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

enum step {
    STEP_ETHERNET = 0, /* size, frame as it is */
    STEP_ETHERNET_FIXED,
    STEP_TUNNEL,
    STEP_TUNNEL_FIXED,
    STEP_LOOPBACK_FIXED,
    STEP_TIME,  /* one byte: exponent of nanoseconds */
    STEP_DRAIN, /* one byte: how many replies */
    STEP_PATH,  /* one byte: the last one of a neighbour's address */
    STEP_LINK,  /* one byte: up or down */
    STEP_ADDRESS,
    STEP_COUNT
};

struct bench {
    struct env env;
    struct ip ip;
    uint32_t eth, tun;
};

struct reader {
    const uint8_t *p, *end;
};

static uint8_t read_byte(struct reader *r)
{
    return r->p < r->end ? *r->p++ : 0;
}

static void *allocate(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

static void give_back(void *ctx, void *memory, size_t size)
{
    (void)ctx;
    (void)size;
    free(memory);
}

static void add(struct bench *b, uint32_t link, const char *text, uint8_t prefix)
{
    struct weir_ip ip;
    (void)weir_ip_parse(text, &ip);
    struct ip_addr a = ip_addr_from_public(&ip);
    (void)ip_address_add(&b->ip, link, &a, prefix);
}

static void set_up(struct bench *b)
{
    static const struct weir_allocator allocator = {.alloc = allocate, .free = give_back};
    static const struct weir_config config = {.reproducible = true,
                                              .ring_records = 8,
                                              .reassembly_bytes = 16384,
                                              .neighbors_max = 4,
                                              .answer_echo = true};
    struct weir_link_config link = {.size = sizeof(link),
                                    .medium = WEIR_MEDIUM_ETHERNET,
                                    .mac = {2, 0, 0, 0, 0, 1},
                                    .mtu = 1500};
    ASSERT(env_init(&b->env, &config, &allocator) == WEIR_OK);
    ASSERT(ip_init(&b->ip, &b->env) == WEIR_OK);
    b->env.now = WEIR_S;
    b->eth = (uint32_t)ip_link_add(&b->ip, &link);
    link.medium = WEIR_MEDIUM_IP;
    link.accept_any = true;
    b->tun = (uint32_t)ip_link_add(&b->ip, &link);
    add(b, b->eth, "192.0.2.1", 24);
    add(b, b->eth, "2001:db8::1", 64);
    add(b, b->eth, "fe80::1", 64);
    add(b, b->tun, "198.51.100.1", 24);
    add(b, b->tun, "2001:db8:1::1", 64);
}

/* ---- Checksums made good --------------------------------------------------------------------------- */

static void fix4(uint8_t *p, uint32_t size)
{
    uint32_t header = (p[0] & 15u) * 4;
    if (size < 20 || header < 20 || header > size) {
        return;
    }
    csum_store(p + 10, 0);
    csum_store(p + 10, csum_finish(csum_sum_portable(p, header, 0)));
    uint32_t total = load_be16(p + 2);
    if (p[9] == IP_PROTOCOL_ICMP && total <= size && total >= header + 4) {
        csum_store(p + header + 2, 0);
        csum_store(p + header + 2, csum_finish(csum_sum_portable(p + header, total - header, 0)));
    }
}

static void fix6(uint8_t *p, uint32_t size)
{
    uint8_t protocol;
    size_t offset;
    bool fragment;
    if (size < 40) {
        return;
    }
    uint32_t total = 40u + load_be16(p + 4);
    if (!ip6_find_upper(p, size, &protocol, &offset, &fragment) || fragment ||
        protocol != IP_PROTOCOL_ICMP6 || total > size || total < offset + 4) {
        return;
    }
    struct ip_addr src = ip_addr_from_v6(p + 8), dst = ip_addr_from_v6(p + 24);
    uint32_t upper = total - (uint32_t)offset;
    csum_store(p + offset + 2, 0);
    uint64_t pseudo = csum_pseudo(&src, &dst, IP_PROTOCOL_ICMP6, upper);
    csum_store(p + offset + 2, csum_finish(csum_sum_portable(p + offset, upper, pseudo)));
}

static void fix(uint8_t *p, uint32_t size)
{
    if (size >= 20 && p[0] >> 4 == 4) {
        fix4(p, size);
    } else if (size >= 40 && p[0] >> 4 == 6) {
        fix6(p, size);
    }
}

/* ---- Steps -------------------------------------------------------------------------------------------- */

static void check_packet(const struct bench *b, const struct ip_packet *packet)
{
    const struct weir_buffer *buffer = packet->buffer;
    ASSERT(buffer->data - packet->ip_size >= buffer->memory);
    ASSERT(buffer->size + packet->ip_size <= 65535 + 40);
    ASSERT(packet->protocol == IP_PROTOCOL_TCP || packet->protocol == IP_PROTOCOL_UDP);
    ASSERT(packet->to_group || ip_address_accepts(&b->ip, packet->link, &packet->dst));
    uint8_t all = 0; /* every byte is there to be read */
    for (uint32_t i = 0; i < buffer->size; i++) {
        all |= buffer->data[i];
    }
    (void)all;
}

static void step_frame(struct bench *b, struct reader *r, uint32_t link, bool fixed)
{
    struct ip_packet packet;
    struct ip_error error;
    uint32_t size = (uint32_t)read_byte(r) << 8;
    size |= read_byte(r);
    size = min_u32(size, (uint32_t)(r->end - r->p));
    struct weir_buffer *buffer = buffer_alloc(&b->env.buffers, size);
    ASSERT(buffer != NULL);
    if (size != 0) {
        memcpy(buffer->data, r->p, size);
    }
    r->p += size;
    buffer->size = size;
    uint32_t skip = link == b->eth ? ETH_HEADER_SIZE : 0;
    if (fixed && size > skip) {
        fix(buffer->data + skip, size - skip);
    }
    switch (ip_input(&b->ip, link, buffer, &packet, &error)) {
    case IP_PACKET:
        check_packet(b, &packet);
        ip_send_unreachable(&b->ip, &packet, IP_UNREACHABLE_PORT);
        buffer_unref(&b->env.buffers, packet.buffer);
        break;
    case IP_ERROR: ASSERT(error.protocol == 6 || error.protocol == 17); break;
    default: break;
    }
}

static void step_drain(struct bench *b, uint32_t count)
{
    struct ip_reply reply;
    for (; count > 0 && ip_reply_next(&b->ip, &reply); count--) {
        uint32_t skip = reply.link == b->eth ? ETH_HEADER_SIZE : 0;
        const uint8_t *p = reply.buffer->data + skip;
        uint32_t size = reply.buffer->size - skip;
        ASSERT(reply.buffer->size > skip && size <= 65535);
        ASSERT(reply.link == IP_LINK_LOOPBACK || size <= b->ip.links[reply.link].config.mtu);
        struct ip4_header h;
        if (skip == 0 || load_be16(p - 2) == ETH_TYPE_IP4) {
            ASSERT(p[0] >> 4 == 6 || ip4_parse(p, size, false, &h) == WEIR_DROP_NONE);
        }
        buffer_unref(&b->env.buffers, reply.buffer);
    }
}

static void step_path(struct bench *b, uint8_t last)
{
    uint8_t v4[4] = {192, 0, 2, last};
    uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = last};
    struct ip_addr dst = last & 1 ? ip_addr_from_v4(v4) : ip_addr_from_v6(v6), chosen;
    struct ip_path path;
    if (ip_path_find(&b->ip, &dst, NULL, WEIR_ANY_LINK, &path, &chosen) == WEIR_OK) {
        ASSERT(path.generation == b->ip.generation);
        if (ip_path_ready(&b->ip, &path) == IP_READY_OK) {
            ip_neighbor_confirm(&b->ip, path.neighbor);
        }
    }
}

static void step_address(struct bench *b, uint8_t last)
{
    uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = last & 7};
    struct ip_addr a = ip_addr_from_v6(v6);
    if (last & 0x80) {
        (void)ip_address_del(&b->ip, b->eth, &a);
    } else {
        (void)ip_address_add(&b->ip, b->eth, &a, 64);
    }
}

static void step_time(struct bench *b, uint8_t exponent)
{
    weir_time before = ip_deadline(&b->ip);
    b->env.now += UINT64_C(1) << exponent % 37;
    ip_timers(&b->ip);
    ASSERT(b->env.now < before || ip_deadline(&b->ip) > before || ip_reply_pending(&b->ip));
}

static void do_step(struct bench *b, struct reader *r)
{
    uint32_t neighbor;
    bool usable;
    uint8_t what = read_byte(r) % STEP_COUNT;
    switch (what) {
    case STEP_ETHERNET:
    case STEP_ETHERNET_FIXED: step_frame(b, r, b->eth, what == STEP_ETHERNET_FIXED); break;
    case STEP_TUNNEL:
    case STEP_TUNNEL_FIXED: step_frame(b, r, b->tun, what == STEP_TUNNEL_FIXED); break;
    case STEP_LOOPBACK_FIXED: step_frame(b, r, IP_LINK_LOOPBACK, true); break;
    case STEP_TIME: step_time(b, read_byte(r)); break;
    case STEP_DRAIN: step_drain(b, read_byte(r)); break;
    case STEP_PATH: step_path(b, read_byte(r)); break;
    case STEP_LINK: (void)ip_link_set_up(&b->ip, b->eth, read_byte(r) & 1); break;
    default: step_address(b, read_byte(r)); break;
    }
    while (ip_neighbor_event(&b->ip, &neighbor, &usable)) {}
    b->ip.duplicate_address = 0;
    ip_check(&b->ip);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bench b;
    struct reader r = {.p = data, .end = data + size};
    set_up(&b);
    while (r.p < r.end) {
        do_step(&b, &r);
    }
    ip_fini(&b.ip);
    ASSERT(b.env.buffers.out == 0);
    env_fini(&b.env);
    ASSERT(b.env.memory.used == 0);
    return 0;
}
