/* test_tcp_urgent.c - urgent data (RFC 9293 3.8.5, RFC 6093): MUST-30 to MUST-33, and sockets' one byte. */
#include "unit/sock_kit.h"
#include "unit/tcp_kit.h"

static struct tk *start(bool gso)
{
    struct tk_setup s = tk_setup();
    s.link.tx_gso = gso;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    return k;
}

static void write_urgent(struct tk *k, uint32_t size)
{
    static uint8_t bytes[100000];
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = tk_pattern(1 + k->written + i, false);
    assert_int_equal(weir_tcp_send_flags(k->stack, k->conn, bytes, size, WEIR_SEND_URGENT), size);
    k->written += size;
}

static void urgent_in(struct tk *k, uint32_t seq, uint16_t pointer, uint32_t len)
{
    struct tcp_segment s = tk_segment(k, A | U, seq, 1);
    s.urgent = pointer;
    tk_inject(k, &s, len);
}

static uint32_t ahead(struct tk *k, bool *arrived)
{
    struct weir_urgent u;
    int n = weir_tcp_urgent(k->stack, k->conn, &u);
    assert_in_range(n, 0, 1);
    *arrived = u.arrived;
    if (u.arrived)
        assert_int_equal(u.byte, tk_pattern(k->read + u.ahead, true));
    return u.ahead;
}

/* The pointer is behind the last urgent byte, in every segment before it, of any length (MUST-30, MUST-31, MUST-62);
 * Nagle does not hold it back; what follows is not urgent. */
static void test_send(void **state)
{
    (void)state;
    for (int gso = 0; gso < 2; gso++) {
        struct tk *k = start(gso);
        const struct tk_out *o;
        tk_write(k, 10);
        tk_expect(k, A, 1, 1, 10);
        write_urgent(k, 3000);
        assert_int_equal(tk_expect(k, A | U, 11, 1, 1460)->s.urgent, 3000);
        assert_int_equal(tk_expect(k, A | U, 1471, 1, 1460)->s.urgent, 1540);
        assert_int_equal(tk_expect(k, A | U, 2931, 1, 80)->s.urgent, 80);
        tk_in(k, A, 1, 11, 100); /* pure ACKs do not reach back */
        tk_flush(k);
        tk_advance(k, WEIR_S); /* sent again it is still urgent */
        tk_flush(k);
        o = tk_wait(k, 10 * WEIR_S);
        assert_non_null(o);
        assert_int_equal(o->flags, A | U);
        assert_int_equal(o->s.urgent, 3011 - o->seq);
        tk_flush(k);
        tk_in(k, A, 101, 3011, 0);
        tk_write(k, 100);
        assert_int_equal(tk_expect(k, A, 3011, 101, 100)->s.urgent, 0);
        tk_in(k, A, 101, 3111, 0);
        tk_del(k);
    }
}

/* More than a pointer can say: as far as it goes. */
static void test_send_far(void **state)
{
    (void)state;
    struct tk *k = start(false);
    write_urgent(k, 100000);
    const struct tk_out *o = tk_next(k);
    assert_non_null(o);
    assert_int_equal(o->flags, A | U);
    assert_int_equal(o->s.urgent, 65535);
    tk_flush(k);
    tk_del(k);
}

/* The news passes a closed window, at once and with each probe. */
static void test_send_zero_window(void **state)
{
    (void)state;
    struct tk *k = start(false);
    k->window = 0;
    tk_in(k, A, 1, 1, 0);
    write_urgent(k, 10);
    assert_int_equal(tk_expect(k, A | U, 1, 1, 0)->s.urgent, 10);
    tk_expect_nothing(k);
    const struct tk_out *o = tk_wait(k, 10 * WEIR_S);
    assert_non_null(o);
    assert_int_equal(o->seq, 0);
    assert_int_equal(tk_expect(k, A | U, 1, 1, 0)->s.urgent, 10);
    tk_del(k);
}

/* MUST-32, MUST-33: told when there was none pending and when it moves ahead; how much is left. */
static void test_receive(void **state)
{
    (void)state;
    struct tk *k = start(false);
    bool arrived;
    assert_int_equal(ahead(k, &arrived), 0);
    urgent_in(k, 1, 100, 0); /* announced before it comes */
    tk_expect_event(k, WEIR_EVENT_URGENT);
    assert_int_equal(ahead(k, &arrived), 100);
    assert_false(arrived);
    urgent_in(k, 1, 100, 50); /* the same again */
    urgent_in(k, 51, 20, 0);  /* less */
    tk_expect_no_event(k, WEIR_EVENT_URGENT);
    tk_read(k, 30);
    assert_int_equal(ahead(k, &arrived), 70);
    urgent_in(k, 51, 60, 60);
    tk_expect_event(k, WEIR_EVENT_URGENT);
    assert_int_equal(ahead(k, &arrived), 80);
    assert_true(arrived);
    tk_read(k, 80);
    assert_int_equal(ahead(k, &arrived), 0);
    urgent_in(k, 111, 0, 5); /* points at nothing */
    tk_expect_no_event(k, WEIR_EVENT_URGENT);
    tk_read(k, 5);
    urgent_in(k, 116, 1, 1);
    tk_expect_event(k, WEIR_EVENT_URGENT); /* read up to the mark: the next one is new */
    tk_read(k, 1);
    tk_flush(k);
    tk_del(k);
}

/* Outside the window it says nothing; after their FIN neither. */
static void test_receive_ignored(void **state)
{
    (void)state;
    struct tk *k = start(false);
    bool arrived;
    urgent_in(k, 0u - 10u, 100, 0);
    tk_in(k, F | A, 1, 1, 0);
    tk_flush(k);
    urgent_in(k, 2, 10, 0);
    tk_expect_no_event(k, WEIR_EVENT_URGENT);
    assert_int_equal(ahead(k, &arrived), 0);
    tk_del(k);
}

/* ---- Sockets, as Linux ---------------------------------------------------------------------------- */

static int at_mark(struct weir_sock *s)
{
    int value = -1;
    sk_ok(weir_sock_ioctl(s, WEIR_SIOCATMARK, &value));
    return value;
}

static int unread(struct weir_sock *s)
{
    int value = -1;
    sk_ok(weir_sock_ioctl(s, WEIR_SIOCINQ, &value));
    return value;
}

static void test_sock_out_of_line(void **state)
{
    (void)state;
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    char b[16];
    sk_pair(k, 80, &c, &s, NULL);
    sk_fails(weir_sock_recv(s, b, 1, WEIR_MSG_OOB), WEIR_SOCK_EINVAL);
    assert_int_equal(weir_sock_send(c, "abc!", 4, WEIR_MSG_OOB), 4);
    assert_int_equal(weir_sock_send(c, "def", 3, 0), 3);
    sk_run(k, 100 * WEIR_MS);
    assert_int_equal(weir_sock_poll(s), IN | OUT | WEIR_POLLPRI);
    assert_int_equal(unread(s), 3);
    assert_int_equal(at_mark(s), 0);
    assert_int_equal(weir_sock_recv(s, b, 1, WEIR_MSG_OOB | WEIR_MSG_PEEK), 1);
    assert_int_equal(weir_sock_recv(s, b, 16, WEIR_MSG_OOB), 1);
    assert_int_equal(b[0], '!');
    sk_fails(weir_sock_recv(s, b, 1, WEIR_MSG_OOB), WEIR_SOCK_EINVAL); /* taken */
    assert_int_equal(weir_sock_poll(s), IN | OUT);
    assert_int_equal(weir_sock_recv(s, b, 16, WEIR_MSG_PEEK), 3);
    assert_int_equal(weir_sock_recv(s, b, 16, 0), 3); /* a read ends at the mark */
    assert_int_equal(at_mark(s), 1);
    assert_int_equal(weir_sock_recv(s, b, 16, 0), 3);
    assert_memory_equal(b, "def", 3);
    assert_int_equal(at_mark(s), 0);
    assert_int_equal(weir_sock_send(c, "?", 1, WEIR_MSG_OOB), 1); /* alone it is nothing to read */
    sk_run(k, 100 * WEIR_MS);
    assert_int_equal(weir_sock_poll(s), OUT | WEIR_POLLPRI);
    assert_int_equal(at_mark(s), 1);
    assert_int_equal(weir_sock_recv(s, b, 1, WEIR_MSG_OOB), 1);
    sk_fails(weir_sock_recv(s, b, 1, 0), WEIR_SOCK_EAGAIN);
    sk_del(k);
}

static void test_sock_in_line(void **state)
{
    (void)state;
    struct sk *k = sk_new();
    struct weir_sock *c, *s;
    char b[16];
    sk_pair(k, 80, &c, &s, NULL);
    sk_ok(sk_set(s, WEIR_SOL_SOCKET, WEIR_SO_OOBINLINE, 1));
    assert_int_equal(sk_get(s, WEIR_SOL_SOCKET, WEIR_SO_OOBINLINE), 1);
    assert_int_equal(weir_sock_send(c, "abc!", 4, WEIR_MSG_OOB), 4);
    assert_int_equal(weir_sock_send(c, "def", 3, 0), 3);
    sk_run(k, 100 * WEIR_MS);
    assert_int_equal(weir_sock_poll(s), IN | OUT | WEIR_POLLPRI);
    assert_int_equal(unread(s), 7);
    sk_fails(weir_sock_recv(s, b, 1, WEIR_MSG_OOB), WEIR_SOCK_EINVAL);
    assert_int_equal(weir_sock_recv(s, b, 16, 0), 3);
    assert_int_equal(at_mark(s), 1);
    assert_int_equal(weir_sock_recv(s, b, 16, 0), 4);
    assert_memory_equal(b, "!def", 4);
    assert_int_equal(weir_sock_poll(s), OUT);
    sk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_send),
        cmocka_unit_test(test_send_far),
        cmocka_unit_test(test_send_zero_window),
        cmocka_unit_test(test_receive),
        cmocka_unit_test(test_receive_ignored),
        cmocka_unit_test(test_sock_out_of_line),
        cmocka_unit_test(test_sock_in_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
