/*
 * test_stack_malformed.c - every class of bad packet: counted and traced with its own reason, exactly once,
 * and a connection that is under way does not notice (MUST-3, MUST-7, U-5, U-6, U-7).
 *
 * Each row takes a good data segment of an established connection (or a small packet of another protocol) and
 * spoils one thing.
 */
#include "tcp_kit.h"

#include "base/bytes.h"
#include "wire/checksum.h"
#include "wire/ip4.h"

#define IP 20 /* size of the IPv4 header */

struct packet {
    uint8_t b[256];
    uint32_t size;
    struct weir_offload offload;
};

static void fix_ip(struct packet *p)
{
    store_be16(p->b + 10, 0);
    csum_store(p->b + 10, csum_finish(csum_sum_portable(p->b, IP, 0)));
}

/* Makes the rest of the packet a payload of this protocol, with whatever checksum the caller wrote. */
static void become(struct packet *p, uint8_t protocol, const uint8_t *payload, uint32_t size)
{
    p->b[9] = protocol;
    memcpy(p->b + IP, payload, size);
    p->size = IP + size;
    store_be16(p->b + 2, (uint16_t)p->size);
    fix_ip(p);
}

static void fix_tcp(struct packet *p)
{
    struct ip_addr src = ip_addr_from_v4(p->b + 12), dst = ip_addr_from_v4(p->b + 16);
    uint32_t size = p->size - IP;
    uint64_t sum = csum_pseudo(&src, &dst, IP_PROTOCOL_TCP, size);

    store_be16(p->b + IP + 16, 0);
    csum_store(p->b + IP + 16, csum_finish(csum_sum_portable(p->b + IP, size, sum)));
}

/* ---- IP ---- */

static void ip_version(struct packet *p)
{
    p->b[0] = 0x75;
}
static void ip_short(struct packet *p)
{
    p->size = 12;
}
static void ip_header_length(struct packet *p)
{
    p->b[0] = 0x44;
}
static void ip_total_length(struct packet *p)
{
    store_be16(p->b + 2, (uint16_t)(p->size + 1));
    fix_ip(p);
}
static void ip_checksum(struct packet *p)
{
    p->b[10] ^= 0x55;
}
static void ip_source_multicast(struct packet *p)
{
    p->b[12] = 224;
    fix_ip(p);
}
static void ip_source_loopback(struct packet *p)
{
    p->b[12] = 127;
    fix_ip(p);
}
static void ip_not_us(struct packet *p)
{
    p->b[19] ^= 0x40;
    fix_ip(p);
}
static void ip_protocol(struct packet *p)
{
    p->b[9] = 200;
    fix_ip(p);
}
static void ip_fragment(struct packet *p)
{
    store_be16(p->b + 6, 0x2000); /* more fragments, but not a multiple of eight */
    p->size = IP + 13;
    store_be16(p->b + 2, (uint16_t)p->size);
    fix_ip(p);
}

/* ---- ICMP and UDP ---- */

static void icmp_short(struct packet *p)
{
    become(p, IP_PROTOCOL_ICMP, (const uint8_t[]){8, 0, 0}, 3);
}
static void icmp_checksum(struct packet *p)
{
    become(p, IP_PROTOCOL_ICMP, (const uint8_t[]){8, 0, 1, 2, 0, 0, 0, 0}, 8);
}
static void icmp_type(struct packet *p)
{
    become(p, IP_PROTOCOL_ICMP, (const uint8_t[]){4, 0, 0xfb, 0xff, 0, 0, 0, 0},
           8); /* source quench */
}
static void icmp_quote(struct packet *p)
{
    become(p, IP_PROTOCOL_ICMP, (const uint8_t[]){3, 1, 0xfc, 0xfe, 0, 0, 0, 0},
           8); /* quotes nothing */
}
static void udp_short(struct packet *p)
{
    become(p, IP_PROTOCOL_UDP, (const uint8_t[]){0, 1, 0, 2, 0}, 5);
}
static void udp_length(struct packet *p)
{
    become(p, IP_PROTOCOL_UDP, (const uint8_t[]){0, 1, 0, 2, 0, 200, 0, 0}, 8);
}
static void udp_checksum(struct packet *p)
{
    become(p, IP_PROTOCOL_UDP, (const uint8_t[]){0, 1, 0, 2, 0, 8, 1, 1}, 8);
}
static void udp_port(struct packet *p)
{
    become(p, IP_PROTOCOL_UDP, (const uint8_t[]){0, 1, 0, 2, 0, 8, 0, 0}, 8);
}

/* ---- TCP ---- */

static void tcp_short(struct packet *p)
{
    p->size = IP + 19;
    store_be16(p->b + 2, (uint16_t)p->size);
    fix_ip(p);
}
static void tcp_data_offset_small(struct packet *p)
{
    p->b[IP + 12] = 0x40;
    fix_tcp(p);
}
static void tcp_data_offset_large(struct packet *p)
{
    p->b[IP + 12] = 0xf0;
    fix_tcp(p);
}
static void tcp_checksum(struct packet *p)
{
    p->b[p->size - 1] ^= 1;
}
static void tcp_port_zero(struct packet *p)
{
    store_be16(p->b + IP, 0);
    fix_tcp(p);
}
static void tcp_no_connection(struct packet *p)
{
    store_be16(p->b + IP + 2, 9);
    fix_tcp(p);
}
static void tcp_rst_no_connection(struct packet *p)
{
    store_be16(p->b + IP + 2, 9);
    p->b[IP + 13] = WEIR_TCP_RST;
    fix_tcp(p);
}
static void tcp_sequence(struct packet *p)
{
    store_be32(p->b + IP + 4, load_be32(p->b + IP + 4) + 0x40000000);
    fix_tcp(p);
}
static void tcp_no_ack(struct packet *p)
{
    p->b[IP + 13] = 0;
    fix_tcp(p);
}
static void tcp_ack_range(struct packet *p)
{
    store_be32(p->b + IP + 8, load_be32(p->b + IP + 8) + 1000000);
    fix_tcp(p);
}
static void tcp_rst_in_window(struct packet *p)
{
    p->b[IP + 13] = WEIR_TCP_RST;
    store_be32(p->b + IP + 4, load_be32(p->b + IP + 4) + 10);
    fix_tcp(p);
}
static void tcp_rst_outside(struct packet *p)
{
    p->b[IP + 13] = WEIR_TCP_RST;
    store_be32(p->b + IP + 4, load_be32(p->b + IP + 4) - 100);
    fix_tcp(p);
}
static void tcp_syn(struct packet *p)
{
    p->b[IP + 13] = WEIR_TCP_SYN;
    fix_tcp(p);
}

/* ---- What a device claims ---- */

static void offload_csum_place(struct packet *p)
{
    p->offload =
        (struct weir_offload){.csum = WEIR_CSUM_PARTIAL, .csum_start = 250, .csum_offset = 16};
}
static void offload_gso(struct packet *p)
{
    p->offload =
        (struct weir_offload){.csum = WEIR_CSUM_VALID, .gso_type = WEIR_GSO_TCP6, .gso_size = 5};
}

static const struct {
    const char *name;
    void (*spoil)(struct packet *p);
    enum weir_drop drop;
} classes[] = {
    {"ip version", ip_version, WEIR_DROP_IP_VERSION},
    {"ip short", ip_short, WEIR_DROP_IP_SHORT},
    {"ip header length", ip_header_length, WEIR_DROP_IP_HEADER_LENGTH},
    {"ip total length", ip_total_length, WEIR_DROP_IP_TOTAL_LENGTH},
    {"ip checksum", ip_checksum, WEIR_DROP_IP_CHECKSUM},
    {"ip source multicast", ip_source_multicast, WEIR_DROP_IP_SOURCE},
    {"ip source loopback", ip_source_loopback, WEIR_DROP_IP_SOURCE},
    {"ip not us", ip_not_us, WEIR_DROP_IP_NOT_US},
    {"ip protocol", ip_protocol, WEIR_DROP_IP_PROTOCOL},
    {"ip fragment", ip_fragment, WEIR_DROP_FRAGMENT_MALFORMED},
    {"icmp short", icmp_short, WEIR_DROP_ICMP_SHORT},
    {"icmp checksum", icmp_checksum, WEIR_DROP_ICMP_CHECKSUM},
    {"icmp type", icmp_type, WEIR_DROP_ICMP_TYPE},
    {"icmp quote", icmp_quote, WEIR_DROP_ICMP_QUOTE},
    {"udp short", udp_short, WEIR_DROP_UDP_SHORT},
    {"udp length", udp_length, WEIR_DROP_UDP_LENGTH},
    {"udp checksum", udp_checksum, WEIR_DROP_UDP_CHECKSUM},
    {"udp port", udp_port, WEIR_DROP_UDP_PORT},
    {"tcp short", tcp_short, WEIR_DROP_TCP_SHORT},
    {"tcp data offset small", tcp_data_offset_small, WEIR_DROP_TCP_DATA_OFFSET},
    {"tcp data offset large", tcp_data_offset_large, WEIR_DROP_TCP_DATA_OFFSET},
    {"tcp checksum", tcp_checksum, WEIR_DROP_TCP_CHECKSUM},
    {"tcp port zero", tcp_port_zero, WEIR_DROP_TCP_PORT_ZERO},
    {"tcp no connection", tcp_no_connection, WEIR_DROP_TCP_NO_CONNECTION},
    {"tcp rst no connection", tcp_rst_no_connection, WEIR_DROP_TCP_RST_NO_CONNECTION},
    {"tcp sequence", tcp_sequence, WEIR_DROP_SEQUENCE},
    {"tcp no ack", tcp_no_ack, WEIR_DROP_NO_ACK},
    {"tcp ack range", tcp_ack_range, WEIR_DROP_ACK_RANGE},
    {"tcp rst in window", tcp_rst_in_window, WEIR_DROP_RST_SEQUENCE},
    {"tcp rst outside", tcp_rst_outside, WEIR_DROP_RST_WINDOW},
    {"tcp syn", tcp_syn, WEIR_DROP_SYN_CHALLENGE},
    {"offload checksum place", offload_csum_place, WEIR_DROP_OFFLOAD},
    {"offload gso", offload_gso, WEIR_DROP_OFFLOAD},
};

static uint64_t sum(const struct weir_stats *s)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < WEIR_DROP_COUNT; i++) {
        n += s->dropped[i];
    }
    return n;
}

/* Drops of that reason that the ring has seen: it is long enough here to forget nothing. */
static uint32_t traced_drops(const struct tk *k, enum weir_drop drop)
{
    struct weir_record records[256];
    size_t n = weir_ring(k->stack, records, ARRAY_SIZE(records));
    uint32_t count = 0;

    for (size_t i = 0; i < n; i++) {
        count += records[i].type == WEIR_RECORD_DROP && records[i].u.drop.drop == drop;
    }
    return count;
}

static void each_class_is_counted_once_with_its_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        struct tk_setup setup = tk_setup();
        struct tk *k = tk_new(&setup);
        struct tcp_segment s;
        struct weir_stats before, after;
        struct packet p = {.size = 0};
        uint32_t traced;

        tk_passive(k);
        s = tk_segment(k, A, 1, 1);
        p.size = tk_packet(k, p.b, &s, 20);
        classes[i].spoil(&p);
        before = tk_stats(k);
        traced = traced_drops(k, classes[i].drop);
        tk_inject_packet(k, p.b, p.size, &p.offload);
        after = tk_stats(k);
        if (after.dropped[classes[i].drop] != before.dropped[classes[i].drop] + 1 ||
            sum(&after) != sum(&before) + 1 || traced_drops(k, classes[i].drop) != traced + 1) {
            fail_msg("%s: %s counted %d times, traced %d times, %d drops in all", classes[i].name,
                     weir_drop_name(classes[i].drop),
                     (int)(after.dropped[classes[i].drop] - before.dropped[classes[i].drop]),
                     (int)(traced_drops(k, classes[i].drop) - traced),
                     (int)(sum(&after) - sum(&before)));
        }
        assert_int_equal(tk_state(k), WEIR_TCP_ESTABLISHED);
        tk_flush(k); /* answers, where the RFC wants one */
        tk_in(k, A, 1, 1, 20);
        tk_read(k, 20); /* and the connection goes on */
        tk_del(k);
    }
}

/* MUST-7: an illegal option length is counted, but what is good in the segment is used. */
static void illegal_option_length_is_survived(void **state)
{
    static const uint8_t bad[][4] = {
        {254, 0, 0, 0}, {254, 1, 0, 0}, {254, 40, 0, 0}, {2, 0, 5, 180}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct tk_setup setup = tk_setup();
        struct tk *k = tk_new(&setup);
        struct tcp_segment s;
        struct packet p = {.size = 0};

        tk_passive(k);
        s = tk_segment(k, A, 1, 1);
        p.size = tk_packet(k, p.b, &s, 20);
        memmove(p.b + IP + 24, p.b + IP + 20, 20);
        memcpy(p.b + IP + 20, bad[i], 4);
        p.b[IP + 12] = 0x60;
        p.size += 4;
        store_be16(p.b + 2, (uint16_t)p.size);
        fix_ip(&p);
        fix_tcp(&p);
        tk_inject_packet(k, p.b, p.size, &p.offload);
        assert_int_equal(tk_stats(k).dropped[WEIR_DROP_TCP_OPTION], 1);
        k->written = 0;
        assert_int_equal(tk_info(k).unread_bytes, 20);
        tk_read(k, 20);
        tk_del(k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class_is_counted_once_with_its_reason),
        cmocka_unit_test(illegal_option_length_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
