/* html_pack.c - bytes and numbers packed for a page: varints (as in LEB128), zlib, base64. */
#include "render/html_pack.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define ROOM_MIN 4096
#define BASE64_LINE 57 /* bytes a time; a multiple of 3 */

void pack_free(struct pack *pack)
{
    free(pack->bytes);
    *pack = (struct pack){.bytes = NULL};
}

static bool reserve(struct pack *pack, size_t more)
{
    if (pack->failed) {
        return false;
    }
    if (pack->room - pack->size >= more) {
        return true;
    }
    size_t room = pack->room < ROOM_MIN ? ROOM_MIN : pack->room * 2;
    while (room - pack->size < more) {
        room *= 2;
    }
    uint8_t *bytes = realloc(pack->bytes, room);
    if (bytes == NULL) {
        pack->failed = true;
        return false;
    }
    pack->bytes = bytes;
    pack->room = room;
    return true;
}

void pack_bytes(struct pack *pack, const void *bytes, size_t size)
{
    if (size > 0 && reserve(pack, size)) {
        memcpy(pack->bytes + pack->size, bytes, size);
        pack->size += size;
    }
}

void pack_u32(struct pack *pack, uint32_t value)
{
    uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                        (uint8_t)(value >> 24)};

    pack_bytes(pack, bytes, sizeof(bytes));
}

void pack_uint(struct pack *pack, uint64_t value)
{
    uint8_t bytes[10];
    size_t n = 0;

    while (value >= 0x80) {
        bytes[n++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    bytes[n++] = (uint8_t)value;
    pack_bytes(pack, bytes, n);
}

void pack_int(struct pack *pack, int64_t value)
{
    uint64_t twice = (uint64_t)value << 1;

    pack_uint(pack, value < 0 ? ~twice : twice);
}

static void write_base64(FILE *out, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[BASE64_LINE / 3 * 4];

    for (size_t at = 0; at < size; at += BASE64_LINE) {
        size_t end = size - at < BASE64_LINE ? size : at + BASE64_LINE, used = 0;
        for (size_t i = at; i < end; i += 3) {
            uint32_t three = (uint32_t)bytes[i] << 16;
            three |= i + 1 < size ? (uint32_t)bytes[i + 1] << 8 : 0;
            three |= i + 2 < size ? bytes[i + 2] : 0;
            text[used++] = digits[three >> 18];
            text[used++] = digits[three >> 12 & 63];
            text[used++] = i + 1 < size ? digits[three >> 6 & 63] : '=';
            text[used++] = i + 2 < size ? digits[three & 63] : '=';
        }
        fwrite(text, 1, used, out);
    }
}

bool pack_write(FILE *out, const struct pack *pack)
{
    uLong size = (uLong)pack->size;
    uLongf room = compressBound(size);
    uint8_t *small = pack->failed ? NULL : malloc(room);
    bool done = small != NULL && compress2(small, &room, pack->bytes, size, 6) == Z_OK;

    if (done) {
        write_base64(out, small, room);
    }
    free(small);
    return done;
}
