/*
 * address.h - IP addresses inside the core: 16 bytes for both families.
 *
 * IPv4 is held as ::ffff:a.b.c.d, so that everything above ip/ has one code path. On the wire an IPv6
 * packet with such an address is dropped, so the two cannot be confused.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <string.h>
#include <weir/weir.h>

struct ip_addr {
    uint8_t b[16];
};

static inline struct ip_addr ip_addr_from_v4(const uint8_t v4[4])
{
    struct ip_addr a = {.b = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};
    memcpy(a.b + 12, v4, 4);
    return a;
}
struct ip_addr ip_addr_from_v6(const uint8_t v6[16]);
struct ip_addr ip_addr_from_public(const struct weir_ip *ip); /* family 0: all zero */
void ip_addr_to_public(const struct ip_addr *a,
                       struct weir_ip *ip); /* all zero: family 0; scope 0 */

static inline bool ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b)
{
    return memcmp(a->b, b->b, 16) == 0;
}
static inline bool ip_addr_is_v4(const struct ip_addr *a) /* ::ffff:0:0/96 */
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(a->b, mapped, sizeof(mapped)) == 0;
}
bool ip_addr_is_unspecified(const struct ip_addr *a); /* ::, 0.0.0.0 */
bool ip_addr_is_multicast(const struct ip_addr *a);   /* 224/4, ff00::/8 */
bool ip_addr_is_broadcast(const struct ip_addr *a);   /* 255.255.255.255 */
bool ip_addr_is_loopback(const struct ip_addr *a);    /* 127/8, ::1 */
bool ip_addr_is_link_local(const struct ip_addr *a);  /* 169.254/16, fe80::/10 */
/* Do the first `prefix` bits (of the address's own family: 0..32 or 0..128) agree? Families must too. */
bool ip_addr_in_prefix(const struct ip_addr *a, const struct ip_addr *net, uint8_t prefix);
/* Length of the common prefix, in bits of 128. */
uint32_t ip_addr_common_prefix(const struct ip_addr *a, const struct ip_addr *b);

#endif
