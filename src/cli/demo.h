/*
 * demo.h - canned conversations between two real weir stacks in virtual time.
 *
 * A scene is data: the options of both ends, the trouble on the way, and for each side a script of what its
 * application does and when. Nothing else: the segments are what the two stacks make of it.
 */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include <weir/device.h>

#include "render/messages.h"
#include "trace/internals.h"

/* When a step is taken: its condition holds, and then `after` has passed (0: in the same turn). */
enum demo_when {
    DEMO_AT_START = 0,
    DEMO_CONNECTED, /* connected, or accepted */
    DEMO_RECEIVED,  /* `amount` bytes in all were read */
    DEMO_END,       /* the peer's FIN was read */
    DEMO_CLOSED     /* the connection is over */
};

enum demo_what {
    DEMO_NOTHING = 0, /* marks the end of a script */
    DEMO_CONNECT,
    DEMO_SEND,     /* `size` bytes */
    DEMO_SHUTDOWN, /* no more data from this side */
    DEMO_CLOSE,
    DEMO_READ,     /* from now on: read what comes (scenes start reading unless `lazy`) */
    DEMO_READ_SOME /* reads `size` bytes once */
};

struct demo_step {
    enum demo_when when;
    uint32_t amount;
    weir_time after;
    enum demo_what what;
    uint32_t size;
};

#define DEMO_STEPS_MAX 10
#define DEMO_NTH_MAX 4

struct demo_side {
    bool listens, lazy, no_listener, keepalive;
    uint32_t mtu;            /* 0: 1500 */
    uint32_t receive_buffer; /* 0: the default */
    weir_time keepalive_idle, keepalive_interval;
    uint32_t drop[DEMO_NTH_MAX];  /* numbers (1..) of its wire segments that are lost; 0 ends */
    uint32_t delay[DEMO_NTH_MAX]; /* ... or late by `late` */
    weir_time late;
    uint64_t rate; /* of what it sends, bits per second; 0: infinite */
    struct demo_step steps[DEMO_STEPS_MAX];
};

struct demo_scene {
    const char *name;
    enum message_id title, story;
    bool sack;
    uint16_t server_port; /* 0: 8000 */
    weir_time lasts;      /* how long it is watched; 0: 30 s (less than 2 MSL) */
    struct demo_side client, server;
};

extern const struct demo_scene demo_scenes[];
extern const size_t demo_scene_count;
const struct demo_scene *demo_find(const char *name);

struct demo_options {
    uint32_t isn[2];             /* client's, server's */
    weir_time delay;             /* one way */
    const char *write;           /* pcapng, as seen at the client; NULL: none */
    struct internals *internals; /* takes what both stacks do inside; NULL: nobody asks */
};

/* Runs a scene; *ladder is finished and the caller's. 0, or a negative enum weir_error with a line in
 * why[size]. */
int demo_run(const struct demo_scene *scene, const struct demo_options *options,
             struct ladder **ladder, char *why, size_t size);

#endif
