/*
 * test_tcp_mtuprobe.c - packetization layer path MTU discovery (RFC 4821, RFC 8899): two stacks in virtual time over
 * a path that drops what is larger than `limit` bytes and says nothing; and single steps with segments by hand.
 */
#include "unit/pair_kit.h"

#include "unit/tcp_kit.h"

#define DELAY (10 * WEIR_MS)
#define QUEUE 4096
#define CHUNK 65536

struct packet {
    weir_time at;
    int to;
    uint32_t size;
    uint8_t *bytes;
};

struct path {
    struct pair *p;
    uint32_t limit; /* larger packets vanish; 0: none do */
    struct packet queue[QUEUE];
    uint32_t head, count;
    weir_handle listener, sender, receiver;
    uint64_t to_write, written, received;
    uint32_t largest; /* packet that has arrived at the receiver since this was set to 0 */
    uint8_t data[CHUNK];
};

static void carry(struct path *n, int from, const struct weir_frame *f)
{
    uint32_t size = 0;

    for (uint32_t i = 0; i < f->slice_count; i++) {
        size += (uint32_t)f->slices[i].size;
    }
    if (from == 0 && n->limit && size > n->limit) {
        return;
    }
    assert_true(n->count < QUEUE);
    struct packet *q = &n->queue[(n->head + n->count++) % QUEUE];
    *q = (struct packet){n->p->now + DELAY, !from, size, malloc(size)};
    size = 0;
    for (uint32_t i = 0; i < f->slice_count; i++) {
        memcpy(q->bytes + size, f->slices[i].data, f->slices[i].size);
        size += (uint32_t)f->slices[i].size;
    }
    if (from == 0 && size > n->largest) {
        n->largest = size;
    }
}

static void application(struct path *n)
{
    struct weir_event e;
    int64_t got;

    while (weir_event(n->p->stack[0], &e) || weir_event(n->p->stack[1], &e)) {
        if (e.bits & WEIR_EVENT_ACCEPT) {
            assert_int_equal(weir_tcp_accept(n->p->stack[1], n->listener, &n->receiver), WEIR_OK);
        }
    }
    while (n->written < n->to_write) {
        size_t most = n->to_write - n->written < CHUNK ? n->to_write - n->written : CHUNK;
        for (size_t i = 0; i < most; i++) {
            n->data[i] = (uint8_t)((n->written + i) * 7 >> 3);
        }
        got = weir_tcp_send(n->p->stack[0], n->sender, n->data, most);
        if (got <= 0) {
            break;
        }
        n->written += (uint64_t)got;
    }
    while (n->receiver && (got = weir_tcp_recv(n->p->stack[1], n->receiver, n->data, CHUNK)) > 0) {
        for (int64_t i = 0; i < got; i++) {
            assert_int_equal(n->data[i], (uint8_t)((n->received + (uint64_t)i) * 7 >> 3));
        }
        n->received += (uint64_t)got;
    }
}

/* One step; false: nothing is due before `until`. */
static bool step(struct path *n, weir_time until)
{
    struct weir_frame f;
    bool any = false;

    application(n);
    for (int i = 0; i < 2; i++) {
        while (weir_output(n->p->stack[i], &f, 1, n->p->now) == 1) {
            carry(n, i, &f);
            weir_frame_done(n->p->stack[i], &f, 1, WEIR_FRAME_SENT);
            any = true;
        }
    }
    while (n->count && n->queue[n->head].at <= n->p->now) {
        struct packet q = n->queue[n->head];
        n->head = (n->head + 1) % QUEUE;
        n->count--;
        pair_give(n->p, q.to, q.bytes, q.size);
        free(q.bytes);
        any = true;
    }
    if (!any) {
        weir_time next = n->count ? n->queue[n->head].at : WEIR_NEVER;
        for (int i = 0; i < 2; i++) {
            weir_time d = weir_deadline(n->p->stack[i]);
            next = d < next ? d : next;
        }
        if (next > until) {
            n->p->now = until;
            return false;
        }
        n->p->now = next > n->p->now ? next : n->p->now + WEIR_US;
    }
    return true;
}

static struct weir_tcp_info info_of(struct path *n)
{
    struct weir_tcp_info info = {.size = sizeof(info)};

    assert_int_equal(weir_tcp_info(n->p->stack[0], n->sender, &info), WEIR_OK);
    return info;
}

/* `bytes` more arrive, in no more than `most`. */
static void transfer(struct path *n, uint64_t bytes, weir_time most)
{
    weir_time until = n->p->now + most;

    n->to_write += bytes;
    while (n->received < n->to_write && step(n, until)) {}
    assert_int_equal(n->received, n->to_write);
    weir_stack_check(n->p->stack[0]);
    weir_stack_check(n->p->stack[1]);
}

static void run(struct path *n, weir_time time)
{
    weir_time until = n->p->now + time;

    while (step(n, until)) {}
}

static struct path *connect_pair(bool v6, const struct weir_tcp_options *options, uint32_t limit)
{
    struct path *n = calloc(1, sizeof(*n));
    struct weir_listen_config l;
    struct weir_connect_config c;

    assert_non_null(n);
    n->p = pair_new(1500);
    n->limit = limit;
    weir_listen_config_default(&l);
    l.local.port = 80;
    assert_int_equal(weir_tcp_listen(n->p->stack[1], &l, &n->listener), WEIR_OK);
    weir_connect_config_default(&c);
    c.remote = pair_at(v6 ? "fd00::2" : "10.0.0.2", 80);
    c.options = options;
    assert_int_equal(weir_tcp_connect(n->p->stack[0], &c, &n->sender), WEIR_OK);
    run(n, WEIR_S);
    assert_int_equal(info_of(n).state, WEIR_TCP_ESTABLISHED);
    return n;
}

static void finish(struct path *n)
{
    while (n->count) {
        free(n->queue[n->head].bytes);
        n->head = (n->head + 1) % QUEUE;
        n->count--;
    }
    weir_tcp_abort(n->p->stack[0], n->sender);
    weir_tcp_abort(n->p->stack[1], n->receiver);
    weir_tcp_close(n->p->stack[1], n->listener);
    pair_run(n->p, WEIR_S);
    pair_events(n->p, 0, 0, NULL);
    pair_events(n->p, 1, 0, NULL);
    pair_del(n->p);
    free(n);
}

/* RFC 4821 7.7, RFC 8899 4.3: a black hole is found, everything arrives, and the segments become as large as the
 * path can take. Both families; also without SACK. */
static void test_black_hole(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct weir_tcp_options o;
        weir_tcp_options_default(&o);
        o.sack = i < 2;
        struct path *n = connect_pair(i & 1, &o, 1300);
        transfer(n, 2000000, 60 * WEIR_S);
        assert_int_equal(info_of(n).black_hole_count, 1);
        assert_true(info_of(n).mtu_probing);
        assert_in_range(n->largest, 1293, 1300);
        assert_in_range(info_of(n).snd_mss, 1293 - (i & 1 ? 72 : 52), 1300 - (i & 1 ? 72 : 52));
        finish(n);
    }
}

/* Without it the connection comes to nothing. */
static void test_black_hole_off(void **state)
{
    (void)state;
    struct weir_tcp_options o;
    weir_tcp_options_default(&o);
    o.mtu_probing = WEIR_MTU_PROBING_OFF;
    struct path *n = connect_pair(false, &o, 1300);
    n->to_write = 100000;
    run(n, 60 * WEIR_S);
    assert_int_equal(n->received, 0);
    assert_false(info_of(n).mtu_probing);
    finish(n);
}

/* A path that takes less than the base: half of it each time, never below the floor. */
static void test_below_base(void **state)
{
    (void)state;
    struct path *n = connect_pair(false, NULL, 700);
    transfer(n, 500000, 120 * WEIR_S);
    assert_int_equal(info_of(n).black_hole_count, 2);
    assert_in_range(n->largest, 693, 700);
    finish(n);
    n = connect_pair(false, NULL, 500);
    n->to_write = 100000;
    run(n, 60 * WEIR_S);
    assert_int_equal(info_of(n).snd_mss, 512);
    assert_int_equal(n->received, 0);
    finish(n);
}

/* RFC 4821 7.6: the loss of a probe alone is not answered by the congestion control. */
static void test_probe_loss_is_no_congestion(void **state)
{
    (void)state;
    for (int sack = 0; sack < 2; sack++) {
        struct weir_tcp_options o;
        weir_tcp_options_default(&o);
        o.sack = sack;
        o.mtu_probing = WEIR_MTU_PROBING_ALWAYS;
        struct path *n = connect_pair(false, &o, 1300);
        assert_int_equal(info_of(n).snd_mss, 1024);
        transfer(n, 1000000, 10 * WEIR_S);
        struct weir_tcp_info i = info_of(n);
        assert_true(i.mtu_probe_lost_count > 1);
        assert_int_equal(i.rto_count, 0);
        assert_int_equal(i.fast_retransmit_count, 0);
        assert_true(i.ssthresh_bytes > i.cwnd_bytes);
        assert_in_range(n->largest, 1293, 1300);
        finish(n);
    }
}

/* The path becomes wider: found after mtu_probe_interval, not before. It becomes narrower: found at once. */
static void test_path_changes(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        struct path *n = connect_pair(v6, NULL, 1300);
        transfer(n, 1000000, 60 * WEIR_S);
        n->limit = 0;
        run(n, 300 * WEIR_S);
        n->largest = 0;
        transfer(n, 1000000, 20 * WEIR_S);
        assert_in_range(n->largest, 1293, 1300);
        run(n, 350 * WEIR_S);
        transfer(n, 1000000, 20 * WEIR_S);
        assert_in_range(n->largest, 1493, 1500);
        n->limit = 1400;
        transfer(n, 1000000, 60 * WEIR_S);
        n->largest = 0;
        transfer(n, 1000000, 20 * WEIR_S);
        assert_in_range(n->largest, 1393, 1400);
        assert_int_equal(info_of(n).black_hole_count, 2);
        finish(n);
    }
}

/* An outage is no reason when what was out was small. */
static void test_small_segments(void **state)
{
    (void)state;
    struct path *n = connect_pair(false, NULL, 0);
    transfer(n, 1000, WEIR_S);
    n->limit = 1;
    n->to_write += 1000;
    run(n, 20 * WEIR_S);
    assert_true(info_of(n).backoff > 3);
    assert_int_equal(info_of(n).black_hole_count, 0);
    n->limit = 0;
    transfer(n, 100000, 60 * WEIR_S);
    assert_int_equal(info_of(n).snd_mss, 1448);
    finish(n);
}

/* An outage that looked like a black hole is over: the full size is found again. */
static void test_after_outage(void **state)
{
    (void)state;
    struct path *n = connect_pair(false, NULL, 0);
    transfer(n, 100000, 10 * WEIR_S);
    n->limit = 1;
    n->to_write += 100000;
    run(n, 30 * WEIR_S);
    assert_int_equal(info_of(n).snd_mss, 512);
    n->limit = 0;
    transfer(n, 1000000, 60 * WEIR_S);
    assert_in_range(info_of(n).snd_mss, 1441, 1448);
    finish(n);
}

/* One step: after R1 the segment goes again in pieces of mtu_base_mss (1024), at the time it would have anyway. */
static void test_step(void **state)
{
    (void)state;
    for (int v6 = 0; v6 < 2; v6++) {
        struct tk_setup s = tk_setup();
        s.v6 = v6;
        struct tk *k = tk_new(&s);
        uint32_t mss = v6 ? 1440 : 1460;
        tk_passive(k);
        tk_write(k, mss);
        tk_expect(k, A, 1, 1, mss);
        for (int i = 0; i < 3; i++) {
            const struct tk_out *o = tk_wait(k, 10 * WEIR_S);
            assert_non_null(o);
            assert_int_equal(o->len, mss);
            assert_true(v6 || o->dont_fragment); /* RFC 4821 3 */
        }
        const struct tk_out *o = tk_wait(k, 10 * WEIR_S);
        assert_non_null(o);
        assert_int_equal(o->seq, 1);
        assert_int_equal(o->len, 1024);
        assert_int_equal(k->last[WEIR_RECORD_LOST].u.range.reason, WEIR_REASON_BLACK_HOLE);
        tk_in(k, A, 1, 1025, 0);
        tk_expect(k, A, 1025, 1, mss - 1024);
        tk_in(k, A, 1, 1 + mss, 0);
        tk_expect_nothing(k);
        tk_del(k);
    }
}

/* Options are checked; taken back on a live connection, the full size is used again. */
static void test_options(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    s.config.tcp.mtu_probing = WEIR_MTU_PROBING_ALWAYS;
    struct tk *k = tk_new(&s);
    uint64_t value = 0;
    tk_passive(k);
    assert_int_equal(tk_info(k).snd_mss, 1024);
    assert_int_equal(weir_tcp_get(k->stack, k->conn, WEIR_OPT_MTU_BASE_MSS, &value), WEIR_OK);
    assert_int_equal(value, 1024);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_MTU_BASE_MSS, 47), WEIR_EINVAL);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_MTU_PROBE_FLOOR, 70000), WEIR_EINVAL);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_MTU_PROBE_THRESHOLD, 0), WEIR_EINVAL);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_MTU_PROBING, 3), WEIR_EINVAL);
    assert_int_equal(weir_tcp_set(k->stack, k->conn, WEIR_OPT_MTU_PROBING, 0), WEIR_OK);
    assert_int_equal(tk_info(k).snd_mss, 1460);
    tk_write(k, 1460);
    tk_expect(k, A, 1, 1, 1460);
    tk_in(k, A, 1, 1461, 0);
    tk_del(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_black_hole),   cmocka_unit_test(test_black_hole_off),
        cmocka_unit_test(test_below_base),   cmocka_unit_test(test_probe_loss_is_no_congestion),
        cmocka_unit_test(test_path_changes), cmocka_unit_test(test_small_segments),
        cmocka_unit_test(test_after_outage), cmocka_unit_test(test_step),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
