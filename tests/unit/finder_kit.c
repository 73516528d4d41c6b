/* finder_kit.c - feeding a finder by hand. */
#include "unit/finder_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "render/findings.h"

#define START (1700000000 * WEIR_S)

static void learn(void *ctx, const struct lesson *lesson)
{
    finder_lesson(ctx, lesson);
}

struct find_kit find_kit_finder_after(const struct finder_setup *setup)
{
    struct find_kit x = {.window = 60000, .mss = 1460};

    x.finder = finder_new(setup);
    assert_non_null(x.finder);
    struct judge_setup judge = {.vantage = setup->vantage, .learn = learn, .ctx = x.finder};
    x.judge = judge_new(&judge);
    assert_non_null(x.judge);
    return x;
}

struct find_kit find_kit(enum ladder_vantage vantage)
{
    return find_kit_finder_after(&(struct finder_setup){.vantage = vantage, .port = 80});
}

struct trace_segment find_kit_wire(const struct find_kit *x, double ms, char direction,
                                   const char *flags, uint32_t seq, uint32_t length, uint32_t ack)
{
    static const char names[] = "FSRPAU";
    struct trace_segment s = {.time = START + (weir_time)(ms * 1e6 + 0.5),
                              .frame = x->number + 101,
                              .seq = seq,
                              .ack = ack,
                              .length = length,
                              .window = x->window,
                              .ip_id = (uint16_t)(x->number + 1),
                              .ttl = 64,
                              .side = direction == '>' ? LADDER_CLIENT : LADDER_SERVER,
                              .checksum = TRACE_SUM_GOOD};

    for (; *flags != '\0'; flags++) {
        s.flags |= (uint16_t)(1u << (strchr(names, *flags) - names));
    }
    if ((s.flags & WEIR_TCP_SYN) != 0) {
        s.options.present = WEIR_SEGMENT_MSS;
        s.options.mss = x->mss;
    }
    return s;
}

void find_kit_feed(struct find_kit *x, const struct trace_segment *wire)
{
    struct judgement judgement;

    assert_int_equal(judge_take(x->judge, wire, &judgement), WEIR_OK);
    x->number = judgement.number;
    finder_take(x->finder, wire, &judgement);
}

void find_kit_judged(struct find_kit *x, struct trace_segment wire, struct judgement judgement)
{
    judgement.number = ++x->number;
    judgement.window = wire.window;
    finder_take(x->finder, &wire, &judgement);
}

void find_kit_send(struct find_kit *x, double ms, char direction, const char *flags, uint32_t seq,
                   uint32_t length, uint32_t ack)
{
    struct trace_segment wire = find_kit_wire(x, ms, direction, flags, seq, length, ack);

    find_kit_feed(x, &wire);
}

void find_kit_open(struct find_kit *x)
{
    find_kit_send(x, 0, '>', "S", 1000, 0, 0);
    find_kit_send(x, 40, '<', "SA", 8000, 0, 1001);
    find_kit_send(x, 40.05, '>', "A", 1001, 0, 8001);
}

const struct finding *find_kit_finding(struct find_kit *x, enum finding_id id)
{
    if (x->list == NULL) {
        judge_end(x->judge);
        finder_end(x->finder);
        x->list = finder_list(x->finder, &x->count);
    }
    for (size_t i = 0; i < x->count; i++) {
        if (x->list[i].id == id) {
            return &x->list[i];
        }
    }
    return NULL;
}

/* Worst first, each with a sentence, and the account sums to the time. */
static void check_all(const struct find_kit *x)
{
    struct account account;
    struct finder_totals totals;
    char text[FINDING_TEXT_MAX];

    for (size_t i = 0; i < x->count; i++) {
        const struct finding *f = &x->list[i];
        assert_in_range(f->confidence, 1, 100);
        assert_true(f->start <= f->end);
        assert_true(f->segment_count <= FINDING_SEGMENTS_MAX && f->evidence != NULL);
        assert_true(i == 0 || f[-1].severity >= f->severity);
        for (int language = 0; language < LANGUAGE_COUNT; language++) {
            finding_text(text, f, (enum language)language);
            assert_true(strlen(text) > 10 && strchr(text, '{') == NULL);
        }
    }
    finder_account(x->finder, &account);
    finder_totals(x->finder, &totals);
    assert_int_equal(account.total_ns, totals.last - totals.start);
}

void find_kit_finder_del(struct find_kit *x)
{
    judge_del(x->judge);
    finder_del(x->finder);
}

void find_kit_expect(struct find_kit *x, enum finding_id id, uint32_t occurrences)
{
    const struct finding *f = find_kit_finding(x, id);
    uint32_t found = f == NULL ? 0 : f->occurrences;

    if (found != occurrences) {
        fail_msg("%s was found %u times and not %u", finding_name(id), found, occurrences);
    }
    check_all(x);
    find_kit_finder_del(x);
}
