/* test_tcp_open.c - opening: handshakes both ways, refusals, simultaneous open, repeated SYNs. */
#include "unit/tcp_kit.h"

/* The handshake, v4 and v6 (MUST-2, MUST-3, MUST-14, SHLD-5, MUST-67). */
static void test_passive(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        struct tk_setup s = tk_setup();
        s.v6 = v6;
        struct tk *k = tk_new(&s);
        const struct tk_out *o = tk_syn_received(k);
        assert_int_equal(o->s.options.present, WEIR_SEGMENT_MSS);
        assert_int_equal(o->s.options.mss, v6 ? 1440 : 1460);
        assert_int_equal(o->s.window, 65535);
        assert_int_equal(o->ttl, 64);
        assert_true(o->dont_fragment);
        tk_in(k, A, 1, 1, 100);
        tk_events(k);
        assert_int_equal(k->listener_bits, WEIR_EVENT_ACCEPT);
        assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
        tk_expect_event(k, WEIR_EVENT_READABLE);
        tk_read(k, 100); /* data on the third segment */
        tk_del(k);
    }
}

static void test_active(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        struct tk_setup s = tk_setup_modern();
        s.v6 = v6;
        struct tk *k = tk_new(&s);
        tk_active(k);
        tk_write(k, 100);
        tk_expect(k, A, 1, 1, 100);
        tk_in(k, A, 1, 101, 0);
        tk_expect_nothing(k);
        tk_expect_event(k, WEIR_EVENT_SENT_ALL);
        tk_del(k);
    }
}

/* After a passive handshake nothing is sent unasked, not even a window update. */
static void test_all_states(void **state)
{
    (void)state;
    for (int i = WEIR_TCP_ESTABLISHED; i <= WEIR_TCP_TIME_WAIT; i++) {
        for (int variant = 0; variant < 8; variant++) {
            struct tk_setup s = (variant & 1) != 0 ? tk_setup_modern() : tk_setup();
            s.v6 = (variant & 2) != 0;
            struct tk *k = tk_new(&s);
            if ((variant & 4) != 0) {
                tk_active(k);
            } else {
                tk_passive(k);
            }
            tk_to(k, (enum weir_tcp_state)i);
            tk_del(k);
        }
    }
}

/* RFC 9293 3.10.7.1: a segment for nothing is answered with RST whose numbers the peer accepts. */
static void test_closed_port(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    k->iss = 1000;
    tk_in(k, S, 0, 0, 0);
    const struct tk_out *o = tk_expect(k, R | A, 0u - 1000u, 1, 0);
    assert_int_equal(o->s.seq, 0);
    tk_in(k, A, 5, 77, 0);
    o = tk_expect(k, R, 77, 0, 0);
    tk_in(k, F, 5, 0, 20); /* no ACK: its text and FIN are counted */
    o = tk_expect(k, R | A, 0u - 1000u, 26, 0);
    assert_int_equal(o->s.seq, 0);
    tk_in(k, R, 5, 0, 0);
    tk_in(k, R | A, 5, 9, 0);
    tk_expect_nothing(k); /* never RST for RST */
    assert_int_equal(tk_drops(k, WEIR_DROP_TCP_RST_NO_CONNECTION), 2);
    tk_del(k);
}

/* RFC 9293 3.10.7.2: LISTEN. */
static void test_listen_state(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_listen(k);
    tk_in(k, R, 0, 0, 0);
    tk_expect_nothing(k);
    k->iss = 1000;
    tk_in(k, A, 5, 77, 0);
    tk_expect(k, R, 77, 0, 0);
    tk_in(k, S | A, 5, 78, 0);
    tk_expect(k, R, 78, 0, 0);
    tk_in(k, F, 5, 0, 0);
    tk_in(k, 0, 5, 0, 10);
    tk_expect_nothing(k);
    struct tcp_segment seg =
        tk_segment(k, S | F, 0, 0); /* SYN with data and FIN: text is not used */
    tk_inject(k, &seg, 10);
    k->iss = 5000;
    tk_expect(k, S | A, 0, 1, 0);
    tk_expect_nothing(k);
    tk_del(k);
}

/* MUST-57: a SYN to broadcast or multicast is dropped silently; MUST-63: an invalid source. */
static void test_syn_to_group(void **state)
{
    static const char *groups[] = {"255.255.255.255", "224.0.0.1", "10.0.0.255"};
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    struct ip_addr own = k->local, peer = k->peer;
    tk_listen(k);
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        struct weir_ip ip;
        assert_int_equal(weir_ip_parse(groups[i], &ip), WEIR_OK);
        k->local = ip_addr_from_public(&ip);
        tk_in(k, S, 0, 0, 0);
        k->local_port = 81; /* nobody listens */
        tk_in(k, S, 0, 0, 0);
        k->local_port = TK_PORT;
        tk_expect_nothing(k);
        k->local = own;
        k->peer = ip_addr_from_public(&ip);
        tk_in(k, S, 0, 0, 0);
        tk_expect_nothing(k);
        k->peer = peer;
    }
    tk_del(k);
}

/* RFC 9293 3.10.7.3: SYN-SENT. */
static void test_syn_sent(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_connect(k);
    tk_expect(k, S, 0, 0, 0);
    tk_in(k, A, 5, 7, 0); /* unacceptable ACK: RST with its number */
    tk_expect(k, R, 7, 0, 0);
    tk_in(k, S | A, 5, 0, 0); /* acknowledges nothing */
    tk_expect(k, R, 0, 0, 0);
    tk_in(k, R | A, 5, 7, 0); /* RST with a wrong ACK */
    tk_in(k, R, 0, 0, 0);     /* RST without one */
    tk_in(k, A, 0, 1, 0);     /* neither SYN nor RST */
    tk_in(k, F, 0, 0, 0);
    tk_expect_nothing(k);
    tk_expect_state(k, WEIR_TCP_SYN_SENT);
    tk_expect_no_event(k, WEIR_EVENT_CLOSED);
    tk_in(k, R | A, 0, 1, 0);
    tk_expect_event(k, WEIR_EVENT_CLOSED);
    assert_int_equal(k->error, WEIR_ECONNREFUSED);
    tk_expect_nothing(k);
    tk_expect_state(k, WEIR_TCP_CLOSED);
    assert_int_equal(weir_tcp_send(k->stack, k->conn, "x", 1), WEIR_ECONNREFUSED);
    uint8_t byte;
    assert_int_equal(weir_tcp_recv(k->stack, k->conn, &byte, 1), WEIR_ECONNREFUSED);
    tk_del(k);
}

/* Data and a FIN on the SYN,ACK count (U-4: data queued before rides on the ACK). */
static void test_syn_ack_with_text(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_connect(k);
    tk_write(k, 30);
    tk_expect(k, S, 0, 0, 0);
    tk_expect_nothing(k);
    struct tcp_segment seg = tk_segment(k, S | A | F, 0, 1);
    seg.options.present = WEIR_SEGMENT_MSS;
    seg.options.mss = 1000;
    tk_inject(k, &seg, 50);
    tk_expect(k, A, 1, 52, 30);
    tk_expect_nothing(k);
    tk_read(k, 50);
    tk_expect_event(k, WEIR_EVENT_CONNECTED);
    tk_expect_event(k, WEIR_EVENT_END);
    tk_expect_state(k, WEIR_TCP_CLOSE_WAIT);
    assert_int_equal(tk_info(k).snd_mss, 1000);
    tk_del(k);
}

/* MUST-10, MUST-11: simultaneous open, the two SYNs crossing. */
static void test_simultaneous_open(void **state)
{
    (void)state;
    for (int with_syn_ack = 0; with_syn_ack < 2; with_syn_ack++) {
        struct tk_setup s = tk_setup_modern();
        struct tk *k = tk_new(&s);
        tk_connect(k);
        tk_expect(k, S, 0, 0, 0);
        tk_syn_in(k, S, 0);
        const struct tk_out *o = tk_expect(k, S | A, 0, 1, 0);
        assert_int_equal(o->s.options.present, s.peer.present);
        tk_expect_state(k, WEIR_TCP_SYN_RECEIVED);
        k->ts = true;
        if (with_syn_ack) {
            struct tcp_segment seg = tk_segment(k, S | A, 0, 1);
            tk_inject(k, &seg, 0);
        } else {
            tk_in(k, A, 1, 1, 0);
        }
        tk_expect_state(k, WEIR_TCP_ESTABLISHED);
        tk_expect_event(k, WEIR_EVENT_CONNECTED);
        tk_flush(k);
        tk_write(k, 10);
        tk_expect(k, A, 1, 1, 10);
        tk_in(k, A, 1, 11, 10);
        tk_read(k, 10);
        tk_del(k);
    }
}

static void test_simultaneous_open_lost_and_reset(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_connect(k);
    tk_expect(k, S, 0, 0, 0);
    tk_syn_in(k, S, 0);
    tk_expect(k, S | A, 0, 1, 0);
    tk_syn_in(k, S, 0); /* theirs again: our SYN,ACK was lost */
    tk_expect(k, S | A, 0, 1, 0);
    weir_time sent = k->now;
    const struct tk_out *o = tk_wait(k, 2 * WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->flags, S | A);
    tk_expect_time(o->time, sent + WEIR_S);
    tk_in(k, R, 1, 0, 0); /* MUST-11: reached by active open, so the user is told */
    tk_expect_event(k, WEIR_EVENT_CLOSED);
    assert_int_equal(k->error, WEIR_ECONNREFUSED);
    tk_expect_nothing(k);
    tk_del(k);
}

/* RFC 9293 3.10.7.4 for SYN-RECEIVED by passive open. */
static void test_syn_received(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_syn_received(k);
    tk_in(k, S, 0, 0, 0); /* the SYN again: the SYN,ACK again */
    tk_expect(k, S | A, 0, 1, 0);
    tk_in(k, A, 1, 2, 0); /* acknowledges what was not sent */
    tk_expect(k, R, 2, 0, 0);
    tk_in(k, A, 1, 0, 0);
    tk_expect(k, R, 0, 0, 0);
    tk_in(k, 0, 1, 0, 5); /* no ACK: dropped */
    tk_expect_nothing(k);
    tk_in(k, A, 1 + 70000, 1, 0); /* out of the window */
    tk_expect(k, A, 1, 1, 0);
    tk_in(k, R, 100, 0, 0); /* RST in the window: challenge */
    tk_expect(k, A, 1, 1, 0);
    tk_in(k, R, 70000, 0, 0);
    tk_expect_nothing(k);
    assert_int_equal(tk_stats(k).half_open, 1);
    tk_in(k, R, 1, 0, 0); /* back to LISTEN, nobody is told */
    tk_expect_nothing(k);
    assert_int_equal(tk_stats(k).half_open, 0);
    tk_events(k);
    assert_int_equal(k->listener_bits, 0);
    tk_in(k, S, 0, 0, 0);
    tk_expect(k, S | A, 0, 1, 0);
    tk_del(k);
}

/* The ACK of the handshake at the very edge of the window, with text beyond it, must not leave a
 * connection in SYN-RECEIVED without a timer. */
static void test_handshake_ack_at_the_edge(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.config.tcp.receive_buffer = 4096;
    struct tk *k = tk_new(&s);
    tk_syn_received(k);
    tk_in(k, A, 1 + 4096, 1, 10);
    tk_flush(k);
    tk_in(k, A, 1, 1, 0);
    tk_events(k);
    assert_int_equal(weir_tcp_accept(k->stack, k->listener, &k->conn), WEIR_OK);
    tk_expect_state(k, WEIR_TCP_ESTABLISHED);
    tk_del(k);
}

/* MUST-18, MUST-22, MUST-23: SYN again after 1, 2, 4 ... s; R1 is told; after at least 180 s the
 * open fails with ETIMEDOUT. */
static void test_syn_retransmission(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup_modern();
    struct tk *k = tk_new(&s);
    tk_connect(k);
    tk_expect(k, S, 0, 0, 0);
    weir_time start = k->now, wait = WEIR_S, last = k->now;
    for (int i = 0; i < 6; i++) {
        const struct tk_out *o = tk_wait(k, 100 * WEIR_S);
        assert_non_null(o);
        assert_int_equal(o->flags, S);
        assert_int_equal(o->seq, 0);
        assert_in_range(o->time - last, wait, wait + 100 * WEIR_US);
        assert_int_equal(o->s.options.mss, 1460);
        last = o->time;
        wait *= 2;
        if (i == 2) {
            tk_expect_no_event(k, WEIR_EVENT_ERROR);
        }
        if (i == 3) {
            tk_expect_event(k, WEIR_EVENT_ERROR); /* R1 */
        }
    }
    tk_advance(k, 400 * WEIR_S);
    tk_expect_event(k, WEIR_EVENT_CLOSED);
    assert_int_equal(k->error, WEIR_ETIMEDOUT);
    assert_true(k->last[WEIR_RECORD_CLOSED].time - start >= 180 * WEIR_S);
    tk_flush(k);
    tk_del(k);
}

/* The route goes away before the first SYN could leave: R2 still ends the open (MUST-22). */
static void test_syn_without_a_way(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_connect(k);
    assert_int_equal(weir_link_set_up(k->stack, k->link, false), WEIR_OK);
    tk_advance(k, 400 * WEIR_S);
    tk_expect_event(k, WEIR_EVENT_CLOSED);
    assert_int_equal(tk_flush(k), 0);
    tk_del(k);
}

/* RFC 6298 5.7: after a lost SYN the first data waits 3 s for its ACK. */
static void test_rto_after_lost_syn(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_connect(k);
    tk_expect(k, S, 0, 0, 0);
    assert_non_null(tk_wait(k, 2 * WEIR_S));
    tk_syn_in(k, S | A, 1);
    tk_expect(k, A, 1, 1, 0);
    tk_write(k, 10);
    weir_time sent = k->now;
    tk_expect(k, A, 1, 1, 10);
    const struct tk_out *o = tk_wait(k, 10 * WEIR_S);
    assert_non_null(o);
    tk_expect_time(o->time, sent + 3 * WEIR_S);
    tk_del(k);
}

/* MUST-23 for the passive side: the SYN,ACK is repeated, and forgotten after 180 s at the earliest. */
static void test_syn_ack_retransmission(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_syn_received(k);
    weir_time start = k->now, last = k->now, wait = WEIR_S;
    for (int i = 0; i < 6; i++) {
        const struct tk_out *o = tk_wait(k, 100 * WEIR_S);
        assert_non_null(o);
        assert_int_equal(o->flags, S | A);
        assert_in_range(o->time - last, wait, wait + 5 * WEIR_MS);
        last = o->time;
        wait *= 2;
    }
    while (tk_stats(k).half_open != 0) {
        tk_advance(k, WEIR_S);
        tk_flush(k);
        assert_true(k->now - start < 400 * WEIR_S);
    }
    assert_true(k->now - start >= 180 * WEIR_S);
    tk_in(k, A, 1, 1, 0); /* too late */
    tk_expect(k, R, 1, 0, 0);
    tk_del(k);
}

/* MUST-44: with several addresses the one that fits the way there is chosen before the first SYN. */
static void test_source_address(void **state)
{
    static const char *const remotes[] = {"10.0.0.9", "192.168.7.9", "10.0.0.8"};
    static const char *const locals[] = {"10.0.0.1", "192.168.7.1", "10.0.0.1"};
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    struct weir_ip second;

    assert_int_equal(weir_ip_parse(locals[1], &second), WEIR_OK);
    assert_int_equal(weir_address_add(k->stack, k->link, &second, 24), WEIR_OK);
    for (size_t i = 0; i < ARRAY_SIZE(remotes); i++) {
        struct weir_connect_config config;
        struct weir_ip want;
        struct ip_addr wanted;
        weir_handle conn;

        weir_connect_config_default(&config);
        assert_int_equal(weir_ip_parse(remotes[i], &config.remote.ip), WEIR_OK);
        assert_int_equal(weir_ip_parse(locals[i], &want), WEIR_OK);
        wanted = ip_addr_from_public(&want);
        config.remote.port = 80;
        assert_int_equal(weir_tcp_connect(k->stack, &config, &conn), WEIR_OK);
        const struct tk_out *o = tk_next(k);
        assert_non_null(o);
        assert_int_equal(o->flags, S);
        assert_true(ip_addr_equal(&o->src, &wanted));
        assert_int_equal(weir_tcp_abort(k->stack, conn), WEIR_OK);
        tk_flush(k);
    }
    tk_del(k);
}

/* MUST-46: an active open to a group, or to nothing, is an error at once. */
static void test_connect_errors(void **state)
{
    static const struct {
        const char *to;
        int error;
    } cases[] = {{"255.255.255.255", WEIR_EINVAL}, {"224.0.0.5", WEIR_EINVAL},
                 {"ff02::1", WEIR_EINVAL},         {"0.0.0.0", WEIR_EINVAL},
                 {"192.0.2.1", WEIR_ENETUNREACH},  {"10.0.0.255", WEIR_EINVAL}};
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct weir_connect_config c;
        weir_handle h;
        weir_connect_config_default(&c);
        assert_int_equal(weir_ip_parse(cases[i].to, &c.remote.ip), WEIR_OK);
        c.remote.port = 80;
        int error = weir_tcp_connect(k->stack, &c, &h);
        if (error != cases[i].error)
            fail_msg("%s: %d instead of %d", cases[i].to, error, cases[i].error);
    }
    assert_int_equal(tk_stats(k).connections, 0);
    tk_del(k);
}

/* A SYN,ACK that echoes a timestamp none of our SYNs had is somebody else's: RST, and the right one still opens.
 * No echo at all is a peer's poor timestamp, not a wrong connection. */
static void test_impossible_echo(void **state)
{
    (void)state;
    static const int32_t off[] = {1, -1, 1000000, 0, 5};
    for (size_t i = 0; i < 5; i++) {
        struct tk_setup s = tk_setup_modern();
        struct tk *k = tk_new(&s);
        tk_advance(k, 10 * WEIR_S);
        tk_connect(k);
        const struct tk_out *o = tk_next(k);
        assert_int_equal(o->flags, S);
        uint32_t first = o->s.options.ts_val;
        if (i >= 3)
            tk_advance(k, 5 * WEIR_MS);
        struct tcp_segment answer = tk_segment(k, S | A, 0, 1);
        answer.options = k->setup.peer;
        answer.options.ts_ecr = first + (uint32_t)off[i];
        tk_inject(k, &answer, 0);
        if (i < 3) {
            o = tk_next(k);
            assert_int_equal(o->flags, R);
            assert_int_equal(o->seq, 1);
            tk_expect_state(k, WEIR_TCP_SYN_SENT);
            answer.options.ts_ecr = i == 0 ? 0 : first;
            tk_inject(k, &answer, 0);
        }
        tk_expect_state(k, WEIR_TCP_ESTABLISHED);
        tk_flush(k);
        tk_del(k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passive),
        cmocka_unit_test(test_active),
        cmocka_unit_test(test_all_states),
        cmocka_unit_test(test_closed_port),
        cmocka_unit_test(test_listen_state),
        cmocka_unit_test(test_syn_to_group),
        cmocka_unit_test(test_syn_sent),
        cmocka_unit_test(test_impossible_echo),
        cmocka_unit_test(test_syn_ack_with_text),
        cmocka_unit_test(test_simultaneous_open),
        cmocka_unit_test(test_simultaneous_open_lost_and_reset),
        cmocka_unit_test(test_syn_received),
        cmocka_unit_test(test_handshake_ack_at_the_edge),
        cmocka_unit_test(test_syn_retransmission),
        cmocka_unit_test(test_syn_without_a_way),
        cmocka_unit_test(test_rto_after_lost_syn),
        cmocka_unit_test(test_syn_ack_retransmission),
        cmocka_unit_test(test_source_address),
        cmocka_unit_test(test_connect_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
