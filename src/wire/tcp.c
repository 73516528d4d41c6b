/*
 * tcp.c - reading the TCP header and its options (RFC 9293 3.1, 3.2). Writing them: tcp_build.c.
 *
 * Options: RFC 9293 3.2 (EOL, NOP, MSS), RFC 7323 2.2 and 3.2 (window scale, timestamps), RFC 2018 2 and 3
 * (SACK permitted, SACK).
 */
#include "wire/tcp.h"

#include "base/bytes.h"
#include "base/compiler.h"
#include "wire/checksum.h"
#include "wire/ip4.h"

#define MSS_LENGTH 4
#define WSCALE_LENGTH 3
#define SACK_PERMITTED_LENGTH 2
#define TIMESTAMPS_LENGTH 10
#define SACK_BLOCK_SIZE 8
#define MD5_LENGTH 18
#define USER_TIMEOUT_LENGTH 4
#define AO_LENGTH 16 /* with the 96-bit MACs of RFC 5926 */

#define NOP_NOP_TIMESTAMPS 0x0101080au /* the first four bytes of the usual options */

void tcp_option_begin(struct tcp_option_iterator *it, const uint8_t *options, size_t size)
{
    it->p = options;
    it->end = options + size;
    it->illegal = false;
}

bool tcp_option_next(struct tcp_option_iterator *it, uint8_t *kind, const uint8_t **data,
                     uint8_t *length)
{
    while (it->p < it->end && *it->p == TCP_OPTION_NOP) {
        it->p++;
    }
    if (it->p == it->end) {
        return false;
    }
    size_t left = (size_t)(it->end - it->p);
    if (*it->p == TCP_OPTION_EOL) {
        it->p = it->end;
        return false;
    }
    if (left < 2 || it->p[1] < 2 || it->p[1] > left) { /* MUST-7 */
        it->illegal = true;
        it->p = it->end;
        return false;
    }
    *kind = it->p[0];
    *length = (uint8_t)(it->p[1] - 2);
    *data = it->p + 2;
    it->p += it->p[1];
    return true;
}

/* One to four blocks; other lengths are malformed (RFC 2018 3). */
static bool take_sack(const uint8_t *data, uint8_t length, struct tcp_options *o)
{
    unsigned count = length / SACK_BLOCK_SIZE;

    if (length % SACK_BLOCK_SIZE != 0 || count == 0 || count > WEIR_SACK_BLOCKS_MAX) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        o->sack[i].start = load_be32(data + i * SACK_BLOCK_SIZE);
        o->sack[i].end = load_be32(data + i * SACK_BLOCK_SIZE + 4);
    }
    o->sack_count = (uint8_t)count;
    return true;
}

/* RFC 9768 3.2.3: whole fields of three bytes, the rest is padding. */
static void take_accecn(uint8_t order, const uint8_t *data, uint8_t length, struct tcp_options *o)
{
    o->accecn_order = order;
    o->accecn_fields = (uint8_t)min_u32(length / 3u, 3);
    for (unsigned i = 0; i < o->accecn_fields; i++) {
        o->accecn[i] = (uint32_t)data[i * 3] << 16 | load_be16(data + i * 3 + 1);
    }
}

/* RFC 7413 4.1.1: nothing, or 4 to 16 bytes, an even number. */
static uint16_t take_fastopen(const uint8_t *data, uint8_t length, bool exp, struct tcp_options *o)
{
    if (length % 2 != 0 || length > TCP_FASTOPEN_MAX ||
        (length != 0 && length < TCP_FASTOPEN_MIN)) {
        return WEIR_SEGMENT_UNKNOWN;
    }
    o->fastopen = data;
    o->fastopen_size = length;
    o->fastopen_exp = exp;
    return WEIR_SEGMENT_FASTOPEN;
}

/* Takes the value of one option; returns its bit, UNKNOWN when it is not known or malformed. */
static uint16_t take_option(uint8_t kind, const uint8_t *data, uint8_t length,
                            struct tcp_options *o)
{
    switch (kind) {
    case TCP_OPTION_MSS:
        if (length == MSS_LENGTH - 2) {
            o->mss = load_be16(data);
            return WEIR_SEGMENT_MSS;
        }
        break;
    case TCP_OPTION_WSCALE:
        if (length == WSCALE_LENGTH - 2) {
            o->wscale = data[0];
            return WEIR_SEGMENT_WSCALE;
        }
        break;
    case TCP_OPTION_SACK_PERMITTED:
        if (length == SACK_PERMITTED_LENGTH - 2) {
            return WEIR_SEGMENT_SACK_PERMITTED;
        }
        break;
    case TCP_OPTION_TIMESTAMPS:
        if (length == TIMESTAMPS_LENGTH - 2) {
            o->ts_val = load_be32(data);
            o->ts_ecr = load_be32(data + 4);
            return WEIR_SEGMENT_TIMESTAMPS;
        }
        break;
    case TCP_OPTION_SACK:
        if (take_sack(data, length, o)) {
            return WEIR_SEGMENT_SACK;
        }
        break;
    case TCP_OPTION_MD5:
        if (length == MD5_LENGTH - 2) {
            return WEIR_SEGMENT_MD5;
        }
        break;
    case TCP_OPTION_AO:
        if (length == AO_LENGTH - 2) {
            o->ao_key_id = data[0];
            o->ao_rnext = data[1];
            return WEIR_SEGMENT_AO;
        }
        break;
    case TCP_OPTION_USER_TIMEOUT:
        if (length == USER_TIMEOUT_LENGTH - 2) {
            o->user_timeout = load_be16(data);
            return WEIR_SEGMENT_USER_TIMEOUT;
        }
        break;
    case TCP_OPTION_ACCECN0:
    case TCP_OPTION_ACCECN1:
        take_accecn(kind == TCP_OPTION_ACCECN1, data, length, o);
        return WEIR_SEGMENT_ACCECN;
    case TCP_OPTION_FASTOPEN: return take_fastopen(data, length, false, o);
    case TCP_OPTION_EXPERIMENT:
        if (length >= 2 && load_be16(data) == TCP_FASTOPEN_MAGIC) {
            return take_fastopen(data + 2, (uint8_t)(length - 2), true, o);
        }
        break;
    default: break;
    }
    return WEIR_SEGMENT_UNKNOWN;
}

static void parse_options(const uint8_t *p, size_t size, struct tcp_options *o)
{
    struct tcp_option_iterator it;
    const uint8_t *data;
    uint8_t kind, length;

    tcp_option_begin(&it, p, size);
    while (tcp_option_next(&it, &kind, &data, &length)) {
        uint16_t bit = take_option(kind, data, length, o);

        o->present |= bit;
        if (UNLIKELY((bit & (WEIR_SEGMENT_MD5 | WEIR_SEGMENT_AO)) != 0)) {
            o->mac_offset =
                (uint8_t)(TCP_HEADER_SIZE + (data - p) + (kind == TCP_OPTION_AO ? 2 : 0));
        }
    }
    o->illegal = it.illegal;
}

enum weir_drop tcp_parse(const uint8_t *p, size_t size, struct tcp_segment *s)
{
    if (UNLIKELY(size < TCP_HEADER_SIZE)) {
        return WEIR_DROP_TCP_SHORT;
    }
    uint32_t header_size = (uint32_t)(p[12] >> 4) * 4;
    if (UNLIKELY(header_size < TCP_HEADER_SIZE || header_size > size)) {
        return WEIR_DROP_TCP_DATA_OFFSET;
    }
    s->src_port = load_be16(p);
    s->dst_port = load_be16(p + 2);
    s->seq = load_be32(p + 4);
    s->ack = load_be32(p + 8);
    s->flags = load_be16(p + 12) & 0x1ff;
    s->window = load_be16(p + 14);
    s->urgent = load_be16(p + 18);
    s->header_size = (uint16_t)header_size;
    s->ecn = 0;
    s->options = (struct tcp_options){0};
    s->payload = p + header_size;
    s->payload_size = (uint32_t)size - header_size;

    if (LIKELY(header_size == 32 && load_be32(p + 20) == NOP_NOP_TIMESTAMPS)) {
        s->options.present = WEIR_SEGMENT_TIMESTAMPS;
        s->options.ts_val = load_be32(p + 24);
        s->options.ts_ecr = load_be32(p + 28);
    } else if (header_size > TCP_HEADER_SIZE) {
        parse_options(p + TCP_HEADER_SIZE, header_size - TCP_HEADER_SIZE, &s->options);
    }
    return WEIR_DROP_NONE;
}

bool tcp_checksum_ok(const struct weir_ops *ops, const uint8_t *p, size_t size,
                     const struct ip_addr *src, const struct ip_addr *dst)
{
    uint64_t sum = csum_pseudo(src, dst, IP_PROTOCOL_TCP, (uint32_t)size);

    return csum_fold(csum_sum(ops, p, size, sum)) == 0xffff;
}
