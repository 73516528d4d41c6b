/* api_slaac.c - the calls of slaac.h, and its events. */
#include "stack/stack.h"

#include "ip/slaac.h"

void weir_slaac_config_default(struct weir_slaac_config *c)
{
    *c = (struct weir_slaac_config){.size = sizeof(*c), .identifier = WEIR_IDENTIFIER_STABLE};
}

int weir_slaac_start(struct weir_stack *s, uint32_t link, const struct weir_slaac_config *config)
{
    if (config->size != sizeof(*config)) {
        return WEIR_EINVAL;
    }
    return ip_slaac_start(&s->ip, link, config->identifier);
}

int weir_slaac_stop(struct weir_stack *s, uint32_t link)
{
    return ip_slaac_stop(&s->ip, link);
}

/* ---- Events ------------------------------------------------------------------------------------------------ */

static uint32_t event_of(enum ip_tell what)
{
    switch (what) {
    case IP_TELL_ADDED: return WEIR_EVENT_ADDRESS_ADDED;
    case IP_TELL_REMOVED: return WEIR_EVENT_ADDRESS_REMOVED;
    default: return WEIR_EVENT_ADDRESS;
    }
}

bool slaac_event(struct weir_stack *s, struct weir_event *e)
{
    struct ip_address_event event;

    if (UNLIKELY(s->ip.address_news) && ip_address_event(&s->ip, &event)) {
        e->bits = event_of(event.what);
        e->link = event.link;
        ip_addr_to_public(&event.ip, &e->local.ip);
        return true;
    }
    if (UNLIKELY(s->ip.slaac_news) && ip_slaac_event(&s->ip, &e->link)) {
        e->bits = WEIR_EVENT_NETWORK;
        return true;
    }
    return false;
}

/* ---- What is known ----------------------------------------------------------------------------------------- */

static weir_time left(weir_time now, weir_time until)
{
    return until == WEIR_NEVER ? WEIR_NEVER : until > now ? until - now : 0;
}

/* With the link, where the address means nothing without. */
static void tell_ip(const struct ip_addr *a, uint32_t link, struct weir_ip *out)
{
    ip_addr_to_public(a, out);
    if (ip_addr_is_link_local(a)) {
        out->scope = link + 1;
    }
}

static const struct ip_address *find(const struct ip *ip, uint32_t link, const struct ip_addr *a)
{
    for (uint32_t i = 0; i < ip->address_count; i++) {
        const struct ip_address *own = &ip->addresses[i];

        if (own->automatic && own->link == link && ip_addr_equal(&own->ip, a)) {
            return own;
        }
    }
    return NULL;
}

static uint8_t state_of(const struct ip_address *own)
{
    switch (own->state) {
    case IP_ADDRESS_TENTATIVE: return WEIR_ADDRESS_TENTATIVE;
    case IP_ADDRESS_DUPLICATE: return WEIR_ADDRESS_DUPLICATE;
    default: return own->deprecated ? WEIR_ADDRESS_DEPRECATED : WEIR_ADDRESS_PREFERRED;
    }
}

static void add_address(const struct weir_stack *s, uint32_t link, const struct slaac_prefix *p,
                        struct weir_slaac_info *info)
{
    const struct ip_address *own = p->stage != SLAAC_LIVE ? NULL : find(&s->ip, link, &p->address);
    struct weir_slaac_address *a = &info->addresses[info->address_count];
    weir_time now = s->env.now;

    if (!own) {
        return;
    }
    info->address_count++;
    tell_ip(&own->ip, link, &a->ip);
    a->prefix = own->prefix;
    a->state = state_of(own);
    a->preferred = left(now, p->preferred_until);
    a->valid = left(now, p->valid_until);
}

static void add_routers(const struct weir_stack *s, uint32_t link, struct weir_slaac_info *info)
{
    const struct slaac *slaac = slaac_of(&s->ip, link);

    for (uint32_t i = 0; i < WEIR_SLAAC_ROUTERS_MAX; i++) {
        const struct slaac_router *r = &slaac->routers[i];

        if (r->until) {
            struct weir_slaac_router *out = &info->routers[info->router_count++];

            tell_ip(&r->ip, link, &out->ip);
            out->lifetime = left(s->env.now, r->until);
            out->preference = r->preference == ROUTER_HIGH  ? 1
                              : r->preference == ROUTER_LOW ? -1
                                                            : 0;
        }
    }
}

static void add_dns(const struct weir_stack *s, uint32_t link, struct weir_slaac_info *info)
{
    const struct slaac *slaac = slaac_of(&s->ip, link);

    for (uint32_t i = 0; i < WEIR_SLAAC_DNS_MAX; i++) {
        const struct slaac_dns *d = &slaac->dns[i];

        if (d->until) {
            struct weir_slaac_dns *out = &info->dns[info->dns_count++];

            tell_ip(&d->ip, link, &out->ip);
            out->lifetime = left(s->env.now, d->until);
        }
    }
}

int weir_slaac_info(const struct weir_stack *s, uint32_t link, struct weir_slaac_info *out)
{
    struct weir_slaac_info info = {0};
    const struct slaac *slaac = slaac_of(&s->ip, link);

    if (!slaac) {
        return WEIR_ENOENT;
    }
    if (out->size < sizeof(uint32_t) || out->size > sizeof(info)) {
        return WEIR_EINVAL;
    }
    add_address(s, link, &slaac->local, &info);
    for (uint32_t i = 0; i < WEIR_SLAAC_PREFIXES_MAX; i++) {
        add_address(s, link, &slaac->prefixes[i], &info);
    }
    add_routers(s, link, &info);
    add_dns(s, link, &info);
    info.size = out->size;
    info.mtu = ip_link_mtu(&s->ip, link, false);
    info.hop_limit = s->ip.links[link].hop_limit;
    info.managed = slaac->managed;
    info.other = slaac->other;
    info.reachable_time = slaac->reachable_time;
    info.retrans_time = slaac->retrans_time;
    memcpy(out, &info, out->size);
    return WEIR_OK;
}
