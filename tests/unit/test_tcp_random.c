/*
 * test_tcp_random.c - two stacks and a bad cable: whatever is lost, doubled, damaged, late or out of
 * order, the bytes that come out are the bytes that went in, both directions end, and all memory comes
 * back. Everything follows from one seed, which is printed when a run fails. WEIR_SEEDS=first-last runs
 * others.
 */
#include "unit/tcp_kit.h"

#include "host/virtual.h"

#include <stdio.h>

#define PERIOD 65521u
static uint8_t stream[2 * PERIOD]; /* what every sender sends, from any position */

static uint64_t rng_state;
static uint32_t roll(uint32_t below)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return (uint32_t)((rng_state >> 16) % below);
}

struct side {
    struct weir_stack *stack;
    struct heap heap;
    weir_handle listener, conn;
    uint32_t total, sent, got, chunk_write, chunk_read;
    uint32_t buffer;
    uint32_t pause_in_100; /* how often reading rests */
    uint32_t refs;         /* borrowed buffers out */
    bool shut, ended, closed, borrow;
    weir_time rest;
};

struct run {
    uint32_t seed;
    struct virtual *v;
    struct node *nodes[2];
    struct side sides[2];
    uint32_t mtu, buffer;
    bool v6, gso, checksum, options;
};

static void fail_run(const struct run *r, const char *what)
{
    fail_msg("seed %u: %s (sent %u of %u and %u of %u, got %u and %u, time %.3f s)", r->seed, what,
             r->sides[0].sent, r->sides[0].total, r->sides[1].sent, r->sides[1].total,
             r->sides[0].got, r->sides[1].got, (double)virtual_now(r->v) / 1e9);
}

static struct run *current;

static void on_event(void *ctx, struct weir_stack *stack, const struct weir_event *e, weir_time now)
{
    struct side *s = ctx;
    (void)stack;
    (void)now;
    if ((e->bits & WEIR_EVENT_RELEASED) != 0)
        s->refs--;
    if ((e->bits & WEIR_EVENT_CLOSED) != 0 && e->error != 0)
        fail_run(current, weir_strerror(e->error));
}

static bool write_some(struct side *s)
{
    bool any = false;
    while (s->sent < s->total) {
        const uint8_t *from = stream + s->sent % PERIOD;
        uint32_t size = 1 + roll(s->chunk_write);
        size = min_u32(size, s->total - s->sent);
        if (s->borrow && size <= s->buffer && roll(2) == 0) {
            int error = weir_tcp_send_ref(s->stack, s->conn, from, size, 1);
            if (error == WEIR_EAGAIN)
                break;
            assert_int_equal(error, WEIR_OK);
            s->refs++;
            s->sent += size;
        } else {
            int64_t n = weir_tcp_send(s->stack, s->conn, from, size);
            if (n == WEIR_EAGAIN)
                break;
            assert_true(n > 0);
            s->sent += (uint32_t)n;
        }
        any = true;
        if (roll(4) == 0)
            break;
    }
    if (s->sent == s->total && !s->shut) {
        assert_int_equal(weir_tcp_shutdown(s->stack, s->conn), WEIR_OK);
        s->shut = true;
        any = true;
    }
    return any;
}

static bool read_some(struct side *s, weir_time now)
{
    static uint8_t bytes[PERIOD];
    if (s->ended || now < s->rest)
        return false;
    if (roll(100) < s->pause_in_100) {
        s->rest = now + 1 + roll(s->chunk_read > 1000 ? 300 : 3) * WEIR_MS;
        return false;
    }
    uint32_t size = 1 + roll(s->chunk_read);
    int64_t n = weir_tcp_recv(s->stack, s->conn, bytes, size);
    if (n == WEIR_EAGAIN)
        return false;
    if (n == 0) {
        s->ended = true;
        return true;
    }
    if (n < 0 || memcmp(bytes, stream + s->got % PERIOD, (size_t)n) != 0)
        fail_run(current, n < 0 ? weir_strerror((int)n) : "the bytes are wrong");
    s->got += (uint32_t)n;
    return true;
}

static weir_time on_run(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct side *s = ctx;
    (void)stack;
    if (s->closed)
        return WEIR_NEVER;
    if (s->conn == 0 && weir_tcp_accept(s->stack, s->listener, &s->conn) != WEIR_OK)
        return WEIR_NEVER;
    bool any = write_some(s);
    for (int i = 0; i < 50 && read_some(s, now); i++)
        any = true;
    if (s->ended && s->shut && roll(2) == 0) {
        assert_int_equal(weir_tcp_close(s->stack, s->conn), WEIR_OK);
        s->closed = true;
        return WEIR_NEVER;
    }
    if (any || (s->ended && s->shut))
        return now + 10 * WEIR_US;
    return s->rest > now ? s->rest : WEIR_NEVER;
}

static void make_side(struct run *r, int i)
{
    struct side *s = &r->sides[i];
    struct weir_config c;
    struct weir_allocator allocator = heap_allocator(&s->heap);
    const struct node_app app = {.ctx = s, .event = on_event, .run = on_run};
    static const uint32_t isns[] = {0, 1, 0xffffffff, 0xfffff000, 0x7fffffff};

    weir_config_default(&c);
    c.reproducible = true;
    c.ring_records = 0;
    c.tcp.receive_buffer = c.tcp.send_buffer = r->buffer;
    c.tcp.window_scaling = r->options || roll(2) == 0;
    c.tcp.timestamps = r->options || roll(2) == 0;
    c.tcp.sack = r->options || roll(2) == 0;
    c.tcp.nodelay = roll(2) == 0;
    c.tcp.delayed_ack = roll(4) != 0;
    c.tcp.r2_time = 1000 * WEIR_S;
    c.tcp.fixed_isn = roll(2) == 0;
    c.tcp.isn = isns[roll(5)] - (roll(2) == 0 ? roll(100000) : 0);
    assert_int_equal(weir_stack_new(&s->stack, &c, &allocator), WEIR_OK);
    s->chunk_write = 1 + roll(roll(2) == 0 ? 100 : 20000);
    s->chunk_read = 1 + roll(roll(2) == 0 ? 200 : 60000);
    s->pause_in_100 = roll(3) == 0 ? roll(60) : 0;
    s->borrow = roll(2) == 0;
    s->buffer = r->buffer;
    r->nodes[i] = virtual_add_stack(r->v, s->stack, &app);
    assert_non_null(r->nodes[i]);
}

static void choose(struct run *r)
{
    static const uint32_t mtus[] = {1500, 1280, 9000, 576, 1500};
    static const uint32_t buffers[] = {1u << 20, 65536, 16384, 2000, 300};
    rng_state = 88172645463325252ULL ^ ((uint64_t)r->seed * 0x9e3779b97f4a7c15ULL);
    for (int i = 0; i < 10; i++)
        roll(2);
    r->v6 = roll(3) == 0;
    r->mtu = mtus[roll(5)];
    if (r->v6 && r->mtu < 1280)
        r->mtu = 1280;
    r->buffer = buffers[roll(5)];
    r->gso = roll(2) == 0;
    r->options = roll(3) != 0;
    uint32_t most = r->buffer < 5000 ? 8000 : 250000;
    for (int i = 0; i < 2; i++)
        r->sides[i].total = roll(4) == 0 ? roll(100) : roll(most);
}

static void connect_cable(struct run *r)
{
    struct virtual_cable cable = virtual_cable_default();
    struct weir_impair_config impair = {.seed = r->seed};
    uint32_t links[2];

    cable.memory.mtu[0] = cable.memory.mtu[1] = r->mtu;
    cable.memory.gso = r->gso;
    bool clean = roll(4) == 0;
    for (int i = 0; i < 2; i++) {
        struct weir_impair_direction *d = &impair.direction[i];
        d->delay = roll(50) * WEIR_MS;
        d->jitter = roll(2) == 0 ? roll(10) * WEIR_MS : 0;
        d->rate = roll(3) == 0 ? 200000 + roll(10000000) : 0;
        d->queue_packets = roll(2) == 0 ? 5 + roll(100) : 0;
        if (clean)
            continue;
        d->loss = roll(100) / 1000.0;
        d->duplicate = roll(2) == 0 ? roll(100) / 1000.0 : 0;
        d->corrupt = roll(2) == 0 ? roll(50) / 1000.0 : 0;
        d->reorder = roll(2) == 0 ? roll(200) / 1000.0 : 0;
    }
    cable.impair = &impair;
    assert_int_equal(virtual_connect(r->v, r->nodes[0], r->nodes[1], &cable, links), WEIR_OK);
    const char *addresses[2] = {r->v6 ? "2001:db8::1/64" : "10.0.0.1/24",
                                r->v6 ? "2001:db8::2/64" : "10.0.0.2/24"};
    for (int i = 0; i < 2; i++)
        assert_int_equal(node_address(r->nodes[i], links[i], addresses[i], NULL), WEIR_OK);
}

static void open_connection(struct run *r)
{
    struct weir_listen_config l;
    struct weir_connect_config c;

    weir_listen_config_default(&l);
    l.local.port = 80;
    assert_int_equal(weir_tcp_listen(r->sides[1].stack, &l, &r->sides[1].listener), WEIR_OK);
    weir_connect_config_default(&c);
    assert_int_equal(weir_ip_parse(r->v6 ? "2001:db8::2" : "10.0.0.2", &c.remote.ip), WEIR_OK);
    c.remote.port = 80;
    assert_int_equal(weir_tcp_connect(r->sides[0].stack, &c, &r->sides[0].conn), WEIR_OK);
}

static void steps(struct run *r, weir_time limit)
{
    for (uint32_t i = 0;; i++) {
        bool more = virtual_step(r->v, limit);
        if (i % 16 == 0 || !more) { /* each step would take most of the time */
            weir_stack_check(r->sides[0].stack);
            weir_stack_check(r->sides[1].stack);
        }
        if (!more)
            break;
    }
    if (virtual_stalled(r->v))
        fail_run(r, "stalled");
}

static void expect_end(struct run *r)
{
    for (int i = 0; i < 2; i++) {
        struct side *s = &r->sides[i];
        if (!s->closed || s->got != r->sides[1 - i].total)
            fail_run(r, "not finished");
        if (s->refs != 0)
            fail_run(r, "a borrowed buffer was not released");
    }
    steps(r, virtual_now(r->v) + 1000 * WEIR_S); /* retransmissions of FINs, TIME-WAIT */
    for (int i = 0; i < 2; i++) {
        struct weir_stats stats = {.size = sizeof(stats)};
        weir_stats(r->sides[i].stack, &stats);
        if (stats.connections + stats.half_open + stats.time_wait + stats.frames_out_now != 0)
            fail_run(r, "something is left");
        if (stats.buffers_out_now != 0)
            fail_run(r, "a buffer is left");
    }
}

static void one_run(uint32_t seed)
{
    static struct run r;
    r = (struct run){.seed = seed};
    current = &r;
    choose(&r);
    r.v = virtual_new(0);
    assert_non_null(r.v);
    make_side(&r, 0);
    make_side(&r, 1);
    connect_cable(&r);
    open_connection(&r);
    steps(&r, 4000 * WEIR_S);
    expect_end(&r);
    virtual_del(r.v);
    for (int i = 0; i < 2; i++) {
        if (r.sides[i].heap.bytes != 0)
            fail_msg("seed %u: %d bytes leaked", seed, (int)r.sides[i].heap.bytes);
    }
}

static void run_seeds(uint32_t first, uint32_t last)
{
    const char *text = getenv("WEIR_SEEDS");
    if (text != NULL && sscanf(text, "%u-%u", &first, &last) != 2)
        fail_msg("WEIR_SEEDS is not first-last");
    for (uint32_t i = 0; i < sizeof(stream); i++)
        stream[i] = (uint8_t)((i % PERIOD) * 31 + (i % PERIOD >> 7));
    for (uint32_t seed = first; seed <= last; seed++)
        one_run(seed);
}

static void test_random(void **state)
{
    (void)state;
    run_seeds(1, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
