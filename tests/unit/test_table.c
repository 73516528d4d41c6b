/* test_table.c - the streaming table of conversations: who belongs together, what is counted, what stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/compiler.h"
#include "trace/demux.h"
#include "trace/pack.h"
#include "trace/table.h"
#include "unit/trace_kit.h"

static const struct weir_endpoint client = {.ip = {.family = 4, .bytes = {192, 168, 0, 100}},
                                            .port = 40000},
                                  server = {.ip = {.family = 4, .bytes = {192, 168, 0, 200}},
                                            .port = 8000};

/* A segment into the table at this time; `shift` is added to the client's port. */
static void put(struct table *t, const struct kit_step *step, double ms, uint16_t shift)
{
    struct table_packet *p = table_packet(t);
    bool right = step->direction == '>';

    p->segment = kit_segment(step, ms);
    p->src = right ? client : server;
    p->dst = right ? server : client;
    *(right ? &p->src.port : &p->dst.port) += shift;
    assert_int_equal(table_put(t), WEIR_OK);
}

static void put_ten(struct table *t, double ms, uint16_t shift)
{
    for (size_t i = 0; i < ARRAY_SIZE(kit_ten); i++) {
        bool right = kit_ten[i].direction == '>'; /* a tap at the client */
        put(t, &kit_ten[i], ms + (right ? kit_ten[i].sent : kit_ten[i].arrived), shift);
    }
}

static void ten_segments_become_one_line(void **state)
{
    struct weir_endpoint end[2];
    struct table *t = table_new(TABLE_SEARCH);

    (void)state;
    put_ten(t, 1000, 0);
    assert_int_equal(table_end(t), WEIR_OK);
    assert_int_equal(table_count(t), 1);
    struct conversation told;
    const struct conversation *c = &told;
    table_conversation(t, 0, &told, end);
    assert_int_equal(end[LADDER_CLIENT].port, 40000);
    assert_int_equal(end[LADDER_SERVER].port, 8000);
    assert_memory_equal(end[LADDER_SERVER].ip.bytes, server.ip.bytes, 16);
    assert_int_equal(c->end, LADDER_END_FIN);
    assert_int_equal(c->vantage, LADDER_AT_CLIENT);
    assert_int_equal(c->bytes[LADDER_CLIENT], 20);
    assert_int_equal(c->bytes[LADDER_SERVER], 10);
    assert_int_equal(c->segments[0] + c->segments[1], 10);
    assert_int_equal(c->retx[0] + c->retx[1], 0);
    assert_int_equal(c->rtt_us, 40000);
    assert_true(c->handshake);
    assert_false(c->client_guessed || c->one_way || c->cut);
    table_del(t);
}

/* Whatever their order, and more of them than one batch or one chunk holds. */
static void many_conversations_are_kept_apart(void **state)
{
    enum { MANY = 3000 };
    struct weir_endpoint end[2];
    struct table *t = table_new(TABLE_SEARCH);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(kit_ten); i++) {
        for (uint16_t k = 0; k < MANY; k++) {
            bool right = kit_ten[i].direction == '>';
            put(t, &kit_ten[i], 1000 + (right ? kit_ten[i].sent : kit_ten[i].arrived), k);
        }
    }
    assert_int_equal(table_end(t), WEIR_OK);
    assert_int_equal(table_count(t), MANY);
    for (size_t k = 0; k < MANY; k++) {
        struct conversation told;
        const struct conversation *c = &told;
        table_conversation(t, k, &told, end);
        assert_int_equal(end[LADDER_CLIENT].port, 40000 + k);
        assert_int_equal(c->segments[0] + c->segments[1], 10);
        assert_int_equal(c->bytes[0] + c->bytes[1], 30);
        assert_int_equal(c->end, LADDER_END_FIN);
    }
    table_del(t);
}

/* A SYN with a new number after the end is a new conversation; what comes late belongs to the last one. */
static void a_port_is_used_again(void **state)
{
    static const struct kit_step syn = {0, 0, '>', "S", .seq = 77000},
                                 again = {0, 0, '>', "S", .seq = 77000},
                                 answer = {0, 0, '<', "SA", .seq = 5000, .ack = 77001};
    struct weir_endpoint end[2];
    struct table *t = table_new(TABLE_SEARCH);

    (void)state;
    put_ten(t, 1000, 0);
    put(t, &syn, 5000, 0);
    put(t, &again, 6000, 0);
    put(t, &answer, 6040, 0);
    assert_int_equal(table_end(t), WEIR_OK);
    assert_int_equal(table_count(t), 2);
    struct conversation told;
    const struct conversation *c = &told;
    table_conversation(t, 1, &told, end);
    assert_int_equal(c->segments[LADDER_CLIENT], 2);
    assert_int_equal(c->retx[LADDER_CLIENT], 1);
    assert_int_equal(c->end, LADDER_END_OPEN);
    table_del(t);
}

/* Over and silent: its judge is gone, what still comes is counted. */
static void what_is_settled_still_counts(void **state)
{
    struct weir_endpoint end[2];
    struct table *t = table_new(TABLE_SEARCH);

    (void)state;
    put_ten(t, 1000, 0);
    for (int i = 0; i < 2000; i++) {
        static const struct kit_step data = {0, 0, '>', "A", .seq = 1, .length = 1, .ack = 1};
        put(t, &data, 20000 + i * 10, 7);
    }
    put(t, &kit_ten[9], 60000, 0);
    assert_int_equal(table_end(t), WEIR_OK);
    assert_int_equal(table_count(t), 2);
    struct conversation told;
    const struct conversation *c = &told;
    table_conversation(t, 0, &told, end);
    assert_int_equal(c->segments[0] + c->segments[1], 11);
    assert_int_equal(c->end, LADDER_END_FIN);
    table_del(t);
}

/* Without a SYN the client is a guess; an unanswered SYN is a timeout; a RST is one. */
static void ends_and_beginnings_are_judged(void **state)
{
    static const struct kit_step syn = {0, 0, '>', "S", .seq = 1000},
                                 data = {0, 0, '<', "A", .seq = 9000, .length = 5, .ack = 1},
                                 ack = {0, 0, '>', "A", .seq = 1, .ack = 9005},
                                 refuse = {0, 0, '<', "RA", .seq = 0, .ack = 1001};
    struct weir_endpoint end[2];
    struct table *t = table_new(TABLE_SEARCH);

    (void)state;
    put(t, &syn, 0, 0);
    put(t, &syn, 1000, 0);
    put(t, &data, 1000, 1);
    put(t, &ack, 1001, 1);
    put(t, &syn, 1002, 2);
    put(t, &refuse, 1003, 2);
    assert_int_equal(table_end(t), WEIR_OK);
    assert_int_equal(table_count(t), 3);
    struct conversation told;
    const struct conversation *c = &told;
    table_conversation(t, 0, &told, end);
    assert_int_equal(c->end, LADDER_END_TIMEOUT);
    assert_false(c->one_way);
    table_conversation(t, 1, &told, end);
    assert_int_equal(end[LADDER_CLIENT].port, 40001); /* an ephemeral port */
    assert_true(c->client_guessed);
    assert_false(c->handshake);
    assert_int_equal(c->bytes[LADDER_SERVER], 5);
    assert_int_equal(c->end, LADDER_END_OPEN);
    table_conversation(t, 2, &told, end);
    assert_int_equal(c->end, LADDER_END_REFUSED);
    table_del(t);
}

/* Both directions of an IPv6 conversation have one key, and the endpoints come back as they were. */
static void keys_are_the_same_both_ways(void **state)
{
    struct weir_endpoint a = {.ip = {.family = 6, .bytes = {0xfe, 0x80, [15] = 1}}, .port = 50000};
    struct weir_endpoint b = {.ip = {.family = 6, .bytes = {0xfe, 0x80, [15] = 2}}, .port = 80};
    struct weir_endpoint end[2];
    struct demux_key there, back;
    struct demux *d = demux_new(8);
    struct trace_segment s = {.flags = WEIR_TCP_ACK};
    uint8_t side;

    (void)state;
    demux_key(&there, &b, &a);
    demux_key(&back, &a, &b);
    assert_int_equal(there.hash, back.hash);
    assert_int_not_equal(there.swapped, back.swapped);
    struct demux_entry *e = demux_take(d, &there, &s, &side);
    assert_int_equal(side, 0);
    assert_ptr_equal(demux_take(d, &back, &s, &side), e);
    assert_int_equal(side, 1);
    demux_endpoints(e, end);
    assert_memory_equal(&end[0], &b, sizeof(b));
    assert_memory_equal(&end[1], &a, sizeof(a));
    b.ip.bytes[12] = 9;
    demux_key(&there, &b, &a);
    assert_null(demux_peek(d, &there));
    assert_int_equal(demux_count(d), 1);
    demux_del(d);
}

/* Packed for a long silence in between, it knows all that it knew: the same bytes again are a retransmission. */
static void what_rests_is_not_forgotten(void **state)
{
    static const struct kit_step data = {0, 0, '>', "PA", .seq = 1001, .length = 20, .ack = 8001},
                                 other = {0, 0, '>', "A", .seq = 1, .length = 1, .ack = 1};
    struct weir_endpoint end[2];
    struct conversation told;
    struct table *t = table_new(TABLE_SEARCH);

    (void)state;
    for (int i = 0; i < 3; i++) {
        put(t, &kit_ten[i], 1000 + i, 0);
    }
    put(t, &data, 1010, 0);
    for (int i = 0; i < 1000; i++) {
        put(t, &other, 2000 + i * 10, 7);
    }
    put(t, &data, 13000, 0);
    for (int i = 0; i < 1000; i++) {
        put(t, &other, 14000 + i * 10, 7);
    }
    assert_int_equal(table_end(t), WEIR_OK);
    table_conversation(t, 0, &told, end);
    assert_int_equal(told.segments[LADDER_CLIENT], 4);
    assert_int_equal(told.bytes[LADDER_CLIENT], 20);
    assert_int_equal(told.retx[LADDER_CLIENT], 1);
    assert_int_equal(told.last - told.start, kit_ms(13000) - kit_ms(1000));
    table_del(t);
}

static void packing_loses_nothing(void **state)
{
    static const uint64_t words[] = {0,
                                     1,
                                     255,
                                     256,
                                     1700000000000000000,
                                     9,
                                     1699999999999999999,
                                     1700000000000000001,
                                     UINT64_MAX,
                                     10,
                                     UINT64_C(1) << 56,
                                     1600000000000000000};
    uint8_t from[sizeof(words)], to[sizeof(words)], packed[PACK_ROOM(sizeof(words))];

    (void)state;
    memcpy(from, words, sizeof(words));
    for (size_t size = 0; size <= sizeof(words); size++) {
        memset(to, 0x55, sizeof(to));
        size_t n = pack(packed, from, size, 1700000000000000000);
        assert_true(n <= PACK_ROOM(size));
        assert_int_equal(unpack(to, size, packed, 1700000000000000000), n);
        assert_memory_equal(to, from, size);
        assert_true(size == sizeof(to) || to[size] == 0x55);
    }
    memset(from, 0, sizeof(from));
    assert_int_equal(pack(packed, from, sizeof(from), 0), sizeof(from) / 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_segments_become_one_line),
        cmocka_unit_test(many_conversations_are_kept_apart),
        cmocka_unit_test(a_port_is_used_again),
        cmocka_unit_test(what_is_settled_still_counts),
        cmocka_unit_test(ends_and_beginnings_are_judged),
        cmocka_unit_test(keys_are_the_same_both_ways),
        cmocka_unit_test(what_rests_is_not_forgotten),
        cmocka_unit_test(packing_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
