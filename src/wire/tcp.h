/*
 * tcp.h - the TCP header as a plain value, and the only iterator over its options (RFC 9293 3.1, 3.2).
 *
 * Whoever wants to know something about a TCP header asks here; nobody else touches its bytes.
 */
#ifndef WIRE_TCP_H
#define WIRE_TCP_H

#include "base/address.h"
#include <weir/trace.h>

#define TCP_HEADER_SIZE 20
#define TCP_HEADER_MAX 60
#define TCP_OPTIONS_MAX 40
#define TCP_FASTOPEN_MIN 4
#define TCP_FASTOPEN_MAX 16
#define TCP_FASTOPEN_MAGIC 0xf989

enum tcp_option_kind {
    TCP_OPTION_EOL = 0,
    TCP_OPTION_NOP = 1,
    TCP_OPTION_MSS = 2,
    TCP_OPTION_WSCALE = 3,
    TCP_OPTION_SACK_PERMITTED = 4,
    TCP_OPTION_SACK = 5,
    TCP_OPTION_TIMESTAMPS = 8,
    TCP_OPTION_MD5 = 19,
    TCP_OPTION_USER_TIMEOUT = 28,
    TCP_OPTION_AO = 29,
    TCP_OPTION_FASTOPEN = 34,
    TCP_OPTION_ACCECN0 = 172, /* RFC 9768 3.2.3 */
    TCP_OPTION_ACCECN1 = 174,
    TCP_OPTION_EXPERIMENT = 254 /* RFC 6994; Fast Open's number in it is 0xf989 */
};

struct tcp_sack_block {
    uint32_t start, end; /* wire numbers, [start, end) */
};

/* Options as fields. `present`: enum weir_segment_options. */
struct tcp_options {
    uint16_t present;
    uint8_t wscale; /* as sent; > 14 is left to the caller to clamp */
    uint8_t sack_count;
    bool illegal; /* an option length of 0 or 1, or past the header; what came before it is valid */
    uint16_t mss;
    uint32_t ts_val, ts_ecr;
    uint8_t ao_key_id, ao_rnext; /* RFC 5925 2.2 */
    uint8_t mac_offset;      /* MD5, AO: where the MAC begins in the header; tcp_build sets it */
    uint8_t fastopen_size;   /* 0: a cookie is asked for; 4..16 */
    bool fastopen_exp;       /* in the experimental option */
    const uint8_t *fastopen; /* parsed: in the packet */
    struct tcp_sack_block sack[WEIR_SACK_BLOCKS_MAX];
    uint8_t accecn_order,
        accecn_fields;     /* 0: EE0B, ECEB, EE1B; 1: EE1B, ECEB, EE0B; the first N are there */
    uint32_t accecn[3];    /* 24 bits each */
    uint16_t user_timeout; /* as on the wire: the upper bit says minutes (RFC 5482 3.3) */
};

struct tcp_segment {
    uint16_t src_port, dst_port;
    uint32_t seq, ack;
    uint16_t flags;  /* enum weir_tcp_flags, AE included */
    uint16_t window; /* as on the wire */
    uint16_t urgent;
    uint16_t header_size; /* 20..60 */
    uint8_t ecn;          /* IP-ECN field of the packet around it; tcp_parse leaves 0 */
    struct tcp_options options;
    const uint8_t *payload;
    uint32_t payload_size;
};

/* One step of the option iterator: false at the end. `*kind` and `*data`/`*length` (without kind and
 * length bytes) describe the option; EOL ends, NOPs are skipped, an illegal length ends with
 * *illegal = true. Never loops for ever: each step advances. */
struct tcp_option_iterator {
    const uint8_t *p, *end;
    bool illegal;
};
void tcp_option_begin(struct tcp_option_iterator *it, const uint8_t *options, size_t size);
bool tcp_option_next(struct tcp_option_iterator *it, uint8_t *kind, const uint8_t **data,
                     uint8_t *length);

/* Length and data offset are checked, options parsed (a malformed option of a known kind, e.g. MSS with
 * length 3, is skipped like an unknown one). The checksum is the caller's: tcp_checksum_ok. Illegal option
 * lengths do not make this fail: options.illegal tells. An all-default timestamp-only header (the usual
 * NOP NOP TS) has a fast path. */
enum weir_drop tcp_parse(const uint8_t *p, size_t size, struct tcp_segment *s);

bool tcp_checksum_ok(const struct weir_ops *ops, const uint8_t *p, size_t size,
                     const struct ip_addr *src, const struct ip_addr *dst);

/* Writes header and options, in Linux's order with its padding: SYN: mss, sackOK + TS (or nop nop TS /
 * nop nop sackOK), nop wscale; otherwise nop nop TS, nop nop SACK. Sets header_size and returns it. The
 * checksum field is left 0, and so is room for the MAC of MD5 and AO (which come first). SACK blocks that do not fit are left out (options.sack_count is not changed). */
uint32_t tcp_build(uint8_t *p, struct tcp_segment *s);

/* Bytes that tcp_build would write for these options (a multiple of 4, 0..40). */
uint32_t tcp_options_size(const struct tcp_options *o);

#endif
