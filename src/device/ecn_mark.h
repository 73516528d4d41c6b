/* ecn_mark.h - what a router does that is congested (RFC 3168 5): an ECN-capable packet becomes CE. */
#ifndef DEVICE_ECN_MARK_H
#define DEVICE_ECN_MARK_H

#include <stdbool.h>
#include <stdint.h>

/* `packet` begins with `link_size` bytes of link header. False: it is not ECN-capable, or no IP packet. The checksum of
 * an IPv4 header is adjusted (RFC 1624). */
bool ecn_mark(uint8_t *packet, uint32_t size, uint32_t link_size);

#endif
