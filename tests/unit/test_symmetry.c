/*
 * test_symmetry.c - weir's own log of a run and a capture of the same run give the same ladder.
 *
 * All scenes of weir demo and some hundred random conversations over bad links, each seen by both stacks (the truth)
 * and by a capture at either end. "Near" is what the side with the capture sent, "far" what reached it.
 *
 * The same in both, always: which segments there are and every number in them; of the near side the class, the label,
 * how many times and what it was sent again, and the states with the segments that caused them; of both sides the
 * labels' flags, numbers and options.
 *
 * What may differ, because a capture at one end cannot know it (docs/ladder.md tells readers):
 *  - a near segment that is overtaken on the way is plain data to the sender's capture;
 *  - a far segment sent again is new where the first copy never came by, and one that was overtaken may as well have
 *    been sent again; ACKs that were lost make others duplicate ones or plain ones; the network's copy of a SYN may be
 *    its retransmission, and an ACK that the FIN behind it overtook a keep-alive probe;
 *  - a capture says why the near side sent again only where that shows, and cannot tell a probe from a timeout that
 *    comes as early; why the far side did, it can only guess;
 *  - losses are inferred (and marked so): without SACK and timestamps a lost ACK looks like lost data;
 *  - a FIN that arrives before what precedes it: a capture takes it that the receiver keeps it;
 *  - states of the far side stand at the segments at which its clock, as it is estimated, puts them: their order is
 *    the same as far as it was seen.
 * A claim without a question mark must be true: what a capture calls needless was needless.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "render/label.h"
#include "unit/symmetry_kit.h"

#define RANDOM_RUNS 400

/* One capture against the truth. */
struct pairing {
    const struct symmetry_run *run;
    enum trace_side near;
    uint64_t seed; /* for messages */
    const struct ladder_segment *truth, *seen;
    size_t truth_count, seen_count;
    uint32_t *to_truth; /* per segment of the capture: its number in the truth */
    uint32_t *to_seen;
    struct numbering raw;
};

/* Over all runs: how often a cause was said, and how often it was the right one. */
struct score {
    uint32_t said, right, lost_said, lost_true;
};

#define fail_at(p, s, what)                                                                \
    fail_msg("run %llu, capture at the %s, segment %u: %s", (unsigned long long)(p)->seed, \
             (p)->near == LADDER_CLIENT ? "client" : "server", (s)->number, what)

/* ---- Pairs -------------------------------------------------------------------------------------------------- */

static bool same_wire(const struct trace_segment *a, const struct trace_segment *b)
{
    return a->side == b->side && a->seq == b->seq && a->ack == b->ack && a->length == b->length &&
           a->flags == b->flags && a->window == b->window && a->ip_id == b->ip_id &&
           a->options.present == b->options.present && a->options.ts_val == b->options.ts_val &&
           a->options.ts_ecr == b->options.ts_ecr && a->options.sack_count == b->options.sack_count;
}

static bool passes_tap(const struct pairing *p, const struct ladder_segment *truth)
{
    bool copy = (truth->facts & LADDER_FACT_COPY) != 0; /* made behind the sender's tap */

    return truth->wire.side == p->near ? !copy : truth->arrived.known == LADDER_MEASURED;
}

static uint32_t find_truth(const struct pairing *p, const struct ladder_segment *seen)
{
    weir_time origin = ladder_info(p->run->truth)->origin;

    for (size_t i = 0; i < p->truth_count; i++) {
        const struct ladder_segment *t = &p->truth[i];
        const struct ladder_time *at = t->wire.side == p->near ? &t->sent : &t->arrived;
        if (passes_tap(p, t) && p->to_seen[t->number] == 0 && same_wire(&t->wire, &seen->wire) &&
            origin + (weir_time)at->ns == seen->wire.time) {
            return t->number;
        }
    }
    return 0;
}

static struct pairing pair(const struct symmetry_run *run, enum trace_side near, uint64_t seed)
{
    struct pairing p = {.run = run, .near = near, .seed = seed};

    p.truth = ladder_segments(run->truth, &p.truth_count);
    p.seen = ladder_segments(run->capture[near], &p.seen_count);
    p.to_truth = calloc(p.seen_count + 1, sizeof(uint32_t));
    p.to_seen = calloc(p.truth_count + 1, sizeof(uint32_t));
    assert_true(p.to_truth != NULL && p.to_seen != NULL);
    for (size_t i = 0; i < p.seen_count; i++) {
        uint32_t number = find_truth(&p, &p.seen[i]);
        if (number == 0) {
            fail_at(&p, &p.seen[i], "is not in the stacks' own log");
        }
        p.to_truth[i + 1] = number;
        p.to_seen[number] = (uint32_t)i + 1;
    }
    for (size_t i = 0; i < p.truth_count; i++) {
        if (passes_tap(&p, &p.truth[i]) && p.to_seen[i + 1] == 0) {
            fail_at(&p, &p.truth[i], "of the stacks' own log was not captured");
        }
    }
    return p;
}

/* ---- Labels --------------------------------------------------------------------------------------------------- */

/* After the number: the two ladders count differently where something was lost. */
static const char *words(const struct label *label)
{
    const char *space = strchr(label->head, ' ');

    return space != NULL ? space : "";
}

static void compare_labels(const struct pairing *p, const struct ladder_segment *seen,
                           const struct ladder_segment *truth)
{
    struct label a, b;
    bool near = seen->wire.side == p->near;

    label_make(&a, seen, &p->raw, false);
    label_make(&b, truth, &p->raw, false);
    if (strcmp(words(&a), words(&b)) != 0 || a.options != b.options) {
        fail_at(p, seen, "has another label");
    }
    if (near && strcmp(a.window, b.window) != 0) {
        fail_at(p, seen, "shows its window in one ladder only");
    }
    for (uint32_t i = 0; i < a.options; i++) {
        assert_string_equal(a.option[i], b.option[i]);
    }
}

/* ---- Classes -------------------------------------------------------------------------------------------------- */

static void compare_near(const struct pairing *p, const struct ladder_segment *seen,
                         const struct ladder_segment *truth)
{
    bool overtaken = truth->class == LADDER_REORDERED && seen->class == LADDER_DATA;

    if (seen->class != truth->class && !overtaken) {
        fail_at(p, seen, "is of another class");
    }
    bool counted = seen->class == LADDER_RETX || seen->class == LADDER_SYN_RETX ||
                   seen->class == LADDER_ZERO_WINDOW_PROBE || seen->class == LADDER_KEEPALIVE ||
                   seen->class == LADDER_DUP_ACK;
    if (counted && seen->count != truth->count) {
        fail_at(p, seen, "is counted differently");
    }
    if (seen->class == LADDER_RETX && p->to_truth[seen->first] != truth->first) {
        fail_at(p, seen, "repeats another segment");
    }
    if (seen->window != truth->window) {
        fail_at(p, seen, "has another window");
    }
}

static bool either(enum ladder_class a, enum ladder_class b, enum ladder_class x,
                   enum ladder_class y)
{
    return (a == x && b == y) || (a == y && b == x);
}

static void compare_far(const struct pairing *p, const struct ladder_segment *seen,
                        const struct ladder_segment *truth)
{
    enum ladder_class s = seen->class, t = truth->class;
    bool again = t == LADDER_RETX &&
                 (s == LADDER_DATA || s == LADDER_FIN || s == LADDER_LATE || s == LADDER_REORDERED);
    bool syn_again = t == LADDER_SYN_RETX && (s == LADDER_SYN || s == LADDER_SYN_ACK);
    bool overtaken = t == LADDER_REORDERED && (s == LADDER_DATA || s == LADDER_LATE);
    bool copy = t == LADDER_NET_DUPLICATE && s == LADDER_SYN_RETX;
    bool acks = either(s, t, LADDER_ACK, LADDER_DUP_ACK) ||
                either(s, t, LADDER_ACK, LADDER_WINDOW_UPDATE) ||
                either(s, t, LADDER_DUP_ACK, LADDER_WINDOW_UPDATE) ||
                (t == LADDER_ACK && s == LADDER_KEEPALIVE); /* overtaken by the FIN behind it */

    if (s != t && !again && !syn_again && !overtaken && !copy && !acks) {
        print_error("%s in truth, %s in the capture\n", ladder_class_name(t, LADDER_CAUSE_NONE),
                    ladder_class_name(s, LADDER_CAUSE_NONE));
        fail_at(p, seen, "of the other side is of a class that nothing explains");
    }
}

/* ---- Claims --------------------------------------------------------------------------------------------------- */

/* Did all of its bytes arrive in an earlier segment? */
static bool came_before(const struct pairing *p, const struct ladder_segment *s)
{
    for (size_t i = 0; i < p->truth_count; i++) {
        const struct ladder_segment *t = &p->truth[i];
        uint32_t offset = s->wire.seq - t->wire.seq;
        if (t != s && t->wire.side == s->wire.side && t->arrived.known == LADDER_MEASURED &&
            t->told < s->told &&
            offset + trace_segment_span(&s->wire) <= trace_segment_span(&t->wire)) {
            return true;
        }
    }
    return false;
}

static void check_claims(const struct pairing *p, const struct ladder_segment *seen,
                         const struct ladder_segment *truth, struct score *score)
{
    bool again = seen->class == LADDER_RETX || seen->class == LADDER_SYN_RETX;

    if ((seen->facts & LADDER_FACT_SPURIOUS) != 0 && !came_before(p, truth)) {
        fail_at(p, seen, "is called needless, and was not");
    }
    if (seen->wire.side != p->near) {
        return;
    }
    if ((seen->facts & LADDER_FACT_MISSED) != 0) {
        score->lost_said++;
        score->lost_true += truth->arrived.known == LADDER_LOST;
    }
    if (again && seen->cause != LADDER_CAUSE_NONE && truth->cause != LADDER_CAUSE_NONE) {
        score->said++;
        score->right += seen->cause == truth->cause;
    }
}

/* ---- States --------------------------------------------------------------------------------------------------- */

/* The states of a side, one after the other, but for those that time alone brings about. */
static size_t list_states(const struct ladder *l, enum trace_side side, uint8_t states[32])
{
    size_t count, n = 0;
    const struct ladder_change *change = ladder_changes(l, &count);

    for (size_t i = 0; i < count && n < 32; i++) {
        if (change[i].side == side && change[i].segment != 0) {
            states[n++] = change[i].to;
        }
    }
    return n;
}

static void compare_states(const struct pairing *p)
{
    uint8_t truth[32], seen[32];
    const struct ladder *capture = p->run->capture[p->near];
    size_t t = list_states(p->run->truth, p->near, truth), s = list_states(capture, p->near, seen);

    if (t != s || memcmp(truth, seen, t) != 0) {
        fail_msg("run %llu: the %s goes through other states in its own capture",
                 (unsigned long long)p->seed, p->near == LADDER_CLIENT ? "client" : "server");
    }
    t = list_states(p->run->truth, trace_other(p->near), truth);
    s = list_states(capture, trace_other(p->near), seen);
    size_t k = 0;
    for (size_t i = 0; i < s; i++, k++) { /* in order, with gaps where packets were lost */
        while (k < t && truth[k] != seen[i]) {
            k++;
        }
        if (k >= t) {
            fail_msg("run %llu: the capture at the %s gives the other side states it never had",
                     (unsigned long long)p->seed, p->near == LADDER_CLIENT ? "client" : "server");
        }
    }
}

static void compare_state_at(const struct pairing *p, const struct ladder_segment *seen,
                             const struct ladder_segment *truth)
{
    bool near = seen->wire.side == p->near;
    uint8_t s = near ? seen->state_sent : seen->state_arrived;
    uint8_t t = near ? truth->state_sent : truth->state_arrived;
    bool by_fin = s == WEIR_TCP_CLOSE_WAIT || t == WEIR_TCP_CLOSE_WAIT || s == WEIR_TCP_TIME_WAIT ||
                  t == WEIR_TCP_TIME_WAIT;

    if (s != t && !by_fin) {
        fail_at(p, seen, "changes the near side's state in one ladder only");
    }
}

/* ---- Runs ------------------------------------------------------------------------------------------------------- */

static void compare(const struct symmetry_run *run, enum trace_side near, uint64_t seed,
                    struct score *score)
{
    struct pairing p = pair(run, near, seed);

    for (size_t i = 0; i < p.seen_count; i++) {
        const struct ladder_segment *seen = &p.seen[i];
        const struct ladder_segment *truth = &p.truth[p.to_truth[i + 1] - 1];
        compare_labels(&p, seen, truth);
        (seen->wire.side == near ? compare_near : compare_far)(&p, seen, truth);
        compare_state_at(&p, seen, truth);
        check_claims(&p, seen, truth, score);
    }
    compare_states(&p);
    free(p.to_truth);
    free(p.to_seen);
}

static void play(const struct symmetry_setup *setup, uint64_t seed, struct score *score)
{
    struct symmetry_run run;

    symmetry_play(setup, &run);
    compare(&run, LADDER_CLIENT, seed, score);
    compare(&run, LADDER_SERVER, seed, score);
    symmetry_free(&run);
}

static void scenes_look_the_same(void **state)
{
    struct score score = {.said = 0};

    (void)state;
    for (size_t i = 0; i < demo_scene_count; i++) {
        struct symmetry_setup setup = symmetry_of_scene(&demo_scenes[i]);
        play(&setup, i, &score);
    }
    assert_int_equal(score.right, score.said);
    assert_int_equal(score.lost_said, score.lost_true + 1); /* lost-ack: it was the ACK */
}

static uint32_t draw(uint64_t *state, uint32_t n)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % n;
}

static struct weir_impair_direction bad_link(uint64_t *r)
{
    return (struct weir_impair_direction){
        .delay = (2 + draw(r, 40)) * WEIR_MS,
        .jitter = draw(r, 3) != 0 ? 0 : draw(r, 10) * WEIR_MS,
        .loss = draw(r, 3) != 0 ? draw(r, 8) / 100.0 : 0,
        .duplicate = draw(r, 4) != 0 ? 0 : draw(r, 4) / 100.0,
        .reorder = draw(r, 3) != 0 ? 0 : draw(r, 5) / 100.0,
        .rate = draw(r, 2) != 0 ? 0 : 1000000u * (1 + draw(r, 20)),
    };
}

/* A question, an answer, now and then an afterthought; who closes first is drawn, too. */
static void play_random(uint64_t seed, struct score *score)
{
    uint64_t r = seed * 7919 + 13;
    uint32_t ask = 20 + draw(&r, 40000), answer = 10 + draw(&r, 40000);
    struct demo_scene scene = {
        .name = "random",
        .lasts = 200 * WEIR_S,
        .client = {.mtu = draw(&r, 3) != 0 ? 1500 : 600 + draw(&r, 800),
                   .steps = {{DEMO_AT_START, 0, 0, DEMO_CONNECT, 0},
                             {DEMO_CONNECTED, 0, draw(&r, 3) * 30 * WEIR_MS, DEMO_SEND, ask},
                             {DEMO_RECEIVED, answer, draw(&r, 3) * 40 * WEIR_MS,
                              draw(&r, 2) != 0 ? DEMO_SEND : DEMO_SHUTDOWN, 500},
                             {DEMO_CONNECTED, 0, 20 * WEIR_MS, DEMO_CLOSE, 0}}},
        .server = {.listens = true,
                   .steps = {{DEMO_RECEIVED, ask, draw(&r, 3) * 50 * WEIR_MS, DEMO_SEND, answer},
                             {DEMO_END, 0, draw(&r, 2) * 60 * WEIR_MS, DEMO_CLOSE, 0}}},
    };
    scene.server.receive_buffer = draw(&r, 4) != 0 ? 0 : 3000 + draw(&r, 8000);
    struct symmetry_setup setup = {
        .scene = &scene,
        .seed = seed,
        .sack = draw(&r, 3) != 0,
        .timestamps = draw(&r, 2) != 0,
        .window_scaling = draw(&r, 2) != 0,
        .quickack = (uint8_t)draw(&r, WEIR_QUICKACK_COUNT),
    };
    setup.trouble[0] = bad_link(&r);
    setup.trouble[1] = bad_link(&r);
    play(&setup, seed, score);
}

static void random_conversations_look_the_same(void **state)
{
    struct score score = {.said = 0};

    (void)state;
    for (uint64_t seed = 1; seed <= RANDOM_RUNS; seed++) {
        play_random(seed, &score);
    }
    assert_true(score.said > 50 && score.lost_said > 100); /* else the links are not bad enough */
    assert_true(score.right * 100 >= score.said * 90);
    assert_true(score.lost_true * 100 >= score.lost_said * 85);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scenes_look_the_same),
        cmocka_unit_test(random_conversations_look_the_same),
    };
    return cmocka_run_group_tests_name("symmetry", tests, NULL, NULL);
}
