/*
 * test_auth.c - TCP-AO (RFC 5925) and TCP-MD5 (RFC 2385) between two stacks: connections with the right keys work
 * like any other, everything without the right MAC counts for nothing, keys change while data flows.
 */
#include "unit/auth_kit.h"

/* RFC 5925 with both algorithms, RFC 2385, IPv4 and IPv6: data both ways, an orderly close, each segment signed,
 * none of them a super-segment. */
static void test_conversation(void **state)
{
    (void)state;
    for (int variant = 0; variant < 8; variant++) {
        bool md5 = variant / 2 == 0;
        struct weir_tcp_key client =
            key_of(md5 ? WEIR_AUTH_MD5 : WEIR_AUTH_AO,
                   variant / 2 == 1 ? WEIR_MAC_HMAC_SHA1 : WEIR_MAC_AES_128_CMAC, "testvector");
        struct weir_tcp_key server = turned(client);
        struct net n;

        client.exclude_options = server.exclude_options = variant / 2 == 3;
        start(&n, variant & 1);
        open_with(&n, &client, 1, &server, 1);
        run(&n, WEIR_S);
        assert_true(n.end[0].bits & WEIR_EVENT_CONNECTED);
        assert_true(n.end[1].conn != 0);
        send_both(&n, 50000);
        assert_int_equal(weir_tcp_close(n.end[0].stack, n.end[0].conn), WEIR_OK);
        run(&n, WEIR_S);
        assert_true(n.end[1].bits & WEIR_EVENT_END);
        assert_int_equal(weir_tcp_close(n.end[1].stack, n.end[1].conn), WEIR_OK);
        run(&n, 200 * WEIR_S);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(n.end[i].without_mac, 0);
            assert_int_equal(n.end[i].supers, 0);
            assert_int_equal(n.end[i].md5, md5);
        }
        stop(&n);
    }
}

/* RFC 5925 7.3, RFC 2385 2.0: a SYN without MAC, with the wrong key, or with an option that nobody asked for. */
static void test_wrong_keys(void **state)
{
    (void)state;
    static const struct {
        bool client, server, same, md5;
        enum weir_drop drop; /* at the server */
    } cases[] = {
        {false, true, true, false, WEIR_DROP_AUTH_MISSING},
        {false, true, true, true, WEIR_DROP_AUTH_MISSING},
        {true, true, false, false, WEIR_DROP_AUTH_MAC},
        {true, true, false, true, WEIR_DROP_AUTH_MAC},
        {true, false, true, true, WEIR_DROP_AUTH_UNEXPECTED},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct weir_tcp_key client =
            key_of(cases[i].md5 ? WEIR_AUTH_MD5 : WEIR_AUTH_AO, WEIR_MAC_HMAC_SHA1, "right");
        struct weir_tcp_key server = key_of((enum weir_auth)client.auth, WEIR_MAC_HMAC_SHA1,
                                            cases[i].same ? "right" : "wrong");
        struct net n;

        server = turned(server);
        start(&n, false);
        open_with(&n, &client, cases[i].client, &server, cases[i].server);
        run(&n, 10 * WEIR_S);
        assert_false(n.end[0].bits & WEIR_EVENT_CONNECTED);
        assert_true(drops(&n, 1, cases[i].drop) > 1);
        assert_int_equal(n.end[1].segments_out, 0); /* not even an RST */
        assert_int_equal(weir_tcp_abort(n.end[0].stack, n.end[0].conn), WEIR_OK);
        run(&n, WEIR_S);
        stop(&n);
    }
}

/* One bit anywhere in the segment, or a forged RST, changes nothing; afterwards the connection goes on. */
static void test_tampering(void **state)
{
    struct weir_tcp_key client = key_of(WEIR_AUTH_AO, WEIR_MAC_AES_128_CMAC, "testvector");
    struct weir_tcp_key server = turned(client);
    static const uint32_t places[] = {0, 4, 8, 13, 14, 22, 24, 30, 38, 60};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        struct net n;
        static const uint8_t data[100];
        uint8_t forged[2048];
        uint64_t before;

        start(&n, false);
        open_with(&n, &client, 1, &server, 1);
        run(&n, WEIR_S);
        n.tamper = 0;
        n.where = places[i];
        assert_int_equal(weir_tcp_send(n.end[0].stack, n.end[0].conn, data, sizeof(data)), 100);
        run(&n, 5 * WEIR_S);
        assert_int_equal(n.end[1].received, 0);
        n.tamper = -1;
        run(&n, 60 * WEIR_S);
        assert_int_equal(n.end[1].received, 100);
        /* the last segment again as an RST at the right place: without the key it is nothing */
        memcpy(forged, n.end[0].last, n.end[0].last_size);
        forged[20 + 13] = WEIR_TCP_RST | WEIR_TCP_ACK;
        before = drops(&n, 1, WEIR_DROP_AUTH_MAC);
        give(&n, 1, forged, n.end[0].last_size);
        assert_int_equal(drops(&n, 1, WEIR_DROP_AUTH_MAC), before + 1);
        send_both(&n, 1000);
        assert_int_equal(weir_tcp_abort(n.end[0].stack, n.end[0].conn), WEIR_OK); /* signed */
        run(&n, WEIR_S);
        assert_int_equal(n.end[1].error, WEIR_ECONNRESET);
        weir_tcp_close(n.end[1].stack, n.end[1].conn);
        stop(&n);
    }
}

/* RFC 5925 7.4: one end asks for another key, the other follows, in both directions and without a gap; a key in
 * use cannot be taken away, an old one can. */
static void test_rollover(void **state)
{
    struct weir_tcp_key first = key_of(WEIR_AUTH_AO, WEIR_MAC_HMAC_SHA1, "first");
    struct weir_tcp_key second = key_of(WEIR_AUTH_AO, WEIR_MAC_AES_128_CMAC, "second");
    struct weir_tcp_key first_there = turned(first), second_there;
    struct net n;

    (void)state;
    second.send_id = 62;
    second.recv_id = 85;
    second_there = turned(second);
    start(&n, true);
    open_with(&n, &first, 1, &first_there, 1);
    run(&n, WEIR_S);
    send_both(&n, 1000);
    assert_int_equal(n.end[0].send_id, 61);
    assert_int_equal(weir_tcp_key_prefer(n.end[1].stack, n.end[1].conn, 62), WEIR_ENOENT);
    assert_int_equal(weir_tcp_key_add(n.end[0].stack, n.end[0].conn, &second), WEIR_OK);
    assert_int_equal(weir_tcp_key_add(n.end[0].stack, n.end[0].conn, &second), WEIR_EEXIST);
    assert_int_equal(weir_tcp_key_add(n.end[1].stack, n.end[1].conn, &second_there), WEIR_OK);
    send_both(&n, 1000);
    assert_int_equal(n.end[0].send_id, 61); /* nobody has asked yet */
    assert_int_equal(weir_tcp_key_prefer(n.end[1].stack, n.end[1].conn, 62), WEIR_OK);
    send_both(&n, 50000);
    assert_int_equal(n.end[0].send_id, 62);
    assert_int_equal(n.end[1].send_id, 84); /* the other direction was not asked to change */
    assert_int_equal(weir_tcp_key_prefer(n.end[0].stack, n.end[0].conn, 85), WEIR_OK);
    send_both(&n, 50000);
    assert_int_equal(n.end[1].send_id, 85);
    assert_int_equal(weir_tcp_key_del(n.end[0].stack, n.end[0].conn, &second), WEIR_EBUSY);
    assert_int_equal(weir_tcp_key_del(n.end[0].stack, n.end[0].conn, &first), WEIR_OK);
    assert_int_equal(weir_tcp_key_del(n.end[0].stack, n.end[0].conn, &first), WEIR_ENOENT);
    assert_int_equal(weir_tcp_key_del(n.end[1].stack, n.end[1].conn, &first_there), WEIR_OK);
    send_both(&n, 1000);
    assert_int_equal(drops(&n, 0, WEIR_DROP_AUTH_MAC) + drops(&n, 1, WEIR_DROP_AUTH_MAC), 0);
    weir_tcp_abort(n.end[0].stack, n.end[0].conn);
    run(&n, WEIR_S);
    weir_tcp_close(n.end[1].stack, n.end[1].conn);
    stop(&n);
}

/* Keys for some peers only: the longest prefix, others need no MAC. */
static void test_prefixes(void **state)
{
    struct weir_tcp_key client = key_of(WEIR_AUTH_MD5, WEIR_MAC_MD5, "narrow");
    struct weir_tcp_key server[3];
    struct net n;

    (void)state;
    for (int i = 0; i < 3; i++) {
        server[i] = key_of(WEIR_AUTH_MD5, WEIR_MAC_MD5, i == 1 ? "narrow" : "broad");
    }
    weir_ip_parse("10.0.0.0", &server[0].peer);
    server[0].prefix = 8;
    weir_ip_parse("10.0.0.0", &server[1].peer);
    server[1].prefix = 30;
    weir_ip_parse("192.168.0.0", &server[2].peer);
    server[2].prefix = 16;
    start(&n, false);
    open_with(&n, &client, 1, server, 3);
    run(&n, WEIR_S);
    assert_true(n.end[0].bits & WEIR_EVENT_CONNECTED);
    weir_tcp_abort(n.end[0].stack, n.end[0].conn);
    run(&n, WEIR_S);
    weir_tcp_close(n.end[1].stack, n.end[1].conn);
    stop(&n);

    start(&n, false);
    open_with(&n, NULL, 0, server + 2, 1); /* not our network: as if there were no key */
    run(&n, WEIR_S);
    assert_true(n.end[0].bits & WEIR_EVENT_CONNECTED);
    weir_tcp_abort(n.end[0].stack, n.end[0].conn);
    run(&n, WEIR_S);
    weir_tcp_close(n.end[1].stack, n.end[1].conn);
    stop(&n);
}

static void test_mistakes(void **state)
{
    struct weir_tcp_key k = key_of(WEIR_AUTH_AO, WEIR_MAC_HMAC_SHA1, "x");
    struct weir_listen_config l;
    struct weir_tcp_options o;
    weir_handle handle;
    struct net n;

    (void)state;
    memset(&n, 0, sizeof(n));
    start_end(&n, 0, false); /* nobody here can compute a MAC */
    weir_tcp_options_default(&o);
    weir_listen_config_default(&l);
    l.local.port = PORT;
    l.options = &o;
    o.keys = &k;
    o.key_count = 1;
    assert_int_equal(weir_tcp_listen(n.end[0].stack, &l, &handle), WEIR_EINVAL);
    o.key_count = 0;
    assert_int_equal(weir_tcp_listen(n.end[0].stack, &l, &handle), WEIR_OK);
    assert_int_equal(weir_tcp_key_add(n.end[0].stack, handle, &k), WEIR_EINVAL);
    assert_int_equal(weir_stack_del(n.end[0].stack), WEIR_OK);

    start_end(&n, 0, true);
    k.mac = WEIR_MAC_MD5;
    o.key_count = 1;
    assert_int_equal(weir_tcp_listen(n.end[0].stack, &l, &handle), WEIR_EINVAL);
    k.mac = WEIR_MAC_HMAC_SHA1;
    k.key_size = 0;
    assert_int_equal(weir_tcp_listen(n.end[0].stack, &l, &handle), WEIR_EINVAL);
    k.key_size = 81;
    assert_int_equal(weir_tcp_listen(n.end[0].stack, &l, &handle), WEIR_EINVAL);
    k.key_size = 80;
    k.prefix = 1; /* of no address */
    assert_int_equal(weir_tcp_listen(n.end[0].stack, &l, &handle), WEIR_EINVAL);
    k.prefix = 0;
    assert_int_equal(weir_tcp_listen(n.end[0].stack, &l, &handle), WEIR_OK);
    assert_int_equal(weir_tcp_key_prefer(n.end[0].stack, handle, 1), WEIR_ESTALE);
    assert_int_equal(weir_stack_del(n.end[0].stack), WEIR_OK);
    assert_int_equal(n.end[0].heap.bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversation), cmocka_unit_test(test_wrong_keys),
        cmocka_unit_test(test_tampering),    cmocka_unit_test(test_rollover),
        cmocka_unit_test(test_prefixes),     cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
