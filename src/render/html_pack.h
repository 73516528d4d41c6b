/* html_pack.h - a growing row of bytes, numbers of variable length in it, and how it gets into a page. */
#ifndef RENDER_HTML_PACK_H
#define RENDER_HTML_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct pack {
    uint8_t *bytes;
    size_t size, room;
    bool failed; /* no memory: what came later is missing */
};

void pack_free(struct pack *pack);
void pack_bytes(struct pack *pack, const void *bytes, size_t size);
/* Little-endian, whatever the machine is. */
void pack_u32(struct pack *pack, uint32_t value);
/* Seven bits a byte, lowest first, the upper bit says that more follow. */
void pack_uint(struct pack *pack, uint64_t value);
/* The same with the sign in the lowest bit, so that small differences of either sign are short. */
void pack_int(struct pack *pack, int64_t value);

/* Deflates (zlib's format) and writes it in base64. false: no memory. */
bool pack_write(FILE *out, const struct pack *pack);

#endif
