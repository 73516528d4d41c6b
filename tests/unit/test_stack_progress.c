/*
 * test_stack_progress.c - weir_output always gets somewhere, in bounded steps, fairly; and whatever
 * segments, calls, times and fates come in whatever order, no invariant breaks and nothing leaks.
 */
#include "unit/tcp_kit.h"

#include "wire/icmp.h"

#include <stdio.h>

#define MSS 1460u

static uint64_t rng_state;
static uint32_t roll(uint32_t below)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return (uint32_t)((rng_state >> 16) % below);
}

/* One bulk sender and a hundred small ones: each small one leaves within the first two hundred frames. */
static void test_fairness(void **state)
{
    enum { MANY = 100 };
    static uint8_t bytes[500000];
    weir_handle h[MANY + 1];
    struct weir_frame frames[1];
    (void)state;
    struct tk_setup s = tk_setup();
    s.backlog = MANY + 1;
    struct tk *k = tk_new(&s);
    tk_listen(k);
    for (uint32_t i = 0; i <= MANY; i++) {
        k->peer_port = (uint16_t)(10000 + i);
        tk_in(k, S, 0, 0, 0);
        tk_flush(k);
        tk_in(k, A, 1, 1, 0);
        assert_int_equal(weir_tcp_accept(k->stack, k->listener, &h[i]), WEIR_OK);
        tk_flush(k);
    }
    k->peer_port = 10000;
    assert_int_equal(weir_tcp_send(k->stack, h[0], bytes, sizeof(bytes)), sizeof(bytes));
    k->foreign_payload = true;
    for (uint32_t i = 1; i <= MANY; i++)
        assert_int_equal(weir_tcp_send(k->stack, h[i], bytes, 10), 10);
    uint32_t bulk = 0, small = 0, una = 1;
    while (small < MANY) {
        size_t n = weir_output(k->stack, frames, 1, k->now);
        assert_int_equal(n, 1);
        if (frames[0].size > 1000) {
            bulk++;
            una += MSS;
            weir_frame_done(k->stack, frames, 1, WEIR_FRAME_SENT);
            tk_in(k, A, 1, una, 0); /* its peer keeps up: it is always ready */
        } else {
            small++;
            weir_frame_done(k->stack, frames, 1, WEIR_FRAME_SENT);
        }
        assert_true(bulk <= 200);
    }
    for (uint32_t i = 0; i <= MANY; i++)
        weir_tcp_abort(k->stack, h[i]);
    k->peer_port = TK_PEER_PORT;
    tk_pull(k);
    k->out_count = 0;
    tk_del(k);
}

/* Replies without a connection go before a bulk sender's data. */
static void test_replies_first(void **state)
{
    (void)state;
    struct tk_setup s = tk_setup();
    struct tk *k = tk_new(&s);
    tk_passive(k);
    tk_write(k, 10 * MSS);
    k->local_port = 81;
    tk_in(k, A, 1, 77, 0);
    const struct tk_out *o = tk_next(k);
    assert_non_null(o);
    assert_int_equal(o->flags, R);
    k->local_port = TK_PORT;
    tk_flush(k);
    tk_del(k);
}

/* ---- Fuzz ------------------------------------------------------------------------------------------- */

struct fuzz {
    struct tk *k;
    weir_handle h[8];
    size_t count;
    uint32_t next; /* the peer's stream position in the fuzzed connection */
};

static void fuzz_segment(struct fuzz *f)
{
    static const uint16_t flags[] = {A, A, A, A, A | P, F | A, R, S, S | A, R | A, 0, F, A | U};
    struct tk *k = f->k;
    struct weir_tcp_info info = {.size = sizeof(info)};
    uint32_t nxt = f->next, ack = 1;

    if (f->count != 0 &&
        weir_tcp_info(k->stack, f->h[roll((uint32_t)f->count)], &info) == WEIR_OK &&
        info.state != WEIR_TCP_LISTEN) {
        k->peer_port = info.remote.port;
        k->local_port = info.local.port;
        nxt = 1 + (uint32_t)info.bytes_received;
        ack = 1 + (uint32_t)info.bytes_acked + roll(1 + info.unacked_bytes);
    } else {
        k->local_port = TK_PORT;
        k->peer_port = (uint16_t)(20000 + roll(5));
    }
    uint16_t kind = flags[roll(roll(3) == 0 ? ARRAY_SIZE(flags) : 6)];
    uint32_t seq = nxt + (roll(3) == 0 ? roll(4000) - 2000 : 0);
    struct tcp_segment s = tk_segment(k, kind, roll(50) == 0 ? roll(0xffffffff) : seq,
                                      roll(10) == 0 ? roll(100000) : ack);
    s.window = (uint16_t)(roll(3) == 0 ? roll(3000) : roll(65536));
    s.urgent = (uint16_t)(roll(10) == 0 ? roll(3000) : 0);
    if (roll(2) == 0) {
        s.options.present |= WEIR_SEGMENT_TIMESTAMPS;
        s.options.ts_val = (uint32_t)(k->now / WEIR_MS) + roll(3) - 1;
        s.options.ts_ecr = roll(1000);
    }
    if (roll(3) == 0) {
        s.options.present |= WEIR_SEGMENT_SACK;
        s.options.sack_count = (uint8_t)(1 + roll(3));
        for (uint32_t i = 0; i < s.options.sack_count; i++) {
            s.options.sack[i].start = k->iss + ack + roll(8000);
            s.options.sack[i].end = s.options.sack[i].start + roll(5000);
        }
    }
    if ((kind & S) != 0) {
        s.options.present = (uint8_t)roll(16);
        s.options.mss = (uint16_t)roll(3000);
        s.options.wscale = (uint8_t)roll(20);
    }
    tk_inject(k, &s, roll(2) == 0 ? 0 : roll(1460));
}

static void fuzz_call(struct fuzz *f)
{
    static uint8_t bytes[70000], read[70000]; /* what is borrowed must not change */
    struct tk *k = f->k;
    struct weir_slice slices[4];
    weir_handle h = f->count != 0 ? f->h[roll((uint32_t)f->count)] : 0;

    switch (roll(14)) {
    case 0:
        if (f->count < ARRAY_SIZE(f->h)) {
            struct weir_connect_config c;
            weir_connect_config_default(&c);
            ip_addr_to_public(&k->peer, &c.remote.ip);
            c.remote.port = (uint16_t)(1 + roll(3));
            f->count += weir_tcp_connect(k->stack, &c, &f->h[f->count]) == WEIR_OK;
        }
        break;
    case 1:
        if (f->count < ARRAY_SIZE(f->h))
            f->count += weir_tcp_accept(k->stack, k->listener, &f->h[f->count]) == WEIR_OK;
        break;
    case 2: weir_tcp_shutdown(k->stack, h); break;
    case 3:
    case 4:
        if (roll(4) == 0) {
            if (roll(2) == 0) {
                weir_tcp_close(k->stack, h);
            } else {
                weir_tcp_abort(k->stack, h);
            }
            for (size_t i = 0; i < f->count; i++) {
                if (f->h[i] == h)
                    f->h[i] = f->h[--f->count];
            }
        }
        break;
    case 5:
    case 6: weir_tcp_recv(k->stack, h, read, 1 + roll(sizeof(read) - 1)); break;
    case 7: weir_tcp_send_ref(k->stack, h, bytes, 1 + roll(5000), 3); break;
    case 8:
        if (weir_tcp_peek(k->stack, h, slices, 4) > 0)
            weir_tcp_consume(k->stack, h, 1 + roll((uint32_t)slices[0].size));
        break;
    case 9: weir_tcp_set(k->stack, h, (enum weir_option)(1 + roll(12)), 1 + roll(2000)); break;
    default: weir_tcp_send(k->stack, h, bytes, 1 + roll(sizeof(bytes) - 1)); break;
    }
}

static void fuzz_link(struct fuzz *f)
{
    struct tk *k = f->k;
    switch (roll(6)) {
    case 0: weir_link_set_mtu(k->stack, k->link, 576 + roll(1500)); break;
    case 1: weir_link_set_offload(k->stack, k->link, roll(2) == 0, roll(2) == 0); break;
    case 2: weir_link_set_up(k->stack, k->link, roll(3) != 0); break;
    case 3:
        tk_icmp(k, ICMP4_UNREACHABLE, (uint8_t)roll(6), 1 + roll(20000), 500 + roll(1000));
        break;
    default: weir_link_set_up(k->stack, k->link, true); break;
    }
}

static void fuzz_output(struct fuzz *f)
{
    struct tk *k = f->k;
    k->batch_out = 1 + roll(40);
    k->hold = roll(4) == 0;
    tk_pull(k); /* checks: at most n frames, and the deadline moves */
    k->out_count = 0;
    while (k->held_count > 0 && (roll(3) != 0 || k->held_count > 200)) {
        size_t at = roll((uint32_t)k->held_count);
        tk_done(k, at, 1, roll(4) == 0 ? WEIR_FRAME_DROPPED : WEIR_FRAME_SENT);
    }
    if (roll(3) == 0) {
        tk_events(k);
        k->released_count = 0;
    }
}

static void fuzz_run(uint32_t seed)
{
    struct tk_setup s = roll(2) == 0 ? tk_setup() : tk_setup_modern();
    rng_state = 0x9e3779b97f4a7c15ULL * (seed + 1);
    for (int i = 0; i < 10; i++)
        roll(2);
    s.config.tcp.receive_buffer = roll(2) == 0 ? 3000 : 300000;
    s.config.tcp.send_buffer = roll(2) == 0 ? 3000 : 300000;
    s.config.tcp.keepalive = roll(3) == 0;
    s.config.memory_budget = roll(4) == 0 ? 150000 + roll(200000) : 0;
    s.config.tcp.r2_time = 30 * WEIR_S;
    s.config.msl = WEIR_S + roll(30) * WEIR_S;
    s.backlog = 1 + roll(4);
    struct fuzz f = {.k = tk_new(&s)};
    struct tk *k = f.k;
    k->foreign_payload = k->gso_late = true;
    tk_listen(k);
    k->iss = s.config.tcp.isn;
    f.next = 1;
    for (int step = 0; step < 400; step++) {
        switch (roll(10)) {
        case 0:
        case 1:
        case 2: fuzz_call(&f); break;
        case 3:
        case 4: fuzz_output(&f); break;
        case 5:
            k->now += roll(20) == 0 ? roll(100) * WEIR_S : roll(300) * WEIR_MS;
            fuzz_output(&f);
            break;
        case 6:
            if (roll(5) == 0)
                fuzz_link(&f);
            break;
        default: fuzz_segment(&f); break;
        }
        weir_stack_check(k->stack);
    }
    weir_link_set_up(k->stack, k->link, true);
    for (size_t i = 0; i < f.count; i++)
        weir_tcp_abort(k->stack, f.h[i]);
    weir_tcp_close(k->stack, k->listener);
    k->listener = 0;
    k->batch_out = 32;
    for (int i = 0; i < 300; i++) { /* orphans end within R2 and 2 MSL */
        k->now += WEIR_S;
        k->hold = false;
        tk_pull(k);
        k->out_count = 0;
        tk_events(k);
        k->released_count = 0;
    }
    k->conn = 0;
    tk_del(k);
}

static void test_fuzz(void **state)
{
    (void)state;
    uint32_t first = 1, last = 400;
    const char *text = getenv("WEIR_SEEDS");
    if (text != NULL && sscanf(text, "%u-%u", &first, &last) != 2)
        fail_msg("WEIR_SEEDS is not first-last");
    for (uint32_t seed = first; seed <= last; seed++) {
        if (text != NULL)
            print_message("seed %u\n", seed);
        fuzz_run(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fairness),
        cmocka_unit_test(test_replies_first),
        cmocka_unit_test(test_fuzz),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
