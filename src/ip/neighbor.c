/*
 * neighbor.c - one state machine for ARP and NDP: RFC 4861 7.3.2, RFC 826 with the same states.
 *
 * INCOMPLETE -> REACHABLE -> STALE -> DELAY -> PROBE -> REACHABLE, or FAILED and back. A new entry is
 * INCOMPLETE with probes 0: nobody asked yet. Resolution starts with the first use. No frame ever waits
 * here: senders wait (ip_neighbor_event tells them) and connectionless replies stand in their own ring.
 *
 * The number of entries is bounded. The least recently used one goes first; those that were only learned
 * and never used go before all others, so that a flood of ARP requests cannot push out what is in use.
 * Whenever an entry goes, ip->generation changes, so that no cached path can name its successor.
 */
#include "ip/internal.h"

#include "base/siphash.h"

#define HEADS 256u

static uint32_t entries_max(const struct ip *ip)
{
    return max_u32(ip->env->config.neighbors_max, 1);
}

static uint32_t bucket_of(const struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    uint8_t key[20];
    memcpy(key, a->b, 16);
    store_be32(key + 16, link);
    return (uint32_t)(siphash(ip->env->config.secret, key, sizeof(key)) % HEADS);
}

uint32_t neighbor_find(const struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    uint32_t index = ip->neighbor_heads[bucket_of(ip, link, a)];
    while (index != 0) {
        const struct ip_neighbor *n = ip_neighbor_at(ip, index);
        if (n->link == link && ip_addr_equal(&n->ip, a)) {
            return index;
        }
        index = n->hash_next;
    }
    return 0;
}

static void set_state(struct ip *ip, struct ip_neighbor *n, enum ip_neighbor_state state,
                      weir_time deadline)
{
    n->state = (uint8_t)state;
    n->probes = 0;
    n->deadline = deadline;
    ip->neighbor_deadline = min_time(ip->neighbor_deadline, deadline);
}

/* ARP has no routers that would say anything about it. */
static weir_time reachable_time(const struct ip *ip, const struct ip_neighbor *n)
{
    return ip_addr_is_v4(&n->ip) ? NEIGHBOR_REACHABLE_TIME : slaac_reachable_time(ip, n->link);
}

static weir_time retrans_time(const struct ip *ip, const struct ip_neighbor *n)
{
    return ip_addr_is_v4(&n->ip) ? NEIGHBOR_RETRANS_TIME : slaac_retrans_time(ip, n->link);
}

static void solicit(struct ip *ip, uint32_t index, struct ip_neighbor *n)
{
    n->probes++;
    n->deadline = ip->env->now + retrans_time(ip, n);
    ip->neighbor_deadline = min_time(ip->neighbor_deadline, n->deadline);
    if (ip_addr_is_v4(&n->ip)) {
        arp_solicit(ip, n);
    } else {
        ndp_solicit(ip, index, n);
    }
}

/* ---- Events ------------------------------------------------------------------------------------------ */

static void announce(struct ip *ip, uint32_t index, struct ip_neighbor *n)
{
    if (n->announced) {
        return;
    }
    uint32_t max = entries_max(ip);
    ASSERT(ip->neighbor_event_count < max);
    n->announced = true;
    ip->neighbor_events[(ip->neighbor_event_head + ip->neighbor_event_count) % max] = index;
    ip->neighbor_event_count++;
}

bool ip_neighbor_event(struct ip *ip, uint32_t *neighbor, bool *usable)
{
    if (ip->neighbor_event_count == 0) {
        return false;
    }
    *neighbor = ip->neighbor_events[ip->neighbor_event_head];
    ip->neighbor_event_head = (ip->neighbor_event_head + 1) % entries_max(ip);
    ip->neighbor_event_count--;
    struct ip_neighbor *n = ip_neighbor_at(ip, *neighbor);
    n->announced = false;
    *usable = neighbor_is_usable(n);
    return true;
}

static void fail(struct ip *ip, uint32_t index, struct ip_neighbor *n)
{
    set_state(ip, n, IP_NEIGHBOR_FAILED, ip->env->now + NEIGHBOR_FAILED_TIME);
    reply_drop_neighbor(ip, index);
    announce(ip, index, n);
    if (ip->slaac != NULL) {
        ip->generation++; /* another default router may do better */
    }
}

/* ---- Coming and going ----------------------------------------------------------------------------------- */

static void release(struct ip *ip, uint32_t index)
{
    struct ip_neighbor *n = ip_neighbor_at(ip, index);
    uint32_t *link = &ip->neighbor_heads[bucket_of(ip, n->link, &n->ip)];
    while (*link != index) {
        ASSERT(*link != 0);
        link = &ip_neighbor_at(ip, *link)->hash_next;
    }
    *link = n->hash_next;
    n->state = IP_NEIGHBOR_FREE;
    pool_put(&ip->neighbors, index);
    ip->neighbor_count--;
    ip->generation++;
}

static bool is_older(const struct ip_neighbor *a, const struct ip_neighbor *b)
{
    return a->used != b->used ? a->used < b->used : a->confirmed < b->confirmed;
}

/* Frees one entry that nobody waits for. `learning`: only one that was never used. */
static bool evict(struct ip *ip, bool learning)
{
    uint32_t oldest = 0;
    for (uint32_t i = 1; i < pool_limit(&ip->neighbors); i++) {
        const struct ip_neighbor *n = ip_neighbor_at(ip, i);
        if (n->state == IP_NEIGHBOR_FREE || n->waiting_head != 0 || n->announced ||
            (learning && n->used != 0)) {
            continue;
        }
        if ((oldest == 0 || is_older(n, ip_neighbor_at(ip, oldest))) &&
            !reply_uses_neighbor(ip, i)) {
            oldest = i;
        }
    }
    if (oldest != 0) {
        release(ip, oldest);
    }
    return oldest != 0;
}

static uint32_t create(struct ip *ip, uint32_t link, const struct ip_addr *a, bool learning)
{
    uint32_t index;
    if (ip->neighbor_count >= entries_max(ip) && !evict(ip, learning)) {
        return 0;
    }
    struct ip_neighbor *n = pool_get(&ip->neighbors, &index);
    if (n == NULL) {
        return 0;
    }
    uint32_t *head = &ip->neighbor_heads[bucket_of(ip, link, a)];
    n->hash_next = *head;
    *head = index;
    n->state = IP_NEIGHBOR_INCOMPLETE;
    n->link = (uint16_t)link;
    n->ip = *a;
    n->deadline = WEIR_NEVER;
    n->confirmed = ip->env->now;
    n->used = learning ? 0 : max_u64(ip->env->now, 1);
    ip->neighbor_count++;
    return index;
}

uint32_t neighbor_obtain(struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    uint32_t index = neighbor_find(ip, link, a);
    return index != 0 ? index : create(ip, link, a, false);
}

/* ---- Use ---------------------------------------------------------------------------------------------------- */

enum ip_ready neighbor_use(struct ip *ip, uint32_t index)
{
    struct ip_neighbor *n = ip_neighbor_at(ip, index);
    n->used = max_u64(ip->env->now, 1);
    switch (n->state) {
    case IP_NEIGHBOR_INCOMPLETE:
        if (n->probes == 0) {
            solicit(ip, index, n);
        }
        return IP_READY_WAIT;
    case IP_NEIGHBOR_STALE:
        set_state(ip, n, IP_NEIGHBOR_DELAY, ip->env->now + NEIGHBOR_DELAY_TIME);
        return IP_READY_OK;
    case IP_NEIGHBOR_REACHABLE:
    case IP_NEIGHBOR_DELAY:
    case IP_NEIGHBOR_PROBE: return IP_READY_OK;
    default: return IP_READY_FAIL;
    }
}

enum ip_ready ip_path_ready(struct ip *ip, const struct ip_path *path)
{
    if (path->neighbor == 0) {
        return IP_READY_OK;
    }
    struct ip_neighbor *n = ip_neighbor_at(ip, path->neighbor);
    if (LIKELY(n->state == IP_NEIGHBOR_REACHABLE)) {
        n->used = ip->env->now | 1; /* 0 would mean never */
        return IP_READY_OK;
    }
    return neighbor_use(ip, path->neighbor);
}

void ip_neighbor_confirm(struct ip *ip, uint32_t neighbor)
{
    if (neighbor == 0) {
        return;
    }
    struct ip_neighbor *n = ip_neighbor_at(ip, neighbor);
    n->confirmed = ip->env->now;
    if (UNLIKELY(n->state >= IP_NEIGHBOR_STALE && n->state <= IP_NEIGHBOR_PROBE)) {
        set_state(ip, n, IP_NEIGHBOR_REACHABLE, ip->env->now + reachable_time(ip, n));
    }
}

/* ---- What the wire says ----------------------------------------------------------------------------------------- */

static void become_known(struct ip *ip, uint32_t index, struct ip_neighbor *n,
                         const struct neighbor_news *news)
{
    bool waited_for = n->state == IP_NEIGHBOR_FAILED || n->probes != 0;
    memcpy(n->mac, news->mac, 6);
    if (news->solicited) {
        n->confirmed = ip->env->now;
        set_state(ip, n, IP_NEIGHBOR_REACHABLE, ip->env->now + reachable_time(ip, n));
    } else {
        set_state(ip, n, IP_NEIGHBOR_STALE, WEIR_NEVER);
    }
    if (waited_for || n->waiting_head != 0) {
        announce(ip, index, n);
    }
}

/* RFC 4861 7.2.5, the second half. */
static void update(struct ip *ip, struct ip_neighbor *n, const struct neighbor_news *news)
{
    bool differs = news->mac != NULL && memcmp(news->mac, n->mac, 6) != 0;
    if (differs && !news->override) {
        if (n->state == IP_NEIGHBOR_REACHABLE) {
            set_state(ip, n, IP_NEIGHBOR_STALE, WEIR_NEVER);
        }
        return;
    }
    if (differs) {
        memcpy(n->mac, news->mac, 6);
    }
    if (news->solicited) {
        n->confirmed = ip->env->now;
        set_state(ip, n, IP_NEIGHBOR_REACHABLE, ip->env->now + reachable_time(ip, n));
    } else if (differs) {
        set_state(ip, n, IP_NEIGHBOR_STALE, WEIR_NEVER);
    }
}

void neighbor_learn(struct ip *ip, const struct neighbor_news *news)
{
    uint32_t index = neighbor_find(ip, news->link, news->ip);
    if (index == 0 && news->create && news->mac != NULL) {
        index = create(ip, news->link, news->ip, true);
    }
    if (index == 0) {
        return;
    }
    struct ip_neighbor *n = ip_neighbor_at(ip, index);
    if (neighbor_is_usable(n)) {
        update(ip, n, news);
    } else if (news->mac != NULL) {
        become_known(ip, index, n, news);
    }
}

/* ---- Time ---------------------------------------------------------------------------------------------------------- */

static void on_deadline(struct ip *ip, uint32_t index, struct ip_neighbor *n)
{
    weir_time now = ip->env->now;
    switch (n->state) {
    case IP_NEIGHBOR_INCOMPLETE:
        if (n->probes < NEIGHBOR_SOLICITS_MAX) {
            solicit(ip, index, n);
        } else {
            fail(ip, index, n);
        }
        break;
    case IP_NEIGHBOR_REACHABLE:
        if (now - n->confirmed < reachable_time(ip, n)) {
            n->deadline = n->confirmed + reachable_time(ip, n);
        } else {
            set_state(ip, n, IP_NEIGHBOR_STALE, WEIR_NEVER);
        }
        break;
    case IP_NEIGHBOR_DELAY:
        n->state = IP_NEIGHBOR_PROBE;
        solicit(ip, index, n);
        break;
    case IP_NEIGHBOR_PROBE:
        if (n->probes < NEIGHBOR_SOLICITS_MAX) {
            solicit(ip, index, n);
        } else {
            /* Not FAILED yet: it may have a new MAC, so ask everybody (RFC 4861 7.3.3). */
            set_state(ip, n, IP_NEIGHBOR_INCOMPLETE, WEIR_NEVER);
        }
        break;
    case IP_NEIGHBOR_FAILED: set_state(ip, n, IP_NEIGHBOR_INCOMPLETE, WEIR_NEVER); break;
    default: n->deadline = WEIR_NEVER; break;
    }
}

void neighbor_timers(struct ip *ip)
{
    weir_time now = ip->env->now;
    weir_time next = WEIR_NEVER;
    for (uint32_t i = 1; i < pool_limit(&ip->neighbors); i++) {
        struct ip_neighbor *n = ip_neighbor_at(ip, i);
        if (n->state == IP_NEIGHBOR_FREE) {
            continue;
        }
        if (n->deadline <= now) {
            on_deadline(ip, i, n);
        }
        next = min_time(next, n->deadline);
    }
    ip->neighbor_deadline = next;
}

void neighbor_link_changed(struct ip *ip, uint32_t link)
{
    for (uint32_t i = 1; i < pool_limit(&ip->neighbors); i++) {
        struct ip_neighbor *n = ip_neighbor_at(ip, i);
        if (n->state == IP_NEIGHBOR_FREE || n->link != link) {
            continue;
        }
        if (neighbor_is_usable(n)) {
            set_state(ip, n, IP_NEIGHBOR_STALE, WEIR_NEVER);
        } else if (n->state == IP_NEIGHBOR_INCOMPLETE && n->probes != 0) {
            fail(ip, i, n);
        }
    }
}

void neighbor_check(const struct ip *ip)
{
    uint32_t chained = 0, used = 0, announced = 0;
    for (uint32_t head = 0; head < HEADS; head++) {
        for (uint32_t i = ip->neighbor_heads[head]; i != 0; i = ip_neighbor_at(ip, i)->hash_next) {
            chained++;
            ASSERT(chained <= ip->neighbor_count);
        }
    }
    for (uint32_t i = 1; i < pool_limit(&ip->neighbors); i++) {
        const struct ip_neighbor *n = ip_neighbor_at(ip, i);
        if (n->state == IP_NEIGHBOR_FREE) {
            continue;
        }
        used++;
        announced += n->announced;
        ASSERT(n->state <= IP_NEIGHBOR_FAILED && n->link < ip->link_count);
        ASSERT(n->deadline >= ip->neighbor_deadline);
        ASSERT(!eth_is_group(n->mac) && neighbor_find(ip, n->link, &n->ip) == i);
    }
    ASSERT(used == ip->neighbor_count && chained == used && used <= entries_max(ip));
    ASSERT(announced == ip->neighbor_event_count);
}
