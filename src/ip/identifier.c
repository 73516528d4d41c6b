/*
 * identifier.c - interface identifiers: the lower half of an address that nobody configured.
 *
 * RFC 7217: a keyed hash of the prefix, the link and the number of duplicates met, so that hosts cannot be
 * followed from network to network, nor their addresses guessed. Or the older form with the MAC in it.
 */
#include "ip/internal.h"

#include "base/siphash.h"
#include "ip/slaac.h"

/* RFC 5453: all zero (the routers' anycast address), those of Ethernet's proxies, and the anycast block. */
static bool is_reserved(uint64_t id)
{
    return id == 0 || (id >= 0x02005efffe000000 && id <= 0x02005efffeffffff) ||
           id >= 0xfdffffffffffff80;
}

static uint64_t stable(const struct ip *ip, uint32_t link, const struct slaac_prefix *p)
{
    uint8_t key[16] = "iid";
    uint64_t id;
    memcpy(key + 3, p->net.b, 8);
    store_be32(key + 11, link);
    key[15] = p->dad_counter;
    do {
        id = siphash(ip->env->config.secret, key, sizeof(key));
        key[2]++; /* RFC 7217 5, step 3: another one */
    } while (is_reserved(id));
    return id;
}

struct ip_addr slaac_address(const struct ip *ip, uint32_t link, const struct slaac_prefix *p)
{
    const uint8_t *mac = ip->links[link].config.mac;
    struct ip_addr a = p->net;
    if (slaac_of(ip, link)->identifier == WEIR_IDENTIFIER_EUI64) {
        a.b[8] = mac[0] ^ 0x02; /* RFC 4291 appendix A */
        memcpy(a.b + 9, mac + 1, 2);
        a.b[11] = 0xff;
        a.b[12] = 0xfe;
        memcpy(a.b + 13, mac + 3, 3);
        return a;
    }
    store_be64(a.b + 8, stable(ip, link, p));
    return a;
}
