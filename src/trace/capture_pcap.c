/* capture_pcap.c - the classic capture file: a header of 24 bytes, then a header and a packet each. */
#include "base/compiler.h"
#include "trace/capture_private.h"

#define FILE_HEADER_SIZE 24
#define RECORD_HEADER_SIZE 16
#define RECORD_HEADER_OLD_LINUX 24

#define MAGIC_MICRO 0xa1b2c3d4u
#define MAGIC_NANO 0xa1b23c4du
#define MAGIC_OLD_LINUX 0xa1b2cd34u

enum capture_status capture_pcap_begin(struct capture *c, char why[CAPTURE_WHY_MAX])
{
    const uint8_t *p = capture_bytes(c, FILE_HEADER_SIZE);

    if (p == NULL) {
        return source_error(c->source) != NULL
                   ? capture_damaged(c, source_error(c->source), why)
                   : capture_damaged(c, "the capture ends within its file header", why);
    }
    c->swapped = p[0] != 0xa1;
    uint32_t magic = capture_u32(c, p);
    c->fraction_is_ns = magic == MAGIC_NANO;
    c->record_header = magic == MAGIC_OLD_LINUX ? RECORD_HEADER_OLD_LINUX : RECORD_HEADER_SIZE;
    struct capture_interface *i = capture_add_interface(c);
    if (i == NULL) {
        return capture_damaged(c, "no memory", why);
    }
    i->snaplen = capture_u32(c, p + 16);
    i->link_type = (int)(capture_u32(c, p + 20) & 0xffff);
    source_step(c->window, FILE_HEADER_SIZE);
    return CAPTURE_OK;
}

enum capture_status capture_pcap_next(struct capture *c, struct capture_record *record,
                                      char why[CAPTURE_WHY_MAX])
{
    source_step(c->window, c->record_size);
    c->record_size = 0;
    const uint8_t *p = capture_bytes(c, c->record_header);
    if (UNLIKELY(p == NULL)) {
        return capture_ended(c, why);
    }
    uint32_t captured = capture_u32(c, p + 8);
    if (UNLIKELY(captured > CAPTURED_MAX)) {
        return capture_damaged(c, "a packet's length cannot be true", why);
    }
    p = capture_bytes(c, c->record_header + captured);
    if (UNLIKELY(p == NULL)) {
        return capture_ended(c, why);
    }
    uint64_t fraction = capture_u32(c, p + 4);
    record->time = capture_u32(c, p) * NS_PER_S + (c->fraction_is_ns ? fraction : fraction * 1000u);
    record->interface = 0;
    record->captured = captured;
    record->original = max_u32(capture_u32(c, p + 12), captured);
    record->bytes = p + c->record_header;
    c->record_size = c->record_header + captured;
    return CAPTURE_OK;
}
