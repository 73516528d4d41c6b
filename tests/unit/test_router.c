/* test_router.c - what router advertisements change, and which are not believed (RFC 4861 6, RFC 4862 5.5). */
#include "slaac_kit.h"

/* ---- What is not believed ------------------------------------------------------------------------------------- */

/* RFC 4861 6.1.2: each rule. */
static void test_validation(void **s)
{
    (void)s;
    struct ip_kit *k = ready();
    struct advert a;
    advert_begin(&a, 1800);
    a.hop_limit = 254;
    hear(k, &a);
    kit_expect_drop(k, WEIR_DROP_NDP_HOP_LIMIT);
    advert_begin(&a, 1800);
    a.from = "2001:db8::2";
    hear(k, &a);
    kit_expect_drop(k, WEIR_DROP_ROUTER_SOURCE);
    advert_begin(&a, 1800);
    a.bytes[1] = 1; /* code */
    hear(k, &a);
    kit_expect_drop(k, WEIR_DROP_ROUTER_MALFORMED);
    advert_begin(&a, 1800);
    a.size = 15; /* too short */
    hear(k, &a);
    kit_expect_drop(k, WEIR_DROP_ROUTER_MALFORMED);
    advert_begin(&a, 1800);
    advert_mtu(&a, 1400);
    a.bytes[17] = 0; /* an option of length 0 */
    hear(k, &a);
    kit_expect_drop(k, WEIR_DROP_ROUTER_MALFORMED);
    advert_begin(&a, 1800);
    advert_mtu(&a, 1400);
    a.bytes[17] = 2; /* longer than what is there */
    hear(k, &a);
    kit_expect_drop(k, WEIR_DROP_ROUTER_MALFORMED);
    advert_begin(&a, 1800);
    advert_prefix(&a, "2001:db8:7::", 129, AUTO, 7200, 7200);
    hear(k, &a);
    kit_expect_drop(k, WEIR_DROP_ROUTER_MALFORMED);
    advert_begin(&a, 1800);
    advert_dns(&a, "2001:db8::53", 100);
    a.bytes[17] = 2; /* no whole address */
    a.size -= 8;
    hear(k, &a);
    kit_expect_drop(k, WEIR_DROP_ROUTER_MALFORMED);
    advert_begin(&a, 1800);
    advert_mac(&a);
    a.bytes[18] = 3; /* a group's MAC */
    hear(k, &a);
    kit_expect_drop(k, WEIR_DROP_ROUTER_MALFORMED);
    assert_false(has_route(k, "::", 0));
    assert_int_equal(k->ip.links[k->eth].mtu6, 0);
    /* unknown options are skipped */
    advert_begin(&a, 1800);
    a.bytes[16] = 200;
    a.bytes[17] = 2;
    a.size = 32;
    hear(k, &a);
    kit_expect_no_drop(k);
    assert_true(has_route(k, "::", 0));
    end(k);
}

/* Where it is off, an advertisement is what it always was. */
static void test_off(void **s)
{
    (void)s;
    struct ip_kit *k = ip_kit_ready();
    hear_prefix(k, "2001:db8:7::", ON_LINK | AUTO, 86400, 3600);
    kit_expect_drop(k, WEIR_DROP_ICMP_TYPE);
    assert_null(own_in(k, "2001:db8:7::"));
    assert_int_equal(ip_slaac_stop(&k->ip, k->eth), WEIR_ENOENT);
    end(k);
}

/* ---- Routers -------------------------------------------------------------------------------------------------- */

static bool hop_is(struct ip_kit *k, const char *to, const char *router)
{
    struct ip_addr dst = kit_ip(to), chosen, gateway = kit_ip(router);
    struct ip_path path;
    assert_int_equal(ip_path_find(&k->ip, &dst, NULL, WEIR_ANY_LINK, &path, &chosen), WEIR_OK);
    return ip_addr_equal(&ip_neighbor_at(&k->ip, path.neighbor)->ip, &gateway);
}

/* RFC 4861 6.3.4: lifetimes; 0 ends it at once. Its MAC is learned. */
static void test_router_lifetime(void **s)
{
    (void)s;
    struct ip_kit *k = ready();
    struct advert a;
    uint32_t link;
    hear_prefix(k, "2001:db8:7::", AUTO, 86400, 86400);
    advert_begin(&a, 100);
    advert_mac(&a);
    hear(k, &a);
    assert_true(ip_slaac_event(&k->ip, &link) && link == k->eth);
    assert_true(hop_is(k, "2001:db8:99::1", "fe80::2"));
    struct ip_addr router = kit_ip("fe80::2");
    uint32_t index = 0;
    for (uint32_t i = 1; i < pool_limit(&k->ip.neighbors); i++) {
        index = ip_addr_equal(&ip_neighbor_at(&k->ip, i)->ip, &router) ? i : index;
    }
    assert_memory_equal(ip_neighbor_at(&k->ip, index)->mac, kit_peer_mac, 6);
    kit_advance(k, 100 * WEIR_S - 1);
    assert_true(has_route(k, "::", 0));
    kit_advance(k, 1);
    assert_false(has_route(k, "::", 0));
    advert_begin(&a, 100);
    hear(k, &a);
    assert_true(has_route(k, "::", 0));
    advert_begin(&a, 0);
    hear(k, &a);
    assert_false(has_route(k, "::", 0));
    /* RFC 4861 7.2.5: it says itself that it is no router any more */
    advert_begin(&a, 100);
    advert_mac(&a);
    hear(k, &a);
    assert_true(has_route(k, "::", 0));
    kit_ndp_send(k, &(struct kit_ndp){.type = ICMP6_NEIGHBOR_ADVERT,
                                      .src = "fe80::2",
                                      .dst = "ff02::1",
                                      .target = "fe80::2",
                                      .override = true,
                                      .mac = kit_peer_mac});
    assert_false(has_route(k, "::", 0));
    end(k);
}

/* RFC 4191: preference; RFC 4861 6.3.6: but one that does not answer gives way. */
static void test_router_choice(void **s)
{
    (void)s;
    struct ip_kit *k = ready();
    struct advert a;
    hear_prefix(k, "2001:db8:7::", AUTO, 86400, 86400);
    advert_begin(&a, 1800);
    advert_mac(&a);
    hear(k, &a);
    advert_begin(&a, 1800);
    a.from = "fe80::3";
    a.bytes[5] = 0x08; /* high */
    advert_mac(&a);
    hear(k, &a);
    assert_true(hop_is(k, "2001:db8:99::1", "fe80::3"));
    /* fe80::3 is asked and does not answer: DELAY, three probes, INCOMPLETE, three more */
    struct ip_addr dst = kit_ip("2001:db8:99::1"), chosen;
    struct ip_path path;
    assert_int_equal(ip_path_find(&k->ip, &dst, NULL, WEIR_ANY_LINK, &path, &chosen), WEIR_OK);
    for (int i = 0; i < 15; i++) {
        (void)ip_path_ready(&k->ip, &path);
        kit_advance(k, WEIR_S);
        kit_flush(k);
    }
    assert_true(path.generation != k->ip.generation); /* cached paths are looked up again */
    assert_true(hop_is(k, "2001:db8:99::1", "fe80::2"));
    /* low: behind the others */
    advert_begin(&a, 1800);
    a.bytes[5] = 0x18;
    hear(k, &a);
    kit_flush(k);
    end(k);
}

/* Bounded: the first four stay. */
static void test_many_routers(void **s)
{
    (void)s;
    struct ip_kit *k = ready();
    char from[32];
    for (int i = 0; i < 20; i++) {
        struct advert a;
        advert_begin(&a, 1800);
        snprintf(from, sizeof(from), "fe80::%x", 0x100 + i);
        a.from = from;
        hear(k, &a);
    }
    assert_int_equal(k->ip.route_count, 1 + WEIR_SLAAC_ROUTERS_MAX); /* and fe80::/64 */
    for (int i = 0; i < 20; i++) {
        char net[32];
        snprintf(net, sizeof(net), "2001:db8:%x::", 0x100 + i);
        hear_prefix(k, net, ON_LINK | AUTO, 86400, 3600);
    }
    assert_non_null(own_in(k, "2001:db8:107::"));
    assert_null(own_in(k, "2001:db8:108::"));
    end(k);
}

/* ---- Prefixes --------------------------------------------------------------------------------------------------- */

/* RFC 4861 6.3.4, RFC 5942 4: on the link is what is said to be, whatever addresses there are. */
static void test_on_link(void **s)
{
    (void)s;
    struct ip_kit *k = ready();
    hear_prefix(k, "2001:db8:7::", AUTO, 86400, 3600);
    assert_non_null(own_in(k, "2001:db8:7::"));
    assert_false(has_route(k, "2001:db8:7::", 64));
    hear_prefix(k, "2001:db8:8::", ON_LINK, 100, 50);
    assert_null(own_in(k, "2001:db8:8::"));
    assert_true(has_route(k, "2001:db8:8::", 64));
    kit_advance(k, 100 * WEIR_S);
    assert_false(has_route(k, "2001:db8:8::", 64));
    hear_prefix(k, "2001:db8:8::", ON_LINK, EVER, EVER);
    kit_advance(k, 1000000 * WEIR_S);
    assert_true(has_route(k, "2001:db8:8::", 64));
    hear_prefix(k, "2001:db8:8::", ON_LINK, 0, 0);
    assert_false(has_route(k, "2001:db8:8::", 64));
    end(k);
}

/* RFC 4862 5.5.3 a to d: what makes no address. */
static void test_no_address(void **s)
{
    (void)s;
    struct ip_kit *k = ready();
    struct advert a;
    uint32_t count = k->ip.address_count;
    hear_prefix(k, "fe80::", AUTO | ON_LINK, 86400, 3600);
    hear_prefix(k, "2001:db8:7::", 0, 86400, 3600);
    hear_prefix(k, "2001:db8:7::", AUTO, 3600, 3601);
    hear_prefix(k, "2001:db8:7::", AUTO, 0, 0);
    hear_prefix(k, "ff02::", AUTO, 3600, 3600);
    advert_begin(&a, 1800);
    advert_prefix(&a, "2001:db8:7::", 63, AUTO, 3600, 3600);
    advert_prefix(&a, "::ffff:1.2.3.4", 128, ON_LINK, 3600, 3600);
    advert_prefix(&a, "2001:db8:7::", 0, ON_LINK, 3600, 3600);
    hear(k, &a);
    kit_advance(k, 0);
    assert_int_equal(k->ip.address_count, count);
    assert_int_equal(k->ip.route_count, 2); /* fe80::/64 and the router */
    end(k);
}

/* RFC 4862 5.5.4, RFC 6724 rule 3. */
static void test_lifetimes(void **s)
{
    (void)s;
    struct ip_kit *k = ready();
    struct ip_addr dst = kit_ip("2001:db8:99::1"), chosen, old;
    struct ip_path path;
    uint32_t link;
    hear_prefix(k, "2001:db8:98::", AUTO, 10000, 100); /* closer by rule 8 */
    hear_prefix(k, "2001:db8:7::", AUTO, 86400, 86400);
    old = own_in(k, "2001:db8:98::")->ip;
    quiet(k);
    assert_int_equal(ip_path_find(&k->ip, &dst, NULL, WEIR_ANY_LINK, &path, &chosen), WEIR_OK);
    assert_true(ip_addr_equal(&chosen, &old));
    kit_advance(k, 100 * WEIR_S);
    assert_true(ip_slaac_event(&k->ip, &link)); /* deprecated */
    assert_int_equal(ip_path_find(&k->ip, &dst, NULL, WEIR_ANY_LINK, &path, &chosen), WEIR_OK);
    assert_true(ip_addr_equal(&chosen, &own_in(k, "2001:db8:7::")->ip));
    assert_non_null(ip_address_find(&k->ip, &old)); /* still ours */
    hear_prefix(k, "2001:db8:98::", AUTO, 10000, 1000);
    assert_int_equal(ip_path_find(&k->ip, &dst, NULL, WEIR_ANY_LINK, &path, &chosen), WEIR_OK);
    assert_true(ip_addr_equal(&chosen, &old)); /* preferred again */
    kit_advance(k, 10000 * WEIR_S - 1);
    assert_non_null(own_in(k, "2001:db8:98::"));
    expect_no_event(k);
    kit_advance(k, 1);
    assert_null(own_in(k, "2001:db8:98::"));
    expect_event(k, IP_TELL_REMOVED, &old);
    end(k);
}

static void expect_left(struct ip_kit *k, uint64_t seconds)
{
    assert_int_equal(state(k)->prefixes[0].valid_until - k->env.now, seconds * WEIR_S);
}

/* RFC 4862 5.5.3 e: nobody shortens a life below two hours. */
static void test_two_hours(void **s)
{
    (void)s;
    struct ip_kit *k = ready();
    hear_prefix(k, "2001:db8:7::", AUTO, 86400, 3600);
    expect_left(k, 86400);
    hear_prefix(k, "2001:db8:7::", AUTO, 7201, 3600); /* 1: more than two hours */
    expect_left(k, 7201);
    hear_prefix(k, "2001:db8:7::", AUTO, 10, 10); /* 3: two hours then */
    expect_left(k, 7200);
    assert_int_equal(state(k)->prefixes[0].preferred_until - k->env.now, 10 * WEIR_S);
    kit_advance(k, 200 * WEIR_S);
    hear_prefix(k, "2001:db8:7::", AUTO, 10, 0); /* 2: less is left than two hours */
    expect_left(k, 7000);
    hear_prefix(k, "2001:db8:7::", AUTO, 7100, 0); /* 1: more than is left */
    expect_left(k, 7100);
    hear_prefix(k, "2001:db8:7::", AUTO, EVER, EVER);
    assert_true(state(k)->prefixes[0].valid_until == WEIR_NEVER);
    hear_prefix(k, "2001:db8:7::", AUTO, 0, 0);
    expect_left(k, 7200);
    end(k);
}

/* ---- Parameters -------------------------------------------------------------------------------------------------- */

/* RFC 4861 6.3.4: MTU, hop limit, times. RFC 8106: DNS servers. */
static void test_parameters(void **s)
{
    (void)s;
    static struct kit_out out;
    struct ip_kit *k = ready();
    struct ip_link *l = &k->ip.links[k->eth];
    struct advert a;
    k->env.config.tcp.ttl = 64;
    advert_begin(&a, 1800);
    a.bytes[4] = 17;
    a.bytes[5] = 0xc0;
    store_be32(a.bytes + 8, 20000);
    store_be32(a.bytes + 12, 700);
    advert_mac(&a);
    advert_mtu(&a, 1400);
    advert_dns(&a, "2001:db8::53", 100);
    hear(k, &a);
    kit_advance(k, 0);
    assert_int_equal(l->mtu6, 1400);
    assert_int_equal(state(k)->retrans_time, 700 * WEIR_MS);
    assert_in_range(state(k)->reachable_time, 10 * WEIR_S, 30 * WEIR_S);
    assert_true(state(k)->managed && state(k)->other);
    assert_int_equal(state(k)->dns[0].until - k->env.now, 100 * WEIR_S);
    struct ip_addr dst = kit_ip("fe80::2"), chosen;
    struct ip_path path;
    assert_int_equal(ip_path_find(&k->ip, &dst, NULL, k->eth, &path, &chosen), WEIR_OK);
    assert_int_equal(path.mtu, 1400);
    struct ip_send send = {.src = chosen, .dst = dst, .protocol = 200, .ttl = 64};
    uint8_t header[64];
    ip_header_build(&k->ip, &path, &send, header);
    assert_int_equal(header[14 + 7], 17);
    send.ttl = 3; /* the application's own choice */
    ip_header_build(&k->ip, &path, &send, header);
    assert_int_equal(header[14 + 7], 3);
    kit_flush(k);
    send.ttl = 64;
    struct weir_buffer *b = ip_reply_buffer(&k->ip, 8);
    memset(b->data, 0, 8);
    b->size = 8;
    ip_path_send(&k->ip, b, &send, &path);
    (void)ip_path_ready(&k->ip, &path);
    while (kit_next(k, &out) && out.ip[6] != 200) {}
    assert_int_equal(out.ip[7], 17);

    advert_begin(&a, 1800); /* 0: not said, so it stays. The MTU must make sense */
    advert_mtu(&a, 1279);
    advert_mtu(&a, 1501);
    advert_dns(&a, "2001:db8::53", 0);
    hear(k, &a);
    kit_advance(k, 0);
    assert_int_equal(l->hop_limit, 17);
    assert_int_equal(l->mtu6, 1400);
    assert_int_equal(state(k)->dns[0].until, 0);
    for (int i = 0; i < 6; i++) { /* RFC 8106 6.1: the shortest lived makes room */
        char text[32];
        advert_begin(&a, 1800);
        snprintf(text, sizeof(text), "2001:db8::%x", 0x60 + i);
        advert_dns(&a, text, (uint32_t)(100 + i));
        hear(k, &a);
        kit_advance(k, 0);
    }
    for (int i = 0; i < WEIR_SLAAC_DNS_MAX; i++) {
        assert_true(state(k)->dns[i].until - k->env.now >= 102 * WEIR_S);
    }
    kit_advance(k, 106 * WEIR_S);
    assert_int_equal(state(k)->dns[0].until, 0);
    end(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_validation),      cmocka_unit_test(test_off),
        cmocka_unit_test(test_router_lifetime), cmocka_unit_test(test_router_choice),
        cmocka_unit_test(test_many_routers),    cmocka_unit_test(test_on_link),
        cmocka_unit_test(test_no_address),      cmocka_unit_test(test_lifetimes),
        cmocka_unit_test(test_two_hours),       cmocka_unit_test(test_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
