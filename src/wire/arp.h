/* arp.h - ARP for IPv4 over Ethernet (RFC 826). */
#ifndef WIRE_ARP_H
#define WIRE_ARP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARP_SIZE 28
enum arp_operation { ARP_REQUEST = 1, ARP_REPLY = 2 };

struct arp_packet {
    uint16_t operation;
    uint8_t sender_mac[6], sender_ip[4], target_mac[6], target_ip[4];
};

/* false: short, or not Ethernet/IPv4, or an unknown operation. */
bool arp_parse(const uint8_t *p, size_t size, struct arp_packet *a);
void arp_build(uint8_t *p, const struct arp_packet *a); /* ARP_SIZE bytes */

#endif
