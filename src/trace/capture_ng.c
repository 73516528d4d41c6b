/*
 * capture_ng.c - pcapng (draft-ietf-opsawg-pcapng): sections of blocks, several interfaces with link types
 * and clocks of their own, statistics about what was lost.
 *
 * Interfaces are counted through the whole file, so that those of a second section do not take the place
 * of the first one's.
 */
#include "base/compiler.h"
#include "trace/capture_private.h"

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET_OLD 2u
#define BLOCK_PACKET_SIMPLE 3u
#define BLOCK_STATISTICS 5u
#define BLOCK_PACKET 6u

#define BLOCK_FRAME 12 /* type and both lengths */
#define SECTION_MAGIC 0x1a2b3c4du

#define OPTION_END 0
#define OPTION_RESOLUTION 9
#define OPTION_OFFSET 14
#define OPTION_DROP_COUNT 4 /* of a packet */
#define OPTION_IF_DROP 5    /* of statistics */
#define OPTION_OS_DROP 7

#define RESOLUTION_DEFAULT 6
#define RESOLUTION_BINARY 0x80

struct block {
    uint32_t type;
    const uint8_t *body;
    uint32_t size; /* of the body */
};

static uint64_t load_u64(const struct capture *c, const uint8_t *p)
{
    uint64_t a = capture_u32(c, p), b = capture_u32(c, p + 4);

    return c->swapped ? b << 32 | a : a << 32 | b;
}

/* The value of an option among those at body[at..size), if it is there with at least this size. */
static const uint8_t *find_option(const struct capture *c, const struct block *b, uint32_t at,
                                  uint16_t code, uint16_t least)
{
    while (at <= b->size && b->size - at >= 4) {
        uint16_t this = capture_u16(c, b->body + at), size = capture_u16(c, b->body + at + 2);
        if (this == OPTION_END || b->size - at - 4 < size) {
            return NULL;
        }
        if (this == code && size >= least) {
            return b->body + at + 4;
        }
        at += 4 + ((uint32_t)size + 3) / 4 * 4;
    }
    return NULL;
}

/* ---- Time -------------------------------------------------------------------------------------------------- */

static weir_time binary_time(uint64_t ticks, unsigned shift)
{
    uint64_t s = ticks >> shift, part = ticks - (s << shift);

    if (shift > 32) {
        part >>= shift - 32;
        shift = 32;
    }
    return s * NS_PER_S + (part * NS_PER_S >> shift);
}

static weir_time time_of(const struct capture_interface *i, uint64_t ticks)
{
    uint8_t digits = i->resolution & 0x7f;
    weir_time time;

    if ((i->resolution & RESOLUTION_BINARY) != 0) {
        time = binary_time(ticks, min_u32(digits, 63));
    } else {
        uint64_t scale = 1;
        for (unsigned k = digits; k != 9 && k < 28; k += digits < 9 ? 1u : (unsigned)-1) {
            scale *= 10;
        }
        time = digits <= 9 ? ticks * scale : digits < 28 ? ticks / scale : 0;
    }
    return time + (weir_time)i->offset_s * NS_PER_S;
}

/* ---- Blocks ------------------------------------------------------------------------------------------------- */

/* The byte order of a section is known only from within its first block. */
static bool section_order(struct capture *c)
{
    const uint8_t *p = capture_bytes(c, BLOCK_FRAME);

    if (p == NULL) {
        return true; /* said by who reads on */
    }
    c->swapped = p[8] == 0x4d;
    return capture_u32(c, p + 8) == SECTION_MAGIC;
}

/* The block at hand, with the one before stepped over. */
static enum capture_status next_block(struct capture *c, struct block *b, char why[CAPTURE_WHY_MAX])
{
    source_step(c->window, c->record_size);
    c->record_size = 0;
    const uint8_t *p = capture_bytes(c, 8);
    if (UNLIKELY(p == NULL)) {
        return capture_ended(c, why);
    }
    if (UNLIKELY(load_be32(p) == BLOCK_SECTION) && !section_order(c)) {
        return capture_damaged(c, "a section without its byte-order mark", why);
    }
    p = capture_bytes(c, 8);
    uint32_t size = p == NULL ? 0 : capture_u32(c, p + 4);
    if (UNLIKELY(size < BLOCK_FRAME || size % 4 != 0 || size > BLOCK_MAX)) {
        return capture_damaged(c, "a block's length cannot be true", why);
    }
    p = capture_bytes(c, size);
    if (UNLIKELY(p == NULL)) {
        return capture_ended(c, why);
    }
    if (UNLIKELY(capture_u32(c, p + size - 4) != size)) {
        return capture_damaged(c, "the two lengths of a block differ", why);
    }
    *b = (struct block){capture_u32(c, p), p + 8, size - BLOCK_FRAME};
    c->record_size = size;
    return CAPTURE_OK;
}

static enum capture_status take_interface(struct capture *c, const struct block *b,
                                          char why[CAPTURE_WHY_MAX])
{
    if (b->size < 8) {
        return capture_damaged(c, "an interface's block is too short", why);
    }
    struct capture_interface *i = capture_add_interface(c);
    if (i == NULL) {
        return capture_damaged(c, "too many interfaces", why);
    }
    const uint8_t *resolution = find_option(c, b, 8, OPTION_RESOLUTION, 1);
    const uint8_t *offset = find_option(c, b, 8, OPTION_OFFSET, 8);
    i->link_type = capture_u16(c, b->body);
    i->snaplen = capture_u32(c, b->body + 4);
    i->resolution = resolution != NULL ? *resolution : RESOLUTION_DEFAULT;
    i->offset_s = offset != NULL ? (int64_t)load_u64(c, offset) : 0;
    return CAPTURE_OK;
}

static void take_statistics(struct capture *c, const struct block *b)
{
    if (b->size < 12) {
        return;
    }
    uint64_t number = (uint64_t)c->section_first + capture_u32(c, b->body);
    if (number >= c->interface_count) {
        return;
    }
    const uint8_t *by_interface = find_option(c, b, 12, OPTION_IF_DROP, 8);
    const uint8_t *by_system = find_option(c, b, 12, OPTION_OS_DROP, 8);
    struct capture_interface *i = &c->interface[number];
    if (by_interface != NULL || by_system != NULL) {
        uint64_t a = by_interface != NULL ? load_u64(c, by_interface) : 0;
        uint64_t s = by_system != NULL ? load_u64(c, by_system) : 0;
        c->stat.drops += a + s - i->drops;
        i->drops = a + s;
        c->stat.drops_known = true;
    }
}

/* ---- Packets -------------------------------------------------------------------------------------------------- */

static enum capture_status fill_record(const struct capture *c, const struct block *b,
                                       uint32_t header, uint32_t interface,
                                       struct capture_record *record, char why[CAPTURE_WHY_MAX])
{
    if (c->section_first + (uint64_t)interface >= c->interface_count) {
        return capture_damaged(c, "a packet of an interface that is not described", why);
    }
    if (record->captured > b->size - header) {
        return capture_damaged(c, "a packet longer than its block", why);
    }
    record->interface = c->section_first + interface;
    record->bytes = b->body + header;
    record->original = max_u32(record->original, record->captured);
    return CAPTURE_OK;
}

/* An enhanced packet block, or the packet block that came before it. */
static enum capture_status take_packet(struct capture *c, const struct block *b,
                                       struct capture_record *record, char why[CAPTURE_WHY_MAX])
{
    const uint8_t *p = b->body;

    if (b->size < 20) {
        return capture_damaged(c, "a packet's block is too short", why);
    }
    uint32_t interface = b->type == BLOCK_PACKET ? capture_u32(c, p) : capture_u16(c, p);
    record->captured = capture_u32(c, p + 12);
    record->original = capture_u32(c, p + 16);
    enum capture_status status = fill_record(c, b, 20, interface, record, why);
    if (status != CAPTURE_OK) {
        return status;
    }
    uint64_t ticks = (uint64_t)capture_u32(c, p + 4) << 32 | capture_u32(c, p + 8);
    record->time = time_of(&c->interface[record->interface], ticks);
    uint32_t options = 20 + (record->captured + 3) / 4 * 4;
    if (options < b->size) {
        const uint8_t *drops = find_option(c, b, options, OPTION_DROP_COUNT, 8);
        c->stat.drops += drops != NULL ? load_u64(c, drops) : 0;
        c->stat.drops_known = c->stat.drops_known || drops != NULL;
    }
    return CAPTURE_OK;
}

/* Without a time: it gets the one before. */
static enum capture_status take_simple(struct capture *c, const struct block *b,
                                       struct capture_record *record, char why[CAPTURE_WHY_MAX])
{
    if (b->size < 4 || c->section_first >= c->interface_count) {
        return capture_damaged(c, "a packet of an interface that is not described", why);
    }
    uint32_t snaplen = c->interface[c->section_first].snaplen;
    record->original = capture_u32(c, b->body);
    record->captured = min_u32(record->original, b->size - 4);
    record->captured = snaplen != 0 ? min_u32(record->captured, snaplen) : record->captured;
    record->time = c->last_time;
    return fill_record(c, b, 4, 0, record, why);
}

enum capture_status capture_ng_begin(struct capture *c, char why[CAPTURE_WHY_MAX])
{
    struct block b;

    if (capture_bytes(c, BLOCK_FRAME) == NULL && source_error(c->source) == NULL) {
        return capture_damaged(c, "the capture ends within its file header", why);
    }
    enum capture_status status = next_block(c, &b, why);
    return status == CAPTURE_END ? capture_damaged(c, "not a capture file", why) : status;
}

enum capture_status capture_ng_next(struct capture *c, struct capture_record *record,
                                    char why[CAPTURE_WHY_MAX])
{
    struct block b;
    enum capture_status status;

    while ((status = next_block(c, &b, why)) == CAPTURE_OK) {
        switch (b.type) {
        case BLOCK_PACKET:
        case BLOCK_PACKET_OLD: return take_packet(c, &b, record, why);
        case BLOCK_PACKET_SIMPLE: return take_simple(c, &b, record, why);
        case BLOCK_SECTION: c->section_first = c->interface_count; break;
        case BLOCK_STATISTICS: take_statistics(c, &b); break;
        case BLOCK_INTERFACE:
            status = take_interface(c, &b, why);
            if (status != CAPTURE_OK) {
                return status;
            }
            break;
        default: break;
        }
    }
    return status;
}
