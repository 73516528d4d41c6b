/*
 * link.c - links: their configuration and what changes of it mean for everything cached.
 */
#include "ip/internal.h"

#define MTU_MIN 68u /* RFC 791 3.2 */
#define MTU_MAX 65535u

static bool link_config_ok(const struct weir_link_config *config)
{
    if (config->size != sizeof(*config) || config->mtu < MTU_MIN || config->mtu > MTU_MAX) {
        return false;
    }
    if (config->medium == WEIR_MEDIUM_IP) {
        return true;
    }
    return config->medium == WEIR_MEDIUM_ETHERNET && !eth_is_group(config->mac);
}

int ip_link_add(struct ip *ip, const struct weir_link_config *config)
{
    if (!link_config_ok(config)) {
        return WEIR_EINVAL;
    }
    if (ip->link_count == IP_LINKS_MAX) {
        return WEIR_ENOBUFS;
    }
    uint32_t link = ip->link_count++;
    ip->links[link] = (struct ip_link){
        .config = *config,
        .used = true,
        .up = true,
        .header_size = config->medium == WEIR_MEDIUM_ETHERNET ? ETH_HEADER_SIZE : 0,
    };
    ip->links[link].config.tx_csum |= config->tx_gso;
    ip->generation++;
    return (int)link;
}

int ip_link_set_up(struct ip *ip, uint32_t link, bool up)
{
    if (!ip_is_link(ip, link)) {
        return WEIR_ENOENT;
    }
    if (ip->links[link].up == up) {
        return WEIR_OK;
    }
    ip->links[link].up = up;
    ip->generation++;
    neighbor_link_changed(ip, link);
    if (!up) {
        reply_drop_link(ip, link);
        return WEIR_OK;
    }
    group_report_all(ip, link, true, true);
    /* RFC 4862 5.4: an interface that comes up may be on another network now. Addresses in use stay in
     * use; they are announced again, and those not yet proven start over. */
    for (uint32_t i = 0; i < ip->address_count; i++) {
        struct ip_address *a = &ip->addresses[i];
        if (a->link == link && (a->state == IP_ADDRESS_TENTATIVE || a->state == IP_ADDRESS_VALID)) {
            dad_start(ip, a);
        }
    }
    slaac_link_up(ip, link);
    return WEIR_OK;
}

int ip_link_set_mtu(struct ip *ip, uint32_t link, uint32_t mtu)
{
    if (!ip_is_link(ip, link)) {
        return WEIR_ENOENT;
    }
    if (mtu < MTU_MIN || mtu > MTU_MAX) {
        return WEIR_EINVAL;
    }
    ip->links[link].config.mtu = mtu;
    ip->generation++;
    return WEIR_OK;
}

int ip_link_set_offload(struct ip *ip, uint32_t link, bool tx_csum, bool tx_gso)
{
    if (!ip_is_link(ip, link)) {
        return WEIR_ENOENT;
    }
    ip->links[link].config.tx_csum = tx_csum || tx_gso;
    ip->links[link].config.tx_gso = tx_gso;
    ip->generation++;
    return WEIR_OK;
}
