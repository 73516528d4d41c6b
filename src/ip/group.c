/*
 * group.c - multicast groups that somebody joined, per link and counted. What others are told of them is
 * group_report.c's business.
 */
#include "ip/internal.h"

/* The place of the group in the list, or of the 0 at its end. */
static uint32_t *place_of(struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    uint32_t *place = &ip->group_head;
    while (*place != 0 &&
           (group_at(ip, *place)->link != link || !ip_addr_equal(&group_at(ip, *place)->ip, a))) {
        place = &group_at(ip, *place)->next;
    }
    return place;
}

static struct ip_group *new_group(struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    uint32_t index;
    struct ip_group *g = ip->groups.used < IP_GROUPS_MAX ? pool_get(&ip->groups, &index) : NULL;
    if (g != NULL) {
        *g = (struct ip_group){.next = ip->group_head,
                               .ip = *a,
                               .link = (uint16_t)link,
                               .change_at = WEIR_NEVER,
                               .answer_at = WEIR_NEVER};
        ip->group_head = index;
    }
    return g;
}

int ip_group_join(struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    uint32_t index = *place_of(ip, link, a);
    struct ip_group *g = index != 0 ? group_at(ip, index) : new_group(ip, link, a);
    if (g == NULL || g->references == UINT32_MAX) {
        return WEIR_ENOBUFS;
    }
    if (g->references++ == 0) {
        group_joined(ip, g);
    }
    return WEIR_OK;
}

int ip_group_leave(struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    uint32_t index = *place_of(ip, link, a);
    if (index == 0 || group_at(ip, index)->references == 0) {
        return WEIR_ENOENT;
    }
    struct ip_group *g = group_at(ip, index);
    if (--g->references == 0) {
        group_left(ip, g);
    }
    return WEIR_OK;
}

void group_free(struct ip *ip, struct ip_group *g)
{
    uint32_t *place = place_of(ip, g->link, &g->ip), index = *place;
    *place = g->next;
    pool_put(&ip->groups, index);
}

void group_follow_address(struct ip *ip, struct ip_address *own, bool in_use)
{
    struct ip_addr group = ip_solicited_node(&own->ip);
    if (ip_addr_is_v4(&own->ip) || !ip_link_is_ethernet(ip, own->link) || own->grouped == in_use) {
        return;
    }
    if (in_use) { /* without memory the address is heard even so, only not reported */
        own->grouped = ip_group_join(ip, own->link, &group) == WEIR_OK;
    } else {
        own->grouped = false;
        (void)ip_group_leave(ip, own->link, &group);
    }
}

bool group_is_joined(const struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    for (uint32_t i = ip->group_head; i != 0; i = group_at(ip, i)->next) {
        const struct ip_group *g = group_at(ip, i);
        if (g->references != 0 && g->link == link && ip_addr_equal(&g->ip, a)) {
            return true;
        }
    }
    return false;
}

bool ip_group_joined(const struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    return group_is_joined(ip, link, a);
}

bool group_is_joined_somewhere(const struct ip *ip, const struct ip_addr *a)
{
    for (uint32_t i = ip->group_head; i != 0; i = group_at(ip, i)->next) {
        if (group_at(ip, i)->references != 0 && ip_addr_equal(&group_at(ip, i)->ip, a)) {
            return true;
        }
    }
    return false;
}

bool group_is_joined_mac(const struct ip *ip, uint32_t link, const uint8_t mac[6])
{
    for (uint32_t i = ip->group_head; i != 0; i = group_at(ip, i)->next) {
        const struct ip_group *g = group_at(ip, i);
        uint8_t own[6];
        if (ip_addr_is_v4(&g->ip)) {
            eth_multicast_ip4(own, g->ip.b + 12);
        } else {
            eth_multicast_ip6(own, g->ip.b);
        }
        if (g->references != 0 && g->link == link && memcmp(own, mac, 6) == 0) {
            return true;
        }
    }
    return false;
}

void group_check(const struct ip *ip)
{
    uint32_t count = 0;
    for (uint32_t i = ip->group_head; i != 0; i = group_at(ip, i)->next, count++) {
        const struct ip_group *g = group_at(ip, i);
        ASSERT(g->link < ip->link_count && ip_addr_is_multicast(&g->ip));
        ASSERT(g->references != 0 || g->changes_left != 0);
        ASSERT((g->changes_left != 0) == (g->change_at != WEIR_NEVER));
        ASSERT(g->change_at >= ip->group_deadline && g->answer_at >= ip->group_deadline);
    }
    ASSERT(count == ip->groups.used && count <= IP_GROUPS_MAX);
}
