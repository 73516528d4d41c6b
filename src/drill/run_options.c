/* run_options.c - TCP options of a script and of a packet as one kind of list. */
#include "drill/run_private.h"

#include <stdlib.h>

#include "base/bytes.h"

#define KIND_EXPERIMENTAL 254 /* RFC 6994 */
#define KIND_ACCECN0 172      /* RFC 9768 3.2.3 */
#define KIND_ACCECN1 174
#define FASTOPEN_EXPERIMENT 0xf989 /* RFC 7413 4.1.1's forerunner */
#define ACCECN_EXPERIMENT 0xacce

static void put(struct run_option *o, const void *data, size_t size)
{
    memcpy(o->data + (o->size - 2), data, size);
    o->size = (uint8_t)(o->size + size);
}

static void put_be16(struct run_option *o, uint32_t value)
{
    uint8_t bytes[2];

    store_be16(bytes, (uint16_t)value);
    put(o, bytes, 2);
}

static void put_be32(struct run_option *o, uint32_t value)
{
    uint8_t bytes[4];

    store_be32(bytes, value);
    put(o, bytes, 4);
}

/* A kind of its own, or an experiment's identifier in front (RFC 6994). */
static void begin(struct run_option *o, const struct drill_option *s, uint8_t kind,
                  uint32_t experiment)
{
    o->kind = s->experimental ? KIND_EXPERIMENTAL : kind;
    o->size = 2;
    if (s->experimental && experiment > UINT16_MAX) {
        put_be32(o, experiment);
    } else if (s->experimental) {
        put_be16(o, experiment);
    }
}

static void accecn(struct run_option *o, const struct drill_option *s)
{
    bool first = s->kind == DRILL_OPTION_ACCECN0;

    begin(o, s, first ? KIND_ACCECN0 : KIND_ACCECN1, ACCECN_EXPERIMENT + (first ? 0 : 1));
    for (size_t i = 0; i < s->count && i < ARRAY_SIZE(s->counters); i++) {
        uint8_t bytes[4];

        store_be32(bytes, s->counters[i]);
        put(o, bytes + 1, 3);
    }
}

/* A symbol stands for bytes that --define gives, in hexadecimal. */
static bool bytes_of(struct run *run, const struct drill_option *s, struct run_option *o)
{
    const char *text;

    if (!s->symbol) {
        put(o, s->data.data, min_u64(s->data.size, sizeof(o->data) - o->size + 2));
        return true;
    }
    text = run_define(run, s->symbol);
    if (!text) {
        return run_skip(run, s->pos, "not modelled: option value '%s'", s->symbol);
    }
    for (; text[0] && text[1] && o->size < 40; text += 2) {
        char pair[3] = {text[0], text[1], 0};
        uint8_t byte = (uint8_t)strtoul(pair, NULL, 16);

        put(o, &byte, 1);
    }
    return true;
}

/* Zeros where run_auth.c puts the signature. */
static bool pad_signature(struct run *run, const struct drill_option *s, struct run_option *o,
                          size_t size)
{
    static const uint8_t zeros[RUN_MD5_SIZE];

    if (!run->options->mac) {
        return run_skip(run, s->pos, "there is nothing to compute signatures with");
    }
    put(o, zeros, size);
    return true;
}

static bool convert(struct run *run, const struct drill_option *s, struct run_option *o)
{
    *o = (struct run_option){.size = 2};
    switch (s->kind) {
    case DRILL_OPTION_EOL: *o = (struct run_option){TCP_OPTION_EOL, 1, {0}}; break;
    case DRILL_OPTION_NOP: *o = (struct run_option){TCP_OPTION_NOP, 1, {0}}; break;
    case DRILL_OPTION_MSS:
        o->kind = TCP_OPTION_MSS;
        put_be16(o, s->number);
        break;
    case DRILL_OPTION_WSCALE:
        o->kind = TCP_OPTION_WSCALE;
        put(o, &(uint8_t){(uint8_t)s->number}, 1);
        break;
    case DRILL_OPTION_SACK_OK: o->kind = TCP_OPTION_SACK_PERMITTED; break;
    case DRILL_OPTION_SACK:
        o->kind = TCP_OPTION_SACK;
        for (size_t i = 0; i < s->count; i++) {
            put_be32(o, s->blocks[i].left);
            put_be32(o, s->blocks[i].right);
        }
        break;
    case DRILL_OPTION_TS:
        if (s->val.name || s->ecr.name) {
            return run_skip(run, s->pos, "not modelled: named timestamps");
        }
        o->kind = TCP_OPTION_TIMESTAMPS;
        put_be32(o, s->val.value);
        put_be32(o, s->ecr.value);
        break;
    case DRILL_OPTION_MD5:
        o->kind = TCP_OPTION_MD5;
        return s->signature ? pad_signature(run, s, o, RUN_MD5_SIZE) : bytes_of(run, s, o);
    case DRILL_OPTION_AO:
        o->kind = TCP_OPTION_AO;
        put(o, (uint8_t[]){s->key_id, s->next_key_id}, 2);
        return pad_signature(run, s, o, RUN_AO_SIZE);
    case DRILL_OPTION_FAST_OPEN:
        begin(o, s, TCP_OPTION_FASTOPEN, FASTOPEN_EXPERIMENT);
        return bytes_of(run, s, o);
    case DRILL_OPTION_ACCECN0:
    case DRILL_OPTION_ACCECN1: accecn(o, s); break;
    case DRILL_OPTION_OTHER: begin(o, s, (uint8_t)s->number, s->number); return bytes_of(run, s, o);
    default: return run_skip(run, s->pos, "not modelled: this option");
    }
    return true;
}

int run_options_script(struct run *run, const struct drill_tcp *tcp,
                       struct run_option out[RUN_OPTIONS_MAX])
{
    int count = 0;
    size_t size = 0;

    if (tcp->options_mode == DRILL_OPTIONS_RAW) {
        return run_options_wire((const uint8_t *)tcp->raw.data, tcp->raw.size, out);
    }
    for (const struct drill_option *s = tcp->options; s && count < RUN_OPTIONS_MAX; s = s->next) {
        if (!convert(run, s, &out[count])) {
            return -1;
        }
        size += out[count++].size;
    }
    if (size > TCP_OPTIONS_MAX || size % 4 != 0) {
        run_broken(run, run->event->pos,
                   "the options have %zu bytes: not a multiple of 4 up to 40 (add nop)", size);
        return -1;
    }
    return count;
}

/* Bytes that are no option any more become one of kind EOL for each. */
int run_options_wire(const uint8_t *bytes, size_t size, struct run_option out[RUN_OPTIONS_MAX])
{
    int count = 0;

    for (size_t at = 0; at < size && count < RUN_OPTIONS_MAX; count++) {
        struct run_option *o = &out[count];
        bool single = bytes[at] <= TCP_OPTION_NOP;
        size_t length = single ? 1 : at + 1 < size ? bytes[at + 1] : 0;

        *o = (struct run_option){.kind = bytes[at], .size = 1};
        if (!single && length >= 2 && at + length <= size) {
            o->size = (uint8_t)length;
            memcpy(o->data, bytes + at + 2, length - 2);
        }
        at += o->size;
    }
    return count;
}
