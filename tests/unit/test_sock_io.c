/* test_sock_io.c - sockets: send and recv with flags, slices, counts, readiness. */
#include "unit/sock_kit.h"

static void fill(uint8_t *bytes, size_t size, size_t from)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)((from + i) * 31 + ((from + i) >> 8));
}

static int count(struct weir_sock *s, unsigned request)
{
    int value = -9;
    sk_ok(weir_sock_ioctl(s, request, &value));
    return value;
}

static void test_send_and_recv(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    char b[16] = "";
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    sk_fails(weir_sock_recv(s, b, 10, 0), WEIR_SOCK_EAGAIN);
    sk_fails(weir_sock_recv(s, b, 0, 0), WEIR_SOCK_EAGAIN);
    sk_fails(weir_sock_recv(s, b, 10, WEIR_MSG_PEEK), WEIR_SOCK_EAGAIN);
    assert_int_equal(weir_sock_poll(s), OUT);
    assert_int_equal(weir_sock_send(c, "hello", 5, WEIR_MSG_DONTWAIT | WEIR_MSG_NOSIGNAL), 5);
    assert_int_equal(weir_sock_send(c, "", 0, 0), 0);
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_poll(s), IN | OUT);
    assert_int_equal(count(s, WEIR_SIOCINQ), 5);
    assert_int_equal(weir_sock_recv(s, b, 2, WEIR_MSG_PEEK), 2);
    assert_memory_equal(b, "he\0", 3);
    assert_int_equal(weir_sock_recv(s, NULL, 2, WEIR_MSG_TRUNC), 2); /* thrown away */
    assert_int_equal(weir_sock_recv(s, NULL, 10, WEIR_MSG_PEEK | WEIR_MSG_TRUNC), 3);
    assert_int_equal(weir_sock_recv(s, NULL, 0, 0), 0);
    assert_int_equal(weir_sock_recv(s, b, 10, WEIR_MSG_WAITALL), 3);
    assert_memory_equal(b, "llo", 3);
    assert_int_equal(weir_sock_poll(s), OUT);
    assert_int_equal(weir_sock_send(s, "more", 4, WEIR_MSG_MORE), 4);
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_recv(c, b, 10, 0), 4); /* nothing was held back */
    sk_fails(weir_sock_recv(s, b, 1, WEIR_MSG_OOB), WEIR_SOCK_EINVAL);
    sk_fails(weir_sock_recv(s, b, 1, WEIR_MSG_ERRQUEUE), WEIR_SOCK_EAGAIN);
    sk_fails(weir_sock_send(s, b, 1, WEIR_MSG_FASTOPEN), WEIR_SOCK_EISCONN);
    sk_del(k);
}

static void test_slices(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    char one[] = "one", two[] = "-two-", three[] = "three", a[4] = "", b[6] = "", d[9] = "";
    struct weir_sock_slice out[] = {{one, 3}, {NULL, 0}, {two, 5}, {three, 5}};
    struct weir_sock_slice in[] = {{a, 3}, {NULL, 0}, {b, 5}, {d, 8}};
    struct weir_sock_message send = {.slices = out, .slice_count = 4};
    struct weir_sock_message recv = {.slices = in, .slice_count = 4, .flags = 77};
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    sk_fails(weir_sock_recvmsg(s, &recv, 0), WEIR_SOCK_EAGAIN);
    assert_int_equal(weir_sock_sendmsg(c, &send, 0), 13);
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_recvmsg(s, &recv, WEIR_MSG_PEEK), 13);
    assert_int_equal(recv.flags, 0);
    assert_string_equal(a, "one");
    assert_string_equal(b, "-two-");
    assert_string_equal(d, "three");
    memset(a, 0, sizeof(a));
    memset(d, 0, sizeof(d));
    assert_int_equal(weir_sock_recvmsg(s, &recv, 0), 13);
    assert_string_equal(a, "one");
    assert_string_equal(d, "three");
    recv.slice_count = send.slice_count = 1025;
    sk_fails(weir_sock_sendmsg(c, &send, 0), WEIR_SOCK_EMSGSIZE);
    sk_fails(weir_sock_recvmsg(s, &recv, 0), WEIR_SOCK_EMSGSIZE);
    recv.slice_count = send.slice_count = 0;
    assert_int_equal(weir_sock_sendmsg(c, &send, 0), 0);
    sk_fails(weir_sock_recvmsg(s, &recv, 0), WEIR_SOCK_EAGAIN);
    sk_del(k);
}

/* More queued pieces than a peek has room for at first. */
static void test_peek_of_many_pieces(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    static uint8_t sent[60000], got[60000];
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    fill(sent, sizeof(sent), 0);
    for (size_t at = 0; at < sizeof(sent); at += 1000) {
        assert_int_equal(weir_sock_send(c, sent + at, 1000, 0), 1000);
        sk_run(k, 10 * WEIR_MS);
    }
    sk_run(k, WEIR_S);
    assert_int_equal(count(s, WEIR_SIOCINQ), sizeof(sent));
    assert_int_equal(weir_sock_recv(s, got, sizeof(got), WEIR_MSG_PEEK), sizeof(sent));
    assert_memory_equal(got, sent, sizeof(sent));
    memset(got, 0, sizeof(got));
    assert_int_equal(weir_sock_recv(s, got, sizeof(got), 0), sizeof(sent));
    assert_memory_equal(got, sent, sizeof(sent));
    sk_del(k);
}

static size_t fill_buffer(struct weir_sock *s, size_t piece, size_t at)
{
    static uint8_t bytes[5000];
    int64_t n;
    fill(bytes, piece, at);
    while ((n = weir_sock_send(s, bytes, piece, 0)) > 0) {
        at += (size_t)n;
        fill(bytes, piece, at);
    }
    sk_fails(n, WEIR_SOCK_EAGAIN);
    return at;
}

static void drain(struct sk *k, struct weir_sock *s, size_t *at)
{
    static uint8_t got[8192], want[8192];
    int64_t n;
    while ((n = weir_sock_recv(s, got, sizeof(got), 0)) > 0) {
        fill(want, (size_t)n, *at);
        assert_memory_equal(got, want, (size_t)n);
        *at += (size_t)n;
        sk_run(k, WEIR_MS);
    }
}

static void test_writability(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    size_t first, got = 0;
    int full;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    sk_ok(sk_set(c, WEIR_SOL_SOCKET, WEIR_SO_SNDBUF, 10000)); /* says 20000 */
    first = fill_buffer(c, 3000, 0);
    full = (int)first;
    assert_in_range(full, 20000, 40000); /* what is begun is filled */
    assert_int_equal(weir_sock_poll(c), 0);
    assert_int_equal(count(c, WEIR_SIOCOUTQ), full);
    assert_int_equal(count(c, WEIR_SIOCOUTQNSD), full);
    sk_run(k, WEIR_S); /* all is acknowledged: the other side has room */
    assert_int_equal(count(c, WEIR_SIOCOUTQ), 0);
    assert_int_equal(weir_sock_poll(c), OUT);
    sk_cut(k);
    full = (int)(fill_buffer(c, 3000, first) - first);
    assert_in_range(full, 20000, 40000);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(weir_sock_poll(c), 0);
    assert_int_equal(count(c, WEIR_SIOCOUTQ), full);
    assert_in_range(count(c, WEIR_SIOCOUTQNSD), 0, full - 1); /* cwnd may let all of it go */
    sk_ok(weir_sock_shutdown(c, WEIR_SHUT_WR));
    assert_int_equal(weir_sock_poll(c), OUT); /* a write would not block: EPIPE */
    sk_run(k, WEIR_MS);
    assert_int_equal(count(c, WEIR_SIOCOUTQ), full + 1); /* and the FIN */
    drain(k, s, &got);
    assert_int_equal(got, first);
    sk_del(k);
}

/* A little room is not worth waking for: a third of the buffer is (as Linux). */
static void test_writable_again_at_a_third(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_socket(k, 1, WEIR_AF_INET), *c, *s;
    size_t got = 0;
    int queued;
    (void)state;
    sk_ok(sk_set(l, WEIR_SOL_SOCKET, WEIR_SO_RCVBUF, 6000));
    sk_ok(sk_bind(l, "10.0.0.2", 80));
    sk_ok(weir_sock_listen(l, 1));
    c = sk_connect(k, 0, "10.0.0.2", 80);
    sk_run(k, 10 * WEIR_MS);
    s = sk_accept(l);
    sk_ok(sk_set(c, WEIR_SOL_SOCKET, WEIR_SO_SNDBUF, 15000)); /* says 30000 */
    fill_buffer(c, 5000, 0);
    sk_run(k, WEIR_S);
    queued = count(c, WEIR_SIOCOUTQ);
    assert_in_range(queued, 20001, 60000); /* the window is full */
    assert_int_equal(weir_sock_poll(c), 0);
    for (int i = 0; i < 20 && count(c, WEIR_SIOCOUTQ) > 20000; i++) {
        drain(k, s, &got);
        sk_run(k, WEIR_S);
    }
    assert_int_equal(weir_sock_poll(c), OUT);
    sk_del(k);
}

/* A send that fits exactly leaves no room, and nobody has been refused: the core must tell all the same. */
static void test_a_buffer_filled_to_the_last_byte(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s, *changed;
    static uint8_t bytes[20000];
    size_t got = 0;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    sk_ok(sk_set(c, WEIR_SOL_SOCKET, WEIR_SO_SNDBUF, sizeof(bytes) / 2)); /* says all of it */
    fill(bytes, sizeof(bytes), 0);
    assert_int_equal(weir_sock_send(c, bytes, sizeof(bytes), 0), sizeof(bytes));
    assert_int_equal(weir_sock_poll(c), 0);
    while (weir_sock_changed(k->space[0])) {}
    sk_run(k, WEIR_S);
    changed = weir_sock_changed(k->space[0]);
    assert_ptr_equal(changed, c);
    assert_null(weir_sock_changed(k->space[0]));
    assert_int_equal(weir_sock_poll(c), OUT);
    drain(k, s, &got);
    assert_int_equal(got, sizeof(bytes)); /* the question has put no byte in */
    sk_del(k);
}

/* Both directions at once, through small buffers, asking poll first. */
static void test_poll_driven_transfer(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *side[2];
    size_t sent[2] = {0}, got[2] = {0};
    static uint8_t bytes[5000], want[5000];
    (void)state;
    sk_pair(k, 80, &side[0], &side[1], NULL);
    for (int i = 0; i < 2; i++) {
        sk_ok(sk_set(side[i], WEIR_SOL_SOCKET, WEIR_SO_SNDBUF, 8000));
        sk_ok(sk_set(side[i], WEIR_SOL_SOCKET, WEIR_SO_RCVBUF, 8000));
    }
    for (int turn = 0; turn < 4000 && (got[0] < 300000 || got[1] < 300000); turn++) {
        for (int i = 0; i < 2; i++) {
            unsigned bits = weir_sock_poll(side[i]);
            if (bits & OUT) {
                fill(bytes, sizeof(bytes), sent[i]);
                int64_t n = weir_sock_send(side[i], bytes, sizeof(bytes), 0);
                if (n < 0) { /* the core counts buffers too: refused once, it will tell */
                    sk_fails(n, WEIR_SOCK_EAGAIN);
                    assert_false(weir_sock_poll(side[i]) & OUT);
                }
                sent[i] += n > 0 ? (size_t)n : 0;
            }
            if (bits & IN) {
                int64_t n = weir_sock_recv(side[i], bytes, 1 + (size_t)turn % 5000, 0);
                assert_true(n > 0);
                fill(want, (size_t)n, got[i]);
                assert_memory_equal(bytes, want, (size_t)n);
                got[i] += (size_t)n;
            }
        }
        sk_run(k, 5 * WEIR_MS);
    }
    assert_true(got[0] >= 300000 && got[1] >= 300000);
    sk_del(k);
}

static void test_loopback(void **state)
{
    struct sk *k = sk_new_loopback();
    struct weir_sock *l = sk_listener(k, 0, "127.0.0.1", 80, 5), *c, *s;
    size_t sent, got = 0;
    (void)state;
    c = sk_connect(k, 0, "127.0.0.1", 80);
    sk_run(k, WEIR_MS);
    s = sk_accept(l);
    sent = fill_buffer(c, 5000, 0);
    assert_true(sent > 100000);
    for (int i = 0; i < 100 && got < sent; i++) {
        sk_run(k, 300 * WEIR_MS);
        drain(k, s, &got);
    }
    assert_int_equal(got, sent);
    sk_del(k);
}

static void test_changed_sockets(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s, *l;
    (void)state;
    sk_pair(k, 80, &c, &s, &l);
    while (weir_sock_changed(k->space[1])) {}
    weir_sock_send(c, "x", 1, 0);
    sk_connect(k, 0, "10.0.0.2", 80);
    sk_run(k, 100 * WEIR_MS);
    assert_ptr_equal(weir_sock_changed(k->space[1]), s);
    assert_ptr_equal(weir_sock_changed(k->space[1]), l);
    assert_null(weir_sock_changed(k->space[1]));
    weir_sock_send(c, "x", 1, 0);
    sk_connect(k, 0, "10.0.0.2", 80);
    sk_run(k, 100 * WEIR_MS);
    sk_close(k, l); /* one that is gone is not returned, wherever it stood */
    assert_ptr_equal(weir_sock_changed(k->space[1]), s);
    assert_null(weir_sock_changed(k->space[1]));
    weir_sock_send(c, "x", 1, 0);
    sk_run(k, 100 * WEIR_MS);
    assert_ptr_equal(weir_sock_changed(k->space[1]), s);
    sk_del(k);
}

/* Events of handles that are not sockets of the space are refused. */
static void test_foreign_events(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_listener(k, 1, "10.0.0.2", 80, 5), *s = sk_socket(k, 0, 2);
    struct weir_connect_config config;
    struct weir_event event = {.bits = WEIR_EVENT_READABLE, .user = 1};
    weir_handle other;
    (void)state;
    (void)l;
    sk_ok(weir_sock_listen(s, 1)); /* slot 1 */
    weir_connect_config_default(&config);
    config.remote = sk_at("10.0.0.2", 80);
    config.user = 1;
    assert_int_equal(weir_tcp_connect(node_stack(k->node[0]), &config, &other), WEIR_OK);
    sk_run(k, 10 * WEIR_MS);
    assert_int_equal(k->foreign_events, 1);
    assert_false(weir_sock_event(k->space[0], &event)); /* no handle */
    event.handle = other;
    event.user = 1000000;
    assert_false(weir_sock_event(k->space[0], &event));
    assert_int_equal(weir_tcp_abort(node_stack(k->node[0]), other), WEIR_OK);
    sk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_send_and_recv),
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_peek_of_many_pieces),
        cmocka_unit_test(test_writability),
        cmocka_unit_test(test_writable_again_at_a_third),
        cmocka_unit_test(test_a_buffer_filled_to_the_last_byte),
        cmocka_unit_test(test_poll_driven_transfer),
        cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_changed_sockets),
        cmocka_unit_test(test_foreign_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
