/*
 * pmtu.c - what is known about the MTU of paths beyond the first link (RFC 1191, RFC 8201).
 *
 * One entry for each destination about which a believed ICMP error said that packets were too big; all
 * connections to it share it, by way of ip_path_find. An entry ages: after ten minutes larger packets are
 * tried again (RFC 1191 6.3). Whoever asks has checked that the error quotes a packet of ours.
 */
#include "ip/internal.h"

#include "base/siphash.h"

#define PMTU_LIFETIME (600 * WEIR_S)
#define PMTU_ENTRIES_MAX 256u

struct pmtu_entry {
    uint32_t hash_next; /* the pool's free list when free */
    uint16_t mtu;       /* 0: free */
    struct ip_addr dst;
    weir_time expires;
};

static struct pmtu_entry *entry_at(const struct ip *ip, uint32_t index)
{
    return pool_at(&ip->pmtus, index);
}

static uint32_t *bucket(struct ip *ip, const struct ip_addr *dst)
{
    uint64_t hash = siphash(ip->env->config.secret, dst->b, sizeof(dst->b));

    return &ip->pmtu_heads[hash % ARRAY_SIZE(ip->pmtu_heads)];
}

static uint32_t *find(struct ip *ip, const struct ip_addr *dst)
{
    uint32_t *at = bucket(ip, dst);

    while (*at != 0 && !ip_addr_equal(&entry_at(ip, *at)->dst, dst)) {
        at = &entry_at(ip, *at)->hash_next;
    }
    return at;
}

uint32_t pmtu_limit(struct ip *ip, const struct ip_addr *dst, uint32_t mtu)
{
    uint32_t index = ip->pmtus.used != 0 ? *find(ip, dst) : 0;

    return index != 0 ? min_u32(mtu, entry_at(ip, index)->mtu) : mtu;
}

static void forget(struct ip *ip, uint32_t index)
{
    struct pmtu_entry *e = entry_at(ip, index);
    uint32_t *at = find(ip, &e->dst);

    *at = e->hash_next;
    e->mtu = 0;
    pool_put(&ip->pmtus, index);
    ip->generation++;
}

static void find_deadline(struct ip *ip)
{
    ip->pmtu_deadline = WEIR_NEVER;
    for (uint32_t i = 1; i < pool_limit(&ip->pmtus); i++) {
        if (entry_at(ip, i)->mtu != 0) {
            ip->pmtu_deadline = min_time(ip->pmtu_deadline, entry_at(ip, i)->expires);
        }
    }
}

void pmtu_timers(struct ip *ip)
{
    for (uint32_t i = 1; i < pool_limit(&ip->pmtus); i++) {
        if (entry_at(ip, i)->mtu != 0 && entry_at(ip, i)->expires <= ip->env->now) {
            forget(ip, i);
        }
    }
    find_deadline(ip);
}

/* Room for one more: the one that would be forgotten first goes. */
static void make_room(struct ip *ip)
{
    for (uint32_t i = 1; i < pool_limit(&ip->pmtus); i++) {
        if (entry_at(ip, i)->mtu != 0 && entry_at(ip, i)->expires == ip->pmtu_deadline) {
            forget(ip, i);
            return;
        }
    }
}

bool ip_pmtu_learn(struct ip *ip, const struct ip_addr *dst, uint32_t mtu)
{
    uint32_t *at = find(ip, dst), index = *at;
    struct pmtu_entry *e;

    mtu = max_u32(mtu, ip_addr_is_v4(dst) ? IP4_PMTU_MIN : IP6_MTU_MIN);
    if (mtu > UINT16_MAX || (index != 0 && entry_at(ip, index)->mtu <= mtu)) {
        return false;
    }
    if (index == 0) {
        if (ip->pmtus.used >= PMTU_ENTRIES_MAX) {
            make_room(ip);
        }
        e = pool_get(&ip->pmtus, &index);
        if (e == NULL) {
            return false;
        }
        e->dst = *dst;
        at = bucket(ip, dst);
        e->hash_next = *at;
        *at = index;
    }
    e = entry_at(ip, index);
    e->mtu = (uint16_t)mtu;
    e->expires = ip->env->now + PMTU_LIFETIME;
    find_deadline(ip);
    ip->generation++; /* whoever goes there looks it up again */
    return true;
}

void pmtu_init(struct ip *ip)
{
    ip->pmtu_deadline = WEIR_NEVER;
    pool_init(&ip->pmtus, &ip->env->memory, sizeof(struct pmtu_entry), 4);
}

void pmtu_check(const struct ip *ip)
{
    uint32_t used = 0, linked = 0;

    for (uint32_t i = 1; i < pool_limit(&ip->pmtus); i++) {
        const struct pmtu_entry *e = entry_at(ip, i);

        if (e->mtu != 0) {
            used++;
            ASSERT(e->mtu >= IP4_PMTU_MIN && e->expires >= ip->pmtu_deadline);
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(ip->pmtu_heads); i++) {
        for (uint32_t j = ip->pmtu_heads[i]; j != 0; j = entry_at(ip, j)->hash_next) {
            linked++;
        }
    }
    ASSERT(used == ip->pmtus.used && linked == used);
}
