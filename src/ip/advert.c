/*
 * advert.c - what a router advertisement changes (RFC 4861 6.3.4, RFC 4862 5.5.3, RFC 4191, RFC 8106).
 */
#include "ip/internal.h"

#include "ip/slaac.h"

#define TWO_HOURS (7200 * WEIR_S)
#define ROUTER_METRIC 1024u     /* behind what was configured; as Linux */
#define REACHABLE_MOST 3600000u /* ms: RFC 4861 4.2 lets routers say no more */
#define REACHABLE_LEAST 100u    /* ms: one message must not make us ask without end, */
#define RETRANS_LEAST 10u
#define RETRANS_MOST 10000u /* nor keep us from ever asking again */

/* ---- Parameters of the link --------------------------------------------------------------------------------- */

/* RFC 4861 6.3.2: half to one and a half of what was said, drawn again every two hours. */
static void set_reachable(struct ip *ip, uint32_t link, uint32_t base)
{
    struct slaac *s = slaac_of(ip, link);
    bool stale = ip->env->now - s->reachable_at >= TWO_HOURS;
    if (base == 0 || base > REACHABLE_MOST || (base == s->base_reachable && !stale)) {
        return;
    }
    s->base_reachable = base;
    s->reachable_at = ip->env->now;
    weir_time span = max_u32(base, REACHABLE_LEAST) * WEIR_MS;
    s->reachable_time = span / 2 + rng_below(&ip->env->rng, span + 1);
}

static void set_mtu(struct ip *ip, uint32_t link, uint32_t mtu)
{
    struct ip_link *l = &ip->links[link];
    /* RFC 4861 6.3.4: not below IPv6's least, nor above what the link can do. */
    if (mtu < IP6_MTU_MIN || mtu > l->config.mtu || mtu == l->mtu6) {
        return;
    }
    l->mtu6 = (uint16_t)mtu;
    ip->generation++;
    slaac_news(ip, link);
}

static void set_parameters(struct ip *ip, uint32_t link, const struct router_advert *r)
{
    struct ip_link *l = &ip->links[link];
    struct slaac *s = slaac_of(ip, link);
    if (s->managed != r->managed || s->other != r->other) {
        s->managed = r->managed;
        s->other = r->other;
        slaac_news(ip, link);
    }
    if (r->hop_limit != 0) {
        l->hop_limit = r->hop_limit;
    }
    if (r->retrans_timer != 0) {
        s->retrans_time = min_u32(max_u32(r->retrans_timer, RETRANS_LEAST), RETRANS_MOST) * WEIR_MS;
    }
    set_reachable(ip, link, r->reachable_time);
    set_mtu(ip, link, r->mtu);
}

/* ---- Default routers ------------------------------------------------------------------------------------------ */

static struct slaac_router *find_router(struct slaac *s, const struct ip_addr *a)
{
    for (uint32_t i = 0; i < WEIR_SLAAC_ROUTERS_MAX; i++) {
        if (s->routers[i].until != 0 && ip_addr_equal(&s->routers[i].ip, a)) {
            return &s->routers[i];
        }
    }
    return NULL;
}

static struct slaac_router *free_router(struct slaac *s)
{
    for (uint32_t i = 0; i < WEIR_SLAAC_ROUTERS_MAX; i++) {
        if (s->routers[i].until == 0) {
            return &s->routers[i];
        }
    }
    return NULL;
}

static uint32_t metric_of(uint8_t preference)
{
    switch (preference) {
    case ROUTER_HIGH: return ROUTER_METRIC - 1;
    case ROUTER_LOW: return ROUTER_METRIC + 1;
    default: return ROUTER_METRIC;
    }
}

static void add_router(struct ip *ip, uint32_t link, const struct ip_addr *a,
                       const struct router_advert *r)
{
    struct slaac_router *router = free_router(slaac_of(ip, link));
    struct ip_route route = {
        .gateway = *a,
        .metric = metric_of(r->preference),
        .link = (uint16_t)link,
        .automatic = true,
    };
    if (router == NULL) {
        return; /* those that are there stay: a flood of new ones cannot push them out */
    }
    int error = route_insert(ip, &route);
    if (error != WEIR_OK && error != WEIR_EEXIST) {
        return;
    }
    *router = (struct slaac_router){
        .ip = *a, .until = slaac_until(ip->env->now, r->lifetime), .preference = r->preference};
    slaac_news(ip, link);
}

static void on_router(struct ip *ip, uint32_t link, const struct ip_addr *a,
                      const struct router_advert *r)
{
    struct slaac *s = slaac_of(ip, link);
    struct slaac_router *router = find_router(s, a);
    if (router != NULL && (r->lifetime == 0 || router->preference != r->preference)) {
        slaac_router_end(ip, link, router);
        router = NULL;
    }
    if (r->lifetime == 0) {
        return;
    }
    if (router != NULL) {
        router->until = slaac_until(ip->env->now, r->lifetime);
    } else {
        add_router(ip, link, a, r);
    }
    s->found = true;
    if (s->interval !=
        0) { /* asked already; else once, because answers may say more (RFC 4861 6.3.7) */
        s->solicit_at = WEIR_NEVER;
    }
}

void slaac_not_router(struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    struct slaac *s = slaac_of(ip, link);
    struct slaac_router *router = s != NULL ? find_router(s, a) : NULL;
    if (router != NULL) {
        slaac_router_end(ip, link, router);
    }
}

/* ---- Prefixes ------------------------------------------------------------------------------------------------- */

static bool is_usable(const struct router_prefix *p)
{
    return p->size != 0 && !ip_addr_is_v4(&p->ip) && !ip_addr_is_link_local(&p->ip) &&
           !ip_addr_is_multicast(&p->ip) && !ip_addr_is_loopback(&p->ip) &&
           !ip_addr_is_unspecified(&p->ip);
}

static bool is_free(const struct slaac_prefix *p)
{
    return p->stage == SLAAC_NONE && p->on_link_until == 0;
}

static struct slaac_prefix *find_prefix(struct slaac *s, const struct router_prefix *p)
{
    struct slaac_prefix *unused = NULL;
    for (uint32_t i = 0; i < WEIR_SLAAC_PREFIXES_MAX; i++) {
        struct slaac_prefix *known = &s->prefixes[i];
        if (is_free(known)) {
            unused = unused == NULL ? known : unused;
        } else if (known->size == p->size && ip_addr_equal(&known->net, &p->ip)) {
            return known;
        }
    }
    if (unused != NULL && p->valid != 0) {
        *unused = (struct slaac_prefix){.net = p->ip, .size = p->size};
        return unused;
    }
    return NULL;
}

/* RFC 4861 6.3.4. */
static void on_on_link(struct ip *ip, uint32_t link, struct slaac_prefix *known,
                       const struct router_prefix *p)
{
    if (p->valid == 0) {
        if (known->on_link_until != 0) {
            slaac_route(ip, link, known, false);
        }
        known->on_link_until = 0;
        return;
    }
    if (known->on_link_until == 0) {
        slaac_route(ip, link, known, true);
    }
    known->on_link_until = slaac_until(ip->env->now, p->valid);
}

/* RFC 4862 5.5.3 e: nobody who only can send can end the life of an address within two hours. */
static weir_time new_valid(const struct slaac_prefix *known, weir_time now, weir_time until)
{
    weir_time left = known->valid_until > now ? known->valid_until - now : 0;
    if (until == WEIR_NEVER || until - now > TWO_HOURS || until > known->valid_until) {
        return until;
    }
    return left <= TWO_HOURS ? known->valid_until : now + TWO_HOURS;
}

static void on_autonomous(struct ip *ip, uint32_t link, struct slaac_prefix *known,
                          const struct router_prefix *p)
{
    weir_time now = ip->env->now, until = slaac_until(now, p->valid);
    if (p->preferred > p->valid || p->size != 64) {
        return; /* RFC 4862 5.5.3 c, d */
    }
    if (known->stage == SLAAC_NONE) {
        if (p->valid == 0) {
            return;
        }
        known->valid_until = until;
        known->preferred_until = slaac_until(now, p->preferred);
        slaac_form(ip, link, known);
        return;
    }
    known->valid_until = new_valid(known, now, until);
    known->preferred_until = slaac_until(now, p->preferred);
    if (known->preferred_until > now && known->deprecated) {
        known->deprecated = false;
        slaac_news(ip, link);
    }
    struct ip_address *own =
        known->stage == SLAAC_LIVE ? address_on_link(ip, link, &known->address) : NULL;
    if (own != NULL && own->automatic) {
        own->deprecated = known->preferred_until <= now;
    }
}

static void on_prefix(struct ip *ip, uint32_t link, const struct router_prefix *p)
{
    struct slaac_prefix *known;
    if ((!p->on_link && !p->autonomous) || !is_usable(p)) {
        return;
    }
    known = find_prefix(slaac_of(ip, link), p);
    if (known == NULL) {
        return;
    }
    if (p->on_link) {
        on_on_link(ip, link, known, p);
    }
    if (p->autonomous) {
        on_autonomous(ip, link, known, p);
    }
}

/* ---- DNS servers ---------------------------------------------------------------------------------------------- */

/* RFC 8106 6.1: the one that would end first makes room. */
static struct slaac_dns *find_dns(struct slaac *s, const struct ip_addr *a)
{
    struct slaac_dns *first = &s->dns[0];
    for (uint32_t i = 0; i < WEIR_SLAAC_DNS_MAX; i++) {
        struct slaac_dns *d = &s->dns[i];
        if (d->until != 0 && ip_addr_equal(&d->ip, a)) {
            return d;
        }
        first = d->until < first->until ? d : first;
    }
    return first;
}

static void on_dns(struct ip *ip, uint32_t link, const struct router_dns *dns)
{
    const struct ip_addr *a = &dns->ip;
    struct slaac_dns *d = find_dns(slaac_of(ip, link), a);
    bool known = d->until != 0 && ip_addr_equal(&d->ip, a);
    weir_time until = dns->lifetime == 0 ? 0 : slaac_until(ip->env->now, dns->lifetime);
    if (ip_addr_is_v4(a) || ip_addr_is_multicast(a) || ip_addr_is_unspecified(a) ||
        ip_addr_is_loopback(a) || (!known && until <= d->until)) {
        return;
    }
    *d = (struct slaac_dns){.ip = *a, .until = until};
    if (!known || until == 0) {
        slaac_news(ip, link);
    }
}

/* ---- The whole ------------------------------------------------------------------------------------------------ */

void slaac_advert(struct ip *ip, uint32_t link, const struct ip_addr *router,
                  const struct router_advert *r)
{
    set_parameters(ip, link, r);
    on_router(ip, link, router, r);
    for (uint32_t i = 0; i < r->prefix_count; i++) {
        on_prefix(ip, link, &r->prefixes[i]);
    }
    for (uint32_t i = 0; i < r->dns_count; i++) {
        on_dns(ip, link, &r->dns[i]);
    }
    slaac_wake(ip, link);
}

enum ip_verdict slaac_input(struct ip *ip, struct arrival *a, const struct icmp_message *m)
{
    static const uint8_t nobody[6];
    struct router_advert r;
    const struct ip_addr *src = &a->packet->src;
    const struct slaac *s = slaac_of(ip, a->link);
    if (s == NULL || s->disabled) {
        return ip_drop(ip, a, WEIR_DROP_ICMP_TYPE);
    }
    if (a->packet->ttl != NDP_HOP_LIMIT) { /* RFC 4861 6.1.2 */
        return ip_drop(ip, a, WEIR_DROP_NDP_HOP_LIMIT);
    }
    if (ip_addr_is_v4(src) || !ip_addr_is_link_local(src)) {
        return ip_drop(ip, a, WEIR_DROP_ROUTER_SOURCE);
    }
    if (a->reassembled || !router_parse(m, &r) || /* RFC 6980 5 */
        (r.has_mac && (eth_is_group(r.mac) || memcmp(r.mac, nobody, 6) == 0))) {
        return ip_drop(ip, a, WEIR_DROP_ROUTER_MALFORMED);
    }
    if (r.has_mac && a->eth != NULL) {
        struct neighbor_news news = {
            .link = a->link, .ip = src, .mac = r.mac, .override = true, .create = true};
        neighbor_learn(ip, &news);
    }
    slaac_advert(ip, a->link, src, &r);
    buffer_unref(&ip->env->buffers, a->buffer);
    return IP_DONE;
}
