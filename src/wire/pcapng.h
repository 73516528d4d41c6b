/*
 * pcapng.h - writes pcapng blocks into memory (the caller does the I/O).
 *
 * Nanosecond resolution, one section, any number of interfaces, comments per packet. Strings are UTF-8.
 */
#ifndef WIRE_PCAPNG_H
#define WIRE_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCAPNG_LINK_ETHERNET 1
#define PCAPNG_LINK_RAW 101

/* Each returns the number of bytes written to out[size], or 0 when it does not fit. */
size_t pcapng_section(uint8_t *out, size_t size, const char *application);
size_t pcapng_interface(uint8_t *out, size_t size, uint16_t link_type, const char *name);
struct pcapng_packet {
    uint32_t interface;
    uint64_t time_ns;
    const uint8_t *data;
    uint32_t size, original_size;
    uint32_t flags;      /* epb_flags: 1 inbound, 2 outbound; 0: none written */
    const char *comment; /* NULL: none */
};
size_t pcapng_packet(uint8_t *out, size_t size, const struct pcapng_packet *packet);
/* Room that pcapng_packet needs at most. */
size_t pcapng_packet_room(const struct pcapng_packet *packet);

#endif
