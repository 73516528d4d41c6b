/*
 * pcapng.c - pcapng blocks (draft-ietf-opsawg-pcapng), always little-endian so that the same input gives
 * the same file on every machine.
 *
 * A block is: type, length, body, options, length again; everything padded to 4 bytes.
 */
#include "wire/pcapng.h"

#include <string.h>

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET 6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du

#define OPTION_END 0
#define OPTION_COMMENT 1
#define OPTION_APPLICATION 4
#define OPTION_NAME 2
#define OPTION_TIME_RESOLUTION 9
#define OPTION_PACKET_FLAGS 2

#define NANOSECONDS 9          /* 10^-9 s */
#define TEXT_MAX 65000         /* an option's length has 16 bits */
#define PACKET_MAX 0x1fffffffu /* a block's length has 32 bits */
#define PACKET_FIXED 32        /* head, body without data, and the length at the end */

struct out {
    uint8_t *p;
    size_t used;
};

static void put16(struct out *o, uint16_t v)
{
    o->p[o->used++] = (uint8_t)v;
    o->p[o->used++] = (uint8_t)(v >> 8);
}

static void put32(struct out *o, uint32_t v)
{
    put16(o, (uint16_t)v);
    put16(o, (uint16_t)(v >> 16));
}

static size_t padded(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

static void put_bytes(struct out *o, const void *data, size_t size)
{
    if (size != 0) {
        memcpy(o->p + o->used, data, size);
    }
    memset(o->p + o->used + size, 0, padded(size) - size);
    o->used += padded(size);
}

static void put_option(struct out *o, uint16_t code, const void *data, size_t size)
{
    put16(o, code);
    put16(o, (uint16_t)size);
    put_bytes(o, data, size);
}

/* Length of a text as an option's value; one that is too long is cut before a UTF-8 character. */
static size_t text_size(const char *text)
{
    size_t size = 0;

    while (text[size] != '\0' && size < TEXT_MAX) {
        size++;
    }
    if (size == TEXT_MAX) {
        while (size > TEXT_MAX - 4 && ((unsigned char)text[size] & 0xc0) == 0x80) {
            size--;
        }
    }
    return size;
}

static void block_begin(struct out *o, uint32_t type, size_t total)
{
    put32(o, type);
    put32(o, (uint32_t)total);
}

size_t pcapng_section(uint8_t *out, size_t size, const char *application)
{
    size_t text = application == NULL ? 0 : text_size(application);
    size_t total = 28 + (text == 0 ? 0 : 4 + padded(text) + 4);
    struct out o = {out, 0};

    if (size < total) {
        return 0;
    }
    block_begin(&o, BLOCK_SECTION, total);
    put32(&o, BYTE_ORDER_MAGIC);
    put16(&o, 1); /* version 1.0 */
    put16(&o, 0);
    put32(&o, UINT32_MAX); /* the section's length is not given */
    put32(&o, UINT32_MAX);
    if (text != 0) {
        put_option(&o, OPTION_APPLICATION, application, text);
        put_option(&o, OPTION_END, NULL, 0);
    }
    put32(&o, (uint32_t)total);
    return o.used;
}

size_t pcapng_interface(uint8_t *out, size_t size, uint16_t link_type, const char *name)
{
    static const uint8_t resolution = NANOSECONDS;
    size_t text = name == NULL ? 0 : text_size(name);
    size_t total = 20 + (text == 0 ? 0 : 4 + padded(text)) + 8 + 4;
    struct out o = {out, 0};

    if (size < total) {
        return 0;
    }
    block_begin(&o, BLOCK_INTERFACE, total);
    put16(&o, link_type);
    put16(&o, 0);
    put32(&o, 0); /* no limit on the captured size */
    if (text != 0) {
        put_option(&o, OPTION_NAME, name, text);
    }
    put_option(&o, OPTION_TIME_RESOLUTION, &resolution, 1);
    put_option(&o, OPTION_END, NULL, 0);
    put32(&o, (uint32_t)total);
    return o.used;
}

size_t pcapng_packet_room(const struct pcapng_packet *packet)
{
    size_t text = packet->comment == NULL ? 0 : text_size(packet->comment);
    size_t options = (text == 0 ? 0 : 4 + padded(text)) + (packet->flags == 0 ? 0 : 8);

    return PACKET_FIXED + padded(packet->size) + (options == 0 ? 0 : options + 4);
}

size_t pcapng_packet(uint8_t *out, size_t size, const struct pcapng_packet *packet)
{
    size_t text = packet->comment == NULL ? 0 : text_size(packet->comment);
    struct out o = {out, 0};

    if (packet->size > PACKET_MAX) {
        return 0;
    }
    size_t total = pcapng_packet_room(packet);
    if (size < total) {
        return 0;
    }
    block_begin(&o, BLOCK_PACKET, total);
    put32(&o, packet->interface);
    put32(&o, (uint32_t)(packet->time_ns >> 32));
    put32(&o, (uint32_t)packet->time_ns);
    put32(&o, packet->size);
    put32(&o, packet->original_size);
    put_bytes(&o, packet->data, packet->size);
    if (text != 0) {
        put_option(&o, OPTION_COMMENT, packet->comment, text);
    }
    if (packet->flags != 0) {
        put16(&o, OPTION_PACKET_FLAGS);
        put16(&o, 4);
        put32(&o, packet->flags);
    }
    if (text != 0 || packet->flags != 0) {
        put_option(&o, OPTION_END, NULL, 0);
    }
    put32(&o, (uint32_t)total);
    return o.used;
}
