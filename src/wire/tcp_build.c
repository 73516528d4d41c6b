/*
 * tcp_build.c - writing the TCP header and its options in Linux's order.
 *
 * Everything is aligned to 4 bytes by NOPs in front, and SACK permitted shares a word with the head of
 * the timestamps when both are there:
 *
 *     MD5                     01 01 13 12  16 bytes                (these two come first)
 *     AO                      1d 10 kk nn  12 bytes
 *     MSS                     02 04 mm mm
 *     SACK permitted and TS   04 02 08 0a  tttttttt tttttttt
 *     TS alone                01 01 08 0a  tttttttt tttttttt
 *     SACK permitted alone    01 01 04 02
 *     window scale            01 03 03 ss
 *     user timeout            1c 04 tt tt
 *     SACK                    01 01 05 ll  ssssssss eeeeeeee ...
 *     AccECN                  01 ac 0b aa aaaabbbb bbcccccc      (NOPs before 2, 5, 8 or 11 bytes)
 *     Fast Open               22 ll cookie, or fe ll f9 89 cookie, then NOPs
 */
#include "wire/tcp.h"

#include "base/bytes.h"
#include "base/compiler.h"

#include <string.h>

#define WORD(a, b, c, d) \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

/* Options of fixed size. */
static uint32_t fixed_size(uint16_t present)
{
    uint32_t size = (present & WEIR_SEGMENT_MD5) != 0  ? 20
                    : (present & WEIR_SEGMENT_AO) != 0 ? 16 /* never both */
                                                       : 0;

    if ((present & WEIR_SEGMENT_MSS) != 0) {
        size += 4;
    }
    if ((present & WEIR_SEGMENT_TIMESTAMPS) != 0) {
        size += 12;
    } else if ((present & WEIR_SEGMENT_SACK_PERMITTED) != 0) {
        size += 4;
    }
    if ((present & WEIR_SEGMENT_WSCALE) != 0) {
        size += 4;
    }
    return size;
}

/* 0: not there, or no room for it after `used` bytes. */
static uint32_t user_timeout_size(const struct tcp_options *o, uint32_t used)
{
    return (o->present & WEIR_SEGMENT_USER_TIMEOUT) != 0 && used + 4 <= TCP_OPTIONS_MAX ? 4 : 0;
}

/* How many SACK blocks go after `used` bytes of other options. */
static uint32_t sack_blocks(const struct tcp_options *o, uint32_t used)
{
    if ((o->present & WEIR_SEGMENT_SACK) == 0) {
        return 0;
    }
    uint32_t room = used + 4 < TCP_OPTIONS_MAX ? (TCP_OPTIONS_MAX - 4 - used) / 8 : 0;
    return min_u32(min_u32(o->sack_count, WEIR_SACK_BLOCKS_MAX), room);
}

/* The AccECN option after `used` bytes of others, with its padding; 0: none, or no room. */
static uint32_t accecn_size(const struct tcp_options *o, uint32_t used)
{
    uint32_t size = (2u + 3u * min_u32(o->accecn_fields, 3) + 3) & ~3u;

    return (o->present & WEIR_SEGMENT_ACCECN) != 0 && used + size <= TCP_OPTIONS_MAX ? size : 0;
}

/* 0: not there, or no room for it after `used` bytes. */
static uint32_t fastopen_size(const struct tcp_options *o, uint32_t used)
{
    uint32_t size = 2u + (o->fastopen_exp ? 2u : 0u) + o->fastopen_size;

    size = (size + 3) & ~3u;
    return (o->present & WEIR_SEGMENT_FASTOPEN) != 0 && used + size <= TCP_OPTIONS_MAX ? size : 0;
}

/* All but the AccECN option, which takes what is left. */
static uint32_t others_size(const struct tcp_options *o)
{
    uint32_t size = fixed_size(o->present);

    size += user_timeout_size(o, size);
    uint32_t blocks = sack_blocks(o, size);

    size += blocks == 0 ? 0 : 4 + blocks * 8;
    return size + fastopen_size(o, size);
}

uint32_t tcp_options_size(const struct tcp_options *o)
{
    uint32_t size = others_size(o);

    return size + accecn_size(o, size);
}

static uint8_t *put_timestamps(uint8_t *p, const struct tcp_options *o, uint32_t head)
{
    store_be32(p, head);
    store_be32(p + 4, o->ts_val);
    store_be32(p + 8, o->ts_ecr);
    return p + 12;
}

static uint8_t *put_sack(uint8_t *p, const struct tcp_options *o, uint32_t blocks)
{
    store_be32(p, WORD(TCP_OPTION_NOP, TCP_OPTION_NOP, TCP_OPTION_SACK, 2 + blocks * 8));
    p += 4;
    for (uint32_t i = 0; i < blocks; i++) {
        store_be32(p, o->sack[i].start);
        store_be32(p + 4, o->sack[i].end);
        p += 8;
    }
    return p;
}

static uint8_t *put_fastopen(uint8_t *p, const struct tcp_options *o, uint32_t size)
{
    uint32_t head = o->fastopen_exp ? 4 : 2;

    p[0] = o->fastopen_exp ? TCP_OPTION_EXPERIMENT : TCP_OPTION_FASTOPEN;
    p[1] = (uint8_t)(head + o->fastopen_size);
    if (o->fastopen_exp) {
        store_be16(p + 2, TCP_FASTOPEN_MAGIC);
    }
    if (o->fastopen_size != 0) {
        memcpy(p + head, o->fastopen, o->fastopen_size);
    }
    memset(p + head + o->fastopen_size, TCP_OPTION_NOP, size - head - o->fastopen_size);
    return p + size;
}

/* Room for a MAC that is filled in when the whole segment is known. */
static uint8_t *put_mac(uint8_t *p, struct tcp_options *o)
{
    bool md5 = (o->present & WEIR_SEGMENT_MD5) != 0;

    store_be32(p, md5 ? WORD(TCP_OPTION_NOP, TCP_OPTION_NOP, TCP_OPTION_MD5, 18)
                      : WORD(TCP_OPTION_AO, 16, o->ao_key_id, o->ao_rnext));
    memset(p + 4, 0, md5 ? 16 : 12);
    o->mac_offset = TCP_HEADER_SIZE + 4;
    return p + (md5 ? 20 : 16);
}

static uint8_t *put_accecn(uint8_t *p, const struct tcp_options *o, uint32_t size)
{
    uint32_t length = 2 + 3 * min_u32(o->accecn_fields, 3);

    *p++ = o->accecn_order ? TCP_OPTION_ACCECN1 : TCP_OPTION_ACCECN0;
    *p++ = (uint8_t)length;
    for (uint32_t i = 0; 2 + 3 * i < length; i++, p += 3) {
        p[0] = (uint8_t)(o->accecn[i] >> 16);
        store_be16(p + 1, (uint16_t)o->accecn[i]);
    }
    memset(p, TCP_OPTION_NOP, size - length);
    return p + size - length;
}

/* Timestamps, the permission to send SACK, and AccECN's counters, in Linux's order. */
static uint8_t *put_middle(uint8_t *p, const struct tcp_options *o)
{
    bool sack_permitted = (o->present & WEIR_SEGMENT_SACK_PERMITTED) != 0;
    bool timestamps = (o->present & WEIR_SEGMENT_TIMESTAMPS) != 0;

    if (timestamps) {
        p = put_timestamps(p, o,
                           sack_permitted
                               ? WORD(TCP_OPTION_SACK_PERMITTED, 2, TCP_OPTION_TIMESTAMPS, 10)
                               : WORD(TCP_OPTION_NOP, TCP_OPTION_NOP, TCP_OPTION_TIMESTAMPS, 10));
    }
    if ((o->present & WEIR_SEGMENT_ACCECN) != 0) {
        uint32_t size = accecn_size(o, others_size(o));

        p = size == 0 ? p : put_accecn(p, o, size);
    }
    if (sack_permitted && !timestamps) {
        store_be32(p, WORD(TCP_OPTION_NOP, TCP_OPTION_NOP, TCP_OPTION_SACK_PERMITTED, 2));
        p += 4;
    }
    return p;
}

/* Returns the end of what was written. */
static uint8_t *put_options(uint8_t *p, struct tcp_options *o)
{
    uint32_t used = fixed_size(o->present), timeout = user_timeout_size(o, used);
    uint32_t blocks = sack_blocks(o, used + timeout), fastopen;

    used += timeout;
    if (UNLIKELY((o->present & (WEIR_SEGMENT_MD5 | WEIR_SEGMENT_AO)) != 0)) {
        p = put_mac(p, o);
    }
    if ((o->present & WEIR_SEGMENT_MSS) != 0) {
        store_be32(p, WORD(TCP_OPTION_MSS, 4, 0, 0) | o->mss);
        p += 4;
    }
    p = put_middle(p, o);
    if ((o->present & WEIR_SEGMENT_WSCALE) != 0) {
        store_be32(p, WORD(TCP_OPTION_NOP, TCP_OPTION_WSCALE, 3, o->wscale));
        p += 4;
    }
    if (UNLIKELY(timeout != 0)) {
        store_be32(p, WORD(TCP_OPTION_USER_TIMEOUT, 4, 0, 0) | o->user_timeout);
        p += 4;
    }
    p = blocks == 0 ? p : put_sack(p, o, blocks);
    fastopen = fastopen_size(o, used + (blocks == 0 ? 0 : 4 + blocks * 8));
    return fastopen == 0 ? p : put_fastopen(p, o, fastopen);
}

uint32_t tcp_build(uint8_t *p, struct tcp_segment *s)
{
    uint8_t *end = p + TCP_HEADER_SIZE;

    store_be16(p, s->src_port);
    store_be16(p + 2, s->dst_port);
    store_be32(p + 4, s->seq);
    store_be32(p + 8, s->ack);
    store_be16(p + 14, s->window);
    store_be16(p + 16, 0);
    store_be16(p + 18, s->urgent);
    if (LIKELY(s->options.present == WEIR_SEGMENT_TIMESTAMPS)) {
        end = put_timestamps(end, &s->options,
                             WORD(TCP_OPTION_NOP, TCP_OPTION_NOP, TCP_OPTION_TIMESTAMPS, 10));
    } else if (s->options.present != 0) {
        end = put_options(end, &s->options);
    }
    uint32_t size = (uint32_t)(end - p);
    store_be16(p + 12, (uint16_t)(size << 10 | (s->flags & 0x1ffu))); /* size / 4 in the top bits */
    s->header_size = (uint16_t)size;
    return size;
}
