/*
 * ip6.c - the IPv6 header and the walk along its extension headers (RFC 8200 3, 4).
 *
 * The walk ends at the first header that is none of hop-by-hop, routing, destination options, or at a
 * fragment header, because what follows that one is only known after reassembly. A chain is at most
 * IP6_CHAIN_MAX headers long (RFC 8504 5.3 asks for such a limit). Errors that RFC 8200 wants answered
 * carry the code and the pointer of the ICMPv6 parameter problem.
 */
#include "wire/ip6.h"

#include "base/bytes.h"

#include <string.h>

#define IP6_CHAIN_MAX 8

#define NEXT_HOP_BY_HOP 0
#define NEXT_ROUTING 43
#define NEXT_FRAGMENT 44
#define NEXT_DESTINATION 60

#define OPTION_PAD1 0

#define CODE_FIELD 0  /* erroneous header field */
#define CODE_HEADER 1 /* unrecognized next header */
#define CODE_OPTION 2 /* unrecognized option */
#define CODE_SILENT 255

static enum weir_drop bad_extension(struct ip6_header *h, size_t offset, uint8_t code)
{
    h->bad_offset = (uint16_t)offset;
    h->bad_code = code;
    return WEIR_DROP_IP6_EXTENSION;
}

/* What to do with an option is in the two top bits of its type (RFC 8200 4.2). Those that are known,
 * PadN and Router Alert (RFC 2711), say "skip", so nothing needs to be known about any option. */
static enum weir_drop judge_option(struct ip6_header *h, uint8_t type, size_t offset)
{
    bool multicast = h->dst[0] == 0xff;

    switch (type >> 6) {
    case 0: return WEIR_DROP_NONE;
    case 1: return bad_extension(h, offset, CODE_SILENT);
    case 2: return bad_extension(h, offset, CODE_OPTION);
    default: return bad_extension(h, offset, multicast ? CODE_SILENT : CODE_OPTION);
    }
}

/* The options between `at` and `end`, both within the packet. */
static enum weir_drop check_options(const uint8_t *p, size_t at, size_t end, struct ip6_header *h)
{
    while (at < end) {
        if (p[at] == OPTION_PAD1) {
            at++;
            continue;
        }
        if (end - at < 2 || end - at - 2 < p[at + 1]) {
            return bad_extension(h, at, CODE_SILENT);
        }
        enum weir_drop drop = judge_option(h, p[at], at);
        if (drop != WEIR_DROP_NONE) {
            return drop;
        }
        at += 2u + p[at + 1];
    }
    return WEIR_DROP_NONE;
}

static void take_fragment(const uint8_t *p, size_t at, struct ip6_header *h)
{
    uint16_t field = load_be16(p + at + 2);

    h->fragment = true;
    h->fragment_header = (uint16_t)at;
    h->fragment_offset = field & 0xfff8;
    h->more_fragments = (field & 1) != 0;
    h->fragment_id = load_be32(p + at + 4);
}

/* Judges the extension header of type `next` at [at, end). */
static enum weir_drop check_extension(const uint8_t *p, uint8_t next, size_t at, size_t end,
                                      struct ip6_header *h)
{
    if (next == NEXT_ROUTING) {
        /* No routing type is followed (type 0: RFC 5095), so none may have segments left; the
         * pointer is to the type (RFC 8200 4.4). */
        return p[at + 3] == 0 ? WEIR_DROP_NONE : bad_extension(h, at + 2, CODE_FIELD);
    }
    return check_options(p, at + 2, end, h);
}

static enum weir_drop walk_chain(const uint8_t *p, size_t end, struct ip6_header *h)
{
    uint8_t next = h->next_header;
    size_t at = IP6_HEADER_SIZE;
    size_t next_at = 6; /* where `next` was read */

    for (unsigned count = 0; count <= IP6_CHAIN_MAX; count++) {
        bool first = count == 0;
        if (next == NEXT_HOP_BY_HOP && !first) {
            return bad_extension(h, next_at, CODE_HEADER); /* RFC 8200 4.1 */
        }
        if (next != NEXT_HOP_BY_HOP && next != NEXT_ROUTING && next != NEXT_FRAGMENT &&
            next != NEXT_DESTINATION) {
            h->protocol = next;
            h->upper_offset = (uint16_t)at;
            return WEIR_DROP_NONE;
        }
        if (end - at < 8) {
            return bad_extension(h, next_at, CODE_SILENT);
        }
        if (next == NEXT_FRAGMENT) {
            take_fragment(p, at, h);
            h->protocol = p[at];
            h->upper_offset = (uint16_t)(at + 8);
            return WEIR_DROP_NONE;
        }
        size_t extension_end = at + 8 + (size_t)p[at + 1] * 8;
        if (extension_end > end) {
            return bad_extension(h, next_at, CODE_SILENT);
        }
        enum weir_drop drop = check_extension(p, next, at, extension_end, h);
        if (drop != WEIR_DROP_NONE) {
            return drop;
        }
        next_at = at;
        next = p[at];
        at = extension_end;
    }
    return bad_extension(h, next_at, CODE_SILENT);
}

/* ::ffff:0:0/96. Inside, such an address means IPv4. */
static bool is_mapped(const uint8_t address[16])
{
    static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(address, prefix, sizeof(prefix)) == 0;
}

enum weir_drop ip6_parse(const uint8_t *p, size_t size, struct ip6_header *h)
{
    if (size < IP6_HEADER_SIZE) {
        return WEIR_DROP_IP_SHORT;
    }
    if (p[0] >> 4 != 6) {
        return WEIR_DROP_IP_VERSION;
    }
    uint16_t payload_size = load_be16(p + 4);
    if (payload_size > size - IP6_HEADER_SIZE) {
        return WEIR_DROP_IP_TOTAL_LENGTH;
    }
    uint32_t word = load_be32(p);
    *h = (struct ip6_header){
        .tos = (uint8_t)(word >> 20),
        .flow_label = word & 0xfffff,
        .payload_size = payload_size,
        .next_header = p[6],
        .hop_limit = p[7],
        .bad_code = CODE_SILENT,
    };
    memcpy(h->src, p + 8, 16);
    memcpy(h->dst, p + 24, 16);
    if (h->src[0] == 0xff || is_mapped(h->src)) {
        return WEIR_DROP_IP_SOURCE;
    }
    if (is_mapped(h->dst)) {
        return WEIR_DROP_IP_NOT_US;
    }
    return walk_chain(p, IP6_HEADER_SIZE + (size_t)payload_size, h);
}

void ip6_build(uint8_t *p, const struct ip6_header *h)
{
    store_be32(p, UINT32_C(6) << 28 | (uint32_t)h->tos << 20 | (h->flow_label & 0xfffff));
    store_be16(p + 4, h->payload_size);
    p[6] = h->next_header;
    p[7] = h->hop_limit;
    memcpy(p + 8, h->src, 16);
    memcpy(p + 24, h->dst, 16);
}

bool ip6_find_upper(const uint8_t *p, size_t size, uint8_t *protocol, size_t *offset,
                    bool *fragment)
{
    size_t at = IP6_HEADER_SIZE;

    if (size < IP6_HEADER_SIZE) {
        return false;
    }
    uint8_t next = p[6];
    *fragment = false;
    for (unsigned count = 0; count <= IP6_CHAIN_MAX; count++) {
        if (next != NEXT_HOP_BY_HOP && next != NEXT_ROUTING && next != NEXT_FRAGMENT &&
            next != NEXT_DESTINATION) {
            *protocol = next;
            *offset = at;
            return true;
        }
        if (at > size || size - at < 8) {
            return false;
        }
        size_t length = 8;
        if (next == NEXT_FRAGMENT) {
            *fragment = true;
            if ((load_be16(p + at + 2) & 0xfff8) != 0) {
                return false;
            }
        } else {
            length += (size_t)p[at + 1] * 8;
        }
        next = p[at];
        at += length;
    }
    return false;
}
