/* test_sock_edge.c - sockets: link-local addresses, a stack out of memory, states that pass quickly. */
#include "unit/sock_kit.h"

#include "socket/sock.h"

static const struct weir_endpoint unspec;

static void test_every_error_has_a_number_and_a_name(void **state)
{
    (void)state;
    assert_int_equal(sock_errno(WEIR_OK), 0);
    for (int error = -1; error >= WEIR_ERROR_LAST; error--) {
        int number = sock_errno(error);
        assert_in_range(number, 1, 133);
        assert_string_not_equal(weir_sock_error_name(number), "EUNKNOWN");
    }
    assert_int_equal(sock_errno(WEIR_ENOBUFS), 105);
    assert_int_equal(sock_errno(WEIR_EACCES), 13);
    assert_int_equal(sock_errno(WEIR_EISCONN), 106);
    assert_int_equal(sock_errno(WEIR_ECONNABORTED), 103);
    assert_int_equal(sock_errno(WEIR_EMSGSIZE), 90);
    assert_int_equal(sock_errno(WEIR_ENOPROTOOPT), 92);
    assert_int_equal(sock_errno(WEIR_EBUSY), 16);
    assert_int_equal(sock_errno(WEIR_ESTALE), 107);
}

static void test_link_local_addresses(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *l = sk_socket(k, 1, WEIR_AF_INET6), *c = sk_socket(k, 0, WEIR_AF_INET6), *a;
    struct weir_endpoint here = sk_at("fe80::2", 80), peer;
    (void)state;
    assert_int_equal(node_address(k->node[0], k->link[0], "fe80::1/64", NULL), WEIR_OK);
    assert_int_equal(node_address(k->node[1], k->link[1], "fe80::2/64", NULL), WEIR_OK);
    here.ip.scope = k->link[1] + 1;
    sk_ok(weir_sock_bind(l, &here));
    sk_ok(weir_sock_listen(l, 1));
    sk_ok(weir_sock_getsockname(l, &peer));
    assert_memory_equal(&peer, &here, sizeof(peer));
    here.ip.scope = 0;
    sk_fails(weir_sock_connect(c, &here), WEIR_SOCK_EINVAL);
    here.ip.scope = k->link[0] + 1;
    sk_fails(weir_sock_connect(c, &here), WEIR_SOCK_EINPROGRESS);
    sk_run(k, 10 * WEIR_MS);
    sk_ok(weir_sock_connect(c, &here));
    sk_ok(weir_sock_getpeername(c, &peer));
    assert_memory_equal(&peer, &here, sizeof(peer));
    sk_ok(weir_sock_accept(l, &a, &peer));
    assert_int_equal(peer.ip.scope, k->link[1] + 1);
    assert_int_equal(sk_get(l, WEIR_SOL_IPV6, WEIR_IPV6_V6ONLY), 0);
    sk_del(k);
}

/* Bound, but somebody without a socket listens first. */
static void test_listen_refused_by_the_core(void **state)
{
    struct sk *k = sk_new_loopback();
    struct weir_stack *stack = node_stack(k->node[0]);
    struct weir_sock *s = sk_socket(k, 0, WEIR_AF_INET);
    struct weir_listen_config config;
    weir_handle other;
    (void)state;
    sk_ok(sk_bind(s, "127.0.0.1", 80));
    weir_listen_config_default(&config);
    config.local = sk_at("127.0.0.1", 80);
    assert_int_equal(weir_tcp_listen(stack, &config, &other), WEIR_OK);
    sk_fails(weir_sock_listen(s, 1), WEIR_SOCK_EADDRINUSE);
    assert_int_equal(weir_tcp_close(stack, other), WEIR_OK);
    sk_ok(weir_sock_listen(s, 1));
    sk_del(k);
}

/* ---- Memory of the stack ---------------------------------------------------------------------- */

/* A stack of its own under a heap that can be told to fail. It talks to nobody. */
static void test_a_stack_without_memory(void **state)
{
    struct heap heap = {0};
    struct weir_allocator allocator = heap_allocator(&heap);
    struct weir_config config;
    struct weir_stack *stack;
    struct weir_sock_space *space;
    struct weir_sock *s[2000];
    struct weir_endpoint to = sk_at("127.0.0.1", 80);
    size_t count = 0;
    int result = 0;
    (void)state;
    weir_config_default(&config);
    config.reproducible = true;
    config.memory_budget = 400000;
    assert_int_equal(weir_stack_new(&stack, &config, &allocator), WEIR_OK);
    sk_ok(weir_sock_space_new(&space, stack, NULL, &allocator));
    while (count < 2000) {
        sk_ok(weir_sock_socket(space, WEIR_AF_INET, 1, 0, &s[count]));
        result = weir_sock_connect(s[count++], &to);
        if (result != -WEIR_SOCK_EINPROGRESS)
            break;
    }
    sk_fails(result, WEIR_SOCK_ENOBUFS);
    assert_in_range(count, 10, 1999);
    assert_int_equal(weir_sock_poll(s[count - 1]), OUT | HUP); /* as if nothing had been asked */
    assert_int_equal(weir_sock_close(s[0], 0), 0);
    sk_fails(weir_sock_connect(s[count - 1], &to), WEIR_SOCK_EINPROGRESS); /* there is room again */
    weir_sock_space_del(space);
    struct weir_event event;
    while (weir_event(stack, &event)) {}
    assert_int_equal(weir_stack_del(stack), WEIR_OK);
    assert_int_equal(heap.bytes, 0);
}

static void test_send_without_memory(void **state)
{
    struct heap heap = {0};
    struct weir_allocator allocator = heap_allocator(&heap);
    struct weir_config config;
    struct weir_stack *stack;
    struct weir_sock_space *space;
    struct weir_sock *l, *c, *a;
    struct weir_endpoint at = sk_at("127.0.0.1", 80);
    struct weir_frame frame;
    struct weir_event event;
    static char b[60000];
    (void)state;
    weir_config_default(&config);
    config.reproducible = true;
    assert_int_equal(weir_stack_new(&stack, &config, &allocator), WEIR_OK);
    sk_ok(weir_sock_space_new(&space, stack, NULL, &allocator));
    sk_ok(weir_sock_socket(space, WEIR_AF_INET, 1, 0, &l));
    sk_ok(weir_sock_bind(l, &at));
    sk_ok(weir_sock_listen(l, 1));
    sk_ok(weir_sock_socket(space, WEIR_AF_INET, 1, 0, &c));
    sk_fails(weir_sock_connect(c, &at), WEIR_SOCK_EINPROGRESS);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(weir_output(stack, &frame, 1, (weir_time)i), 0);
        while (weir_event(stack, &event))
            weir_sock_event(space, &event);
    }
    sk_ok(weir_sock_accept(l, &a, NULL));
    heap.fail_at = heap.calls + 1;
    sk_fails(weir_sock_send(c, b, sizeof(b), 0), WEIR_SOCK_ENOBUFS);
    assert_int_equal(weir_sock_poll(c), OUT); /* the send buffer is not what is full */
    heap.fail_at = 0;
    assert_int_equal(weir_sock_send(c, b, sizeof(b), 0), sizeof(b));
    weir_sock_space_del(space);
    for (int i = 0; i < 100; i++)
        assert_int_equal(weir_output(stack, &frame, 1, (unsigned)i * WEIR_S), 0);
    assert_int_equal(weir_stack_del(stack), WEIR_OK);
    assert_int_equal(heap.bytes, 0);
}

/* ---- States and events ------------------------------------------------------------------------ */

/* Both have sent their FIN and hear nothing more of each other. */
static void test_last_ack_and_closing(void **state)
{
    (void)state;
    for (int disconnect = 0; disconnect < 2; disconnect++) {
        struct sk *k = sk_new();
        struct weir_sock *c, *s;
        struct weir_endpoint e;
        char b;
        int value;
        sk_pair(k, 80, &c, &s, NULL);
        sk_ok(weir_sock_shutdown(s, WEIR_SHUT_WR));
        sk_run(k, 100 * WEIR_MS);
        sk_cut(k);
        sk_ok(weir_sock_shutdown(c, WEIR_SHUT_WR));
        sk_run(k, 100 * WEIR_MS);
        assert_int_equal(sk_state(c), WEIR_SOCK_LAST_ACK);
        assert_int_equal(weir_sock_poll(c), IN | OUT | HUP | RDHUP);
        sk_ok(weir_sock_getpeername(c, &e));
        sk_ok(weir_sock_ioctl(c, WEIR_SIOCOUTQ, &value));
        assert_int_equal(value, 1); /* the FIN */
        sk_fails(weir_sock_send(c, &b, 1, 0), WEIR_SOCK_EPIPE);
        assert_int_equal(weir_sock_recv(c, &b, 1, 0), 0);
        if (disconnect) {
            sk_ok(weir_sock_connect(c, &unspec)); /* all was sent: no RST, no error */
            assert_int_equal(sk_error(c), 0);
            sk_run(k, WEIR_S);
            assert_int_equal(k->from[0].rst, 0);
        } else {
            sk_linger(c, 2);
            assert_int_equal(weir_sock_close(c, sk_now(k)), 1);
            sk_run(k, 3 * WEIR_S);
            assert_false(weir_sock_lingering(c, sk_now(k)));
        }
        sk_del(k);
    }
}

/* Both close at the same moment: FINs cross. */
static void test_simultaneous_close(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    (void)state;
    sk_pair(k, 80, &c, &s, NULL);
    sk_ok(weir_sock_shutdown(c, WEIR_SHUT_WR));
    sk_ok(weir_sock_shutdown(s, WEIR_SHUT_WR));
    sk_run(k, WEIR_S);
    assert_int_equal(weir_sock_poll(c), IN | OUT | HUP | RDHUP);
    assert_int_equal(sk_error(c) + sk_error(s), 0);
    assert_int_equal(sk_state(c), WEIR_SOCK_CLOSE);
    sk_del(k);
}

/* The connection ends between two turns: the core refuses before the event has been seen. */
static void test_send_meets_the_end_first(void **state)
{
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    char xy[] = "xy";
    struct weir_sock_slice slice = {.data = xy, .size = 2};
    struct weir_sock_message m = {.slices = &slice, .slice_count = 1};
    (void)state;
    for (int message = 0; message < 2; message++) {
        sk_pair(k, 80, &c, &s, NULL);
        sk_linger(s, 0);
        sk_close(k, s);
        node_set_app(k->node[0], NULL); /* events are lost */
        sk_run(k, 10 * WEIR_MS);
        sk_fails(message ? weir_sock_sendmsg(c, &m, 0) : weir_sock_send(c, "x", 1, 0),
                 WEIR_SOCK_ECONNRESET);
        sk_fails(message ? weir_sock_sendmsg(c, &m, 0) : weir_sock_send(c, "x", 1, 0),
                 WEIR_SOCK_EPIPE);
        assert_int_equal(sk_error(c), 0);
        sk_close(k, c);
        struct node_app app = {.ctx = &k->side[0], .event = NULL};
        node_set_app(k->node[0], &app);
    }
    sk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_error_has_a_number_and_a_name),
        cmocka_unit_test(test_link_local_addresses),
        cmocka_unit_test(test_listen_refused_by_the_core),
        cmocka_unit_test(test_a_stack_without_memory),
        cmocka_unit_test(test_send_without_memory),
        cmocka_unit_test(test_last_ack_and_closing),
        cmocka_unit_test(test_simultaneous_close),
        cmocka_unit_test(test_send_meets_the_end_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
