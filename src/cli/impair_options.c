/* impair_options.c - see impair_options.h. */
#include "cli/impair_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "cli/cli.h"
#include "cli/values.h"

enum { OUT = 0, IN = 1 };

/* The keys of one option are these times three, plus the directions that it sets. */
enum what {
    LOSS = 0x400,
    DELAY,
    JITTER,
    RATE,
    QUEUE,
    REORDER,
    DUPLICATE,
    CORRUPT,
    MARK,
    MARK_QUEUE,
    DATA_LOSS,
    DROP,
    DROP_LARGER,
    DUPLICATE_NTH,
    REORDER_NTH,
    STALL,
    WHAT_END
};
enum { BOTH = 0, ONLY_OUT, ONLY_IN, VARIANTS };
#define KEY(what, variant) ((what)*VARIANTS + (variant))
enum { KEY_SEED = 0x300 };

#define OPTION(name, what, arg, doc)                                  \
    {name, KEY(what, BOTH), arg, 0, doc, 5},                          \
        {name "-out", KEY(what, ONLY_OUT), arg, OPTION_HIDDEN, 0, 5}, \
    {                                                                 \
        name "-in", KEY(what, ONLY_IN), arg, OPTION_HIDDEN, 0, 5      \
    }

static const struct argp_option impair_table[] = {
    {NULL, 0, NULL, 0,
     "Trouble on the way, counted in wire segments (NAME-out, NAME-in: one direction only):", 5},
    OPTION("loss", LOSS, "P", "lose this share, such as 1%"),
    OPTION("delay", DELAY, "TIME", "each way takes this long, such as 20ms"),
    OPTION("jitter", JITTER, "TIME", "and up to this much longer; the order is kept"),
    OPTION("rate", RATE, "RATE", "bits per second, such as 10mbit"),
    OPTION("queue", QUEUE, "N", "packets that may wait for the rate (1000)"),
    OPTION("reorder", REORDER, "P", "let this share be overtaken"),
    OPTION("duplicate", DUPLICATE, "P", "deliver this share twice"),
    OPTION("corrupt", CORRUPT, "P", "flip a bit in this share"),
    OPTION("mark", MARK, "P", "mark this share with CE, of packets with ECT"),
    OPTION("mark-queue", MARK_QUEUE, "N", "and all while N or more wait for the rate"),
    OPTION("data-loss", DATA_LOSS, "P", "lose this share of the data: the same for every sender"),
    OPTION("drop", DROP, "N[,N...]", "lose just these, counted from 1 in each direction"),
    OPTION("drop-larger", DROP_LARGER, "N", "lose what has more than N bytes, and say nothing"),
    OPTION("duplicate-nth", DUPLICATE_NTH, "N[,N...]", "deliver just these twice"),
    OPTION("reorder-nth", REORDER_NTH, "N[,N...]", "let just these be overtaken"),
    OPTION("stall", STALL, "N:TIME", "stand still for TIME when packet N comes; the order is kept"),
    {"seed", KEY_SEED, "N", 0, "choose another course of chance (1)", 5},
    {0}};

/* Rising numbers into list[IMPAIR_NTH_MAX]. */
static bool set_list(uint32_t *list, size_t *count, const char *text)
{
    uint32_t last = 0;

    *count = 0;
    while (*count < IMPAIR_NTH_MAX) {
        char *end;
        unsigned long long number = strtoull(text, &end, 10);
        if (text[0] < '0' || text[0] > '9' || number <= last || number > UINT32_MAX) {
            return false;
        }
        list[(*count)++] = last = (uint32_t)number;
        if (*end == '\0') {
            return true;
        }
        if (*end != ',') {
            return false;
        }
        text = end + 1;
    }
    return false;
}

/* "12:300ms" */
static bool set_stall(struct weir_impair_direction *d, const char *text)
{
    const char *colon = strchr(text, ':');
    char number[12] = "";
    uint64_t nth;

    if (colon == NULL || (size_t)(colon - text) >= sizeof(number)) {
        return false;
    }
    memcpy(number, text, (size_t)(colon - text));
    if (!value_number(number, 1, UINT32_MAX, &nth)) {
        return false;
    }
    d->stall_nth = (uint32_t)nth;
    return value_duration(colon + 1, &d->stall_time);
}

static bool set_direction(struct impair_options *o, enum what what, int direction, const char *text)
{
    struct weir_impair_direction *d = &o->config.direction[direction];
    uint64_t number;

    switch (what) {
    case LOSS: return value_probability(text, &d->loss);
    case DELAY: return value_duration(text, &d->delay);
    case JITTER: return value_duration(text, &d->jitter);
    case RATE: return value_rate(text, &d->rate);
    case REORDER: return value_probability(text, &d->reorder);
    case DUPLICATE: return value_probability(text, &d->duplicate);
    case CORRUPT: return value_probability(text, &d->corrupt);
    case MARK: return value_probability(text, &d->mark);
    case DATA_LOSS: d->count_transmissions = true; return value_probability(text, &d->data_loss);
    case DROP:
        d->drop = o->drop[direction];
        return set_list(o->drop[direction], &d->drop_count, text);
    case DUPLICATE_NTH:
        d->duplicate_nth = o->duplicate[direction];
        return set_list(o->duplicate[direction], &d->duplicate_nth_count, text);
    case REORDER_NTH:
        d->delay_nth = o->reorder[direction];
        return set_list(o->reorder[direction], &d->delay_nth_count, text);
    case STALL: return set_stall(d, text);
    case DROP_LARGER:
        if (!value_number(text, 1, UINT16_MAX, &number)) {
            return false;
        }
        d->drop_larger = (uint32_t)number;
        return true;
    case QUEUE:
        if (!value_number(text, 1, 1000000, &number)) {
            return false;
        }
        d->queue_packets = (uint32_t)number;
        return true;
    case MARK_QUEUE:
        if (!value_number(text, 1, 1000000, &number)) {
            return false;
        }
        d->mark_queue = (uint32_t)number;
        return true;
    case WHAT_END: break;
    }
    return false;
}

static const char *name_of(int key)
{
    for (size_t i = 0; impair_table[i].name != NULL || impair_table[i].doc != NULL; i++) {
        if (impair_table[i].key == key) {
            return impair_table[i].name;
        }
    }
    return "?";
}

static error_t parse_impair(int key, char *arg, struct argp_state *state)
{
    struct impair_options *o = state->input;
    bool good = true;

    if (key == ARGP_KEY_INIT) {
        o->config.seed = 1;
        return 0;
    }
    if (key == KEY_SEED) {
        good = value_number(arg, 0, UINT64_MAX, &o->config.seed);
    } else if (key >= KEY(LOSS, 0) && key < KEY(WHAT_END, 0)) {
        int variant = key % VARIANTS;
        o->wanted = true;
        if (variant != ONLY_IN) {
            good = set_direction(o, (enum what)(key / VARIANTS), OUT, arg);
        }
        if (variant != ONLY_OUT) {
            good = good && set_direction(o, (enum what)(key / VARIANTS), IN, arg);
        }
    } else {
        return ARGP_ERR_UNKNOWN;
    }
    if (!good) {
        cli_error(CLI_USAGE, "bad value for --%s: %s", name_of(key), arg);
        return EINVAL;
    }
    return 0;
}

const struct argp impair_argp = {.options = impair_table, .parser = parse_impair};

weir_time impair_longest_delay(const struct impair_options *options)
{
    weir_time longest = 0;

    for (int i = 0; i < 2; i++) {
        const struct weir_impair_direction *d = &options->config.direction[i];
        weir_time late = d->reorder > 0 || d->delay_nth_count > 0
                             ? d->reorder_delay + d->delay / 2 + WEIR_MS
                             : 0;
        longest = MAX(longest, d->delay + d->jitter + late + d->stall_time);
    }
    return longest;
}
