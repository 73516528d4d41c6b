/*
 * test_ip_group.c - the host's part of IGMP (RFC 2236, 3376) and MLD (RFC 2710, 3810): what is reported when, byte
 * for byte, what is believed, and what is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "ip_kit.h"
#include "wire/checksum.h"
#include "wire/group.h"
#include "wire_kit.h"

static struct kit_out out;

static struct ip_kit *start(void)
{
    struct ip_kit *k = ip_kit_ready();
    k->ip.links[k->eth].config.no_group_reports = false;
    return k;
}

static void join(struct ip_kit *k, const char *text)
{
    struct ip_addr group = kit_ip(text);
    assert_int_equal(ip_group_join(&k->ip, k->eth, &group), WEIR_OK);
}

static void leave(struct ip_kit *k, const char *text)
{
    struct ip_addr group = kit_ip(text);
    assert_int_equal(ip_group_leave(&k->ip, k->eth, &group), WEIR_OK);
}

/* The next packet, in hexadecimal; of IPv4 without ID and the checksum over it. */
static void expect(struct ip_kit *k, const char *hex)
{
    uint8_t bytes[200];
    size_t size = unhex(bytes, hex);
    ip_timers(&k->ip);
    ip_check(&k->ip);
    assert_true(kit_next(k, &out));
    assert_true(eth_is_group(out.eth.dst));
    if (out.ip[0] >> 4 == 4) {
        assert_int_equal(csum_fold(csum_sum_portable(out.ip, 24, 0)), 0xffff);
        memset(out.ip + 4, 0, 2);
        memset(out.ip + 10, 0, 2);
    }
    assert_int_equal(out.ip_size, size);
    assert_memory_equal(out.ip, bytes, size);
}

static void expect_quiet(struct ip_kit *k, weir_time time)
{
    weir_time end = k->env.now + time;
    while (ip_deadline(&k->ip) <= end) {
        k->env.now = max_u64(ip_deadline(&k->ip), k->env.now + 1);
        ip_timers(&k->ip);
        kit_expect_silence(k);
    }
    k->env.now = end;
    kit_expect_silence(k);
}

/* Time goes on to the next report, which comes within `most`. Returns how long it took. */
static weir_time wait_report(struct ip_kit *k, weir_time most)
{
    weir_time start_at = k->env.now;
    while (!ip_reply_pending(&k->ip)) {
        assert_in_range(k->ip.group_deadline, k->env.now, start_at + most);
        k->env.now = k->ip.group_deadline;
        ip_timers(&k->ip);
    }
    return k->env.now - start_at;
}

/* ---- Queries, by a router on the link ----------------------------------------------------------------- */

struct query {
    const char *src, *dst, *group;
    uint32_t size; /* of the message */
    uint16_t code; /* maximum response */
    uint8_t qrv, qqic;
    uint8_t hop_limit; /* 1 */
    bool no_alert, bad_sum;
    uint16_t sources;
};

static uint32_t build_igmp(const struct query *q, uint8_t *p)
{
    struct ip_addr group = kit_ip(q->group);
    memset(p, 0, q->size);
    p[0] = IGMP_QUERY;
    p[1] = (uint8_t)q->code;
    memcpy(p + 4, group.b + 12, 4);
    if (q->size >= 12) {
        p[8] = q->qrv;
        p[9] = q->qqic;
        store_be16(p + 10, q->sources);
    }
    csum_store(p + 2, csum_finish(csum_sum_portable(p, q->size, 0)));
    p[3] ^= q->bad_sum;
    return q->size;
}

static void ask4(struct ip_kit *k, const struct query *q)
{
    static struct kit_frame f;
    uint8_t message[64];
    struct kit_upper u = {.src = q->src != NULL ? q->src : "192.0.2.9",
                          .dst = q->dst != NULL ? q->dst : "224.0.0.1",
                          .protocol = IP_PROTOCOL_IGMP,
                          .data = message,
                          .size = build_igmp(q, message),
                          .hop_limit = q->hop_limit != 0 ? q->hop_limit : 1};
    kit_build(&f, &u);
    if (!q->no_alert) { /* between header and message */
        memmove(f.bytes + f.upper_at + 4, f.bytes + f.upper_at, u.size);
        store_be32(f.bytes + f.upper_at, 0x94040000);
        f.size += 4;
        f.bytes[f.ip_at] = 0x46;
        store_be16(f.bytes + f.ip_at + 2, (uint16_t)(24 + u.size));
        kit_fix4(&f);
    }
    assert_int_equal(kit_feed_frame(k, &f), IP_DONE);
}

static void ask6(struct ip_kit *k, const struct query *q)
{
    static const uint8_t alert[8] = {IP_PROTOCOL_ICMP6, 0, 5, 2, 0, 0, 1, 0};
    struct ip_addr group = kit_ip(q->group);
    const char *src = q->src != NULL ? q->src : "fe80::9";
    const char *dst = q->dst != NULL ? q->dst : "ff02::1";
    struct ip_addr from = kit_ip(src), to = kit_ip(dst);
    uint8_t message[80] = {0}, body[64] = {0};
    uint32_t at = q->no_alert ? 0 : 8;
    memcpy(message, alert, at);
    memcpy(body, group.b, 16);
    body[16] = q->qrv;
    body[17] = q->qqic;
    store_be16(body + 18, q->sources);
    struct icmp_message m = {.type = MLD_QUERY,
                             .rest = (uint32_t)q->code << 16,
                             .body = body,
                             .body_size = q->size - ICMP_HEADER_SIZE};
    icmp6_build(message + at, &m, &from, &to);
    message[at + 3] ^= q->bad_sum;
    struct kit_upper u = {.src = src,
                          .dst = dst,
                          .protocol = q->no_alert ? IP_PROTOCOL_ICMP6 : 0,
                          .data = message,
                          .size = at + q->size,
                          .hop_limit = q->hop_limit != 0 ? q->hop_limit : 1};
    assert_int_equal(kit_send(k, &u), IP_DONE);
}

#define QUERY3 .size = 12, .code = 100, .qrv = 2, .qqic = 125
#define QUERY_MLD2 .size = 28, .code = 10000, .qrv = 2, .qqic = 125

#define HEAD3 "46c0 0028 0000 0000 0102 0000 c0000201 e0000016 94040000 "
#define V3(type, group) HEAD3 "22 00 " type " 0000 0001 " group

/* ---- IGMP ---------------------------------------------------------------------------------------------- */

/* RFC 3376 4.2, 5.1: a change is reported at once and again within a second; hop limit 1, Router Alert. */
static void test_igmp3_join_and_leave(void **state)
{
    struct ip_kit *k = start();
    (void)state;
    join(k, "239.1.2.3");
    expect(k, V3("e8f9", "04 00 0000 ef010203"));
    assert_memory_equal(out.eth.dst, ((uint8_t[6]){1, 0, 0x5e, 0, 0, 0x16}), 6);
    kit_expect_silence(k);
    wait_report(k, 1 * WEIR_S);
    expect(k, V3("e8f9", "04 00 0000 ef010203"));
    expect_quiet(k, 1000 * WEIR_S);
    join(k, "239.1.2.3"); /* counted: nothing new for others */
    leave(k, "239.1.2.3");
    expect_quiet(k, 10 * WEIR_S);
    leave(k, "239.1.2.3");
    expect(k, V3("e9f9", "03 00 0000 ef010203"));
    wait_report(k, 1 * WEIR_S);
    expect(k, V3("e9f9", "03 00 0000 ef010203"));
    expect_quiet(k, 1000 * WEIR_S);
    assert_int_equal(k->ip.groups.used, 1); /* the solicited-node group of the addresses */
    /* all hosts are in 224.0.0.1: never reported */
    join(k, "224.0.0.1");
    leave(k, "224.0.0.1");
    expect_quiet(k, 10 * WEIR_S);
    ip_kit_del(k);
}

/* Joined again while having left is still being told: the truth is told instead. */
static void test_igmp3_changes_of_mind(void **state)
{
    struct ip_kit *k = start();
    struct ip_addr group = kit_ip("239.1.2.3");
    (void)state;
    join(k, "239.1.2.3");
    expect(k, V3("e8f9", "04 00 0000 ef010203"));
    leave(k, "239.1.2.3");
    expect(k, V3("e9f9", "03 00 0000 ef010203"));
    assert_int_equal(ip_group_leave(&k->ip, k->eth, &group), WEIR_ENOENT);
    join(k, "239.1.2.3");
    expect(k, V3("e8f9", "04 00 0000 ef010203"));
    wait_report(k, 1 * WEIR_S);
    expect(k, V3("e8f9", "04 00 0000 ef010203"));
    expect_quiet(k, 1000 * WEIR_S);
    ip_kit_del(k);
}

/* RFC 3376 5.2: one report of everything, after a random time within the query's maximum. */
static void test_igmp3_general_query(void **state)
{
    struct ip_kit *k = start();
    weir_time shortest = WEIR_NEVER, longest = 0;
    (void)state;
    join(k, "239.1.2.3");
    join(k, "239.9.9.9");
    kit_advance(k, 2 * WEIR_S);
    kit_advance(k, 2 * WEIR_S);
    kit_flush(k);
    expect_quiet(k, 10 * WEIR_S);
    for (int i = 0; i < 20; i++) {
        ask4(k, &(struct query){.group = "0.0.0.0", QUERY3});
        weir_time delay = wait_report(k, 10 * WEIR_S);
        shortest = min_u64(shortest, delay);
        longest = max_u64(longest, delay);
        expect(k, "46c0 0030 0000 0000 0102 0000 c0000201 e0000016 94040000 "
                  "22 00 f0e5 0000 0002 02 00 0000 ef090909 02 00 0000 ef010203");
        expect_quiet(k, 20 * WEIR_S);
    }
    assert_true(longest - shortest > 4 * WEIR_S);
    /* one that asks for more haste brings the answer forward, one with less does not delay it */
    ask4(k, &(struct query){.group = "0.0.0.0", QUERY3});
    ask4(k, &(struct query){.group = "0.0.0.0", .size = 12, .code = 1});
    ask4(k, &(struct query){.group = "0.0.0.0", .size = 12, .code = 0xff}); /* 3174.4 s */
    assert_true(wait_report(k, 100 * WEIR_MS) <= 100 * WEIR_MS);
    ip_timers(&k->ip);
    assert_true(kit_next(k, &out));
    expect_quiet(k, 4000 * WEIR_S);
    kit_expect_no_drop(k);
    ip_kit_del(k);
}

/* About one group, also with sources: we want the group from any source. */
static void test_igmp3_group_query(void **state)
{
    struct ip_kit *k = start();
    (void)state;
    join(k, "239.1.2.3");
    join(k, "239.9.9.9");
    kit_advance(k, 2 * WEIR_S);
    kit_advance(k, 2 * WEIR_S);
    kit_flush(k);
    ask4(k, &(struct query){.dst = "239.1.2.3", .group = "239.1.2.3", .size = 12, .code = 10});
    wait_report(k, 1 * WEIR_S);
    expect(k, V3("eaf9", "02 00 0000 ef010203"));
    ask4(k, &(struct query){.group = "239.1.2.3", .size = 20, .code = 10, .sources = 2});
    wait_report(k, 1 * WEIR_S);
    expect(k, V3("eaf9", "02 00 0000 ef010203"));
    ask4(k, &(struct query){.group = "239.1.2.4", .size = 12, .code = 10}); /* not ours */
    expect_quiet(k, 100 * WEIR_S);
    kit_expect_no_drop(k);
    ip_kit_del(k);
}

#define HEAD2(dst) "46c0 0020 0000 0000 0102 0000 c0000201 " dst " 94040000 "
#define REPORT2 HEAD2("ef010203") "16 00 f8fa ef010203"
#define REPORT1 HEAD2("ef010203") "12 00 fcfa ef010203"
#define LEAVE2 HEAD2("e0000002") "17 00 f7fa ef010203"

/* RFC 3376 7.2.1, RFC 2236 3: with a querier of version 2 its language is spoken, with suppression. */
static void test_igmp2(void **state)
{
    struct ip_kit *k = start();
    uint8_t other[8];
    struct ip_addr group = kit_ip("239.1.2.3");
    struct kit_upper report = {.src = "192.0.2.7",
                               .dst = "239.1.2.3",
                               .protocol = IP_PROTOCOL_IGMP,
                               .data = other,
                               .size = 8,
                               .hop_limit = 1};
    (void)state;
    igmp_build(other, IGMP_REPORT_V2, &group);
    ask4(k, &(struct query){.group = "0.0.0.0", .size = 8, .code = 100});
    join(k, "239.1.2.3");
    expect(k, REPORT2);
    wait_report(k, 10 * WEIR_S);
    expect(k, REPORT2);
    expect_quiet(k, 30 * WEIR_S);
    ask4(k, &(struct query){.group = "0.0.0.0", .size = 8, .code = 100});
    wait_report(k, 10 * WEIR_S);
    expect(k, REPORT2);
    ask4(k, &(struct query){.group = "239.1.2.3", .dst = "239.1.2.3", .size = 8, .code = 10});
    assert_int_equal(kit_send(k, &report), IP_DONE); /* somebody was faster */
    expect_quiet(k, 10 * WEIR_S);
    leave(k, "239.1.2.3"); /* and was the last to report: leaving is not ours to tell */
    expect_quiet(k, 10 * WEIR_S);
    join(k, "239.1.2.3");
    expect(k, REPORT2);
    leave(k, "239.1.2.3");
    expect(k, LEAVE2);
    expect_quiet(k, 300 * WEIR_S); /* 2 * 125 s + 10 s later the querier is taken for gone */
    join(k, "239.1.2.3");
    expect(k, V3("e8f9", "04 00 0000 ef010203"));
    assert_int_equal(kit_send(k, &report), IP_DONE); /* no suppression in version 3 */
    wait_report(k, 1 * WEIR_S);
    expect(k, V3("e8f9", "04 00 0000 ef010203"));
    ip_kit_del(k);
}

static void test_igmp1(void **state)
{
    struct ip_kit *k = start();
    (void)state;
    join(k, "239.1.2.3");
    expect(k, V3("e8f9", "04 00 0000 ef010203"));
    /* the change of dialect forgets what was pending */
    ask4(k, &(struct query){.group = "0.0.0.0", .size = 8, .no_alert = true});
    wait_report(k, 10 * WEIR_S);
    expect(k, REPORT1);
    leave(k, "239.1.2.3"); /* it has no word for that */
    expect_quiet(k, 100 * WEIR_S);
    ip_kit_del(k);
}

/* ---- MLD ----------------------------------------------------------------------------------------------- */

#define HEAD_MLD2                                                                                  \
    "60000000 0024 00 01 fe800000 00000000 00000000 00000001 ff020000 00000000 00000000 00000016 " \
    "3a00 05020000 0100 "
#define GROUP6 "ff050000 00000000 00000000 00000005"

/* RFC 3810 5.2, 6.1. */
static void test_mld2(void **state)
{
    struct ip_kit *k = start();
    (void)state;
    join(k, "ff05::5");
    expect(k, HEAD_MLD2 "8f 00 7002 0000 0001 04 00 0000 " GROUP6);
    assert_memory_equal(out.eth.dst, ((uint8_t[6]){0x33, 0x33, 0, 0, 0, 0x16}), 6);
    wait_report(k, 1 * WEIR_S);
    expect(k, HEAD_MLD2 "8f 00 7002 0000 0001 04 00 0000 " GROUP6);
    expect_quiet(k, 50 * WEIR_S);
    ask6(k, &(struct query){.dst = "ff05::5", .group = "ff05::5", .size = 28, .code = 1000});
    wait_report(k, 1 * WEIR_S);
    expect(k, HEAD_MLD2 "8f 00 7202 0000 0001 02 00 0000 " GROUP6);
    ask6(k, &(struct query){.group = "::", QUERY_MLD2});
    wait_report(k, 10 * WEIR_S);
    /* the solicited-node group of the addresses too, though its joining was before reports were wanted */
    ip_timers(&k->ip);
    assert_true(kit_next(k, &out));
    assert_int_equal(out.ip_size, 48 + 8 + 2 * 20);
    assert_int_equal(load_be16(out.ip + 48 + 6), 2);
    leave(k, "ff05::5");
    expect(k, HEAD_MLD2 "8f 00 7102 0000 0001 03 00 0000 " GROUP6);
    wait_report(k, 1 * WEIR_S);
    expect(k, HEAD_MLD2 "8f 00 7102 0000 0001 03 00 0000 " GROUP6);
    join(k, "ff01::5"); /* stays in the node */
    expect_quiet(k, 100 * WEIR_S);
    kit_expect_no_drop(k);
    ip_kit_del(k);
}

#define HEAD_MLD1(dst) \
    "60000000 0020 00 01 fe800000 00000000 00000000 00000001 " dst " 3a00 05020000 0100 "

/* RFC 2710, RFC 3810 8.2.1. */
static void test_mld1(void **state)
{
    struct ip_kit *k = start();
    struct ip_addr src = kit_ip("fe80::7"), group = kit_ip("ff05::5");
    uint8_t other[24];
    struct kit_upper report = {.src = "fe80::7",
                               .dst = "ff05::5",
                               .protocol = IP_PROTOCOL_ICMP6,
                               .data = other,
                               .size = 24,
                               .hop_limit = 1};
    (void)state;
    mld_build(other, MLD_REPORT_V1, &group, &src, &group);
    ask6(k, &(struct query){.group = "::", .size = 24, .code = 10000});
    kit_flush(k);
    kit_advance(k, 20 * WEIR_S); /* the solicited-node group */
    kit_flush(k);
    join(k, "ff05::5");
    expect(k, HEAD_MLD1(GROUP6) "83 00 8015 0000 0000 " GROUP6);
    wait_report(k, 10 * WEIR_S);
    expect(k, HEAD_MLD1(GROUP6) "83 00 8015 0000 0000 " GROUP6);
    ask6(k, &(struct query){.dst = "ff05::5", .group = "ff05::5", .size = 24, .code = 1000});
    assert_int_equal(kit_send(k, &report), IP_DONE);
    expect_quiet(k, 10 * WEIR_S);
    ask6(k, &(struct query){.dst = "ff05::5", .group = "ff05::5", .size = 24, .code = 1000});
    wait_report(k, 1 * WEIR_S);
    expect(k, HEAD_MLD1(GROUP6) "83 00 8015 0000 0000 " GROUP6);
    leave(k, "ff05::5");
    expect(k, HEAD_MLD1("ff020000 00000000 00000000 00000002") "84 00 7f1b 0000 0000 " GROUP6);
    expect_quiet(k, 100 * WEIR_S);
    kit_expect_no_drop(k);
    ip_kit_del(k);
}

/* RFC 4862 5.4.2, RFC 3590: before DAD asks, the address's group is reported from ::, and again when the
 * link-local address is proven. */
static void test_solicited_node_groups(void **state)
{
    struct ip_kit *k = ip_kit_new();
    struct ip_addr own = kit_ip("fe80::1234:5678");
    (void)state;
    k->ip.links[k->eth].config.no_group_reports = false;
    k->ip.links[k->eth].config.no_dad = false;
    assert_int_equal(ip_address_add(&k->ip, k->eth, &own, 64), WEIR_OK);
    expect(k, "60000000 0024 00 01 00000000 00000000 00000000 00000000 "
              "ff020000 00000000 00000000 00000016 3a00 05020000 0100 "
              "8f 00 18de 0000 0001 04 00 0000 ff020000 00000000 00000001 ff345678");
    struct ndp_message n;
    struct ip6_header h;
    kit_take_ndp(k, &n, &out, &h); /* then the probe */
    assert_memory_equal(n.target, own.b, 16);
    for (int i = 0; i < 2; i++) { /* the second report; DAD done: from the address now */
        kit_advance(k, WEIR_S);
    }
    kit_flush(k);
    kit_advance(k, WEIR_S);
    kit_flush(k);
    assert_int_equal(ip_address_del(&k->ip, k->eth, &own), WEIR_OK);
    ip_timers(&k->ip);
    assert_true(kit_next(k, &out));
    assert_int_equal(out.ip[48 + 8], GROUP_TO_INCLUDE);
    kit_advance(k, WEIR_S);
    assert_int_equal(k->ip.groups.used, 0);
    kit_flush(k);
    ip_kit_del(k);
}

static void test_reported_anew(void **state)
{
    struct ip_kit *k = ip_kit_new();
    struct ip_addr own = kit_ip("fe80::1");
    uint32_t from_address = 0;
    (void)state;
    k->ip.links[k->eth].config.no_group_reports = false;
    k->ip.links[k->eth].config.no_dad = false;
    join(k, "ff05::5");
    kit_advance(k, 0);
    kit_advance(k, WEIR_S);
    kit_flush(k);
    assert_int_equal(ip_address_add(&k->ip, k->eth, &own, 64), WEIR_OK);
    kit_advance(k, 0);
    kit_flush(k);
    for (int i = 0; i < 3; i++) {
        kit_advance(k, WEIR_S);
        while (kit_next(k, &out)) {
            if (out.ip[6] == 0 && memcmp(out.ip + 8, own.b, 16) == 0) {
                from_address += load_be16(out.ip + 48 + 6);
            }
        }
    }
    assert_int_equal(from_address, 4); /* two groups, twice */
    assert_int_equal(ip_link_set_up(&k->ip, k->eth, false), WEIR_OK);
    expect_quiet(k, WEIR_S);
    assert_int_equal(ip_link_set_up(&k->ip, k->eth, true), WEIR_OK);
    ip_timers(&k->ip);
    assert_true(kit_next(k, &out));
    assert_int_equal(load_be16(out.ip + 48 + 6), 2);
    kit_flush(k);
    ip_kit_del(k);
}

/* ---- What is not believed --------------------------------------------------------------------------------- */

static void test_strange_igmp(void **state)
{
    struct ip_kit *k = start();
    uint8_t bytes[8] = {0x42, 0, 0xbd, 0xff, 0, 0, 0, 0};
    struct kit_upper u = {
        .src = "192.0.2.9", .dst = "224.0.0.1", .protocol = IP_PROTOCOL_IGMP, .data = bytes};
    struct ip_addr group = kit_ip("10.1.2.3");
    (void)state;
    join(k, "239.1.2.3");
    kit_advance(k, 2 * WEIR_S);
    kit_advance(k, 2 * WEIR_S);
    kit_flush(k);
    ask4(k, &(struct query){.group = "0.0.0.0", QUERY3, .hop_limit = 2});
    kit_expect_drop(k, WEIR_DROP_GROUP_UNTRUSTED);
    ask4(k, &(struct query){.group = "0.0.0.0", QUERY3, .no_alert = true});
    kit_expect_drop(k, WEIR_DROP_GROUP_UNTRUSTED);
    ask4(k, &(struct query){.group = "0.0.0.0", .size = 8, .code = 1, .no_alert = true});
    kit_expect_drop(k, WEIR_DROP_GROUP_UNTRUSTED);
    ask4(k, &(struct query){.group = "0.0.0.0", QUERY3, .bad_sum = true});
    kit_expect_drop(k, WEIR_DROP_ICMP_CHECKSUM);
    ask4(k, &(struct query){.group = "0.0.0.0", .size = 10, .code = 1}); /* of no version */
    kit_expect_drop(k, WEIR_DROP_GROUP_MALFORMED);
    ask4(k, &(struct query){.group = "239.1.2.3", .size = 16, .code = 1, .sources = 2});
    kit_expect_drop(k, WEIR_DROP_GROUP_MALFORMED);
    ask4(k, &(struct query){.group = "10.1.2.3", QUERY3});
    kit_expect_drop(k, WEIR_DROP_GROUP_MALFORMED);
    u.size = 8;
    assert_int_equal(kit_send(k, &u), IP_DONE);
    kit_expect_drop(k, WEIR_DROP_GROUP_TYPE);
    u.size = 7;
    assert_int_equal(kit_send(k, &u), IP_DONE);
    kit_expect_drop(k, WEIR_DROP_GROUP_MALFORMED);
    u.size = 8;
    igmp_build(bytes, IGMP_REPORT_V2, &group);
    assert_int_equal(kit_send(k, &u), IP_DONE);
    kit_expect_drop(k, WEIR_DROP_GROUP_MALFORMED);
    expect_quiet(k, 20 * WEIR_S);
    /* a switch without an address may ask all the same (RFC 4541 2.1.1); others may not come from 0.0.0.0 */
    ask4(k, &(struct query){.src = "0.0.0.0", .group = "0.0.0.0", QUERY3});
    wait_report(k, 10 * WEIR_S);
    expect(k, V3("eaf9", "02 00 0000 ef010203"));
    kit_expect_no_drop(k);
    ask4(k, &(struct query){.src = "0.0.0.0", .dst = "192.0.2.1", .group = "0.0.0.0", QUERY3});
    kit_expect_drop(k, WEIR_DROP_IP_SOURCE);
    ip_kit_del(k);
}

static void test_strange_mld(void **state)
{
    struct ip_kit *k = start();
    (void)state;
    ask6(k, &(struct query){.group = "::", QUERY_MLD2, .hop_limit = 255});
    kit_expect_drop(k, WEIR_DROP_GROUP_UNTRUSTED);
    ask6(k, &(struct query){.group = "::", QUERY_MLD2, .no_alert = true});
    kit_expect_drop(k, WEIR_DROP_GROUP_UNTRUSTED);
    ask6(k, &(struct query){.group = "::", QUERY_MLD2, .src = "2001:db8::9"});
    kit_expect_drop(k, WEIR_DROP_GROUP_UNTRUSTED);
    ask6(k, &(struct query){.group = "::", QUERY_MLD2, .bad_sum = true});
    kit_expect_drop(k, WEIR_DROP_ICMP_CHECKSUM);
    ask6(k, &(struct query){.group = "2001:db8::7", QUERY_MLD2});
    kit_expect_drop(k, WEIR_DROP_GROUP_MALFORMED);
    ask6(k, &(struct query){.group = "224.0.0.7", QUERY_MLD2}); /* ::ffff:224.0.0.7 */
    kit_expect_drop(k, WEIR_DROP_GROUP_MALFORMED);
    ask6(k, &(struct query){.group = "::", .size = 26});
    kit_expect_drop(k, WEIR_DROP_GROUP_MALFORMED);
    ask6(k, &(struct query){.group = "::", .size = 20});
    kit_expect_drop(k, WEIR_DROP_GROUP_MALFORMED);
    ask6(k, &(struct query){.group = "ff05::5", .size = 28, .sources = 1});
    kit_expect_drop(k, WEIR_DROP_GROUP_MALFORMED);
    expect_quiet(k, 20 * WEIR_S);
    ip_kit_del(k);
}

/* Many groups take several reports; there is a limit, and a quiet link is quiet. */
static void test_many(void **state)
{
    struct ip_kit *k = start();
    struct ip_addr group = kit_ip("239.0.0.0");
    uint32_t packets = 0, records = 0, joined = 0;
    (void)state;
    while (ip_group_join(&k->ip, k->eth, &group) == WEIR_OK) {
        joined++;
        store_be32(group.b + 12, load_be32(group.b + 12) + 1);
    }
    assert_int_equal(k->ip.groups.used, IP_GROUPS_MAX);
    ip_timers(&k->ip);
    while (kit_next(k, &out)) {
        assert_true(out.ip_size <= 1500);
        packets++;
        records += load_be16(out.ip + 24 + 6);
    }
    assert_int_equal(records, joined);
    assert_int_equal(packets, (joined + 182) / 183); /* (1500 - 24 - 8) / 8 */
    k->ip.links[k->eth].config.no_group_reports = true;
    expect_quiet(k, 20 * WEIR_S);
    ask4(k, &(struct query){.group = "0.0.0.0", QUERY3});
    expect_quiet(k, 20 * WEIR_S);
    ip_kit_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_igmp3_join_and_leave),
        cmocka_unit_test(test_igmp3_changes_of_mind),
        cmocka_unit_test(test_igmp3_general_query),
        cmocka_unit_test(test_igmp3_group_query),
        cmocka_unit_test(test_igmp2),
        cmocka_unit_test(test_igmp1),
        cmocka_unit_test(test_mld2),
        cmocka_unit_test(test_mld1),
        cmocka_unit_test(test_solicited_node_groups),
        cmocka_unit_test(test_reported_anew),
        cmocka_unit_test(test_strange_igmp),
        cmocka_unit_test(test_strange_mld),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
