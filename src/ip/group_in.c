/*
 * group_in.c - IGMP and MLD messages that come in. Only a router of this very link has a right to ask (RFC 3376 9.1,
 * RFC 3810 6.2, RFC 2710 4): the hop limit is 1, Router Alert is there (IGMPv1 has none), and the source of MLD is
 * link-local.
 */
#include "ip/internal.h"

#include "wire/group.h"

bool group_query_unnamed(const struct arrival *a, uint8_t protocol)
{
    return protocol == IP_PROTOCOL_IGMP && a->packet->to_group &&
           ip_addr_is_unspecified(&a->packet->src);
}

bool mld_is_type(uint8_t type)
{
    return (type >= MLD_QUERY && type <= MLD_DONE) || type == MLD_REPORT_V2;
}

static bool is_trusted(const struct ip_packet *packet, const struct group_message *m)
{
    bool v4 = ip_addr_is_v4(&packet->dst);
    const uint8_t *ip_header = packet->buffer->data - packet->ip_size;
    if (packet->ttl != 1 || (!v4 && !ip_addr_is_link_local(&packet->src))) {
        return false;
    }
    return m->kind != GROUP_QUERY || (v4 && m->version == 1) ||
           group_router_alert(ip_header, packet->ip_size);
}

static enum ip_verdict take(struct ip *ip, struct arrival *a, const struct group_message *m)
{
    if (m->kind != GROUP_NOTHING && a->link != IP_LINK_LOOPBACK) {
        if (!is_trusted(a->packet, m)) {
            return ip_drop(ip, a, WEIR_DROP_GROUP_UNTRUSTED);
        }
        if (m->kind == GROUP_QUERY) {
            group_on_query(ip, a->link, ip_addr_is_v4(&a->packet->dst), m);
        } else {
            group_on_report(ip, a->link, &m->group);
        }
    }
    buffer_unref(&ip->env->buffers, a->buffer);
    return IP_DONE;
}

enum ip_verdict igmp_input(struct ip *ip, struct arrival *a)
{
    struct group_message m;
    enum weir_drop drop = igmp_parse(a->buffer->data, a->buffer->size, &m);
    return drop != WEIR_DROP_NONE ? ip_drop(ip, a, drop) : take(ip, a, &m);
}

enum ip_verdict mld_input(struct ip *ip, struct arrival *a, const struct icmp_message *icmp)
{
    struct group_message m;
    enum weir_drop drop = mld_parse(icmp, &m);
    return drop != WEIR_DROP_NONE ? ip_drop(ip, a, drop) : take(ip, a, &m);
}
