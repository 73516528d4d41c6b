/* ecn_mark.c - see ecn_mark.h. */
#include "device/ecn_mark.h"

#include "base/bytes.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#define CE 3u

static bool mark4(uint8_t *ip)
{
    uint16_t before = load_be16(ip);
    uint32_t sum;

    if ((before & CE) == 0) {
        return false;
    }
    /* HC' = ~(~HC + ~m + m') */
    sum = (uint32_t)(uint16_t)~load_be16(ip + 10) + (uint16_t)~before + (before | CE);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    ip[1] = (uint8_t)(ip[1] | CE);
    store_be16(ip + 10, (uint16_t)~sum);
    return true;
}

bool ecn_mark(uint8_t *packet, uint32_t size, uint32_t link_size)
{
    uint8_t *ip = packet + link_size;

    if (size < link_size + IP4_HEADER_SIZE) {
        return false;
    }
    if (ip[0] >> 4 == 4) {
        return mark4(ip);
    }
    if (ip[0] >> 4 != 6 || size < link_size + IP6_HEADER_SIZE || (ip[1] & CE << 4) == 0) {
        return false;
    }
    ip[1] = (uint8_t)(ip[1] | CE << 4); /* the traffic class crosses the first two bytes */
    return true;
}
