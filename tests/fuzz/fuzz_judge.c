/* fuzz_judge.c - the judge: any stream of segments, with its promises checked after each one. */
#include "fuzz_kit.h"

#include "trace/judge.h"

struct seen {
    uint32_t taken;
};

static void learn(void *ctx, const struct lesson *lesson)
{
    const struct seen *seen = ctx;

    CHECK(lesson->kind < LESSON_COUNT && lesson->evidence < EVIDENCE_COUNT);
    CHECK(lesson->number <= seen->taken && lesson->by <= seen->taken);
}

struct input {
    const uint8_t *data;
    size_t size;
};

static uint8_t u8(struct input *in)
{
    return fuzz_byte(&in->data, &in->size);
}

static uint16_t u16(struct input *in)
{
    return fuzz_u16(&in->data, &in->size);
}

/* Numbers near each other, so that they meet; now and then a far one. */
static uint32_t number(struct input *in)
{
    uint8_t choice = u8(in);

    return choice == 255 ? (uint32_t)u16(in) << 16 : (uint32_t)choice * 64 - 4096;
}

static struct trace_segment segment(struct input *in)
{
    uint8_t shape = u8(in);
    struct trace_segment w = {.time = (weir_time)u16(in) * 50000,
                              .seq = number(in),
                              .ack = number(in),
                              .length = (uint32_t)(u8(in) & 15) * 64,
                              .flags = (shape & 1) != 0 ? WEIR_TCP_ACK : u8(in),
                              .window = u8(in),
                              .ip_id = u8(in),
                              .side = shape >> 1 & 1,
                              .cut = (shape & 0xf0) == 0xf0};

    if ((shape & 4) != 0) {
        w.options.present |= WEIR_SEGMENT_TIMESTAMPS;
        w.options.ts_val = u8(in);
        w.options.ts_ecr = u8(in);
    }
    if ((shape & 8) != 0) {
        w.options.present |= WEIR_SEGMENT_SACK | WEIR_SEGMENT_SACK_PERMITTED | WEIR_SEGMENT_MSS;
        w.options.mss = 536;
        w.options.sack_count = (uint8_t)(u8(in) % (WEIR_SACK_BLOCKS_MAX + 1));
        for (uint8_t i = 0; i < w.options.sack_count; i++) {
            w.options.sack[i].start = number(in);
            w.options.sack[i].end = number(in);
        }
    }
    return w;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct seen seen = {.taken = 0};
    struct judge_setup setup = {
        .vantage = (enum ladder_vantage)(u8(&in) % 4), .learn = learn, .ctx = &seen};
    struct judge *judge = judge_new(&setup);
    struct judgement said;

    while (judge != NULL && in.size > 0) {
        struct trace_segment w = segment(&in);
        seen.taken++;
        int result = judge_take(judge, &w, &said);
        CHECK(result == WEIR_OK || result == WEIR_ENOBUFS);
        CHECK(said.number == seen.taken && said.first < said.number);
        CHECK(said.class < LADDER_CLASS_COUNT && said.cause < LADDER_CAUSE_COUNT);
        CHECK(said.class != LADDER_REORDERED || w.length > 0 || trace_segment_span(&w) > 0);
    }
    if (judge != NULL) {
        judge_end(judge);
        judge_del(judge);
    }
    return 0;
}
