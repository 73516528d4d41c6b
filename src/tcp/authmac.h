/*
 * authmac.h - what is computed for an authenticated segment: the traffic keys of TCP-AO (RFC 5926) and the
 * MACs of TCP-AO (RFC 5925 5.1) and TCP-MD5 (RFC 2385 2.0). Pure functions of their arguments; the
 * primitives come from the caller's table (weir_mac_ops).
 */
#ifndef TCP_AUTHMAC_H
#define TCP_AUTHMAC_H

#include "base/address.h"
#include <weir/weir.h>

#define AUTH_MAC_SIZE 12 /* of TCP-AO with either algorithm: 96 bits */
#define AUTH_MD5_SIZE 16

/* One connection seen from the end that sends (RFC 5925 5.2). */
struct auth_context {
    struct ip_addr src, dst;
    uint16_t src_port, dst_port;
    uint32_t src_isn, dst_isn; /* dst_isn 0: the SYN itself */
};

struct auth_traffic_key {
    uint8_t bytes[WEIR_MAC_MAX];
};

/* A segment as it stands on the wire. */
struct auth_segment {
    const struct ip_addr *src, *dst;
    const uint8_t *header; /* with options; the checksum and the MAC's bytes count as zero */
    uint32_t header_size;
    const struct weir_slice *payload;
    uint32_t payload_slices, payload_size;
    uint32_t sne;        /* sequence number extension: the upper half of the 64-bit position */
    uint32_t mac_offset; /* of the AO option's MAC in the header */
};

/* false: the caller's table could not do it. */
bool auth_traffic_key(const struct weir_mac_ops *ops, const struct weir_tcp_key *key,
                      const struct auth_context *context, struct auth_traffic_key *traffic);
bool auth_ao_mac(const struct weir_mac_ops *ops, const struct weir_tcp_key *key,
                 const struct auth_traffic_key *traffic, const struct auth_segment *s,
                 uint8_t mac[AUTH_MAC_SIZE]);
bool auth_md5_mac(const struct weir_mac_ops *ops, const struct weir_tcp_key *key,
                  const struct auth_segment *s, uint8_t mac[AUTH_MD5_SIZE]);

/* Compares in a time that does not depend on where the difference is. */
bool auth_equal(const uint8_t *a, const uint8_t *b, size_t size);

#endif
