/* eth.h - Ethernet II headers. */
#ifndef WIRE_ETH_H
#define WIRE_ETH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ETH_HEADER_SIZE 14
#define ETH_TYPE_IP4 0x0800
#define ETH_TYPE_ARP 0x0806
#define ETH_TYPE_IP6 0x86dd

struct eth_header {
    uint8_t dst[6], src[6];
    uint16_t type;
};

bool eth_parse(const uint8_t *p, size_t size, struct eth_header *h); /* false: short */
void eth_build(uint8_t *p, const struct eth_header *h);
bool eth_is_group(const uint8_t mac[6]); /* multicast or broadcast */
extern const uint8_t eth_broadcast[6];
void eth_multicast_ip4(uint8_t mac[6], const uint8_t group[4]);
void eth_multicast_ip6(uint8_t mac[6], const uint8_t group[16]);

#endif
