/* arp.c - ARP for IPv4 over Ethernet (RFC 826). */
#include "wire/arp.h"

#include "base/bytes.h"
#include "wire/eth.h"

#include <string.h>

#define HARDWARE_ETHERNET 1

bool arp_parse(const uint8_t *p, size_t size, struct arp_packet *a)
{
    if (size < ARP_SIZE) {
        return false;
    }
    if (load_be16(p) != HARDWARE_ETHERNET || load_be16(p + 2) != ETH_TYPE_IP4 || p[4] != 6 ||
        p[5] != 4) {
        return false;
    }
    a->operation = load_be16(p + 6);
    if (a->operation != ARP_REQUEST && a->operation != ARP_REPLY) {
        return false;
    }
    memcpy(a->sender_mac, p + 8, 6);
    memcpy(a->sender_ip, p + 14, 4);
    memcpy(a->target_mac, p + 18, 6);
    memcpy(a->target_ip, p + 24, 4);
    return true;
}

void arp_build(uint8_t *p, const struct arp_packet *a)
{
    store_be16(p, HARDWARE_ETHERNET);
    store_be16(p + 2, ETH_TYPE_IP4);
    p[4] = 6;
    p[5] = 4;
    store_be16(p + 6, a->operation);
    memcpy(p + 8, a->sender_mac, 6);
    memcpy(p + 14, a->sender_ip, 4);
    memcpy(p + 18, a->target_mac, 6);
    memcpy(p + 24, a->target_ip, 4);
}
