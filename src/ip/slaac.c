/*
 * slaac.c - stateless address autoconfiguration (RFC 4862) and router discovery (RFC 4861 6.3): the life of
 * addresses, prefixes and routers, and asking for them.
 *
 * A link's state changes where an advertisement says so (advert.c) and here, where a time has come: slaac_run
 * looks at everything once and says when to look again. Duplicate address detection only wakes it.
 * What exists is bounded: WEIR_SLAAC_PREFIXES_MAX, _ROUTERS_MAX, _DNS_MAX.
 */
#include "ip/internal.h"

#include "ip/slaac.h"

#define DAD_DELAY_MAX WEIR_S /* RFC 4862 5.4.2: MAX_RTR_SOLICITATION_DELAY */
#define IDENTIFIER_RETRIES 3 /* RFC 7217 6 */
#define IDENTIFIER_DELAY WEIR_S
#define MEMORY_DELAY (60 * WEIR_S)
#define SOLICIT_FIRST (4 * WEIR_S)   /* RFC 7559 2: IRT */
#define SOLICIT_MOST (3600 * WEIR_S) /* and MRT */
#define ON_LINK_METRIC 256u          /* behind what was configured */

static const struct ip_addr all_routers = {{0xff, 0x02, [15] = 2}};

weir_time slaac_reachable_time(const struct ip *ip, uint32_t link)
{
    const struct slaac *s = slaac_of(ip, link);
    return s != NULL ? s->reachable_time : NEIGHBOR_REACHABLE_TIME;
}

weir_time slaac_retrans_time(const struct ip *ip, uint32_t link)
{
    const struct slaac *s = slaac_of(ip, link);
    return s != NULL ? s->retrans_time : NEIGHBOR_RETRANS_TIME;
}

/* ---- Waking ---------------------------------------------------------------------------------------------- */

void slaac_wake(struct ip *ip, uint32_t link)
{
    struct slaac *s = slaac_of(ip, link);
    if (s != NULL) {
        s->deadline = ip->env->now;
        ip->slaac_deadline = min_time(ip->slaac_deadline, s->deadline);
    }
}

void slaac_news(struct ip *ip, uint32_t link)
{
    slaac_of(ip, link)->news = true;
    ip->slaac_news = true;
}

bool ip_slaac_event(struct ip *ip, uint32_t *link)
{
    for (struct slaac *s = ip->slaac; s != NULL; s = s->next) {
        if (s->news) {
            s->news = false;
            *link = s->link;
            return true;
        }
    }
    ip->slaac_news = false;
    return false;
}

/* ---- Addresses ------------------------------------------------------------------------------------------- */

void slaac_form(struct ip *ip, uint32_t link, struct slaac_prefix *p)
{
    struct ip_address *own;
    p->address = slaac_address(ip, link, p);
    p->told = false;
    p->deprecated = false;
    int error = address_add_automatic(ip, link, &p->address, p->size, &own);
    if (error != WEIR_OK) {
        p->stage =
            error == WEIR_ENOBUFS ? SLAAC_RETRY : SLAAC_GIVEN_UP; /* somebody added it himself */
        p->retry_at = time_after(ip->env->now, MEMORY_DELAY);
        return;
    }
    p->stage = SLAAC_LIVE;
    own->deprecated = p->preferred_until <= ip->env->now;
    if (own->state ==
        IP_ADDRESS_TENTATIVE) { /* not all hosts at once, when the power comes back (RFC 4862 5.4.2) */
        own->dad_at = ip->env->now + rng_below(&ip->env->rng, DAD_DELAY_MAX);
    }
    slaac_wake(ip, link);
}

static void remove_address(struct ip *ip, uint32_t link, struct slaac_prefix *p)
{
    struct ip_address *own = address_on_link(ip, link, &p->address);
    if (own != NULL && own->automatic) {
        address_remove_automatic(ip, own, p->told);
    }
    p->told = false;
}

void slaac_route(struct ip *ip, uint32_t link, const struct slaac_prefix *p, bool add)
{
    struct ip_route route = {
        .destination = p->net,
        .metric = ON_LINK_METRIC,
        .link = (uint16_t)link,
        .prefix = p->size,
        .automatic = true,
    };
    if (add) {
        (void)route_insert(ip, &route); /* or there is one already, or no room */
    } else {
        route_remove_automatic(ip, &route);
    }
}

void slaac_prefix_end(struct ip *ip, uint32_t link, struct slaac_prefix *p)
{
    if (p->stage == SLAAC_LIVE) {
        remove_address(ip, link, p);
    }
    if (p->on_link_until != 0) {
        slaac_route(ip, link, p, false);
    }
    *p = (struct slaac_prefix){.stage = SLAAC_NONE};
}

void slaac_router_end(struct ip *ip, uint32_t link, struct slaac_router *r)
{
    struct ip_route route = {.gateway = r->ip, .link = (uint16_t)link};
    route_remove_automatic(ip, &route);
    r->until = 0;
    slaac_news(ip, link);
}

/* Everything but the link-local address. */
static void forget_routers(struct ip *ip, uint32_t link)
{
    struct slaac *s = slaac_of(ip, link);
    for (uint32_t i = 0; i < WEIR_SLAAC_PREFIXES_MAX; i++) {
        slaac_prefix_end(ip, link, &s->prefixes[i]);
    }
    for (uint32_t i = 0; i < WEIR_SLAAC_ROUTERS_MAX; i++) {
        if (s->routers[i].until != 0) {
            slaac_router_end(ip, link, &s->routers[i]);
        }
    }
    memset(s->dns, 0, sizeof(s->dns));
}

/* RFC 7217 6: another identifier, a few times. RFC 4862 5.4.5: one with the MAC in it is not tried again, and
 * without a link-local address there is nothing to be had here. */
static void on_duplicate(struct ip *ip, uint32_t link, struct slaac_prefix *p)
{
    struct slaac *s = slaac_of(ip, link);
    remove_address(ip, link, p);
    p->dad_counter++;
    if (s->identifier == WEIR_IDENTIFIER_STABLE && p->dad_counter <= IDENTIFIER_RETRIES) {
        p->stage = SLAAC_RETRY;
        p->retry_at = ip->env->now + IDENTIFIER_DELAY;
        return;
    }
    p->stage = SLAAC_GIVEN_UP;
    if (p == &s->local) {
        s->disabled = true;
        s->solicit_at = WEIR_NEVER;
        forget_routers(ip, link);
    }
}

/* It was proven to be ours. */
static void on_valid(struct ip *ip, uint32_t link, struct slaac_prefix *p, struct ip_address *own)
{
    struct slaac *s = slaac_of(ip, link);
    p->told = true;
    address_tell(ip, own, IP_TELL_ADDED);
    if (p == &s->local && !s->began) {
        /* RFC 4861 6.3.7: detection was delayed at random; without it this is. */
        bool waited = ip_link_is_ethernet(ip, link) && !ip->links[link].config.no_dad;
        s->began = true;
        s->solicit_at = ip->env->now + (waited ? 0 : rng_below(&ip->env->rng, DAD_DELAY_MAX));
    }
}

static void run_address(struct ip *ip, uint32_t link, struct slaac_prefix *p)
{
    weir_time now = ip->env->now;
    if (p->stage == SLAAC_RETRY && p->retry_at <= now) {
        slaac_form(ip, link, p);
    }
    struct ip_address *own = p->stage == SLAAC_LIVE ? address_on_link(ip, link, &p->address) : NULL;
    if (p->stage != SLAAC_LIVE) {
        return;
    }
    if (own == NULL || !own->automatic) { /* the application took it away */
        p->stage = SLAAC_GIVEN_UP;
    } else if (own->state == IP_ADDRESS_DUPLICATE) {
        on_duplicate(ip, link, p);
    } else if (own->state == IP_ADDRESS_VALID && !p->told) {
        on_valid(ip, link, p, own);
    }
    if (p->preferred_until <= now && !p->deprecated) {
        p->deprecated = true;
        if (p->stage == SLAAC_LIVE) {
            own->deprecated = true;
        }
        slaac_news(ip, link);
    }
}

/* The earliest time after now at which this one needs a look. */
static weir_time next_of(const struct slaac_prefix *p, weir_time now)
{
    weir_time next = WEIR_NEVER;
    if (p->on_link_until != 0) {
        next = p->on_link_until;
    }
    if (p->stage != SLAAC_NONE) {
        next = min_time(next, p->valid_until);
    }
    if (p->stage == SLAAC_LIVE && p->preferred_until > now) {
        next = min_time(next, p->preferred_until);
    }
    return p->stage == SLAAC_RETRY ? min_time(next, p->retry_at) : next;
}

static weir_time run_prefix(struct ip *ip, uint32_t link, struct slaac_prefix *p)
{
    weir_time now = ip->env->now;
    if (p->stage != SLAAC_NONE && p->valid_until <= now) { /* RFC 4862 5.5.4 */
        if (p->stage == SLAAC_LIVE) {
            remove_address(ip, link, p);
        }
        p->stage = SLAAC_NONE;
        p->dad_counter = 0;
    }
    if (p->on_link_until != 0 && p->on_link_until <= now) {
        slaac_route(ip, link, p, false);
        p->on_link_until = 0;
    }
    run_address(ip, link, p);
    return next_of(p, now);
}

/* ---- Asking for routers --------------------------------------------------------------------------------- */

/* `span`, a tenth more or less. */
static weir_time jitter(struct ip *ip, weir_time span)
{
    return rng_below(&ip->env->rng, span / 5 + 1) - span / 10;
}

/* RFC 7559 2 by the rules of RFC 8415 15: 4 s, then twice as long each time, up to an hour. */
static weir_time next_interval(struct ip *ip, weir_time before)
{
    weir_time next =
        before == 0 ? SOLICIT_FIRST + jitter(ip, SOLICIT_FIRST) : 2 * before + jitter(ip, before);
    return next > SOLICIT_MOST ? SOLICIT_MOST + jitter(ip, SOLICIT_MOST) : next;
}

static void run_solicit(struct ip *ip, uint32_t link)
{
    struct slaac *s = slaac_of(ip, link);
    if (s->solicit_at > ip->env->now) {
        return;
    }
    if (!ip->links[link].up) {
        s->solicit_at = WEIR_NEVER; /* link up begins again */
        return;
    }
    const struct ip_address *own = address_on_link(ip, link, &s->local.address);
    struct ip_addr src = {{0}};
    if (own != NULL && own->state == IP_ADDRESS_VALID) {
        src = own->ip;
    }
    ndp_router_solicit(ip, link, &src, &all_routers);
    s->interval = next_interval(ip, s->interval);
    s->solicit_at = s->found ? WEIR_NEVER : time_after(ip->env->now, s->interval);
}

void slaac_link_up(struct ip *ip, uint32_t link)
{
    struct slaac *s = slaac_of(ip, link);
    if (s == NULL || !s->began || s->disabled) {
        return;
    }
    s->found = false;
    s->interval = 0;
    s->solicit_at = ip->env->now + rng_below(&ip->env->rng, DAD_DELAY_MAX);
    slaac_wake(ip, link);
}

/* ---- Time ------------------------------------------------------------------------------------------------- */

static void run(struct ip *ip, uint32_t link)
{
    struct slaac *s = slaac_of(ip, link);
    weir_time now = ip->env->now, next = WEIR_NEVER;
    s->deadline = WEIR_NEVER; /* slaac_wake may set it */
    next = run_prefix(ip, link, &s->local);
    for (uint32_t i = 0; i < WEIR_SLAAC_PREFIXES_MAX; i++) {
        next = min_time(next, run_prefix(ip, link, &s->prefixes[i]));
    }
    for (uint32_t i = 0; i < WEIR_SLAAC_ROUTERS_MAX; i++) {
        struct slaac_router *r = &s->routers[i];
        if (r->until != 0 && r->until <= now) {
            slaac_router_end(ip, link, r);
        }
        next = r->until != 0 ? min_time(next, r->until) : next;
    }
    for (uint32_t i = 0; i < WEIR_SLAAC_DNS_MAX; i++) {
        struct slaac_dns *d = &s->dns[i];
        if (d->until != 0 && d->until <= now) {
            d->until = 0;
            slaac_news(ip, link);
        }
        next = d->until != 0 ? min_time(next, d->until) : next;
    }
    run_solicit(ip, link);
    s->deadline = min_time(s->deadline, min_time(next, s->solicit_at));
}

void slaac_timers(struct ip *ip)
{
    weir_time next = WEIR_NEVER;
    for (struct slaac *s = ip->slaac; s != NULL; s = s->next) {
        if (s->deadline <= ip->env->now) {
            run(ip, s->link);
        }
        next = min_time(next, s->deadline);
    }
    ip->slaac_deadline = next;
}

/* ---- Beginning and end ------------------------------------------------------------------------------------ */

int ip_slaac_start(struct ip *ip, uint32_t link, uint8_t identifier)
{
    if (!ip_is_link(ip, link)) {
        return WEIR_ENOENT;
    }
    struct ip_link *l = &ip->links[link];
    if (l->config.mtu < IP6_MTU_MIN || identifier > WEIR_IDENTIFIER_EUI64 ||
        (identifier == WEIR_IDENTIFIER_EUI64 && l->header_size == 0)) {
        return WEIR_EINVAL;
    }
    if (slaac_of(ip, link) != NULL) {
        return WEIR_EEXIST;
    }
    struct slaac *s = memory_alloc(&ip->env->memory, sizeof(*s));
    if (s == NULL) {
        return WEIR_ENOBUFS;
    }
    memset(s, 0, sizeof(*s));
    *s = (struct slaac){
        .next = ip->slaac,
        .link = (uint16_t)link,
        .identifier = identifier,
        .solicit_at = WEIR_NEVER,
        .reachable_time = NEIGHBOR_REACHABLE_TIME,
        .retrans_time = NEIGHBOR_RETRANS_TIME,
        .local = {.net = {{0xfe, 0x80}},
                  .size = 64,
                  .preferred_until = WEIR_NEVER,
                  .valid_until = WEIR_NEVER},
    };
    ip->slaac = s;
    slaac_form(ip, link, &s->local);
    slaac_route(ip, link, &s->local, true);
    s->local.on_link_until = WEIR_NEVER;
    slaac_wake(ip, link);
    return WEIR_OK;
}

int ip_slaac_stop(struct ip *ip, uint32_t link)
{
    struct slaac **at = &ip->slaac, *s = slaac_of(ip, link);
    if (s == NULL) {
        return WEIR_ENOENT;
    }
    forget_routers(ip, link);
    slaac_prefix_end(ip, link, &s->local);
    while (*at != s) {
        at = &(*at)->next;
    }
    *at = s->next;
    memory_free(&ip->env->memory, s, sizeof(*s));
    ip->links[link].mtu6 = 0;
    ip->links[link].hop_limit = 0;
    ip->generation++;
    return WEIR_OK;
}

void slaac_fini(struct ip *ip)
{
    while (ip->slaac != NULL) {
        struct slaac *s = ip->slaac;
        ip->slaac = s->next;
        memory_free(&ip->env->memory, s, sizeof(*s));
    }
}

void slaac_check(const struct ip *ip)
{
    for (const struct slaac *s = ip->slaac; s != NULL; s = s->next) {
        ASSERT(s->link < ip->link_count && slaac_of(ip, s->link) == s);
        ASSERT(s->deadline >= ip->slaac_deadline && (!s->news || ip->slaac_news));
        ASSERT(s->solicit_at >= s->deadline && s->local.valid_until == WEIR_NEVER);
        for (uint32_t k = 0; k < WEIR_SLAAC_PREFIXES_MAX; k++) {
            const struct slaac_prefix *p = &s->prefixes[k];
            ASSERT(p->stage == SLAAC_NONE || (p->size == 64 && p->valid_until >= s->deadline));
            ASSERT(p->on_link_until == 0 || p->on_link_until >= s->deadline);
        }
    }
}
