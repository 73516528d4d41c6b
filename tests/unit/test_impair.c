/* test_impair.c - the impaired link: same seed same fates, exact numbers, exact times, a complete
 * log. */
#include "unit/device_kit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/compiler.h"

#define LOG_MAX 8192

struct fixture {
    struct weir_stack *stack;
    struct kit_device *inner;
    struct weir_device *device;
    struct weir_impair_record *log; /* `packet` points to a copy in `bytes` */
    uint8_t (*bytes)[1600];
    size_t log_count;
};

static void note(void *ctx, const struct weir_impair_record *record)
{
    struct fixture *f = ctx;
    assert_true(f->log_count < LOG_MAX && record->size <= 1600);
    memcpy(f->bytes[f->log_count], record->packet, record->size);
    f->log[f->log_count] = *record;
    f->log[f->log_count].packet = f->bytes[f->log_count];
    f->log_count++;
}

static void set_up(struct fixture *f, uint64_t seed, uint32_t direction,
                   const struct weir_impair_direction *trouble)
{
    struct weir_impair_config config = {.seed = seed, .log = note, .log_ctx = f};
    config.direction[direction] = *trouble;
    memset(f, 0, sizeof(*f));
    f->stack = kit_stack();
    f->log = calloc(LOG_MAX, sizeof(f->log[0]));
    f->bytes = calloc(LOG_MAX, sizeof(f->bytes[0]));
    f->inner = kit_device_new();
    assert_non_null(f->log);
    assert_non_null(f->bytes);
    assert_int_equal(weir_impair_new(&f->device, &f->inner->device, &config), WEIR_OK);
    weir_device_attach(f->device, f->stack);
}

static void tear_down(struct fixture *f)
{
    weir_device_del(f->device);
    assert_int_equal(weir_stack_del(f->stack), WEIR_OK);
    free(f->log);
    free(f->bytes);
}

/* Calls recv at every deadline up to `until`, as a host does. */
static void advance(struct fixture *f, weir_time until)
{
    struct weir_buffer *got[32];
    weir_time last = 0;
    for (weir_time now = weir_device_deadline(f->device); now <= until && now != WEIR_NEVER;
         now = weir_device_deadline(f->device)) {
        assert_true(now >= last);
        last = now;
        assert_int_equal(weir_device_recv(f->device, got, 32, now), 0);
    }
}

static void send_echo(struct fixture *f, uint16_t number, uint32_t size, weir_time now)
{
    uint8_t packet[1500];
    struct kit_frame frame;
    advance(f, now);
    kit_echo(packet, size, number);
    assert_int_equal(weir_device_send(f->device, kit_frame(&frame, packet, size), 1, now), 1);
}

static void test_without_trouble_everything_passes_at_once(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f, 1, 0, &(struct weir_impair_direction){0});
    for (uint16_t i = 1; i <= 100; i++)
        send_echo(&f, i, 100, i);
    assert_int_equal(f.inner->out_count, 100);
    for (uint16_t i = 1; i <= 100; i++) {
        assert_int_equal(kit_echo_number(f.inner->out[i - 1].bytes), i);
        assert_int_equal(f.inner->out[i - 1].time, i);
        assert_int_equal(f.log[i - 1].number, i);
        assert_int_equal(f.log[i - 1].fate, WEIR_IMPAIR_DELIVERED);
        assert_int_equal(f.log[i - 1].delivered, i);
    }
    assert_true(weir_device_deadline(f.device) == WEIR_NEVER);
    tear_down(&f);
}

static const struct weir_impair_direction much_trouble = {
    .loss = 0.1,
    .duplicate = 0.05,
    .corrupt = 0.05,
    .reorder = 0.1,
    .delay = 10 * WEIR_MS,
    .jitter = 2 * WEIR_MS,
    .rate = 10000000,
    .queue_packets = 20,
};

static void run_much_trouble(struct fixture *f, uint64_t seed)
{
    set_up(f, seed, 0, &much_trouble);
    for (uint16_t i = 1; i <= 1000; i++)
        send_echo(f, i, 200 + i % 1000u, i * 700 * WEIR_US);
    advance(f, WEIR_NEVER);
}

static void test_same_seed_same_fates(void **state)
{
    struct fixture a, b, c;
    (void)state;
    run_much_trouble(&a, 42);
    run_much_trouble(&b, 42);
    run_much_trouble(&c, 43);
    assert_int_equal(a.log_count, b.log_count);
    assert_int_equal(a.inner->out_count, b.inner->out_count);
    size_t different = 0;
    for (size_t i = 0; i < a.log_count; i++) {
        assert_int_equal(a.log[i].number, b.log[i].number);
        assert_int_equal(a.log[i].fate, b.log[i].fate);
        assert_int_equal(a.log[i].corrupted, b.log[i].corrupted);
        assert_int_equal(a.log[i].delivered, b.log[i].delivered);
        if (i < c.log_count && a.log[i].delivered != c.log[i].delivered)
            different++;
    }
    for (size_t i = 0; i < a.inner->out_count; i++) {
        assert_int_equal(a.inner->out[i].time, b.inner->out[i].time);
        assert_memory_equal(a.inner->out[i].bytes, b.inner->out[i].bytes, a.inner->out[i].size);
    }
    assert_true(different > a.log_count / 2);
    tear_down(&a);
    tear_down(&b);
    tear_down(&c);
}

static void test_one_parameter_does_not_move_the_others(void **state)
{
    struct fixture a, b;
    (void)state;
    set_up(&a, 7, 0, &(struct weir_impair_direction){.loss = 0.1});
    set_up(&b, 7, 0,
           &(struct weir_impair_direction){.loss = 0.1, .corrupt = 0.5, .jitter = WEIR_MS});
    for (uint16_t i = 1; i <= 500; i++) {
        send_echo(&a, i, 100, 0);
        send_echo(&b, i, 100, 0);
    }
    assert_int_equal(a.log_count, b.log_count);
    for (size_t i = 0; i < a.log_count; i++)
        assert_int_equal(a.log[i].fate, b.log[i].fate);
    tear_down(&a);
    tear_down(&b);
}

static void test_log_is_complete_and_true(void **state)
{
    struct fixture f;
    uint32_t expected = 1;
    size_t delivered = 0, used = 0;
    (void)state;
    run_much_trouble(&f, 3);
    for (size_t i = 0; i < f.log_count; i++) {
        const struct weir_impair_record *r = &f.log[i];
        if (r->fate == WEIR_IMPAIR_DUPLICATE)
            assert_int_equal(r->number, expected - 1); /* right behind its original */
        else
            assert_int_equal(r->number, expected++);
        assert_int_equal(kit_echo_number(r->packet), r->number);
        assert_true((r->fate == WEIR_IMPAIR_DELIVERED || r->fate == WEIR_IMPAIR_DUPLICATE) ==
                    (r->delivered != 0));
        if (r->delivered == 0)
            continue;
        delivered++;
        for (size_t k = 0; k < f.inner->out_count;
             k++) { /* one came out at that time with those bytes */
            struct kit_packet *p = &f.inner->out[k];
            if (p->time == r->delivered && p->size == r->size &&
                (memcmp(p->bytes, r->packet, p->size) == 0) == !r->corrupted) {
                p->size = 0;
                used++;
                break;
            }
        }
    }
    assert_int_equal(expected, 1001);
    assert_int_equal(delivered, f.inner->out_count);
    assert_int_equal(used, delivered);
    tear_down(&f);
}

static void test_loss_is_about_right(void **state)
{
    struct fixture f;
    unsigned lost = 0;
    (void)state;
    set_up(&f, 11, 0, &(struct weir_impair_direction){.loss = 0.25});
    for (uint16_t i = 1; i <= 2000; i++)
        send_echo(&f, i, 60, 0);
    for (size_t i = 0; i < f.log_count; i++)
        lost += f.log[i].fate == WEIR_IMPAIR_LOST;
    assert_in_range(lost, 420, 580); /* 500 +- 4 sigma */
    assert_int_equal(f.inner->out_count, 2000 - lost);
    tear_down(&f);
}

static void test_nth_lists_are_exact(void **state)
{
    struct fixture f;
    static const uint32_t drop[] = {9, 2, 2, 5}, twice[] = {3, 5}, late[] = {4};
    static const uint16_t expected[] = {1, 3, 3, 6, 7, 8, 10, 4};
    (void)state;
    set_up(&f, 1, 0,
           &(struct weir_impair_direction){.drop = drop,
                                           .drop_count = 4,
                                           .duplicate_nth = twice,
                                           .duplicate_nth_count = 2,
                                           .delay_nth = late,
                                           .delay_nth_count = 1,
                                           .delay_nth_by = 50 * WEIR_MS});
    for (uint16_t i = 1; i <= 10; i++)
        send_echo(&f, i, 60, i * WEIR_MS);
    advance(&f, WEIR_NEVER);
    assert_int_equal(f.inner->out_count, 8);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(kit_echo_number(f.inner->out[i].bytes), expected[i]);
    assert_int_equal(f.inner->out[7].time, 54 * WEIR_MS);
    assert_int_equal(f.log[1].fate, WEIR_IMPAIR_DROPPED_NTH);
    tear_down(&f);
}

/* A path MTU black hole: too large is 601 bytes, not 600, and what is lost so does not hold up the rest. */
static void test_large_packets_vanish(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f, 1, 0, &(struct weir_impair_direction){.drop_larger = 600});
    for (uint16_t i = 1; i <= 6; i++)
        send_echo(&f, i, 597u + i, i * WEIR_MS);
    advance(&f, WEIR_NEVER);
    assert_int_equal(f.inner->out_count, 3);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(f.log[i].fate, i < 3 ? WEIR_IMPAIR_DELIVERED : WEIR_IMPAIR_TOO_LARGE);
    assert_int_equal(f.log[5].delivered, 0);
    tear_down(&f);
}

/* The link stands still for 50 ms from packet 4 on; then everything comes at once and in order. */
static void test_stall_holds_everything_up(void **state)
{
    static const weir_time expected[] = {11, 12, 13, 64, 64, 64, 80};
    struct fixture f;
    (void)state;
    set_up(&f, 1, 0,
           &(struct weir_impair_direction){
               .delay = 10 * WEIR_MS, .stall_nth = 4, .stall_time = 50 * WEIR_MS});
    for (uint16_t i = 1; i <= 6; i++)
        send_echo(&f, i, 60, i * WEIR_MS);
    send_echo(&f, 7, 60, 70 * WEIR_MS);
    advance(&f, WEIR_NEVER);
    assert_int_equal(f.inner->out_count, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(kit_echo_number(f.inner->out[i].bytes), i + 1);
        assert_int_equal(f.inner->out[i].time, expected[i] * WEIR_MS);
        assert_false(f.log[i].reordered);
    }
    tear_down(&f);
}

static void test_rate_spaces_exactly(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f, 1, 0, &(struct weir_impair_direction){.rate = 3000000, .delay = 20 * WEIR_MS});
    for (uint16_t i = 1; i <= 90; i++)
        send_echo(&f, i, 1000, WEIR_S);
    advance(&f, WEIR_NEVER);
    assert_int_equal(f.inner->out_count, 90);
    for (uint64_t i = 0; i < 90; i++) /* 1000 * 8 / 3 Mbit/s = 2.666... ms: no fraction gets lost */
        assert_int_equal(f.inner->out[i].time, WEIR_S + 20 * WEIR_MS + (i + 1) * 8 * WEIR_S / 3000);
    tear_down(&f);
}

static void test_queue_limit_drops_the_tail(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f, 1, 0, &(struct weir_impair_direction){.rate = 8000000, .queue_packets = 5});
    for (uint16_t i = 1; i <= 10; i++)
        send_echo(&f, i, 1000, 0); /* 1 ms each: one is being sent, five wait, four are too many */
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(f.log[i].fate, i < 6 ? WEIR_IMPAIR_DELIVERED : WEIR_IMPAIR_QUEUE_FULL);
    send_echo(&f, 11, 1000, WEIR_MS); /* the second is being sent: one place is free */
    send_echo(&f, 12, 1000, WEIR_MS);
    assert_int_equal(f.log[10].fate, WEIR_IMPAIR_DELIVERED);
    assert_int_equal(f.log[10].delivered, 7 * WEIR_MS);
    assert_int_equal(f.log[11].fate, WEIR_IMPAIR_QUEUE_FULL);
    advance(&f, WEIR_NEVER);
    assert_int_equal(f.inner->out_count, 7);
    tear_down(&f);
}

static void test_jitter_keeps_the_order(void **state)
{
    struct fixture f;
    weir_time longest = 0;
    (void)state;
    set_up(&f, 5, 0, &(struct weir_impair_direction){.delay = WEIR_MS, .jitter = 10 * WEIR_MS});
    for (uint16_t i = 1; i <= 1000; i++)
        send_echo(&f, i, 60, i * 100 * WEIR_US);
    advance(&f, WEIR_NEVER);
    assert_int_equal(f.inner->out_count, 1000);
    for (uint16_t i = 0; i < 1000; i++) {
        assert_int_equal(kit_echo_number(f.inner->out[i].bytes), i + 1);
        weir_time took = f.inner->out[i].time - (i + 1u) * 100 * WEIR_US;
        assert_true(took >= WEIR_MS && took < 11 * WEIR_MS);
        longest = took > longest ? took : longest;
    }
    assert_true(longest > 10 * WEIR_MS);
    tear_down(&f);
}

static void test_reordered_packets_are_overtaken(void **state)
{
    struct fixture f;
    unsigned overtaken = 0, marked = 0;
    (void)state;
    set_up(&f, 5, 0,
           &(struct weir_impair_direction){
               .reorder = 0.1, .delay = 10 * WEIR_MS, .reorder_delay = 5 * WEIR_MS});
    for (uint16_t i = 1; i <= 500; i++)
        send_echo(&f, i, 60, i * WEIR_MS);
    advance(&f, WEIR_NEVER);
    for (size_t i = 0; i < f.log_count; i++) {
        weir_time took = f.log[i].delivered - f.log[i].sent;
        marked += f.log[i].reordered;
        assert_int_equal(took, (f.log[i].reordered ? 15 : 10) * WEIR_MS);
    }
    for (size_t i = 1; i < f.inner->out_count; i++)
        overtaken +=
            kit_echo_number(f.inner->out[i].bytes) < kit_echo_number(f.inner->out[i - 1].bytes);
    assert_in_range(marked, 25, 75);
    assert_true(overtaken > 20 && overtaken <= marked);
    tear_down(&f);
}

static void test_corruption_flips_one_bit(void **state)
{
    struct fixture f;
    unsigned corrupted = 0;
    (void)state;
    set_up(&f, 5, 0, &(struct weir_impair_direction){.corrupt = 0.3});
    for (uint16_t i = 1; i <= 300; i++)
        send_echo(&f, i, 60, 0);
    assert_int_equal(f.log_count, f.inner->out_count);
    for (size_t i = 0; i < f.log_count; i++) {
        int bits = 0;
        for (uint32_t k = 0; k < 60; k++)
            bits += __builtin_popcount(f.log[i].packet[k] ^ (unsigned)f.inner->out[i].bytes[k]);
        assert_int_equal(bits, f.log[i].corrupted ? 1 : 0);
        corrupted += f.log[i].corrupted;
    }
    assert_in_range(corrupted, 60, 120);
    tear_down(&f);
}

static void test_super_segments_count_as_wire_segments(void **state)
{
    struct fixture f;
    static struct kit_super super;
    static const uint32_t drop[] = {3};
    (void)state;
    set_up(&f, 1, 0, &(struct weir_impair_direction){.drop = drop, .drop_count = 1});
    kit_super(&super, 10000, 1460);
    assert_int_equal(weir_device_send(f.device, &super.frame, 1, 0), 1);
    assert_int_equal(f.log_count, 7);
    assert_int_equal(f.inner->out_count, 6);
    for (size_t i = 0; i < 7; i++) {
        assert_true(kit_tcp_checksum_ok(f.log[i].packet, f.log[i].size));
        assert_int_equal(f.log[i].fate, i == 2 ? WEIR_IMPAIR_DROPPED_NTH : WEIR_IMPAIR_DELIVERED);
    }
    for (size_t i = 0; i < 6; i++) {
        assert_true(kit_tcp_checksum_ok(f.inner->out[i].bytes, f.inner->out[i].size));
        assert_int_equal(f.inner->out[i].offload.csum, WEIR_CSUM_NONE);
        assert_int_equal(f.inner->out[i].offload.gso_size, 0);
    }
    kit_super(&super, 1000, 0); /* not super, but partial */
    assert_int_equal(weir_device_send(f.device, &super.frame, 1, 0), 1);
    assert_true(kit_tcp_checksum_ok(f.inner->out[6].bytes, f.inner->out[6].size));
    tear_down(&f);
}

static void test_receiving_direction(void **state)
{
    struct fixture f;
    struct weir_buffer *got[8];
    uint8_t packet[100];
    static const uint32_t drop[] = {2};
    (void)state;
    set_up(&f, 1, 1,
           &(struct weir_impair_direction){.drop = drop, .drop_count = 1, .delay = 30 * WEIR_MS});
    for (uint16_t i = 1; i <= 3; i++) {
        kit_echo(packet, 100, i);
        kit_device_enter(f.inner, i * WEIR_MS, packet, 100);
    }
    assert_int_equal(weir_device_deadline(f.device), WEIR_MS);
    for (weir_time now = WEIR_MS; now <= 3 * WEIR_MS; now += WEIR_MS)
        assert_int_equal(weir_device_recv(f.device, got, 8, now), 0);
    assert_int_equal(weir_device_deadline(f.device), 31 * WEIR_MS);
    assert_int_equal(weir_device_recv(f.device, got, 8, 31 * WEIR_MS), 1);
    assert_int_equal(kit_echo_number(got[0]->data), 1);
    weir_buffer_free(f.stack, got[0]);
    assert_int_equal(weir_device_deadline(f.device), 33 * WEIR_MS);
    assert_int_equal(weir_device_recv(f.device, got, 8, 33 * WEIR_MS), 1);
    assert_int_equal(kit_echo_number(got[0]->data), 3);
    weir_buffer_free(f.stack, got[0]);
    assert_int_equal(f.log[0].direction, 1);
    send_echo(&f, 1, 100,
              34 * WEIR_MS); /* the other direction has no trouble and its own numbers */
    assert_int_equal(f.inner->out_count, 1);
    assert_int_equal(f.log[3].direction, 0);
    assert_int_equal(f.log[3].number, 1);
    tear_down(&f);
}

static void test_full_inner_device_loses_nothing(void **state)
{
    struct fixture f;
    (void)state;
    set_up(&f, 1, 0, &(struct weir_impair_direction){.delay = WEIR_MS});
    f.inner->take = 3;
    for (uint16_t i = 1; i <= 100; i++)
        send_echo(&f, i, 60, 0);
    advance(&f, WEIR_NEVER);
    assert_int_equal(f.inner->out_count, 100);
    for (uint16_t i = 0; i < 100; i++)
        assert_int_equal(kit_echo_number(f.inner->out[i].bytes), i + 1);
    tear_down(&f);
}

static void test_failure_of_the_inner_device_is_told(void **state)
{
    struct fixture f;
    struct weir_buffer *got[8];
    (void)state;
    set_up(&f, 1, 0, &(struct weir_impair_direction){.delay = WEIR_MS});
    send_echo(&f, 1, 60, 0);
    f.inner->fail = WEIR_ENOENT;
    assert_int_equal(weir_device_recv(f.device, got, 8, WEIR_MS), WEIR_ENOENT);
    tear_down(&f);
}

/* One run of a sender: its port and ISN, and how much else passes in between. Returns bit by bit which of 400 segments
 * were lost at their first and at their second transmission. */
static void run_data(uint16_t port, uint32_t isn, uint32_t others, uint8_t lost[2][400])
{
    struct fixture f;
    struct kit_super s;
    uint8_t echo[100];
    struct kit_frame frame;

    set_up(&f, 5, 0, &(struct weir_impair_direction){.data_loss = 0.1});
    kit_super(&s, 0, 0);
    store_be16(s.header + 20, port);
    store_be32(s.header + 24, isn);
    s.header[33] = WEIR_TCP_SYN;
    weir_device_send(f.device, &s.frame, 1, 1);
    kit_super(&s, 100, 0);
    store_be16(s.header + 20, port);
    for (uint32_t i = 0; i < 800; i++) {
        store_be32(s.header + 24, isn + 1 + i % 400 * 100);
        for (uint32_t j = 0; j < others * (i % 3); j++) {
            kit_echo(echo, 100, 1);
            weir_device_send(f.device, kit_frame(&frame, echo, 100), 1, 1);
        }
        weir_device_send(f.device, &s.frame, 1, 1);
        const struct weir_impair_record *r = &f.log[f.log_count - 1];
        assert_int_equal(r->transmission, i / 400 + 1);
        assert_int_equal(r->payload, 100);
        lost[i / 400][i % 400] = r->fate == WEIR_IMPAIR_LOST;
    }
    tear_down(&f);
}

/* Two senders with other ports, ISNs and company lose the same data; repetitions have a fate of their own. */
static void test_data_loss_is_the_same_for_every_sender(void **state)
{
    static uint8_t a[2][400], b[2][400];
    uint32_t lost[2] = {0}, both = 0;
    (void)state;
    run_data(1000, 77, 0, a);
    run_data(2000, 0xffffff00, 1, b);
    assert_memory_equal(a, b, sizeof(a));
    for (uint32_t i = 0; i < 400; i++) {
        lost[0] += a[0][i];
        lost[1] += a[1][i];
        both += a[0][i] && a[1][i];
    }
    assert_in_range(lost[0], 20, 60);
    assert_in_range(lost[1], 20, 60);
    assert_true(both < 15);
}

static void test_bad_config(void **state)
{
    static const double bad[] = {-0.1, 1.1};
    struct weir_device *device;
    struct kit_device *inner = kit_device_new();
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct weir_impair_config config = {.direction[1].loss = i < 2 ? bad[i] : (double)NAN};
        assert_int_equal(weir_impair_new(&device, &inner->device, &config), WEIR_EINVAL);
    }
    weir_device_del(&inner->device); /* still ours */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_trouble_everything_passes_at_once),
        cmocka_unit_test(test_same_seed_same_fates),
        cmocka_unit_test(test_one_parameter_does_not_move_the_others),
        cmocka_unit_test(test_log_is_complete_and_true),
        cmocka_unit_test(test_loss_is_about_right),
        cmocka_unit_test(test_nth_lists_are_exact),
        cmocka_unit_test(test_large_packets_vanish),
        cmocka_unit_test(test_stall_holds_everything_up),
        cmocka_unit_test(test_rate_spaces_exactly),
        cmocka_unit_test(test_queue_limit_drops_the_tail),
        cmocka_unit_test(test_jitter_keeps_the_order),
        cmocka_unit_test(test_reordered_packets_are_overtaken),
        cmocka_unit_test(test_corruption_flips_one_bit),
        cmocka_unit_test(test_super_segments_count_as_wire_segments),
        cmocka_unit_test(test_receiving_direction),
        cmocka_unit_test(test_full_inner_device_loses_nothing),
        cmocka_unit_test(test_failure_of_the_inner_device_is_told),
        cmocka_unit_test(test_data_loss_is_the_same_for_every_sender),
        cmocka_unit_test(test_bad_config),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
