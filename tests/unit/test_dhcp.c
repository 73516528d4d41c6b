/* test_dhcp.c - the DHCPv4 client: RFC 2131 state by state, RFC 5227, in virtual time. */
#include "dhcp_kit.h"

/* ---- Messages ----------------------------------------------------------------------------------------------- */

/* RFC 2131 table 5, 4.1: from 0.0.0.0:68 to 255.255.255.255:67. Byte by byte. */
static void test_discover(void **s)
{
    (void)s;
    struct weir_dhcp_config config;
    weir_dhcp_config_default(&config);
    memcpy(config.hostname, "weir", 4);
    struct dk *k = dk_new(&config);
    static const uint8_t zero[208] = {0};
    static const uint8_t options[] = {
        99,  130, 83,  99,                                /* cookie */
        53,  1,   1,                                      /* DHCPDISCOVER */
        61,  7,   1,   2,   0,   0,   0,  0,  1,          /* client identifier */
        12,  4,   'w', 'e', 'i', 'r',                     /* hostname */
        57,  2,   5,   220,                               /* maximum message size: 1500 */
        55,  9,   1,   121, 3,   6,   15, 26, 51, 58, 59, /* RFC 3442: 121 before 3 */
        255,
    };
    assert_int_equal(k->messages, 1);
    assert_int_equal(k->size, 300);
    assert_memory_equal(k->src, zero, 4);
    assert_memory_equal(k->dst, ((uint8_t[]){255, 255, 255, 255}), 4);
    assert_memory_equal(k->eth_dst, eth_broadcast, 6);
    assert_memory_equal(k->message, ((uint8_t[]){1, 1, 6, 0}), 4);
    assert_memory_not_equal(k->message + 4, zero, 4); /* xid */
    assert_memory_equal(k->message + 8, zero, 20);    /* secs to giaddr */
    assert_memory_equal(k->message + 28, dk_mac, 6);
    assert_memory_equal(k->message + 34, zero, 202);
    assert_memory_equal(k->message + 236, options, sizeof(options));
    assert_int_equal(dk_state(k), WEIR_DHCP_SELECTING);
    dk_del(k);

    config.broadcast = true;
    k = dk_new(&config);
    assert_memory_equal(k->message + 10, ((uint8_t[]){0x80, 0}), 2);
    dk_del(k);
}

/* RFC 2131 4.1: 4, 8, 16, 32, 64 s, a second more or less, and on at 64 s; secs counts. */
static void test_backoff(void **s)
{
    (void)s;
    struct dk *k = dk_new(NULL);
    weir_time began = k->now;
    uint8_t xid[4];
    bool exact = true;
    memcpy(xid, k->message + 4, 4);
    for (uint32_t i = 0; i < 8; i++) {
        weir_time base = (4 * WEIR_S) << (i < 4 ? i : 4), last = k->now;
        assert_true(dk_wait(k, 100 * WEIR_S));
        assert_in_range(k->now - last, base - WEIR_S, base + WEIR_S);
        exact &= k->now - last == base;
        assert_int_equal(dk_type(k), 1);
        assert_memory_equal(k->message + 4, xid, 4);
        assert_int_equal(load_be16(k->message + 8), (k->now - began) / WEIR_S);
    }
    assert_false(exact);
    dk_del(k);
}

/* ---- The usual way --------------------------------------------------------------------------------------------- */

/* RFC 2131 3.1: OFFER, REQUEST with the same xid, the address, the server; ACK, probe, address and route. */
static void test_lease(void **s)
{
    (void)s;
    struct dk *k = dk_new(NULL);
    struct answer a;
    uint8_t xid[4];
    memcpy(xid, k->message + 4, 4);
    assert_false(dk_wait(k, 2 * WEIR_S));
    answer_lease(k, &a, 2, 3600);
    answer_send(k, &a); /* unicast to an address that is not there yet (RFC 2131 4.1) */
    assert_int_equal(dk_state(k), WEIR_DHCP_REQUESTING);
    assert_int_equal(dk_type(k), 3);
    assert_memory_equal(k->message + 4, xid, 4);
    assert_int_equal(load_be16(k->message + 8), 2);
    assert_memory_equal(k->message + 12, ((uint8_t[4]){0}), 4); /* ciaddr */
    dk_expect_option(k, 50, dk_lease, 4);
    dk_expect_option(k, 54, dk_server, 4);
    assert_memory_equal(k->dst, ((uint8_t[]){255, 255, 255, 255}), 4);
    answer_lease(k, &a, 5, 3600);
    answer_send_to(k, &a, eth_broadcast, (uint8_t[]){255, 255, 255, 255});
    assert_int_equal(dk_state(k), WEIR_DHCP_PROBING);
    assert_false(dk_has_address(k));
    dk_expect(k, 0);

    /* RFC 5227 2.1.1: three probes from nobody, within 1 s and 1 to 2 s apart, then 2 s of silence */
    weir_time began = k->now, last = began;
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t before = k->arps;
        while (k->arps == before) {
            dk_step(k, k->now + 10 * WEIR_S);
        }
        assert_in_range(k->now - last, i == 0 ? 0 : WEIR_S, i == 0 ? WEIR_S : 2 * WEIR_S);
        last = k->now;
        assert_int_equal(k->arp.operation, ARP_REQUEST);
        assert_memory_equal(k->arp.sender_ip, ((uint8_t[4]){0}), 4);
        assert_memory_equal(k->arp.target_ip, dk_lease, 4);
    }
    dk_pass(k, 2 * WEIR_S - 1);
    assert_false(dk_has_address(k));
    dk_pass(k, 1);
    dk_run(k);
    dk_expect(k, WEIR_DHCP_CONFIGURED);
    assert_true(dk_has_address(k));
    assert_int_equal(dk_state(k), WEIR_DHCP_BOUND);
    assert_memory_equal(k->arp.sender_ip, dk_lease, 4); /* announced */
    struct weir_dhcp_info info = {.size = sizeof(info)};
    assert_int_equal(weir_dhcp_info(k->dhcp, &info), WEIR_OK);
    assert_int_equal(info.prefix, 24);
    assert_int_equal(info.router_count, 1);
    assert_int_equal(info.route_count, 1);
    assert_int_equal(info.expire, 3600 * WEIR_S - (k->now - began)); /* from the REQUEST on */
    assert_int_equal(k->stack->ip.route_count, 2);
    assert_memory_equal(k->stack->ip.routes[1].gateway.b + 12, ((uint8_t[]){192, 0, 2, 254}), 4);
    dk_drops(k, WEIR_DROP_DHCP_UNEXPECTED, 0);
    dk_del(k);
}

/* RFC 2131 3.1, 5: REQUEST four times, within a minute, then from the beginning with a new xid. */
static void test_request_unanswered(void **s)
{
    (void)s;
    struct dk *k = dk_new(NULL);
    struct answer a;
    uint8_t xid[4];
    memcpy(xid, k->message + 4, 4);
    answer_lease(k, &a, 2, 3600);
    answer_send(k, &a);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(dk_wait(k, 100 * WEIR_S));
        assert_int_equal(dk_type(k), 3);
    }
    assert_true(dk_wait(k, 100 * WEIR_S));
    assert_int_equal(dk_type(k), 1);
    assert_memory_not_equal(k->message + 4, xid, 4);
    dk_expect_no_option(k, 50);
    dk_expect_no_option(k, 54);
    dk_del(k);
}

/* ---- Renewing --------------------------------------------------------------------------------------------------- */

/* RFC 2131 4.4.5: T1, unicast from our address, without server and requested address; halfway, a minute at
 * least; T2, broadcast; the end: the address and its routes are gone, and from the beginning at once. */
static void test_expires(void **s)
{
    (void)s;
    struct dk *k = dk_bound(1000);
    weir_time began = k->now;
    assert_true(dk_wait(k, 2000 * WEIR_S));
    assert_in_range(k->now - began, 468 * WEIR_S, 500 * WEIR_S); /* a little before the half */
    assert_int_equal(dk_state(k), WEIR_DHCP_RENEWING);
    assert_int_equal(dk_type(k), 3);
    assert_memory_equal(k->src, dk_lease, 4);
    assert_memory_equal(k->dst, dk_server, 4);
    assert_memory_equal(k->message + 12, dk_lease, 4);
    dk_expect_no_option(k, 50);
    dk_expect_no_option(k, 54);
    weir_time first = k->now, t2 = k->dhcp->lease.t2;
    assert_true(dk_wait(k, 2000 * WEIR_S));
    assert_int_equal(k->now - first, (t2 - first) / 2);
    first = k->now;
    assert_true(dk_wait(k, 2000 * WEIR_S));
    assert_int_equal(k->now - first, (t2 - first) / 2);
    first = k->now;
    assert_true((t2 - first) / 2 < 60 * WEIR_S);
    assert_true(dk_wait(k, 2000 * WEIR_S));
    assert_true(k->now == t2 || k->now - first == 60 * WEIR_S);
    while (dk_state(k) == WEIR_DHCP_RENEWING) {
        assert_true(dk_wait(k, 2000 * WEIR_S));
    }
    assert_true(k->now == t2);
    assert_int_equal(dk_state(k), WEIR_DHCP_REBINDING);
    assert_memory_equal(k->src, dk_lease, 4);
    assert_memory_equal(k->dst, ((uint8_t[]){255, 255, 255, 255}), 4);
    assert_memory_equal(k->message + 12, dk_lease, 4);
    dk_expect_no_option(k, 54);
    dk_expect(k, 0);
    while (dk_state(k) == WEIR_DHCP_REBINDING) {
        assert_true(dk_has_address(k));
        assert_true(dk_wait(k, 2000 * WEIR_S));
    }
    assert_true(k->now == began + 1000 * WEIR_S);
    dk_expect(k, WEIR_DHCP_LOST);
    assert_false(dk_has_address(k));
    assert_int_equal(k->stack->ip.route_count, 0);
    assert_int_equal(dk_type(k), 1);
    dk_del(k);
}

/* T1 and T2 of the server (RFC 2132 9.11, 9.12); the lease goes on from there, with what changed. */
static void test_renews(void **s)
{
    (void)s;
    struct dk *k = dk_bound(1000);
    struct answer a;
    weir_time began;
    assert_true(dk_wait(k, 2000 * WEIR_S));
    answer_lease(k, &a, 5, 1000);
    answer_number(&a, 58, 100);
    answer_number(&a, 59, 300);
    began = k->now;
    answer_send(k, &a);
    dk_expect(k, WEIR_DHCP_EXTENDED);
    assert_int_equal(dk_state(k), WEIR_DHCP_BOUND);
    assert_true(dk_wait(k, 2000 * WEIR_S));
    assert_int_equal(k->now - began, 100 * WEIR_S);
    answer_begin(k, &a, 5); /* no router any more */
    answer_number(&a, 51, 0xffffffff);
    answer_number(&a, 1, 0xffffff00);
    answer_send(k, &a);
    assert_true(dk_has_address(k));
    assert_int_equal(k->stack->ip.route_count, 1);
    assert_false(dk_wait(k, 10000000 * WEIR_S)); /* for ever */
    assert_true(weir_dhcp_deadline(k->dhcp) == WEIR_NEVER);
    dk_del(k);
}

/* ---- No ----------------------------------------------------------------------------------------------------------- */

/* RFC 2131 3.1, 4: DHCPNAK takes the address away at once; again and again it gets slower. */
static void test_nak(void **s)
{
    (void)s;
    struct dk *k = dk_bound(1000);
    struct answer a;
    assert_true(dk_wait(k, 2000 * WEIR_S));
    answer_begin(k, &a, 6);
    answer_send(k, &a);
    dk_expect(k, WEIR_DHCP_LOST | WEIR_DHCP_REFUSED);
    assert_false(dk_has_address(k));
    assert_int_equal(dk_type(k), 1);
    weir_time last = 0, span = 0;
    for (uint32_t i = 0; i < 3; i++) {
        answer_lease(k, &a, 2, 1000);
        answer_send(k, &a);
        last = k->now;
        answer_begin(k, &a, 6);
        answer_send(k, &a);
        dk_expect(k, WEIR_DHCP_REFUSED);
        assert_true(dk_wait(k, 2000 * WEIR_S));
        assert_true(k->now - last > span);
        span = k->now - last;
    }
    assert_int_equal(span, 8 * WEIR_S);
    dk_del(k);
}

/* RFC 5227 2.1.1, RFC 2131 3.1, 5: somebody answers: DHCPDECLINE, ten seconds, then from the beginning. */
static void test_decline(void **s)
{
    (void)s;
    for (uint32_t how = 0; how < 2; how++) {
        struct dk *k = dk_new(NULL);
        dk_acknowledged(k, 3600);
        dk_pass(k, WEIR_S);
        if (how == 0) {
            dk_arp(k, ARP_REPLY, dk_lease, (uint8_t[4]){0});
        } else { /* another one that probes it */
            dk_arp(k, ARP_REQUEST, (uint8_t[4]){0}, dk_lease);
        }
        dk_expect(k, WEIR_DHCP_CONFLICT);
        assert_int_equal(dk_type(k), 4);
        assert_memory_equal(k->src, ((uint8_t[4]){0}), 4);
        assert_memory_equal(k->dst, ((uint8_t[]){255, 255, 255, 255}), 4);
        assert_memory_equal(k->message + 12, ((uint8_t[4]){0}), 4);
        dk_expect_option(k, 50, dk_lease, 4);
        dk_expect_option(k, 54, dk_server, 4);
        dk_expect_no_option(k, 55); /* table 5: MUST NOT */
        dk_expect_no_option(k, 57);
        assert_int_equal(dk_state(k), WEIR_DHCP_INIT);
        weir_time began = k->now;
        assert_true(dk_wait(k, 100 * WEIR_S));
        assert_int_equal(k->now - began, 10 * WEIR_S);
        assert_int_equal(dk_type(k), 1);
        dk_del(k);
    }
}

/* RFC 5227 2.4: a conflict right after; the application hands the event on. */
static void test_late_conflict(void **s)
{
    (void)s;
    struct dk *k = dk_bound(3600);
    struct weir_event e;
    bool taken = false;
    dk_arp(k, ARP_REQUEST, dk_lease, dk_lease);
    while (weir_event(k->stack, &e)) {
        taken |= weir_dhcp_event(k->dhcp, &e) && (e.bits & WEIR_EVENT_ADDRESS) != 0;
    }
    assert_true(taken);
    dk_run(k);
    dk_expect(k, WEIR_DHCP_CONFLICT | WEIR_DHCP_LOST);
    assert_int_equal(dk_type(k), 4);
    assert_memory_equal(k->src, ((uint8_t[4]){0}), 4);
    assert_false(dk_has_address(k));
    dk_del(k);
}

/* ---- Again ----------------------------------------------------------------------------------------------------------- */

/* RFC 2131 4.3.2, 3.2: INIT-REBOOT asks for the address without a server; nobody answers: DISCOVER. */
static void test_reboot(void **s)
{
    (void)s;
    struct weir_dhcp_config config;
    struct answer a;
    weir_dhcp_config_default(&config);
    config.no_probe = true;
    config.previous.family = 4;
    memcpy(config.previous.bytes, dk_lease, 4);
    struct dk *k = dk_new(&config);
    assert_int_equal(dk_type(k), 3);
    assert_int_equal(dk_state(k), WEIR_DHCP_REBOOTING);
    dk_expect_option(k, 50, dk_lease, 4);
    dk_expect_no_option(k, 54);
    assert_memory_equal(k->message + 12, ((uint8_t[4]){0}), 4);
    answer_lease(k, &a, 5, 3600);
    answer_send(k, &a);
    dk_expect(k, WEIR_DHCP_CONFIGURED);
    /* the link was away: the lease goes on if nobody says no */
    weir_dhcp_restart(k->dhcp);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(dk_wait(k, 100 * WEIR_S) || i == 0);
        assert_int_equal(dk_state(k), WEIR_DHCP_REBOOTING);
    }
    dk_pass(k, 40 * WEIR_S);
    assert_int_equal(dk_state(k), WEIR_DHCP_BOUND);
    assert_true(dk_has_address(k));
    dk_del(k);

    k = dk_new(&config);
    assert_true(dk_wait(k, 100 * WEIR_S));
    assert_true(dk_wait(k, 100 * WEIR_S));
    assert_int_equal(dk_type(k), 3);
    assert_true(dk_wait(k, 100 * WEIR_S));
    assert_int_equal(dk_type(k), 1);
    dk_del(k);
}

/* RFC 2131 3.4.4, table 5: DHCPRELEASE to the server, from the address; then silence. */
static void test_release(void **s)
{
    (void)s;
    struct dk *k = dk_bound(3600);
    weir_dhcp_release(k->dhcp);
    dk_run(k);
    assert_int_equal(dk_type(k), 7);
    assert_memory_equal(k->src, dk_lease, 4);
    assert_memory_equal(k->dst, dk_server, 4);
    assert_memory_equal(k->message + 12, dk_lease, 4);
    dk_expect_option(k, 54, dk_server, 4);
    dk_expect_no_option(k, 50);
    dk_expect_no_option(k, 55);
    assert_false(dk_has_address(k));
    assert_int_equal(dk_state(k), WEIR_DHCP_STOPPED);
    assert_false(dk_wait(k, 100000 * WEIR_S));
    weir_dhcp_restart(k->dhcp);
    assert_true(dk_wait(k, WEIR_S) || k->messages != 0);
    dk_run(k);
    assert_int_equal(dk_type(k), 1);
    dk_del(k);
}

/* ---- What is not believed --------------------------------------------------------------------------------------------- */

static void test_unexpected(void **s)
{
    (void)s;
    struct dk *k = dk_new(NULL);
    struct answer a;
    answer_lease(k, &a, 2, 3600);
    a.bytes[7] ^= 1; /* xid */
    answer_send(k, &a);
    dk_drops(k, WEIR_DROP_DHCP_UNEXPECTED, 1);
    answer_lease(k, &a, 2, 3600);
    a.bytes[33] ^= 1; /* chaddr */
    answer_send(k, &a);
    dk_drops(k, WEIR_DROP_DHCP_UNEXPECTED, 1);
    answer_lease(k, &a, 2, 3600);
    answer_option(&a, 61, "\001abcdef", 7); /* RFC 6842 */
    answer_send(k, &a);
    dk_drops(k, WEIR_DROP_DHCP_UNEXPECTED, 1);
    answer_lease(k, &a, 5, 3600); /* an ACK that nobody asked for */
    answer_send(k, &a);
    dk_drops(k, WEIR_DROP_DHCP_UNEXPECTED, 1);
    answer_lease(k, &a, 2, 3600);
    a.bytes[16] = 255; /* yiaddr */
    answer_send(k, &a);
    dk_drops(k, WEIR_DROP_DHCP_UNEXPECTED, 1);
    answer_begin(k, &a, 2); /* no lease time */
    answer_send(k, &a);
    dk_drops(k, WEIR_DROP_DHCP_UNEXPECTED, 1);
    answer_lease(k, &a, 2, 3600);
    a.bytes[0] = 1; /* a request */
    answer_send(k, &a);
    dk_drops(k, WEIR_DROP_DHCP_MALFORMED, 1);
    assert_int_equal(dk_state(k), WEIR_DHCP_SELECTING);
    answer_lease(k, &a, 2, 3600);
    answer_send(k, &a);
    assert_int_equal(dk_state(k), WEIR_DHCP_REQUESTING);
    answer_lease(k, &a, 5, 3600);
    a.bytes[19] ^= 1; /* another address than what was asked for */
    answer_send(k, &a);
    dk_drops(k, WEIR_DROP_DHCP_UNEXPECTED, 1);
    answer_lease(k, &a, 6, 0);
    a.bytes[248] ^= 1; /* another server says no */
    answer_send(k, &a);
    dk_drops(k, WEIR_DROP_DHCP_UNEXPECTED, 1);
    answer_lease(k, &a, 5, 0); /* a lease of nothing */
    answer_send(k, &a);
    dk_drops(k, WEIR_DROP_DHCP_UNEXPECTED, 1);
    assert_int_equal(dk_state(k), WEIR_DHCP_REQUESTING);
    dk_del(k);
}

/* Only our MAC, and only port 68, before there is an address. */
static void test_hearing(void **s)
{
    (void)s;
    struct dk *k = dk_new(NULL);
    struct answer a;
    answer_lease(k, &a, 2, 3600);
    answer_send_to(k, &a, eth_broadcast, dk_lease); /* RFC 1122 3.3.6 */
    assert_int_equal(dk_state(k), WEIR_DHCP_SELECTING);
    dk_drops(k, WEIR_DROP_IP_NOT_US, 1);
    uint8_t frame[60] = {0};
    struct eth_header eth = {.type = ETH_TYPE_IP4};
    struct ip4_header h = {.ttl = 64, .protocol = 17, .total_size = 30};
    memcpy(eth.dst, dk_mac, 6);
    memcpy(eth.src, dk_server_mac, 6);
    memcpy(h.src, dk_server, 4);
    memcpy(h.dst, dk_lease, 4);
    eth_build(frame, &eth);
    ip4_build(frame + 14, &h);
    store_be16(frame + 36, 69);
    store_be16(frame + 38, 10);
    dk_frame(k, frame, sizeof(frame));
    dk_drops(k, WEIR_DROP_IP_NOT_US, 1);
    weir_dhcp_release(k->dhcp);
    dk_del(k);
}

static void test_errors(void **s)
{
    (void)s;
    struct dk *k = dk_new(NULL);
    struct weir_dhcp *other;
    struct weir_dhcp_config c = k->config;
    struct weir_dhcp_info info = {.size = sizeof(info) + 1};
    assert_int_equal(weir_dhcp_new(&other, k->stack, 1, &c), WEIR_ENOENT);
    c.client_id_size = 1;
    assert_int_equal(weir_dhcp_new(&other, k->stack, 0, &c), WEIR_EINVAL);
    c.client_id_size = 0;
    k->heap.fail_at = k->heap.calls + 1;
    assert_int_equal(weir_dhcp_new(&other, k->stack, 0, &c), WEIR_ENOBUFS);
    k->heap.fail_at = 0;
    assert_int_equal(weir_dhcp_info(k->dhcp, &info), WEIR_EINVAL);
    assert_string_equal(weir_dhcp_state_name(WEIR_DHCP_REBINDING), "REBINDING");
    assert_string_equal(weir_dhcp_state_name((enum weir_dhcp_state)99), "unknown");
    weir_dhcp_del(NULL);
    dk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_discover),      cmocka_unit_test(test_backoff),
        cmocka_unit_test(test_lease),         cmocka_unit_test(test_request_unanswered),
        cmocka_unit_test(test_expires),       cmocka_unit_test(test_renews),
        cmocka_unit_test(test_nak),           cmocka_unit_test(test_decline),
        cmocka_unit_test(test_late_conflict), cmocka_unit_test(test_reboot),
        cmocka_unit_test(test_release),       cmocka_unit_test(test_unexpected),
        cmocka_unit_test(test_hearing),       cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
