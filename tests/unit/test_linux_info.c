/* test_linux_info.c - weir_tcp_info in the layout of Linux's struct tcp_info. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <weir/socket.h>
#include <weir/trace.h>

static void test_fields(void **state)
{
    struct weir_tcp_info i = {
        .size = sizeof(i),
        .state = WEIR_TCP_FIN_WAIT_2,
        .timestamps = true,
        .window_scaling = true,
        .snd_wscale = 7,
        .rcv_wscale = 3,
        .snd_mss = 1000,
        .cwnd_bytes = 10000,
        .ssthresh_bytes = UINT32_MAX,
        .unacked_bytes = 2500,
        .rto = 200 * WEIR_MS,
        .srtt = 30 * WEIR_MS,
        .age = WEIR_S,
        .busy_time = 400 * WEIR_MS,
        .since_data_received = 1500 * WEIR_MS,
        .delivered_bytes = 2001,
        .data_segments_sent = 5,
        .path_mtu = 1500,
        .announced_mss = 1460,
    };
    struct weir_sock_tcp_info o;
    uint8_t part[8] = {0};

    (void)state;
    i.limited[WEIR_LIMIT_WINDOW] = 300 * WEIR_MS;
    i.limited[WEIR_LIMIT_SEND_BUFFER] = 100 * WEIR_MS;
    assert_int_equal(weir_tcp_info_linux(&i, &o, sizeof(o)), sizeof(o));
    assert_int_equal(o.state, 5);
    assert_int_equal(o.options, 1 | 4);
    assert_int_equal(o.wscale, 7 | 3 << 4);
    assert_int_equal(o.snd_cwnd, 10);
    assert_int_equal(o.snd_ssthresh, 0x7fffffff);
    assert_int_equal(o.unacked, 3);
    assert_int_equal(o.rto, 200000);
    assert_int_equal(o.rtt, 30000);
    assert_int_equal(o.busy_time, 400000);
    assert_int_equal(o.rwnd_limited, 300000);
    assert_int_equal(o.sndbuf_limited, 100000);
    assert_int_equal(o.last_data_recv, 1500);
    assert_int_equal(o.delivered, 4); /* the SYN counts */
    assert_int_equal(o.data_segs_out, 5);
    assert_int_equal(o.pmtu, 1500);
    assert_int_equal(o.advmss, 1460);
    assert_true(o.pacing_rate == UINT64_MAX && o.max_pacing_rate == UINT64_MAX);
    assert_int_equal(weir_tcp_info_linux(&i, part, 7), 7); /* callers with an older struct */
    assert_memory_equal(part, &o, 7);
    assert_int_equal(part[7], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fields)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
