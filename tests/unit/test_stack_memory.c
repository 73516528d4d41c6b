/*
 * test_stack_memory.c - running out of memory is an ordinary condition: in a whole conversation of two
 * stacks every allocation fails in turn (once, a few times, from then on), and budgets of every size are
 * too small. Nothing crashes, spins or leaks; where memory comes back the bytes arrive.
 */
#include "unit/tcp_kit.h"

#include "host/virtual.h"

#define TOTAL 60000u

struct side {
    struct weir_stack *stack;
    struct heap heap;
    uint32_t fail_first, fail_last; /* calls of alloc, 1.. */
    weir_handle listener, conn;
    uint32_t sent, got;
    bool shut, ended, closed, failed;
};

static uint8_t bytes[TOTAL];

static void *failing_alloc(void *ctx, size_t size)
{
    struct side *s = ctx;
    uint32_t call = s->heap.calls + 1;
    if (call >= s->fail_first && call <= s->fail_last) {
        s->heap.calls++;
        return NULL;
    }
    return heap_alloc(&s->heap, size);
}

static void failing_free(void *ctx, void *memory, size_t size)
{
    struct side *s = ctx;
    heap_free(&s->heap, memory, size);
}

static void on_event(void *ctx, struct weir_stack *stack, const struct weir_event *e, weir_time now)
{
    struct side *s = ctx;
    (void)stack;
    (void)now;
    if ((e->bits & WEIR_EVENT_CLOSED) != 0 && e->error != 0)
        s->failed = true;
}

static void open_side(struct side *s, weir_time now)
{
    (void)now;
    if (s->listener != 0) {
        weir_tcp_accept(s->stack, s->listener, &s->conn);
        return;
    }
    struct weir_connect_config c;
    weir_connect_config_default(&c);
    assert_int_equal(weir_ip_parse("10.0.0.2", &c.remote.ip), WEIR_OK);
    c.remote.port = 80;
    int error = weir_tcp_connect(s->stack, &c, &s->conn);
    assert_true(error == WEIR_OK || error == WEIR_ENOBUFS);
}

static bool write_some(struct side *s)
{
    while (s->sent < TOTAL) {
        uint32_t size = min_u32(s->sent % 3 == 0 ? 700 : 9000, TOTAL - s->sent);
        int64_t n;
        if (s->sent % 2 == 0) {
            int error = weir_tcp_send_ref(s->stack, s->conn, bytes + s->sent, size, 1);
            n = error == WEIR_OK ? (int64_t)size : error;
        } else {
            n = weir_tcp_send(s->stack, s->conn, bytes + s->sent, size);
        }
        if (n < 0) {
            s->failed |= n != WEIR_EAGAIN && n != WEIR_ENOBUFS;
            return n == WEIR_ENOBUFS;
        }
        s->sent += (uint32_t)n;
    }
    if (!s->shut)
        s->shut = weir_tcp_shutdown(s->stack, s->conn) == WEIR_OK;
    return false;
}

static void read_some(struct side *s)
{
    uint8_t piece[5000];
    int64_t n;
    while ((n = weir_tcp_recv(s->stack, s->conn, piece, sizeof(piece))) > 0) {
        assert_memory_equal(piece, bytes + s->got, (size_t)n);
        s->got += (uint32_t)n;
    }
    s->ended |= n == 0;
}

static weir_time on_run(void *ctx, struct weir_stack *stack, weir_time now)
{
    struct side *s = ctx;
    (void)stack;
    if (s->closed || s->failed)
        return WEIR_NEVER;
    if (s->conn == 0)
        open_side(s, now);
    if (s->conn == 0)
        return s->listener != 0 ? WEIR_NEVER : now + 100 * WEIR_MS;
    bool again = !s->shut && write_some(s);
    if (!s->ended)
        read_some(s);
    if (s->shut && s->ended) {
        s->closed = true;
        weir_tcp_close(s->stack, s->conn);
    }
    return again ? now + 100 * WEIR_MS : WEIR_NEVER;
}

struct run {
    struct virtual *v;
    struct side sides[2];
    struct node *nodes[2];
};

static bool make_side(struct run *r, int i, uint64_t budget)
{
    struct side *s = &r->sides[i];
    const struct weir_allocator allocator = {s, failing_alloc, failing_free};
    const struct node_app app = {.ctx = s, .event = on_event, .run = on_run};
    struct weir_config c;
    weir_config_default(&c);
    c.reproducible = true;
    c.ring_records = 16;
    c.memory_budget = budget;
    c.tcp.receive_buffer = c.tcp.send_buffer = 30000;
    if (weir_stack_new(&s->stack, &c, &allocator) != WEIR_OK)
        return false;
    r->nodes[i] = virtual_add_stack(r->v, s->stack, &app);
    assert_non_null(r->nodes[i]);
    return true;
}

static bool set_up(struct run *r, const uint64_t budgets[2])
{
    static const uint32_t drops[] = {4, 9, 10, 20};
    struct virtual_cable cable = virtual_cable_default();
    struct weir_impair_config impair = {.seed = 1};
    uint32_t links[2];
    struct weir_listen_config l;

    if (!make_side(r, 0, budgets[0]) || !make_side(r, 1, budgets[1]))
        return false;
    for (int i = 0; i < 2; i++) {
        impair.direction[i].delay = 5 * WEIR_MS;
        impair.direction[i].drop = drops;
        impair.direction[i].drop_count = ARRAY_SIZE(drops);
    }
    cable.impair = &impair;
    if (virtual_connect(r->v, r->nodes[0], r->nodes[1], &cable, links) != WEIR_OK)
        return false;
    weir_listen_config_default(&l);
    l.local.port = 80;
    return node_address(r->nodes[0], links[0], "10.0.0.1/24", NULL) == WEIR_OK &&
           node_address(r->nodes[1], links[1], "10.0.0.2/24", NULL) == WEIR_OK &&
           weir_tcp_listen(r->sides[1].stack, &l, &r->sides[1].listener) == WEIR_OK;
}

/* Returns true when everything arrived at both ends. */
static bool converse(struct run *r, const uint64_t budgets[2])
{
    bool done = false;
    r->v = virtual_new(0);
    assert_non_null(r->v);
    if (set_up(r, budgets)) {
        for (uint32_t i = 0; virtual_step(r->v, 600 * WEIR_S); i++) {
            if (i % 8 == 0) {
                weir_stack_check(r->sides[0].stack);
                weir_stack_check(r->sides[1].stack);
            }
        }
        assert_false(virtual_stalled(r->v));
        done = r->sides[0].got == TOTAL && r->sides[1].got == TOTAL && r->sides[0].closed &&
               r->sides[1].closed;
    }
    virtual_del(r->v);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(r->sides[i].heap.bytes, 0);
        assert_int_equal(r->sides[i].heap.blocks, 0);
    }
    return done;
}

static uint32_t clean_calls(int side)
{
    static struct run r;
    r = (struct run){0};
    assert_true(converse(&r, (uint64_t[]){0, 0}));
    return r.sides[side].heap.calls;
}

static void test_each_allocation_fails(void **state)
{
    (void)state;
    static struct run r;
    for (int side = 0; side < 2; side++) {
        uint32_t calls = clean_calls(side), completed = 0;
        for (uint32_t n = 1; n <= calls + 3; n++) {
            for (int mode = 0; mode < 3; mode++) {
                r = (struct run){0};
                r.sides[side].fail_first = n;
                r.sides[side].fail_last = mode == 0 ? n : mode == 1 ? n + 6 : UINT32_MAX;
                completed += converse(&r, (uint64_t[]){0, 0}) && mode == 0;
            }
        }
        /* a single failure while talking costs time, not the conversation */
        assert_true(completed >= calls / 2);
    }
}

static void test_small_budgets(void **state)
{
    (void)state;
    static struct run r;
    uint32_t completed = 0;
    for (uint64_t budget = 20000; budget <= 600000; budget += budget / 16) {
        for (int side = 0; side < 2; side++) {
            uint64_t budgets[2] = {0, 0};
            budgets[side] = budget;
            r = (struct run){0};
            completed += converse(&r, budgets);
        }
    }
    assert_true(completed > 10);
}

int main(void)
{
    for (uint32_t i = 0; i < TOTAL; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_fails),
        cmocka_unit_test(test_small_budgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
