/* test_tcp_pmtu.c - path MTU discovery: learned from ICMP (RFC 1191, RFC 8201), shared, aged, switched off. */
#include "unit/tcp_kit.h"

#include "wire/icmp.h"

#include "base/bytes.h"

static struct tk *start(bool v6)
{
    struct tk_setup s = tk_setup();
    s.v6 = v6;
    struct tk *k = tk_new(&s);
    tk_passive(k);
    return k;
}

static void too_big(struct tk *k, uint32_t seq, uint32_t mtu)
{
    if (k->setup.v6) {
        tk_icmp(k, ICMP6_TOO_BIG, 0, seq, mtu);
    } else {
        tk_icmp(k, ICMP4_UNREACHABLE, ICMP4_FRAGMENTATION_NEEDED, seq, mtu);
    }
}

/* Only what is too large goes again, at once; congestion is not blamed (RFC 1191 6.4, RFC 8201 5.3). */
static void test_what_was_too_large(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        struct tk *k = start(v6);
        uint32_t mss = v6 ? 1440 : 1460, less = 1300 - (v6 ? 60 : 40);
        weir_tcp_set(k->stack, k->conn, WEIR_OPT_NODELAY, 1);
        tk_write(k, 100);
        tk_expect(k, A, 1, 1, 100);
        tk_write(k, mss);
        tk_expect(k, A, 101, 1, mss);
        tk_write(k, 100);
        tk_expect(k, A, 101 + mss, 1, 100);
        uint32_t cwnd = tk_info(k).cwnd_bytes, ssthresh = tk_info(k).ssthresh_bytes;
        too_big(k, 101, 1300);
        tk_expect(k, A, 101, 1, less);
        tk_expect(k, A, 101 + less, 1, mss - less);
        tk_expect_nothing(k);
        assert_int_equal(tk_info(k).cwnd_bytes, cwnd);
        assert_int_equal(tk_info(k).ssthresh_bytes, ssthresh);
        assert_int_equal(tk_info(k).path_mtu, 1300);
        assert_int_equal(tk_info(k).rto_count, 0);
        too_big(k, 101, 1300); /* the same news, about a segment sent before */
        too_big(k, 101, 1400);
        tk_expect_nothing(k);
        tk_in(k, A, 1, 201 + mss, 0);
        assert_int_equal(tk_info(k).cwnd_bytes >= cwnd, 1);
        tk_del(k);
    }
}

/* The next connection to the same host begins with what the first one learned; what it announces is what the
 * link can take (RFC 1191 3.1, MUST-14, MUST-67). */
static void test_shared(void **state)
{
    (void)state;
    struct tk *k = start(false);
    struct weir_connect_config c;
    struct weir_tcp_info info = {.size = sizeof(info)};
    weir_handle second;
    tk_write(k, 1460);
    tk_flush(k);
    too_big(k, 1, 1000);
    tk_flush(k);
    weir_connect_config_default(&c);
    ip_addr_to_public(&k->peer, &c.remote.ip);
    c.remote.port = 81;
    assert_int_equal(weir_tcp_connect(k->stack, &c, &second), WEIR_OK);
    const struct tk_out *o = tk_next(k);
    assert_non_null(o);
    assert_int_equal(o->s.options.mss, 1460);
    assert_int_equal(weir_tcp_info(k->stack, second, &info), WEIR_OK);
    assert_int_equal(info.path_mtu, 1000);
    weir_tcp_abort(k->stack, second);
    tk_del(k);
}

/* RFC 1191 6.3: forgotten after ten minutes, and found again. */
static void test_ages(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        struct tk *k = start(v6);
        uint32_t mss = v6 ? 1440 : 1460, less = 1300 - (v6 ? 60 : 40), at = 1;
        tk_write(k, mss);
        tk_flush(k);
        too_big(k, 1, 1300);
        tk_flush(k);
        tk_in(k, A, 1, at += mss, 0);
        tk_advance(k, 599 * WEIR_S);
        tk_write(k, mss);
        tk_expect(k, A, at, 1, less);
        tk_flush(k);
        tk_in(k, A, 1, at += mss, 0);
        tk_advance(k, 2 * WEIR_S);
        tk_write(k, mss);
        tk_expect(k, A, at, 1, mss);
        too_big(k, at, 1300);
        tk_expect(k, A, at, 1, less);
        tk_flush(k);
        tk_in(k, A, 1, at += mss, 0);
        tk_del(k);
    }
}

/* Nothing makes segments smaller than Linux's min_pmtu: a path that is really smaller may fragment, so DF is
 * not set any more. IPv6 has a least MTU of its own (RFC 8201 4). */
static void test_least(void **state)
{
    (void)state;
    struct tk *k = start(false);
    tk_write(k, 1460);
    assert_true(tk_expect(k, A, 1, 1, 1460)->dont_fragment);
    too_big(k, 1, 300);
    assert_false(tk_expect(k, A, 1, 1, 512)->dont_fragment);
    assert_int_equal(tk_info(k).path_mtu, 552);
    tk_flush(k);
    tk_in(k, A, 1, 1461, 0);
    tk_del(k);
    k = start(true);
    tk_write(k, 1440);
    tk_expect(k, A, 1, 1, 1440);
    too_big(k, 1, 1279);
    tk_expect_nothing(k);
    assert_int_equal(tk_info(k).path_mtu, 1500);
    tk_in(k, A, 1, 1441, 0);
    tk_del(k);
}

/* Switched off: no DF, nothing is believed; switched on again. */
static void test_off(void **state)
{
    (void)state;
    struct tk *k = start(false);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_PATH_MTU_DISCOVERY, 0), WEIR_OK);
    tk_write(k, 1460);
    assert_false(tk_expect(k, A, 1, 1, 1460)->dont_fragment);
    too_big(k, 1, 1000);
    tk_expect_nothing(k);
    tk_in(k, A, 1, 1461, 0);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_PATH_MTU_DISCOVERY, 1), WEIR_OK);
    tk_write(k, 1460);
    assert_true(tk_expect(k, A, 1461, 1, 1460)->dont_fragment);
    too_big(k, 1461, 1000);
    tk_expect(k, A, 1461, 1, 960);
    tk_flush(k);
    tk_in(k, A, 1, 2921, 0);
    tk_del(k);
}

/* Everything arrives through a path of 1000 bytes whose router says so, in no more time than it takes. */
static void test_transfer(void **state)
{
    (void)state;
    for (int gso = 0; gso < 2; gso++) {
        struct tk_setup s = tk_setup_modern();
        s.link.tx_gso = gso;
        struct tk *k = tk_new(&s);
        tk_passive(k);
        uint32_t total = 200000, got = 0, icmps = 0;
        weir_time began = k->now;
        tk_write(k, total);
        while (got < total) {
            const struct tk_out *o;
            bool sent = false;
            while ((o = tk_next(k)) != NULL) {
                uint32_t wire = o->offload.gso_size ? o->offload.gso_size + 52u : o->ip_size;
                sent = true;
                if (wire > 1000) {
                    too_big(k, o->seq, 1000);
                    icmps++;
                } else if (o->seq <= 1 + got && o->seq + o->len > 1 + got) {
                    got = o->seq + o->len - 1;
                }
            }
            tk_in(k, A, 1, 1 + got, 0);
            if (!sent)
                tk_advance(k, 10 * WEIR_MS);
            assert_true(k->now - began < 30 * WEIR_S);
        }
        assert_true(icmps >= 1);
        assert_int_equal(tk_info(k).rto_count, 0);
        tk_del(k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_too_large),
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_ages),
        cmocka_unit_test(test_least),
        cmocka_unit_test(test_off),
        cmocka_unit_test(test_transfer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
