/* ip_kit.c - see ip_kit.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ip_kit.h"

#include "base/bytes.h"

const uint8_t kit_mac[6] = {0x02, 0, 0, 0, 0, 0x01};
const uint8_t kit_peer_mac[6] = {0x02, 0, 0, 0, 0, 0x02};

/* ---- The stack ----------------------------------------------------------------------------------- */

struct ip_addr kit_ip(const char *text)
{
    struct weir_ip ip;
    assert_int_equal(weir_ip_parse(text, &ip), WEIR_OK);
    return ip_addr_from_public(&ip);
}

struct ip_kit *ip_kit_new(void)
{
    struct weir_config config = {
        .size = sizeof(config),
        .reproducible = true,
        .ring_records = 16,
        .reassembly_bytes = 256 * 1024,
        .neighbors_max = 8,
        .answer_echo = true,
    };
    struct weir_link_config ethernet = {.size = sizeof(ethernet),
                                        .medium = WEIR_MEDIUM_ETHERNET,
                                        .mtu = 1500,
                                        .no_dad = true,
                                        .no_group_reports = true};
    struct weir_link_config tunnel = {
        .size = sizeof(tunnel), .medium = WEIR_MEDIUM_IP, .mtu = 1400};
    struct ip_kit *k = calloc(1, sizeof(*k));
    assert_non_null(k);
    struct weir_allocator allocator = heap_allocator(&k->heap);
    assert_int_equal(env_init(&k->env, &config, &allocator), WEIR_OK);
    k->env.now = 1000 * WEIR_S;
    assert_int_equal(ip_init(&k->ip, &k->env), WEIR_OK);
    memcpy(ethernet.mac, kit_mac, 6);
    k->eth = (uint32_t)ip_link_add(&k->ip, &ethernet);
    k->tun = (uint32_t)ip_link_add(&k->ip, &tunnel);
    return k;
}

static void add(struct ip_kit *k, uint32_t link, const char *text, uint8_t prefix)
{
    struct ip_addr a = kit_ip(text);
    assert_int_equal(ip_address_add(&k->ip, link, &a, prefix), WEIR_OK);
}

struct ip_kit *ip_kit_ready(void)
{
    struct ip_kit *k = ip_kit_new();
    add(k, k->eth, "192.0.2.1", 24);
    add(k, k->eth, "2001:db8::1", 64);
    add(k, k->eth, "fe80::1", 64);
    add(k, k->tun, "198.51.100.1", 24);
    add(k, k->tun, "2001:db8:1::1", 64);
    ip_check(&k->ip);
    return k;
}

void ip_kit_del(struct ip_kit *k)
{
    ip_check(&k->ip);
    ip_fini(&k->ip);
    assert_int_equal(k->env.buffers.out, 0);
    env_fini(&k->env);
    assert_int_equal(k->heap.blocks, 0);
    free(k);
}

void kit_advance(struct ip_kit *k, weir_time by)
{
    k->env.now += by;
    ip_timers(&k->ip);
    ip_check(&k->ip);
}

/* ---- Frames in --------------------------------------------------------------------------------------- */

static void build_eth(struct kit_frame *f, const struct kit_upper *u, const struct ip_addr *dst)
{
    struct eth_header eth = {.type = ip_addr_is_v4(dst) ? ETH_TYPE_IP4 : ETH_TYPE_IP6};
    memcpy(eth.dst, u->to_mac != NULL ? u->to_mac : kit_mac, 6);
    memcpy(eth.src, u->from_mac != NULL ? u->from_mac : kit_peer_mac, 6);
    if (u->to_mac == NULL && ip_addr_is_multicast(dst)) {
        if (ip_addr_is_v4(dst)) {
            eth_multicast_ip4(eth.dst, dst->b + 12);
        } else {
            eth_multicast_ip6(eth.dst, dst->b);
        }
    }
    eth_build(f->bytes, &eth);
    f->size = ETH_HEADER_SIZE;
}

static void build_ip4(struct kit_frame *f, const struct kit_upper *u, const struct ip_addr *src,
                      const struct ip_addr *dst)
{
    struct ip4_header h = {
        .tos = u->tos,
        .ttl = u->hop_limit != 0 ? u->hop_limit : 64,
        .protocol = u->protocol,
        .total_size = (uint16_t)(IP4_HEADER_SIZE + u->size),
        .id = (uint16_t)u->id,
        .fragment_offset = (uint16_t)u->offset,
        .more_fragments = u->more,
    };
    memcpy(h.src, src->b + 12, 4);
    memcpy(h.dst, dst->b + 12, 4);
    ip4_build(f->bytes + f->size, &h);
    f->size += IP4_HEADER_SIZE;
}

static void build_ip6(struct kit_frame *f, const struct kit_upper *u, const struct ip_addr *src,
                      const struct ip_addr *dst)
{
    struct ip6_header h = {
        .tos = u->tos,
        .payload_size = (uint16_t)(u->size + (u->fragment ? 8 : 0)),
        .next_header = u->fragment ? 44 : u->protocol,
        .hop_limit = u->hop_limit != 0 ? u->hop_limit : 64,
    };
    memcpy(h.src, src->b, 16);
    memcpy(h.dst, dst->b, 16);
    ip6_build(f->bytes + f->size, &h);
    f->size += IP6_HEADER_SIZE;
    if (u->fragment) {
        uint8_t *p = f->bytes + f->size;
        p[0] = u->protocol;
        p[1] = 0;
        store_be16(p + 2, (uint16_t)(u->offset | u->more));
        store_be32(p + 4, u->id);
        f->size += 8;
    }
}

void kit_build(struct kit_frame *f, const struct kit_upper *u)
{
    struct ip_addr src = kit_ip(u->src), dst = kit_ip(u->dst);
    f->size = 0;
    if (!u->bare) {
        build_eth(f, u, &dst);
    }
    f->ip_at = f->size;
    if (ip_addr_is_v4(&dst)) {
        build_ip4(f, u, &src, &dst);
    } else {
        build_ip6(f, u, &src, &dst);
    }
    f->upper_at = f->size;
    if (u->size != 0) {
        memcpy(f->bytes + f->size, u->data, u->size);
    }
    f->size += u->size;
}

void kit_fix4(struct kit_frame *f)
{
    uint8_t *p = f->bytes + f->ip_at;
    uint32_t sum = 0;
    store_be16(p + 10, 0);
    for (uint32_t i = 0; i < (p[0] & 15u) * 4; i += 2) {
        sum += load_be16(p + i);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    store_be16(p + 10, (uint16_t)~sum);
}

enum ip_verdict kit_feed(struct ip_kit *k, uint32_t link, const void *bytes, uint32_t size,
                         const struct weir_offload *offload)
{
    struct weir_buffer *buffer =
        buffer_alloc(&k->env.buffers, k->small_buffers ? size : 65536 + 64);
    assert_non_null(buffer);
    memcpy(buffer->data, bytes, size);
    buffer->size = size;
    if (offload != NULL) {
        buffer->offload = *offload;
    }
    enum ip_verdict verdict = ip_input(&k->ip, link, buffer, &k->packet, &k->error);
    ip_check(&k->ip);
    return verdict;
}

enum ip_verdict kit_feed_frame(struct ip_kit *k, const struct kit_frame *f)
{
    return kit_feed(k, f->ip_at == 0 ? k->tun : k->eth, f->bytes, f->size, NULL);
}

enum ip_verdict kit_send(struct ip_kit *k, const struct kit_upper *upper)
{
    static struct kit_frame f;
    kit_build(&f, upper);
    return kit_feed_frame(k, &f);
}

void kit_packet_free(struct ip_kit *k)
{
    buffer_unref(&k->env.buffers, k->packet.buffer);
    k->packet.buffer = NULL;
}

/* ---- Expectations --------------------------------------------------------------------------------------- */

void kit_expect_drops(struct ip_kit *k, enum weir_drop drop, uint32_t count)
{
    for (uint32_t i = 0; i < WEIR_DROP_COUNT; i++) {
        uint64_t fresh = k->env.dropped[i] - k->dropped_seen[i];
        if (fresh != (i == drop ? count : 0)) {
            fail_msg("%u drops of reason %s", (unsigned)fresh, weir_drop_name((enum weir_drop)i));
        }
        k->dropped_seen[i] = (uint32_t)k->env.dropped[i];
    }
}

void kit_expect_drop(struct ip_kit *k, enum weir_drop drop)
{
    kit_expect_drops(k, drop, 1);
    const struct weir_record *last = &k->env.ring[(k->env.ring_count - 1) & 15];
    assert_int_equal(last->type, WEIR_RECORD_DROP);
    assert_int_equal(last->u.drop.drop, drop);
}

void kit_expect_no_drop(struct ip_kit *k)
{
    kit_expect_drops(k, WEIR_DROP_NONE, 0);
}

/* ---- Frames out ------------------------------------------------------------------------------------------- */

bool kit_next(struct ip_kit *k, struct kit_out *out)
{
    struct ip_reply reply;
    bool pending = ip_reply_pending(&k->ip);
    bool any = ip_reply_next(&k->ip, &reply);
    assert_int_equal(pending, any);
    if (!any) {
        return false;
    }
    ip_check(&k->ip);
    memcpy(out->bytes, reply.buffer->data, reply.buffer->size);
    out->size = reply.buffer->size;
    out->link = reply.link;
    bool framed = reply.link == k->eth;
    if (framed) {
        assert_true(eth_parse(out->bytes, out->size, &out->eth));
        assert_memory_equal(out->eth.src, kit_mac, 6);
    }
    out->ip = out->bytes + (framed ? ETH_HEADER_SIZE : 0);
    out->ip_size = out->size - (framed ? ETH_HEADER_SIZE : 0);
    buffer_unref(&k->env.buffers, reply.buffer);
    return true;
}

void kit_expect_silence(struct ip_kit *k)
{
    static struct kit_out out;
    assert_false(kit_next(k, &out));
}

void kit_flush(struct ip_kit *k)
{
    static struct kit_out out;
    while (kit_next(k, &out)) {}
}

/* ---- Neighbours --------------------------------------------------------------------------------------------- */

void kit_arp(struct ip_kit *k, uint16_t operation, const uint8_t mac[6], const char *sender,
             const char *target)
{
    struct ip_addr sender_ip = kit_ip(sender), target_ip = kit_ip(target);
    struct arp_packet a = {.operation = operation};
    struct eth_header eth = {.type = ETH_TYPE_ARP};
    uint8_t frame[60] = {0};
    memcpy(eth.dst, operation == ARP_REQUEST ? eth_broadcast : kit_mac, 6);
    memcpy(eth.src, mac, 6);
    memcpy(a.sender_mac, mac, 6);
    memcpy(a.sender_ip, sender_ip.b + 12, 4);
    memcpy(a.target_ip, target_ip.b + 12, 4);
    eth_build(frame, &eth);
    arp_build(frame + ETH_HEADER_SIZE, &a);
    assert_int_equal(kit_feed(k, k->eth, frame, sizeof(frame), NULL), IP_DONE);
}

void kit_ndp_send(struct ip_kit *k, const struct kit_ndp *n)
{
    struct ip_addr src = kit_ip(n->src), dst = kit_ip(n->dst), target = kit_ip(n->target);
    struct ndp_message m = {
        .type = n->type,
        .solicited = n->solicited,
        .override = n->override,
        .has_mac = n->mac != NULL,
    };
    uint8_t bytes[64];
    memcpy(m.target, target.b, 16);
    if (n->mac != NULL) {
        memcpy(m.mac, n->mac, 6);
    }
    struct kit_upper u = {
        .src = n->src,
        .dst = n->dst,
        .protocol = IP_PROTOCOL_ICMP6,
        .data = bytes,
        .size = (uint32_t)ndp_build(bytes, &m, &src, &dst),
        .hop_limit = n->hop_limit != 0 ? n->hop_limit : 255,
        .from_mac = n->from_mac,
    };
    assert_int_equal(kit_send(k, &u), IP_DONE);
}

void kit_meet(struct ip_kit *k)
{
    KIT_ARP(k, ARP_REQUEST, "192.0.2.2", "192.0.2.1");
    kit_ndp_send(k, &(struct kit_ndp){.type = ICMP6_NEIGHBOR_SOLICIT,
                                      .src = "2001:db8::2",
                                      .dst = "2001:db8::1",
                                      .target = "2001:db8::1",
                                      .mac = kit_peer_mac});
    kit_flush(k);
    kit_expect_no_drop(k);
}

void kit_take_arp(struct ip_kit *k, struct arp_packet *a, struct eth_header *eth)
{
    static struct kit_out out;
    assert_true(kit_next(k, &out));
    assert_int_equal(out.eth.type, ETH_TYPE_ARP);
    assert_true(arp_parse(out.ip, out.ip_size, a));
    *eth = out.eth;
}

void kit_take_ndp(struct ip_kit *k, struct ndp_message *n, struct kit_out *out,
                  struct ip6_header *h)
{
    struct icmp_message m;
    assert_true(kit_next(k, out));
    assert_int_equal(out->eth.type, ETH_TYPE_IP6);
    /* the unspecified source of DAD is no error */
    assert_int_equal(ip6_parse(out->ip, out->ip_size, h), WEIR_DROP_NONE);
    assert_int_equal(h->protocol, IP_PROTOCOL_ICMP6);
    assert_int_equal(h->hop_limit, 255);
    struct ip_addr src = ip_addr_from_v6(h->src), dst = ip_addr_from_v6(h->dst);
    assert_int_equal(icmp6_parse(out->ip + h->upper_offset, h->payload_size, &src, &dst, &m),
                     WEIR_DROP_NONE);
    assert_true(ndp_parse(&m, n));
}
