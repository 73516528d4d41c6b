/*
 * pair_kit.h - two stacks whose frames go to each other by hand, in virtual time: for what is not TCP.
 *
 * Stack 0 is 10.0.0.1 and fd00::1, stack 1 is .2 and ::2. Frames may be looked at, or lost.
 */
#ifndef TESTS_PAIR_KIT_H
#define TESTS_PAIR_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_kit.h"
#include <weir/trace.h>
#include <weir/udp.h>

struct pair {
    struct heap heap[2];
    struct weir_stack *stack[2];
    weir_time now;
    uint32_t mtu;
    bool lose; /* frames vanish */
    uint32_t frames[2];
    uint8_t last[2][65536]; /* the latest frame each has sent */
    uint32_t last_size[2];
};

static inline struct weir_ip pair_ip(const char *text)
{
    struct weir_ip ip;

    assert_int_equal(weir_ip_parse(text, &ip), WEIR_OK);
    return ip;
}

static inline struct weir_endpoint pair_at(const char *text, uint16_t port)
{
    return (struct weir_endpoint){.ip = pair_ip(text), .port = port};
}

static inline void pair_address(struct pair *p, int side, const char *text, uint8_t prefix)
{
    struct weir_ip ip = pair_ip(text);

    assert_int_equal(weir_address_add(p->stack[side], 0, &ip, prefix), WEIR_OK);
}

static inline struct pair *pair_new_on(enum weir_medium medium, uint32_t mtu)
{
    struct pair *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    p->now = 1000 * WEIR_S;
    p->mtu = mtu;
    for (int i = 0; i < 2; i++) {
        struct weir_allocator allocator = heap_allocator(&p->heap[i]);
        struct weir_link_config link;
        struct weir_config config;

        weir_config_default(&config);
        config.reproducible = true;
        config.secret[0] = (uint8_t)i;
        assert_int_equal(weir_stack_new(&p->stack[i], &config, &allocator), WEIR_OK);
        weir_link_config_default(&link);
        link.medium = (uint8_t)medium;
        link.mtu = mtu;
        link.no_dad = true;
        memcpy(link.mac, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)(i + 1)}, 6);
        assert_int_equal(weir_link_add(p->stack[i], &link), 0);
        weir_input(p->stack[i], 0, NULL, 0, p->now);
    }
    return p;
}

static inline struct pair *pair_new(uint32_t mtu)
{
    struct pair *p = pair_new_on(WEIR_MEDIUM_IP, mtu);

    pair_address(p, 0, "10.0.0.1", 24);
    pair_address(p, 1, "10.0.0.2", 24);
    if (mtu >= 1280) {
        pair_address(p, 0, "fd00::1", 64);
        pair_address(p, 1, "fd00::2", 64);
    }
    return p;
}

static inline void pair_del(struct pair *p)
{
    for (int i = 0; i < 2; i++) {
        weir_stack_check(p->stack[i]);
        assert_int_equal(weir_stack_del(p->stack[i]), WEIR_OK);
        assert_int_equal(p->heap[i].blocks, 0);
    }
    free(p);
}

static inline void pair_give(struct pair *p, int side, const void *bytes, uint32_t size)
{
    struct weir_buffer *b = weir_buffer_alloc(p->stack[side], size);

    assert_non_null(b);
    memcpy(b->data, bytes, size);
    b->size = size;
    weir_input(p->stack[side], 0, &b, 1, p->now);
}

/* One frame of one side to the other; false: it has none. */
static inline bool pair_step(struct pair *p, int side)
{
    struct weir_frame f;
    uint32_t size = 0;

    if (weir_output(p->stack[side], &f, 1, p->now) == 0) {
        return false;
    }
    for (uint32_t i = 0; i < f.slice_count; i++) {
        memcpy(p->last[side] + size, f.slices[i].data, f.slices[i].size);
        size += (uint32_t)f.slices[i].size;
    }
    p->last_size[side] = size;
    p->frames[side]++;
    weir_frame_done(p->stack[side], &f, 1, WEIR_FRAME_SENT);
    if (!p->lose) {
        pair_give(p, !side, p->last[side], size);
    }
    return true;
}

/* Until nobody has anything to send now. */
static inline void pair_pump(struct pair *p)
{
    bool any = true;

    for (int rounds = 0; any; rounds++) {
        assert_true(rounds < 10000);
        any = pair_step(p, 0);
        any = pair_step(p, 1) || any;
        any = any || weir_deadline(p->stack[0]) <= p->now || weir_deadline(p->stack[1]) <= p->now;
    }
    weir_stack_check(p->stack[0]);
    weir_stack_check(p->stack[1]);
}

/* Time goes on; both run at each of their deadlines. */
static inline void pair_run(struct pair *p, weir_time time)
{
    weir_time until = p->now + time;

    for (;;) {
        weir_time a, b, next;

        pair_pump(p);
        a = weir_deadline(p->stack[0]);
        b = weir_deadline(p->stack[1]);
        next = a < b ? a : b;
        if (next > until) {
            break;
        }
        p->now = next > p->now ? next : p->now + WEIR_US;
    }
    p->now = until;
    pair_pump(p);
}

static inline weir_handle pair_udp(struct pair *p, int side, const char *local, uint16_t port)
{
    struct weir_endpoint at = {.port = port};
    weir_handle h = 0;

    if (local) {
        at.ip = pair_ip(local);
    }
    assert_int_equal(weir_udp_open(p->stack[side], 0, &h), WEIR_OK);
    assert_int_equal(weir_udp_bind(p->stack[side], h, &at), WEIR_OK);
    return h;
}

/* The events of this handle since the last call; others are thrown away. */
static inline uint32_t pair_events(struct pair *p, int side, weir_handle h, int *error)
{
    struct weir_event e;
    uint32_t bits = 0;

    while (weir_event(p->stack[side], &e)) {
        if (e.handle == h) {
            bits |= e.bits;
            if (error && e.error) {
                *error = e.error;
            }
        }
    }
    return bits;
}

static inline uint64_t pair_drops(struct pair *p, int side, enum weir_drop reason)
{
    struct weir_stats st = {.size = sizeof(st)};

    assert_int_equal(weir_stats(p->stack[side], &st), WEIR_OK);
    return st.dropped[reason];
}

#endif
