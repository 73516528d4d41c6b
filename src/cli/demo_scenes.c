/* demo_scenes.c - the canned conversations, as data (demo.h). */
#include <string.h>

#include "base/compiler.h"
#include "cli/demo.h"

#define MS WEIR_MS
#define S WEIR_S

/* The application that asks, reads the answer, waits a little and closes; and its server. */
#define ASK(bytes)                                                                   \
    {                                                                                \
        .when = DEMO_CONNECTED, .after = 80 * MS, .what = DEMO_SEND, .size = (bytes) \
    }
#define OPEN                 \
    {                        \
        .what = DEMO_CONNECT \
    }
#define GONE                                    \
    {                                           \
        .when = DEMO_CLOSED, .what = DEMO_CLOSE \
    }

const struct demo_scene demo_scenes[] = {
    {
        .name = "article",
        .title = MESSAGE_DEMO_ARTICLE,
        .story = MESSAGE_DEMO_ARTICLE_STORY,
        .client = {.steps = {OPEN,
                             ASK(20),
                             {.when = DEMO_RECEIVED,
                              .amount = 10,
                              .after = 100 * MS,
                              .what = DEMO_SHUTDOWN},
                             GONE}},
        /* MTU 1064: MSS 1024. The answer leaves in the turn in which the question is read. */
        .server = {.listens = true,
                   .mtu = 1064,
                   .steps = {{.when = DEMO_RECEIVED, .amount = 20, .what = DEMO_SEND, .size = 10},
                             {.when = DEMO_END, .after = 200 * MS, .what = DEMO_CLOSE}}},
    },
    {
        .name = "refused",
        .title = MESSAGE_DEMO_REFUSED,
        .story = MESSAGE_DEMO_REFUSED_STORY,
        .server_port = 8080,
        .client = {.steps = {OPEN, GONE}},
        .server = {.steps = {{.what = DEMO_NOTHING}}},
    },
    {
        .name = "lost-segment",
        .title = MESSAGE_DEMO_LOST_SEGMENT,
        .story = MESSAGE_DEMO_LOST_SEGMENT_STORY,
        .client = {.drop = {3},
                   .steps = {OPEN,
                             ASK(20),
                             {.when = DEMO_RECEIVED,
                              .amount = 10,
                              .after = 100 * MS,
                              .what = DEMO_SHUTDOWN},
                             GONE}},
        .server = {.listens = true,
                   .steps = {{.when = DEMO_RECEIVED, .amount = 20, .what = DEMO_SEND, .size = 10},
                             {.when = DEMO_END, .after = 100 * MS, .what = DEMO_CLOSE}}},
    },
    {
        .name = "lost-ack",
        .title = MESSAGE_DEMO_LOST_ACK,
        .story = MESSAGE_DEMO_LOST_ACK_STORY,
        .client = {.steps = {OPEN,
                             ASK(20),
                             {.when = DEMO_CONNECTED, .after = 2 * S, .what = DEMO_SHUTDOWN},
                             GONE}},
        .server = {.listens = true,
                   .drop = {2},
                   .steps = {{.when = DEMO_END, .after = 100 * MS, .what = DEMO_CLOSE}}},
    },
    {
        .name = "half-close",
        .title = MESSAGE_DEMO_HALF_CLOSE,
        .story = MESSAGE_DEMO_HALF_CLOSE_STORY,
        .client = {.steps = {OPEN,
                             ASK(20),
                             {.when = DEMO_CONNECTED, .after = 20 * MS, .what = DEMO_SHUTDOWN},
                             GONE}},
        .server = {.listens = true,
                   .steps = {{.when = DEMO_END, .after = 200 * MS, .what = DEMO_SEND, .size = 40},
                             {.after = 200 * MS, .what = DEMO_SEND, .size = 40},
                             {.after = 200 * MS, .what = DEMO_SEND, .size = 40},
                             {.after = 200 * MS, .what = DEMO_CLOSE}}},
    },
    {
        .name = "three-segment-close",
        .title = MESSAGE_DEMO_THREE_SEGMENT_CLOSE,
        .story = MESSAGE_DEMO_THREE_SEGMENT_CLOSE_STORY,
        .client = {.steps = {OPEN,
                             ASK(20),
                             {.when = DEMO_RECEIVED,
                              .amount = 10,
                              .after = 100 * MS,
                              .what = DEMO_SHUTDOWN},
                             GONE}},
        .server = {.listens = true,
                   .steps = {{.when = DEMO_RECEIVED, .amount = 20, .what = DEMO_SEND, .size = 10},
                             {.when = DEMO_END, .what = DEMO_CLOSE}}},
    },
    {
        .name = "simultaneous-open",
        .title = MESSAGE_DEMO_SIMULTANEOUS_OPEN,
        .story = MESSAGE_DEMO_SIMULTANEOUS_OPEN_STORY,
        .client = {.steps = {OPEN,
                             ASK(20),
                             {.when = DEMO_RECEIVED,
                              .amount = 10,
                              .after = 100 * MS,
                              .what = DEMO_SHUTDOWN},
                             GONE}},
        .server = {.steps = {OPEN,
                             {.when = DEMO_RECEIVED, .amount = 20, .what = DEMO_SEND, .size = 10},
                             {.when = DEMO_END, .after = 100 * MS, .what = DEMO_CLOSE}}},
    },
    {
        .name = "simultaneous-close",
        .title = MESSAGE_DEMO_SIMULTANEOUS_CLOSE,
        .story = MESSAGE_DEMO_SIMULTANEOUS_CLOSE_STORY,
        .client = {.steps = {OPEN,
                             {.when = DEMO_AT_START, .after = 200 * MS, .what = DEMO_SHUTDOWN},
                             GONE}},
        .server = {.listens = true,
                   .steps = {{.when = DEMO_AT_START, .after = 200 * MS, .what = DEMO_SHUTDOWN},
                             GONE}},
    },
    {
        .name = "zero-window",
        .title = MESSAGE_DEMO_ZERO_WINDOW,
        .story = MESSAGE_DEMO_ZERO_WINDOW_STORY,
        .client = {.steps = {OPEN,
                             ASK(8000),
                             {.when = DEMO_CONNECTED, .after = 4 * S, .what = DEMO_SHUTDOWN},
                             GONE}},
        .server = {.listens = true,
                   .lazy = true,
                   .receive_buffer = 4096,
                   .steps = {{.when = DEMO_CONNECTED, .after = 3200 * MS, .what = DEMO_READ},
                             {.when = DEMO_END, .after = 100 * MS, .what = DEMO_CLOSE}}},
    },
    {
        .name = "keep-alive",
        .title = MESSAGE_DEMO_KEEP_ALIVE,
        .story = MESSAGE_DEMO_KEEP_ALIVE_STORY,
        .client = {.keepalive = true,
                   .keepalive_idle = 10 * S,
                   .keepalive_interval = 5 * S,
                   .steps = {OPEN,
                             ASK(20),
                             {.when = DEMO_CONNECTED, .after = 25 * S, .what = DEMO_SHUTDOWN},
                             GONE}},
        .server = {.listens = true,
                   .steps = {{.when = DEMO_RECEIVED, .amount = 20, .what = DEMO_SEND, .size = 10},
                             {.when = DEMO_END, .after = 100 * MS, .what = DEMO_CLOSE}}},
        .lasts = 50 * S,
    },
    {
        .name = "out-of-order",
        .title = MESSAGE_DEMO_OUT_OF_ORDER,
        .story = MESSAGE_DEMO_OUT_OF_ORDER_STORY,
        .client = {.delay = {4},
                   .late = 8 * MS,
                   .steps =
                       {OPEN,
                        {.when = DEMO_CONNECTED, .after = 80 * MS, .what = DEMO_SEND, .size = 1460},
                        {.after = 3 * MS, .what = DEMO_SEND, .size = 1460},
                        {.after = 3 * MS, .what = DEMO_SEND, .size = 1460},
                        {.after = 300 * MS, .what = DEMO_SHUTDOWN},
                        GONE}},
        .server = {.listens = true,
                   .steps = {{.when = DEMO_END, .after = 100 * MS, .what = DEMO_CLOSE}}},
    },
    {
        .name = "fast-retransmit",
        .title = MESSAGE_DEMO_FAST_RETRANSMIT,
        .story = MESSAGE_DEMO_FAST_RETRANSMIT_STORY,
        .sack = true,
        .client = {.drop = {3},
                   .rate = 10000000,
                   .steps = {OPEN,
                             ASK(8760),
                             {.when = DEMO_CONNECTED, .after = 400 * MS, .what = DEMO_SHUTDOWN},
                             GONE}},
        .server = {.listens = true,
                   .steps = {{.when = DEMO_END, .after = 100 * MS, .what = DEMO_CLOSE}}},
    },
    {
        .name = "rst-unread-data",
        .title = MESSAGE_DEMO_RST_UNREAD_DATA,
        .story = MESSAGE_DEMO_RST_UNREAD_DATA_STORY,
        .client = {.steps = {OPEN, ASK(3000), GONE}},
        .server = {.listens = true,
                   .lazy = true,
                   .steps = {{.when = DEMO_CONNECTED,
                              .after = 200 * MS,
                              .what = DEMO_READ_SOME,
                              .size = 10},
                             {.after = 100 * MS, .what = DEMO_CLOSE}}},
    },
};

const size_t demo_scene_count = ARRAY_SIZE(demo_scenes);

const struct demo_scene *demo_find(const char *name)
{
    for (size_t i = 0; i < demo_scene_count; i++) {
        if (strcmp(demo_scenes[i].name, name) == 0) {
            return &demo_scenes[i];
        }
    }
    return NULL;
}
