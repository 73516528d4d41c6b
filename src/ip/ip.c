/*
 * ip.c - birth, death, time and invariants of the network layer.
 */
#include "ip/internal.h"

const struct ip_addr ip_all_nodes = {{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

struct ip_addr ip_solicited_node(const struct ip_addr *a)
{
    struct ip_addr group = {{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0}};
    memcpy(group.b + 13, a->b + 13, 3);
    return group;
}

enum ip_verdict ip_drop(struct ip *ip, struct arrival *a, enum weir_drop drop)
{
    env_drop(ip->env, drop, a->link, 0);
    buffer_unref(&ip->env->buffers, a->buffer);
    return IP_DONE;
}

enum ip_verdict ip_drop_untapped(struct ip *ip, struct arrival *a, enum weir_drop drop)
{
    if (!a->tapped) {
        return ip_drop(ip, a, drop);
    }
    buffer_unref(&ip->env->buffers, a->buffer);
    return IP_DONE;
}

void ip_drop_reply(struct ip *ip, struct weir_buffer *buffer, uint32_t link, enum weir_drop drop)
{
    env_drop(ip->env, drop, link, 0);
    buffer_unref(&ip->env->buffers, buffer);
}

static uint32_t neighbors_max(const struct ip *ip)
{
    return max_u32(ip->env->config.neighbors_max, 1);
}

int ip_init(struct ip *ip, struct env *env)
{
    memset(ip, 0, sizeof(*ip));
    ip->env = env;
    ip->generation = 1; /* a zeroed ip_path is not valid */
    ip->neighbor_deadline = WEIR_NEVER;
    ip->dad_deadline = WEIR_NEVER;
    ip->group_deadline = WEIR_NEVER;
    ip->slaac_deadline = WEIR_NEVER;
    ip->probe_deadline = WEIR_NEVER;
    ip->icmp_tokens = ICMP_TOKENS_MAX;
    ip->ip4_id = (uint16_t)rng_next(&env->rng);
    ip->ip6_fragment_id = (uint32_t)rng_next(&env->rng);
    pmtu_init(ip);
    pool_init(&ip->neighbors, &env->memory, sizeof(struct ip_neighbor), 4);
    pool_init(&ip->groups, &env->memory, sizeof(struct ip_group), 2);
    pool_init(&ip->queriers, &env->memory, sizeof(struct ip_querier), 1);
    ip->neighbor_events = memory_alloc(&env->memory, neighbors_max(ip) * sizeof(uint32_t));
    if (ip->neighbor_events == NULL) {
        return WEIR_ENOBUFS;
    }
    return WEIR_OK;
}

void ip_fini(struct ip *ip)
{
    struct env *env = ip->env;
    struct ip_reply reply;
    while (ip->reply_count != 0) {
        reply = ip->replies[ip->reply_head];
        buffer_unref(&env->buffers, reply.buffer);
        ip->reply_head = (ip->reply_head + 1) % IP_REPLIES;
        ip->reply_count--;
    }
    fragments_fini(ip);
    slaac_fini(ip);
    probe_fini(ip);
    memory_free(&env->memory, ip->routes, ip->route_capacity * sizeof(*ip->routes));
    memory_free(&env->memory, ip->neighbor_events, neighbors_max(ip) * sizeof(uint32_t));
    pool_fini(&ip->neighbors);
    pool_fini(&ip->pmtus);
    pool_fini(&ip->groups);
    pool_fini(&ip->queriers);
    ip->group_head = ip->querier_head = 0;
    ip->routes = NULL;
    ip->neighbor_events = NULL;
}

weir_time ip_deadline(const struct ip *ip)
{
    weir_time deadline = min_time(ip->neighbor_deadline, ip->dad_deadline);
    deadline = min_time(deadline, min_time(ip->slaac_deadline, ip->probe_deadline));
    deadline = min_time(deadline, min_time(ip->pmtu_deadline, fragments_deadline(ip)));
    return min_time(min_time(deadline, ip->group_deadline), reply_deadline(ip));
}

void ip_timers(struct ip *ip)
{
    weir_time now = ip->env->now;
    if (now >=
        ip->group_deadline) { /* before DAD asks: switches must know the group (RFC 4862 5.4.2) */
        group_timers(ip);
    }
    if (now >= ip->dad_deadline) {
        dad_timers(ip);
    }
    if (now >= ip->slaac_deadline) {
        slaac_timers(ip);
    }
    if (now >= ip->probe_deadline) {
        probe_timers(ip);
    }
    if (now >= ip->neighbor_deadline) {
        neighbor_timers(ip);
    }
    if (now >= ip->pmtu_deadline) {
        pmtu_timers(ip);
    }
    if (now >= fragments_deadline(ip)) {
        fragments_timers(ip);
    }
    if (now >= reply_deadline(ip)) {
        reply_timers(ip);
    }
}

static void check_routes(const struct ip *ip)
{
    ASSERT(ip->route_count <= ip->route_capacity && ip->route_count <= IP_ROUTES_MAX);
    for (uint32_t i = 0; i < ip->route_count; i++) {
        const struct ip_route *r = &ip->routes[i];
        ASSERT(r->link < ip->link_count);
        if (i != 0) {
            const struct ip_route *before = &ip->routes[i - 1];
            ASSERT(before->prefix > r->prefix ||
                   (before->prefix == r->prefix && before->metric <= r->metric));
        }
    }
}

static void check_addresses(const struct ip *ip)
{
    ASSERT(ip->address_count <= IP_ADDRESSES_MAX);
    for (uint32_t i = 0; i < ip->address_count; i++) {
        const struct ip_address *a = &ip->addresses[i];
        if (a->state == IP_ADDRESS_FREE) {
            continue;
        }
        ASSERT(a->state <= IP_ADDRESS_DUPLICATE && a->link < ip->link_count);
        ASSERT(a->dad_at >= ip->dad_deadline);
    }
}

void ip_check(const struct ip *ip)
{
    ASSERT(ip->link_count <= IP_LINKS_MAX && ip->generation != 0);
    check_addresses(ip);
    slaac_check(ip);
    check_routes(ip);
    neighbor_check(ip);
    reply_check(ip);
    fragments_check(ip);
    pmtu_check(ip);
    group_check(ip);
}
