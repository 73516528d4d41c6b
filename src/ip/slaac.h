/*
 * slaac.h - what one link knows from its routers, and the addresses made of it (see slaac.c). Private to ip/.
 */
#ifndef IP_SLAAC_H
#define IP_SLAAC_H

#include "ip/ip.h"
#include "wire/router.h"
#include <weir/slaac.h>

/* Where the address of a prefix is. */
enum slaac_stage {
    SLAAC_NONE = 0, /* there is none */
    SLAAC_LIVE,     /* in ip->addresses; tentative at first */
    SLAAC_RETRY,    /* was a duplicate, or there was no room: formed again at retry_at */
    SLAAC_GIVEN_UP  /* not formed again while the prefix is valid */
};

/* A prefix that was advertised, or fe80::/64. Free: no stage, and not on the link. */
struct slaac_prefix {
    struct ip_addr net, address;
    weir_time on_link_until; /* 0: not on the link */
    weir_time preferred_until, valid_until;
    weir_time retry_at;
    uint8_t size;
    uint8_t stage;       /* enum slaac_stage */
    uint8_t dad_counter; /* RFC 7217 5: duplicates so far */
    bool told;           /* its event is out */
    bool deprecated;     /* seen to be */
};

struct slaac_router {
    struct ip_addr ip;
    weir_time until; /* 0: free */
    uint8_t preference;
};

struct slaac_dns {
    struct ip_addr ip;
    weir_time until; /* 0: free */
};

struct slaac {
    struct slaac *next;
    uint16_t link;
    weir_time deadline;
    uint8_t identifier;      /* enum weir_identifier */
    bool disabled;           /* the link-local address is a duplicate (RFC 4862 5.4.5) */
    bool managed, other;     /* RFC 4861 4.2 */
    bool found;              /* a default router answered: no more solicitations */
    bool news;               /* for WEIR_EVENT_NETWORK */
    bool began;              /* the link-local address was proven once */
    weir_time solicit_at;    /* WEIR_NEVER: not */
    weir_time interval;      /* RFC 7559's RT; 0: none was sent */
    uint32_t base_reachable; /* ms, as advertised last; 0: never */
    weir_time reachable_time, retrans_time; /* RFC 4861 6.3.2 */
    weir_time reachable_at;                 /* when reachable_time was drawn */
    struct slaac_prefix local;
    struct slaac_prefix prefixes[WEIR_SLAAC_PREFIXES_MAX];
    struct slaac_router routers[WEIR_SLAAC_ROUTERS_MAX];
    struct slaac_dns dns[WEIR_SLAAC_DNS_MAX];
};

static inline weir_time time_after(weir_time now, weir_time span)
{
    return span >= WEIR_NEVER - now ? WEIR_NEVER : now + span;
}
/* A lifetime of the wire, in seconds. */
static inline weir_time slaac_until(weir_time now, uint32_t lifetime)
{
    return lifetime == ROUTER_INFINITE ? WEIR_NEVER : time_after(now, lifetime * WEIR_S);
}

static inline struct slaac *slaac_of(const struct ip *ip, uint32_t link)
{
    struct slaac *s = ip->slaac;
    while (s != NULL && s->link != link) {
        s = s->next;
    }
    return s;
}

/* ---- identifier.c: the address of a prefix */
struct ip_addr slaac_address(const struct ip *ip, uint32_t link, const struct slaac_prefix *p);

/* ---- slaac.c */
/* Makes the address. */
void slaac_form(struct ip *ip, uint32_t link, struct slaac_prefix *p);
void slaac_prefix_end(struct ip *ip, uint32_t link, struct slaac_prefix *p); /* address and route */
void slaac_router_end(struct ip *ip, uint32_t link, struct slaac_router *r);
void slaac_news(struct ip *ip, uint32_t link);
void slaac_route(struct ip *ip, uint32_t link, const struct slaac_prefix *p, bool add);

/* ---- advert.c */
void slaac_advert(struct ip *ip, uint32_t link, const struct ip_addr *router,
                  const struct router_advert *r);

#endif
