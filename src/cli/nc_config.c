/* nc_config.c - addresses that `weir nc` gets from the network: --dhcp and --slaac. */
#include <string.h>

#include "cli/nc.h"

#include <weir/slaac.h>

static void tell_address(const struct weir_ip *ip, unsigned prefix, const char *from)
{
    char text[WEIR_IP_TEXT_MAX];

    fprintf(stderr, "Address %s/%u by %s.\n", nc_address_text(ip, text), prefix, from);
}

int nc_config_start(struct nc_link *link, const struct nc_options *options)
{
    struct weir_slaac_config slaac;
    struct weir_dhcp_config dhcp;
    int error = WEIR_OK;

    if (options->slaac) {
        weir_slaac_config_default(&slaac);
        error = weir_slaac_start(link->stack, link->index, &slaac);
    }
    if (error == WEIR_OK && options->dhcp) {
        weir_dhcp_config_default(&dhcp);
        dhcp.no_probe = options->no_dad;
        error = weir_dhcp_new(&link->dhcp, link->stack, link->index, &dhcp);
    }
    if (error != WEIR_OK) {
        return cli_error(CLI_USAGE, "cannot ask for addresses (%s): %s", weir_strerror(error),
                         options->device.name);
    }
    return CLI_OK;
}

static unsigned prefix_of(const struct nc_link *link, const struct weir_ip *ip)
{
    struct weir_slaac_info info = {.size = sizeof(info)};
    int error = weir_slaac_info(link->stack, link->index, &info);

    for (uint32_t i = 0; error == WEIR_OK && i < info.address_count; i++) {
        if (memcmp(info.addresses[i].ip.bytes, ip->bytes, sizeof(ip->bytes)) == 0) {
            return info.addresses[i].prefix;
        }
    }
    return 128;
}

bool nc_config_event(struct nc_link *link, const struct weir_event *event)
{
    char text[WEIR_IP_TEXT_MAX];

    if ((event->bits & WEIR_EVENT_ADDRESS_ADDED) != 0) {
        tell_address(&event->local.ip, prefix_of(link, &event->local.ip), "SLAAC");
        return true;
    }
    if ((event->bits & WEIR_EVENT_ADDRESS_REMOVED) != 0) {
        fprintf(stderr, "Address %s is gone.\n", nc_address_text(&event->local.ip, text));
        return true;
    }
    return link->dhcp != NULL && weir_dhcp_event(link->dhcp, event);
}

weir_time nc_config_run(struct nc_link *link, weir_time now)
{
    struct weir_dhcp_info info = {.size = sizeof(info)};
    char text[WEIR_IP_TEXT_MAX];

    if (link->dhcp == NULL) {
        return WEIR_NEVER;
    }
    uint32_t news = weir_dhcp_run(link->dhcp, now);
    weir_dhcp_info(link->dhcp, &info);
    if ((news & WEIR_DHCP_CONFLICT) != 0) {
        fprintf(stderr, "Somebody else has the address that DHCP gave.\n");
    }
    if ((news & WEIR_DHCP_LOST) != 0) {
        fprintf(stderr, "The address by DHCP is gone.\n");
    }
    if ((news & WEIR_DHCP_CONFIGURED) != 0) {
        tell_address(&info.ip, info.prefix, nc_address_text(&info.server, text));
    }
    return weir_dhcp_deadline(link->dhcp);
}

bool nc_config_release(struct nc_link *link)
{
    if (link->dhcp != NULL) {
        weir_dhcp_release(link->dhcp);
    }
    return link->dhcp != NULL;
}

void nc_config_end(struct nc_link *link)
{
    weir_dhcp_del(link->dhcp);
    link->dhcp = NULL;
}
