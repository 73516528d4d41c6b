/*
 * symmetry_kit.h - one run of two stacks, seen three times: by the stacks themselves (every packet's fate, and their
 * records), and by a capture at each end.
 */
#ifndef TESTS_SYMMETRY_KIT_H
#define TESTS_SYMMETRY_KIT_H

#include "cli/demo.h"

struct symmetry_setup {
    const struct demo_scene *scene;
    struct weir_impair_direction trouble[2]; /* 0: of what the client sends */
    uint64_t seed;
    bool sack, timestamps, window_scaling;
    uint8_t quickack; /* enum weir_quickack */
};

struct symmetry_run {
    struct ladder *truth;      /* LADDER_AT_BOTH, with records */
    struct ladder *capture[2]; /* by side: LADDER_AT_CLIENT, LADDER_AT_SERVER */
};

/* A scene of weir demo as it is played there. */
struct symmetry_setup symmetry_of_scene(const struct demo_scene *scene);

/* Fails the test when anything goes wrong. All ladders are finished. */
void symmetry_play(const struct symmetry_setup *setup, struct symmetry_run *run);
void symmetry_free(struct symmetry_run *run);

#endif
