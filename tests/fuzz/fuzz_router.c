/*
 * fuzz_router.c - router advertisements, one after the other with time in between, on a link that believes
 * them. Each is a length byte, a byte of time (its low half the exponent of seconds), and the message
 * from the type on; checksum and IP header are made good. ip_check holds after every step, and what is
 * kept stays within its bounds.
 */
#include "fuzz_kit.h"

#include "base/bytes.h"
#include "ip/slaac.h"
#include "wire/checksum.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

static void *allocate(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

static void release(void *ctx, void *memory, size_t size)
{
    (void)ctx;
    (void)size;
    free(memory);
}

static void drain(struct env *env, struct ip *ip)
{
    struct ip_reply reply;
    while (ip_reply_next(ip, &reply)) {
        buffer_unref(&env->buffers, reply.buffer);
    }
}

/* Everything that is due; a clock that stands still must not keep it busy. */
static void run(struct env *env, struct ip *ip, weir_time until)
{
    for (uint32_t turn = 0; ip_deadline(ip) <= until; turn++) {
        CHECK(turn < 10000);
        weir_time at = ip_deadline(ip);
        env->now = at > env->now ? at : env->now;
        ip_timers(ip);
        ip_check(ip);
        drain(env, ip);
    }
    env->now = until;
}

static void hear(struct env *env, struct ip *ip, const uint8_t *data, size_t size)
{
    struct ip_addr src = {{0xfe, 0x80, [15] = 2}}, dst = {{0xff, 0x02, [15] = 1}};
    struct weir_buffer *b = buffer_alloc(&env->buffers, (uint32_t)size + IP6_HEADER_SIZE);
    struct ip6_header h = {
        .payload_size = (uint16_t)size, .next_header = IP_PROTOCOL_ICMP6, .hop_limit = 255};
    struct ip_packet packet;
    struct ip_error error;
    memcpy(h.src, src.b, 16);
    memcpy(h.dst, dst.b, 16);
    ip6_build(b->data, &h);
    uint8_t *p = b->data + IP6_HEADER_SIZE;
    memcpy(p, data, size);
    p[0] = ICMP6_ROUTER_ADVERT;
    csum_store(p + 2, 0);
    uint64_t pseudo = csum_pseudo(&src, &dst, IP_PROTOCOL_ICMP6, (uint32_t)size);
    csum_store(p + 2, csum_finish(csum_sum_portable(p, size, pseudo)));
    b->size = (uint32_t)size + IP6_HEADER_SIZE;
    CHECK(ip_input(ip, 0, b, &packet, &error) == IP_DONE);
    ip_check(ip);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct weir_config config = {.size = sizeof(config), .reproducible = true, .neighbors_max = 8};
    struct weir_allocator allocator = {.alloc = allocate, .free = release};
    struct weir_link_config link = {.size = sizeof(link), .medium = WEIR_MEDIUM_IP, .mtu = 1500};
    struct env env;
    struct ip ip;

    CHECK(env_init(&env, &config, &allocator) == WEIR_OK);
    CHECK(ip_init(&ip, &env) == WEIR_OK);
    CHECK(ip_link_add(&ip, &link) == 0);
    CHECK(ip_slaac_start(&ip, 0, WEIR_IDENTIFIER_STABLE) == WEIR_OK);
    while (size != 0) {
        size_t length = (size_t)8 + fuzz_byte(&data, &size);
        uint8_t time = fuzz_byte(&data, &size);
        length = length < size ? length : size;
        if (length >= 8) {
            hear(&env, &ip, data, length);
        }
        data += length;
        size -= length;
        run(&env, &ip, env.now + ((weir_time)(time >> 4) << (time & 15)) * WEIR_S);
        CHECK(ip.route_count <= 1 + WEIR_SLAAC_ROUTERS_MAX + WEIR_SLAAC_PREFIXES_MAX);
        CHECK(ip.links[0].mtu6 == 0 || ip.links[0].mtu6 >= 1280);
    }
    ip_fini(&ip);
    CHECK(env.buffers.out == 0);
    env_fini(&env);
    return 0;
}
