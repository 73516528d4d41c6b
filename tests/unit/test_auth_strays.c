/*
 * test_auth_strays.c - segments and ICMP errors about connections with keys, where there is no such connection: signed
 * RSTs (RFC 2385 4.1), silence (RFC 5925 7.7), cookies and half-open entries; ICMP (RFC 5925 7.8); another password.
 */
#include "unit/auth_kit.h"

static void ends(struct net *n)
{
    for (int i = 0; i < 2; i++) {
        if (n->end[i].conn) {
            weir_tcp_close(n->end[i].stack, n->end[i].conn);
        }
    }
    stop(n);
}

/* RFC 2385 4.1: the server restarts and has forgotten the connection. Its RST is signed with the listener's key, so the
 * client need not wait for its timer. With another key, or without any, it says nothing. */
static void test_forgotten(void **state)
{
    static const struct {
        const char *key; /* the new server's; NULL: none */
        enum weir_drop drop;
        bool reset;
    } cases[] = {{"password", WEIR_DROP_LISTEN_ACK, true},
                 {"another", WEIR_DROP_AUTH_MAC, false},
                 {NULL, WEIR_DROP_AUTH_UNEXPECTED, false}};

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
        struct weir_tcp_key key = key_of(WEIR_AUTH_MD5, WEIR_MAC_MD5, "password");
        struct weir_tcp_options o;
        struct weir_listen_config l;
        const char *text = cases[i / 2].key;
        struct net n;

        start(&n, i % 2);
        open_with(&n, &key, 1, &key, 1);
        run(&n, WEIR_S);
        n.cut = true; /* what the server says at its end is not heard */
        assert_int_equal(weir_tcp_abort(n.end[1].stack, n.end[1].conn), WEIR_OK);
        n.end[1].conn = 0;
        assert_int_equal(weir_tcp_close(n.end[1].stack, n.end[1].listener), WEIR_OK);
        run(&n, WEIR_S);
        n.cut = false;
        weir_tcp_options_default(&o);
        weir_listen_config_default(&l);
        l.local.port = PORT;
        l.options = &o;
        key = key_of(WEIR_AUTH_MD5, WEIR_MAC_MD5, text ? text : "password");
        o.keys = &key;
        o.key_count = text != NULL;
        assert_int_equal(weir_tcp_listen(n.end[1].stack, &l, &n.end[1].listener), WEIR_OK);
        n.end[1].segments_out = 0;
        assert_int_equal(weir_tcp_send(n.end[0].stack, n.end[0].conn, "x", 1), 1);
        run(&n, WEIR_S);
        assert_true(drops(&n, 1, cases[i / 2].drop) > 0);
        assert_int_equal(n.end[0].error, cases[i / 2].reset ? WEIR_ECONNRESET : 0);
        assert_int_equal(n.end[1].segments_out, cases[i / 2].reset);
        assert_int_equal(n.end[1].without_mac, 0);
        weir_tcp_abort(n.end[0].stack, n.end[0].conn);
        n.end[0].conn = 0;
        run(&n, WEIR_S);
        ends(&n);
    }
}

/* RFC 5925 7.7: an AO segment of a forgotten connection cannot be checked, and no RST for it could be believed. */
static void test_forgotten_ao(void **state)
{
    struct weir_tcp_key client = key_of(WEIR_AUTH_AO, WEIR_MAC_HMAC_SHA1, "key");
    struct weir_tcp_key server = turned(client);
    struct net n;

    (void)state;
    start(&n, false);
    open_with(&n, &client, 1, &server, 1);
    run(&n, WEIR_S);
    n.cut = true;
    assert_int_equal(weir_tcp_abort(n.end[1].stack, n.end[1].conn), WEIR_OK);
    n.end[1].conn = 0;
    run(&n, WEIR_S);
    n.cut = false;
    n.end[1].segments_out = 0;
    assert_int_equal(weir_tcp_send(n.end[0].stack, n.end[0].conn, "x", 1), 1);
    run(&n, WEIR_S);
    assert_int_equal(n.end[1].segments_out, 0);
    assert_true(drops(&n, 1, WEIR_DROP_AUTH_KEY) > 0);
    weir_tcp_abort(n.end[0].stack, n.end[0].conn);
    n.end[0].conn = 0;
    run(&n, WEIR_S);
    ends(&n);
}

/* A SYN was answered, by an entry or by a cookie, before the peer got a key: the handshake does not complete without. */
static void test_key_comes_late(void **state)
{
    struct weir_tcp_key key = key_of(WEIR_AUTH_MD5, WEIR_MAC_MD5, "password");

    (void)state;
    for (int cookie = 0; cookie < 2; cookie++) {
        struct net n;

        start_as(&n, false, cookie);
        open_with(&n, NULL, 0, NULL, 0);
        assert_true(move(&n, 0)); /* SYN */
        assert_true(move(&n, 1)); /* SYN,ACK */
        assert_int_equal(weir_tcp_key_add(n.end[1].stack, n.end[1].listener, &key), WEIR_OK);
        run(&n, 10 * WEIR_S);
        assert_int_equal(n.end[1].conn, 0);
        assert_true(drops(&n, 1, WEIR_DROP_AUTH_MISSING) > 0);
        weir_tcp_abort(n.end[0].stack, n.end[0].conn);
        n.end[0].conn = 0;
        run(&n, WEIR_S);
        ends(&n);
    }
}

/* An ICMP error about what the client sent last, as a router would send it. */
static void icmp(struct net *n, uint8_t type, uint8_t code)
{
    struct end *e = &n->end[0];
    uint8_t packet[128] = {0x45};
    uint32_t quoted = n->v6 ? 40 + 8 : 20 + 8, sum = 0;
    uint32_t header = n->v6 ? 40 : 20, size = header + 8 + quoted;

    if (n->v6) {
        packet[0] = 0x60;
        store_be16(packet + 4, (uint16_t)(8 + quoted));
        packet[6] = 58;
        packet[7] = 64;
        memcpy(packet + 8, e->last + 24, 16); /* from the peer to us */
        memcpy(packet + 24, e->last + 8, 16);
    } else {
        store_be16(packet + 2, (uint16_t)size);
        packet[8] = 64;
        packet[9] = 1;
        memcpy(packet + 12, e->last + 16, 4);
        memcpy(packet + 16, e->last + 12, 4);
        for (uint32_t i = 0; i < 20; i += 2) {
            sum += load_be16(packet + i);
        }
        store_be16(packet + 10, (uint16_t) ~(sum % 0xffff));
    }
    packet[header] = type;
    packet[header + 1] = code;
    store_be32(packet + header + 4, 600); /* the MTU of "too big" */
    memcpy(packet + header + 8, e->last, quoted);
    sum = n->v6 ? 58 + 8 + quoted : 0;
    for (uint32_t i = n->v6 ? 8 : header; i < size; i += 2) {
        sum += load_be16(packet + i);
    }
    store_be16(packet + header + 2, (uint16_t) ~(sum % 0xffff));
    give(n, 0, packet, size);
    events(n, 0);
}

/* RFC 5925 7.8: hard errors, which anybody can forge, do not reach a synchronized AO connection, soft ones do; before
 * it is synchronized, for TCP-MD5, and where the option says so, all of them do. */
static void test_icmp(void **state)
{
    static const struct {
        bool v6;
        uint8_t type, code;
        bool ignored;
    } errors[] = {
        {false, 3, 2, true}, {false, 3, 3, true}, {false, 3, 4, true}, {false, 3, 1, false},
        {true, 1, 1, true},  {true, 1, 4, true},  {true, 1, 0, false}, {false, 11, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < 3 * ARRAY_SIZE(errors); i++) {
        size_t which = i / 3;
        bool md5 = i % 3 == 1, accepted = i % 3 == 2;
        bool ignored = errors[which].ignored && !md5 && !accepted;
        bool too_big = errors[which].type == 3 && errors[which].code == 4;
        struct weir_tcp_key client =
            key_of(md5 ? WEIR_AUTH_MD5 : WEIR_AUTH_AO, WEIR_MAC_HMAC_SHA1, "key");
        struct weir_tcp_key server = turned(client);
        struct weir_tcp_info info = {.size = sizeof(info)};
        struct net n;

        start(&n, errors[which].v6);
        n.accept_icmp = accepted;
        open_with(&n, &client, 1, &server, 1);
        run(&n, WEIR_S);
        n.cut = true;
        assert_int_equal(weir_tcp_send(n.end[0].stack, n.end[0].conn, "x", 1), 1);
        assert_true(move(&n, 0));
        n.end[0].bits = 0;
        icmp(&n, errors[which].type, errors[which].code);
        assert_int_equal(drops(&n, 0, WEIR_DROP_AUTH_ICMP), ignored);
        if (too_big) {
            assert_int_equal(weir_tcp_info(n.end[0].stack, n.end[0].conn, &info), WEIR_OK);
            assert_int_equal(info.path_mtu, ignored ? 1500 : 600);
        } else {
            assert_int_equal((n.end[0].bits & WEIR_EVENT_ERROR) != 0, !ignored);
        }
        n.cut = false;
        run(&n, 10 * WEIR_S); /* nothing was ended */
        assert_int_equal(n.end[1].received, 1);
        ends(&n);
    }
}

/* In SYN-SENT a hard error counts (RFC 5925 7.8 is about synchronized states). */
static void test_icmp_syn(void **state)
{
    struct weir_tcp_key key = key_of(WEIR_AUTH_AO, WEIR_MAC_HMAC_SHA1, "key");
    struct net n;

    (void)state;
    start(&n, false);
    n.cut = true;
    open_with(&n, &key, 1, &key, 1);
    assert_true(move(&n, 0));
    icmp(&n, 3, 3);
    assert_int_equal(n.end[0].error, WEIR_ECONNREFUSED);
    ends(&n);
}

/* RFC 2385 4.5: both ends change the password while the connection is there; one that began without a key gets none. */
static void test_password_changes(void **state)
{
    struct weir_tcp_key key = key_of(WEIR_AUTH_MD5, WEIR_MAC_MD5, "first");
    struct weir_tcp_key other = key_of(WEIR_AUTH_MD5, WEIR_MAC_MD5, "second");
    struct weir_tcp_key ao = key_of(WEIR_AUTH_AO, WEIR_MAC_HMAC_SHA1, "third");
    struct net n;

    (void)state;
    start(&n, false);
    open_with(&n, &key, 1, &key, 1);
    run(&n, WEIR_S);
    send_both(&n, 1000);
    assert_int_equal(weir_tcp_key_change(n.end[0].stack, n.end[0].conn, &other), WEIR_OK);
    assert_int_equal(weir_tcp_send(n.end[0].stack, n.end[0].conn, "x", 1), 1);
    run(&n, WEIR_S);
    assert_true(drops(&n, 1, WEIR_DROP_AUTH_MAC) > 0);
    assert_int_equal(weir_tcp_key_change(n.end[1].stack, n.end[1].conn, &other), WEIR_OK);
    run(&n, 10 * WEIR_S);
    assert_int_equal(n.end[1].received, 1001);
    send_both(&n, 1000);
    assert_int_equal(weir_tcp_key_change(n.end[1].stack, n.end[1].conn, &ao), WEIR_EINVAL);
    ao.auth = WEIR_AUTH_MD5;
    weir_ip_parse("192.0.2.1", &ao.peer);
    ao.prefix = 32;
    assert_int_equal(weir_tcp_key_change(n.end[1].stack, n.end[1].conn, &ao), WEIR_ENOENT);
    ends(&n);

    start(&n, false);
    open_with(&n, NULL, 0, NULL, 0);
    run(&n, WEIR_S);
    assert_int_equal(weir_tcp_key_add(n.end[0].stack, n.end[0].conn, &key), WEIR_EISCONN);
    assert_int_equal(weir_tcp_key_add(n.end[0].stack, n.end[0].conn, &ao), WEIR_OK);
    send_both(&n, 1000);
    assert_int_equal(weir_tcp_key_check(n.end[0].stack, &key), WEIR_OK);
    key.key_size = 0;
    assert_int_equal(weir_tcp_key_check(n.end[0].stack, &key), WEIR_EINVAL);
    ends(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forgotten),      cmocka_unit_test(test_forgotten_ao),
        cmocka_unit_test(test_key_comes_late), cmocka_unit_test(test_icmp),
        cmocka_unit_test(test_icmp_syn),       cmocka_unit_test(test_password_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
