/*
 * group.c - multicast groups that somebody joined, per link and counted.
 */
#include "ip/internal.h"

static struct ip_group *at(const struct ip *ip, uint32_t index)
{
    return pool_at(&ip->groups, index);
}

/* The place of the group in the list, or of the 0 at its end. */
static uint32_t *place_of(struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    uint32_t *place = &ip->group_head;
    while (*place != 0 &&
           (at(ip, *place)->link != link || !ip_addr_equal(&at(ip, *place)->ip, a))) {
        place = &at(ip, *place)->next;
    }
    return place;
}

int ip_group_join(struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    uint32_t *place = place_of(ip, link, a), index = *place;
    if (index != 0) {
        if (at(ip, index)->references == UINT32_MAX) {
            return WEIR_ENOBUFS;
        }
        at(ip, index)->references++;
        return WEIR_OK;
    }
    struct ip_group *g = pool_get(&ip->groups, &index);
    if (g == NULL) {
        return WEIR_ENOBUFS;
    }
    *g = (struct ip_group){
        .next = ip->group_head, .references = 1, .ip = *a, .link = (uint16_t)link};
    ip->group_head = index;
    return WEIR_OK;
}

int ip_group_leave(struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    uint32_t *place = place_of(ip, link, a), index = *place;
    if (index == 0) {
        return WEIR_ENOENT;
    }
    struct ip_group *g = at(ip, index);
    if (--g->references != 0) {
        return WEIR_OK;
    }
    *place = g->next;
    pool_put(&ip->groups, index);
    return WEIR_OK;
}

bool group_is_joined(const struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    for (uint32_t i = ip->group_head; i != 0; i = at(ip, i)->next) {
        if (at(ip, i)->link == link && ip_addr_equal(&at(ip, i)->ip, a)) {
            return true;
        }
    }
    return false;
}

bool group_is_joined_mac(const struct ip *ip, uint32_t link, const uint8_t mac[6])
{
    for (uint32_t i = ip->group_head; i != 0; i = at(ip, i)->next) {
        const struct ip_group *g = at(ip, i);
        uint8_t own[6];
        if (ip_addr_is_v4(&g->ip)) {
            eth_multicast_ip4(own, g->ip.b + 12);
        } else {
            eth_multicast_ip6(own, g->ip.b);
        }
        if (g->link == link && memcmp(own, mac, 6) == 0) {
            return true;
        }
    }
    return false;
}
