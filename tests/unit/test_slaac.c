/* test_slaac.c - addresses that configure themselves (RFC 4862, RFC 7217), and asking for routers (RFC 7559). */
#include "slaac_kit.h"

#include "base/siphash.h"

/* ---- Duplicate address detection ------------------------------------------------------------------------------ */

/* RFC 4862 5.4.2: joined the group first, waited at random up to a second, then one solicitation from
 * the unspecified address to the solicited-node group, without a link-layer option, hop limit 255. */
static void test_dad_packet(void **s)
{
    (void)s;
    static struct kit_out out;
    struct ip_kit *k = started(true);
    struct ip_addr own = state(k)->local.address, group;
    struct ndp_message n;
    struct ip6_header h;
    weir_time began = k->env.now;

    assert_true(ip_addr_is_link_local(&own));
    group = kit_ip("ff02::1:ff00:0");
    memcpy(group.b + 13, own.b + 13, 3);
    uint32_t head = k->ip.group_head;
    assert_int_not_equal(head, 0);
    assert_true(ip_addr_equal(&((struct ip_group *)pool_at(&k->ip.groups, head))->ip, &group));

    run_until(k, began + 10 * WEIR_S);
    assert_true(k->env.now > began && k->env.now < began + WEIR_S); /* at random: not at once */
    kit_take_ndp(k, &n, &out, &h);
    assert_int_equal(out.size, 14 + 40 + 24);
    assert_int_equal(n.type, ICMP6_NEIGHBOR_SOLICIT);
    assert_memory_equal(n.target, own.b, 16);
    assert_false(n.has_mac);
    assert_memory_equal(h.src, kit_ip("::").b, 16);
    assert_memory_equal(h.dst, group.b, 16);
    assert_int_equal(h.hop_limit, 255);
    assert_int_equal(own_in(k, "fe80::")->state, IP_ADDRESS_TENTATIVE);
    expect_no_event(k);
    kit_advance(k, WEIR_S);
    assert_int_equal(own_in(k, "fe80::")->state, IP_ADDRESS_VALID);
    expect_event(k, IP_TELL_ADDED, &own);
    end(k);
}

static void collide(struct ip_kit *k, const struct ip_addr *own)
{
    char target[WEIR_IP_TEXT_MAX];
    struct weir_ip ip;
    ip_addr_to_public(own, &ip);
    weir_ip_format(&ip, target, sizeof(target));
    kit_ndp_send(k, &(struct kit_ndp){.type = ICMP6_NEIGHBOR_ADVERT,
                                      .src = target,
                                      .dst = "ff02::1",
                                      .target = target,
                                      .override = true,
                                      .mac = kit_peer_mac});
    kit_expect_drop(k, WEIR_DROP_IP_SOURCE);
}

/* RFC 7217 6: IDGEN_RETRIES other identifiers, a second apart; then RFC 4862 5.4.5: nothing here. */
static void test_duplicates(void **s)
{
    (void)s;
    struct ip_kit *k = started(true);
    struct ip_addr seen[4];
    for (uint32_t i = 0; i < 4; i++) {
        seen[i] = state(k)->local.address;
        for (uint32_t j = 0; j < i; j++) {
            assert_false(ip_addr_equal(&seen[i], &seen[j]));
        }
        run_until(k, k->env.now + 10 * WEIR_S);
        kit_flush(k);
        collide(k, &seen[i]);
        expect_event(k, IP_TELL_DUPLICATE, &seen[i]);
        kit_advance(k, 0);
        assert_null(own_in(k, "fe80::"));
        assert_int_equal(k->ip.group_head, 0);
        kit_advance(k, WEIR_S - 1);
        assert_null(own_in(k, "fe80::"));
        kit_advance(k, 1);
    }
    assert_null(own_in(k, "fe80::"));
    assert_true(state(k)->disabled);
    hear_prefix(k, "2001:db8:7::", ON_LINK | AUTO, 3600, 1800);
    kit_expect_drop(k, WEIR_DROP_ICMP_TYPE);
    assert_null(own_in(k, "2001:db8:7::"));
    run_until(k, k->env.now + 7200 * WEIR_S);
    kit_expect_silence(k); /* not asked for routers either */
    end(k);
}

/* RFC 4862 5.4.3: whoever asks for it from :: while we do has it, too. A valid one is defended. */
static void test_defends(void **s)
{
    (void)s;
    static struct kit_out out;
    struct ip_kit *k = ready();
    struct ip_addr own = state(k)->local.address, group = kit_ip("ff02::1:ff00:0");
    struct ndp_message n;
    struct ip6_header h;
    char target[WEIR_IP_TEXT_MAX], to[WEIR_IP_TEXT_MAX];
    struct weir_ip ip;

    memcpy(group.b + 13, own.b + 13, 3);
    ip_addr_to_public(&own, &ip);
    weir_ip_format(&ip, target, sizeof(target));
    ip_addr_to_public(&group, &ip);
    weir_ip_format(&ip, to, sizeof(to));
    struct kit_ndp probe = {
        .type = ICMP6_NEIGHBOR_SOLICIT, .src = "::", .dst = to, .target = target};
    kit_ndp_send(k, &probe);
    kit_take_ndp(k, &n, &out, &h);
    assert_int_equal(n.type, ICMP6_NEIGHBOR_ADVERT);
    assert_memory_equal(n.target, own.b, 16);
    assert_true(n.override && !n.solicited && n.has_mac);
    assert_memory_equal(h.dst, kit_ip("ff02::1").b, 16);
    end(k);

    k = started(true);
    own = state(k)->local.address;
    run_until(k, k->env.now + WEIR_S);
    kit_flush(k);
    kit_ndp_send(k, &probe); /* the same address: same seed */
    kit_expect_drop(k, WEIR_DROP_IP_NOT_US);
    expect_event(k, IP_TELL_DUPLICATE, &own);
    end(k);
}

/* RFC 4862 5.4: a global address is tested, too, with the retransmission time of the routers. */
static void test_global_dad(void **s)
{
    (void)s;
    static struct kit_out out;
    struct ip_kit *k = started(true);
    struct advert a;
    struct ndp_message n;
    struct ip6_header h;
    run_until(k, k->env.now + 10 * WEIR_S);
    kit_flush(k);
    kit_advance(k, WEIR_S);
    quiet(k);
    advert_begin(&a, 0);
    store_be32(a.bytes + 12, 3000); /* retrans timer */
    advert_prefix(&a, "2001:db8:7::", 64, AUTO, 86400, 3600);
    hear(k, &a);
    kit_advance(k, 0);
    assert_int_equal(own_in(k, "2001:db8:7::")->state, IP_ADDRESS_TENTATIVE);
    struct ip_addr own = own_in(k, "2001:db8:7::")->ip;
    run_until(k, k->env.now + WEIR_S);
    kit_take_ndp(k, &n, &out, &h);
    assert_memory_equal(n.target, own.b, 16);
    kit_advance(k, 3 * WEIR_S - 1);
    assert_int_equal(own_in(k, "2001:db8:7::")->state, IP_ADDRESS_TENTATIVE);
    kit_advance(k, 1);
    assert_int_equal(own_in(k, "2001:db8:7::")->state, IP_ADDRESS_VALID);
    expect_event(k, IP_TELL_ADDED, &own);
    end(k);
}

/* ---- Identifiers -------------------------------------------------------------------------------------------- */

/* RFC 7217 5: a function of prefix, link, counter and secret; RFC 4291 appendix A. */
static void test_identifiers(void **s)
{
    (void)s;
    struct ip_kit *k = ready();
    hear_prefix(k, "2001:db8:7::", AUTO, 86400, 3600);
    hear_prefix(k, "2001:db8:8::", AUTO, 86400, 3600);
    struct ip_addr a = own_in(k, "2001:db8:7::")->ip, b = own_in(k, "2001:db8:8::")->ip;
    assert_memory_not_equal(a.b + 8, b.b + 8, 8);
    assert_memory_not_equal(a.b + 8, state(k)->local.address.b + 8, 8);

    uint8_t key[16] = {'i', 'i', 'd', 0x20, 0x01, 0x0d, 0xb8, 0, 7};
    uint8_t wanted[8];
    store_be64(wanted, siphash(k->env.config.secret, key, sizeof(key)));
    assert_memory_equal(a.b + 8, wanted, 8);
    end(k);

    k = ip_kit_new();
    assert_int_equal(ip_slaac_start(&k->ip, k->eth, WEIR_IDENTIFIER_EUI64), WEIR_OK);
    assert_true(ip_addr_equal(&state(k)->local.address,
                              &(struct ip_addr){{0xfe, 0x80, [8] = 0, 0, 0, 0xff, 0xfe, 0, 0, 1}}));
    assert_int_equal(ip_slaac_start(&k->ip, k->tun, WEIR_IDENTIFIER_EUI64), WEIR_EINVAL);
    assert_int_equal(ip_slaac_start(&k->ip, k->eth, WEIR_IDENTIFIER_EUI64), WEIR_EEXIST);
    assert_int_equal(ip_slaac_start(&k->ip, 7, WEIR_IDENTIFIER_EUI64), WEIR_ENOENT);
    assert_int_equal(ip_slaac_start(&k->ip, k->tun, 2), WEIR_EINVAL);
    end(k);
}

/* ---- Asking for routers --------------------------------------------------------------------------------------- */

/* RFC 4861 4.1, 6.3.7; RFC 7559: 4 s and a tenth, then doubled up to an hour, without end. */
static void test_solicits(void **s)
{
    (void)s;
    static struct kit_out out;
    struct ip_kit *k = started(false);
    weir_time last = k->env.now, before = 0;
    run_until(k, last + 2 * WEIR_S);
    assert_true(k->env.now - last < WEIR_S); /* MAX_RTR_SOLICITATION_DELAY */
    for (uint32_t i = 0; i < 15; i++) {
        assert_true(kit_next(k, &out));
        static const uint8_t wanted[] = {133, 0};
        assert_int_equal(out.size, 14 + 40 + 16);
        assert_int_equal(out.eth.dst[5], 2); /* 33:33:00:00:00:02 */
        assert_int_equal(out.ip[7], 255);
        assert_memory_equal(out.ip + 8, state(k)->local.address.b, 16);
        assert_memory_equal(out.ip + 24, kit_ip("ff02::2").b, 16);
        assert_memory_equal(out.ip + 40, wanted, 2);
        assert_memory_equal(out.ip + 48, ((uint8_t[]){1, 1, 2, 0, 0, 0, 0, 1}), 8);
        struct icmp_message m;
        struct ip_addr src = state(k)->local.address, dst = kit_ip("ff02::2");
        assert_int_equal(icmp6_parse(out.ip + 40, 16, &src, &dst, &m), WEIR_DROP_NONE);
        last = k->env.now;
        run_until(k, last + 4000 * WEIR_S);
        weir_time span = k->env.now - last;
        weir_time low = i == 0 ? 3600 * WEIR_MS : before * 19 / 10;
        weir_time high = i == 0 ? 4400 * WEIR_MS : before * 21 / 10;
        if (high >= 3600 * WEIR_S) {
            low = 3240 * WEIR_S;
            high = 3960 * WEIR_S;
        }
        assert_in_range(span, low, high);
        before = span;
    }
    end(k);
}

/* RFC 7559 2.1: answered by a default router, it stops; an advertisement of none does not stop it.
 * RFC 4861 6.3.7: one is sent even if a router spoke first. */
static void test_solicits_stop(void **s)
{
    (void)s;
    static struct kit_out out;
    struct ip_kit *k = ready();
    struct advert a;
    advert_begin(&a, 0);
    hear(k, &a);
    run_until(k, k->env.now + 2 * WEIR_S);
    assert_true(kit_next(k, &out));
    run_until(k, k->env.now + 6 * WEIR_S);
    assert_true(kit_next(k, &out));
    advert_begin(&a, 1800);
    hear(k, &a);
    run_until(k, k->env.now + 1000 * WEIR_S);
    kit_expect_silence(k);
    /* RFC 4861 6.3.7: the interface is there again */
    assert_int_equal(ip_link_set_up(&k->ip, k->eth, false), WEIR_OK);
    assert_int_equal(ip_link_set_up(&k->ip, k->eth, true), WEIR_OK);
    kit_flush(k);
    run_until(k, k->env.now + 2 * WEIR_S);
    kit_flush(k);
    assert_true(state(k)->interval != 0 || state(k)->solicit_at != WEIR_NEVER);
    end(k);

    k = ready();
    advert_begin(&a, 1800);
    hear(k, &a);
    run_until(k, k->env.now + 2 * WEIR_S);
    assert_true(kit_next(k, &out));
    run_until(k, k->env.now + 1000 * WEIR_S);
    kit_expect_silence(k);
    end(k);
}

/* On a link without Ethernet there is nobody to collide with, and routers need no MAC. */
static void test_tunnel(void **s)
{
    (void)s;
    static struct kit_out out;
    struct ip_kit *k = ip_kit_new();
    assert_int_equal(ip_slaac_start(&k->ip, k->tun, WEIR_IDENTIFIER_STABLE), WEIR_OK);
    run_until(k, k->env.now + WEIR_S);
    assert_true(kit_next(k, &out));
    assert_int_equal(out.size, 48);
    assert_int_equal(out.ip[40], 133);
    struct advert a;
    advert_begin(&a, 1800);
    advert_prefix(&a, "2001:db8:7::", 64, AUTO, 3600, 3600);
    struct ip_addr src = kit_ip(a.from), dst = kit_ip("ff02::1");
    struct icmp_message m = {
        .type = 134, .rest = load_be32(a.bytes + 4), .body = a.bytes + 8, .body_size = a.size - 8};
    icmp6_build(a.bytes, &m, &src, &dst);
    struct kit_upper u = {.src = a.from,
                          .dst = "ff02::1",
                          .protocol = IP_PROTOCOL_ICMP6,
                          .data = a.bytes,
                          .size = a.size,
                          .hop_limit = 255,
                          .bare = true};
    assert_int_equal(kit_send(k, &u), IP_DONE);
    kit_expect_no_drop(k);
    kit_advance(k, 0);
    assert_int_equal(own_in(k, "2001:db8:7::")->state, IP_ADDRESS_VALID);
    struct ip_addr far = kit_ip("2001:db8:99::1"), chosen;
    struct ip_path path;
    assert_int_equal(ip_path_find(&k->ip, &far, NULL, WEIR_ANY_LINK, &path, &chosen), WEIR_OK);
    assert_int_equal(path.link, k->tun);
    end(k);
}

/* Stopping leaves nothing; what the application did itself stays. */
static void test_stop(void **s)
{
    (void)s;
    struct ip_kit *k = ready();
    struct ip_addr mine = kit_ip("2001:db8:7::1");
    assert_int_equal(ip_address_add(&k->ip, k->eth, &mine, 64), WEIR_OK);
    hear_prefix(k, "2001:db8:7::", ON_LINK | AUTO, 3600, 3600);
    hear_prefix(k, "2001:db8:8::", ON_LINK | AUTO, 3600, 3600);
    struct ip_addr auto8 = own_in(k, "2001:db8:8::")->ip;
    assert_int_equal(ip_address_del(&k->ip, k->eth, &auto8), WEIR_OK); /* and is not made again */
    hear_prefix(k, "2001:db8:8::", ON_LINK | AUTO, 3600, 3600);
    assert_null(own_in(k, "2001:db8:8::"));
    assert_int_equal(ip_slaac_stop(&k->ip, k->eth), WEIR_OK);
    ip_check(&k->ip);
    assert_non_null(ip_address_find(&k->ip, &mine));
    assert_true(has_route(k, "2001:db8:7::", 64));
    assert_int_equal(k->ip.route_count, 1);
    assert_int_equal(((struct ip_group *)pool_at(&k->ip.groups, k->ip.group_head))->next, 0);
    kit_flush(k);
    kit_advance(k, 7200 * WEIR_S);
    assert_true(ip_deadline(&k->ip) == WEIR_NEVER);
    kit_flush(k);
    end(k);
}

/* No memory: an error. No room for an address: another try later. */
static void test_memory(void **s)
{
    (void)s;
    struct ip_kit *k = ip_kit_new();
    k->heap.fail_at = k->heap.calls + 1;
    assert_int_equal(ip_slaac_start(&k->ip, k->eth, WEIR_IDENTIFIER_STABLE), WEIR_ENOBUFS);
    k->heap.fail_at = 0;
    struct ip_addr other = kit_ip("198.51.100.1");
    for (int i = 0; i < IP_ADDRESSES_MAX; i++) {
        other.b[15] = (uint8_t)(i + 1);
        assert_int_equal(ip_address_add(&k->ip, k->tun, &other, 32), WEIR_OK);
    }
    assert_int_equal(ip_slaac_start(&k->ip, k->eth, WEIR_IDENTIFIER_STABLE), WEIR_OK);
    assert_null(own_in(k, "fe80::"));
    assert_int_equal(ip_address_del(&k->ip, k->tun, &other), WEIR_OK);
    kit_advance(k, 60 * WEIR_S);
    assert_non_null(own_in(k, "fe80::"));
    kit_flush(k);
    end(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dad_packet),    cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_defends),       cmocka_unit_test(test_global_dad),
        cmocka_unit_test(test_identifiers),   cmocka_unit_test(test_solicits),
        cmocka_unit_test(test_solicits_stop), cmocka_unit_test(test_tunnel),
        cmocka_unit_test(test_stop),          cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
