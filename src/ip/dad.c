/*
 * dad.c - duplicate address detection (RFC 4862 5.4) and IPv4 announcements (RFC 5227).
 *
 * An IPv6 address on Ethernet is tentative until one solicitation for it stayed unanswered for a second.
 * An IPv4 address is usable at once: two announcements tell the others. A conflict during those four
 * seconds makes it a duplicate; a later one is answered with another announcement, at most one in ten
 * seconds (RFC 5227 2.4 c), so that a stranger cannot take an address in use from us.
 */
#include "ip/internal.h"

static void set_step(struct ip *ip, struct ip_address *a, weir_time at)
{
    a->dad_at = at;
    ip->dad_deadline = min_time(ip->dad_deadline, at);
}

void dad_start(struct ip *ip, struct ip_address *a)
{
    bool wanted = ip_link_is_ethernet(ip, a->link) && !ip->links[a->link].config.no_dad;
    a->dad_at = WEIR_NEVER;
    a->dad_left = 0;
    if (!wanted) {
        a->state = IP_ADDRESS_VALID;
        return;
    }
    if (ip_addr_is_v4(&a->ip)) {
        a->state = IP_ADDRESS_VALID;
        a->dad_left = ANNOUNCE_COUNT;
    } else {
        a->dad_left = DAD_TRANSMITS;
    }
    set_step(ip, a, ip->env->now);
}

/* The event has room for one address; the others wait their turn. */
static void report(struct ip *ip, struct ip_address *a)
{
    if (ip->duplicate_address != 0) {
        set_step(ip, a, ip->env->now + WEIR_S);
        return;
    }
    ip->duplicate_address = (uint32_t)(a - ip->addresses) + 1;
    a->dad_at = WEIR_NEVER;
}

void dad_conflict(struct ip *ip, struct ip_address *a)
{
    weir_time now = ip->env->now;
    if (a->state == IP_ADDRESS_DUPLICATE) {
        return;
    }
    if (a->state == IP_ADDRESS_TENTATIVE || a->dad_left != 0 || a->dad_at != WEIR_NEVER) {
        a->state = IP_ADDRESS_DUPLICATE;
        group_follow_address(ip, a, false);
        a->dad_left = 0;
        ip->generation++;
        if (a->automatic) {
            a->dad_at = WEIR_NEVER;
            address_tell(ip, a, IP_TELL_DUPLICATE);
            slaac_wake(ip, a->link);
            return;
        }
        report(ip, a);
        return;
    }
    if (ip_addr_is_v4(&a->ip) && (a->defended_at == 0 || now - a->defended_at >= DEFEND_INTERVAL)) {
        a->defended_at = max_u64(now, 1);
        arp_announce(ip, a);
    }
}

static void step4(struct ip *ip, struct ip_address *a)
{
    if (a->dad_left == 0) {
        a->dad_at = WEIR_NEVER;
        return;
    }
    a->dad_left--;
    arp_announce(ip, a);
    set_step(ip, a, ip->env->now + ANNOUNCE_INTERVAL);
}

static void step6(struct ip *ip, struct ip_address *a)
{
    if (a->state == IP_ADDRESS_VALID) { /* the link came up again */
        a->dad_left = 0;
        a->dad_at = WEIR_NEVER;
        ndp_announce(ip, a);
        return;
    }
    if (a->dad_left != 0) {
        a->dad_left--;
        ndp_probe(ip, a);
        set_step(ip, a, ip->env->now + slaac_retrans_time(ip, a->link)); /* RFC 4862 5.1 */
        return;
    }
    a->state = IP_ADDRESS_VALID;
    a->dad_at = WEIR_NEVER;
    ip->generation++;
    if (ip_addr_is_link_local(&a->ip)) {
        group_report_all(ip, a->link, false, true); /* RFC 3590 4: with a source at last */
    }
    slaac_wake(ip, a->link);
}

static void step(struct ip *ip, struct ip_address *a)
{
    if (a->state == IP_ADDRESS_DUPLICATE) {
        report(ip, a);
    } else if (!ip->links[a->link].up) {
        a->dad_at = WEIR_NEVER; /* link up starts over */
    } else if (ip_addr_is_v4(&a->ip)) {
        step4(ip, a);
    } else {
        step6(ip, a);
    }
}

void dad_timers(struct ip *ip)
{
    weir_time now = ip->env->now;
    weir_time next = WEIR_NEVER;
    for (uint32_t i = 0; i < ip->address_count; i++) {
        struct ip_address *a = &ip->addresses[i];
        if (a->state == IP_ADDRESS_FREE) {
            continue;
        }
        if (a->dad_at <= now) {
            step(ip, a);
        }
        next = min_time(next, a->dad_at);
    }
    ip->dad_deadline = next;
}
