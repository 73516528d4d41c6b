/* eth.c - Ethernet II headers, and the group addresses of IP (RFC 1112 6.4, RFC 2464 7). */
#include "wire/eth.h"

#include "base/bytes.h"

#include <string.h>

const uint8_t eth_broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

bool eth_parse(const uint8_t *p, size_t size, struct eth_header *h)
{
    if (size < ETH_HEADER_SIZE) {
        return false;
    }
    memcpy(h->dst, p, 6);
    memcpy(h->src, p + 6, 6);
    h->type = load_be16(p + 12);
    return true;
}

void eth_build(uint8_t *p, const struct eth_header *h)
{
    memcpy(p, h->dst, 6);
    memcpy(p + 6, h->src, 6);
    store_be16(p + 12, h->type);
}

bool eth_is_group(const uint8_t mac[6])
{
    return (mac[0] & 1) != 0;
}

void eth_multicast_ip4(uint8_t mac[6], const uint8_t group[4])
{
    mac[0] = 0x01;
    mac[1] = 0x00;
    mac[2] = 0x5e;
    mac[3] = group[1] & 0x7f; /* 23 bits: 32 groups share one address */
    mac[4] = group[2];
    mac[5] = group[3];
}

void eth_multicast_ip6(uint8_t mac[6], const uint8_t group[16])
{
    mac[0] = 0x33;
    mac[1] = 0x33;
    memcpy(mac + 2, group + 12, 4);
}
