/* test_verdict.c - what the judge teaches a ladder: classes at each tap, what was lost and who repaired it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/compiler.h"
#include "trace/judge.h"
#include "unit/trace_kit.h"

/* At the receiver a gap is filled, and neither timestamps nor IP IDs tell when it was sent. Sooner than an
 * answer could travel: overtaken. After a round trip: sent again. Between the two: not claimed. */
static void a_filled_gap_is_judged_by_time_alone(void **state)
{
    struct kit_step steps[6];

    (void)state;
    memcpy(steps, kit_ten, 3 * sizeof(steps[0]));
    steps[3] = (struct kit_step){100, 120, '>', "A", .seq = 1101, .length = 100, .ack = 8001};
    steps[4] = (struct kit_step){101, 121, '>', "A", .seq = 1001, .length = 100, .ack = 8001};
    steps[5] = (struct kit_step){110, 130, '>', "A", .seq = 1101, .length = 100, .ack = 8001};
    struct ladder *l = kit_capture(steps, 6, 's');
    assert_int_equal(kit_at(l, 4)->class, LADDER_DATA);
    assert_true(kit_at(l, 4)->facts & LADDER_FACT_HOLE);
    assert_int_equal(kit_at(l, 5)->class, LADDER_REORDERED);
    assert_int_equal(kit_at(l, 5)->evidence, EVIDENCE_TIME);
    assert_int_equal(kit_at(l, 6)->class, LADDER_RETX); /* seen twice: certain */
    assert_int_equal(kit_at(l, 6)->first, 4);
    ladder_del(l);

    steps[4].arrived = 147; /* the round trip is 40 ms */
    steps[5].arrived = 150;
    l = kit_capture(steps, 6, 's');
    assert_int_equal(kit_at(l, 5)->class, LADDER_LATE);
    assert_int_equal(kit_at(l, 5)->evidence, EVIDENCE_NONE);
    ladder_del(l);

    steps[4].arrived = 162;
    steps[5].arrived = 170;
    l = kit_capture(steps, 6, 's');
    assert_int_equal(kit_at(l, 5)->class, LADDER_RETX);
    assert_int_equal(kit_at(l, 5)->first, 0);
    assert_int_equal(kit_at(l, 5)->evidence, EVIDENCE_TIME);
    ladder_del(l);
}

static void one_ip_id_twice_is_one_packet(void **state)
{
    struct kit_step steps[6];

    (void)state;
    memcpy(steps, kit_ten, 3 * sizeof(steps[0]));
    steps[3] =
        (struct kit_step){100, 120, '>', "A", .seq = 1001, .length = 100, .ack = 8001, .ip_id = 77};
    steps[4] = steps[3];
    steps[4].arrived = 121;
    steps[5] = steps[3];
    steps[5].ip_id = 78;
    steps[5].arrived = 122;
    struct ladder *l = kit_capture(steps, 6, 's');
    assert_int_equal(kit_at(l, 5)->class, LADDER_NET_DUPLICATE);
    assert_int_equal(kit_at(l, 6)->class, LADDER_RETX);
    ladder_del(l);
}

static void sack_makes_an_ack_with_a_new_window_a_duplicate(void **state)
{
    struct kit_step steps[7];

    (void)state;
    memcpy(steps, kit_ten, 3 * sizeof(steps[0]));
    steps[3] = (struct kit_step){100, LOST, '>', "A", .seq = 1001, .length = 100, .ack = 8001};
    steps[4] = (struct kit_step){101, 121, '>', "A", .seq = 1101, .length = 100, .ack = 8001};
    steps[5] = (struct kit_step){121, 141, '<', "A", .seq = 8001, .ack = 1001, .window = 2000};
    steps[6] = steps[5];
    steps[6].sent = 122, steps[6].arrived = 142, steps[6].window = 3000;
    steps[6].sack_start = 1101, steps[6].sack_end = 1201;
    struct ladder *l = kit_finished(steps, 7);
    assert_int_equal(kit_at(l, 7)->class, LADDER_DUP_ACK);
    ladder_del(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filled_gap_is_judged_by_time_alone),
        cmocka_unit_test(one_ip_id_twice_is_one_packet),
        cmocka_unit_test(sack_makes_an_ack_with_a_new_window_a_duplicate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
